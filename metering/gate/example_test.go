package gate_test

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/gate"
)

func ExampleCounter_Ask() {
	ctx, now := context.Background(), time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)
	key := gate.Key{Customer: "acme", Name: "api.calls"}
	limits := gate.Static{key: {Left: servicecoin.Some(decimal.NewFromInt(10)), Through: now, Period: now.AddDate(0, 0, -4)}}
	authority, err := gate.NewAuthority(gate.NewMemory(), limits, gate.Terms{Size: servicecoin.Some(decimal.NewFromInt(5))}, ids(), func() time.Time { return now })
	if err != nil {
		fmt.Println(err)
		return
	}
	g, err := gate.New("api-3", authority, &gate.Options{Stale: gate.Closed})
	if err != nil {
		fmt.Println(err)
		return
	}
	calls := g.Counter(key)
	for _, n := range []int64{4, 1, 20} {
		answer, err := calls.Ask(ctx, decimal.NewFromInt(n), now)
		fmt.Println(n, answer.Allowed, answer.Why, err)
	}
	fmt.Println(calls.Take(decimal.NewFromInt(20), now).Why)
	// Output:
	// 4 true leased <nil>
	// 1 true leased <nil>
	// 20 false over <nil>
	// over
}
