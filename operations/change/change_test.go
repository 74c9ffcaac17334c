package change_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
)

// monday is a Monday morning.
func monday() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

func person(id servicecoin.PersonID) servicecoin.Actor { return servicecoin.Person(id) }

// policy asks two of three of the board, one of whom may stop it, and one of two on
// duty for an emergency, which may begin first.
func policy() change.Policy {
	board := change.Quorum{Group: "advisory board", Members: []servicecoin.PersonID{"bea", "carl", "dora"}, Need: 2, Veto: true}
	duty := change.Quorum{Group: "on duty", Members: []servicecoin.PersonID{"bea", "eve"}, Need: 1}
	return change.Policy{Name: "house", Rules: []change.ApprovalRule{
		{Kinds: []change.Kind{change.Emergency}, Quorums: []change.Quorum{duty}, StartFirst: true, Within: calendar.Within(24 * time.Hour)},
		{Quorums: []change.Quorum{board}},
	}}
}

func work() change.Work {
	return change.Work{
		Scope: change.Scope{Services: []servicecoin.ServiceID{"erp", "db"}},
		Plan: change.Plan{
			Start: monday().Add(24 * time.Hour), Length: calendar.Within(2 * time.Hour), WayBack: calendar.Within(time.Hour),
			Rollback: "restore the snapshot", Trigger: "the smoke test fails",
			Downtime: []change.Downtime{{Service: "erp", Length: calendar.Within(30 * time.Minute)}},
		},
		Steps: []string{"take a snapshot", "upgrade"},
	}
}

func request(kind change.Kind) change.Request {
	return change.Request{ID: "c1", Title: "Upgrade the database", Reason: "the old release is out of support", Kind: kind, Work: work()}
}

func risk() change.Risk { return change.Risk{Likelihood: 2, Impact: 2, Level: 2, Matrix: "default"} }

// life drives one change, an hour a step.
type life struct {
	t  *testing.T
	c  change.Change
	at time.Time
}

func begin(t *testing.T, kind change.Kind) *life {
	t.Helper()
	c, err := change.Propose(person("ada"), monday(), request(kind))
	require.NoError(t, err)
	return &life{t, c, monday()}
}

func model() change.Model {
	w := work()
	m, err := change.NewModel(person("ada"), monday().Add(-48*time.Hour), "upgrade", change.ModelTerms{
		Name: "Upgrade", Services: []servicecoin.ServiceID{"erp", "db", "mail"}, Steps: w.Steps, Risk: risk(),
		Longest: calendar.Within(4 * time.Hour), Expires: monday().AddDate(1, 0, 0), Most: 2,
	})
	if err != nil {
		panic(err)
	}
	if err := m.Approve(person("bea"), monday().Add(-24*time.Hour), "done often"); err != nil {
		panic(err)
	}
	return m
}

// do takes one step of ours.
func (l *life) do(step string) error {
	l.at = l.at.Add(time.Minute)
	switch step {
	case "assign":
		return l.c.Assign(person("ada"), l.at, "ingo")
	case "submit":
		return l.c.Submit(person("ada"), l.at)
	case "preapprove":
		return l.c.Preapprove(person("ada"), l.at, model())
	case "assess":
		return l.c.Assess(person("carl"), l.at, change.Assessment{Risk: risk(), Policy: policy()})
	case "yes", "no":
		choice := change.Choice(step)
		if err := l.c.Vote(person("bea"), l.at, change.Cast{Choice: choice, Reason: "looked at it"}); err != nil {
			return err
		}
		if l.c.Decision != nil {
			return nil
		}
		next := servicecoin.PersonID("dora")
		if l.c.Kind == change.Emergency {
			next = "eve"
		}
		return l.c.Vote(person(next), l.at, change.Cast{Choice: choice, Reason: "so do I"})
	case "reject":
		return l.c.Reject(person("carl"), l.at, "not worth it")
	case "reopen":
		return l.c.Reopen(person("ada"), l.at, "asked again")
	case "replan":
		return l.c.Replan(person("ada"), l.at, work(), change.Assessment{Risk: risk(), Policy: policy()}, "smaller")
	case "withdraw":
		return l.c.Withdraw(person("ada"), l.at, "to be thought over")
	case "schedule":
		return l.c.Schedule(person("ada"), l.at, change.Standing{})
	case "start":
		if l.at.Before(l.c.Plan.Start) {
			l.at = l.c.Plan.Start
		}
		return l.c.Start(person("ingo"), l.at, 15*time.Minute)
	case "first":
		return l.c.StartUnapproved(person("ingo"), l.at, "it burns")
	case "implement":
		return l.c.Implement(person("ingo"), l.at, "went well")
	case "fallBack":
		return l.c.FallBack(person("ingo"), l.at, "the smoke test failed")
	case "rollBack":
		return l.c.RollBack(person("ingo"), l.at, "the smoke test failed", time.Time{})
	case "fail":
		return l.c.Fail(person("ingo"), l.at, "half of it")
	case "watch":
		return l.c.Watch(person("ingo"), l.at, l.at.Add(time.Hour))
	case "review":
		return l.c.WriteReview(person("carl"), l.at, "test it before")
	case "close":
		l.at = l.at.Add(24 * time.Hour)
		return l.c.Close(person("carl"), l.at)
	case "cancel":
		return l.c.Cancel(person("ada"), l.at, "no need any more")
	}
	l.t.Fatalf("no step %q", step)
	return nil
}

// all takes steps, and stops at the first that is refused.
func (l *life) all(steps ...string) error {
	for _, s := range steps {
		if err := l.do(s); err != nil {
			return err
		}
	}
	return nil
}

func (l *life) must(steps ...string) *life {
	l.t.Helper()
	for _, s := range steps {
		require.NoError(l.t, l.do(s), s)
	}
	return l
}
