// Package estimate says how sure a figure is that was counted or measured: it
// has intervals of proportions, of means and of a net promoter score, the
// quantiles that they are built on, and shares that sum to the whole. It is
// ground: whoever counts answers, failures or samples can use it.
//
// Estimates are floating-point numbers and no facts: nothing here is money, and
// nothing is rounded. The methods are in print, and named; the vectors of the
// tests come from elsewhere.
//
// # Errors
//
// What is undefined is refused, never zero: an interval of no trials is an
// [*servicecoin.InvalidError] with the code "no-data". So is every input out of
// its range, all violations at once.
package estimate

import (
	"math"
	"strconv"

	"github.com/servicecoin/servicecoin"
)

// Method says how an interval is estimated.
type Method string

// The methods for a proportion. Those that can leave the range from 0 to 1 are
// cut to it; under the names that end in Unclipped they are not, as some tools
// print them.
const (
	Wilson                Method = "wilson"                  // the score interval; what the house publishes with
	WilsonCorrected       Method = "wilson-cc"               // with continuity correction: wider
	ClopperPearson        Method = "clopper-pearson"         // "exact": covers at least the level, wider than needed
	AgrestiCoull          Method = "agresti-coull"           // Wald around the centre of Wilson
	Wald                  Method = "wald"                    // of textbooks: too narrow for few trials, no width where all agree
	AgrestiCoullUnclipped Method = "agresti-coull-unclipped" // may begin below 0 or end above 1
	WaldUnclipped         Method = "wald-unclipped"          // may begin below 0 or end above 1
)

// The methods of other estimates.
const (
	AdjustedWald Method = "adjusted-wald" // for a net promoter score: see [NetPromoter]
	StudentT     Method = "student-t"     // for a mean: see [Mean]
)

// DefaultLevel is the confidence level where nothing else is said.
const DefaultLevel = 0.95

// MaxTrials is the largest number of trials that an interval is computed for.
const MaxTrials = 1_000_000_000

// Interval is an estimate of where the true value lies.
type Interval struct {
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	Level  float64 `json:"level"` // 0.95: of many such intervals 95 in a hundred hold the true value
	Method Method  `json:"method"`
}

// Interval returns the two-sided interval of a proportion, as fractions of 1,
// for so many successes in so many trials. The level lies between 0 and 1; an
// interval of no trials is undefined, and refused as such.
//
// Wilson and the corrected form follow Newcombe 1998, "Two-sided confidence
// intervals for the single proportion", methods 3 and 4.
func (m Method) Interval(successes, trials int, level float64) (Interval, error) {
	var v servicecoin.Violations
	limits := m.limits()
	if limits == nil {
		v.Add("method", "unknown", string(m), "is no method for a proportion")
	}
	counts(&v, "trials", trials)
	if successes < 0 || successes > trials {
		v.Add("successes", "out-of-range", strconv.Itoa(successes), "must be 0 to the trials, "+strconv.Itoa(trials))
	}
	Confidence(&v, level)
	if err := v.Err(); err != nil {
		return Interval{}, err
	}
	low, high := limits(sample{float64(successes), float64(trials), NormalQuantile(level), level})
	return Interval{Low: low, High: high, Level: level, Method: m}, nil
}

// counts checks a number of trials or answers that something is divided by.
func counts(v *servicecoin.Violations, path string, n int) {
	switch {
	case n == 0:
		v.Add(path, "no-data", "0", "an interval of nothing is undefined")
	case n < 0 || n > MaxTrials:
		v.Add(path, "out-of-range", strconv.Itoa(n), "must be 1 to "+strconv.Itoa(MaxTrials))
	}
}

// Confidence checks a confidence level: above 0 and below 1.
func Confidence(v *servicecoin.Violations, level float64) {
	if !(level > 0 && level < 1) { // also false for NaN
		v.Add("level", "out-of-range", strconv.FormatFloat(level, 'g', -1, 64), "must be above 0 and below 1")
	}
}

// sample is x successes of n, and what the level makes of it.
type sample struct{ x, n, z, level float64 }

// limits returns the arithmetic of a method for a proportion, nil of others.
func (m Method) limits() func(sample) (low, high float64) {
	switch m {
	case Wilson:
		return sample.wilson
	case WilsonCorrected:
		return sample.corrected
	case ClopperPearson:
		return sample.exact
	case AgrestiCoull:
		return clipped(sample.agrestiCoull)
	case Wald:
		return clipped(sample.wald)
	case AgrestiCoullUnclipped:
		return sample.agrestiCoull
	case WaldUnclipped:
		return sample.wald
	case AdjustedWald, StudentT:
	}
	return nil
}

func clipped(limits func(sample) (low, high float64)) func(sample) (low, high float64) {
	return func(s sample) (low, high float64) {
		low, high = limits(s)
		return max(0, low), min(1, high)
	}
}

// pinned sets the limits that are exact where nothing or everything succeeded:
// rounding must not push the proportion itself out of its interval.
func (s sample) pinned(low, high float64) (float64, float64) {
	if s.x == 0 {
		low = 0
	}
	if s.x == s.n {
		high = 1
	}
	return max(0, low), min(1, high)
}

