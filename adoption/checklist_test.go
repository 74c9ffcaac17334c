package adoption_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
)

// Nothing that is not for the customer gets out.
func TestChecklistLeaksNothing(t *testing.T) {
	t.Parallel()
	secret := func(n int) string { return fmt.Sprintf("SECRET%d", n) }
	by := servicecoin.Actor{Kind: servicecoin.Human, ID: servicecoin.PersonID(secret(1)), OnBehalfOf: servicecoin.PersonID(secret(2))}
	o, err := adoption.Begin(by, nine, "sub-1", template())
	require.NoError(t, err)
	require.NoError(t, o.Waive(by, after(1), "contract", secret(3)))
	require.NoError(t, o.Meet(by, after(1), "firewall", adoption.Evidence{Text: secret(4), Link: "https://example.org/" + secret(5)}))
	require.NoError(t, o.Meet(by, after(1), "domain", adoption.Evidence{Text: "open 1", Link: "https://example.org/open2"}))
	require.NoError(t, o.Reach(by, after(2), firstUse))
	require.NoError(t, o.Cancel(by, after(3), secret(6)))
	all, err := json.Marshal(o)
	require.NoError(t, err)
	for n := range 6 {
		require.Contains(t, string(all), secret(n+1), "the test does not mark this field any more")
	}
	seen, err := json.Marshal(o.Checklist(after(4)))
	require.NoError(t, err)
	require.NotContains(t, string(seen), "SECRET")
	require.Contains(t, string(seen), "open 1")
	require.Contains(t, string(seen), "open2")
}

func TestChecklist(t *testing.T) {
	t.Parallel()
	o := begun(t)
	e := said("paper")
	e.Expires = after(100)
	require.NoError(t, o.Meet(bob, after(1), "contract", e))
	require.NoError(t, o.Reach(ada, after(2), ordering))
	got := o.Checklist(after(3))
	require.Len(t, got.Points, 3)
	want := adoption.CheckPoint{Name: ordering, ReachedAt: after(2), Items: []adoption.CheckItem{
		{ID: "contract", Text: "The contract is signed", Wanted: "the signed contract", Force: adoption.Blocking, Owner: adoption.CustomerSide, Status: adoption.Met, Shown: "paper", Expires: after(100)},
		{ID: "owner", Text: "Somebody owns the service", Force: adoption.Warning, Owner: adoption.CustomerSide, Status: adoption.Open},
	}}
	require.Empty(t, cmp.Diff(want, got.Points[0]))
	require.True(t, got.Points[1].Next)
	require.Equal(t, after(2).AddDate(0, 0, 14), got.Points[1].DueBy)
	require.False(t, got.Points[2].Next)
	require.Equal(t, adoption.Expired, o.Checklist(after(100)).Points[0].Items[0].Status)
}
