package change_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
)

// all asks everybody of two, for whom zoe may vote.
func allOf(members ...servicecoin.PersonID) change.Policy {
	during := calendar.Between(monday(), monday().Add(100*time.Hour))
	p := change.Policy{Name: "all", Rules: []change.ApprovalRule{{Quorums: []change.Quorum{{Group: "all", Members: members}}}}}
	for _, m := range members {
		p.Delegates = append(p.Delegates, change.Delegate{Of: m, To: "zoe", During: during})
	}
	return p
}

func assessedBy(t *testing.T, p change.Policy) *life {
	t.Helper()
	l := begin(t, change.Normal).must("submit", "assign")
	require.NoError(t, l.c.Assess(person("carl"), l.at, change.Assessment{Risk: risk(), Policy: p}))
	return l
}

func TestOneVoiceForTwoIsNoNo(t *testing.T) {
	t.Parallel()
	l := assessedBy(t, allOf("bea", "dora"))
	require.NoError(t, l.vote("zoe", change.Cast{For: "bea", Choice: change.VoteYes}))
	require.NoError(t, l.vote("zoe", change.Cast{For: "dora", Choice: change.VoteYes}))
	require.Equal(t, change.Assessed, l.c.State, "nobody said no")
	require.Equal(t, []servicecoin.PersonID{"dora"}, l.c.Tallies()[0].Open)
	require.NoError(t, l.vote("dora", change.Cast{Choice: change.VoteYes}))
	require.Equal(t, change.Approved, l.c.State)
}

func TestADelegateWhoDoesItSilencesNobody(t *testing.T) {
	t.Parallel()
	l := assessedBy(t, allOf("bea", "dora"))
	require.NoError(t, l.vote("zoe", change.Cast{For: "bea", Choice: change.VoteYes}))
	require.NoError(t, l.c.Reassign(person("ada"), l.at, "on holiday", "zoe"))
	require.NoError(t, l.vote("dora", change.Cast{Choice: change.VoteYes}))
	require.Equal(t, change.Assessed, l.c.State, "bea may still be heard")
	require.NoError(t, l.vote("bea", change.Cast{Choice: change.VoteYes}))
	require.Equal(t, change.Approved, l.c.State)
}

func TestWhoHadItApprovedDoesNotDoIt(t *testing.T) {
	t.Parallel()
	l := assessedBy(t, allOf("bea"))
	require.NoError(t, l.vote("zoe", change.Cast{For: "bea", Choice: change.VoteYes}))
	require.Equal(t, change.Approved, l.c.State)
	require.ErrorContains(t, l.c.Reassign(person("ada"), l.at, "they know it", "bea"), "approved it: who does it has no vote")
	require.ErrorContains(t, l.c.Reassign(person("ada"), l.at, "they know it", "zoe"), "approved it: who does it has no vote")
	require.NoError(t, l.c.Except(person("fay"), l.at, change.Freeze{ID: "f", Name: "year end"}, "must be"))
	require.ErrorContains(t, l.c.Reassign(person("ada"), l.at, "they know it", "fay"), "allowed it in freeze f")
}

func TestVotesOfAnEarlierRoundCountNoMore(t *testing.T) {
	t.Parallel()
	l := assessed(t)
	require.NoError(t, l.vote("bea", change.Cast{Choice: change.VoteYes}))
	l.must("withdraw", "submit", "assess")
	require.Zero(t, l.c.Tallies()[0].Yes, "the same again is asked about again")
	require.NoError(t, l.vote("dora", change.Cast{Choice: change.VoteYes}))
	require.Equal(t, change.Assessed, l.c.State)
	l = assessed(t)
	require.NoError(t, l.vote("bea", change.Cast{Choice: change.VoteNo}))
	l.must("replan")
	require.NoError(t, l.vote("carl", change.Cast{Choice: change.VoteAbstain}))
	require.Equal(t, change.Assessed, l.c.State, "the veto was of the round before")
}
