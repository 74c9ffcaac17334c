package rating

import (
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
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

// DayCount is whether the last day of a stretch of days counts.
type DayCount string

// The ways to count.
const (
	EndExcluded DayCount = ""         // from the first day up to, but without, the last: 1 to 31 March are 30
	EndIncluded DayCount = "included" // with the last day, as Flexprice and Lago count: 31
)

// Days is a stretch of days by the calendar, in the zone of whose days they are.
type Days struct {
	From  calendar.Date `json:"from"`
	To    calendar.Date `json:"to"`
	Count DayCount      `json:"count,omitempty"` // whether To is one of them
}

// DaysOf returns the days of a zone that an interval touches: a day that began is one.
func DaysOf(during calendar.Interval, loc *time.Location) Days {
	if during.Empty() {
		day := calendar.DateOf(during.Start, loc)
		return Days{From: day, To: day}
	}
	return Days{From: calendar.DateOf(during.Start, loc), To: calendar.DateOf(during.End.Add(-1), loc).AddDays(1)}
}

// Validate reports every violation: the days are in order, and 100 years at most.
func (d Days) Validate() error {
	const most = 36_600
	var v servicecoin.Violations
	v.Merge("from", d.From.Validate())
	v.Merge("to", d.To.Validate())
	if d.Count != EndExcluded && d.Count != EndIncluded {
		v.Add("count", "unknown", string(d.Count), "must be included, or empty")
	}
	if err := v.Err(); err != nil {
		return err
	}
	if n := d.Len(); n < 0 || n > most {
		v.Add("to", "out-of-range", d.To.String(), fmt.Sprintf("makes %d days, between 0 and %d are allowed", n, most))
	}
	return v.Err()
}

// Len returns how many days there are.
func (d Days) Len() int {
	n := number(d.To) - number(d.From)
	if d.Count == EndIncluded {
		n++
	}
	return n
}

// number is the number of a day, from 1 January 1970.
func number(d calendar.Date) int {
	const day = 24 * 60 * 60
	return int(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() / day)
}

// Left returns what is left of the days from one of them on, as a fraction of
// all. A day before them is the whole, one behind them nothing.
func (d Days) Left(from calendar.Date) (Fraction, error) {
	return d.Share(Days{from, d.To, d.Count}, d)
}

// Share returns so many days of these as the others have in common with them, as a
// fraction of the days of the period that a price is for: 30 days of a month are
// 30/365 of a price for the year.
func (d Days) Share(used, of Days) (Fraction, error) {
	var v servicecoin.Violations
	v.Merge("days", d.Validate())
	v.Merge("used.from", used.From.Validate())
	v.Merge("used.to", used.To.Validate())
	v.Merge("of", of.Validate())
	if err := v.Err(); err != nil {
		return Fraction{}, err
	}
	if of.Len() == 0 {
		v.Add("of", "empty", "", "has no day")
		return Fraction{}, v.Err()
	}
	first, end := max(number(d.From), number(used.From)), min(number(d.From)+d.Len(), number(used.From)+used.Len())
	return Fraction{Part: int64(max(0, end-first)), Whole: int64(of.Len())}, nil
}

// Change is a fixed price that is changed inside of a period that was, or is, charged
// as a whole. An amount that is not defined is none: something that is added, or
// that ends.
type Change struct {
	Period   Days           `json:"period"`
	On       calendar.Date  `json:"on"`  // the first day of what is new
	Old      money.Amount   `json:"old"` // for its whole period
	OldFor   *Days          `json:"oldFor,omitempty"`
	New      money.Amount   `json:"new"` // for its whole period
	NewFor   *Days          `json:"newFor,omitempty"`
	Paid     money.Amount   `json:"paid"`     // of the old; not defined: no bound to the credit
	Credited money.Amount   `json:"credited"` // of it, before
	Rounding money.Rounding `json:"rounding"`
}

// Adjustment is what a change comes to.
type Adjustment struct {
	Credit money.Amount `json:"credit"` // of the old, below zero; not defined if there was none
	Charge money.Amount `json:"charge"` // of the new; not defined if there is none
	Net    money.Amount `json:"net"`
	Left   Fraction     `json:"left"` // of the period, from the day of the change on
}

// Reckon returns what the days that are left come to: the old price back, never more
// than was paid less what was credited before, and the new one due. Each is the
// exact fraction, rounded once.
func (c Change) Reckon() (Adjustment, error) {
	left, err := c.Period.Left(c.On)
	if err != nil {
		return Adjustment{}, err
	}
	done := Adjustment{Left: left}
	part := func(a money.Amount, own *Days) (money.Amount, error) {
		if !a.Defined() {
			return a, nil
		}
		of := c.Period
		if own != nil {
			of = *own
		}
		share, err := c.Period.Share(Days{c.On, c.Period.To, c.Period.Count}, of)
		if err != nil {
			return money.Amount{}, err
		}
		return share.Amount(a, c.Rounding)
	}
	credit, err := part(c.Old, c.OldFor)
	if err != nil {
		return Adjustment{}, at(err, "old")
	}
	if credit.Defined() && c.Paid.Defined() {
		if credit, err = CreditCap(credit, c.Paid, c.Credited); err != nil {
			return Adjustment{}, err
		}
	}
	done.Credit = credit.Neg()
	if done.Charge, err = part(c.New, c.NewFor); err != nil {
		return Adjustment{}, at(err, "new")
	}
	switch {
	case !done.Charge.Defined():
		done.Net = done.Credit
	case !done.Credit.Defined():
		done.Net = done.Charge
	default:
		done.Net, err = done.Charge.Add(done.Credit)
	}
	return done, err
}

// CreditCap returns a credit that is no more than was paid less earlier credits, and
// no less than 0. An amount of earlier credits that is not defined is none.
func CreditCap(credit, paid, credited money.Amount) (money.Amount, error) {
	room := paid
	var err error
	if credited.Defined() {
		if room, err = paid.Sub(credited); err != nil {
			return money.Amount{}, err
		}
	}
	if room.Sign() < 0 {
		return money.Zero(paid.Currency())
	}
	order, err := credit.Cmp(room)
	if err != nil {
		return money.Amount{}, err
	}
	if order > 0 {
		return room, nil
	}
	return credit, nil
}

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
