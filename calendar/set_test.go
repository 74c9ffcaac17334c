package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

// The oracle is a line of seconds, each of which is in a set or not.
const line = 48

func second(k int) time.Time {
	return time.Date(2023, time.March, 31, 23, 59, 40+k, 0, time.UTC)
}

func stretch(from, to int) calendar.Interval { return calendar.Between(second(from), second(to)) }

// anInterval draws empty and reversed ones too.
func anInterval(t *rapid.T) (iv calendar.Interval, from, to int) {
	from = rapid.IntRange(0, line).Draw(t, "from")
	to = rapid.IntRange(0, line).Draw(t, "to")
	return stretch(from, to), from, to
}

func aSet(t *rapid.T) (s calendar.Set, on [line]bool) {
	var list []calendar.Interval
	for range rapid.IntRange(0, 8).Draw(t, "n") {
		iv, from, to := anInterval(t)
		list = append(list, iv)
		for k := from; k < to; k++ {
			on[k] = true
		}
	}
	return calendar.SetOf(list...), on
}

// requireSet compares a set with the oracle, and checks that it is canonical.
func requireSet(t *rapid.T, want [line]bool, got calendar.Set, what string) {
	n := 0
	for k, on := range want {
		if on {
			n++
		}
		require.Equal(t, on, got.Contains(second(k)), "%s at second %d of %s", what, k, got)
	}
	require.False(t, got.Contains(second(-1)), what)
	require.False(t, got.Contains(second(line)), what)
	require.Equal(t, time.Duration(n)*time.Second, got.Duration(), what)
	require.True(t, got.Seconds().Equal(decimal.NewFromInt(int64(n))), what)
	last, count := second(-9), 0
	for iv := range got.All() {
		count++
		require.False(t, iv.Empty(), what)
		require.True(t, iv.Start.After(last), "%s: sorted, disjoint and not touching: %s", what, got)
		require.Equal(t, time.UTC, iv.Start.Location())
		last = iv.End
	}
	require.Equal(t, count, got.Len())
	require.Equal(t, n == 0, got.Empty())
}

func TestSetsAgreeWithTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, inA := aSet(t)
		b, inB := aSet(t)
		window, from, to := anInterval(t)
		var union, both, only, clip, gaps [line]bool
		covered := true
		for k := range line {
			in := from <= k && k < to
			union[k] = inA[k] || inB[k]
			both[k] = inA[k] && inB[k]
			only[k] = inA[k] && !inB[k]
			clip[k] = inA[k] && in
			gaps[k] = !inA[k] && in
			covered = covered && (inA[k] || !in)
		}
		requireSet(t, inA, a, "SetOf")
		requireSet(t, union, a.Union(b), "Union")
		requireSet(t, both, a.Intersect(b), "Intersect")
		requireSet(t, only, a.Subtract(b), "Subtract")
		requireSet(t, clip, a.Clip(window), "Clip")
		requireSet(t, gaps, a.Gaps(window), "Gaps")
		requireSet(t, inA, a, "a is as it was")
		requireSet(t, inB, b, "b is as it was")
		require.Equal(t, covered, a.Covers(window))
		require.Equal(t, inA == inB, a.Equal(b))

		data, err := json.Marshal(a)
		require.NoError(t, err)
		var back calendar.Set
		require.NoError(t, json.Unmarshal(data, &back))
		require.True(t, a.Equal(back))
	})
}

func TestSetOf(t *testing.T) {
	t.Parallel()
	set := calendar.SetOf(stretch(5, 7), stretch(1, 3), stretch(3, 4), stretch(9, 9), stretch(9, 8), stretch(6, 7))
	want := calendar.SetOf(stretch(1, 4), stretch(5, 7))
	assert.Empty(t, cmp.Diff(want, set)) // by Set.Equal
	assert.Equal(t, 2, set.Len())
	assert.Equal(t, stretch(1, 7), set.Bounds())
	assert.Equal(t, calendar.Interval{}, calendar.Set{}.Bounds())
	assert.Equal(t, stretch(1, 4).String()+", "+stretch(5, 7).String(), set.String())
}

func TestSetDoesNotShareItsInput(t *testing.T) {
	t.Parallel()
	list := []calendar.Interval{stretch(5, 7), stretch(1, 3)}
	set := calendar.SetOf(list...)
	list[0] = stretch(0, 40)
	assert.True(t, set.Equal(calendar.SetOf(stretch(1, 3), stretch(5, 7))))
	assert.Equal(t, stretch(1, 3), list[1], "the caller's slice keeps its order")
}

func TestLongSetDoesNotOverflow(t *testing.T) {
	t.Parallel()
	all := calendar.SetOf(
		caltest.Between(t, "0001-01-02T00:00:00Z", "0250-01-01T00:00:00Z"),
		caltest.Between(t, "1000-01-01T00:00:00.25Z", "1200-01-01T00:00:00Z"),
		caltest.Between(t, "3000-01-01T00:00:00.5Z", "9999-01-01T00:00:00Z"),
	)
	assert.Equal(t, time.Duration(1<<63-1), all.Duration())
	assert.Equal(t, "235035993599.25", all.Seconds().String())
}

func TestSetJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(struct{ S calendar.Set }{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"S":[]}`, string(data))

	var set calendar.Set
	err = json.Unmarshal([]byte(`[
		{"start":"2023-04-01T10:00:00Z","end":"2023-04-01T11:00:00Z"},
		{"start":"2023-04-01T10:00:00Z","end":"2023-04-01T09:00:00Z"},
		{"end":"2023-04-01T09:00:00Z"}]`), &set)
	assert.Equal(t, []string{"[1].end:reversed", "[2].start:required"}, caltest.Codes(t, err))
	assert.Equal(t, []string{":bad-format"}, caltest.Codes(t, json.Unmarshal([]byte(`{}`), &set)))
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	set := calendar.SetOf(stretch(0, 10), stretch(20, 29))
	for _, c := range []struct {
		within calendar.Interval
		places int32
		want   string
	}{
		{stretch(0, 10), 4, "1"}, {stretch(0, 30), 4, "0.6333"}, {stretch(10, 20), 4, "0"}, {stretch(5, 6), 0, "1"}, {stretch(0, 11), 1, "0.9"},
	} {
		got := set.Coverage(c.within, c.places)
		assert.True(t, got.Valid)
		assert.Equal(t, c.want, got.Decimal.String(), c.within)
	}
	almost := calendar.SetOf(calendar.Between(second(0), second(10).Add(-1)))
	assert.Equal(t, "0.99", almost.Coverage(stretch(0, 10), 2).Decimal.String(), "cut, so that 1 means all")
	assert.False(t, set.Coverage(stretch(3, 3), 4).Valid, "a share of nothing is undefined")
	assert.False(t, set.Coverage(stretch(3, 2), 4).Valid)
}
