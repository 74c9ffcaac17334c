// Command quota answers: how do I record what a customer uses, and ask first
// whether it may use more? Check before the work, record after it, under an id
// that a repeat of the request would have again.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// render is what the host sells: pages made into pictures. It is counted once
// for a request, however often that comes, and not done beyond the quota.
func render(ctx context.Context, used *metering.Ledger, request string, pages int64, now time.Time) (metering.Outcome, error) {
	decision, err := used.Check(ctx, "pages", decimal.NewFromInt(pages), now)
	if err != nil {
		return "", err
	}
	if err := decision.Err(); err != nil {
		return "", err
	}
	// ... the work itself ...
	receipt, err := used.Record(ctx, servicecoin.Program("renderer"), metering.Event{
		Source: "renderer", ID: request, Type: "page.rendered", Time: now, Value: servicecoin.Some(decimal.NewFromInt(pages)),
	})
	if err != nil {
		return "", err
	}
	return receipt.Outcome(), nil // a conflict: the id was used before for something else
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	ada := servicecoin.Person("ada")
	now := time.Date(2026, 3, 31, 21, 30, 0, 0, time.UTC) // still March in Berlin, for half an hour
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	provider, err := coin.New(s, nil, &coin.Options{Usage: metering.NewMemoryStore()})
	if err != nil {
		return err
	}
	err = provider.Meters().Define(ctx, ada, metering.Meter{
		ID: "pages", Name: "Pages rendered", Type: "page.rendered", Aggregation: metering.Sum, Unit: "pages", EmptyIsZero: true,
	})
	if err != nil {
		return err
	}
	used := provider.Ledger(servicecoin.Customer{ID: "acme", Name: "Acme", Zone: "Europe/Berlin"})
	if _, err := used.SetQuota(ctx, ada, metering.Quota{ID: "pages", Meter: "pages", Limit: decimal.NewFromInt(100), Mode: metering.Hard, Period: metering.Monthly}); err != nil {
		return err
	}

	for _, r := range []struct {
		id    string
		pages int64
	}{{"r1", 40}, {"r1", 40}, {"r1", 41}, {"r2", 55}, {"r3", 6}, {"r4", 5}} {
		fmt.Fprintf(out, "%s, %d pages: %s\n", r.id, r.pages, words(render(ctx, used, r.id, r.pages, now)))
	}
	now = now.Add(time.Hour) // April
	fmt.Fprintf(out, "r3 in April, 6 pages: %s\n", words(render(ctx, used, "r3", 6, now)))

	for _, m := range []time.Month{time.March, time.April} {
		total, err := used.Total(ctx, "pages", calendar.Month{Year: 2026, Month: m})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: %s %s of %d events\n", m, total.Value.Decimal, total.Unit, total.Events)
	}
	return nil
}

func words(o metering.Outcome, err error) string {
	if err != nil {
		return err.Error()
	}
	return string(o)
}
