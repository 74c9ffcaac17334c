package metering

import (
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Conversion makes another unit of a quantity: it is multiplied, divided, something
// is added, and what comes of it may be made a flag.
type Conversion struct {
	Multiply decimal.NullDecimal `json:"multiply"` // null: by 1; above 0
	Divide   decimal.NullDecimal `json:"divide"`   // null: by 1; above 0
	Add      decimal.NullDecimal `json:"add"`      // null: 0
	Flag     Flag                `json:"flag,omitempty"`
}

// Flag makes 1 or 0 of a quantity.
type Flag string

// The flags.
const (
	NoFlag  Flag = ""     // the quantity stays what it is
	FlagAny Flag = "any"  // 1 of everything but 0
	FlagNil Flag = "none" // 1 of 0, 0 of everything else
)

// Rounding says how a quantity is rounded. Places are the digits of the meter's unit:
// a unit of one's own declares them here.
type Rounding struct {
	Mode   money.Rounding `json:"mode"`
	Places int32          `json:"places"` // behind the point; below nothing: tens, hundreds
}

// The limits of a rounding's places.
const (
	MostRoundingPlaces  = 30
	LeastRoundingPlaces = -18
)

// Apply converts a quantity. A quotient that has no end is rounded half away from zero
// to 30 places.
func (c Conversion) Apply(d decimal.Decimal) decimal.Decimal {
	return c.quantity(quantityOf(d)).decimal()
}

// Apply rounds a quantity. A mode that is none leaves it as it is.
func (r Rounding) Apply(d decimal.Decimal) decimal.Decimal { return r.quantity(quantityOf(d)) }

// Validate reports every violation of the conversion.
func (c Conversion) Validate() error {
	var v servicecoin.Violations
	if !c.Multiply.Valid && !c.Divide.Valid && !c.Add.Valid && c.Flag == NoFlag {
		v.Add("", "required", "", "must multiply, divide, add or make a flag")
	}
	factor := func(path string, d decimal.NullDecimal) {
		if !d.Valid {
			return
		}
		if v.Number(path, d.Decimal, MaxDigits, MaxPlaces); d.Decimal.Sign() <= 0 {
			v.Add(path, "out-of-range", "", "must be above 0")
		}
	}
	factor("multiply", c.Multiply)
	factor("divide", c.Divide)
	if c.Add.Valid {
		v.Number("add", c.Add.Decimal, MaxDigits, MaxPlaces)
	}
	switch c.Flag {
	case NoFlag, FlagAny, FlagNil:
	default:
		v.Add("flag", "unknown", string(c.Flag), "must be any, none, or empty")
	}
	return v.Err()
}

// Validate reports every violation of the rounding.
func (r Rounding) Validate() error {
	var v servicecoin.Violations
	v.Merge("mode", r.Mode.Validate())
	if r.Places < LeastRoundingPlaces || r.Places > MostRoundingPlaces {
		v.Add("places", "out-of-range", strconv.Itoa(int(r.Places)), fmt.Sprintf("must be between %d and %d", LeastRoundingPlaces, MostRoundingPlaces))
	}
	return v.Err()
}

// quantity is an exact number: a fraction, which is rounded once, at the end. Its zero
// value is none.
type quantity struct {
	num, den decimal.Decimal // den is above 0
	some     bool
	whole    bool // den is 1
}

func quantityOf(d decimal.Decimal) quantity {
	return quantity{num: d, den: decimal.NewFromInt(1), some: true, whole: true}
}

// fraction returns num by den, which is above 0.
func fraction(num decimal.Decimal, den int64) quantity {
	return quantity{num: num, den: decimal.NewFromInt(den), some: true}
}

// decimal returns the number: exactly where it is no fraction, or else rounded half
// away from zero to 30 places.
func (q quantity) decimal() decimal.Decimal {
	if q.whole {
		return q.num
	}
	return q.num.DivRound(q.den, MaxPlaces)
}

// quantity converts a fraction exactly.
func (c Conversion) quantity(q quantity) quantity {
	if c.Multiply.Valid {
		q.num = q.num.Mul(c.Multiply.Decimal)
	}
	if c.Divide.Valid {
		q.den, q.whole = q.den.Mul(c.Divide.Decimal), false
	}
	if c.Add.Valid {
		q.num = q.num.Add(c.Add.Decimal.Mul(q.den))
	}
	if c.Flag != NoFlag {
		is := int64(0)
		if q.num.IsZero() == (c.Flag == FlagNil) {
			is = 1
		}
		return quantityOf(decimal.NewFromInt(is))
	}
	return q
}

// quantity rounds a fraction. It is cut two places behind the last, and what was cut
// off leaves a trace: so no rounding takes it for a value in the middle.
func (r Rounding) quantity(q quantity) decimal.Decimal {
	if r.Validate() != nil {
		return q.decimal()
	}
	const behind = 2
	d, rest := q.num.QuoRem(q.den, r.Places+behind)
	if !rest.IsZero() {
		d = d.Add(decimal.New(int64(rest.Sign()), -r.Places-behind-1))
	}
	// Hundreds of the last place are left out: whether it is even shows without them,
	// and the rest is within what money rounds, however large the quantity is.
	high, _ := d.QuoRem(decimal.NewFromInt(1), r.Places-behind)
	low, err := r.Mode.Round(d.Sub(high), int(r.Places))
	if err != nil {
		return q.decimal()
	}
	return high.Add(low)
}
