package patchroom

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/version"
)

// firstYear is the first one that hours are worked out for.
const firstYear = 1900

// mostComponents is how many components of an item are looked at.
const mostComponents = 1000

// Components reads what runs on an item from its attribute "components": a list of package
// URLs with their versions, or of objects with purl, or vendor and name, version and
// scheme. What is none is left out: the type of the item says what its attributes are.
func Components(_ configuration.Item, state configuration.Value) []patch.Component {
	var list []patch.Component
	for n := range mostComponents {
		v := state.At(fmt.Sprintf("/components/%d", n))
		switch v.Kind() { //nolint:exhaustive // what else there is, is no component
		case configuration.Absent:
			return list
		case configuration.Text:
			text, _ := v.Scalar()
			if p, err := patch.ParsePURL(text); err == nil {
				list = append(list, patch.Component{PURL: p.Package(), Version: p.Version})
			}
		case configuration.Object:
			member := func(name string) string {
				m := v.Member(name)
				if m.Kind() != configuration.Text {
					return ""
				}
				text, _ := m.Scalar()
				return text
			}
			c := patch.Component{PURL: member("purl"), Vendor: member("vendor"), Name: member("name"), Version: member("version"), Scheme: version.Scheme(member("scheme"))}
			if p, err := patch.ParsePURL(c.PURL); c.PURL != "" && err == nil {
				c.PURL = p.Package()
				if c.Version == "" {
					c.Version = p.Version
				}
			}
			if c.Validate() == nil {
				list = append(list, c)
			}
		default:
		}
	}
	return list
}

// Found is a target, and what there is to know of it.
type Found struct {
	patch.Target

	Item configuration.Item
	// Seen says that its components are those that were observed; else they are those that
	// are desired.
	Seen bool
	// Flaws are the advisories that concern it, by id.
	Flaws map[patch.AdvisoryID]Flaw

	fresh time.Duration // how long a look at it counts
}

// Flaw is what an advisory means for a target.
type Flaw struct {
	Verdict  patch.Verdict
	Why      string
	Deadline patch.Deadline
}

// target makes a target of an item.
func (n Nouns) target(ctx context.Context, customer servicecoin.CustomerID, i configuration.Item) (Found, error) {
	f := Found{Item: i, fresh: n.fresh(customer, i), Target: patch.Target{ID: i.ID, Customer: customer, Service: i.Service, Labels: n.labels(i)}}
	if customer != servicecoin.Provider {
		seen, at, err := n.Sightings(customer).Installed(ctx, i.ID)
		if err != nil {
			return f, err
		}
		f.Seen = !at.IsZero()
		for _, s := range seen {
			if !s.Absent {
				f.Components = append(f.Components, s.Component)
			}
		}
	}
	if f.Seen {
		return f, nil
	}
	v, err := n.Register(n.Base, customer).Version(ctx, i.ID, i.Version)
	if err != nil {
		return f, err
	}
	f.Components = n.components(i, v.Desired)
	return f, nil
}

func (n Nouns) components(i configuration.Item, state configuration.Value) []patch.Component {
	read := n.Components
	if read == nil {
		read = Components
	}
	return read(i, state)
}

func (n Nouns) labels(i configuration.Item) map[string]string {
	if n.Labels != nil {
		return n.Labels(i)
	}
	labels := map[string]string{"type": string(i.Type), "owner": string(i.Owner)}
	if i.Environment != "" {
		labels["environment"] = i.Environment
	}
	return labels
}

// items yields the items of a customer, "": of all, those that are retired among them.
func (n Nouns) items(ctx context.Context, customer servicecoin.CustomerID, each func(customer servicecoin.CustomerID, i configuration.Item) error) error {
	if customer != "" {
		for i, err := range n.Register(n.Base, customer).Items().All(ctx) {
			if err != nil {
				return err
			}
			if err := each(customer, i); err != nil {
				return err
			}
		}
		return nil
	}
	for item, err := range configuration.Across(n.Store).Items(ctx) {
		if err != nil {
			return err
		}
		if item.Key.Customer == servicecoin.Provider {
			continue // whose it is has no windows, and nobody is told of it
		}
		if err := each(item.Key.Customer, item.Value); err != nil {
			return err
		}
	}
	return nil
}

// Targets finds the targets that advisories concern, of all customers: those that are
// vulnerable, or of which that cannot be told, but for those that may go without for now.
// Each has the earliest deadline of its flaws.
// A selector picks among them.
func (n Nouns) Targets(ctx context.Context, pick patch.Selector, ids ...patch.AdvisoryID) ([]Found, error) {
	list, err := n.known(ctx, ids)
	if err != nil {
		return nil, err
	}
	deadlines, err := n.deadlines(list)
	if err != nil {
		return nil, err
	}
	var found []Found
	free := exempted{n: n, list: list, by: map[servicecoin.CustomerID]map[servicecoin.ConfigurationID][]patch.AdvisoryID{}}
	err = n.items(ctx, "", func(customer servicecoin.CustomerID, i configuration.Item) error {
		if !i.RetiredAt.IsZero() {
			return nil
		}
		f, err := n.target(ctx, customer, i)
		if err != nil || !pick.Picks(f.Target) {
			return err
		}
		exempt, err := free.of(ctx, customer)
		if err != nil {
			return err
		}
		f.judge(list, deadlines, exempt[f.ID])
		if len(f.Flaws) > 0 || len(ids) == 0 {
			found = append(found, f)
		}
		return nil
	})
	return found, err
}

