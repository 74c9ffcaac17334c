package change_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
)

func assessed(t *testing.T) *life {
	t.Helper()
	return begin(t, change.Normal).must("submit", "assign", "assess")
}

func (l *life) vote(by servicecoin.PersonID, cast change.Cast) error {
	l.at = l.at.Add(time.Minute)
	if cast.Reason == "" {
		cast.Reason = "looked at it"
	}
	return l.c.Vote(person(by), l.at, cast)
}

func TestWhoVotes(t *testing.T) {
	t.Parallel()
	yes := change.Cast{Choice: change.VoteYes}
	for name, c := range map[string]struct {
		by   servicecoin.Actor
		cast change.Cast
		want string
	}{
		"who asked":              {person("ada"), yes, "ada asked for it or does it, and has no vote"},
		"who does it":            {person("ingo"), yes, "ingo asked for it or does it, and has no vote"},
		"a stranger":             {person("zoe"), yes, "zoe is not among those who are asked"},
		"a program":              {servicecoin.Program("bot"), yes, "only people vote"},
		"no reason":              {person("bea"), change.Cast{Choice: change.VoteYes, Reason: " "}, "reason"},
		"no choice":              {person("bea"), change.Cast{Choice: "maybe"}, "must be yes, no or abstain"},
		"no delegate":            {person("zoe"), change.Cast{For: "bea", Choice: change.VoteYes}, "zoe is no delegate of bea at that time"},
		"for who asked, as well": {person("bea"), change.Cast{For: "ada", Choice: change.VoteYes}, "ada asked for it or does it: nobody votes for them"},
	} {
		l := assessed(t)
		if c.cast.Reason == "" {
			c.cast.Reason = "looked at it"
		}
		before := l.c
		require.ErrorContains(t, l.c.Vote(c.by, l.at.Add(time.Minute), c.cast), c.want, name)
		require.Equal(t, before, l.c, "%s: nothing is half done", name)
	}
}

func TestVotesDecide(t *testing.T) {
	t.Parallel()
	l := assessed(t)
	require.NoError(t, l.vote("bea", change.Cast{Choice: change.VoteYes}))
	require.Equal(t, change.Assessed, l.c.State, "one of two")
	require.NoError(t, l.vote("bea", change.Cast{Choice: change.VoteYes}))
	require.Equal(t, change.Assessed, l.c.State, "the same voice twice is one")
	require.Equal(t, []change.Tally{{Group: "advisory board", Yes: 1, Need: 2, Open: []servicecoin.PersonID{"carl", "dora"}}}, l.c.Tallies())
	require.NoError(t, l.vote("carl", change.Cast{Choice: change.VoteYes}))
	require.Equal(t, change.Approved, l.c.State)
	require.Equal(t, l.c.Digest(), l.c.Decision.Digest)

	require.NoError(t, l.vote("dora", change.Cast{Choice: change.VoteNo, Reason: "I would not have"}))
	require.Equal(t, change.Approved, l.c.State, "what comes after the decision changes nothing")
	require.True(t, l.c.Votes[len(l.c.Votes)-1].Late, "and is on record")

	l = assessed(t)
	require.NoError(t, l.vote("dora", change.Cast{Choice: change.VoteNo}))
	require.Equal(t, change.Rejected, l.c.State, "a veto")

	p := policy()
	p.Rules[1].Quorums[0].Veto = false
	l = begin(t, change.Normal).must("submit", "assign")
	require.NoError(t, l.c.Assess(person("carl"), l.at, change.Assessment{Risk: risk(), Policy: p}))
	require.NoError(t, l.vote("dora", change.Cast{Choice: change.VoteNo}))
	require.Equal(t, change.Assessed, l.c.State, "two are left who can say yes")
	require.NoError(t, l.vote("bea", change.Cast{Choice: change.VoteNo}))
	require.Equal(t, change.Rejected, l.c.State, "one is not enough")
}

