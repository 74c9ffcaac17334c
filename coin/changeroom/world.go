package changeroom

import (
	"context"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/change"
)

// world tells changes what there is to know of the rest of the house.
type world struct{ n Nouns }

// mostCustomers is how many customers of a change are named; of a service for everybody
// there are no more to be asked one by one.
const mostCustomers = 1000

// Reach implements change.World: what would fail with a scope, and whom that concerns.
func (w world) Reach(ctx context.Context, s change.Scope) (change.Reach, error) {
	services := slices.Clone(s.Services)
	if w.n.Graph != nil {
		g, err := w.n.Graph(ctx, w.n.Base)
		if err != nil {
			return change.Reach{}, err
		}
		for _, id := range s.Services {
			services = append(services, g.Above(id)...)
		}
	}
	slices.Sort(services)
	services = slices.Compact(services)
	now := w.n.Store.Now()
	customers, err := w.Customers(ctx, change.Scope{Services: services, Customers: s.Customers}, calendar.Between(now, now.Add(1)))
	return change.Reach{Services: len(services), Customers: len(customers)}, err
}

// Relations implements change.World.
func (w world) Relations(ctx context.Context, _ change.Scope) (*change.Relations, error) {
	if w.n.Graph == nil {
		return nil, nil //nolint:nilnil // nobody knows, and that is no error
	}
	g, err := w.n.Graph(ctx, w.n.Base)
	if err != nil {
		return nil, err
	}
	return &change.Relations{RestsOn: g.Below, Carries: g.Above}, nil
}

// Customers implements change.World.
func (w world) Customers(ctx context.Context, s change.Scope, during calendar.Interval) ([]servicecoin.CustomerID, error) {
	all := map[servicecoin.CustomerID]bool{}
	var list []servicecoin.CustomerID
	for _, service := range s.Services {
		if len(list) == mostCustomers {
			break
		}
		for id, err := range exchange.Concerned(ctx, w.n.Directory(), service, during) {
			if err != nil {
				return nil, err
			}
			if len(list) == mostCustomers {
				break
			}
			if !all[id] && s.Tells(id) {
				all[id] = true
				list = append(list, id)
			}
		}
	}
	slices.Sort(list)
	return list, nil
}

// Critical implements change.World.
func (w world) Critical(ctx context.Context, customers []servicecoin.CustomerID, during calendar.Interval) ([]change.CriticalTimes, error) {
	if w.n.Critical == nil {
		return nil, nil
	}
	return w.n.Critical(ctx, customers, during)
}

// Entries implements change.World.
func (w world) Entries(ctx context.Context, _ change.Scope, during calendar.Interval) ([]change.Entry, error) {
	if w.n.Entries == nil {
		return nil, nil
	}
	return w.n.Entries(ctx, during)
}
