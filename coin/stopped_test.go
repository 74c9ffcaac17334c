package coin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/sla"
)

// changing is a shop whose service somebody changes tomorrow, while a customer has it
// under a promise.
func changing(t *testing.T) (*shop, change.Change) {
	t.Helper()
	ctx := t.Context()
	s := newShop(t, func(o *coin.Options) {
		o.FreezeWhenSpent = true
		o.Changes.Policy = &change.Policy{Name: "house", Rules: []change.ApprovalRule{{Quorums: []change.Quorum{{Group: "board", Members: []servicecoin.PersonID{"bea"}}}}}}
	})
	s.comes = func(catalog.SubscriptionChanged) (bundle.Bundle, error) {
		return bundle.Bundle{Promises: []sla.Promise{{
			ID: "mail", Objective: d("99.9"), Terms: sla.Terms{Weights: sla.Weights{"outage": d("1"), "disruption": d("0.3"), "degradation": d("0"), "information": d("0")}},
		}}}, nil
	}
	s.subscribe("acme", "s1")
	s.quiet()
	c, err := s.Control().Draft(ctx, ada, change.Request{
		ID: "c1", Title: "Mail 2", Reason: "1 is old", Kind: change.Normal,
		Work: change.Work{Steps: []string{"upgrade"}, Scope: change.Scope{Services: []servicecoin.ServiceID{"mail"}}, Plan: change.Plan{
			Start: start.Add(24 * time.Hour), Length: calendar.Within(time.Hour), WayBack: calendar.Within(time.Hour), Rollback: "restore",
		}},
	})
	require.NoError(t, err)
	_, err = s.Control().Submit(ctx, ada, c.ID)
	require.NoError(t, err)
	_, err = s.Control().Assign(ctx, ada, c.ID, "ingo")
	require.NoError(t, err)
	_, err = s.Control().Assess(ctx, ada, c.ID, change.Judged{Likelihood: 1})
	require.NoError(t, err)
	_, err = s.Control().Vote(ctx, servicecoin.Person("bea"), c.ID, change.Cast{Choice: change.VoteYes, Reason: "fine"})
	require.NoError(t, err)
	return s, c
}

// A customer objects after the change is scheduled, in time: it does not begin.
func TestALateObjectionStopsAChange(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, c := changing(t)
	until := start.Add(20 * time.Hour)
	_, err := s.Control().AskConsent(ctx, ada, c.ID, "acme", change.MayObject, until)
	require.NoError(t, err)
	s.quiet()
	_, err = s.Control().Schedule(ctx, ada, c.ID)
	require.NoError(t, err, "nobody has objected")
	s.now = until.Add(-time.Minute)
	_, err = s.Notices("acme").Answer(ctx, servicecoin.Client("mika"), c.ID, change.Refused, "our fair is that day")
	require.NoError(t, err)
	s.quiet()
	s.now = c.Plan.Start
	_, err = s.Control().Start(ctx, servicecoin.Person("ingo"), c.ID)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "acme objects: our fair is that day")

	// Moved, it is asked about again: the objection was to the other day.
	w := c.Work
	w.Plan = w.Plan.At(w.Plan.Start.Add(72 * time.Hour))
	_, err = s.Control().Amend(ctx, ada, c.ID, w, change.Judged{Likelihood: 1}, "after the fair")
	require.NoError(t, err)
	s.quiet()
	n, err := s.Notices("acme").Get(ctx, c.ID)
	require.NoError(t, err)
	require.Equal(t, change.NoticePlanned, n.State)
	require.Empty(t, n.Answer)
	_, err = s.Control().Vote(ctx, servicecoin.Person("bea"), c.ID, change.Cast{Choice: change.VoteYes, Reason: "fine"})
	require.NoError(t, err)
	_, err = s.Control().Schedule(ctx, ada, c.ID)
	require.ErrorContains(t, err, "acme was asked about")
	_, err = s.Control().AskConsent(ctx, ada, c.ID, "acme", change.MayObject, s.now.Add(time.Hour))
	require.NoError(t, err)
	_, err = s.Control().Schedule(ctx, ada, c.ID)
	require.NoError(t, err)
}

// A budget that is spent after the change is scheduled freezes its service; one of which
// something is left after all does not any more, and the freeze stays on record.
func TestASpentBudgetStopsAChange(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, c := changing(t)
	_, err := s.Control().Schedule(ctx, ada, c.ID)
	require.NoError(t, err)
	s.now = start.Add(3 * time.Hour)
	away := func() incident.Incident {
		i, err := s.Desk().Open(ctx, ada, incident.Report{Title: "mail is away", Effects: []incident.Effect{{Service: "mail", Level: "outage", From: start}}})
		require.NoError(t, err)
		s.quiet()
		return i
	}
	i := away()
	begin := func() error {
		_, err := s.Control().Start(ctx, servicecoin.Person("ingo"), c.ID)
		return err
	}
	s.now = c.Plan.Start
	require.ErrorContains(t, begin(), `it lies in the freeze "error budget of mail is spent"`)

	_, err = s.Desk().Cancel(ctx, ada, i.ID, "it was the probe")
	require.NoError(t, err)
	s.quiet()
	freezes := func() (names []bool) {
		for f, err := range s.Control().Freezes(start).All(ctx) {
			require.NoError(t, err)
			names = append(names, f.Lifted != nil)
		}
		return names
	}
	require.Equal(t, []bool{true}, freezes())
	away()
	require.Equal(t, []bool{true, false}, freezes(), "frozen again, beside the one that was lifted")
	require.ErrorContains(t, begin(), "it lies in the freeze")
}
