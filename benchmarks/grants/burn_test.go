// Package grants_test measures how grants are burnt down, and checks at a gate, beside the
// same done by hand.
package grants_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/grant"
)

const (
	grants  = 20
	windows = 100_000
	step    = 5 * time.Minute
	places  = 9
)

// workload is twenty grants that begin over a year, and 100,000 windows of five minutes
// that use most of them up.
func workload() (grant.Account, []grant.Usage) {
	start := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	a := grant.Account{During: calendar.Between(start, start.Add(windows*step))}
	for i := range grants {
		from := start.Add(time.Duration(i*windows/grants) * step)
		a.Grants = append(a.Grants, grant.Grant{ID: grant.ID(fmt.Sprintf("g%02d", i)), Amount: decimal.New(windows*3, -1), Priority: i % 3, From: from, Until: from.AddDate(0, 2, 0)})
	}
	usage := make([]grant.Usage, windows)
	for i := range usage {
		at := start.Add(time.Duration(i) * step)
		usage[i] = grant.Usage{During: calendar.Between(at, at.Add(step)), Quantity: decimal.New(int64(i%977)*1001+1, -5)}
	}
	return a, usage
}

// byHand burns each window by itself, in decimals, as one writes it down first.
func byHand(a grant.Account, usage []grant.Usage) map[grant.ID]decimal.Decimal {
	list := slices.Clone(a.Grants)
	slices.SortFunc(list, grant.Grant.Compare)
	left := make([]decimal.Decimal, len(list))
	state := make([]int, len(list)) // 0: to come, 1: holds, 2: over
	var overage decimal.Decimal
	for _, u := range usage {
		for i := range list {
			if state[i] == 0 && !u.During.Start.Before(list[i].From) {
				state[i], left[i] = 1, list[i].Amount
			}
			if state[i] == 1 && !u.During.Start.Before(list[i].Until) {
				state[i], left[i] = 2, decimal.Decimal{}
			}
		}
		overage = overage.Add(u.Quantity)
		for i := range list {
			if left[i].IsZero() || overage.IsZero() {
				continue
			}
			part := decimal.Min(left[i], overage)
			left[i], overage = left[i].Sub(part), overage.Sub(part)
		}
	}
	result := map[grant.ID]decimal.Decimal{}
	for i := range list {
		if state[i] == 1 && !a.During.End.Before(list[i].Until) {
			left[i] = decimal.Decimal{}
		}
		result[list[i].ID] = left[i]
	}
	return result
}

// integers are the same windows as numbers of 10^-9, as a program has them that knows
// that all fit.
type integers struct {
	amount, from, until []int64
	at, quantity        []int64
}

func inIntegers(a grant.Account, usage []grant.Usage) integers {
	var x integers
	list := slices.Clone(a.Grants)
	slices.SortFunc(list, grant.Grant.Compare)
	for _, g := range list {
		x.amount = append(x.amount, g.Amount.Shift(places).IntPart())
		x.from, x.until = append(x.from, g.From.UnixMicro()), append(x.until, g.Until.UnixMicro())
	}
	for _, u := range usage {
		x.at, x.quantity = append(x.at, u.During.Start.UnixMicro()), append(x.quantity, u.Quantity.Shift(places).IntPart())
	}
	return x
}

func (x integers) burn() []int64 {
	left, state := make([]int64, len(x.amount)), make([]int, len(x.amount))
	overage := int64(0)
	for w, at := range x.at {
		for i := range x.amount {
			if state[i] == 0 && at >= x.from[i] {
				state[i], left[i] = 1, x.amount[i]
			}
			if state[i] == 1 && at >= x.until[i] {
				state[i], left[i] = 2, 0
			}
		}
		overage += x.quantity[w]
		for i := range x.amount {
			part := min(left[i], overage)
			left[i], overage = left[i]-part, overage-part
		}
	}
	return left
}

// All three come to the same.
func TestSame(t *testing.T) {
	t.Parallel()
	a, usage := workload()
	r, err := a.Burn(usage)
	require.NoError(t, err)
	hand, whole := byHand(a, usage), inIntegers(a, usage).burn()
	require.Len(t, r.Lines, grants)
	burnt := 0
	for i, l := range r.Lines {
		require.True(t, hand[l.Grant].Equal(r.Closing.Balances[l.Grant]), "%s: %s, by hand %s", l.Grant, r.Closing.Balances[l.Grant], hand[l.Grant])
		require.True(t, decimal.New(whole[i], -places).Equal(hand[l.Grant]), "%s", l.Grant)
		if l.Burnt.IsPositive() {
			burnt++
		}
	}
	require.Greater(t, burnt, grants/2)
}

func BenchmarkBurn(b *testing.B) {
	a, usage := workload()
	b.Run("grant", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := a.Burn(usage); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decimals by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			byHand(a, usage)
		}
	})
	b.Run("integers by hand", func(b *testing.B) {
		x := inIntegers(a, usage)
		b.ReportAllocs()
		for b.Loop() {
			x.burn()
		}
	})
}
