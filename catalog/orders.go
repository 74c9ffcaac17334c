package catalog

import (
	"context"
	"encoding/json"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Orders is what one customer has ordered: over a view of that customer's
// partition. An order and its subscription change in one commit.
type Orders struct {
	view store.View
	o    Options
}

// NewOrders returns the orders of a customer's view. A nil o means defaults.
func NewOrders(view store.View, o *Options) *Orders {
	return &Orders{view: view.OfCustomer("the orders of a customer"), o: o.filled()}
}

// On returns the same orders over another view.
func (o *Orders) On(view store.View) *Orders {
	return &Orders{view: view.OfCustomer("the orders of a customer"), o: o.o}
}

// Subscriptions returns what comes of the orders, over the same view.
func (o *Orders) Subscriptions() *Subscriptions { return &Subscriptions{view: o.view, o: o.o} }

func (o *Orders) authorize(ctx context.Context, by servicecoin.Actor, verb string, id servicecoin.OrderID) error {
	return o.view.Ask(ctx, by, verb, OrderRecord, string(id))
}

// Place orders an offering, as [Catalog.Orderable] returned it. Empty ids are
// filled in; with an id of the caller's own, placing the order again is ErrExists.
// What the offering says is kept in the order. An offering with a schema needs
// Options.CheckParameters, and is refused without it.
func (o *Orders) Place(ctx context.Context, by servicecoin.Actor, offering Offering, r Request) (Order, error) {
	if r.ID == "" {
		r.ID = servicecoin.OrderID(o.view.NewID())
	}
	if r.Subscription == "" {
		r.Subscription = servicecoin.SubscriptionID(o.view.NewID())
	}
	if err := o.authorize(ctx, by, VerbPlaceOrder, r.ID); err != nil {
		return Order{}, err
	}
	if o.o.NoApproval {
		offering.Approval = ApprovalNone
	}
	order, sub, err := Place(by, o.view.Now(), offering, r)
	if err != nil {
		return Order{}, err
	}
	if err := o.parameters(&order); err != nil {
		return Order{}, err
	}
	return order, o.view.Do(ctx, func(tx store.View) error {
		e, err := order.changed(by, EventOrderRequested)
		if err != nil {
			return err
		}
		events := []store.Event{e}
		if order.State == OrderApproved {
			if e, err = order.changed(by, EventOrderApproved); err != nil {
				return err
			}
			events = append(events, e)
		}
		if err := store.Of(tx, orders).Insert(ctx, order, events...); err != nil {
			return err
		}
		if e, err = sub.changed(by, EventSubscriptionRequested); err != nil {
			return err
		}
		return store.Of(tx, subscriptions).Insert(ctx, sub, e)
	})
}

// parameters checks what an order says against the schema of its offering.
func (o *Orders) parameters(order *Order) error {
	if len(order.Terms.Schema) == 0 {
		return nil
	}
	if o.o.CheckParameters == nil {
		return lifecycle.Record[OrderState]{Key: order.Key()}.Refuse(VerbPlaceOrder, order.State, "the offering has a schema, and no Options.CheckParameters says whether the parameters fit it")
	}
	parameters := order.Parameters
	if len(parameters) == 0 {
		parameters = json.RawMessage("{}")
	}
	var v servicecoin.Violations
	v.Merge("parameters", o.o.CheckParameters(order.Terms.Schema, parameters))
	return v.Err()
}

// Approve says yes: somebody else than the one who asked, and than the one for
// whom. A program gives the policy that allows it as the reason.
func (o *Orders) Approve(ctx context.Context, by servicecoin.Actor, id servicecoin.OrderID, reason string) (Order, error) {
	return o.change(ctx, by, id, VerbApproveOrder, EventOrderApproved, func(x *Order, at time.Time) error { return x.Approve(by, at, reason) }, nil)
}

// Reject says no, and why.
func (o *Orders) Reject(ctx context.Context, by servicecoin.Actor, id servicecoin.OrderID, reason string) (Order, error) {
	return o.change(ctx, by, id, VerbRejectOrder, EventOrderRejected, func(x *Order, at time.Time) error { return x.Reject(by, at, reason) }, withdraw(by))
}

// Cancel calls it off, and says why. It is refused while it is being
// provisioned.
func (o *Orders) Cancel(ctx context.Context, by servicecoin.Actor, id servicecoin.OrderID, reason string) (Order, error) {
	return o.change(ctx, by, id, VerbCancelOrder, EventOrderCancelled, func(x *Order, at time.Time) error { return x.Cancel(by, at, reason) }, withdraw(by))
}

// Retry says that a failed order is to be provisioned again, and what has
// changed since.
func (o *Orders) Retry(ctx context.Context, by servicecoin.Actor, id servicecoin.OrderID, reason string) (Order, error) {
	return o.change(ctx, by, id, VerbRetryOrder, EventOrderRetried, func(x *Order, at time.Time) error { return x.Retry(by, at, reason) }, nil)
}

// Fulfil says that it can be used, by hand: where no [Provisioner] does so. The
// subscription is active in the same commit. outputs is a JSON object, or
// nothing.
func (o *Orders) Fulfil(ctx context.Context, by servicecoin.Actor, id servicecoin.OrderID, outputs json.RawMessage) (Order, error) {
	return o.change(ctx, by, id, VerbFulfilOrder, EventOrderFulfilled, func(x *Order, at time.Time) error { return x.Fulfil(by, at) }, o.activate(by, outputs))
}

// Fail says that provisioning ended in failure and left nothing behind, by
// hand.
func (o *Orders) Fail(ctx context.Context, by servicecoin.Actor, id servicecoin.OrderID, reason string) (Order, error) {
	return o.change(ctx, by, id, VerbFailOrder, EventOrderFailed, func(x *Order, at time.Time) error { return x.Fail(by, at, reason) }, nil)
}

// subChange is what becomes of the subscription when its order changes.
type subChange struct {
	event string
	rule  func(s *Subscription, at time.Time) error
}

func withdraw(by servicecoin.Actor) *subChange {
	return &subChange{EventSubscriptionWithdrawn, func(s *Subscription, at time.Time) error { return s.Withdraw(by, at) }}
}

func (o *Orders) activate(by servicecoin.Actor, outputs json.RawMessage) *subChange {
	return &subChange{EventSubscriptionActivated, func(s *Subscription, at time.Time) error {
		return s.Activate(by, at, o.view.Customer(), o.o.Holder, outputs)
	}}
}

// change applies a rule to an order, and to its subscription if it comes to
// that, in one commit with the events.
func (o *Orders) change(ctx context.Context, by servicecoin.Actor, id servicecoin.OrderID, verb, event string, rule func(x *Order, at time.Time) error, also *subChange) (Order, error) {
	if err := o.authorize(ctx, by, verb, id); err != nil {
		return Order{}, err
	}
	var after Order
	err := o.view.Do(ctx, func(tx store.View) error {
		var err error
		after, err = o.apply(ctx, by, tx, id, event, rule, also)
		return err
	})
	if err != nil {
		return Order{}, err
	}
	return after, nil
}

func (o *Orders) apply(ctx context.Context, by servicecoin.Actor, tx store.View, id servicecoin.OrderID, event string, rule func(x *Order, at time.Time) error, also *subChange) (Order, error) {
	at := tx.Now()
	after, err := store.Of(tx, orders).Update(ctx, string(id), func(x *Order) ([]store.Event, error) {
		before := x.State
		if err := rule(x, at); err != nil {
			return nil, err
		}
		// Before anything is written: who takes a refusal for an answer goes on in
		// the same unit of work.
		if err := o.ready(ctx, tx, *x, before); err != nil {
			return nil, err
		}
		e, err := x.changed(by, event)
		return []store.Event{e}, err
	})
	if err != nil || also == nil {
		return after, err
	}
	_, err = store.Of(tx, subscriptions).Update(ctx, string(after.Subscription), func(s *Subscription) ([]store.Event, error) {
		if err := also.rule(s, at); err != nil {
			return nil, err
		}
		e, err := s.changed(by, also.event)
		return []store.Event{e}, err
	})
	return after, err
}

// ready asks whether an order may pass a point of the sign-up, in the unit of work
// in which it does.
func (o *Orders) ready(ctx context.Context, tx store.View, after Order, before OrderState) error {
	due := ""
	switch {
	case o.o.Ready == nil:
	case before == OrderRequested && after.State == OrderApproved:
		due = DueBeforeApproval
	case before == OrderApproved && (after.State == OrderProvisioning || after.State == OrderFulfilled):
		due = DueBeforeProvisioning
	}
	if due == "" {
		return nil
	}
	return o.o.Ready(ctx, tx, after, due)
}

// Provision has a provisioner set up what was ordered, and records what came of
// it: call it when the order is approved, and again, as often as it takes, while
// it is being provisioned. That it has begun is recorded before the call, and the
// outcome after it. It can be repeated at any point, after a crash in between too:
// the key is made of the order and its attempt, so the same operation is asked
// after. An order that is fulfilled is returned as it is, without a call; one that
// has failed is refused until [Orders.Retry].
//
// An error of the provisioner is a [*ProvisionerError], and nothing is recorded
// but that it has begun. In the exchange, as an effect of [EventOrderApproved] and
// [EventOrderRetried], everything is one commit, and the call is made at least
// once.
func (o *Orders) Provision(ctx context.Context, by servicecoin.Actor, id servicecoin.OrderID, p Provisioner) (Order, error) {
	if err := o.authorize(ctx, by, VerbProvisionOrder, id); err != nil {
		return Order{}, err
	}
	var order Order
	err := o.view.Do(ctx, func(tx store.View) error {
		var err error
		order, err = store.Of(tx, orders).Get(ctx, string(id))
		if err != nil || order.State == OrderFulfilled || order.State == OrderProvisioning {
			return err
		}
		order, err = o.apply(ctx, by, tx, id, EventOrderProvisioning, func(x *Order, at time.Time) error { return x.Provision(by, at) }, nil)
		return err
	})
	if err != nil {
		return Order{}, err
	}
	if order.State == OrderFulfilled {
		return order, nil
	}
	operation := order.operation(o.view.Customer())
	progress, err := p.Provision(ctx, operation)
	if err == nil {
		err = progress.Validate()
	}
	if err != nil {
		return order, &ProvisionerError{Key: operation.Key, Err: err}
	}
	return o.record(ctx, by, order, progress)
}

// record keeps what a provisioner said about an attempt, unless somebody else
// has done so meanwhile.
func (o *Orders) record(ctx context.Context, by servicecoin.Actor, asked Order, progress Progress) (Order, error) {
	after := asked
	err := o.view.Do(ctx, func(tx store.View) error {
		var err error
		after, err = store.Of(tx, orders).Get(ctx, string(asked.ID))
		if err != nil || after.State != OrderProvisioning || after.Attempt != asked.Attempt {
			return err
		}
		switch progress.State {
		case UnderWay:
			text := progress.brief()
			if text == after.Progress {
				return nil
			}
			after, err = store.Of(tx, orders).Update(ctx, string(asked.ID), func(x *Order) ([]store.Event, error) {
				x.Progress = text
				return nil, nil
			})
		case Done:
			after, err = o.apply(ctx, by, tx, asked.ID, EventOrderFulfilled, func(x *Order, at time.Time) error { return x.Fulfil(by, at) }, o.activate(by, progress.Outputs))
		case Failed:
			after, err = o.apply(ctx, by, tx, asked.ID, EventOrderFailed, func(x *Order, at time.Time) error { return x.Fail(by, at, progress.Text) }, nil)
		}
		return err
	})
	if err != nil {
		return asked, err
	}
	return after, nil
}

// Get returns an order.
func (o *Orders) Get(ctx context.Context, id servicecoin.OrderID) (Order, error) {
	return store.Of(o.view, orders).Get(ctx, string(id))
}

// List lists the orders, the last one first.
func (o *Orders) List() store.Listing[Order] {
	return store.Of(o.view, orders).Find(store.By("requested").Descending())
}

// InState lists the orders of a state, the longest waiting first.
func (o *Orders) InState(state OrderState) store.Listing[Order] {
	return store.Of(o.view, orders).Find(store.By("state", store.Text(state)))
}

// Late lists the orders that were promised for before t and are still open,
// the longest overdue first.
func (o *Orders) Late(t time.Time) store.Listing[Order] {
	return store.Of(o.view, orders).Find(store.By("due").To(store.Time(t)))
}

// OrdersIn lists the orders of a state of all customers, customer by customer,
// the longest waiting first: what the host's worker goes through to have orders
// provisioned, and to ask after those that are under way.
func OrdersIn(s *store.Store, state OrderState) store.Listing[Order] {
	return store.Across(s, orders).Find(store.By("state", store.Text(state)))
}
