package patch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/operations/patch"
)

// TestWhoSaysNothingIsNotHeard: a source that was withdrawn, and one that speaks of another
// version, take nothing from what the others say.
func TestWhoSaysNothingIsNotHeard(t *testing.T) {
	t.Parallel()
	osv := patch.Bulletin{Source: "osv", ID: "CVE-1", Products: []patch.Product{{Component: openssl(""), Spans: []patch.Span{{Introduced: "3.0.0", Fixed: "3.0.14"}}}}}
	beside := func(change func(b *patch.Bulletin)) patch.Bulletin {
		b := patch.Bulletin{Source: "csaf", ID: "CVE-1", Products: []patch.Product{{Component: openssl(""), Versions: []string{"3.0.14"}, Standing: patch.Fixed}}}
		change(&b)
		return b
	}
	for name, b := range map[string]patch.Bulletin{
		"of the mended version alone": beside(func(*patch.Bulletin) {}),
		"not affected is another one": beside(func(b *patch.Bulletin) {
			b.Products[0].Standing, b.Products[0].Versions = patch.NotAffected, []string{"1.1.1"}
		}),
		"withdrawn": beside(func(b *patch.Bulletin) { b.Withdrawn = friday() }),
	} {
		a, err := patch.NewAdvisory("a", friday(), osv)
		require.NoError(t, err)
		_, _, err = a.Take(friday(), b)
		require.NoError(t, err)
		for version, want := range map[string]patch.Verdict{"3.0.13": patch.Vulnerable, "3.0.14": patch.Patched, "": patch.Undecided} {
			got, why := a.Match(openssl(version))
			require.Equal(t, want, got, "%s: %q: %s", name, version, why)
		}
		c, err := patch.Comply(patch.Look{
			At: hour(1), Advisory: &a, Targets: []patch.Target{{ID: "node-1", Customer: "alder", Components: []patch.Component{openssl("")}}},
			Sightings: []patch.Sighting{{Target: "node-1", Component: openssl("3.0.13"), At: friday()}},
		})
		require.NoError(t, err)
		require.Equal(t, patch.Tally{Applicable: 1, NonCompliant: 1}, c.Tally, name)
	}
	a, err := patch.NewAdvisory("a", friday(), beside(func(b *patch.Bulletin) { b.Withdrawn = friday() }))
	require.NoError(t, err)
	got, why := a.Match(openssl("3.0.13"))
	require.Equal(t, patch.NotApplicable, got)
	require.Equal(t, "it was withdrawn", why)
}
