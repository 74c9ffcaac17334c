package sla_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
)

const day = 24 * 60 // minutes

// January has 44,640 minutes: 99.9 % allow 44.64 of them.
func TestVerdictOfARunningMonth(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now      int // minutes since the month began
		covered  []calendar.Interval
		outages  []sla.Outage
		excluded []sla.Exclusion
		rounding *sla.UptimeRounding

		verdict      sla.Verdict
		words        string
		ahead, left  string // seconds
		covers       string // percent of the time gone by; "": nothing has gone by
		credit       string // expected, percent; "": unknown
		known, unkwn string // seconds; "": not looked at
	}{
		"nothing yet":                 {now: 0, verdict: sla.Unknown, words: "unknown", ahead: "2678400", left: "2678.4"},
		"before it begins":            {now: -day, verdict: sla.Unknown, words: "unknown", ahead: "2678400", left: "2678.4"},
		"second day, all is well":     {now: day, verdict: sla.OnCourse, words: "on course", ahead: "2592000", left: "2678.4", covers: "100", credit: "0", known: "86400", unkwn: "0"},
		"second day, ten minutes":     {now: day, outages: []sla.Outage{outage("outage", 0, 10, "a")}, verdict: sla.AtRisk, words: "at risk", ahead: "2592000", left: "2078.4", covers: "100", credit: "0"},
		"second day, a minute":        {now: day, outages: []sla.Outage{outage("outage", 0, 1, "a")}, verdict: sla.OnCourse, words: "on course", ahead: "2592000", left: "2618.4", covers: "100", credit: "0"},
		"just at the pace":            {now: 10000, outages: []sla.Outage{outage("outage", 0, 10, "a")}, verdict: sla.OnCourse, words: "on course", ahead: "2078400", left: "2078.4", covers: "100", credit: "0"},
		"second day, an hour":         {now: day, outages: []sla.Outage{outage("outage", 0, 60, "a")}, verdict: sla.Broken, words: "broken", ahead: "2592000", left: "-921.6", covers: "100", credit: "10"},
		"second day, half of it":      {now: day, outages: []sla.Outage{outage("outage", 0, day/2, "a")}, verdict: sla.Broken, words: "broken", ahead: "2592000", left: "-40521.6", covers: "100", credit: "25"},
		"the last minutes":            {now: 44640 - 30, verdict: sla.Kept, words: "kept", ahead: "1800", left: "2678.4", covers: "100", credit: "0"},
		"the last hour":               {now: 44640 - 60, verdict: sla.OnCourse, words: "on course", ahead: "3600", left: "2678.4", covers: "100", credit: "0"},
		"over":                        {now: 44640, verdict: sla.Kept, words: "kept", ahead: "0", left: "2678.4", covers: "100", credit: "0"},
		"over, an hour":               {now: 44640, outages: []sla.Outage{outage("outage", 0, 60, "a")}, verdict: sla.Broken, words: "broken", ahead: "0", left: "-921.6", covers: "100", credit: "10"},
		"over, a day unknown":         {now: 44640, covered: []calendar.Interval{minute(0, 44640-day)}, verdict: sla.OnCourse, words: "kept as far as is known", ahead: "0", left: "2592", covers: "96.77419355", credit: "0", unkwn: "86400"},
		"over, unknown and an hour":   {now: 44640, covered: []calendar.Interval{minute(0, 44640-day)}, outages: []sla.Outage{outage("outage", 0, 44, "a")}, verdict: sla.AtRisk, words: "broken as far as is known", ahead: "0", left: "-48", covers: "96.77419355", credit: "10"},
		"over, unknown, broken":       {now: 44640, covered: []calendar.Interval{minute(0, 44640-day)}, outages: []sla.Outage{outage("outage", 0, 60, "a")}, verdict: sla.Broken, words: "broken", ahead: "0", left: "-1008", covers: "96.77419355", credit: "10"},
		"over, nothing known":         {now: 44640, covered: []calendar.Interval{}, verdict: sla.Unknown, words: "unknown", ahead: "0", left: "0", covers: "0"},
		"half of it unknown":          {now: 2 * day, covered: []calendar.Interval{minute(0, day)}, verdict: sla.OnCourse, words: "on course", ahead: "2505600", left: "2592", covers: "50", credit: "0", known: "86400", unkwn: "86400"},
		"works to come are not ahead": {now: day, excluded: []sla.Exclusion{{Interval: minute(2*day, 3*day), Reason: "works"}}, verdict: sla.OnCourse, words: "on course", ahead: "2505600", left: "2592", covers: "100", credit: "0"},
		"the contract rounds":         {now: day, rounding: &sla.UptimeRounding{Places: 1, Mode: money.HalfAwayFromZero}, outages: []sla.Outage{outage("outage", 0, 60, "a")}, verdict: sla.AtRisk, words: "at risk", ahead: "2592000", left: "-921.6", covers: "100", credit: "0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := promise()
			p.Rounding = c.rounding
			now := origin.Add(time.Duration(c.now) * time.Minute)
			if c.covered == nil && c.now > 0 {
				c.covered = []calendar.Interval{minute(0, c.now)}
			}
			r, err := p.Report(january, sla.Facts{Coverage: calendar.SetOf(c.covered...), Outages: c.outages, Exclusions: c.excluded}, now)
			require.NoError(t, err)
			f := r.Figures
			require.Equal(t, c.verdict, f.Verdict)
			require.Equal(t, c.words, f.Words())
			require.NotEmpty(t, f.Why(p.Objective))
			require.Equal(t, c.ahead, f.Ahead.String(), "ahead")
			require.Equal(t, c.left, f.Budget.Left.String(), "budget left")
			require.Equal(t, c.credit != "", f.Credit.Valid)
			if c.credit != "" {
				require.Equal(t, c.credit, f.Credit.Decimal.String(), "credit")
			}
			require.Equal(t, c.covers != "", f.Covered.Valid)
			if c.covers != "" {
				require.Equal(t, c.covers, f.Covered.Decimal.String(), "coverage")
			}
			if c.known != "" {
				require.Equal(t, c.known, f.Known.String(), "known")
			}
			if c.unkwn != "" {
				require.Equal(t, c.unkwn, f.Unknown.String(), "unknown")
			}
			require.True(t, f.Known.Add(f.Excluded).Add(f.Unknown).Add(f.Ahead).Equal(f.Period))
			proved, err := r.Proves()
			require.NoError(t, err)
			require.True(t, proved, "a draft recomputes, too")
			require.Equal(t, f.Ahead.IsPositive(), strings.Contains(r.Trace().String(), "ahead: "))
		})
	}
}

