package gate_test

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/gate"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// The quotas of a ledger, at a gate.
func ExampleQuotas() {
	ctx, ada, noon := context.Background(), servicecoin.Person("ada"), time.Date(2026, time.January, 8, 12, 0, 0, 0, time.UTC)
	now := func() time.Time { return noon }
	s := store.New(memory.New(), &store.Options{Now: now})
	acme := servicecoin.Customer{ID: "acme", Name: "Acme"}
	meters := metering.NewMeters(s.For(servicecoin.Provider))
	err := meters.Define(ctx, ada, metering.Meter{ID: "calls", Name: "Calls", Type: "call", Aggregation: metering.Sum, Unit: "calls"})
	if err != nil {
		fmt.Println(err)
		return
	}
	ledger := metering.New(s.For(acme.ID), metering.NewMemoryStore(), meters, acme, nil)
	_, err = ledger.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "calls", Limit: decimal.NewFromInt(100), Mode: metering.Hard, Period: metering.Monthly})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = ledger.Record(ctx, ada, metering.Event{Source: "api", ID: "1", Type: "call", Time: noon.Add(-time.Hour), Value: servicecoin.Some(decimal.NewFromInt(90))})
	if err != nil {
		fmt.Println(err)
		return
	}

	limits := gate.Quotas{OnTheWay: time.Minute, Of: func(context.Context, servicecoin.CustomerID) (gate.Checker, error) { return ledger, nil }}
	authority, err := gate.NewAuthority(gate.NewRecords(s.For), limits, gate.Terms{}, s.For(acme.ID).NewID, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := gate.New("api-3", authority, &gate.Options{Stale: gate.Open})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		answer, err := g.Counter(gate.Key{Customer: acme.ID, Name: "calls"}).Ask(ctx, decimal.NewFromInt(4), noon)
		fmt.Println(answer.Allowed, answer.Why, err)
	}
	// Output:
	// true leased <nil>
	// true leased <nil>
	// false over <nil>
}
