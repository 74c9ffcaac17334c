package adoption

import (
	"fmt"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

const (
	susItems = 10
	// susTenths is what a point of an answer's 0 to 40 is worth, so that the
	// score goes to 100: 2.5, in tenths.
	susTenths = 25
)

// SUSScore is what one answer to the System Usability Scale says.
type SUSScore struct {
	Score decimal.Decimal `json:"score"` // 0 to 100, in steps of 2.5; not a percentage
	// StraightLined marks ten equal answers. Every second statement is put the
	// other way round, so they contradict each other, and score 50.
	StraightLined bool `json:"straightLined,omitempty"`
}

// ScoreSUS scores one answer: ten numbers from 1 to 5 in the order of the
// statements. Odd statements are in favour and give x-1, even ones are against
// and give 5-x; the sum times 2.5 is the score (Brooke 1996).
func ScoreSUS(items []int) (SUSScore, error) {
	var v servicecoin.Violations
	scores(&v, "", items, susItems, 1, 5)
	if err := v.Err(); err != nil {
		return SUSScore{}, err
	}
	points, same := susPoints(items)
	return SUSScore{Score: decimal.New(int64(points*susTenths), -1), StraightLined: same}, nil
}

// scores checks how many scores an answer has and that each is on the scale.
func scores(v *servicecoin.Violations, path string, items []int, want, low, high int) {
	if len(items) != want {
		v.Add(path, "count", strconv.Itoa(len(items)), fmt.Sprintf("must be %d of them", want))
		items = items[:min(len(items), want)]
	}
	for i, x := range items {
		if x < low || x > high {
			v.Add(fmt.Sprintf("%s[%d]", path, i), "out-of-range", strconv.Itoa(x), fmt.Sprintf("must be %d to %d", low, high))
		}
	}
}

// susPoints returns 0 to 40 points, and whether all items are the same.
func susPoints(items []int) (points int, same bool) {
	same = true
	for i, x := range items {
		same = same && x == items[0]
		if i%2 == 0 {
			points += x - 1
		} else {
			points += 5 - x
		}
	}
	return points, same
}

// susGrades are the lower edges of the curved grading scale of Sauro and Lewis.
func susGrades() []struct{ edge, grade string } {
	return []struct{ edge, grade string }{
		{"84.1", "A+"},
		{"80.8", "A"},
		{"78.9", "A-"},
		{"77.2", "B+"},
		{"74.1", "B"},
		{"72.6", "B-"},
		{"71.1", "C+"},
		{"65.0", "C"},
		{"62.7", "C-"},
		{"51.7", "D"},
		{"0", "F"},
	}
}

// SUSGrade grades a score of 0 to 100 from A+ to F, on the curve of Sauro and
// Lewis, whose middle is a C at 68. It grades the mean of many answers; one
// person's is an opinion.
func SUSGrade(score decimal.Decimal) (string, error) {
	for _, g := range susGrades() {
		if score.GreaterThanOrEqual(decimal.RequireFromString(g.edge)) && score.LessThanOrEqual(decimal.NewFromInt(100)) {
			return g.grade, nil
		}
	}
	var v servicecoin.Violations
	v.Add("score", "out-of-range", score.String(), "must be 0 to 100")
	return "", v.Err()
}
