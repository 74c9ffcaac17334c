package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/store"
)

// beginning is the portal's memory of its first start, so that a second one
// keeps what is there, and one that was killed in the middle goes on.
type beginning struct {
	What string    `json:"what"` // "demonstration" or "lists"
	At   time.Time `json:"at"`
	Done bool      `json:"done"`
	// Release is that of the portal whose indexes the records are in.
	Release int `json:"release,omitempty"`
}

// indexed is counted up when a room has an index more: at its next start the portal
// brings the records of older files into it.
const indexed = 1

var beginnings = store.Kind[beginning]{Name: "portal.beginning", ID: func(beginning) string { return "beginning" }}

// begin returns how the file began; what says how it does if it is new.
func (p *portal) begin(ctx context.Context, what string) (beginning, error) {
	c := store.Of(p.store.For(servicecoin.Provider), beginnings)
	b, err := c.Get(ctx, "beginning")
	if errors.Is(err, servicecoin.ErrNotFound) {
		b = beginning{What: what, At: p.store.Now(), Release: indexed}
		err = c.Insert(ctx, b)
	}
	return b, err
}

// upToDate brings the records of a file that an older portal has written into the
// indexes of this one. It goes on where it was if it is interrupted.
func (p *portal) upToDate(ctx context.Context) error {
	c := store.Of(p.store.For(servicecoin.Provider), beginnings)
	b, err := c.Get(ctx, "beginning")
	if errors.Is(err, servicecoin.ErrNotFound) || err == nil && b.Release >= indexed {
		return nil
	}
	if err != nil {
		return err
	}
	p.log.InfoContext(ctx, "bringing an older file up to date")
	n, err := p.Reindex(ctx)
	if err != nil {
		return err
	}
	p.log.InfoContext(ctx, "the file is up to date", "records", n)
	_, err = c.Update(ctx, "beginning", func(b *beginning) ([]store.Event, error) {
		b.Release = indexed
		return nil, nil
	})
	return err
}

// demo is the portal at a clock of the past, over the same file.
type demo struct {
	*portal

	now  time.Time // when the demonstration ends and the portal begins
	when *time.Time
}

const (
	day  = 24 * time.Hour
	back = 120 * day // how far the demonstration reaches back
)

// The provider's people.
const (
	ada  = servicecoin.PersonID("ada")
	ben  = servicecoin.PersonID("ben")
	cleo = servicecoin.PersonID("cleo")
	dana = servicecoin.PersonID("dana")
	emil = servicecoin.PersonID("emil")
)

// Roles of theirs that run books and checklists name.
const (
	databaseAdmin = "database administrator"
	shiftLead     = "shift lead"
)

// demonstrate fills a new file with a small provider and its last four months.
// Every step can be made again: what is there already stays.
func (p *portal) demonstrate(ctx context.Context) error {
	b, err := p.begin(ctx, "demonstration")
	if err != nil || b.Done || b.What != "demonstration" {
		return err
	}
	p.log.InfoContext(ctx, "filling the new file with a demonstration: a few seconds")
	when := b.At
	d := demo{portal: &portal{backend: p.backend, usage: p.usage, log: p.log, desk: p.desk}, now: b.At.Truncate(time.Minute), when: &when}
	if err := d.assemble(func() time.Time { return when }, 0); err != nil {
		return err
	}
	for _, fill := range []func(context.Context) error{
		d.enrolAll, d.offer, d.tariffs, d.subscribeAll, d.use, d.limits, d.recorded, d.changeTimes, d.changed, d.observed, d.past, d.recently, d.present, d.reported, d.drain, d.toChange, d.drain, d.closeMonths, d.soundOut, d.pending,
		d.library, d.runsOfDemo, d.checklistsOfDemo, d.drain, d.machines, d.flaws, d.patchCycles,
		d.releasesOfDemo, d.featuresOfDemo, d.certificationOfDemo, d.apisOfDemo, d.drain,
	} {
		if err := fill(ctx); err != nil {
			return err
		}
	}
	if err := d.exchange.Release(ctx); err != nil {
		return err
	}
	_, err = store.Of(p.store.For(servicecoin.Provider), beginnings).Update(ctx, "beginning", func(b *beginning) ([]store.Event, error) {
		b.Done = true
		return nil, nil
	})
	return err
}

// at turns the clock to so many days ago, at a time of that day.
func (d demo) at(days, hour, minute int) time.Time {
	y, m, today := d.now.Date()
	return time.Date(y, m, today-days, hour, minute, 0, 0, time.UTC)
}

func (d demo) turn(t time.Time) { *d.when = t }

// staff records the provider's people.
func (p *portal) staff(ctx context.Context) error {
	for _, x := range []person{
		{ID: ada, Name: "Ada Brandt", Role: manager},
		{ID: ben, Name: "Ben Okafor", Role: operator, Also: []string{shiftLead}},
		{ID: cleo, Name: "Cleo Diaz", Role: operator},
		{ID: dana, Name: "Dana Novak", Role: operator, Also: []string{databaseAdmin, shiftLead}},
		{ID: emil, Name: "Emil Sand", Role: operator, Also: []string{databaseAdmin}},
	} {
		if err := kept(p.host.persons().Insert(ctx, x)); err != nil {
			return err
		}
	}
	return nil
}

// enrol records a customer and two people of it.
func (p *portal) enrol(ctx context.Context, c client, ownerName, memberName string) error {
	return errors.Join(
		kept(p.host.clients().Insert(ctx, c)),
		kept(p.host.persons().Insert(ctx, person{ID: ownerOf(c.ID), Name: ownerName, Role: owner, Customer: c.ID})),
		kept(p.host.persons().Insert(ctx, person{ID: memberOf(c.ID), Name: memberName, Role: member, Customer: c.ID})),
	)
}

