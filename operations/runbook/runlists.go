package runbook

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Get returns a run.
func (n *Runs) Get(ctx context.Context, id RunID) (Run, error) {
	return store.Of(n.view, runs).Get(ctx, string(id))
}

// Plan returns what a run goes by.
func (n *Runs) Plan(ctx context.Context, id RunID) (Plan, error) {
	x, err := store.Of(n.view, plans).Get(ctx, string(id))
	if err != nil {
		return Plan{}, err
	}
	return n.valued(ctx, x)
}

// Entries lists the entries of a run in their order. [Entry.Read] has them for
// people.
func (n *Runs) Entries(id RunID) store.Listing[Entry] {
	return store.Of(n.view, entries).Find(store.Under(string(id)))
}

// Recent lists runs, the one that was started last first.
func (n *Runs) Recent() store.Listing[Run] {
	return store.Of(n.view, runs).Find(store.By("started").Descending())
}

// InState lists the runs of a state, the one that was started last first.
func (n *Runs) InState(s RunState) store.Listing[Run] {
	return store.Of(n.view, runs).Find(store.By("state", store.Text(s)).Descending())
}

// OfBook lists the runs of a book in all its versions, the one that was started last
// first.
func (n *Runs) OfBook(id servicecoin.RunbookID) store.Listing[Run] {
	return store.Of(n.view, runs).Find(store.By("book", store.Text(id)).Descending())
}

// OfChange lists the runs that serve a change, the one that was started last first.
func (n *Runs) OfChange(id servicecoin.ChangeID) store.Listing[Run] {
	return store.Of(n.view, runs).Find(store.By("change", store.Text(id)).Descending())
}

// OfCustomer lists the runs in a customer's environment, the one that was started
// last first.
func (n *Runs) OfCustomer(id servicecoin.CustomerID) store.Listing[Run] {
	return store.Of(n.view, runs).Find(store.By("customer", store.Text(id)).Descending())
}

// Due lists the runs of which a wait is over at t, or a time limit has passed: what
// [Runs.Lapse] is to be called for, the longest overdue first.
func (n *Runs) Due(t time.Time) store.Listing[Run] {
	return store.Of(n.view, runs).Find(store.By("due").To(store.Time(t.Add(time.Microsecond))))
}

// Verify verifies the entries of a run against the count and head of its record.
func (n *Runs) Verify(ctx context.Context, id RunID) (Verdict, error) {
	const tries = 5
	for try := 1; ; try++ {
		r, err := n.Get(ctx, id)
		if err != nil {
			return Verdict{}, err
		}
		found, err := n.VerifyAgainst(ctx, id, r.Count, r.Head)
		if err != nil || found.Sound() || try == tries {
			return found, err
		}
		again, err := n.Get(ctx, id)
		if err != nil || again.Count == r.Count {
			return found, err
		}
	}
}

// VerifyAgainst verifies the entries of a run against a count and a head that stand
// elsewhere: in the event of its end, in printed evidence.
func (n *Runs) VerifyAgainst(ctx context.Context, id RunID, count int, head string) (Verdict, error) {
	v := NewVerifier(id, count, head)
	for item, err := range store.Of(n.view, storedEntries()).Find(store.Under(string(id))).Items(ctx) {
		if err != nil {
			return Verdict{}, err
		}
		v.AddBytes(placeOfEntry(item.Key.ID), item.Value)
	}
	return v.Verdict(), nil
}

// Reindex brings the records of this package, of all customers, into the indexes and
// the form of this release, as [store.Reindex] does for a host's kinds: after an
// update that says so, once no program of the older release is at work. It returns
// how many records it rewrote.
func Reindex(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, books, runs, plans, valuesOfPlans, entries, templates, checklists)
}

// Exercised returns when books were exercised last: the end of the run of each that
// was started last among those that succeeded, for [Surroundings]. A book without one
// is not in it.
func (n *Runs) Exercised(ctx context.Context, ids ...servicecoin.RunbookID) (map[servicecoin.RunbookID]time.Time, error) {
	last := map[servicecoin.RunbookID]time.Time{}
	for _, id := range ids {
		for r, err := range n.OfBook(id).All(ctx) {
			if err != nil {
				return nil, err
			}
			if r.State == Succeeded {
				last[id] = r.EndedAt
				break
			}
		}
	}
	return last, nil
}
