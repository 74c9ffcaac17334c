package entitle_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/grant"
)

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func some(text string) decimal.NullDecimal { return servicecoin.Some(d(text)) }

func at(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }

func march() calendar.Interval {
	return calendar.Month{Year: 2026, Month: time.March}.In(time.UTC)
}

// calls is a hard limit with a lower, soft one inside of the settlement.
func calls() entitle.Entitlement {
	return entitle.Entitlement{
		Feature: "api.calls", Kind: entitle.Metered, From: at(1, 0), Meter: "calls", Limit: some("1000"),
		Exceeding: []entitle.Consequence{{Act: entitle.Refuse}, {Act: entitle.Capacity, Note: "ask for more"}},
		Critical:  []entitle.Critical{{Name: "settlement", Limit: d("100"), Exceeding: []entitle.Consequence{{Act: entitle.Throttle, Rate: some("5")}, {Act: entitle.Charge, Price: "peak"}}}},
		Thresholds: []entitle.Threshold{
			{Name: "near", Measure: entitle.Percent, At: d("80")},
			{Name: "half of the peak", Measure: entitle.Amount, At: d("50"), Critical: "settlement"},
			{Name: "on course", Measure: entitle.Expected, At: d("100"), Rearm: some("10")},
		},
	}
}

func facts(used, inside string, open bool) entitle.Facts {
	f := entitle.Facts{At: at(5, 12), Period: march(), Used: some(used)}
	f.Inside = []entitle.Inside{{Name: "settlement", Used: some(inside), Open: open, Until: at(5, 18)}}
	return f
}

func judged(t *testing.T, e entitle.Entitlement, f entitle.Facts) entitle.Judgement {
	t.Helper()
	j, err := e.Judge(f)
	require.NoError(t, err)
	return j
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		used, inside, amount string
		open                 bool
		allowed              bool
		acts                 []entitle.Act
		left                 string
	}{
		"up to the limit":               {"990", "0", "10", false, true, nil, "10"},
		"beyond it":                     {"990", "0", "10.000001", false, false, []entitle.Act{entitle.Refuse, entitle.Capacity}, "10"},
		"a window that is closed":       {"500", "100", "10", false, true, nil, "500"},
		"a window that is open":         {"500", "100", "10", true, true, []entitle.Act{entitle.Throttle, entitle.Charge}, "500"},
		"both":                          {"995", "99", "10", true, false, []entitle.Act{entitle.Refuse, entitle.Capacity, entitle.Throttle, entitle.Charge}, "5"},
		"over, and nothing more":        {"1100", "0", "0", false, true, []entitle.Act{entitle.Refuse, entitle.Capacity}, "-100"},
		"over inside, and it is closed": {"300", "120", "1", false, true, []entitle.Act{entitle.Throttle, entitle.Charge}, "700"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := facts(c.used, c.inside, c.open)
			f.Amount = d(c.amount)
			j := judged(t, calls(), f)
			require.Equal(t, c.allowed, j.Allowed)
			var acts []entitle.Act
			for _, x := range j.Follows() {
				acts = append(acts, x.Act)
			}
			require.Equal(t, c.acts, acts)
			require.True(t, d(c.left).Equal(j.Left().Decimal), "%s left", j.Left().Decimal)
			require.Equal(t, at(5, 18), j.Until, "the window opens or closes before the month ends")
			if c.allowed {
				require.NoError(t, j.Err())
			} else {
				require.ErrorIs(t, j.Err(), servicecoin.ErrRefused)
				require.ErrorContains(t, j.Err(), "over the limit of 1000")
			}
		})
	}
}

