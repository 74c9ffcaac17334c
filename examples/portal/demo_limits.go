package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// callsMeter counts the calls of the interface of order entry: they have limits, and are
// charged beyond these alone.
const callsMeter = metering.MeterID("api.calls")

const callsFeature = entitle.FeatureID("order interface")

// limits says what customers may use, and lets them use it day by day: Alder comes near
// its limit, Birch passes one in a critical window, and a grant of Alder's lapses soon.
func (d demo) limits(ctx context.Context) error {
	const before = 40 // days
	d.turn(d.at(before, 8, 0))
	by := servicecoin.Person(ada)
	if err := d.callPrices(ctx, by); err != nil {
		return err
	}
	for _, x := range limitsOfDemo() {
		c, err := d.host.customer(ctx, x.customer)
		if err != nil {
			return err
		}
		there, err := d.Entitlements(c).List(x.kept.Feature).Page(ctx, "", 1)
		if err != nil {
			return err
		}
		if len(there.Items) > 0 { // a start that was killed in between
			continue
		}
		if _, err := d.Entitlements(c).Set(ctx, by, x.kept); err != nil {
			return fmt.Errorf("%s: %w", x.kept.Feature, err)
		}
	}
	if err := d.chargeCalls(ctx, by); err != nil {
		return err
	}
	if err := d.grantHours(ctx, by); err != nil {
		return err
	}
	for n, x := range []struct {
		customer servicecoin.CustomerID
		day      int // calls on a working day, about
	}{{"alder", 3000}, {"birch", 1500}} {
		if err := d.call(ctx, x.customer, rand.New(rand.NewPCG(uint64(n), 14)), before, x.day); err != nil {
			return err
		}
	}
	d.turn(d.now)
	return nil
}

// callPrices publishes what calls beyond the limits cost, and how they are counted.
func (d demo) callPrices(ctx context.Context, by servicecoin.Actor) error {
	err := kept(d.Meters().Define(ctx, by, metering.Meter{ID: callsMeter, Name: "Calls of the interface", Type: "erp.called", Aggregation: metering.Sum, Unit: "calls", EmptyIsZero: true}))
	if err != nil {
		return err
	}
	for id, x := range map[servicecoin.PriceID]struct{ name, unit string }{"api-beyond": {"Calls beyond the limit", "0.002"}, "api-monday": {"Calls in a rush", "0.004"}} {
		price := rating.Price{Name: x.name, Model: rating.PerUnit, Unit: "calls", Currency: "EUR", Rounding: money.HalfAwayFromZero, UnitPrice: some(x.unit)}
		if _, err := d.Prices().Publish(ctx, by, id, price, d.now.Add(-back)); err != nil {
			return err
		}
	}
	return nil
}

// limitsOfDemo are what customers are entitled to.
func limitsOfDemo() []struct {
	customer servicecoin.CustomerID
	kept     entitle.Kept
} {
	type row = struct {
		customer servicecoin.CustomerID
		kept     entitle.Kept
	}
	calls := func(limit string, critical ...entitle.Critical) entitle.Kept {
		return entitle.Kept{Every: metering.Monthly, Service: "erp", Entitlement: entitle.Entitlement{
			Feature: callsFeature, Kind: entitle.Metered, Meter: callsMeter, Limit: some(limit), Critical: critical,
			Exceeding: []entitle.Consequence{{Act: entitle.Notify}, {Act: entitle.Charge, Price: "api-beyond"}, {Act: entitle.Capacity}},
			Thresholds: []entitle.Threshold{
				{Name: "80 %", Measure: entitle.Percent, At: number("80")},
				{Name: "95 %", Measure: entitle.Percent, At: number("95")},
				{Name: "100 % expected", Measure: entitle.Expected, At: number("100"), Rearm: some("10")},
			},
		}}
	}
	monday := entitle.Critical{Name: mondayOrders, Limit: number("1800"), Exceeding: []entitle.Consequence{
		{Act: entitle.Notify}, {Act: entitle.Throttle, Rate: some("2")}, {Act: entitle.Charge, Price: "api-monday"}, {Act: entitle.Capacity},
	}}
	return []row{
		{"alder", calls("60000")},
		{"alder", entitle.Kept{Service: "erp", Entitlement: entitle.Entitlement{Feature: "accounts export", Kind: entitle.Boolean}}},
		{"alder", entitle.Kept{Every: metering.Monthly, Service: "database", Entitlement: entitle.Entitlement{
			Feature: "database hours", Kind: entitle.Metered, Meter: "db.hours", Exceeding: []entitle.Consequence{{Act: entitle.Notify}, {Act: entitle.Charge, Price: "db-hours"}},
		}}},
		{"birch", calls("45000", monday)},
		{"cedar", entitle.Kept{Service: "mail", Entitlement: entitle.Entitlement{Feature: "mail archive", Kind: entitle.Static, Value: "10 years"}}},
	}
}

// grantHours gives hours of the database platform: some that lapse soon, and some that do
// not.
func (d demo) grantHours(ctx context.Context, by servicecoin.Actor) error {
	alder, err := d.host.customer(ctx, "alder")
	if err != nil {
		return err
	}
	for _, k := range []grant.Kept{
		{Meter: "db.hours", Reason: "Hours for the move of the archive", Grant: grant.Grant{ID: "move", Amount: number("1150"), Priority: 1, From: d.at(40, 0, 0), Until: d.at(-6, 0, 0)}},
		{Meter: "db.hours", Reason: "A welcome to the platform", Grant: grant.Grant{ID: "welcome", Amount: number("500"), Priority: 2, From: d.at(40, 0, 0)}},
	} {
		if _, err := d.Grants(alder).Give(ctx, by, k); err != nil {
			return err
		}
	}
	return nil
}

// call records the calls of a customer day by day, as they come in: what is reached on the
// way is told on that day.
func (d demo) call(ctx context.Context, id servicecoin.CustomerID, random *rand.Rand, before, size int) error {
	customer, err := d.host.customer(ctx, id)
	if err != nil {
		return err
	}
	const first, last = 7, 18 // hours
	for ago := before; ago >= 0; ago-- {
		var batch []metering.Event
		for hour := first; hour < last; hour++ {
			at := d.at(ago, hour, 0)
			n := size / (last - first) * (70 + random.IntN(60)) / 100 //nolint:mnd // percent
			if w := at.Weekday(); w == time.Saturday || w == time.Sunday {
				n /= 5
			} else if w == time.Monday {
				n = n * 3 / 2
			}
			if end := at.Add(time.Hour); end.Before(d.now) {
				batch = append(batch, metering.Event{Source: "interface", ID: at.Format("calls-2006-01-02-15"), Type: "erp.called", Time: at, Value: servicecoin.Some(decimal.NewFromInt(int64(n)))})
			}
		}
		if len(batch) == 0 {
			continue
		}
		if d.turn(batch[len(batch)-1].Time.Add(time.Hour)); d.when.After(d.now) {
			d.turn(d.now)
		}
		if _, err := d.Ledger(customer).Record(ctx, servicecoin.Program("portal"), batch...); err != nil {
			return err
		}
		if err := d.drain(ctx); err != nil { // who is told hears of it on that day
			return err
		}
	}
	return nil
}
