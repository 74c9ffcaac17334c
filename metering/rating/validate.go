package rating

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// The limits of prices and quantities: what is beyond them is a mistake.
const (
	mostDigits = 18
	mostPlaces = 30
	mostTiers  = 100
	mostRows   = 2000
	mostUnits  = 50 // dimensions of a row, units of a plan

	quantityDigits = 30
	quantityPlaces = 30
)

// tiered reports a model with tiers.
func (m Model) tiered() bool {
	return m == Graduated || m == Volume || m == GraduatedPercentage || m == GraduatedProrated
}

func (m Model) known() bool {
	switch m {
	case Flat, PerUnit, Package, Percentage, Dynamic, Matrix, Capacity:
		return true
	case Graduated, Volume, GraduatedPercentage, GraduatedProrated:
		return true
	}
	return false
}

// Validate reports every violation of the price.
func (p Price) Validate() error {
	var v servicecoin.Violations
	v.Text("name", p.Name, 1, 200)
	v.Merge("currency", p.Currency.Validate())
	v.Merge("rounding", p.Rounding.Validate())
	v.Text("unit", p.Unit, 0, 100)
	v.Text("in", p.In, 0, 100)
	if !p.Model.known() {
		v.Add("model", "unknown", string(p.Model), "must be flat, per-unit, graduated, volume, package, percentage, graduated-percentage, graduated-prorated, dynamic, matrix or capacity")
	}
	p.optional(&v, "amount", p.Amount, p.Model == Flat)
	p.optional(&v, "unitPrice", p.UnitPrice, p.Model == PerUnit)
	p.optional(&v, "factor", p.Factor, p.Model == Dynamic)
	if p.belongs(&v, "tiers", len(p.Tiers) > 0, p.Model.tiered(), "graduated and volume") {
		p.validateTiers(&v)
	}
	if p.belongs(&v, "package", p.Package != nil, p.Model == Package, "package") {
		p.validatePackage(&v)
	}
	if p.belongs(&v, "share", p.Share != nil, p.Model == Percentage, "percentage") {
		p.validateShare(&v)
	}
	if p.belongs(&v, "rows", len(p.Rows) > 0, p.Model == Matrix, "matrix") {
		p.validateRows(&v)
	}
	if p.belongs(&v, "plans", len(p.Plans) > 0, p.Model == Capacity, "capacity") {
		p.validatePlans(&v)
	}
	p.validatePolicies(&v)
	p.validateBounds(&v)
	p.validateTerms(&v)
	p.validateWindows(&v)
	return v.Err()
}

// belongs checks that what a model needs is there, and not in another one. It
// reports whether there is something to be looked at.
func (p Price) belongs(v *servicecoin.Violations, path string, is, needed bool, models string) bool {
	switch {
	case is && !needed:
		v.Add(path, "contradiction", "", "is for "+models+" prices")
	case needed && !is:
		v.Add(path, "required", "", "must not be empty")
	}
	return is && needed
}

// validatePolicies checks the words.
func (p Price) validatePolicies(v *servicecoin.Violations) {
	if p.ZeroUsage != BillFirstTier && p.ZeroUsage != BillNothing {
		v.Add("zeroUsage", "unknown", string(p.ZeroUsage), "must be free, or empty")
	}
	if p.ZeroUsage != BillFirstTier && !p.Model.tiered() {
		v.Add("zeroUsage", "contradiction", string(p.ZeroUsage), "is for graduated and volume prices")
	}
	if p.Due != InAdvance && p.Due != InArrears {
		v.Add("due", "unknown", string(p.Due), "must be end, or empty")
	}
	if p.Due != InAdvance && p.Model != Flat {
		v.Add("due", "contradiction", string(p.Due), "is for flat prices")
	}
	if p.In != "" && (p.Model == Percentage || p.Model == GraduatedPercentage || p.Model == Dynamic) {
		v.Add("in", "contradiction", p.In, "is not for a "+string(p.Model)+" price, whose usage is money")
	}
	switch p.Each {
	case EachWhole:
	case EachBucket, EachGroup:
		if p.Model == Matrix {
			v.Add("each", "contradiction", string(p.Each), "is not for a matrix price, which looks at each part anyway")
		}
	default:
		v.Add("each", "unknown", string(p.Each), "must be bucket, group, or empty")
	}
	switch p.Proration {
	case WholePeriod, ByDays:
	case ByEvents:
		if p.Model == GraduatedProrated {
			v.Add("proration", "contradiction", string(p.Proration), "is not for a graduated-prorated price, which counts the time of each event itself")
		}
	default:
		v.Add("proration", "unknown", string(p.Proration), "must be days, events, or empty")
	}
	if p.Signed && p.Model == GraduatedProrated {
		v.Add("signed", "contradiction", "", "is not for a graduated-prorated price, whose events go up and down")
	}
}

