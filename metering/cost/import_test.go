package cost_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func row(id, value string) cost.Row {
	r := cost.Row{
		ID: id, Service: "cloud", Month: january, Period: calendar.Between(newYear, newYear.Add(time.Hour)), Description: "Requests",
		Quantity: some("2"), Unit: "Requests", Reference: "focus.csv, line " + id,
	}
	if value != "" {
		r.Amount = amount(value + " EUR")
	}
	return r
}

func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	var list []cost.Row
	for i := range 205 {
		list = append(list, row(fmt.Sprintf("f/%03d", i), "0.0000008"))
	}
	list[7].Amount = money.Amount{} // a null cost adds nothing
	list[8].Amount = amount("-2.6137 EUR")
	list[9].Service = "other"
	list[10].Month = february
	done, err := w.Import(ctx, ada, list)
	w.must(err)
	require.Equal(t, cost.Imported{Added: 205}, done)
	done, err = w.Import(ctx, ada, append(list, list[0]))
	w.must(err)
	require.Equal(t, cost.Imported{Repeat: 206}, done)
	// 201 rows of 0.0000008 less 2.6137, summed exactly and rounded once.
	st := w.draft(january)
	require.Equal(t, []string{"cost/cloud -2.61 EUR", "cost/other 0.00 EUR", "-2.61 EUR"}, lines(st))
	require.Equal(t, "-2.6135392 EUR", st.Lines[0].Exact.String())
	require.Equal(t, 203, st.Facts[0].Cost.Rows)
	n := 0
	for r, err := range w.Rows(january, "cloud").All(ctx) {
		w.must(err)
		require.Equal(t, servicecoin.ServiceID("cloud"), r.Service)
		n++
	}
	require.Equal(t, 203, n)

	issued := w.issue(january)
	late := row("g/1", "1.50")
	_, err = w.Import(ctx, ada, []cost.Row{late})
	w.must(err)
	require.Equal(t, []string{"cost/cloud 0.00 EUR", "correction/2026-01/cost%2Fcloud 1.50 EUR", "1.50 EUR"}, lines(w.draft(february)))
	require.NotEqual(t, issued.Facts[0].Cost.Digest, w.draft(january).Facts[0].Cost.Digest)
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	_, err := w.Import(ctx, ada, []cost.Row{row("a", "1"), row("b", "1")})
	w.must(err)
	dollars, bad := row("c", "1"), cost.Row{Quantity: servicecoin.Some(decimal.New(1, 1<<30))}
	dollars.Amount = amount("1 USD")
	_, err = w.Import(ctx, ada, []cost.Row{row("new", "1"), dollars, bad, row("twice", "1"), row("twice", "2")})
	for _, want := range []string{"rows[1].amount.currency", "rows[2].id", "rows[2].service", "rows[2].month", "rows[2].period.start", "rows[2].quantity", "rows[2].reference", "rows[4].id"} {
		require.ErrorContains(t, err, want)
	}
	_, err = w.Import(ctx, ada, []cost.Row{row("new", "1"), row("a", "2"), row("b", "1"), row("b2", "2")})
	require.ErrorContains(t, err, "rows[a]")
	require.NotContains(t, err.Error(), "rows[b]")
	require.Equal(t, 2, w.draft(january).Facts[0].Cost.Rows, "nothing of a bad import is stored")
}

func TestACreditIsGivenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.Credit(t.Context(), exchange, lineCredit("c1", "10", january)); err != nil {
				t.Errorf("credit: %v", err)
			}
		})
	}
	wg.Wait()
	w.faults.Script(storetest.After)
	_, err := w.Credit(t.Context(), exchange, lineCredit("c2", "1", january))
	require.ErrorIs(t, err, storetest.ErrFault)
	w.credit("c2", "1", january)
	_, err = w.Credit(t.Context(), exchange, lineCredit("c1", "11", january))
	require.ErrorIs(t, err, servicecoin.ErrExists)
	require.Equal(t, []string{"fee/base 20.00 EUR", "credit/acme%2Fsla.credit%2Fc1 -2.00 EUR", "credit/acme%2Fsla.credit%2Fc2 -0.20 EUR", "17.80 EUR"}, lines(w.draft(january)))
	n := 0
	for c, err := range w.Credits(january).All(t.Context()) {
		w.must(err)
		require.Equal(t, exchange, c.GivenBy)
		n++
	}
	require.Equal(t, 2, n)
}

func TestCreditOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("calls", "calls", newYear)
	w.credit("c1", "10", january)
	fixed := lineCredit("c2", "0", january)
	fixed.Percent, fixed.Amount = decimal.NullDecimal{}, amount("3.005 EUR")
	_, err := w.Credit(t.Context(), ada, fixed)
	w.must(err)
	require.Equal(t, []string{"usage/calls no amount", "credit/acme%2Fsla.credit%2Fc1 no amount", "credit/acme%2Fsla.credit%2Fc2 -3.01 EUR", "-3.01 EUR"}, lines(w.draft(january)))
	require.Equal(t, []string{"no amount"}, lines(newWorld(t, nil).draft(january)), "a sum of nothing is undefined")
}
