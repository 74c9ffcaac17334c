package rating_test

import (
	"testing"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// benchmarked are a price of one rate, and a graduated one of four tiers with fees.
func benchmarked(b *testing.B) map[string]*rating.Tariff {
	b.Helper()
	perUnit := rating.Price{Name: "P", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, UnitPrice: some("0.0125")}
	four := storage()
	four.Tiers = append(four.Tiers[:2:2], rating.Tier{UpTo: some("1000"), Unit: dec("0.02"), Flat: dec("1.5")}, rating.Tier{Unit: dec("0.0125")})
	tariffs := map[string]*rating.Tariff{}
	for name, p := range map[string]rating.Price{"per-unit": perUnit, "graduated, 4 tiers": four} {
		t, err := rating.Compile(p)
		if err != nil {
			b.Fatal(err)
		}
		tariffs[name] = t
	}
	return tariffs
}

func measured(b *testing.B, quantities map[string]decimal.Decimal, do func(t *rating.Tariff, q decimal.Decimal) error) {
	b.Helper()
	for name, tariff := range benchmarked(b) {
		for what, q := range quantities {
			b.Run(name+"/"+what, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := do(tariff, q); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func words() map[string]decimal.Decimal {
	return map[string]decimal.Decimal{"words": dec("1234.567"), "decimals": dec("1234.5678901234")}
}

// The amount, rounded, into a word of the caller's.
func BenchmarkMinor(b *testing.B) {
	measured(b, words(), func(t *rating.Tariff, q decimal.Decimal) error { _, err := t.Minor(q); return err })
}

// The same for a thousand quantities, into the caller's slice: ns/op is for one.
func BenchmarkMinors(b *testing.B) {
	const many = 1000
	quantities, into := make([]decimal.Decimal, many), make([]int64, many)
	for i := range quantities {
		quantities[i] = decimal.New(int64(i)*1234, -3)
	}
	for name, tariff := range benchmarked(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				if err := tariff.Minors(into, quantities); err != nil {
					b.Fatal(err)
				}
				n += many
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/quantity")
		})
	}
}

// The exact amount as a decimal with its currency.
func BenchmarkExact(b *testing.B) {
	measured(b, words(), func(t *rating.Tariff, q decimal.Decimal) error { _, err := t.Exact(q); return err })
}

// Exact and rounded, the lines on demand.
func BenchmarkQuote(b *testing.B) {
	measured(b, words(), func(t *rating.Tariff, q decimal.Decimal) error { _, err := t.Quote(q); return err })
}

// With all lines.
func BenchmarkRate(b *testing.B) {
	measured(b, words(), func(t *rating.Tariff, q decimal.Decimal) error { _, err := t.Rate(q); return err })
}

// With all lines, and as a trace for people and for recomputing.
func BenchmarkTrace(b *testing.B) {
	measured(b, words(), func(t *rating.Tariff, q decimal.Decimal) error {
		c, err := t.Rate(q)
		_ = c.Trace()
		return err
	})
}

// A month of hours at a price with a night and a weekend.
func BenchmarkMonthOfHours(b *testing.B) {
	tariff, month := nights(b)
	list := make([]rating.Timed, 0, 744)
	for at := month.Start; at.Before(month.End); at = at.Add(hour) {
		list = append(list, rating.Timed{At: at, Usage: rating.Usage{Quantity: dec("1.5")}})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tariff.Charge(list); err != nil {
			b.Fatal(err)
		}
	}
}

// Ten lines of ten thousand customers: their charges, with all lines of each.
func BenchmarkTenThousandCustomers(b *testing.B) {
	const customers, each = 10_000, 10
	tariffs := benchmarked(b)
	b.ReportAllocs()
	for b.Loop() {
		for i := range customers {
			for j := range each / len(tariffs) {
				for _, t := range tariffs {
					if _, err := t.Rate(decimal.New(int64(i*each+j), -1)); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
	}
}
