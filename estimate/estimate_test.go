package estimate_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/estimate"
)

func proportions() []estimate.Method {
	return []estimate.Method{
		estimate.Wilson, estimate.WilsonCorrected, estimate.ClopperPearson, estimate.AgrestiCoull, estimate.Wald,
		estimate.AgrestiCoullUnclipped, estimate.WaldUnclipped,
	}
}

// codes lists "path code" of every violation, none for another error.
func codes(err error) (list []string) {
	if e, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		for _, v := range e.Violations {
			list = append(list, v.Path+" "+v.Code)
		}
	}
	return list
}

func TestIntervalsRefuseBadInput(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method            estimate.Method
		successes, trials int
		level             float64
		want              []string
	}{
		"no trials":        {estimate.Wilson, 0, 0, 0.95, []string{"trials no-data"}},
		"too many":         {estimate.Wilson, 0, estimate.MaxTrials + 1, 0.95, []string{"trials out-of-range"}},
		"more than trials": {estimate.Wilson, 3, 2, 0.95, []string{"successes out-of-range"}},
		"less than none":   {estimate.Wilson, -1, 2, 0.95, []string{"successes out-of-range"}},
		"level 0":          {estimate.Wilson, 1, 2, 0, []string{"level out-of-range"}},
		"level 1":          {estimate.Wilson, 1, 2, 1, []string{"level out-of-range"}},
		"percent":          {estimate.Wilson, 1, 2, 95, []string{"level out-of-range"}},
		"no number":        {estimate.Wilson, 1, 2, math.NaN(), []string{"level out-of-range"}},
		"of a mean":        {estimate.StudentT, 1, 2, 0.95, []string{"method unknown"}},
		"all at once":      {"magic", 3, -2, math.Inf(1), []string{"method unknown", "trials out-of-range", "successes out-of-range", "level out-of-range"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.method.Interval(c.successes, c.trials, c.level)
			require.Equal(t, c.want, codes(err))
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.Equal(t, estimate.Interval{}, got)
		})
	}
	_, err := estimate.NetPromoter(estimate.Wilson, -1, 0, 1, 0)
	require.Equal(t, []string{"promoters out-of-range", "level out-of-range", "method unknown"}, codes(err))
	_, err = estimate.NetPromoter(estimate.Wald, 0, 0, 0, 0.95)
	require.Equal(t, []string{" no-data"}, codes(err))
	_, err = estimate.Mean(1, math.NaN(), 1, 0.95)
	require.Equal(t, []string{"mean out-of-range", "deviation no-data"}, codes(err))
	_, err = estimate.Mean(0, 3, -1, 2)
	require.Equal(t, []string{"n no-data", "level out-of-range", "deviation out-of-range"}, codes(err))
	_, err = estimate.Mean(10, 3, math.NaN(), 0.95)
	require.Equal(t, []string{"deviation out-of-range"}, codes(err))
}

// What holds for the intervals of every method.
func TestIntervalsOfProportions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 3000).Draw(t, "trials")
		x := rapid.IntRange(0, n).Draw(t, "successes")
		level := rapid.Float64Range(0.01, 0.9999).Draw(t, "level")
		m := rapid.SampledFrom(proportions()).Draw(t, "method")
		i, err := m.Interval(x, n, level)
		require.NoError(t, err)
		p := float64(x) / float64(n)
		require.LessOrEqual(t, i.Low, i.High)
		if m != estimate.AgrestiCoullUnclipped && m != estimate.WaldUnclipped {
			require.GreaterOrEqual(t, i.Low, 0.0)
			require.LessOrEqual(t, i.High, 1.0)
		}
		mirror, err := m.Interval(n-x, n, level)
		require.NoError(t, err)
		require.InDelta(t, i.Low, 1-mirror.High, 1e-9, "failures are the mirror of successes")
		require.InDelta(t, i.High, 1-mirror.Low, 1e-9, "failures are the mirror of successes")
		if m == estimate.AgrestiCoull || m == estimate.AgrestiCoullUnclipped {
			return // its centre is not the proportion, and moves with the level
		}
		require.LessOrEqual(t, i.Low, p+1e-12, "the proportion is inside")
		require.GreaterOrEqual(t, i.High, p-1e-12, "the proportion is inside")
		wider, err := m.Interval(x, n, (1+level)/2)
		require.NoError(t, err)
		require.LessOrEqual(t, wider.Low, i.Low+1e-9, "a higher level is not narrower")
		require.GreaterOrEqual(t, wider.High, i.High-1e-9, "a higher level is not narrower")
	})
}

// tail adds up the binomial distribution from x upwards: the slow way, without
// the functions under test.
func tail(x, n int, p float64) float64 {
	sum := 0.0
	for k := x; k <= n; k++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		sum += math.Exp(a - b - c + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
	}
	return sum
}

