package rating

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/money"
)

// Timed is usage at a time. Exactly one of At and During is set: an event is
// priced by the instant at which it happened, not by that at which it became known.
// The quantity of an interval over several windows is divided by time.
type Timed struct {
	Name   string            `json:"name,omitempty"` // of a bucket, for people; "": its instant
	At     time.Time         `json:"at,omitzero"`
	During calendar.Interval `json:"during,omitzero"`
	Usage  Usage             `json:"usage"`
}

// Charge returns what usage costs, by the windows that it lies in. Prices with
// [EachBucket] look at each of the list by itself, others at the sum of a window. A
// window in which nothing was used costs nothing; if nothing was used at all, the
// base price says what that costs.
func (t *TimeTariff) Charge(list []Timed) (Charge, error) { return t.charge(list, true) }

// SoFar is [Tariff.SoFar].
func (t *TimeTariff) SoFar(list []Timed) (Charge, error) { return t.charge(list, false) }

// Delta is [Tariff.Delta].
func (t *TimeTariff) Delta(soFar []Timed, billed money.Amount, last bool) (Delta, error) {
	c, err := t.charge(soFar, last)
	if err != nil {
		return Delta{}, err
	}
	due, err := c.Amount.Sub(billed)
	if err != nil {
		return Delta{}, at(err, "billed")
	}
	return Delta{Charge: c, Billed: billed, Amount: due, Last: last}, nil
}

func (t *TimeTariff) charge(list []Timed, last bool) (Charge, error) {
	uses, err := t.sorted(list)
	if err != nil {
		return Charge{}, err
	}
	b := bill{last: last}
	b.Lines = []Line{}
	nothing, own := true, decimal.Zero // own: what windows with a promise of their own cost
	for i, use := range uses {
		tariff, name := t.base, ""
		if i > 0 {
			tariff, name = t.windows[i-1], t.names[i-1]
		}
		if len(use) == 0 || tariff.price.Each == EachWhole && unused(use) {
			continue
		}
		nothing = false
		b.price, b.matrix = &tariff.price, tariff.matrix
		before := b.sum
		if err := t.window(&b, name, use); err != nil {
			return Charge{}, err
		}
		if tariff.price.Commitment != nil {
			own = own.Add(b.sum.Sub(before))
		}
	}
	b.price, b.matrix = &t.base.price, t.base.matrix
	if nothing && b.price.Each == EachWhole {
		if err := t.window(&b, "", []Timed{{}}); err != nil {
			return Charge{}, err
		}
	}
	b.part = ""
	if err := t.promised(&b, own); err != nil {
		return Charge{}, err
	}
	b.total(Usage{Quantity: b.Quantity, Parts: []Part{{}}})
	if b.Exact, err = t.base.zero.With(b.sum); err != nil {
		return Charge{}, err
	}
	b.Amount, err = b.Exact.Round(t.base.price.Rounding)
	return b.Charge, err
}

// promised adds what a commitment of all together changes, at what is not of windows
// with one of their own.
func (t *TimeTariff) promised(b *bill, own decimal.Decimal) error {
	if t.promise == nil {
		return nil
	}
	from, billed := len(b.Lines), b.Billed
	b.sum = b.sum.Sub(own)
	turned := b.Quantity.IsNegative() && !b.sum.IsPositive()
	if turned {
		b.sum = b.sum.Neg()
	}
	if err := b.commit(*t.promise); err != nil {
		return err
	}
	if turned {
		b.turn(from)
		b.Billed = billed
	}
	b.sum = b.sum.Add(own)
	return nil
}

// unused reports a list of nothing.
func unused(list []Timed) bool {
	for _, u := range list {
		if !u.Usage.divides() || !u.Usage.Quantity.IsZero() || u.Usage.Amount.Valid {
			return false
		}
	}
	return true
}

// window adds what was used in a window.
func (t *TimeTariff) window(b *bill, name string, uses []Timed) error {
	if b.price.Each == EachWhole {
		sum := Usage{}
		for _, u := range uses {
			sum = sum.and(u.Usage)
		}
		uses = []Timed{{Usage: sum}}
	}
	for _, u := range uses {
		parts := u.Usage.Parts
		if len(parts) == 0 {
			parts = []Part{{Usage: u.Usage}}
		}
		for i, part := range parts {
			usage, err := b.price.checked(part.Usage)
			if err != nil {
				return err
			}
			b.Quantity = b.Quantity.Add(usage.Quantity)
			b.part = name
			if own := u.says(); b.price.Each != EachWhole && own != "" {
				b.part = joined(name, own)
			}
			if len(u.Usage.Parts) > 0 {
				b.part = joined(b.part, part.says(i))
			}
			if b.price.Model == Matrix && len(u.Usage.Parts) == 0 && usage.Quantity.IsZero() {
				continue
			}
			if err := b.one(usage, part.Dimensions); err != nil {
				return err
			}
		}
	}
	return nil
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}

func (t Timed) says() string {
	switch {
	case t.Name != "":
		return t.Name
	case !t.At.IsZero():
		return t.At.UTC().Format(time.RFC3339)
	case !t.During.Empty():
		return t.During.String()
	}
	return ""
}

