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

// quotas tells what is left of the quotas of a ledger.
type quotas struct {
	ledger *metering.Ledger
	lag    time.Duration // as long as an event is on its way to the ledger
}

func (q quotas) Standing(ctx context.Context, key gate.Key, now time.Time) (gate.Standing, error) {
	decision, err := q.ledger.Check(ctx, metering.MeterID(key.Name), decimal.Decimal{}, now)
	if err != nil {
		return gate.Standing{}, err
	}
	return gate.StandingOfQuotas(decision, now.Add(-q.lag)), nil
}

// The quotas of a ledger, at a gate.
func ExampleStandingOfQuotas() {
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

	authority, err := gate.NewAuthority(gate.NewRecords(s.For), quotas{ledger, time.Minute}, gate.Terms{}, s.For(acme.ID).NewID, now)
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
