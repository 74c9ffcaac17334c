package adoption_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
)

func survey() adoption.Survey {
	return adoption.Survey{
		ID: "mail-2026-q1", Kind: adoption.CSAT, Question: "How satisfied are you with mail?", Service: "mail", Series: "mail",
		OpensAt: nine, ClosesAt: after(60),
	}
}

func response(who servicecoin.PersonID, scores ...int) adoption.Response {
	return adoption.Response{Respondent: who, Scores: scores}
}

// answered makes answers to a survey, one for each score.
func answered(s adoption.Survey, scores ...int) (list []adoption.Answer) {
	for n, x := range scores {
		list = append(list, adoption.Answer{Survey: s.ID, Respondent: servicecoin.PersonID(strconv.Itoa(n)), Scores: []int{x}})
	}
	return list
}

func TestSurveysAreChecked(t *testing.T) {
	t.Parallel()
	s := survey()
	require.NoError(t, s.Validate())
	for name, c := range map[string]struct {
		change func(s *adoption.Survey)
		want   []string
	}{
		"nothing":                 {func(s *adoption.Survey) { *s = adoption.Survey{} }, []string{"id required", "kind unknown", "question required", "opensAt required"}},
		"ends before it opens":    {func(s *adoption.Survey) { s.ClosesAt = nine.Add(-1) }, []string{"closesAt reversed"}},
		"never opens":             {func(s *adoption.Survey) { s.ClosesAt = nine }, nil},
		"satisfaction of 7":       {func(s *adoption.Survey) { s.Points = 7 }, []string{"points contradiction"}},
		"effort of 7":             {func(s *adoption.Survey) { s.Kind, s.Points = adoption.CES, 7 }, nil},
		"effort of 6":             {func(s *adoption.Survey) { s.Kind, s.Points = adoption.CES, 6 }, []string{"points unknown"}},
		"a rating of 1":           {func(s *adoption.Survey) { s.Kind, s.Points = adoption.Rating, 1 }, []string{"points out-of-range"}},
		"a rating of 11":          {func(s *adoption.Survey) { s.Kind, s.Points = adoption.Rating, 11 }, []string{"points out-of-range"}},
		"a long question":         {func(s *adoption.Survey) { s.Question = strings.Repeat("x", 501) }, []string{"question too-long"}},
		"a service with newlines": {func(s *adoption.Survey) { s.Service, s.Series = "a\nb", "a\nb" }, []string{"service bad-text", "series bad-text"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := survey()
			c.change(&s)
			require.Equal(t, c.want, codes(s.Validate()))
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	s := survey()
	a, err := s.Answer(bob, after(1), response("bob", 4))
	require.NoError(t, err)
	require.NoError(t, a.Again(bob, after(2), &s, response("bob", 2)))
	require.Equal(t, []int{2}, a.Scores)
	require.Equal(t, 1, a.Edited)
	require.Empty(t, cmp.Diff([]adoption.Edit{{At: after(1), Scores: []int{4}}}, a.Edits))
	for n := range 20 {
		require.NoError(t, a.Again(bob, after(3+n), &s, response("bob", 1+n%5)))
	}
	require.Equal(t, 21, a.Edited)
	require.Len(t, a.Edits, 10, "the last ten are kept")
	require.Equal(t, after(21), a.Edits[9].At)

	d, err := s.Dismiss(exchange, after(1), "eve")
	require.NoError(t, err)
	require.True(t, d.Dismissed())
	require.NoError(t, d.Again(servicecoin.Client("eve"), after(2), &s, response("eve", 5)))
	require.False(t, d.Dismissed())
	require.Zero(t, d.Edited, "a dismissal was no answer")

	onBehalf := servicecoin.Client("bob")
	onBehalf.OnBehalfOf = "eve"
	for name, c := range map[string]struct {
		do   func() error
		want error
		text string
	}{
		"too early":       {func() error { _, err := s.Answer(bob, nine.Add(-1), response("bob", 5)); return err }, servicecoin.ErrRefused, "opens at"},
		"when it opens":   {func() error { _, err := s.Answer(bob, nine, response("bob", 5)); return err }, nil, ""},
		"at the end":      {func() error { _, err := s.Answer(bob, after(60), response("bob", 5)); return err }, servicecoin.ErrRefused, "is over"},
		"again too late":  {func() error { b := a; return b.Again(bob, after(61), &s, response("bob", 5)) }, servicecoin.ErrRefused, "is over"},
		"before the last": {func() error { b := a; return b.Again(bob, after(2), &s, response("bob", 5)) }, servicecoin.ErrRefused, "answered later"},
		"for another":     {func() error { _, err := s.Answer(bob, after(1), response("eve", 5)); return err }, servicecoin.ErrRefused, "cannot answer for"},
		"on behalf of":    {func() error { _, err := s.Answer(onBehalf, after(1), response("eve", 5)); return err }, nil, ""},
		"told on the telephone": {func() error {
			_, err := s.Answer(ada, after(1), response("eve", 5))
			return err
		}, nil, ""},
		"off the scale": {func() error { _, err := s.Answer(bob, after(1), response("bob", 6)); return err }, servicecoin.ErrInvalid, "scores[0]"},
		"zero":          {func() error { _, err := s.Answer(bob, after(1), response("bob", 0)); return err }, servicecoin.ErrInvalid, "scores[0]"},
		"no score":      {func() error { _, err := s.Answer(bob, after(1), response("bob")); return err }, servicecoin.ErrInvalid, "scores"},
		"two scores":    {func() error { _, err := s.Answer(bob, after(1), response("bob", 1, 2)); return err }, servicecoin.ErrInvalid, "scores"},
		"nobody":        {func() error { _, err := s.Answer(bob, after(1), response("", 1)); return err }, servicecoin.ErrInvalid, "respondent"},
		"another survey": {func() error {
			b, other := a, survey()
			other.ID = "x"
			return b.Again(bob, after(50), &other, response("eve", 5))
		}, servicecoin.ErrInvalid, "survey"},
		"another person": {func() error { b := a; return b.Again(bob, after(50), &s, response("eve", 5)) }, servicecoin.ErrInvalid, "respondent"},
		"no such survey": {func() error { _, err := new(adoption.Survey).Answer(bob, after(1), response("bob", 5)); return err }, servicecoin.ErrInvalid, "survey.id"},
		"a whole novel": {func() error {
			r := response("bob", 5)
			r.Comment = strings.Repeat("x", 4001)
			_, err := s.Answer(bob, after(1), r)
			return err
		}, servicecoin.ErrInvalid, "comment"},
		"dismissed by eve": {func() error { _, err := s.Dismiss(servicecoin.Client("eve"), after(1), "bob"); return err }, servicecoin.ErrRefused, "cannot answer for"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.do()
			if c.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.text)
		})
	}
}

func TestEndingASurvey(t *testing.T) {
	t.Parallel()
	s := survey()
	require.NoError(t, s.End(ada, after(1), after(90)), "later")
	require.True(t, s.Open(after(89)))
	require.ErrorIs(t, s.End(ada, after(50), after(40)), servicecoin.ErrInvalid, "not in the past")
	require.NoError(t, s.End(ada, after(50), time.Time{}), "now")
	require.False(t, s.Open(after(50)))
	require.ErrorIs(t, s.End(ada, after(51), after(99)), servicecoin.ErrRefused, "what is over is not opened again")
	early := survey()
	require.NoError(t, early.End(ada, after(-5), time.Time{}))
	require.NoError(t, early.Validate())
	require.False(t, early.Open(nine), "it never opens")
	endless := survey()
	endless.ClosesAt = time.Time{}
	require.True(t, endless.Open(after(1<<20)))
	require.False(t, endless.Open(nine.Add(-1)))
}

func TestSurveyRefusalsNameTheSurvey(t *testing.T) {
	t.Parallel()
	s := survey()
	_, err := s.Answer(bob, after(60), response("bob", 5))
	r, ok := errors.AsType[*servicecoin.RefusedError](err)
	require.True(t, ok)
	require.Equal(t, servicecoin.Key{Customer: servicecoin.Provider, Kind: "adoption.survey", ID: "mail-2026-q1"}, r.Subject)
	require.Equal(t, adoption.VerbAnswerSurvey, r.Verb)
}
