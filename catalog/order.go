package catalog

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// OrderState is where an order stands.
type OrderState string

// The states of an order.
const (
	OrderRequested    OrderState = "requested"    // waits for approval
	OrderApproved     OrderState = "approved"     // waits to be provisioned
	OrderProvisioning OrderState = "provisioning" // is being provisioned
	OrderFulfilled    OrderState = "fulfilled"    // its subscription is active
	OrderFailed       OrderState = "failed"       // provisioning ended in failure and left nothing behind
	OrderRejected     OrderState = "rejected"     // somebody said no
	OrderCancelled    OrderState = "cancelled"    // it was called off
)

// OrderStates returns all states in the order of a plain life.
func OrderStates() []OrderState {
	return []OrderState{OrderRequested, OrderApproved, OrderProvisioning, OrderFulfilled, OrderFailed, OrderRejected, OrderCancelled}
}

// Open reports whether the customer still waits for it: a failed order is open
// until it is tried again or called off.
func (s OrderState) Open() bool {
	return s == OrderRequested || s == OrderApproved || s == OrderProvisioning || s == OrderFailed
}

// Order is one customer's order of an offering. Make it with [Place] and change
// it by its methods: each checks its guards, and does all that it says or nothing.
// What the offering said when it was placed is kept in Terms: a later change of
// the offering is not a change of the order. All instants are UTC, cut to the
// microsecond.
type Order struct {
	ID           servicecoin.OrderID        `json:"id"`
	Subscription servicecoin.SubscriptionID `json:"subscription"` // what comes of it
	Service      servicecoin.ServiceID      `json:"service"`
	Offering     servicecoin.OfferingID     `json:"offering"`
	Terms        Terms                      `json:"terms"`
	Parameters   json.RawMessage            `json:"parameters,omitempty"` // a JSON object
	Note         string                     `json:"note,omitempty"`       // from the one who asks
	TermUntil    time.Time                  `json:"termUntil,omitzero"`   // until when it is wanted; zero: open
	Planned      Planned                    `json:"planned,omitempty"`    // the usage that was planned when it was placed: what its price was looked at by

	State       OrderState        `json:"state"`
	RequestedBy servicecoin.Actor `json:"requestedBy"`
	RequestedAt time.Time         `json:"requestedAt"`
	Due         time.Time         `json:"due,omitzero"`         // by when it is promised; zero: nothing is
	ApprovedAt  time.Time         `json:"approvedAt,omitzero"`  // also where no approval is needed
	FulfilledAt time.Time         `json:"fulfilledAt,omitzero"` // when it could be used
	EndedAt     time.Time         `json:"endedAt,omitzero"`     // rejected or cancelled

	Attempt  int                           `json:"attempt,omitempty"`  // of provisioning, from 1; see [Order.Key]
	Progress string                        `json:"progress,omitempty"` // what the provisioner last said, for people
	History  []lifecycle.Entry[OrderState] `json:"history"`
}

// Terms are what an offering said when it was ordered.
type Terms struct {
	Name         string              `json:"name"`
	Kind         OfferingKind        `json:"kind"`
	Maturity     Maturity            `json:"maturity"`
	Price        servicecoin.PriceID `json:"price,omitempty"`
	LeadTime     calendar.Duration   `json:"leadTime"`
	Promise      PromisedLevel       `json:"promise,omitzero"`
	SupportHours string              `json:"supportHours,omitempty"`
	Schema       json.RawMessage     `json:"schema,omitempty"` // that the parameters were checked with
	Approval     Approval            `json:"approval"`
	// Prerequisites are what the sign-up has to meet, and by which point.
	Prerequisites []Prerequisite `json:"prerequisites,omitempty"`
}

// Request is what somebody asks for when placing an order.
type Request struct {
	ID           servicecoin.OrderID        // of the order
	Subscription servicecoin.SubscriptionID // of what comes of it
	Parameters   json.RawMessage
	Note         string    // at most 4000 characters
	TermUntil    time.Time // until when it is wanted; zero: open
	Planned      Planned   // the usage that is planned, for those who approve; nil: nobody said
}

