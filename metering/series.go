package metering

import (
	"fmt"
	"iter"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Point is the quantity of one window.
type Point struct {
	calendar.Interval

	Value decimal.NullDecimal `json:"value"` // null: there was no event with one
	// Events is how many events there were: those that began in the window, of a sum,
	// a product and a level also the intervals of which a part lies in it.
	Events int64 `json:"events"`
}

// Series is usage over time, of one group.
type Series struct {
	Group  []string `json:"group,omitempty"` // the values of the dimensions asked for, in their order; "" where an event has none
	Points []Point  `json:"points"`          // one for each window, in order
}

// MaxPoints is how many points one question may have in all its series, and how many
// inner windows a percentile.
const MaxPoints = 250_000

// Series makes series of events, in whatever order they come: [Meter.Measure] in
// short, where open intervals run to the end of each window.
func (m Meter) Series(events iter.Seq2[Event, error], windows []calendar.Interval, groupBy ...string) ([]Series, error) {
	return m.Measure(events, Measurement{Windows: windows, GroupBy: groupBy})
}

// question is what a meter is asked, once it is known to be a valid one.
type question struct {
	meter   rule
	by      []string
	given   []calendar.Interval
	windows grid
	inner   grid  // the windows of the samples of a percentile
	firsts  []int // of each window the first inner one; one more at the end
	now     int64 // up to when what is open runs; forever if nobody says so

	groups groups
}

// ask checks a measurement, and makes a question of it.
func (m Meter) ask(q Measurement) (*question, error) {
	var v servicecoin.Violations
	v.Merge("meter", m.Validate())
	if v.Limit("windows", len(q.Windows), MaxWindows) {
		v.Merge("", ordered(q.Windows))
	}
	if v.Limit("groupBy", len(q.GroupBy), MaxDimensions) {
		for i, name := range q.GroupBy {
			if !slices.Contains(m.GroupBy, name) {
				v.Add(fmt.Sprintf("groupBy[%d]", i), "unknown", name, "is no dimension that the meter groups by")
			}
		}
	}
	if !q.Now.IsZero() {
		v.Time("now", q.Now)
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	a := &question{meter: rule{m}, by: q.GroupBy, given: q.Windows, windows: gridOf(q.Windows), now: forever}
	if !q.Now.IsZero() {
		a.now = q.Now.UnixMicro()
	}
	if err := a.sample(q); err != nil {
		return nil, err
	}
	a.groups = groups{by: q.GroupBy, points: len(q.Windows), rows: map[string]*group{}}
	if len(q.GroupBy) == 0 {
		a.groups.rows[""] = new(group)
	}
	return a, nil
}

// sample makes the inner windows.
func (a *question) sample(q Measurement) error {
	if a.meter.Sampled == Whole {
		return nil
	}
	var all []calendar.Interval
	for _, w := range q.Windows {
		inner, err := a.meter.Sampled.Split(w, q.Zone)
		if err != nil {
			return err
		}
		a.firsts = append(a.firsts, len(all))
		if all = append(all, inner...); len(all) > MaxPoints {
			var v servicecoin.Violations
			v.Add("windows", "too-many", "", fmt.Sprintf("have more than %d inner windows", MaxPoints))
			return v.Err()
		}
	}
	a.firsts = append(a.firsts, len(all))
	a.inner = gridOf(all)
	return nil
}

// series returns the answer, by group.
func (a *question) series() []Series {
	list := make([]Series, 0, len(a.groups.rows))
	for _, row := range a.groups.rows {
		s := Series{Group: row.values, Points: make([]Point, len(a.given))}
		bare := len(a.by) > 0 // no event, and nothing left of what was before
		for i, q := range a.quantities(row) {
			p := &s.Points[i]
			*p = Point{Interval: a.given[i], Value: a.meter.figure(q), Events: row.events(i)}
			bare = bare && p.Events == 0 && (!q.some || q.num.IsZero())
		}
		if !bare {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b Series) int { return slices.Compare(a.Group, b.Group) })
	return list
}

// quantities returns what the cells of a group come to, by window.
func (a *question) quantities(row *group) []quantity {
	list := make([]quantity, len(a.given))
	switch {
	case a.meter.chained():
		before := row.chains[0]
		if before == nil {
			before = a.chain(0)
		}
		before.join(nil)
		for at := 1; at < 2*len(list); at++ {
			window := at%2 == 1
			c := row.chains[at]
			if c == nil {
				if !window {
					continue
				}
				c = a.chain(at)
			}
			if c.join(before); window {
				list[at/2] = c.value()
			}
			before = c
		}
	case a.meter.Sampled != Whole:
		for i := range list {
			list[i] = a.percentile(row, i)
		}
	default:
		for i, c := range row.cells {
			if c.cell != nil {
				list[i] = c.cell.value()
			}
		}
	}
	return list
}

// percentile is that of the samples of a window. An inner window that begins later than
// now is no empty one, and of a window without any sample there is none.
func (a *question) percentile(row *group, window int) quantity {
	rank := rankCell{percent: a.meter.Percent.Decimal}
	var empty int64
	for k := a.firsts[window]; k < a.firsts[window+1]; k++ {
		var q quantity
		if c := row.samples[k]; c != nil {
			q = c.value()
		}
		if q.some {
			rank.add(reading{value: numberOf(q.decimal()), has: true})
		} else if a.inner.spans[k].from < a.now {
			empty++
		}
	}
	if a.meter.EmptySamples != EmptyAsZero {
		empty = 0
	}
	return rank.ranked(empty)
}
