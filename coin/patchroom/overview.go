package patchroom

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// Standing is how targets stand to one advisory.
type Standing struct {
	Advisory patch.Advisory
	Deadline patch.Deadline
	// Now is how they stand at the instant that was asked about, AtDeadline how they stood
	// when the time to mend it was over; nil: it is not over, or there is none.
	Now        patch.Compliance
	AtDeadline *patch.Compliance
}

// Overdue counts the targets that are known not to be compliant although the time to mend
// it is over.
func (s Standing) Overdue() int {
	if s.Deadline.At.IsZero() || s.Now.At.Before(s.Deadline.At) {
		return 0
	}
	return s.Now.Tally.NonCompliant
}

// Kept says whether the promised time to mend it was kept: for how many of how many, and
// false while it is not over. What was not known at the deadline is not kept.
func (s Standing) Kept() (kept, of int, over bool) {
	if s.AtDeadline == nil {
		return 0, 0, false
	}
	t := s.AtDeadline.Tally
	return t.Compliant + t.Exempt, t.Applicable, true
}

// MaxAdvisories is how many advisories an overview looks at, the worst first.
const MaxAdvisories = 20_000

// Overview says how the targets of a customer, "": of all, stand to the advisories that
// stand, the worst first, at an instant. Those that concern nothing are left out.
func (n Nouns) Overview(ctx context.Context, at time.Time, customer servicecoin.CustomerID) ([]Standing, error) {
	by, err := n.look(ctx, customer)
	if err != nil {
		return nil, err
	}
	var runs patch.Index
	for _, l := range by {
		for _, f := range l.found {
			runs.Add(f.Components...)
			for _, s := range l.seen[f.ID] {
				runs.Add(s.Component)
			}
		}
	}
	var list []patch.Advisory
	looked := 0
	for a, err := range n.Advisories().Standing().All(ctx) {
		if err != nil {
			return nil, err
		}
		if runs.MayConcern(&a) {
			list = append(list, a)
		}
		if looked++; looked == MaxAdvisories {
			break
		}
	}
	return n.standings(ctx, at, by, list)
}

// Standing says how the targets of a customer, "": of all, stand to one advisory.
func (n Nouns) Standing(ctx context.Context, at time.Time, customer servicecoin.CustomerID, id patch.AdvisoryID) (Standing, error) {
	list, err := n.known(ctx, []patch.AdvisoryID{id})
	if err != nil {
		return Standing{}, err
	}
	by, err := n.look(ctx, customer)
	if err != nil {
		return Standing{}, err
	}
	all, err := n.standings(ctx, at, by, list)
	if err != nil {
		return Standing{}, err
	}
	if len(all) == 0 {
		d, err := n.deadlines(list)
		if err != nil {
			return Standing{}, err
		}
		return Standing{Advisory: list[0], Deadline: d[0], Now: patch.Compliance{At: at}}, nil
	}
	return all[0], nil
}

// looked is what is known of the targets of one customer, read once.
type looked struct {
	found []Found
	seen  map[servicecoin.ConfigurationID][]patch.Sighting
}

// look reads what is known of the targets of a customer, "": of all.
func (n Nouns) look(ctx context.Context, customer servicecoin.CustomerID) (map[servicecoin.CustomerID]*looked, error) {
	by := map[servicecoin.CustomerID]*looked{}
	err := n.items(ctx, customer, func(whose servicecoin.CustomerID, i configuration.Item) error {
		f, err := n.target(ctx, whose, i)
		if err != nil {
			return err
		}
		l := by[whose]
		if l == nil {
			l = &looked{seen: map[servicecoin.ConfigurationID][]patch.Sighting{}}
			by[whose] = l
		}
		l.found = append(l.found, f)
		if f.Seen {
			l.seen[f.ID], err = n.seen(ctx, whose, i)
		}
		return err
	})
	return by, err
}

func (n Nouns) standings(ctx context.Context, at time.Time, by map[servicecoin.CustomerID]*looked, list []patch.Advisory) ([]Standing, error) {
	deadlines, err := n.deadlines(list)
	if err != nil {
		return nil, err
	}
	var all []Standing
	for k := range list {
		s := Standing{Advisory: list[k], Deadline: deadlines[k]}
		if s.Now, err = n.all(ctx, &list[k], at, by); err != nil {
			return nil, err
		}
		if over := s.Deadline.At; !over.IsZero() && !at.Before(over) {
			c, err := n.all(ctx, &list[k], over, by)
			if err != nil {
				return nil, err
			}
			s.AtDeadline = &c
		}
		if s.Now.Tally.Applicable > 0 || s.AtDeadline != nil && s.AtDeadline.Tally.Applicable > 0 {
			all = append(all, s)
		}
	}
	return all, nil
}

// all asks how all customers' targets stand.
func (n Nouns) all(ctx context.Context, a *patch.Advisory, at time.Time, by map[servicecoin.CustomerID]*looked) (patch.Compliance, error) {
	parts := make([]patch.Compliance, 0, len(by))
	for customer, l := range by {
		exempt, err := n.exempt(ctx, customer, a)
		if err != nil {
			return patch.Compliance{}, err
		}
		c, err := comply(a, at, exempt, l)
		if err != nil {
			return patch.Compliance{}, err
		}
		parts = append(parts, c)
	}
	return patch.Together(at, parts...), nil
}

// exempt returns what a customer's targets may go without, of an advisory and of those that
// turned out to be the same flaw.
func (n Nouns) exempt(ctx context.Context, customer servicecoin.CustomerID, a *patch.Advisory) ([]patch.Exemption, error) {
	var list []patch.Exemption
	for _, id := range append([]patch.AdvisoryID{a.ID}, a.Was...) {
		for e, err := range n.Exemptions(customer).Of(id).All(ctx) {
			if err != nil {
				return nil, err
			}
			e.Advisory = a.ID
			list = append(list, e)
		}
	}
	return list, nil
}

// comply asks how the targets of one customer stand.
func comply(a *patch.Advisory, at time.Time, exempt []patch.Exemption, l *looked) (patch.Compliance, error) {
	looks := map[time.Duration]*patch.Look{} //nolint:exhaustive // no list of lengths
	for _, f := range l.found {
		if f.Item.RecordedAt.After(at) {
			continue // it was not there
		}
		if r := f.Item.RetiredAt; !r.IsZero() && !r.After(at) {
			continue // it is not there any more
		}
		look := looks[f.fresh]
		if look == nil {
			look = &patch.Look{At: at, Advisory: a, Fresh: f.fresh, Exemptions: exempt, Changed: map[servicecoin.ConfigurationID]time.Time{}}
			looks[f.fresh] = look
		}
		look.Targets = append(look.Targets, f.Target)
		if o := f.Item.Outdated; o != nil {
			look.Changed[f.ID] = o.At
		}
		look.Sightings = append(look.Sightings, l.seen[f.ID]...)
	}
	parts := make([]patch.Compliance, 0, len(looks))
	for _, look := range looks {
		c, err := patch.Comply(*look)
		if err != nil {
			return patch.Compliance{}, err
		}
		parts = append(parts, c)
	}
	return patch.Together(at, parts...), nil
}
