package metering_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// What comes after a day was closed changes that day, or counts in the open one, or is
// refused, as the ledger says.
func TestLateEvents(t *testing.T) {
	t.Parallel()
	days := []calendar.Interval{calendar.Between(at(2, 0), at(3, 0)), calendar.Between(at(3, 0), at(4, 0)), calendar.Between(at(4, 0), at(16, 0))}
	for policy, want := range map[metering.Late]struct {
		receipt string
		days    []string
	}{
		metering.Restate:    {"2 added", []string{"9", "20", "5"}},
		metering.Carry:      {"2 added", []string{"2", "20", "12"}},
		metering.RefuseLate: {"1 added, refused of 0", []string{"2", "20", "5"}},
	} {
		t.Run("policy "+string(policy), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &metering.Options{Late: policy})
			require.Equal(t, "2 added", w.record(ran("1", at(2, 5), "2"), ran("2", at(3, 5), "20")))
			_, err := w.Close(t.Context(), ada, at(3, 0))
			require.NoError(t, err)
			*w.now = w.now.Add(time.Hour)
			_, err = w.Close(t.Context(), ada, at(4, 0))
			require.NoError(t, err)
			*w.now = w.now.Add(time.Hour)
			require.Equal(t, want.receipt, w.record(ran("late", at(2, 6), "7"), ran("3", at(5, 0), "5")))
			for i, d := range days {
				u, err := w.Counted(t.Context(), "hours", d)
				require.NoError(t, err)
				require.Equal(t, want.days[i], u.Value.Decimal.String(), d)
			}
			receipt, err := w.Record(t.Context(), collector, metering.Event{Source: "portal", ID: "void", Does: metering.Void, Of: metering.Ref{Source: "hv", ID: "1"}})
			require.NoError(t, err)
			require.Equal(t, policy == metering.RefuseLate, receipt.Refused == 1, "a fact about an event of a closed time is late, too")
		})
	}
}

// However late what comes: what is carried sums to all that was used, and a closed
// period says what it said when it was closed.
func TestCarriedPeriodsSumToTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, &metering.Options{Late: metering.Carry})
		var said []metering.Usage
		start, n := at(1, 0), 0
		for day := 2; day <= 5; day++ {
			for range rapid.IntRange(0, 4).Draw(r, "events") {
				n++
				e := ran(strconv.Itoa(n), at(rapid.IntRange(1, day-1).Draw(r, "day"), 3), strconv.Itoa(rapid.IntRange(-5, 9).Draw(r, "value")))
				if n > 1 && rapid.IntRange(0, 3).Draw(r, "a fact") == 0 {
					e.Does, e.Of = metering.Correct, metering.Ref{Source: "hv", ID: strconv.Itoa(rapid.IntRange(1, n-1).Draw(r, "of"))}
				}
				receipt, err := w.Record(t.Context(), collector, e)
				require.NoError(r, err)
				require.Equal(r, 1, receipt.Added)
				*w.now = w.now.Add(time.Minute)
			}
			_, err := w.Close(t.Context(), ada, at(day, 0))
			require.NoError(r, err)
			*w.now = w.now.Add(time.Minute)
			u, err := w.Counted(t.Context(), "hours", calendar.Between(start, at(day, 0)))
			require.NoError(r, err)
			said, start = append(said, u), at(day, 0)
		}
		sum := decimal.Zero
		for i, u := range said {
			again, err := w.Counted(t.Context(), "hours", u.Period)
			require.NoError(r, err)
			require.Equal(r, u, again, "period %d", i)
			sum = sum.Add(u.Value.Decimal)
		}
		whole, err := w.Between(t.Context(), "hours", calendar.Between(at(1, 0), at(5, 0)))
		require.NoError(r, err)
		require.True(r, whole.Value.Decimal.Equal(sum), "%s and %s", whole.Value.Decimal, sum)
	})
}

