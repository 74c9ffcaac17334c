package store

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
)

// View sees one customer's partition and nothing else. The zero View answers
// ErrInvalid, and so does one with a fault: a noun keeps in its view what is wrong
// with the arguments that it was made of, and its first call tells.
type View struct {
	store    *Store
	customer servicecoin.CustomerID
	fault    error // not nil: every call answers it
}

// Err returns what is wrong with the view, nil for nothing.
func (v View) Err() error {
	if v.fault == nil && v.store != nil && v.store.backend != nil && v.store.fault == nil && v.customer != "" {
		return nil
	}
	return v.check()
}

// With returns the view with a fault, beside what is wrong with it anyway. A nil
// err changes nothing, and neither does a second fault.
func (v View) With(err error) View {
	if v.fault != nil || err == nil {
		return v
	}
	var bad servicecoin.Violations
	bad.Merge("", v.Err())
	bad.Merge("", err)
	v.fault = bad.Err()
	return v
}

// Need returns the view with a fault if what it is needed for is not there: an
// argument of a constructor, by the name that the caller knows it by.
func (v View) Need(name string, there bool) View {
	if there {
		return v
	}
	var bad servicecoin.Violations
	bad.Add(name, "required", "", "is nil")
	return v.With(bad.Err())
}

// OfProvider returns the view with a fault if it is not one of the provider's
// partition: for a noun that keeps what is there.
func (v View) OfProvider(noun string) View {
	if v.Err() != nil || v.customer == servicecoin.Provider {
		return v
	}
	var bad servicecoin.Violations
	bad.Add("view", "foreign", string(v.customer), "is a customer's: "+noun+" works in the provider's, Store.For(servicecoin.Provider)")
	return v.With(bad.Err())
}

// OfCustomer returns the view with a fault if it is the provider's: for a noun
// that keeps what one customer has.
func (v View) OfCustomer(noun string) View {
	if v.Err() != nil || v.customer != servicecoin.Provider {
		return v
	}
	var bad servicecoin.Violations
	bad.Add("view", "foreign", string(v.customer), "is the provider's: "+noun+" works in a customer's, Store.For(customer)")
	return v.With(bad.Err())
}

// In returns the view of the same partition over another backend, with the options
// of its store: most often one that works inside of a transaction of the host, so
// that what a noun writes is committed with the host's rows, or not at all.
//
//	tx, err := db.BeginTx(ctx, nil)
//	_, err = desk.On(view.In(sqlite.In(tx))).Open(ctx, by, report)
//	_, err = tx.ExecContext(ctx, "INSERT INTO alarms …")
//	err = tx.Commit()
func (v View) In(b Backend) View {
	v.store = v.store.Join(b)
	return v
}

// Ask says who is about to change which record of the view, and asks the store's
// Authorize. It answers first what is wrong with the view, then with the actor.
func (v View) Ask(ctx context.Context, by servicecoin.Actor, verb, kind, id string) error {
	if err := v.Err(); err != nil {
		return err
	}
	return v.store.asked.Ask(ctx, servicecoin.Attempt{Actor: by, Verb: verb, Subject: v.Key(kind, id)})
}

// AskFor is [View.Ask] for a verb by which people of a customer change a record of
// the provider's: Authorize is told in whose name.
func (v View) AskFor(ctx context.Context, by servicecoin.Actor, verb, kind, id string, customer servicecoin.CustomerID) error {
	if err := v.Err(); err != nil {
		return err
	}
	return v.store.asked.Ask(ctx, servicecoin.Attempt{Actor: by, Verb: verb, Subject: v.Key(kind, id), For: customer})
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
	if v.fault != nil {
		return v.fault
	}
	var bad servicecoin.Violations
	bad.ID("customer", string(v.customer))
	if v.store == nil {
		bad.Add("view", "required", "", "has no store: make it with Store.For of a store that store.New made")
	} else {
		bad.Merge("", v.store.err())
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
