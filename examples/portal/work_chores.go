package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// paged makes tasks of a page of a listing.
func paged[T any](ctx context.Context, l store.Listing[T], after string, limit int, taskOf func(item store.Item[T]) (task, error)) ([]task, string, error) {
	p, err := l.Page(ctx, after, limit)
	if err != nil {
		return nil, "", err
	}
	var list []task
	for _, item := range p.Items {
		t, err := taskOf(item)
		if err != nil {
			return nil, "", err
		}
		list = append(list, t)
	}
	return list, p.Next, nil
}

// liveIncidents are what is going on.
func (p *portal) liveIncidents() chore {
	return chore{
		name: "incidents", title: "Incidents going on", about: "Work on them, and keep the promised updates.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			names, err := p.names(ctx)
			if err != nil {
				return nil, "", err
			}
			now, customers := p.store.Now(), p.customerNames(ctx)
			return paged(ctx, p.Desk().Live(), after, limit, func(item store.Item[incident.Incident]) (task, error) {
				i := item.Value
				t := task{ID: string(i.ID), Look: i.State != incident.Reported, What: i.Title, Path: incidentPath(person{Role: operator}, string(i.ID)), Since: i.Began}
				if i.Reporter != nil {
					t.Customer, t.Whose = i.Reporter.Customer, customers(i.Reporter.Customer)
				}
				row := p.row(i, names, now)
				t.More = sentence(string(i.State)) + " · " + strings.Join(row.Names, ", ")
				if next, promised := i.NextUpdate(now); promised && now.After(next) {
					t.Late, t.More = true, fmt.Sprintf("The promised update is %s late", minutes(now.Sub(next)))
				}
				return t, nil
			})
		},
		verb: "Acknowledge those ticked",
		do: func(ctx context.Context, by person, t task) error {
			_, err := p.Desk().Acknowledge(ctx, by.actor(), servicecoin.IncidentID(t.ID))
			return err
		},
	}
}

// overdueFollowUps are what was promised after an incident.
func (p *portal) overdueFollowUps() chore {
	return chore{
		name: "follow-ups", title: "Follow-ups overdue", about: "Do them, move them or drop them, with a reason.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			now := p.store.Now()
			return paged(ctx, p.Desk().WithOverdueFollowUps(now), after, limit, func(item store.Item[incident.Incident]) (task, error) {
				i := item.Value
				t := task{ID: string(i.ID), Path: incidentPath(person{Role: operator}, string(i.ID)), More: i.Title, Late: true}
				for _, f := range i.OverdueFollowUps(now) {
					if t.Since.IsZero() || f.Due.Before(t.Since) {
						t.What, t.Since = f.Text, f.Due
						t.More = p.pages.called(f.Owner) + " · " + i.Title
					}
				}
				return t, nil
			})
		},
	}
}

// lettersToSend are drafts that wait for a name under them.
func (p *portal) lettersToSend() chore {
	return chore{
		name: "letters", title: "Letters to send", about: "Read them; they go out in your name.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			names := p.customerNames(ctx)
			return paged(ctx, incident.DraftsAcross(p.store), after, limit, func(item store.Item[incident.Communication]) (task, error) {
				c, l := item.Key.Customer, item.Value
				return task{Customer: c, ID: string(l.ID), Whose: names(c), What: l.Subject, Text: l.Body, Path: customerPath(c, "letters"), Since: l.DraftedAt}, nil
			})
		},
		verb: "Send those ticked, in my name", tick: true,
		do: func(ctx context.Context, by person, t task) error {
			_, err := p.Letters(t.Customer).Send(ctx, by.actor(), incident.CommunicationID(t.ID), "")
			return err
		},
	}
}

// ordersIn are orders of all customers in a state.
func (p *portal) ordersIn(state catalog.OrderState, name, title, about string) chore {
	return chore{
		name: name, title: title, about: about,
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			names := p.customerNames(ctx)
			now := p.store.Now()
			return paged(ctx, catalog.OrdersIn(p.store, state), after, limit, func(item store.Item[catalog.Order]) (task, error) {
				c, o := item.Key.Customer, item.Value
				t := task{Customer: c, ID: string(o.ID), Whose: names(c), What: o.Terms.Name, Path: customerPath(c, "orders", string(o.ID)), Since: o.RequestedAt}
				t.More = "asked by " + p.pages.actor(o.RequestedBy)
				if !o.Due.IsZero() && now.After(o.Due) {
					t.Late, t.More = true, "was promised for "+p.deskStamp(o.Due)
				}
				return t, nil
			})
		},
	}
}

