package coin_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

// A release that mends more critical flaws than have room in one commit mends them all, and
// who misses it stays warned of each until it runs.
func TestReleaseMendsManyFlaws(t *testing.T) {
	t.Parallel()
	s, ctx := newShop(t), t.Context()
	n := s.Releases()
	today := calendar.DateOf(s.now, s.now.Location())
	_, err := n.Schedule().KeepPlatform(ctx, ada, release.Platform{ID: "mail", Name: "Mail"})
	require.NoError(t, err)
	_, err = n.Schedule().KeepLine(ctx, ada, release.Line{Platform: "mail", Name: "2", Released: today})
	require.NoError(t, err)
	_, err = n.Schedule().Publish(ctx, ada, release.Plan{Platform: "mail", Version: "2.0.0", On: today})
	require.NoError(t, err)
	_, err = n.Installations("acme").Run(ctx, ada, "mail", "", "2.0.0")
	require.NoError(t, err)
	const many = 70
	var holds release.Holds
	for k := range many {
		name := fmt.Sprintf("CVE-2026-%d", k)
		_, err = n.Fixes().Know(ctx, ada, release.Known{ID: release.FixID(fmt.Sprintf("f%d", k)), Platform: "mail", Advisory: name, Title: "a flaw", Affected: "2.0.0", At: s.now})
		require.NoError(t, err)
		holds.Advisories = append(holds.Advisories, name)
	}
	_, err = n.Schedule().Publish(ctx, ada, release.Plan{Platform: "mail", Version: "2.0.1", On: today, Holds: holds})
	require.NoError(t, err)
	s.drain()
	for f, err := range n.Fixes().All("mail").All(ctx) {
		require.NoError(t, err)
		require.Len(t, f.In, 1, f.ID)
	}
	settled := func() (stand, settled int) {
		for w, err := range n.Warnings("acme").All().All(ctx) {
			require.NoError(t, err)
			if w.SettledAt.IsZero() {
				stand++
			} else {
				settled++
			}
		}
		return stand, settled
	}
	for range 20 {
		_, err = n.Tend(ctx)
		require.NoError(t, err)
	}
	stand, over := settled()
	require.Equal(t, many, stand)
	require.Zero(t, over, "nothing was done about any of them")
	_, err = n.Installations("acme").Run(ctx, ada, "mail", "", "2.0.1")
	require.NoError(t, err)
	s.drain()
	for range 20 {
		_, err = n.Tend(ctx)
		require.NoError(t, err)
	}
	stand, over = settled()
	require.Zero(t, stand)
	require.Equal(t, many, over)
}
