package gate_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/gate"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// Authorities in several processes lease from one record, and together no more than there
// is.
func TestOverAStore(t *testing.T) {
	t.Parallel()
	backend := memory.New()
	w := &world{now: epoch, period: epoch, limit: d("300"), lag: time.Second}
	newID := ids()
	var all sync.WaitGroup
	var gates [4]*gate.Gate
	for i := range gates {
		s := store.New(backend, &store.Options{Now: func() time.Time { return epoch }})
		authority, err := gate.NewAuthority(gate.NewRecords(s.For), w, sized("7"), newID, func() time.Time { return epoch })
		require.NoError(t, err)
		gates[i], err = gate.New("gate-"+strconv.Itoa(i), authority, &gate.Options{Stale: gate.Closed})
		require.NoError(t, err)
		all.Go(func() {
			for {
				a, err := gates[i].Counter(calls).Ask(t.Context(), d("0.5"), epoch)
				if err != nil || !a.Allowed {
					return
				}
				w.record(a.Why, d("0.5"))
			}
		})
	}
	all.Wait()
	require.True(t, w.leased.LessThanOrEqual(w.limit), "%s", w.leased)
	require.True(t, w.leased.GreaterThan(d("250")), "%s", w.leased)

	s := store.New(backend, nil)
	p, err := gate.NewRecords(s.For).Pool(t.Context(), calls)
	require.NoError(t, err)
	require.True(t, p.Out().GreaterThanOrEqual(w.leased))
	n, err := gate.Reindex(t.Context(), s)
	require.NoError(t, err)
	require.Zero(t, n, "it has the form of this release")

	// Another customer has nothing to do with it.
	p, err = gate.NewRecords(s.For).Pool(t.Context(), gate.Key{Customer: "other", Name: calls.Name})
	require.NoError(t, err)
	require.Empty(t, p)
}

// A change that fails stores nothing, and what is wrong with the arguments is told.
func TestRecordsRefuse(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), nil)
	records := gate.NewRecords(s.For)
	err := records.Update(t.Context(), calls, func(p *gate.Pool) error {
		p.Period = epoch
		return errBroken
	})
	require.ErrorIs(t, err, errBroken)
	p, err := records.Pool(t.Context(), calls)
	require.NoError(t, err)
	require.Empty(t, p)
	require.ErrorIs(t, records.Update(t.Context(), gate.Key{}, nil), servicecoin.ErrInvalid)
	require.ErrorIs(t, gate.NewRecords(nil).Update(t.Context(), calls, nil), servicecoin.ErrInvalid)
}
