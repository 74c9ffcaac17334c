package rating

import (
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Fraction is a part of a whole, exactly: 15 days of 31.
type Fraction struct {
	Part  int64 `json:"part"`  // not below 0
	Whole int64 `json:"whole"` // above 0
}

// Validate reports every violation. A part may be more than the whole.
func (f Fraction) Validate() error {
	var v servicecoin.Violations
	if f.Part < 0 {
		v.Add("part", "negative", strconv.FormatInt(f.Part, 10), "must not be negative")
	}
	if f.Whole <= 0 {
		v.Add("whole", "out-of-range", strconv.FormatInt(f.Whole, 10), "must be above 0")
	}
	return v.Err()
}

// Of returns that fraction of a number, rounded once to so many places.
func (f Fraction) Of(d decimal.Decimal, places int, r money.Rounding) (decimal.Decimal, error) {
	var v servicecoin.Violations
	v.Merge("fraction", f.Validate())
	v.Number("value", d, quantityDigits, quantityPlaces)
	if places < 0 || places > quantityPlaces {
		v.Add("places", "out-of-range", strconv.Itoa(places), fmt.Sprintf("must be between 0 and %d", quantityPlaces))
	}
	if err := v.Err(); err != nil {
		return decimal.Decimal{}, err
	}
	// Cut one place further, with a mark behind it where something is left: it is
	// rounded as the exact number would be.
	cut, rest := d.Mul(decimal.NewFromInt(f.Part)).QuoRem(decimal.NewFromInt(f.Whole), int32(places)+1) //nolint:gosec // checked above
	if !rest.IsZero() {
		cut = cut.Add(decimal.New(int64(rest.Sign()), -int32(places)-2)) //nolint:gosec // checked above
	}
	return r.Round(cut, places)
}

// Amount returns that fraction of an amount, rounded once to the digits of its
// currency.
func (f Fraction) Amount(a money.Amount, r money.Rounding) (money.Amount, error) {
	d, err := f.Of(a.Decimal(), a.Currency().Digits(), r)
	if err != nil {
		return money.Amount{}, err
	}
	return money.New(d, a.Currency())
}

// Words returns "15 of 31".
func (f Fraction) Words() string { return fmt.Sprintf("%d of %d", f.Part, f.Whole) }

// RatePeriod is what a fixed rate is for.
type RatePeriod string

// The periods of rates.
const (
	PerHour  RatePeriod = "hour"
	PerDay   RatePeriod = "day"
	PerWeek  RatePeriod = "week"
	PerMonth RatePeriod = "month"
	PerYear  RatePeriod = "year"
)

// MonthOf720 is a month of thirty days, as ManageIQ has it unless a report spans a
// month: for [RatePeriod.Hourly].
const MonthOf720 = 720

// Hourly returns an hour as a fraction of the period: 1/8760 of a year of 365 days.
// A month has as many hours as it is told to have, those of the calendar or
// [MonthOf720].
func (r RatePeriod) Hourly(hoursInMonth int) (Fraction, error) {
	const day, week, year = 24, 7 * 24, 365 * 24
	switch r {
	case PerHour:
		return Fraction{1, 1}, nil
	case PerDay:
		return Fraction{1, day}, nil
	case PerWeek:
		return Fraction{1, week}, nil
	case PerYear:
		return Fraction{1, year}, nil
	case PerMonth:
		f := Fraction{1, int64(hoursInMonth)}
		return f, f.Validate()
	}
	var v servicecoin.Violations
	v.Add("per", "unknown", string(r), "must be hour, day, week, month or year")
	return Fraction{}, v.Err()
}
