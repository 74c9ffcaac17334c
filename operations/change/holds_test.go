package change_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/operations/change"
)

// What somebody allowed, or agreed to, is the change as it was planned then.
func TestAnExceptionIsForTheTimeThatWasAllowed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	freeze, err := h.DeclareFreeze(ctx, person("dora"), change.Declare{Name: "year end", During: calendar.Between(monday(), monday().Add(96*time.Hour)), Why: "the books are closed"})
	require.NoError(t, err)
	c := h.approved(t, request(change.Normal))
	c, err = h.Except(ctx, person("dora"), c.ID, freeze.ID, "it cannot wait")
	require.NoError(t, err)
	require.Equal(t, c.Plan.Span(), c.Exceptions[0].During)
	fits := func(with func(c *change.Change)) bool {
		x := c
		with(&x)
		s, err := h.Consider(ctx, x)
		require.NoError(t, err)
		return s.Fits()
	}
	require.True(t, fits(func(*change.Change) {}))
	require.True(t, fits(func(c *change.Change) {
		c.Plan.Start = c.Plan.Start.Add(time.Minute)
		c.Plan.Length = calendar.Within(time.Hour)
	}), "inside of what was allowed")
	require.False(t, fits(func(c *change.Change) { c.Plan.Start = c.Plan.Start.Add(24 * time.Hour) }), "another day")
	require.False(t, fits(func(c *change.Change) { c.Plan.Length = calendar.Within(12 * time.Hour) }), "longer")
	require.False(t, fits(func(c *change.Change) { c.Scope.Services = []servicecoin.ServiceID{"erp", "web"} }), "more")
	require.True(t, fits(func(c *change.Change) { c.Scope.Services = []servicecoin.ServiceID{"erp"} }), "less")
	x := c
	x.Plan.Start = x.Plan.Start.Add(24 * time.Hour)
	s, err := h.Consider(ctx, x)
	require.NoError(t, err)
	require.Equal(t, freeze.During.End, s.Fit.Starts[1].At, "after it ends")
	// It stops a change that was moved in the store, too.
	_, err = h.Schedule(ctx, person("ada"), c.ID)
	require.NoError(t, err)
	h.now = c.Plan.Start
	_, err = h.Start(ctx, person("ingo"), c.ID)
	require.NoError(t, err)
}

func TestANoticeAsksAnewAfterAMove(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	by, mine := servicecoin.Program("exchange"), []servicecoin.ServiceID{"erp"}
	notices := change.NewNotices(h.store.For("alder"))
	c := h.approved(t, request(change.Normal))
	until := monday().Add(5 * time.Hour)
	c, err := h.AskConsent(ctx, person("ada"), c.ID, "alder", change.MustConsent, until)
	require.NoError(t, err)
	follow := func() change.Notice {
		require.NoError(t, notices.Follow(ctx, by, c, mine))
		n, err := notices.Get(ctx, c.ID)
		require.NoError(t, err)
		return n
	}
	require.Equal(t, change.MustConsent, follow().Asked)
	_, err = notices.Answer(ctx, servicecoin.Client("anna"), c.ID, change.Agreed, "")
	require.NoError(t, err)
	first := follow()
	require.Equal(t, change.Agreed, first.Answer)
	require.Zero(t, first.Sequence())
	w := c.Work
	w.Plan.Start = w.Plan.Start.Add(24 * time.Hour)
	c, err = h.Amend(ctx, person("ada"), c.ID, w, change.Judged{Likelihood: 2}, "a day later")
	require.NoError(t, err)
	n := follow()
	require.Equal(t, change.NoticePlanned, n.State, "moved, and not cancelled")
	require.Equal(t, 1, n.Sequence())
	require.Equal(t, []change.Moved{{From: first.During, At: h.now}}, n.Moves)
	require.Empty(t, n.Asked)
	require.Empty(t, n.Answer)
	c, err = h.AskConsent(ctx, person("ada"), c.ID, "alder", change.MustConsent, until)
	require.NoError(t, err)
	n = follow()
	require.True(t, n.Open(h.now))
	require.Equal(t, c.Plan.Span(), n.About)
	for _, p := range []servicecoin.PersonID{"bea", "dora"} {
		c, err = h.Vote(ctx, person(p), c.ID, change.Cast{Choice: change.VoteYes, Reason: "fine"})
		require.NoError(t, err)
	}
	n = follow()
	require.Equal(t, change.NoticeAnnounced, n.State)
	before := n.Sequence()
	require.Equal(t, 2, before)
	c, err = h.Withdraw(ctx, person("ada"), c.ID, "not now")
	require.NoError(t, err)
	n = follow()
	require.Equal(t, change.NoticePlanned, n.State, "it is asked about still")
	require.Greater(t, n.Sequence(), before, "it never falls")
}

// A record that is full refuses more, and nothing of what the end of a change needs.
func TestAFullRecordCanBeEnded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4000)
	l := begin(t, change.Emergency).must("assign", "assess", "first", "implement")
	added := 0
	for ; added < 200; added++ {
		if err := l.c.AddFollowUp(person("ada"), l.at, followup.Task{Owner: "jo", Due: l.at.Add(time.Hour), Text: long}); err != nil {
			require.ErrorContains(t, err, "too-large")
			break
		}
	}
	require.Greater(t, added, 10)
	require.Less(t, added, 200)
	require.NoError(t, l.vote("bea", change.Cast{Choice: change.VoteYes, Reason: "it was right"}))
	require.NotNil(t, l.c.Decision)
	require.ErrorContains(t, l.vote("eve", change.Cast{Choice: change.VoteYes, Reason: long}), "too-large", "what changes nothing has no room")
	for n := range added {
		require.NoError(t, l.c.CompleteFollowUp(person("jo"), l.at, n+1, "done"))
	}
	require.NoError(t, l.c.WriteReview(person("ada"), l.at, "long texts"))
	require.NoError(t, l.c.Close(person("ada"), l.at))
}

