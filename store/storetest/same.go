package storetest

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// RunSame makes random calls to a backend and to one in memory, and demands the
// same answers: ids, index values and bounds are drawn from those that engines
// sort wrongly. It opens a backend for each of some hundred sequences of calls
// (-rapid.checks), so Open may empty and return the same one. A sequence that
// tells them apart is made as short as possible before it is shown.
func RunSame(t testing.TB, h Harness) {
	t.Helper()
	rapid.Check(t, func(rt *rapid.T) {
		p := pair{ctx: t.Context(), backend: h.Open(t), memory: memory.New()}
		rt.Repeat(map[string]func(*rapid.T){
			"commit": p.commit, "commit again": p.commit, "commit more": p.commit,
			"find": p.find, "find again": p.find, "get": p.get, "events": p.events, "forget": p.forget,
		})
	})
}

// pair is a backend and its model.
type pair struct {
	ctx     context.Context //nolint:containedctx // the test's own
	backend store.Backend
	memory  *memory.Backend
}

func pick[T any](t *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(t, label)
}

func someCustomer(t *rapid.T, label string) servicecoin.CustomerID {
	return pick[servicecoin.CustomerID](t, label, "a", "B", "b", "ä")
}

func someID(t *rapid.T, label string) string {
	return pick(t, label, "1", "10", "2", "a", "A", "Z", "ä", "é", "\U0010FFFF")
}

func someBound(t *rapid.T, label string) []byte {
	return []byte(pick(t, label, "", "1", "2", "a", "a\x00", "\x00", "\xc3", "\xc3\xa4", "\xc3\xa4\x01", "\xed\xa0", "\xff", "Z\xff", "\xf4\x8f\xbf\xbf\xff"))
}

func someValue(t *rapid.T, label string) []byte {
	return []byte(pick(t, label, "", "", "1", "10", "a", "\x00", "\xff", "a\x00"))
}

func someKey(t *rapid.T) store.Key {
	return store.Key{Customer: someCustomer(t, "customer"), Kind: pick(t, "kind", "k", "l"), ID: someID(t, "id")}
}

// version draws one that is mostly right.
func (p pair) version(t *rapid.T, k store.Key) store.Version {
	d, err := p.memory.Get(p.ctx, k)
	if err != nil {
		d.Version = 0
	}
	return max(0, d.Version+store.Version(pick(t, "off by", 0, 0, 0, 0, 0, 0, 1, -1)))
}

func (p pair) commit(t *rapid.T) {
	var c store.Commit
	for range rapid.IntRange(0, 3).Draw(t, "writes") {
		w := store.Write{Document: store.Document{Key: someKey(t), Shape: pick(t, "shape", 1, 1, 1, 1, 2)}}
		w.Body = []byte(rapid.String().Draw(t, "body"))
		for _, slot := range []int{0, store.Slots - 1} {
			w.Index[slot] = someValue(t, "value")
		}
		w.Expect = p.version(t, w.Key)
		w.Delete = w.Expect > 0 && rapid.Bool().Draw(t, "delete")
		if d, err := p.memory.Get(p.ctx, w.Key); err == nil && d.Version == w.Expect && rapid.Bool().Draw(t, "known") {
			w.Was = &d.Index
			if rapid.Bool().Draw(t, "same index") {
				w.Index = d.Index
			}
		}
		c.Writes = append(c.Writes, w)
	}
	for range rapid.IntRange(0, 2).Draw(t, "checks") {
		k := someKey(t)
		c.Checks = append(c.Checks, store.Check{Key: k, Version: p.version(t, k)})
	}
	for n := range rapid.IntRange(0, 2).Draw(t, "events") {
		e := store.Event{
			ID: strconv.Itoa(n), Name: "thing.happened", Subject: someKey(t), Actor: servicecoin.Client("ö"),
			At:   time.Date(1, 2, 3, 4, 5, 6, 123456789, time.FixedZone("", 3600)),
			Data: pick(t, "data", nil, []byte(`{ "a":1}`), []byte("no JSON\x00")),
		}
		e.Actor.OnBehalfOf = pick[servicecoin.PersonID](t, "on behalf of", "", "x")
		c.Events = append(c.Events, e)
	}
	want := p.memory.Commit(p.ctx, c) // first: a backend that changes its input is found out
	sameError(t, p.backend.Commit(p.ctx, c), want)
}

