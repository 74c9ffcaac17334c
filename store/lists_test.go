package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// Replicas with lists of rules of every kind take turns, stop anywhere and come
// back. In the end each rule that was known from the start has answered every
// event once, in all its parts, and one that came later at most once.
func TestListsChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx, now := context.Background(), time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
		w := &workers{made: map[string]int{}}
		step := func(list []string, release bool) error {
			rules := make([]store.Rule, len(list))
			for i, name := range list {
				rules[i] = w.rule(name)
			}
			c, err := store.NewConsumer(s, "exchange", rules, &store.ConsumerOptions{Holder: "replica", Tries: 1000, Backoff: store.AtOnce})
			require.NoError(t, err)
			_, err = c.Step(ctx, rapid.IntRange(1, 5).Draw(t, "limit"))
			if release {
				require.NoError(t, c.Release(ctx))
			}
			return err
		}
		require.NoError(t, step([]string{"a", "b", "c"}, true))
		events := rapid.IntRange(1, 4).Draw(t, "events")
		for i := range events {
			require.NoError(t, s.For("acme").Record(ctx, store.Event{
				ID: fmt.Sprint("e", i), Name: "done", Subject: store.Key{Customer: "acme", Kind: "thing", ID: "x"}, Actor: servicecoin.Program("test"),
			}))
		}
		for range rapid.IntRange(1, 12).Draw(t, "turns") {
			list := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "B", "c", "d"}), 1, 4, rapid.ID[string]).Draw(t, "list")
			if slices.Contains(list, "b") && slices.Contains(list, "B") {
				list = slices.DeleteFunc(list, func(name string) bool { return name == "b" })
			}
			w.stop = rapid.SampledFrom([]string{"", "a", "b", "b/x", "c", "c/x", "d"}).Draw(t, "stop")
			now = now.Add(rapid.SampledFrom([]time.Duration{0, time.Second, time.Hour}).Draw(t, "later"))
			if err := step(list, rapid.Bool().Draw(t, "release")); err != nil {
				require.ErrorIs(t, err, errStop)
			}
		}
		w.stop = ""
		for range 20 {
			require.NoError(t, step([]string{"c", "B", "a"}, false))
		}
		for i := range events {
			for _, part := range []string{"a", "b", "b/x", "c", "c/x"} {
				require.Equal(t, 1, w.made[fmt.Sprint("e", i, " ", part)], "%s on event %d", part, i)
			}
			require.LessOrEqual(t, w.made[fmt.Sprint("e", i, " d")], 1)
		}
		require.Empty(t, w.wrong, "progress of another rule")
	})
}

var errStop = errors.New("stop")

// workers counts what is made in a commit that held.
type workers struct {
	stop  string
	made  map[string]int
	wrong []string
}

func (w *workers) rule(name string) store.Rule {
	r := store.Rule{Name: name, On: []string{"done"}}
	if name == "B" {
		r.Was, name = []string{"b"}, "b"
	}
	r.Do = func(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
		at := name
		if from != "" {
			at += "/" + from
		}
		if from != "" && from != "x" || from == "x" && name != "b" && name != "c" {
			w.wrong = append(w.wrong, at)
		}
		if at == w.stop {
			return "", errStop
		}
		next := ""
		if at == "b" || at == "c" {
			next = "x"
		}
		id := e.ID + " " + at
		notes := store.Of(tx.For("acme"), things)
		_, err := notes.Update(ctx, id, func(x *thing) ([]store.Event, error) { x.N++; return nil, nil })
		if errors.Is(err, servicecoin.ErrNotFound) {
			err = notes.Insert(ctx, thing{ID: id, N: 1})
		}
		if err == nil { // no commit fails here
			x, _ := notes.Get(ctx, id)
			w.made[id] = x.N
		}
		return next, err
	}
	return r
}
