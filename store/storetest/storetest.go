// Package storetest certifies backends: it has a case for each sentence of the
// storage contract, a comparison with the backend in memory over random calls,
// benchmarks, and [Faults], which fails on command.
//
//	func harness() storetest.Harness {
//		return storetest.Harness{Open: func(tb testing.TB) store.Backend { return mine.New(tb.TempDir()) }}
//	}
//
//	func TestBackend(t *testing.T)       { storetest.Run(t, harness()) }
//	func TestSameAsMemory(t *testing.T)  { storetest.RunSame(t, harness()) }
//	func BenchmarkBackend(b *testing.B)  { storetest.RunBenchmarks(b, harness()) }
//
// Each case is known to fail on at least one backend that was broken on
// purpose; the package's own tests see to that.
package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/suitetest"
)

// Harness is how the suite gets at a backend.
type Harness struct {
	// Open returns a new and empty backend. It registers its own clean-up. Cases
	// run at the same time, and so do Open and Begin.
	Open func(tb testing.TB) store.Backend

	// Begin opens a transaction of the host beside b, with a backend that
	// works inside of it. nil: the engine has no such thing, and the cases that
	// need [HostTransactions] are left out, which Run prints.
	Begin func(tb testing.TB, b store.Backend) Tx
}

// Tx is an open transaction of the host.
type Tx struct {
	Backend  store.Backend // its commits happen when the transaction does
	Commit   func() error
	Rollback func() error
}

// HostTransactions is what a harness without Begin lacks.
const HostTransactions = "transactions of the host"

// Lacks implements suitetest.Harness.
func (h Harness) Lacks(need string) bool { return need == HostTransactions && h.Begin == nil }

// Case holds a backend to one sentence of the contract.
type Case = suitetest.Case[Harness]

// Cases returns the whole suite.
func Cases() []Case {
	return slices.Concat(documentCases(), findCases(), feedCases(), concurrencyCases(), joinedCases(), storeCases(), unitCases(), kindCases(), consumerCases(), listCases(), standingCases())
}

// Run runs every case as a parallel subtest on a backend of its own. [RunSame]
// belongs to it: an engine runs both.
func Run(t *testing.T, h Harness) {
	t.Helper()
	suitetest.Run(t, "storetest", Cases(), h)
}

// The suite's own vocabulary.

const (
	acme   = servicecoin.CustomerID("acme")
	globex = servicecoin.CustomerID("globex")
)

func actor() servicecoin.Actor { return servicecoin.Program("suite") }

func key(c servicecoin.CustomerID, id string) store.Key {
	return store.Key{Customer: c, Kind: "thing", ID: id}
}

func doc(c servicecoin.CustomerID, id, body string, index ...string) store.Document {
	d := store.Document{Key: key(c, id), Body: []byte(body)}
	for i, x := range index {
		if x != "" {
			d.Index[i] = []byte(x)
		}
	}
	return d
}

func insert(d store.Document) store.Write { return store.Write{Document: d} }

func update(d store.Document, expect store.Version) store.Write {
	return store.Write{Document: d, Expect: expect}
}

func remove(k store.Key, expect store.Version) store.Write {
	return store.Write{Document: store.Document{Key: k}, Expect: expect, Delete: true}
}

func happened(c servicecoin.CustomerID, id string) store.Event {
	return store.Event{
		ID: id, Name: "thing.happened", Subject: key(c, "subject"), Actor: actor(),
		At: time.Date(2026, 3, 29, 1, 0, 0, 123456000, time.UTC), Data: []byte(`{"n":1}`),
	}
}

func commit(t testing.TB, b store.Backend, writes ...store.Write) {
	t.Helper()
	if err := b.Commit(t.Context(), store.Commit{Writes: writes}); err != nil {
		t.Fatalf("commit: %v", err)
	}
}

func emit(t testing.TB, b store.Backend, events ...store.Event) {
	t.Helper()
	if err := b.Commit(t.Context(), store.Commit{Events: events}); err != nil {
		t.Fatalf("commit of events: %v", err)
	}
}

func get(t testing.TB, b store.Backend, k store.Key) store.Document {
	t.Helper()
	d, err := b.Get(t.Context(), k)
	if err != nil {
		t.Fatalf("get %v: %v", k, err)
	}
	return d
}

func find(t testing.TB, b store.Backend, q store.Query) []store.Document {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = store.MaxPage
	}
	if q.Kind == "" {
		q.Kind = "thing"
	}
	docs, err := b.Find(t.Context(), q)
	if err != nil {
		t.Fatalf("find: %v", err)
	}
	return docs
}

func feed(t testing.TB, b store.Backend, f store.Feed) []store.Event {
	t.Helper()
	if f.Limit == 0 {
		f.Limit = store.MaxPage
	}
	events, err := b.Events(t.Context(), f)
	if err != nil {
		t.Fatalf("events: %v", err)
	}
	return events
}

func ids(docs []store.Document) []string {
	list := make([]string, len(docs))
	for i, d := range docs {
		list[i] = d.Key.ID
	}
	return list
}

func eventIDs(events []store.Event) []string {
	list := make([]string, len(events))
	for i, e := range events {
		list[i] = e.ID
	}
	return list
}

func same[T comparable](t testing.TB, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func number(n int) string { return fmt.Sprintf("%04d", n) }
