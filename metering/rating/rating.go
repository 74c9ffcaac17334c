// Package rating models prices, and what a quantity costs at one of them.
//
// It answers: what does this usage cost, tier by tier; why; which price held at
// an instant; and what does the price say, in words?
//
// A [Price] is a pure rule, [Rate] applies it:
//
//	charge, err := rating.Rate(price, decimal.RequireFromString("15000"))
//	fmt.Println(charge.Amount, charge.Exact, charge.Lines)
//
// Amounts are exact until the end, where a charge is rounded once, to the digits
// of its currency, by the rounding that the price names; the exact amount stays
// beside it, and the lines sum to it. [Compile] prepares a price for many
// quantities. A [PriceList] keeps prices in versions, each valid from an
// instant, which never change once they are published.
//
// # Errors
//
// A price that cannot be applied, a quantity that it cannot take, and a version
// that does not begin after the one before are an [*servicecoin.InvalidError] with
// every violation; no charge is made of a part. Withdrawing a version that has
// begun is a [*servicecoin.RefusedError]. Where no version holds it is ErrNotFound.
package rating

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
	"github.com/servicecoin/servicecoin/money"
)

// Model is how a price makes an amount of a quantity.
type Model string

// The models.
const (
	Flat      Model = "flat"      // one amount, whatever the quantity
	PerUnit   Model = "per-unit"  // each unit costs the same
	Graduated Model = "graduated" // each unit costs what its tier says
	Volume    Model = "volume"    // all units cost what the tier says that the quantity reaches
	Package   Model = "package"   // packages of so many units, a started one is whole
)

// ZeroUsage is what tiers cost where nothing was used.
type ZeroUsage string

// The policies for zero usage.
const (
	BillFirstTier ZeroUsage = ""     // the flat fee of the first tier is due
	BillNothing   ZeroUsage = "free" // nothing is due
)

// Partial is what a started package counts.
type Partial string

// The policies for started packages.
const (
	PartialWhole Partial = ""     // as a whole one
	PartialFree  Partial = "free" // not at all
)

// Tier is a stretch of a quantity: above the bound of the tier before, up to and
// with its own. Fractions of a unit at a bound are divided between both.
type Tier struct {
	UpTo decimal.NullDecimal `json:"upTo"` // inclusive; null: no end, which the last tier has
	Unit decimal.Decimal     `json:"unit"` // price of a unit, or billing unit
	Flat decimal.Decimal     `json:"flat"` // due once the tier is entered
}

// Bundle is the package of the model [Package].
type Bundle struct {
	Size    decimal.Decimal `json:"size"`  // units in it
	Price   decimal.Decimal `json:"price"` // of one
	Free    decimal.Decimal `json:"free"`  // units that are free before the first one starts
	Partial Partial         `json:"partial,omitempty"`
}

// Price says what a quantity costs. Of the fields of the models only those of
// its own are set.
type Price struct {
	Name     string         `json:"name"`
	Model    Model          `json:"model"`
	Currency money.Currency `json:"currency"`
	Rounding money.Rounding `json:"rounding"`       // of a charge, to the currency's digits
	Unit     string         `json:"unit,omitempty"` // what is counted, "GB-month": for people

	Amount    decimal.NullDecimal `json:"amount"`            // Flat
	UnitPrice decimal.NullDecimal `json:"unitPrice"`         // PerUnit
	Tiers     []Tier              `json:"tiers,omitempty"`   // Graduated and Volume
	Package   *Bundle             `json:"package,omitempty"` // Package

	// BillingUnit rounds a quantity up to whole multiples of it; the prices of
	// PerUnit, Graduated and Volume are then for one of it, bounds stay in units.
	// Null: the quantity as it is.
	BillingUnit decimal.NullDecimal `json:"billingUnit"`
	// Minimum and Maximum bound what the model makes. Null: no bound.
	Minimum decimal.NullDecimal `json:"minimum"`
	Maximum decimal.NullDecimal `json:"maximum"`

	ZeroUsage ZeroUsage `json:"zeroUsage,omitempty"` // Graduated and Volume

	// Signed allows quantities below zero, for corrections: one costs what the
	// quantity above zero costs, with the sign turned. It allows prices below
	// zero, too. Without it both are refused.
	Signed bool `json:"signed,omitempty"`
}

