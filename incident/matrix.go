package incident

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/servicecoin/servicecoin"
)

// Grade is one step of a scale. What its value means is the scale's own
// affair: 1 is the lowest of GLPI and the highest of iTop.
type Grade struct {
	Value int    `json:"value"` // positive
	Name  string `json:"name"`
}

// Matrix makes a priority of impact and urgency, as ITIL has it. Each scale
// lists its grades from the most to the least pressing, so that programs can
// compare what they cannot know by the numbers.
type Matrix struct {
	Name       string  `json:"name"`
	Impacts    []Grade `json:"impacts"`
	Urgencies  []Grade `json:"urgencies"`
	Priorities []Grade `json:"priorities"`
	Cells      [][]int `json:"cells"` // a row for each impact, in it a priority for each urgency
}

const maxGrades = 20

// Priority returns the priority of the pair. A grade that the matrix does not
// have is refused: no pair is given a default.
func (m Matrix) Priority(impact, urgency int) (int, error) {
	row, col := index(m.Impacts, impact), index(m.Urgencies, urgency)
	var v servicecoin.Violations
	if row < 0 {
		v.Add("impact", "out-of-table", strconv.Itoa(impact), "is no impact of matrix "+m.Name)
	}
	if col < 0 {
		v.Add("urgency", "out-of-table", strconv.Itoa(urgency), "is no urgency of matrix "+m.Name)
	}
	if row >= 0 && col >= 0 && (row >= len(m.Cells) || col >= len(m.Cells[row])) {
		v.Add("cells", "out-of-table", fmt.Sprintf("%d, %d", impact, urgency), "matrix "+m.Name+" has no cell for the pair")
	}
	if err := v.Err(); err != nil {
		return 0, err
	}
	return m.Cells[row][col], nil
}

func index(grades []Grade, value int) int {
	return slices.IndexFunc(grades, func(g Grade) bool { return g.Value == value })
}

// Rank returns the place of a priority, 0 for the most pressing, and refuses
// one that the matrix does not have.
func (m Matrix) Rank(priority int) (int, error) {
	rank := index(m.Priorities, priority)
	var v servicecoin.Violations
	if rank < 0 {
		v.Add("priority", "out-of-table", strconv.Itoa(priority), "is no priority of matrix "+m.Name)
	}
	return rank, v.Err()
}

// Validate reports every violation: scales that are empty, longer than 20 or
// name a value twice, rows and cells that are missing or too many, cells whose
// priority the scale does not have.
func (m Matrix) Validate() error {
	var v servicecoin.Violations
	v.ID("name", m.Name)
	scale(&v, "impacts", m.Impacts)
	scale(&v, "urgencies", m.Urgencies)
	scale(&v, "priorities", m.Priorities)
	if max(len(m.Impacts), len(m.Urgencies), len(m.Priorities)) > maxGrades {
		return v.Err()
	}
	if len(m.Cells) != len(m.Impacts) {
		v.Add("cells", "shape", strconv.Itoa(len(m.Cells)), fmt.Sprintf("must have %d rows, one for each impact", len(m.Impacts)))
	}
	for r, row := range m.Cells[:min(len(m.Cells), maxGrades)] {
		path := fmt.Sprintf("cells[%d]", r)
		if len(row) != len(m.Urgencies) {
			v.Add(path, "shape", strconv.Itoa(len(row)), fmt.Sprintf("must have %d cells, one for each urgency", len(m.Urgencies)))
		}
		for c, p := range row[:min(len(row), maxGrades)] {
			if index(m.Priorities, p) < 0 {
				v.Add(fmt.Sprintf("%s[%d]", path, c), "unknown", strconv.Itoa(p), "is no priority of the scale")
			}
		}
	}
	return v.Err()
}

func scale(v *servicecoin.Violations, path string, grades []Grade) {
	if len(grades) == 0 || len(grades) > maxGrades {
		v.Add(path, "out-of-range", strconv.Itoa(len(grades)), fmt.Sprintf("must have 1 to %d grades", maxGrades))
		return
	}
	seen := map[int]bool{}
	for n, g := range grades {
		at := fmt.Sprintf("%s[%d]", path, n)
		v.Text(at+".name", g.Name, 1, maxTitle)
		if g.Value < 1 {
			v.Add(at+".value", "out-of-range", strconv.Itoa(g.Value), "must be positive: 0 means not assessed")
		}
		if seen[g.Value] {
			v.Add(at+".value", "duplicate", strconv.Itoa(g.Value), "stands for two grades")
		}
		seen[g.Value] = true
	}
}

// DefaultMatrix returns the matrix of a [Desk] that was given none: four
// impacts and four urgencies, 1 the most pressing, to priorities 1 to 5.
func DefaultMatrix() Matrix {
	return Matrix{
		Name:       "default",
		Impacts:    grades("extensive", "significant", "moderate", "minor"),
		Urgencies:  grades("critical", "high", "medium", "low"),
		Priorities: grades("critical", "high", "medium", "low", "planning"),
		Cells:      [][]int{{1, 1, 2, 3}, {1, 2, 3, 4}, {2, 3, 4, 5}, {3, 4, 5, 5}},
	}
}

// grades numbers a scale from 1, the most pressing first.
func grades(names ...string) []Grade {
	out := make([]Grade, len(names))
	for n, name := range names {
		out[n] = Grade{Value: n + 1, Name: name}
	}
	return out
}
