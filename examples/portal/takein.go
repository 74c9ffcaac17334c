package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/examples/focusfile"
	"github.com/servicecoin/servicecoin/examples/incidentfile"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// everyone is the customer that a public list of incidents speaks to.
const everyone = servicecoin.CustomerID("everyone")

// takeIn takes in lists from outside. Taking one in again adds what is new.
// Both are read before anything is stored.
func (p *portal) takeIn(ctx context.Context, incidents, focus string) error {
	var list incidentfile.List
	var rows []focusfile.Row
	var err error
	if incidents != "" {
		if list, err = incidentfile.Open(incidents); err != nil {
			return err
		}
	}
	if focus != "" {
		if rows, err = focusfile.Open(focus); err == nil {
			err = oneCurrencyEach(rows)
		}
		if err != nil {
			return err
		}
	}
	if _, err := p.begin(ctx, "lists"); err != nil {
		return err
	}
	if err := p.staff(ctx); err != nil {
		return err
	}
	if err := p.takeInIncidents(ctx, list, incidents); err != nil {
		return err
	}
	return p.takeInCosts(ctx, rows, focus)
}

// takeInIncidents makes one service of each name, known for as long as the list
// reaches.
func (p *portal) takeInIncidents(ctx context.Context, list incidentfile.List, path string) error {
	if len(list) == 0 {
		return nil
	}
	known := list.Coverage()
	c := client{Customer: servicecoin.Customer{ID: everyone, Name: "Every customer", Zone: "UTC"}, Latest: calendar.MonthOf(known.End.Add(-time.Microsecond), time.UTC)}
	if err := p.enrol(ctx, c, "Owner", "Member"); err != nil {
		return err
	}
	for _, name := range list.Services() {
		if err := p.takeInService(ctx, name, known); err != nil {
			return err
		}
	}
	added := 0
	for _, line := range list {
		i, err := imported(line)
		if err != nil {
			return err
		}
		switch err := p.Desk().Record(ctx, i, servicecoin.Program("import")); {
		case err == nil:
			added++
		case !errors.Is(err, servicecoin.ErrExists):
			return err
		}
	}
	p.log.InfoContext(ctx, "list of incidents taken in", "file", path, "incidents", len(list), "new", added, "known", known.String())
	return nil
}

func (p *portal) takeInService(ctx context.Context, name string, known calendar.Interval) error {
	id, by := servicecoin.ServiceID(name), servicecoin.Program("import")
	label := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	s := catalog.Service{ID: id, Name: name, Kind: catalog.Business, Descriptions: catalog.Texts{"en": "From a public list of incidents"}, Labels: map[string]string{coveredFrom: label(known.Start), coveredUntil: label(known.End)}}
	if err := p.addService(ctx, s, by); err != nil {
		return err
	}
	there, err := p.Catalog().Service(ctx, id)
	if err != nil {
		return err
	}
	from, until := there.Labels[coveredFrom], there.Labels[coveredUntil]
	if label(known.Start) < from || from == "" || until != "" && until < label(known.End) { // a longer list, perhaps
		there.Labels = map[string]string{coveredFrom: cmp.Or(min(from, label(known.Start)), label(known.Start)), coveredUntil: max(until, label(known.End))}
		if _, err := p.Catalog().ReviseService(ctx, there, by); err != nil {
			return err
		}
	}
	// Nobody ordered it here: that everybody uses it is a fact from outside.
	err = p.Catalog().Follow(ctx, everyone, catalog.SubscriptionChanged{
		Subscription: servicecoin.SubscriptionID(name), Service: id, State: catalog.SubscriptionActive, From: known.Start,
	}, by)
	if err != nil {
		return err
	}
	objective := number("99.9")
	_, err = p.Keeper(everyone).Make(ctx, sla.Promise{
		ID: servicecoin.PromiseID(id), Service: id, Objective: objective, Zone: "UTC", Terms: terms(), Bands: bands(objective), ValidFrom: known.Start,
	}, by)
	return kept(err)
}

// imported tells a line of the list as an incident that is over.
func imported(line incidentfile.Incident) (incident.Incident, error) {
	level, words := incident.Information, "information"
	switch line.Impact {
	case incidentfile.Disruption:
		level, words = incident.Disruption, "disruption"
	case incidentfile.Outage:
		level, words = incident.Outage, "outage"
	}
	by := servicecoin.Program("import")
	r := incident.Report{
		ID: servicecoin.IncidentID(line.ID), Title: line.Service + ": " + words, Headline: line.Service + ": " + words,
		Began: line.Span.Start, DetectedAt: line.Span.Start,
	}
	if len(line.Locations) > 0 {
		r.Description = "Locations: " + strings.Join(line.Locations, ", ")
	}
	// One that names no service in particular counts for none, and an empty
	// span is no time at all.
	if line.Service != incidentfile.Several && !line.Span.Empty() {
		r.Effects = []incident.Effect{{Service: servicecoin.ServiceID(line.Service), Level: level, From: line.Span.Start, Locations: line.Locations}}
	}
	i, err := incident.Open(r, by, line.Span.Start)
	if err != nil {
		return i, err
	}
	err = i.Resolve(by, line.Span.End, incident.Resolution{Text: "Over, as the public list has it"})
	return i, err
}

