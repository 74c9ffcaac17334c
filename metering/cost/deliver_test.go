package cost_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func billOf(account string, days int) cost.Bill {
	return cost.Bill{Account: account, Period: january.In(time.UTC), Month: january, Through: newYear.AddDate(0, 0, days)}
}

// line is a row of a bill: a day and what it costs.
func line(day int, value string) cost.Row {
	from := newYear.AddDate(0, 0, day-1)
	return cost.Row{
		Service: "disk", Period: calendar.Between(from, from.AddDate(0, 0, 1)), Description: "Disk", Quantity: some("10.0"), Unit: "GB",
		Amount: amount(value + " EUR"), Reference: fmt.Sprintf("day.csv, line %d", day),
	}
}

func (w *world) deliver(b cost.Bill, list ...cost.Row) cost.Delivered {
	w.t.Helper()
	done, err := w.Deliver(w.t.Context(), ada, b, list)
	w.must(err)
	return done
}

func TestALaterDeliveryReplacesAnEarlierOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	cloud, other := billOf("cloud", 2), billOf("other", 2)
	require.Equal(t, cost.Delivered{Added: 1}, w.deliver(billOf("cloud", 1), line(1, "10")))
	require.Equal(t, cost.Delivered{Added: 1, Repeat: 1}, w.deliver(cloud, line(1, "10"), line(2, "10")))
	require.Equal(t, []string{"cost/disk 20.00 EUR", "20.00 EUR"}, lines(w.draft(january)))

	one, two := line(1, "10.00"), line(2, "10")
	two.Reference, one.Quantity = "another.csv, line 2", some("10")
	require.Equal(t, cost.Delivered{Repeat: 2}, w.deliver(cloud, two, one), "the same in another order")
	require.Equal(t, cost.Delivered{Added: 1, Repeat: 2}, w.deliver(cloud, two, one, one), "equal rows may stand twice")
	require.Equal(t, cost.Delivered{Added: 1}, w.deliver(other, line(1, "10")), "another account has a bill of its own")
	require.Equal(t, []string{"cost/disk 40.00 EUR", "40.00 EUR"}, lines(w.draft(january)))
	require.Equal(t, cost.Delivered{Added: 1, Repeat: 1, Withdrawn: 2}, w.deliver(cloud, one, line(2, "12")), "an amount that was estimated")
	require.Equal(t, []string{"cost/disk 32.00 EUR", "32.00 EUR"}, lines(w.draft(january)))
	require.Equal(t, cost.Delivered{Withdrawn: 2}, w.deliver(cloud))
	require.Equal(t, cost.Delivered{}, w.deliver(cloud), "nothing, and again nothing")
	require.Equal(t, cost.Delivered{}, w.deliver(billOf("none", 1)))
	require.Equal(t, []string{"cost/disk 10.00 EUR", "10.00 EUR"}, lines(w.draft(january)))
	require.Equal(t, cost.Delivered{Added: 2}, w.deliver(cloud, one, two), "what was withdrawn may come back")
	require.Equal(t, []string{"cost/disk 30.00 EUR", "30.00 EUR"}, lines(w.draft(january)))

	_, err := w.Deliver(t.Context(), ada, billOf("cloud", 1), []cost.Row{line(1, "10")})
	require.ErrorIs(t, err, servicecoin.ErrRefused, "one that reaches less far is an older one")
	require.ErrorContains(t, err, "reaches to 2026-01-03T00:00:00Z, and this one to 2026-01-02T00:00:00Z")
	longer := cloud
	longer.Through = longer.Through.AddDate(0, 0, 1)
	require.Equal(t, cost.Delivered{Repeat: 2}, w.deliver(longer, one, two), "nothing happened on the third day")
	_, err = w.Deliver(t.Context(), ada, cloud, []cost.Row{one, two})
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	untold := cloud
	untold.Through = time.Time{}
	require.Equal(t, cost.Delivered{Repeat: 2}, w.deliver(untold, one, two))

	list, err := w.Deliveries(t.Context(), january)
	w.must(err)
	require.Len(t, list, 2)
	for _, d := range list {
		require.True(t, d.Done)
	}
}

