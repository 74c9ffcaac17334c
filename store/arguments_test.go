package store_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A store without a backend, no store, and what is made of them answer an error
// that says what is missing; nothing panics.
func TestNothingToStandOn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, c := range map[string]struct {
		s    *store.Store
		want string
	}{
		"no backend":        {store.New(nil, nil), "backend: is nil"},
		"joined no backend": {store.New(memory.New(), nil).Join(nil), "backend: is nil"},
		"no store":          {nil, "store"},
		"an empty store":    {&store.Store{}, "store: is nil or was not made by store.New"},
	} {
		_, err1 := c.s.Events(ctx, 0, 1)
		err2 := c.s.Do(ctx, func(*store.Store) error { return nil })
		err3 := c.s.Forget(ctx, servicecoin.Person("ada"), "acme")
		err4 := store.Of(c.s.For("acme"), things).Insert(ctx, thing{ID: "x"})
		_, err5 := store.Across(c.s, things).Find(store.All()).Page(ctx, "", 1)
		_, err6 := store.NewConsumer(c.s, "x", nil, nil)
		err7 := c.s.For("acme").Ask(ctx, servicecoin.Person("ada"), "thing.make", "thing", "x")
		err8 := c.s.For("acme").Record(ctx, store.Event{Name: "x"})
		_, err9 := store.Reindex(ctx, c.s, things)
		for n, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8, err9} {
			require.ErrorIs(t, err, servicecoin.ErrInvalid, "%s, %d", name, n)
			require.ErrorContains(t, err, c.want, "%s, %d", name, n)
		}
		require.True(t, c.s == nil || name == "an empty store" || !c.s.Now().IsZero())
	}
}

// Authorize is told once, to the store, and asked by its views, in units and in
// joined stores too.
func TestViewsAsk(t *testing.T) {
	t.Parallel()
	ctx, ada := t.Context(), servicecoin.Person("ada")
	var asked []string
	s := store.New(memory.New(), &store.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.String())
		return servicecoin.ErrForbidden
	}})
	require.ErrorIs(t, s.For("acme").Ask(ctx, ada, "thing.make", "thing", "x"), servicecoin.ErrForbidden)
	require.ErrorIs(t, s.For("acme").Ask(ctx, servicecoin.Actor{}, "thing.make", "thing", "x"), servicecoin.ErrInvalid)
	require.ErrorIs(t, s.Join(memory.New()).For("acme").Ask(ctx, ada, "thing.end", "thing", "x"), servicecoin.ErrForbidden)
	require.ErrorIs(t, s.Do(ctx, func(tx *store.Store) error { return tx.For("acme").Ask(ctx, ada, "thing.move", "thing", "x") }), servicecoin.ErrForbidden)
	require.Equal(t, []string{"human:ada thing.make acme/thing/x", "human:ada thing.end acme/thing/x", "human:ada thing.move acme/thing/x"}, asked)
	require.NoError(t, store.New(memory.New(), nil).For("acme").Ask(ctx, ada, "thing.make", "thing", "x"))
}
