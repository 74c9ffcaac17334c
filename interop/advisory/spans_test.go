package advisory_test

import (
	"cmp"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/interop/advisory"
	"github.com/servicecoin/servicecoin/version"
)

func TestSpans(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events advisory.Events
		want   [][3]string
	}{
		"nothing":                           {nil, nil},
		"all":                               {advisory.Events{{"introduced", "0"}}, [][3]string{{}}},
		"out of order":                      {advisory.Events{{"fixed", "1.10.0"}, {"introduced", "1.9.0"}}, [][3]string{{"1.9.0", "1.10.0", ""}}},
		"two":                               {advisory.Events{{"introduced", "2.0.0"}, {"introduced", "0"}, {"fixed", "2.0.1"}, {"fixed", "1.0.0"}}, [][3]string{{"", "1.0.0", ""}, {"2.0.0", "2.0.1", ""}}},
		"a last one":                        {advisory.Events{{"introduced", "1.0.0"}, {"last_affected", "1.5.0"}}, [][3]string{{"1.0.0", "", "1.5.0"}}},
		"one version alone":                 {advisory.Events{{"last_affected", "1.0.0"}, {"introduced", "1.0.0"}}, [][3]string{{"1.0.0", "", "1.0.0"}}},
		"mended where it came":              {advisory.Events{{"introduced", "1.0.0"}, {"fixed", "1.0.0"}}, nil},
		"mended before all":                 {advisory.Events{{"introduced", "0"}, {"fixed", "0"}}, nil},
		"it comes back where it was mended": {advisory.Events{{"introduced", "1.0.0"}, {"fixed", "2.0.0"}, {"introduced", "2.0.0"}}, [][3]string{{"1.0.0", "", ""}}},
		"mended and never introduced":       {advisory.Events{{"fixed", "2.0.0"}}, nil},
		"introduced twice":                  {advisory.Events{{"introduced", "1.0.0"}, {"introduced", "1.5.0"}, {"fixed", "2.0.0"}}, [][3]string{{"1.0.0", "2.0.0", ""}}},
		"a limit":                           {advisory.Events{{"introduced", "1.0.0"}, {"limit", "2.0.0"}}, [][3]string{{"1.0.0", "2.0.0", ""}}},
		"a limit before the end":            {advisory.Events{{"introduced", "1.0.0"}, {"fixed", "3.0.0"}, {"limit", "2.0.0"}}, [][3]string{{"1.0.0", "2.0.0", ""}}},
		"a limit before a last one":         {advisory.Events{{"introduced", "1.0.0"}, {"last_affected", "3.0.0"}, {"limit", "2.0.0"}}, [][3]string{{"1.0.0", "2.0.0", ""}}},
		"a limit after the end":             {advisory.Events{{"introduced", "1.0.0"}, {"fixed", "1.5.0"}, {"limit", "2.0.0"}}, [][3]string{{"1.0.0", "1.5.0", ""}}},
		"a limit before the beginning":      {advisory.Events{{"introduced", "3.0.0"}, {"limit", "2.0.0"}}, nil},
		"two limits, the higher counts":     {advisory.Events{{"introduced", "1.0.0"}, {"limit", "3.0.0"}, {"limit", "2.0.0"}}, [][3]string{{"1.0.0", "3.0.0", ""}}},
		"no limit":                          {advisory.Events{{"introduced", "1.0.0"}, {"limit", "*"}, {"limit", "2.0.0"}}, [][3]string{{"1.0.0", "", ""}}},
	} {
		got, ok := advisory.Spans(c.events, version.SemVer)
		require.True(t, ok, name)
		require.Equal(t, c.want, got, name)
	}
	got, ok := advisory.Spans(advisory.Events{{"introduced", "1:2"}, {"fixed", "1:10"}}, "")
	require.False(t, ok, "an order that is not known")
	require.Equal(t, [][3]string{{"1:2", "1:10", ""}}, got, "they count as they stand")
}

// Spans hold what the algorithm of OSV's specification says is affected.
func TestSpansAgainstTheSpecification(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		type event struct {
			kind string
			at   int
		}
		// Versions of one kind each: the specification does not say which of two events
		// of one version comes first.
		at := rapid.SliceOfNDistinct(rapid.IntRange(0, 20), 0, 8, rapid.ID[int]).Draw(rt, "versions")
		var events []event
		var in advisory.Events
		for _, v := range at {
			e := event{rapid.SampledFrom([]string{"introduced", "introduced", "fixed", "last_affected", "limit"}).Draw(rt, "kind"), v}
			events = append(events, e)
			in = append(in, [2]string{e.kind, strconv.Itoa(v) + ".1.0"})
		}
		slices.SortFunc(events, func(x, y event) int { return cmp.Compare(x.at, y.at) })
		affected := func(v int) bool {
			limits, below, vulnerable := 0, false, false
			for _, e := range events {
				switch {
				case e.kind == "limit":
					limits++
					below = below || v < e.at
				case e.kind == "introduced" && v >= e.at:
					vulnerable = true
				case e.kind == "fixed" && v >= e.at, e.kind == "last_affected" && v > e.at:
					vulnerable = false
				}
			}
			return vulnerable && (limits == 0 || below)
		}
		spans, ok := advisory.Spans(in, version.SemVer)
		require.True(rt, ok)
		for v := range 22 {
			held := false
			for _, s := range spans {
				number := func(text string, otherwise int) int {
					if text == "" {
						return otherwise
					}
					x, err := version.Parse(text)
					require.NoError(rt, err)
					n, err := strconv.Atoi(x.String()[:len(x.String())-len(".1.0")])
					require.NoError(rt, err)
					return n
				}
				held = held || v >= number(s[0], 0) && v < number(s[1], 99) && v <= number(s[2], 99)
			}
			require.Equal(rt, affected(v), held, "%d: %v, %v", v, events, spans)
		}
	})
}
