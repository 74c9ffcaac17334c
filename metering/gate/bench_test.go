package gate_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/gate"
)

// plenty is a gate whose leases do not end while a benchmark runs.
func plenty(b *testing.B, keys int) (*gate.Gate, []gate.Key, time.Time) {
	b.Helper()
	now := time.Now()
	limits, list := gate.Static{}, make([]gate.Key, keys)
	for i := range list {
		list[i] = gate.Key{Customer: servicecoin.CustomerID(fmt.Sprintf("customer-%06d", i)), Name: "api.calls"}
		limits[list[i]] = gate.Standing{Left: servicecoin.Some(decimal.New(1, 18)), Through: now, Period: now.Add(-time.Hour)}
	}
	authority, err := gate.NewAuthority(gate.NewMemory(), limits, gate.Terms{Length: time.Hour, Size: servicecoin.Some(decimal.New(1, 17))}, ids(), func() time.Time { return now })
	if err != nil {
		b.Fatal(err)
	}
	g, err := gate.New("gate", authority, &gate.Options{Stale: gate.Closed})
	if err != nil {
		b.Fatal(err)
	}
	for _, k := range list {
		if a, err := g.Counter(k).Ask(context.Background(), decimal.NewFromInt(1), now); err != nil || !a.Allowed {
			b.Fatal(a, err)
		}
	}
	return g, list, now
}

func BenchmarkTake(b *testing.B) {
	one := decimal.NewFromInt(1)
	b.Run("counter", func(b *testing.B) {
		g, keys, now := plenty(b, 1)
		c := g.Counter(keys[0])
		b.ReportAllocs()
		for b.Loop() {
			if a := c.Take(one, now); !a.Allowed {
				b.Fatal(a)
			}
		}
	})
	b.Run("key of 10000", func(b *testing.B) {
		g, keys, now := plenty(b, 10_000)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			if i++; i == len(keys) {
				i = 0
			}
			if a := g.Counter(keys[i]).Take(one, now); !a.Allowed {
				b.Fatal(a)
			}
		}
	})
	b.Run("goroutines", func(b *testing.B) {
		g, keys, now := plenty(b, 1)
		c := g.Counter(keys[0])
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if a := c.Take(one, now); !a.Allowed {
					b.Error(a)
					return
				}
			}
		})
	})
	b.Run("with the clock", func(b *testing.B) {
		g, keys, _ := plenty(b, 1)
		c := g.Counter(keys[0])
		b.ReportAllocs()
		for b.Loop() {
			if a := c.Take(one, time.Now()); !a.Allowed {
				b.Fatal(a)
			}
		}
	})
}
