package change_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// house is a control over memory, with a clock that the test moves.
type house struct {
	*change.Control

	now   time.Time
	store *store.Store
	world *change.MemoryWorld
}

func newHouse(t *testing.T, more func(o *change.Options)) *house {
	t.Helper()
	h := &house{now: monday(), world: &change.MemoryWorld{
		RestsOn: map[servicecoin.ServiceID][]servicecoin.ServiceID{"erp": {"db"}, "web": {"erp", "db"}},
		Uses:    map[servicecoin.ServiceID][]servicecoin.CustomerID{"erp": {"alder"}, "web": {"birch", "cedar"}},
	}}
	h.store = store.New(memory.New(), &store.Options{Now: func() time.Time { return h.now }})
	o := &change.Options{Policy: new(policy()), World: h.world}
	if more != nil {
		more(o)
	}
	h.Control = change.New(h.store.For(servicecoin.Provider), o)
	return h
}

// approved brings a change to be approved.
func (h *house) approved(t *testing.T, r change.Request) change.Change {
	t.Helper()
	ctx := t.Context()
	c, err := h.Draft(ctx, person("ada"), r)
	require.NoError(t, err)
	_, err = h.Submit(ctx, person("ada"), c.ID)
	require.NoError(t, err)
	_, err = h.Assign(ctx, person("ada"), c.ID, "ingo")
	require.NoError(t, err)
	_, err = h.Assess(ctx, person("carl"), c.ID, change.Judged{Likelihood: 2})
	require.NoError(t, err)
	for _, p := range []servicecoin.PersonID{"bea", "dora"} {
		_, err = h.Vote(ctx, person(p), c.ID, change.Cast{Choice: change.VoteYes, Reason: "fine"})
		require.NoError(t, err)
	}
	c, err = h.Get(ctx, c.ID)
	require.NoError(t, err)
	require.Equal(t, change.Approved, c.State)
	return c
}

func TestControl(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	c := h.approved(t, request(change.Normal))
	require.Equal(t, &change.Reach{Services: 3, Customers: 3}, c.Risk.Reach)
	require.Equal(t, 2, c.Risk.Impact, "suggested by the reach")
	c, err := h.Schedule(ctx, person("ada"), c.ID)
	require.NoError(t, err)
	h.now = c.Plan.Start
	_, err = h.Start(ctx, person("ingo"), c.ID)
	require.NoError(t, err)
	h.now = h.now.Add(time.Hour)
	suspects, err := h.Suspects(ctx, []servicecoin.ServiceID{"db"}, h.now.Add(-time.Minute))
	require.NoError(t, err)
	require.Len(t, suspects, 1)
	suspects, err = h.Suspects(ctx, []servicecoin.ServiceID{"web"}, h.now)
	require.NoError(t, err)
	require.Empty(t, suspects)
	_, err = h.Implement(ctx, person("ingo"), c.ID, "")
	require.NoError(t, err)
	_, err = h.Close(ctx, person("ada"), c.ID)
	require.NoError(t, err)
	f, _, list, err := h.Figures(ctx, calendar.Between(monday(), h.now.Add(time.Hour)))
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, 1, f.Succeeded.Count)
	_, err = h.Cancel(ctx, person("ada"), c.ID, "late")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = h.Get(ctx, "nobody")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	page, err := h.store.Events(ctx, 0, 100)
	require.NoError(t, err)
	var names []string
	for _, e := range page {
		names = append(names, e.Name)
	}
	require.Equal(t, []string{
		change.EventDrafted, change.EventSubmitted, change.EventAssigned, change.EventAssessed, change.EventVoted, change.EventVoted, change.EventApproved,
		change.EventScheduled, change.EventStarted, change.EventImplemented, change.EventClosed,
	}, names)
}

