package change_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/operations/change"
)

func minutes(n int) calendar.Duration { return calendar.Within(time.Duration(n) * time.Minute) }

// planOf is work of so many hours from then, and half as long a way back.
func planOf(start, long float64) change.Plan {
	return change.Plan{Start: hour(start), Length: minutes(int(long * 60)), WayBack: minutes(int(long * 30))}
}

func window(t require.TestingT, text string) change.Window {
	w, err := recur.ParseWindow(text)
	require.NoError(t, err)
	return change.Window{ID: change.WindowID(w.Name), Times: w}
}

func once(name string, from, to float64, list ...servicecoin.ServiceID) change.Window {
	return change.Window{ID: change.WindowID(name), Name: name, During: span(from, to), Services: list}
}

func freeze(id change.FreezeID, from, to float64, list ...servicecoin.ServiceID) change.Freeze {
	return change.Freeze{ID: id, Name: "freeze " + string(id), During: span(from, to), Services: list, Why: "the year ends", DeclaredBy: "cio", DeclaredAt: hour(0)}
}

func question(plan change.Plan, list ...servicecoin.ServiceID) change.Question {
	return change.Question{At: hour(0), Change: "c", Kind: change.Normal, Scope: change.Scope{Services: list}, Plan: plan}
}

// obstacles tells what is in the way in short.
func obstacles(f change.Fit) []string {
	out := []string{}
	for _, x := range f.Obstacles {
		out = append(out, fmt.Sprintf("%s %s %s-%s", x.Rule, x.With, clock(x.During.Start), clock(x.During.End)))
	}
	return out
}

// clock is the time since the beginning of the first day.
func clock(t time.Time) string {
	d := t.Sub(day)
	return fmt.Sprintf("%d:%02d", int(d.Hours()), int(d.Minutes())%60)
}

func starts(f change.Fit) []string {
	out := []string{}
	for _, s := range f.Starts {
		out = append(out, fmt.Sprintf("%s in %s-%s %s", clock(s.At), clock(s.Window.Start), clock(s.Window.End), s.Name))
	}
	return out
}

