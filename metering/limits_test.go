package metering_test

import (
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering"
)

// Whatever somebody hands in, checking it takes little: 100,000 members of each
// list are refused for their number.
func TestLongListsAreRefused(t *testing.T) { //nolint:paralleltest // counts what is allocated
	const n = 100_000
	dimensions := map[string]string{}
	for i := range n {
		dimensions[fmt.Sprint("k", i)] = "\xff"
	}
	event := ran("1", at(10, 12), "1")
	event.Dimensions = metering.DimensionsOf(dimensions)
	meter := metering.Meter{ID: "m", Name: "M", Type: "t", Aggregation: metering.Count, Unit: "u"}
	grouped, names, batch := meter, slices.Repeat([]string{"x"}, n), make([]metering.Event, n)
	grouped.GroupBy = make([]string, n)
	for name, validate := range map[string]func() error{
		"dimensions": event.Validate,
		"groups":     grouped.Validate,
		"groups that are asked for": func() error {
			_, err := meter.Series(func(func(metering.Event, error) bool) {}, nil, names...)
			return err
		},
		"a batch": func() error { _, err := metering.NewMemoryStore().Append(t.Context(), batch); return err },
	} {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // counts what is allocated
			var err error
			bytes := limittest.Allocated(func() { err = validate() })
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.ErrorContains(t, err, "100000")
			require.Less(t, bytes, uint64(1<<20))
		})
	}
}

// Numbers whose digits would fill the memory are refused before anybody computes
// with them.
func TestHugeNumbersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, d := range limittest.HugeNumbers() {
		event, one := ran("1", at(10, 12), "1"), ran("1", at(10, 12), "1")
		event.Value = servicecoin.Some(d)
		meter := metering.Meter{ID: "m", Name: "M", Type: event.Type, Unit: "u"}
		limittest.AtOnce(t, func() {
			require.ErrorContains(t, event.Validate(), "value")
			require.False(t, event.Same(one))
			require.False(t, one.Same(event))
			require.True(t, event.Same(event))
			receipt, err := w.Record(t.Context(), collector, event)
			require.NoError(t, err)
			require.ErrorContains(t, receipt.Err(), "value")
			require.ErrorContains(t, metering.Quota{Limit: d}.Validate(), "limit")
			_, err = w.SetQuota(t.Context(), ada, metering.Quota{ID: "q", Meter: "hours", Mode: metering.Hard, Period: metering.Monthly, Limit: d})
			require.ErrorContains(t, err, "limit")
			_, err = w.Check(t.Context(), "hours", d, at(10, 12))
			require.ErrorContains(t, err, "amount")
			for _, meter.Aggregation = range []metering.Aggregation{metering.Sum, metering.Max} {
				_, err = meter.Series(eventsOf(one, event), []calendar.Interval{calendar.Between(at(1, 0), at(31, 0))})
				require.ErrorContains(t, err, "value")
			}
		})
	}
	require.True(t, ran("1", at(10, 12), "1000").Same(func() metering.Event {
		e := ran("1", at(10, 12), "0")
		e.Value = servicecoin.Some(decimal.New(1, 3))
		return e
	}()))
}

func eventsOf(list ...metering.Event) iter.Seq2[metering.Event, error] {
	return func(yield func(metering.Event, error) bool) {
		for _, e := range list {
			if !yield(e, nil) {
				return
			}
		}
	}
}