// Clopper and Pearson's limits are the proportions at which so many successes,
// or so few, have just half of what the level leaves.
func TestClopperPearsonIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "trials")
		x := rapid.IntRange(0, n).Draw(t, "successes")
		level := rapid.SampledFrom([]float64{0.5, 0.8, 0.9, 0.95, 0.99, 0.999}).Draw(t, "level")
		i, err := estimate.ClopperPearson.Interval(x, n, level)
		require.NoError(t, err)
		if x == 0 {
			require.Zero(t, i.Low)
		} else {
			require.InDelta(t, (1-level)/2, tail(x, n, i.Low), 1e-9)
		}
		if x == n {
			require.InDelta(t, 1, i.High, 0)
		} else {
			require.InDelta(t, (1-level)/2, 1-tail(x+1, n, i.High), 1e-9)
		}
	})
}

// Wilson's limits are the proportions from which the observed one is just z
// standard errors away: the equation that defines them.
func TestWilsonSolvesItsEquation(t *testing.T) {
	t.Parallel()
	const z = 1.959963984540054
	for n := 1; n <= 60; n++ {
		for x := range n + 1 {
			i, err := estimate.Wilson.Interval(x, n, 0.95)
			require.NoError(t, err)
			for _, limit := range []float64{i.Low, i.High} {
				away := math.Abs(float64(x)/float64(n) - limit)
				require.InDelta(t, z*math.Sqrt(limit*(1-limit)/float64(n)), away, 1e-9, "%d of %d", x, n)
			}
		}
	}
}

func TestWilsonKeepsWhatIsCertain(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 7, 1000, estimate.MaxTrials} {
		for _, m := range proportions() {
			for _, level := range []float64{1e-9, 0.5, 0.95, 1 - 1e-12} {
				none, err := m.Interval(0, n, level)
				require.NoError(t, err)
				all, err := m.Interval(n, n, level)
				require.NoError(t, err)
				for _, limit := range []float64{none.Low, none.High, all.Low, all.High} {
					require.False(t, math.IsNaN(limit) || math.IsInf(limit, 0), "%s %d %g", m, n, level)
				}
				if m == estimate.Wilson || m == estimate.WilsonCorrected || m == estimate.ClopperPearson {
					require.Zero(t, none.Low)
					require.InDelta(t, 1, all.High, 0)
				}
			}
		}
	}
}

// Quantiles as printed in every table of Student's distribution: half a width of
// 1 with a deviation of the root of n.
func TestMeanIsStudents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n        int
		level, t float64
	}{
		{2, 0.95, 12.706205}, {5, 0.95, 2.776445}, {11, 0.99, 3.169273}, {31, 0.90, 1.697261}, {1001, 0.95, 1.962339}, {estimate.MaxTrials, 0.95, 1.959964},
	} {
		i, err := estimate.Mean(c.n, 7, math.Sqrt(float64(c.n)), c.level)
		require.NoError(t, err)
		require.InDelta(t, c.t, i.High-7, 2e-6)
		require.InDelta(t, c.t, 7-i.Low, 2e-6)
		require.Equal(t, estimate.StudentT, i.Method)
	}
}

func TestNetPromoterKeepsAWidth(t *testing.T) {
	t.Parallel()
	wald, err := estimate.NetPromoter(estimate.Wald, 10, 0, 0, 0.95)
	require.NoError(t, err)
	require.InDelta(t, wald.Interval.Low, wald.Interval.High, 0)
	adjusted, err := estimate.NetPromoter(estimate.AdjustedWald, 10, 0, 0, 0.95)
	require.NoError(t, err)
	require.InDelta(t, 100, adjusted.Score, 0, "the score is what was said")
	// By hand: p = 10.75/13, d = 0.75/13, 1.96 · √((p + d - (p-d)²) / 13).
	p, d := 10.75/13, 0.75/13
	half := 1.959963984540054 * math.Sqrt((p+d-(p-d)*(p-d))/13)
	require.InDelta(t, 100*(p-d-half), adjusted.Interval.Low, 1e-9)
	require.InDelta(t, math.Min(100, 100*(p-d+half)), adjusted.Interval.High, 1e-9)
	cut, err := estimate.NetPromoter(estimate.Wald, 2, 1, 1, 0.95)
	require.NoError(t, err)
	require.InDelta(t, 100, cut.Interval.High, 0, "scores end at 100")
	open, err := estimate.NetPromoter(estimate.WaldUnclipped, 2, 1, 1, 0.95)
	require.NoError(t, err)
	require.Greater(t, open.Interval.High, 100.0)
}

func TestPercentSharesSumToAHundred(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int{43, 29, 28}, estimate.PercentShares(3, 2, 2))
	require.Equal(t, []int{34, 33, 33}, estimate.PercentShares(1, 1, 1))
	require.Equal(t, []int{0, 100, 0}, estimate.PercentShares(0, 7, -3))
	require.Nil(t, estimate.PercentShares(0, 0))
	require.Nil(t, estimate.PercentShares())
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 1000), 1, 12).Draw(t, "counts")
		total, sum := 0, 0
		for _, n := range counts {
			total += n
		}
		got := estimate.PercentShares(counts...)
		if total == 0 {
			require.Nil(t, got)
			return
		}
		for i, n := range counts {
			sum += got[i]
			require.Less(t, math.Abs(float64(got[i])-100*float64(n)/float64(total)), 1.0, "never a whole point off")
		}
		require.Equal(t, 100, sum)
	})
}