func TestFit(t *testing.T) {
	t.Parallel()
	nights := window(t, `22:00-06:00 UTC from 2026-03-01 "nights"`)
	working, err := hours.Parse("Mo-Fr 08:00-16:00")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		calendar change.Calendar
		ask      change.Question
		want     []string
		starts   []string
	}{
		"nothing in the way, any time": {change.Calendar{}, question(planOf(10, 2)), nil, []string{"0:00 in 0:00-2163:00 "}},
		"inside a window":              {change.Calendar{Windows: []change.Window{nights}}, question(planOf(23, 2), "web"), nil, []string{"0:00 in -2:00-6:00 nights", "22:00 in 22:00-30:00 nights", "46:00 in 46:00-54:00 nights"}},
		"the way back does not fit": {
			change.Calendar{Windows: []change.Window{nights}},
			question(planOf(27, 3), "web"),
			[]string{"window nights 30:00-31:30"},
			[]string{"0:00 in -2:00-6:00 nights", "22:00 in 22:00-30:00 nights", "46:00 in 46:00-54:00 nights"},
		},
		"a window before and one after": {
			change.Calendar{Windows: []change.Window{once("a", 1, 10), once("b", 12, 20), once("c", 19, 22), once("d", 22, 24), once("short", 30, 31), once("e", 40, 50)}},
			question(planOf(9, 4), "web"),
			[]string{"window a 10:00-12:00"},
			[]string{"1:00 in 1:00-10:00 a", "12:00 in 12:00-24:00 b", "40:00 in 40:00-50:00 e"},
		},
		"the nearest window": {
			change.Calendar{Windows: []change.Window{once("a", 1, 2), once("b", 14, 20)}},
			question(planOf(6, 4)),
			[]string{"window b 6:00-12:00"},
			[]string{"14:00 in 14:00-20:00 b"},
		},
		"two windows as near": {
			change.Calendar{Windows: []change.Window{once("b", 14, 16), once("a", 1, 4)}}, question(planOf(6, 4)), []string{"window a 6:00-12:00"}, nil,
		},
		"windows of services": {
			change.Calendar{Windows: []change.Window{once("web", 1, 10, "web"), once("db", 5, 14, "db", "web"), once("all", 20, 30)}},
			question(planOf(3, 4), "web", "db"),
			[]string{"window db 3:00-5:00"},
			[]string{"5:00 in 5:00-14:00 db", "20:00 in 20:00-30:00 all"},
		},
		"a service without a window": {
			change.Calendar{Windows: []change.Window{once("web", 1, 10, "web")}}, question(planOf(3, 4), "db"), []string{"window  3:00-9:00"}, nil,
		},
		"a freeze beats a window": {
			change.Calendar{Windows: []change.Window{nights}, Freezes: []change.Freeze{freeze("z", 90, 91, "db"), freeze("f", 24, 26)}},
			question(planOf(23, 2), "web"),
			[]string{"freeze freeze f 24:00-26:00"},
			[]string{"0:00 in -2:00-6:00 nights", "26:00 in 22:00-30:00 nights", "46:00 in 46:00-54:00 nights"},
		},
		"a freeze of its service": {
			change.Calendar{Freezes: []change.Freeze{freeze("f", 4, 26, "web", "db")}}, question(planOf(1, 2), "web"), nil, []string{"0:00 in 0:00-4:00 ", "26:00 in 26:00-2163:00 "},
		},
		"only touching a freeze": {change.Calendar{Freezes: []change.Freeze{freeze("f", 4, 10)}}, question(planOf(1, 2)), nil, []string{"0:00 in 0:00-4:00 ", "10:00 in 10:00-2163:00 "}},
		"critical windows of customers concerned": {
			change.Calendar{Critical: []change.CriticalTimes{
				{Customer: "acme", Name: "Acme", Windows: []hours.CriticalWindow{{Name: "sale", Kind: hours.BusinessEvent, Reason: "r", Weight: decimal.NewFromInt(2), During: span(2, 3)}}},
				{Customer: "other", Windows: []hours.CriticalWindow{{Name: "launch", Kind: hours.BusinessEvent, Reason: "r", Weight: decimal.NewFromInt(2), During: span(3, 30)}}},
				{Services: services("erp"), Windows: []hours.CriticalWindow{{Name: "closing", Kind: hours.BusinessEvent, Reason: "r", Weight: decimal.NewFromInt(2), During: span(3, 30)}}},
			}},
			func() change.Question {
				q := question(planOf(1, 2), "web")
				q.Customers = []servicecoin.CustomerID{"acme"}
				return q
			}(),
			[]string{"critical sale 2:00-3:00"},
			[]string{"3:00 in 3:00-2163:00 "},
		},
		"notice in working time": { // Monday 2 March 00:00
			change.Calendar{Windows: []change.Window{nights}, Hours: &working, Notice: map[change.Kind]hours.Allowance{change.Normal: hours.WorkingTime(12 * time.Hour)}},
			question(planOf(23, 2), "web"),
			[]string{"notice  23:00-26:00"},
			[]string{"46:00 in 46:00-54:00 nights", "70:00 in 70:00-78:00 nights", "94:00 in 94:00-102:00 nights"},
		},
		"an emergency needs no notice": {
			change.Calendar{Hours: &working, Notice: map[change.Kind]hours.Allowance{change.Normal: hours.WorkingDays(3)}},
			func() change.Question { q := question(planOf(1, 2)); q.Kind = change.Emergency; return q }(), nil,
			[]string{"0:00 in 0:00-2163:00 "},
		},
		"asked for long ago": {
			change.Calendar{Notice: map[change.Kind]hours.Allowance{change.Normal: hours.WorkingDays(3)}},
			func() change.Question { q := question(planOf(1, 2)); q.AskedAt = day.AddDate(-20, 0, 0); return q }(), nil,
			[]string{"0:00 in 0:00-2163:00 "},
		},
		"in the past": {
			change.Calendar{},
			func() change.Question { q := question(planOf(1, 2)); q.At = hour(2).Add(time.Second); return q }(),
			[]string{"past  1:00-2:00"},
			[]string{"2:01 in 2:01-2165:00 "},
		},
		"everything at once": {
			change.Calendar{
				Windows: []change.Window{once("a", 1, 2)}, Freezes: []change.Freeze{freeze("f", 3, 3.5), freeze("g", 3.25, 9)},
				Notice: map[change.Kind]hours.Allowance{change.Normal: hours.WorkingTime(2 * time.Hour)},
			},
			func() change.Question {
				q := question(planOf(1, 2), "web")
				q.Dependencies, q.Others = []change.Dependency{{On: "x", Kind: change.After}}, []change.Other{{ID: "x", Span: span(0, 3)}}
				q.Consents = []change.Consent{{Customer: "acme", Mode: change.MustConsent, By: hour(0)}}
				return q
			}(),
			[]string{"notice  1:00-2:00", "dependency x 1:00-3:00", "consent acme 1:00-4:00", "window a 2:00-4:00", "freeze freeze f 3:00-3:30", "freeze freeze g 3:15-4:00"},
			nil,
		},
		"busy times": {
			change.Calendar{Windows: []change.Window{nights}},
			func() change.Question {
				q := question(planOf(23, 2), "web")
				q.Busy = calendar.SetOf(span(3.5, 23), span(44, 50))
				return q
			}(),
			nil,
			[]string{"0:00 in -2:00-6:00 nights", "23:00 in 22:00-30:00 nights", "50:00 in 46:00-54:00 nights"},
		},
		"a near horizon": {
			change.Calendar{Windows: []change.Window{nights}},
			func() change.Question { q := question(planOf(23, 2)); q.Horizon = minutes(23 * 60); return q }(),
			nil,
			[]string{"0:00 in -2:00-6:00 nights", "22:00 in 22:00-30:00 nights"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fit, err := c.calendar.Fit(c.ask)
			require.NoError(t, err)
			require.Equal(t, append([]string{}, c.want...), obstacles(fit))
			require.Equal(t, append([]string{}, c.starts...), starts(fit))
			require.Equal(t, len(c.want) == 0, fit.Fits())
		})
	}
}

