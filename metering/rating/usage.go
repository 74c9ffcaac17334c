package rating

import (
	"fmt"
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Usage is what was used, as far as a price asks for it. Most prices ask for the
// quantity alone:
//
//   - [Percentage] asks for Events if it has a fee, a bound or free ones by number;
//   - [GraduatedProrated] asks for Events with the time that they were there for, which
//     [PerUnit] and [Volume] take, too;
//   - [Dynamic] asks for Amount, and takes the quantity for it where that is null;
//   - [Matrix] asks for Parts with dimensions, a price with [Each] for Parts;
//   - [Capacity] asks for Peaks, and takes the quantity for the peak of the only
//     unit that its plans bound.
//
// Where Events or Parts are given, Quantity is what they sum to, or 0: it is filled
// in then.
type Usage struct {
	Quantity decimal.Decimal            `json:"quantity"`
	Amount   decimal.NullDecimal        `json:"amount,omitzero"`  // of money that came with the events, in the currency of the price
	Events   []Event                    `json:"events,omitempty"` // as they happened
	Peaks    map[string]decimal.Decimal `json:"peaks,omitempty"`  // the most at any time, by what is counted
	Parts    []Part                     `json:"parts,omitempty"`  // buckets, groups, or what the rows of a matrix are told apart by
}

// Event is one thing that happened.
type Event struct {
	Value decimal.Decimal `json:"value"` // units, or an amount of money
	// Prorated is the value for the part of the period that it was there for: 5 from
	// the tenth day of thirty on is 3.5. It has the sign of the value. Null: all of
	// it. It is for [GraduatedProrated], and for [PerUnit] and [Volume] without billing
	// units and free ones: the values pick the tier, and what is prorated is charged.
	Prorated decimal.NullDecimal `json:"prorated,omitzero"`
}

// Part is a part of usage that is priced by itself.
type Part struct {
	Name       string            `json:"name,omitempty"`       // for people: "10:00", "region eu"
	Dimensions map[string]string `json:"dimensions,omitempty"` // for a matrix
	Usage      Usage             `json:"usage"`                // without parts of its own
}

// Sum returns the quantity, that of events or parts where they are given.
func (u Usage) Sum() decimal.Decimal {
	if len(u.Events) == 0 && len(u.Parts) == 0 {
		return u.Quantity
	}
	sum := decimal.Zero
	for _, e := range u.Events {
		sum = sum.Add(e.Value)
	}
	for _, p := range u.Parts {
		sum = sum.Add(p.Usage.Sum())
	}
	return sum
}

// says is what the i-th part is called.
func (p Part) says(i int) string {
	switch {
	case p.Name != "":
		return p.Name
	case len(p.Dimensions) > 0:
		return dimensions(p.Dimensions)
	}
	return fmt.Sprintf("part %d", i+1)
}

// The limits of usage.
const (
	mostEvents = 1_000_000
	mostParts  = 20_000
)

// checked returns the usage with its quantity filled in, or every violation.
func (p Price) checked(u Usage) (Usage, error) {
	var v servicecoin.Violations
	p.check(&v, "", &u, true)
	return u, v.Err()
}

func (p Price) check(v *servicecoin.Violations, at string, u *Usage, outer bool) {
	before := v.Len()
	p.number(v, at+"quantity", u.Quantity, true)
	if u.Amount.Valid {
		p.number(v, at+"amount", u.Amount.Decimal, true)
		if p.Model != Dynamic {
			v.Add(at+"amount", "contradiction", "", "is for dynamic prices")
		}
	}
	sum, some := decimal.Zero, false
	if v.Limit(at+"events", len(u.Events), mostEvents) && len(u.Events) > 0 {
		sum, some = p.events(v, at, u.Events), true
	}
	if v.Limit(at+"peaks", len(u.Peaks), mostUnits) {
		for _, unit := range slices.Sorted(maps.Keys(u.Peaks)) {
			p.number(v, at+"peaks."+unit, u.Peaks[unit], false)
		}
	}
	if v.Limit(at+"parts", len(u.Parts), mostParts) && len(u.Parts) > 0 {
		switch {
		case !outer:
			v.Add(at+"parts", "too-deep", "", "must not have parts of its own")
			return
		case p.Model != Matrix && p.Each == EachWhole:
			v.Add(at+"parts", "contradiction", "", "is for matrix prices and those for each bucket or group")
			return
		}
		sum, some = decimal.Zero, true
		u.Parts = slices.Clone(u.Parts)
		for i := range u.Parts {
			part := &u.Parts[i]
			path := fmt.Sprintf("%sparts[%d].", at, i)
			if v.Limit(path+"dimensions", len(part.Dimensions), mostUnits) {
				p.check(v, path+"usage.", &part.Usage, false)
			}
			if v.Len() == before {
				sum = sum.Add(part.Usage.Quantity)
			}
		}
	}
	if v.Len() > before || !some {
		return
	}
	if u.Quantity.IsZero() {
		u.Quantity = sum
		p.number(v, at+"quantity", sum, true)
	} else if !u.Quantity.Equal(sum) {
		v.Add(at+"quantity", "contradiction", plain(u.Quantity), "must be what events or parts sum to, "+plain(sum)+", or 0")
	}
}

// number checks a number of usage.
func (p Price) number(v *servicecoin.Violations, path string, d decimal.Decimal, mayBeSigned bool) {
	v.Number(path, d, quantityDigits, quantityPlaces)
	switch {
	case !d.IsNegative() || mayBeSigned && p.Signed:
	case mayBeSigned:
		v.Add(path, "negative", "", "must not be negative, unless the price is signed")
	default:
		v.Add(path, "negative", "", "must not be negative")
	}
}

// events checks what happened, and returns its sum.
func (p Price) events(v *servicecoin.Violations, at string, events []Event) decimal.Decimal {
	before, running := v.Len(), decimal.Zero
	for i, e := range events {
		path := fmt.Sprintf("%sevents[%d]", at, i)
		prorated := p.Model == GraduatedProrated || e.Prorated.Valid && p.prorates()
		v.Number(path+".value", e.Value, quantityDigits, quantityPlaces)
		if e.Value.IsNegative() && !p.Signed && !prorated {
			v.Add(path+".value", "negative", "", "must not be negative, unless the price is signed")
		}
		if e.Prorated.Valid {
			v.Number(path+".prorated", e.Prorated.Decimal, quantityDigits, quantityPlaces)
			switch {
			case !prorated:
				v.Add(path+".prorated", "contradiction", "", "is for graduated-prorated prices, and per-unit and volume ones without billing or free units")
			case e.Prorated.Decimal.Sign()*e.Value.Sign() < 0, e.Value.IsZero() && !e.Prorated.Decimal.IsZero():
				v.Add(path+".prorated", "sign", "", "must have the sign of the value")
			}
		}
		if v.Len() > before {
			continue
		}
		if running = running.Add(e.Value); prorated && !p.Signed && running.IsNegative() {
			v.Add(path+".value", "below-zero", plain(e.Value), "takes away more than is there")
			return running
		}
	}
	return running
}
