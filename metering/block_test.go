package metering_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// oddEntries are entries of one day of every kind that there is.
func oddEntries(r *rapid.T) []metering.Entry {
	var list []metering.Entry
	for n := range rapid.IntRange(0, 20).Draw(r, "entries") {
		begin := origin.Add(time.Duration(rapid.IntRange(0, 3_600_000_000).Draw(r, "at")) * time.Microsecond)
		e := metering.Entry{Gone: rapid.IntRange(0, 5).Draw(r, "gone") == 0, Event: metering.Event{
			Customer: "acme", Source: rapid.SampledFrom([]string{"a", "b", "vm1"}).Draw(r, "source"), ID: strconv.Itoa(n), Type: "t",
			Subject: rapid.SampledFrom([]string{"", "vm1", "a"}).Draw(r, "subject"), Time: begin, RecordedAt: begin.Add(time.Duration(n) * time.Second),
			Dimensions: rapid.SampledFrom([]metering.Dimensions{nil, {{Name: "a", Value: "vm1"}}, {{Name: "region", Value: "eu"}, {Name: "size", Value: "xl"}}}).Draw(r, "dimensions"),
		}}
		switch rapid.IntRange(0, 4).Draw(r, "value") {
		case 0:
		case 1:
			e.Value = servicecoin.Some(decimal.New(rapid.Int64().Draw(r, "large"), 10))
		case 2:
			e.Value = servicecoin.Some(decimal.New(rapid.Int64().Draw(r, "small"), -25))
		default:
			e.Value = servicecoin.Some(decimal.New(rapid.Int64Range(-1e6, 1e6).Draw(r, "usual"), -4))
		}
		switch rapid.IntRange(0, 4).Draw(r, "interval") {
		case 0:
			e.Open = true
		case 1:
			e.End = begin.Add(time.Duration(rapid.IntRange(1, 1e9).Draw(r, "long")) * time.Microsecond)
		}
		if rapid.IntRange(0, 3).Draw(r, "fields") == 0 {
			e.Fields = metering.Fields{{Name: "in", Value: decimal.New(rapid.Int64().Draw(r, "in"), -3)}}
		}
		list = append(list, e)
	}
	return list
}

func blockOf(list []metering.Entry) *metering.Block {
	b := metering.NewBlock("acme", "t")
	for _, e := range list {
		b.Add(e)
	}
	return b
}

// A block comes back from its bytes as it was, with the same total and the same events,
// and takes more entries.
func TestBlocksComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		list := oddEntries(r)
		cells, rest := blockOf(list).Encode()
		b, err := metering.ReadBlock("acme", "t", cells, rest)
		require.NoError(r, err)
		slices.SortFunc(list, metering.Entry.Compare)
		got := make([]metering.Entry, b.Len())
		for i := range got {
			got[i] = b.Entry(i)
		}
		require.Empty(r, cmp.Diff(list, got, equalDecimals(), cmp.Transformer("none", func(l []metering.Entry) []metering.Entry {
			if len(l) == 0 {
				return nil
			}
			return l
		})))
		before, after := blockOf(list).Total(), b.Total()
		require.Empty(r, before.Differences("acme", "t", 0, &after))
		more := oddEntries(r)
		for i := range more {
			more[i].ID = "more" + more[i].ID
			b.Add(more[i])
		}
		both, grown := blockOf(slices.Concat(list, more)).Total(), b.Total()
		require.Empty(r, both.Differences("acme", "t", 0, &grown))
		text, err := both.AppendBinary(nil)
		require.NoError(r, err)
		var back metering.Total
		require.NoError(r, back.UnmarshalBinary(text))
		require.Empty(r, both.Differences("acme", "t", 0, &back))
		part := blockOf(more).Total()
		before.Merge(&part)
		require.Empty(r, both.Differences("acme", "t", 0, &before), "totals add up")
	})
}

func equalDecimals() cmp.Option {
	return cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) })
}

// Whatever the bytes, reading them ends with a block or an error.
func FuzzReadBlock(f *testing.F) {
	b := metering.NewBlock("acme", "t")
	b.Add(metering.Entry{Event: metering.Event{Customer: "acme", Source: "s", ID: "1", Type: "t", Subject: "vm", Time: origin, RecordedAt: origin, Value: servicecoin.Some(decimal.New(15, -1))}})
	cells, rest := b.Encode()
	f.Add(cells, rest)
	b.Add(metering.Entry{Gone: true, Event: metering.Event{
		Customer: "acme", Source: "s", ID: "1", Type: "t", Time: origin, RecordedAt: origin, Open: true, Value: servicecoin.Some(decimal.New(1, 25)),
		Fields: metering.Fields{{Name: "in", Value: decimal.New(1, -20)}}, Dimensions: metering.Dimensions{{Name: "a", Value: "b"}},
	}})
	cells, rest = b.Encode()
	f.Add(cells, rest)
	f.Fuzz(func(t *testing.T, cells, rest []byte) {
		b, err := metering.ReadBlock("acme", "t", cells, rest)
		if err != nil {
			return
		}
		entries := 0
		for i := range b.Len() {
			_ = b.Entry(i)
			entries++
		}
		total := b.Total()
		if int64(entries) != total.Rows() {
			t.Fatalf("%d entries, and a total of %d", entries, total.Rows())
		}
	})
}

// The totals of a month come back from their bytes, and what is broken is told.
func TestMonthTotalsComeBack(t *testing.T) {
	t.Parallel()
	m := metering.NewMonthTotals(metering.DayOf(origin))
	day := blockOf([]metering.Entry{{Event: metering.Event{Customer: "acme", Source: "s", ID: "1", Type: "t", Time: origin, RecordedAt: origin, Value: servicecoin.Some(decimal.New(15, -1))}}}).Total()
	m.Add(m.From, &day)
	m.Add(m.From, &day)
	m.Add(m.To-1, &day)
	total, days, err := m.Encode()
	require.NoError(t, err)
	back, err := metering.ReadMonthTotals(m.From+7, total, days)
	require.NoError(t, err)
	require.Equal(t, m, back)
	require.Equal(t, int64(3), back.Total.Events)
	require.Equal(t, int64(2), back.Days[m.From].Events)
	require.Error(t, metering.EachDayTotal(m.From, days[:len(days)-1], func(int32, []byte) error { return nil }), "the last one is cut off")
	days[0] = 31
	_, err = metering.ReadMonthTotals(m.From, total, days)
	require.Error(t, err, "no month has a 32nd")
}
