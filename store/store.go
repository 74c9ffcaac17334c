// Package store keeps the records of every other package, and the events that
// tell of their changes, in a backend that the host chooses.
//
// It answers: how do I read, change and list my records safely when others do
// so at the same time; how do several records change together; how does my own
// transaction take part; who hears of a change, exactly once; how does a
// customer leave without a trace?
//
// A [Backend] is small and knows nothing of types. A [Store] stands over it,
// [Store.For] gives a [View] of one customer's partition, and [Of] gives a typed
// [Collection] in that view:
//
//	s := store.New(memory.New(), nil)
//	notes := store.Of(s.For("acme"), Notes)
//	err := notes.Insert(ctx, Note{ID: "n1", Text: "hello"})
//	_, err = notes.Update(ctx, "n1", func(n *Note) ([]store.Event, error) {
//		n.Text = "changed"
//		return nil, nil
//	})
//
// [Store.Do] makes one commit of many changes, [Consumer] turns events into
// effects. What every backend promises is written at [Backend] and held by the
// suite in store/storetest.
package store

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/servicecoin/servicecoin"
)

// Options are what a host may set for a store; the zero value has defaults.
type Options struct {
	Now    func() time.Time // the clock; default: the machine's
	NewID  func() string    // ids of records and events; default: UUID version 7
	Logger *slog.Logger     // reruns after conflicts, parked events; default: discarded
}

// Store is a backend with a clock, ids and typed access. It is safe for
// concurrent use, except inside [Store.Do], where it belongs to the function
// that received it.
type Store struct {
	backend Backend
	now     func() time.Time
	newID   func() string
	log     *slog.Logger
	joined  bool
	kinds   *registry
	turns   *turns
	unit    *unit // not nil inside of Do
}

// New returns a store over b. A nil o means defaults.
func New(b Backend, o *Options) *Store {
	if o == nil {
		o = &Options{}
	}
	s := &Store{backend: b, now: o.Now, newID: o.NewID, log: o.Logger, kinds: newRegistry(), turns: newTurns()}
	if s.now == nil {
		s.now = time.Now //nolint:forbidigo // the one place where the library meets the machine's clock
	}
	if s.newID == nil {
		s.newID = newUUID
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if j, ok := b.(Joined); ok {
		s.joined = j.Joined()
	}
	return s
}

func newUUID() string { return uuid.Must(uuid.NewV7()).String() }

// Join returns a store with the same options over another backend: most often
// one that works inside a transaction of the host, so that the host's rows and
// the library's records are committed together.
//
//	tx, err := db.BeginTx(ctx, nil)
//	desk.On(s.Join(sqlite.In(tx)).For(servicecoin.Provider))
func (s *Store) Join(b Backend) *Store {
	return New(b, &Options{Now: s.now, NewID: s.newID, Logger: s.log})
}

// Now returns the store's time in UTC, cut to the microsecond.
func (s *Store) Now() time.Time { return servicecoin.Instant(s.now()) }

// NewID returns an id for a record or an event.
func (s *Store) NewID() string { return s.newID() }

// For returns the view of one customer's partition.
func (s *Store) For(c servicecoin.CustomerID) View { return View{store: s, customer: c} }

// Events returns one page of the feed of all customers after a position,
// oldest first. limit is 1 to [MaxPage].
func (s *Store) Events(ctx context.Context, after Position, limit int) ([]Event, error) {
	return s.events(ctx, Feed{Everyone: true, After: after, Limit: limit})
}

// View sees one customer's partition and nothing else. The zero View answers
// ErrInvalid.
type View struct {
	store    *Store
	customer servicecoin.CustomerID
}

// Customer returns whose partition the view sees.
func (v View) Customer() servicecoin.CustomerID { return v.customer }

// Now returns the store's time in UTC, cut to the microsecond.
func (v View) Now() time.Time { return v.store.Now() }

// NewID returns an id for a record or an event.
func (v View) NewID() string { return v.store.NewID() }

// Key returns the key of a record in this partition.
func (v View) Key(kind, id string) Key { return Key{Customer: v.customer, Kind: kind, ID: id} }

// Do is [Store.Do] confined to the view's partition.
func (v View) Do(ctx context.Context, fn func(tx View) error) error {
	if err := v.check(); err != nil {
		return err
	}
	return v.store.Do(ctx, func(tx *Store) error { return fn(tx.For(v.customer)) })
}

// Events returns one page of the partition's own events after a position,
// oldest first: its audit trail. limit is 1 to [MaxPage].
func (v View) Events(ctx context.Context, after Position, limit int) ([]Event, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	return v.store.events(ctx, Feed{Customer: v.customer, After: after, Limit: limit})
}

// Record commits events that change no record. Their subjects are in this
// partition. Inside of Do they become part of the unit's commit.
func (v View) Record(ctx context.Context, events ...Event) error {
	if err := v.check(); err != nil {
		return err
	}
	events, err := v.complete(events, Key{})
	if err != nil {
		return err
	}
	if u := v.store.unit; u != nil {
		return u.record(events)
	}
	return v.store.backend.Commit(ctx, Commit{Events: events})
}

func (v View) check() error {
	var bad servicecoin.Violations
	bad.ID("customer", string(v.customer))
	if v.store == nil {
		bad.Add("", "required", "", "the zero View has no store; make one with Store.For")
	}
	return bad.Err()
}

// complete fills what a noun leaves out of its events, and refuses subjects of
// another partition.
func (v View) complete(events []Event, subject Key) ([]Event, error) {
	if len(events) == 0 {
		return nil, nil
	}
	var bad servicecoin.Violations
	if !bad.Limit("events", len(events), MaxParts) {
		return nil, bad.Err()
	}
	done := make([]Event, len(events))
	for i, e := range events {
		e.Position = 0
		if e.ID == "" {
			e.ID = v.store.newID()
		}
		if e.Subject == (Key{}) {
			e.Subject = subject
		}
		if e.Subject.Customer != v.customer {
			bad.Add(fmt.Sprintf("events[%d].subject.customer", i), "foreign", string(e.Subject.Customer), "is not the customer of this view")
		}
		if e.At.IsZero() {
			e.At = v.store.Now()
		}
		e.At = servicecoin.Instant(e.At)
		done[i] = e
	}
	return done, bad.Err()
}

// Happened returns an event: name is API, by made the change, payload is
// marshalled to JSON (nil: no data). Id, subject and time are filled in when it
// is recorded beside a record; set them for other cases.
func Happened(name string, by servicecoin.Actor, payload any) (Event, error) {
	e := Event{Name: name, Actor: by}
	if payload == nil {
		return e, nil
	}
	data, err := json.Marshal(payload)
	if err != nil {
		return Event{}, fmt.Errorf("event %s: %w", name, err)
	}
	e.Data = data
	return e, nil
}

// Payload unmarshals the data of an event.
func Payload[T any](e Event) (T, error) {
	var p T
	if err := json.Unmarshal(e.Data, &p); err != nil {
		return p, fmt.Errorf("event %s %s: %w", e.Name, e.ID, err)
	}
	return p, nil
}
