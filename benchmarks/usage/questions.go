package usage

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// Questions are those of the table, asked of a store.
type Questions struct {
	Store metering.EventStore
	w     *Workload
	whole []calendar.Interval
	days  []calendar.Interval
	hours []calendar.Interval
}

// Ask returns the questions of a store that has the workload.
func Ask(s metering.EventStore) (*Questions, error) {
	q := &Questions{Store: s, w: New(0), whole: []calendar.Interval{calendar.Between(Start(), End())}}
	var err error
	if q.days, err = metering.Daily.Split(q.whole[0], time.UTC); err != nil {
		return nil, err
	}
	q.hours, err = metering.Hourly.Split(q.whole[0], time.UTC)
	return q, err
}

func (q *Questions) measure(ctx context.Context, meter int, a metering.Aggregation, windows []calendar.Interval) (*metering.Measured, error) {
	return q.Store.Measure(ctx, metering.Measurement{Meter: q.w.Meter(meter, a), Windows: windows})
}

// A asks sum (with the count) and maximum by customer and meter.
func (q *Questions) A(ctx context.Context) ([]*metering.Measured, error) {
	var all []*metering.Measured
	for m := range Meters {
		for _, a := range []metering.Aggregation{metering.Sum, metering.Max} {
			d, err := q.measure(ctx, m, a, q.whole)
			if err != nil {
				return nil, err
			}
			all = append(all, d)
		}
	}
	return all, nil
}

// B asks the same by customer and day for one meter.
func (q *Questions) B(ctx context.Context, meter int) ([]*metering.Measured, error) {
	sums, err := q.measure(ctx, meter, metering.Sum, q.days)
	if err != nil {
		return nil, err
	}
	most, err := q.measure(ctx, meter, metering.Max, q.days)
	return []*metering.Measured{sums, most}, err
}

// C asks sums by customer, hour and region for one meter and two regions.
func (q *Questions) C(ctx context.Context, meter int) ([]*metering.Measured, error) {
	m := q.w.Meter(meter, metering.Sum)
	m.Filters = []metering.Filter{{Dimension: "region", Values: q.w.texts.regions[:2]}}
	d, err := q.Store.Measure(ctx, metering.Measurement{Meter: m, Windows: q.hours, GroupBy: []string{"region"}})
	return []*metering.Measured{d}, err
}

// D asks how many resources there are by customer and day for one meter.
func (q *Questions) D(ctx context.Context, meter int) ([]*metering.Measured, error) {
	d, err := q.measure(ctx, meter, metering.Unique, q.days)
	return []*metering.Measured{d}, err
}

// E asks sums of one customer and meter by hour and region.
func (q *Questions) E(ctx context.Context, meter, customer int) ([]*metering.Measured, error) {
	d, err := q.Store.Measure(ctx, metering.Measurement{
		Meter: q.w.Meter(meter, metering.Sum), Customers: []servicecoin.CustomerID{servicecoin.CustomerID(q.w.texts.customers[customer])},
		Windows: q.hours, GroupBy: []string{"region"},
	})
	return []*metering.Measured{d}, err
}

// Total asks one total of a customer, a meter and the month.
func (q *Questions) Total(ctx context.Context, meter, customer int) (*metering.Measured, error) {
	return q.Store.Measure(ctx, metering.Measurement{
		Meter: q.w.Meter(meter, metering.Sum), Customers: []servicecoin.CustomerID{servicecoin.CustomerID(q.w.texts.customers[customer])}, Windows: q.whole,
	})
}
