package adoption_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
)

func TestOneAnswerForEachRespondentAndRound(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	s, err := o.playbook.Ask(ctx, ada, survey())
	require.NoError(t, err)
	_, err = o.Dismiss(ctx, bob, s, "bob")
	require.NoError(t, err)
	_, err = o.Dismiss(ctx, bob, s, "bob")
	require.NoError(t, err, "saying it again changes nothing")
	for n, x := range []int{2, 5} {
		*o.now = after(1 + n)
		_, err = o.Answer(ctx, bob, s, response("bob", x))
		require.NoError(t, err)
	}
	got, err := o.Dismiss(ctx, bob, s, "bob")
	require.NoError(t, err)
	require.Equal(t, []int{5}, got.Scores, "an answer is not dismissed")
	_, err = o.Dismiss(ctx, servicecoin.Client("eve"), s, "eve")
	require.NoError(t, err)
	score, err := o.Score(ctx, s, &adoption.Policy{Least: 1})
	require.NoError(t, err)
	require.Equal(t, 1, score.N)
	require.Equal(t, 1, score.Dismissed)
	require.Equal(t, "100", score.Value.Decimal.String())
	require.Equal(t, []string{"survey.asked", "survey.dismissed", "survey.answered", "survey.answered", "survey.dismissed"}, o.events(t))
	next := s
	next.ID = "mail-2026-q2"
	_, err = o.Answer(ctx, bob, next, response("bob", 1))
	require.NoError(t, err)
	a, err := o.Answered(ctx, s.ID, "bob")
	require.NoError(t, err)
	require.Equal(t, []int{5}, a.Scores, "a round is a survey of its own")
	require.Equal(t, 1, a.Edited)
	require.Equal(t, []string{"eve", "bob"}[1:], collect(t, o.Answers(next.ID).All(ctx), func(a adoption.Answer) string { return string(a.Respondent) }))
	*o.now = after(60)
	_, err = o.Answer(ctx, servicecoin.Client("zoe"), s, response("zoe", 1))
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = o.Answer(ctx, bob, s, response("bob", 9))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

func TestResultsOfAllCustomers(t *testing.T) {
	t.Parallel()
	o, ctx := newOffice(t), t.Context()
	s, err := o.playbook.Ask(ctx, ada, survey())
	require.NoError(t, err)
	for customer, scores := range map[servicecoin.CustomerID][]int{"acme": {5, 5, 4, 3, 4, 2}, "globex": {1, 1}, "initech": {4, 4, 4, 4, 4}} {
		for n, x := range scores {
			who := servicecoin.PersonID(strconv.Itoa(n)) // the same names everywhere
			_, err := o.On(o.store.For(customer)).Answer(ctx, servicecoin.Client(who), s, response(who, x))
			require.NoError(t, err)
		}
	}
	_, err = o.On(o.store.For("umbrella")).Dismiss(ctx, exchange, s, "0")
	require.NoError(t, err)
	got, err := adoption.Results(ctx, adoption.Answers(o.store), s, nil)
	require.NoError(t, err)
	require.Equal(t, 13, got.Total.N)
	require.Equal(t, 1, got.Total.Dismissed)
	require.Equal(t, 9, got.Total.Satisfied)
	require.Len(t, got.Cells, 4)
	require.NotNil(t, got.Cells[0].Score)
	require.Nil(t, got.Cells[1].Score, "two of globex said so")
	require.Nil(t, got.Cells[2].Score, "or one could subtract")
	require.Equal(t, servicecoin.CustomerID("umbrella"), got.Cells[3].Customer)
	require.Zero(t, got.Cells[3].Score.N)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = adoption.Results(cancelled, adoption.Answers(o.store), s, nil)
	require.ErrorIs(t, err, context.Canceled)
	wrong := s
	wrong.Kind, wrong.Points = adoption.Rating, 3
	_, err = adoption.Results(ctx, adoption.Answers(o.store), wrong, nil)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	require.ErrorContains(t, err, "acme/adoption.answer/")
}
