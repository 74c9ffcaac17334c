package main

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// chargeCalls charges Birch for the calls of the interface: some are free each month, and on
// Monday mornings each costs more. Since the middle of last month they cost a little more.
func (d demo) chargeCalls(ctx context.Context, by servicecoin.Actor) error {
	rush, err := hours.Parse(mondayHours)
	if err != nil {
		return err
	}
	rush.Zone = deskZone
	loc, err := time.LoadLocation(deskZone)
	if err != nil {
		return err
	}
	changed := calendar.MonthOf(d.now, loc).Add(-1).In(loc).Start.AddDate(0, 0, 15)
	for _, x := range []struct {
		unit string
		from time.Time
	}{{"0.0010", d.now.Add(-back)}, {"0.0012", changed}} {
		price := rating.Price{
			Name: "Calls of the interface", Model: rating.Graduated, Unit: "calls", Currency: "EUR", Rounding: money.HalfAwayFromZero, Proration: rating.ByEvents,
			Tiers: []rating.Tier{{UpTo: some("10000")}, {UpTo: some("30000"), Unit: number(x.unit)}, {Unit: number("0.0006")}},
			Windows: []rating.PriceWindow{{Name: mondayOrders, Hours: &rush, Price: &rating.Price{
				Name: "Calls in a rush", Model: rating.PerUnit, Unit: "calls", Currency: "EUR", Rounding: money.HalfAwayFromZero, UnitPrice: some("0.003"),
			}}},
		}
		if _, err := d.Prices().Publish(ctx, by, "api-calls", price, x.from); err != nil {
			return err
		}
	}
	c, err := d.host.customer(ctx, "birch")
	if err != nil {
		return err
	}
	zone, err := c.Location()
	if err != nil {
		return err
	}
	from := calendar.MonthOf(d.now.Add(-back), zone).Next().In(zone).Start
	_, err = d.Statements(c).Include(ctx, by, cost.Item{ID: "erp-calls", Name: "Calls of the interface", Service: "erp", Meter: callsMeter, Price: "api-calls", From: from})
	return err
}