// accountOf is the customer of a row: its sub-account. Rows of the account as a
// whole are together.
func accountOf(r focusfile.Row) servicecoin.CustomerID {
	return servicecoin.CustomerID(cmp.Or(r.SubAccountID, "without sub-account"))
}

// oneCurrencyEach refuses a file in which one customer is billed in two
// currencies: there is one in a statement.
func oneCurrencyEach(rows []focusfile.Row) error {
	var v servicecoin.Violations
	first := map[servicecoin.CustomerID]focusfile.Row{}
	for _, r := range rows {
		f, seen := first[accountOf(r)]
		if !seen {
			first[accountOf(r)] = r
		} else if f.Currency != r.Currency {
			v.Add(fmt.Sprintf("line %d, BillingCurrency", r.Line), "two-currencies", string(r.Currency), fmt.Sprintf("%s is billed in %s in line %d", accountOf(r), f.Currency, f.Line))
		}
	}
	return v.Err()
}

// takeInCosts makes one customer of each sub-account, one service of each name,
// and passes on what was billed, row by row.
func (p *portal) takeInCosts(ctx context.Context, rows []focusfile.Row, path string) error {
	by := servicecoin.Program("import")
	file := filepath.Base(path)
	groups := map[servicecoin.CustomerID][]cost.Row{}
	names := map[servicecoin.CustomerID]focusfile.Row{}
	seen := map[string]bool{}
	for _, r := range rows {
		if !seen[r.ServiceName] {
			seen[r.ServiceName] = true
			s := catalog.Service{ID: servicecoin.ServiceID(r.ServiceName), Name: r.ServiceName, Kind: catalog.Business, Descriptions: catalog.Texts{"en": cmp.Or(r.ServiceCategory, "From a bill") + ", by " + cmp.Or(r.ProviderName, "a provider")}}
			if err := p.addService(ctx, s, by); err != nil {
				return err
			}
		}
		row, err := costRow(r, file)
		if err != nil {
			return err
		}
		groups[accountOf(r)] = append(groups[accountOf(r)], row)
		names[accountOf(r)] = r
	}
	added := 0
	for _, id := range sortedKeys(groups) {
		c := client{Customer: servicecoin.Customer{ID: id, Name: cmp.Or(names[id].SubAccountName, string(id)), Zone: "UTC", Currency: string(names[id].Currency)}}
		c.Latest = slices.MaxFunc(groups[id], func(a, b cost.Row) int { return a.Month.Compare(b.Month) }).Month
		if err := p.enrol(ctx, c, "Owner", "Member"); err != nil {
			return err
		}
		if err := p.latest(ctx, c); err != nil {
			return err
		}
		done, err := p.Statements(c.Customer).Import(ctx, groups[id], by)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		added += done.Added
	}
	if len(rows) > 0 {
		p.log.InfoContext(ctx, "costs taken in", "file", path, "rows", len(rows), "new", added, "customers", len(groups), "services", len(seen))
	}
	return nil
}

// latest moves a customer's last month of costs on.
func (p *portal) latest(ctx context.Context, c client) error {
	_, err := p.host.clients().Update(ctx, string(c.ID), func(there *client) ([]store.Event, error) {
		if c.Latest.Compare(there.Latest) > 0 {
			there.Latest = c.Latest
		}
		return nil, nil
	})
	return err
}

// costRow is a row of the file as a cost to pass on. A row without a cost adds
// nothing, and its line says so.
func costRow(r focusfile.Row, file string) (cost.Row, error) {
	row := cost.Row{
		ID: fmt.Sprintf("%s:%d", file, r.Line), Service: servicecoin.ServiceID(r.ServiceName), Description: cut(r.ChargeDescription, 200),
		Month: calendar.MonthOf(r.BillingPeriod.Start, time.UTC), Period: r.ChargePeriod,
		Quantity: r.PricingQuantity, Unit: r.PricingUnit, Reference: fmt.Sprintf("%s, line %d", file, r.Line),
	}
	if row.Period.Empty() {
		row.Period = r.BillingPeriod
	}
	if !r.BilledCost.Valid {
		return row, nil
	}
	var err error
	row.Amount, err = money.New(r.BilledCost.Decimal, r.Currency)
	return row, err
}

// cut keeps the first so many characters of a text.
func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
