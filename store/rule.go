package store

import (
	"context"
	"slices"
)

// Rule turns events into effects.
type Rule struct {
	Name string   // stable: it is stored
	On   []string // the names of the events that it answers

	// Was are the names that the rule had in earlier releases, the oldest first:
	// what is stored under them is the rule's. Ids in its effects are derived
	// from the oldest.
	Was []string

	// Do makes the effect. What it writes through tx is committed together
	// with the consumer's bookmark in the feed: exactly once. Effects of several
	// events may share a commit, each sees what the ones before it wrote. Do may
	// run again, after a conflict or when another effect of the commit failed,
	// and then gets the same ids from tx. A call to the outside is made at least
	// once; the event's id is its idempotency key.
	//
	// An effect that is too large for one commit returns where to go on, and
	// is called again with that in a commit of its own; "" begins and ends.
	Do func(ctx context.Context, tx *Store, e Event, from string) (next string, err error)
}

// On returns the rule of that name which answers the events named in on, whose
// data is a T: do gets it decoded. All of those events carry a T; the data of an
// event that is none, or has no data at all, is a failure of the effect like any
// other, and is parked after the consumer's tries. What [Rule] says of Do holds for
// do. The fields that are left, Was, are set on what On returns:
//
//	file := store.On("ticket.file", []string{"ticket.answered"}, fileTicket)
//	file.Was = []string{"ticket.store"}
//
// A rule that needs no data, or answers events of several types, is a Rule with a
// Do of its own, and [Payload] decodes.
func On[T any](name string, on []string, do func(ctx context.Context, tx *Store, e Event, data T, from string) (next string, err error)) Rule {
	r := Rule{Name: name, On: on}
	if do == nil {
		return r
	}
	r.Do = func(ctx context.Context, tx *Store, e Event, from string) (string, error) {
		data, err := Payload[T](e)
		if err != nil {
			return "", err
		}
		return do(ctx, tx, e, data, from)
	}
	return r
}

// first is the oldest name: the one that is stored.
func (r Rule) first() string {
	if len(r.Was) > 0 {
		return r.Was[0]
	}
	return r.Name
}

// called reports whether the rule has or had that name.
func (r Rule) called(name string) bool { return r.Name == name || slices.Contains(r.Was, name) }

// The limits of a consumer's rules.
const (
	MaxRules  = 100 // of one consumer
	MaxEvents = 500 // names of events that they answer, and earlier names of rules, together
)
