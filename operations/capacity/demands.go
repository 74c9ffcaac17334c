package capacity

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Demands keeps what passed what was planned, in the provider's partition. It is safe for
// concurrent use.
type Demands struct{ view store.View }

// New returns the demands in the provider's view; of a customer's, the first call says so.
func New(view store.View) *Demands { return &Demands{view.OfProvider("the list of demands")} }

// On returns the same demands over another view: of the host's transaction, or of a unit
// of work.
func (n *Demands) On(view store.View) *Demands { return New(view) }

// Raise records a demand. What has a Source is raised once: raising it again returns what
// is there. State and history are filled in, and so is the id.
func (n *Demands) Raise(ctx context.Context, by servicecoin.Actor, d Demand) (Demand, error) {
	switch {
	case d.Source != (servicecoin.Key{}):
		d.ID = sourceID(d.Source)
	case d.ID == "":
		d.ID = DemandID(n.view.NewID())
	}
	if err := n.view.AskFor(ctx, by, VerbRaise, DemandRecord, string(d.ID), d.Customer); err != nil {
		return Demand{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) { v.Merge("", d.Validate()) })
	if err != nil {
		return Demand{}, err
	}
	d.State, d.History = Open, []lifecycle.Entry[State]{{At: at, By: by, Verb: VerbRaise, To: Open}}
	e, err := store.Happened(by, EventRaised, d.changed())
	if err != nil {
		return Demand{}, err
	}
	err = n.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, demands)
		old, err := c.Get(ctx, string(d.ID))
		switch {
		case err == nil && d.Source != (servicecoin.Key{}):
			d = old
			return nil
		case err != nil && !errors.Is(err, servicecoin.ErrNotFound):
			return err
		}
		return c.Insert(ctx, d, e)
	})
	if err != nil {
		return Demand{}, err
	}
	return d, nil
}

// Acknowledge says that somebody looks at a demand.
func (n *Demands) Acknowledge(ctx context.Context, by servicecoin.Actor, id DemandID, note string) (Demand, error) {
	return n.move(ctx, by, id, VerbAcknowledge, EventAcknowledged, func(d *Demand, at time.Time) error { return d.Acknowledge(by, at, note) })
}

// Close says what came of a demand: the note is required.
func (n *Demands) Close(ctx context.Context, by servicecoin.Actor, id DemandID, note string) (Demand, error) {
	return n.move(ctx, by, id, VerbClose, EventClosed, func(d *Demand, at time.Time) error { return d.Close(by, at, note) })
}

func (n *Demands) move(ctx context.Context, by servicecoin.Actor, id DemandID, verb, event string, rule func(d *Demand, at time.Time) error) (Demand, error) {
	if err := n.view.Ask(ctx, by, verb, DemandRecord, string(id)); err != nil {
		return Demand{}, err
	}
	return store.Of(n.view, demands).Update(ctx, string(id), func(d *Demand) ([]store.Event, error) {
		if err := rule(d, n.view.Now()); err != nil {
			return nil, err
		}
		e, err := store.Happened(by, event, d.changed())
		return []store.Event{e}, err
	})
}

// Get returns a demand, or ErrNotFound.
func (n *Demands) Get(ctx context.Context, id DemandID) (Demand, error) {
	return store.Of(n.view, demands).Get(ctx, string(id))
}

// RaisedBy returns what a record raised, or ErrNotFound.
func (n *Demands) RaisedBy(ctx context.Context, source servicecoin.Key) (Demand, error) {
	return n.Get(ctx, sourceID(source))
}

// All lists all demands, the last to be raised first.
func (n *Demands) All() store.Listing[Demand] {
	return store.Of(n.view, demands).Find(store.By("raised").Descending())
}

// In lists the demands in a state, the last to be raised first.
func (n *Demands) In(state State) store.Listing[Demand] {
	return store.Of(n.view, demands).Find(store.By("state", store.Text(state)).Descending())
}

// Of lists the demands of a meter, the last to be raised first.
func (n *Demands) Of(meter string) store.Listing[Demand] {
	return store.Of(n.view, demands).Find(store.By("meter", store.Text(meter)).Descending())
}

// For lists the demands of a customer, the last to be raised first.
func (n *Demands) For(customer servicecoin.CustomerID) store.Listing[Demand] {
	return store.Of(n.view, demands).Find(store.By("customer", store.Text(customer)).Descending())
}

// Forget takes a customer out of the demands: whose they were and what was written of
// them. How much was used stays; what is open is closed. It is a part of erasing a
// customer, and can be called again. No event is recorded, so that the feed of the
// provider does not name the customer.
func (n *Demands) Forget(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) error {
	if err := n.view.AskFor(ctx, by, VerbForget, DemandRecord, store.Forgotten(customer), customer); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	const atOnce = 20
	for {
		page, err := n.For(customer).Page(ctx, "", atOnce)
		if err != nil || len(page.Items) == 0 {
			return err
		}
		for _, item := range page.Items {
			_, err := store.Of(n.view, demands).Update(ctx, item.Key.ID, func(d *Demand) ([]store.Event, error) {
				d.forget(n.view.Now())
				return nil, nil
			})
			if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
				return err
			}
		}
	}
}