// The second of two changes that collide gets no place before somebody stands for it.
func TestConflictsAreStoodFor(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	first := h.approved(t, request(change.Normal))
	_, err := h.Schedule(ctx, person("ada"), first.ID)
	require.NoError(t, err)
	r := request(change.Normal)
	r.ID, r.Work.Scope.Services, r.Work.Plan.Downtime = "c2", []servicecoin.ServiceID{"web"}, nil
	r.Work.Plan.Start = r.Work.Plan.Start.Add(150 * time.Minute) // into the way back of the first
	second := h.approved(t, r)
	_, err = h.Schedule(ctx, person("ada"), second.ID)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "web rests on db")
	require.ErrorContains(t, err, "30 min")
	standing, err := h.Standing(ctx, second.ID)
	require.NoError(t, err)
	require.False(t, standing.Fits())
	require.True(t, standing.Fit.Fits(), "the calendar says nothing")
	var whys []change.Why
	for _, x := range standing.Conflicts {
		whys = append(whys, x.Why)
		_, err = h.AcceptConflict(ctx, person("carl"), second.ID, x.With.Ref(), x.Why, "the two know of each other")
		require.NoError(t, err)
	}
	require.ElementsMatch(t, []change.Why{change.RestsOn, change.SamePerson}, whys)
	_, err = h.AcceptConflict(ctx, person("carl"), second.ID, change.EntryRef{Kind: change.ChangeEntry, ID: "c9"}, change.RestsOn, "none")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = h.Schedule(ctx, person("ada"), second.ID)
	require.NoError(t, err)
	forward, err := h.Forward(ctx, calendar.Between(monday(), monday().Add(72*time.Hour)))
	require.NoError(t, err)
	require.Len(t, forward.Changes, 2)
	require.Empty(t, forward.Conflicts[second.ID], "somebody stands for them")
	require.Len(t, forward.Conflicts[first.ID], 2)
}

func TestEverythingInTheWayAtOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, func(o *change.Options) {
		o.Notice = map[change.Kind]hours.Allowance{change.Normal: hours.WorkingTime(48 * time.Hour)}
	})
	require.NoError(t, h.KeepWindow(ctx, person("ada"), change.Window{ID: "nights", Times: recur.WeeklyWindow(calendar.AllWeekdays, mustSpan("22:00-04:00"), "UTC", calendar.Date{Year: 2026, Month: 1, Day: 1})}))
	freeze, err := h.DeclareFreeze(ctx, person("dora"), change.Declare{Name: "year end", During: calendar.Between(monday(), monday().Add(36*time.Hour)), Why: "the books are closed"})
	require.NoError(t, err)
	c := h.approved(t, request(change.Normal))
	c, err = h.AskConsent(ctx, person("ada"), c.ID, "birch", change.MustConsent, monday().Add(time.Hour))
	require.NoError(t, err)
	_, err = h.Schedule(ctx, person("ada"), c.ID)
	for _, want := range []string{"year end", "nights", "needs notice of 48h", "birch has to consent", "It would fit at 2026-03-04T22:00:00Z"} {
		require.ErrorContains(t, err, want)
	}
	// One thing after the other is mended.
	_, err = h.Consent(ctx, servicecoin.Program("exchange"), c.ID, "birch", change.Agreed, "bert", "", time.Time{})
	require.NoError(t, err)
	w := c.Work
	w.Plan.Start = time.Date(2026, 3, 4, 22, 0, 0, 0, time.UTC)
	c, err = h.Amend(ctx, person("ada"), c.ID, w, change.Judged{Likelihood: 2}, "at night")
	require.NoError(t, err)
	for _, p := range []servicecoin.PersonID{"bea", "dora"} {
		c, err = h.Vote(ctx, person(p), c.ID, change.Cast{Choice: change.VoteYes, Reason: "fine"})
		require.NoError(t, err)
	}
	_, err = h.Schedule(ctx, person("ada"), c.ID)
	require.ErrorContains(t, err, "birch was asked about 2026-03-03T09:00:00Z to 2026-03-03T12:00:00Z, and not about the time that is planned now: ask again")
	_, err = h.AskConsent(ctx, person("ada"), c.ID, "birch", change.MustConsent, monday().Add(time.Hour))
	require.NoError(t, err)
	_, err = h.Consent(ctx, servicecoin.Program("exchange"), c.ID, "birch", change.Agreed, "bert", "", time.Time{})
	require.NoError(t, err)
	c, err = h.Schedule(ctx, person("ada"), c.ID)
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC), c.NotBefore)

	// An exception names who allowed it; who asked cannot.
	r := request(change.Normal)
	r.ID, r.Work.Scope.Services, r.Work.Plan.Downtime = "c3", []servicecoin.ServiceID{"mail"}, nil
	other := h.approved(t, r)
	_, err = h.Except(ctx, person("ada"), other.ID, freeze.ID, "urgent")
	require.ErrorContains(t, err, "somebody else allows an exception")
	_, err = h.Except(ctx, person("dora"), other.ID, freeze.ID, "the mail stands")
	require.NoError(t, err)
	standing, err := h.Standing(ctx, other.ID)
	require.NoError(t, err)
	require.Len(t, standing.Fit.Excused, 1)
	_, err = h.LiftFreeze(ctx, person("dora"), freeze.ID, "the books are closed early")
	require.NoError(t, err, "it begins now, and nothing of it has passed")
}

