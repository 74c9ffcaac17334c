package change

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/estimate"
)

// Risk is how likely a change goes wrong, and what that would do.
type Risk struct {
	Likelihood int    `json:"likelihood"` // a grade of the matrix
	Impact     int    `json:"impact"`     // a grade of the matrix
	Level      int    `json:"level"`      // what the matrix makes of the two, 1 the lowest
	Matrix     string `json:"matrix"`     // its name
	// Reach is how much depends on what is touched, as far as that was known: what
	// the suggested impact was read from.
	Reach *Reach `json:"reach,omitempty"`
	Note  string `json:"note,omitempty"` // why these grades; at most 4000 characters
}

// Reach is how much rests on what a change touches: services that would fail with
// it, itself included, and customers whom they concern.
type Reach struct {
	Services  int `json:"services"`
	Customers int `json:"customers"`
}

// RiskMatrix makes a level of risk of likelihood and impact. All three scales go from
// the lowest to the highest; a grade is its place in the scale, from 1.
type RiskMatrix struct {
	Name        string   `json:"name"`
	Likelihoods []string `json:"likelihoods"`
	Impacts     []string `json:"impacts"`
	Levels      []string `json:"levels"`
	Cells       [][]int  `json:"cells"` // a row for each likelihood, in it a level for each impact
	// Reaches says what the impact is that is suggested: the first grade whose reach
	// is not exceeded, the last one if all are. Without it nothing is suggested.
	Reaches []Reach `json:"reaches,omitempty"`
}

const maxGrades = 20

// DefaultRiskMatrix returns the matrix of a [Control] that was given none: three by
// three, to low, medium and high. A change that reaches one service and one customer
// is minor, five services or ten customers moderate, more major.
func DefaultRiskMatrix() RiskMatrix {
	return RiskMatrix{
		Name:        "default",
		Likelihoods: []string{"rare", "possible", "likely"},
		Impacts:     []string{"minor", "moderate", "major"},
		Levels:      []string{"low", "medium", "high"},
		Cells:       [][]int{{1, 1, 2}, {1, 2, 3}, {2, 3, 3}},
		Reaches:     []Reach{{1, 1}, {5, 10}},
	}
}

// Validate reports every violation: scales that are empty or longer than 20, rows and
// cells that are missing or too many, levels that the scale does not have, a level
// that sinks where likelihood or impact rises.
func (m RiskMatrix) Validate() error {
	var v servicecoin.Violations
	v.ID("name", m.Name)
	whole := true
	for _, s := range []struct {
		path string
		of   []string
	}{{"likelihoods", m.Likelihoods}, {"impacts", m.Impacts}, {"levels", m.Levels}} {
		if len(s.of) == 0 || len(s.of) > maxGrades {
			v.Add(s.path, "out-of-range", strconv.Itoa(len(s.of)), fmt.Sprintf("must have 1 to %d grades", maxGrades))
			whole = false
			continue
		}
		for n, name := range s.of {
			v.Text(fmt.Sprintf("%s[%d]", s.path, n), name, 1, maxTitle)
		}
	}
	if !whole {
		return v.Err()
	}
	if len(m.Cells) != len(m.Likelihoods) {
		v.Add("cells", "shape", strconv.Itoa(len(m.Cells)), fmt.Sprintf("must have %d rows, one for each likelihood", len(m.Likelihoods)))
		return v.Err()
	}
	for r, row := range m.Cells {
		path := fmt.Sprintf("cells[%d]", r)
		if len(row) != len(m.Impacts) {
			v.Add(path, "shape", strconv.Itoa(len(row)), fmt.Sprintf("must have %d cells, one for each impact", len(m.Impacts)))
			continue
		}
		for c, level := range row {
			at := fmt.Sprintf("%s[%d]", path, c)
			if level < 1 || level > len(m.Levels) {
				v.Add(at, "unknown", strconv.Itoa(level), "is no level of the scale")
			}
			if (c > 0 && level < row[c-1]) || (r > 0 && len(m.Cells[r-1]) > c && level < m.Cells[r-1][c]) {
				v.Add(at, "out-of-order", strconv.Itoa(level), "is lower than its neighbour: more of it is never less of a risk")
			}
		}
	}
	if v.Limit("reaches", len(m.Reaches), len(m.Impacts)-1) {
		for n, r := range m.Reaches {
			if r.Services < 0 || r.Customers < 0 || (n > 0 && (r.Services < m.Reaches[n-1].Services || r.Customers < m.Reaches[n-1].Customers)) {
				v.Add(fmt.Sprintf("reaches[%d]", n), "out-of-order", fmt.Sprintf("%d, %d", r.Services, r.Customers), "must not be negative, nor less than the one before")
			}
		}
	}
	return v.Err()
}