// amount checks a price, a fee or a bound of the bill.
func (p Price) amount(v *servicecoin.Violations, path string, d decimal.Decimal) {
	v.Number(path, d, mostDigits, mostPlaces)
	if d.IsNegative() && !p.Signed {
		v.Add(path, "negative", "", "must not be negative, unless the price is signed")
	}
}

// maybe checks one that may be missing.
func (p Price) maybe(v *servicecoin.Violations, path string, d decimal.NullDecimal) {
	if d.Valid {
		p.amount(v, path, d.Decimal)
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
	if !v.Limit("tiers", len(p.Tiers), mostTiers) {
		return
	}
	bound := decimal.Zero
	for i, t := range p.Tiers {
		path := fmt.Sprintf("tiers[%d]", i)
		p.amount(v, path+".unit", t.Unit)
		p.amount(v, path+".flat", t.Flat)
		p.maybe(v, path+".cap", t.Cap)
		p.optional(v, path+".percent", t.Percent, p.Model == GraduatedPercentage)
		if t.Percent.Valid && !t.Unit.IsZero() {
			v.Add(path+".unit", "contradiction", "", "is not for a tier with a percentage")
		}
		if t.Cap.Valid && p.Model == GraduatedProrated {
			v.Add(path+".cap", "contradiction", "", "is not for a graduated-prorated price")
		}
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

func (p Price) validateShare(v *servicecoin.Violations) {
	s := p.Share
	p.amount(v, "share.percent", s.Percent)
	p.amount(v, "share.perEvent", s.PerEvent)
	if s.FreeEvents < 0 {
		v.Add("share.freeEvents", "negative", "", "must not be negative")
	}
	positive(v, "share.freeAmount", s.FreeAmount)
	p.maybe(v, "share.least", s.Least)
	p.maybe(v, "share.most", s.Most)
	ordered(v, "share.most", s.Least, s.Most, "the least")
}

// positive checks a number that may be missing and is above 0 if it is there.
func positive(v *servicecoin.Violations, path string, d decimal.NullDecimal) {
	if !d.Valid {
		return
	}
	v.Number(path, d.Decimal, mostDigits, mostPlaces)
	if !d.Decimal.IsPositive() {
		v.Add(path, "out-of-range", "", "must be above 0")
	}
}

// ordered checks that most is not below least.
func ordered(v *servicecoin.Violations, path string, least, most decimal.NullDecimal, what string) {
	if least.Valid && most.Valid && small(least.Decimal) && small(most.Decimal) && least.Decimal.GreaterThan(most.Decimal) {
		v.Add(path, "order", "", "must not be below "+what)
	}
}

func (p Price) validateBounds(v *servicecoin.Violations) {
	if b := p.BillingUnit; b.Valid {
		v.Number("billingUnit", b.Decimal, mostDigits, mostPlaces)
		switch {
		case p.Model != PerUnit && p.Model != Graduated && p.Model != Volume:
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
	p.maybe(v, "minimum", p.Minimum)
	p.maybe(v, "maximum", p.Maximum)
	ordered(v, "maximum", p.Minimum, p.Maximum, "the minimum")
}

// validateTerms checks what is taken off, and what was promised.
func (p Price) validateTerms(v *servicecoin.Violations) {
	if d := p.Discount; d != nil {
		positive(v, "discount.free", d.Free)
		positive(v, "discount.percent", d.Percent)
		positive(v, "discount.amount", d.Amount)
		if d.Percent.Valid && small(d.Percent.Decimal) && d.Percent.Decimal.GreaterThan(hundred()) {
			v.Add("discount.percent", "out-of-range", "", "must be 100 at most")
		}
		if d.Free.Valid && !slices.Contains([]Model{PerUnit, Graduated, Volume, Package, Matrix}, p.Model) {
			v.Add("discount.free", "contradiction", "", "is not for a "+string(p.Model)+" price")
		}
		if !d.Free.Valid && !d.Percent.Valid && !d.Amount.Valid {
			v.Add("discount", "required", "", "must have free, percent or amount")
		}
	}
	if c := p.Commitment; c != nil {
		positive(v, "commitment.amount", c.Amount)
		positive(v, "commitment.quantity", c.Quantity)
		positive(v, "commitment.overage", c.Overage)
		if c.Amount.Valid == c.Quantity.Valid {
			v.Add("commitment", "one-of", "", "must have an amount or a quantity, and not both")
		}
		if c.Quantity.Valid && !slices.Contains([]Model{PerUnit, Graduated, Volume, Package, GraduatedPercentage}, p.Model) {
			v.Add("commitment.quantity", "contradiction", "", "is not for a "+string(p.Model)+" price")
		}
	}
}

func hundred() decimal.Decimal { return decimal.NewFromInt(100) }

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
