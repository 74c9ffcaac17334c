package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
)

func compiledRule(t testing.TB, text string) *calendar.Recurrence {
	t.Helper()
	rule, err := calendar.ParseRule(text)
	require.NoError(t, err, text)
	c, err := rule.Compile()
	require.NoError(t, err, text)
	return c
}

func BenchmarkRuleNext(b *testing.B) {
	for _, c := range []struct{ name, rule string }{
		{"daily", "FREQ=DAILY"},
		{"MO,WE,FR", "FREQ=WEEKLY;BYDAY=MO,WE,FR"},
		{"2TU", "FREQ=MONTHLY;BYDAY=2TU"},
		{"yearly week 20", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO"},
		{"every 15 minutes", "FREQ=MINUTELY;INTERVAL=15"},
		{"last working day", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"},
		{"29 February", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"},
	} {
		r := compiledRule(b, "DTSTART;TZID=America/New_York:20160104T090000\nRRULE:"+c.rule)
		at := time.Date(2026, time.January, 4, 12, 0, 0, 0, time.UTC)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Next(at)
			}
		})
		b.Run(c.name+" previous", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Previous(at)
			}
		})
	}
}

func BenchmarkRuleTenYears(b *testing.B) {
	r := compiledRule(b, "DTSTART;TZID=America/New_York:20160104T090000\nRRULE:FREQ=DAILY")
	from := time.Date(2016, time.January, 1, 0, 0, 0, 0, time.UTC)
	to := from.AddDate(10, 0, 0)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for range r.Between(from, to) {
			n++
		}
		if n < 3650 {
			b.Fatal(n)
		}
	}
}

func BenchmarkRuleCompile(b *testing.B) {
	for _, c := range []struct{ name, rule string }{
		{"weekly", "FREQ=WEEKLY;BYDAY=MO,WE,FR"},
		{"count", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=1000"},
		{"count with interval", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;COUNT=1000"},
		{"never", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
		{"never in secondly", "FREQ=SECONDLY;INTERVAL=604800;BYDAY=TU"},
		{"never in weekly", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR;BYSETPOS=4"},
	} {
		rule, err := calendar.ParseRule("DTSTART;TZID=America/New_York:20160104T090000\nRRULE:" + c.rule)
		require.NoError(b, err)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := rule.Compile(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
