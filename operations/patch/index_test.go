package patch_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/operations/patch"
)

// TestIndex: no advisory that means anything for a component is left out, and few others
// are looked at.
func TestIndex(t *testing.T) {
	t.Parallel()
	some := []patch.Component{
		{PURL: "pkg:deb/debian/openssl"},
		{PURL: "pkg:deb/debian/OpenSSL"},
		{PURL: "pkg:npm/%40angular/core"},
		{Name: "Jenkins CLI"},
		{Vendor: "Jenkins", Name: "jenkins cli"},
		{PURL: "pkg:generic/openssl", Name: "OpenSSL"},
		{Vendor: "OpenSSL", Name: "openssl"},
		{Name: "straße"},
		{Name: "STRASSE"},
		{Name: "K"},
		{Name: "\u212a"},
		{Name: "\u017f"},
		{Name: "S"},
	}
	rapid.Check(t, func(rt *rapid.T) {
		runs := rapid.SliceOfN(rapid.SampledFrom(some), 0, 3).Draw(rt, "runs")
		product := patch.Product{Component: rapid.SampledFrom(some).Draw(rt, "product")}
		a, err := patch.NewAdvisory("a", friday(), patch.Bulletin{Source: "osv", ID: "x", Products: []patch.Product{product}})
		require.NoError(rt, err)
		var x patch.Index
		x.Add(runs...)
		for _, c := range runs {
			if v, _ := a.Match(c); v != patch.NotApplicable {
				require.True(rt, x.MayConcern(&a), "%v and %v", c, product)
			}
		}
		if !x.MayConcern(&a) {
			return
		}
		require.NotEmpty(rt, runs)
	})
	var none patch.Index
	a, err := patch.NewAdvisory("a", friday(), jenkins())
	require.NoError(t, err)
	require.False(t, none.MayConcern(&a))
}
