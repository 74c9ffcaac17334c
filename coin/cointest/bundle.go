package cointest

import (
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
)

// grants counts what came with subscriptions, and how much of it has ended.
func (p *provider) grants() (list []string) {
	p.t.Helper()
	ctx, customer := p.t.Context(), servicecoin.Customer{ID: acme, Name: "Acme", Zone: "Europe/Berlin", Currency: "EUR"}
	all, ended := map[string]int{}, map[string]int{}
	count := func(kind string, until time.Time) {
		all[kind]++
		if !until.IsZero() {
			ended[kind]++
		}
	}
	for q, err := range p.Ledger(customer).Quotas("").All(ctx) {
		p.must(err)
		count("quotas", q.Until)
	}
	for i, err := range p.Statements(customer).Items("").All(ctx) {
		p.must(err)
		count("items", i.Until)
	}
	for x, err := range p.Keeper(acme).Promises("").All(ctx) {
		p.must(err)
		count("promises", x.ValidUntil)
	}
	for _, kind := range []string{"quotas", "items", "promises"} {
		list = append(list, fmt.Sprintf("%d %s, %d ended", all[kind], kind, ended[kind]))
	}
	return list
}

// depart has acme's subscription taken down.
func (p *provider) depart() {
	p.t.Helper()
	p.at(time.February, 10, 8, 0)
	for s, err := range p.Subscriptions(acme).List().All(p.t.Context()) {
		p.must(err)
		_, err = p.Subscriptions(acme).Depart(p.t.Context(), olga(), s.ID, time.Time{}, "We close that branch")
		p.must(err)
	}
	p.exchange()
}

func largeBundle(p *provider) {
	const n = 60
	p.brings = func(s catalog.SubscriptionChanged) (bundle.Bundle, error) {
		one, err := comes(s)
		var b bundle.Bundle
		for k := range n {
			q, i, x := one.Quotas[0], one.Items[0], one.Promises[0]
			q.ID, i.ID, x.ID = metering.QuotaID(fmt.Sprint("q", k)), cost.ItemID(fmt.Sprint("i", k)), servicecoin.PromiseID(fmt.Sprint("p", k))
			b.Quotas, b.Items, b.Promises = append(b.Quotas, q), append(b.Items, i), append(b.Promises, x)
		}
		return b, err
	}
	p.subscribe(acme)
	p.exchange()
	same(p.t, "granted", []string{"60 quotas, 0 ended", "60 items, 0 ended", "60 promises, 0 ended"}, p.grants())
	p.brings = comes // the plan changes
	p.depart()
	same(p.t, "ended", []string{"60 quotas, 60 ended", "60 items, 60 ended", "60 promises, 60 ended"}, p.grants())
}

func lateGrant(p *provider) {
	ctx := p.t.Context()
	broken := errors.New("no such plan")
	p.brings = func(catalog.SubscriptionChanged) (bundle.Bundle, error) { return bundle.Bundle{}, broken }
	p.subscribe(acme)
	parked := 0
	for range 100 { // until everything that grants is parked
		done, err := p.exchanges.Step(ctx, 100)
		if err != nil && !errors.Is(err, broken) {
			p.t.Fatal(err)
		}
		parked += done.Parked
		if err == nil && done.Effects+done.Skipped+done.Parked == 0 {
			break
		}
	}
	same(p.t, "parked", 4, parked)
	p.depart()
	p.brings = comes
	for x, err := range p.exchanges.Parked().Items(ctx) {
		p.must(err)
		p.must(p.exchanges.Retry(ctx, x.Key))
	}
	same(p.t, "granted up to its end", []string{"1 quotas, 1 ended", "2 items, 2 ended", "1 promises, 1 ended"}, p.grants())
}
