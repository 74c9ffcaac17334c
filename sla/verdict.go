package sla

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// Verdict says what is to be thought of a promise in a period.
type Verdict string

// The verdicts.
const (
	// Kept is certain: whatever is still unknown or to come cannot break it.
	Kept Verdict = "kept"
	// Broken is certain: whatever is still unknown or to come cannot mend it.
	Broken Verdict = "broken"
	// OnCourse: at the pace of the known time the budget lasts to the end of the
	// period.
	OnCourse Verdict = "on-course"
	// AtRisk: at the pace of the known time the budget is spent before the end of
	// the period. That is where the availability so far is below the objective.
	AtRisk Verdict = "at-risk"
	// Unknown: nothing is known of the period.
	Unknown Verdict = "unknown"
)

// verdict judges a measurement by the objective, each ratio rounded as the
// contract says.
func (p Promise) verdict(m Measurement) (Verdict, error) {
	lowest, highest := m.Bounds()
	var met [3]bool
	for i, r := range []Ratio{m.Availability(), lowest, highest} {
		r, err := r.rounded(p.Rounding)
		if err != nil {
			return "", err
		}
		met[i] = r.ComparePercent(p.Objective) >= 0
	}
	switch {
	case !m.Known.IsPositive():
		return Unknown, nil
	case met[1]:
		return Kept, nil
	case !met[2]:
		return Broken, nil
	case met[0]:
		return OnCourse, nil
	}
	return AtRisk, nil
}

// Words says the verdict to people. Where the period is over, some of its time
// is unknown, and "on course" would read as if it went on.
func (f Figures) Words() string {
	over := f.Ahead.IsZero()
	switch {
	case f.Verdict == OnCourse && over:
		return "kept as far as is known"
	case f.Verdict == OnCourse:
		return "on course"
	case f.Verdict == AtRisk && over:
		return "broken as far as is known"
	case f.Verdict == AtRisk:
		return "at risk"
	}
	return string(f.Verdict)
}

// Why gives the reason of the verdict in a sentence.
func (f Figures) Why(objective decimal.Decimal) string {
	switch open := f.Unknown.Add(f.Ahead); {
	case f.Verdict == Unknown:
		return "Nothing is known of the period."
	case f.Verdict == Kept && open.IsPositive():
		return "Even if all that is unknown or to come is down, the objective is met."
	case f.Verdict == Kept:
		return "The objective is met."
	case f.Verdict == Broken && open.IsPositive():
		return "Even if all that is unknown or to come is up, the objective is missed."
	case f.Verdict == Broken:
		return "The objective is missed."
	case f.Verdict == OnCourse && f.Ahead.IsPositive():
		return "At the pace so far the budget lasts to the end of the period."
	case f.Verdict == AtRisk && f.Ahead.IsPositive():
		return "At the pace so far the budget is spent before the end of the period."
	case f.Verdict == OnCourse:
		return fmt.Sprintf("The known time meets %s %%; what is unknown could still break it.", objective)
	}
	return fmt.Sprintf("The known time misses %s %%; what is unknown could still mend it.", objective)
}
