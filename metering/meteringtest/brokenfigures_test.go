package meteringtest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/meteringtest"
)

// measures alters every measurement.
func measures(name string, change func(m *metering.Measurement)) brokenStore {
	return brokenStore{name: name, fault: func(d *double) {
		d.measure = func(ctx context.Context, s metering.EventStore, m metering.Measurement) (*metering.Measured, error) {
			change(&m)
			return s.Measure(ctx, m)
		}
	}}
}

// digests alters every query for a digest.
func digests(name string, change func(q *metering.Query)) brokenStore {
	return brokenStore{name: name, fault: func(d *double) {
		d.digest = func(ctx context.Context, s metering.EventStore, q metering.Query) (metering.Digest, error) {
			if q.Validate() == nil {
				change(&q)
			}
			return s.Digest(ctx, q)
		}
	}}
}

// measuresOn answers from a store beside it, which appended may fill with something else.
func measuresOn(name string, beside func() metering.EventStore, appended func(events []metering.Event) []metering.Event, forget bool) brokenStore {
	return brokenStore{name: name, fault: func(d *double) {
		totals := beside()
		d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
			if _, err := totals.Append(ctx, appended(events)); err != nil {
				return metering.Receipt{}, err
			}
			return s.Append(ctx, events)
		}
		d.measure = func(ctx context.Context, _ metering.EventStore, m metering.Measurement) (*metering.Measured, error) {
			return totals.Measure(ctx, m)
		}
		d.forget = func(ctx context.Context, s metering.EventStore, c servicecoin.CustomerID) error {
			if forget {
				if err := totals.Forget(ctx, c); err != nil {
					return err
				}
			}
			return s.Forget(ctx, c)
		}
	}}
}

// windowEnds counts an event at the end of a window in it.
func windowEnds() brokenStore {
	return measures("counts an event at a window's end in it", func(m *metering.Measurement) {
		m.Windows = slices.Clone(m.Windows)
		for i := range m.Windows {
			if w := &m.Windows[i]; i == len(m.Windows)-1 || m.Windows[i+1].Start.After(w.End) {
				w.End = w.End.Add(time.Microsecond)
			}
		}
	})
}

func withoutFacts(events []metering.Event) []metering.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e metering.Event) bool { return e.Does != metering.Happen })
}

// inTime leaves out what comes alone: after its day.
func inTime(events []metering.Event) []metering.Event {
	if len(events) == 1 {
		return nil
	}
	return events
}

func asPoints(events []metering.Event) []metering.Event {
	events = slices.Clone(events)
	for i := range events {
		events[i].End, events[i].Open = time.Time{}, false
	}
	return events
}

func rounded(events []metering.Event) []metering.Event {
	events = slices.Clone(events)
	for i := range events {
		events[i].Value.Decimal = events[i].Value.Decimal.Round(9)
	}
	return events
}

func brokenFigures() map[string]brokenStore {
	return map[string]brokenStore{
		"measure": measures("does not group", func(m *metering.Measurement) { m.GroupBy = nil }),
		"measure/every meter": measures("counts sizes, whatever is to be told apart", func(m *metering.Measurement) {
			if m.Meter.Distinct != "" {
				m.Meter.Distinct = "size"
			}
		}),
		"measure/windows": measures("answers whole days", func(m *metering.Measurement) {
			m.Windows = slices.Clone(m.Windows)
			for i, w := range m.Windows {
				if w.Start.Truncate(time.Hour).Equal(w.Start) {
					continue
				}
				m.Windows[i] = calendar.Between(w.Start.Truncate(time.Minute), w.End)
			}
		}),
		"measure/intervals":    measuresOn("counts an interval where it begins", meteringtest.NewModel, asPoints, true),
		"measure/facts":        measuresOn("keeps totals of what came, whatever facts say", meteringtest.NewModel, withoutFacts, true),
		"measure/known before": measures("answers from the totals of now", func(m *metering.Measurement) { m.KnownBefore = time.Time{} }),
		"measure/many alike":   measuresOn("keeps what a day came to, whatever comes late", meteringtest.NewModel, inTime, true),
		"measure/customers": measures("answers for everybody", func(m *metering.Measurement) {
			if !slices.Contains(m.Customers, "") {
				m.Customers = nil
			}
		}),
		"measure/exact":  measuresOn("keeps nine decimals in its totals", meteringtest.NewModel, rounded, true),
		"measure/forget": measuresOn("keeps the totals of who is forgotten", meteringtest.NewModel, func(e []metering.Event) []metering.Event { return e }, false),
		"measure/invalid": {name: "puts up with any measurement", fault: func(d *double) {
			d.measure = func(ctx context.Context, s metering.EventStore, m metering.Measurement) (*metering.Measured, error) {
				if done, err := s.Measure(ctx, m); !errors.Is(err, servicecoin.ErrInvalid) {
					return done, err
				}
				return &metering.Measured{}, nil
			}
		}},
		"digest": digests("digests whole days", func(q *metering.Query) { q.During.Start = q.During.Start.Truncate(24 * time.Hour) }),
		"digest/known before": digests("digests what stands now", func(q *metering.Query) {
			q.KnownBefore = time.Time{}
		}),
		"verify": {name: "counts twice what comes again", fault: func(d *double) {
			var mu sync.Mutex
			came := 0
			d.appends = func(ctx context.Context, s metering.EventStore, events []metering.Event) (metering.Receipt, error) {
				mu.Lock()
				defer mu.Unlock()
				came += len(events)
				return s.Append(ctx, events)
			}
			d.verify = func(_ context.Context, _ metering.EventStore, c servicecoin.CustomerID) ([]metering.Difference, error) {
				mu.Lock()
				defer mu.Unlock()
				if came == 0 {
					return nil, nil
				}
				return []metering.Difference{{Customer: c, What: "events", Kept: decimal.NewFromInt(int64(came)).String()}}, nil
			}
		}},
	}
}
