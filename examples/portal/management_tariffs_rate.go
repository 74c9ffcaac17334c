package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// comparison is what usage costs at two prices.
type comparison struct {
	First, Second tariffSide
	Quantity      string // in words
	Path          string // of the events
	Words         string // by how much they differ
	Chart         *useChart
	Days          []tariffDay
	Over          bool // the month is over, so that what is due at its end is in it
}

// tariffSide is one of the two.
type tariffSide struct {
	Name      string
	From      time.Time // since when it holds; zero: it is written on the page
	Says      string
	Amount    money.Amount // not defined: see Why
	Effective string       // what a unit comes to on the average
	Why       string       // why it cannot be applied to the usage of this meter
	Trace     tracePart

	price   rating.Price
	version *rating.Version
	soFar   []money.Amount // at the end of each day
}

// tariffDay is a day of the table below the chart.
type tariffDay struct {
	Name, Quantity, Path string
	First, Second        string
}

// bench rates the usage of one meter in one month.
type bench struct {
	portal *portal
	ctx    context.Context //nolint:containedctx // of the one request that it is for
	m      monthly
	loc    *time.Location
	meter  metering.Meter
	ledger *metering.Ledger

	days   []calendar.Interval // those that have begun
	daily  []metering.Point    // what was used on each
	soFar  []decimal.NullDecimal
	amount decimal.NullDecimal // of the month
}

// adds reports whether what was used in parts of the month sums to what was used in it.
func (b *bench) adds() bool {
	a := b.meter.Aggregation
	return (a == metering.Count || a == metering.Sum || a == metering.Product) && b.meter.Convert == nil && b.meter.Round == nil
}

// value is what the meter says of an interval.
func (b *bench) value(during calendar.Interval) (decimal.NullDecimal, error) {
	x, err := pointOf(b.ledger.Usage(b.ctx, b.meter.ID, metering.Question{During: during}))
	return x.Value, err
}

// measure asks what was used, day by day, and from the first day to the end of each.
func (b *bench) measure() error {
	during, now := b.m.Month.In(b.loc), b.portal.store.Now()
	series, err := b.ledger.Usage(b.ctx, b.meter.ID, metering.Question{During: during, Each: metering.Daily})
	if err != nil {
		return err
	}
	windows, err := metering.Daily.Split(during, b.loc)
	if err != nil {
		return err
	}
	for i, day := range windows {
		if !day.Start.Before(now) {
			break
		}
		x := metering.Point{Interval: day}
		if len(series) > 0 && i < len(series[0].Points) {
			x = series[0].Points[i]
		}
		b.days, b.daily = append(b.days, day), append(b.daily, x)
		if b.adds() {
			if x.Value.Valid {
				b.amount = servicecoin.Some(b.amount.Decimal.Add(x.Value.Decimal))
			}
		} else if b.amount, err = b.value(calendar.Between(during.Start, day.End)); err != nil {
			return err
		}
		b.soFar = append(b.soFar, b.amount)
	}
	return nil
}

// compare rates what was used at both prices.
func (b *bench) compare(tell *teller, first, second tariffSide) (*comparison, error) {
	if err := b.measure(); err != nil {
		return nil, err
	}
	out := &comparison{First: first, Second: second, Over: b.m.Over, Path: eventsPath(b.m, b.meter.ID, b.m.Month.In(b.loc), "", "")}
	out.Quantity = "Nothing is recorded"
	if b.amount.Valid {
		out.Quantity = grouped(b.amount.Decimal) + " " + b.meter.Unit
	}
	for _, x := range []*tariffSide{&out.First, &out.Second} {
		x.Says = x.price.Says()
		if !b.amount.Valid {
			x.Why = "Nothing is recorded in " + monthWords(b.m.Month) + ", so there is nothing to rate."
			continue
		}
		err := b.rate(tell, x)
		if errors.Is(err, servicecoin.ErrInvalid) {
			x.Why, err = "This price cannot be applied to the usage of this meter alone. "+wrongIn(err)+".", nil
		}
		if err != nil {
			return nil, err
		}
	}
	if out.First.Why == "" && out.Second.Why == "" {
		return out, b.draw(out)
	}
	return out, nil
}

// rate fills one side.
func (b *bench) rate(tell *teller, x *tariffSide) error {
	so, err := b.steps(x.price)
	if err != nil {
		return err
	}
	var charge rating.Charge
	for i := range b.days {
		if charge, err = so(i, false); err != nil {
			return err
		}
		x.soFar = append(x.soFar, charge.Amount)
	}
	if b.m.Over { // with what is due at the end
		last := len(b.days) - 1
		if charge, err = so(last, true); err != nil {
			return err
		}
		x.soFar[last] = charge.Amount
	}
	x.Amount = charge.Amount
	if each := charge.Effective(4); each.Valid { //nolint:mnd // places, as prices of units have them
		x.Effective = metering.Plain(each.Decimal) + " " + string(charge.Amount.Currency())
	}
	trace := charge.TraceOf(b.meter.Unit)
	if x.version != nil {
		trace = x.version.TraceOf(charge)
	}
	x.Trace, err = tell.of(b.ctx, trace)
	return err
}

