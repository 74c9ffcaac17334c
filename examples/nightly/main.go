// Command nightly answers: how do I run a job over all customers? List what is
// due across them, then act on each in its own partition: what fails for one
// customer does not hold up the others, and running the job again is safe.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
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

// nightly closes the month of every customer, and corrects what has become due
// in months that were closed before.
func nightly(ctx context.Context, out io.Writer, provider *coin.Coin, customers []servicecoin.CustomerID, month calendar.Month) error {
	by := servicecoin.Program("nightly")
	var failed error
	for customer, err := range provider.DueCustomers(ctx) {
		if err != nil {
			return err
		}
		corrected, err := provider.CloseDue(ctx, by, customer)
		failed = errors.Join(failed, err)
		for _, c := range corrected {
			fmt.Fprintf(out, "%s, %s: corrected, edition %d\n", customer, c.Report.Month, c.Report.Edition)
		}
	}
	for _, customer := range customers {
		done, err := provider.CloseMonth(ctx, by, customer, month)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", customer, err))
			continue
		}
		for _, c := range done.Closed {
			credit := "no credit"
			if c.Credit != nil {
				credit = "credit " + c.Credit.Percent.String() + " %"
			}
			fmt.Fprintf(out, "%s, %s: %s %s %%, %s\n", customer, month, c.Report.Promise.ID, c.Report.Figures.Uptime.Decimal.Round(3), credit)
		}
	}
	return failed
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	now := time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)
	customers := []servicecoin.CustomerID{"acme", "globex"}
	var services catalog.MemoryDirectory
	services.Set("mail", "Mail", customers...)
	provider, err := coin.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}), &services, nil)
	if err != nil {
		return err
	}
	ada := servicecoin.Person("ada")
	for _, customer := range customers {
		if _, err := provider.Keeper(customer).Make(ctx, ada, sla.Promise{
			ID: "mail", Service: "mail", Objective: decimal.RequireFromString("99.9"), ValidFrom: now.AddDate(-1, 0, 0),
			Terms: sla.Terms{Weights: sla.Weights{"outage": decimal.NewFromInt(1)}},
			Bands: sla.Bands{{Below: decimal.RequireFromString("99.9"), Credit: decimal.NewFromInt(10)}},
		}); err != nil {
			return err
		}
	}
	outage := func(lasted time.Duration) error {
		i, err := provider.Desk().Open(ctx, ada, incident.Report{Title: "Mail is down", Effects: []incident.Effect{{Service: "mail", Level: incident.Outage, From: now}}})
		if err != nil {
			return err
		}
		now = now.Add(lasted)
		_, err = provider.Desk().Resolve(ctx, ada, i.ID, incident.Resolution{Text: "Restarted"})
		return err
	}
	exchange, err := provider.Exchange(nil)
	if err != nil {
		return err
	}
	for range 2 { // in January, and again in February
		month := calendar.MonthOf(now, time.UTC)
		if err := outage(time.Hour); err != nil {
			return err
		}
		if _, err := exchange.Step(ctx, 100); err != nil {
			return err
		}
		now = month.Next().In(time.UTC).Start.Add(2 * time.Hour)
		if err := nightly(ctx, out, provider, customers, month); err != nil {
			return err
		}
	}
	return nil
}