func TestBooleanAndStatic(t *testing.T) {
	t.Parallel()
	e := entitle.Entitlement{Feature: "sso", Kind: entitle.Boolean, From: at(2, 0), Until: at(9, 0)}
	for day, has := range map[int]bool{1: false, 2: true, 8: true, 9: false} {
		j := judged(t, e, entitle.Facts{At: at(day, 0)})
		require.Equal(t, has, j.Has, "day %d", day)
		require.Equal(t, has, j.Allowed)
		if !has {
			require.ErrorContains(t, j.Err(), "not entitled")
		}
	}
	require.Equal(t, at(2, 0), judged(t, e, entitle.Facts{At: at(1, 0)}).Until)
	require.Equal(t, at(9, 0), judged(t, e, entitle.Facts{At: at(2, 0)}).Until)
	require.True(t, judged(t, e, entitle.Facts{At: at(9, 0)}).Until.IsZero())
	e = entitle.Entitlement{Feature: "support", Kind: entitle.Static, From: at(2, 0), Value: "gold"}
	j := judged(t, e, entitle.Facts{At: at(3, 0)})
	require.Equal(t, "gold", j.Value)
	require.False(t, j.Left().Valid, "nothing bounds it")
	require.Empty(t, judged(t, e, entitle.Facts{At: at(1, 0)}).Value)
}

// Where grants are the limit, it is what they covered and what is left of them.
func TestGrantsAreTheLimit(t *testing.T) {
	t.Parallel()
	e := calls()
	e.Limit, e.Critical, e.Thresholds = decimal.NullDecimal{}, nil, nil
	account := grant.Account{During: calendar.Between(at(1, 0), at(5, 12)), Grants: []grant.Grant{{ID: "g", Amount: d("100"), From: at(1, 0)}}}
	for used, left := range map[string]string{"30": "70", "130": "-30"} {
		r, err := account.Burn([]grant.Usage{{During: calendar.Between(at(2, 0), at(2, 0)), Quantity: d(used)}})
		require.NoError(t, err)
		j := judged(t, e, entitle.Facts{At: at(5, 12), Period: march(), Grants: &r.Standing, Amount: d("1")})
		require.Equal(t, "100", j.Counters[0].Limit.String())
		require.Equal(t, left, j.Left().Decimal.String())
		require.Equal(t, used == "30", j.Allowed)
	}
	_, err := e.Judge(entitle.Facts{At: at(5, 12), Period: march()})
	require.ErrorContains(t, err, "the grants are the limit")
}

// Of a level, the amount is the next one: it is not added, and less is never refused.
func TestLevel(t *testing.T) {
	t.Parallel()
	e := calls()
	e.Counts, e.Critical, e.Thresholds = grant.Level, nil, nil
	for amount, allowed := range map[string]bool{"1000": true, "1001": false, "0": true} {
		f := facts("900", "0", false)
		f.Amount = d(amount)
		require.Equal(t, allowed, judged(t, e, f).Allowed, amount)
	}
	f := facts("1200", "0", false)
	f.Amount = d("1100")
	j := judged(t, e, f)
	require.True(t, j.Allowed, "it is less than there is")
	require.True(t, j.Counters[0].Exceeds)
}