// The limits of prices and quantities: what is beyond them is a mistake.
const (
	mostDigits = 18
	mostPlaces = 30
	mostTiers  = 100

	quantityDigits = 30
	quantityPlaces = 30
)

// Validate reports every violation of the price.
func (p Price) Validate() error {
	var v servicecoin.Violations
	v.Text("name", p.Name, 1, 200)
	v.Merge("currency", p.Currency.Validate())
	v.Merge("rounding", p.Rounding.Validate())
	v.Text("unit", p.Unit, 0, 100)
	p.validateModel(&v)
	p.optional(&v, "amount", p.Amount, p.Model == Flat)
	p.optional(&v, "unitPrice", p.UnitPrice, p.Model == PerUnit)
	tiered := p.Model == Graduated || p.Model == Volume
	switch {
	case tiered:
		p.validateTiers(&v)
	case len(p.Tiers) > 0:
		v.Add("tiers", "contradiction", "", "are for graduated and volume prices")
	}
	switch {
	case p.Package != nil && p.Model == Package:
		p.validatePackage(&v)
	case p.Package != nil:
		v.Add("package", "contradiction", "", "is for package prices")
	case p.Model == Package:
		v.Add("package", "required", "", "must be set for a package price")
	}
	if p.ZeroUsage != BillFirstTier && p.ZeroUsage != BillNothing {
		v.Add("zeroUsage", "unknown", string(p.ZeroUsage), "must be free, or empty")
	}
	if p.ZeroUsage != BillFirstTier && !tiered {
		v.Add("zeroUsage", "contradiction", string(p.ZeroUsage), "is for graduated and volume prices")
	}
	p.validateBounds(&v)
	return v.Err()
}

func (p Price) validateModel(v *servicecoin.Violations) {
	switch p.Model {
	case Flat, PerUnit, Graduated, Volume, Package:
	default:
		v.Add("model", "unknown", string(p.Model), "must be flat, per-unit, graduated, volume or package")
	}
}

// amount checks a price, a fee or a bound of the bill.
func (p Price) amount(v *servicecoin.Violations, path string, d decimal.Decimal) {
	v.Number(path, d, mostDigits, mostPlaces)
	if d.IsNegative() && !p.Signed {
		v.Add(path, "negative", "", "must not be negative, unless the price is signed")
	}
}

// optional checks a field that one model needs and the others do not have.
func (p Price) optional(v *servicecoin.Violations, path string, d decimal.NullDecimal, needed bool) {
	switch {
	case needed && !d.Valid:
		v.Add(path, "required", "", "must be set for a "+string(p.Model)+" price")
	case !needed && d.Valid:
		v.Add(path, "contradiction", "", "is not for a "+string(p.Model)+" price")
	case needed:
		p.amount(v, path, d.Decimal)
	}
}

func (p Price) validateTiers(v *servicecoin.Violations) {
	if len(p.Tiers) == 0 {
		v.Add("tiers", "required", "", "must not be empty")
		return
	}
	if !v.Limit("tiers", len(p.Tiers), mostTiers) {
		return
	}
	bound := decimal.Zero
	for i, t := range p.Tiers {
		path := fmt.Sprintf("tiers[%d]", i)
		p.amount(v, path+".unit", t.Unit)
		p.amount(v, path+".flat", t.Flat)
		last := i == len(p.Tiers)-1
		switch {
		case last && t.UpTo.Valid:
			v.Add(path+".upTo", "closed", "", "must be null: the last tier has no end")
		case !last && !t.UpTo.Valid:
			v.Add(path+".upTo", "required", "", "must be set: only the last tier has no end")
		case t.UpTo.Valid:
			v.Number(path+".upTo", t.UpTo.Decimal, mostDigits, mostPlaces)
			if !small(t.UpTo.Decimal) {
				continue
			}
			if !t.UpTo.Decimal.GreaterThan(bound) {
				v.Add(path+".upTo", "order", plain(t.UpTo.Decimal), "must be above the bound before it")
			}
			bound = t.UpTo.Decimal
		}
	}
}

