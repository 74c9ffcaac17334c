package money

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Share is what one party bears of an amount, relative to the other shares.
type Share struct {
	ID     string          `json:"id"`     // unique among the shares; equal remainders go to the smaller id
	Weight decimal.Decimal `json:"weight"` // not negative; 1 and 2 are a third and two thirds
}

// Part is what one party gets.
type Part struct {
	ID     string `json:"id"`
	Amount Amount `json:"amount"`
}

// Split divides the amount by the weights into whole minor units that sum to
// it, by the largest remainder (Hamilton's method): each part is its exact
// share cut off, and the units that are left go one each to the largest
// remainders, of equal ones to the first. A negative amount is divided as the
// positive one is. A weight of 0 gets 0.
//
// It refuses no weights, a negative one, weights that are all zero, and an
// amount that is finer than its currency: round it first, by the rounding of
// the contract.
func (a Amount) Split(weights ...decimal.Decimal) ([]Amount, error) {
	var v servicecoin.Violations
	a.dividable(&v)
	divisors(&v, "weights", len(weights), func(i int) (string, decimal.Decimal) {
		return fmt.Sprintf("weights[%d]", i), weights[i]
	})
	if err := v.Err(); err != nil {
		return nil, err
	}
	return a.divide(weights, cmp.Compare), nil
}

// SplitBy divides as [Amount.Split] does, but gives the units that are left by
// id where remainders are equal, so that the order of the shares does not
// matter. The parts come in the order of the shares. It refuses what Split
// refuses, and an empty id, and one that is there twice.
func (a Amount) SplitBy(shares ...Share) ([]Part, error) {
	var v servicecoin.Violations
	a.dividable(&v)
	weights := make([]decimal.Decimal, len(shares))
	seen := make(map[string]bool, len(shares))
	for i, s := range shares {
		weights[i] = s.Weight
		path := fmt.Sprintf("shares[%d].id", i)
		v.ID(path, s.ID)
		if seen[s.ID] {
			v.Add(path, "duplicate", s.ID, "must be there once")
		}
		seen[s.ID] = s.ID != ""
	}
	divisors(&v, "shares", len(shares), func(i int) (string, decimal.Decimal) {
		return fmt.Sprintf("shares[%d].weight", i), weights[i]
	})
	if err := v.Err(); err != nil {
		return nil, err
	}
	amounts := a.divide(weights, func(i, j int) int { return cmp.Compare(shares[i].ID, shares[j].ID) })
	parts := make([]Part, len(shares))
	for i, s := range shares {
		parts[i] = Part{ID: s.ID, Amount: amounts[i]}
	}
	return parts, nil
}

// dividable checks that the amount is one, in whole minor units.
func (a Amount) dividable(v *servicecoin.Violations) {
	defined(v, "", a)
	if a.Defined() && !a.Rounded() {
		v.Add("", "not-rounded", a.String(), fmt.Sprintf("has more than the %d decimals of its currency: round it first", a.currency.Digits()))
	}
}

// divisors checks n weights, each with its path.
func divisors(v *servicecoin.Violations, path string, n int, weight func(i int) (string, decimal.Decimal)) {
	if n == 0 {
		v.Add(path, "required", "", "must not be empty")
		return
	}
	zero := true
	for i := range n {
		where, w := weight(i)
		bounded(v, where, w)
		if w.IsNegative() {
			v.Add(where, "negative", "", "must not be negative")
		}
		zero = zero && w.IsZero()
	}
	if zero {
		v.Add(path, "all-zero", "", "at least one must be more than 0")
	}
}

// divide does the work on checked input: in integers, minor units of the
// amount and weights brought to one power of ten.
func (a Amount) divide(weights []decimal.Decimal, tie func(i, j int) int) []Amount {
	whole, scaled, total := a.value.Shift(int32(a.currency.Digits())).BigInt(), scale(weights), new(big.Int) //nolint:gosec // 4 digits at most
	negative := whole.Sign() < 0
	whole.Abs(whole)
	for _, w := range scaled {
		total.Add(total, w)
	}

	parts := make([]*big.Int, len(weights))
	rests := make([]*big.Int, len(weights))
	left := new(big.Int).Set(whole)
	for i, w := range scaled {
		parts[i], rests[i] = new(big.Int).QuoRem(new(big.Int).Mul(whole, w), total, new(big.Int))
		left.Sub(left, parts[i])
	}
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Or(rests[j].Cmp(rests[i]), tie(i, j)) })
	one := big.NewInt(1)
	for _, i := range order[:left.Int64()] { // fewer are left than there are remainders
		parts[i].Add(parts[i], one)
	}

	out := make([]Amount, len(weights))
	for i, p := range parts {
		if negative {
			p.Neg(p)
		}
		out[i] = Amount{value: decimal.NewFromBigInt(p, int32(-a.currency.Digits())), currency: a.currency} //nolint:gosec // 4 digits at most
	}
	return out
}

// scale returns the weights as integers of the smallest power of ten among
// them.
func scale(weights []decimal.Decimal) []*big.Int {
	least := weights[0].Exponent()
	for _, w := range weights {
		least = min(least, w.Exponent())
	}
	out := make([]*big.Int, len(weights))
	for i, w := range weights {
		out[i] = w.Shift(-least).BigInt()
	}
	return out
}