func TestAnExceptionLetsAChangeThroughAFreeze(t *testing.T) {
	t.Parallel()
	through := freeze("g", 0, 30)
	through.Through = []change.Kind{change.Normal}
	q := question(planOf(10, 2), "web")
	q.Exceptions = []change.Exception{{Freeze: "f", AllowedBy: "cio", At: hour(1), Why: "the hole is open"}, {Freeze: "z", AllowedBy: "cio", At: hour(1), Why: "no matter"}}
	fit, err := change.Calendar{Freezes: []change.Freeze{freeze("f", 0, 30), through, freeze("z", 40, 50)}}.Fit(q)
	require.NoError(t, err)
	require.Empty(t, obstacles(fit))
	require.Equal(t, q.Exceptions[:1], fit.Excused)
	require.Equal(t, hour(0), fit.Starts[0].At)
	require.NoError(t, q.Exceptions[0].Validate())
	require.Error(t, change.Exception{}.Validate())
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	others := []change.Other{{ID: "x", Name: "disks", Span: span(10, 14)}, {ID: "later"}}
	for name, c := range map[string]struct {
		at     calendar.Interval
		on     servicecoin.ChangeID
		kind   change.DependencyKind
		want   string
		starts []string
	}{
		"after it":               {span(14, 16), "x", change.After, "", []string{"14:00 in 14:00-2162:00 "}},
		"before it has ended":    {span(13, 15), "x", change.After, "disks 13:00-14:00", []string{"14:00 in 14:00-2162:00 "}},
		"before it":              {span(7, 9), "x", change.After, "disks 7:00-9:00", []string{"14:00 in 14:00-2162:00 "}},
		"after what is open":     {span(7, 9), "later", change.After, "later 7:00-9:00", nil},
		"after the unknown":      {span(7, 9), "who", change.After, "who 7:00-9:00", nil},
		"together":               {span(13, 15), "x", change.Together, "", []string{"10:00 in 10:00-16:00 "}},
		"touching":               {span(14, 16), "x", change.Together, "disks 14:00-16:00", []string{"10:00 in 10:00-16:00 "}},
		"apart, touching":        {span(14, 16), "x", change.Apart, "", []string{"0:00 in 0:00-10:00 ", "14:00 in 14:00-2162:00 "}},
		"not apart":              {span(13, 15), "x", change.Apart, "disks 13:00-14:00", []string{"0:00 in 0:00-10:00 ", "14:00 in 14:00-2162:00 "}},
		"apart from what is not": {span(13, 15), "later", change.Apart, "", []string{"0:00 in 0:00-2162:00 "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := question(change.Plan{Start: c.at.Start, Length: minutes(120)})
			q.Dependencies, q.Others = []change.Dependency{{On: c.on, Kind: c.kind}}, others
			require.NoError(t, q.Dependencies[0].Validate())
			fit, err := change.Calendar{}.Fit(q)
			require.NoError(t, err)
			want := []string{}
			if c.want != "" {
				want = append(want, "dependency "+c.want)
			}
			require.Equal(t, want, obstacles(fit))
			require.Equal(t, append([]string{}, c.starts...), starts(fit))
		})
	}
	require.Error(t, change.Dependency{Kind: "near"}.Validate())
}