// steps returns what rates the usage up to the end of a day: with what is due at the end of
// the month, or without.
func (b *bench) steps(p rating.Price) (func(day int, last bool) (rating.Charge, error), error) {
	if len(p.Windows) == 0 {
		t, err := rating.Compile(p)
		if err != nil {
			return nil, err
		}
		return func(day int, last bool) (rating.Charge, error) {
			u := rating.Usage{Quantity: b.soFar[day].Decimal}
			if last {
				return t.Charge(u)
			}
			return t.SoFar(u)
		}, nil
	}
	list, ends, err := b.timed(p)
	if err != nil {
		return nil, err
	}
	t, err := rating.CompileDuring(p, b.m.Month.In(b.loc))
	if err != nil {
		return nil, err
	}
	return func(day int, last bool) (rating.Charge, error) {
		if last {
			return t.Charge(list[:ends[day]])
		}
		return t.SoFar(list[:ends[day]])
	}, nil
}

// mostParts is how many stretches of a month a price may have here.
const mostParts = 5000

// timed asks for the usage of each stretch in which one price holds, cut at the days, and
// returns where each day ends in the list.
func (b *bench) timed(p rating.Price) (list []rating.Timed, ends []int, err error) {
	var bad servicecoin.Violations
	if !b.adds() {
		bad.Add("", "contradiction", "", "it has other prices at some times, and what "+b.meter.Name+" counts does not add up over times")
		return nil, nil, bad.Err()
	}
	t, err := rating.CompileDuring(p, b.m.Month.In(b.loc))
	if err != nil {
		return nil, nil, err
	}
	var windows []calendar.Interval
	for _, day := range b.days {
		parts, err := t.Stretches(day)
		if err != nil {
			return nil, nil, err
		}
		if len(windows)+len(parts) > mostParts {
			bad.Add("", "too-many", strconv.Itoa(mostParts), "it changes more often in the month than can be shown here")
			return nil, nil, bad.Err()
		}
		for _, s := range parts {
			windows = append(windows, s.Interval)
		}
		ends = append(ends, len(windows))
	}
	points, err := b.ledger.In(b.ctx, b.meter.ID, windows)
	if err != nil {
		return nil, nil, err
	}
	for _, x := range points {
		list = append(list, rating.Timed{During: x.Interval, Usage: rating.Usage{Quantity: x.Value.Decimal}})
	}
	return list, ends, nil
}

// draw says how both differ, and draws how they add up.
func (b *bench) draw(out *comparison) error {
	more, err := out.Second.Amount.Sub(out.First.Amount)
	if err != nil {
		return err
	}
	out.Words = differenceWords(more, out.First.Amount)
	var lists [2][]metering.Point
	top := decimal.NewFromInt(1)
	for i, x := range []*tariffSide{&out.First, &out.Second} {
		for n, a := range x.soFar {
			lists[i] = append(lists[i], metering.Point{Interval: b.days[n], Value: servicecoin.Some(a.Decimal())})
			top = decimal.Max(top, a.Decimal())
		}
	}
	for n, day := range b.days {
		d := tariffDay{Name: day.Start.In(b.loc).Format("Mon 2 Jan"), Quantity: figureOf(b.daily[n].Value), First: inColumn(out.First.soFar[n]), Second: inColumn(out.Second.soFar[n])}
		if b.daily[n].Events > 0 {
			d.Path = eventsPath(b.m, b.meter.ID, day, "", "")
		}
		out.Days = append(out.Days, d)
	}
	f := useFrame{By: metering.Daily, During: b.m.Month.In(b.loc), loc: b.loc}
	f.month = b.m.Month
	f.lay()
	c := &useChart{Called: "What it comes to, day by day", Unit: string(out.First.Amount.Currency()), By: metering.Daily}
	d := drawing{portal: b.portal, ctx: b.ctx, frame: f, m: b.m, meter: b.meter}
	c.draw(&d, lists[0], lists[1], roundTop(top), func(metering.Point) string { return "" })
	for n, x := range out.Days { // as money is written
		c.Bars[n].Value, c.Bars[n].Last = x.First, x.Second
	}
	c.Summary = fmt.Sprintf("What the usage of %s comes to, from the first day to each: %s with %s, %s with %s.", monthWords(b.m.Month), amount(out.First.Amount), out.First.Name, amount(out.Second.Amount), out.Second.Name)
	out.Chart = c
	return nil
}

// differenceWords say how much more or less the second amount is.
func differenceWords(more, first money.Amount) string {
	d := more.Decimal()
	if d.IsZero() {
		return "Both come to the same."
	}
	words, size := "more", more
	if d.IsNegative() {
		words, size = "less", more.Neg()
	}
	text := fmt.Sprintf("The second comes to %s %s", amount(size), words)
	if first.Decimal().IsPositive() {
		text += ", " + share(size.Decimal(), first.Decimal()) + " %"
	}
	return text + "."
}
