package metering_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/internal/limittest"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// aggregations are all of them.
func aggregations() []metering.Aggregation {
	return []metering.Aggregation{
		metering.Count, metering.Sum, metering.Min, metering.Max, metering.Average, metering.Unique,
		metering.Latest, metering.TimeWeighted, metering.Percentile, metering.Product,
	}
}

// sound is a meter of an aggregation with what that one needs.
func sound(a metering.Aggregation) metering.Meter {
	m := meter(a)
	switch a {
	case metering.Percentile:
		m.Percent = some("95")
	case metering.Product:
		m.Times = "size"
	}
	return m
}

func TestMetersOfAllKindsAreValid(t *testing.T) {
	t.Parallel()
	for _, a := range aggregations() {
		require.NoError(t, sound(a).Validate(), a)
	}
	m := sound(metering.Percentile)
	m.Sampled, m.SampledBy, m.EmptySamples, m.Field = metering.Hourly, metering.Sum, metering.EmptyAsZero, metering.Seconds
	m.Filters = []metering.Filter{{Dimension: "region", Values: []string{"eu", ""}}, {Dimension: "region", Values: []string{"us"}, Not: true}}
	m.Convert, m.Round = &metering.Conversion{Divide: some("1000")}, &metering.Rounding{Mode: money.Up, Places: 3}
	require.NoError(t, m.Validate())
}

func TestMeterSaysEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	filter := metering.Filter{Dimension: "a", Values: []string{"x"}}
	for name, c := range map[string]struct {
		of     metering.Aggregation
		change func(*metering.Meter)
		want   []string
	}{
		"what is for others": {metering.Sum, func(m *metering.Meter) {
			m.Times, m.Distinct, m.Level, m.Percent, m.Sampled, m.SampledBy, m.EmptySamples, m.Removes = "size", "user", "rises", some("50"), "fortnight", "mode", "one", new(metering.Filter)
		}, []string{"times", "distinct", "removes", "removes.dimension", "removes.values", "level", "level", "percent", "sampled", "sampled", "sampledBy", "emptySamples"}},
		"samples without windows": {metering.Percentile, func(m *metering.Meter) { m.SampledBy, m.EmptySamples = metering.Max, metering.EmptyAsZero }, []string{"sampledBy", "emptySamples"}},
		"samples of what has no such": {metering.Percentile, func(m *metering.Meter) {
			m.Sampled, m.SampledBy = metering.Hourly, metering.Percentile
		}, []string{"sampledBy"}},
		"no percentile":           {metering.Percentile, func(m *metering.Meter) { m.Percent.Valid = false }, []string{"percent"}},
		"percentile of nothing":   {metering.Percentile, func(m *metering.Meter) { m.Percent = some("0") }, []string{"percent"}},
		"percentile of too much":  {metering.Percentile, func(m *metering.Meter) { m.Percent = some("100.1") }, []string{"percent"}},
		"a value that is counted": {metering.Count, func(m *metering.Meter) { m.Field = "size" }, []string{"field"}},
		"a value that is sampled by count": {metering.Percentile, func(m *metering.Meter) {
			m.Field, m.Sampled, m.SampledBy = "size", metering.Hourly, metering.Count
		}, []string{"field"}},
		"a length as a level": {metering.TimeWeighted, func(m *metering.Meter) { m.Field = metering.Seconds }, []string{"field"}},
		"squared":             {metering.Product, func(m *metering.Meter) { m.Field = "size" }, []string{"times"}},
		"filters": {metering.Count, func(m *metering.Meter) {
			m.Filters = []metering.Filter{filter, filter, {Dimension: "", Values: nil}, {Dimension: "b", Values: []string{"x", "\x00", "x"}}}
		}, []string{"filters[1].dimension", "filters[2].dimension", "filters[2].values", "filters[3].values[1]", "filters[3].values[2]"}},
		"a large filter": {metering.Count, func(m *metering.Meter) {
			large := metering.Filter{Dimension: "a"}
			for i := range 5 {
				large.Values = append(large.Values, strings.Repeat(strconv.Itoa(i), metering.MaxDimensionBytes))
			}
			m.Filters = []metering.Filter{large}
		}, []string{"filters[0].values"}},
		"a conversion": {metering.Sum, func(m *metering.Meter) {
			m.Convert = &metering.Conversion{Multiply: some("-1"), Divide: some("0"), Flag: "maybe"}
			m.Round = &metering.Rounding{Mode: "nearest", Places: 31}
		}, []string{"convert.multiply", "convert.divide", "convert.flag", "round.mode", "round.places"}},
		"versions": {metering.Sum, func(m *metering.Meter) { m.Version, m.From = -1, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, []string{"version", "from"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := sound(c.of)
			c.change(&m)
			invalid, ok := errors.AsType[*servicecoin.InvalidError](m.Validate())
			require.True(t, ok)
			var paths []string
			for _, v := range invalid.Violations {
				paths = append(paths, v.Path)
			}
			require.ElementsMatch(t, c.want, paths, invalid)
		})
	}
}

// Of no values there is no smallest, and a host cannot say that it is 0.
func TestNothingIsZeroWhereThatIsSense(t *testing.T) {
	t.Parallel()
	undefined := map[metering.Aggregation]bool{metering.Min: true, metering.Max: true, metering.Average: true, metering.Latest: true, metering.Percentile: true}
	for _, a := range aggregations() {
		m := sound(a)
		m.EmptyIsZero = true
		if undefined[a] {
			require.ErrorContains(t, m.Validate(), "emptyIsZero", a)
			continue
		}
		require.NoError(t, m.Validate(), a)
	}
}

