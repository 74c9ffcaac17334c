package change_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/operations/change"
)

func TestWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	_, err := change.Propose(servicecoin.Actor{}, monday(), change.Request{
		Kind: "odd", Title: strings.Repeat("x", 201), Implementers: make([]servicecoin.PersonID, 51),
		Dependencies: []change.Dependency{{On: "", Kind: "near"}},
		Work: change.Work{Version: -1, Steps: []string{""}, Scope: change.Scope{Services: []servicecoin.ServiceID{""}}, Plan: change.Plan{
			Length: calendar.Within(-time.Hour), WayBack: calendar.Within(-time.Hour), NoReturn: calendar.Within(time.Hour),
			Downtime: []change.Downtime{{Service: "erp", Length: calendar.Within(9 * time.Hour)}},
		}},
	})
	for _, want := range []string{
		"by.kind", "id", "title", "reason", "kind", "requestedBy", "implementers", "dependencies[0].on", "version", "steps[0]", "scope.services[0]",
		"plan.length", "plan.wayBack", "plan.noReturn", "plan.downtime[0]",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = change.Propose(person("ada"), monday(), change.Request{ID: "c", Title: "t", Reason: "r", Kind: change.Normal, Work: change.Work{
		Scope: change.Scope{Services: make([]servicecoin.ServiceID, 1_000_000)}, Plan: change.Plan{Length: calendar.Within(9_000_000_000 * time.Second)},
	}})
	require.ErrorContains(t, err, "too-many", "the length before the members")
	require.ErrorContains(t, err, "plan.length")

	c, err := change.Propose(person("ada"), monday(), change.Request{ID: "c", Title: "t", Reason: "r", Kind: change.Normal})
	require.NoError(t, err, "a draft may be incomplete")
	err = c.Submit(person("ada"), monday())
	for _, want := range []string{"scope", "plan.start", "plan.length", "plan.wayBack", "plan.rollback", "steps"} {
		require.ErrorContains(t, err, want)
	}
	require.Equal(t, change.Draft, c.State)
}

func TestALife(t *testing.T) {
	t.Parallel()
	l := begin(t, change.Normal)
	require.ErrorContains(t, l.do("assign"), "a normal change is assigned once it is submitted")
	l.must("submit", "assign")
	require.ErrorContains(t, l.do("assign"), "it is assigned already")
	require.ErrorContains(t, l.c.Reassign(person("ada"), l.at, "", "jo"), "reason")
	require.NoError(t, l.c.Reassign(person("ada"), l.at, "ingo is ill", "jo"))
	require.Equal(t, []servicecoin.PersonID{"jo"}, l.c.Implementers)
	l.must("assess", "yes")
	require.ErrorContains(t, l.c.Reassign(person("ada"), l.at, "jo is ill", "bea"), "approved it: who does it has no vote")
	l.must("schedule")
	require.ErrorContains(t, l.c.Start(person("jo"), l.c.Plan.Start.Add(-time.Microsecond), time.Minute), "and not before")
	require.ErrorContains(t, l.c.Start(person("jo"), l.c.Plan.Start.Add(time.Minute+time.Microsecond), time.Minute), "so late it does not fit any more")
	l.must("start", "implement", "watch")
	require.ErrorContains(t, l.c.Close(person("ada"), l.at), "it is watched until")
	require.NoError(t, l.c.AddFollowUp(person("ada"), l.at, followup.Task{Owner: "jo", Due: l.at.Add(time.Hour), Text: "tidy up"}))
	require.ErrorContains(t, l.do("close"), "there are open follow-ups")
	require.NoError(t, l.c.MoveFollowUp(person("ada"), l.at, 1, l.at.Add(2*time.Hour), "busy"))
	require.ErrorContains(t, l.c.CompleteFollowUp(person("ada"), l.at, 2, "x"), "is no follow-up here")
	require.NoError(t, l.c.CompleteFollowUp(person("jo"), l.at, 1, "tidy"))
	require.ErrorContains(t, l.c.DropFollowUp(person("jo"), l.at, 1, "x"), "is done already")
	l.must("close")
	require.ErrorContains(t, l.c.AddFollowUp(person("ada"), l.at, followup.Task{Owner: "jo", Due: l.at, Text: "more"}), "nothing changes any more")
	require.ErrorContains(t, l.do("cancel"), "is allowed when it is")
}

