package adoption_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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
	a, err := s.Answer(response("bob", 4), bob, after(1))
	require.NoError(t, err)
	require.NoError(t, a.Again(&s, response("bob", 2), bob, after(2)))
	require.Equal(t, []int{2}, a.Scores)
	require.Equal(t, 1, a.Edited)
	require.Empty(t, cmp.Diff([]adoption.Edit{{At: after(1), Scores: []int{4}}}, a.Edits))
	for n := range 20 {
		require.NoError(t, a.Again(&s, response("bob", 1+n%5), bob, after(3+n)))
	}
	require.Equal(t, 21, a.Edited)
	require.Len(t, a.Edits, 10, "the last ten are kept")
	require.Equal(t, after(21), a.Edits[9].At)

	d, err := s.Dismiss("eve", exchange, after(1))
	require.NoError(t, err)
	require.True(t, d.Dismissed())
	require.NoError(t, d.Again(&s, response("eve", 5), servicecoin.Client("eve"), after(2)))
	require.False(t, d.Dismissed())
	require.Zero(t, d.Edited, "a dismissal was no answer")

	onBehalf := servicecoin.Client("bob")
	onBehalf.OnBehalfOf = "eve"
	for name, c := range map[string]struct {
		do   func() error
		want error
		text string
	}{
		"too early":       {func() error { _, err := s.Answer(response("bob", 5), bob, nine.Add(-1)); return err }, servicecoin.ErrRefused, "opens at"},
		"when it opens":   {func() error { _, err := s.Answer(response("bob", 5), bob, nine); return err }, nil, ""},
		"at the end":      {func() error { _, err := s.Answer(response("bob", 5), bob, after(60)); return err }, servicecoin.ErrRefused, "is over"},
		"again too late":  {func() error { b := a; return b.Again(&s, response("bob", 5), bob, after(61)) }, servicecoin.ErrRefused, "is over"},
		"before the last": {func() error { b := a; return b.Again(&s, response("bob", 5), bob, after(2)) }, servicecoin.ErrRefused, "answered later"},
		"for another":     {func() error { _, err := s.Answer(response("eve", 5), bob, after(1)); return err }, servicecoin.ErrRefused, "cannot answer for"},
		"on behalf of":    {func() error { _, err := s.Answer(response("eve", 5), onBehalf, after(1)); return err }, nil, ""},
		"told on the telephone": {func() error {
			_, err := s.Answer(response("eve", 5), ada, after(1))
			return err
		}, nil, ""},
		"off the scale": {func() error { _, err := s.Answer(response("bob", 6), bob, after(1)); return err }, servicecoin.ErrInvalid, "scores[0]"},
		"zero":          {func() error { _, err := s.Answer(response("bob", 0), bob, after(1)); return err }, servicecoin.ErrInvalid, "scores[0]"},
		"no score":      {func() error { _, err := s.Answer(response("bob"), bob, after(1)); return err }, servicecoin.ErrInvalid, "scores"},
		"two scores":    {func() error { _, err := s.Answer(response("bob", 1, 2), bob, after(1)); return err }, servicecoin.ErrInvalid, "scores"},
		"nobody":        {func() error { _, err := s.Answer(response("", 1), bob, after(1)); return err }, servicecoin.ErrInvalid, "respondent"},
		"another survey": {func() error {
			b, other := a, survey()
			other.ID = "x"
			return b.Again(&other, response("eve", 5), bob, after(50))
		}, servicecoin.ErrInvalid, "survey"},
		"another person": {func() error { b := a; return b.Again(&s, response("eve", 5), bob, after(50)) }, servicecoin.ErrInvalid, "respondent"},
		"no such survey": {func() error { _, err := new(adoption.Survey).Answer(response("bob", 5), bob, after(1)); return err }, servicecoin.ErrInvalid, "survey.id"},
		"a whole novel": {func() error {
			r := response("bob", 5)
			r.Comment = strings.Repeat("x", 4001)
			_, err := s.Answer(r, bob, after(1))
			return err
		}, servicecoin.ErrInvalid, "comment"},
		"dismissed by eve": {func() error { _, err := s.Dismiss("bob", servicecoin.Client("eve"), after(1)); return err }, servicecoin.ErrRefused, "cannot answer for"},
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

func TestScoreOfSatisfaction(t *testing.T) {
	t.Parallel()
	s := survey()
	got, err := s.Score(append(answered(s, 5, 4, 4, 3, 1, 5, 5, 4), adoption.Answer{Survey: s.ID})...)
	require.NoError(t, err)
	require.Equal(t, 8, got.N)
	require.Equal(t, 1, got.Dismissed)
	require.Equal(t, 6, got.Satisfied)
	require.Equal(t, "75", got.Value.Decimal.String())
	require.Equal(t, "3.88", got.Mean.Decimal.String())
	require.False(t, got.TooFew)
	// Newcombe's formula by hand for 6 of 8.
	require.InDelta(t, 40.93, got.Interval.Low, 0.005)
	require.InDelta(t, 92.85, got.Interval.High, 0.005)
	require.Equal(t, adoption.Wilson, got.Interval.Method)
	require.InDelta(t, 0.95, got.Interval.Level, 0)
	require.Empty(t, cmp.Diff([]adoption.Box{{1, 1}, {2, 0}, {3, 1}, {4, 3}, {5, 3}}, got.Boxes))
	require.Equal(t, "37.5", got.Percent(got.Boxes[4].N, 1).Decimal.String())

	trace := got.Trace().String()
	require.Contains(t, trace, "satisfied (4 or 5 of 5): 75 % [@provider/adoption.survey/mail-2026-q1]")
	require.Contains(t, trace, "gave 4: 3\n")
	require.NotContains(t, trace, "adoption.answer", "a score leads to nobody's answer")

	_, err = s.Score(adoption.Answer{Survey: "x", Scores: []int{3}}, adoption.Answer{Survey: s.ID, Scores: []int{9}})
	require.Equal(t, []string{"answers[0].survey mismatch"}, codes(err))
	_, err = s.Score(adoption.Answer{Survey: s.ID, Scores: []int{9}})
	require.Equal(t, []string{"answers[0].scores[0] out-of-range"}, codes(err))
}

func TestTooFewToSay(t *testing.T) {
	t.Parallel()
	s := survey()
	for n, want := range []bool{true, true, true, true, true, false, false} {
		got, err := s.Score(answered(s, slices.Repeat([]int{5}, n)...)...)
		require.NoError(t, err)
		require.Equal(t, want, got.TooFew, n)
	}
	tally := s.Tally()
	for _, a := range answered(s, 5, 5) {
		require.NoError(t, tally.Add(a))
	}
	got, err := tally.Score(&adoption.Policy{Least: 2, Level: 0.5})
	require.NoError(t, err)
	require.False(t, got.TooFew)
	require.InDelta(t, 0.5, got.Interval.Level, 0)
	_, err = tally.Score(&adoption.Policy{Least: -1, Level: 95})
	require.Equal(t, []string{"level out-of-range", "least negative"}, codes(err))
}

func TestScoresRoundOnce(t *testing.T) {
	t.Parallel()
	s := adoption.Survey{ID: "s", Kind: adoption.NPS}
	got, err := s.Score(answered(s, 9, 9, 2)...)
	require.NoError(t, err)
	require.Equal(t, "33", got.Rounded(0).Decimal.String(), "not 67 less 33")
	require.Equal(t, "33.33", got.Value.Decimal.String())
	require.Equal(t, adoption.AdjustedWald, got.Interval.Method)
	every, err := s.Score(answered(s, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)...)
	require.NoError(t, err)
	require.Equal(t, []int{2, 2, 7}, []int{every.Promoters, every.Passives, every.Detractors})
	negative, err := s.Score(answered(s, 0, 10, 0)...)
	require.NoError(t, err)
	require.Equal(t, "-33.33", negative.Value.Decimal.String())
	// It says the same once it has been through JSON.
	text, err := json.Marshal(got)
	require.NoError(t, err)
	var again adoption.Score
	require.NoError(t, json.Unmarshal(text, &again))
	require.Empty(t, cmp.Diff(got, again))
	require.Equal(t, "33", again.Rounded(0).Decimal.String())
}

func TestMeansHaveStudentsInterval(t *testing.T) {
	t.Parallel()
	s := adoption.Survey{ID: "s", Kind: adoption.CES, Points: 7}
	got, err := s.Score(answered(s, 7, 5, 6, 2, 5)...)
	require.NoError(t, err)
	require.Equal(t, "5", got.Value.Decimal.String())
	// Mean 5, deviation √(14/4), t 2.776445: half a width of 2.3229.
	require.InDelta(t, 5-2.3229, got.Interval.Low, 0.0001)
	require.InDelta(t, 7, got.Interval.High, 0, "cut to the scale")
	same, err := s.Score(answered(s, 4, 4, 4, 4, 4, 4)...)
	require.NoError(t, err)
	require.Equal(t, "4", same.Value.Decimal.String())
	require.Nil(t, same.Interval, "all agree: nothing is known of the spread")
	one, err := s.Score(answered(s, 4)...)
	require.NoError(t, err)
	require.Nil(t, one.Interval)
}

func TestUsabilityScale(t *testing.T) {
	t.Parallel()
	s := adoption.Survey{ID: "s", Kind: adoption.SUS, Question: "Ten statements", OpensAt: nine}
	a, err := s.Answer(response("bob", 4, 2, 4, 1, 5, 2, 4, 2, 4, 3), bob, after(1)) // 3 3 3 4 4 3 3 3 3 2 = 31
	require.NoError(t, err)
	one, err := adoption.ScoreSUS(a.Scores)
	require.NoError(t, err)
	require.Equal(t, "77.5", one.Score.String())
	require.False(t, one.StraightLined)
	flat := adoption.Answer{Survey: "s", Scores: slices.Repeat([]int{3}, 10)}
	got, err := s.Score(a, flat)
	require.NoError(t, err)
	require.Equal(t, "63.75", got.Value.Decimal.String())
	require.Equal(t, got.Value, got.Mean)
	require.Equal(t, 1, got.StraightLined, "counted, and marked")
	require.Empty(t, got.Boxes)
	require.InDelta(t, 100, got.Interval.High, 0)
	_, err = adoption.ScoreSUS([]int{1, 2, 3})
	require.Equal(t, []string{" count"}, codes(err))
	_, err = s.Answer(response("bob", 4), bob, after(1))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	for _, x := range []string{"-0.1", "100.1"} {
		_, err = adoption.SUSGrade(decimal.RequireFromString(x))
		require.ErrorIs(t, err, servicecoin.ErrInvalid, x)
	}
	for x, want := range map[string]string{"100": "A+", "84.09": "A", "51.7": "D", "51.69": "F", "0": "F", "74.1": "B"} {
		grade, err := adoption.SUSGrade(decimal.RequireFromString(x))
		require.NoError(t, err)
		require.Equal(t, want, grade, x)
	}
}

// The score does not depend on the order of answers, and its value lies in its
// interval, which lies in the range of the kind.
func TestScoresOfAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := adoption.Survey{ID: "s", Kind: rapid.SampledFrom([]adoption.SurveyKind{adoption.CSAT, adoption.NPS, adoption.CES, adoption.Rating}).Draw(t, "kind")}
		low, high := s.Scale()
		scores := rapid.SliceOfN(rapid.IntRange(low, high), 1, 60).Draw(t, "scores")
		got, err := s.Score(answered(s, scores...)...)
		require.NoError(t, err)
		slices.Sort(scores)
		again, err := s.Score(answered(s, scores...)...)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(got, again))
		n := 0
		for _, b := range got.Boxes {
			n += b.N
		}
		require.Equal(t, got.N, n)
		require.Equal(t, got.Promoters+got.Passives+got.Detractors, map[bool]int{true: got.N}[s.Kind == adoption.NPS])
		if got.Interval == nil {
			return
		}
		least, most := float64(low), float64(high)
		switch s.Kind {
		case adoption.CSAT:
			least, most = 0, 100
		case adoption.NPS:
			least, most = -100, 100
		}
		value := got.Value.Decimal.InexactFloat64()
		if s.Kind != adoption.NPS { // the adjusted interval has a centre of its own
			require.LessOrEqual(t, got.Interval.Low, value+0.01)
			require.GreaterOrEqual(t, got.Interval.High, value-0.01)
		}
		require.GreaterOrEqual(t, got.Interval.Low, least)
		require.LessOrEqual(t, got.Interval.High, most)
		require.LessOrEqual(t, got.Interval.Low, got.Interval.High)
	})
}

