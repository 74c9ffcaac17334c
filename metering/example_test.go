package metering_test

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// Record usage, and check a quota.
func ExampleLedger() {
	ctx := context.Background()
	ada := servicecoin.Person("ada")
	noon := time.Date(2026, 1, 8, 12, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return noon }})
	acme := servicecoin.Customer{ID: "acme", Name: "Acme", Zone: "Europe/Berlin"}

	meters := metering.NewMeters(s.For(servicecoin.Provider))
	err := meters.Define(ctx, ada, metering.Meter{ID: "vm.hours", Name: "Machine hours", Type: "vm.ran", Aggregation: metering.Sum, Unit: "hours"})
	if err != nil {
		fmt.Println(err)
		return
	}
	ledger := metering.New(s.For(acme.ID), metering.NewMemoryStore(), meters, acme, nil)
	_, err = ledger.SetQuota(ctx, ada, metering.Quota{ID: "machines", Meter: "vm.hours", Limit: decimal.NewFromInt(100), Mode: metering.Hard, Period: metering.Monthly})
	if err != nil {
		fmt.Println(err)
		return
	}
	receipt, err := ledger.Record(ctx, servicecoin.Program("collector"), metering.Event{
		Source: "hypervisor", ID: "1", Type: "vm.ran", Subject: "vm7", Time: noon, Value: servicecoin.Some(decimal.RequireFromString("97.5")),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(receipt.Added, "added")

	decision, err := ledger.Check(ctx, "vm.hours", decimal.NewFromInt(3), noon)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(decision.Allowed, decision.Remaining.Decimal)
	fmt.Println(decision.Err())

	used, err := ledger.Total(ctx, "vm.hours", calendar.Month{Year: 2026, Month: time.January})
	fmt.Println(used.Value.Decimal, used.Unit, err)
	// Output:
	// 1 added
	// false 2.5
	// refused: quota.use machines: 3 of vm.hours would make 100.5, over the 100 of a month that quota machines allows
	// 97.5 hours <nil>
}

// A month in days of the customer's zone.
func ExampleMeter_Series() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	// The night on which the clocks are changed: the day has 23 hours.
	at := func(hour int) time.Time { return time.Date(2026, 3, 28, hour, 0, 0, 0, time.UTC) }
	events := func(yield func(metering.Event, error) bool) {
		for _, hour := range []int{22, 23, 45, 46} {
			if !yield(metering.Event{Type: "request", Time: at(hour)}, nil) {
				return
			}
		}
	}
	meter := metering.Meter{ID: "requests", Name: "Requests", Type: "request", Aggregation: metering.Count, Unit: "requests"}
	days, err := metering.Daily.Split(calendar.Between(at(0), at(72)), berlin)
	if err != nil {
		fmt.Println(err)
		return
	}
	series, err := meter.Series(events, days)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range series[0].Points {
		value := "undefined"
		if p.Value.Valid {
			value = p.Value.Decimal.String()
		}
		fmt.Println(p.Duration(), value)
	}
	// Output:
	// 23h0m0s 1
	// 23h0m0s 2
	// 24h0m0s 1
	// 2h0m0s undefined
}