func TestLiftAFreeze(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	f, err := h.DeclareFreeze(ctx, person("dora"), change.Declare{Name: "n", During: calendar.Between(monday(), monday().Add(time.Hour)), Why: "w"})
	require.NoError(t, err)
	h.now = monday().Add(time.Minute)
	got, err := h.LiftFreeze(ctx, person("dora"), f.ID, "over")
	require.NoError(t, err)
	require.Equal(t, h.now, got.During.End)
	_, err = h.LiftFreeze(ctx, person("dora"), f.ID, "again")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	ahead, err := h.DeclareFreeze(ctx, person("dora"), change.Declare{Name: "n", During: calendar.Between(h.now.Add(time.Hour), h.now.Add(2*time.Hour)), Why: "w"})
	require.NoError(t, err)
	_, err = h.LiftFreeze(ctx, person("dora"), ahead.ID, "not needed")
	require.NoError(t, err)
	_, err = h.LiftFreeze(ctx, person("dora"), ahead.ID, "not needed")
	require.ErrorContains(t, err, "it was lifted at 2026-03-02T09:01:00Z")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	inForce, err := h.Freezes(monday()).Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, inForce.Items, 1, "one never came into force")
	lifted, err := h.FreezesLifted(monday()).Page(ctx, "", 10)
	require.NoError(t, err)
	require.Equal(t, &change.Lifted{By: "dora", At: h.now, Why: "not needed", Until: h.now.Add(2 * time.Hour)}, lifted.Items[0].Value.Lifted)
	for id, why := range map[change.FreezeID]string{f.ID: "it was lifted", ahead.ID: "declare another one"} {
		_, err = h.DeclareFreeze(ctx, person("dora"), change.Declare{ID: id, Name: "n", During: calendar.Between(monday(), monday().Add(99*time.Hour)), Why: "again"})
		require.ErrorContains(t, err, why)
	}
	now, err := h.DeclareFreeze(ctx, person("dora"), change.Declare{Name: "n", During: calendar.Between(h.now, h.now.Add(time.Hour)), Why: "w"})
	require.NoError(t, err)
	h.now = h.now.Add(30 * time.Minute)
	_, err = h.DeclareFreeze(ctx, person("dora"), change.Declare{ID: now.ID, Name: "n", During: calendar.Between(h.now, h.now.Add(time.Hour)), Why: "w"})
	require.ErrorContains(t, err, "it began at 2026-03-02T09:01:00Z: that stays")
	_, err = h.DeclareFreeze(ctx, person("dora"), change.Declare{ID: now.ID, Name: "n", During: calendar.Between(now.During.Start, h.now.Add(-time.Minute)), Why: "w"})
	require.ErrorContains(t, err, "lift it")
	longer, err := h.DeclareFreeze(ctx, person("dora"), change.Declare{ID: now.ID, Name: "n", During: calendar.Between(now.During.Start, h.now.Add(5*time.Hour)), Why: "w"})
	require.NoError(t, err)
	require.Equal(t, h.now.Add(5*time.Hour), longer.During.End)
	h.now = h.now.Add(6 * time.Hour)
	_, err = h.DeclareFreeze(ctx, person("dora"), change.Declare{ID: now.ID, Name: "n", During: longer.During, Why: "w"})
	require.ErrorContains(t, err, "it ended at")
	_, err = h.DeclareFreeze(ctx, person("dora"), change.Declare{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// A model loses its approval after the failures that it allows, in the commit of the
// last one.
func TestModelsAreCounted(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	terms := model().ModelTerms
	_, err := h.DraftModel(ctx, person("ada"), "upgrade", terms)
	require.NoError(t, err)
	m, err := h.ApproveModel(ctx, person("bea"), "upgrade", "done often")
	require.NoError(t, err)
	for n, id := range []servicecoin.ChangeID{"s1", "s2"} {
		plan := work().Plan
		plan.Start = h.now.Add(time.Hour)
		r := m.Make(id, "Upgrade", "monthly", plan, "erp")
		r.Implementers = []servicecoin.PersonID{"ingo"}
		_, err = h.Draft(ctx, person("ada"), r)
		require.NoError(t, err)
		_, err = h.Preapprove(ctx, person("ada"), id, "upgrade")
		require.NoError(t, err)
		_, err = h.Schedule(ctx, person("ada"), id)
		require.NoError(t, err)
		h.now = plan.Start
		_, err = h.Start(ctx, person("ingo"), id)
		require.NoError(t, err)
		_, err = h.Fail(ctx, person("ingo"), id, "it stands")
		require.NoError(t, err)
		_, err = h.RollBack(ctx, person("ingo"), id, "put back", time.Time{})
		require.NoError(t, err)
		m, err = h.Model(ctx, "upgrade")
		require.NoError(t, err)
		require.Equal(t, n+1, m.Failures, "a change that went wrong twice is one")
	}
	require.Equal(t, change.ModelSuspended, m.State)
	history, err := h.HistoryOf(ctx, change.Change{Model: &change.OfModel{ID: "upgrade"}})
	require.NoError(t, err)
	require.Equal(t, 2, history.Failed.Count)
}

func TestNotices(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	notices := change.NewNotices(h.store.For("alder"))
	by := servicecoin.Program("exchange")
	mine := []servicecoin.ServiceID{"erp"}
	r := request(change.Normal)
	r.Headline = "The ERP is upgraded"
	c := h.approved(t, r)
	require.NoError(t, notices.Follow(ctx, by, c, []servicecoin.ServiceID{"other"}))
	_, err := notices.Get(ctx, c.ID)
	require.ErrorIs(t, err, servicecoin.ErrNotFound, "it does not concern the customer")
	require.NoError(t, notices.Follow(ctx, by, c, mine))
	n, err := notices.Get(ctx, c.ID)
	require.NoError(t, err)
	require.Equal(t, mine, n.Services, "not the database beneath")
	require.Len(t, n.Downtime, 1)
	require.Equal(t, change.NoticeAnnounced, n.State)
	before := n
	h.now = h.now.Add(time.Hour)
	require.NoError(t, notices.Follow(ctx, by, c, mine))
	n, err = notices.Get(ctx, c.ID)
	require.NoError(t, err)
	require.Equal(t, before, n, "nothing new")

	c, err = h.AskConsent(ctx, person("ada"), c.ID, "alder", change.MayObject, monday().Add(5*time.Hour))
	require.NoError(t, err)
	require.NoError(t, notices.Follow(ctx, by, c, mine))
	_, err = notices.Answer(ctx, servicecoin.Client("anna"), c.ID, change.Refused, "")
	require.ErrorContains(t, err, "reason")
	n, err = notices.Answer(ctx, servicecoin.Client("anna"), c.ID, change.Refused, "our month end")
	require.NoError(t, err)
	require.Equal(t, change.Refused, n.Answer)
	h.now = monday().Add(5 * time.Hour)
	_, err = notices.Answer(ctx, servicecoin.Client("anna"), c.ID, change.Agreed, "")
	require.ErrorContains(t, err, "answers were due by")

	c, err = h.Cancel(ctx, person("ada"), c.ID, "no need")
	require.NoError(t, err)
	require.NoError(t, notices.Follow(ctx, by, c, mine))
	n, err = notices.Get(ctx, c.ID)
	require.NoError(t, err)
	require.Equal(t, change.NoticeCancelled, n.State)
	require.Equal(t, 1, n.Sequence())

	require.NoError(t, h.Forget(ctx, person("ada"), "alder"))
	require.NoError(t, h.Forget(ctx, person("ada"), "alder"))
	c, err = h.Get(ctx, c.ID)
	require.NoError(t, err)
	require.Empty(t, c.Consents)
	for _, e := range c.History {
		require.NotContains(t, e.Text, "alder")
	}
}

// A downtime is excluded as it was announced: what takes longer is not, what takes less
// is less.
func TestDowntimes(t *testing.T) {
	t.Parallel()
	l := begin(t, change.Normal).must("submit", "assign", "assess", "yes", "schedule")
	start := l.c.Plan.Start
	announced := calendar.Between(start, start.Add(30*time.Minute))
	require.Equal(t, []change.Span{{Service: "erp", During: announced}}, l.c.Downtimes())
	require.Empty(t, l.c.Downtimes("db"))
	late := l.c
	require.NoError(t, late.Start(person("ingo"), start.Add(10*time.Minute), time.Hour))
	require.Equal(t, calendar.Between(start.Add(10*time.Minute), start.Add(30*time.Minute)), late.Downtimes()[0].During, "not beyond what was announced")
	require.NoError(t, late.Implement(person("ingo"), start.Add(20*time.Minute), ""))
	require.Equal(t, calendar.Between(start.Add(10*time.Minute), start.Add(20*time.Minute)), late.Downtimes()[0].During)
	over := l.c
	require.NoError(t, over.Start(person("ingo"), start, time.Hour))
	require.NoError(t, over.Implement(person("ingo"), start.Add(10*time.Hour), ""))
	require.Equal(t, announced, over.Downtimes()[0].During, "an overrun is not excluded")
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	h := &house{now: monday()}
	h.store = store.New(memory.New(), &store.Options{Now: func() time.Time { return h.now }, Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		if a.Verb == change.VerbVote {
			return servicecoin.ErrForbidden
		}
		return nil
	}})
	c := change.New(h.store.For(servicecoin.Provider), &change.Options{Policy: new(policy()), Service: func(_ context.Context, id servicecoin.ServiceID) error {
		if id == "db" {
			return servicecoin.ErrNotFound
		}
		return nil
	}})
	_, err := c.Draft(t.Context(), person("ada"), request(change.Normal))
	require.ErrorContains(t, err, `scope.services[0] "db": is no service that is known`)
	_, err = c.Vote(t.Context(), person("bea"), "c1", change.Cast{Choice: change.VoteYes, Reason: "x"})
	require.ErrorIs(t, err, servicecoin.ErrForbidden)
	_, err = change.New(h.store.For("alder"), nil).Draft(t.Context(), person("ada"), request(change.Normal))
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "not the provider's partition")
	require.ErrorIs(t, change.NewNotices(h.store.For(servicecoin.Provider)).Follow(t.Context(), person("ada"), change.Change{}, nil), servicecoin.ErrInvalid)
	broken := errors.New("the catalogue is away")
	h = newHouse(t, nil)
	x := h.approved(t, request(change.Normal))
	h.world.Err = broken
	_, err = h.Schedule(t.Context(), person("ada"), x.ID)
	require.ErrorIs(t, err, broken)
}