func TestTheWayBack(t *testing.T) {
	t.Parallel()
	ready := []string{"submit", "assign", "assess", "yes", "schedule", "start"}
	l := begin(t, change.Normal).must(ready...).must("fallBack")
	require.ErrorContains(t, l.do("implement"), "it is being put back since")
	require.ErrorContains(t, l.do("fallBack"), "it is being put back since")
	require.ErrorContains(t, l.c.RollBack(person("jo"), l.at, "why", l.c.StartedAt.Add(-time.Second)), "must not be before it began")
	require.ErrorContains(t, l.c.RollBack(person("jo"), l.at, "why", l.at.Add(time.Hour)), "must not be after it is put back")
	require.NoError(t, l.c.RollBack(person("jo"), l.at.Add(time.Hour), "the smoke test failed", l.at.Add(30*time.Minute)))
	require.Equal(t, l.at.Add(30*time.Minute), l.c.RestoredAt, "when service was as before")
	require.True(t, l.c.WentWrong())
	require.ErrorContains(t, l.c.Close(person("ada"), l.at.Add(2*time.Hour)), "is allowed when it is")
	l.at = l.at.Add(2 * time.Hour)
	l.must("review", "close")

	w := work()
	w.Plan.NoReturn = calendar.Within(time.Hour)
	r := request(change.Normal)
	r.Work = w
	c, err := change.Propose(person("ada"), monday(), r)
	require.NoError(t, err)
	l = (&life{t, c, monday()}).must(ready...)
	require.ErrorContains(t, l.c.FallBack(person("ingo"), l.c.StartedAt.Add(time.Hour+time.Microsecond), "it burns"), "the point of no return was at")
	require.NoError(t, l.c.FallBack(person("ingo"), l.c.StartedAt.Add(time.Hour), "it burns"))

	l = begin(t, change.Normal).must(ready...).must("fail", "rollBack", "review", "close")
	require.True(t, l.c.WentWrong())
	l = begin(t, change.Normal).must(ready...).must("implement", "rollBack")
	require.Equal(t, change.RolledBack, l.c.State, "found out later")
}

func TestIncidentsOfAChange(t *testing.T) {
	t.Parallel()
	l := begin(t, change.Normal).must("submit", "assign", "assess", "yes", "schedule")
	require.ErrorContains(t, l.c.SuspectIncident(person("ada"), l.at, "i1", l.at), "it was not begun")
	l.must("start", "implement")
	require.NoError(t, l.c.SuspectIncident(servicecoin.Program("exchange"), l.at, "i1", l.at))
	before := l.c
	require.NoError(t, l.c.SuspectIncident(servicecoin.Program("exchange"), l.at, "i1", l.at))
	require.Equal(t, before, l.c, "once is enough")
	require.False(t, l.c.WentWrong(), "suspected is not confirmed")
	require.ErrorContains(t, l.c.ConfirmIncident(servicecoin.Program("bot"), l.at, "i1", "sure"), "a person judges")
	require.ErrorContains(t, l.c.ConfirmIncident(person("ada"), l.at, "i2", "sure"), "is not suspected")
	require.NoError(t, l.c.ConfirmIncident(person("ada"), l.at, "i1", "the new release"))
	require.True(t, l.c.WentWrong())
	require.ErrorContains(t, l.do("close"), "it is reviewed first")
	require.NoError(t, l.c.DismissIncident(person("ada"), l.at, "i1", "it was the network"))
	require.False(t, l.c.WentWrong())
	l.must("close")
	require.NoError(t, l.c.SuspectIncident(servicecoin.Program("exchange"), l.at, "i3", l.at), "an incident may come to light late")
}