func TestCycles(t *testing.T) {
	t.Parallel()
	on := func(kind change.DependencyKind, ids ...servicecoin.ChangeID) (out []change.Dependency) {
		for _, id := range ids {
			out = append(out, change.Dependency{On: id, Kind: kind})
		}
		return out
	}
	type graph = map[servicecoin.ChangeID][]change.Dependency
	for name, c := range map[string]struct {
		graph graph
		want  [][]servicecoin.ChangeID
	}{
		"none":               {graph{"a": on(change.After, "b", "c"), "b": on(change.After, "c"), "d": on(change.Apart, "a"), "c": on(change.Apart, "a")}, nil},
		"two":                {graph{"b": on(change.After, "a"), "a": on(change.After, "b"), "c": on(change.After, "d", "a"), "d": on(change.After, "e"), "e": on(change.After, "c")}, [][]servicecoin.ChangeID{{"a", "b"}, {"c", "d", "e"}}},
		"after itself":       {graph{"a": on(change.After, "a")}, [][]servicecoin.ChangeID{{"a"}}},
		"together and after": {graph{"a": on(change.Together, "b"), "b": on(change.After, "a")}, [][]servicecoin.ChangeID{{"a", "b"}}},
		"through one piece":  {graph{"a": on(change.Together, "b"), "b": on(change.After, "c"), "c": on(change.After, "a")}, [][]servicecoin.ChangeID{{"a", "b", "c"}}},
		"together":           {graph{"a": on(change.Together, "b"), "b": on(change.Together, "a")}, nil},
	} {
		require.Equal(t, c.want, change.Cycles(c.graph), name)
	}
	long := graph{}
	for i := range 100_000 {
		long[servicecoin.ChangeID(strconv.Itoa(i))] = on(change.After, servicecoin.ChangeID(strconv.Itoa(i+1)))
	}
	require.Empty(t, change.Cycles(long), "no depth is too deep")
	long["100000"] = on(change.After, "0")
	require.Len(t, change.Cycles(long), 1)
}

func TestConsents(t *testing.T) {
	t.Parallel()
	by := hour(10)
	for name, c := range map[string]struct {
		consent change.Consent
		at      float64
		want    change.ConsentStanding
		blocks  string
	}{
		"not answered":            {change.Consent{Mode: change.MustConsent}, 5, change.ConsentMissing, "acme has to consent, and is asked to until 2026-03-02T10:00:00Z"},
		"never answered":          {change.Consent{Mode: change.MustConsent}, 15, change.ConsentMissing, "acme had to consent until 2026-03-02T10:00:00Z, and has not answered"},
		"given":                   {change.Consent{Mode: change.MustConsent, Answer: change.Agreed, At: hour(4)}, 5, change.ConsentGiven, ""},
		"given later":             {change.Consent{Mode: change.MustConsent, Answer: change.Agreed, At: hour(6)}, 5, change.ConsentMissing, "acme has to consent, and is asked to until 2026-03-02T10:00:00Z"},
		"given after the date":    {change.Consent{Mode: change.MustConsent, Answer: change.Agreed, At: hour(14)}, 15, change.ConsentGiven, ""},
		"refused":                 {change.Consent{Mode: change.MustConsent, Answer: change.Refused, At: hour(4), Reason: "the sale"}, 5, change.ConsentRefused, "acme does not consent: the sale"},
		"may object":              {change.Consent{Mode: change.MayObject}, 5, change.ConsentOpen, ""},
		"does not":                {change.Consent{Mode: change.MayObject}, 10, change.ConsentSilent, ""},
		"says that it does not":   {change.Consent{Mode: change.MayObject, Answer: change.Agreed, At: hour(4)}, 5, change.ConsentGiven, ""},
		"objects":                 {change.Consent{Mode: change.MayObject, Answer: change.Refused, At: hour(4), Reason: "the sale"}, 15, change.ConsentObjected, "acme objects: the sale"},
		"objects too late":        {change.Consent{Mode: change.MayObject, Answer: change.Refused, At: by, Reason: "the sale"}, 15, change.ConsentSilent, ""},
		"objects later than that": {change.Consent{Mode: change.MayObject, Answer: change.Refused, At: hour(6)}, 5, change.ConsentOpen, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.consent.Customer, c.consent.By = "acme", by
			require.Equal(t, c.want, c.consent.Standing(hour(c.at)))
			q := question(planOf(20, 1))
			q.At, q.Consents = hour(c.at), []change.Consent{c.consent}
			fit, err := change.Calendar{}.Fit(q)
			require.NoError(t, err)
			if c.blocks == "" {
				require.Empty(t, fit.Obstacles)
				return
			}
			require.Len(t, fit.Obstacles, 1)
			require.Equal(t, c.blocks, fit.Obstacles[0].Text)
		})
	}
	q := question(planOf(5, 1))
	q.Consents = []change.Consent{{Customer: "acme", Mode: change.MayObject, By: by}}
	fit, err := change.Calendar{}.Fit(q)
	require.NoError(t, err)
	require.Equal(t, []string{"consent acme 5:00-6:30"}, obstacles(fit), "it begins before the date")
	require.Equal(t, by, fit.Starts[0].At)
	require.NoError(t, q.Consents[0].Validate())
	for _, bad := range []change.Consent{
		{},
		{Customer: "a", Mode: "maybe", By: by},
		{Customer: "a", Mode: change.MayObject, By: by, Answer: "hm"},
		{Customer: "a", Mode: change.MayObject, By: by, AnsweredBy: "x"},
		{Customer: "a", Mode: change.MayObject, By: by, Answer: change.Refused, AnsweredBy: "x", At: by},
	} {
		require.ErrorIs(t, bad.Validate(), servicecoin.ErrInvalid)
	}
}

