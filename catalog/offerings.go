package catalog

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Publish adds an offering of a service that is there. An empty id is filled
// in.
func (c *Catalog) Publish(ctx context.Context, by servicecoin.Actor, o Offering) (Offering, error) {
	if o.ID == "" {
		o.ID = servicecoin.OfferingID(c.view.NewID())
	}
	if err := c.authorize(ctx, by, VerbPublishOffering, OfferingRecord, string(o.ID)); err != nil {
		return Offering{}, err
	}
	o, err := NewOffering(o)
	if err != nil {
		return Offering{}, err
	}
	e, err := o.changed(by, EventOfferingPublished)
	if err != nil {
		return Offering{}, err
	}
	return o, c.view.Do(ctx, func(tx store.View) error {
		if err := there(ctx, tx, services, string(o.Service), "service"); err != nil {
			return err
		}
		return store.Of(tx, offerings).Insert(ctx, o, e)
	})
}

// ReviseOffering replaces all that an offering says but its service and its
// maturity. Orders that were placed keep what it said then.
func (c *Catalog) ReviseOffering(ctx context.Context, by servicecoin.Actor, o Offering) (Offering, error) {
	return c.changeOffering(ctx, by, o.ID, VerbReviseOffering, EventOfferingRevised, func(now *Offering, _ time.Time) error {
		o.Service, o.Maturity, o.Deprecation = now.Service, now.Maturity, now.Deprecation
		o.tidy()
		*now = o
		return o.Validate()
	}, "")
}

// PromoteOffering says that it has come farther: beta, or general.
func (c *Catalog) PromoteOffering(ctx context.Context, by servicecoin.Actor, id servicecoin.OfferingID, to Maturity) (Offering, error) {
	return c.changeOffering(ctx, by, id, VerbPromoteOffering, EventOfferingPromoted, func(o *Offering, at time.Time) error { return o.Promote(by, at, to) }, "")
}

// DeprecateOffering says that it takes no new orders from now on. A successor
// that is named must be there.
func (c *Catalog) DeprecateOffering(ctx context.Context, by servicecoin.Actor, id servicecoin.OfferingID, d Deprecation) (Offering, error) {
	return c.changeOffering(ctx, by, id, VerbDeprecateOffering, EventOfferingDeprecated, func(o *Offering, at time.Time) error { return o.Deprecate(by, at, d) }, d.Successor)
}

func (c *Catalog) changeOffering(ctx context.Context, by servicecoin.Actor, id servicecoin.OfferingID, verb, event string, rule func(o *Offering, at time.Time) error, successor string) (Offering, error) {
	if err := c.authorize(ctx, by, verb, OfferingRecord, string(id)); err != nil {
		return Offering{}, err
	}
	var after Offering
	err := c.view.Do(ctx, func(tx store.View) error {
		var err error
		after, err = store.Of(tx, offerings).Update(ctx, string(id), func(o *Offering) ([]store.Event, error) {
			if err := rule(o, tx.Now()); err != nil {
				return nil, err
			}
			e, err := o.changed(by, event)
			return []store.Event{e}, err
		})
		if err != nil {
			return err
		}
		return there(ctx, tx, offerings, successor, "successor")
	})
	if err != nil {
		return Offering{}, err
	}
	return after, nil
}

// Offering returns an offering.
func (c *Catalog) Offering(ctx context.Context, id servicecoin.OfferingID) (Offering, error) {
	return store.Of(c.view, offerings).Get(ctx, string(id))
}

// Offerings lists the offerings of a service by name, those of all services
// for "".
func (c *Catalog) Offerings(service servicecoin.ServiceID) store.Listing[Offering] {
	return store.Of(c.view, offerings).Find(byService(service))
}

func byService(service servicecoin.ServiceID) store.Range {
	if service == "" {
		return store.By("service")
	}
	return store.By("service", store.Text(service))
}

// Orderable returns an offering that takes orders now, for [Orders.Place]. It
// is refused, with the reason, where the offering is deprecated or not valid, and
// where its service is not live.
func (c *Catalog) Orderable(ctx context.Context, id servicecoin.OfferingID) (Offering, error) {
	o, err := c.Offering(ctx, id)
	if err != nil {
		return Offering{}, err
	}
	if err := o.Orderable(c.view.Now()); err != nil {
		return Offering{}, err
	}
	s, err := c.Service(ctx, o.Service)
	if err != nil {
		return Offering{}, err
	}
	if s.State == ServiceLive {
		return o, nil
	}
	why := "its service is " + string(s.State)
	if s.Deprecation.Successor != "" {
		why += ": take " + s.Deprecation.Successor
	}
	return Offering{}, o.life().Refuse(VerbPlaceOrder, "", why)
}

// Compare puts offerings of the catalogue side by side at a planned usage: see
// the function [Compare].
func (c *Catalog) Compare(ctx context.Context, ids []servicecoin.OfferingID, planned Planned, price PriceFunc) (Comparison, error) {
	list := make([]Offering, 0, len(ids))
	for _, id := range ids {
		o, err := c.Offering(ctx, id)
		if err != nil {
			return Comparison{}, err
		}
		list = append(list, o)
	}
	return Compare(list, planned, price)
}

// The verbs of dependencies.
const (
	VerbConnectDependency    = "dependency.connect"
	VerbDisconnectDependency = "dependency.disconnect"
)

// Connect adds a dependency. Neither service has to be there yet, and a circle
// may be closed: both are findings of the graph ([Graph.ClosesCycle] asks
// before). What is connected already in the same way is ErrExists.
func (c *Catalog) Connect(ctx context.Context, by servicecoin.Actor, d Dependency) (Dependency, error) {
	given := d
	if len(d.Needs) > maxNeeds {
		d.Needs = nil // refused below; a digest of them would name nothing
	}
	d = d.tidy()
	if err := c.authorize(ctx, by, VerbConnectDependency, DependencyRecord, string(d.ID)); err != nil {
		return Dependency{}, err
	}
	if err := given.Validate(); err != nil {
		return Dependency{}, err
	}
	e, err := d.changed(by, EventDependencyAdded)
	if err != nil {
		return Dependency{}, err
	}
	return d, store.Of(c.view, dependencies).Insert(ctx, d, e)
}

// Disconnect removes a dependency.
func (c *Catalog) Disconnect(ctx context.Context, by servicecoin.Actor, id DependencyID) error {
	if err := c.authorize(ctx, by, VerbDisconnectDependency, DependencyRecord, string(id)); err != nil {
		return err
	}
	return c.view.Do(ctx, func(tx store.View) error {
		kept := store.Of(tx, dependencies)
		d, err := kept.Get(ctx, string(id))
		if err != nil {
			return err
		}
		e, err := d.changed(by, EventDependencyRemoved)
		if err != nil {
			return err
		}
		return kept.Delete(ctx, string(id), e)
	})
}

// Dependencies lists what a service needs, of all services for "".
func (c *Catalog) Dependencies(service servicecoin.ServiceID) store.Listing[Dependency] {
	return store.Of(c.view, dependencies).Find(byService(service))
}

// Graph reads all services and dependencies and returns their graph. What
// changes while it is read may be in it in part.
func (c *Catalog) Graph(ctx context.Context) (*Graph, error) {
	list, err := collect(c.Services().All(ctx))
	if err != nil {
		return nil, err
	}
	edges, err := collect(store.Of(c.view, dependencies).Find(store.All()).All(ctx))
	if err != nil {
		return nil, err
	}
	return NewGraph(list, edges), nil
}

func collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var list []T
	for x, err := range seq {
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return slices.Clip(list), nil
}
