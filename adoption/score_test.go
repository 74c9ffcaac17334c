package adoption_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/estimate"
)

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
	require.Equal(t, estimate.Wilson, got.Interval.Method)
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
	require.Equal(t, estimate.AdjustedWald, got.Interval.Method)
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
	a, err := s.Answer(bob, after(1), response("bob", 4, 2, 4, 1, 5, 2, 4, 2, 4, 3)) // 3 3 3 4 4 3 3 3 3 2 = 31
	require.NoError(t, err)
	one, err := s.Score(a)
	require.NoError(t, err)
	require.Equal(t, "77.5", one.Value.Decimal.String())
	require.Equal(t, 0, one.StraightLined)
	flat := adoption.Answer{Survey: "s", Scores: slices.Repeat([]int{3}, 10)}
	got, err := s.Score(a, flat)
	require.NoError(t, err)
	require.Equal(t, "63.75", got.Value.Decimal.String())
	require.Equal(t, got.Value, got.Mean)
	require.Equal(t, 1, got.StraightLined, "counted, and marked")
	require.Empty(t, got.Boxes)
	require.InDelta(t, 100, got.Interval.High, 0)
	_, err = s.Answer(bob, after(1), response("bob", 4))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
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
