package rating

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/money"
)

// Says returns the price in words, in English: "0.10 EUR per GB up to 100, then
// 0.05 EUR". It is for lists and comparisons; a contract has the fields.
func (p Price) Says() string {
	var b strings.Builder
	per := " per " + p.per()
	switch p.Model {
	case Flat:
		b.WriteString(p.money(p.Amount.Decimal))
	case PerUnit:
		b.WriteString(p.money(p.UnitPrice.Decimal) + per)
	case Graduated, Volume, GraduatedPercentage, GraduatedProrated:
		p.tiers(&b, per)
		if p.Model == GraduatedProrated {
			b.WriteString(", for the time that each was there")
		}
	case Percentage:
		if p.Share != nil {
			p.share(&b)
		}
	case Dynamic:
		b.WriteString("the amounts of the events, times " + plain(p.Factor.Decimal))
	case Matrix:
		p.rows(&b, per)
	case Capacity:
		p.plans(&b)
	case Package:
		if p.Package != nil {
			fmt.Fprintf(&b, "%s per %s %s, ", p.money(p.Package.Price), plain(p.Package.Size), p.unit())
			if p.Package.Partial == PartialFree {
				b.WriteString("whole ones only")
			} else {
				b.WriteString("a started one is whole")
			}
			if p.Package.Free.IsPositive() {
				fmt.Fprintf(&b, ", the first %s free", plain(p.Package.Free))
			}
		}
	}
	p.terms(&b)
	for i, w := range p.Windows {
		if i == mostSaid {
			fmt.Fprintf(&b, "; and %d more", len(p.Windows)-i)
			break
		}
		if w.Price != nil {
			b.WriteString("; " + w.Name + ": " + w.Price.Says())
		} else {
			b.WriteString("; " + w.Name + ": " + plain(w.Factor.Decimal) + " times as much")
		}
	}
	return b.String()
}

// terms says what was promised, what is taken off, and the bounds.
func (p Price) terms(b *strings.Builder) {
	switch p.Each {
	case EachWhole:
	case EachBucket, EachGroup:
		b.WriteString(", for each " + string(p.Each))
	}
	if c := p.Commitment; c != nil {
		promised := plain(c.Quantity.Decimal) + " " + p.unit()
		if c.Amount.Valid {
			promised = p.money(c.Amount.Decimal)
		}
		b.WriteString(", " + promised + " promised")
		if c.Overage.Valid {
			b.WriteString(", above it " + plain(c.Overage.Decimal) + " times as much")
		}
		if c.TrueUp {
			b.WriteString(", what is missing is charged")
		}
	}
	if d := p.Discount; d != nil {
		if d.Free.Valid {
			b.WriteString(", the first " + plain(d.Free.Decimal) + " free")
		}
		if d.Percent.Valid {
			b.WriteString(", less " + plain(d.Percent.Decimal) + " %")
		}
		if d.Amount.Valid {
			b.WriteString(", less " + p.money(d.Amount.Decimal))
		}
	}
	if p.Minimum.Valid {
		b.WriteString(", at least " + p.money(p.Minimum.Decimal))
	}
	if p.Maximum.Valid {
		b.WriteString(", at most " + p.money(p.Maximum.Decimal))
	}
	switch p.Proration {
	case WholePeriod:
	case ByDays:
		b.WriteString(", by the days of the month")
	case ByEvents:
		b.WriteString(", a new price from the moment at which it holds")
	}
}

// share says a percentage of events.
func (p Price) share(b *strings.Builder) {
	s := p.Share
	b.WriteString(plain(s.Percent) + " % of each event")
	if !s.PerEvent.IsZero() {
		b.WriteString(" and " + p.money(s.PerEvent))
	}
	if s.Least.Valid {
		b.WriteString(", of each at least " + p.money(s.Least.Decimal))
	}
	if s.Most.Valid {
		b.WriteString(", of each at most " + p.money(s.Most.Decimal))
	}
	events, amount := fmt.Sprintf("%d events", s.FreeEvents), p.money(s.FreeAmount.Decimal)
	if s.FreeEvents == 1 {
		events = "event"
	}
	switch {
	case s.FreeEvents > 0 && s.FreeAmount.Valid:
		b.WriteString(", the first " + events + " or " + amount + " free, whichever is first")
	case s.FreeEvents > 0:
		b.WriteString(", the first " + events + " free")
	case s.FreeAmount.Valid:
		b.WriteString(", the first " + amount + " free")
	}
}

// mostSaid is how many rows and plans are said; of more, how many there are.
const mostSaid = 10

func (p Price) rows(b *strings.Builder, per string) {
	for i, r := range p.Rows {
		if i == mostSaid {
			fmt.Fprintf(b, ", and %d more", len(p.Rows)-i)
			return
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.money(r.Unit))
		if i == 0 {
			b.WriteString(per)
		}
		b.WriteString(" for " + r.says())
	}
}

func (p Price) plans(b *strings.Builder) {
	for i, plan := range p.Plans {
		if i == mostSaid {
			fmt.Fprintf(b, ", and %d more", len(p.Plans)-i)
			return
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.money(plan.Price))
		if len(plan.Most) == 0 {
			b.WriteString(" without a bound")
		}
		for n, unit := range slices.Sorted(maps.Keys(plan.Most)) {
			word := " and "
			if n == 0 {
				word = " up to "
			}
			b.WriteString(word + plain(plan.Most[unit]) + " " + unit)
		}
	}
}

func (p Price) unit() string {
	if p.Unit == "" {
		return "units"
	}
	return p.Unit
}

func (p Price) per() string {
	if p.BillingUnit.Valid {
		return "started " + plain(p.BillingUnit.Decimal) + " " + p.unit()
	}
	one := servicecoin.Quantity{Value: servicecoin.Some(decimal.NewFromInt(1)), Unit: p.unit()}
	return strings.TrimPrefix(one.Words(), "1 ") // a price is per document, also of what is counted in documents
}

func (p Price) tiers(b *strings.Builder, per string) {
	for i, t := range p.Tiers {
		switch {
		case i > 0 && p.Model == Volume:
			b.WriteString(", or for all of them ")
		case i > 0:
			b.WriteString(", then ")
		}
		if t.Percent.Valid {
			b.WriteString(plain(t.Percent.Decimal) + " %")
		} else {
			b.WriteString(p.money(t.Unit))
			if i == 0 {
				b.WriteString(per)
			}
		}
		if t.Cap.Valid {
			b.WriteString(", at most " + p.money(t.Cap.Decimal) + ",")
		}
		if !t.Flat.IsZero() {
			b.WriteString(" and " + p.money(t.Flat))
		}
		if t.UpTo.Valid {
			b.WriteString(" up to " + plain(t.UpTo.Decimal))
		}
	}
}

func (p Price) money(d decimal.Decimal) string {
	if p.In != "" {
		return servicecoin.Quantity{Value: servicecoin.Some(d), Unit: p.In}.Words()
	}
	a, err := money.New(d, p.Currency)
	if err != nil {
		return plain(d)
	}
	return a.String()
}
