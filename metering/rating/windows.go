package rating

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// PriceWindow is another price that holds at some times: nights, weekends and holidays
// of a zone, a sale, a critical window. Exactly one of Hours, Repeats and During says
// when, and one of Price and Factor what. Of the windows that an instant lies in, the
// first of the list is it; where there is none, the price that has the list holds.
//
// Units are counted in each window by themselves: tiers of the night are those of
// what was used at night. What the price says of discounts of money, Minimum and
// Maximum is of all together, and no window has it. Its Commitment is of all together,
// too, but for windows whose own price has one, and but for prices with Each, which
// promise it for each bucket or group.
type PriceWindow struct {
	Name    string            `json:"name"`              // unique in a price; the lines of a charge have it
	Hours   *hours.Hours      `json:"hours,omitempty"`   // by the clock of a zone: weekdays, holidays, special days
	Repeats *recur.Window     `json:"repeats,omitempty"` // what comes again and again
	During  calendar.Interval `json:"during,omitzero"`   // once

	From  time.Time `json:"from,omitzero"`  // the window counts from then on; zero: ever since
	Until time.Time `json:"until,omitzero"` // up to, but without, then; zero: for ever

	Price  *Price              `json:"price,omitempty"` // without windows of its own
	Factor decimal.NullDecimal `json:"factor,omitzero"` // the price that has the list, times so much
}

// Critical returns the window of a critical window of a calendar, at a factor of the
// base price.
func Critical(w hours.CriticalWindow, factor decimal.Decimal) PriceWindow {
	return PriceWindow{Name: w.Name, Hours: w.Hours, During: w.During, Factor: servicecoin.Some(factor)}
}

// The limits of windows and of what they are worked out for.
const (
	mostWindows   = 200
	mostYears     = 20
	mostStretches = 1_000_000
)

// validateWindows checks the windows of a price.
func (p Price) validateWindows(v *servicecoin.Violations) {
	if len(p.Windows) == 0 || !v.Limit("windows", len(p.Windows), mostWindows) {
		return
	}
	seen := map[string]bool{}
	for i, w := range p.Windows {
		path := fmt.Sprintf("windows[%d]", i)
		v.Merge(path, w.validate(p))
		if seen[w.Name] {
			v.Add(path+".name", "duplicate", w.Name, "must be there once")
		}
		seen[w.Name] = w.Name != ""
	}
	if d := p.Discount; d != nil && d.Free.Valid {
		v.Add("discount.free", "contradiction", "", "is not for a price with windows, in which units are counted by themselves")
	}
}

func (w PriceWindow) validate(base Price) error {
	var v servicecoin.Violations
	v.ID("name", w.Name)
	when := 0
	if w.Hours != nil {
		when++
		v.Merge("hours", w.Hours.Validate())
	}
	if w.Repeats != nil {
		when++
		v.Merge("repeats", w.Repeats.Validate())
	}
	if w.During != (calendar.Interval{}) {
		when++
		v.Merge("during", w.During.Validate())
	}
	if when != 1 {
		v.Add("", "one-of", "", "must have one of hours, repeats and during")
	}
	if !w.From.IsZero() && !w.Until.IsZero() && !w.From.Before(w.Until) {
		v.Add("until", "order", w.Until.Format(time.RFC3339), "must be after from")
	}
	if (w.Price == nil) == !w.Factor.Valid {
		v.Add("price", "one-of", "", "must have a price or a factor, and not both")
	}
	if w.Factor.Valid {
		v.Number("factor", w.Factor.Decimal, mostDigits, mostPlaces)
		if w.Factor.Decimal.IsNegative() {
			v.Add("factor", "negative", "", "must not be negative")
		}
	}
	if p := w.Price; p != nil {
		v.Merge("price", p.Validate())
		if p.Currency != base.Currency {
			v.Add("price.currency", "mixed", string(p.Currency), "must be "+string(base.Currency)+" as that of the base")
		}
		if p.In != base.In {
			v.Add("price.in", "mixed", p.In, "must be in the unit of the base")
		}
		if len(p.Windows) > 0 {
			v.Add("price.windows", "too-deep", "", "must not be there: a window has none of its own")
		}
		if p.Proration != WholePeriod {
			v.Add("price.proration", "contradiction", string(p.Proration), "must be that of the base")
		}
		if p.Minimum.Valid || p.Maximum.Valid || p.Discount != nil {
			v.Add("price", "contradiction", "", "must have no bound and no discount: those of the base are of all together")
		}
	}
	return v.Err()
}

// set returns the instants of a span at which the window fits.
func (w PriceWindow) set(within calendar.Interval) (calendar.Set, error) {
	var set calendar.Set
	switch {
	case w.Hours != nil:
		timetable, err := w.Hours.Compile(within, nil)
		if err != nil {
			return calendar.Set{}, err
		}
		if set, err = timetable.Set(within); err != nil {
			return calendar.Set{}, err
		}
	case w.Repeats != nil:
		times, err := w.Repeats.Compile()
		if err != nil {
			return calendar.Set{}, err
		}
		var list []calendar.Interval
		for iv := range times.Overlapping(within) {
			if list = append(list, iv); len(list) > mostStretches {
				var v servicecoin.Violations
				v.Add("repeats", "too-many", "", fmt.Sprintf("comes more than %d times in the span", mostStretches))
				return calendar.Set{}, v.Err()
			}
		}
		set = calendar.SetOf(list...).Clip(within)
	default:
		set = calendar.SetOf(w.During).Clip(within)
	}
	effective := within
	if !w.From.IsZero() && w.From.After(effective.Start) {
		effective.Start = w.From.UTC()
	}
	if !w.Until.IsZero() && w.Until.Before(effective.End) {
		effective.End = w.Until.UTC()
	}
	return set.Clip(effective), nil
}

