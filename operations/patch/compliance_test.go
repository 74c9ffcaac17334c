package patch_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/patch"
)

const core = "pkg:maven/org.jenkins-ci.main/jenkins-core"

func seen(target, version string, after int) patch.Sighting {
	return patch.Sighting{Target: servicecoin.ConfigurationID(target), Component: patch.Component{PURL: core, Version: version}, At: friday().Add(time.Duration(after) * time.Hour)}
}

// What was seen counts, as of the instant that is asked about; what is not known is a
// third state, and what somebody stands for is told apart.
func TestComply(t *testing.T) {
	t.Parallel()
	a, err := patch.NewAdvisory("a", friday(), jenkins())
	require.NoError(t, err)
	var targets []patch.Target
	for _, id := range []string{"done", "back", "old", "never", "exempt", "stale", "gone"} {
		x := target(id, map[bool]string{true: "alder", false: "birch"}[id < "f"])
		x.Components = []patch.Component{{PURL: core, Version: "2.999"}} // what is recorded counts for nothing
		targets = append(targets, x)
	}
	targets = append(targets, target("other", "alder"), target("found", "birch"))
	gone := seen("gone", "", 40)
	gone.Absent = true
	l := patch.Look{
		At: friday().Add(72 * time.Hour), Advisory: &a, Targets: targets, Fresh: 48 * time.Hour,
		Sightings: []patch.Sighting{
			seen("done", "2.441", 1), seen("done", "2.442", 30), seen("done", "2.443", 60), seen("done", "2.441", 73), // later than asked
			seen("back", "2.442", 50), seen("back", "2.441", 60),
			seen("old", "2.400", 70), seen("exempt", "2.400", 70), seen("stale", "2.442", 2), gone,
			seen("found", "2.440", 70),
		},
		Exemptions: []patch.Exemption{
			{Target: "exempt", Advisory: "a", ApprovedBy: "bea", Why: "it is switched off on Monday", From: friday(), Until: friday().Add(100 * time.Hour)},
			{Target: "old", Advisory: "a", ApprovedBy: "bea", Why: "x", From: friday(), Until: friday().Add(72 * time.Hour)}, // over just then
			{Target: "back", Advisory: "b", ApprovedBy: "bea", Why: "of another one", From: friday(), Until: friday().Add(100 * time.Hour)},
		},
	}
	c, err := patch.Comply(l)
	require.NoError(t, err)
	require.Equal(t, patch.Tally{Applicable: 8, Compliant: 2, NonCompliant: 3, Exempt: 1, Unknown: 2}, c.Tally)
	got := map[servicecoin.ConfigurationID]patch.Row{}
	for _, r := range c.Rows {
		got[r.Target] = r
	}
	for id, want := range map[servicecoin.ConfigurationID]patch.Condition{
		"done": patch.Compliant, "back": patch.NonCompliant, "old": patch.NonCompliant, "never": patch.NotKnown, "exempt": patch.Exempt, "stale": patch.NotKnown, "gone": patch.Compliant,
		"found": patch.NonCompliant,
	} {
		require.Equal(t, want, got[id].Condition, "%s: %s", id, got[id].Why)
	}
	require.Equal(t, friday().Add(30*time.Hour), got["done"].Since)
	require.Equal(t, "it was never looked at", got["never"].Why)
	require.Equal(t, "it was seen last at 2026-03-06T14:00:00Z", got["stale"].Why)
	require.Contains(t, got["exempt"].Why, "bea allows that until 2026-03-10T16:00:00Z: it is switched off on Monday")
	require.Zero(t, c.Complete)
	share, ok := c.Tally.Share()
	require.True(t, ok)
	require.InDelta(t, 0.25, share, 0)
	require.Equal(t, []patch.Named{
		{Name: "alder", Tally: patch.Tally{Applicable: 3, Compliant: 1, NonCompliant: 1, Exempt: 1}},
		{Name: "birch", Tally: patch.Tally{Applicable: 5, Compliant: 1, NonCompliant: 2, Unknown: 2}},
	}, c.By(func(r patch.Row) string { return string(r.Customer) }))

	// Once all are seen to be patched, the last of them says when.
	l.Targets, l.At = targets[:2], friday().Add(90*time.Hour)
	l.Sightings = append(l.Sightings[:3:3], seen("back", "2.442", 80))
	c, err = patch.Comply(l)
	require.NoError(t, err)
	require.Equal(t, friday().Add(80*time.Hour), c.Complete)
	// A day before, nothing of that had been seen.
	l.At = friday().Add(-time.Hour)
	c, err = patch.Comply(l)
	require.NoError(t, err)
	require.Equal(t, patch.Tally{Applicable: 2, Unknown: 2}, c.Tally)
	l.Targets = nil
	c, err = patch.Comply(l)
	require.NoError(t, err)
	_, ok = c.Tally.Share()
	require.False(t, ok, "of nothing it is undefined")

	_, err = patch.Comply(patch.Look{Fresh: -1, Exemptions: []patch.Exemption{{}}})
	for _, want := range []string{"at", "advisory", "fresh", "exemptions[0].target", "exemptions[0].approvedBy", "exemptions[0].why", "exemptions[0].until"} {
		require.ErrorContains(t, err, want)
	}
}

// What a list names without versions concerns all of them, until it is gone.
func TestComplyWithAllVersions(t *testing.T) {
	t.Parallel()
	a, err := patch.NewAdvisory("k", friday(), kev())
	require.NoError(t, err)
	x := target("t", "alder")
	x.Components = []patch.Component{{Vendor: "jenkins", Name: "jenkins cli"}}
	c, err := patch.Comply(patch.Look{At: friday(), Advisory: &a, Targets: []patch.Target{x}, Sightings: []patch.Sighting{{Target: "t", Component: patch.Component{Vendor: "Jenkins", Name: "Jenkins CLI", Version: "1"}, At: friday()}}})
	require.NoError(t, err)
	require.Equal(t, 1, c.Tally.NonCompliant)
}

// TestSeveralVersionsAtOnce: the worst of them counts, however they are told.
func TestSeveralVersionsAtOnce(t *testing.T) {
	t.Parallel()
	target := patch.Target{ID: "node-1", Customer: "alder", Components: []patch.Component{openssl("")}}
	old, mended := patch.Sighting{Target: "node-1", Component: openssl("3.0.1"), At: hour(0), Until: hour(9)}, patch.Sighting{Target: "node-1", Component: openssl("3.0.14"), At: hour(2), Until: hour(20)}
	for at, want := range map[int]patch.Condition{1: patch.NonCompliant, 3: patch.NonCompliant, 9: patch.NonCompliant} {
		for _, list := range [][]patch.Sighting{{old, mended}, {mended, old}} {
			got, err := patch.Comply(patch.Look{At: hour(at), Advisory: leak(t), Targets: []patch.Target{target}, Sightings: list})
			require.NoError(t, err)
			require.Equal(t, want, got.Rows[0].Condition, "at %d", at)
		}
	}
	both := []patch.Sighting{{Target: "node-1", Component: openssl("3.0.14"), At: hour(0)}, {Target: "node-1", Component: openssl("3.0.1"), At: hour(0)}}
	for range 2 {
		got, err := patch.Comply(patch.Look{At: hour(1), Advisory: leak(t), Targets: []patch.Target{target}, Sightings: both})
		require.NoError(t, err)
		require.Equal(t, patch.NonCompliant, got.Rows[0].Condition)
		both[0], both[1] = both[1], both[0]
	}
}
