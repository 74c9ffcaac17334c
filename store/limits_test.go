package store_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A list is counted before its members are looked at.
func TestListsAreCountedFirst(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	const many = 100_000
	ctx, s := t.Context(), store.New(memory.New(), nil)
	texts := make([]string, many)
	for i := range texts {
		texts[i] = "\x00 bad"
	}
	values := make([]store.Value, many)
	for i := range values {
		values[i] = store.Text("x")
	}
	index := store.Index[thing]{Name: "n", Columns: "t", Of: func(x thing) store.Tuple { return store.Tuple{store.Text(x.ID)} }}
	indexed := store.Kind[thing]{Name: "listed", ID: func(x thing) string { return x.ID }, Indexes: []store.Index[thing]{index}}
	require.NoError(t, store.Of(s.For("acme"), indexed).Insert(ctx, thing{ID: "x"}))
	do := func(context.Context, *store.Store, store.Event, string) (string, error) { return "", nil }
	consumer := func(rules ...store.Rule) error {
		_, err := store.NewConsumer(s, "c", rules, nil)
		return err
	}
	events := make([]store.Event, many)
	long := strings.Repeat("a", 10<<20)
	for what, call := range map[string]func() error{
		"writes": func() error { return store.Commit{Writes: make([]store.Write, many)}.Validate() },
		"checks": func() error { return store.Commit{Checks: make([]store.Check, many)}.Validate() },
		"events": func() error { return store.Commit{Events: events}.Validate() },
		"all": func() error {
			return store.Commit{Writes: make([]store.Write, 40), Checks: make([]store.Check, 40), Events: events[:40]}.Validate()
		},
		"indexes": func() error {
			return store.Kind[thing]{Name: "k", Indexes: make([]store.Index[thing], many)}.Validate()
		},
		"columns": func() error {
			return store.Kind[thing]{Name: "k", Indexes: []store.Index[thing]{{Columns: long}}}.Validate()
		},
		"rules":       func() error { return consumer(make([]store.Rule, many)...) },
		"names":       func() error { return consumer(store.Rule{Name: "r", On: texts, Do: do}) },
		"older names": func() error { return consumer(store.Rule{Name: "r", On: []string{"x"}, Was: texts, Do: do}) },
		"of a record": func() error { return store.Of(s.For("acme"), indexed).Insert(ctx, thing{ID: "y"}, events...) },
		"recorded":    func() error { return s.For("acme").Record(ctx, events...) },
		"in a unit": func() error {
			return s.Do(ctx, func(tx *store.Store) error { return tx.For("acme").Record(ctx, events...) })
		},
		"values of By": func() error {
			_, err := store.Of(s.For("acme"), indexed).Find(store.By("n", values...)).Page(ctx, "", 10)
			return err
		},
		"cursor": func() error {
			_, err := store.Of(s.For("acme"), indexed).Find(store.By("n")).Page(ctx, long, 10)
			return err
		},
		"body": func() error {
			return store.Commit{Writes: []store.Write{{Document: store.Document{Body: make([]byte, 300<<10)}}}}.Validate()
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := call()
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, what)
		lists := uint64(40 << 20) // what the call's own arguments come to, at most
		require.Less(t, after.TotalAlloc-before.TotalAlloc, lists, what)
		require.Less(t, after.Mallocs-before.Mallocs, uint64(3000), "%s: so many members were looked at", what)
	}
}
