package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/examples/focusfile"
	"github.com/servicecoin/servicecoin/examples/incidentfile"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
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
	var bills []bill
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
		if err == nil {
			bills, err = billsOf(rows, filepath.Base(focus))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", focus, err)
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
	return p.takeInCosts(ctx, rows, bills, focus)
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
		switch err := p.Desk().Record(ctx, servicecoin.Program("import"), i); {
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
	if err := p.addService(ctx, by, s); err != nil {
		return err
	}
	there, err := p.Catalog().Service(ctx, id)
	if err != nil {
		return err
	}
	from, until := there.Labels[coveredFrom], there.Labels[coveredUntil]
	if label(known.Start) < from || from == "" || until != "" && until < label(known.End) { // a longer list, perhaps
		there.Labels = map[string]string{coveredFrom: cmp.Or(min(from, label(known.Start)), label(known.Start)), coveredUntil: max(until, label(known.End))}
		if _, err := p.Catalog().ReviseService(ctx, by, there); err != nil {
			return err
		}
	}
	// Nobody ordered it here: that everybody uses it is a fact from outside.
	err = p.Catalog().Follow(ctx, by, everyone, catalog.SubscriptionChanged{
		Subscription: servicecoin.SubscriptionID(name), Service: id, State: catalog.SubscriptionActive, From: known.Start,
	})
	if err != nil {
		return err
	}
	objective := number("99.9")
	_, err = p.Keeper(everyone).Make(ctx, by, sla.Promise{
		ID: servicecoin.PromiseID(id), Service: id, Objective: objective, Zone: "UTC", Terms: terms(), Bands: bands(objective), ValidFrom: known.Start,
	})
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
	i, err := incident.Open(by, line.Span.Start, r)
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

// bill is what a file says of one bill, by customer.
type bill struct {
	cost.Bill

	rows map[servicecoin.CustomerID][]cost.Row
}

// billsOf parts the rows of a file by the bill that they are of: that of a billing
// account for a billing period.
func billsOf(rows []focusfile.Row, file string) ([]bill, error) {
	type key struct {
		account    string
		start, end time.Time
	}
	var v servicecoin.Violations
	var list []bill
	index := map[key]int{}
	for _, r := range rows {
		if v.Len() >= servicecoin.MaxViolations {
			break
		}
		row, err := costRow(r, file)
		v.Merge(fmt.Sprintf("line %d, BilledCost", r.Line), err)
		period, ok := billingPeriod(&v, r)
		if err != nil || !ok {
			continue
		}
		k := key{r.BillingAccountID, period.Start, period.End}
		i, known := index[k]
		if !known {
			i = len(list)
			index[k] = i
			b := cost.Bill{Account: r.BillingAccountID, Period: period, Month: calendar.MonthOf(period.Start, time.UTC)}
			list = append(list, bill{Bill: b, rows: map[servicecoin.CustomerID][]cost.Row{}})
		}
		b := &list[i]
		if row.Period.Empty() {
			row.Period = period
		}
		if row.Period.Start.After(b.Through) {
			b.Through = row.Period.Start
		}
		b.rows[accountOf(r)] = append(b.rows[accountOf(r)], row)
	}
	return list, v.Err()
}

// billingPeriod is that of the bill of a row. FOCUS says that it is never null; where
// an export has none all the same, it is the month of the charge, if that lies in
// one.
func billingPeriod(v *servicecoin.Violations, r focusfile.Row) (calendar.Interval, bool) {
	if !r.BillingPeriod.Empty() {
		return r.BillingPeriod, true
	}
	why := "the charge has no period either that would tell the month"
	if !r.ChargePeriod.Empty() {
		first, last := calendar.MonthOf(r.ChargePeriod.Start, time.UTC), calendar.MonthOf(r.ChargePeriod.End.Add(-1), time.UTC)
		if first == last {
			return first.In(time.UTC), true
		}
		why = fmt.Sprintf("the charge is of %s to %s, which does not tell the month", first, last)
	}
	v.Add(fmt.Sprintf("line %d, BillingPeriodStart", r.Line), "required", "", "must not be null, nor must BillingPeriodEnd: "+why)
	return calendar.Interval{}, false
}

// takeInCosts makes one customer of each sub-account, one service of each name, and
// passes on what was billed. A file says all that is known of its bills so far: what
// an earlier one said of them, under whatever name, is replaced.
func (p *portal) takeInCosts(ctx context.Context, rows []focusfile.Row, bills []bill, path string) error {
	by := servicecoin.Program("import")
	names := map[servicecoin.CustomerID]focusfile.Row{}
	seen := map[string]bool{}
	for _, r := range rows {
		names[accountOf(r)] = r
		if seen[r.ServiceName] {
			continue
		}
		seen[r.ServiceName] = true
		s := catalog.Service{ID: servicecoin.ServiceID(r.ServiceName), Name: r.ServiceName, Kind: catalog.Business, Descriptions: catalog.Texts{"en": cmp.Or(r.ServiceCategory, "From a bill") + ", by " + cmp.Or(r.ProviderName, "a provider")}}
		if err := p.addService(ctx, by, s); err != nil {
			return err
		}
	}
	earliest, latest := map[servicecoin.CustomerID]calendar.Month{}, map[servicecoin.CustomerID]calendar.Month{}
	for _, b := range bills {
		for id := range b.rows {
			if b.Month.Compare(latest[id]) > 0 {
				latest[id] = b.Month
			}
			if first := earliest[id]; first.IsZero() || b.Month.Compare(first) < 0 {
				earliest[id] = b.Month
			}
		}
	}
	for _, id := range sortedKeys(names) {
		c := client{Customer: servicecoin.Customer{ID: id, Name: cmp.Or(names[id].SubAccountName, string(id)), Zone: "UTC", Currency: string(names[id].Currency)}, Earliest: earliest[id], Latest: latest[id]}
		if err := p.enrol(ctx, c, "Owner", "Member"); err != nil {
			return err
		}
		if err := p.latest(ctx, c); err != nil {
			return err
		}
	}
	clients, err := collect(p.host.clients().Find(store.All()).All(ctx))
	if err != nil {
		return err
	}
	var sum cost.Delivered
	for _, b := range bills {
		for _, c := range clients {
			done, err := p.deliver(ctx, by, b, c)
			if err != nil {
				return fmt.Errorf("%s: %s: %w", path, c.ID, err)
			}
			sum = cost.Delivered{Added: sum.Added + done.Added, Repeat: sum.Repeat + done.Repeat, Withdrawn: sum.Withdrawn + done.Withdrawn}
		}
	}
	if len(rows) > 0 {
		p.log.InfoContext(ctx, "costs taken in", "file", path, "rows", len(rows), "new", sum.Added, "customers", len(names), "services", len(seen), "withdrawn", sum.Withdrawn)
	}
	return nil
}

// deliver passes on what a bill says of one customer. One of whom it says nothing
// is no longer in it, if the file tells whose bill it is; else there may be another
// file of that customer.
func (p *portal) deliver(ctx context.Context, by servicecoin.Actor, b bill, c client) (cost.Delivered, error) {
	list := b.rows[c.ID]
	if len(list) == 0 && (b.Account == "" || c.Currency == "") {
		return cost.Delivered{}, nil
	}
	return p.Statements(c.Customer).Deliver(ctx, by, b.Bill, list)
}

// latest moves a customer's last month of costs on, and the first one back.
func (p *portal) latest(ctx context.Context, c client) error {
	_, err := p.host.clients().Update(ctx, string(c.ID), func(there *client) ([]store.Event, error) {
		if c.Latest.Compare(there.Latest) > 0 {
			there.Latest = c.Latest
		}
		if there.Earliest.IsZero() || c.Earliest.Compare(there.Earliest) < 0 {
			there.Earliest = c.Earliest
		}
		return nil, nil
	})
	return err
}

// costRow is a row of the file as a cost to pass on, in the month of its bill. A row
// without a cost adds nothing, and its line says so.
func costRow(r focusfile.Row, file string) (cost.Row, error) {
	row := cost.Row{
		Service: servicecoin.ServiceID(r.ServiceName), Description: cut(r.ChargeDescription, 200), Period: r.ChargePeriod,
		Quantity: r.PricingQuantity, Unit: cut(r.PricingUnit, 100), Reference: cut(fmt.Sprintf("%s, line %d", file, r.Line), 500),
	}
	if row.Quantity.Valid {
		row.Quantity.Decimal = row.Quantity.Decimal.Round(metering.MaxPlaces)
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
