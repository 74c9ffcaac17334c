package usage_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/postgres/usage"
)

// A row of the log has what was put into it: all, or what there is of a type.
func TestLogRow(t *testing.T) {
	var entries []metering.Entry
	for i, e := range batch("acme", 0, 20) {
		e.Type = []string{"a", "vm.ran", "b"}[i%3]
		entries = append(entries, metering.Entry{Event: e, Gone: i%7 == 0})
	}
	data := usage.LogRow(entries)
	for _, kind := range []string{"a", "vm.ran", "b", "c"} {
		got, err := usage.ReadLog("acme", data, kind)
		require.NoError(t, err)
		want := slices.DeleteFunc(slices.Clone(entries), func(e metering.Entry) bool { return e.Type != kind })
		require.True(t, slices.EqualFunc(want, got, func(a, b metering.Entry) bool {
			return a.Same(b.Event) && a.Gone == b.Gone && a.RecordedAt.Equal(b.RecordedAt)
		}), "%s: want %v, got %v", kind, want, got)
	}
	all, err := usage.ReadLog("acme", data, "")
	require.NoError(t, err)
	require.Len(t, all, len(entries))
}

// Bytes that are broken are refused, and what is not is read.
func FuzzRows(f *testing.F) {
	entries := []metering.Entry{{Event: batch("acme", 0, 1)[0]}}
	f.Add(usage.LogRow(entries))
	b := metering.NewBlock("acme", "vm.ran")
	b.Add(entries[0])
	total := b.Total()
	text, err := total.AppendBinary(nil)
	require.NoError(f, err)
	f.Add(append([]byte{28, byte(len(text))}, text...))
	f.Add(append([]byte{1}, make([]byte, 32)...))
	first := metering.DayOf(day) - 28 // of its month
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := usage.ReadLog("acme", data, "")
		if err == nil && len(all) > 0 {
			for i := range all {
				require.Equal(t, "acme", string(all[i].Customer))
			}
			some, err := usage.ReadLog("acme", data, all[0].Type)
			require.NoError(t, err)
			require.LessOrEqual(t, len(some), len(all))
		}
		if _, days, err := usage.ReadMonth(first, text, data); err == nil {
			_, again, err := usage.ReadMonth(first, text, days)
			require.NoError(t, err)
			require.Equal(t, days, again)
		}
	})
}