// Closings follow each other.
func TestClosings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &metering.Options{Late: metering.Carry})
	ctx := t.Context()
	first, err := w.Close(ctx, ada, at(3, 0))
	require.NoError(t, err)
	*w.now = w.now.Add(time.Hour)
	again, err := w.Close(ctx, ada, at(3, 0))
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = w.Close(ctx, ada, at(2, 0))
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = w.Close(ctx, ada, w.now.Add(time.Second))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = w.Close(ctx, ada, time.Time{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = w.Close(ctx, ada, at(5, 0))
	require.NoError(t, err)
	var until []time.Time
	for c, err := range w.Closings().All(ctx) {
		require.NoError(t, err)
		until = append(until, c.Until)
	}
	require.Equal(t, []time.Time{at(5, 0), at(3, 0)}, until)
	for _, bad := range []calendar.Interval{calendar.Between(at(2, 0), at(4, 0)), calendar.Between(at(4, 0), at(5, 0)), calendar.Between(at(1, 0), at(5, 0))} {
		_, err = w.Counted(ctx, "hours", bad)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, bad)
	}
	_, err = w.Counted(ctx, "peak", calendar.Between(at(3, 0), at(5, 0)))
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "a maximum has no parts to carry")
}

// A window is measured by the version of the meter that held when it began.
func TestVersionsOfAMeter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.record(ran("1", at(2, 5), "2", "eu"), ran("2", at(3, 5), "20", "us"), ran("3", at(3, 6), "1", "eu"))
	m, err := w.meters.Get(t.Context(), "hours")
	require.NoError(t, err)
	m.Filters = []metering.Filter{{Dimension: "region", Values: []string{"eu"}}}
	_, err = w.meters.Revise(t.Context(), ada, m, at(2, 23))
	require.NoError(t, err)
	series, err := w.Usage(t.Context(), "hours", metering.Question{During: calendar.Between(at(1, 23), at(3, 23)), Each: metering.Daily, GroupBy: []string{"region"}})
	require.NoError(t, err)
	require.Len(t, series, 1, "of the second day, what the first version would have counted is not there")
	require.Equal(t, []string{"2", "1"}, []string{series[0].Points[0].Value.Decimal.String(), series[0].Points[1].Value.Decimal.String()})
	u, err := w.Between(t.Context(), "hours", calendar.Between(at(2, 23), at(3, 23)))
	require.NoError(t, err)
	require.Equal(t, "1", u.Value.Decimal.String())
	require.Equal(t, 2, u.Version)
	_, err = w.SetQuota(t.Context(), ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("100"), Mode: metering.Soft, Period: metering.Monthly, From: at(1, 0)})
	require.NoError(t, err)
	d, err := w.Check(t.Context(), "hours", dec("1"), at(15, 0))
	require.NoError(t, err)
	require.Equal(t, "24", d.Standings[0].After.String(), "of a month that began with the first version")
	u, err = w.Between(t.Context(), "hours", calendar.Between(at(2, 22), at(3, 23)))
	require.NoError(t, err)
	require.Equal(t, "21", u.Value.Decimal.String(), "a period that began before the revision is of the version before")
	require.Equal(t, 1, u.Version)
}

// A quota is looked after when an interval is closed that used it up.
func TestQuotasOfIntervals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	require.NoError(t, w.meters.Define(ctx, ada, metering.Meter{ID: "seconds", Name: "Seconds", Type: "vm.session", Aggregation: metering.Sum, Unit: "s", Field: metering.Seconds}))
	_, err := w.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "seconds", Limit: dec("3600"), Mode: metering.Soft, Period: metering.Daily, From: at(1, 0)})
	require.NoError(t, err)
	open := metering.Event{Source: "hv", ID: "1", Type: "vm.session", Time: at(2, 5), Open: true}
	*w.now = at(2, 5).Add(time.Minute)
	require.Equal(t, "1 added", w.record(open))
	*w.now = at(2, 9)
	require.Equal(t, "1 added", w.record(metering.Event{Source: "hv", ID: "2", Time: at(2, 8), Does: metering.Close, Of: metering.Ref{Source: "hv", ID: "1"}}))
	n := 0
	for x, err := range w.Excesses().All(ctx) {
		require.NoError(t, err)
		require.Equal(t, "10800", x.Used.String())
		n++
	}
	require.Equal(t, 1, n)
}

// An intake refuses what is late for one customer, and keeps what is in time for another.
func TestIntakeOfLateEvents(t *testing.T) {
	t.Parallel()
	o := &metering.Options{Late: metering.RefuseLate}
	w := newWorld(t, o)
	_, err := w.Close(t.Context(), ada, at(10, 0))
	require.NoError(t, err)
	receipt, err := w.intake(o).Record(t.Context(), collector, bySubject, of("acme", "1", "6"), of("globex", "1", "5"))
	require.NoError(t, err)
	require.Equal(t, []string{"0 refused time:late"}, said(receipt.Exceptions))
	require.Equal(t, 1, receipt.Added)
}
