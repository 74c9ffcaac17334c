package cointest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/coin/changeroom"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
	"github.com/servicecoin/servicecoin/coin/runbookroom"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// provider is a whole provider with a catalogue, and its clock.
type provider struct {
	*coin.Coin

	t         *testing.T
	faults    *storetest.Faults
	machines  *catalog.MemoryProvisioner
	runner    *runbook.MemoryRunner
	exchanges *store.Consumer
	brings    func(s catalog.SubscriptionChanged) (bundle.Bundle, error)
	owners    []string // what owners of bindings were told

	mu  sync.Mutex
	now time.Time
}

const (
	erp      = servicecoin.ServiceID("erp")
	database = servicecoin.ServiceID("database")
	cloud    = servicecoin.OfferingID("erp-cloud")
	legacy   = servicecoin.OfferingID("erp-legacy")
)

func mika() servicecoin.Actor { return servicecoin.Client("mika") } // of acme, asks
func olga() servicecoin.Actor { return servicecoin.Client("olga") } // of acme, approves

func d(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// Usage opens the event store that goes with a backend.
type Usage func(tb testing.TB, b store.Backend) metering.EventStore

func newProvider(t *testing.T, h storetest.Harness, usage Usage) *provider {
	t.Helper()
	b := h.Open(t)
	p := &provider{t: t, faults: storetest.NewFaults(b), machines: &catalog.MemoryProvisioner{}, runner: &runbook.MemoryRunner{}, brings: comes}
	p.at(time.January, 1, 8, 0)
	board := change.Quorum{Group: "advisory board", Members: []servicecoin.PersonID{"bea", "carl", "dora"}, Need: 2, Veto: true}
	s := store.New(p.faults, &store.Options{Now: p.clock})
	var err error
	p.Coin, err = coin.New(s, nil, &coin.Options{
		Customer: func(_ context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error) {
			return servicecoin.Customer{ID: id, Name: "Acme", Zone: "Europe/Berlin", Currency: "EUR", Contacts: []servicecoin.PersonID{"olga"}}, nil
		},
		Changes: changeroom.Options{Policy: &change.Policy{Name: "house", Rules: []change.ApprovalRule{
			{Kinds: []change.Kind{change.Emergency}, Quorums: []change.Quorum{board}, StartFirst: true, Within: calendar.Within(24 * time.Hour)},
			{Quorums: []change.Quorum{board}},
		}}},
		Runbooks:      runbookroom.Options{Runner: p.runner},
		Configuration: configuration.Options{Types: recorded(), SecretKey: []byte("a key that a test need not hide")},
		Patches:       flaws(),
		Releases: releaseroom.Options{APIOptions: releaseroom.APIOptions{TellOwner: func(_ context.Context, to servicecoin.PersonID, event string, news release.BindingChanged, _ string) error {
			p.tellOwner(to, event, news)
			return nil
		}}},
		CriticalWindows: criticalWindows,
		Provisioner:     p.machines, Usage: usage(t, b), CheckParameters: hasSize,
		Comes: func(_ context.Context, _ servicecoin.CustomerID, s catalog.SubscriptionChanged) (bundle.Bundle, error) {
			return p.brings(s)
		},
		Active: func(s servicecoin.ServiceID) metering.MeterID {
			return map[servicecoin.ServiceID]metering.MeterID{erp: "people"}[s]
		},
	})
	p.must(err)
	p.exchanges, err = p.Exchange(&store.ConsumerOptions{Holder: "one", Tries: 3, Backoff: store.AtOnce})
	p.must(err)
	p.offer()
	return p
}

// comes is what comes with each subscription.
func comes(s catalog.SubscriptionChanged) (bundle.Bundle, error) {
	return bundle.Bundle{
		Quotas: []metering.Quota{{ID: metering.QuotaID(s.Subscription), Meter: "documents", Limit: d("1000"), Mode: metering.Soft, Period: metering.Monthly}},
		Items: []cost.Item{
			{ID: cost.ItemID(s.Subscription + "/base"), Name: "Base fee", Service: s.Service, Price: "erp-base"},
			{ID: cost.ItemID(s.Subscription + "/documents"), Name: "Documents", Service: s.Service, Meter: "documents", Price: s.Price},
		},
		Promises: []sla.Promise{{
			ID: servicecoin.PromiseID(s.Subscription), Name: "Availability", Objective: d("99.9"), Zone: "Europe/Berlin",
			Terms: sla.Terms{Weights: sla.Weights{"outage": d("1"), "disruption": d("0.3"), "degradation": d("0"), "information": d("0")}},
			Bands: sla.Bands{{Below: d("99.9"), Credit: d("10")}, {Below: d("99"), Credit: d("25")}},
		}},
	}, nil
}

// hasSize stands for a JSON Schema library of the host.
func hasSize(_, parameters json.RawMessage) error {
	var fields struct{ Size *int }
	if err := json.Unmarshal(parameters, &fields); err != nil {
		return err
	}
	var v servicecoin.Violations
	if fields.Size == nil || *fields.Size < 1 {
		v.Add("size", "required", "", "must be positive")
	}
	return v.Err()
}

func (p *provider) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *provider) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// at sets the clock, in 2026.
func (p *provider) at(month time.Month, day, hour, minute int) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = time.Date(2026, month, day, hour, minute, 0, 0, time.UTC)
	return p.now
}

