package grants_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/gate"
)

// BenchmarkGate asks a gate that holds leases: by the counter, by one of 10,000 keys, by
// goroutines, and with the system's clock.
func BenchmarkGate(b *testing.B) {
	const keys = 10_000
	now, one := time.Now(), decimal.NewFromInt(1)
	limits, list := gate.Static{}, make([]gate.Key, keys)
	for i := range list {
		list[i] = gate.Key{Customer: servicecoin.CustomerID("customer-" + strconv.Itoa(i)), Name: "api.calls"}
		limits[list[i]] = gate.Standing{Left: servicecoin.Some(decimal.New(1, 18)), Through: now, Period: now}
	}
	n := 0
	newID := func() string { n++; return strconv.Itoa(n) }
	terms := gate.Terms{Length: time.Hour, Size: servicecoin.Some(decimal.New(1, 17))}
	authority, err := gate.NewAuthority(gate.NewMemory(), limits, terms, newID, func() time.Time { return now })
	if err != nil {
		b.Fatal(err)
	}
	g, err := gate.New("gate", authority, &gate.Options{Stale: gate.Closed})
	if err != nil {
		b.Fatal(err)
	}
	for _, k := range list {
		if a, err := g.Counter(k).Ask(b.Context(), one, now); err != nil || !a.Allowed {
			b.Fatal(a, err)
		}
	}
	c := g.Counter(list[0])
	b.Run("counter", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Take(one, now)
		}
	})
	b.Run("key", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			g.Counter(list[i%keys]).Take(one, now)
		}
	})
	b.Run("goroutines", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				c.Take(one, now)
			}
		})
	})
	b.Run("clock", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			c.Take(one, time.Now())
		}
	})
	b.Run("lease", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			grant, err := authority.Lease(b.Context(), gate.Ask{Key: list[1], Gate: "other"})
			if err != nil {
				b.Fatal(err)
			}
			if err := authority.Return(b.Context(), list[1], "other", []gate.Return{{Lease: grant.Lease}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
