package sqlite

import (
	"context"

	"github.com/servicecoin/servicecoin/store"
)

// Off is the level that no host can choose.
const Off = off

// Listing is the text of a statement, and the slot whose index it must use.
type Listing struct {
	Name, Text, Index string
}

// Texts returns the statement of every form of listing.
func Texts() []Listing {
	var list []Listing
	for slot := range 9 {
		for name, descending := range map[string]bool{"ascending": false, "descending": true} {
			index := formOf(slot, descending).index
			list = append(list,
				Listing{"one customer, " + name, customerText(slot, descending), index},
				Listing{"everyone, " + name, everyoneText(slot, descending), index},
				Listing{"everyone's range, " + name, nextCustomerText(slot, descending), index})
		}
	}
	primary := formOf(0, false).index
	return append(list,
		Listing{"get", getDocument, primary}, Listing{"version", readVersion, primary},
		Listing{"update", updateDocument, primary}, Listing{"update", updateBody, primary}, Listing{"delete", deleteDocument, primary},
		Listing{"kinds", nextKind, primary}, Listing{"last version", lastVersion, primary}, Listing{"erase documents", eraseDocuments, primary},
		Listing{"events", allEvents, "INTEGER PRIMARY KEY"}, Listing{"events of one", eventsOf, "servicecoin_events_customer"},
		Listing{"erase events", eraseEvents, "servicecoin_events_customer"}, Listing{"blank the last event", blankLastEvent, "INTEGER PRIMARY KEY"})
}

// Script runs a statement on the connection for writes.
func (b *Backend) Script(ctx context.Context, text string) error {
	b.queue.take()
	defer b.queue.give()
	return b.from.(*file).writer.script(ctx, text)
}

// Queued returns how many commits wait for the writer.
func (b *Backend) Queued() int {
	b.queue.mu.Lock()
	defer b.queue.mu.Unlock()
	return len(b.queue.waiting)
}

// Together stores a group of which some come while the first are written. It
// returns how often it asked for them.
func (b *Backend) Together(ctx context.Context, first, later []store.Commit) (errs []error, asked int, err error) {
	b.queue.take()
	defer b.queue.give()
	w, err := b.begin(ctx)
	if err != nil {
		return nil, 0, err
	}
	pendings := func(list []store.Commit) []*pending {
		var out []*pending
		for _, c := range list {
			out = append(out, &pending{commit: c})
		}
		return out
	}
	group, rest := pendings(first), pendings(later)
	err = together(ctx, w, group, func() []*pending {
		if asked++; asked > 1 {
			return nil
		}
		return rest
	})
	for _, p := range append(group, rest...) {
		errs = append(errs, p.err)
	}
	return errs, asked, err
}