func tallies(t require.TestingT, s *adoption.Survey, sizes map[servicecoin.CustomerID]int) map[servicecoin.CustomerID]*adoption.Tally {
	m := map[servicecoin.CustomerID]*adoption.Tally{}
	for customer, n := range sizes {
		m[customer] = s.Tally()
		for i := range n {
			require.NoError(t, m[customer].Add(adoption.Answer{Survey: s.ID, Scores: []int{1 + i%5}}))
		}
	}
	return m
}

func TestBreakdownWithholdsSmallCells(t *testing.T) {
	t.Parallel()
	s := survey()
	for name, c := range map[string]struct {
		sizes map[servicecoin.CustomerID]int
		total bool
		want  string // "+" shown, "-" withheld, by customer
	}{
		"all large":                 {map[servicecoin.CustomerID]int{"a": 5, "b": 9}, true, "+a +b"},
		"a small one takes another": {map[servicecoin.CustomerID]int{"a": 9, "b": 4, "c": 5}, true, "+a -b -c"},
		"the first of equals":       {map[servicecoin.CustomerID]int{"b": 6, "c": 1, "a": 6}, true, "-a +b -c"},
		"small ones hide together":  {map[servicecoin.CustomerID]int{"a": 9, "b": 4, "c": 1}, true, "+a -b -c"},
		"not quite enough":          {map[servicecoin.CustomerID]int{"a": 9, "b": 2, "c": 2}, true, "-a -b -c"},
		"none answered":             {map[servicecoin.CustomerID]int{"a": 0, "b": 0}, true, "+a +b"},
		"none and few":              {map[servicecoin.CustomerID]int{"a": 0, "b": 4}, false, "+a -b"},
		"few in all":                {map[servicecoin.CustomerID]int{"a": 2, "b": 2}, false, "-a -b"},
		"nobody was asked":          {nil, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := s.Breakdown(nil, tallies(t, &s, c.sizes))
			require.NoError(t, err)
			require.Equal(t, c.total, got.Total != nil)
			var shown []string
			for _, cell := range got.Cells {
				mark := "-"
				if cell.Score != nil {
					mark = "+"
					require.Equal(t, c.sizes[cell.Customer], cell.Score.N)
				}
				shown = append(shown, mark+string(cell.Customer))
			}
			require.Equal(t, c.want, strings.Join(shown, " "))
		})
	}
	other := survey()
	other.ID = "x"
	_, err := s.Breakdown(nil, tallies(t, &other, map[servicecoin.CustomerID]int{"a": 5}))
	require.Equal(t, []string{"tallies mismatch"}, codes(err))
	_, err = s.Breakdown(&adoption.Policy{Least: -1}, nil)
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	all, err := s.Breakdown(&adoption.Policy{Least: 1}, tallies(t, &s, map[servicecoin.CustomerID]int{"a": 1, "b": 2}))
	require.NoError(t, err)
	require.NotNil(t, all.Cells[0].Score, "1 switches it off")
}

