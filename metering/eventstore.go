package metering

import (
	"cmp"
	"context"
	"iter"
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
	// not there yet, in one step, and returns what became of them. An event that
	// is there already with the same content is a [Repeat]; with other content it
	// is a [Conflict], and what is stored stays; one that is not valid is
	// [Refused]. The rest of the batch is stored all the same. That holds within a
	// batch, too: the first of two events of one key counts.
	//
	// A fact that voids, corrects or closes an event is stored beside it, and
	// counts from then on, whichever of the two came first.
	//
	// A batch of more than [MaxBatch] events is an ErrInvalid, and nothing of it is
	// stored. The customers of a batch may differ. After an error that is no
	// sentinel of the root package the batch may be stored: it can be appended
	// again.
	Append(ctx context.Context, events []Event) (Receipt, error)

	// Scan yields the events of a query as they stand, in the order of
	// [Event.Compare]: what facts have voided is left out, what they have corrected
	// is as they say. It reads in pages, so that other methods may be called in the
	// loop: what is appended meanwhile may come or not, everything else comes
	// exactly once. It ends after the first error.
	Scan(ctx context.Context, q Query) iter.Seq2[Event, error]

	// History returns what is stored about an event: itself, as it was first told,
	// and the facts about it, in the order in which they were recorded. Nothing:
	// the store knows nothing of it.
	History(ctx context.Context, key EventKey) ([]Event, error)

	// Measure answers what [Meter.Measure] makes of the events that Scan yields,
	// for each customer, from running totals where it can.
	Measure(ctx context.Context, m Measurement) (*Measured, error)

	// Digest answers what [DigestOf] makes of the events that Scan yields.
	Digest(ctx context.Context, q Query) (Digest, error)

	// Verify adds the totals of a customer up again from its events, and returns
	// those that differ: none, or the store is broken.
	Verify(ctx context.Context, customer servicecoin.CustomerID) ([]Difference, error)

	// Forget erases all events of a customer, and nobody else's. It is
	// idempotent. Their keys are free again.
	Forget(ctx context.Context, customer servicecoin.CustomerID) error
}

// Difference is a total that is not what its events come to.
type Difference struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Type     string                 `json:"type"`
	Day      time.Time              `json:"day"` // its beginning, UTC
	What     string                 `json:"what"`
	Kept     string                 `json:"kept"`  // the total that is kept
	Found    string                 `json:"found"` // what its events come to
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

// Matches reports whether an event, as it stands, belongs to the listing. It is the
// definition that stores are held to.
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
