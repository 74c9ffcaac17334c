package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// useChart is a figure of a period, and its chart: a bar for each window, and a mark
// where the same window of the period before was.
type useChart struct {
	Called   string // what it is of: the meter, or a group of it
	Unit     string
	Total    string
	Bars     []useBar
	Wide     int      // of the chart, in its own units
	Axis     []string // what the lines of the chart stand for, from the top down
	Ticks    []string // below the chart
	Highest  string
	Compared string // with the period before, in a sentence
	Summary  string
	Path     string // of the events
	By       metering.Stretch
}

// useBar is a bar of the chart, the mark of the same window of the period before, and
// both as numbers.
type useBar struct {
	Name      string
	X         int
	Y, Height int // of the bar
	Mark      int // where the mark lies
	Value     string
	Last      string
	Path      string // of the events behind it; "": there are none
	LastPath  string
	Known     bool
	LastKnown bool
}

// The chart's measures, in its own units.
const (
	chartTall = 100
	chartBar  = 10
)

// drawing is one meter of a page while it is drawn. All its figures come from running
// totals.
type drawing struct {
	portal *portal
	ctx    context.Context //nolint:containedctx // of the one request that it is for
	frame  useFrame
	m      monthly
	meter  metering.Meter
	ledger *metering.Ledger
}

// usage asks for a period in windows. Of several groups each has as many points.
func (d *drawing) usage(during calendar.Interval, each metering.Stretch, groupBy ...string) ([]metering.Series, error) {
	return d.ledger.Usage(d.ctx, d.meter.ID, metering.Question{During: during, Each: each, GroupBy: groupBy})
}

// figure is what a period comes to as a whole.
func (d *drawing) figure(during calendar.Interval) (metering.Point, error) {
	return pointOf(d.usage(during, metering.Whole))
}

// total is what a period comes to as a whole, of which the windows are known: their sum
// or their highest where the meter lets it be so, or else what the meter says.
func (d *drawing) total(during calendar.Interval, series []metering.Series) (decimal.NullDecimal, error) {
	a, plain := d.meter.Aggregation, d.meter.Convert == nil && d.meter.Round == nil && len(series) == 1
	adds := a == metering.Count || a == metering.Sum || a == metering.Product
	if !plain || !adds && a != metering.Max {
		x, err := d.figure(during)
		return x.Value, err
	}
	total := decimal.NullDecimal{}
	for _, x := range series[0].Points {
		switch {
		case !x.Value.Valid:
		case !total.Valid:
			total = x.Value
		case adds:
			total.Decimal = total.Decimal.Add(x.Value.Decimal)
		default:
			total.Decimal = decimal.Max(total.Decimal, x.Value.Decimal)
		}
	}
	return total, nil
}

// pointOf takes the only point of an answer.
func pointOf(series []metering.Series, err error) (metering.Point, error) {
	if err != nil || len(series) == 0 || len(series[0].Points) == 0 {
		return metering.Point{}, err
	}
	return series[0].Points[0], nil
}

// whole draws the meter without groups.
func (d *drawing) whole() (useChart, error) {
	f := &d.frame
	c := useChart{Called: d.meter.Name, Unit: d.meter.Unit, Path: eventsPath(d.m, d.meter.ID, f.During, "", ""), By: f.By}
	is, err := d.usage(f.During, f.By)
	if err != nil {
		return c, err
	}
	was, err := d.usage(f.Last, f.By)
	if err != nil {
		return c, err
	}
	total, err := d.total(f.During, is)
	if err != nil {
		return c, err
	}
	c.Total = figureOf(total)
	link := func(x metering.Point) string { return d.path(x, "", "") }
	var a, b []metering.Point
	if len(is) > 0 {
		a = is[0].Points
	}
	if len(was) > 0 {
		b = was[0].Points
	}
	c.draw(d, a, b, topOf(a, b), link)
	if c.Compared, err = d.compared(total, was); err != nil {
		return c, err
	}
	c.Summary = fmt.Sprintf("%s by %s %s %s: at most %s %s. %s", d.meter.Name, f.Bar, f.Within, f.Period, c.Highest, d.meter.Unit, c.Compared)
	return c, nil
}

