package change_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
)

// Who changed something then, with somebody's word for it.
func TestWorkedOn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	on := func(from, until time.Duration) (ids []servicecoin.ChangeID) {
		list, err := h.WorkedOn(ctx, calendar.Between(monday().Add(from), monday().Add(until)))
		require.NoError(t, err)
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		return ids
	}
	const day = 24 * time.Hour
	c := h.approved(t, request(change.Normal)) // from the next morning on, for two hours
	require.Empty(t, on(0, 2*day), "it has no place yet")
	_, err := h.Schedule(ctx, person("ada"), c.ID)
	require.NoError(t, err)
	require.Equal(t, []servicecoin.ChangeID{"c1"}, on(day, day+time.Minute), "as planned")
	require.Empty(t, on(0, day))
	require.Empty(t, on(day+2*time.Hour, 2*day))

	h.now = monday().Add(day)
	_, err = h.Start(ctx, person("ingo"), c.ID)
	require.NoError(t, err)
	h.now = h.now.Add(5 * time.Hour)
	require.Equal(t, []servicecoin.ChangeID{"c1"}, on(day+4*time.Hour, day+5*time.Hour), "it takes longer than planned")
	_, err = h.RollBack(ctx, person("ingo"), c.ID, "too slow", time.Time{})
	require.NoError(t, err)
	require.Equal(t, []servicecoin.ChangeID{"c1"}, on(day+4*time.Hour, day+5*time.Hour), "as it was")
	require.Empty(t, on(day+5*time.Hour, 9*day))

	_, err = h.Discover(ctx, person("ada"), change.Found{ID: "seen", Title: "a setting", Reason: "an audit", Scope: work().Scope, Seen: h.now.Add(-time.Minute)})
	require.NoError(t, err)
	require.Empty(t, on(day+5*time.Hour-2*time.Minute, day+5*time.Hour)[1:], "nobody had asked for that one")
}

// An emergency that its policy lets begin first may be done until somebody says no.
func TestAnEmergencyMayBeDone(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for vote, want := range map[change.Choice]bool{change.VoteYes: true, change.VoteNo: false} {
		h := newHouse(t, nil)
		r := request(change.Emergency)
		r.Work.Plan.Start = h.now
		c, err := h.Draft(ctx, person("ada"), r)
		require.NoError(t, err)
		require.False(t, c.MayBeDone())
		_, err = h.Assign(ctx, person("ada"), c.ID, "ingo")
		require.NoError(t, err)
		c, err = h.Assess(ctx, person("carl"), c.ID, change.Judged{Likelihood: 2})
		require.NoError(t, err)
		require.False(t, c.MayBeDone(), "it has not begun")
		c, err = h.StartUnapproved(ctx, person("ingo"), c.ID, "all is down")
		require.NoError(t, err)
		require.True(t, c.MayBeDone())
		c, err = h.Vote(ctx, person("eve"), c.ID, change.Cast{Choice: vote, Reason: "so it is"})
		require.NoError(t, err)
		if vote == change.VoteNo {
			c, err = h.Vote(ctx, person("bea"), c.ID, change.Cast{Choice: vote, Reason: "so it is"})
			require.NoError(t, err)
		}
		require.NotNil(t, c.Decision)
		require.Equal(t, want, c.MayBeDone(), vote)
	}
}

// What nobody had asked for is no success, however well it went.
func TestWhatNobodyAskedForIsNoSuccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	_, err := h.Discover(t.Context(), person("ada"), change.Found{ID: "seen", Title: "a setting", Reason: "an audit", Scope: work().Scope, Seen: h.now})
	require.NoError(t, err)
	f, _, _, err := h.Figures(t.Context(), calendar.Between(monday(), monday().Add(time.Hour)))
	require.NoError(t, err)
	require.Equal(t, []int{1, 0, 0, 1}, []int{f.Changes, f.Succeeded.Count, f.Failed.Count, f.Unauthorised.Count})
}
