// Command quickstart tells the story of one outage, from the report to the
// credit, in memory.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func main() {
	ctx, ada := context.Background(), servicecoin.Person("ada")
	now := time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)
	records := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})

	// Mail is a service that acme uses, and it is promised to work 99.9 % of the time.
	var services catalog.MemoryDirectory
	services.Set("mail", "Mail", "acme")
	provider := must(coin.New(records, &services, nil))
	must(provider.Keeper("acme").Make(ctx, ada, sla.Promise{
		ID: "mail", Service: "mail", Objective: decimal.RequireFromString("99.9"),
		Terms:     sla.Terms{Weights: sla.Weights{"outage": decimal.NewFromInt(1)}},
		Bands:     sla.Bands{{Below: decimal.RequireFromString("99.9"), Credit: decimal.NewFromInt(10)}},
		ValidFrom: now.AddDate(-1, 0, 0),
	}))

	// One morning it fails. An hour later it is back.
	down := []incident.Effect{{Service: "mail", Level: incident.Outage, From: now}}
	i := must(provider.Desk().Open(ctx, ada, incident.Report{Title: "Mail is down", Effects: down}))
	now = now.Add(time.Hour)
	must(provider.Desk().Resolve(ctx, ada, i.ID, incident.Resolution{Text: "The disk was full"}))

	// The exchange tells the other sides; at the end of the month the report is issued, and the credit is due unasked.
	must(must(provider.Exchange(nil)).Drain(ctx))
	now = now.AddDate(0, 1, 0)
	month := must(provider.CloseMonth(ctx, ada, "acme", calendar.Month{Year: 2026, Month: time.January}))
	fmt.Print(month.Closed[0].Report.Trace())
	fmt.Println("credit:", month.Closed[0].Credit.Percent, "% of the month's charge")
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
