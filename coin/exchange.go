package coin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// ExchangeName is the consumer's name, under which its place is stored.
const ExchangeName = "exchange"

// Exchange returns the consumer that runs the rules of the coin on the feed.
// Extra rules of the host run beside them, with the same guarantees; their
// names are their own and must be stable.
//
//	x, err := c.Exchange(nil)
//	for { done, err := x.Step(ctx, 100); … }
func (c *Coin) Exchange(o *store.ConsumerOptions, extra ...store.Rule) (*store.Consumer, error) {
	return store.NewConsumer(c.store, ExchangeName, append(c.Rules(), extra...), o)
}

// Rules returns what the exchange does, in the order in which the rules answer
// an event. Their names are stored.
func (c *Coin) Rules() []store.Rule {
	rules := []store.Rule{
		{Name: "report.due", On: []string{
			incident.EventOpened, incident.EventResolved, incident.EventReopened, incident.EventAffected, incident.EventRedated,
			incident.EventCancelled, incident.EventRecorded,
		}, Do: c.reportDue},
		{Name: "letter.draft", On: []string{
			incident.EventOpened, incident.EventAffected, incident.EventReopened, incident.EventNoted, incident.EventResolved,
		}, Do: c.draftLetters},
		{Name: "credit.charge", On: []string{sla.EventCreditProposed, sla.EventCreditCorrected}, Do: c.chargeCredit},
		{Name: "bundle.ask", On: []string{catalog.EventSubscriptionActivated}, Do: c.askBundle},
		{Name: "onboarding.begin", On: []string{catalog.EventSubscriptionRequested}, Do: c.beginOnboarding},
		{Name: "onboarding.reach", On: []string{
			catalog.EventOrderApproved, catalog.EventOrderProvisioning, catalog.EventOrderFulfilled, adoption.EventPrerequisiteMet, adoption.EventPrerequisiteWaived,
		}, Do: c.reachPoints},
		{Name: "onboarding.cancel", On: []string{catalog.EventSubscriptionDeparted, catalog.EventSubscriptionWithdrawn}, Do: c.cancelOnboarding},
		{Name: "departure.follow", On: []string{
			catalog.EventSubscriptionDeparting, catalog.EventSubscriptionStayed, catalog.EventSubscriptionDeparted,
		}, Do: c.followDeparture},
		{Name: "promise.make", On: []string{catalog.EventSubscriptionActivated}, Do: c.makePromises},
		{Name: "promise.end", On: []string{catalog.EventSubscriptionDeparted}, Do: c.endPromises},
		{Name: "quota.set", On: []string{catalog.EventSubscriptionActivated}, Do: c.setQuotas},
		{Name: "quota.end", On: []string{catalog.EventSubscriptionDeparted}, Do: c.endQuotas},
		{Name: "charge.include", On: []string{catalog.EventSubscriptionActivated}, Do: c.includeCharges},
		{Name: "charge.end", On: []string{catalog.EventSubscriptionDeparted}, Do: c.endCharges},
	}
	if c.directory == nil {
		rules = append(rules, store.Rule{Name: "subscriber.follow", On: []string{catalog.EventSubscriptionActivated, catalog.EventSubscriptionDeparted}, Do: c.follow})
	}
	if c.o.Provisioner != nil {
		rules = append(rules,
			store.Rule{Name: "order.provision", On: []string{catalog.EventOrderApproved, catalog.EventOrderRetried}, Do: c.provision},
			store.Rule{Name: "order.ready", On: []string{adoption.EventPrerequisiteMet, adoption.EventPrerequisiteWaived}, Do: c.provisionReady},
			store.Rule{Name: "subscription.deprovision", On: []string{catalog.EventSubscriptionDeparting}, Do: c.deprovision},
		)
	}
	return rules
}

// program is who makes the changes of the exchange.
func program() servicecoin.Actor { return servicecoin.Program(ExchangeName) }

// customersAtOnce is how many customers one part of an effect serves: each
// promise of theirs takes a few records in its commit.
const customersAtOnce = 5

