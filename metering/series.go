package metering

import (
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Point is the quantity of one window.
type Point struct {
	calendar.Interval

	Value  decimal.NullDecimal `json:"value"`  // null: there was no event with one
	Events int64               `json:"events"` // how many events there were
}

// Series is usage over time, of one group.
type Series struct {
	Group  []string `json:"group,omitempty"` // the values of the dimensions asked for, in their order; "" where an event has none
	Points []Point  `json:"points"`          // one for each window, in order
}

// MaxPoints is how many points one question may have in all its series.
const MaxPoints = 250_000

// Series makes series of events, in whatever order they come: one for each
// group that has an event in a window, ordered by group, or exactly one without
// groupBy. Events of another type, or in no window, are passed over. The windows
// are ordered and do not overlap; see [Stretch.Split].
func (m Meter) Series(events iter.Seq2[Event, error], windows []calendar.Interval, groupBy ...string) ([]Series, error) {
	var v servicecoin.Violations
	v.Merge("meter", m.Validate())
	v.Merge("", ordered(windows))
	if !v.Limit("groupBy", len(groupBy), MaxDimensions) {
		return nil, v.Err()
	}
	for i, name := range groupBy {
		if !slices.Contains(m.GroupBy, name) {
			v.Add(fmt.Sprintf("groupBy[%d]", i), "unknown", name, "is no dimension that the meter groups by")
		}
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	g := groups{meter: m, windows: windowsOf{list: windows}, by: groupBy, rows: map[string]*group{}}
	if len(groupBy) == 0 {
		g.rows[""] = &group{cells: make([]cell, len(windows))}
	}
	for e, err := range events {
		if err != nil {
			return nil, err
		}
		if err := g.add(e); err != nil {
			return nil, err
		}
	}
	return g.series(), nil
}

// groups gathers the cells of a question.
type groups struct {
	meter   Meter
	windows windowsOf
	by      []string
	rows    map[string]*group
	name    []byte // of the group at hand
	last    *group // the group of the event before
}

type group struct {
	name   string
	values []string
	cells  []cell
}

func (g *groups) add(e Event) error {
	if e.Type != g.meter.Type {
		return nil
	}
	at := g.windows.at(e.Time)
	if at < 0 {
		return nil
	}
	row, err := g.row(e)
	if err != nil {
		return err
	}
	if exp := e.Value.Decimal.Exponent(); e.Value.Valid && (exp < -MaxPlaces || exp > MaxDigits) {
		var v servicecoin.Violations
		v.Number("value", e.Value.Decimal, MaxDigits, MaxPlaces)
		return fmt.Errorf("event %v: %w", e.Key(), v.Err())
	}
	row.cells[at].add(g.meter, e)
	return nil
}

// row returns the group that an event belongs to. Values have no control
// characters, so one can part them.
func (g *groups) row(e Event) (*group, error) {
	g.name = g.name[:0]
	for _, name := range g.by {
		g.name = append(append(g.name, e.Dimension(name)...), 0)
	}
	if g.last != nil && g.last.name == string(g.name) {
		return g.last, nil
	}
	row := g.rows[string(g.name)]
	if row == nil {
		if n := (len(g.rows) + 1) * len(g.windows.list); n > MaxPoints {
			var v servicecoin.Violations
			v.Add("groupBy", "too-many", strconv.Itoa(n), fmt.Sprintf("makes more than %d points", MaxPoints))
			return nil, v.Err()
		}
		row = &group{name: string(g.name), values: make([]string, len(g.by)), cells: make([]cell, len(g.windows.list))}
		for i, name := range g.by {
			row.values[i] = e.Dimension(name)
		}
		g.rows[row.name] = row
	}
	g.last = row
	return row, nil
}

func (g *groups) series() []Series {
	list := make([]Series, 0, len(g.rows))
	for _, row := range g.rows {
		s := Series{Group: row.values, Points: make([]Point, len(row.cells))}
		for i := range row.cells {
			s.Points[i] = Point{Interval: g.windows.list[i], Value: row.cells[i].value(g.meter), Events: row.cells[i].events}
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Series) int { return slices.Compare(a.Group, b.Group) })
	return list
}

// cell is one window of one group.
type cell struct {
	events int64
	sum    total
	max    largest
	seen   map[string]struct{}
}

func (c *cell) add(m Meter, e Event) {
	c.events++
	switch m.Aggregation {
	case Sum:
		if e.Value.Valid {
			c.sum.add(e.Value.Decimal)
		}
	case Max:
		if e.Value.Valid {
			c.max.add(e.Value.Decimal)
		}
	case Unique:
		text := e.Dimension(m.Distinct)
		if text == "" {
			return
		}
		if c.seen == nil {
			c.seen = map[string]struct{}{}
		}
		c.seen[text] = struct{}{}
	case Count:
	}
}

func (c *cell) value(m Meter) decimal.NullDecimal {
	value := servicecoin.Undefined()
	switch m.Aggregation {
	case Count:
		if c.events > 0 {
			value = servicecoin.Some(decimal.NewFromInt(c.events))
		}
	case Sum:
		value = c.sum.value()
	case Max:
		value = c.max.value()
	case Unique:
		if len(c.seen) > 0 {
			value = servicecoin.Some(decimal.NewFromInt(int64(len(c.seen))))
		}
	}
	if !value.Valid && m.EmptyIsZero {
		return servicecoin.Some(decimal.Zero)
	}
	return value
}
