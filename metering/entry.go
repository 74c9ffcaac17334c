package metering

import (
	"cmp"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Entry is what stores count: from RecordedAt on, an event is there as it says, or,
// if Gone, is no longer there as it says. An event that nobody corrects is one entry;
// a correction adds two, what goes and what comes. So a figure as it was known at an
// instant is one over the entries that were recorded before it, and sums of entries
// are sums of events.
//
// Customer, Source and ID are those of the event, also where a fact of another source
// corrects it. Does and Of are empty.
type Entry struct { //nolint:recvcheck // a value, which some methods fill in
	Event

	Gone bool
}

// Compare orders entries by time, source and id of their events, then by when they
// were recorded, what comes before what goes.
func (e Entry) Compare(other Entry) int {
	gone := func(e Entry) int {
		if e.Gone {
			return 1
		}
		return 0
	}
	return cmp.Or(e.Event.Compare(other.Event), e.RecordedAt.Compare(other.RecordedAt), cmp.Compare(gone(e), gone(other)))
}

// Timeline returns the entries of one event: itself and the facts about it, in any
// order. Without the event itself there are none: facts that came before it wait for
// it. Facts hold in the order in which they were recorded, of those recorded at the
// same time by source and id; none holds before the event itself was recorded.
func Timeline(known []Event) []Entry {
	var list []Entry
	at := slices.IndexFunc(known, func(e Event) bool { return e.Does == Happen })
	if at < 0 {
		return nil
	}
	event := known[at]
	facts := slices.DeleteFunc(slices.Clone(known), func(e Event) bool { return e.Does == Happen })
	slices.SortFunc(facts, func(a, b Event) int {
		return cmp.Or(a.RecordedAt.Compare(b.RecordedAt), cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	stands, now := event, true
	for len(facts) > 0 && !facts[0].RecordedAt.After(event.RecordedAt) { // they waited
		stands, now = apply(stands, now, facts[0])
		facts = facts[1:]
	}
	stands.RecordedAt = event.RecordedAt
	if now {
		list = append(list, Entry{Event: stands})
	}
	for _, f := range facts {
		next, is := apply(stands, now, f)
		if is == now && next.sameContent(stands) {
			continue
		}
		if now {
			gone := stands
			gone.RecordedAt = f.RecordedAt
			list = append(list, Entry{Event: gone, Gone: true})
		}
		next.RecordedAt = f.RecordedAt
		if is {
			list = append(list, Entry{Event: next})
		}
		stands, now = next, is
	}
	return list
}

// apply returns how an event stands after a fact, and whether it is there at all.
func apply(e Event, there bool, f Event) (Event, bool) {
	switch f.Does {
	case Void:
		return e, false
	case Close:
		if e.Open && f.Time.After(e.Time) {
			e.Open, e.End = false, f.Time
		}
		return e, there
	case Correct:
		f.Source, f.ID, f.Does, f.Of = e.Source, e.ID, Happen, Ref{}
		return f, true
	case Happen:
	}
	return e, there
}

// Between returns the entries that lead from one timeline of an event to another:
// what is in after and not in before, and the other way round as gone.
func between(before, after []Entry) []Entry {
	var list []Entry
	before = slices.Clone(before)
	for _, e := range after {
		if i := slices.IndexFunc(before, func(b Entry) bool { return b.equal(e) }); i >= 0 {
			before = slices.Delete(before, i, i+1)
			continue
		}
		list = append(list, e)
	}
	for _, e := range before {
		e.Gone = !e.Gone
		list = append(list, e)
	}
	return list
}

func (e Entry) equal(other Entry) bool {
	return e.Gone == other.Gone && e.RecordedAt.Equal(other.RecordedAt) && e.Same(other.Event)
}

// Stand returns the events that entries of any order leave, in the order of
// [Event.Compare]: what came and has not gone, of the entries that were recorded
// before an instant (zero: of all).
func Stand(entries []Entry, knownBefore time.Time) []Event {
	list := slices.Clone(entries)
	if !knownBefore.IsZero() {
		list = slices.DeleteFunc(list, func(e Entry) bool { return !e.RecordedAt.Before(knownBefore) })
	}
	slices.SortFunc(list, Entry.Compare)
	var events []Event
	for i := 0; i < len(list); {
		k := i + 1
		for k < len(list) && list[k].Event.Compare(list[i].Event) == 0 {
			k++
		}
		events = append(events, settle(list[i:k])...)
		i = k
	}
	return events
}

// settle nets the entries of one event at one time. What goes when the same came takes that
// with it, rather than what came before: so what is left is what the timeline has,
// whatever a late fact has added to and taken from it.
func settle(list []Entry) []Event {
	if len(list) == 1 && !list[0].Gone {
		return []Event{list[0].Event}
	}
	var there []Event
	var owed []Event // gone before it came: another clock recorded it
	for _, e := range list {
		from, into := &there, &owed
		if !e.Gone {
			from, into = &owed, &there
		}
		i := slices.IndexFunc(*from, func(other Event) bool { return other.RecordedAt.Equal(e.RecordedAt) && e.Same(other) })
		if i < 0 {
			i = slices.IndexFunc(*from, e.Same)
		}
		if i >= 0 {
			*from = slices.Delete(*from, i, i+1)
		} else {
			*into = append(*into, e.Event)
		}
	}
	return there
}

// EventKey names an event among those of all customers.
type EventKey struct {
	Customer servicecoin.CustomerID
	Ref
}

// KeyOf returns what an event is unique by.
func KeyOf(e Event) EventKey { return EventKey{e.Customer, Ref{e.Source, e.ID}} }

// About returns what a fact is about: the event itself, where it is no such fact.
func (e Event) About() EventKey {
	if e.Does == Happen {
		return KeyOf(e)
	}
	return EventKey{e.Customer, e.Of}
}

// Compare orders keys by customer, source and id, byte by byte.
func (k EventKey) Compare(other EventKey) int {
	return cmp.Or(cmp.Compare(k.Customer, other.Customer), cmp.Compare(k.Source, other.Source), cmp.Compare(k.ID, other.ID))
}

// Told returns what is known of an event in the order in which it was recorded: the
// event itself first, then the facts about it.
func Told(known []Event) []Event {
	list := slices.Clone(known)
	rank := func(e Event) int {
		if e.Does == Happen {
			return 0
		}
		return 1
	}
	slices.SortFunc(list, func(a, b Event) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.RecordedAt.Compare(b.RecordedAt), cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	for i := range list {
		list[i] = list[i].clone()
	}
	return list
}