// Whatever the sizes: what is withheld, the total less what is shown, is nobody
// or no small group.
func TestBreakdownGivesNobodyAway(t *testing.T) {
	t.Parallel()
	s := survey()
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(1, 12).Draw(t, "least")
		sizes := map[servicecoin.CustomerID]int{}
		for n, x := range rapid.SliceOfN(rapid.IntRange(0, 20), 0, 8).Draw(t, "sizes") {
			sizes[servicecoin.CustomerID(strconv.Itoa(n))] = x
		}
		got, err := s.Breakdown(&adoption.Policy{Least: least}, tallies(t, &s, sizes))
		require.NoError(t, err)
		require.Len(t, got.Cells, len(sizes))
		shown, total := 0, 0
		for _, x := range sizes {
			total += x
		}
		for _, c := range got.Cells {
			if c.Score != nil {
				require.True(t, c.Score.N == 0 || c.Score.N >= least)
				shown += c.Score.N
			}
		}
		if got.Total == nil {
			require.Positive(t, total)
			require.Less(t, total, least)
			return
		}
		require.Equal(t, total, got.Total.N)
		if withheld := total - shown; withheld > 0 {
			require.GreaterOrEqual(t, withheld, least)
		}
	})
}

func TestSurveyRefusalsNameTheSurvey(t *testing.T) {
	t.Parallel()
	s := survey()
	_, err := s.Answer(response("bob", 5), bob, after(60))
	r, ok := errors.AsType[*servicecoin.RefusedError](err)
	require.True(t, ok)
	require.Equal(t, servicecoin.Key{Customer: servicecoin.Provider, Kind: "adoption.survey", ID: "mail-2026-q1"}, r.Subject)
	require.Equal(t, "answer", r.Verb)
}