func TestWindowsWhereTheClockIsSet(t *testing.T) {
	t.Parallel()
	nights := window(t, `Sa 22:00-06:00 Europe/Berlin from 2026-01-01 "night"`)
	q := question(change.Plan{Start: time.Date(2026, 3, 28, 21, 0, 0, 0, time.UTC), Length: minutes(7 * 60)}, "web")
	fit, err := change.Calendar{Windows: []change.Window{nights}}.Fit(q)
	require.NoError(t, err)
	require.Empty(t, fit.Obstacles, "seven hours from 22:00 to 06:00, as the clock jumps")
	q.Plan.Length = minutes(7*60 + 1)
	fit, err = change.Calendar{Windows: []change.Window{nights}}.Fit(q)
	require.NoError(t, err)
	require.Equal(t, []calendar.Interval{calendar.Between(time.Date(2026, 3, 29, 4, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 4, 1, 0, 0, time.UTC))}, []calendar.Interval{fit.Obstacles[0].During})
	q.At = time.Date(2026, 3, 23, 0, 0, 0, 0, time.UTC)
	fit, err = change.Calendar{Windows: []change.Window{nights}}.Fit(q)
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 4, 4, 20, 0, 0, 0, time.UTC), fit.Starts[0].At, "the short night is passed over")
}

func TestFitRefusals(t *testing.T) {
	t.Parallel()
	huge := calendar.Within(90 * 365 * 24 * time.Hour)
	for want, plan := range map[string]change.Plan{
		"plan.start": {Length: minutes(1)}, "longer than nothing": {Start: hour(1)}, "must be longer": {Start: hour(1), Length: minutes(-5)},
		"with its way back": {Start: hour(1), Length: minutes(5), WayBack: minutes(-1)}, "two years at most": {Start: hour(1), Length: huge, WayBack: huge},
		"within": {Start: time.Date(2149, 12, 31, 0, 0, 0, 0, time.UTC), Length: minutes(1)},
	} {
		_, err := change.Calendar{}.Fit(question(plan))
		require.ErrorIs(t, err, servicecoin.ErrInvalid, want)
		require.ErrorContains(t, err, want)
	}
	q := question(planOf(1, 1))
	q.Kind, q.Horizon, q.At = "odd", minutes(-1), time.Time{}
	_, err := change.Calendar{}.Fit(q)
	for _, want := range []string{"kind", "horizon", "at:"} {
		require.ErrorContains(t, err, want)
	}
	o, err := change.Calendar{}.Compile(span(0, 24))
	require.NoError(t, err)
	require.Equal(t, span(0, 24), o.Within())
	_, err = o.Fit(question(planOf(23, 1)))
	require.ErrorContains(t, err, "the plan lies outside")

	often := window(t, "DTSTART:20260101T000000Z\nRRULE:FREQ=MINUTELY\nDURATION:PT30S\nSUMMARY:often\n")
	_, err = change.Calendar{Windows: []change.Window{often}}.Compile(span(0, 365*24))
	require.ErrorContains(t, err, "more than 200000 times")
	_, err = change.Calendar{
		Windows:  []change.Window{{}, {ID: "w", During: span(2, 2)}, {ID: "x", During: span(1, 2), Times: often.Times}},
		Freezes:  []change.Freeze{{}},
		Critical: []change.CriticalTimes{{Windows: []hours.CriticalWindow{{}}}},
		Notice:   map[change.Kind]hours.Allowance{"odd": hours.WorkingDays(-1)},
	}.Compile(span(0, 24))
	for _, want := range []string{"windows[0].id", "windows[0].times", "windows[1].during", "windows[2].during", "freezes[0].why", "notice[odd]"} {
		require.ErrorContains(t, err, want)
	}
	_, err = change.Calendar{Critical: []change.CriticalTimes{{Windows: []hours.CriticalWindow{{}}}}}.Compile(span(0, 24))
	require.ErrorContains(t, err, "critical[0].windows[0]")
}

