package release_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

func prover(t testing.TB, proofs ...release.Proof) *release.Prover {
	t.Helper()
	p, err := release.NewProver(release.ProofRules{Proofs: proofs})
	require.NoError(t, err)
	return p
}

func TestProves(t *testing.T) {
	result := release.TestResult{
		Suite: "shop/orders", Package: "com.example", Class: "com.example.SplitTest", Name: "splits by * day", Outcome: release.TestPassed,
		Properties: []string{"requirement=REQ-12", "team=a"},
	}
	for _, c := range []struct {
		pattern release.TestPattern
		want    bool
	}{
		{release.TestPattern{Name: "splits by * day"}, true},
		{release.TestPattern{Name: `splits by \* day`}, true},
		{release.TestPattern{Name: `splits by \* night`}, false},
		{release.TestPattern{Name: "splits*"}, true},
		{release.TestPattern{Name: "*day"}, true},
		{release.TestPattern{Name: "*by*"}, true},
		{release.TestPattern{Name: "*"}, true},
		{release.TestPattern{Name: "s*y*s*y"}, false},
		{release.TestPattern{Name: "splits"}, false},
		{release.TestPattern{Name: "SPLITS*"}, false},
		{release.TestPattern{Suite: "shop/orders"}, true},
		{release.TestPattern{Suite: "orders"}, true},
		{release.TestPattern{Suite: "shop"}, true},
		{release.TestPattern{Suite: "sho"}, false},
		{release.TestPattern{Class: "*.SplitTest", Name: "splits*"}, true},
		{release.TestPattern{Class: "*.SplitTest", Name: "joins*"}, false},
		{release.TestPattern{Package: "com.*"}, true},
		{release.TestPattern{Property: "requirement=REQ-*"}, true},
		{release.TestPattern{Property: "requirement=REQ-1"}, false},
		{release.TestPattern{Property: "*=a"}, true},
		{release.TestPattern{Property: "req=*"}, false},
	} {
		t.Run(fmt.Sprint(c.pattern), func(t *testing.T) {
			got := prover(t, release.Proof{Feature: "f", Tests: []release.TestPattern{c.pattern}}).Proves(&result)
			require.Equal(t, c.want, len(got) == 1)
		})
	}
}

// TestBackslash: the names of PHP's classes are patterns as they stand.
func TestBackslash(t *testing.T) {
	result := release.TestResult{Class: `App\Tests\SplitTest`, Outcome: release.TestPassed}
	for pattern, want := range map[string]bool{
		`App\Tests\SplitTest`: true, `App\\Tests\\SplitTest`: true, `App\\*`: true, `App\Tests\\*Test`: true, `*\SplitTest`: true,
		`App\*`: false, `AppTestsSplitTest`: false,
	} {
		got := prover(t, release.Proof{Feature: "f", Tests: []release.TestPattern{{Class: pattern}}}).Proves(&result)
		require.Equal(t, want, len(got) == 1, pattern)
	}
}

// TestIndexIsNaive: what the index finds is what trying every pattern finds.
func TestIndexIsNaive(t *testing.T) {
	part := rapid.SampledFrom([]string{"a", "b", "ab", "abc", "bca", "/", "*", "*", "-", "cab"})
	text := func(t *rapid.T, name string) string {
		return strings.Join(rapid.SliceOfN(part, 1, 6).Draw(t, name), "")
	}
	rapid.Check(t, func(t *rapid.T) {
		var rules release.ProofRules
		for n := range rapid.IntRange(1, 12).Draw(t, "proofs") {
			p := release.Proof{Feature: release.FeatureID(strconv.Itoa(n))}
			for range rapid.IntRange(1, 3).Draw(t, "patterns") {
				x := release.TestPattern{Name: text(t, "name")}
				if rapid.Bool().Draw(t, "class") {
					x.Class = text(t, "class")
				}
				if rapid.Bool().Draw(t, "property") {
					x.Property = text(t, "key") + "=" + text(t, "value")
				}
				p.Tests = append(p.Tests, x)
			}
			rules.Proofs = append(rules.Proofs, p)
		}
		index, err := release.NewProver(rules)
		require.NoError(t, err)
		fits := func(pattern, text string) bool {
			return pattern == "" || regexp.MustCompile("^(?s)"+strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")+"$").MatchString(text)
		}
		for range 10 {
			r := release.TestResult{Name: text(t, "name"), Class: text(t, "class"), Properties: []string{text(t, "p") + "=" + text(t, "q")}}
			want := []release.FeatureID{}
			for _, p := range rules.Proofs {
				if slices.ContainsFunc(p.Tests, func(x release.TestPattern) bool {
					return fits(x.Name, r.Name) && fits(x.Class, r.Class) && fits(x.Property, r.Properties[0])
				}) {
					want = append(want, p.Feature)
				}
			}
			require.Empty(t, cmp.Diff(want, index.Proves(&r)))
		}
	})
}

func TestRulesAreChecked(t *testing.T) {
	rules := release.ProofRules{Flaky: "x", Cut: "y", Proofs: []release.Proof{
		{},
		{Feature: "a", Tests: []release.TestPattern{{}, {Name: `a\`}, {Name: `a\\`}, {Property: "x"}, {Name: strings.Repeat("a", 501)}}, MaxAge: calendar.Within(-time.Hour), Environments: []string{"e", "e", ""}},
		{Feature: "a", Tests: []release.TestPattern{{Name: "x"}}},
	}}
	_, err := release.NewProver(rules)
	var invalid *servicecoin.InvalidError
	require.ErrorAs(t, err, &invalid)
	var paths []string
	for _, v := range invalid.Violations {
		paths = append(paths, v.Path+" "+v.Code)
	}
	require.Empty(t, cmp.Diff([]string{
		"proofs[0].feature required", "proofs[0].tests required", "proofs[1].tests[0] required", "proofs[1].tests[1].name bad-pattern",
		"proofs[1].tests[3].property bad-pattern", "proofs[1].tests[4].name too-long", "proofs[1].maxAge not-positive",
		"proofs[1].environments[1] duplicate", "proofs[1].environments[2] required", "proofs[2].feature duplicate", "flaky unknown", "cut unknown",
	}, paths))
}
