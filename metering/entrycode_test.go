package metering_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// codedEntry is any entry, of one customer and type where those are given.
func codedEntry(r *rapid.T, customer servicecoin.CustomerID, kind string) metering.Entry {
	text := rapid.SampledFrom([]string{"", "a", "b", "é", "collector-1", "a b"})
	number := func(name string) decimal.Decimal {
		d := decimal.New(rapid.Int64().Draw(r, name), rapid.Int32Range(-30, 10).Draw(r, name+"'s exponent"))
		if rapid.IntRange(0, 5).Draw(r, name+" is long") == 0 {
			d = d.Mul(decimal.New(math.MaxInt64, 0)).Shift(-10)
		}
		return decimal.NewFromBigInt(d.Coefficient(), max(d.Exponent(), -30))
	}
	at := time.UnixMicro(rapid.Int64Range(-1e15, 1e16).Draw(r, "at")).UTC()
	if kind != "" { // of one day
		at = time.UnixMicro(rapid.Int64Range(0, 50).Draw(r, "at")).UTC()
	}
	e := metering.Entry{Gone: rapid.IntRange(0, 4).Draw(r, "gone") == 0, Event: metering.Event{
		Customer: customer, Source: text.Draw(r, "source"), ID: text.Draw(r, "id"), Type: kind, Subject: text.Draw(r, "subject"),
		Time: at, RecordedAt: at.Add(time.Duration(rapid.IntRange(-5, 5).Draw(r, "recorded")) * time.Hour),
	}}
	if kind == "" {
		e.Customer, e.Type = servicecoin.CustomerID(text.Draw(r, "customer")), text.Draw(r, "type")
	}
	switch rapid.IntRange(0, 3).Draw(r, "interval") {
	case 0:
		e.Open = true
	case 1:
		e.End = at.Add(time.Duration(rapid.IntRange(1, 1e6).Draw(r, "end")) * time.Microsecond)
	}
	if rapid.Bool().Draw(r, "valued") {
		e.Value = servicecoin.Some(number("value"))
	}
	for _, name := range []string{"f", "g"} {
		if rapid.IntRange(0, 3).Draw(r, name) == 0 {
			e.Fields = append(e.Fields, metering.Field{Name: name, Value: number(name)})
		}
	}
	for _, name := range []string{"region", "size"} {
		if rapid.Bool().Draw(r, name) {
			e.Dimensions = append(e.Dimensions, metering.Dimension{Name: name, Value: rapid.SampledFrom([]string{"eu", "us", "a"}).Draw(r, name)})
		}
	}
	return e
}

// Entries come back as they were written, in whatever calls.
func TestEntriesComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		var text []byte
		var want []metering.Entry
		for range rapid.IntRange(0, 3).Draw(r, "calls") {
			var some []metering.Entry
			for range rapid.IntRange(0, 5).Draw(r, "entries") {
				e := codedEntry(r, "", "")
				if rapid.IntRange(0, 5).Draw(r, "fact") == 0 {
					e.Does, e.Of = metering.Void, metering.Ref{Source: "s", ID: "x"}
					e.Time, e.End = time.Time{}, time.Time{}
				}
				some = append(some, e)
			}
			text = metering.AppendEntries(text, some)
			want = append(want, some...)
		}
		got, err := metering.ReadEntries(text)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, got))
		if n := rapid.IntRange(0, len(text)).Draw(r, "cut"); n < len(text) {
			got, err := metering.ReadEntries(text[:n])
			require.True(t, err != nil || len(got) < len(want))
		}
	})
}

// Whatever is read is refused, or comes back as it was read.
func FuzzReadEntries(f *testing.F) {
	at := time.UnixMicro(1_700_000_000_000_000).UTC()
	f.Add([]byte{})
	f.Add([]byte{1, 255, 255, 255, 255, 15})
	f.Add(metering.AppendEntries(nil, []metering.Entry{
		{Event: metering.Event{Customer: "c", Source: "s", ID: "1", Type: "t", Time: at, RecordedAt: at, Value: servicecoin.Some(decimal.New(15, -1))}},
		{Gone: true, Event: metering.Event{
			Customer: "c", Source: "s", ID: "2", Type: "t", Time: at, Open: true, RecordedAt: at, Value: servicecoin.Some(decimal.RequireFromString("123456789012345678901234567890.5")),
			Fields: metering.Fields{{Name: "f", Value: decimal.New(1, 3)}}, Dimensions: metering.Dimensions{{Name: "a", Value: "b"}},
		}},
	}))
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := metering.ReadEntries(text)
		if err != nil {
			require.Empty(t, list)
			return
		}
		again, err := metering.ReadEntries(metering.AppendEntries(nil, list))
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(list, again))
	})
}

// A total of entries one by one is that of their block; and a block that was written and
// read takes more entries as the one that was not.
func TestBlocksApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		entries := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) metering.Entry { return codedEntry(r, "acme", "vm") }), 1, 12).Draw(r, "entries")
		var total metering.Total
		whole, first := metering.NewBlock("acme", "vm"), metering.NewBlock("acme", "vm")
		cut := rapid.IntRange(0, len(entries)).Draw(r, "cut")
		for i := range entries {
			total.Add(&entries[i])
			whole.Add(entries[i])
			if i < cut {
				first.Add(entries[i])
			}
		}
		found := whole.Total()
		require.Empty(t, total.Differences("acme", "vm", 0, &found))
		cells, rest := first.Encode()
		read, err := metering.ReadBlock("acme", "vm", cells, rest)
		require.NoError(t, err)
		for _, e := range entries[cut:] {
			read.Add(e)
		}
		found = read.Total()
		require.Empty(t, total.Differences("acme", "vm", 0, &found))
		q := metering.Query{Customer: "acme", Type: "vm", During: calendar.Between(entries[0].Time.Add(-time.Hour), entries[0].Time.Add(time.Hour))}
		require.Empty(t, cmp.Diff(listed(whole, q), listed(read, q)))
		cells, rest = read.Encode()
		again, err := metering.ReadBlock("acme", "vm", cells, rest)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(listed(whole, q), listed(again, q)))
	})
}

func listed(b *metering.Block, q metering.Query) (list []metering.Event) {
	for e := range b.Events(q) {
		list = append(list, e)
	}
	return list
}