// Place returns a new order of an offering, and the subscription that it is
// for. Where the offering needs no approval, the order is approved already. It
// refuses an offering that takes no orders, and reports every violation of the
// request at once. That the parameters fit the offering's schema is for
// [Orders.Place] to check.
func Place(by servicecoin.Actor, at time.Time, o Offering, r Request) (Order, Subscription, error) {
	o.tidy()
	if err := o.Orderable(at); err != nil {
		return Order{}, Subscription{}, err
	}
	order := Order{
		ID: r.ID, Subscription: r.Subscription, Service: o.Service, Offering: o.ID,
		Terms: Terms{
			Name: o.Name, Kind: o.Kind, Maturity: o.Maturity, Price: o.Price, LeadTime: o.LeadTime, Promise: o.Promise,
			SupportHours: o.SupportHours, Schema: slices.Clone(o.Parameters), Approval: o.Approval, Prerequisites: o.Prerequisites,
		},
		Parameters: slices.Clone(compact(r.Parameters)), Note: r.Note, TermUntil: lifecycle.Instant(r.TermUntil),
		Planned: plan(r.Planned), State: OrderRequested, RequestedBy: by,
	}
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		v.ID("id", string(r.ID))
		v.ID("subscription", string(r.Subscription))
		v.Merge("offering", o.Validate())
		object(v, "parameters", r.Parameters)
		v.Text("note", r.Note, 0, maxText)
		v.Merge("", r.Planned.Validate())
		term(v, "at", "termUntil", servicecoin.Instant(at), order.TermUntil)
	})
	if err != nil {
		return Order{}, Subscription{}, err
	}
	order.RequestedAt = at
	if lead, ok := o.LeadTime.Get(); ok {
		order.Due = at.Add(lead)
	}
	order.History = []lifecycle.Entry[OrderState]{{At: at, By: by, Verb: VerbPlaceOrder, To: OrderRequested}}
	if o.Approval == ApprovalNone {
		order.State, order.ApprovedAt = OrderApproved, at
		order.History[0].To = OrderApproved
	}
	if err := room(&order); err != nil {
		return Order{}, Subscription{}, err
	}
	sub := subscribe(&order)
	return order, sub, nil
}

// plan returns a copy, and nil for a plan that says nothing.
func plan(p Planned) Planned {
	if len(p) == 0 {
		return nil
	}
	return maps.Clone(p)
}

// The verbs of orders.
const (
	VerbPlaceOrder     = "order.place"
	VerbApproveOrder   = "order.approve"
	VerbRejectOrder    = "order.reject"
	VerbCancelOrder    = "order.cancel"
	VerbProvisionOrder = "order.provision"
	VerbFulfilOrder    = "order.fulfil"
	VerbFailOrder      = "order.fail"
	VerbRetryOrder     = "order.retry"
)

// OrderTransitions returns the whole table: what is not in it is refused.
func OrderTransitions() []lifecycle.Transition[OrderState] {
	const (
		order   = "not before the change of state before it"
		reason  = "a reason"
		outputs = "outputs are a JSON object, or nothing"
	)
	allow := lifecycle.Allow[OrderState]
	return []lifecycle.Transition[OrderState]{
		allow(OrderRequested, VerbApproveOrder, OrderApproved, order, "by somebody else than the one who asked, and than the one for whom", "a program says which policy allows it"),
		allow(OrderRequested, VerbRejectOrder, OrderRejected, order, reason),
		allow(OrderRequested, VerbCancelOrder, OrderCancelled, order, reason),
		allow(OrderApproved, VerbCancelOrder, OrderCancelled, order, reason),
		allow(OrderFailed, VerbCancelOrder, OrderCancelled, order, reason),
		allow(OrderApproved, VerbProvisionOrder, OrderProvisioning, order),
		allow(OrderApproved, VerbFulfilOrder, OrderFulfilled, order, outputs),
		allow(OrderProvisioning, VerbFulfilOrder, OrderFulfilled, order, outputs),
		allow(OrderApproved, VerbFailOrder, OrderFailed, order, reason),
		allow(OrderProvisioning, VerbFailOrder, OrderFailed, order, reason),
		allow(OrderFailed, VerbRetryOrder, OrderApproved, order, reason),
	}
}

