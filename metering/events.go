package metering

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// EventsQuestion asks for one page of the events behind a figure.
type EventsQuestion struct {
	During calendar.Interval // in which they happened, or began
	// Group asks for one group: values of dimensions that the meter groups by, "" for
	// events that have none.
	Group map[string]string
	// After asks for those that follow a cursor, Before for the last ones before one. Of
	// both at most one; neither: the first ones.
	After, Before *Cursor
	Limit         int // of a page, up to [PageSize]
}

// EventsPage is a page of events, in the order of [Event.Compare].
type EventsPage struct {
	Events []Event
	// Previous is what Before has to be for the page before, Next what After has to be
	// for the next one: nil where there is none.
	Previous, Next *Cursor
}

// maxRead is how many events are read for one page, where few of them match. Such a page
// has fewer than were asked for, and says where it goes on.
const maxRead = 20_000

// EventsPage returns a page of the events behind a figure: those that a meter reads, as
// they stand. It reads little more than the page, wherever it lies, so that a month of
// a million events can be looked through. A page can be short, or empty, without being
// the last: Next and Previous tell.
func (l *Ledger) EventsPage(ctx context.Context, id MeterID, q EventsQuestion) (EventsPage, error) {
	m, err := l.meterAt(ctx, id, q.During.Start)
	if err != nil {
		return EventsPage{}, err
	}
	if err := q.validate(m); err != nil {
		return EventsPage{}, err
	}
	p := paging{ledger: l, rule: rule{m}, q: q}
	if q.Before != nil {
		return p.backward(ctx)
	}
	return p.forward(ctx)
}

func (q EventsQuestion) validate(m Meter) error {
	var v servicecoin.Violations
	if q.Limit < 1 || q.Limit > PageSize {
		v.Add("limit", "out-of-range", strconv.Itoa(q.Limit), "must be from 1 to "+strconv.Itoa(PageSize))
	}
	if q.After != nil && q.Before != nil {
		v.Add("before", "contradiction", "", "a page is after a cursor, or before one")
	}
	if v.Limit("group", len(q.Group), MaxDimensions) {
		for name := range q.Group {
			if !slices.Contains(m.GroupBy, name) {
				v.Add("group", "unknown", name, "is no dimension that the meter groups by")
			}
		}
	}
	v.Merge("during", q.During.Validate())
	return v.Err()
}

// paging is one question for a page.
type paging struct {
	ledger *Ledger
	rule   rule
	q      EventsQuestion
}

func (p *paging) matches(e *Event) bool { return p.rule.reads(e) && within(*e, p.q.Group) }

func (p *paging) forward(ctx context.Context) (EventsPage, error) {
	during, after := p.q.During, p.q.After
	var page EventsPage
	if after != nil {
		page.Previous = &Cursor{after.Time, after.Source, after.ID + "\x00"} // what comes first behind it
		if after.Time.After(during.Start) {
			during.Start = after.Time
		}
		if !during.Start.Before(during.End) {
			return page, nil
		}
	}
	var last Cursor
	read := 0
	for e, err := range p.ledger.scan(ctx, p.rule.Meter, during, time.Time{}) {
		if err != nil {
			return EventsPage{}, err
		}
		at := CursorOf(e)
		if after != nil && at.Compare(*after) <= 0 {
			continue
		}
		match := p.matches(&e)
		if read == maxRead || match && len(page.Events) == p.q.Limit {
			page.Next = &last
			break
		}
		read++
		last = at
		if match {
			page.Events = append(page.Events, e)
		}
	}
	if after != nil && len(page.Events) > 0 {
		page.Previous = new(CursorOf(page.Events[0]))
	}
	return page, nil
}

// backward reads stretches of time, each before the one before, that are longer where
// there is little.
func (p *paging) backward(ctx context.Context) (EventsPage, error) {
	const (
		few, many    = 1000, 5000 // events of a stretch
		faster       = 4
		first, least = time.Hour, time.Millisecond
	)
	begin, end, width, read := p.q.During.Start, p.q.During.End, first, 0
	last := !p.q.Before.Time.Before(end)
	if at := p.q.Before.Time.Add(time.Microsecond); !last && at.Before(end) {
		end = at
	}
	var found []Event
	for begin.Before(end) && len(found) <= p.q.Limit && read < maxRead {
		start := end.Add(-width)
		if start.Before(begin) {
			start = begin
		}
		some, n, whole, err := p.stretch(ctx, calendar.Between(start, end), width > least)
		if err != nil {
			return EventsPage{}, err
		}
		if !whole {
			width /= faster * faster
			continue
		}
		read += n
		switch {
		case n < few:
			width *= faster
		case n > many && width > first:
			width /= faster
		}
		found, end = append(some, found...), start
	}
	page := EventsPage{Events: found}
	switch n := len(found) - p.q.Limit; {
	case n > 0:
		page.Events = found[n:]
		page.Previous = new(CursorOf(page.Events[0]))
	case begin.Before(end):
		page.Previous = &Cursor{Time: end}
	default: // it is the first page
		p.q.Before = nil
		return p.forward(ctx)
	}
	if !last {
		page.Next = &Cursor{Time: p.q.Before.Time.Add(-time.Microsecond), Source: "\xff"}
		if n := len(page.Events); n > 0 {
			page.Next = new(CursorOf(page.Events[n-1]))
		}
	}
	return page, nil
}

// stretch returns the last matching events of a stretch of time, one more than a page
// has, and how many were read. One with too many of them is not read whole, if it may be
// given up.
func (p *paging) stretch(ctx context.Context, during calendar.Interval, mayEnd bool) (found []Event, read int, whole bool, err error) {
	for e, err := range p.ledger.scan(ctx, p.rule.Meter, during, time.Time{}) {
		if err != nil {
			return nil, read, false, err
		}
		if CursorOf(e).Compare(*p.q.Before) >= 0 {
			break
		}
		if read++; read > maxRead && mayEnd {
			return nil, read, false, nil
		}
		if !p.matches(&e) {
			continue
		}
		if found = append(found, e); len(found) > p.q.Limit+1 {
			found = found[1:]
		}
	}
	return found, read, true, nil
}

// History returns what is known of an event, in the order in which it was recorded:
// itself as it was first told, and the facts that void, correct or close it. An event
// that nobody has told of is an ErrNotFound.
func (l *Ledger) History(ctx context.Context, event Ref) ([]Event, error) {
	if err := l.view.Err(); err != nil {
		return nil, err
	}
	var v servicecoin.Violations
	v.ID("source", event.Source)
	v.ID("id", event.ID)
	if err := v.Err(); err != nil {
		return nil, err
	}
	known, err := l.events.History(ctx, EventKey{l.customer.ID, event})
	if err == nil && len(known) == 0 {
		err = servicecoin.NotFound(Event{Customer: l.customer.ID, Source: event.Source, ID: event.ID}.Key())
	}
	return known, err
}