func TestModels(t *testing.T) {
	t.Parallel()
	m := model()
	standard := func() *life {
		r := m.Make("c2", "Upgrade", "monthly", work().Plan, "erp")
		r.Implementers = []servicecoin.PersonID{"ingo"}
		c, err := change.Propose(person("ada"), monday(), r)
		require.NoError(t, err)
		return &life{t, c, monday()}
	}
	l := standard().must("preapprove")
	require.Equal(t, change.Approved, l.c.State)
	require.True(t, l.c.Decision.Preapproved)
	require.Empty(t, l.c.Votes)
	require.ErrorContains(t, l.vote("bea", change.Cast{Choice: change.VoteYes}), "nobody is asked")

	windows := []recur.Window{recur.WeeklyWindow(calendar.WeekdaysOf(time.Tuesday), mustSpan("09:00-11:59"), "UTC", calendar.Date{Year: 2026, Month: 1, Day: 1})}
	for name, c := range map[string]struct {
		bend func(m *change.Model, c *change.Change)
		want string
	}{
		"other steps":    {func(_ *change.Model, c *change.Change) { c.Steps = []string{"hope"} }, "its steps are not those of the model"},
		"other services": {func(_ *change.Model, c *change.Change) { c.Scope.Services = []servicecoin.ServiceID{"erp", "web"} }, "the model does not cover web"},
		"too long":       {func(_ *change.Model, c *change.Change) { c.Plan.WayBack = calendar.Within(3 * time.Hour) }, "the model allows 4h0m0s"},
		"no window":      {func(m *change.Model, _ *change.Change) { m.Windows = windows }, "it does not lie in a window of the model, with its way back"},
		"more risk": {func(_ *change.Model, c *change.Change) {
			c.Risk = &change.Risk{Likelihood: 3, Impact: 3, Level: 3}
		}, "its risk is 3, that of the model 2"},
		"expired":   {func(m *change.Model, _ *change.Change) { m.Expires = monday() }, "expired at"},
		"suspended": {func(m *change.Model, _ *change.Change) { m.State = change.ModelSuspended }, "is suspended"},
	} {
		l, bent := standard(), m
		c.bend(&bent, &l.c)
		err := l.c.Preapprove(person("ada"), monday(), bent)
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, change.Draft, l.c.State, name)
	}
	m.Windows = []recur.Window{
		recur.WeeklyWindow(calendar.AllWeekdays, mustSpan("08:00-10:00"), "UTC", calendar.Date{Year: 2026, Month: 1, Day: 1}),
		recur.WeeklyWindow(calendar.AllWeekdays, mustSpan("10:00-13:00"), "UTC", calendar.Date{Year: 2026, Month: 1, Day: 1}),
	}
	l = standard()
	require.NoError(t, l.c.Preapprove(person("ada"), monday(), m), "windows that touch are one")

	m = model()
	require.ErrorContains(t, m.Approve(person("bea"), monday(), "again"), "is allowed when it is")
	require.NoError(t, m.Count(person("ada"), monday(), "x"))
	require.Empty(t, m.Holds(monday()))
	require.NoError(t, m.Count(person("ada"), monday(), "y"))
	require.Equal(t, change.ModelSuspended, m.State, "after two failures")
	require.ErrorContains(t, m.Approve(person("ada"), monday(), "again"), "ada wrote it")
	require.NoError(t, m.Approve(person("bea"), monday(), "the cause is mended"))
	require.Zero(t, m.Failures)
	terms := m.ModelTerms
	terms.Most = 5
	require.NoError(t, m.Revise(person("bea"), monday(), terms))
	require.Equal(t, 2, m.Edition)
	require.ErrorContains(t, m.Approve(person("bea"), monday(), "mine"), "bea wrote it")

	_, err := change.NewModel(person("ada"), monday(), "", change.ModelTerms{Longest: calendar.Within(-1), Windows: make([]recur.Window, 51)})
	for _, want := range []string{"id", "name", "services", "steps", "risk", "expires", "most", "windows"} {
		require.ErrorContains(t, err, want)
	}
}

func mustSpan(text string) calendar.ClockSpan {
	s, err := calendar.ParseClockSpan(text)
	if err != nil {
		panic(err)
	}
	return s
}

func TestRiskMatrix(t *testing.T) {
	t.Parallel()
	m := change.DefaultRiskMatrix()
	require.NoError(t, m.Validate())
	r, err := m.Assess(3, 2)
	require.NoError(t, err)
	require.Equal(t, 3, r.Level)
	require.Equal(t, "high", m.Level(r.Level))
	_, err = m.Assess(0, 4)
	require.ErrorContains(t, err, "likelihood")
	require.ErrorContains(t, err, "impact")
	for reach, want := range map[change.Reach]int{{1, 1}: 1, {1, 2}: 2, {5, 10}: 2, {6, 0}: 3} {
		got, ok := m.Suggest(reach)
		require.True(t, ok)
		require.Equal(t, want, got, reach)
	}
	m.Cells[1][1], m.Reaches = 1, []change.Reach{{5, 5}, {1, 1}}
	m.Cells[0][2] = 9
	err = m.Validate()
	for _, want := range []string{"cells[0][2]", "reaches[1]"} {
		require.ErrorContains(t, err, want)
	}
	m.Cells[0][2], m.Cells[1][1] = 2, 0
	require.ErrorContains(t, m.Validate(), "cells[1][1]")
}

