package sla_test

import (
	"errors"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func minute(from, to int) calendar.Interval {
	return calendar.Between(origin.Add(time.Duration(from)*time.Minute), origin.Add(time.Duration(to)*time.Minute))
}

func terms() sla.Terms {
	return sla.Terms{Weights: sla.Weights{"outage": dec("1"), "disruption": dec("0.3"), "information": dec("0")}}
}

func outage(level sla.Level, from, to int, id string) sla.Outage {
	return sla.Outage{Interval: minute(from, to), Level: level, From: servicecoin.Key{Customer: servicecoin.Provider, Kind: "incident.incident", ID: id}}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	covered := calendar.SetOf(minute(0, 100))
	for name, c := range map[string]struct {
		terms                          func(*sla.Terms)
		facts                          sla.Facts
		known, excluded, unknown, down string // minutes
		refused                        int
	}{
		"nothing happened":   {facts: sla.Facts{Coverage: covered}, known: "100", excluded: "0", unknown: "0", down: "0"},
		"nothing is known":   {facts: sla.Facts{}, known: "0", excluded: "0", unknown: "100", down: "0"},
		"half is known":      {facts: sla.Facts{Coverage: calendar.SetOf(minute(0, 50)), Outages: []sla.Outage{outage("outage", 40, 60, "a")}}, known: "50", excluded: "0", unknown: "50", down: "10"},
		"the worst counts":   {facts: sla.Facts{Coverage: covered, Outages: []sla.Outage{outage("outage", 10, 20, "a"), outage("disruption", 0, 30, "b"), outage("disruption", 5, 30, "c")}}, known: "100", excluded: "0", unknown: "0", down: "16"},
		"clipped":            {facts: sla.Facts{Coverage: calendar.SetOf(minute(-100, 200)), Outages: []sla.Outage{outage("outage", -50, 10, "a"), outage("outage", 95, 500, "b")}}, known: "100", excluded: "0", unknown: "0", down: "15"},
		"excluded":           {facts: sla.Facts{Coverage: covered, Outages: []sla.Outage{outage("outage", 0, 20, "a")}, Exclusions: []sla.Exclusion{{Interval: minute(10, 30), Reason: "works"}}}, known: "80", excluded: "20", unknown: "0", down: "10"},
		"excluded unknown":   {facts: sla.Facts{Coverage: calendar.SetOf(minute(0, 20)), Exclusions: []sla.Exclusion{{Interval: minute(10, 30), Reason: "works"}}}, known: "10", excluded: "20", unknown: "70", down: "0"},
		"excluded entirely":  {facts: sla.Facts{Coverage: covered, Outages: []sla.Outage{outage("outage", 0, 20, "a")}, Exclusions: []sla.Exclusion{{Interval: minute(-10, 300), Reason: "works"}}}, known: "0", excluded: "100", unknown: "0", down: "0"},
		"announced too late": {terms: func(t *sla.Terms) { t.Exclusions.NoticeSeconds = 3600 }, facts: sla.Facts{Coverage: covered, Exclusions: []sla.Exclusion{{Interval: minute(10, 30), Reason: "works", AnnouncedAt: origin}}}, known: "100", excluded: "0", unknown: "0", down: "0", refused: 1},
		"announced in time":  {terms: func(t *sla.Terms) { t.Exclusions.NoticeSeconds = 600 }, facts: sla.Facts{Coverage: covered, Exclusions: []sla.Exclusion{{Interval: minute(10, 30), Reason: "works", AnnouncedAt: origin}}}, known: "80", excluded: "20", unknown: "0", down: "0"},
		"never announced":    {terms: func(t *sla.Terms) { t.Exclusions.NoticeSeconds = 1 }, facts: sla.Facts{Coverage: covered, Exclusions: []sla.Exclusion{{Interval: minute(10, 30), Reason: "works"}}}, known: "100", excluded: "0", unknown: "0", down: "0", refused: 1},
		"not approved":       {terms: func(t *sla.Terms) { t.Exclusions.NeedsApproval = true }, facts: sla.Facts{Coverage: covered, Exclusions: []sla.Exclusion{{Interval: minute(10, 30), Reason: "works"}, {Interval: minute(40, 50), Reason: "works", ApprovedBy: "ada"}}}, known: "90", excluded: "10", unknown: "0", down: "0", refused: 1},
		"capped":             {terms: func(t *sla.Terms) { t.Exclusions.CapSeconds = servicecoin.Some(dec("900")) }, facts: sla.Facts{Coverage: covered, Outages: []sla.Outage{outage("outage", 0, 100, "a")}, Exclusions: []sla.Exclusion{{Interval: minute(60, 70), Reason: "works"}, {Interval: minute(10, 20), Reason: "works"}}}, known: "85", excluded: "15", unknown: "0", down: "85"},
		"overrun":            {facts: sla.Facts{Coverage: covered, Outages: []sla.Outage{outage("outage", 10, 40, "a")}, Exclusions: []sla.Exclusion{{Interval: minute(10, 30), Reason: "works"}}}, known: "80", excluded: "20", unknown: "0", down: "10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tm := terms()
			if c.terms != nil {
				c.terms(&tm)
			}
			m, err := tm.Measure(minute(0, 100), c.facts)
			require.NoError(t, err)
			sixty := dec("60")
			sameDecimal(t, "period", dec("6000"), m.Period)
			sameDecimal(t, "known", dec(c.known).Mul(sixty), m.Known)
			sameDecimal(t, "excluded", dec(c.excluded).Mul(sixty), m.Excluded)
			sameDecimal(t, "unknown", dec(c.unknown).Mul(sixty), m.Unknown)
			sameDecimal(t, "down", dec(c.down).Mul(sixty), m.Down)
			require.Len(t, m.Refused, c.refused)
			require.Equal(t, c.known != "0", m.Availability().Defined())
			sum := decimal.Zero
			for _, o := range m.Outages {
				sum = sum.Add(o.Down)
			}
			sameDecimal(t, "sum of the parts", m.Down, sum)
		})
	}
}

