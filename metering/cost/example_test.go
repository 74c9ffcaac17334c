package cost_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A month's statement: usage at a price, a fee, and a credit that nobody had to
// ask for.
func ExampleStatements() {
	ctx := context.Background()
	ada := servicecoin.Person("ada")
	january := calendar.Month{Year: 2026, Month: time.January}
	newYear := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := newYear
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	acme := servicecoin.Customer{ID: "acme", Name: "Acme", Currency: "EUR"}
	meters := metering.NewMeters(s.For(servicecoin.Provider))
	prices := rating.New(s.For(servicecoin.Provider))
	ledger := metering.New(s.For("acme"), metering.NewMemoryStore(), meters, acme, nil)
	statements := cost.New(s.For("acme"), acme, ledger, prices, nil)

	do := func(err error) {
		if err != nil {
			fmt.Println(err)
		}
	}
	do(meters.Define(ctx, ada, metering.Meter{ID: "boxes", Name: "Mailboxes", Type: "mailbox.used", Aggregation: metering.Unique, Distinct: metering.Subject, Unit: "mailboxes"}))
	p := rating.Price{Name: "Mailbox", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, UnitPrice: servicecoin.Some(decimal.RequireFromString("4.455"))}
	_, err := prices.Publish(ctx, ada, "mailbox", p, newYear)
	do(err)
	p = rating.Price{Name: "Base fee", Model: rating.Flat, Currency: money.EUR, Rounding: money.HalfAwayFromZero, Amount: servicecoin.Some(decimal.NewFromInt(20))}
	_, err = prices.Publish(ctx, ada, "base", p, newYear)
	do(err)
	_, err = statements.Include(ctx, ada, cost.Item{ID: "boxes", Name: "Mailboxes", Service: "mail", Meter: "boxes", Price: "mailbox", From: newYear})
	do(err)
	_, err = statements.Include(ctx, ada, cost.Item{ID: "base", Name: "Mail, base fee", Service: "mail", Price: "base", From: newYear})
	do(err)
	for i, box := range []string{"ann", "bob", "ann", "cem"} {
		_, err = ledger.Record(ctx, ada, metering.Event{Source: "mail", ID: strconv.Itoa(i), Type: "mailbox.used", Subject: box, Time: newYear})
		do(err)
	}
	_, err = statements.Credit(ctx, ada, cost.Credit{
		Reference: servicecoin.Key{Customer: "acme", Kind: "sla.credit", ID: "mail/2026-01/1"}, Service: "mail", Month: january,
		Percent: servicecoin.Some(decimal.NewFromInt(10)), Reason: "Uptime of 99.2 % instead of 99.9 %",
	})
	do(err)
	now = newYear.AddDate(0, 1, 2)
	st, err := statements.Issue(ctx, ada, january)
	do(err)
	for _, l := range st.Lines {
		fmt.Println(l.Kind, l.Label, l.Amount)
	}
	fmt.Println("total", st.Total)
	// Output:
	// usage Mailboxes 13.37 EUR
	// fee Mail, base fee 20.00 EUR
	// credit Uptime of 99.2 % instead of 99.9 % -3.34 EUR
	// total 30.03 EUR
}
