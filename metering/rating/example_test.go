package rating_test

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/metering"
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

// A percentage of each payment with a fee: the price asks for the events.
func ExampleTariff_Charge() {
	d := decimal.RequireFromString
	tariff, err := rating.Compile(rating.Price{
		Name: "Payments", Model: rating.Percentage, Currency: money.EUR, Rounding: money.HalfAwayFromZero,
		Share: &rating.Share{Percent: d("2.9"), PerEvent: d("0.30"), FreeEvents: 1, Most: servicecoin.Some(d("12"))},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	charge, err := tariff.Charge(rating.Usage{Events: []rating.Event{{Value: d("80")}, {Value: d("100")}, {Value: d("500")}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tariff.Price().Says())
	fmt.Print(charge.Trace())
	// Output:
	// 2.9 % of each event and 0.30 EUR, of each at most 12.00 EUR, the first event free
	// charge for 680: 15.2 EUR
	//   exactly: 15.2 EUR
	//     percent: 600 at 2.9 %: 17.4 EUR
	//     per-event: 2 at 0.3: 0.6 EUR
	//     per-event-bound: -2.8 EUR
}

// A month is billed twice: what is due is what all of it costs, less what was billed.
func ExampleTariff_Delta() {
	tariff, err := rating.Compile(storage())
	if err != nil {
		fmt.Println(err)
		return
	}
	billed, err := money.Zero(money.EUR)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, soFar := range []string{"90", "120"} {
		delta, err := tariff.Delta(rating.Usage{Quantity: decimal.RequireFromString(soFar)}, billed, i == 1)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(soFar, "GB so far, due:", delta.Amount)
		if billed, err = billed.Add(delta.Amount); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println("together:", billed)
	// Output:
	// 90 GB so far, due: 11.00 EUR
	// 120 GB so far, due: 2.00 EUR
	// together: 13.00 EUR
}

// Half the price at night, by the clock of Berlin; an hour that begins in the evening
// and ends at night is divided by time.
func ExampleCompileDuring() {
	d := decimal.RequireFromString
	night, err := hours.Parse("22:00-06:00")
	if err != nil {
		fmt.Println(err)
		return
	}
	night.Zone = "Europe/Berlin"
	day := rating.Price{Name: "Compute", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, Unit: "hours", UnitPrice: servicecoin.Some(d("0.20"))}
	day.Windows = []rating.PriceWindow{{Name: "night", Hours: &night, Factor: servicecoin.Some(d("0.5"))}}
	march := calendar.Between(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
	tariff, err := rating.CompileDuring(day, march)
	if err != nil {
		fmt.Println(err)
		return
	}
	charge, err := tariff.Charge([]rating.Timed{
		{At: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), Usage: rating.Usage{Quantity: d("10")}},
		{During: calendar.Between(time.Date(2026, 3, 4, 20, 30, 0, 0, time.UTC), time.Date(2026, 3, 4, 21, 30, 0, 0, time.UTC)), Usage: rating.Usage{Quantity: d("4")}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(charge.TraceOf("hours").Tell(servicecoin.Reader{}))
	// Output:
	// Charge for 14 hours: 2.60 EUR
	//   12 hours at 0.20 EUR each = 2.40 EUR
	//   Night: 2 hours at 0.10 EUR each = 0.20 EUR
}

// Who can measure in windows has nothing divided: the price says which stretches to
// ask a meter for.
func ExampleTimeTariff_Stretches() {
	d := decimal.RequireFromString
	night, err := hours.Parse("22:00-06:00")
	if err != nil {
		fmt.Println(err)
		return
	}
	price := rating.Price{
		Name: "Calls", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, Unit: "calls", UnitPrice: servicecoin.Some(d("0.20")),
		Windows: []rating.PriceWindow{{Name: "night", Hours: &night, Factor: servicecoin.Some(d("0.5"))}},
	}
	day := calendar.Date{Year: 2026, Month: time.March, Day: 4}.In(time.UTC)
	tariff, err := rating.CompileDuring(price, day)
	if err != nil {
		fmt.Println(err)
		return
	}
	stretches, err := tariff.Stretches(day)
	if err != nil {
		fmt.Println(err)
		return
	}
	windows := make([]calendar.Interval, 0, len(stretches))
	for _, s := range stretches {
		windows = append(windows, s.Interval)
	}
	calls := func(yield func(metering.Event, error) bool) {
		for _, hour := range []int{1, 5, 6, 12, 21, 22} {
			if !yield(metering.Event{Type: "call", Time: day.Start.Add(time.Duration(hour) * time.Hour)}, nil) {
				return
			}
		}
	}
	series, err := metering.Meter{ID: "calls", Name: "Calls", Type: "call", Aggregation: metering.Count, Unit: "calls"}.Series(calls, windows)
	if err != nil {
		fmt.Println(err)
		return
	}
	var used []rating.Timed
	for _, p := range series[0].Points {
		used = append(used, rating.Timed{During: p.Interval, Usage: rating.Usage{Quantity: p.Value.Decimal}})
	}
	charge, err := tariff.Charge(used)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(charge.TraceOf("calls").Tell(servicecoin.Reader{}))
	// Output:
	// Charge for 6 calls: 0.90 EUR
	//   3 calls at 0.20 EUR each = 0.60 EUR
	//   Night: 3 calls at 0.10 EUR each = 0.30 EUR
}
