package configuration_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

func TestApplySome(t *testing.T) {
	t.Parallel()
	desired := parse(t, `{"a":1,"b":{"c":1,"d":2},"l":[{"n":"x","v":1},{"n":"y"}]}`)
	c := compile(t, key("/l", "n"))
	list, err := c.Compare(desired, parse(t, `{"b":{"c":2,"e":3},"l":[{"n":"z"},{"n":"x","v":2}]}`))
	require.NoError(t, err)
	for want, take := range map[string]string{
		`{"b":{"c":1,"d":2},"l":[{"n":"x","v":1},{"n":"y"}]}`:                 "/a",
		`{"a":1,"b":{"c":1},"l":[{"n":"x","v":1},{"n":"y"}]}`:                 "/b/d",
		`{"a":1,"b":{"c":1,"d":2},"l":[{"n":"x","v":2},{"n":"y"}]}`:           "/l/x/v",
		`{"a":1,"b":{"c":1,"d":2},"l":[{"n":"x","v":1}]}`:                     "/l/y",
		`{"a":1,"b":{"c":1,"d":2},"l":[{"n":"x","v":1},{"n":"y"},{"n":"z"}]}`: "/l/z",
	} {
		for _, d := range list {
			if d.Path == take {
				made, err := c.Apply(desired, []configuration.Difference{d})
				require.NoError(t, err)
				require.JSONEq(t, want, made.String())
			}
		}
	}
	require.JSONEq(t, `{"a":1,"b":{"c":1,"d":2},"l":[{"n":"x","v":1},{"n":"y"}]}`, desired.String(), "it is not changed")
}

// What counts for nothing at the end of a list goes with what is before it.
func TestApplyToAListWithNothingInIt(t *testing.T) {
	t.Parallel()
	c := compile(t, configuration.Rule{Path: "/1", Empty: configuration.EmptyAbsent})
	desired, observed := parse(t, `[1,null]`), parse(t, `[]`)
	list, err := c.Compare(desired, observed)
	require.NoError(t, err)
	require.Equal(t, "/0 missing 1", rows(list))
	made, err := c.Apply(desired, list)
	require.NoError(t, err)
	require.Equal(t, "[]", made.String())
}

func TestApplyRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	v := parse(t, `{"a":1,"l":[1,2,3]}`)
	two := configuration.TextOf("2")
	for want, list := range map[string][]configuration.Difference{
		"[0].path":                       {{Path: "a", Kind: configuration.Missing}},
		"/a: there is no object":         {{Path: "/a/b", Kind: configuration.Changed, Observed: two}},
		"/l/x: must be an index":         {{Path: "/l/x", Kind: configuration.Missing}},
		"/l/9999999: must be an index":   {{Path: "/l/9999999", Kind: configuration.Unexpected, Observed: two}},
		"/l/4: is not the next place":    {{Path: "/l/4", Kind: configuration.Unexpected, Observed: two}},
		"/l/0: is not the last place":    {{Path: "/l/0", Kind: configuration.Missing}},
		"/a: several differences are at": {{Path: "/a", Kind: configuration.Missing}, {Path: "/a/b", Kind: configuration.Missing}},
	} {
		_, err := configuration.Apply(v, list)
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
		require.ErrorContains(t, err, want)
	}
	none, err := configuration.Apply(v, []configuration.Difference{{Kind: configuration.Missing, Desired: v}})
	require.NoError(t, err)
	require.True(t, none.IsZero())
	all, err := configuration.Apply(configuration.Value{}, []configuration.Difference{{Kind: configuration.Unexpected, Observed: v}})
	require.NoError(t, err)
	require.True(t, all.Equal(v))
}