// Windows come from the calendars: weekdays, holidays, and a clock that is changed. In
// the night of 29 March Berlin's goes from 2 to 3.
func TestWithinCalendars(t *testing.T) {
	t.Parallel()
	h, err := hours.Parse("Mo-Fr 08:00-12:00; Su 01:00-04:00; PH off")
	require.NoError(t, err)
	h.Zone = "Europe/Berlin"
	h.Holidays = append(h.Holidays, hours.Holiday{Name: "a holiday", Dates: hours.On(calendar.Date{Year: 2026, Month: time.March, Day: 11})})
	berlin, err := h.Location()
	require.NoError(t, err)
	month := calendar.Month{Year: 2026, Month: time.March}.In(berlin)
	tt, err := h.CompileYears(2026, 2026, nil)
	require.NoError(t, err)
	windows, err := tt.Set(tt.Span())
	require.NoError(t, err)
	local := func(day, hour, minute int) time.Time {
		return time.Date(2026, 3, day, hour, minute, 0, 0, berlin)
	}
	used := func(quantity string, from, to time.Time) grant.Usage {
		return grant.Usage{During: calendar.Between(from, to), Quantity: d(quantity)}
	}
	for name, c := range map[string]struct {
		usage grant.Usage
		want  decimal.NullDecimal
	}{
		"a weekday":                     {used("6", local(10, 8, 0), local(10, 9, 0)), some("6")},
		"a holiday":                     {used("6", local(11, 8, 0), local(11, 9, 0)), decimal.NullDecimal{}},
		"a Saturday":                    {used("6", local(14, 8, 0), local(14, 9, 0)), decimal.NullDecimal{}},
		"half in it":                    {used("6", local(10, 11, 0), local(10, 13, 0)), some("3")},
		"an instant in it":              {used("6", local(10, 8, 0), local(10, 8, 0)), some("6")},
		"an instant at its end":         {used("6", local(10, 12, 0), local(10, 12, 0)), decimal.NullDecimal{}},
		"a third":                       {used("1", local(10, 11, 0), local(10, 14, 0)), some("0.333333333")},
		"a Sunday of 24 hours":          {used("24", local(22, 0, 0), local(23, 0, 0)), some("3")},
		"a Sunday of 23 hours":          {used("23", local(29, 0, 0), local(30, 0, 0)), some("2")},
		"outside of the period of time": {used("9", local(10, 8, 0).AddDate(0, 1, 0), local(10, 9, 0).AddDate(0, 1, 0)), decimal.NullDecimal{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x, err := entitle.Within("peak", windows, []grant.Usage{c.usage}, month, local(10, 10, 0))
			require.NoError(t, err)
			require.Equal(t, c.want.Valid, x.Used.Valid, "%s", x.Used.Decimal)
			require.True(t, c.want.Decimal.Equal(x.Used.Decimal), "%s", x.Used.Decimal)
			require.True(t, x.Open)
			require.True(t, local(10, 12, 0).Equal(x.Until))
		})
	}
	x, err := entitle.Within("peak", windows, nil, month, local(10, 12, 0))
	require.NoError(t, err)
	require.False(t, x.Open)
	require.True(t, local(12, 8, 0).Equal(x.Until), "the 11th is a holiday: %s", x.Until)
	x, err = entitle.Within("peak", windows, nil, month, local(31, 23, 0))
	require.NoError(t, err)
	require.True(t, x.Until.IsZero())

	_, err = entitle.Within("peak", windows, []grant.Usage{used("-1", at(2, 0), at(1, 0))}, month, at(1, 0).AddDate(1, 0, 0))
	require.ErrorContains(t, err, "at")
	require.ErrorContains(t, err, "usage[0].during")
	require.ErrorContains(t, err, "usage[0].quantity")
}

// Business events and recurring windows are windows, too.
func TestOtherCalendars(t *testing.T) {
	t.Parallel()
	critical, err := hours.CompileCritical(march(),
		hours.CriticalWindow{Name: "sale", Kind: hours.BusinessEvent, Reason: "spring sale", Weight: d("2"), During: calendar.Between(at(5, 0), at(7, 0))},
	)
	require.NoError(t, err)
	usage := []grant.Usage{{During: calendar.Between(at(6, 12), at(7, 12)), Quantity: d("10")}}
	n := 0
	for w, set := range critical.All() {
		x, err := entitle.Within(w.Name, set, usage, march(), at(5, 12))
		require.NoError(t, err)
		require.Equal(t, entitle.Inside{Name: "sale", Used: some("5"), Open: true, Until: at(7, 0)}, plainly(x))
		n++
	}
	require.Equal(t, 1, n)

	window, err := recur.ParseWindow("Sa 22:00-06:00 Europe/Berlin")
	require.NoError(t, err)
	nights, err := window.Compile()
	require.NoError(t, err)
	// In the night to 29 March the clock goes from 2 to 3: the window has seven hours.
	night := calendar.Between(at(28, 12), at(29, 12))
	x, err := entitle.Within("night", nights.Set(march()), []grant.Usage{{During: night, Quantity: d("24")}}, march(), at(28, 12))
	require.NoError(t, err)
	require.Equal(t, entitle.Inside{Name: "night", Used: some("7"), Until: at(28, 21)}, plainly(x))
}