// lateOnboardings are customers who do not get to use what they have.
func (p *portal) lateOnboardings() chore {
	return chore{
		name: "onboardings", title: "Sign-ups that are late", about: "See what is missing, ours or theirs.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			names := p.customerNames(ctx)
			services, err := p.names(ctx)
			if err != nil {
				return nil, "", err
			}
			now := p.store.Now()
			late := adoption.Onboardings(p.store).Find(store.By("due").To(store.Time(now)))
			return paged(ctx, late, after, limit, func(item store.Item[adoption.Onboarding]) (task, error) {
				c, o := item.Key.Customer, item.Value
				t := task{Customer: c, ID: string(o.Subscription), Whose: names(c), What: services.Of(o.Service), Path: customerPath(c, "subscriptions", string(o.Subscription)), Late: true}
				var unmet []string
				for _, x := range o.Tasks(now) {
					unmet = append(unmet, x.Text)
					if t.Since.IsZero() || !x.DueBy.IsZero() && x.DueBy.Before(t.Since) {
						t.Since = x.DueBy
					}
				}
				t.More = cut(strings.Join(unmet, ", "), 160)
				return t, nil
			})
		},
	}
}

// toClose is the work at the end of a month: reports, then the statement.
func (p *portal) toClose() chore {
	return chore{
		name: "months", title: "Months to close", about: "Each promise gets its report, and the month its statement.",
		list: p.openMonths,
		verb: "Close those ticked", tick: true, may: isManager, do: p.closeOne,
		all: "Close all that can be closed", doAll: p.closeAll,
	}
}

func isManager(who person) bool { return who.is(manager) }

// openMonths goes through the customers and says of whom the last month is open.
func (p *portal) openMonths(ctx context.Context, after string, limit int) ([]task, string, error) {
	var list []task
	const most = 200 // customers that one page looks at
	for looked := 0; ; looked += limit {
		page, err := p.host.clients().Find(store.All()).Page(ctx, after, limit)
		if err != nil {
			return nil, "", err
		}
		for _, item := range page.Items {
			t, open, err := p.openMonth(ctx, item.Value)
			if err != nil {
				return nil, "", err
			}
			if open {
				list = append(list, t)
			}
		}
		if after = page.Next; after == "" || len(list) >= limit || looked > most {
			return list, after, nil
		}
	}
}

// openMonth says what of a customer's last month is open.
func (p *portal) openMonth(ctx context.Context, c client) (t task, open bool, err error) {
	m := calendar.MonthOf(p.store.Now(), c.zone()).Previous()
	if !c.Latest.IsZero() { // its costs were taken in whole
		return t, false, nil
	}
	keeper, reports := p.Keeper(c.ID), 0
	for promise, err := range keeper.Promises("").All(ctx) {
		if err != nil {
			return t, false, err
		}
		if period, err := promise.Period(m); err != nil || period.Empty() {
			continue
		}
		switch standing, err := keeper.Standing(ctx, promise.ID, m); {
		case err != nil:
			return t, false, err
		case standing.Edition == 0:
			reports++
		}
	}
	month, err := p.Statements(c.Customer).Month(ctx, m)
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return t, false, err
	}
	var words []string
	if reports > 0 {
		words = append(words, plural(reports, "report"))
	}
	if month.Edition == 0 {
		switch page, err := p.Statements(c.Customer).Items("").Page(ctx, "", 1); {
		case err != nil:
			return t, false, err
		case len(page.Items) > 0 && page.Items[0].Value.From.Before(m.In(c.zone()).End):
			words = append(words, "the statement")
		}
	}
	return task{
		Customer: c.ID, ID: m.String(), Whose: c.Name, What: monthWords(m), More: strings.Join(words, " and "),
		Path: customerPath(c.ID, "statement") + "?month=" + m.String(), Since: m.In(c.zone()).End,
	}, len(words) > 0, nil
}

// closeOne closes one customer's month: its reports, what follows of them, and the
// statement.
func (p *portal) closeOne(ctx context.Context, by person, t task) error {
	m, err := calendar.ParseMonth(t.ID)
	if err != nil {
		return err
	}
	c, err := p.host.clients().Get(ctx, string(t.Customer))
	if err != nil {
		return err
	}
	_, err = p.CloseMonth(ctx, by.actor(), c.ID, m)
	if err == nil {
		err = p.drain(ctx) // credits come of reports
	}
	if err == nil {
		err = p.issueMonth(ctx, by.actor(), c, m)
	}
	return err
}