func TestDelegates(t *testing.T) {
	t.Parallel()
	p := policy()
	p.Delegates = []change.Delegate{
		{Of: "bea", To: "zoe", During: calendar.Between(monday(), monday().Add(time.Hour))},
		{Of: "carl", To: "zoe", During: calendar.Between(monday(), monday().Add(time.Hour))},
		{Of: "dora", To: "ingo", During: calendar.Between(monday(), monday().Add(time.Hour))},
	}
	l := begin(t, change.Normal).must("submit", "assign")
	require.NoError(t, l.c.Assess(person("carl"), l.at, change.Assessment{Risk: risk(), Policy: p}))
	require.NoError(t, l.vote("zoe", change.Cast{For: "bea", Choice: change.VoteYes}))
	require.NoError(t, l.vote("zoe", change.Cast{For: "carl", Choice: change.VoteYes}))
	require.Equal(t, change.Assessed, l.c.State, "one voice, whomever it stands for")
	require.ErrorContains(t, l.vote("ingo", change.Cast{For: "dora", Choice: change.VoteYes}), "ingo asked for it or does it")
	require.NoError(t, l.vote("carl", change.Cast{Choice: change.VoteYes}))
	require.Equal(t, change.Approved, l.c.State)
	l.at = monday().Add(2 * time.Hour)
	require.ErrorContains(t, l.vote("zoe", change.Cast{For: "dora", Choice: change.VoteNo}), "no delegate")
}

func TestAChangedPlanNeedsAnotherApproval(t *testing.T) {
	t.Parallel()
	l := assessed(t).must("yes")
	w := work()
	w.Plan.Start = w.Plan.Start.Add(time.Hour)
	digest := l.c.Digest()
	require.NoError(t, l.c.Amend(person("ada"), l.at, w, change.Assessment{Risk: risk(), Policy: policy()}, "an hour later"))
	require.Equal(t, change.Assessed, l.c.State)
	require.NotEqual(t, digest, l.c.Digest())
	require.Zero(t, l.c.Tallies()[0].Yes, "the old votes are of another plan")
	require.ErrorContains(t, l.do("schedule"), "is allowed when it is approved")
	l.must("yes", "schedule")

	// What somebody changes behind the rules' back is seen, too.
	l.c.Plan.Length = calendar.Within(5 * time.Hour)
	require.ErrorContains(t, l.do("start"), "it is not what was approved")
}

func TestAQuorumOfThoseWhoAskIsNone(t *testing.T) {
	t.Parallel()
	l := begin(t, change.Normal).must("submit")
	require.NoError(t, l.c.Assign(person("ada"), l.at, "bea", "carl"))
	err := l.c.Assess(person("dora"), l.at, change.Assessment{Risk: risk(), Policy: policy()})
	require.ErrorContains(t, err, "needs 2 to say yes, and 1 of its members neither ask for the change nor do it")
	require.Equal(t, change.Submitted, l.c.State)
}

func TestAnEmergency(t *testing.T) {
	t.Parallel()
	l := begin(t, change.Emergency)
	require.ErrorContains(t, l.do("submit"), "an emergency is assessed at once")
	l.must("assign", "assess", "first")
	started := l.at
	due, late, undecided := l.c.Undecided(started.Add(24 * time.Hour))
	require.True(t, undecided)
	require.False(t, late, "not at the due time itself")
	require.Equal(t, started.Add(24*time.Hour), due)
	require.Len(t, change.LateApprovals([]change.Change{l.c}, started.Add(25*time.Hour)), 1)

	l.must("implement", "review")
	require.ErrorContains(t, l.do("close"), "the votes are still awaited")
	require.NoError(t, l.vote("eve", change.Cast{Choice: change.VoteYes, Reason: "was right"}))
	require.Equal(t, change.Reviewed, l.c.State, "the state is that of the work")
	require.True(t, l.c.Decision.Approved)
	require.True(t, l.c.ApprovedLate(l.at), "the close before moved the clock by a day")
	l.must("close")

	l = begin(t, change.Emergency).must("assign", "assess", "first", "implement")
	require.NoError(t, l.vote("eve", change.Cast{Choice: change.VoteNo}))
	require.NoError(t, l.vote("bea", change.Cast{Choice: change.VoteNo}))
	require.Equal(t, change.Implemented, l.c.State, "it has happened")
	require.False(t, l.c.Decision.Approved)
	require.ErrorContains(t, l.do("close"), "it is reviewed first")
	l.must("review", "close")

	normal := assessed(t)
	require.ErrorContains(t, normal.do("first"), "only an emergency begins before it is approved")
	p := policy()
	p.Rules[0].StartFirst, p.Rules[0].Within = false, calendar.Duration{}
	l = begin(t, change.Emergency).must("assign")
	require.NoError(t, l.c.Assess(person("carl"), l.at, change.Assessment{Risk: risk(), Policy: p}))
	require.ErrorContains(t, l.do("first"), "the policy does not let it")
}

