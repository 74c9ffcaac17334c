package patch_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// Which names are of one flaw does not depend on the order in which bulletins come.
func TestTheOrderOfImports(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.StringMatching(`(CVE|GHSA|GO)-[1-4]`)
		var list []patch.Bulletin
		for n := range rapid.IntRange(1, 8).Draw(rt, "n") {
			list = append(list, patch.Bulletin{Source: fmt.Sprint("source", n), ID: name.Draw(rt, "id"), Aliases: rapid.SliceOfN(name, 0, 2).Draw(rt, "aliases")})
		}
		groups := func(order []patch.Bulletin) []string {
			r, _, _ := register(t)
			for _, b := range order {
				_, err := r.Import(t.Context(), servicecoin.Program("importer"), b)
				require.NoError(rt, err)
			}
			var out []string
			for a, err := range r.Recent().All(t.Context()) {
				require.NoError(rt, err)
				out = append(out, strings.Join(a.Names(), " "))
				for _, n := range a.Names() {
					found, err := r.Named(t.Context(), n)
					require.NoError(rt, err)
					require.Equal(rt, a.ID, found.ID)
				}
			}
			slices.Sort(out)
			return out
		}
		require.Equal(rt, groups(list), groups(rapid.Permutation(list).Draw(rt, "order")))
	})
}
