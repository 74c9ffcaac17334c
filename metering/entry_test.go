package metering_test

import (
	"cmp"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// clock is the n-th hour of the tests of entries.
func clock(n int) time.Time { return time.Date(2026, 3, 1, n, 0, 0, 0, time.UTC) }

// happened is an event of a value, recorded in an hour.
func happened(value int64, recorded int) metering.Event {
	return metering.Event{
		Customer: "acme", Source: "s", ID: "e", Type: "vm.hours", Time: clock(0), Value: servicecoin.Some(decimal.NewFromInt(value)), RecordedAt: clock(recorded),
	}
}

// about is a fact about it.
func about(does metering.Act, n, recorded int) metering.Event {
	return metering.Event{Customer: "acme", Source: "desk", ID: strconv.Itoa(n), Does: does, Of: metering.Ref{Source: "s", ID: "e"}, RecordedAt: clock(recorded)}
}

func corrects(value int64, n, recorded int) metering.Event {
	f := happened(value, recorded)
	f.Source, f.ID, f.Does, f.Of = "desk", strconv.Itoa(n), metering.Correct, metering.Ref{Source: "s", ID: "e"}
	return f
}

func came(e metering.Event) metering.Entry { return metering.Entry{Event: e} }

func gone(e metering.Event, recorded int) metering.Entry {
	e.RecordedAt = clock(recorded)
	return metering.Entry{Event: e, Gone: true}
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	opened := happened(1, 1)
	opened.Open = true
	closes, early := about(metering.Close, 1, 2), about(metering.Close, 1, 2)
	closes.Time, early.Time = clock(5), opened.Time
	closed := opened
	closed.Open, closed.End, closed.RecordedAt = false, clock(5), clock(2)
	moved := corrects(1, 1, 3)
	moved.Time, moved.Type = clock(50), "vm.starts"
	movedTo := moved
	movedTo.Source, movedTo.ID, movedTo.Does, movedTo.Of = "s", "e", metering.Happen, metering.Ref{}
	for _, c := range []struct {
		name  string
		known []metering.Event
		want  []metering.Entry
	}{
		{"nothing", nil, nil},
		{"an event", []metering.Event{happened(1, 1)}, []metering.Entry{came(happened(1, 1))}},
		{"a fact that waits", []metering.Event{about(metering.Void, 1, 2)}, nil},
		{"voided", []metering.Event{happened(1, 1), about(metering.Void, 1, 2)}, []metering.Entry{came(happened(1, 1)), gone(happened(1, 1), 2)}},
		{"voided twice", []metering.Event{happened(1, 1), about(metering.Void, 1, 2), about(metering.Void, 2, 3)}, []metering.Entry{came(happened(1, 1)), gone(happened(1, 1), 2)}},
		{"voided before it was recorded", []metering.Event{happened(1, 3), about(metering.Void, 1, 2)}, nil},
		{"voided when it was recorded", []metering.Event{happened(1, 2), about(metering.Void, 1, 2)}, nil},
		{"corrected", []metering.Event{happened(1, 1), corrects(7, 1, 2)}, []metering.Entry{came(happened(1, 1)), gone(happened(1, 1), 2), came(happened(7, 2))}},
		{"corrected before it was recorded", []metering.Event{happened(1, 3), corrects(7, 1, 2)}, []metering.Entry{came(happened(7, 3))}},
		{"corrected to what it says", []metering.Event{happened(1, 1), corrects(1, 1, 2)}, []metering.Entry{came(happened(1, 1))}},
		{
			"voided, and corrected after all",
			[]metering.Event{happened(1, 1), about(metering.Void, 1, 2), corrects(7, 2, 3)},
			[]metering.Entry{came(happened(1, 1)), gone(happened(1, 1), 2), came(happened(7, 3))},
		},
		{
			"to another day and type",
			[]metering.Event{happened(1, 1), moved},
			[]metering.Entry{came(happened(1, 1)), gone(happened(1, 1), 3), came(movedTo)},
		},
		{"closed", []metering.Event{opened, closes}, []metering.Entry{came(opened), gone(opened, 2), came(closed)}},
		{"closed before it began", []metering.Event{opened, early}, []metering.Entry{came(opened)}},
		{"closed where it is a point", []metering.Event{happened(1, 1), closes}, []metering.Entry{came(happened(1, 1))}},
		{
			"recorded at the same time, by name",
			[]metering.Event{happened(1, 1), corrects(8, 2, 2), corrects(7, 1, 2)},
			[]metering.Entry{came(happened(1, 1)), gone(happened(1, 1), 2), came(happened(7, 2)), gone(happened(7, 2), 2), came(happened(8, 2))},
		},
	} {
		require.Empty(t, gocmp.Diff(c.want, metering.Timeline(c.known)), c.name)
	}
}

func TestStand(t *testing.T) {
	t.Parallel()
	later, other := happened(2, 1), happened(3, 1)
	later.Time, later.ID, other.ID = clock(1), "a", "f"
	entries := []metering.Entry{came(later), gone(happened(1, 1), 4), came(happened(1, 1)), came(other), gone(happened(1, 1), 2), came(happened(1, 3))}
	require.Empty(t, gocmp.Diff([]metering.Event{other, later}, metering.Stand(entries, time.Time{})))
	require.Empty(t, gocmp.Diff([]metering.Event{happened(1, 3), other, later}, metering.Stand(entries, clock(4))))
	require.Empty(t, gocmp.Diff([]metering.Event{other, later}, metering.Stand(entries, clock(3))))
	require.Empty(t, gocmp.Diff([]metering.Event{happened(1, 1), other, later}, metering.Stand(entries, clock(2))))
	require.Empty(t, metering.Stand(entries, clock(1)))
	require.Empty(t, metering.Stand(nil, time.Time{}))
	early := []metering.Entry{gone(happened(1, 1), 1), came(happened(1, 2))} // goes before it comes
	require.Empty(t, metering.Stand(early, time.Time{}))
}

// someKnown are an event and facts about it, of few values and times, so that they meet.
func someKnown(t *rapid.T) []metering.Event {
	e := happened(int64(rapid.IntRange(1, 2).Draw(t, "value")), rapid.IntRange(0, 4).Draw(t, "recorded"))
	e.Open = rapid.Bool().Draw(t, "open")
	known := []metering.Event{e}
	for n := range rapid.IntRange(0, 5).Draw(t, "facts") {
		recorded := rapid.IntRange(0, 6).Draw(t, "recorded")
		var f metering.Event
		switch rapid.IntRange(0, 3).Draw(t, "act") {
		case 0:
			f = about(metering.Void, n, recorded)
		case 1:
			f = about(metering.Close, n, recorded)
			f.Time = clock(rapid.IntRange(0, 3).Draw(t, "end"))
		default:
			f = corrects(int64(rapid.IntRange(1, 2).Draw(t, "value")), n, recorded)
			f.Open = rapid.Bool().Draw(t, "open")
		}
		known = append(known, f)
	}
	return known
}

// stoodAt is how the event stood, as anybody would work it out who reads what was known
// before an instant from the top.
func stoodAt(known []metering.Event, before time.Time) (metering.Event, bool) {
	e := known[slices.IndexFunc(known, func(e metering.Event) bool { return e.Does == metering.Happen })]
	facts := slices.DeleteFunc(slices.Clone(known), func(f metering.Event) bool { return f.Does == metering.Happen })
	slices.SortFunc(facts, func(a, b metering.Event) int {
		return cmp.Or(a.RecordedAt.Compare(b.RecordedAt), cmp.Compare(a.ID, b.ID))
	})
	told, there := e.RecordedAt, true
	if !e.RecordedAt.Before(before) {
		return metering.Event{}, false
	}
	for _, f := range facts {
		if !f.RecordedAt.Before(before) && f.RecordedAt.After(told) {
			break
		}
		switch f.Does {
		case metering.Void:
			there = false
		case metering.Close:
			if e.Open && f.Time.After(e.Time) {
				e.Open, e.End = false, f.Time
			}
		case metering.Correct:
			e.Type, e.Time, e.End, e.Open, e.Value, there = f.Type, f.Time, f.End, f.Open, f.Value, true
		case metering.Happen:
		}
	}
	return e, there
}

// As known at any instant the entries leave what anybody works out, whatever the order
// in which things are told.
func TestTimelineAtAnyTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		known := someKnown(t)
		entries := metering.Timeline(known)
		require.Empty(t, gocmp.Diff(entries, metering.Timeline(rapid.Permutation(known).Draw(t, "told"))))
		for hour := range 8 {
			want, there := stoodAt(known, clock(hour))
			got := metering.Stand(entries, clock(hour))
			require.Len(t, got, map[bool]int{true: 1}[there], "known before hour %d", hour)
			if there {
				require.True(t, got[0].Same(want), "known before hour %d: %v, want %v", hour, got[0], want)
				require.True(t, got[0].RecordedAt.Before(clock(hour)))
			}
		}
	})
}