func TestHugeNumbersOfMetersAreRefused(t *testing.T) {
	t.Parallel()
	for _, d := range limittest.HugeNumbers() {
		limittest.AtOnce(t, func() {
			m := sound(metering.Percentile)
			m.Percent = servicecoin.Some(d)
			m.Convert = &metering.Conversion{Multiply: m.Percent, Divide: m.Percent, Add: m.Percent}
			for _, want := range []string{"percent", "convert.multiply", "convert.divide", "convert.add"} {
				require.ErrorContains(t, m.Validate(), want)
			}
			p := sound(metering.Product)
			e := used(0, some("1"))
			e.Fields = metering.Fields{{Name: "size", Value: d}}
			_, err := p.Series(each(e), nil)
			require.NoError(t, err, "it is in no window")
			windows, err := metering.Hourly.Split(hours(1), nil)
			require.NoError(t, err)
			_, err = p.Series(each(e), windows)
			require.ErrorContains(t, err, "fields.size")
		})
	}
}

func TestMetersAreRevised(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	first, err := w.meters.Get(ctx, "hours")
	require.NoError(t, err)
	require.Equal(t, 1, first.Version)
	second := first
	second.Round = &metering.Rounding{Mode: money.Up}
	second, err = w.meters.Revise(ctx, ada, second, at(10, 0))
	require.NoError(t, err)
	require.Equal(t, 2, second.Version)
	require.Equal(t, at(10, 0), second.From)
	again, err := w.meters.Revise(ctx, ada, second, at(10, 0))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(second, again))
	third := second
	third.Filters = []metering.Filter{{Dimension: "region", Values: []string{"eu"}}}
	third, err = w.meters.Revise(ctx, ada, third, at(20, 0))
	require.NoError(t, err)

	all := []metering.Meter{first, second, third}
	list, err := w.meters.Versions(ctx, "hours")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(all, list))
	for at, want := range map[time.Time]int{
		time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC): 1, at(10, 0).Add(-time.Microsecond): 1, at(10, 0): 2,
		at(20, 0).Add(-time.Microsecond): 2, at(20, 0): 3, at(30, 0).AddDate(50, 0, 0): 3,
	} {
		got, err := w.meters.At(ctx, "hours", at)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(all[want-1], got), at)
	}
	newest, err := w.meters.Get(ctx, "hours")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(third, newest))
	list, err = w.meters.Versions(ctx, "starts")
	require.NoError(t, err)
	require.Len(t, list, 1)
	n := 0
	for range w.meters.List().All(ctx) {
		n++
	}
	require.Equal(t, 3, n, "each once")
}

func TestRevisionsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	m, err := w.meters.Get(ctx, "hours")
	require.NoError(t, err)
	m.Name = "Hours of machines"
	m, err = w.meters.Revise(ctx, ada, m, at(10, 0))
	require.NoError(t, err)
	other := m
	other.Unit, other.Type, other.Aggregation = "days", "vm.stopped", metering.Max
	_, err = w.meters.Revise(ctx, ada, other, at(10, 0))
	for _, want := range []string{"unit", "type", "aggregation", "from"} {
		require.ErrorContains(t, err, want)
	}
	_, err = w.meters.Revise(ctx, ada, metering.Meter{ID: "hours"}, time.Time{})
	for _, want := range []string{"name", "from"} {
		require.ErrorContains(t, err, want)
	}
	other = m
	other.ID = "colour"
	_, err = w.meters.Revise(ctx, ada, other, at(11, 0))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = w.meters.At(ctx, "colour", at(11, 0))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = w.meters.Versions(ctx, "colour")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	require.ErrorContains(t, w.meters.Define(ctx, ada, m), "the first version holds from the beginning")
	require.ErrorContains(t, w.meters.Define(ctx, ada, m), "the first is 1")
	forbidden := store.New(memory.New(), &store.Options{Authorize: func(context.Context, servicecoin.Attempt) error { return servicecoin.ErrForbidden }})
	_, err = metering.NewMeters(forbidden.For(servicecoin.Provider)).Revise(ctx, ada, m, at(12, 0))
	require.ErrorIs(t, err, servicecoin.ErrForbidden)
	list, err := w.meters.Versions(ctx, "hours")
	require.NoError(t, err)
	require.Len(t, list, 2)
}

// A meter of the time before there were versions is the first one.
func TestAnOldMeterIsTheFirstVersion(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := store.New(memory.New(), nil)
	old := store.Kind[json.RawMessage]{
		Name: metering.MeterRecord, House: house.Own(), ID: func(json.RawMessage) string { return "hours" },
	}
	body := json.RawMessage(`{"id":"hours","name":"Hours","type":"vm.ran","aggregation":"sum","unit":"hours","groupBy":["region"]}`)
	require.NoError(t, store.Of(s.For(servicecoin.Provider), old).Insert(ctx, body))
	meters := metering.NewMeters(s.For(servicecoin.Provider))
	m, err := meters.Get(ctx, "hours")
	require.NoError(t, err)
	want := metering.Meter{ID: "hours", Name: "Hours", Type: "vm.ran", Aggregation: metering.Sum, Unit: "hours", GroupBy: []string{"region"}, Version: 1}
	require.Empty(t, cmp.Diff(want, m))
	m.Name = "Hours of machines"
	m, err = meters.Revise(ctx, ada, m, at(10, 0))
	require.NoError(t, err)
	list, err := meters.Versions(ctx, "hours")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]metering.Meter{want, m}, list))
	n, err := metering.Reindex(ctx, s)
	require.NoError(t, err)
	require.Zero(t, n, "revising has rewritten it")
}
