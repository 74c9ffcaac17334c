package main

import (
	"context"
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// beginning is the portal's memory of its first start, so that a second one
// keeps what is there, and one that was killed in the middle goes on.
type beginning struct {
	What string    `json:"what"` // "demonstration" or "incidents"
	At   time.Time `json:"at"`
	Done bool      `json:"done"`
}

var beginnings = store.Kind[beginning]{Name: "portal.beginning", ID: func(beginning) string { return "beginning" }}

// begin returns how the file began; what says how it does if it is new.
func (p *portal) begin(ctx context.Context, what string) (beginning, error) {
	c := store.Of(p.store.For(servicecoin.Provider), beginnings)
	b, err := c.Get(ctx, "beginning")
	if errors.Is(err, servicecoin.ErrNotFound) {
		b = beginning{What: what, At: p.store.Now()}
		err = c.Insert(ctx, b)
	}
	return b, err
}

// demonstrate fills a new file with a small provider and its last four months.
func (p *portal) demonstrate(ctx context.Context) error {
	b, err := p.begin(ctx, "demonstration")
	if err != nil || b.Done || b.What != "demonstration" {
		return err
	}
	d := demo{portal: p, now: b.At.Truncate(time.Minute)}
	for _, fill := range []func(context.Context) error{d.offer, d.past, d.present, p.drain, d.closeMonths} {
		if err := fill(ctx); err != nil {
			return err
		}
	}
	_, err = store.Of(p.store.For(servicecoin.Provider), beginnings).Update(ctx, "beginning", func(b *beginning) ([]store.Event, error) {
		b.Done = true
		return nil, nil
	})
	return err
}

type demo struct {
	*portal

	now time.Time
}

// The people of the demonstration.
const (
	ada  = servicecoin.PersonID("ada")
	ben  = servicecoin.PersonID("ben")
	cleo = servicecoin.PersonID("cleo")
)

const (
	day  = 24 * time.Hour
	past = 120 * day // how far the demonstration reaches back
)

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// terms weigh what incidents do, the same for all promises of the portal.
func terms() sla.Terms {
	return sla.Terms{Weights: sla.Weights{
		sla.Level(incident.Outage): number("1"), sla.Level(incident.Disruption): number("0.3"),
		sla.Level(incident.Degradation): number("0"), sla.Level(incident.Information): number("0"),
	}}
}

// staff records the provider's people.
func (p *portal) staff(ctx context.Context) error {
	for _, x := range []person{
		{ID: ada, Name: "Ada Brandt", Role: manager}, {ID: ben, Name: "Ben Okafor", Role: operator}, {ID: cleo, Name: "Cleo Diaz", Role: operator},
	} {
		if err := kept(p.table.persons().Insert(ctx, x)); err != nil {
			return err
		}
	}
	return nil
}

// enrol records a customer and two people of it.
func (p *portal) enrol(ctx context.Context, c servicecoin.Customer, ownerName, memberName string) error {
	return errors.Join(
		kept(p.table.customers().Insert(ctx, c)),
		kept(p.table.persons().Insert(ctx, person{ID: servicecoin.PersonID("owner@" + c.ID), Name: ownerName, Role: owner, Customer: c.ID})),
		kept(p.table.persons().Insert(ctx, person{ID: servicecoin.PersonID("member@" + c.ID), Name: memberName, Role: member, Customer: c.ID})),
	)
}

// offer records customers, services, and what is promised of each.
func (d demo) offer(ctx context.Context) error {
	if err := d.staff(ctx); err != nil {
		return err
	}
	all := []servicecoin.CustomerID{"alder", "birch", "cedar"}
	for i, names := range [][3]string{
		{"Alder Hospital", "Olga Lind", "Mika Rautio"}, {"Birch & Sons", "Pavel Birch", "Jo Sands"}, {"Cedar City Library", "Ines Marin", "Tom Weil"},
	} {
		if err := d.enrol(ctx, servicecoin.Customer{ID: all[i], Name: names[0], Zone: "UTC", Currency: "EUR"}, names[1], names[2]); err != nil {
			return err
		}
	}
	for _, s := range []struct {
		id                         servicecoin.ServiceID
		name, about, promised, why string
		users                      []servicecoin.CustomerID
	}{
		{"database", "Database platform", "PostgreSQL, patched and backed up, for programs of yours", "99.9", "Order entry stands still without it; an hour costs a ward about 4,000 EUR", all[:2]},
		{"erp", "Order entry", "Orders, stock and accounts in one program", "99.9", "Agreed with purchasing: orders leave at noon and at five", all[:2]},
		{"files", "File share", "Folders for teams, with versions of the last 90 days", "99.5", "Files can be worked on offline for half a day", all},
		{"mail", "Mail", "Mailboxes and calendars, with an archive", "99.9", "Reports of findings go by mail within the hour", all},
		{"network", "Network", "Lines between sites, and to the internet", "99.95", "Every other service needs it", all},
		{"signin", "Sign-in", "One account for everything, with a second factor", "99.95", "Nobody works without it", all},
	} {
		record := service{ID: s.id, Name: s.name, About: s.about, Users: s.users, CoveredFrom: d.now.Add(-past)}
		if err := kept(d.table.services().Insert(ctx, record)); err != nil {
			return err
		}
		for _, customer := range s.users {
			if err := d.promise(ctx, customer, s.id, s.name, s.promised, s.why, d.now.Add(-past)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *portal) promise(ctx context.Context, to servicecoin.CustomerID, id servicecoin.ServiceID, name, objective, why string, since time.Time) error {
	promise := sla.Promise{
		ID: servicecoin.PromiseID(id), Service: id, Name: name, Objective: number(objective), Zone: "UTC", Terms: terms(),
		Bands:     sla.Bands{{Below: number(objective), Credit: number("10")}, {Below: number("99"), Credit: number("25")}},
		ValidFrom: since,
	}
	if why != "" {
		promise.Rationale = sla.Rationale{Text: why, Owner: ada, DecidedOn: since}
	}
	_, err := p.Keeper(to).Make(ctx, promise, servicecoin.Program("portal"))
	return kept(err)
}

// kept takes what is there already for success: filling goes on where it was.
func kept(err error) error {
	if errors.Is(err, servicecoin.ErrExists) {
		return nil
	}
	return err
}

// closeMonths issues the reports of the months that are over.
func (d demo) closeMonths(ctx context.Context) error {
	list, err := collect(d.table.customers().Find(ctx, store.All()))
	if err != nil {
		return err
	}
	current := calendar.MonthOf(d.now, time.UTC)
	for m := calendar.MonthOf(d.now.Add(-past), time.UTC).Next(); m.Compare(current) < 0; m = m.Next() {
		for _, c := range list {
			if _, err := d.CloseMonth(ctx, c.ID, m, servicecoin.Person(ada)); err != nil {
				return err
			}
		}
	}
	return nil
}