func TestTold(t *testing.T) {
	t.Parallel()
	e := happened(1, 5) // recorded after facts about it
	first, second, third := about(metering.Void, 2, 1), corrects(7, 1, 3), about(metering.Void, 9, 3)
	known := []metering.Event{third, e, first, second}
	list := metering.Told(known)
	require.Empty(t, gocmp.Diff([]metering.Event{e, first, second, third}, list))
	list[0].Value = servicecoin.Undefined()
	require.Equal(t, e, known[1], "what it was given stays")
	require.Empty(t, metering.Told(nil))
}

func TestEventKey(t *testing.T) {
	t.Parallel()
	e, f := happened(1, 1), about(metering.Void, 1, 2)
	require.Equal(t, metering.EventKey{Customer: "acme", Ref: metering.Ref{Source: "s", ID: "e"}}, metering.KeyOf(e))
	require.Equal(t, metering.KeyOf(e), e.About())
	require.Equal(t, metering.KeyOf(e), f.About())
	require.NotEqual(t, f.About(), metering.KeyOf(f))
	keys := []metering.EventKey{
		{Customer: "a", Ref: metering.Ref{Source: "B", ID: "2"}},
		{Customer: "a", Ref: metering.Ref{Source: "a", ID: "1"}},
		{Customer: "a", Ref: metering.Ref{Source: "a", ID: "10"}},
		{Customer: "b", Ref: metering.Ref{Source: "A", ID: "1"}},
	}
	for i := range keys {
		for k := range keys {
			require.Equal(t, cmp.Compare(i, k), keys[i].Compare(keys[k]))
		}
	}
}