func TestIssuedMonthsAreCorrectedByLaterDeliveries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.deliver(billOf("cloud", 31), line(1, "10"), line(2, "5.505"))
	issued := w.issue(january)
	require.Equal(t, "15.51 EUR", issued.Total.String())
	before, err := w.Trace(t.Context(), &issued)
	w.must(err)
	*w.now = w.now.Add(time.Hour)
	w.deliver(billOf("cloud", 31), line(2, "5.505"), line(3, "1"))
	standing, err := w.Month(t.Context(), january)
	w.must(err)
	require.True(t, standing.Due)
	require.Equal(t, []string{"correction/2026-01/cost%2Fdisk -9.00 EUR", "-9.00 EUR"}, lines(w.issue(february)))
	after, err := w.Trace(t.Context(), &issued)
	w.must(err)
	require.Equal(t, before.String(), after.String(), "the rows behind what was issued are kept")
	require.Contains(t, after.String(), "day.csv, line 1: Disk: 10 EUR")
	proven, err := issued.Proves()
	w.must(err)
	require.True(t, proven)
}

func TestADeliveryThatBreaksOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var list []cost.Row
	for i := range 100 {
		list = append(list, line(1, fmt.Sprintf("1.%02d", i)))
	}
	w.deliver(billOf("cloud", 1), list[:3]...)
	*w.now = january.Next().In(time.UTC).Start
	w.faults.Script(storetest.Pass, storetest.Pass, storetest.Before)
	_, err := w.Deliver(t.Context(), ada, billOf("cloud", 1), list[2:])
	require.ErrorIs(t, err, storetest.ErrFault)
	_, err = w.Issue(t.Context(), ada, january)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "is on its way")
	w.deliver(billOf("cloud", 1), list[2:]...)
	st, err := w.Issue(t.Context(), ada, january)
	w.must(err)
	sum := decimal.Decimal{}
	for _, r := range list[2:] {
		sum = sum.Add(r.Amount.Decimal())
	}
	require.True(t, sum.Equal(st.Total.Decimal()), "%s, not %s", st.Total, sum)
}

func TestDeliverRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	named, elsewhere, dollars, zero := line(1, "1"), line(1, "1"), line(1, "1"), line(1, "1")
	named.ID, elsewhere.Month, zero.Period = "f/1", february, calendar.Interval{}
	dollars.Amount = amount("1 USD")
	bill := billOf("a\x00b", 1)
	bill.Period, bill.Month = calendar.Interval{}, calendar.Month{Year: 1, Month: 1}
	_, err := w.Deliver(ctx, ada, bill, []cost.Row{named, elsewhere, dollars, zero})
	for _, want := range []string{"bill.account", "bill.period.start", "bill.month", "rows[0].id", "rows[1].month", "rows[2].amount.currency", "rows[3].period.start"} {
		require.ErrorContains(t, err, want)
	}
	empty := billOf("a", 1)
	empty.Period.End = empty.Period.Start
	_, err = w.Deliver(ctx, ada, empty, nil)
	require.ErrorContains(t, err, "bill.period")
	w.deliver(billOf("a", 1), line(1, "1"))
	moved := billOf("a", 1)
	moved.Month = february
	_, err = w.Deliver(ctx, ada, moved, nil)
	require.ErrorContains(t, err, "bill.month")
	_, err = w.Import(ctx, ada, []cost.Row{{ID: "x", Service: "s", Month: bill.Month, Period: line(1, "1").Period, Reference: "x"}})
	require.ErrorContains(t, err, "rows[0].month", "a month of the first centuries is a time that was missing")
}

