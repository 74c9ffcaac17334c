package metering

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Late is what becomes of an event that is recorded after its time was closed.
type Late string

// What becomes of late events. In each case they are kept with when they were recorded,
// so that what was known before can be asked for at any time; but for those that are
// refused, which are not kept.
const (
	Restate    Late = ""       // they count where they happened: figures of the past change
	Carry      Late = "carry"  // they count in the period that is open when they are recorded
	RefuseLate Late = "refuse" // they are refused, and the receipt says so
)

// Closing says up to when a customer's usage was closed, and when.
type Closing struct {
	Until time.Time         `json:"until"` // exclusive
	At    time.Time         `json:"at"`    // what was recorded up to it counts as in time
	By    servicecoin.Actor `json:"by"`
}

// Close closes what was used before an instant: with the time of the call, what is
// recorded from now on for a time before it is late. Closings follow each other; one that
// is not later than the last is refused, one that is the same changes nothing.
func (l *Ledger) Close(ctx context.Context, by servicecoin.Actor, until time.Time) (Closing, error) {
	if err := l.view.Err(); err != nil {
		return Closing{}, err
	}
	if err := l.view.Ask(ctx, by, VerbCloseUsage, UsageRecord, string(l.customer.ID)); err != nil {
		return Closing{}, err
	}
	var v servicecoin.Violations
	v.Time("until", until)
	until = servicecoin.Instant(until)
	if until.After(l.view.Now()) {
		v.Add("until", "out-of-range", until.Format(time.RFC3339), "lies ahead: only what is over is closed")
	}
	if err := v.Err(); err != nil {
		return Closing{}, err
	}
	var done Closing
	err := l.view.Do(ctx, func(tx store.View) error {
		// The last closing is a record of its own, so that two cannot follow it.
		last, err := lastClosing(ctx, tx)
		if err != nil {
			return err
		}
		if last.Until.Equal(until) {
			done = last
			return nil
		}
		if last.Until.After(until) {
			return &servicecoin.RefusedError{
				Subject: servicecoin.Key{Customer: l.customer.ID, Kind: ClosingRecord, ID: closingID(last.Until)}, Verb: VerbCloseUsage,
				Why: "usage is closed up to " + last.Until.Format(time.RFC3339) + " already",
			}
		}
		done = Closing{Until: until, At: servicecoin.Instant(tx.Now()), By: by}
		e, err := store.Happened(by, EventUsageClosed, done)
		if err != nil {
			return err
		}
		if err := store.Of(tx, closings).Insert(ctx, done, e); err != nil {
			return err
		}
		return keepLast(ctx, tx, !last.Until.IsZero(), done)
	})
	return done, err
}

// lastClosing returns the last closing, a zero one if there is none.
func lastClosing(ctx context.Context, tx store.View) (Closing, error) {
	c, err := store.Of(tx, lastClosings).Get(ctx, lastID)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return Closing{}, nil
	}
	return c.Closing, err
}

func keepLast(ctx context.Context, tx store.View, is bool, c Closing) error {
	if !is {
		return store.Of(tx, lastClosings).Insert(ctx, lastClosed{c})
	}
	_, err := store.Of(tx, lastClosings).Update(ctx, lastID, func(x *lastClosed) ([]store.Event, error) {
		x.Closing = c
		return nil, nil
	})
	return err
}

// Closings lists what was closed, the last first.
func (l *Ledger) Closings() store.Listing[Closing] {
	return store.Of(l.view, closings).Find(store.By("until").Descending())
}

// Counted returns the usage of a period by the ledger's policy for late events
// ([Options].Late): with [Carry] what was known of it when it was closed, and what came
// since the closing before for all that had been closed by then. A period that is carried
// ends at a closing, or is the open one; its meter counts, sums or multiplies.
func (l *Ledger) Counted(ctx context.Context, id MeterID, during calendar.Interval) (Usage, error) {
	if l.o.Late != Carry {
		return l.Between(ctx, id, during)
	}
	m, err := l.meterAt(ctx, id, during.Start)
	if err != nil {
		return Usage{}, err
	}
	closed, before, err := l.closedAt(ctx, during)
	if err != nil {
		return Usage{}, err
	}
	var v servicecoin.Violations
	if m.Aggregation != Count && m.Aggregation != Sum && m.Aggregation != Product || m.Round != nil || m.Convert != nil && m.Convert.Add.Valid {
		v.Add("meter", "contradiction", string(m.ID), "has no parts that could be carried to another period")
	}
	if err := v.Err(); err != nil {
		return Usage{}, err
	}
	u := Usage{Customer: l.customer.ID, Meter: m.ID, Version: m.Version, Unit: m.Unit, Period: during}
	// All that was known at the end of this period, less all that was known at the end
	// of the one before of what lies before it.
	whole, err := l.upTo(ctx, m, during.End, closed)
	if err != nil {
		return Usage{}, err
	}
	earlier, err := l.upTo(ctx, m, during.Start, before)
	if err != nil {
		return Usage{}, err
	}
	if whole.Value.Valid {
		u.Value = servicecoin.Some(whole.Value.Decimal.Sub(earlier.Value.Decimal))
	}
	u.Events = whole.Events - earlier.Events
	d, err := l.events.Digest(ctx, Query{Customer: l.customer.ID, Type: m.Type, During: during, KnownBefore: closed})
	u.Digest, u.DigestRule = d.Root, d.Rule
	return u, err
}