func (p Price) validatePackage(v *servicecoin.Violations) {
	v.Number("package.size", p.Package.Size, mostDigits, mostPlaces)
	if !p.Package.Size.IsPositive() {
		v.Add("package.size", "out-of-range", "", "must be above 0")
	}
	p.amount(v, "package.price", p.Package.Price)
	v.Number("package.free", p.Package.Free, mostDigits, mostPlaces)
	if p.Package.Free.IsNegative() {
		v.Add("package.free", "negative", "", "must not be negative")
	}
	if p.Package.Partial != PartialWhole && p.Package.Partial != PartialFree {
		v.Add("package.partial", "unknown", string(p.Package.Partial), "must be free, or empty")
	}
}

func (p Price) validateBounds(v *servicecoin.Violations) {
	if b := p.BillingUnit; b.Valid {
		v.Number("billingUnit", b.Decimal, mostDigits, mostPlaces)
		switch {
		case p.Model == Flat || p.Model == Package:
			v.Add("billingUnit", "contradiction", "", "is not for a "+string(p.Model)+" price")
		case !b.Decimal.IsPositive():
			v.Add("billingUnit", "out-of-range", "", "must be above 0")
		case small(b.Decimal):
			for i, t := range p.Tiers[:min(len(p.Tiers), mostTiers)] {
				if t.UpTo.Valid && small(t.UpTo.Decimal) && !wholes(t.UpTo.Decimal, b.Decimal).exact {
					v.Add(fmt.Sprintf("tiers[%d].upTo", i), "fraction", "", "must be a multiple of the billing unit")
				}
			}
		}
	}
	for path, d := range map[string]decimal.NullDecimal{"minimum": p.Minimum, "maximum": p.Maximum} {
		if d.Valid {
			p.amount(v, path, d.Decimal)
		}
	}
	if p.Minimum.Valid && p.Maximum.Valid && small(p.Minimum.Decimal) && small(p.Maximum.Decimal) && p.Minimum.Decimal.GreaterThan(p.Maximum.Decimal) {
		v.Add("maximum", "order", "", "must not be below the minimum")
	}
}

// small reports whether arithmetic with d is safe: its exponent is no mistake.
func small(d decimal.Decimal) bool { return d.Exponent() >= -mostPlaces && d.Exponent() <= mostDigits }

// whole is how often a unit goes into a quantity.
type whole struct {
	times decimal.Decimal
	exact bool // nothing is left
}

func wholes(quantity, unit decimal.Decimal) whole {
	times, rest := quantity.QuoRem(unit, 0)
	return whole{times, rest.IsZero()}
}

// up returns the times, with a started one as a whole.
func (w whole) up() decimal.Decimal {
	if w.exact {
		return w.times
	}
	return w.times.Add(decimal.NewFromInt(1))
}

// Equal reports whether two prices say the same; numbers are compared as
// numbers.
func (p Price) Equal(other Price) bool {
	same := func(a, b decimal.NullDecimal) bool {
		return a.Valid == b.Valid && (!a.Valid || fixed.Equal(a.Decimal, b.Decimal))
	}
	return p.Name == other.Name && p.Model == other.Model && p.Currency == other.Currency && p.Rounding == other.Rounding && p.Unit == other.Unit &&
		same(p.Amount, other.Amount) && same(p.UnitPrice, other.UnitPrice) &&
		slices.EqualFunc(p.Tiers, other.Tiers, func(a, b Tier) bool {
			return same(a.UpTo, b.UpTo) && fixed.Equal(a.Unit, b.Unit) && fixed.Equal(a.Flat, b.Flat)
		}) &&
		(p.Package == nil) == (other.Package == nil) && (p.Package == nil || p.Package.equal(*other.Package)) &&
		same(p.BillingUnit, other.BillingUnit) && same(p.Minimum, other.Minimum) && same(p.Maximum, other.Maximum) &&
		p.ZeroUsage == other.ZeroUsage && p.Signed == other.Signed
}

func (b Bundle) equal(other Bundle) bool {
	return fixed.Equal(b.Size, other.Size) && fixed.Equal(b.Price, other.Price) && fixed.Equal(b.Free, other.Free) && b.Partial == other.Partial
}
