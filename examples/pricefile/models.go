package pricefile

import (
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
)

// model reads the fields of the model.
func (b *builder) model(r *rating.Price) {
	zero := func(d decimal.NullDecimal) decimal.Decimal { return d.Decimal } // what is missing is zero
	switch r.Model {
	case rating.Flat:
		r.Amount = b.field("amount")
	case rating.PerUnit:
		r.UnitPrice = b.field("unit")
	case rating.Graduated, rating.Volume, rating.GraduatedPercentage, rating.GraduatedProrated:
		for i, n := range b.listed("tiers") {
			at := func(field string) decimal.NullDecimal {
				return b.number(n.members[field], fmt.Sprintf("tiers[%d].%s", i, field))
			}
			t := rating.Tier{UpTo: at("up_to"), Unit: zero(at("unit")), Flat: zero(at("flat")), Percent: at("rate_percent"), Cap: at("cap")}
			if r.Model == rating.GraduatedPercentage && !t.Percent.Valid {
				t.Percent = servicecoin.Some(decimal.Zero)
			}
			b.only(n, fmt.Sprintf("tiers[%d]", i), "up_to", "unit", "flat", "rate_percent", "cap")
			r.Tiers = append(r.Tiers, t)
		}
	case rating.Package:
		r.Package = &rating.Bundle{Size: zero(b.field("package_size")), Price: zero(b.field("package_price")), Free: zero(b.field("free_units"))}
		if n := b.take("rounding"); n != nil && n.text == "down" {
			r.Package.Partial = rating.PartialFree
		}
	case rating.Percentage:
		s := &rating.Share{
			Percent: zero(b.field("rate_percent")), PerEvent: zero(b.field("fixed_per_event")), FreeAmount: b.field("free_amount"),
			Least: b.field("min_per_event"), Most: b.field("max_per_event"),
		}
		if s.FreeAmount.Decimal.IsZero() { // 0 is written for none
			s.FreeAmount = servicecoin.Undefined()
		}
		if n := b.take("free_events"); n != nil {
			var err error
			if s.FreeEvents, err = strconv.Atoi(n.text); err != nil {
				b.wrong(n, "free_events", "number", "must be a whole number")
			}
		}
		r.Share = s
	case rating.Dynamic:
		if r.Factor = b.field("multiplier"); !r.Factor.Valid {
			r.Factor = servicecoin.Some(decimal.NewFromInt(1))
		}
	case rating.Capacity:
		for i, n := range b.listed("tiers") {
			path := fmt.Sprintf("tiers[%d]", i)
			plan := rating.Plan{Price: zero(b.number(n.members["price"], path+".price")), Most: map[string]decimal.Decimal{}}
			if most := n.members["max"]; most != nil {
				for _, unit := range most.names {
					plan.Most[unit] = zero(b.number(most.members[unit], path+".max."+unit))
				}
				if most.is != isObject && most.is != isNull {
					b.wrong(most, path+".max", "type", "must be an object of units and numbers")
				}
			}
			b.only(n, path, "price", "max")
			r.Plans = append(r.Plans, plan)
		}
	case rating.Matrix:
	}
}

// terms reads what is of all models.
func (b *builder) terms(r *rating.Price) {
	r.BillingUnit, r.Minimum, r.Maximum = b.field("billing_unit_size"), b.field("min_spend"), b.field("max_spend")
	r.Signed = b.flag("allow_negative")
	free, percent := b.field("free_quantity"), b.field("percent_discount")
	if free.Valid || percent.Valid {
		r.Discount = &rating.Discount{Free: free, Percent: percent}
	}
	c := rating.Commitment{Amount: b.field("commit_amount"), Quantity: b.field("commit_quantity"), Overage: b.field("overage_factor"), TrueUp: b.flag("true_up")}
	if c != (rating.Commitment{}) {
		r.Commitment = &c
	}
}

// listed returns the objects of a list.
func (b *builder) listed(field string) []*node {
	n := b.take(field)
	switch {
	case n == nil:
		b.wrong(b.root, field, "required", "must be there")
		return nil
	case n.is != isList:
		b.wrong(n, field, "type", "must be a list")
		return nil
	}
	const most = 1000
	if len(n.list) > most {
		b.wrong(n, field, "too-many", fmt.Sprintf("has %d, %d are allowed", len(n.list), most))
		return nil
	}
	list := make([]*node, 0, len(n.list))
	for i, x := range n.list {
		if x.is != isObject {
			b.wrong(x, fmt.Sprintf("%s[%d]", field, i), "type", "must be an object")
			return nil
		}
		list = append(list, x)
	}
	return list
}

// only refuses members of other names.
func (b *builder) only(n *node, path string, names ...string) {
	for _, name := range n.names {
		known := false
		for _, x := range names {
			known = known || x == name
		}
		if !known {
			b.wrong(n.members[name], path+"."+name, "unknown", "is no field of it")
		}
	}
}