// closeAll closes the last month of everybody.
func (p *portal) closeAll(ctx context.Context, by person) ([]outcome, error) {
	p.turn.Lock()
	defer p.turn.Unlock()
	m := calendar.MonthOf(p.store.Now(), time.UTC).Previous()
	names := p.customerNames(ctx)
	end, err := p.CloseAll(ctx, by.actor(), p.exchange, m)
	if len(end.Open) == 0 && len(end.Unissued) == 0 && err != nil {
		return nil, err
	}
	for c, err := range p.host.clients().Find(store.All()).All(ctx) {
		if err == nil {
			err = p.addressed(ctx, c, m)
		}
		if err != nil {
			return nil, err
		}
	}
	done := []outcome{{What: fmt.Sprintf("%s: %s and %s issued, for %s", monthWords(m), plural(end.Reports, "report"), plural(end.Statements, "statement"), plural(end.Customers, "customer"))}}
	const most = 100
	for _, x := range end.Open {
		if len(done) == most {
			break
		}
		done = append(done, outcome{What: "Report on " + string(x.Service) + " of " + monthWords(x.Month), Problem: problemText(x.Err)})
	}
	for _, x := range end.Unissued {
		if len(done) == most {
			break
		}
		done = append(done, outcome{What: "Statement of " + monthWords(x.Month), Whose: names(x.Customer), Path: customerPath(x.Customer, "statement") + "?month=" + x.Month.String(), Problem: problemText(x.Err)})
	}
	return done, nil
}

// toCorrect are months whose facts changed after their report.
func (p *portal) toCorrect() chore {
	return chore{
		name: "corrections", title: "Reports to correct", about: "Something became known after they were issued: a new edition says so.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			names := p.customerNames(ctx)
			services, err := p.names(ctx)
			if err != nil {
				return nil, "", err
			}
			issued := sla.DueAcross(p.store).Where(func(m sla.MonthRecord) bool { return m.Edition > 0 })
			return paged(ctx, issued, after, limit, func(item store.Item[sla.MonthRecord]) (task, error) {
				c, m := item.Key.Customer, item.Value
				return task{
					Customer: c, ID: string(m.Promise) + "@" + m.Month.String(), Whose: names(c), What: services.Of(m.Service) + ", " + monthWords(m.Month), More: plural(len(m.Because), "reason"),
					Path: customerPath(c, "availability", string(m.Promise), m.Month.String()),
				}, nil
			})
		},
		verb: "Correct those ticked", tick: true, may: isManager,
		do: func(ctx context.Context, by person, t task) error {
			at := strings.LastIndex(t.ID, "@")
			if at < 0 {
				return servicecoin.NotFound(servicecoin.Key{Customer: t.Customer, Kind: "task", ID: t.ID})
			}
			m, err := calendar.ParseMonth(t.ID[at+1:])
			if err != nil {
				return err
			}
			_, err = p.Keeper(t.Customer).CloseMonth(ctx, by.actor(), servicecoin.PromiseID(t.ID[:at]), m)
			return err
		},
	}
}

// givenUp is what the exchange could not do.
func (p *portal) givenUp() chore {
	return chore{
		name: "parked", title: "Given up on", about: "What had to follow from something failed too often. Mend the cause, then let it be tried again.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			names := p.customerNames(ctx)
			return paged(ctx, p.exchange.Parked(), after, limit, func(item store.Item[store.Parked]) (task, error) {
				c, x := item.Key.Customer, item.Value
				return task{Customer: c, ID: x.ID, Whose: names(c), What: x.Event.Name + ", step " + x.Rule, More: cut(x.Error, 160), Path: "/exchange", Since: x.At, Late: true}, nil
			})
		},
		verb: "Try those ticked again", tick: true,
		do: func(ctx context.Context, _ person, t task) error {
			for item, err := range p.exchange.Parked().Items(ctx) {
				if err != nil {
					return err
				}
				if item.Key.Customer == t.Customer && item.Key.ID == t.ID {
					return p.exchange.Retry(ctx, item.Key)
				}
			}
			return servicecoin.NotFound(servicecoin.Key{Customer: t.Customer, Kind: "task", ID: t.ID})
		},
	}
}