// path leads to the events behind a point, where there are any.
func (d *drawing) path(x metering.Point, dimension, value string) string {
	if x.Events == 0 {
		return ""
	}
	return eventsPath(d.m, d.meter.ID, x.Interval, dimension, value)
}

// How many groups a page shows: with a chart, and in a list.
const (
	chartedGroups = 8
	listedGroups  = 50
)

// groups draws a meter by the values of a dimension, all to one scale, the largest
// first.
func (d *drawing) groups(part *meterPart, dimension string) error {
	f := &d.frame
	totals, err := d.usage(f.During, metering.Whole, dimension)
	if err != nil {
		return err
	}
	slices.SortStableFunc(totals, func(a, b metering.Series) int {
		return b.Points[0].Value.Decimal.Cmp(a.Points[0].Value.Decimal)
	})
	charted := totals[:min(len(totals), chartedGroups)]
	for _, s := range totals[len(charted):min(len(totals), listedGroups)] {
		part.Rest = append(part.Rest, useRow{groupName(s.Group[0]), figureOf(s.Points[0].Value), d.path(s.Points[0], dimension, s.Group[0])})
	}
	part.Left = max(0, len(totals)-listedGroups)
	if len(charted) == 0 {
		return nil
	}
	is, err := d.usage(f.During, f.By, dimension)
	if err != nil {
		return err
	}
	was, err := d.usage(f.Last, f.By, dimension)
	if err != nil {
		return err
	}
	top := decimal.NewFromInt(1)
	for i, s := range charted {
		if t := topOf(pointsOf(is, s.Group), pointsOf(was, s.Group)); i == 0 || t.GreaterThan(top) {
			top = t
		}
	}
	for _, s := range charted {
		name := groupName(s.Group[0])
		c := useChart{
			Called: name, Unit: d.meter.Unit, Total: figureOf(s.Points[0].Value), By: f.By,
			Path: eventsPath(d.m, d.meter.ID, f.During, dimension, s.Group[0]),
		}
		c.draw(d, pointsOf(is, s.Group), pointsOf(was, s.Group), top, func(x metering.Point) string { return d.path(x, dimension, s.Group[0]) })
		c.Summary = fmt.Sprintf("%s, %s %s by %s %s %s: %s %s, at most %s", d.meter.Name, dimension, name, f.Bar, f.Within, f.Period, c.Total, d.meter.Unit, c.Highest)
		part.Groups = append(part.Groups, c)
	}
	return nil
}

// groupName is what a group is called: an event may say nothing of a dimension.
func groupName(value string) string { return cmp.Or(value, "not said") }

// pointsOf finds the points of a group, none where it is not there.
func pointsOf(series []metering.Series, group []string) []metering.Point {
	for _, s := range series {
		if slices.Equal(s.Group, group) {
			return s.Points
		}
	}
	return nil
}

// figureOf is a figure, or that there is none.
func figureOf(v decimal.NullDecimal) string {
	if !v.Valid {
		return "unknown"
	}
	return grouped(v.Decimal)
}

// topOf is where the scale of points ends.
func topOf(lists ...[]metering.Point) decimal.Decimal {
	top := decimal.Zero
	for _, list := range lists {
		for _, x := range list {
			if x.Value.Valid {
				top = decimal.Max(top, x.Value.Decimal)
			}
		}
	}
	return roundTop(top)
}