// plainly brings equal numbers to one form.
func plainly(x entitle.Inside) entitle.Inside {
	if x.Used.Valid {
		x.Used = some(metering.Plain(x.Used.Decimal))
	}
	return x
}

// Shares of windows and of the gaps between them sum to what was used, but for rounding.
func TestSharesSum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hour := func(label string) time.Time { return at(1, rapid.IntRange(0, 700).Draw(t, label)) }
		var windows []calendar.Interval
		for range rapid.IntRange(0, 5).Draw(t, "windows") {
			from := hour("from")
			windows = append(windows, calendar.Between(from, from.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "long"))*time.Hour)))
		}
		set := calendar.SetOf(windows...)
		var usage []grant.Usage
		total := decimal.Decimal{}
		n := rapid.IntRange(1, 10).Draw(t, "n")
		for range n {
			from := hour("used")
			u := grant.Usage{During: calendar.Between(from, from.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "for"))*time.Hour)), Quantity: decimal.New(rapid.Int64Range(0, 999).Draw(t, "quantity"), -2)}
			if end := march().End; u.During.End.After(end) {
				u.During.End = end
			}
			usage, total = append(usage, u), total.Add(u.Quantity)
		}
		in, err := entitle.Within("in", set, usage, march(), at(5, 0))
		require.NoError(t, err)
		out, err := entitle.Within("out", set.Gaps(march()), usage, march(), at(5, 0))
		require.NoError(t, err)
		require.NotEqual(t, in.Open, out.Open)
		rounding := in.Used.Decimal.Add(out.Used.Decimal).Sub(total).Abs()
		require.True(t, rounding.LessThanOrEqual(decimal.New(int64(n), -9)), "%s", rounding)
	})
}

// Each is told once in a period, and again in the next one.
func TestReview(t *testing.T) {
	t.Parallel()
	e := calls()
	var m entitle.Memory
	say := func(f entitle.Facts) []string {
		t.Helper()
		told, next, err := e.Review(f, m)
		require.NoError(t, err)
		m = next
		var list []string
		for _, x := range told {
			list = append(list, fmt.Sprintf("%s/%s %s of %s", x.Threshold, x.Critical, metering.Plain(x.Figure), metering.Plain(x.Line)))
		}
		return list
	}
	require.Empty(t, say(facts("799.9999999", "0", true)))
	require.Equal(t, []string{"near/ 80 of 80"}, say(facts("800", "0", true)))
	require.Empty(t, say(facts("900", "0", true)))
	require.Empty(t, say(facts("700", "0", true)), "a correction")
	require.Empty(t, say(facts("900", "0", true)), "without a way back it is once a period")
	require.Equal(t, []string{"half of the peak/settlement 60 of 50"}, say(facts("900", "60", false)))
	require.Equal(t, []string{"/ 1001 of 1000", "/settlement 101 of 100"}, say(facts("1001", "101", true)))
	require.Empty(t, say(facts("1002", "102", true)))

	f := facts("800", "0", true)
	for _, x := range []struct {
		expected string
		want     []string
	}{
		{"999", nil},
		{"1000", []string{"on course/ 100 of 100"}},
		{"990", nil},
		{"1000", nil},
		{"900", nil},
		{"1000", nil},
		{"899", nil},
		{"1000", []string{"on course/ 100 of 100"}},
	} {
		f.Forecast = &entitle.Forecast{Expected: some(x.expected), N: 4}
		require.Equal(t, x.want, say(f), x.expected)
	}

	text, err := json.Marshal(m)
	require.NoError(t, err)
	var back entitle.Memory
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, m, back)

	f = facts("850", "0", true)
	f.At, f.Period = f.At.AddDate(0, 1, 0), calendar.Month{Year: 2026, Month: time.April}.In(time.UTC)
	require.Equal(t, []string{"near/ 85 of 80"}, say(f))

	e.Limit = some("0")
	f.Used = some("0")
	require.Empty(t, say(f))
	f.Used = some("0.1")
	m = entitle.Memory{}
	require.Equal(t, []string{"near/ 100 of 80", "/ 0.1 of 0"}, say(f), "of nothing, any use is all of it")
}