func TestMeasureRefuses(t *testing.T) {
	t.Parallel()
	bad := terms()
	bad.Weights["too much"] = dec("1.1")
	bad.Counting = "guess"
	_, err := bad.Measure(minute(10, 0), sla.Facts{
		Outages:    []sla.Outage{outage("meteor", 0, 1, "a"), outage("outage", 5, 1, "b"), {Interval: minute(0, 1)}},
		Exclusions: []sla.Exclusion{{Interval: minute(3, 1)}},
	})
	e, ok := errors.AsType[*servicecoin.InvalidError](err)
	require.True(t, ok, "%v", err)
	var got []string
	for _, v := range e.Violations {
		got = append(got, v.Path+" "+v.Code)
	}
	require.Subset(t, got, []string{
		"terms.weights.too much out-of-range", "terms.counting unknown", "period empty",
		"facts.outages[2].level required", "facts.exclusions[0].reason required",
	}, "all violations at once")
	require.GreaterOrEqual(t, len(got), 7, "%v", got)
}

func TestMeasureInvariants(t *testing.T) {
	t.Parallel()
	levels := []sla.Level{"outage", "disruption", "information"}
	span := rapid.Custom(func(t *rapid.T) calendar.Interval {
		from := rapid.IntRange(-20, 110).Draw(t, "from")
		return minute(from, from+rapid.IntRange(0, 60).Draw(t, "length"))
	})
	rapid.Check(t, func(t *rapid.T) {
		var f sla.Facts
		for range rapid.IntRange(0, 8).Draw(t, "outages") {
			f.Outages = append(f.Outages, sla.Outage{Interval: span.Draw(t, "outage"), Level: rapid.SampledFrom(levels).Draw(t, "level")})
		}
		for range rapid.IntRange(0, 3).Draw(t, "exclusions") {
			f.Exclusions = append(f.Exclusions, sla.Exclusion{Interval: span.Draw(t, "exclusion"), Reason: "works"})
		}
		f.Coverage = calendar.SetOf(span.Draw(t, "covered"), span.Draw(t, "covered"), span.Draw(t, "covered"))
		period := minute(0, 100)
		m, err := terms().Measure(period, f)
		if err != nil {
			t.Fatal(err)
		}
		if !m.Known.Add(m.Excluded).Add(m.Unknown).Equal(m.Period) || !m.Ahead.IsZero() {
			t.Fatalf("%s + %s + %s + %s is not %s", m.Known, m.Excluded, m.Unknown, m.Ahead, m.Period)
		}
		// While it runs, what is unknown splits into what has gone by and what is
		// to come; nothing else changes.
		now := rapid.IntRange(-10, 110).Draw(t, "now")
		running, err := terms().MeasureAt(period, f, origin.Add(time.Duration(now)*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if !running.Unknown.Add(running.Ahead).Equal(m.Unknown) || running.Ahead.IsNegative() || running.Unknown.IsNegative() ||
			!running.Known.Equal(m.Known) || !running.Excluded.Equal(m.Excluded) || !running.Down.Equal(m.Down) {
			t.Fatalf("at %d: unknown %s, ahead %s; %s were unknown", now, running.Unknown, running.Ahead, m.Unknown)
		}
		if m.Down.IsNegative() || m.Down.GreaterThan(m.Known) {
			t.Fatalf("down %s of %s", m.Down, m.Known)
		}
		// A brute-force oracle, minute by minute.
		down, known := decimal.Zero, 0
		for at := range 100 {
			now := minute(at, at+1)
			excluded := false
			for _, e := range f.Exclusions {
				excluded = excluded || e.Overlaps(now)
			}
			if excluded || !f.Coverage.Covers(now) {
				continue
			}
			known++
			worst := decimal.Zero
			for _, o := range f.Outages {
				if w := terms().Weights[o.Level]; o.Overlaps(now) && w.GreaterThan(worst) {
					worst = w
				}
			}
			down = down.Add(worst.Mul(decimal.NewFromInt(60)))
		}
		if !down.Equal(m.Down) || !decimal.NewFromInt(int64(known*60)).Equal(m.Known) {
			t.Fatalf("down %s, the oracle says %s; known %s, the oracle says %d min", m.Down, down, m.Known, known)
		}
		// Order does not matter, nor does cutting an outage in two.
		g := f
		g.Outages = rapid.Permutation(f.Outages).Draw(t, "order")
		if len(g.Outages) > 0 {
			o := g.Outages[0]
			half := o.Start.Add(o.Duration() / 2)
			a, b := o, o
			a.End, b.Start = half, half
			g.Outages = append(append([]sla.Outage{}, g.Outages[1:]...), a, b)
		}
		again, err := terms().Measure(period, g)
		if err != nil || !again.Down.Equal(m.Down) {
			t.Fatalf("another order: %s, not %s (%v)", again.Down, m.Down, err)
		}
		// What a report keeps gives the same.
		kept, err := terms().Measure(period, f.Within(period))
		if err != nil || !kept.Down.Equal(m.Down) || !kept.Known.Equal(m.Known) {
			t.Fatalf("clipped facts: %s, not %s (%v)", kept.Down, m.Down, err)
		}
	})
}

func TestRatioIsExact(t *testing.T) {
	t.Parallel()
	third := sla.Ratio{Part: dec("2"), Whole: dec("3")}
	require.Positive(t, third.ComparePercent(dec("66.666666666666666666666666666666")))
	require.Negative(t, third.ComparePercent(dec("66.666666666666666666666666666667")))
	require.Equal(t, "66.6667", third.Percent(4).Decimal.String())
	require.False(t, sla.Ratio{}.Percent(4).Valid)
	require.False(t, sla.Ratio{}.Fraction(4).Valid)
}

func TestRoundingIsATerm(t *testing.T) {
	t.Parallel()
	p := promise()
	p.Objective, p.Bands = dec("99.99"), sla.Bands{{Below: dec("99.99"), Credit: dec("10")}}
	// 4.36 minutes in January: 99.98990...
	f := sla.Facts{Coverage: calendar.SetOf(minute(-1000, 100000)), Outages: []sla.Outage{{Interval: calendar.Between(origin, origin.Add(268*time.Second)), Level: "outage"}}}
	exact, err := p.Report(january, f, origin)
	require.NoError(t, err)
	require.Equal(t, "99.98999403", exact.Figures.Uptime.Decimal.String())
	require.Equal(t, sla.Broken, exact.Figures.Verdict)
	require.Equal(t, "10", exact.Figures.Credit.Decimal.String())
	p.Rounding = &sla.UptimeRounding{Places: 2, Mode: money.HalfAwayFromZero}
	rounded, err := p.Report(january, f, origin)
	require.NoError(t, err)
	require.Equal(t, sla.Kept, rounded.Figures.Verdict)
	require.Equal(t, "0", rounded.Figures.Credit.Decimal.String())
}

func BenchmarkMeasureThousandOutages(b *testing.B) {
	period := minute(0, 43200)
	f := sla.Facts{Coverage: calendar.SetOf(period)}
	for i := range 1000 {
		f.Outages = append(f.Outages, outage([]sla.Level{"outage", "disruption"}[i%2], i*40, i*40+60, "x"))
	}
	tm := terms()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tm.Measure(period, f); err != nil {
			b.Fatal(err)
		}
	}
}
