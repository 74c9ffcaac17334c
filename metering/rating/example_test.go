package rating_test

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// storage is a price in tiers.
func storage() rating.Price {
	d := decimal.RequireFromString
	return rating.Price{
		Name: "Storage", Model: rating.Graduated, Currency: money.EUR, Rounding: money.HalfAwayFromZero, Unit: "GB",
		Tiers: []rating.Tier{
			{UpTo: servicecoin.Some(d("100")), Unit: d("0.10"), Flat: d("2")},
			{UpTo: servicecoin.Some(d("500")), Unit: d("0.05")},
			{Unit: d("0.0125")},
		},
	}
}

// What a quantity costs, tier by tier.
func ExampleRate() {
	charge, err := rating.Rate(storage(), decimal.RequireFromString("512.3"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(storage().Says())
	fmt.Print(charge.Trace())
	fmt.Print(charge.TraceOf("GB").Tell(servicecoin.Reader{})) // the same for people
	// Output:
	// 0.10 EUR per GB and 2.00 EUR up to 100, then 0.05 EUR up to 500, then 0.0125 EUR
	// charge for 512.3: 32.15 EUR
	//   exactly: 32.15375 EUR
	//     usage, tier 1: 100 at 0.1: 10 EUR
	//     fee, tier 1: 2 EUR
	//     usage, tier 2: 400 at 0.05: 20 EUR
	//     usage, tier 3: 12.3 at 0.0125: 0.15375 EUR
	// Charge for 512.3 GB: 32.15 EUR
	//   Before it is rounded: 32.15375 EUR
	//     Tier 1: 100 GB at 0.10 EUR each = 10.00 EUR
	//     Fee of tier 1: 2.00 EUR
	//     Tier 2: 400 GB at 0.05 EUR each = 20.00 EUR
	//     Tier 3: 12.3 GB at 0.0125 EUR each = 0.15375 EUR
}

// Prices have versions, each valid from an instant.
func ExamplePriceList() {
	ctx := context.Background()
	ada := servicecoin.Person("ada")
	new2026, new2027 := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	prices := rating.New(store.New(memory.New(), nil).For(servicecoin.Provider))
	p := rating.Price{
		Name: "Mailbox", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, Unit: "mailbox",
		UnitPrice: servicecoin.Some(decimal.RequireFromString("4.50")),
	}
	if _, err := prices.Publish(ctx, ada, "mail", p, new2026); err != nil {
		fmt.Println(err)
		return
	}
	p.UnitPrice = servicecoin.Some(decimal.RequireFromString("4.80"))
	if _, err := prices.Publish(ctx, ada, "mail", p, new2027); err != nil {
		fmt.Println(err)
		return
	}
	for _, at := range []time.Time{new2027.Add(-time.Microsecond), new2027} {
		v, err := prices.At(ctx, "mail", at)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(v.Number, v.Price.Says())
	}
	// Output:
	// 1 4.50 EUR per mailbox
	// 2 4.80 EUR per mailbox
}
