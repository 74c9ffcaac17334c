package change_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
)

// What comes up between the schedule and the start stops the work.
func TestWhatCameUpSinceItWasScheduled(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	c := h.approved(t, request(change.Normal))
	until := h.now.Add(3 * time.Hour)
	_, err := h.AskConsent(ctx, person("ada"), c.ID, "alder", change.MayObject, until)
	require.NoError(t, err)
	c, err = h.Schedule(ctx, person("ada"), c.ID)
	require.NoError(t, err)
	freeze, err := h.DeclareFreeze(ctx, person("fay"), change.Declare{Name: "year end", During: calendar.Between(h.now, c.Plan.Start.Add(time.Minute)), Why: "the books close"})
	require.NoError(t, err)
	h.now = until.Add(time.Minute) // the exchange is a little late: the customer was not
	_, err = h.Consent(ctx, servicecoin.Program("exchange"), c.ID, "alder", change.Refused, "anna", "month end", until.Add(-time.Minute))
	require.NoError(t, err)
	h.now = c.Plan.Start
	_, err = h.Start(ctx, person("ingo"), c.ID)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, `it lies in the freeze "year end"`)
	require.ErrorContains(t, err, "alder objects: month end")
	_, err = h.Except(ctx, person("fay"), c.ID, freeze.ID, "must be")
	require.NoError(t, err)
	_, err = h.Consent(ctx, servicecoin.Program("exchange"), c.ID, "alder", change.Agreed, "anna", "", time.Time{})
	require.NoError(t, err)
	_, err = h.Start(ctx, person("ingo"), c.ID)
	require.NoError(t, err)
}

// A model that holds no more holds for none of its changes; one failure is one.
func TestAModelThatHoldsNoMore(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	h := newHouse(t, nil)
	_, err := h.DraftModel(ctx, person("ada"), "upgrade", model().ModelTerms)
	require.NoError(t, err)
	m, err := h.ApproveModel(ctx, person("bea"), "upgrade", "done often")
	require.NoError(t, err)
	for n, id := range []servicecoin.ChangeID{"s1", "s2"} {
		plan := work().Plan
		plan.Start = h.now.Add(time.Duration(1+4*n) * time.Hour)
		r := m.Make(id, "Upgrade", "monthly", plan, "erp")
		r.Implementers = []servicecoin.PersonID{"ingo"}
		_, err = h.Draft(ctx, person("ada"), r)
		require.NoError(t, err)
		_, err = h.Preapprove(ctx, person("ada"), id, "upgrade")
		require.NoError(t, err)
		_, err = h.Schedule(ctx, person("ada"), id)
		require.NoError(t, err)
	}
	h.now = h.now.Add(time.Hour)
	_, err = h.Start(ctx, person("ingo"), "s1")
	require.NoError(t, err)
	_, err = h.Implement(ctx, person("ingo"), "s1", "")
	require.NoError(t, err)
	_, err = h.SuspectIncident(ctx, servicecoin.Program("exchange"), "s1", "i1", h.now)
	require.NoError(t, err)
	for range 2 {
		_, err = h.ConfirmIncident(ctx, person("bea"), "s1", "i1", "it was")
		require.NoError(t, err)
		_, err = h.DismissIncident(ctx, person("bea"), "s1", "i1", "it was not")
		require.NoError(t, err)
	}
	m, err = h.Model(ctx, "upgrade")
	require.NoError(t, err)
	require.Equal(t, 1, m.Failures, "confirmed, dismissed and confirmed again is one")
	_, err = h.WithdrawModel(ctx, person("bea"), "upgrade", "not done any more")
	require.NoError(t, err)
	h.now = h.now.Add(4 * time.Hour)
	_, err = h.Start(ctx, person("ingo"), "s2")
	require.ErrorContains(t, err, "model upgrade is withdrawn")
	c := change.Change{Work: work()}
	c.Scope = change.Scope{Records: []servicecoin.ConfigurationID{"server"}}
	require.Contains(t, m.Outside(&c, h.now), "it touches no service of the model")
}

func TestRecoveryIsNotNothing(t *testing.T) {
	t.Parallel()
	l := begin(t, change.Normal).must("submit", "assign", "assess", "yes", "schedule", "start")
	year := calendar.Between(monday(), monday().AddDate(1, 0, 0))
	at := l.c
	require.NoError(t, at.RollBack(person("ingo"), l.at.Add(time.Hour), "no", l.at.Add(30*time.Minute)))
	require.Zero(t, change.DeliveryOf([]change.Change{at}, year).Recoveries, "since when is not known")
	l.must("implement")
	done := l.at
	require.NoError(t, l.c.RollBack(person("ingo"), done.Add(4*time.Hour), "no", done.Add(3*time.Hour)))
	d := change.DeliveryOf([]change.Change{l.c}, year)
	require.Equal(t, 1, d.Recoveries)
	require.Equal(t, calendar.Took(3*time.Hour), d.Recovery)
}

func TestAWithdrawnChangeIsAskedForAnew(t *testing.T) {
	t.Parallel()
	l := begin(t, change.Normal).must("submit", "withdraw")
	require.Zero(t, l.c.SubmittedAt)
	first := l.c.FirstStart
	l.must("submit")
	require.Equal(t, l.at, l.c.SubmittedAt, "notice counts from here")
	require.Equal(t, first, l.c.FirstStart)
}

func TestAChangeThatIsFullOfIncidents(t *testing.T) {
	t.Parallel()
	l := begin(t, change.Normal).must("submit", "assign", "assess", "yes", "schedule", "start")
	var err error
	for n := 0; err == nil && n < 1000; n++ {
		err = l.c.SuspectIncident(servicecoin.Program("exchange"), l.at, servicecoin.IncidentID("i"+time.Duration(n).String()), l.at)
	}
	require.ErrorIs(t, err, servicecoin.ErrRefused, "the exchange goes on")
	l.must("implement", "close")
}
