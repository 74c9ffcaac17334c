package change

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// World tells what there is to know of the rest of the house: what rests on what, and
// whom it concerns. Package coin fills it in from the catalogue, a host from its own.
type World interface {
	// Reach counts what would fail with a scope.
	Reach(ctx context.Context, s Scope) (Reach, error)
	// Relations tells which services rest on which, for those of a scope at least; nil:
	// nobody knows.
	Relations(ctx context.Context, s Scope) (*Relations, error)
	// Customers returns whom a scope concerns at a time, sorted.
	Customers(ctx context.Context, s Scope, during calendar.Interval) ([]servicecoin.CustomerID, error)
	// Critical returns the critical windows of customers.
	Critical(ctx context.Context, customers []servicecoin.CustomerID, during calendar.Interval) ([]CriticalTimes, error)
	// Entries returns what else takes time: maintenance and patch slots of others. The
	// changes and freezes of the control are not among them.
	Entries(ctx context.Context, s Scope, during calendar.Interval) ([]Entry, error)
}

// MemoryWorld is a World for tests: what it is told.
type MemoryWorld struct {
	RestsOn  map[servicecoin.ServiceID][]servicecoin.ServiceID // through all steps between
	Uses     map[servicecoin.ServiceID][]servicecoin.CustomerID
	Windows  []CriticalTimes
	Occupied []Entry
	Err      error // answered by every method, if set
}

// Reach implements World.
func (w *MemoryWorld) Reach(ctx context.Context, s Scope) (Reach, error) {
	services := slices.Clone(s.Services)
	for above, list := range w.RestsOn {
		for _, id := range s.Services {
			if slices.Contains(list, id) {
				services = append(services, above)
			}
		}
	}
	services = sorted(services)
	customers, err := w.Customers(ctx, Scope{Services: services}, calendar.Interval{})
	return Reach{Services: len(services), Customers: len(customers)}, err
}

// Relations implements World.
func (w *MemoryWorld) Relations(context.Context, Scope) (*Relations, error) {
	return RelationsOf(w.RestsOn), w.Err
}

// Customers implements World.
func (w *MemoryWorld) Customers(_ context.Context, s Scope, _ calendar.Interval) ([]servicecoin.CustomerID, error) {
	var list []servicecoin.CustomerID
	for _, id := range s.Services {
		list = append(list, w.Uses[id]...)
	}
	return sorted(list), w.Err
}

// Critical implements World.
func (w *MemoryWorld) Critical(_ context.Context, customers []servicecoin.CustomerID, _ calendar.Interval) ([]CriticalTimes, error) {
	var list []CriticalTimes
	for _, x := range w.Windows {
		if x.Customer == "" || slices.Contains(customers, x.Customer) {
			list = append(list, x)
		}
	}
	return list, w.Err
}

// Entries implements World.
func (w *MemoryWorld) Entries(_ context.Context, _ Scope, during calendar.Interval) ([]Entry, error) {
	var list []Entry
	for _, e := range w.Occupied {
		if e.Span.Overlaps(during) {
			list = append(list, e)
		}
	}
	return list, w.Err
}

// known asks for services that were not there before.
func (c *Control) known(ctx context.Context, s, before Scope) error {
	if c.o.Service == nil || len(s.Services) > maxServices {
		return nil
	}
	var v servicecoin.Violations
	for n, id := range s.Services {
		if id == "" || slices.Contains(before.Services, id) {
			continue
		}
		err := c.o.Service(ctx, id)
		if errors.Is(err, servicecoin.ErrNotFound) {
			v.Add(fmt.Sprintf("scope.services[%d]", n), "unknown", string(id), "is no service that is known")
		} else if err != nil {
			return fmt.Errorf("service %s: %w", id, err)
		}
	}
	return v.Err()
}
