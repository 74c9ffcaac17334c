package runbookroom

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// mostCalled is how many books are looked at for what they read.
const mostCalled = 200

// Fill returns what a run begins with, filled in from the configuration records of its
// customer, of a run in nobody's environment from the provider's own: what the
// published book reads, and the books that it calls. What is there stays as it is.
func (n Nouns) Fill(ctx context.Context, x runbook.Beginning) (runbook.Beginning, error) {
	if n.Records == nil {
		return x, nil
	}
	names, err := n.reads(ctx, x.Book)
	if err != nil {
		return x, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return x.Configuration[name] != nil })
	if len(names) == 0 {
		return x, nil
	}
	filled, err := n.Records(ctx, n.Base, x.Customer, names)
	if err != nil {
		return x, err
	}
	all := runbook.Configuration{}
	maps.Copy(all, filled)
	maps.Copy(all, x.Configuration)
	x.Configuration = all
	return x, nil
}

// reads returns the names of the records that a published book reads, with those that it
// calls. A called book that is not published reads nothing: the run does not begin.
func (n Nouns) reads(ctx context.Context, id servicecoin.RunbookID) ([]string, error) {
	var names []string
	seen := map[servicecoin.RunbookID]bool{id: true}
	for next := []servicecoin.RunbookID{id}; len(next) > 0; next = next[1:] {
		b, err := n.Library().Published(ctx, next[0])
		if errors.Is(err, servicecoin.ErrNotFound) && next[0] != id {
			continue
		}
		if err != nil {
			return nil, err
		}
		names = append(names, b.Records()...)
		for _, s := range b.Steps {
			if s.Call != nil && !seen[s.Call.Book] && len(seen) < mostCalled {
				seen[s.Call.Book] = true
				next = append(next, s.Call.Book)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
