package rating

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Trace explains the amount: line by line, then the rounding.
func (c Charge) Trace() servicecoin.Trace { return c.TraceOf("") }

// TraceOf is [Charge.Trace] of something that has a name: people are told of
// "1 000 documents at 0.09 EUR each". The exact form is the same.
func (c Charge) TraceOf(unit string) servicecoin.Trace {
	currency := string(c.Exact.Currency())
	exact := servicecoin.Trace{Label: "exactly", Plain: servicecoin.Say("before it is rounded"), Value: servicecoin.Some(c.Exact.Decimal()), Unit: currency}
	if c.Amount.Equal(c.Exact) {
		exact.Plain = servicecoin.Skip()
	}
	each := c.counted(unit)
	for _, l := range c.Lines {
		exact.Parts = append(exact.Parts, servicecoin.Trace{Label: l.label(), Plain: l.says(each, currency), Value: servicecoin.Some(l.Amount), Unit: currency})
	}
	says := servicecoin.Say("charge")
	if !c.Quantity.IsZero() && (unit != "" || !c.Quantity.Equal(decimal.NewFromInt(1))) {
		says = servicecoin.Say("charge for %v", servicecoin.Quantity{Value: servicecoin.Some(c.Quantity), Unit: unit})
	}
	whole := servicecoin.Trace{
		Label: "charge for " + plain(c.Quantity), Plain: says, Value: servicecoin.Some(c.Amount.Decimal()), Unit: currency, Parts: []servicecoin.Trace{exact},
	}
	if c.Conversion != nil {
		whole.Parts = append(whole.Parts, c.Conversion.Trace())
	}
	return whole
}

// counted is what the lines of usage count: the unit, unless they count what is
// billed at once (a hundred documents, say).
func (c Charge) counted(unit string) string {
	sum := decimal.Zero
	for _, l := range c.Lines {
		if l.Kind == UsageLine && l.Quantity.Valid {
			sum = sum.Add(l.Quantity.Decimal)
		}
	}
	if sum.Equal(c.Quantity) {
		return unit
	}
	return ""
}

// says is a line for people.
func (l Line) says(unit, currency string) servicecoin.Saying {
	quantity, price := servicecoin.Quantity{Value: l.Quantity, Unit: unit}, servicecoin.Quantity{Value: l.Unit, Unit: currency}
	amount, share := servicecoin.Quantity{Value: l.Quantity, Unit: currency}, servicecoin.Quantity{Value: l.Unit, Unit: "%"}
	factor := servicecoin.Quantity{Value: l.Unit}
	switch l.Kind {
	case FeeLine:
		return l.of("fee")
	case MinimumLine:
		return servicecoin.Say("what is missing to the least that is charged")
	case MaximumLine:
		return servicecoin.Say("what is above the most that is charged")
	case ProrationLine:
		return l.of("what is not charged, for")
	case CapLine:
		return l.of("what is above the most")
	case TrueUpLine:
		return l.of("what is missing to what was promised")
	case PerEventBoundLine:
		return l.of("what the least and the most of an event change")
	case DiscountLine:
		if !l.Unit.Valid {
			return servicecoin.Say("discount")
		}
		return servicecoin.Say("discount of %v on %v", share, amount)
	case OverageLine:
		return l.in("%v above what was promised, %v times as much on top", amount, factor)
	case PercentLine:
		return l.in("%v of %v", share, amount)
	case PassedLine:
		return l.in("%v of the events, times %v", amount, factor)
	case PackageLine:
		quantity.Unit = "packages"
	case PerEventLine:
		quantity.Unit = "events"
	case UsageLine:
	}
	if !l.Quantity.Valid || !l.Unit.Valid {
		return l.of(string(l.Kind))
	}
	return l.in("%v at %v each", quantity, price)
}

// place says where a line belongs, "" if the price has one place only.
func (l Line) place() string {
	switch {
	case l.Tier > 0 && l.Part != "":
		return fmt.Sprintf("%s, tier %d", l.Part, l.Tier)
	case l.Tier > 0:
		return fmt.Sprintf("tier %d", l.Tier)
	}
	return l.Part
}

// in says a calculation behind its place.
func (l Line) in(text string, parts ...any) servicecoin.Saying {
	if place := l.place(); place != "" {
		return servicecoin.Say("%v: "+text, append([]any{place}, parts...)...).Equals()
	}
	return servicecoin.Say(text, parts...).Equals()
}

// of says what a line is for, before its place.
func (l Line) of(text string) servicecoin.Saying {
	if place := l.place(); place != "" {
		return servicecoin.Say(text+" of %v", place)
	}
	return servicecoin.Say(text)
}

func (l Line) label() string {
	text := string(l.Kind)
	if l.Part != "" {
		text += ", " + l.Part
	}
	if l.Tier > 0 {
		text += fmt.Sprintf(", tier %d", l.Tier)
	}
	switch {
	case !l.Quantity.Valid || !l.Unit.Valid:
	case l.Kind == PercentLine || l.Kind == DiscountLine:
		text += fmt.Sprintf(": %s at %s %%", plain(l.Quantity.Decimal), plain(l.Unit.Decimal))
	case l.Kind == PassedLine || l.Kind == OverageLine:
		text += fmt.Sprintf(": %s times %s", plain(l.Quantity.Decimal), plain(l.Unit.Decimal))
	default:
		text += fmt.Sprintf(": %s at %s", plain(l.Quantity.Decimal), plain(l.Unit.Decimal))
	}
	return text
}