// draw lays out bars and marks, and the numbers of the axis.
func (c *useChart) draw(d *drawing, is, was []metering.Point, top decimal.Decimal, link func(metering.Point) string) {
	f, now := &d.frame, d.portal.store.Now()
	highest := decimal.Zero
	tall := func(v decimal.Decimal) int {
		return int(decimal.Max(v, decimal.Zero).Mul(decimal.NewFromInt(chartTall)).DivRound(top, 0).IntPart())
	}
	windows, err := f.By.Split(f.During, f.loc) // a group may have no points at all
	if err != nil {
		windows = nil // it was asked for in the same windows
	}
	for i, w := range windows {
		name, tick := f.window(i, w)
		b := useBar{Name: name, X: i * chartBar, Y: chartTall - 1, Height: 1, Value: "nothing known", Last: "nothing known"}
		if i < len(is) {
			if x := is[i]; x.Value.Valid && x.Start.Before(now) {
				highest = decimal.Max(highest, x.Value.Decimal)
				b.Known, b.Value, b.Height, b.Path = true, grouped(x.Value.Decimal), max(1, tall(x.Value.Decimal)), link(x)
				b.Y = chartTall - b.Height
			}
		}
		if i < len(was) && was[i].Value.Valid {
			x := was[i]
			b.LastKnown, b.Last, b.LastPath, b.Mark = true, grouped(x.Value.Decimal), link(x), min(chartTall-tall(x.Value.Decimal), chartTall-2)
		}
		c.Bars = append(c.Bars, b)
		if i%f.Every == 0 {
			c.Ticks = append(c.Ticks, tick)
		}
	}
	c.Wide = max(f.Slots, len(windows)) * chartBar
	half := top.DivRound(decimal.NewFromInt(2), 1)
	c.Axis = []string{grouped(top) + " " + c.Unit, grouped(half), "0"}
	c.Highest = grouped(highest)
}

// roundTop is the next of 1, 2, 4, 6, 8 and 10 times a power of ten, so that a chart
// ends with a round number.
func roundTop(d decimal.Decimal) decimal.Decimal {
	if !d.IsPositive() {
		return decimal.NewFromInt(1)
	}
	power := decimal.New(1, int32(d.NumDigits())+d.Exponent()-1) //nolint:gosec // a decimal has far fewer digits than that
	for _, n := range []int64{1, 2, 4, 6, 8} {
		if x := power.Mul(decimal.NewFromInt(n)); x.GreaterThanOrEqual(d) {
			return x
		}
	}
	return power.Shift(1)
}

// compared sets a period against the one before it: one that goes on against as much of
// that one.
func (d *drawing) compared(is decimal.NullDecimal, last []metering.Series) (string, error) {
	f, now := &d.frame, d.portal.store.Now()
	was, err := d.total(f.Last, last)
	if err != nil {
		return "", err
	}
	if !was.Valid {
		return fmt.Sprintf("Of %s nothing is known.", f.Prior), nil
	}
	words := fmt.Sprintf("%s %s %s %s", grouped(was.Decimal), d.meter.Unit, f.Within, f.Prior)
	against, where := was, "that"
	if now.Before(f.During.End) {
		part := calendar.Between(f.Last.Start, f.Last.Start.Add(now.Sub(f.During.Start))).Intersect(f.Last)
		x, err := d.figure(part)
		if err != nil {
			return "", err
		}
		if against = x.Value; !against.Valid {
			return words + ".", nil
		}
		words += fmt.Sprintf(", %s in the same part of it", grouped(against.Decimal))
		where = "in the same part of it"
	}
	if !is.Valid || !against.Decimal.IsPositive() {
		return words + ".", nil
	}
	switch d := is.Decimal.Sub(against.Decimal); {
	case d.IsZero():
		return words + ": no change.", nil
	case d.IsNegative():
		return fmt.Sprintf("%s: %s less than %s, %s %%.", words, grouped(d.Neg()), where, more(share(d, against.Decimal))), nil
	default:
		return fmt.Sprintf("%s: %s more than %s, %s %%.", words, grouped(d), where, more(share(d, against.Decimal))), nil
	}
}

// share is a part of a whole in percent, to one place.
func share(part, whole decimal.Decimal) string { return part.Shift(2).DivRound(whole, 1).String() }
