package cost

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
)

// Details tells more of what the customer used than a quantity. A [Usage] that tells
// it, as a metering.Ledger does, serves prices with windows, and those of groups, buckets,
// events and peaks.
type Details interface {
	// UsageIn returns what a meter says in windows: a series for each group.
	UsageIn(ctx context.Context, id metering.MeterID, windows []calendar.Interval, groupBy ...string) ([]metering.Series, error)
	// Events yields the events behind a figure, those of a group alone where there is one.
	Events(ctx context.Context, id metering.MeterID, during calendar.Interval, group map[string]string) iter.Seq2[metering.Event, error]
}

var _ Details = (*metering.Ledger)(nil)

// mostEvents is how many events a statement keeps of an item whose price asks for each
// of them.
const mostEvents = 2000

// reader reads what the price of an item asks for.
type reader struct {
	details Details
	item    Item
	zone    *time.Location
}

// asksMore reports whether a price asks for more than a quantity.
func asksMore(p rating.Price, r *Reads) bool {
	if len(p.Windows) > 0 || p.Each != rating.EachWhole {
		return true
	}
	switch p.Model {
	case rating.Matrix, rating.GraduatedProrated:
		return true
	case rating.Percentage:
		return eachEvent(p)
	case rating.Dynamic:
		return r != nil && r.Amounts != ""
	case rating.Capacity:
		return r != nil && len(r.Peaks) > 0
	case rating.Flat, rating.PerUnit, rating.Graduated, rating.Volume, rating.Package, rating.GraduatedPercentage:
	}
	return false
}

// eachEvent reports a percentage that asks for each event.
func eachEvent(p rating.Price) bool {
	s := p.Share
	return s != nil && (s.FreeEvents > 0 || !s.PerEvent.IsZero() || s.Least.Valid || s.Most.Valid)
}

// read returns what a price is applied to in a stretch of time.
func (r reader) read(ctx context.Context, p rating.Price, during calendar.Interval) (*Read, error) {
	read := &Read{Period: during}
	if len(p.Windows) == 0 {
		var err error
		read.Usage, err = r.usage(ctx, p, during)
		return read, err
	}
	if err := r.adds(ctx); err != nil {
		return nil, err
	}
	stretches, err := StretchesOf(p, during)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	uses, err := r.stretches(ctx, p, stretches)
	if err != nil {
		return nil, err
	}
	for i, s := range stretches {
		n, is := at[s.Window]
		if !is {
			n = len(read.Windows)
			at[s.Window] = n
			read.Windows = append(read.Windows, WindowRead{Window: s.Window, At: s.Start})
		}
		w := &read.Windows[n]
		w.Stretches++
		w.Usage = w.Usage.And(uses[i])
	}
	return read, nil
}

// StretchesOf returns the stretches of a period in which one window of a price holds,
// "" for the price itself: what was used in each is charged at it.
func StretchesOf(p rating.Price, during calendar.Interval) ([]rating.Stretch, error) {
	t, err := rating.CompileDuring(p, during)
	if err != nil {
		return nil, err
	}
	return t.Stretches(during)
}

// stretches reads what was used in each stretch: all at once where a quantity is enough.
func (r reader) stretches(ctx context.Context, p rating.Price, stretches []rating.Stretch) ([]rating.Usage, error) {
	uses := make([]rating.Usage, len(stretches))
	simple := make([]calendar.Interval, 0, len(stretches))
	places := make([]int, 0, len(stretches))
	for i, s := range stretches {
		if own := windowPrice(p, s.Window); asksMore(own, r.item.Reads) {
			u, err := r.usage(ctx, own, s.Interval)
			if err != nil {
				return nil, err
			}
			uses[i] = u
			continue
		}
		simple, places = append(simple, s.Interval), append(places, i)
	}
	const most = metering.MaxWindows
	for some := range slices.Chunk(simple, most) {
		series, err := r.details.UsageIn(ctx, r.item.Meter, some)
		if err != nil {
			return nil, err
		}
		if len(series) == 0 || len(series[0].Points) != len(some) {
			return nil, errors.New("the host's usage does not tell each window that it was asked for")
		}
		for i, point := range series[0].Points {
			uses[places[i]].Quantity = point.Value.Decimal // 0 where there is none
		}
		places = places[len(some):]
	}
	return uses, nil
}

// usage reads what a price without windows asks for.
func (r reader) usage(ctx context.Context, p rating.Price, during calendar.Interval) (rating.Usage, error) {
	asked := r.item.Reads
	if asked == nil {
		asked = &Reads{}
	}
	switch {
	case p.Model == rating.Matrix:
		return r.groups(ctx, dimensionsOf(p), during, true)
	case p.Each == rating.EachGroup && len(asked.GroupBy) == 0:
		return rating.Usage{}, r.missing("groupBy", "must name the dimensions that the price has for each group")
	case p.Each == rating.EachGroup:
		return r.groups(ctx, asked.GroupBy, during, false)
	case p.Each == rating.EachBucket && asked.Bucket == metering.Whole:
		return rating.Usage{}, r.missing("bucket", "must be the length of time that the price is for")
	case p.Each == rating.EachBucket:
		return r.buckets(ctx, asked.Bucket, during)
	case p.Model == rating.GraduatedProrated, p.Model == rating.Percentage && eachEvent(p):
		return r.events(ctx, p, during)
	}
	quantity, err := r.quantity(ctx, r.item.Meter, during)
	u := rating.Usage{Quantity: quantity}
	if err != nil {
		return u, err
	}
	if p.Model == rating.Dynamic && asked.Amounts != "" {
		amount, err := r.quantity(ctx, asked.Amounts, during)
		u.Amount = servicecoin.Some(amount)
		return u, err
	}
	if p.Model == rating.Capacity && len(asked.Peaks) > 0 {
		u.Peaks = make(map[string]decimal.Decimal, len(asked.Peaks))
		for _, unit := range slices.Sorted(maps.Keys(asked.Peaks)) {
			if u.Peaks[unit], err = r.quantity(ctx, asked.Peaks[unit], during); err != nil {
				return u, err
			}
		}
	}
	return u, nil
}

