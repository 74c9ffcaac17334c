package meteringroom

import (
	"context"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/gate"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/store"
)

// offers is the room whose subscriptions bring and end things.
const offers = "catalog"

// Grants are the credits of one customer, burnt down by its ledger.
func (n Nouns) Grants(customer servicecoin.Customer) *grant.Grants {
	return grant.New(n.Of(customer.ID), n.ledger(customer, nil))
}

// Entitlements are what one customer may have and use, by its ledger, its grants and its
// critical windows.
func (n Nouns) Entitlements(customer servicecoin.Customer) *entitle.Entitlements {
	return n.entitlements(n.Of(customer.ID), customer)
}

func (n Nouns) entitlements(view store.View, customer servicecoin.Customer) *entitle.Entitlements {
	ledger := n.ledger(customer, nil)
	o := &entitle.Options{Grants: grant.New(view, ledger)}
	if n.Windows != nil {
		o.Calendars = windows(n.Windows)
	}
	return entitle.New(view, ledger, customer, o)
}

// windows makes a [entitle.Calendars] of a function.
type windows func(ctx context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error)

// Windows implements [entitle.Calendars].
func (f windows) Windows(ctx context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error) {
	return f(ctx, customer, name, within)
}

// after looks after the entitlements that usage concerns, right after it was recorded.
func (n Nouns) after(ctx context.Context, view store.View, customer servicecoin.Customer, by servicecoin.Actor, batch []metering.Event) error {
	_, err := n.entitlements(view, customer).LookAfter(ctx, by, batch...)
	return err
}

// Limits tells gates what is left of the entitlements of all customers. Through is up to
// when the ledgers have all usage: as long before now as events are on their way.
func (n Nouns) Limits(onTheWay time.Duration) gate.Limits {
	return gate.Entitled{OnTheWay: onTheWay, Of: func(ctx context.Context, id servicecoin.CustomerID) (gate.Stander, error) {
		customer, err := n.Known(ctx, id)
		return n.Entitlements(customer), err
	}}
}

// links are what follows where a limit is passed or a threshold reached, and where a
// subscription departs.
func (n Nouns) links() []exchange.Link {
	return []exchange.Link{n.notify(), n.end(), n.void()}
}

// notify is the link that tells people: of a threshold the customer's contacts, of a limit
// whom its consequences name, the contacts if nobody. A telling is said once, and
// stays.
func (n Nouns) notify() exchange.Link {
	return exchange.When(n.Base, "limit.notify", Name, Name, []string{entitle.EventThresholdReached, entitle.EventExceeded},
		func(ctx context.Context, w exchange.Work, told entitle.Told) error {
			customer, err := w.Known(ctx, w.Customer)
			if err != nil {
				return err
			}
			notice, tells := noticeOf(told, customer)
			if !tells {
				return nil
			}
			return n.On(w.Base).Entitlements(customer).Notify(ctx, exchange.By(), notice)
		})
}

// noticeOf is what people are told, and whether they are.
func noticeOf(told entitle.Told, customer servicecoin.Customer) (entitle.Notice, bool) {
	x := entitle.Notice{ID: told.ID, Feature: told.Feature}
	tells, contacts := !told.Exceeded(), !told.Exceeded()
	var follows []string
	zone, _ := customer.Location() // that of the entitlement was good
	say := func(s servicecoin.Saying) string {
		return servicecoin.Trace{Plain: s}.Tell(servicecoin.Reader{Zone: zone}).Text
	}
	var notes []string
	for _, c := range told.Follows {
		if c.Act != entitle.Notify {
			follows = append(follows, say(c.Saying(told.Unit)))
			continue
		}
		tells = true
		if c.Note != "" {
			notes = append(notes, c.Note)
		}
		if contacts = contacts || c.Whom == ""; c.Whom != "" {
			x.To = append(x.To, c.Whom)
		}
	}
	const most = 50
	for i, p := range customer.Contacts {
		if contacts && i < most {
			x.To = append(x.To, p)
		}
	}
	x.Text, x.Note = say(told.Saying(told.Unit)), strings.Join(notes, " ")
	if len(follows) > 0 {
		x.Text += ". " + strings.Join(follows, ". ")
	}
	return x, tells
}

// end is the link that ends the entitlements which come with a subscription that has
// departed. What was judged by them stays.
func (n Nouns) end() exchange.Link {
	return exchange.When(n.Base, "entitlement.end", offers, Name, []string{catalog.EventSubscriptionDeparted},
		func(ctx context.Context, w exchange.Work, gone catalog.SubscriptionChanged) error {
			customer, err := w.Known(ctx, w.Customer)
			if err != nil {
				return err
			}
			return n.On(w.Base).Entitlements(customer).EndOf(ctx, exchange.By(), gone.Subscription, gone.Until)
		})
}

// void is the link that takes back the grants which come with a subscription that has
// departed: what is left of them lapses with it.
func (n Nouns) void() exchange.Link {
	return exchange.When(n.Base, "grant.void", offers, Name, []string{catalog.EventSubscriptionDeparted},
		func(ctx context.Context, w exchange.Work, gone catalog.SubscriptionChanged) error {
			customer, err := w.Known(ctx, w.Customer)
			if err != nil {
				return err
			}
			n := n.On(w.Base).Grants(customer)
			for k, err := range n.Of(gone.Subscription).All(ctx) {
				if err != nil {
					return err
				}
				if during, ends := k.Holds(); ends && !during.End.After(gone.Until) {
					continue
				}
				_, err := n.Void(ctx, exchange.By(), k.ID, gone.Until, "The subscription has ended")
				if err := exchange.UnlessRefused(err); err != nil {
					return err
				}
			}
			return nil
		})
}
