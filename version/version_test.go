package version_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/version"
)

func must(t testing.TB, text string) version.Version {
	t.Helper()
	v, err := version.ParseLoose(text)
	require.NoError(t, err)
	return v
}

// The order that rule 11 of the standard gives as its example, and more of the kind.
func TestOrder(t *testing.T) {
	t.Parallel()
	orders := map[version.Scheme][]string{
		version.SemVer: {
			"0.0.0-0", "0.0.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-beta.99999999999999999999999",
			"1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1", "20221209.0.0",
		},
		version.Maven: {
			"1-alpha2snapshot", "1-alpha2", "1-alpha-123", "1-beta-2", "1-beta123", "1-m2", "1-m11", "1-rc", "1-cr2", "1-rc123", "1-SNAPSHOT", "1", "1-sp", "1-sp2",
			"1-sp123", "1-abc", "1-def", "1-pom-1", "1-1-snapshot", "1-1", "1-2", "1-123", "1.1", "2.0.1-xyz", "2.0.1-123", "2.426.3", "2.426.10", "2.441",
		},
		version.PyPI: {
			"1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12", "1.0b1.dev456", "1.0b2", "1.0b2.post345.dev456", "1.0b2.post345", "1.0rc1.dev456", "1.0rc1",
			"1.0", "1.0+abc.5", "1.0+abc.7", "1.0+5", "1.0.post456.dev34", "1.0.post456", "1.0.15", "1.1.dev1", "1!0.1",
		},
	}
	for scheme, list := range orders {
		for n, a := range list {
			for m, b := range list {
				got, err := scheme.Compare(a, b)
				require.NoError(t, err)
				want := min(1, max(-1, n-m))
				require.Equal(t, want, got, "%s: %s against %s", scheme, a, b)
			}
		}
	}
}

func TestTheSame(t *testing.T) {
	t.Parallel()
	for scheme, pairs := range map[version.Scheme][][2]string{
		version.SemVer: {{"v1", "1.0.0"}, {"1.2", "1.2.0+build"}, {"01.1.1", "1.1.1"}},
		version.Maven: {
			{"1", "1.0.0"},
			{"1.ga", "1-ga"},
			{"1.final", "1"},
			{"1-0", "1.0"},
			{"1.", "1"},
			{"1-", "1"},
			{"1.foo", "1-foo"},
			{"1-a1", "1-alpha-1"},
			{"1x", "1-x"},
			{"1.0.0-foo.0.0", "1-foo"},
			{"1.0.0-0.0.0", "1"},
			{"1-cr1", "1-rc1"},
			{"1_1", "1-1"},
			{"1.RELEASE", "1"},
			{"1.0rc1", "1-rc-1"},
		},
		version.PyPI: {
			{"1.0", "1"},
			{"v1.0", "1.0"},
			{"1.1.RC1", "1.1rc1"},
			{"1.0-alpha.1", "1.0a1"},
			{"1.0-1", "1.0.post1"},
			{"1.0-r4", "1.0.post4"},
			{"1.0_rev", "1.0.post0"},
			{"1.0pre2", "1.0c2"},
			{"1.0+ubuntu-1", "1.0+ubuntu.1"},
			{" 1.0 ", "1.0"},
			{"0!1", "1"},
			{"1.0.dev", "1.0dev0"},
			{"00.1", "0.1"},
		},
	} {
		for _, p := range pairs {
			got, err := scheme.Compare(p[0], p[1])
			require.NoError(t, err)
			require.Zero(t, got, "%s: %s and %s", scheme, p[0], p[1])
		}
	}
	// What Maven's own page says of transitions and padding.
	for _, p := range [][2]string{{"1", "1.1"}, {"1-snapshot", "1"}, {"1", "1-sp"}, {"1-foo2", "1-foo10"}, {"1.foo", "1-1"}, {"1-1", "1.1"}, {"1-ga.1", "1-sp.1"}, {"1-sp-1", "1-ga-1"}} {
		got, err := version.Maven.Compare(p[0], p[1])
		require.NoError(t, err)
		require.Equal(t, -1, got, "%s before %s", p[0], p[1])
	}
}

func TestWhatIsNoVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "is no number", "1": "three numbers", "1.2": "three numbers", "v1.2.3": "column 1", "1.2.3.4": `column 6: ".4" is more than a version`,
		"01.2.3": "begins with a zero", "1.2.3-": "is no identifier", "1.2.3-01": "begins with a zero", "1.2.3+": "is no identifier", "1.2.3-a..b": "is no identifier",
		"18446744073709551616.0.0": "is larger than", "-1.0.0": "is no number", "1.2.3-ä": "is no identifier",
		strings.Repeat("1", 257): "has 257 bytes, 256 are allowed",
	} {
		_, err := version.Parse(text)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
		require.ErrorContains(t, err, want, text)
	}
	for _, s := range version.Schemes() {
		require.True(t, s.Known())
		_, err := s.Compare("1.0.0", strings.Repeat("1", 257))
		require.ErrorContains(t, err, "too-long")
	}
	for _, p := range [][3]string{{"semver", "1", "x"}, {"semver", "x", "1"}, {"pypi", "1.0.x", "1"}, {"pypi", "1", ""}, {"pypi", "1.0+", "1"}, {"pypi", "1!", "1"}, {"rpm", "1", "1"}} {
		_, err := version.Scheme(p[0]).Compare(p[1], p[2])
		require.ErrorIs(t, err, servicecoin.ErrInvalid, p)
	}
	require.False(t, version.Scheme("rpm").Known())
}

func TestWhatIsNoRange(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "column 1: a comparison is missing", "||": "column 1: a comparison is missing", "1 ||": "column 5: a comparison is missing", ">=1.1<2": "column 6: comparisons are parted",
		">= bar": `column 4: "bar" is no version`, "1,": "column 3: a comparison is missing", ">1 - 2": "a range with a hyphen has no operator", "1 - ": `"" is no version`,
		"1.2.3.4": "column 6: comparisons are parted", "==1": `"=1" is no version`, "1.2.3-01": "is no pre-release", "1.2.3+": "is no build",
		strings.Repeat(" ", 513): "has 513 bytes, 512 are allowed", strings.Repeat("1||", 33): "too-many",
	} {
		_, err := version.ParseRange(text)
		require.ErrorIs(t, err, servicecoin.ErrInvalid, text)
		require.ErrorContains(t, err, want, text)
	}
}

// Where npm and Masterminds differ, a policy has a name.
func TestPrereleases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, v              string
		named, always, patch bool
	}{
		{"~1.2.3-beta.2", "1.2.4-beta.2", true, true, false},
		{"~1.2.3-beta.2", "1.2.3-beta.4", true, true, true},
		{"^0.2.3-beta.2", "0.2.4-beta.2", true, true, false},
		{">=1.0.0 <=2.0.0-beta", "1.0.1-beta", true, true, false},
		{">=1.0.0 <=2.0.0-beta", "2.0.0-alpha", true, true, true},
		{"*", "1.0.0-alpha", false, true, false},
		{"<2", "2.0.0-alpha", false, true, false},
		{"<=1.x", "1.9.9", true, true, true},
		{"<=*", "9.9.9", true, true, true},
		{">*", "9.9.9", false, false, false},
		{"<*", "0.0.0-0", false, false, false},
		{"!=*", "1.0.0", false, false, false},
		{"^*", "7.0.0", true, true, true},
	} {
		r, err := version.ParseRange(c.text)
		require.NoError(t, err)
		v := must(t, c.v)
		require.Equal(t, [3]bool{c.named, c.always, c.patch}, [3]bool{r.Holds(v, version.WhereNamed), r.Holds(v, version.Always), r.Holds(v, version.SamePatch)}, "%s in %s", c.v, c.text)
		require.Equal(t, c.named, r.Contains(v))
	}
	require.False(t, version.Range{}.Contains(version.New(1, 0, 0)), "the zero value holds nothing")
}

func TestText(t *testing.T) {
	t.Parallel()
	type both struct {
		V version.Version
		R version.Range
	}
	var x both
	const text = `{"V":"1.2.3-rc.1+b","R":"^1 || 2.x"}`
	require.NoError(t, json.Unmarshal([]byte(text), &x))
	require.Equal(t, "rc.1", x.V.Prerelease())
	require.Equal(t, "b", x.V.Build())
	require.Equal(t, version.New(1, 2, 3), x.V.Release())
	require.True(t, x.V.Less(x.V.Release()))
	body, err := json.Marshal(x)
	require.NoError(t, err)
	require.JSONEq(t, text, string(body))
	require.Error(t, json.Unmarshal([]byte(`{"V":"1.2"}`), &x))
	require.Error(t, json.Unmarshal([]byte(`{"R":"one"}`), &x))
	require.NoError(t, json.Unmarshal([]byte(`{"R":""}`), &x))
	require.Equal(t, version.Range{}, x.R)
}

