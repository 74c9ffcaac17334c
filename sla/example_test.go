package sla_test

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A month's availability, and what it is made of.
func ExampleKeeper() {
	ctx := context.Background()
	january := calendar.Month{Year: 2026, Month: time.January}
	begin := time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)

	var source sla.MemorySource
	source.Set("mail", sla.Facts{
		Coverage: calendar.SetOf(january.In(time.UTC)),
		Outages: []sla.Outage{{
			Interval: calendar.Between(begin, begin.Add(time.Hour)), Level: "outage",
			From: servicecoin.Key{Customer: servicecoin.Provider, Kind: "incident.incident", ID: "i1"},
		}},
	})
	keeper := sla.New(store.New(memory.New(), nil).For("acme"), &source)
	_, err := keeper.Make(ctx, servicecoin.Person("ada"), sla.Promise{
		ID: "mail", Service: "mail", Objective: decimal.RequireFromString("99.9"),
		Terms:     sla.Terms{Weights: sla.Weights{"outage": decimal.NewFromInt(1)}},
		Bands:     sla.Bands{{Below: decimal.RequireFromString("99.9"), Credit: decimal.NewFromInt(10)}},
		ValidFrom: time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	closed, err := keeper.CloseMonth(ctx, servicecoin.Person("ada"), "mail", january)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(closed.Report.Trace())
	fmt.Print(closed.Report.Trace().Tell(servicecoin.Reader{Service: func(servicecoin.ServiceID) string { return "Mail" }}))
	fmt.Println("credit due, unasked:", closed.Credit.Percent, "%")
	// Output:
	// uptime of mail in 2026-01 = (known - downtime) / known: 99.8655914 %
	//   known time: 2678400 s
	//     period 2026-01-01T00:00:00Z/2026-02-01T00:00:00Z: 2678400 s
	//     excluded: 0 s
	//     unknown: 0 s
	//   downtime, weighted: 3600 s
	//     outage for 3600 s, weight 1: 3600 s [@provider/incident.incident/i1]
	// Availability of Mail in January 2026, in the time of which it is known: 99.8656 %
	//   Time of which it is known: 31 days
	//     From 1 Jan 2026, 00:00 to 1 Feb 2026, 00:00: 31 days
	//     Left out, as agreed: 0 s
	//     Of which nothing is known: 0 s
	//   Down, as the promise weighs it: 1 h
	//     Outage for 1 h, counted at 100 %: 1 h
	// credit due, unasked: 10 %
}
