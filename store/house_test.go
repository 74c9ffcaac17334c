package store_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A home-made kind with a name of the library's neither writes nor reads, in a
// store that has met the library's kind and in one that has not.
func TestReservedNames(t *testing.T) {
	t.Parallel()
	homemade := func(name string) store.Kind[thing] {
		return store.Kind[thing]{Name: name, ID: func(x thing) string { return x.ID }}
	}
	calls := map[string]func(ctx context.Context, s *store.Store, k store.Kind[thing]) error{
		"insert": func(ctx context.Context, s *store.Store, k store.Kind[thing]) error {
			return store.Of(s.For("acme"), k).Insert(ctx, thing{ID: "new"})
		},
		"put": func(ctx context.Context, s *store.Store, k store.Kind[thing]) error {
			return store.Of(s.For("acme"), k).Put(ctx, thing{ID: "x"}, 1)
		},
		"update": func(ctx context.Context, s *store.Store, k store.Kind[thing]) error {
			_, err := store.Of(s.For("acme"), k).Update(ctx, "x", func(x *thing) ([]store.Event, error) { x.N = 9; return nil, nil })
			return err
		},
		"delete": func(ctx context.Context, s *store.Store, k store.Kind[thing]) error {
			return store.Of(s.For("acme"), k).Delete(ctx, "x")
		},
		"in a unit": func(ctx context.Context, s *store.Store, k store.Kind[thing]) error {
			return s.Do(ctx, func(tx *store.Store) error { return store.Of(tx.For("acme"), k).Insert(ctx, thing{ID: "new"}) })
		},
		"in a unit of a joined store": func(ctx context.Context, s *store.Store, k store.Kind[thing]) error {
			return s.Join(memory.New()).Do(ctx, func(tx *store.Store) error { return store.Of(tx.For("acme"), k).Insert(ctx, thing{ID: "new"}) })
		},
		"reindex": func(ctx context.Context, s *store.Store, k store.Kind[thing]) error {
			_, err := store.Reindex(ctx, s, k)
			return err
		},
		"get": func(ctx context.Context, s *store.Store, k store.Kind[thing]) error {
			_, err := store.Of(s.For("acme"), k).Get(ctx, "x")
			return err
		},
		"page": func(ctx context.Context, s *store.Store, k store.Kind[thing]) error {
			_, err := store.Across(s, k).Find(store.All()).Page(ctx, "", 1)
			return err
		},
	}
	for _, name := range []string{"incident", "incident.anything", "sla.promise", "catalog.order", "store.consumer", "coin.x", "cost.item"} {
		for what, call := range calls {
			for _, met := range []bool{false, true} {
				ctx, s := t.Context(), store.New(memory.New(), nil)
				own := homemade(name)
				own.House = house.Own()
				if met {
					require.NoError(t, store.Of(s.For("acme"), own).Insert(ctx, thing{ID: "x", N: 1}))
				}
				err := call(ctx, s, homemade(name))
				require.ErrorIs(t, err, servicecoin.ErrInvalid, "%s of %s", what, name)
				require.ErrorContains(t, err, `name "`+name+`": is a name of the library`)
				if met {
					x, err := store.Of(s.For("acme"), own).Get(ctx, "x")
					require.NoError(t, err)
					require.Equal(t, thing{ID: "x", N: 1}, x)
					_, err = store.Of(s.For("acme"), own).Get(ctx, "new")
					require.ErrorIs(t, err, servicecoin.ErrNotFound)
				}
			}
		}
	}
	for _, name := range []string{"incidents", "note", "order", "my.incident", "order.note", "Incident", "slate"} {
		require.NoError(t, homemade(name).Validate(), name)
		k := homemade(name)
		k.House = house.Own()
		require.ErrorContains(t, k.Validate(), "is no name of the library")
	}
}