func TestWhatIsProposedFitsAndNothingEarlierDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		unit := func(name string, most int) float64 { return float64(rapid.IntRange(0, most).Draw(t, name)) / 4 }
		stretch := func(name string) (from, to float64) {
			from = unit(name, 24*4)
			return from, from + 0.25 + unit(name+" long", 40)
		}
		list := services("web", "db")
		limit := func(name string) []servicecoin.ServiceID {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(list), 0, 1, rapid.ID[servicecoin.ServiceID]).Draw(t, name)
		}
		var c change.Calendar
		for i := range rapid.IntRange(0, 6).Draw(t, "windows") {
			from, to := stretch("window")
			c.Windows = append(c.Windows, once(fmt.Sprint("w", i), from, to, limit("of")...))
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "freezes") {
			from, to := stretch("freeze")
			c.Freezes = append(c.Freezes, freeze(change.FreezeID(fmt.Sprint("f", i)), from, to, limit("of")...))
		}
		if rapid.Bool().Draw(t, "notice") {
			c.Notice = map[change.Kind]hours.Allowance{change.Normal: hours.WorkingTime(time.Duration(unit("notice", 20) * float64(time.Hour)))}
		}
		q := question(change.Plan{Start: hour(1 + unit("start", 80)), Length: minutes(15 + int(unit("long", 16)*60)), WayBack: minutes(int(unit("back", 8) * 60))}, limit("scope")...)
		q.Horizon = minutes(36 * 60)
		from, to := stretch("busy")
		busy := change.Dependency{On: "x", Kind: change.Apart}
		q.Dependencies, q.Others = []change.Dependency{busy}, []change.Other{{ID: "x", Span: span(from, to)}}
		o, err := c.Compile(span(-24, 24*9))
		require.NoError(t, err)
		fits := func(at time.Time) bool {
			q.Plan.Start = at
			fit, err := o.Fit(q)
			require.NoError(t, err)
			return fit.Fits()
		}
		fit, err := o.Fit(q)
		require.NoError(t, err)
		if len(c.Windows) == 0 {
			require.NotEmpty(t, fit.Starts, "it is free some time")
		}
		var brute []time.Time // every quarter of an hour, as all that is drawn
		for at := hour(0); at.Before(fit.Until); at = at.Add(15 * time.Minute) {
			if fits(at) {
				brute = append(brute, at)
			}
		}
		for n, s := range fit.Starts {
			require.True(t, fits(s.At), "%s", clock(s.At))
			require.True(t, s.Window.Contains(s.At))
			require.Equal(t, n, slices.IndexFunc(fit.Starts, func(x change.Start) bool { return x.Window.Equal(s.Window) }), "one of each window")
			for _, at := range brute {
				require.False(t, s.Window.Contains(at) && at.Before(s.At), "%s is earlier than %s", clock(at), clock(s.At))
			}
		}
		for _, at := range brute { // no window is passed over
			last := len(fit.Starts) == 3 && at.After(fit.Starts[2].At)
			known := slices.ContainsFunc(fit.Starts, func(s change.Start) bool { return s.Window.Contains(at) })
			require.True(t, known || last, "%s fits too", clock(at))
		}
	})
}
