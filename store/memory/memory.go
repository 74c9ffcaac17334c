// Package memory keeps records in the memory of the process: for the tests of
// a host, for examples, and for whoever needs no more. It is as strict as the
// engines that keep them on disk, and passes the same suite; what it holds is
// gone with the process.
//
//	s := store.New(memory.New(), nil)
package memory

import (
	"bytes"
	"context"
	"slices"
	"sort"
	"sync"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Backend is a store.Backend in memory. The zero value is not ready; see New.
type Backend struct {
	mu     sync.RWMutex
	docs   map[store.Key]*record
	lists  map[listing]*ordered
	base   map[servicecoin.CustomerID]store.Version // of forgotten customers
	events []store.Event
	last   store.Position
}

// record is a document, or what is left of a deleted one: its version.
type record struct {
	doc  store.Document
	gone bool
}

type listing struct {
	kind string
	slot int
}

var _ store.Backend = (*Backend)(nil)

// New returns an empty backend.
func New() *Backend {
	return &Backend{
		docs:  map[store.Key]*record{},
		lists: map[listing]*ordered{},
		base:  map[servicecoin.CustomerID]store.Version{},
	}
}

// Get implements store.Backend.
func (b *Backend) Get(ctx context.Context, key store.Key) (store.Document, error) {
	if err := begin(ctx, key.Validate); err != nil {
		return store.Document{}, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	r := b.docs[key]
	if r == nil || r.gone {
		return store.Document{}, servicecoin.NotFound(key)
	}
	return clone(r.doc), nil
}

// Find implements store.Backend.
func (b *Backend) Find(ctx context.Context, q store.Query) ([]store.Document, error) {
	if err := begin(ctx, q.Validate); err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	list := b.lists[listing{q.Kind, q.Slot}]
	if list == nil {
		return nil, nil
	}
	var page []store.Document
	for e := range list.walk(start(q), q.Descending) {
		if !q.Everyone && e.customer != q.Customer {
			if (e.customer > q.Customer) == q.Descending {
				continue // the walk begins at the neighbour's
			}
			break
		}
		d := b.docs[store.Key{Customer: e.customer, Kind: q.Kind, ID: e.id}].doc
		if !q.Matches(d) {
			if !q.Everyone && beyond(q, e.value) {
				break
			}
			continue
		}
		page = append(page, clone(d))
		if len(page) == q.Limit {
			break
		}
	}
	return page, nil
}

// start is where a walk for q begins; nil is the list's own begin.
func start(q store.Query) *entry {
	switch {
	case q.After != nil:
		e := entry{customer: q.After.Key.Customer, value: string(q.After.Index), id: q.After.Key.ID}
		if q.Slot == 0 {
			e.value = e.id
		}
		return &e
	case q.Everyone:
		return nil
	case !q.Descending:
		return &entry{customer: q.Customer, value: string(q.From)}
	case q.To != nil:
		return &entry{customer: q.Customer, value: string(q.To)}
	default:
		return &entry{customer: q.Customer + "\x00"}
	}
}

// beyond reports whether no later entry of the customer can be in range.
func beyond(q store.Query, value string) bool {
	if q.Descending {
		return bytes.Compare([]byte(value), q.From) < 0
	}
	return q.To != nil && bytes.Compare([]byte(value), q.To) >= 0
}

// Commit implements store.Backend.
func (b *Backend) Commit(ctx context.Context, c store.Commit) error {
	if err := begin(ctx, c.Validate); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range c.Writes {
		if err := b.allowed(w); err != nil {
			return &servicecoin.KeyError{Key: w.Key, Err: err}
		}
	}
	for _, x := range c.Checks {
		if r := b.docs[x.Key]; r.version() != x.Version {
			return &servicecoin.KeyError{Key: x.Key, Err: servicecoin.ErrConflict}
		}
	}
	for _, w := range c.Writes {
		b.write(w)
	}
	for _, e := range c.Events {
		b.last++
		e.Position = b.last
		e.At = servicecoin.Instant(e.At)
		e.Data = bytes.Clone(e.Data)
		b.events = append(b.events, e)
	}
	return nil
}

func (r *record) version() store.Version {
	if r == nil || r.gone {
		return 0
	}
	return r.doc.Version
}

func (b *Backend) allowed(w store.Write) error {
	r := b.docs[w.Key]
	switch v := r.version(); {
	case v != 0 && w.Expect == 0:
		return servicecoin.ErrExists
	case v != w.Expect:
		return servicecoin.ErrConflict
	case v != 0 && r.doc.Shape > w.Shape:
		return servicecoin.ErrNewer
	}
	return nil
}

func (b *Backend) write(w store.Write) {
	r := b.docs[w.Key]
	if r == nil {
		r = &record{doc: store.Document{Version: b.base[w.Key.Customer]}, gone: true}
		b.docs[w.Key] = r
	}
	next := record{doc: clone(w.Document)}
	if w.Delete {
		next = record{doc: store.Document{Key: w.Key}, gone: true}
	}
	next.doc.Version = r.doc.Version + 1
	b.list(w.Key, *r, next)
	*r = next
}

// list moves the document at a key from the lists that it was in to those in which
// it is now; most writes change few of its index values, or none.
func (b *Backend) list(key store.Key, was, is record) {
	for slot := range store.Slots + 1 {
		old, now := listedBy(was, key, slot), listedBy(is, key, slot)
		if old == now {
			continue
		}
		l := b.lists[listing{key.Kind, slot}]
		if l == nil {
			l = &ordered{}
			b.lists[listing{key.Kind, slot}] = l
		}
		if old != "" {
			l.remove(entry{key.Customer, old, key.ID})
		}
		if now != "" {
			l.insert(entry{key.Customer, now, key.ID})
		}
	}
}

// listedBy returns what a record is listed by in a slot, "" where it is not listed.
func listedBy(r record, key store.Key, slot int) string {
	switch {
	case r.gone:
		return ""
	case slot == 0:
		return key.ID
	default:
		return string(r.doc.Index[slot-1])
	}
}

// Events implements store.Backend.
func (b *Backend) Events(ctx context.Context, f store.Feed) ([]store.Event, error) {
	if err := begin(ctx, f.Validate); err != nil {
		return nil, err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	from := sort.Search(len(b.events), func(i int) bool { return b.events[i].Position > f.After })
	var page []store.Event
	for _, e := range b.events[from:] {
		if !f.Everyone && e.Subject.Customer != f.Customer {
			continue
		}
		e.Data = bytes.Clone(e.Data)
		if page = append(page, e); len(page) == f.Limit {
			break
		}
	}
	return page, nil
}

// Forget implements store.Backend.
func (b *Backend) Forget(ctx context.Context, c servicecoin.CustomerID, before store.Position) error {
	check := func() error {
		var v servicecoin.Violations
		v.ID("customer", string(c))
		return v.Err()
	}
	if err := begin(ctx, check); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, r := range b.docs {
		if key.Customer != c {
			continue
		}
		b.base[c] = max(b.base[c], r.doc.Version)
		b.list(key, *r, record{gone: true})
		delete(b.docs, key)
	}
	b.events = slices.DeleteFunc(b.events, func(e store.Event) bool {
		return e.Subject.Customer == c && (before == 0 || e.Position < before)
	})
	return nil
}

func begin(ctx context.Context, validate func() error) error {
	if ctx.Err() != nil {
		return servicecoin.Unchanged(context.Cause(ctx))
	}
	return validate()
}

func clone(d store.Document) store.Document {
	d.Body = bytes.Clone(d.Body)
	for i, x := range d.Index {
		d.Index[i] = bytes.Clone(x)
		if len(x) == 0 {
			d.Index[i] = nil
		}
	}
	return d
}