// Key addresses the order, in refusals and traces. It leaves out
// the customer: an order does not know its partition.
func (o *Order) Key() servicecoin.Key {
	return servicecoin.Key{Kind: OrderRecord, ID: string(o.ID)}
}

func (o *Order) life() lifecycle.Record[OrderState] {
	return lifecycle.Record[OrderState]{Key: o.Key(), State: o.State, Since: since(o.History, o.RequestedAt), Table: OrderTransitions()}
}

// since returns when the state changed last.
func since[S ~string](history []lifecycle.Entry[S], first time.Time) time.Time {
	if len(history) == 0 {
		return first
	}
	return history[len(history)-1].At
}

func (o *Order) apply(e lifecycle.Entry[OrderState]) {
	o.State = e.To
	o.History = append(slices.Clone(o.History), e)
}

// Approve says yes. Four eyes: neither the one who asked, nor the one for whom
// it was asked, nor anybody on their behalf approves. A person may give a reason;
// a program must: the policy that allows it to approve.
func (o *Order) Approve(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := o.life().Move(by, at, VerbApproveOrder, reason, lifecycle.Maybe(reason, maxReason))
	if err != nil {
		return err
	}
	if same := samePerson(o.RequestedBy, by); same != "" {
		return o.life().Refuse(VerbApproveOrder, OrderApproved, string(same)+" has asked for it: somebody else approves")
	}
	if by.Kind == servicecoin.System && reason == "" {
		return o.life().Refuse(VerbApproveOrder, OrderApproved, "a program approves under a policy only, and says which")
	}
	o.ApprovedAt = e.At
	o.apply(e)
	return nil
}

// samePerson returns who stands behind both, "" if nobody does. Ids are
// compared whatever the side: one person may be known to both.
func samePerson(a, b servicecoin.Actor) servicecoin.PersonID {
	for _, x := range []servicecoin.PersonID{a.ID, a.OnBehalfOf} {
		if x != "" && (x == b.ID || x == b.OnBehalfOf) {
			return x
		}
	}
	return ""
}

// Reject says no, and why.
func (o *Order) Reject(by servicecoin.Actor, at time.Time, reason string) error {
	return o.end(by, at, VerbRejectOrder, reason)
}

// Cancel calls it off, and says why. While it is being provisioned that is
// refused, since nobody knows what is there: it is cancelled once that has
// failed, or departs once it is fulfilled.
func (o *Order) Cancel(by servicecoin.Actor, at time.Time, reason string) error {
	return o.end(by, at, VerbCancelOrder, reason)
}

func (o *Order) end(by servicecoin.Actor, at time.Time, verb, reason string) error {
	e, err := o.life().Move(by, at, verb, reason, because(reason))
	if err != nil {
		return err
	}
	o.EndedAt = e.At
	o.apply(e)
	return nil
}

// Provision says that provisioning has begun: the next attempt.
func (o *Order) Provision(by servicecoin.Actor, at time.Time) error {
	e, err := o.life().Move(by, at, VerbProvisionOrder, "", nil)
	if err != nil {
		return err
	}
	o.Attempt++
	o.Progress = ""
	o.apply(e)
	return nil
}

// Fulfil says that it can be used. The outputs, what the provisioner has to say
// about it, go to the subscription: see [Subscription.Activate].
func (o *Order) Fulfil(by servicecoin.Actor, at time.Time) error {
	e, err := o.life().Move(by, at, VerbFulfilOrder, "", nil)
	if err != nil {
		return err
	}
	o.FulfilledAt, o.Progress = e.At, ""
	o.apply(e)
	return nil
}

// Fail says that provisioning ended in failure, and why. Nothing is left
// behind: see [Provisioner].
func (o *Order) Fail(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := o.life().Move(by, at, VerbFailOrder, reason, because(reason))
	if err != nil {
		return err
	}
	o.Progress = ""
	o.apply(e)
	return nil
}

// Retry says that it is to be tried again after a failure, and what has changed
// since. It is refused when the record is full: place another order then.
func (o *Order) Retry(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := o.life().Move(by, at, VerbRetryOrder, reason, because(reason))
	if err != nil {
		return err
	}
	if err := room(o); err != nil {
		return o.life().Refuse(VerbRetryOrder, OrderApproved, "its history is full: place another order")
	}
	o.apply(e)
	return nil
}
