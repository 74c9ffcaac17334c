package patch_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/patch"
)

func TestAbsent(t *testing.T) {
	t.Parallel()
	ctx, by := t.Context(), servicecoin.Program("importer")
	r, s, now := register(t)
	gone := patch.Bulletin{Source: "kev", ID: "CVE-2", Withdrawn: friday()}
	for _, b := range []patch.Bulletin{kev(), jenkins(), {Source: "kev", ID: "CVE-3"}, {Source: "kev", ID: "CVE-1"}, gone} {
		_, err := r.Import(ctx, by, b)
		require.NoError(t, err)
	}
	ids := func(listed ...string) (out []string) {
		list, err := r.Absent(ctx, "kev", listed)
		require.NoError(t, err)
		for _, b := range list {
			out = append(out, b.ID)
		}
		return out
	}
	require.Equal(t, []string{"CVE-1", "CVE-2024-23897", "CVE-3"}, ids(), "of the source, by id, but for what is withdrawn")
	require.Equal(t, []string{"CVE-1"}, ids("CVE-3", "CVE-2024-23897", "CVE-9"))
	require.Empty(t, ids("CVE-3", "CVE-2024-23897", "CVE-1"))

	list, err := r.Absent(ctx, "kev", []string{"CVE-2024-23897", "CVE-3"})
	require.NoError(t, err)
	list[0].Withdrawn = *now
	again, err := r.Import(ctx, by, list[0])
	require.NoError(t, err)
	require.Equal(t, patch.Withdrawn, again.Outcome)
	require.Empty(t, ids("CVE-2024-23897", "CVE-3"))

	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = r.Absent(ended, "kev", nil)
	require.Error(t, err)
	_, err = patch.NewAdvisories(s.For("alder")).Absent(ctx, "kev", nil)
	require.Error(t, err, "a customer has none")
}
