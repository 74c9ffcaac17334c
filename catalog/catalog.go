// Package catalog models what a provider offers: services and what they rest
// on, offerings with a price and a lead time, orders that somebody else approves
// and a program fulfils, and subscriptions from the order to the departure.
//
// It answers: which services are there, for whom, and whose are they; if
// everything is lost, in which order do they come back, and why, and in time;
// whom does a failure hit, and over which way; what does each offering cost at a
// planned usage, side by side; who may have it, was it there when promised; and
// which customers had a service, from when until when?
//
// The facts are plain values whose methods are the rules: each checks its own
// guards and takes the time as an argument. [Graph] answers for restoration and
// failure, [Compare] for choice. [Catalog] keeps services, dependencies,
// offerings and subscribers in the provider's partition, [Orders] and
// [Subscriptions] what one customer has ordered and has. The host fills in a
// [Provisioner]. A host whose services are in a table of its own implements
// [Directory] instead and leaves the rest.
//
// # Errors
//
// A change that the state forbids is a [*servicecoin.RefusedError], with the verb
// as [servicecoin.Attempt] has it; a malformed one is an
// [*servicecoin.InvalidError] with every violation. What a [Provisioner] answers
// is a [*ProvisionerError]. What is not there is ErrNotFound, an id that is taken
// ErrExists, what Authorize denies ErrForbidden. A graph refuses nothing: what
// does not fit together is a [Finding].
package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Options are what a host may set for the nouns of this package.
type Options struct {
	// CheckParameters checks the parameters of an order, an empty object if there
	// are none, against the offering's JSON Schema. Without it, orders of offerings
	// that have a schema are refused: nothing is taken unchecked.
	CheckParameters func(schema, parameters json.RawMessage) error
	// NoApproval takes every order as approved, whatever its offering says.
	NoApproval bool
	// Holder is who holds what customers own, as it stands in an [Imprint];
	// default: "provider".
	Holder string
	// Ready is asked before an order passes a point of its sign-up:
	// [DueBeforeApproval] before it is approved by somebody, [DueBeforeProvisioning]
	// before it is provisioned, or fulfilled by hand. An error, an ErrRefused that
	// names what is unmet, keeps it where it is. The order is as it would be, tx is
	// the unit of work that it changes in. nil: nothing is asked.
	Ready func(ctx context.Context, tx store.View, o Order, due string) error
}

func (o *Options) filled() Options {
	var f Options
	if o != nil {
		f = *o
	}
	if f.Holder == "" {
		f.Holder = "provider"
	}
	return f
}

// Catalog is what the provider offers: over a view of the provider's partition.
// Every changing verb asks Authorize, applies the rule at the store's time, and
// records an event in the same commit.
type Catalog struct {
	view store.View
	o    Options
}

// New returns the catalogue of a view. A nil o means defaults.
func New(view store.View, o *Options) *Catalog {
	return &Catalog{view: view.OfProvider("the catalogue"), o: o.filled()}
}

// On returns the same catalogue over another view: of the host's transaction, or
// of a unit of work.
func (c *Catalog) On(view store.View) *Catalog {
	return &Catalog{view: view.OfProvider("the catalogue"), o: c.o}
}

func (c *Catalog) authorize(ctx context.Context, by servicecoin.Actor, verb, kind, id string) error {
	return c.view.Ask(ctx, by, verb, kind, id)
}

// AddService adds a service, planned at first. An empty id is filled in.
func (c *Catalog) AddService(ctx context.Context, by servicecoin.Actor, s Service) (Service, error) {
	if s.ID == "" {
		s.ID = servicecoin.ServiceID(c.view.NewID())
	}
	if err := c.authorize(ctx, by, VerbAddService, ServiceRecord, string(s.ID)); err != nil {
		return Service{}, err
	}
	s, err := NewService(s)
	if err != nil {
		return Service{}, err
	}
	e, err := s.changed(by, EventServiceAdded)
	if err != nil {
		return Service{}, err
	}
	return s, store.Of(c.view, services).Insert(ctx, s, e)
}

