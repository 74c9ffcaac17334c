package catalog

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// The names of events. They are API.
const (
	EventServiceAdded      = "service.added"      // data: ServiceChanged
	EventServiceRevised    = "service.revised"    // data: ServiceChanged
	EventServiceLaunched   = "service.launched"   // data: ServiceChanged
	EventServiceDeprecated = "service.deprecated" // data: ServiceChanged
	EventServiceRetired    = "service.retired"    // data: ServiceChanged

	EventDependencyAdded   = "dependency.added"   // data: DependencyChanged
	EventDependencyRemoved = "dependency.removed" // data: DependencyChanged

	EventOfferingPublished  = "offering.published"  // data: OfferingChanged
	EventOfferingRevised    = "offering.revised"    // data: OfferingChanged
	EventOfferingPromoted   = "offering.promoted"   // data: OfferingChanged
	EventOfferingDeprecated = "offering.deprecated" // data: OfferingChanged

	EventOrderRequested    = "order.requested"    // data: OrderChanged
	EventOrderApproved     = "order.approved"     // data: OrderChanged; it waits to be provisioned
	EventOrderRejected     = "order.rejected"     // data: OrderChanged
	EventOrderCancelled    = "order.cancelled"    // data: OrderChanged
	EventOrderProvisioning = "order.provisioning" // data: OrderChanged
	EventOrderFulfilled    = "order.fulfilled"    // data: OrderChanged
	EventOrderFailed       = "order.failed"       // data: OrderChanged
	EventOrderRetried      = "order.retried"      // data: OrderChanged; it waits to be provisioned again

	EventSubscriptionRequested = "subscription.requested" // data: SubscriptionChanged
	EventSubscriptionActivated = "subscription.activated" // data: SubscriptionChanged
	EventSubscriptionSuspended = "subscription.suspended" // data: SubscriptionChanged
	EventSubscriptionResumed   = "subscription.resumed"   // data: SubscriptionChanged
	EventSubscriptionDeparting = "subscription.departing" // data: SubscriptionChanged; it waits to be taken down
	EventSubscriptionStayed    = "subscription.stayed"    // data: SubscriptionChanged
	EventSubscriptionStumbled  = "subscription.stumbled"  // data: SubscriptionChanged; taking it down failed
	EventSubscriptionDeparted  = "subscription.departed"  // data: SubscriptionChanged
	EventSubscriptionWithdrawn = "subscription.withdrawn" // data: SubscriptionChanged
)

// ServiceChanged is the data of a service's event.
type ServiceChanged struct {
	Service   servicecoin.ServiceID `json:"service"`
	Kind      ServiceKind           `json:"kind"`
	Level     int                   `json:"level,omitempty"`
	State     ServiceState          `json:"state"`
	Until     time.Time             `json:"until,omitzero"`      // of a deprecated one
	Successor string                `json:"successor,omitempty"` // of a deprecated one
}

// DependencyChanged is the data of a dependency's event.
type DependencyChanged struct {
	Dependency DependencyID            `json:"dependency"`
	Service    servicecoin.ServiceID   `json:"service"`
	Needs      []servicecoin.ServiceID `json:"needs"`
	AtLeast    int                     `json:"atLeast,omitempty"`
	Strength   Strength                `json:"strength"`
}

// OfferingChanged is the data of an offering's event.
type OfferingChanged struct {
	Offering  servicecoin.OfferingID `json:"offering"`
	Service   servicecoin.ServiceID  `json:"service"`
	Maturity  Maturity               `json:"maturity"`
	Price     servicecoin.PriceID    `json:"price,omitempty"`
	Until     time.Time              `json:"until,omitzero"`      // of a deprecated one
	Successor string                 `json:"successor,omitempty"` // of a deprecated one
}

// OrderChanged is the data of an order's event.
type OrderChanged struct {
	Order        servicecoin.OrderID        `json:"order"`
	Subscription servicecoin.SubscriptionID `json:"subscription"`
	Service      servicecoin.ServiceID      `json:"service"`
	Offering     servicecoin.OfferingID     `json:"offering"`
	State        OrderState                 `json:"state"`
	RequestedAt  time.Time                  `json:"requestedAt"`
	Due          time.Time                  `json:"due,omitzero"`
	Attempt      int                        `json:"attempt,omitempty"`
	Reason       string                     `json:"reason,omitempty"` // of the change, where one was given
}

// SubscriptionChanged is the data of a subscription's event. It holds all that
// the other sides go by, so that none of them reads the record: it may have
// changed since.
type SubscriptionChanged struct {
	Subscription servicecoin.SubscriptionID `json:"subscription"`
	Order        servicecoin.OrderID        `json:"order"`
	Service      servicecoin.ServiceID      `json:"service"`
	Offering     servicecoin.OfferingID     `json:"offering"`
	Price        servicecoin.PriceID        `json:"price,omitempty"`
	Promise      PromisedLevel              `json:"promise,omitzero"`
	State        SubscriptionState          `json:"state"`
	From         time.Time                  `json:"from,omitzero"`
	LeavesAt     time.Time                  `json:"leavesAt,omitzero"` // of one that departs on a day
	Until        time.Time                  `json:"until,omitzero"`
	Reason       string                     `json:"reason,omitempty"` // of the change, where one was given
}

func (s *Service) changed(by servicecoin.Actor, name string) (store.Event, error) {
	return store.Happened(by, name, ServiceChanged{
		Service: s.ID, Kind: s.Kind, Level: s.Level, State: s.State, Until: s.Deprecation.Until, Successor: s.Deprecation.Successor,
	})
}

func (d Dependency) changed(by servicecoin.Actor, name string) (store.Event, error) {
	return store.Happened(by, name, DependencyChanged{Dependency: d.ID, Service: d.Service, Needs: d.Needs, AtLeast: d.AtLeast, Strength: d.Strength})
}

func (o *Offering) changed(by servicecoin.Actor, name string) (store.Event, error) {
	return store.Happened(by, name, OfferingChanged{
		Offering: o.ID, Service: o.Service, Maturity: o.Maturity, Price: o.Price, Until: o.Deprecation.Until, Successor: o.Deprecation.Successor,
	})
}

func (o *Order) changed(by servicecoin.Actor, name string) (store.Event, error) {
	return store.Happened(by, name, OrderChanged{
		Order: o.ID, Subscription: o.Subscription, Service: o.Service, Offering: o.Offering, State: o.State,
		RequestedAt: o.RequestedAt, Due: o.Due, Attempt: o.Attempt, Reason: lastText(o.History),
	})
}

func (s *Subscription) changed(by servicecoin.Actor, name string) (store.Event, error) {
	reason := lastText(s.History)
	if s.Trouble != "" {
		reason = s.Trouble
	}
	return store.Happened(by, name, SubscriptionChanged{
		Subscription: s.ID, Order: s.Order, Service: s.Service, Offering: s.Offering, Price: s.Terms.Price, Promise: s.Terms.Promise,
		State: s.State, From: s.From, LeavesAt: s.LeavesAt, Until: s.Until, Reason: reason,
	})
}

func lastText[S ~string](history []lifecycle.Entry[S]) string {
	if len(history) == 0 {
		return ""
	}
	return history[len(history)-1].Text
}
