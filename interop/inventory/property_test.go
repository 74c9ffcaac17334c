package inventory_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/interop/inventory"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// names of members, with such as a pointer escapes.
func names() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "c/d", "e~", "*", "0", "", strings.Repeat("x", 300)}), rapid.StringMatching("[a-z]{1,3}"))
}

// marked are shapes as Terraform marks what is sensitive in.
func marked(depth int) *rapid.Generator[configuration.Value] {
	leaf := rapid.Custom(func(t *rapid.T) configuration.Value {
		return rapid.SampledFrom([]configuration.Value{configuration.BoolOf(true), configuration.BoolOf(false), configuration.NullOf(), configuration.TextOf("true")}).Draw(t, "leaf")
	})
	if depth == 0 {
		return leaf
	}
	list := rapid.Custom(func(t *rapid.T) configuration.Value {
		return configuration.ListOf(rapid.SliceOfN(marked(depth-1), 0, 12).Draw(t, "list")...)
	})
	object := rapid.Custom(func(t *rapid.T) configuration.Value {
		var members []configuration.Member
		for name, v := range rapid.MapOfN(names(), marked(depth-1), 0, 12).Draw(t, "object") {
			members = append(members, configuration.Member{Name: name, Value: v})
		}
		v, err := configuration.ObjectOf(members...)
		require.NoError(t, err)
		return v
	})
	return rapid.OneOf(leaf, list, object)
}

// truths returns the pointers of all that is true.
func truths(v configuration.Value, at string) []string {
	if v.Kind() == configuration.Bool && v.String() == "true" {
		return []string{at}
	}
	var out []string
	for i, m := range v.Members() {
		name := m.Name
		if v.Kind() == configuration.List {
			name = strconv.Itoa(i)
		}
		out = append(out, truths(m.Value, at+"/"+configuration.EscapeSegment(name))...)
	}
	return out
}

func above(p, at string) bool { return p == at || strings.HasPrefix(at, p+"/") }

// Whatever is marked, and however often, is secret, or what is around it is; and a register
// takes the pointers.
func TestMarksCoverWhatIsMarked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shape := marked(4).Draw(t, "shape")
		all := truths(shape, "")
		got, coarse := inventory.Marks(shape)
		few, coarser := inventory.Fewer(got)
		again, again2 := inventory.Fewer(few)
		require.Equal(t, few, again, "it is done once")
		require.False(t, again2)
		for _, at := range all {
			require.True(t, slices.ContainsFunc(few, func(p string) bool { return above(p, at) }), at)
		}
		for _, p := range few {
			require.True(t, slices.ContainsFunc(all, func(at string) bool { return above(p, at) }), "nothing is secret for nothing: %s", p)
		}
		if !coarse && !coarser {
			require.ElementsMatch(t, all, few)
		}
		d := configuration.Draft{ID: "x", Described: configuration.Described{Name: "x", Type: "t", Owner: configuration.OfCustomer, Secrets: few}, Desired: configuration.NullOf()}
		require.NoError(t, d.Validate())
	})
}

func TestFewer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			var at strings.Builder
			for _, name := range rapid.SliceOfN(names(), 0, 60).Draw(t, "names") {
				at.WriteString("/" + configuration.EscapeSegment(name))
			}
			return at.String()
		}), 0, 250).Draw(t, "pointers")
		few, _ := inventory.Fewer(all)
		require.LessOrEqual(t, len(few), 100)
		for _, p := range few {
			require.LessOrEqual(t, len(p), 1000)
			require.LessOrEqual(t, strings.Count(p, "/"), 50)
		}
		for _, at := range all {
			require.True(t, slices.ContainsFunc(few, func(p string) bool { return above(p, at) }), at)
		}
		at := rapid.SampledFrom(append(all, "", "/a", "/b/x")).Draw(t, "at")
		want := slices.ContainsFunc(all, func(p string) bool { return above(p, at) || above(at, p) })
		require.Equal(t, want, inventory.Touch(all, at))
	})
}

