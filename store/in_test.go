package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// hosts stands for a backend inside of a transaction of the host.
type hosts struct{ store.Backend }

func (hosts) Joined() bool { return true }

// A view goes into another backend with all that it is: partition, clock, ids,
// Authorize, fault; and with what that backend says of conflicts.
func TestViewIn(t *testing.T) {
	t.Parallel()
	ctx, now := t.Context(), time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	indexed := store.Kind[thing]{Name: "thing", ID: func(x thing) string { return x.ID }}
	outside, inside := memory.New(), hosts{memory.New()}
	v := store.New(outside, &store.Options{
		Now: func() time.Time { return now }, NewID: func() string { return "id" },
		Authorize: func(context.Context, servicecoin.Attempt) error { return servicecoin.ErrForbidden },
	}).For("acme")
	in := v.In(inside)
	require.Equal(t, servicecoin.CustomerID("acme"), in.Customer())
	require.Equal(t, now, in.Now())
	require.Equal(t, "id", in.NewID())
	require.ErrorIs(t, in.Ask(ctx, servicecoin.Person("ada"), "thing.end", "thing", "x"), servicecoin.ErrForbidden)
	require.NoError(t, store.Of(in, indexed).Insert(ctx, thing{ID: "x"}))
	_, err := store.Of(v, indexed).Get(ctx, "x")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = store.Of(in, indexed).Get(ctx, "x")
	require.NoError(t, err)

	runs := 0
	err = in.Do(ctx, func(store.View) error {
		runs++
		return servicecoin.ErrConflict
	})
	require.ErrorIs(t, err, servicecoin.ErrConflict)
	require.Equal(t, 1, runs, "a conflict is the host's to solve")

	require.ErrorContains(t, v.Need("desk", false).In(inside).Err(), "desk: is nil")
	require.ErrorContains(t, v.In(nil).Err(), "backend: is nil")
	require.ErrorContains(t, store.View{}.In(inside).Err(), "customer")
}
