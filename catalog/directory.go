package catalog

import (
	"context"
	"slices"
	"sync"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Directory is what the host knows of its services: in its own table, most
// often. Both methods read only, and may be called again after a failure. A host
// that keeps its services here has one in Catalog.Directory.
type Directory interface {
	// Service returns the name of a service, for people, or ErrNotFound.
	Service(ctx context.Context, id servicecoin.ServiceID) (name string, err error)

	// Concerned returns the next customers, in byte order, that used the service
	// at some time of the interval: at most limit of those after the given one
	// ("" for the first). An interval without end (the zero time) is going on. A
	// service that nobody uses, or that is not known, concerns nobody.
	Concerned(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval, after servicecoin.CustomerID, limit int) ([]servicecoin.CustomerID, error)
}

// MemoryDirectory is a Directory for tests and for hosts with a handful of
// services, in which who uses a service always did. Its zero value is empty and
// ready.
type MemoryDirectory struct {
	mu    sync.RWMutex
	names map[servicecoin.ServiceID]string
	users map[servicecoin.ServiceID][]servicecoin.CustomerID
}

// Set names a service and the customers that use it, at all times.
func (d *MemoryDirectory) Set(id servicecoin.ServiceID, name string, customers ...servicecoin.CustomerID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names == nil {
		d.names, d.users = map[servicecoin.ServiceID]string{}, map[servicecoin.ServiceID][]servicecoin.CustomerID{}
	}
	users := slices.Clone(customers)
	slices.Sort(users)
	d.names[id], d.users[id] = name, slices.Compact(users)
}

// Service implements Directory.
func (d *MemoryDirectory) Service(ctx context.Context, id servicecoin.ServiceID) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", context.Cause(ctx)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	name, ok := d.names[id]
	if !ok {
		return "", servicecoin.NotFound(ServiceKey(id))
	}
	return name, nil
}

// Concerned implements Directory.
func (d *MemoryDirectory) Concerned(ctx context.Context, service servicecoin.ServiceID, _ calendar.Interval, after servicecoin.CustomerID, limit int) ([]servicecoin.CustomerID, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	users := d.users[service]
	from, found := slices.BinarySearch(users, after)
	if found {
		from++
	}
	users = users[from:]
	return slices.Clone(users[:min(len(users), max(limit, 0))]), nil
}
