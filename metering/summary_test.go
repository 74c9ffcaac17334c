package metering_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// fullDay is a day with many events of few subjects and sites.
func fullDay(n int) *metering.Block {
	b := metering.NewBlock("acme", "api")
	begin := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)
	for i := range n {
		at := begin.Add(time.Duration(i) * 24 * time.Hour / time.Duration(n))
		b.Add(metering.Entry{Event: metering.Event{
			Customer: "acme", Source: "s", ID: strconv.Itoa(i), Type: "api", Subject: "person " + strconv.Itoa(i%7), Time: at, RecordedAt: at,
			Value: servicecoin.Some(dec(strconv.Itoa(i))), Dimensions: metering.DimensionsOf(map[string]string{"site": strconv.Itoa(i % 2)}),
		}})
	}
	return b
}

func TestSummaryIsReadBack(t *testing.T) {
	t.Parallel()
	const day = 20541
	for _, n := range []int{1, 3, 500, 5000} {
		b := fullDay(n)
		s := b.Summary()
		leaf, _ := b.Leaf(metering.Query{During: metering.WholeDay(day)})
		require.Equal(t, leaf, s.Leaf)
		text, err := s.AppendBinary(nil)
		require.NoError(t, err)
		again, err := metering.ReadSummary(day, text)
		require.NoError(t, err)
		same, err := again.AppendBinary(nil)
		require.NoError(t, err)
		require.Equal(t, text, same)
		require.Equal(t, leaf, again.Leaf)
		if n == 5000 {
			require.Less(t, len(text), 4000, "it is much less than the entries")
		}
	}
}

// What is broken is an error, and never a panic; nor is it one where it is handed in.
func FuzzSummary(f *testing.F) {
	for _, n := range []int{1, 500, 1000} {
		text, err := fullDay(n).Summary().AppendBinary(nil)
		require.NoError(f, err)
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
	const day = 20541
	windows, err := metering.Hourly.Split(metering.WholeDay(day), time.UTC)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := metering.ReadSummary(day, data)
		if err != nil {
			return
		}
		total := fullDay(1).Total()
		for _, m := range []metering.Meter{
			{ID: "sum", Name: "m", Type: "api", Unit: "u", Aggregation: metering.Sum, GroupBy: []string{"site"}},
			{ID: "unique", Name: "m", Type: "api", Unit: "u", Aggregation: metering.Unique, Distinct: metering.Subject},
			{ID: "sites", Name: "m", Type: "api", Unit: "u", Aggregation: metering.Unique, Distinct: "site"},
		} {
			p, err := metering.NewPlan(metering.Measurement{Meter: m, Windows: windows, GroupBy: m.GroupBy})
			require.NoError(t, err)
			g := p.Page("acme")
			if p.TakesSummary(day, &total, s, false) {
				g.Summary(day, s)
			}
			if _, err := p.Done(); err != nil { // a broken one is told
				require.ErrorContains(t, err, "metering: ")
			}
		}
	})
}
