package adoption

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// AnnounceDeparture says that the customer leaves a subscription from a day on,
// and why. It is also how it leaves after it had stayed; one that is announced
// already is refused. Under package coin it is refused as well: there the
// subscription leads, and this record follows when it departs.
func (p *Program) AnnounceDeparture(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, service servicecoin.ServiceID, leavesAt time.Time, reason string) (Departure, error) {
	if err := p.authorizeDeparture(ctx, by, VerbAnnounceDeparture, id); err != nil {
		return Departure{}, err
	}
	if err := p.led(id, VerbAnnounceDeparture); err != nil {
		return Departure{}, err
	}
	var d Departure
	err := p.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, departures)
		before, err := c.Item(ctx, string(id))
		d = before.Value
		switch {
		case err == nil:
			err = d.Announce(by, tx.Now(), leavesAt, reason)
		case errors.Is(err, servicecoin.ErrNotFound):
			d, err = Announce(by, tx.Now(), id, service, leavesAt, reason)
		}
		if err != nil {
			return err
		}
		events, err := happened(by, d.told(reason), EventDepartureAnnounced)
		if err != nil {
			return err
		}
		return c.Put(ctx, d, before.Version, events...)
	})
	if err != nil {
		return Departure{}, err
	}
	return d, nil
}

// HandBack says that the customer's data is back in its hands, and which it is.
func (p *Program) HandBack(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, manifest []Part) (Departure, error) {
	return p.leave(ctx, by, id, VerbHandBackDeparture, EventDepartureHandedBack, "", func(d *Departure, at time.Time) error { return d.HandBack(by, at, manifest) })
}

// Erase says that the provider no longer has the data, and where that is
// proved: it erases nothing. Erasing is the host's act. With package coin it is
// Coin.Forget, which erases the customer everywhere, this record with it: keep the
// proof elsewhere.
func (p *Program) Erase(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, proof string) (Departure, error) {
	return p.leave(ctx, by, id, VerbEraseDeparture, EventDepartureErased, "", func(d *Departure, at time.Time) error { return d.Erase(by, at, proof) })
}

// Stay says that the customer does not leave after all, and why.
func (p *Program) Stay(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, reason string) (Departure, error) {
	return p.leave(ctx, by, id, VerbStayDeparture, EventDepartureStayed, reason, func(d *Departure, at time.Time) error {
		if err := p.led(id, VerbStayDeparture); err != nil {
			return err
		}
		return d.Stay(by, at, reason)
	})
}

// led refuses what the subscription says, and not its departure.
func (p *Program) led(id servicecoin.SubscriptionID, verb string) error {
	if !p.o.Led {
		return nil
	}
	return &servicecoin.RefusedError{
		Subject: servicecoin.Key{Kind: DepartureRecord, ID: string(id)}, Verb: verb,
		Why: "its subscription leads: depart or stay there, and this follows",
	}
}

// Departure returns the departure from a subscription.
func (p *Program) Departure(ctx context.Context, id servicecoin.SubscriptionID) (Departure, error) {
	return store.Of(p.view, departures).Get(ctx, string(id))
}

// Leaving lists the customer's departures in a state, the one that leaves first
// at the front.
func (p *Program) Leaving(s DepartureState) store.Listing[Departure] {
	return store.Of(p.view, departures).Find(store.By("state", store.Text(s)))
}

func (p *Program) authorizeDeparture(ctx context.Context, by servicecoin.Actor, verb string, id servicecoin.SubscriptionID) error {
	return p.view.Ask(ctx, by, verb, DepartureRecord, string(id))
}

func (p *Program) leave(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, verb, event, reason string, rule func(d *Departure, at time.Time) error) (Departure, error) {
	if err := p.authorizeDeparture(ctx, by, verb, id); err != nil {
		return Departure{}, err
	}
	return store.Of(p.view, departures).Update(ctx, string(id), func(d *Departure) ([]store.Event, error) {
		if err := rule(d, p.view.Now()); err != nil {
			return nil, err
		}
		return happened(by, d.told(reason), event)
	})
}

func (d *Departure) told(reason string) DepartureChanged {
	return DepartureChanged{d.Subscription, d.Service, d.State, d.LeavesAt, reason, len(d.Manifest), d.Proof}
}
