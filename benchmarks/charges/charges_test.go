// Package charges_test measures what the bills of a provider take: 10,000 customers with
// ten lines each, from totals in memory, and issued and stored beside:
//
//	go test -run '^$' -bench Table -benchtime 1x ./charges
package charges_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

var (
	customers = flag.Int("customers", 10_000, "customers")
	stored    = flag.Int("stored", 1_000, "customers of those rows that store")
	rounds    = flag.Int("chargerounds", 5, "rounds")
)

const perCustomer = 10

var january = calendar.Month{Year: 2026, Month: time.January}

func some(text string) decimal.NullDecimal {
	return servicecoin.Some(decimal.RequireFromString(text))
}

// prices are those of ten items: fees, prices per unit, tiers, packages and volumes.
func prices() []rating.Price {
	d := decimal.RequireFromString
	list := make([]rating.Price, perCustomer)
	for i := range list {
		p := rating.Price{Name: "Price " + strconv.Itoa(i), Currency: money.EUR, Rounding: money.HalfAwayFromZero, Unit: "GB"}
		switch i % 5 {
		case 0:
			p.Model, p.Amount = rating.Flat, some("20")
		case 1:
			p.Model, p.UnitPrice = rating.PerUnit, some("0.0025")
		case 2:
			p.Model, p.Tiers = rating.Graduated, []rating.Tier{{UpTo: some("100"), Unit: d("0.10"), Flat: d("2")}, {UpTo: some("500"), Unit: d("0.05")}, {UpTo: some("1000"), Unit: d("0.02"), Flat: d("1.5")}, {Unit: d("0.0125")}}
		case 3:
			p.Model, p.Package = rating.Package, &rating.Bundle{Size: d("100"), Price: d("3")}
		case 4:
			p.Model, p.Tiers = rating.Volume, []rating.Tier{{UpTo: some("1000"), Unit: d("0.10")}, {Unit: d("0.08")}}
		}
		list[i] = p
	}
	return list
}

func item(i int) cost.Item {
	x := cost.Item{
		ID: cost.ItemID("item-" + strconv.Itoa(i)), Name: "Item " + strconv.Itoa(i), Service: servicecoin.ServiceID("service-" + strconv.Itoa(i%4)),
		Price: servicecoin.PriceID("price-" + strconv.Itoa(i)), From: january.In(time.UTC).Start.AddDate(-1, 0, 0),
	}
	if i%5 != 0 {
		x.Meter = metering.MeterID("meter-" + strconv.Itoa(i))
	}
	return x
}

// totals are what customers used, in memory.
type totals struct{ customer servicecoin.CustomerID }

func (t totals) value(n, i int) decimal.NullDecimal {
	return servicecoin.Some(decimal.New(int64(n*7919+i*104729)%20_000_000, -4))
}

// Between implements cost.Usage.
func (t totals) Between(_ context.Context, id metering.MeterID, during calendar.Interval) (metering.Usage, error) {
	i, err := strconv.Atoi(string(id)[len("meter-"):])
	if err != nil {
		return metering.Usage{}, err
	}
	n, err := strconv.Atoi(string(t.customer)[1:])
	return metering.Usage{Customer: t.customer, Meter: id, Version: 1, Unit: "GB", Period: during, Value: t.value(n, i), Events: 1000, Digest: "d", DigestRule: "tree-1"}, err
}

// Meter implements cost.Usage.
func (t totals) Meter(context.Context, metering.MeterID) (metering.Meter, error) {
	return metering.Meter{}, nil
}

func BenchmarkTable(b *testing.B) {
	for b.Loop() {
		computed := make([]time.Duration, 0, *rounds)
		var sum money.Amount
		for range *rounds {
			began := time.Now()
			sum = compute(b)
			computed = append(computed, time.Since(began))
		}
		slices.Sort(computed)
		fmt.Printf("computed from totals: %d customers, %d lines each: median %v, best %v, in all %s\n", *customers, perCustomer, computed[len(computed)/2], computed[0], sum)
		for _, name := range []string{"memory", "sqlite"} {
			drafted, issued := bill(b, name)
			scale := float64(*customers) / float64(*stored)
			fmt.Printf("%s, %d customers: drafted from records %v, issued and stored %v (10,000: about %v and %v)\n", name, *stored, drafted, issued, all(drafted, scale), all(issued, scale))
		}
	}
}

// compute makes the bills of all customers of what is in memory: their items, totals and
// the versions of the prices.
func compute(b *testing.B) money.Amount {
	b.Helper()
	period := january.In(time.UTC)
	held := make([]cost.PriceFact, perCustomer)
	items := make([]cost.Item, perCustomer)
	for i, p := range prices() {
		items[i] = item(i)
		held[i] = cost.PriceFact{ID: items[i].Price, Version: 1, ValidFrom: period.Start, Price: p}
	}
	reckoner := cost.NewReckoner()
	sum, err := money.Zero(money.EUR)
	require.NoError(b, err)
	for n := range *customers {
		id := servicecoin.CustomerID("c" + strconv.Itoa(n))
		of := totals{id}
		facts := make([]cost.Fact, perCustomer)
		for i := range items {
			f := &cost.ChargeFact{Item: items[i], Period: period, Price: held[i]}
			if items[i].Meter != "" {
				f.Usage = &metering.Usage{Customer: id, Meter: items[i].Meter, Unit: "GB", Period: period, Value: of.value(n, i)}
			}
			facts[i].Charge = f
		}
		lines, total, err := reckoner.Lines(cost.Statement{Currency: money.EUR, Rounding: money.HalfAwayFromZero, Facts: facts})
		if err != nil || len(lines) != perCustomer {
			b.Fatal(len(lines), err)
		}
		if sum, err = sum.Add(total); err != nil {
			b.Fatal(err)
		}
	}
	return sum
}

// bill drafts and issues the bills of customers from records in a store.
func bill(b *testing.B, name string) (drafted, issued time.Duration) {
	b.Helper()
	var backend store.Backend = memory.New()
	if name == "sqlite" {
		db, err := sqlite.Open(b.Context(), b.TempDir()+"/charges.db", nil)
		require.NoError(b, err)
		defer func() { require.NoError(b, db.Close()) }()
		backend = db
	}
	now := january.Next().In(time.UTC).Start.AddDate(0, 0, 2)
	s := store.New(backend, &store.Options{Now: func() time.Time { return now }})
	by := servicecoin.Program("bench")
	list := rating.New(s.For(servicecoin.Provider))
	for i, p := range prices() {
		_, err := list.Publish(b.Context(), by, item(i).Price, p, item(i).From)
		require.NoError(b, err)
	}
	all := make([]*cost.Statements, *stored)
	for n := range all {
		customer := servicecoin.Customer{ID: servicecoin.CustomerID("c" + strconv.Itoa(n)), Currency: "EUR"}
		all[n] = cost.New(s.For(customer.ID), customer, totals{customer.ID}, list, nil)
		for i := range perCustomer {
			_, err := all[n].Include(b.Context(), by, item(i))
			require.NoError(b, err)
		}
	}
	began := time.Now()
	for _, of := range all {
		if _, err := of.Draft(b.Context(), january); err != nil {
			b.Fatal(err)
		}
	}
	drafted = time.Since(began)
	began = time.Now()
	for _, of := range all {
		if _, err := of.Issue(b.Context(), by, january); err != nil {
			b.Fatal(err)
		}
	}
	return drafted, time.Since(began)
}

// all is how long all customers would take.
func all(some time.Duration, scale float64) time.Duration {
	return time.Duration(float64(some) * scale).Round(time.Millisecond)
}