func (s sample) wilson() (low, high float64) {
	p, zz := s.x/s.n, s.z*s.z
	half := s.z * math.Sqrt(p*(1-p)/s.n+zz/(4*s.n*s.n))
	scale := 1 + zz/s.n
	centre := p + zz/(2*s.n)
	return s.pinned((centre-half)/scale, (centre+half)/scale)
}

func (s sample) corrected() (low, high float64) {
	p, zz := s.x/s.n, s.z*s.z
	q := 1 - p
	scale := 2 * (s.n + zz)
	// With no success (with nothing else) the root may be of less than zero:
	// that limit is pinned.
	low = (2*s.x + zz - 1 - s.z*math.Sqrt(zz-2-1/s.n+4*p*(s.n*q+1))) / scale
	high = (2*s.x + zz + 1 + s.z*math.Sqrt(zz+2-1/s.n+4*p*(s.n*q-1))) / scale
	return s.pinned(low, high)
}

func (s sample) exact() (low, high float64) {
	tail := (1 - s.level) / 2
	low, high = 0, 1
	if s.x > 0 {
		low = BetaQuantile(tail, s.x, s.n-s.x+1)
	}
	if s.x < s.n {
		high = BetaQuantile(1-tail, s.x+1, s.n-s.x)
	}
	return low, high
}

func (s sample) agrestiCoull() (low, high float64) {
	n := s.n + s.z*s.z
	return sample{x: s.x + s.z*s.z/2, n: n, z: s.z}.wald()
}

func (s sample) wald() (low, high float64) {
	p := s.x / s.n
	half := s.z * math.Sqrt(p*(1-p)/s.n)
	return p - half, p + half
}

// Mean returns Student's interval around a mean of n values with a
// standard deviation (of the sample, divided by n-1). One value has none, and
// values that all agree say nothing about their spread: both are refused as
// undefined.
func Mean(n int, mean, deviation, level float64) (Interval, error) {
	var v servicecoin.Violations
	counts(&v, "n", n)
	Confidence(&v, level)
	if math.IsNaN(mean) || math.IsInf(mean, 0) {
		v.Add("mean", "out-of-range", strconv.FormatFloat(mean, 'g', -1, 64), "must be a number")
	}
	switch {
	case !(deviation >= 0) || math.IsInf(deviation, 0):
		v.Add("deviation", "out-of-range", strconv.FormatFloat(deviation, 'g', -1, 64), "must be a number that is not negative")
	case n == 1 || deviation == 0:
		v.Add("deviation", "no-data", "", "values that do not differ say nothing about their spread")
	}
	if err := v.Err(); err != nil {
		return Interval{}, err
	}
	half := StudentQuantile(n-1, level) * deviation / math.Sqrt(float64(n))
	return Interval{Low: mean - half, High: mean + half, Level: level, Method: StudentT}, nil
}

// Net is a net promoter score with its precision, in points from -100 to 100.
type Net struct {
	Score         float64
	StandardError float64 // of the estimate that the interval is built on
	Interval      Interval
}

// NetPromoter estimates the net promoter score of so many promoters, passives
// and detractors. The variance of one answer is p + d - (p-d)². Methods:
// [WaldUnclipped] as published mostly, [Wald] the same cut to -100 and 100, and
// [AdjustedWald], the best of six in Rocks 2016, "Interval estimation for the
// Net Promoter Score": three answers are added, three quarters of one to the
// promoters and as much to the detractors, so that the interval keeps a width
// where all agree.
func NetPromoter(m Method, promoters, passives, detractors int, level float64) (Net, error) {
	var v servicecoin.Violations
	for _, c := range []struct {
		path string
		n    int
	}{{"promoters", promoters}, {"passives", passives}, {"detractors", detractors}} {
		if c.n < 0 || c.n > MaxTrials {
			v.Add(c.path, "out-of-range", strconv.Itoa(c.n), "must be 0 to "+strconv.Itoa(MaxTrials))
		}
	}
	if v.Err() == nil {
		counts(&v, "", promoters+passives+detractors)
	}
	Confidence(&v, level)
	if m != Wald && m != WaldUnclipped && m != AdjustedWald {
		v.Add("method", "unknown", string(m), "is no method for a net promoter score")
	}
	if err := v.Err(); err != nil {
		return Net{}, err
	}
	p, d, n := float64(promoters), float64(detractors), float64(promoters+passives+detractors)
	score := (p - d) / n
	if m == AdjustedWald {
		p, d, n = p+0.75, d+0.75, n+3
	}
	p, d = p/n, d/n
	deviation := math.Sqrt(max(0, p+d-(p-d)*(p-d)) / n)
	half := NormalQuantile(level) * deviation
	low, high := p-d-half, p-d+half
	if m != WaldUnclipped {
		low, high = max(-1, low), min(1, high)
	}
	const points = 100
	return Net{
		Score: points * score, StandardError: points * deviation,
		Interval: Interval{Low: points * low, High: points * high, Level: level, Method: m},
	}, nil
}