// exempted is which targets may go without the patches of which advisories now, read once
// for each customer.
type exempted struct {
	n    Nouns
	list []patch.Advisory
	by   map[servicecoin.CustomerID]map[servicecoin.ConfigurationID][]patch.AdvisoryID
}

func (x exempted) of(ctx context.Context, customer servicecoin.CustomerID) (map[servicecoin.ConfigurationID][]patch.AdvisoryID, error) {
	if known, ok := x.by[customer]; ok {
		return known, nil
	}
	now, all := x.n.Store.Now(), map[servicecoin.ConfigurationID][]patch.AdvisoryID{}
	for k := range x.list {
		list, err := x.n.exempt(ctx, customer, &x.list[k])
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if !now.Before(e.From) && now.Before(e.Until) {
				all[e.Target] = append(all[e.Target], e.Advisory)
			}
		}
	}
	x.by[customer] = all
	return all, nil
}

// judge says what the advisories mean for a target.
func (f *Found) judge(list []patch.Advisory, deadlines []patch.Deadline, exempt []patch.AdvisoryID) {
	for k := range list {
		if slices.Contains(exempt, list[k].ID) {
			continue
		}
		for _, c := range f.Components {
			v, why := list[k].Match(c)
			if v != patch.Vulnerable && v != patch.Undecided {
				continue
			}
			if was, ok := f.Flaws[list[k].ID]; ok && was.Verdict == patch.Vulnerable {
				continue
			}
			if f.Flaws == nil {
				f.Flaws = map[patch.AdvisoryID]Flaw{}
			}
			f.Flaws[list[k].ID] = Flaw{Verdict: v, Why: why, Deadline: deadlines[k]}
			if at := deadlines[k].At; !at.IsZero() && (f.Deadline.IsZero() || at.Before(f.Deadline)) {
				f.Deadline = at
			}
		}
	}
}

func (n Nouns) known(ctx context.Context, ids []patch.AdvisoryID) ([]patch.Advisory, error) {
	list := make([]patch.Advisory, 0, len(ids))
	for _, id := range ids {
		a, err := n.Advisories().Get(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// Deadline returns by when an advisory is to be mended, by the policy.
func (n Nouns) Deadline(ctx context.Context, id patch.AdvisoryID) (patch.Deadline, error) {
	list, err := n.known(ctx, []patch.AdvisoryID{id})
	if err != nil {
		return patch.Deadline{}, err
	}
	all, err := n.deadlines(list)
	if err != nil {
		return patch.Deadline{}, err
	}
	return all[0], nil
}

func (n Nouns) deadlines(list []patch.Advisory) ([]patch.Deadline, error) {
	h := n.Hours
	if h == nil {
		h = &hours.Hours{Weekly: hours.EveryDay(calendar.AllDay())}
	}
	loc, err := h.Location()
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, nil
	}
	now := n.Store.Now()
	first := now
	for k := range list {
		for _, t := range []time.Time{list[k].Published(), list[k].ImportedAt, list[k].ExploitedKnownAt} {
			if !t.IsZero() && t.Before(first) {
				first = t
			}
		}
	}
	const before, after = 1, 3 // years
	tt, err := h.CompileYears(max(first.Year()-before, firstYear), now.Year()+after, nil)
	if err != nil {
		return nil, err
	}
	all := make([]patch.Deadline, len(list))
	for k := range list {
		if all[k], err = n.Policy.Deadline(&list[k], tt, loc); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// want is what a plan is made for.
func (n Nouns) want(ctx context.Context, found []Found, during calendar.Interval) (patch.Want, error) {
	w := patch.Want{Targets: make([]patch.Target, 0, len(found))}
	var customers []servicecoin.CustomerID
	for _, f := range found {
		w.Targets = append(w.Targets, f.Target)
		if !slices.Contains(customers, f.Customer) {
			customers = append(customers, f.Customer)
		}
	}
	var err error
	if n.Keep != nil {
		if w.Keep, err = n.Keep(ctx, n.Base, w.Targets); err != nil {
			return w, fmt.Errorf("what must stay up: %w", err)
		}
	}
	if n.Free != nil {
		w.Free = func(customer servicecoin.CustomerID, service servicecoin.ServiceID) (calendar.Set, error) {
			return n.Free(ctx, n.Base, customer, service, during)
		}
		return w, nil
	}
	w.Free, err = n.free(ctx, customers, during)
	return w, err
}

// free is when standard changes may happen.
func (n Nouns) free(ctx context.Context, customers []servicecoin.CustomerID, during calendar.Interval) (func(servicecoin.CustomerID, servicecoin.ServiceID) (calendar.Set, error), error) {
	if n.Control == nil {
		return func(servicecoin.CustomerID, servicecoin.ServiceID) (calendar.Set, error) {
			return calendar.SetOf(during), nil
		}, nil
	}
	o, err := n.Control(n.Base).Occasions(ctx, during, customers...)
	if err != nil {
		return nil, err
	}
	return func(customer servicecoin.CustomerID, service servicecoin.ServiceID) (calendar.Set, error) {
		return o.Free(standard, scopeOf(service), customer), nil
	}, nil
}

// By is who makes the changes of the room.
func by() servicecoin.Actor { return exchange.By() }
