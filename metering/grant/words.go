package grant

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Trace explains the balance: what was given, what was used, grant by grant, segment by
// segment. The unit is that of the meter: "GB".
func (r Result) Trace(unit string) servicecoin.Trace {
	t := servicecoin.Trace{
		Label: "balance of grants at " + stamp(r.Standing.At), Value: servicecoin.Some(r.Standing.Balance()), Unit: unit,
		Plain: servicecoin.Say("what is left of all grants on %v", r.Standing.At),
	}
	for i := range r.Lines {
		if l := &r.Lines[i]; !l.nothing() {
			t.Parts = append(t.Parts, r.line(l, unit))
		}
	}
	if !r.Standing.Overage.IsZero() {
		t.Parts = append(t.Parts, servicecoin.Trace{
			Label: "overage", Value: servicecoin.Some(r.Standing.Overage), Unit: unit, Plain: servicecoin.Say("used, and covered by no grant"),
		})
	}
	return t
}

// Covered explains what a grant covered; it is false for one that is none of them.
func (r Result) Covered(id ID, unit string) (servicecoin.Trace, bool) {
	i := slices.IndexFunc(r.Lines, func(l Line) bool { return l.Grant == id })
	if i < 0 {
		return servicecoin.Trace{}, false
	}
	return r.line(&r.Lines[i], unit), true
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func (l Line) nothing() bool { return l.Opening.IsZero() && l.Given.IsZero() && l.Burnt.IsZero() }

// line explains what is left of a grant by what happened to it.
func (r Result) line(l *Line, unit string) servicecoin.Trace {
	amount := func(d decimal.Decimal) servicecoin.Quantity {
		return servicecoin.Quantity{Value: servicecoin.Some(d), Unit: unit}
	}
	t := servicecoin.Trace{
		Label: fmt.Sprintf("grant %s: %s there, %s given, %s burnt, %s lapsed", l.Grant, metering.Plain(l.Opening), metering.Plain(l.Given), metering.Plain(l.Burnt), metering.Plain(l.Lapsed)),
		Value: servicecoin.Some(l.Balance), Unit: unit,
		Plain: servicecoin.Say("%v: %v of %v used", string(l.Grant), amount(l.Burnt), amount(l.Opening.Add(l.Given))),
		From:  []servicecoin.Key{{Kind: GrantRecord, ID: string(l.Grant)}},
	}
	part := func(label string, plain servicecoin.Saying, d decimal.Decimal) {
		t.Parts = append(t.Parts, servicecoin.Trace{Label: label, Value: servicecoin.Some(d), Unit: unit, Plain: plain})
	}
	for i := range r.Segments {
		s := &r.Segments[i]
		for _, c := range s.Begins {
			if c.Grant == l.Grant {
				part(string(c.What)+" at "+stamp(s.During.Start), c.What.say(s), c.Quantity)
			}
		}
		for _, d := range s.Burnt {
			if d.Grant != l.Grant {
				continue
			}
			if s.During.Empty() {
				part("burnt by the overage at "+s.During.String(), servicecoin.Say("paid on %v for what was used before", s.During.Start), d.Quantity)
				continue
			}
			part("burnt in "+s.During.String(), servicecoin.Say("used from %v to %v", s.During.Start, s.During.End), d.Quantity)
		}
	}
	return t
}

// say tells what happened.
func (w What) say(s *Segment) servicecoin.Saying {
	switch w {
	case Lapsed:
		return servicecoin.Say("lapsed on %v", s.During.Start)
	case RolledOver:
		return servicecoin.Say("taken into the period that begins on %v", s.During.Start)
	case Renewed:
		return servicecoin.Say("given again on %v", s.During.Start)
	case Given:
		return servicecoin.Say("given on %v", s.During.Start)
	case Forgiven:
	}
	return servicecoin.Say("forgiven on %v", s.During.Start)
}
