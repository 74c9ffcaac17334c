package entitle_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/store/memory"
)

// busy is a customer with an event each minute of twenty days, and a window each day.
func busy(b *testing.B) *world {
	b.Helper()
	w := newWorld(b, "Europe/Berlin", memory.New())
	var windows []calendar.Interval
	for day := 1; day <= 31; day++ {
		windows = append(windows, calendar.Between(at(day, 9), at(day, 12)))
	}
	w.windows["settlement"] = calendar.SetOf(windows...)
	w.set(stored())
	const atOnce = 480
	for from := at(1, 0); from.Before(at(21, 0)); from = from.Add(atOnce * time.Minute) {
		var batch []metering.Event
		for i := range atOnce {
			when := from.Add(time.Duration(i) * time.Minute)
			batch = append(batch, metering.Event{Source: "b", ID: when.Format(time.RFC3339), Type: "call", Time: when, Value: some("0.01")})
		}
		_, err := w.ledger.Record(b.Context(), ada, batch...)
		require.NoError(b, err)
	}
	w.at(at(20, 10))
	return w
}

// May it use one more: of a month with windows of a limit of their own.
func BenchmarkJudge(b *testing.B) {
	w := busy(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.entitlements.Judge(b.Context(), "api.calls", d("1"), at(20, 10)); err != nil {
			b.Fatal(err)
		}
	}
}

// Nothing new is to be told after an event.
func BenchmarkLookAfter(b *testing.B) {
	w := busy(b)
	e := w.record("call", "0.01", at(20, 9))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.entitlements.LookAfter(b.Context(), ada, e); err != nil {
			b.Fatal(err)
		}
	}
}

// What is left of twenty grants after twenty days.
func BenchmarkGrantsAsOf(b *testing.B) {
	w := busy(b)
	for i := range 20 {
		k := grant.Kept{Meter: "calls", Grant: grant.Grant{Amount: d("10"), From: at(1+i, 0), Renewal: &grant.Renewal{Every: calendar.Period{Days: 7}}}}
		_, err := w.grants.Give(b.Context(), ada, k)
		require.NoError(b, err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.grants.AsOf(b.Context(), "calls", at(20, 10)); err != nil {
			b.Fatal(err)
		}
	}
}
