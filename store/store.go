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
//
// # Errors
//
// They are those of package servicecoin, most of them in a
// [servicecoin.KeyError] that names the record:
//
//   - ErrNotFound: there is no such record in this customer's partition.
//   - ErrExists: Insert, or Put with version 0, found the id taken.
//   - ErrConflict: Put came with a version that is no longer stored. Update and Do
//     run again by themselves and answer it only after a hundred tries, or in a
//     transaction of the host, where the conflict is the host's to solve.
//   - ErrInvalid: a record, an id, an event, a declaration or an argument breaks a
//     rule; a view or a noun was made of something that is missing.
//   - ErrNewer: a newer release wrote the record, or keeps an index that this
//     program lacks. Nothing but an update of the program helps.
//   - ErrRefused: a kind is declared otherwise than it is stored, an index waits for
//     [Reindex], or the call has no place inside of a unit or transaction.
//   - ErrBusy: somebody else holds a lock, or the lease of a [Consumer]; an effect
//     waits for its next try ([EffectError]).
//
// What a function given to Update, Do or a [Rule] answers comes back as it is.
// Reads that fail change nothing, and say so ([servicecoin.Unchanged]); a commit
// whose context ends under way may have happened.
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

	// Authorize is asked before every changing verb of every noun over this
	// store; nil allows everything.
	Authorize servicecoin.Authorizer
}

// Store is a backend with a clock, ids and typed access. It is safe for
// concurrent use, except inside [Store.Do], where it belongs to the function
// that received it.
type Store struct {
	backend Backend
	fault   error // not nil: every call answers it
	now     func() time.Time
	newID   func() string
	log     *slog.Logger
	asked   servicecoin.Authorizer
	joined  bool
	kinds   *registry
	locks   *keyLocks // of updates, for fairness
	unit    *unit     // not nil inside of Do
}

// New returns a store over b. A nil o means defaults. Where b is nil, every call
// says so.
func New(b Backend, o *Options) *Store {
	if o == nil {
		o = &Options{}
	}
	if b == nil {
		b = noBackend{}
	}
	s := &Store{fault: broken(b), backend: b, now: o.Now, newID: o.NewID, log: o.Logger, asked: o.Authorize, kinds: newRegistry(), locks: newKeyLocks()}
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
//	s.Join(sqlite.In(tx)).Do(ctx, …)
//
// [View.In] does the same for one noun.
func (s *Store) Join(b Backend) *Store {
	if s == nil {
		s = &Store{}
	}
	return New(b, &Options{Now: s.now, NewID: s.newID, Logger: s.log, Authorize: s.asked})
}

// Now returns the store's time in UTC, cut to the microsecond.
func (s *Store) Now() time.Time {
	if s == nil || s.now == nil {
		return time.Time{}
	}
	return servicecoin.Instant(s.now())
}

// NewID returns an id for a record or an event.
func (s *Store) NewID() string {
	if s == nil || s.newID == nil {
		return ""
	}
	return s.newID()
}

// err says what is wrong with a store that was not made by New, or of nothing.
func (s *Store) err() error {
	if s != nil && s.backend != nil {
		return s.fault
	}
	var bad servicecoin.Violations
	bad.Add("store", "required", "", "is nil or was not made by store.New")
	return bad.Err()
}

// broken says what is wrong with a backend that is none.
func broken(b Backend) error {
	if none, ok := b.(noBackend); ok {
		return none.err()
	}
	return nil
}

// For returns the view of one customer's partition.
func (s *Store) For(c servicecoin.CustomerID) View { return View{store: s, customer: c} }

// Events returns one page of the feed of all customers after a position,
// oldest first. limit is 1 to [MaxPage].
func (s *Store) Events(ctx context.Context, after Position, limit int) ([]Event, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	return s.events(ctx, Feed{Everyone: true, After: after, Limit: limit})
}

// noBackend stands for a backend that is nil, and says so.
type noBackend struct{}

func (noBackend) err() error {
	var bad servicecoin.Violations
	bad.Add("backend", "required", "", "is nil: store.New needs one, memory.New() for instance")
	return bad.Err()
}

func (b noBackend) Get(context.Context, Key) (Document, error) { return Document{}, b.err() }

func (b noBackend) Find(context.Context, Query) ([]Document, error) { return nil, b.err() }

func (b noBackend) Commit(context.Context, Commit) error { return b.err() }

func (b noBackend) Events(context.Context, Feed) ([]Event, error) { return nil, b.err() }

func (b noBackend) Forget(context.Context, servicecoin.CustomerID, Position) error { return b.err() }

// Happened returns an event: name is API, by made the change, payload is
// marshalled to JSON (nil: no data). Id, subject and time are filled in when it
// is recorded beside a record; set them for other cases.
func Happened(by servicecoin.Actor, name string, payload any) (Event, error) {
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
