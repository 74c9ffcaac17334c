package cost_test

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
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
)

func TestLateUsageIsCorrectedInTheNextStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("disk", "disk", newYear)
	w.use("disk", time.January, 2, "90")
	w.credit("c1", "10", january)
	require.Equal(t, []string{"usage/disk 10.45 EUR", "credit/acme%2Fsla.credit%2Fc1 -1.05 EUR", "9.40 EUR"}, lines(w.issue(january)))
	w.use("disk", time.January, 30, "20")
	w.use("disk", time.February, 3, "10")
	// 110 GB cost 12, and a tenth of that is 1.20.
	want := []string{"usage/disk 2.05 EUR", "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 -0.15 EUR", "correction/2026-01/usage%2Fdisk 1.55 EUR", "3.45 EUR"}
	require.Equal(t, want, lines(w.draft(february)))
	require.Equal(t, want, lines(w.issue(february)))
	require.Equal(t, []string{"usage/disk no amount", "no amount"}, lines(w.draft(march)), "it is corrected once")

	w.use("disk", time.January, 31, "-20")
	require.Equal(t, []string{"usage/disk no amount", "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 0.15 EUR", "correction/2026-01/usage%2Fdisk -1.55 EUR", "-1.40 EUR"},
		lines(w.draft(march)), "and taken back")
	january, err := w.Get(t.Context(), january)
	w.must(err)
	require.Equal(t, "9.40 EUR", january.Total.String(), "what was issued never changes")
}

func TestLateCredit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.issue(january)
	w.credit("c1", "25", january)
	w.credit("c1", "25", january)
	w.credit("c2", "-5", january) // the service level's own correction
	require.Equal(t, []string{
		"fee/base 20.00 EUR", "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 -5.00 EUR", "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc2 1.00 EUR", "16.00 EUR",
	}, lines(w.issue(february)))
	require.Equal(t, []string{"fee/base 20.00 EUR", "20.00 EUR"}, lines(w.issue(march)))
}

func TestPricesHoldForTheirMonths(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.publish("base", rating.Price{Model: rating.Flat, Amount: some("30")}, time.Date(2026, 2, 15, 0, 0, 0, 0, time.UTC))
	require.Equal(t, "20.00 EUR", w.issue(january).Total.String())
	require.Equal(t, "20.00 EUR", w.issue(february).Total.String(), "the version that held when the month began")
	require.Equal(t, "30.00 EUR", w.issue(march).Total.String())

	// A price that is published for the past does not reach what was issued.
	w.include("calls", "calls", newYear)
	w.use("calls", time.April, 2, "1000")
	april := march.Next()
	require.Equal(t, []string{"usage/calls 2.00 EUR", "fee/base 30.00 EUR", "32.00 EUR"}, lines(w.issue(april)))
	w.publish("calls", rating.Price{Model: rating.PerUnit, UnitPrice: some("0.009")}, newYear.AddDate(0, 0, 1))
	require.Equal(t, []string{"usage/calls no amount", "fee/base 30.00 EUR", "30.00 EUR"}, lines(w.draft(april.Next())))
}

func TestItemsWithinAMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	w.include("disk", "disk", newYear.AddDate(0, 0, 10))
	w.use("disk", time.January, 9, "500")
	w.use("disk", time.January, 11, "10")
	w.use("disk", time.January, 20, "10")
	st := w.draft(january)
	require.Equal(t, "20", st.Lines[0].Quantity.Decimal.String(), "usage before the item began is not charged")
	require.Equal(t, "2026-01-11T00:00:00Z/2026-02-01T00:00:00Z", st.Facts[0].Charge.Period.String())
	w.issue(january)
	_, err := w.End(ctx, ada, "disk", newYear.AddDate(0, 0, 15))
	w.must(err)
	standing, err := w.Month(ctx, january)
	w.must(err)
	require.True(t, standing.Due)
	require.Equal(t, []string{"correction/2026-01/usage%2Fdisk -1.05 EUR", "-1.05 EUR"}, lines(w.issue(february)))
	_, err = w.End(ctx, ada, "disk", newYear.AddDate(0, 0, 10))
	w.must(err)
	require.Equal(t, []string{"correction/2026-01/usage%2Fdisk -2.05 EUR", "-2.05 EUR"}, lines(w.draft(march)), "ended at its beginning: it was never charged")
	_, err = w.End(ctx, ada, "disk", newYear)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = w.End(ctx, ada, "absent", newYear)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	// An item that is included later for a month that is issued.
	_, err = w.Include(ctx, ada, cost.Item{ID: "booked", Name: "Booked calls", Service: "calls", Price: "calls", Quantity: some("500"), From: newYear})
	w.must(err)
	require.Contains(t, lines(w.draft(march)), "correction/2026-01/fee%2Fbooked 1.00 EUR")
	var list []string
	for i, err := range w.Items("calls").All(ctx) {
		w.must(err)
		list = append(list, string(i.ID))
	}
	require.Equal(t, []string{"booked"}, list)
}

