package cost_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	w.include("base", "", newYear)
	*w.now = january.In(time.UTC).End.Add(-time.Microsecond)
	_, err := w.Issue(ctx, ada, january)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "its month ends on 2026-02-01")
	_, err = w.Issue(ctx, ada, january.Previous())
	require.ErrorContains(t, err, "nothing is charged in 2025-12")
	_, err = w.Get(ctx, january)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	w.after(january)
	_, err = w.Issue(gone, ada, january)
	require.ErrorIs(t, err, context.Canceled)
	_, err = w.Issue(ctx, servicecoin.Actor{}, january)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	for range w.List().All(ctx) {
		t.Error("nothing is issued")
	}
}

func TestIssuingAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.after(january)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			if _, err := w.Issue(t.Context(), ada, january); err != nil {
				t.Errorf("issue: %v", err)
			}
			if _, err := w.Credit(t.Context(), exchange, lineCredit(strconv.Itoa(n), "1", january)); err != nil {
				t.Errorf("credit: %v", err)
			}
		})
	}
	wg.Wait()
	n := 0
	for st, err := range w.List().All(t.Context()) {
		w.must(err)
		require.Equal(t, 1, st.Edition)
		n++
	}
	require.Equal(t, 1, n)
	first, err := w.Get(t.Context(), january)
	w.must(err)
	second := w.issue(february)
	sum, err := first.Total.Add(second.Total)
	w.must(err)
	require.Equal(t, "38.40 EUR", sum.String(), "whenever a credit came, it is in one of the two")
}

// In between a commit and its answer everything may break: the second call
// heals it.
func TestIssueHeals(t *testing.T) {
	t.Parallel()
	for _, fault := range []storetest.Fault{storetest.Before, storetest.After, storetest.Conflict, storetest.Busy} {
		for place := range 6 {
			w := newWorld(t, nil)
			w.include("base", "", newYear)
			w.issue(january)
			w.credit("c1", "10", january)
			w.after(february)
			w.faults.Script(append(make([]storetest.Fault, place), fault)...)
			_, _ = w.Issue(t.Context(), ada, february)
			w.faults.Script()
			st := w.issue(february)
			require.Equal(t, []string{"fee/base 20.00 EUR", "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 -2.00 EUR", "18.00 EUR"}, lines(st))
			require.Equal(t, "20.00 EUR", w.draft(march).Total.String())
		}
	}
}

// A credit that comes between the draft and the commit makes the commit fail,
// and the statement is drafted again.
func TestACreditDuringIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.include("base", "", newYear)
	w.issue(january)
	w.after(february)
	n := 0
	w.faults.Meanwhile(func(c store.Commit) {
		if len(c.Events) > 0 && c.Events[0].Name == cost.EventStatementIssued && n == 0 {
			n++
			w.credit("c1", "10", january)
		}
	})
	st, err := w.Issue(t.Context(), ada, february)
	w.must(err)
	w.faults.Meanwhile(nil)
	require.Equal(t, 1, n)
	require.Contains(t, lines(st), "correction/2026-01/credit%2Facme%252Fsla.credit%252Fc1 -2.00 EUR")
	standing, err := w.Month(t.Context(), january)
	w.must(err)
	require.False(t, standing.Due)
}
