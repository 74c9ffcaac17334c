package coin_test

import (
	"context"
	"fmt"
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

// An outage becomes a credit, and a customer's month says so.
func Example() {
	ctx, ada := context.Background(), servicecoin.Person("ada")
	now := time.Date(2026, 1, 8, 9, 0, 0, 0, time.UTC)
	var services catalog.MemoryDirectory
	services.Set("mail", "Mail", "acme")
	c, err := coin.New(store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}), &services, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	exchange, err := c.Exchange(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	acme := c.Account(ctx, "acme")
	if _, err := acme.Keeper().Make(ctx, ada, sla.Promise{
		ID: "mail", Service: "mail", Objective: decimal.RequireFromString("99.9"),
		Terms:     sla.Terms{Weights: sla.Weights{"outage": decimal.NewFromInt(1)}},
		Bands:     sla.Bands{{Below: decimal.RequireFromString("99.9"), Credit: decimal.NewFromInt(10)}},
		ValidFrom: now.AddDate(-1, 0, 0),
	}); err != nil {
		fmt.Println(err)
		return
	}
	i, err := c.Desk().Open(ctx, ada, incident.Report{Title: "Mail is down", Headline: "No mail", Effects: []incident.Effect{{Service: "mail", Level: incident.Outage}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	now = now.Add(time.Hour)
	if _, err := c.Desk().Resolve(ctx, ada, i.ID, incident.Resolution{Text: "The disk was full"}); err != nil {
		fmt.Println(err)
		return
	}
	now = now.AddDate(0, 1, 0)
	january := calendar.Month{Year: 2026, Month: time.January}
	if _, err := c.CloseAll(ctx, ada, exchange, january); err != nil {
		fmt.Println(err)
		return
	}
	month, err := acme.Spin(ctx, january)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = month.WriteText(os.Stdout)
	// Output:
	// acme, 2026-01
	// Mail was available for 99.866 %, 99.9 % were promised: a credit of 10 % is due.
	//
	// Mail
	//   kept  99.866 % of 99.9 % promised, broken, credit of 10 % is due
	//   run   1 incident; letters: 0 sent, 1 waiting to be sent
	//   used  nothing is known
	//
	// Out of balance
	//   - Mail was available for 99.866 %, 99.9 % were promised: a credit of 10 % is due.
}

// A job that runs every night, over all customers: what became due since is closed
// again, and corrected.
func ExampleCoin_CloseDue() {
	ctx, night := context.Background(), servicecoin.Program("nightly")
	c, err := coin.New(store.New(memory.New(), nil), nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for customer, err := range c.DueCustomers(ctx) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := c.CloseDue(ctx, night, customer); err != nil {
			fmt.Println(customer, err) // the others go on
		}
	}
	fmt.Println("done")
	// Output: done
}