func ownerOf(c servicecoin.CustomerID) servicecoin.PersonID {
	return servicecoin.PersonID("owner@" + c)
}

func memberOf(c servicecoin.CustomerID) servicecoin.PersonID {
	return servicecoin.PersonID("member@" + c)
}

// customersOfDemo are whom the provider of the demonstration works for, with
// what they have.
func customersOfDemo() []struct {
	client        client
	owner, member string
	has           []servicecoin.OfferingID
} {
	c := func(id servicecoin.CustomerID, name, zone string, where party, centre string, centres map[servicecoin.ServiceID]string) client {
		return client{
			Customer: servicecoin.Customer{ID: id, Name: name, Zone: zone, Currency: "EUR", Contacts: []servicecoin.PersonID{ownerOf(id)}},
			party:    where, CostCentre: centre, CostCentres: centres,
		}
	}
	kiel := party{Address: []string{"Alder Hospital, Accounts", "Erlenweg 3", "24114 Kiel", "Germany"}, Country: "DE", TaxID: "DE 134 887 210"}
	leeds := party{Address: []string{"18 Canal Street", "Leeds LS1 4AB", "United Kingdom"}, Country: "GB", TaxID: "GB 402 6611 83"}
	cedar := party{Address: []string{"Rua das Oliveiras 40", "4050-449 Porto", "Portugal"}, Country: "PT", TaxID: "PT 507 113 902"}
	return []struct {
		client        client
		owner, member string
		has           []servicecoin.OfferingID
	}{
		{c("alder", "Alder Hospital", "Europe/Berlin", kiel, "4711 Information technology", map[servicecoin.ServiceID]string{"erp": "4730 Purchasing"}), "Olga Lind", "Mika Rautio", []servicecoin.OfferingID{"network-std", "signin-std", "database-std", "erp-cloud", "mail-std", "files-std"}},
		{c("birch", "Birch & Sons", "Europe/London", leeds, "", nil), "Pavel Birch", "Jo Sands", []servicecoin.OfferingID{"network-std", "signin-std", "erp-cloud", "files-std"}},
		{c("cedar", "Cedar City Library", "Europe/Lisbon", cedar, "820", nil), "Ines Marin", "Tom Weil", []servicecoin.OfferingID{"network-std", "signin-std", "mail-std", "files-std"}},
	}
}

func (d demo) enrolAll(ctx context.Context) error {
	d.turn(d.now.Add(-back))
	if err := d.staff(ctx); err != nil {
		return err
	}
	for _, x := range customersOfDemo() {
		if err := d.enrol(ctx, x.client, x.owner, x.member); err != nil {
			return err
		}
	}
	return nil
}

// subscribeAll orders for each customer what it has, as people would: a member
// asks, the owner approves, the machines set it up.
func (d demo) subscribeAll(ctx context.Context) error {
	for _, x := range customersOfDemo() {
		for n, offering := range x.has {
			if err := d.subscribe(ctx, x.client.ID, offering, d.now.Add(-back+time.Duration(n+1)*time.Hour)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d demo) subscribe(ctx context.Context, c servicecoin.CustomerID, id servicecoin.OfferingID, at time.Time) error {
	d.turn(at)
	order, err := d.place(ctx, c, id)
	if err != nil {
		return err
	}
	if order.State == catalog.OrderRequested {
		d.turn(at.Add(20 * time.Minute))
		if _, err := d.Orders(c).Approve(ctx, servicecoin.Client(ownerOf(c)), order.ID, ""); err != nil {
			return err
		}
	}
	d.turn(at.Add(40 * time.Minute))
	return d.drain(ctx)
}

// place orders in the name of a member, once.
func (d demo) place(ctx context.Context, c servicecoin.CustomerID, id servicecoin.OfferingID) (catalog.Order, error) {
	orders := d.Orders(c)
	order, err := orders.Get(ctx, servicecoin.OrderID(id))
	if !errors.Is(err, servicecoin.ErrNotFound) {
		return order, err
	}
	offering, err := d.Catalog().Orderable(ctx, id)
	if err != nil {
		return order, err
	}
	r := catalog.Request{ID: servicecoin.OrderID(id), Subscription: servicecoin.SubscriptionID(id)}
	if strings.HasPrefix(string(id), "erp") {
		r.Parameters = []byte(`{"people":24,"site":"north"}`)
	}
	for _, m := range metersOf(id) {
		if r.Planned == nil {
			r.Planned = catalog.Planned{}
		}
		r.Planned[string(m)] = number(plannedByDefault(m))
	}
	return orders.Place(ctx, servicecoin.Client(memberOf(c)), offering, r)
}

// closeMonths issues reports and statements of the months that are over, each a
// little after its end.
func (d demo) closeMonths(ctx context.Context) error {
	for _, x := range customersOfDemo() {
		loc, err := x.client.Location()
		if err != nil {
			return err
		}
		current := calendar.MonthOf(d.now, loc)
		for m := calendar.MonthOf(d.now.Add(-back), loc).Next(); m.Compare(current) < 0; m = m.Next() {
			end := m.In(loc).End
			d.turn(end.Add(8 * time.Hour))
			if d.when.After(d.now) {
				d.turn(d.now)
			}
			if _, err := d.CloseMonth(ctx, servicecoin.Person(ada), x.client.ID, m); err != nil {
				return err
			}
			if err := d.drain(ctx); err != nil {
				return err
			}
			if err := d.issueMonth(ctx, servicecoin.Person(ada), x.client, m); err != nil {
				return err
			}
		}
	}
	d.turn(d.now)
	return d.drain(ctx)
}