// exchange steps until the feed is drained, through scripted faults.
func (p *provider) exchange() {
	p.t.Helper()
	for range 300 {
		done, err := p.exchanges.Step(p.t.Context(), 100)
		if errors.Is(err, storetest.ErrFault) {
			continue
		}
		p.must(err)
		if done.Parked > 0 {
			for x, err := range p.exchanges.Parked().Items(p.t.Context()) {
				p.t.Fatalf("parked: %s (%v)", x.Value.Error, err)
			}
		}
		if done.Effects+done.Skipped == 0 {
			return
		}
	}
	p.t.Fatal("the exchange does not come to an end")
}

// offer fills the catalogue, the price list, the meters and the playbook.
func (p *provider) offer() {
	p.t.Helper()
	ctx := p.t.Context()
	shop := p.Catalog()
	for _, s := range []catalog.Service{
		{ID: erp, Name: "Order entry", Kind: catalog.Business, Level: 1, Descriptions: catalog.Texts{"en": "Orders, stock and accounts"}},
		{ID: database, Name: "Database platform", Kind: catalog.Supporting, Level: 3},
	} {
		_, err := shop.AddService(ctx, ada(), s)
		p.must(err)
		_, err = shop.LaunchService(ctx, ada(), s.ID)
		p.must(err)
	}
	_, err := shop.Connect(ctx, ada(), catalog.Hard(erp, database))
	p.must(err)
	from := p.clock().AddDate(0, -1, 0)
	for id, price := range map[servicecoin.PriceID]rating.Price{
		"erp-base": {Name: "Base fee", Model: rating.Flat, Currency: "EUR", Rounding: money.HalfAwayFromZero, Amount: servicecoin.Some(d("100"))},
		"erp-documents": {Name: "Documents", Model: rating.Graduated, Currency: "EUR", Rounding: money.HalfAwayFromZero, Unit: "documents", Tiers: []rating.Tier{
			{UpTo: servicecoin.Some(d("1000")), Unit: d("0.05")}, {Unit: d("0.03")},
		}},
	} {
		_, err := p.Prices().Publish(ctx, ada(), id, price, from)
		p.must(err)
	}
	for _, o := range []catalog.Offering{
		{ID: cloud, Service: erp, Name: "Order entry, cloud", Kind: catalog.Cloud, Price: "erp-documents", LeadTime: calendar.Within(48 * time.Hour), Parameters: json.RawMessage(`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["size"]}`), Prerequisites: []catalog.Prerequisite{
			{ID: "accounts", Text: "Accounts for all who enter orders", Due: catalog.DueBeforeUse, Blocking: true},
			{ID: "training", Text: "An hour of training", Due: "everyday use", ByProvider: true},
		}},
		{ID: legacy, Service: erp, Name: "Order entry, on your own machine", Kind: catalog.Legacy, LeadTime: calendar.Within(30 * 24 * time.Hour)},
	} {
		_, err := shop.Publish(ctx, ada(), o)
		p.must(err)
	}
	for _, m := range []metering.Meter{
		{ID: "documents", Name: "Documents", Type: "erp.document", Aggregation: metering.Count, Unit: "documents"},
		{ID: "people", Name: "People", Type: "erp.document", Aggregation: metering.Unique, Distinct: metering.Subject, Unit: "people", EmptyIsZero: true},
	} {
		p.must(p.Meters().Define(ctx, ada(), m))
	}
	_, err = p.Playbook().PublishTemplate(ctx, ada(), adoption.Template{
		Service: erp, Title: "Order entry for a new customer", Points: []adoption.Point{{Name: catalog.DueBeforeUse}, {Name: "everyday use"}},
	})
	p.must(err)
}