func TestReplace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	w.include("disk", "disk", newYear)
	w.use("disk", time.January, 2, "90")
	w.issue(january)
	_, err := w.Replace(ctx, ada, january, "wrong usage")
	require.ErrorContains(t, err, "nothing would change")
	_, err = w.Replace(ctx, ada, january, "")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = w.Replace(ctx, ada, february, "x")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	w.use("disk", time.January, 3, "10")
	require.Equal(t, []string{"usage/disk no amount", "correction/2026-01/usage%2Fdisk 1.05 EUR", "1.05 EUR"}, lines(w.issue(february)))
	// The replacement takes all in; what February corrected is taken back in March.
	st, err := w.Replace(ctx, ada, january, "wrong usage")
	w.must(err)
	require.Equal(t, 2, st.Edition)
	require.Equal(t, "11.50 EUR", st.Total.String())
	old, err := w.Edition(ctx, january, 1)
	w.must(err)
	require.Equal(t, cost.Superseded, old.State)
	require.Equal(t, "wrong usage", old.Reason)
	current, err := w.Get(ctx, january)
	w.must(err)
	require.Equal(t, 2, current.Edition)
	require.Equal(t, []string{"usage/disk no amount", "correction/2026-01/usage%2Fdisk -1.05 EUR", "-1.05 EUR"}, lines(w.issue(march)))
}

// A statement that corrected an earlier month does so in its next edition, too,
// and what its first edition corrected no longer counts.
func TestReplaceAStatementWithCorrections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("disk", "disk", newYear)
	w.include("base", "", newYear)
	w.use("disk", time.January, 2, "90")
	w.issue(january)
	w.use("disk", time.January, 3, "10")
	const corrected = "correction/2026-01/usage%2Fdisk 1.05 EUR"
	require.Contains(t, lines(w.issue(february)), corrected)
	w.use("disk", time.February, 3, "10")
	st, err := w.Replace(t.Context(), ada, february, "usage was missing")
	w.must(err)
	require.Equal(t, []string{"usage/disk 2.05 EUR", "fee/base 20.00 EUR", corrected, "23.10 EUR"}, lines(st))
	require.Equal(t, []string{"usage/disk no amount", "fee/base 20.00 EUR", "20.00 EUR"}, lines(w.issue(march)))
}

func TestDueMonthsAreFoundHoweverOld(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &cost.Options{LookBack: -1})
	ctx := t.Context()
	w.include("base", "", newYear)
	w.include("disk", "disk", newYear)
	w.use("disk", time.January, 2, "90")
	w.issue(january)
	w.use("disk", time.January, 3, "10")
	require.Equal(t, []string{"usage/disk no amount", "fee/base 20.00 EUR", "20.00 EUR"}, lines(w.issue(february)), "nobody has said that January changed")
	event := servicecoin.Key{Customer: "acme", Kind: metering.UsageEventRecord, ID: "s/2"}
	for range 3 {
		w.must(w.MarkDue(ctx, exchange, january, event))
	}
	w.must(w.MarkDue(ctx, exchange, march, event))
	standing, err := w.Month(ctx, march)
	w.must(err)
	require.False(t, standing.Due, "an open month needs no mark")
	require.Equal(t, []string{"usage/disk no amount", "fee/base 20.00 EUR", "correction/2026-01/usage%2Fdisk 1.05 EUR", "21.05 EUR"}, lines(w.issue(march)))
	standing, err = w.Month(ctx, january)
	w.must(err)
	require.False(t, standing.Due)
	events, err := w.store.For("acme").Events(ctx, 0, 100)
	w.must(err)
	due := 0
	for _, e := range events {
		if e.Name == cost.EventStatementDue {
			due++
		}
	}
	require.Equal(t, 1, due, "it is told once")
}

// Whatever comes when: all statements together charge exactly what the months
// come to with all that is known at the end.
func TestNothingIsLostAndNothingTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, &cost.Options{LookBack: 12})
		w.include("disk", "disk", newYear)
		w.include("base", "", newYear)
		months, credits := []calendar.Month{january, february, march, march.Next()}, 0
		issued := 0
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			switch rapid.IntRange(0, 4).Draw(r, "step") {
			case 0:
				if issued < len(months) {
					w.issue(months[issued])
					issued++
				}
			case 1:
				credits++
				w.credit(strconv.Itoa(credits), strconv.Itoa(rapid.IntRange(-9, 9).Draw(r, "percent")), rapid.SampledFrom(months).Draw(r, "month"))
			case 2:
				_, err := w.Import(t.Context(), ada, []cost.Row{row(strconv.Itoa(w.events), "0.335")})
				if err != nil {
					require.ErrorIs(t, err, servicecoin.ErrInvalid)
				}
			default:
				w.use("disk", rapid.SampledFrom(months).Draw(r, "month").Month, rapid.IntRange(1, 28).Draw(r, "day"), rapid.SampledFrom([]string{"1", "90.5", "33.33", "0.001"}).Draw(r, "value"))
			}
		}
		for _, m := range append(months[issued:], march.Add(2)) {
			w.issue(m)
		}
		charged, due := decimal.Zero, decimal.Zero
		for st, err := range w.List().All(t.Context()) {
			w.must(err)
			charged = charged.Add(st.Total.Decimal())
		}
		for _, m := range append(months, march.Add(2)) {
			for _, l := range w.draft(m).Lines {
				if l.Kind != cost.CorrectionLine {
					due = due.Add(l.Amount.Decimal())
				}
			}
		}
		require.True(t, charged.Equal(due), "charged %s, due %s", charged, due)
	})
}