var texts = map[version.Scheme]*rapid.Generator[string]{
	version.SemVer: rapid.StringMatching(`v?(0|[1-9]\d{0,2})(\.\d{1,2}){0,2}(-(a|b|rc|[1-9])(\.([1-9]|x)){0,2})?(\+b)?`),
	version.Maven:  rapid.StringMatching(`\d{1,2}([.-](\d|0|a|rc|snapshot|ga|foo|sp|)){0,4}`),
	version.PyPI:   rapid.StringMatching(`(1!)?\d(\.\d){0,2}((a|b|rc)\d?)?(\.post\d?)?(\.dev\d?)?(\+(a|1)(\.\d)?)?`),
}

// A zero before a word says nothing, or three versions would go round in a circle.
func TestMavenZeroBeforeAWord(t *testing.T) {
	t.Parallel()
	for _, p := range [][2]string{{"1.0.rc", "1.rc"}, {"0.rc", "0-rc"}, {"1.0.0.foo", "1.foo"}, {"1.0.sp", "1.sp"}} {
		c, err := version.Maven.Compare(p[0], p[1])
		require.NoError(t, err)
		require.Zero(t, c, p)
	}
	for _, p := range [][2]string{{"1.0.rc", "1"}, {"1", "1-foo"}, {"1.0.rc", "1-foo"}, {"0.rc", "0-foo"}} {
		c, err := version.Maven.Compare(p[0], p[1])
		require.NoError(t, err)
		require.Negative(t, c, p)
	}
}

// Each scheme is an order: of three versions none contradicts another.
func TestOrders(t *testing.T) {
	t.Parallel()
	for scheme, g := range texts {
		rapid.Check(t, func(t *rapid.T) {
			list := []string{g.Draw(t, "a"), g.Draw(t, "b"), g.Draw(t, "c")}
			compare := func(a, b string) int {
				c, err := scheme.Compare(a, b)
				require.NoError(t, err)
				return c
			}
			a, b, c := list[0], list[1], list[2]
			require.Zero(t, compare(a, a))
			require.Equal(t, compare(a, b), -compare(b, a))
			if compare(a, b) <= 0 && compare(b, c) <= 0 {
				require.LessOrEqual(t, compare(a, c), 0, "%s: %q", scheme, list)
			}
		})
	}
}

// A version is what its text says, and a comparison with itself holds as it should.
func TestRanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v, err := version.ParseLoose(texts[version.SemVer].Draw(t, "v"))
		require.NoError(t, err)
		again, err := version.Parse(v.String())
		require.NoError(t, err)
		require.Equal(t, v, again)
		for op, want := range map[string]bool{"": true, "=": true, ">=": true, "<=": true, "~": true, "^": true, "!=": false, "<": false, ">": false} {
			r, err := version.ParseRange(op + v.String())
			require.NoError(t, err)
			for _, p := range []version.Prereleases{version.WhereNamed, version.Always, version.SamePatch} {
				require.Equal(t, want, r.Holds(v, p), "%s%s", op, v)
			}
		}
		w, err := version.ParseLoose(texts[version.SemVer].Draw(t, "w"))
		require.NoError(t, err)
		for op, want := range map[string]bool{">": w.Compare(v) > 0, "<": w.Compare(v) < 0, "=": w.Compare(v) == 0} {
			r, err := version.ParseRange(op + v.String())
			require.NoError(t, err)
			require.Equal(t, want, r.Holds(w, version.Always), "%s in %s%s", w, op, v)
		}
	})
}

func FuzzVersions(f *testing.F) {
	for _, s := range []string{"1.2.3-rc.1+b", "v1", "1.0.0-alpha..1", "1!1.0a1.post2.dev3+l.1", "1-1.foo-bar1baz-.1", ">=1.1, <2, !=1.2.3 || 1.0 - 2.x-a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := version.ParseLoose(text); err == nil {
			again, err := version.Parse(v.String())
			require.NoError(t, err)
			require.Equal(t, v, again)
		}
		if r, err := version.ParseRange(text); err == nil {
			require.Equal(t, text, r.String())
			r.Holds(version.New(1, 2, 3), version.Always)
		}
		for _, s := range version.Schemes() {
			if c, err := s.Compare(text, text); err == nil {
				require.Zero(t, c)
			}
		}
	})
}

func BenchmarkVersions(b *testing.B) {
	r, err := version.ParseRange(">=1.1, <2, !=1.2.3 || >=3.1")
	require.NoError(b, err)
	v, w := must(b, "1.2.31-rc.1"), must(b, "1.2.31-rc.10")
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := version.Parse("1.2.31-rc.1"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("compare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v.Compare(w)
		}
	})
	b.Run("holds", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Holds(v, version.Always)
		}
	})
	b.Run("parseRange", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := version.ParseRange(">=1.1, <2, !=1.2.3 || >=3.1"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
