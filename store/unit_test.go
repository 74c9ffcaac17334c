package store_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func TestUnitIsOver(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := store.New(memory.New(), nil)
	var kept *store.Store
	require.NoError(t, s.Do(ctx, func(tx *store.Store) error { kept = tx; return nil }))
	things := store.Of(kept.For("acme"), things)
	_, err := things.Get(ctx, "x")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorIs(t, things.Insert(ctx, thing{ID: "x"}), servicecoin.ErrRefused)
	require.ErrorIs(t, kept.For("acme").Record(ctx, store.Event{Name: "e", Actor: servicecoin.Program("p"), Subject: kept.For("acme").Key("thing", "x")}), servicecoin.ErrRefused)
	require.ErrorIs(t, kept.Do(ctx, func(tx *store.Store) error { return things.Insert(ctx, thing{ID: "y"}) }), servicecoin.ErrRefused)
	for _, err := range things.Find(store.All()).All(ctx) {
		require.ErrorIs(t, err, servicecoin.ErrRefused)
	}
}

func TestUnitKeepsErrors(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := store.New(memory.New(), nil)
	runs := 0
	err := s.Do(ctx, func(tx *store.Store) error {
		runs++
		return servicecoin.ErrConflict
	})
	require.ErrorIs(t, err, servicecoin.ErrConflict)
	require.Equal(t, 100, runs, "a conflict is tried a hundred times and then told")
	own := errors.New("own")
	require.ErrorIs(t, s.Do(ctx, func(*store.Store) error { return own }), own)
	require.ErrorIs(t, s.Do(ctx, func(tx *store.Store) error {
		return store.Of(tx.For("acme"), things).Put(ctx, thing{ID: "absent"}, 4)
	}), servicecoin.ErrConflict)
}

type thing struct {
	ID string `json:"id"`
	N  int    `json:"n,omitempty"`
}

var things = store.Kind[thing]{Name: "thing", ID: func(x thing) string { return x.ID }}