// A verdict that is certain holds whatever is still to come.
func TestCertainVerdictsHold(t *testing.T) {
	t.Parallel()
	p := promise()
	p.Objective, p.Bands, p.ValidFrom, p.ValidUntil = dec("90"), nil, origin, origin.Add(100*time.Minute)
	span := rapid.Custom(func(t *rapid.T) calendar.Interval {
		from := rapid.IntRange(0, 99).Draw(t, "from")
		return minute(from, from+rapid.IntRange(1, 15).Draw(t, "length"))
	})
	rapid.Check(t, func(t *rapid.T) {
		now := rapid.IntRange(0, 100).Draw(t, "now")
		var all []sla.Outage
		for range rapid.IntRange(0, 4).Draw(t, "outages") {
			all = append(all, sla.Outage{Interval: span.Draw(t, "outage"), Level: "outage"})
		}
		gap := span.Draw(t, "unknown")
		covered := calendar.SetOf(minute(0, 100))
		if rapid.Bool().Draw(t, "gap") {
			covered = covered.Subtract(calendar.SetOf(gap))
		}
		early, err := p.Report(january, sla.Facts{Coverage: covered.Clip(minute(0, now)), Outages: all}, origin.Add(time.Duration(now)*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		late, err := p.Report(january, sla.Facts{Coverage: calendar.SetOf(minute(0, 100)), Outages: all}, origin.Add(200*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		was, is := early.Figures.Verdict, late.Figures.Verdict
		if is != sla.Kept && is != sla.Broken {
			t.Fatalf("all is known, and the verdict is %s", is)
		}
		if (was == sla.Kept || was == sla.Broken) && was != is {
			t.Fatalf("was %s at minute %d, and is %s", was, now, is)
		}
	})
}

// A source may say too much: nobody knows what is still to come.
func TestKeeperKnowsNothingOfTheTimeToCome(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	*d.now = origin.AddDate(0, 0, 1)
	r, err := d.Month(t.Context(), "p1", january)
	require.NoError(t, err)
	require.Equal(t, "86400", r.Figures.Known.String())
	require.Equal(t, "2592000", r.Figures.Ahead.String())
	require.Equal(t, sla.OnCourse, r.Figures.Verdict)
}

// A level without a weight counts nothing, and is told.
func TestLevelWithoutAWeight(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.happens(outage("outage", 0, 10, "a"), outage("sabotage", 5, 20, "b"), outage("sabotage", -20, -10, "c"))
	closed := d.close(t)
	f := closed.Report.Figures
	require.Equal(t, "600", f.Down.String())
	require.Equal(t, []sla.Counted{{From: key("b"), Level: "sabotage", Seconds: dec("900"), Down: decimal.Decimal{}}}, f.Unweighted)
	require.Contains(t, closed.Report.Trace().String(), "sabotage for 900 s, which the terms give no weight: 0 s [@provider/incident.incident/b]")
	proved, err := closed.Report.Proves()
	require.NoError(t, err)
	require.True(t, proved)
}

func TestTermsAreAmendedFromAMonthOn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := newDesk(t) // 3 February
	february := january.Next()
	d.happens(outage("sabotage", 0, 10, "a"), outage("sabotage", 44640, 44650, "b"))
	stricter := terms()
	stricter.Weights["sabotage"] = dec("1")

	p, err := d.Amend(ctx, ada, "p1", february, stricter, "Sabotage happens")
	require.NoError(t, err)
	require.Equal(t, terms(), p.Terms, "what was promised stays on record")
	require.Equal(t, stricter, p.TermsIn(february))
	require.Equal(t, terms(), p.TermsIn(january))
	require.Equal(t, "0", d.close(t).Report.Figures.Down.String())
	r, err := d.Month(ctx, "p1", february)
	require.NoError(t, err)
	require.Equal(t, "600", r.Figures.Down.String())
	require.Equal(t, "sabotage for 600 s, weight 1", r.Trace().Parts[1].Parts[0].Label)

	// January has its report.
	_, err = d.Amend(ctx, ada, "p1", january, stricter, "From the start")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "2026-01")
	_, err = d.Amend(ctx, ada, "p1", january.Add(-100), stricter, "From the start")
	require.ErrorIs(t, err, servicecoin.ErrRefused, "however long ago")

	// Of two from the same month the later one holds; later ones come after it.
	_, err = d.Amend(ctx, ada, "p1", february.Next(), terms(), "As before")
	require.NoError(t, err)
	stricter.Weights["sabotage"] = dec("0.5")
	p, err = d.Amend(ctx, ada, "p1", february, stricter, "Half of it")
	require.NoError(t, err)
	require.Len(t, p.Amendments, 2)
	require.Equal(t, "0.5", p.TermsIn(february).Weights["sabotage"].String())
	require.Equal(t, terms(), p.TermsIn(february.Add(12)))
	again, err := d.Get(ctx, "p1")
	require.NoError(t, err)
	require.Len(t, again.Amendments, 2)

	for name, call := range map[string]func() error{
		"nobody": func() error { _, err := d.Amend(ctx, servicecoin.Actor{}, "p1", february, stricter, "x"); return err },
		"no month": func() error {
			_, err := d.Amend(ctx, ada, "p1", calendar.Month{}, stricter, "x")
			return err
		},
		"no terms":  func() error { _, err := d.Amend(ctx, ada, "p1", february, sla.Terms{}, "x"); return err },
		"no reason": func() error { _, err := d.Amend(ctx, ada, "p1", february, stricter, ""); return err },
	} {
		require.ErrorIs(t, call(), servicecoin.ErrInvalid, name)
	}
}

// Whole minutes are counted from the start of an outage, in whichever month it
// began, and both entries say the same.
func TestWholeMinutesOverTheEndOfAMonth(t *testing.T) {
	t.Parallel()
	p := promise()
	p.Terms = sla.Terms{Weights: sla.Weights{"outage": dec("1")}, Counting: sla.WholeMinutes}
	end := january.In(time.UTC).End
	at := func(seconds int) time.Time { return end.Add(time.Duration(seconds) * time.Second) }
	for name, c := range map[string]struct {
		outages [][2]int // seconds from the end of January
		want    [2]string
	}{
		"half a minute each": {[][2]int{{-30, 30}}, [2]string{"30", "30"}},
		"three minutes":      {[][2]int{{-90, 120}}, [2]string{"90", "90"}},
		"a second":           {[][2]int{{-59, 59}}, [2]string{"59", "1"}},
		"too short":          {[][2]int{{-29, 30}}, [2]string{"0", "0"}},
		"up to the border":   {[][2]int{{-60, 0}}, [2]string{"60", "0"}},
		"from the border on": {[][2]int{{0, 60}}, [2]string{"0", "60"}},
		"two that touch":     {[][2]int{{-30, 0}, {0, 30}}, [2]string{"30", "30"}},
		"a chain":            {[][2]int{{-100, -50}, {-50, 0}, {0, 40}, {40, 100}}, [2]string{"100", "80"}},
		"apart":              {[][2]int{{-100, -50}, {10, 65}}, [2]string{"0", "0"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			f := sla.Facts{Coverage: calendar.SetOf(minute(-1000000, 1000000))}
			for _, o := range c.outages {
				f.Outages = append(f.Outages, sla.Outage{Interval: calendar.Between(at(o[0]), at(o[1])), Level: "outage"})
			}
			q := p
			q.ID = "whole"
			_, err := d.Make(t.Context(), ada, q)
			require.NoError(t, err)
			d.source.Set("mail", f) // hands out what overlaps with what it is asked for
			*d.now = end.AddDate(0, 2, 0)
			for n, m := range []calendar.Month{january, january.Next()} {
				measured, err := p.Terms.Measure(m.In(time.UTC), f)
				require.NoError(t, err)
				require.Equal(t, c.want[n], measured.Down.String(), "measured, %s", m)
				r, err := p.Report(m, f, *d.now)
				require.NoError(t, err)
				require.Equal(t, c.want[n], r.Figures.Down.String(), "reported, %s", m)
				kept, err := d.CloseMonth(t.Context(), ada, "whole", m)
				require.NoError(t, err)
				require.Equal(t, c.want[n], kept.Report.Figures.Down.String(), "closed, %s", m)
			}
		})
	}
}

// What somebody sends is refused for its length before anybody looks at it, and
// for its exponent before anybody reckons with it.
//
//nolint:paralleltest // it counts what is allocated
func TestLimitsComeFirst(t *testing.T) {
	huge := decimal.New(1, 100_000_000)
	tiny := decimal.New(1, -100_000_000)
	for _, d := range []decimal.Decimal{huge, tiny, huge.Neg()} {
		p := promise()
		p.Objective = d
		p.Bands = sla.Bands{{Below: d, Credit: d}, {Below: d, Credit: d}}
		p.Terms = sla.Terms{Weights: sla.Weights{"outage": d}, Exclusions: sla.ExclusionTerms{CapSeconds: servicecoin.Some(d)}}
		require.ErrorIs(t, p.Validate(), servicecoin.ErrInvalid)
	}
	const many = 100_000
	p := promise()
	for range many {
		p.Bands = append(p.Bands, sla.Band{})
		p.Amendments = append(p.Amendments, sla.Amendment{})
	}
	f := sla.Facts{Outages: make([]sla.Outage, many), Exclusions: make([]sla.Exclusion, many)}
	w := sla.Weights{}
	for n := range many {
		w[sla.Level(strings.Repeat("x", n%100)+string(rune(0x4e00+n)))] = huge
	}
	for name, valid := range map[string]interface{ Validate() error }{
		"promise": p, "facts": f, "weights": w, "bands": p.Bands, "terms": sla.Terms{Weights: w},
	} {
		var err error
		bytes := limittest.Allocated(func() { err = valid.Validate() })
		require.ErrorIs(t, err, servicecoin.ErrInvalid, name)
		require.Less(t, bytes, uint64(64<<20), name)
	}
}

// A promise that turns out to have ended before its month was over: what was said and
// credited of the rest is taken back.
func TestAPromiseEndedAfterItsReports(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := newDesk(t)
	february := january.Next()
	*d.now = time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	d.happens(outage("outage", 20*day, 21*day, "a"), outage("outage", 40*day, 41*day, "b"))
	for _, m := range []calendar.Month{january, february} {
		c, err := d.CloseMonth(ctx, ada, "p1", m)
		require.NoError(t, err)
		require.Equal(t, "25", c.Credit.Percent.String())
	}
	_, err := d.End(ctx, ada, "p1", origin.AddDate(0, 0, 10))
	require.NoError(t, err)
	require.Equal(t, []string{"p1 2026-01", "p1 2026-02"}, d.due(t))
	for _, m := range []calendar.Month{january, february} {
		c, err := d.CloseMonth(ctx, ada, "p1", m)
		require.NoError(t, err)
		require.Equal(t, 2, c.Report.Edition)
		require.Equal(t, "-25", c.Credit.Percent.String())
		proved, err := c.Report.Proves()
		require.NoError(t, err)
		require.True(t, proved)
		again, err := d.CloseMonth(ctx, ada, "p1", m)
		require.NoError(t, err)
		require.True(t, again.Again)
	}
	require.Empty(t, d.due(t))
	// And it was not ended after all, or later.
	_, err = d.End(ctx, ada, "p1", origin.AddDate(0, 0, 45))
	require.NoError(t, err)
	require.Equal(t, []string{"p1 2026-01", "p1 2026-02"}, d.due(t))
	c, err := d.CloseMonth(ctx, ada, "p1", february)
	require.NoError(t, err)
	require.Equal(t, 3, c.Report.Edition)
	require.Equal(t, "25", c.Credit.Percent.String())
	// A month without a report is not due for it, and has none.
	_, err = d.End(ctx, ada, "p1", origin.AddDate(0, 2, 1))
	require.NoError(t, err)
	_, err = d.CloseMonth(ctx, ada, "p1", january.Add(-20))
	require.ErrorIs(t, err, servicecoin.ErrRefused)
}
