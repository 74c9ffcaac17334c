package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
)

// plan is what an offering means to the host: what is charged for it, and which
// quotas come with it. The catalogue keeps the offering itself.
type plan struct {
	offering catalog.Offering
	charges  []charge
	quotas   []quota
}

type charge struct {
	id, name string
	meter    metering.MeterID // "": a fee
	price    servicecoin.PriceID
}

type quota struct {
	meter metering.MeterID
	limit string
}

func number(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func some(text string) decimal.NullDecimal { return servicecoin.Some(number(text)) }

// plans are the offerings of the demonstration.
func plans() []plan {
	promised := func(percent string) catalog.PromisedLevel {
		return catalog.PromisedLevel{Objective: percent + " % a month", Reference: percent}
	}
	const office, always = "Mon to Fri, 08:00 to 18:00", "at all hours"
	size := json.RawMessage(`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["people","site"],"additionalProperties":false,"properties":{"people":{"type":"integer","title":"How many people","minimum":1,"maximum":5000},"site":{"type":"string","title":"Site","enum":["north","south","west"]}}}`)
	orderEntry := []catalog.Prerequisite{
		{ID: "accounts", Text: "Accounts for all who enter orders", Due: catalog.DueBeforeUse, Blocking: true, Wanted: "a list of names"},
		{ID: "stock", Text: "Stock taken over and counted once", Due: catalog.DueBeforeUse, Blocking: true, ByProvider: true, Wanted: "the counted list"},
		{ID: "training", Text: "An hour of training for each site", Due: "before the first month closes", ByProvider: true},
	}
	return []plan{
		{
			catalog.Offering{
				ID: "erp-cloud", Service: "erp", Name: "Order entry, shared", Kind: catalog.Cloud, Price: "erp-documents", LeadTime: calendar.Within(2 * day), Promise: promised("99.9"), SupportHours: always, Parameters: size,
				Descriptions:  catalog.Texts{"en": "In the browser, kept up to date by us; grows and shrinks with you."},
				Prerequisites: orderEntry,
			},
			[]charge{{"base", "Base fee", "", "erp-base"}, {"documents", "Documents", "documents", "erp-documents"}},
			[]quota{{"documents", "3000"}},
		},
		{
			catalog.Offering{
				ID: "erp-own", Service: "erp", Name: "Order entry, on a machine of your own", Kind: catalog.Legacy, Price: "erp-machine", LeadTime: calendar.Within(42 * day), Promise: promised("99"), SupportHours: office, Parameters: size,
				Descriptions:  catalog.Texts{"en": "Set up by hand in your rack. You keep it cool, and up to date with us once a quarter."},
				Prerequisites: orderEntry,
			},
			[]charge{{"machine", "Machine and care", "", "erp-machine"}},
			nil,
		},
		{
			catalog.Offering{
				ID: "mail-std", Service: "mail", Name: "Mail", Kind: catalog.Cloud, Price: "mailbox", LeadTime: calendar.Within(4 * time.Hour), Promise: promised("99.9"), SupportHours: always, Approval: catalog.ApprovalNone,
				Prerequisites: []catalog.Prerequisite{
					{ID: "domain", Text: "A domain that points to us", Due: catalog.DueBeforeUse, Blocking: true, Wanted: "the name of the domain"},
					{ID: "archive", Text: "Old mail taken over", Due: "everyday use", ByProvider: true},
				},
			},
			[]charge{{"mailboxes", "Mailboxes", "mailboxes", "mailbox"}},
			nil,
		},
		{
			catalog.Offering{ID: "files-std", Service: "files", Name: "File share", Kind: catalog.Cloud, Price: "storage", LeadTime: calendar.Within(4 * time.Hour), Promise: promised("99.5"), SupportHours: office, Approval: catalog.ApprovalNone},
			[]charge{{"storage", "Storage", "storage", "storage"}},
			[]quota{{"storage", "800"}},
		},
		{
			catalog.Offering{ID: "files-box", Service: "files", Name: "A file server of your own", Kind: catalog.Legacy, LeadTime: calendar.Within(21 * day), SupportHours: office},
			nil, nil,
		},
		{
			catalog.Offering{ID: "database-std", Service: "database", Name: "Database platform", Kind: catalog.Cloud, Price: "db-hours", LeadTime: calendar.Within(day), Promise: promised("99.9"), SupportHours: always},
			[]charge{{"hours", "Database hours", "db.hours", "db-hours"}},
			nil,
		},
		{
			catalog.Offering{ID: "network-std", Service: "network", Name: "Network", Kind: catalog.Cloud, Price: "line", LeadTime: calendar.Within(30 * day), Promise: promised("99.95"), SupportHours: always},
			[]charge{{"line", "Line", "", "line"}},
			nil,
		},
		{
			catalog.Offering{ID: "signin-std", Service: "signin", Name: "Sign-in", Kind: catalog.Cloud, Price: "account", LeadTime: calendar.Within(4 * time.Hour), Promise: promised("99.95"), SupportHours: always, Approval: catalog.ApprovalNone},
			[]charge{{"accounts", "Accounts", "signin.people", "account"}},
			nil,
		},
	}
}

// planOf is what an offering means; one that is not of the demonstration means
// nothing.
func planOf(id servicecoin.OfferingID) plan {
	for _, x := range plans() {
		if x.offering.ID == id {
			return x
		}
	}
	return plan{}
}

// prices are the price list.
func prices() map[servicecoin.PriceID]rating.Price {
	eur := func(p rating.Price) rating.Price {
		p.Currency, p.Rounding = "EUR", money.HalfAwayFromZero
		return p
	}
	return map[servicecoin.PriceID]rating.Price{
		"erp-base":    eur(rating.Price{Name: "Base fee", Model: rating.Flat, Amount: some("390")}),
		"erp-machine": eur(rating.Price{Name: "Machine and care", Model: rating.Flat, Amount: some("1480")}),
		"erp-documents": eur(rating.Price{Name: "Documents", Model: rating.Graduated, Unit: "documents", Tiers: []rating.Tier{
			{UpTo: some("1000"), Unit: number("0.09")}, {UpTo: some("5000"), Unit: number("0.06")}, {Unit: number("0.04")},
		}}),
		"mailbox":  eur(rating.Price{Name: "Mailbox", Model: rating.PerUnit, Unit: "mailboxes", UnitPrice: some("3.80")}),
		"storage":  eur(rating.Price{Name: "Storage", Model: rating.Graduated, Unit: "GB", Tiers: []rating.Tier{{UpTo: some("500"), Unit: number("0.12")}, {Unit: number("0.08")}}}),
		"db-hours": eur(rating.Price{Name: "Database hours", Model: rating.PerUnit, Unit: "hours", UnitPrice: some("0.14")}),
		"line":     eur(rating.Price{Name: "Line", Model: rating.Flat, Amount: some("260")}),
		"account":  eur(rating.Price{Name: "Account", Model: rating.PerUnit, Unit: "people", UnitPrice: some("1.10")}),
	}
}

func meters() []metering.Meter {
	return []metering.Meter{
		{ID: "documents", Name: "Documents", Type: "erp.document", Aggregation: metering.Count, Unit: "documents", GroupBy: []string{"site"}, EmptyIsZero: true},
		{ID: "erp.people", Name: "People who enter orders", Type: "erp.document", Aggregation: metering.Unique, Distinct: metering.Subject, Unit: "people", EmptyIsZero: true},
		{ID: "mailboxes", Name: "Mailboxes", Type: "mail.mailboxes", Aggregation: metering.Max, Unit: "mailboxes"},
		{ID: "mail.people", Name: "People who read mail", Type: "mail.read", Aggregation: metering.Unique, Distinct: metering.Subject, Unit: "people", EmptyIsZero: true},
		{ID: "storage", Name: "Storage", Type: "files.stored", Aggregation: metering.Max, Unit: "GB"},
		{ID: "files.people", Name: "People who open files", Type: "files.opened", Aggregation: metering.Unique, Distinct: metering.Subject, Unit: "people", EmptyIsZero: true},
		{ID: "db.hours", Name: "Database hours", Type: "db.ran", Aggregation: metering.Sum, Unit: "hours"},
		{ID: "signin.people", Name: "People who sign in", Type: "signin.done", Aggregation: metering.Unique, Distinct: metering.Subject, Unit: "people", EmptyIsZero: true},
	}
}

// active is the meter that counts who uses a service. Of databases and lines
// nobody knows.
func active(s servicecoin.ServiceID) metering.MeterID {
	return map[servicecoin.ServiceID]metering.MeterID{"erp": "erp.people", "mail": "mail.people", "files": "files.people", "signin": "signin.people"}[s]
}

// terms weigh what incidents do, the same for all promises of the portal.
func terms() sla.Terms {
	return sla.Terms{Weights: sla.Weights{
		sla.Level(incident.Outage): number("1"), sla.Level(incident.Disruption): number("0.3"),
		sla.Level(incident.Degradation): number("0"), sla.Level(incident.Information): number("0"),
	}}
}

// bands are the credits of every promise.
func bands(objective decimal.Decimal) sla.Bands {
	list := sla.Bands{{Below: objective, Credit: number("10")}}
	if ninetyNine := number("99"); objective.GreaterThan(ninetyNine) {
		list = append(list, sla.Band{Below: ninetyNine, Credit: number("25")})
	}
	return list
}

// comes is what comes with a subscription: the exchange asks when one begins.
func (p *portal) comes(ctx context.Context, id servicecoin.CustomerID, s catalog.SubscriptionChanged) (bundle.Bundle, error) {
	var b bundle.Bundle
	x := planOf(s.Offering)
	for _, q := range x.quotas {
		b.Quotas = append(b.Quotas, metering.Quota{ID: metering.QuotaID(string(s.Subscription) + "/" + string(q.meter)), Meter: q.meter, Limit: number(q.limit), Mode: metering.Soft, Period: metering.Monthly})
	}
	for _, c := range x.charges {
		b.Items = append(b.Items, cost.Item{ID: cost.ItemID(string(s.Subscription) + "/" + c.id), Name: c.name, Meter: c.meter, Price: c.price})
	}
	if s.Promise.Reference == "" {
		return b, nil
	}
	objective, err := decimal.NewFromString(s.Promise.Reference)
	if err != nil {
		return b, fmt.Errorf("promise %q: %w", s.Promise.Reference, err)
	}
	c, err := p.host.customer(ctx, id)
	b.Promises = []sla.Promise{{
		ID: servicecoin.PromiseID(s.Subscription), Objective: objective, Zone: c.Zone, Terms: terms(), Bands: bands(objective), Rationale: rationale(s.Service),
	}}
	return b, err
}

// rationale is why the provider promised this number, as it was decided.
func rationale(s servicecoin.ServiceID) sla.Rationale {
	text := map[servicecoin.ServiceID]string{
		"erp":     "Agreed with purchasing: orders leave at noon and at five",
		"mail":    "Reports of findings go by mail within the hour",
		"files":   "Files can be worked on offline for half a day",
		"network": "Every other service needs it",
		"signin":  "Nobody works without it",
	}[s]
	if text == "" {
		return sla.Rationale{}
	}
	return sla.Rationale{Text: text, Owner: ada}
}