func TestFigures(t *testing.T) {
	t.Parallel()
	day := calendar.Between(monday().Add(24*time.Hour), monday().Add(48*time.Hour))
	ready := []string{"submit", "assign", "assess", "yes", "schedule", "start"}
	good := begin(t, change.Normal).must(ready...)
	good.c.CommittedAt = monday()
	good.must("implement")
	back := begin(t, change.Normal).must(ready...).must("fallBack")
	require.NoError(t, back.c.RollBack(person("ingo"), back.at.Add(20*time.Minute), "it failed", time.Time{}))
	first := begin(t, change.Emergency).must("assign", "assess", "first")
	first.at = day.Start
	first.must("implement")
	found, err := change.Discover(person("ada"), day.Start.Add(time.Hour), change.Found{
		ID: "f", Title: "a port was opened", Reason: "the scan saw it", Scope: change.Scope{Services: []servicecoin.ServiceID{"web"}}, Seen: day.Start, DoneBy: "mal",
	})
	require.NoError(t, err)
	all := []change.Change{good.c, back.c, first.c, found}
	f := change.FiguresOf(all, day, day.End.Add(24*time.Hour))
	require.Equal(t, 4, f.Changes)
	require.Equal(t, [2]int{1, 4}, [2]int{f.Failed.Count, f.Failed.N})
	require.InDelta(t, 0.0456, f.Failed.Interval.Low, 0.0001, "Wilson of 1 in 4")
	require.Equal(t, [2]int{1, 4}, [2]int{f.Unauthorised.Count, f.Unauthorised.N})
	require.Equal(t, [2]int{1, 4}, [2]int{f.Emergencies.Count, f.Emergencies.N})
	require.Equal(t, [2]int{1, 1}, [2]int{f.LateApproval.Count, f.LateApproval.N})
	require.Equal(t, [2]int{3, 3}, [2]int{f.StartKept.Count, f.StartKept.N})
	require.Equal(t, 0, f.LeadKept.N)
	require.Nil(t, f.LeadKept.Interval, "undefined, not zero")
	_, ok := f.LeadKept.Rate()
	require.False(t, ok)

	d := change.DeliveryOf(all, day)
	require.Equal(t, 2, d.Deployments, "what was put back was no deployment, what was found was no plan of ours")
	require.Equal(t, calendar.Took(good.c.EndedAt.Sub(monday()).Truncate(time.Second)), d.LeadTime)
	require.Equal(t, 1, d.LeadTimes)
	require.Equal(t, calendar.Took(20*time.Minute), d.Recovery)
	none := change.DeliveryOf(nil, day)
	require.Nil(t, none.PerDay)
	require.Equal(t, calendar.Elapsed{}, none.LeadTime)

	by := change.FiguresBy(all, day, day.End, change.ByService)
	var names []string
	for _, b := range by {
		names = append(names, fmt.Sprintf("%s %d", b.Name, b.Figures.Changes))
	}
	require.Equal(t, []string{"db 3", "erp 3", "web 1"}, names)
	require.Equal(t, "normal", change.FiguresBy(all, day, day.End, change.ByKind)[1].Name)
	require.Empty(t, change.FiguresBy(all, day, day.End, change.ByModel))
	require.Equal(t, 1, change.HistoryOf(all).Failed.Count)
}

// Whatever is asked of a change: what is refused changes nothing, what is done is in
// the table, and every change can be brought to an end.
func TestAnyLifeEnds(t *testing.T) {
	t.Parallel()
	steps := []string{"assign", "submit", "preapprove", "assess", "yes", "no", "reject", "reopen", "replan", "withdraw", "schedule", "start", "first", "implement", "fallBack", "rollBack", "fail", "watch", "review", "close", "cancel"}
	allowed := map[string]bool{}
	for _, x := range change.Transitions() {
		allowed[fmt.Sprint(x.From, x.Verb, x.To)] = true
	}
	rapid.Check(t, func(r *rapid.T) {
		l := begin(t, rapid.SampledFrom(change.Kinds()).Draw(r, "kind"))
		for range rapid.IntRange(0, 30).Draw(r, "steps") {
			before := l.c
			lines := len(before.History)
			step := rapid.SampledFrom(steps).Draw(r, "step")
			if err := l.do(step); err != nil && step != "yes" && step != "no" {
				require.Equal(t, before, l.c, step)
				continue
			}
			for _, e := range l.c.History[lines:] {
				if e.To != "" && e.From != "" && !allowed[fmt.Sprint(e.From, e.Verb, e.To)] {
					r.Fatalf("%s: %s → %s is not in the table", e.Verb, e.From, e.To)
				}
			}
		}
		for range 10 {
			if l.c.State.Terminal() {
				return
			}
			for _, step := range []string{"cancel", "implement", "rollBack", "review", "yes", "close"} {
				_ = l.do(step) // whichever is allowed
			}
		}
		if !l.c.State.Terminal() {
			r.Fatalf("stuck in %s", l.c.State)
		}
	})
}