func TestPolicyThatCannotWork(t *testing.T) {
	t.Parallel()
	err := change.Policy{Rules: []change.ApprovalRule{
		{Kinds: []change.Kind{"odd"}, AtLeast: -1},
		{StartFirst: true, Quorums: []change.Quorum{{Group: "g", Members: []servicecoin.PersonID{"a", "a"}, Need: 3}, {}}},
	}, Delegates: []change.Delegate{{Of: "a", To: "a"}}}.Validate()
	for _, want := range []string{
		"name", "rules[0].kinds[0]", "rules[0].atLeast", "rules[0].quorums", "rules[1].within", "rules[1].quorums[0].need",
		"rules[1].quorums[0].members[1]", "rules[1].quorums[1].group", "rules[1].quorums[1].members", "delegates[0].to", "delegates[0].during",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, policy().Validate())
	_, ok := change.Policy{Rules: []change.ApprovalRule{{AtLeast: 3}}}.For(change.Normal, 2)
	require.False(t, ok)
}

// Whatever is voted, in whatever order: nobody who asks for it or does it counts, an
// approval has its quorum, and votes after the decision change nothing.
func TestVotesOfAnyKind(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		people := []servicecoin.PersonID{"ada", "bea", "carl", "dora", "eve", "ingo", "zoe"}
		members := rapid.SliceOfNDistinct(rapid.SampledFrom(people), 2, 6, rapid.ID[servicecoin.PersonID]).Draw(r, "members")
		q := change.Quorum{Group: "g", Members: members, Need: rapid.IntRange(0, len(members)).Draw(r, "need"), Veto: rapid.Bool().Draw(r, "veto")}
		p := change.Policy{Name: "p", Rules: []change.ApprovalRule{{Quorums: []change.Quorum{q}}}, Delegates: []change.Delegate{
			{Of: "bea", To: "zoe", During: calendar.Between(monday(), monday().Add(24*time.Hour))},
		}}
		l := begin(t, change.Normal).must("submit", "assign")
		if l.c.Assess(person("carl"), l.at, change.Assessment{Risk: risk(), Policy: p}) != nil {
			return // not enough who may vote
		}
		voices := map[servicecoin.PersonID]change.Choice{}
		for range rapid.IntRange(0, 12).Draw(r, "votes") {
			cast := change.Cast{Choice: rapid.SampledFrom([]change.Choice{change.VoteYes, change.VoteNo, change.VoteAbstain}).Draw(r, "choice")}
			by := rapid.SampledFrom(people).Draw(r, "by")
			if rapid.Bool().Draw(r, "delegate") {
				cast.For = "bea"
			}
			decided, state := l.c.Decision, l.c.State
			err := l.vote(by, cast)
			if by == "ada" || by == "ingo" {
				if err == nil {
					r.Fatalf("%s voted", by)
				}
				continue
			}
			if err != nil {
				continue
			}
			if decided != nil && (l.c.State != state || *l.c.Decision != *decided) {
				r.Fatal("a late vote changed something")
			}
			if decided == nil {
				member := by
				if cast.For != "" {
					member = cast.For
				}
				voices[member] = cast.Choice
			}
		}
		yes, no := 0, 0
		for _, c := range voices {
			switch c {
			case change.VoteYes:
				yes++
			case change.VoteNo:
				no++
			case change.VoteAbstain:
			}
		}
		if l.c.State == change.Approved && (yes < max(q.Need, 1) || q.Veto && no > 0) {
			r.Fatalf("approved by %d of %d, %d against", yes, q.Need, no)
		}
		if l.c.State == change.Rejected && yes >= len(members) {
			r.Fatal("rejected although all said yes")
		}
	})
}
