package metering

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Measurement asks what a meter says.
type Measurement struct {
	Meter Meter
	// Customers are those asked about, each once; nil: all that the store has.
	Customers []servicecoin.CustomerID
	Windows   []calendar.Interval // in order, none overlapping the next; see [Stretch.Split]
	GroupBy   []string            // of the dimensions that the meter groups by
	// KnownBefore asks for what was known then. Zero: everything.
	KnownBefore time.Time
	// Now is up to when an open interval runs. Zero: to the end of each window.
	Now time.Time
	// Zone is that of the inner windows of a percentile. nil: UTC.
	Zone *time.Location
}

// Validate reports every violation of the measurement.
func (m Measurement) Validate() error {
	var v servicecoin.Violations
	for i, c := range m.Customers {
		v.ID("customers", string(c))
		if i > 0 && slices.Contains(m.Customers[:i], c) {
			v.Add("customers", "duplicate", string(c), "stands there twice")
		}
	}
	v.Merge("meter", m.Meter.Validate())
	v.Merge("", ordered(m.Windows))
	if !v.Limit("groupBy", len(m.GroupBy), MaxDimensions) {
		return v.Err()
	}
	eachOf(&v, "groupBy", m.GroupBy, func(v *servicecoin.Violations, name string) {
		if !slices.Contains(m.Meter.GroupBy, name) {
			v.Add("", "unknown", name, "is no dimension that the meter groups by")
		}
	})
	if !m.KnownBefore.IsZero() {
		v.Time("knownBefore", m.KnownBefore)
	}
	return v.Err()
}

// Measured is what a meter says of customers, in windows and groups.
type Measured struct {
	Customers []servicecoin.CustomerID
	Groups    [][]string // the values of the dimensions asked for, "" where an event has none; one without any if none were asked for
	Windows   []calendar.Interval
	// Cells are those that have an event, by customer, group and window, as they
	// stand in the lists above.
	Cells []Cell
}

// Cell is one window of a group of a customer.
type Cell struct {
	Customer, Group, Window int32 // the places in the lists of [Measured]

	Events int64 // how many events there were
	amount amount
}

// Value returns what the meter says: null where there was no event with a value.
func (c *Cell) Value() decimal.NullDecimal { return c.amount.value() }

// Measure makes one customer's quantities of its events: a series for each group that has an
// event in a window, or a level or something standing that is not 0, ordered by group, or
// exactly one without groups. Events come in any order, as they stand; those of another
// type, or that a filter leaves out, or of no window, are passed over. But what began before
// a window counts in it where the meter looks back: an interval of which a part lies in the
// window, a level that was set before, what came and still stands. So hand in what is
// earlier, too.
//
// Of the measurement it reads Windows, GroupBy, Now and Zone. The meter is the receiver.
func (m Meter) Measure(events iter.Seq2[Event, error], q Measurement) ([]Series, error) {
	a, err := m.ask(q)
	if err != nil {
		return nil, err
	}
	for e, err := range events {
		if err != nil {
			return nil, err
		}
		if err := a.add(&e); err != nil {
			return nil, err
		}
	}
	return a.series(), nil
}

// MeasureScan is a Measure that reads the events one by one: what every other Measure
// is compared with, and how a store answers that keeps no totals. Customers are all
// that the store has, for a measurement of everybody.
func MeasureScan(ctx context.Context, s EventStore, m Measurement, customers []servicecoin.CustomerID) (*Measured, error) {
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if m.Customers != nil {
		customers = m.Customers
	}
	return measured(m, customers, func(c servicecoin.CustomerID) ([]Series, error) {
		var during calendar.Interval
		if n := len(m.Windows); n > 0 {
			during = calendar.Between(m.Windows[0].Start, m.Windows[n-1].End)
		}
		if m.Meter.looksBack() {
			during.Start = time.Time{}.Add(time.Microsecond) // the zero time is none
		}
		return m.Meter.Measure(s.Scan(ctx, Query{Customer: c, Type: m.Meter.Type, During: during, KnownBefore: m.KnownBefore}), m)
	})
}

// measured gathers the series of customers.
func measured(m Measurement, customers []servicecoin.CustomerID, of func(servicecoin.CustomerID) ([]Series, error)) (*Measured, error) {
	done := &Measured{Customers: slices.Sorted(slices.Values(customers)), Windows: m.Windows}
	if len(m.GroupBy) == 0 {
		done.Groups = [][]string{nil}
	}
	all := make([][]Series, len(done.Customers))
	for i, c := range done.Customers {
		var err error
		if all[i], err = of(c); err != nil {
			return nil, err
		}
		for _, s := range all[i] {
			if _, there := slices.BinarySearchFunc(done.Groups, s.Group, slices.Compare); !there {
				done.Groups = append(done.Groups, s.Group)
				slices.SortFunc(done.Groups, slices.Compare)
			}
		}
	}
	for i, series := range all {
		for _, s := range series {
			group, _ := slices.BinarySearchFunc(done.Groups, s.Group, slices.Compare)
			for w, p := range s.Points {
				if p.Events == 0 && !p.Value.Valid {
					continue
				}
				done.Cells = append(done.Cells, Cell{Customer: int32(i), Group: int32(group), Window: int32(w), Events: p.Events, amount: exactly(p.Value)}) //nolint:gosec // G115: of lists
			}
		}
	}
	return done, nil
}

// Series returns what was measured of a customer as [Meter.Measure] does.
func (d *Measured) Series(m Meter, customer servicecoin.CustomerID) []Series {
	at, there := slices.BinarySearch(d.Customers, customer)
	groups := len(d.Groups) != 1 || len(d.Groups[0]) > 0
	var list []Series
	group := int32(-1)
	start := func(g []string) {
		s := Series{Group: g, Points: make([]Point, len(d.Windows))}
		for i, w := range d.Windows {
			s.Points[i] = Point{Interval: w, Value: m.nothing()}
		}
		list = append(list, s)
	}
	if !groups {
		start(nil)
		group = 0
	}
	if !there {
		return list
	}
	from, _ := slices.BinarySearchFunc(d.Cells, int32(at), func(c Cell, at int32) int { return int(c.Customer - at) }) //nolint:gosec // G115: of a list
	for i := from; i < len(d.Cells) && int(d.Cells[i].Customer) == at; i++ {
		c := &d.Cells[i]
		if c.Group != group {
			group = c.Group
			start(d.Groups[group])
		}
		p := &list[len(list)-1].Points[c.Window]
		if p.Events = c.Events; c.amount.there() {
			p.Value = c.Value()
		}
	}
	return list
}
