package gate_test

import (
	"context"
	"errors"
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

// pool is the record in which a host keeps the leases of a key.
type pool struct {
	Name string    `json:"name"`
	Pool gate.Pool `json:"pool"`
}

var pools = store.Kind[pool]{Name: "my-pools", ID: func(p pool) string { return p.Name }}

// stored keeps pools in a store, each in the partition of its customer.
type stored struct{ store *store.Store }

func (k stored) Update(ctx context.Context, key gate.Key, change func(*gate.Pool) error) error {
	records := store.Of(k.store.For(key.Customer), pools)
	if _, err := records.Get(ctx, key.Name); errors.Is(err, servicecoin.ErrNotFound) {
		if err := records.Insert(ctx, pool{Name: key.Name}); err != nil && !errors.Is(err, servicecoin.ErrExists) {
			return err
		}
	}
	_, err := records.Update(ctx, key.Name, func(p *pool) ([]store.Event, error) { return nil, change(&p.Pool) })
	return err
}

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
		authority, err := gate.NewAuthority(stored{s}, w, sized("7"), newID, func() time.Time { return epoch })
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
}
