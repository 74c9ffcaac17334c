// Package runbookroom is the room of package operations/runbook in the exchange: the
// actions of automated steps, carried to the host, and what a customer may know of how
// its services are prepared for.
package runbookroom

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// Name is the name of the room.
const Name = "runbook"

// Options are what a host may set for the room.
type Options struct {
	// Library says what run books are for, and who publishes them.
	Library runbook.LibraryOptions
	// Runner does the actions of automated steps; nil: nobody does, and each waits until
	// its time is over, or a person says what came of it.
	Runner runbook.Runner
	// Checklists says whose working days their schedules count, and who publishes them.
	Checklists runbook.ChecklistOptions
	// Within is how long after its last exercise a run book is fresh; undefined: for
	// ever.
	Within calendar.Duration
	// Changed tells when services changed last, by what the host knows; nil: nobody knows.
	Changed func(ctx context.Context, b exchange.Base, services []servicecoin.ServiceID) (map[servicecoin.ServiceID]time.Time, error)
	// Recorded tells when configuration records that books read were recorded anew last,
	// of those that were so at an instant or later, by the names that books have them
	// under; nil: nobody knows.
	Recorded func(ctx context.Context, b exchange.Base, names []string, since time.Time) (map[string]time.Time, error)
	// Records reads configuration records of a customer by those names; nil: whoever
	// begins a run hands them in.
	Records func(ctx context.Context, b exchange.Base, customer servicecoin.CustomerID, names []string) (runbook.Configuration, error)
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
	Plans *runbook.Plans // what Runs keeps plans in; nil: each its own
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options, n.Plans} }

// Library is where run books are written and published.
func (n Nouns) Library() *runbook.Library {
	return runbook.NewLibrary(n.Provider(), &n.Options.Library)
}

// Runs is where they are worked on.
func (n Nouns) Runs() *runbook.Runs {
	return runbook.NewRuns(n.Provider(), &runbook.RunOptions{Plans: n.Plans})
}

// Checklists are templates of checklists, and what was ticked.
func (n Nouns) Checklists() *runbook.Checklists {
	return runbook.NewChecklists(n.Provider(), &n.Options.Checklists)
}

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	r := exchange.Room{
		Name: Name, Side: exchange.Operations,
		Reindex: runbook.Reindex,
		Forget: func(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
			return n.Runs().Forget(ctx, by, id)
		},
		Spin: &exchange.Gatherer{Figures: n.gather},
	}
	if n.Runner != nil {
		r.Links = append(r.Links, n.carry(), n.cancel())
	}
	return r
}

// carry is the link that asks the host to do the action of an automated step: at least
// once for each attempt, under one key.
func (n Nouns) carry() exchange.Link {
	l := exchange.When(n.Base, "run.carry", Name, Name, []string{runbook.EventActionRequested},
		func(ctx context.Context, w exchange.Work, asked runbook.ActionAsked) error {
			runs := n.On(w.Base).Runs()
			for _, t := range asked.Tasks {
				if err := runs.Carry(ctx, exchange.By(), n.Runner, asked.Run, runbook.At{Step: t.Step, Attempt: t.Attempt}); err != nil {
					return err
				}
			}
			return nil
		})
	l.EndedBy = "run.cancel"
	return l
}

// cancel is the link that tells the host which attempts are not waited for any more.
func (n Nouns) cancel() exchange.Link {
	return exchange.When(n.Base, "run.cancel", Name, Name, []string{runbook.EventActionCancelled},
		func(ctx context.Context, w exchange.Work, asked runbook.ActionAsked) error {
			return n.On(w.Base).Runs().CarryCancel(ctx, n.Runner, asked.Run, asked.Tasks)
		})
}

// Lapse marks what is late, and ends waits that are over, in at most so many runs: a
// nightly, or rather minutely, job. It returns how many it looked at.
func (n Nouns) Lapse(ctx context.Context, by servicecoin.Actor, limit int) (int, error) {
	page, err := n.Runs().Due(n.Store.Now()).Page(ctx, "", limit)
	if err != nil {
		return 0, err
	}
	for k, item := range page.Items {
		_, err := n.Runs().Lapse(ctx, by, item.Value.ID)
		if err := exchange.UnlessRefused(err); err != nil {
			return k, err
		}
	}
	return len(page.Items), nil
}
