package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// part is one record of several that belong together.
type part struct {
	Of, Name string
}

var parts = store.Kind[part]{Name: "part", ID: func(p part) string { return store.JoinID(p.Of, p.Name) }}

// What belongs to one is listed by its id, however much the ids look alike.
func TestUnder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := store.Of(store.New(memory.New(), nil).For("acme"), parts)
		name := rapid.SampledFrom([]string{"", "a", "a/", "a/b", "a%", "a%2Fb", "a0", "b", "/", "%", "ä", strings.Repeat("long", 12)})
		all := rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) part {
			return part{name.Draw(t, "of"), name.Filter(func(s string) bool { return s != "" }).Draw(t, "name")}
		}), func(p part) part { return p }).Draw(t, "all")
		of := name.Draw(t, "asked for")
		var want []string
		for _, p := range all {
			require.NoError(t, c.Insert(t.Context(), p))
			if p.Of == of {
				want = append(want, store.JoinID(p.Of, p.Name))
			}
		}
		slices.Sort(want)
		r := store.Under(of)
		if rapid.Bool().Draw(t, "descending") {
			r = r.Descending()
			slices.Reverse(want)
		}
		var got []string
		for item, err := range c.Find(r).Items(t.Context()) {
			require.NoError(t, err)
			got = append(got, item.Key.ID)
		}
		require.Equal(t, want, got)
	})
}

func TestUnderHasNoColumns(t *testing.T) {
	t.Parallel()
	c := store.Of(store.New(memory.New(), nil).For("acme"), parts)
	_, err := c.Find(store.Under("a").From(store.Int(1))).Page(t.Context(), "", 1)
	require.ErrorContains(t, err, "has no columns to compare")
}
