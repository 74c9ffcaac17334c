// Package rating_test measures what a quantity costs at a graduated price of four tiers
// with a fee, beside the same rule written by hand with decimals of others and with
// scaled integers, in one run, round by round, so that a busy machine disturbs all
// alike:
//
//	go test -run '^$' -bench Table -benchtime 1x ./rating
package rating_test

import (
	"flag"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/alpacahq/alpacadecimal"
	"github.com/quagmt/udecimal"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

var (
	ratingRounds = flag.Int("ratingrounds", 9, "rounds of each row")
	ratingSlice  = flag.Duration("ratingslice", 30*time.Millisecond, "length of one measurement")
)

// tier has its numbers as texts, for all who take part.
type tier struct{ upTo, unit, flat string }

func tiers() []tier {
	return []tier{{"100", "0.10", "2"}, {"500", "0.05", "0"}, {"1000", "0.02", "1.5"}, {"", "0.0125", "0"}}
}

const quantity = "1234.567"

// contestant computes the amount, rounded half away from zero to cents, so often, and
// returns the last one in its own words.
type contestant struct {
	name string
	do   func(n int) string
}

func tariff(t testing.TB) *rating.Tariff {
	t.Helper()
	p := rating.Price{Name: "P", Model: rating.Graduated, Currency: money.EUR, Rounding: money.HalfAwayFromZero}
	for _, x := range tiers() {
		tier := rating.Tier{Unit: decimal.RequireFromString(x.unit), Flat: decimal.RequireFromString(x.flat)}
		if x.upTo != "" {
			tier.UpTo = servicecoin.Some(decimal.RequireFromString(x.upTo))
		}
		p.Tiers = append(p.Tiers, tier)
	}
	compiled, err := rating.Compile(p)
	require.NoError(t, err)
	return compiled
}

func ours(t testing.TB) []contestant {
	t.Helper()
	compiled, q := tariff(t), decimal.RequireFromString(quantity)
	const batch = 1000
	quantities, into := slices.Repeat([]decimal.Decimal{q}, batch), make([]int64, batch)
	cents := func(n int64) string { return decimal.New(n, -2).String() }
	return []contestant{
		{"ours: Minor", func(n int) string {
			var sum int64
			for range n {
				sum, _ = compiled.Minor(q) // it was compared before
			}
			return cents(sum)
		}},
		{"ours: Minors, a thousand at once, for one", func(n int) string {
			for range (n + batch - 1) / batch {
				_ = compiled.Minors(into, quantities)
			}
			return cents(into[0])
		}},
		{"ours: Exact, a decimal with its currency", func(n int) string {
			var a money.Amount
			for range n {
				a, _ = compiled.Exact(q)
			}
			return a.Decimal().Round(2).String()
		}},
		{"ours: Quote, exact and rounded, lines on demand", func(n int) string {
			var a rating.Quote
			for range n {
				a, _ = compiled.Quote(q)
			}
			return a.Amount.Decimal().String()
		}},
		{"ours: Rate, with its lines", func(n int) string {
			var a rating.Charge
			for range n {
				a, _ = compiled.Rate(q)
			}
			return a.Amount.Decimal().String()
		}},
	}
}

// The benchmarks of peers have the same rule: each unit costs what its tier says, and a
// fee is due once its tier is entered.

func byShopspring() contestant {
	type priced struct {
		upTo, unit, flat decimal.Decimal
		open             bool
	}
	var list []priced
	for _, x := range tiers() {
		p := priced{unit: decimal.RequireFromString(x.unit), flat: decimal.RequireFromString(x.flat), open: x.upTo == ""}
		if !p.open {
			p.upTo = decimal.RequireFromString(x.upTo)
		}
		list = append(list, p)
	}
	q := decimal.RequireFromString(quantity)
	return contestant{"shopspring/decimal", func(n int) string {
		var sum decimal.Decimal
		for range n {
			sum = decimal.Zero
			from := decimal.Zero
			for i := range list {
				if i > 0 && !q.GreaterThan(from) {
					break
				}
				to := q
				if !list[i].open && list[i].upTo.LessThan(to) {
					to = list[i].upTo
				}
				sum = sum.Add(to.Sub(from).Mul(list[i].unit)).Add(list[i].flat)
				from = list[i].upTo
			}
			sum = sum.Round(2)
		}
		return sum.String()
	}}
}

func byAlpaca() contestant {
	type priced struct {
		upTo, unit, flat alpacadecimal.Decimal
		open             bool
	}
	var list []priced
	for _, x := range tiers() {
		p := priced{unit: alpacadecimal.RequireFromString(x.unit), flat: alpacadecimal.RequireFromString(x.flat), open: x.upTo == ""}
		if !p.open {
			p.upTo = alpacadecimal.RequireFromString(x.upTo)
		}
		list = append(list, p)
	}
	q := alpacadecimal.RequireFromString(quantity)
	return contestant{"alpacadecimal", func(n int) string {
		var sum alpacadecimal.Decimal
		for range n {
			sum = alpacadecimal.Zero
			from := alpacadecimal.Zero
			for i := range list {
				if i > 0 && !q.GreaterThan(from) {
					break
				}
				to := q
				if !list[i].open && list[i].upTo.LessThan(to) {
					to = list[i].upTo
				}
				sum = sum.Add(to.Sub(from).Mul(list[i].unit)).Add(list[i].flat)
				from = list[i].upTo
			}
			sum = sum.Round(2)
		}
		return sum.String()
	}}
}

func byUdecimal() contestant {
	type priced struct {
		upTo, unit, flat udecimal.Decimal
		open             bool
	}
	var list []priced
	for _, x := range tiers() {
		p := priced{unit: udecimal.MustParse(x.unit), flat: udecimal.MustParse(x.flat), open: x.upTo == ""}
		if !p.open {
			p.upTo = udecimal.MustParse(x.upTo)
		}
		list = append(list, p)
	}
	q := udecimal.MustParse(quantity)
	return contestant{"udecimal", func(n int) string {
		var sum udecimal.Decimal
		for range n {
			sum = udecimal.Zero
			from := udecimal.Zero
			for i := range list {
				if i > 0 && !q.GreaterThan(from) {
					break
				}
				to := q
				if !list[i].open && list[i].upTo.LessThan(to) {
					to = list[i].upTo
				}
				sum = sum.Add(to.Sub(from).Mul(list[i].unit)).Add(list[i].flat)
				from = list[i].upTo
			}
			sum = sum.RoundHAZ(2)
		}
		return sum.String()
	}}
}

// byIntegers has quantities of 10^-3 and prices of 10^-4 in 64 bits: no more fits, and
// nothing tells when something does not.
func byIntegers() contestant {
	type priced struct{ upTo, unit, flat int64 }
	var list []priced
	scaled := func(text string, places int32) int64 { return decimal.RequireFromString(text).Shift(places).IntPart() }
	for _, x := range tiers() {
		p := priced{upTo: 1 << 62, unit: scaled(x.unit, 4), flat: scaled(x.flat, 7)}
		if x.upTo != "" {
			p.upTo = scaled(x.upTo, 3)
		}
		list = append(list, p)
	}
	q := scaled(quantity, 3)
	return contestant{"scaled integers, unchecked", func(n int) string {
		var cents int64
		for range n {
			sum, from := int64(0), int64(0)
			for i := range list {
				if i > 0 && q <= from {
					break
				}
				sum += (min(q, list[i].upTo)-from)*list[i].unit + list[i].flat
				from = list[i].upTo
			}
			const cent = 100_000
			cents = (sum + cent/2) / cent
		}
		return decimal.New(cents, -2).String()
	}}
}

func contestants(t testing.TB) []contestant {
	t.Helper()
	return append(ours(t), byAlpaca(), byUdecimal(), byShopspring(), byIntegers())
}

// All come to the same amount.
func TestSame(t *testing.T) {
	t.Parallel()
	for _, c := range contestants(t) {
		require.True(t, decimal.RequireFromString("46.43").Equal(decimal.RequireFromString(c.do(1))), "%s: %s", c.name, c.do(1))
	}
}

func BenchmarkTable(b *testing.B) {
	list := contestants(b)
	times := make([][]float64, len(list))
	for range *ratingRounds {
		for i, c := range list {
			n := 1000
			for {
				start := time.Now()
				c.do(n)
				if took := time.Since(start); took >= *ratingSlice {
					times[i] = append(times[i], float64(took.Nanoseconds())/float64(n))
					break
				}
				n *= 2
			}
		}
	}
	fmt.Println("| a graduated price of four tiers | ns | allocations |")
	fmt.Println("|---|---|---|")
	for i, c := range list {
		slices.Sort(times[i])
		fmt.Printf("| %s | %.0f | %.0f |\n", c.name, times[i][len(times[i])/2], allocated(c))
	}
	for b.Loop() { // the table is what is measured
	}
}

// allocated is how often one computation allocates.
func allocated(c contestant) float64 {
	const n = 10_000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c.do(n)
	runtime.ReadMemStats(&after)
	return float64((after.Mallocs - before.Mallocs + n/2) / n)
}
