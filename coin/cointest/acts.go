package cointest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// act does one thing. What a rule refuses is not done; what a fault broke is done
// again, as a caller would who was told that it may have happened.
func (l *life) act(a Act) error {
	do := l.acts()[a.What]
	if do == nil {
		return fmt.Errorf("no such act: %s", a.What)
	}
	for range 5 {
		err := do(a)
		switch {
		case err == nil, errors.Is(err, servicecoin.ErrRefused), errors.Is(err, servicecoin.ErrInvalid), errors.Is(err, servicecoin.ErrNotFound),
			errors.Is(err, servicecoin.ErrExists):
			return l.open
		case errors.Is(err, storetest.ErrFault), errors.Is(err, servicecoin.ErrConflict), errors.Is(err, servicecoin.ErrBusy):
		default:
			return err
		}
	}
	return l.open
}

func (l *life) acts() map[string]func(Act) error {
	ctx, by, c := l.ctx, l.by(), l.coin
	return map[string]func(Act) error{
		"wait": func(a Act) error {
			hours := 1 + a.N%250
			l.now = l.now.Add(time.Duration(hours) * time.Hour)
			if l.fewer && hours > 12 { // two releases do not run side by side for longer than a day
				l.fewer = false
				return l.hire()
			}
			return nil
		},
		"subscribe": func(a Act) error {
			who := l.customer(a.N)
			id := servicecoin.SubscriptionID(fmt.Sprintf("s%d-%d", len(l.subs[who]), a.M%7))
			offering, err := c.Catalog().Orderable(ctx, servicecoin.OfferingID(l.service(a.M)))
			if err != nil {
				return err
			}
			order := servicecoin.OrderID(string(who) + " " + string(id))
			if _, err = c.Orders(who).Place(ctx, by, offering, catalog.Request{ID: order, Subscription: id}); err != nil && !errors.Is(err, servicecoin.ErrExists) {
				return err
			}
			if _, err = c.Orders(who).Fulfil(ctx, by, order, nil); err != nil && !errors.Is(err, servicecoin.ErrRefused) {
				return err
			}
			if !slices.Contains(l.subs[who], id) {
				l.subs[who] = append(l.subs[who], id)
			}
			return nil
		},
		"depart": func(a Act) error {
			who := l.customer(a.N)
			if len(l.subs[who]) == 0 {
				return nil
			}
			id := l.subs[who][a.M%len(l.subs[who])]
			if _, err := c.Subscriptions(who).Depart(ctx, by, id, time.Time{}, "moves on"); err != nil && !errors.Is(err, servicecoin.ErrRefused) {
				return err
			}
			return second(c.Subscriptions(who).Complete(ctx, by, id))
		},
		"open": func(a Act) error {
			id := servicecoin.IncidentID(fmt.Sprintf("i%d-%d", len(l.cases), a.M))
			from := l.now.Add(-time.Duration(a.M%1500) * time.Minute)
			if a.M%5 == 0 {
				from = l.now.AddDate(0, 0, -40)
			}
			err := second(c.Desk().Open(ctx, by, incident.Report{ID: id, Title: "Down", Headline: "Down", Effects: []incident.Effect{{Service: l.service(a.N), Level: incident.Outage, From: from}}}))
			if err == nil || errors.Is(err, servicecoin.ErrExists) {
				l.cases = append(l.cases, id)
			}
			return err
		},
		"affect": func(a Act) error {
			if len(l.cases) == 0 {
				return nil
			}
			e := incident.Effect{Number: 1, Service: l.service(a.M), Level: []incident.Level{incident.Outage, incident.Disruption}[a.M/2%2], From: l.now.Add(-time.Duration(a.M) * time.Hour)}
			if a.M%3 == 0 {
				e.Until = e.From.Add(time.Duration(1+a.M%90) * time.Minute)
			}
			return second(c.Desk().Affect(ctx, by, l.cases[a.N%len(l.cases)], e))
		},
		"resolve": func(a Act) error {
			if len(l.cases) == 0 {
				return nil
			}
			return second(c.Desk().Resolve(ctx, by, l.cases[a.N%len(l.cases)], incident.Resolution{Text: "Over", Restored: l.now.Add(-time.Duration(a.M%300) * 4 * time.Hour)}))
		},
		"cancel": func(a Act) error {
			if len(l.cases) == 0 {
				return nil
			}
			return second(c.Desk().Cancel(ctx, by, l.cases[a.N%len(l.cases)], "None"))
		},
		"use": func(a Act) error {
			who := l.customer(a.N)
			l.events[who]++
			_, err := c.Ledger(l.known(who)).Record(ctx, by, metering.Event{
				ID: fmt.Sprintf("%d-%d", l.events[who], a.M), Source: "simulation", Type: "called",
				Time: l.now.Add(-time.Duration(a.M%72) * time.Hour), Value: servicecoin.Some(decimal.NewFromInt(int64(1 + a.M%20))),
			})
			return err
		},
		"step": func(a Act) error {
			if l.fewer && l.now.Sub(l.seen) > 12*time.Hour { // the newer release has been away for so long that it counts as gone
				l.fewer = false
				if err := l.hire(); err != nil {
					return err
				}
			}
			_, err := l.workers[a.N%2].Step(ctx, 1+a.M%9)
			if err == nil && a.N%2 == 0 {
				l.seen = l.now
			}
			if e, ok := errors.AsType[*store.EffectError](err); ok {
				if !l.failing && !errors.Is(e, storetest.ErrFault) {
					return fmt.Errorf("an effect fails: %w", e)
				}
				return nil
			}
			return err
		},
		"close":   func(a Act) error { return second(c.CloseMonth(ctx, by, l.customer(a.N), l.month(a, 1+a.M%2))) },
		"correct": func(a Act) error { return second(c.CloseDue(ctx, by, l.customer(a.N))) },
		"issue": func(a Act) error {
			return second(c.Statements(l.known(l.customer(a.N))).Issue(ctx, by, l.month(a, 1)))
		},
		"plan":  func(a Act) error { l.limit = int64(50 + 50*(a.N%3)); return nil },
		"fail":  func(a Act) error { l.failing = a.N%3 == 0; return nil },
		"rules": func(a Act) error { l.fewer = a.N%2 == 0; return l.hire() },
		"ahead": func(a Act) error {
			l.furthest, l.ahead = l.latest(), time.Duration(a.N%600)*time.Minute
			return l.hire()
		},
		"retry": func(Act) error {
			if err := l.retry(); err != nil && !l.failing {
				return err
			}
			return nil
		},
		"fault": func(a Act) error {
			script := make([]storetest.Fault, 1+a.N%4)
			script[len(script)-1] = []storetest.Fault{storetest.Before, storetest.After, storetest.Conflict, storetest.Busy}[a.M%4]
			l.faults.Script(script...)
			return nil
		},
		"move": func(a Act) error {
			l.zones[l.customer(a.N)] = []string{"Europe/Berlin", "America/New_York", "UTC", "Pacific/Auckland"}[a.M%4]
			return nil
		},
		"change":  l.plan,
		"work":    l.work,
		"answer":  l.answer,
		"advise":  l.advise,
		"cycle":   l.cycle,
		"api":     l.api,
		"record":  l.record,
		"release": l.releasing,
		"run":     l.running,
		"prove":   l.prove,
		"certify": l.certify,
		"look":    l.look,
		"accept":  l.accept,
		"feature": l.feature,
		"enter":   l.enter,
		"news":    l.news,
		"forget": func(a Act) error {
			who := l.customer(a.N)
			if err := c.Forget(ctx, by, who); err != nil {
				return err
			}
			l.subs[who] = nil
			return nil
		},
	}
}

// month is one of the last months of a customer.
func (l *life) month(a Act, back int) calendar.Month {
	loc, err := time.LoadLocation(l.zones[l.customer(a.N)])
	if err != nil {
		loc = time.UTC
	}
	return calendar.MonthOf(l.now, loc).Add(-back)
}

func (l *life) retry() error {
	for p, err := range l.workers[0].Parked().Items(l.ctx) {
		if err != nil {
			return err
		}
		if err := l.workers[0].Retry(l.ctx, p.Key); err != nil {
			return err
		}
	}
	return nil
}