// However usage moves, a threshold without a way back is told at most once, and it is
// told exactly if it was reached.
func TestToldOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := calls()
		e.Thresholds = e.Thresholds[:2]
		var m entitle.Memory
		count, most, mostInside := map[string]int{}, int64(0), int64(0)
		for range rapid.IntRange(1, 20).Draw(t, "reviews") {
			used, inside := rapid.Int64Range(0, 1200).Draw(t, "used"), rapid.Int64Range(0, 120).Draw(t, "inside")
			most, mostInside = max(most, used), max(mostInside, inside)
			told, next, err := e.Review(facts(strconv.FormatInt(used, 10), strconv.FormatInt(inside, 10), rapid.Bool().Draw(t, "open")), m)
			require.NoError(t, err)
			m = next
			for _, x := range told {
				count[x.Threshold+"/"+x.Critical]++
			}
		}
		one := map[bool]int{true: 1}
		require.Equal(t, one[most >= 800], count["near/"])
		require.Equal(t, one[mostInside >= 50], count["half of the peak/settlement"])
		require.Equal(t, one[most > 1000], count["/"])
		require.Equal(t, one[mostInside > 100], count["/settlement"])
	})
}

func TestForesee(t *testing.T) {
	t.Parallel()
	day := func(n int, value string) metering.Point {
		p := metering.Point{Interval: calendar.Date{Year: 2026, Month: time.March, Day: n}.In(time.UTC)}
		if value != "" {
			p.Value = some(value)
		}
		return p
	}
	points := []metering.Point{day(1, "10"), day(2, "20"), day(3, ""), day(4, "10"), day(5, "3")}
	f, err := entitle.Foresee(points, march(), at(5, 12), 0)
	require.NoError(t, err)
	require.Equal(t, 4, f.N)
	require.Equal(t, "308", f.Expected.Decimal.String(), "43 so far, and 10 on each of 26.5 days")
	require.NotNil(t, f.Interval)
	require.Less(t, f.Interval.Low, 308.0)
	require.Greater(t, f.Interval.High, 308.0)
	require.GreaterOrEqual(t, f.Interval.Low, 43.0, "what was used stays used")

	f, err = entitle.Foresee(points[4:], march(), at(5, 12), 0)
	require.NoError(t, err)
	require.Equal(t, entitle.Forecast{}, f, "no day is over")
	f, err = entitle.Foresee(points[:1], march(), at(2, 0), 0)
	require.NoError(t, err)
	require.Equal(t, "310", f.Expected.Decimal.String())
	require.Nil(t, f.Interval)
	_, err = entitle.Foresee(nil, march(), at(1, 0).AddDate(1, 0, 0), 2)
	require.ErrorContains(t, err, "at")
	require.ErrorContains(t, err, "level")
}