func (r reader) missing(field, rule string) error {
	var v servicecoin.Violations
	v.Add("reads."+field, "required", "", rule)
	return v.Err()
}

func (r reader) quantity(ctx context.Context, id metering.MeterID, during calendar.Interval) (decimal.Decimal, error) {
	series, err := r.details.UsageIn(ctx, id, []calendar.Interval{during})
	if err != nil || len(series) == 0 || len(series[0].Points) == 0 {
		return decimal.Zero, err
	}
	return series[0].Points[0].Value.Decimal, nil
}

// dimensionsOf returns the dimensions of the rows of a matrix, in order.
func dimensionsOf(p rating.Price) []string {
	all := map[string]bool{}
	for _, row := range p.Rows {
		for name := range row.Where {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// groups reads the quantities of groups.
func (r reader) groups(ctx context.Context, by []string, during calendar.Interval, matrix bool) (rating.Usage, error) {
	series, err := r.details.UsageIn(ctx, r.item.Meter, []calendar.Interval{during}, by...)
	if err != nil {
		return rating.Usage{}, err
	}
	u := rating.Usage{}
	for _, s := range series {
		if len(s.Points) == 0 || !s.Points[0].Value.Valid {
			continue
		}
		part := rating.Part{Usage: rating.Usage{Quantity: s.Points[0].Value.Decimal}}
		words := make([]string, len(by))
		for i, name := range by {
			value := "" // an event has none
			if i < len(s.Group) {
				value = s.Group[i]
			}
			words[i] = name + " " + value
			if value == "" {
				words[i] = "no " + name
				continue
			}
			if matrix {
				if part.Dimensions == nil {
					part.Dimensions = map[string]string{}
				}
				part.Dimensions[name] = value
			}
		}
		part.Name = strings.Join(words, ", ")
		u.Parts = append(u.Parts, part)
	}
	return u, nil
}

// buckets reads the quantities of stretches of equal length in which something was used.
func (r reader) buckets(ctx context.Context, length metering.Stretch, during calendar.Interval) (rating.Usage, error) {
	windows, err := length.Split(during, r.zone) // of the zone that was charged by, whatever the customer's is now
	if err != nil {
		return rating.Usage{}, err
	}
	series, err := r.details.UsageIn(ctx, r.item.Meter, windows)
	if err != nil || len(series) == 0 {
		return rating.Usage{}, err
	}
	u := rating.Usage{}
	for _, point := range series[0].Points {
		if point.Value.Valid && point.Events > 0 {
			name := point.Start.In(r.zone).Format("2006-01-02T15:04Z07:00")
			u.Parts = append(u.Parts, rating.Part{Name: name, Usage: rating.Usage{Quantity: point.Value.Decimal}})
		}
	}
	return u, nil
}

// events reads the values of each event.
func (r reader) events(ctx context.Context, p rating.Price, during calendar.Interval) (rating.Usage, error) {
	meter, err := r.meter(ctx)
	if err != nil {
		return rating.Usage{}, err
	}
	u := rating.Usage{}
	for e, err := range r.details.Events(ctx, r.item.Meter, during, nil) {
		if err != nil {
			return u, err
		}
		value := e.Amount(meter.Field)
		if !value.Valid {
			continue
		}
		if len(u.Events) == mostEvents {
			var v servicecoin.Violations
			v.Add("usage.events", "too-many", "", fmt.Sprintf("must be %d at most: the price asks for each of them", mostEvents))
			return u, v.Err()
		}
		one := rating.Event{Value: value.Decimal}
		if p.Model == rating.GraduatedProrated {
			of := rating.DaysOf(during, r.zone)
			left, err := of.Left(calendar.DateOf(e.Time, r.zone))
			if err != nil {
				return u, err
			}
			const places = 18
			prorated, err := left.Of(value.Decimal, places, "half-away-from-zero")
			if err != nil {
				return u, err
			}
			one.Prorated = servicecoin.Some(prorated)
		}
		u.Events = append(u.Events, one)
	}
	return u, nil
}

// adds refuses a meter whose figures of several windows make none together: a maximum, a
// unique count, a level.
func (r reader) adds(ctx context.Context) error {
	of, is := r.details.(Usage)
	if !is {
		return nil
	}
	m, err := of.Meter(ctx, r.item.Meter)
	if err != nil {
		return err
	}
	return mayHaveWindows(m)
}

func mayHaveWindows(m metering.Meter) error {
	var v servicecoin.Violations
	if m.Aggregation != metering.Sum && m.Aggregation != metering.Count && m.Aggregation != metering.Product {
		v.Add("meter", "contradiction", string(m.ID), "must be a count, a sum or a product: the price has windows, and "+string(m.Aggregation)+" of several times makes no figure together")
	}
	return v.Err()
}

// meter returns the definition of the item's meter, whose events have the values that are
// priced.
func (r reader) meter(ctx context.Context) (metering.Meter, error) {
	of, is := r.details.(Usage)
	if !is {
		return metering.Meter{}, nil
	}
	m, err := of.Meter(ctx, r.item.Meter)
	if err == nil && (m.Convert != nil || m.Round != nil || m.Aggregation != metering.Sum) {
		var v servicecoin.Violations
		v.Add("meter", "contradiction", string(m.ID), "must be a sum, without conversion or rounding: the price asks for each event")
		return m, v.Err()
	}
	return m, err
}