// ReviseService replaces all that a service says but its state. What is retired
// is not revised.
func (c *Catalog) ReviseService(ctx context.Context, by servicecoin.Actor, s Service) (Service, error) {
	return c.changeService(ctx, by, s.ID, VerbReviseService, EventServiceRevised, func(now *Service, _ time.Time) error {
		if now.State == ServiceRetired {
			return now.life().Refuse(VerbReviseService, "", "nothing changes any more")
		}
		s.State, s.LiveSince, s.Deprecation, s.RetiredAt = now.State, now.LiveSince, now.Deprecation, now.RetiredAt
		s.tidy()
		*now = s
		return s.Validate()
	}, nil)
}

// LaunchService says that it is in use now.
func (c *Catalog) LaunchService(ctx context.Context, by servicecoin.Actor, id servicecoin.ServiceID) (Service, error) {
	return c.changeService(ctx, by, id, VerbLaunchService, EventServiceLaunched, func(s *Service, at time.Time) error { return s.Launch(by, at) }, nil)
}

// DeprecateService says that it is on its way out. A successor that is named
// must be there.
func (c *Catalog) DeprecateService(ctx context.Context, by servicecoin.Actor, id servicecoin.ServiceID, d Deprecation) (Service, error) {
	return c.changeService(ctx, by, id, VerbDeprecateService, EventServiceDeprecated, func(s *Service, at time.Time) error {
		return s.Deprecate(by, at, d)
	}, func(tx store.View, _ *Service) error { return there(ctx, tx, services, d.Successor, "successor") })
}

// RetireService says that it is gone. It is refused while a customer has it, as
// far as the subscribers are followed: an order or a departure of the last
// moments may still be on its way.
func (c *Catalog) RetireService(ctx context.Context, by servicecoin.Actor, id servicecoin.ServiceID) (Service, error) {
	return c.changeService(ctx, by, id, VerbRetireService, EventServiceRetired, func(s *Service, at time.Time) error {
		return s.Retire(by, at)
	}, func(tx store.View, s *Service) error {
		for _, err := range store.Of(tx, subscribers).Find(store.By("present", store.Text(id))).All(ctx) {
			if err != nil {
				return err
			}
			return lifecycle.Record[ServiceState]{Key: s.Key(), State: ServiceDeprecated}.Refuse(VerbRetireService, s.State, "customers have it still: Subscribers says who")
		}
		return nil
	})
}

// there checks that a record exists which another one names, if it names one.
func there[T any](ctx context.Context, tx store.View, kind store.Kind[T], id, path string) error {
	if id == "" {
		return nil
	}
	_, err := store.Of(tx, kind).Get(ctx, id)
	if errors.Is(err, servicecoin.ErrNotFound) {
		var v servicecoin.Violations
		v.Add(path, "unknown", id, "is not in the catalogue")
		return v.Err()
	}
	return err
}

// changeService applies a rule to a service, and what else must hold, in one
// commit with the event.
func (c *Catalog) changeService(ctx context.Context, by servicecoin.Actor, id servicecoin.ServiceID, verb, event string, rule func(s *Service, at time.Time) error, also func(tx store.View, s *Service) error) (Service, error) {
	if err := c.authorize(ctx, by, verb, ServiceRecord, string(id)); err != nil {
		return Service{}, err
	}
	var after Service
	err := c.view.Do(ctx, func(tx store.View) error {
		var err error
		after, err = store.Of(tx, services).Update(ctx, string(id), func(s *Service) ([]store.Event, error) {
			if err := rule(s, tx.Now()); err != nil {
				return nil, err
			}
			e, err := s.changed(by, event)
			return []store.Event{e}, err
		})
		if err != nil || also == nil {
			return err
		}
		return also(tx, &after)
	})
	if err != nil {
		return Service{}, err
	}
	return after, nil
}

// Service returns a service.
func (c *Catalog) Service(ctx context.Context, id servicecoin.ServiceID) (Service, error) {
	return store.Of(c.view, services).Get(ctx, string(id))
}

// Services lists all services by id.
func (c *Catalog) Services() store.Listing[Service] {
	return store.Of(c.view, services).Find(store.All())
}

// ServicesIn lists the services of a state, by name.
func (c *Catalog) ServicesIn(state ServiceState) store.Listing[Service] {
	return store.Of(c.view, services).Find(store.By("state", store.Text(state)))
}
