// Package exchange is how the rooms of a service coin turn one's news into
// another's work: an incident that is resolved makes a report due again, a
// subscription that begins brings its quotas.
//
// It answers: which events does a room answer, and whose; what ends what was
// granted; which rooms stand on which side; how does one customer's month look in
// all of them; and what does it take to forget a customer everywhere?
//
// A [Room] is a small value: its side of the coin, its links, what it adds to a
// [Spin], and how it forgets a customer. A [Link] is one arrow from room to room: a
// rule of the store whose data is typed ([When], [Parts]), or one for each customer
// that a service concerns ([Each]). [New] puts rooms together, and knows none of
// them: a host that uses three rooms links three. Package coin has the list of all.
package exchange

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Name is the consumer's name, under which its place is stored, and the name of the
// program that makes its changes.
const Name = "exchange"

// By is who makes the changes of the exchange.
func By() servicecoin.Actor { return servicecoin.Program(Name) }

// Side is a side of the coin.
type Side string

// The sides.
const (
	Management Side = "management" // how it is promised and kept
	Operations Side = "operations" // how it is run
	Adoption   Side = "adoption"   // how people come to use it
)

// Directory tells the names of services, and whom a service concerns. It is what
// catalog.Directory is, which says more.
type Directory interface {
	Service(ctx context.Context, id servicecoin.ServiceID) (name string, err error)
	Concerned(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval, after servicecoin.CustomerID, limit int) ([]servicecoin.CustomerID, error)
}

// Concerned yields the customers that a service concerns at some time of an interval, in
// byte order, page by page.
func Concerned(ctx context.Context, d Directory, service servicecoin.ServiceID, during calendar.Interval) iter.Seq2[servicecoin.CustomerID, error] {
	return func(yield func(servicecoin.CustomerID, error) bool) {
		const page = 100
		for after := servicecoin.CustomerID(""); ; {
			list, err := d.Concerned(ctx, service, during, after, page)
			if err != nil {
				yield("", fmt.Errorf("whom %s concerns: %w", service, err))
				return
			}
			for _, id := range list {
				if after = id; !yield(id, nil) {
					return
				}
			}
			if len(list) < page {
				return
			}
		}
	}
}

// Base is what all rooms stand on. In a link it is that of the commit.
type Base struct {
	Store *store.Store
	// Services returns the directory over a store. It may be the same one over any.
	Services func(s *store.Store) Directory
	// Customer returns what the host knows of a customer: its zone and currency, most
	// of all. nil: every customer lives in UTC and has no currency.
	Customer func(ctx context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error)
	// Fault is what is wrong with the customer that is asked for, if anything: each
	// call on a customer's partition tells it, and nothing else happens.
	Fault error
}

// On returns the same base over another store: of a unit of work, or of the host's
// transaction.
func (b Base) On(s *store.Store) Base {
	b.Store = s
	return b
}

// Directory returns the directory over the store of the base.
func (b Base) Directory() Directory { return b.Services(b.Store) }

// Known returns what is known of a customer.
func (b Base) Known(ctx context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error) {
	if b.Customer == nil {
		return servicecoin.Customer{ID: id, Name: string(id)}, nil
	}
	return b.Customer(ctx, id)
}

// Provider is the view of the provider's partition.
func (b Base) Provider() store.View { return b.Store.For(servicecoin.Provider) }

// Of is the view of a customer's partition, with the fault of the base.
func (b Base) Of(id servicecoin.CustomerID) store.View { return b.Store.For(id).With(b.Fault) }

// Exchange is rooms over one base. It is safe for concurrent use.
type Exchange struct {
	base  Base
	rooms []Room
}

// New puts rooms together. The order of the rooms is that of their words; their
// links answer an event in the order of their names in each room.
func New(b Base, rooms ...Room) (*Exchange, error) {
	var v servicecoin.Violations
	if b.Store == nil {
		v.Add("store", "required", "", "is nil")
	}
	if b.Services == nil {
		v.Add("services", "required", "", "is nil: tells the directory of services")
	}
	x := &Exchange{base: b, rooms: slices.Clone(rooms)}
	named, linked := map[string]bool{}, map[string]Link{}
	for i, r := range rooms {
		path := fmt.Sprintf("rooms[%d]", i)
		v.ID(path+".name", r.Name)
		if named[r.Name] {
			v.Add(path+".name", "duplicate", r.Name, "names two rooms")
		}
		named[r.Name] = true
		for n, l := range r.Links {
			at := fmt.Sprintf("%s.links[%d]", path, n)
			if _, twice := linked[l.Name]; twice {
				v.Add(at+".name", "duplicate", l.Name, "names two links")
			}
			if l.To != r.Name {
				v.Add(at+".to", "foreign", l.To, "is not the room that it belongs to, "+r.Name)
			}
			linked[l.Name] = l
		}
	}
	for _, r := range rooms {
		for _, l := range r.Links {
			if _, ok := linked[l.EndedBy]; l.EndedBy != "" && !ok {
				v.Add("links["+l.Name+"].endedBy", "unknown", l.EndedBy, "is no link of these rooms: nothing would end what it grants")
			}
		}
	}
	return x, v.Err()
}

// Rooms returns the rooms, in their order.
func (x *Exchange) Rooms() []Room { return slices.Clone(x.rooms) }

// Links returns all links, room by room.
func (x *Exchange) Links() []Link {
	var all []Link
	for _, r := range x.rooms {
		all = append(all, r.Links...)
	}
	return all
}

// Rules returns what the links do, in the order in which they answer an event.
// Their names are stored.
func (x *Exchange) Rules() []store.Rule {
	var rules []store.Rule
	for _, l := range x.Links() {
		rules = append(rules, l.Rule)
	}
	return rules
}

// Consumer returns the consumer that runs the links on the feed. Extra rules of the
// host run beside them, with the same guarantees; their names are their own and
// must be stable.
func (x *Exchange) Consumer(o *store.ConsumerOptions, extra ...store.Rule) (*store.Consumer, error) {
	return store.NewConsumer(x.base.Store, Name, append(x.Rules(), extra...), o)
}

// Reindex brings the records of all rooms into the indexes and the form of this
// release: after an update that says so, once no program of the older release is at
// work. It returns how many it rewrote; after an error call it again, it goes on.
func (x *Exchange) Reindex(ctx context.Context) (int, error) {
	n := 0
	for _, r := range x.rooms {
		if r.Reindex == nil {
			continue
		}
		rewritten, err := r.Reindex(ctx, x.base.Store)
		if n += rewritten; err != nil {
			return n, fmt.Errorf("room %s: %w", r.Name, err)
		}
	}
	return n, nil
}

// Forget erases a customer everywhere: its partition, then what each room keeps of
// it elsewhere. It is more than a commit has room for; after an error call it again,
// until it returns nil. The partition goes first, so that nothing that is still on
// its way is made of it again.
func (x *Exchange) Forget(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
	if err := x.base.Store.Forget(ctx, by, id); err != nil {
		return err
	}
	for _, r := range x.rooms {
		if r.Forget == nil {
			continue
		}
		if err := r.Forget(ctx, by, id); err != nil {
			return fmt.Errorf("room %s forgets %s: %w", r.Name, id, err)
		}
	}
	return nil
}