// And adds usage up: events follow each other, of peaks the higher one stays, and parts
// of one name and the same dimensions become one.
func (u Usage) And(other Usage) Usage {
	u.Events, u.Parts, u.Peaks = slices.Clip(u.Events), slices.Clone(u.Parts), maps.Clone(u.Peaks)
	return u.and(other)
}

// and is [Usage.And] into what the usage has itself.
func (u Usage) and(other Usage) Usage {
	u.Quantity = u.Quantity.Add(other.Quantity)
	if other.Amount.Valid {
		u.Amount = servicecoin.Some(u.Amount.Decimal.Add(other.Amount.Decimal))
	}
	u.Events = append(u.Events, other.Events...)
	for unit, peak := range other.Peaks {
		if u.Peaks == nil {
			u.Peaks = map[string]decimal.Decimal{}
		}
		u.Peaks[unit] = decimal.Max(u.Peaks[unit], peak)
	}
	if len(other.Parts) == 0 {
		return u
	}
	at := make(map[string]int, len(u.Parts))
	for i, p := range u.Parts {
		at[p.key()] = i
	}
	for _, p := range other.Parts {
		if i, is := at[p.key()]; is && p.key() != "" {
			u.Parts[i].Usage = u.Parts[i].Usage.And(p.Usage)
			continue
		}
		at[p.key()] = len(u.Parts)
		u.Parts = append(u.Parts, p)
	}
	return u
}

// key is what tells a part from others: "" for one of which nobody says.
func (p Part) key() string {
	if p.Name == "" && len(p.Dimensions) == 0 {
		return ""
	}
	return p.Name + "\x00" + dimensions(p.Dimensions)
}

// sorted puts usage to its windows: the base first, then each window in order.
func (t *TimeTariff) sorted(list []Timed) ([][]Timed, error) {
	var v servicecoin.Violations
	uses := make([][]Timed, len(t.windows)+1)
	if !v.Limit("usage", len(list), mostParts) {
		return nil, v.Err()
	}
	for i, u := range list {
		path := fmt.Sprintf("usage[%d]", i)
		if u.At.IsZero() == (u.During == (calendar.Interval{})) {
			v.Add(path, "one-of", "", "must have an instant or an interval, and not both")
			continue
		}
		if !u.Usage.measured(&v, path+".usage.") {
			continue
		}
		if !u.At.IsZero() {
			s, err := t.At(u.At)
			if v.Merge(path+".at", err); err == nil {
				uses[s.index+1] = append(uses[s.index+1], u)
			}
			continue
		}
		stretches, err := t.Stretches(u.During)
		if v.Merge(path+".during", err); err != nil {
			continue
		}
		if len(stretches) == 0 {
			v.Add(path+".during", "empty", u.During.String(), "has no instant")
			continue
		}
		if len(stretches) > 1 && !u.Usage.divides() {
			v.Add(path+".usage", "contradiction", "", "lies in several windows, and only a quantity or an amount can be divided by time")
			continue
		}
		for n, part := range u.divided(stretches) {
			k := stretches[n].index + 1
			uses[k] = append(uses[k], part)
		}
	}
	return uses, v.Err()
}

// measured reports whether the numbers of usage are small enough to be added up:
// everything else about them is checked where they are priced.
func (u Usage) measured(v *servicecoin.Violations, at string) bool {
	before := v.Len()
	v.Number(at+"quantity", u.Quantity, quantityDigits, quantityPlaces)
	if u.Amount.Valid {
		v.Number(at+"amount", u.Amount.Decimal, quantityDigits, quantityPlaces)
	}
	if v.Limit(at+"peaks", len(u.Peaks), mostUnits) {
		for _, unit := range slices.Sorted(maps.Keys(u.Peaks)) {
			v.Number(at+"peaks."+unit, u.Peaks[unit], quantityDigits, quantityPlaces)
		}
	}
	return v.Len() == before
}

// divides reports usage that is numbers alone.
func (u Usage) divides() bool { return len(u.Events) == 0 && len(u.Peaks) == 0 && len(u.Parts) == 0 }

// divided divides usage by the time of each stretch. What is no decimal is cut to 30
// decimals, by the running total, so that the parts sum to the whole.
func (t Timed) divided(stretches []Stretch) []Timed {
	if len(stretches) == 1 {
		return []Timed{t}
	}
	whole := t.During.Seconds().Rat()
	var quantity, amount fractions
	parts := make([]Timed, 0, len(stretches))
	for _, s := range stretches {
		share := new(big.Rat).Quo(s.Seconds().Rat(), whole)
		part := Timed{Name: t.Name, During: s.Interval}
		part.Usage.Quantity = quantity.next(new(big.Rat).Mul(share, t.Usage.Quantity.Rat()))
		if t.Usage.Amount.Valid {
			part.Usage.Amount = servicecoin.Some(amount.next(new(big.Rat).Mul(share, t.Usage.Amount.Decimal.Rat())))
		}
		parts = append(parts, part)
	}
	return parts
}
