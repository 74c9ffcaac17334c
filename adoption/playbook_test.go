package adoption_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
)

func TestPublishing(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	_, err := o.playbook.TemplateFor(ctx, "mail", "gold")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	first, err := o.playbook.PublishTemplate(ctx, ada, way())
	require.NoError(t, err)
	require.Equal(t, 1, first.Edition)
	_, err = o.playbook.PublishTemplate(ctx, ada, way())
	require.ErrorIs(t, err, servicecoin.ErrRefused, "made from none, and one is there")
	require.ErrorContains(t, err, "made from edition 0, and edition 1 is published")
	_, err = o.playbook.PublishTemplate(ctx, ada, template())
	require.ErrorContains(t, err, "prerequisites: are those of the offering")
	running, err := o.Begin(ctx, exchange, "sub-1", first.With(nil, template().Prerequisites...))
	require.NoError(t, err)
	first.Title = "Mail"
	second, err := o.playbook.PublishTemplate(ctx, ada, first)
	require.NoError(t, err)
	require.Equal(t, 2, second.Edition)
	got, err := o.Get(ctx, "sub-1")
	require.NoError(t, err)
	require.Len(t, got.Items, 5, "what runs keeps its edition")
	require.Equal(t, 1, running.Edition)
	gold := way()
	gold.Offering, gold.Title = "gold", "Gold mail"
	_, err = o.playbook.PublishTemplate(ctx, ada, gold)
	require.NoError(t, err)
	for offering, want := range map[servicecoin.OfferingID]string{"gold": "Gold mail", "silver": "Mail", "": "Mail"} {
		x, err := o.playbook.TemplateFor(ctx, "mail", offering)
		require.NoError(t, err)
		require.Equal(t, want, x.Title, offering)
	}
	require.Equal(t, []string{"", "gold"}, collect(t, o.playbook.Templates().All(ctx), func(t adoption.Template) string { return string(t.Offering) }))
	bad := way()
	bad.Title = ""
	_, err = o.playbook.PublishTemplate(ctx, ada, bad)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = o.playbook.PublishJourney(ctx, ada, adoption.Journey{ID: "x"})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// How a test went is recorded, and never published: whoever changes what the
// customer meets has to test it again.
func TestResultsAreNobodysToWrite(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	j, err := o.playbook.PublishJourney(ctx, ada, journey())
	require.NoError(t, err)
	findings, err := o.playbook.Check(ctx)
	require.NoError(t, err)
	require.Len(t, findings, 4, "what the form said was not taken over")
	for _, x := range j.Touchpoints {
		require.Zero(t, x.Test.Last)
		_, err = o.playbook.Tested(ctx, exchange, j.ID, x.ID, adoption.Run{Result: adoption.Passed})
		require.NoError(t, err)
	}
	findings, err = o.playbook.Check(ctx, "mail")
	require.NoError(t, err)
	require.Empty(t, findings)
	j.Touchpoints[0].Owner, j.Touchpoints[1].Message = "eve", "Other words"
	j.Touchpoints[2].Test.Last = adoption.Run{Result: adoption.Failed, At: nine}
	j, err = o.playbook.PublishJourney(ctx, ada, j)
	require.NoError(t, err, "a recorded result does not make the design an older one")
	require.Equal(t, 2, j.Edition)
	findings, err = o.playbook.Check(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"standard.touchpoints[1].test.last test-never-run"}, found(findings))
	*o.now = nine.AddDate(1, 0, 0)
	findings, err = o.playbook.Check(ctx)
	require.NoError(t, err)
	require.Len(t, findings, 4, "and they grow old")
	_, err = o.playbook.Tested(ctx, exchange, "no such", "x", adoption.Run{Result: adoption.Passed})
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	got, err := o.playbook.Journey(ctx, "standard")
	require.NoError(t, err)
	require.Equal(t, servicecoin.PersonID("eve"), got.Touchpoints[0].Owner)
}

func TestAsking(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	s := survey()
	s.ID, s.OpensAt, s.ClosesAt = "", time.Time{}, time.Time{}
	first, err := o.playbook.Ask(ctx, ada, s)
	require.NoError(t, err)
	require.NotEmpty(t, first.ID)
	require.Equal(t, nine, first.OpensAt, "now")
	*o.now = after(30)
	second, err := o.playbook.Ask(ctx, ada, s)
	require.NoError(t, err)
	_, err = o.playbook.Ask(ctx, ada, second)
	require.ErrorIs(t, err, servicecoin.ErrExists, "a question that was asked is not changed")
	_, err = o.playbook.EndSurvey(ctx, ada, first.ID, time.Time{})
	require.NoError(t, err)
	_, err = o.playbook.EndSurvey(ctx, ada, first.ID, time.Time{})
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	got, err := o.playbook.Survey(ctx, first.ID)
	require.NoError(t, err)
	require.Equal(t, after(30), got.ClosesAt)
	id := func(s adoption.Survey) string { return string(s.ID) }
	require.Equal(t, []string{string(second.ID), string(first.ID)}, collect(t, o.playbook.Surveys().All(ctx), id))
	require.Equal(t, []string{string(first.ID), string(second.ID)}, collect(t, o.playbook.Rounds("mail").All(ctx), id))
	require.Empty(t, collect(t, o.playbook.Rounds("mai").All(ctx), id))
	bad := s
	bad.Kind = "poll"
	_, err = o.playbook.Ask(ctx, ada, bad)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}