// sameError demands the same sentinel, and the same key where there is one.
func sameError(t *rapid.T, got, want error) {
	t.Helper()
	if want == nil && got != nil {
		t.Fatalf("got %v, want no error", got)
	}
	for _, s := range []error{servicecoin.ErrExists, servicecoin.ErrConflict, servicecoin.ErrNewer, servicecoin.ErrInvalid, servicecoin.ErrNotFound} {
		if errors.Is(want, s) != errors.Is(got, s) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	var keys [2]store.Key
	for i, err := range []error{got, want} {
		if k, ok := errors.AsType[*servicecoin.KeyError](err); ok {
			keys[i] = k.Key
		}
	}
	if keys[0] != keys[1] {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// sameAnswer demands no error and the same list or document.
func sameAnswer[T any](t *rapid.T, call any, got T, err error, want T, wantErr error) {
	t.Helper()
	if err != nil || wantErr != nil {
		t.Fatalf("%+v: got %v, want %v", call, err, wantErr)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%+v (-want +got)\n%s", call, diff)
	}
}

func (p pair) get(t *rapid.T) {
	k := someKey(t)
	got, err := p.backend.Get(p.ctx, k)
	want, wantErr := p.memory.Get(p.ctx, k)
	sameError(t, err, wantErr)
	sameAnswer(t, k, got, nil, want, nil)
}

func (p pair) find(t *rapid.T) {
	q := store.Query{
		Kind: pick(t, "kind", "k", "l"), Slot: pick(t, "slot", 0, 1, store.Slots),
		Everyone: rapid.Bool().Draw(t, "everyone"), Descending: rapid.Bool().Draw(t, "descending"),
		Limit: pick(t, "limit", 1, 2, 3, store.MaxPage),
	}
	if !q.Everyone {
		q.Customer = someCustomer(t, "customer")
	}
	if rapid.Bool().Draw(t, "has from") {
		q.From = someBound(t, "from")
	}
	if rapid.Bool().Draw(t, "has to") {
		q.To = someBound(t, "to")
	}
	if rapid.Bool().Draw(t, "has after") {
		c := store.Cursor{Key: store.Key{Customer: q.Customer, Kind: q.Kind, ID: someID(t, "after")}}
		if q.Everyone {
			c.Key.Customer = someCustomer(t, "after customer")
		}
		if q.Slot > 0 {
			c.Index = someValue(t, "after value")
		}
		q.After = &c
	}
	for range 4 { // and the pages behind the first
		got, err := p.backend.Find(p.ctx, q)
		want, wantErr := p.memory.Find(p.ctx, q)
		sameAnswer(t, q, got, err, want, wantErr)
		if len(got) < q.Limit {
			return
		}
		last := got[len(got)-1]
		q.After = &store.Cursor{Key: last.Key}
		if q.Slot > 0 {
			q.After.Index = bytes.Clone(last.Index[q.Slot-1])
		}
	}
}

// events compares what the feed shows but for the positions, which need not be
// contiguous.
func (p pair) events(t *rapid.T) {
	f := store.Feed{Everyone: rapid.Bool().Draw(t, "everyone"), Limit: pick(t, "limit", 1, 3, store.MaxPage)}
	if !f.Everyone {
		f.Customer = someCustomer(t, "customer")
	}
	model := f
	for range 3 {
		got, err := p.backend.Events(p.ctx, f)
		want, wantErr := p.memory.Events(p.ctx, model)
		sameAnswer(t, f, withoutPositions(got), err, withoutPositions(want), wantErr)
		if len(got) < f.Limit {
			return
		}
		f.After, model.After = got[len(got)-1].Position, want[len(want)-1].Position
	}
}

func withoutPositions(list []store.Event) []store.Event {
	bare := make([]store.Event, len(list))
	for i, e := range list {
		e.Position = 0
		bare[i] = e
	}
	return bare
}

// forget erases a customer with the events before one that both feeds show, or
// with all.
func (p pair) forget(t *rapid.T) {
	c := someCustomer(t, "customer")
	skip := pick(t, "before", -1, 2, 5)
	var before, model store.Position
	if skip >= 0 {
		all := store.Feed{Everyone: true, Limit: store.MaxPage}
		got, err := p.backend.Events(p.ctx, all)
		want, wantErr := p.memory.Events(p.ctx, all)
		sameAnswer(t, all, withoutPositions(got), err, withoutPositions(want), wantErr)
		if skip < len(got) {
			before, model = got[skip].Position, want[skip].Position
		}
	}
	sameError(t, p.backend.Forget(p.ctx, c, before), p.memory.Forget(p.ctx, c, model))
}