// A log that tells how one set of rows became another one, and so on, is folded to the last
// one, and what came and went is the difference to the first.
func TestOsqueryFoldsToTheLast(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pkg := rapid.SampledFrom([]string{`"n":"a"`, `"n":"b"`, `"n":"a","pid":"1"`, `"n":"a","pid":"2"`, `"n":"c","pid":"1"`, `"m":"1","n":"a"`})
		states := rapid.SliceOfN(rapid.SliceOfN(pkg, 0, 6), 1, 5).Draw(t, "states")
		epoch, counter := 1, 0
		var lines []string
		count := func(rows []string) map[string]int {
			n := map[string]int{}
			for _, r := range rows {
				n[r]++
			}
			return n
		}
		if len(states[0]) == 0 {
			states[0] = []string{`"n":"z"`}
		}
		for i, rows := range states {
			if i > 0 && len(rows) > 0 && rapid.IntRange(0, 3).Draw(t, "new epoch") == 0 {
				epoch, counter = epoch+1, 0
			}
			before := map[string]int{}
			if counter > 0 {
				before = count(states[i-1])
			}
			after := count(rows)
			for _, sign := range []string{"removed", "added"} {
				for _, r := range slices.Sorted(maps.Keys(map[string]bool{`"n":"a"`: true, `"n":"b"`: true, `"n":"z"`: true, `"n":"a","pid":"1"`: true, `"n":"a","pid":"2"`: true, `"n":"c","pid":"1"`: true, `"m":"1","n":"a"`: true})) {
					n := after[r] - before[r]
					if sign == "removed" {
						n = -n
					}
					for range n {
						lines = append(lines, row(sign, strconv.Itoa(epoch), strconv.Itoa(counter), 100+i, r))
					}
				}
			}
			counter++
		}
		l, err := inventory.ReadOsquery([]byte(strings.Join(lines, "\n")), nil)
		require.NoError(t, err)
		x := l.Tables[0]
		require.True(t, x.Whole)
		var got []string
		for _, m := range x.State.At("/rows").Members() {
			got = append(got, strings.Trim(m.Value.String(), "{}"))
		}
		last := states[len(states)-1]
		require.ElementsMatch(t, last, got)
		plain := func(rows []string) map[string]int {
			n := map[string]int{}
			for _, r := range rows {
				r, _, _ = strings.Cut(r, `,"pid"`)
				n["{"+r+"}"]++
			}
			return n
		}
		first, now := plain(states[0]), plain(last)
		balance := map[string]int{}
		for _, v := range x.Came {
			balance[v.String()]++
		}
		for _, v := range x.Went {
			balance[v.String()]--
		}
		for _, id := range []string{`{"n":"a"}`, `{"n":"b"}`, `{"n":"c"}`, `{"n":"z"}`, `{"m":"1","n":"a"}`} {
			require.Equal(t, now[id]-first[id], balance[id], id)
		}
	})
}

// What costs much to read is refused, or costs little.
func TestWhatIsMadeToBeLarge(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 400) + strings.Repeat("true,", 20_000) + "true" + strings.Repeat("]", 400)
	wide := `{"` + strings.Repeat("n", 900) + `":[` + strings.Repeat("true,", 20_000) + `true]}`
	long := `{"` + strings.Repeat("n", 5000) + `":{"a":true}}`
	for _, m := range []string{deep, wide, long} {
		p := readPlan(t, planOf(`"resource_changes":[`+change("x.a", `["no-op"]`, `"before":{"a":1},"after":{"a":1},"before_sensitive":`+m+`,"after_unknown":`+m)+`]`))
		require.Len(t, p.Changes, 1)
		require.Len(t, p.Changes[0].Secrets, 1)
		require.LessOrEqual(t, len(p.Changes[0].Secrets[0]), 1000)
		require.Len(t, p.Changes[0].Unknown, 1)
		require.Equal(t, inventory.ToldCoarse, p.Remarks[0].Code)
	}
	var attributes, members []string
	for n := range 20_000 {
		attributes = append(attributes, fmt.Sprintf(`{"resource":"x.a","attribute":["l",%d]}`, 2*n))
		members = append(members, strconv.Itoa(n))
	}
	list := strings.Join(members, ",")
	p := readPlan(t, planOf(`"relevant_attributes":[`+strings.Join(attributes, ",")+`],"resource_drift":[`+change("x.a", `["update"]`, `"before":{"l":[`+list+`]},"after":{"l":[9,`+list+`]}`)+`]`))
	require.Len(t, p.Drifts[0].Differences, 20_001)
	require.Len(t, p.Drifts[0].Relevant, 10_001)

	same := []string{row("added", "1", "0", 1, `"n":"a"`)}
	for range 2 {
		for n := range 20_000 {
			same = append(same, row("added", "1", "1", 1, fmt.Sprintf(`"n":"a","pid":"%d"`, n)))
		}
	}
	for n := range 20_000 {
		same = append(same, row("removed", "1", "2", 1, fmt.Sprintf(`"n":"a","pid":"%d"`, 19_999-n)))
	}
	l := readLog(t, nil, same...)
	require.Len(t, l.Tables[0].Came, 20_000)

	many := make([]string, 0, inventory.MaxThings+1)
	for n := range cap(many) {
		many = append(many, fmt.Sprintf(`{"mode":"managed","type":"t%d","name":"n%d","instances":[{"attributes":{}}]}`, n%3000, n))
	}
	_, err := inventory.ReadTerraformState([]byte(`{"version":4,"resources":[`+strings.Join(many, ",")+`]}`), nil)
	require.ErrorContains(t, err, "has more than 100000 things (too-many)")
	s, err := inventory.ReadTerraformState([]byte(`{"version":4,"resources":[`+strings.Join(many[:25_000], ",")+`]}`), nil)
	require.NoError(t, err)
	found := 0
	for _, x := range s.Sweeps(time.Unix(1, 0)) {
		require.NoError(t, x.Validate(), "a sweep has room for it")
		found += len(x.Found)
	}
	require.Equal(t, 25_000, found)
}