// All that is wrong is told at once.
func TestViolations(t *testing.T) {
	t.Parallel()
	codes := func(err error) []string {
		t.Helper()
		invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
		require.True(t, ok, "%v", err)
		var list []string
		for _, v := range invalid.Violations {
			list = append(list, v.Path+" "+v.Code)
		}
		return list
	}
	e := entitle.Entitlement{
		Kind: entitle.Metered, From: at(2, 0), Until: at(1, 0), Value: "x", Limit: some("-1"), Counts: "some",
		Exceeding: []entitle.Consequence{{Act: "shout"}, {Act: entitle.Throttle}, {Act: entitle.Charge, Rate: some("1"), Whom: "ada"}, {Act: entitle.Refuse, Price: "p"}, {Act: entitle.Refuse}},
		Critical:  []entitle.Critical{{Name: "a", Limit: d("-1")}, {Name: "a"}},
		Thresholds: []entitle.Threshold{
			{Name: "t", Measure: "guess", At: d("0"), Critical: "b"},
			{Name: "t", Measure: entitle.Expected, At: d("1"), Critical: "a", Rearm: some("-1")},
		},
	}
	require.Equal(t, []string{
		"feature required", "until order", "value unexpected", "meter required", "counts unknown", "limit negative",
		"exceeding[0].act unknown", "exceeding[1].rate required", "exceeding[2].rate unexpected", "exceeding[2].price required", "exceeding[2].whom unexpected", "exceeding[3].price unexpected", "exceeding[4].act duplicate",
		"critical[0].limit negative", "critical[1].name duplicate",
		"thresholds[0].measure unknown", "thresholds[0].at out-of-range", "thresholds[0].critical unknown",
		"thresholds[1].critical unsupported", "thresholds[1].rearm negative", "thresholds[1].name duplicate",
	}, codes(e.Validate()))
	require.Equal(t, []string{"kind unexpected"}, codes(entitle.Entitlement{Feature: "f", Kind: entitle.Boolean, From: at(1, 0), Meter: "m"}.Validate()))
	require.Equal(t, []string{"kind unknown"}, codes(entitle.Entitlement{Feature: "f", Kind: "maybe", From: at(1, 0)}.Validate()))

	f := facts("-1", "-1", true)
	f.Amount, f.At = d("-1"), at(1, 0).AddDate(1, 0, 0)
	f.Inside = append(f.Inside, f.Inside[0])
	f.Inside[0].Name, f.Inside[1].Name = "other", "other"
	_, err := calls().Judge(f)
	require.Equal(t, []string{"amount negative", "period out-of-range", "used negative", "inside[0].used negative", "inside[1].used negative", "inside[1].name duplicate", "inside required"}, codes(err))
}

func TestLimits(t *testing.T) {
	t.Parallel()
	e := calls()
	e.Critical, e.Thresholds, e.Exceeding = make([]entitle.Critical, 1e6), make([]entitle.Threshold, 1e6), make([]entitle.Consequence, 1e6)
	limittest.AtOnce(t, func() { require.ErrorContains(t, e.Validate(), "1000000") })
	for _, huge := range limittest.HugeNumbers() {
		e := calls()
		e.Limit, e.Critical[0].Limit, e.Thresholds[0].At = servicecoin.Some(huge), huge, huge
		f := facts("1", "1", true)
		f.Amount, f.Used, f.Inside[0].Used = huge, servicecoin.Some(huge), servicecoin.Some(huge)
		limittest.AtOnce(t, func() {
			require.ErrorIs(t, e.Validate(), servicecoin.ErrInvalid)
			_, err := calls().Judge(f)
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
		})
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(calls())
	require.NoError(t, err)
	var back entitle.Entitlement
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, calls(), back)
	require.Contains(t, string(text), `"exceeding":[{"act":"refuse","rate":null},{"act":"capacity","rate":null,"note":"ask for more"}]`)
}

func TestWords(t *testing.T) {
	t.Parallel()
	told, _, err := calls().Review(facts("1001", "60", true), entitle.Memory{})
	require.NoError(t, err)
	var list []string
	for _, x := range told {
		list = append(list, servicecoin.Trace{Plain: x.Saying("calls")}.Tell(servicecoin.Reader{}).Text)
	}
	require.Equal(t, []string{
		"Near of api.calls is reached: 100.1, told from 80 on",
		"Half of the peak of api.calls is reached in settlement: 60, told from 50 on",
		"More of api.calls is used than the limit allows: 1\u202f001 calls of 1\u202f000 calls",
	}, list)
}