// Whatever is delivered, in whatever order and however often it breaks off: what
// counts is the last one, once.
func TestDeliveriesConverge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, nil)
		last := map[string][]cost.Row{}
		for range rapid.IntRange(1, 6).Draw(rt, "deliveries") {
			account := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "account")
			var list []cost.Row
			for _, n := range rapid.SliceOfN(rapid.IntRange(1, 60), 0, 60).Draw(rt, "rows") {
				list = append(list, line(1+n%20, strconv.Itoa(n)))
			}
			if rapid.Bool().Draw(rt, "breaks off") {
				script := slices.Repeat([]storetest.Fault{storetest.Pass}, rapid.IntRange(0, 3).Draw(rt, "after"))
				w.faults.Script(append(script, rapid.SampledFrom([]storetest.Fault{storetest.Before, storetest.After}).Draw(rt, "fault"))...)
				_, _ = w.Deliver(t.Context(), ada, billOf(account, 1), list)
				w.faults.Script()
			}
			w.deliver(billOf(account, 1), list...)
			last[account] = list
		}
		sum, n := decimal.Decimal{}, 0
		for _, list := range last {
			for _, r := range list {
				sum = sum.Add(r.Amount.Decimal())
				n++
			}
		}
		st := w.draft(january)
		if n == 0 {
			require.Empty(rt, st.Lines)
			return
		}
		require.Equal(rt, n, st.Facts[0].Cost.Rows)
		require.True(rt, sum.Equal(st.Total.Decimal()), "%s, not %s", st.Total, sum)
	})
}

// One that begins while another is on its way goes on, and the other one is told.
func TestADeliveryBetween(t *testing.T) {
	t.Parallel()
	for at := 1; at <= 3; at++ { // after the first commit, which begins
		w := newWorld(t, nil)
		var first []cost.Row
		for i := range 60 {
			first = append(first, line(1, fmt.Sprintf("1.%02d", i)))
		}
		w.deliver(billOf("another", 1), line(1, "0")) // the first of a kind is noted in a commit of its own
		commits := 0
		var between error
		w.faults.Meanwhile(func(store.Commit) {
			if commits++; commits == at+1 {
				_, between = w.Deliver(t.Context(), ada, billOf("cloud", 1), []cost.Row{line(2, "7")})
			}
		})
		_, err := w.Deliver(t.Context(), ada, billOf("cloud", 1), first)
		require.ErrorIs(t, err, servicecoin.ErrConflict, "after %d of %d commits", at, commits)
		w.must(between)
		w.faults.Meanwhile(nil)
		require.Equal(t, []string{"cost/disk 7.00 EUR", "7.00 EUR"}, lines(w.draft(january)), "after %d of %d commits", at, commits)
	}
}

// Two that deliver one bill at once do not mix.
func TestDeliveriesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var first, second []cost.Row
	for i := range 90 {
		first = append(first, line(1, fmt.Sprintf("1.%02d", i)))
		second = append(second, line(2, fmt.Sprintf("2.%02d", i)))
	}
	errs := make(chan error, 2)
	for _, list := range [][]cost.Row{first, second} {
		go func() {
			_, err := w.Deliver(t.Context(), ada, billOf("cloud", 1), list)
			errs <- err
		}()
	}
	a, b := <-errs, <-errs
	for _, err := range []error{a, b} {
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrConflict)
		}
	}
	require.False(t, a != nil && b != nil, "one of them comes through")
	n := map[string]int{}
	for r, err := range w.Rows(january, "").All(t.Context()) {
		w.must(err)
		n[strings.Split(r.Reference, " ")[2]]++
	}
	require.Len(t, n, 1, "%v", n)
}

// Lengths are checked before members, and complaints are bounded.
func TestManyRowsAreBounded(t *testing.T) {
	w := newWorld(t, nil)
	ctx := t.Context()
	for name, list := range map[string][]cost.Row{"bad ones": make([]cost.Row, 100_000), "too many": make([]cost.Row, cost.MaxRows+1)} {
		for verb, call := range map[string]func() error{
			"import":  func() error { _, err := w.Import(ctx, ada, list); return err },
			"deliver": func() error { _, err := w.Deliver(ctx, ada, billOf("a", 1), list); return err },
		} {
			var err error
			allocated := limittest.Allocated(func() { err = call() })
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.Less(t, allocated, uint64(64<<20), "%s %s", verb, name)
			require.Less(t, len(err.Error()), 50_000)
		}
	}
}
