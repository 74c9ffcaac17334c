package runbook

import (
	"context"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// ErasedPerson stands where a person did who was erased.
const ErasedPerson servicecoin.PersonID = "erased"

// EraseText erases what people wrote in one entry, and what was measured: everything
// but who did it. The entry verifies as erased.
func (n *Runs) EraseText(ctx context.Context, by servicecoin.Actor, id RunID, number int) error {
	if err := n.authorize(ctx, by, VerbErase, id); err != nil {
		return err
	}
	return n.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, runs)
		item, err := c.Item(ctx, string(id))
		if err != nil {
			return err
		}
		entry, err := store.Of(tx, entries).Get(ctx, entryID(id, number))
		if err != nil {
			return err
		}
		step := StepID("")
		if l, err := entry.Read(); err == nil {
			step = l.Fact.Step
		}
		changed, err := erase(ctx, tx, entry, func(label, _ string) bool { return label != actorLabel && label != personLabel })
		if err != nil || !changed {
			return err
		}
		r := item.Value
		r.forget(func(s Status) bool { return s.ID == step && (s.Ended == number || s.Began == number) })
		return n.erased(ctx, tx, by, r, item.Version)
	})
}

// erased stores a run of which something was erased, and tells of it.
func (n *Runs) erased(ctx context.Context, tx store.View, by servicecoin.Actor, r Run, version store.Version) error {
	e, err := store.Happened(by, EventErased, RunChanged{
		Run: r.ID, Book: r.Book, Version: r.Version, State: r.State, Drill: r.Drill, Change: r.Change, Services: r.Services, Count: r.Count, Head: r.Head,
	})
	if err != nil {
		return err
	}
	return store.Of(tx, runs).Put(ctx, r, version, e)
}

// erase takes salts and texts out of a stored entry. One that was changed stays what
// it is: verifying names it.
func erase(ctx context.Context, tx store.View, e Entry, which func(label, text string) bool) (changed bool, err error) {
	e, changed = e.Erase(which)
	if !changed {
		return false, nil
	}
	c := store.Of(tx, entries)
	item, err := c.Item(ctx, entryID(e.Run, e.Number))
	if err != nil {
		return false, err
	}
	return true, c.Put(ctx, e, item.Version)
}

// forget takes out of the run what was measured and answered by programs at some
// steps.
func (r *Run) forget(which func(s Status) bool) {
	r.Steps, r.Undo = slices.Clone(r.Steps), slices.Clone(r.Undo)
	for _, list := range [][]Status{r.Steps, r.Undo} {
		for n, s := range list {
			if which(s) {
				list[n].Measured, list[n].Outputs = "", nil
			}
		}
	}
}

// ErasePerson takes a person out of all runs: who they are, wherever they acted or
// are named, and what they wrote and measured. Entries verify as erased. Called again
// after an error it goes on where it was.
func (n *Runs) ErasePerson(ctx context.Context, by servicecoin.Actor, person servicecoin.PersonID) error {
	var v servicecoin.Violations
	v.ID("person", string(person))
	if err := v.Err(); err != nil {
		return err
	}
	has := func(r Run) bool {
		return slices.Contains(r.People, person) || r.Lead == person || len(r.People) == mostPeople
	}
	for r, err := range n.Recent().Where(has).All(ctx) {
		if err != nil {
			return err
		}
		if err := n.authorize(ctx, by, VerbErase, r.ID); err != nil {
			return err
		}
		if err := n.eraseEntries(ctx, r.ID, wroteBy(person)); err != nil {
			return err
		}
		err := n.eraseRun(ctx, by, r.ID, func(r *Run) {
			r.forget(func(s Status) bool { return s.By == person })
			r.rename(person)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wroteBy returns what is a person's in an entry: all of it if they acted, their name
// otherwise.
func wroteBy(person servicecoin.PersonID) func(l Line) func(label, text string) bool {
	return func(l Line) func(label, text string) bool {
		acted := l.Actor != nil && (l.Actor.ID == person || l.Actor.OnBehalfOf == person)
		return func(label, text string) bool { return acted || label == personLabel && text == string(person) }
	}
}

// rename puts [ErasedPerson] where a person is.
func (r *Run) rename(person servicecoin.PersonID) {
	if r.Lead == person {
		r.Lead = ErasedPerson
	}
	r.People = slices.DeleteFunc(slices.Clone(r.People), func(p servicecoin.PersonID) bool { return p == person })
	for _, list := range [][]Status{r.Steps, r.Undo} {
		for n := range list {
			if list[n].By == person {
				list[n].By = ErasedPerson
			}
		}
	}
}

// Forget takes a customer out of the runs in its environment: the values of the
// parameters, and all that people wrote and measured there, whoever they are. What
// was done, when, in which order and with what outcome stays, and the entries verify
// as erased. Called again after an error it goes on where it was.
func (n *Runs) Forget(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) error {
	if err := n.authorize(ctx, by, VerbErase, RunID(store.Forgotten(customer))); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	const atOnce = 20
	for {
		page, err := n.OfCustomer(customer).Page(ctx, "", atOnce)
		if err != nil || len(page.Items) == 0 {
			return err
		}
		for _, item := range page.Items {
			id := item.Value.ID
			if err := n.eraseEntries(ctx, id, func(Line) func(label, text string) bool {
				return func(label, _ string) bool { return label != actorLabel && label != personLabel }
			}); err != nil {
				return err
			}
			if err := n.forgetValues(ctx, id); err != nil {
				return err
			}
			if err := n.eraseRun(ctx, by, id, func(r *Run) {
				r.forget(func(Status) bool { return true })
				r.Customer = ""
			}); err != nil {
				return err
			}
		}
	}
}

// eraseEntries erases what which says in every entry of a run, some of them in each
// commit.
func (n *Runs) eraseEntries(ctx context.Context, id RunID, which func(l Line) func(label, text string) bool) error {
	const atOnce = 40
	after := ""
	for {
		page, err := n.Entries(id).Page(ctx, after, atOnce)
		if err != nil {
			return err
		}
		err = n.view.Do(ctx, func(tx store.View) error {
			for _, item := range page.Items {
				l, err := item.Value.Read()
				if err != nil {
					continue // it was changed: verifying names it
				}
				if _, err := erase(ctx, tx, item.Value, which(l)); err != nil {
					return fmt.Errorf("entry %d of run %s: %w", item.Value.Number, id, err)
				}
			}
			return nil
		})
		if after = page.Next; err != nil || after == "" {
			return err
		}
	}
}

func (n *Runs) eraseRun(ctx context.Context, by servicecoin.Actor, id RunID, change func(r *Run)) error {
	return n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, runs).Item(ctx, string(id))
		if err != nil {
			return err
		}
		r := item.Value
		r.Steps, r.Undo = slices.Clone(r.Steps), slices.Clone(r.Undo)
		change(&r)
		return n.erased(ctx, tx, by, r, item.Version)
	})
}