func TestAuthorsMayAbstain(t *testing.T) {
	t.Parallel()
	p := allOf("bea", "carl", "dora")
	p.Rules[0].Quorums[0].Need = 1
	p.Rules[0].AuthorsAbstain = true
	r := request(change.Normal)
	r.RequestedBy = "erik"
	c, err := change.Propose(person("bea"), monday(), r)
	require.NoError(t, err)
	l := &life{t: t, c: c, at: monday()}
	l.must("submit", "assign")
	require.NoError(t, l.c.Assess(person("carl"), l.at, change.Assessment{Risk: risk(), Policy: p}))
	require.ErrorContains(t, l.vote("bea", change.Cast{Choice: change.VoteYes}), "bea wrote its plan, and has no vote")
	require.ErrorContains(t, l.vote("zoe", change.Cast{For: "bea", Choice: change.VoteYes}), "bea wrote its plan: nobody votes for them")
	require.NoError(t, l.vote("carl", change.Cast{Choice: change.VoteYes}))
	require.Equal(t, servicecoin.PersonID("carl"), l.c.Decision.By)
	w := l.c.Work
	w.Plan.Start = w.Plan.Start.Add(time.Hour)
	require.NoError(t, l.c.Amend(person("carl"), l.at, w, change.Assessment{Risk: risk(), Policy: p}, "later"))
	require.ErrorContains(t, l.vote("carl", change.Cast{Choice: change.VoteYes}), "carl wrote its plan")
	require.NoError(t, l.vote("dora", change.Cast{Choice: change.VoteYes}))
	p.Rules[0].Quorums[0].Members = []servicecoin.PersonID{"dora"}
	err = l.c.Amend(person("dora"), l.at, w, change.Assessment{Risk: risk(), Policy: p}, "again")
	require.ErrorContains(t, err, "too-few", "who amends it is the last who could have said yes")
}

func TestAModelThatNamesRecords(t *testing.T) {
	t.Parallel()
	m := model()
	m.Records = []servicecoin.ConfigurationID{"erp-vm"}
	c := change.Change{Kind: change.Standard, Work: m.Make("s", "t", "r", work().Plan, "erp").Work}
	c.Scope.Records = []servicecoin.ConfigurationID{"erp-vm", "db-vm"}
	require.Contains(t, m.Outside(&c, monday()), "the model does not cover the records db-vm")
	m.Records = nil
	require.NotContains(t, strings.Join(m.Outside(&c, monday()), ";"), "records")
}

// What takes longer than planned is in the way of others as long as it does.
func TestAnOverrunCollides(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	c := h.approved(t, request(change.Normal))
	c, err := h.Schedule(ctx, person("ada"), c.ID)
	require.NoError(t, err)
	r := request(change.Normal)
	r.ID = "c2"
	r.Work.Plan.Start = c.Plan.Span().End.Add(30 * time.Minute)
	next := h.approved(t, r)
	_, err = h.Schedule(ctx, person("ada"), next.ID)
	require.NoError(t, err)
	h.now = c.Plan.Start
	_, err = h.Start(ctx, person("ingo"), c.ID)
	require.NoError(t, err)
	h.now = c.Plan.Span().End.Add(20 * time.Minute)
	forward, err := h.Forward(ctx, calendar.Between(monday(), monday().Add(96*time.Hour)))
	require.NoError(t, err)
	require.NotEmpty(t, forward.Conflicts[next.ID])
	require.Equal(t, h.now.Add(time.Hour), forward.Conflicts[next.ID][0].With.Span.End, "and may be put back from now on")
}

func TestLeadThatWasNotKept(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, func(o *change.Options) {
		o.Notice = map[change.Kind]hours.Allowance{change.Normal: hours.WorkingTime(48 * time.Hour)}
	})
	c, err := h.Discover(ctx, person("ada"), change.Found{
		ID: "f", Title: "a port was opened", Reason: "the scan saw it", Scope: change.Scope{Services: []servicecoin.ServiceID{"web"}}, Seen: monday(), DoneBy: "mal",
	})
	require.NoError(t, err)
	require.Equal(t, monday().Add(48*time.Hour), c.NotBefore)
	f, _, _, err := h.Figures(ctx, calendar.Between(monday(), monday().Add(time.Hour)))
	require.NoError(t, err)
	require.Equal(t, [2]int{0, 1}, [2]int{f.LeadKept.Count, f.LeadKept.N})
}

func TestForgetOneCustomerOfTwo(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	c := h.approved(t, request(change.Normal))
	for _, customer := range []servicecoin.CustomerID{"birch", "birchwood"} {
		_, err := h.AskConsent(ctx, person("ada"), c.ID, customer, change.MustConsent, monday().Add(time.Hour))
		require.NoError(t, err)
		_, err = h.Consent(ctx, servicecoin.Client("kim"), c.ID, customer, change.Agreed, "kim", "", time.Time{})
		require.NoError(t, err)
	}
	require.NoError(t, h.Forget(ctx, person("ada"), "birch"))
	c, err := h.Get(ctx, c.ID)
	require.NoError(t, err)
	var texts []string
	for _, e := range c.History {
		if e.Verb == change.VerbAskConsent || e.Verb == change.VerbConsent {
			texts = append(texts, e.Text)
		}
	}
	require.Equal(t, []string{"forgotten", "forgotten", "birchwood: consent until 2026-03-02T10:00:00Z", "birchwood: agreed"}, texts)
}
