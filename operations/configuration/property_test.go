package configuration_test

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// The generators are made anew for each test: rapid's are not to be shared by tests that
// run at once.
func anyNumber() *rapid.Generator[string] {
	return rapid.StringMatching(`-?(0|[1-9][0-9]{0,3})(\.[0-9]{1,4})?([eE][-+]?[0-9]{1,2})?`)
}

func anyName() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "c", "0", "1", "2", "10", "~", "/", "a/b", "~1", "ä", "*"}), rapid.String())
}

func anyScalar(t *rapid.T) configuration.Value {
	switch rapid.IntRange(0, 4).Draw(t, "scalar") {
	case 0:
		return configuration.NullOf()
	case 1:
		return configuration.BoolOf(rapid.Bool().Draw(t, "bool"))
	case 2:
		n, err := configuration.NumberOf(anyNumber().Draw(t, "number"))
		require.NoError(t, err)
		return n
	case 3:
		n, err := configuration.NumberOf(rapid.SampledFrom([]string{"0", "1", "1.0", "2"}).Draw(t, "small"))
		require.NoError(t, err)
		return n
	default:
		return configuration.TextOf(anyName().Draw(t, "text"))
	}
}

func anyValue(t *rapid.T, depth int) configuration.Value {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	if depth == 0 || kind < 2 {
		return anyScalar(t)
	}
	n := rapid.IntRange(0, 4).Draw(t, "members")
	if kind == 2 {
		var list []configuration.Value
		for range n {
			list = append(list, anyValue(t, depth-1))
		}
		return configuration.ListOf(list...)
	}
	var members []configuration.Member
	for range n {
		name := anyName().Draw(t, "name")
		if !slices.ContainsFunc(members, func(m configuration.Member) bool { return m.Name == name }) {
			members = append(members, configuration.Member{Name: name, Value: anyValue(t, depth-1)})
		}
	}
	o, err := configuration.ObjectOf(members...)
	require.NoError(t, err)
	return o
}

// changed is a value with something else in some of its places.
func changed(t *rapid.T, v configuration.Value, depth int) configuration.Value {
	if rapid.IntRange(0, 6).Draw(t, "change") == 0 {
		return anyValue(t, depth)
	}
	switch v.Kind() {
	case configuration.List:
		var list []configuration.Value
		for _, m := range v.Members() {
			if rapid.IntRange(0, 9).Draw(t, "drop") > 0 {
				list = append(list, changed(t, m.Value, max(0, depth-1)))
			}
		}
		if rapid.IntRange(0, 5).Draw(t, "more") == 0 {
			list = append(list, anyScalar(t))
		}
		return configuration.ListOf(list...)
	case configuration.Object:
		var members []configuration.Member
		for _, m := range v.Members() {
			if rapid.IntRange(0, 9).Draw(t, "drop") > 0 {
				members = append(members, configuration.Member{Name: m.Name, Value: changed(t, m.Value, max(0, depth-1))})
			}
		}
		o, err := configuration.ObjectOf(members...)
		require.NoError(t, err)
		return o
	default:
		return v
	}
}

// anyRules are rules that hold for some of what anyValue makes.
func anyRules(t *rapid.T) *configuration.Comparer {
	var rules configuration.Rules
	segment := rapid.SampledFrom([]string{"a", "b", "*", "*", "0", "1"})
	defaults := rapid.Bool().Draw(t, "defaults") // a list that is emptied in steps would become its default
	for range rapid.IntRange(0, 4).Draw(t, "rules") {
		r := configuration.Rule{Below: rapid.Bool().Draw(t, "below")}
		for range rapid.IntRange(0, 2).Draw(t, "segments") {
			r.Path += "/" + segment.Draw(t, "segment")
		}
		switch rapid.IntRange(0, 8).Draw(t, "setting") {
		case 0:
			r.Ignore = r.Path != ""
		case 1:
			r.Members = configuration.Open
		case 2:
			r.Empty = configuration.EmptyEqual
		case 3:
			if r.Empty = configuration.EmptyAbsent; defaults {
				r.Empty = configuration.EmptyEqual
			}
		case 4:
			r.Fold = true
		case 5:
			if defaults {
				r.Default = anyScalar(t)
			}
		case 6:
			r.Key = []configuration.KeyField{{Name: "a", Default: "x"}, {Name: "b"}}
		case 7:
			r.Set = true
		default:
			r.Units = configuration.KubernetesUnits()
		}
		rules.List = append(rules.List, r)
	}
	rules.OnlyDesired = rapid.IntRange(0, 5).Draw(t, "only desired") == 0
	c, err := rules.Compile()
	require.NoError(t, err)
	return c
}

func TestDifferencesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		desired := anyValue(t, 4)
		observed := changed(t, desired, 4)
		list := configuration.Compare(desired, observed)
		require.Equal(t, desired.Equal(observed), len(list) == 0)
		made, err := configuration.Apply(desired, list)
		require.NoError(t, err)
		require.True(t, made.Equal(observed), "%s and %s, with %v, make %s", desired, observed, list, made)
		back, err := configuration.Apply(observed, configuration.Reverse(list))
		require.NoError(t, err)
		require.True(t, back.Equal(desired), "back: %s", back)
		require.Equal(t, rows(list), rows(configuration.Reverse(configuration.Compare(observed, desired))))
		for n, d := range list {
			require.True(t, n == 0 || list[n-1].Path < d.Path, "one of a place, in order")
			require.True(t, n == 0 || !strings.HasPrefix(d.Path, list[n-1].Path+"/"), "the highest only")
			require.Equal(t, d.Desired.String(), desired.At(d.Path).String())
			require.Equal(t, d.Observed.String(), observed.At(d.Path).String())
			require.Equal(t, d.Kind == configuration.Unexpected, d.Desired.IsZero())
			require.Equal(t, d.Kind == configuration.Missing, d.Observed.IsZero())
		}
	})
}

func TestDifferencesByRulesAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := anyRules(t)
		desired := anyValue(t, 3)
		observed := changed(t, desired, 3)
		for _, v := range []configuration.Value{desired, observed} {
			same, err := c.Compare(v, v)
			if err != nil {
				return // the rules tell nothing apart here
			}
			require.Empty(t, same)
		}
		list, err := c.Compare(desired, observed)
		require.NoError(t, err)
		made, err := c.Apply(desired, list)
		if err != nil && strings.Contains(err.Error(), "several ") {
			return // two members have one path
		}
		require.NoError(t, err)
		rest, err := c.Compare(made, observed)
		require.NoError(t, err)
		require.Empty(t, rest, "%s and %s, with %v, make %s", desired, observed, list, made)
	})
}

func TestTheOrderOfNamesNeverMatters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(t, 4)
		shuffled, err := configuration.Parse([]byte(mixed(t, v)))
		require.NoError(t, err)
		require.True(t, v.Equal(shuffled))
		require.Equal(t, v.String(), shuffled.String())
		require.Empty(t, configuration.Compare(v, shuffled))
	})
}

// mixed writes a value with its members in any order.
func mixed(t *rapid.T, v configuration.Value) string {
	if v.Kind() != configuration.Object && v.Kind() != configuration.List {
		return v.String()
	}
	parts, opening, closing := []string{}, "[", "]"
	for _, m := range v.Members() {
		text := mixed(t, m.Value)
		if v.Kind() == configuration.Object {
			text = configuration.TextOf(m.Name).String() + ": " + text
		}
		parts = append(parts, text)
	}
	if v.Kind() == configuration.Object {
		opening, closing = "{", "}"
		if len(parts) > 1 {
			parts = rapid.Permutation(parts).Draw(t, "order")
		}
	}
	return opening + strings.Join(parts, " ,\n") + closing
}

func TestNumbersAreDecimals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyNumber().Draw(t, "a"), anyNumber().Draw(t, "b")
		if rapid.Bool().Draw(t, "scaled") {
			b = a + "0"
			if strings.ContainsAny(a, "eE") {
				b = strings.NewReplacer("e", "0e", "E", "0E").Replace(a)
				if !strings.Contains(a, ".") {
					b = strings.NewReplacer("e", ".00e", "E", ".00E").Replace(a)
				}
			} else if !strings.Contains(a, ".") {
				b = a + ".0"
			}
		}
		x, ok := new(big.Rat).SetString(a)
		require.True(t, ok)
		y, ok := new(big.Rat).SetString(b)
		require.True(t, ok)
		p, err := configuration.NumberOf(a)
		require.NoError(t, err)
		q, err := configuration.NumberOf(b)
		require.NoError(t, err)
		require.Equal(t, x.Cmp(y) == 0, p.Equal(q), "%s, %s", a, b)
		c, err := configuration.Rules{List: []configuration.Rule{{Set: true}}}.Compile()
		require.NoError(t, err)
		list, err := c.Compare(configuration.ListOf(p), configuration.ListOf(q))
		require.NoError(t, err)
		require.Equal(t, p.Equal(q), len(list) == 0)
	})
}

func TestPointersAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(anyName()).Draw(t, "names")
		var pointer strings.Builder
		for _, name := range names {
			pointer.WriteString("/" + configuration.EscapeSegment(name))
		}
		read, err := configuration.SplitPointer(pointer.String())
		require.NoError(t, err)
		require.Equal(t, append([]string{}, names...), append([]string{}, read...))
	})
}
