package cost

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
)

// trace explains a charge: what was used, window by window, and how the price makes an
// amount of it.
func (f ChargeFact) trace(t *servicecoin.Trace, l Line) {
	t.From = []servicecoin.Key{rating.VersionKey(f.Price.ID, f.Price.Version)}
	if l.Period != nil {
		t.Label += ", " + l.Period.String()
		t.Plain = servicecoin.Say("%v (%v), from %v to %v", l.Label, l.Service, l.Period.Start, l.Period.End)
	}
	if f.Usage != nil {
		used := f.Usage.Trace()
		if f.Read != nil {
			for _, w := range f.own() {
				used.Parts = append(used.Parts, w.trace(l.Unit))
			}
		}
		t.Parts = append(t.Parts, used)
	}
	if f.Before != nil {
		t.Parts = append(t.Parts, servicecoin.Trace{
			Label: "used in the month before that, at other versions: " + f.Before.Period.String(), Value: servicecoin.Some(f.Before.quantity()), Unit: l.Unit,
			Plain: servicecoin.Say("used before that in the month, and charged at the price that held then"),
		})
	}
	if !l.Quantity.Valid || !l.Exact.Defined() {
		return
	}
	charge := rating.Charge{Quantity: l.Quantity.Decimal, Lines: l.Parts, Exact: l.Exact, Amount: l.Amount, Conversion: f.Conversion}
	if l.Remainder != nil {
		if f.Read == nil {
			charge.Quantity = decimal.Zero
		}
		t.Parts = append(t.Parts, servicecoin.Trace{
			Label: "below nothing, and not paid back", Plain: servicecoin.Say("less than nothing, which is not paid back"), Value: servicecoin.Some(*l.Remainder), Unit: l.Unit,
		})
	}
	t.Parts = append(t.Parts, charge.TraceOf(l.Unit))
}

// own returns what was used in each window in the part itself, without what the month before
// it had.
func (f ChargeFact) own() []WindowRead {
	if f.Before == nil {
		return f.Read.Windows
	}
	before := map[string]rating.Usage{}
	for _, w := range f.Before.Windows {
		before[w.Window] = w.Usage
	}
	open := map[string]int{}                                  // in the part; a stretch that the border divides is one of both
	stretches, _ := StretchesOf(f.Price.Price, f.Read.Period) // which was read by them
	for _, s := range stretches {
		if s.Overlaps(f.Usage.Period) {
			open[s.Window]++
		}
	}
	var list []WindowRead
	for _, w := range f.Read.Windows {
		if was, is := before[w.Window]; is {
			w.Usage = rating.Usage{Quantity: w.Usage.Sum().Sub(was.Sum())}
		}
		if w.Stretches = open[w.Window]; w.Stretches > 0 {
			list = append(list, w)
		}
	}
	return list
}

// quantity sums what was used.
func (r Read) quantity() decimal.Decimal {
	sum := r.Usage.Sum()
	for _, w := range r.Windows {
		sum = sum.Add(w.Usage.Sum())
	}
	return sum
}

func (w WindowRead) trace(unit string) servicecoin.Trace {
	name, words := w.Window, servicecoin.Say("in the window %v, which was there %v", w.Window, times(w.Stretches))
	if name == "" {
		name, words = "outside of all windows", servicecoin.Say("outside of all windows of the price")
	}
	return servicecoin.Trace{Label: fmt.Sprintf("%s, %d stretches", name, w.Stretches), Plain: words, Value: servicecoin.Some(w.Usage.Sum()), Unit: unit}
}

func times(n int) servicecoin.Quantity {
	return servicecoin.Quantity{Value: servicecoin.Some(decimal.NewFromInt(int64(n))), Unit: "times"}
}