// upTo returns what was used before an instant, as known at another.
func (l *Ledger) upTo(ctx context.Context, m Meter, end, known time.Time) (Point, error) {
	start := time.Time{}.Add(time.Microsecond) // the zero time is none
	if !end.After(start) {
		return Point{Value: servicecoin.Some(decimal.Zero)}, nil
	}
	series, err := l.measure(ctx, m, []calendar.Interval{calendar.Between(start, end)}, nil, known)
	if err != nil {
		return Point{}, err
	}
	return series[0].Points[0], nil
}

// closedAt returns before when what counts of a period was recorded, zero if it is open,
// and what counts of all that lies before it.
func (l *Ledger) closedAt(ctx context.Context, during calendar.Interval) (at, before time.Time, err error) {
	var v servicecoin.Violations
	v.Merge("during", during.Validate())
	if err := v.Err(); err != nil {
		return at, before, err
	}
	starts, ends := false, false
	var first, last time.Time
	for c, err := range l.Closings().All(ctx) { // the last first
		if err != nil {
			return at, before, err
		}
		if last.IsZero() {
			last = c.Until
		}
		first = c.Until
		switch {
		case c.Until.Equal(during.End):
			at, ends = c.At.Add(time.Microsecond), true
		case c.Until.Equal(during.Start):
			before, starts = c.At.Add(time.Microsecond), true
		case c.Until.After(during.Start) && c.Until.Before(during.End):
			v.Add("during", "contradiction", during.String(), "has a closing inside, at "+c.Until.Format(time.RFC3339))
			return at, before, v.Err()
		}
	}
	if !ends && last.After(during.End) {
		v.Add("during.end", "contradiction", during.End.UTC().Format(time.RFC3339), "is no closing, and lies before the last one")
	}
	if !starts && !first.IsZero() && during.Start.After(first) {
		v.Add("during.start", "contradiction", during.Start.UTC().Format(time.RFC3339), "is no closing, and lies after the first one")
	}
	return at, before, v.Err()
}

// closedUntil returns up to when events are refused by the policy for late ones, the zero
// time if none are.
func (l *Ledger) closedUntil(ctx context.Context) (time.Time, error) {
	if l.o.Late != RefuseLate {
		return time.Time{}, nil
	}
	last, err := lastClosing(ctx, l.view)
	return last.Until, err
}

// tooLate returns why an event is refused that changes what was before an instant, nil if
// it changes nothing of that.
func (l *Ledger) tooLate(ctx context.Context, e Event, closed time.Time) error {
	if closed.IsZero() {
		return nil
	}
	times, err := l.timesOf(ctx, e)
	if err != nil {
		return err
	}
	var v servicecoin.Violations
	for _, t := range times {
		if t.at.Before(closed) {
			v.Add("time", "late", t.at.UTC().Format(time.RFC3339), "lies before "+closed.Format(time.RFC3339)+", up to when usage is closed")
			break
		}
	}
	return v.Err()
}

// concerned is when something of a type happens that an event changes.
type concerned struct {
	kind string
	at   time.Time
}

// timesOf returns what an event changes: when it happens, and where it is about another
// one, when that does, and did before it was corrected.
func (l *Ledger) timesOf(ctx context.Context, e Event) ([]concerned, error) {
	var list []concerned
	add := func(e Event) {
		if e.Type != "" {
			list = append(list, concerned{e.Type, e.Time})
		}
	}
	if e.Does == Happen {
		add(e)
		return list, nil
	}
	e.Customer = l.customer.ID
	known, err := l.events.History(ctx, e.About())
	if err != nil {
		return nil, fmt.Errorf("what %v is about: %w", e.Key(), err)
	}
	for _, other := range append(slices.Clone(known), e) {
		add(other)
	}
	return list, nil
}

// lastClosed is the record of the last closing.
type lastClosed struct {
	Closing
}

const lastID = "last"

func closingID(until time.Time) string { return until.UTC().Format(time.RFC3339Nano) }