// equal compares what windows say; hours and recurrences as they are written.
func (w PriceWindow) equal(other PriceWindow) bool {
	return w.Name == other.Name && w.During.Equal(other.During) && w.From.Equal(other.From) && w.Until.Equal(other.Until) &&
		both(w.Price, other.Price, Price.Equal) && same(w.Factor, other.Factor) && written(w.Hours) == written(other.Hours) && written(w.Repeats) == written(other.Repeats)
}

// written is a value as JSON, "" for what cannot be written.
func written(x any) string {
	text, err := json.Marshal(x)
	if err != nil {
		return ""
	}
	return string(text)
}

// TimeTariff is a price with windows that was checked and worked out for a span of time. It
// never changes, and is safe for concurrent use.
type TimeTariff struct {
	within  calendar.Interval
	list    []Stretch // in order, without a gap
	base    *Tariff
	windows []*Tariff
	names   []string
	promise *Commitment // of all together: the base and windows have none of it
}

// Stretch is a stretch of time in which one price holds.
type Stretch struct {
	calendar.Interval

	Window string `json:"window,omitempty"` // "": no window fits, the price itself holds
	index  int
}

// CompileDuring checks a price and works its windows out for a span of 20 years at
// most, with a million changes at most.
func CompileDuring(p Price, within calendar.Interval) (*TimeTariff, error) {
	var v servicecoin.Violations
	v.Merge("price", p.Validate())
	v.Merge("within", within.Validate())
	if within.End.After(within.Start.AddDate(mostYears, 0, 0)) {
		v.Add("within", "out-of-range", within.String(), fmt.Sprintf("must be %d years at most", mostYears))
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	windows := p.Windows
	p.Windows = nil
	t := &TimeTariff{within: within}
	if p.Each == EachWhole {
		t.promise, p.Commitment = p.Commitment, nil
	}
	var err error
	if t.base, err = Compile(p); err != nil {
		return nil, at(err, "price")
	}
	left := calendar.SetOf(within)
	add := func(set calendar.Set, name string, index int) {
		for iv := range set.All() {
			t.list = append(t.list, Stretch{iv, name, index})
		}
	}
	for i, w := range windows {
		other := p.times(w.Factor.Decimal)
		if w.Price != nil {
			other = *w.Price
		}
		tariff, err := Compile(other)
		if err != nil {
			return nil, at(err, fmt.Sprintf("price.windows[%d].price", i))
		}
		t.windows, t.names = append(t.windows, tariff), append(t.names, w.Name)
		set, err := w.set(within)
		if err != nil {
			return nil, at(err, fmt.Sprintf("price.windows[%d]", i))
		}
		set = set.Intersect(left)
		left = left.Subtract(set)
		add(set, w.Name, i)
	}
	add(left, "", -1)
	slices.SortFunc(t.list, func(a, b Stretch) int { return a.Start.Compare(b.Start) })
	if !v.Limit("windows", len(t.list), mostStretches) {
		return nil, v.Err()
	}
	return t, nil
}

// Span returns what the windows were worked out for.
func (t *TimeTariff) Span() calendar.Interval { return t.within }

// At returns the stretch that an instant lies in. An instant outside of the span is a
// [*calendar.OutsideError].
func (t *TimeTariff) At(when time.Time) (Stretch, error) {
	i, found := slices.BinarySearchFunc(t.list, when, func(s Stretch, when time.Time) int { return s.Start.Compare(when) })
	if !found {
		i--
	}
	if i < 0 || !t.list[i].Contains(when) {
		return Stretch{}, &calendar.OutsideError{What: when.UTC().Format(time.RFC3339Nano), Span: t.within}
	}
	return t.list[i], nil
}

// Stretches returns the stretches that an interval has, clipped to it, in order:
// a meter that is asked for usage in each of them needs no other rule. An interval
// that is not within the span is a [*calendar.OutsideError].
func (t *TimeTariff) Stretches(during calendar.Interval) ([]Stretch, error) {
	if during.Start.Before(t.within.Start) || during.End.After(t.within.End) {
		return nil, &calendar.OutsideError{What: during.String(), Span: t.within}
	}
	i, found := slices.BinarySearchFunc(t.list, during.Start, func(s Stretch, when time.Time) int { return s.Start.Compare(when) })
	if !found {
		i--
	}
	list := []Stretch{}
	for ; i >= 0 && i < len(t.list) && t.list[i].Overlaps(during); i++ {
		s := t.list[i]
		s.Interval = s.Intersect(during)
		list = append(list, s)
	}
	return list, nil
}
