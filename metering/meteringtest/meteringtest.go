// Package meteringtest certifies event stores: it has a case for each sentence
// of the contract that metering.EventStore states, a comparison with the store of
// NewModel over random batches, and benchmarks.
//
//	func harness() meteringtest.Harness {
//		return meteringtest.Harness{Open: func(tb testing.TB) metering.EventStore { return mine.New(tb.TempDir()) }}
//	}
//
//	func TestStore(t *testing.T)         { meteringtest.Run(t, harness()) }
//	func TestSameAsModel(t *testing.T)   { meteringtest.RunSame(t, harness()) }
//	func BenchmarkStore(b *testing.B)    { meteringtest.RunBenchmarks(b, harness()) }
//
// Each case is known to fail on at least one store that was broken on purpose;
// the package's own tests see to that. [Story] tells a customer's month on a pair
// of stores.
package meteringtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/suitetest"
)

// Harness is how the suite gets at a store.
type Harness struct {
	// Open returns a new and empty store. It registers its own clean-up. Cases run
	// at the same time, and so do Open and Close.
	Open func(tb testing.TB) metering.EventStore

	// Close ends a store of Open as a host does at its exit, or takes its
	// connection away. nil: the store has nothing to close, and the case that
	// needs [Closing] is left out, which Run prints.
	Close func(tb testing.TB, s metering.EventStore)
}

// Closing is what a harness without Close lacks.
const Closing = "something to close"

// Lacks implements suitetest.Harness.
func (h Harness) Lacks(need string) bool { return need == Closing && h.Close == nil }

// Case holds a store to one sentence of the contract.
type Case = suitetest.Case[Harness]

// Cases returns the whole suite.
func Cases() []Case {
	return slices.Concat(appendCases(), scanCases(), factCases(), measureCases(), digestCases(), otherCases())
}

// Run runs every case as a parallel subtest on a store of its own. [RunSame]
// belongs to it: an engine runs both.
func Run(t *testing.T, h Harness) {
	t.Helper()
	suitetest.Run(t, "meteringtest", Cases(), h)
}

// The suite's own vocabulary.

const (
	acme   = servicecoin.CustomerID("acme")
	globex = servicecoin.CustomerID("globex")
	hours  = "vm.hours"
)

// start is where the suite's time begins: in the night on which the clocks of
// Europe were changed.
func start() time.Time { return time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC) }

func after(d time.Duration) time.Time { return start().Add(d) }

// event is acme's, a minute after the start for each n.
func event(n int) metering.Event {
	return metering.Event{
		Customer: acme, Source: "collector", ID: number(n), Type: hours, Subject: "vm1",
		Time: after(time.Duration(n) * time.Minute), Value: servicecoin.Some(decimal.New(int64(n)*10+5, -1)),
		Dimensions: metering.DimensionsOf(map[string]string{"region": "eu", "size": "xl"}), RecordedAt: after(1000 * time.Hour),
	}
}

func number(n int) string { return fmt.Sprintf("%05d", n) }

func events(from, to int) []metering.Event {
	var list []metering.Event
	for n := from; n < to; n++ {
		list = append(list, event(n))
	}
	return list
}

func appended(t testing.TB, s metering.EventStore, list ...metering.Event) metering.Receipt {
	t.Helper()
	receipt, err := s.Append(t.Context(), list)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if receipt.Total() != len(list) {
		t.Fatalf("append of %d events tells of %d", len(list), receipt.Total())
	}
	return receipt
}

func everything(c servicecoin.CustomerID) metering.Query {
	return metering.Query{Customer: c, Type: hours, During: calendar.Between(after(-time.Hour), after(10000*time.Hour))}
}

func scanned(t testing.TB, s metering.EventStore, q metering.Query) []metering.Event {
	t.Helper()
	var list []metering.Event
	for e, err := range s.Scan(t.Context(), q) {
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		list = append(list, e)
	}
	return list
}

func ids(list []metering.Event) []string {
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.ID
	}
	return names
}

func told(t testing.TB, s metering.EventStore, e metering.Event) []metering.Event {
	t.Helper()
	list, err := s.History(t.Context(), e.About())
	if err != nil {
		t.Fatalf("history: %v", err)
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// came is a receipt without exceptions.
func came(added, repeats int) metering.Receipt {
	return metering.Receipt{Added: added, Repeats: repeats}
}

// conflict is a receipt's only exception.
func conflict(t testing.TB, what string, r metering.Receipt) metering.Exception {
	t.Helper()
	if len(r.Exceptions) != 1 || r.Conflicts != 1 || r.Exceptions[0].Stored == nil {
		t.Fatalf("%s: want one conflict, got %+v", what, r)
	}
	return r.Exceptions[0]
}

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

// invalid checks that err lists a violation at each path.
func invalid(t testing.TB, what string, err error, paths ...string) {
	t.Helper()
	if !errors.Is(err, servicecoin.ErrInvalid) {
		t.Errorf("%s: got %v, want ErrInvalid", what, err)
		return
	}
	bad, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		t.Errorf("%s: %v is no InvalidError", what, err)
		return
	}
	for _, path := range paths {
		if !slices.ContainsFunc(bad.Violations, func(v servicecoin.Violation) bool { return v.Path == path }) {
			t.Errorf("%s: no violation at %s in %v", what, path, err)
		}
	}
}