// progress is where a part of an effect goes on: with a service of the event,
// and a customer of it.
type progress struct {
	Service int                    `json:"service"`
	After   servicecoin.CustomerID `json:"after,omitempty"`
	// Of the customer after After, where a commit could not hold it all:
	Promise servicecoin.PromiseID `json:"promise,omitempty"`
	Month   calendar.Month        `json:"month,omitzero"`
}

// reportDue marks the months of every concerned customer's promise as due when
// the history of a service changed: when an incident is resolved, most often.
// What changes while it is live marks the months that are over, since they may
// have their reports; the running one is read as the facts are at its end.
func (c *Coin) reportDue(ctx context.Context, tx *store.Store, e store.Event, from string) (string, error) {
	change, err := store.Payload[incident.Changed](e)
	if err != nil {
		return "", err
	}
	var p progress
	if from != "" {
		if err := json.Unmarshal([]byte(from), &p); err != nil {
			return "", fmt.Errorf("progress %q: %w", from, err)
		}
	}
	touched, err := c.touched(ctx, tx, e, change)
	if err != nil || p.Service >= len(touched) {
		return "", err
	}
	during := span(touched[p.Service], e.At)
	customers, err := c.On(tx).Directory().Concerned(ctx, touched[p.Service].Service, during, p.After, customersAtOnce)
	if err != nil {
		return "", fmt.Errorf("whom %s concerns: %w", touched[p.Service].Service, err)
	}
	due := marking{ctx: ctx, coin: c.On(tx), event: e, left: 20}
	if change.State.Live() {
		due.over = tx.Now()
	}
	for _, customer := range customers {
		full, err := due.customer(customer, touched[p.Service], &p)
		if err != nil {
			return "", fmt.Errorf("customer %s: %w", customer, err)
		}
		if full {
			return p.text()
		}
		p = progress{Service: p.Service, After: customer}
		if due.left <= 0 {
			return p.text()
		}
	}
	if len(customers) == customersAtOnce {
		return p.text()
	}
	if p = (progress{Service: p.Service + 1}); p.Service < len(touched) {
		return p.text()
	}
	return "", nil
}

// touched returns the spans that an event changed. What an incident did is told
// as a whole when it is resolved, beside what the resolution changed: a month
// that was running then has not been marked before.
func (c *Coin) touched(ctx context.Context, tx *store.Store, e store.Event, change incident.Changed) ([]incident.Touched, error) {
	if e.Name != incident.EventResolved {
		return change.Touched, nil
	}
	i, err := c.On(tx).Desk().Get(ctx, change.Incident)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return change.Touched, nil
	}
	if err != nil {
		return nil, err
	}
	return incident.JoinTouched(change.Touched, i.Touched()), nil
}

func (p progress) text() (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}

// marking marks months as due, so many in one commit.
type marking struct {
	ctx   context.Context //nolint:containedctx // lives for one call
	coin  *Coin
	event store.Event
	left  int
	over  time.Time // not zero: only months that are over by then
}

// customer marks the months of one customer's promises on the service, from
// where p says on. It reports whether the commit is full before the customer is
// done, and p says where to go on then.
func (m *marking) customer(customer servicecoin.CustomerID, t incident.Touched, p *progress) (full bool, err error) {
	keeper := m.coin.Keeper(customer)
	var promises []sla.Promise
	for promise, err := range keeper.Promises(t.Service).All(m.ctx) {
		if err != nil {
			return false, err
		}
		promises = append(promises, promise)
	}
	// A promise that was there in the part before is there still.
	first := max(0, slices.IndexFunc(promises, func(x sla.Promise) bool { return x.ID == p.Promise }))
	for _, promise := range promises[first:] {
		months, err := promise.Months(span(t, m.event.At))
		if err != nil {
			return false, err
		}
		for _, month := range months {
			if promise.ID == p.Promise && month.Compare(p.Month) < 0 {
				continue
			}
			if period, err := promise.Period(month); err != nil || !m.over.IsZero() && period.End.After(m.over) {
				if err != nil {
					return false, err
				}
				continue
			}
			if m.left <= 0 {
				p.Promise, p.Month = promise.ID, month
				return true, nil
			}
			if err := keeper.MarkDue(m.ctx, program(), promise.ID, month, m.event.Subject); err != nil {
				return false, err
			}
			m.left--
		}
	}
	return false, nil
}
