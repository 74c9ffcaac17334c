package runbook

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// StepDifference is what became of one step between two versions.
type StepDifference struct {
	Step   StepID `json:"step"`
	Change Change `json:"change"`
	Before *Step  `json:"before,omitempty"` // nil: it was not there
	After  *Step  `json:"after,omitempty"`  // nil: it is not there any more
	// Fields are the fields of the step that differ, as in JSON, in the order of the
	// struct: "text", "undo". Of a moved step "place": it stands elsewhere among the
	// steps that both versions have.
	Fields []string `json:"fields,omitempty"`
}

// Change says what became of a step.
type Change string

// The changes.
const (
	Added   Change = "added"
	Removed Change = "removed"
	Edited  Change = "edited" // moved perhaps, too
	Moved   Change = "moved"  // and nothing else
)

// Diff compares two versions of a book step by step: in the order of b, each
// removed step where it stood in a, and nothing of steps that are the same. Steps
// are the same by their id.
func Diff(a, b Book) []StepDifference {
	before, after := steps(a), steps(b)
	kept := longest(a.Steps, b.Steps)
	var list []StepDifference
	gone := func(from int) int {
		for ; from < len(a.Steps); from++ {
			s := a.Steps[from]
			if _, still := after[s.ID]; still {
				break
			}
			list = append(list, StepDifference{Step: s.ID, Change: Removed, Before: &s})
		}
		return from
	}
	seen := gone(0)
	for _, s := range b.Steps {
		old, was := before[s.ID]
		if !was {
			list = append(list, StepDifference{Step: s.ID, Change: Added, After: &s})
			continue
		}
		d := StepDifference{Step: s.ID, Change: Edited, Before: &old, After: &s, Fields: fields(old, s)}
		if !kept[s.ID] {
			if len(d.Fields) == 0 {
				d.Change = Moved
			}
			d.Fields = append(d.Fields, "place")
		}
		if len(d.Fields) > 0 {
			list = append(list, d)
		}
		for seen < len(a.Steps) && placeOf(a.Steps, s.ID) >= seen {
			seen = gone(seen + 1)
		}
	}
	return list
}

func steps(b Book) map[StepID]Step {
	m := make(map[StepID]Step, len(b.Steps))
	for _, s := range b.Steps {
		m[s.ID] = s
	}
	return m
}

func placeOf(list []Step, id StepID) int {
	return slices.IndexFunc(list, func(s Step) bool { return s.ID == id })
}

// fields returns which fields of two steps differ, by what they are in JSON: an
// empty list is as good as none.
func fields(a, b Step) []string {
	var names []string
	x, y := reflect.ValueOf(a), reflect.ValueOf(b)
	for n := range x.NumField() {
		one, err1 := json.Marshal(x.Field(n).Interface())
		two, err2 := json.Marshal(y.Field(n).Interface())
		if err1 != nil || err2 != nil || plain(one) != plain(two) {
			name, _, _ := strings.Cut(x.Type().Field(n).Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}

func plain(body []byte) string {
	if s := string(body); s != "[]" && s != "{}" {
		return s
	}
	return "null"
}

// longest returns the largest set of steps that stand in the same order in both
// lists: what is in both and not in it has moved.
func longest(a, b []Step) map[StepID]bool {
	table := make([][]int, len(a)+1)
	for n := range table {
		table[n] = make([]int, len(b)+1)
	}
	for i := range slices.Backward(a) {
		for j := range slices.Backward(b) {
			if a[i].ID == b[j].ID {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	kept := map[StepID]bool{}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].ID == b[j].ID:
			kept[a[i].ID] = true
			i, j = i+1, j+1
		case table[i+1][j] >= table[i][j+1]:
			i++
		default:
			j++
		}
	}
	return kept
}
