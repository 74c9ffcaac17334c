// Package patchroom is the room of package operations/patch in the exchange: targets are
// found among the configuration items of all customers, the jobs of a cycle become
// changes, each target is a run of a run book, what is observed says how the targets
// stand, and customers see how theirs do.
package patchroom

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// Name is the name of the room.
const Name = "patch"

// The rooms whose events are answered.
const (
	changes        = "change"
	configurations = "configuration"
	incidents      = "incident"
	runbooks       = "runbook"
)

// Options are what a host may set for the room.
type Options struct {
	// Policy says by when a flaw is mended; the zero value: no deadline but those that
	// sources give, where OnList says so. Hours are those in which its working time is
	// counted; nil: around the clock.
	Policy patch.Policy
	Hours  *hours.Hours
	// Fresh is how long a look at an item counts; undefined: as long as its type says.
	Fresh calendar.Duration
	// Components says what runs on an item, by what is desired or was observed of it; nil:
	// [Components], which reads the attribute "components".
	Components func(i configuration.Item, state configuration.Value) []patch.Component
	// Labels are by what rings pick the target that an item is; nil: its environment, type
	// and owner.
	Labels func(i configuration.Item) map[string]string
	// Free is the time in which a customer's targets of a service may be patched; nil: when
	// changes of a standard kind may happen, as the calendar of changes says.
	Free func(ctx context.Context, b exchange.Base, customer servicecoin.CustomerID, service servicecoin.ServiceID, during calendar.Interval) (calendar.Set, error)
	// Keep says which targets must stay up while others are patched; nil: what the catalogue
	// says of services of which n must work for another one.
	Keep func(ctx context.Context, b exchange.Base, targets []patch.Target) ([]patch.Redundant, error)
	// Incidents returns the incidents that are open on services.
	Incidents func(ctx context.Context, b exchange.Base, services []servicecoin.ServiceID) ([]servicecoin.IncidentID, error)
	// Fill fills the parameters of a run from the configuration of its customer; nil: it has
	// "target" alone.
	Fill func(ctx context.Context, b exchange.Base, x runbook.Beginning) (runbook.Beginning, error)

	// The nouns of other rooms, over a base.
	Register func(b exchange.Base, customer servicecoin.CustomerID) *configuration.Register
	Control  func(b exchange.Base) *change.Control
	Runs     func(b exchange.Base) *runbook.Runs
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options} }

// Advisories is what is known of flaws.
func (n Nouns) Advisories() *patch.Advisories { return patch.NewAdvisories(n.Provider()) }

// Cycles is where targets are patched, ring by ring.
func (n Nouns) Cycles() *patch.Cycles {
	return patch.NewCycles(n.Provider(), &patch.CycleOptions{World: world{n}})
}

// Sightings is what was seen to run on the targets of a customer.
func (n Nouns) Sightings(customer servicecoin.CustomerID) *patch.Sightings {
	return patch.NewSightings(n.Of(customer))
}

// Exemptions is what the targets of a customer may go without.
func (n Nouns) Exemptions(customer servicecoin.CustomerID) *patch.Exemptions {
	return patch.NewExemptions(n.Of(customer))
}

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	return exchange.Room{
		Name: Name, Side: exchange.Operations,
		Reindex: patch.Reindex,
		Forget: func(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
			return n.Cycles().Forget(ctx, by, id)
		},
		Links: []exchange.Link{n.sees(), n.asks(), n.withdraws(), n.begins(), n.hears(), n.settles(), n.halts()},
		Spin:  &exchange.Gatherer{Figures: n.gather, Judge: judge},
	}
}

// world tells cycles what their gates ask.
type world struct{ n Nouns }

// Incidents implements patch.World.
func (w world) Incidents(ctx context.Context, services []servicecoin.ServiceID) ([]servicecoin.IncidentID, error) {
	if w.n.Incidents == nil {
		return nil, nil
	}
	return w.n.Incidents(ctx, w.n.Base, services)
}

// Stand implements patch.World.
func (w world) Stand(ctx context.Context, c patch.Cycle, j patch.Job) (map[servicecoin.ConfigurationID]patch.Condition, error) {
	stand := map[servicecoin.ConfigurationID]patch.Condition{}
	if j.Customer == "" {
		return stand, nil
	}
	var list []patch.Advisory
	for _, id := range c.Advisories {
		a, err := w.n.Advisories().Get(ctx, id)
		if errors.Is(err, servicecoin.ErrNotFound) {
			return stand, nil // of what nobody knows, nobody has seen that it is mended
		}
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	for _, t := range j.Tasks {
		if t.Result != patch.Done {
			continue
		}
		item, err := w.n.Register(w.n.Base, j.Customer).Item(ctx, t.Target)
		if errors.Is(err, servicecoin.ErrNotFound) || err == nil && !item.RetiredAt.IsZero() {
			stand[t.Target] = patch.Compliant // nothing runs there any more, and nobody looks
			continue
		}
		if err != nil {
			return nil, err
		}
		condition, err := w.n.conditionOf(ctx, j.Customer, item, list, t.EndedAt)
		if err != nil {
			return nil, err
		}
		if condition != "" {
			stand[t.Target] = condition
		}
	}
	return stand, nil
}

// conditionOf says how one item stands to several advisories now: as it does to the worst;
// "" if it was not seen since an instant.
func (n Nouns) conditionOf(ctx context.Context, customer servicecoin.CustomerID, item configuration.Item, list []patch.Advisory, since time.Time) (patch.Condition, error) {
	f, err := n.target(ctx, customer, item)
	if err != nil {
		return "", err
	}
	l := looked{found: []Found{f}, seen: map[servicecoin.ConfigurationID][]patch.Sighting{}}
	if f.Seen {
		if l.seen[f.ID], err = n.seen(ctx, customer, item); err != nil {
			return "", err
		}
	}
	worst := patch.Compliant
	for k := range list {
		exempt, err := n.exempt(ctx, customer, &list[k])
		if err != nil {
			return "", err
		}
		c, err := comply(&list[k], n.Store.Now(), exempt, &l)
		if err != nil {
			return "", err
		}
		for _, r := range c.Rows {
			if r.Seen.Before(since) {
				return "", nil
			}
			if worse(r.Condition, worst) {
				worst = r.Condition
			}
		}
	}
	return worst, nil
}

func worse(a, b patch.Condition) bool { return rank(a) > rank(b) }

func rank(c patch.Condition) int {
	switch c {
	case patch.NonCompliant:
		return 3 //nolint:mnd // the worst
	case patch.NotKnown:
		return 2 //nolint:mnd // the next
	case patch.Exempt:
		return 1
	case patch.Compliant:
	}
	return 0
}

// Holds says why a change that is the job of a cycle must not begin now, "" if it may.
func (n Nouns) Holds(ctx context.Context, id servicecoin.ChangeID) (string, error) {
	j, err := n.Cycles().OfChange(ctx, id)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return n.Cycles().Keeps(ctx, j)
}

// seen is what was seen of an item, as far as all of it was looked at.
func (n Nouns) seen(ctx context.Context, customer servicecoin.CustomerID, i configuration.Item) ([]patch.Sighting, error) {
	return n.Sightings(customer).Of(ctx, i.ID, i.WholeAt, i.OtherAt)
}

// fresh is how long a look at an item counts.
func (n Nouns) fresh(customer servicecoin.CustomerID, i configuration.Item) time.Duration {
	if d, ok := n.Fresh.Get(); ok {
		return d
	}
	d, _ := n.Register(n.Base, customer).Fresh(i.Type)
	return d
}
