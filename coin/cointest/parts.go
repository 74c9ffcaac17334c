package cointest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// subscribe gives a customer the cloud offering at once.
func (p *provider) subscribe(customer servicecoin.CustomerID) {
	p.t.Helper()
	ctx := p.t.Context()
	offering, err := p.Catalog().Orderable(ctx, cloud)
	p.must(err)
	order, err := p.Orders(customer).Place(ctx, mika(), offering, catalog.Request{Parameters: json.RawMessage(`{"size":3}`)})
	p.must(err)
	_, err = p.Orders(customer).Approve(ctx, olga(), order.ID, "")
	p.must(err)
}

func stumbles(p *provider) {
	ctx := p.t.Context()
	broken := errors.New("no line to the machines")
	p.machines.Script(catalog.Answer{Err: broken}, catalog.Answer{Progress: catalog.Progress{State: catalog.Done}, Err: broken, Lost: true}, catalog.Answer{Progress: catalog.Progress{State: catalog.Failed, Text: "No machine is free"}})
	p.subscribe(acme)
	for range 10 { // the effect fails, and is made again
		if _, err := p.exchanges.Step(ctx, 10); err != nil && !strings.Contains(err.Error(), "no line") {
			p.t.Fatal(err)
		}
	}
	p.exchange()
	var order catalog.Order
	for o, err := range p.Orders(acme).List().All(ctx) {
		p.must(err)
		order = o
	}
	same(p.t, "state", catalog.OrderFulfilled, order.State) // the lost call had done it
	same(p.t, "attempts", 1, order.Attempt)
}

// opens reports that the database is down, and nothing of what needs it.
func (p *provider) opens() servicecoin.IncidentID {
	p.t.Helper()
	began := p.at(time.January, 20, 10, 0)
	i, err := p.Desk().Open(p.t.Context(), ada(), incident.Report{ID: "i1", Title: "db-2 is down", Effects: []incident.Effect{{Service: database, Level: incident.Outage, From: began}}})
	p.must(err)
	return i.ID
}

func lettersOnce(p *provider) {
	ctx := p.t.Context()
	p.subscribe(acme)
	p.exchange()
	id := p.opens()
	p.exchange()
	p.at(time.January, 20, 10, 10)
	_, err := p.Desk().Affect(ctx, ada(), id, incident.Effect{Service: erp, Level: incident.Outage, From: p.clock()})
	p.must(err)
	p.exchange()
	letters := p.letters(acme)
	same(p.t, "a customer who has heard of it is not told again that it began", 1, len(letters))
	_, err = p.Letters(acme).Discard(ctx, ada(), letters[0].ID, "Told by phone")
	p.must(err)
	p.at(time.January, 20, 10, 20)
	_, err = p.Desk().Resolve(ctx, ada(), id, incident.Resolution{Text: "Restarted"})
	p.must(err)
	_, err = p.Desk().Reopen(ctx, ada(), id, "Down again")
	p.must(err)
	p.exchange()
	for _, l := range p.letters(acme)[1:] {
		if strings.HasPrefix(l.Subject, "Over") {
			p.t.Errorf("it was said to be over after it was reopened: %q", l.Subject)
		}
	}
}

func lettersSayWhy(p *provider) {
	p.subscribe(acme)
	p.exchange()
	p.opens()
	p.exchange()
	letters := p.letters(acme)
	same(p.t, "letters", 1, len(letters))
	same(p.t, "path", []servicecoin.ServiceID{erp, database}, letters[0].Path)
	same(p.t, "body", "Database platform is down since 20 January 2026, 11:00 CET. You use Order entry, which needs it.", letters[0].Body)
	same(p.t, "state", incident.Draft, letters[0].State)
}

func manyLetters(p *provider) {
	const n = 23
	for k := range n {
		p.subscribe(servicecoin.CustomerID(fmt.Sprintf("c%02d", k)))
	}
	p.exchange()
	p.opens()
	p.exchange()
	for k := range n {
		same(p.t, "letters", 1, len(p.letters(servicecoin.CustomerID(fmt.Sprintf("c%02d", k)))))
	}
}

func exchangeLost(p *provider) {
	p.subscribe(acme)
	p.faults.Script(storetest.After, storetest.Before, storetest.After, storetest.Pass, storetest.Conflict, storetest.After, storetest.Before, storetest.After, storetest.Pass, storetest.After)
	p.exchange()
	p.opens()
	p.faults.Script(storetest.After, storetest.Before, storetest.After)
	p.exchange()
	same(p.t, "letters", 1, len(p.letters(acme)))
	same(p.t, "operations", 1, len(p.machines.There()))
	items := 0
	customer, err := servicecoin.Customer{ID: acme, Name: "Acme", Zone: "Europe/Berlin", Currency: "EUR"}, error(nil)
	p.must(err)
	for _, err := range p.Statements(customer).Items("").All(p.t.Context()) {
		p.must(err)
		items++
	}
	same(p.t, "items", 2, items)
}
