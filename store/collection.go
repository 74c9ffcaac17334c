package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
)

// maxTries is how often a function is run again after conflicts before the
// caller hears of it.
const maxTries = 100

// Collection is the records of one kind in one customer's partition.
type Collection[T any] struct {
	view     View
	kind     *Kind[T]
	declared declaration
}

// Of returns the collection of k in v. A faulty declaration is reported by the
// first call.
func Of[T any](v View, k Kind[T]) Collection[T] {
	return Collection[T]{view: v, kind: &k, declared: k.declaration()}
}

func (k *Kind[T]) declaration() declaration {
	list := k.signature()
	foreign := house.Owns(k.Name) != k.House.Held()
	return declaration{kind: k.Name, indexes: list, signature: fingerprint(list), foreign: foreign}
}

// Item is a record with its key and version.
type Item[T any] struct {
	Key     Key
	Version Version // for an ETag, and for Put
	Value   T
}

// start checks what every call needs: a customer, a sound declaration, known
// indexes.
func (c Collection[T]) start(ctx context.Context, slot int, writing bool) error {
	if ctx.Err() != nil {
		return servicecoin.Unchanged(context.Cause(ctx))
	}
	if err := c.view.Err(); err != nil {
		return err
	}
	if c.declared.foreign || c.view.store.kinds.get(c.kind.Name) == nil {
		if err := c.kind.Validate(); err != nil {
			return fmt.Errorf("kind %q: %w", c.kind.Name, err)
		}
	}
	return c.view.store.ready(ctx, c.declared, slot, writing)
}

// Get returns the record, or ErrNotFound.
func (c Collection[T]) Get(ctx context.Context, id string) (T, error) {
	item, err := c.Item(ctx, id)
	return item.Value, err
}

// Item returns the record with its version, or ErrNotFound.
func (c Collection[T]) Item(ctx context.Context, id string) (Item[T], error) {
	var none Item[T]
	if err := c.start(ctx, 0, false); err != nil {
		return none, err
	}
	d, err := c.view.store.load(ctx, c.view.Key(c.kind.Name, id))
	if err != nil {
		return none, err
	}
	value, err := c.kind.read(d)
	if err != nil {
		return none, err
	}
	return Item[T]{Key: d.Key, Version: d.Version, Value: value}, nil
}

// Insert stores a new record with its events, or answers ErrExists.
func (c Collection[T]) Insert(ctx context.Context, record T, events ...Event) error {
	return c.put(ctx, record, 0, events)
}

// Put replaces the record that still has version expect (0: none is there),
// or answers ErrConflict, ErrExists or ErrNewer. It is what a form needs that
// was read with [Collection.Item]; most changes are an [Collection.Update].
func (c Collection[T]) Put(ctx context.Context, record T, expect Version, events ...Event) error {
	return c.put(ctx, record, expect, events)
}

func (c Collection[T]) put(ctx context.Context, record T, expect Version, events []Event) error {
	if err := c.start(ctx, 0, true); err != nil {
		return err
	}
	d, err := c.kind.write(c.view.customer, record)
	if err != nil {
		return err
	}
	return c.commit(ctx, Write{Document: d, Expect: expect}, events)
}

// Update reads the record, calls change, and stores the result with the events
// that change returns, if nobody else wrote meanwhile; otherwise it does all of
// it again. change may therefore run several times and has no other effect; an
// error of it ends the update and nothing is stored. It does not call the
// store. The id cannot be changed. Update returns the record as stored.
func (c Collection[T]) Update(ctx context.Context, id string, change func(*T) ([]Event, error)) (T, error) {
	var none T
	if err := c.start(ctx, 0, true); err != nil {
		return none, err
	}
	key, s := c.view.Key(c.kind.Name, id), c.view.store
	if s.alone() {
		return c.update(ctx, key, change)
	}
	if err := s.locks.lock(ctx, key); err != nil {
		return none, err
	}
	defer s.locks.unlock(key)
	for try := 1; ; try++ {
		record, err := c.update(ctx, key, change)
		if !errors.Is(err, servicecoin.ErrConflict) || try == maxTries || ctx.Err() != nil {
			return record, err
		}
		s.log.DebugContext(ctx, "update reruns", "key", key.String(), "try", try)
	}
}

// update reads, changes and writes a record once; a conflict is its caller's.
func (c Collection[T]) update(ctx context.Context, key Key, change func(*T) ([]Event, error)) (T, error) {
	var none T
	d, err := c.view.store.load(ctx, key)
	if err != nil {
		return none, err
	}
	if d.Shape > c.kind.Shape {
		return none, &servicecoin.KeyError{Key: key, Err: servicecoin.ErrNewer}
	}
	record, err := c.kind.read(d)
	if err != nil {
		return none, err
	}
	events, err := change(&record)
	if err != nil {
		return none, err
	}
	next, err := c.kind.write(c.view.customer, record)
	if err != nil {
		return none, err
	}
	if next.Key != key {
		var v servicecoin.Violations
		v.Add("id", "changed", next.Key.ID, "an update does not change the id "+key.ID)
		return none, v.Err()
	}
	if err := c.commit(ctx, Write{Document: next, Expect: d.Version, Was: &d.Index}, events); err != nil {
		return none, err
	}
	return record, nil
}

// Delete removes the record with its events, or answers ErrNotFound. Its
// versions go on counting should it be inserted again.
func (c Collection[T]) Delete(ctx context.Context, id string, events ...Event) error {
	if err := c.start(ctx, 0, true); err != nil {
		return err
	}
	key := c.view.Key(c.kind.Name, id)
	for try := 1; ; try++ {
		d, err := c.view.store.load(ctx, key)
		if err != nil {
			return err
		}
		w := Write{Document: Document{Key: key, Shape: c.kind.Shape}, Expect: d.Version, Delete: true}
		err = c.commit(ctx, w, events)
		if !errors.Is(err, servicecoin.ErrConflict) || try == maxTries || c.view.store.alone() {
			return err
		}
	}
}

// commit hands a write to the unit of work, or to the backend where there is none.
func (c Collection[T]) commit(ctx context.Context, w Write, events []Event) error {
	events, err := c.view.complete(events, w.Key)
	if err != nil {
		return err
	}
	s := c.view.store
	if s.unit != nil {
		return s.unit.write(w, events)
	}
	return s.backend.Commit(ctx, Commit{Writes: []Write{w}, Events: events})
}

// alone reports whether a conflict is somebody else's to solve: the unit's, or
// the host's whose transaction is joined.
func (s *Store) alone() bool { return s.unit != nil || s.joined }

// load reads a record through the unit of work, which remembers it, or from the
// backend where there is none.
func (s *Store) load(ctx context.Context, key Key) (Document, error) {
	if s.unit != nil {
		return s.unit.load(ctx, s, key)
	}
	return s.get(ctx, key)
}

// get reads from the backend. A read changes nothing, however it ends.
func (s *Store) get(ctx context.Context, key Key) (Document, error) {
	d, err := s.backend.Get(ctx, key)
	return d, servicecoin.Unchanged(err)
}

// events reads the feed.
func (s *Store) events(ctx context.Context, f Feed) ([]Event, error) {
	page, err := s.backend.Events(ctx, f)
	return page, servicecoin.Unchanged(err)
}
