package metering

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// EventStore keeps usage events: appended, never changed, in millions. It is
// apart from the records of a store.Backend, so that an engine made for such
// masses can take its place.
//
// All methods are safe for concurrent use, return copies that the caller may
// change, and keep nothing that the caller handed in. A method whose context
// has ended answers its error. [Run] of the package meteringtest holds an
// implementation to each sentence here.
//
// [Run]: https://pkg.go.dev/github.com/servicecoin/servicecoin/metering/meteringtest#Run
type EventStore interface {
	// Append stores those events of the batch whose customer, source and id are
	// not there yet, in one step, and returns what became of each, in the order
	// of the batch. An event that is there already with the same content is a
	// [Repeat]; with other content it is a [Conflict], what is stored stays, and
	// the rest of the batch is stored all the same. That holds within a batch,
	// too: the first of two events of one key counts.
	//
	// The batch is checked with [Prepare]: an event that is not valid spoils it,
	// nothing is stored, and the ErrInvalid lists all violations. The customers
	// of a batch may differ. After an error that is no sentinel of the root
	// package the batch may be stored: it can be appended again.
	Append(ctx context.Context, events []Event) ([]Result, error)

	// Scan yields the events of a query in the order of [Event.Compare]. It
	// reads in pages, so that other methods may be called in the loop: what is
	// appended meanwhile may come or not, everything else comes exactly once.
	// It ends after the first error.
	Scan(ctx context.Context, q Query) iter.Seq2[Event, error]

	// Forget erases all events of a customer, and nobody else's. It is
	// idempotent. Their keys are free again.
	Forget(ctx context.Context, customer servicecoin.CustomerID) error
}

// Outcome is what became of an appended event.
type Outcome string

// The outcomes.
const (
	Added    Outcome = "added"    // it is stored now
	Repeat   Outcome = "repeat"   // it was stored before, with the same content
	Conflict Outcome = "conflict" // another content is stored under its key, and stays
)

// Result is what became of one event of a batch.
type Result struct {
	Outcome Outcome
	// Stored is what the store has under the event's key: the event itself, as
	// it was first recorded, or in a conflict the other one.
	Stored Event
}

// Query says which events to list.
type Query struct {
	Customer servicecoin.CustomerID
	Type     string
	During   calendar.Interval // of the events' own time; half-open, at the microsecond
	// KnownBefore leaves out what was recorded at or after it, so that a figure
	// can be computed as it was known then. Zero: everything.
	KnownBefore time.Time
}

// Validate reports every violation of the query.
func (q Query) Validate() error {
	var v servicecoin.Violations
	v.ID("customer", string(q.Customer))
	v.ID("type", q.Type)
	v.Merge("during", q.During.Validate())
	if !q.KnownBefore.IsZero() {
		v.Time("knownBefore", q.KnownBefore)
	}
	return v.Err()
}

// cut brings the query's instants to UTC and the microsecond, as events have
// them.
func (q Query) cut() Query {
	q.During = calendar.Between(servicecoin.Instant(q.During.Start), servicecoin.Instant(q.During.End))
	if !q.KnownBefore.IsZero() {
		q.KnownBefore = servicecoin.Instant(q.KnownBefore)
	}
	return q
}

// Matches reports whether an event belongs to the listing. It is the definition
// that stores are held to.
func (q Query) Matches(e Event) bool {
	q = q.cut()
	return e.Customer == q.Customer && e.Type == q.Type && q.During.Contains(e.Time) &&
		(q.KnownBefore.IsZero() || e.RecordedAt.Before(q.KnownBefore))
}

// Cursor is where an event stands in a listing: stores read the next page after
// the cursor of the last event.
type Cursor struct {
	Time   time.Time
	Source string
	ID     string
}

// CursorOf returns where an event stands.
func CursorOf(e Event) Cursor { return Cursor{Time: e.Time, Source: e.Source, ID: e.ID} }

// Compare orders cursors by time, then source, then id, byte by byte.
func (c Cursor) Compare(other Cursor) int {
	return cmp.Or(c.Time.Compare(other.Time), cmp.Compare(c.Source, other.Source), cmp.Compare(c.ID, other.ID))
}

// PageSize is how many events a page of [Pages] has, but for the last.
const PageSize = 1000

// Pages is an iterator over pages: page returns the next [PageSize] events after
// a cursor (nil: from the beginning), in order, fewer at the end, of the query
// that it is given: the one of the call, with instants cut to the microsecond.
// Stores build their Scan with it.
func Pages(ctx context.Context, q Query, page func(ctx context.Context, q Query, after *Cursor) ([]Event, error)) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := q.Validate(); err != nil {
			yield(Event{}, err)
			return
		}
		q = q.cut()
		for after := (*Cursor)(nil); ; {
			events, err := readPage(ctx, q, after, page)
			if err != nil {
				yield(Event{}, err)
				return
			}
			for _, e := range events {
				if ctx.Err() != nil {
					yield(Event{}, context.Cause(ctx))
					return
				}
				if !yield(e, nil) {
					return
				}
			}
			if len(events) < PageSize {
				return
			}
			after = new(CursorOf(events[len(events)-1]))
		}
	}
}

// readPage is called for each page, and asks for none once the context has ended.
func readPage(ctx context.Context, q Query, after *Cursor, page func(ctx context.Context, q Query, after *Cursor) ([]Event, error)) ([]Event, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return page(ctx, q, after)
}

// Settle is what the Append of all stores has in common. It prepares the batch,
// hands the first event of every key to put, in the order of customer, source
// and id (so that two batches never wait for each other), and tells what became
// of each event. put stores in one step those that are not there, and returns
// for each what is stored under its key now, and whether it was added.
func Settle(events []Event, put func(first []Event) (stored []Event, added []bool, err error)) ([]Result, error) {
	batch, err := Prepare(events)
	if err != nil || len(batch) == 0 {
		return nil, err
	}
	order := make([]int, len(batch))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return keyOf(batch[i]).compare(keyOf(batch[j])) })
	first := make([]Event, 0, len(batch))
	place := make([]int, len(batch)) // of the event's key among the first
	for n, i := range order {
		if n == 0 || keyOf(batch[i]) != keyOf(batch[order[n-1]]) {
			first = append(first, batch[i])
		}
		place[i] = len(first) - 1
	}
	stored, added, err := put(first)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(batch))
	for i, e := range batch {
		p := place[i]
		results[i] = outcome(e, stored[p], added[p])
		added[p] = false // whoever comes second finds it there
	}
	return results, nil
}

// outcome compares an event with what is stored under its key.
func outcome(e, stored Event, added bool) Result {
	stored.Dimensions = maps.Clone(stored.Dimensions)
	switch {
	case added:
		return Result{Outcome: Added, Stored: stored}
	case e.Same(stored):
		return Result{Outcome: Repeat, Stored: stored}
	default:
		return Result{Outcome: Conflict, Stored: stored}
	}
}

// key is what an event is unique by.
type key struct {
	customer   servicecoin.CustomerID
	source, id string
}

func keyOf(e Event) key { return key{e.Customer, e.Source, e.ID} }

func (k key) compare(other key) int {
	return cmp.Or(cmp.Compare(k.customer, other.customer), cmp.Compare(k.source, other.source), cmp.Compare(k.id, other.id))
}