// Assess returns the risk of a pair of grades. A pair that the matrix does not have
// is refused: none is given a default.
func (m RiskMatrix) Assess(likelihood, impact int) (Risk, error) {
	var v servicecoin.Violations
	if likelihood < 1 || likelihood > len(m.Likelihoods) {
		v.Add("likelihood", "out-of-table", strconv.Itoa(likelihood), "is no likelihood of matrix "+m.Name)
	}
	if impact < 1 || impact > len(m.Impacts) {
		v.Add("impact", "out-of-table", strconv.Itoa(impact), "is no impact of matrix "+m.Name)
	}
	if v.Len() == 0 && (likelihood > len(m.Cells) || impact > len(m.Cells[likelihood-1])) {
		v.Add("cells", "out-of-table", fmt.Sprintf("%d, %d", likelihood, impact), "matrix "+m.Name+" has no cell for the pair")
	}
	if err := v.Err(); err != nil {
		return Risk{}, err
	}
	return Risk{Likelihood: likelihood, Impact: impact, Level: m.Cells[likelihood-1][impact-1], Matrix: m.Name}, nil
}

// Suggest returns the impact that a reach speaks for, and false where the matrix
// suggests none.
func (m RiskMatrix) Suggest(r Reach) (impact int, ok bool) {
	if len(m.Reaches) == 0 {
		return 0, false
	}
	for n, most := range m.Reaches {
		if r.Services <= most.Services && r.Customers <= most.Customers {
			return n + 1, true
		}
	}
	return len(m.Reaches) + 1, true
}

// Level returns the name of a level, "" of one that the matrix does not have.
func (m RiskMatrix) Level(level int) string {
	if level < 1 || level > len(m.Levels) {
		return ""
	}
	return m.Levels[level-1]
}

// Share is a part of a whole with how sure it is. Where there is no whole it is
// undefined: N is 0 and Interval nil.
type Share struct {
	Count int `json:"count"`
	N     int `json:"n"`
	// Interval is Wilson's at 95 %, as fractions of 1.
	Interval *estimate.Interval `json:"interval,omitempty"`
}

// share counts with an interval.
func share(count, n int) Share {
	s := Share{Count: count, N: n}
	if i, err := estimate.Wilson.Interval(count, n, estimate.DefaultLevel); err == nil { // undefined of nothing
		s.Interval = &i
	}
	return s
}

// Rate returns the share as a fraction, false where it is undefined.
func (s Share) Rate() (float64, bool) {
	if s.N == 0 {
		return 0, false
	}
	return float64(s.Count) / float64(s.N), true
}

// History is how earlier changes of a kind of work went: what is known of the
// likelihood that the next one fails.
type History struct {
	Failed Share `json:"failed"` // failed, rolled back, or the cause of a confirmed incident
}

// HistoryOf counts the changes whose work is over.
func HistoryOf(changes []Change) History {
	failed, n := 0, 0
	for i := range changes {
		if changes[i].EndedAt.IsZero() {
			continue
		}
		n++
		if changes[i].WentWrong() {
			failed++
		}
	}
	return History{Failed: share(failed, n)}
}

// WentWrong reports whether the change failed, was put back, or caused an incident
// that a person confirmed.
func (c *Change) WentWrong() bool {
	return c.ended(RolledBack) || c.ended(Failed) ||
		slices.ContainsFunc(c.Incidents, func(s Suspect) bool { return s.Standing == Confirmed })
}

// ended reports whether the work ever came to a state.
func (c *Change) ended(s State) bool {
	return slices.ContainsFunc(c.History, func(e Event) bool { return e.To == s })
}
