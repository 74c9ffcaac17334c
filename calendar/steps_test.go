package calendar_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func weight(text string) decimal.Decimal { return decimal.RequireFromString(text) }

func span(from, to int, w, tag string) calendar.Span {
	return calendar.Span{Interval: stretch(from, to), Weight: weight(w), Tag: tag}
}

func steps(s calendar.Steps) []string {
	var out []string
	for step := range s.All() {
		out = append(out, step.String())
	}
	return out
}

func texts(spans ...calendar.Span) []string {
	var out []string
	for _, s := range spans {
		out = append(out, s.String())
	}
	return out
}

func TestWorst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want []calendar.Span }{
		"nothing":         {nil, nil},
		"never a sum":     {[]calendar.Span{span(0, 10, "0.3", "a"), span(0, 10, "0.3", "b")}, []calendar.Span{span(0, 10, "0.3", "a")}},
		"tie, same start": {[]calendar.Span{span(0, 4, "1", "b"), span(0, 6, "1", "a"), span(0, 9, "1", "c")}, []calendar.Span{span(0, 6, "1", "a"), span(6, 9, "1", "c")}},
		"worse in it":     {[]calendar.Span{span(0, 10, "0.3", "a"), span(4, 6, "1", "b")}, []calendar.Span{span(0, 4, "0.3", "a"), span(4, 6, "1", "b"), span(6, 10, "0.3", "a")}},
		"lighter in it":   {[]calendar.Span{span(0, 10, "1", "a"), span(4, 6, "0.3", "b")}, []calendar.Span{span(0, 10, "1", "a")}},
		"lighter outlast": {[]calendar.Span{span(0, 10, "1", "a"), span(4, 16, "0.3", "b")}, []calendar.Span{span(0, 10, "1", "a"), span(10, 16, "0.3", "b")}},
		"tie, first came": {[]calendar.Span{span(2, 8, "1", "a"), span(0, 4, "1", "z")}, []calendar.Span{span(0, 4, "1", "z"), span(4, 8, "1", "a")}},
		"equal touching":  {[]calendar.Span{span(0, 4, "0.30", "a"), span(4, 8, "0.3", "a")}, []calendar.Span{span(0, 8, "0.3", "a")}},
		"other tag":       {[]calendar.Span{span(0, 4, "1", "a"), span(4, 8, "1", "b")}, []calendar.Span{span(0, 4, "1", "a"), span(4, 8, "1", "b")}},
		"zero is a step":  {[]calendar.Span{span(0, 4, "0", "a")}, []calendar.Span{span(0, 4, "0", "a")}},
		"do not count":    {[]calendar.Span{span(0, 4, "-1", "a"), span(4, 4, "1", "b"), span(8, 6, "1", "c")}, nil},
		"gap":             {[]calendar.Span{span(6, 8, "1", "a"), span(0, 2, "1", "a")}, []calendar.Span{span(0, 2, "1", "a"), span(6, 8, "1", "a")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, texts(c.want...), steps(calendar.Worst(c.in...)))
		})
	}
}

func TestStepsAgreeWithTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type cell struct {
			known  bool
			weight int64
			start  int
			tag    string
		}
		var spans []calendar.Span
		var cells [line]cell
		for range rapid.IntRange(0, 10).Draw(t, "n") {
			iv, from, to := anInterval(t)
			c := cell{true, int64(rapid.IntRange(-1, 3).Draw(t, "weight")), from, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "tag")}
			spans = append(spans, calendar.Span{Interval: iv, Weight: decimal.New(c.weight, -1), Tag: c.tag})
			if c.weight < 0 {
				continue
			}
			for k := from; k < to; k++ {
				was := cells[k]
				if !was.known || c.weight > was.weight || c.weight == was.weight &&
					(c.start < was.start || c.start == was.start && c.tag < was.tag) {
					cells[k] = c
				}
			}
		}
		with, inSet := aSet(t)
		check := func(what string, got calendar.Steps, counts func(k int) bool) {
			var sum int64
			byTag := map[string][2]int64{}
			var positive [line]bool
			for k, c := range cells {
				step, ok := got.At(second(k))
				require.Equal(t, c.known && counts(k), ok, "%s at second %d", what, k)
				if !ok {
					continue
				}
				require.Equal(t, c.tag, step.Tag, "%s at second %d", what, k)
				require.True(t, decimal.New(c.weight, -1).Equal(step.Weight), "%s at second %d", what, k)
				sum += c.weight
				byTag[c.tag] = [2]int64{byTag[c.tag][0] + 1, byTag[c.tag][1] + c.weight}
				positive[k] = c.weight > 0
			}
			require.True(t, decimal.New(sum, -1).Equal(got.WeightedSeconds()), what)
			requireSet(t, positive, got.Set(), what)
			shares := got.ByTag()
			require.Len(t, shares, len(byTag))
			for i, s := range shares {
				require.True(t, i == 0 || shares[i-1].Tag < s.Tag)
				require.True(t, decimal.New(byTag[s.Tag][0], 0).Equal(s.Seconds))
				require.True(t, decimal.New(byTag[s.Tag][1], -1).Equal(s.WeightedSeconds))
			}
			var last calendar.Span
			for s := range got.All() {
				require.False(t, s.Empty())
				require.False(t, s.Start.Before(last.End))
				require.False(t, s.Start.Equal(last.End) && s.Tag == last.Tag && s.Weight.Equal(last.Weight), "%s: not joined", what)
				last = s
			}
		}
		worst := calendar.Worst(spans...)
		check("Worst", worst, func(int) bool { return true })
		check("Intersect", worst.Intersect(with), func(k int) bool { return inSet[k] })
		check("Subtract", worst.Subtract(with), func(k int) bool { return !inSet[k] })
		window, from, to := anInterval(t)
		check("Clip", worst.Clip(window), func(k int) bool { return from <= k && k < to })

		shuffled := rapid.Permutation(spans).Draw(t, "shuffled")
		require.True(t, worst.Equal(calendar.Worst(shuffled...)), "order does not matter")
		data, err := json.Marshal(worst)
		require.NoError(t, err)
		var back calendar.Steps
		require.NoError(t, json.Unmarshal(data, &back))
		require.True(t, worst.Equal(back), "%s", data)
	})
}

func TestSpanValidate(t *testing.T) {
	t.Parallel()
	good := span(0, 4, "1", "a")
	require.NoError(t, good.Validate())
	bad := calendar.Span{Interval: stretch(4, 2), Weight: weight("-0.5")}
	assert.Equal(t, []string{"end:reversed", "weight:negative"}, caltest.Codes(t, bad.Validate()))
	bad = calendar.Span{Interval: stretch(2, 4), Weight: decimal.New(1, 1_000_000_000)}
	assert.Equal(t, []string{"weight:out-of-range"}, caltest.Codes(t, bad.Validate()))
}

func TestStepsJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(calendar.Worst(span(20, 30, "0.3", "inc-1")))
	require.NoError(t, err)
	assert.JSONEq(t, `[{"start":"2023-04-01T00:00:00Z","end":"2023-04-01T00:00:10Z","weight":"0.3","tag":"inc-1"}]`, string(data))
	data, err = json.Marshal(calendar.Steps{})
	require.NoError(t, err)
	assert.JSONEq(t, `[]`, string(data))
	var s calendar.Steps
	err = json.Unmarshal([]byte(`[{"start":"2023-04-01T00:00:00Z","end":"2023-04-01T00:00:10Z","weight":"-1","tag":""}]`), &s)
	assert.Equal(t, []string{"[0].weight:negative"}, caltest.Codes(t, err))
}

func TestEmptySteps(t *testing.T) {
	t.Parallel()
	var none calendar.Steps
	assert.True(t, none.Empty())
	assert.Zero(t, none.Len())
	assert.Equal(t, "0", none.WeightedSeconds().String())
	assert.Empty(t, none.ByTag())
	assert.True(t, none.Set().Empty())
	assert.True(t, none.Subtract(calendar.SetOf(stretch(0, 4))).Empty())
	assert.Empty(t, cmp.Diff(none, calendar.Worst())) // by Steps.Equal
}
