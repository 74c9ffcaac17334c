package main

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// tariffs publishes what documents and storage will cost from the month after next on,
// and a price for who works at night: something to compare with.
func (d demo) tariffs(ctx context.Context) error {
	by, list := servicecoin.Person(ada), d.Prices()
	loc, err := time.LoadLocation(deskZone)
	if err != nil {
		return err
	}
	next := calendar.MonthOf(d.now, loc).Add(2).In(loc).Start
	documents, storage := prices()["erp-documents"], prices()["storage"]
	documents.Tiers = []rating.Tier{{UpTo: some("800"), Unit: number("0.10")}, {UpTo: some("5000"), Unit: number("0.055")}, {Unit: number("0.035")}}
	documents.Minimum = some("60")
	storage.Tiers = []rating.Tier{{UpTo: some("400"), Unit: number("0.13")}, {UpTo: some("1000"), Unit: number("0.07")}, {Unit: number("0.05")}}
	night, err := hours.Parse("Mo-Fr 18:00-07:00; Sa-Su 00:00-24:00")
	if err != nil {
		return err
	}
	night.Zone = deskZone
	late := rating.Price{
		Name: "Documents, for those who work late", Model: rating.PerUnit, Unit: "documents", Currency: "EUR", Rounding: money.HalfAwayFromZero, UnitPrice: some("0.08"),
		Windows: []rating.PriceWindow{{Name: "nights and weekends", Hours: &night, Factor: some("0.5")}},
	}
	for id, x := range map[servicecoin.PriceID]struct {
		price rating.Price
		from  time.Time
	}{"erp-documents": {documents, next}, "storage": {storage, next}, "erp-documents-late": {late, d.now.Add(-back)}} {
		if _, err := list.Publish(ctx, by, id, x.price, x.from); err != nil {
			return err
		}
	}
	return nil
}
