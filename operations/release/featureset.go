package release

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// Cause is why one feature cannot rest on another one.
type Cause string

// The causes.
const (
	CauseUnknown Cause = "unknown-feature"   // there is no such feature
	CauseCycle   Cause = "cycle"             // each needs the other, through some steps
	CauseStage   Cause = "stage-inversion"   // what it needs is less mature
	CauseDefault Cause = "default-inversion" // it is on where nobody says otherwise, and what it needs is not
	CauseLocked  Cause = "lock-inversion"    // nobody can switch it, and what it needs can be switched
)

// Strain is one feature that cannot rest on another one as it does.
type Strain struct {
	Feature FeatureID `json:"feature"`
	Needs   FeatureID `json:"needs"`
	Cause   Cause     `json:"cause"`
	At      string    `json:"at,omitempty"` // the line; "": whichever
	// Later says that it is so because what is needed has changed since: it was deprecated,
	// say. That makes nothing invalid, and is to be looked after.
	Later bool `json:"later,omitempty"`
}

// String returns the strain in words.
func (s Strain) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s needs %s", s.Feature, s.Needs)
	switch s.Cause {
	case CauseUnknown:
		b.WriteString(", which is not known")
	case CauseCycle:
		b.WriteString(", which needs it in turn")
	case CauseStage:
		b.WriteString(", which is less mature")
	case CauseDefault:
		b.WriteString(", which is off by default, where it is on")
	case CauseLocked:
		b.WriteString(", which can be switched, where it cannot")
	}
	if s.At != "" {
		b.WriteString(", in " + s.At)
	}
	return b.String()
}

// ValidateFeatures reports every violation of features that belong together: of each one,
// ids that stand twice, and where one cannot rest on what it needs ([Strains], but for
// those that came later).
func ValidateFeatures(list []Feature) error {
	var v servicecoin.Violations
	if !v.Limit("", len(list), maxTogether) {
		return v.Err()
	}
	seen := map[FeatureID]int{}
	for n, f := range list {
		path := fmt.Sprintf("[%d]", n)
		if _, twice := seen[f.ID]; twice {
			v.Add(path+".id", "duplicate", string(f.ID), "stands twice")
		}
		seen[f.ID] = n
		v.Merge(path, f.Validate())
	}
	if v.Len() > 0 {
		return v.Err()
	}
	for _, s := range Strains(list) {
		if !s.Later {
			v.Add(fmt.Sprintf("[%d].needs", seen[s.Feature]), string(s.Cause), string(s.Needs), s.String())
		}
	}
	return v.Err()
}

// Strains returns where features cannot rest on what they need, by feature: in each line in
// which the feature changes, the newest line first, what it needs must be as mature, on if
// it is on, and locked if it is locked. That is what Kubernetes checks. Beyond it,
// lines in which what is needed changes are looked at, and told as [Strain.Later].
func Strains(list []Feature) []Strain {
	known := make(map[FeatureID][]staged, len(list))
	needs := make(map[FeatureID][]FeatureID, len(list))
	for _, f := range list {
		var v servicecoin.Violations // what is wrong with its entries, Validate says
		known[f.ID] = readStages(&v, "stages", f.Stages)
		needs[f.ID] = slices.Compact(slices.Sorted(slices.Values(f.Needs)))
	}
	var found []Strain
	for _, f := range slices.SortedFunc(slices.Values(list), func(a, b Feature) int { return cmp.Compare(a.ID, b.ID) }) {
		for _, id := range needs[f.ID] {
			other, ok := known[id]
			if !ok {
				found = append(found, Strain{Feature: f.ID, Needs: id, Cause: CauseUnknown})
				continue
			}
			found = append(found, strained(f.ID, id, known[f.ID], other)...)
		}
	}
	return append(found, circles(needs)...)
}

// strained looks at the lines in which a feature changes, then at those in which what it
// needs does.
func strained(id, need FeatureID, mine, other []staged) (found []Strain) {
	seen := map[Strain]bool{}
	add := func(x *staged, at, low stageLine, later bool) {
		y := standAt(other, at, low)
		for _, c := range inversions(x, y) {
			s := Strain{Feature: id, Needs: need, Cause: c, At: at.String()}
			if !seen[s] {
				seen[s] = true
				s.Later = later
				found = append(found, s)
			}
		}
	}
	for _, x := range slices.Backward(mine) {
		add(&x, x.from, x.lowest(), false)
	}
	for _, y := range slices.Backward(other) {
		if x := standAt(mine, y.from, y.lowest()); x != nil {
			add(x, y.from, y.lowest(), true)
		}
	}
	return found
}

// lowest is the compatible line at which an entry is looked at: that which it names.
func (x *staged) lowest() stageLine {
	if x.held {
		return x.min
	}
	return x.from.previous()
}

func inversions(x, y *staged) (list []Cause) {
	a, b := x.stand(), y.stand()
	if a.Stage == StageRemoved {
		return nil
	}
	if a.Stage.firmness() > b.Stage.firmness() {
		list = append(list, CauseStage)
	}
	if a.Default && !b.Default {
		list = append(list, CauseDefault)
	}
	if a.Locked && !b.Locked {
		list = append(list, CauseLocked)
	}
	return list
}

// circles names, of each circle of needs, one step that closes it.
func circles(needs map[FeatureID][]FeatureID) (found []Strain) {
	const under, done = 1, 2
	state := make(map[FeatureID]int, len(needs))
	type step struct {
		id   FeatureID
		next int
	}
	ids := make([]FeatureID, 0, len(needs))
	for id := range needs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if state[id] != 0 {
			continue
		}
		state[id] = under
		for stack := []step{{id, 0}}; len(stack) > 0; {
			top := &stack[len(stack)-1]
			if top.next == len(needs[top.id]) {
				state[top.id] = done
				stack = stack[:len(stack)-1]
				continue
			}
			need := needs[top.id][top.next]
			top.next++
			switch state[need] {
			case under:
				found = append(found, Strain{Feature: top.id, Needs: need, Cause: CauseCycle})
			case done:
			default:
				state[need] = under
				stack = append(stack, step{need, 0})
			}
		}
	}
	return found
}

// Missing returns, of features that are on, which need others that are not: by feature,
// in byte order. Nil: the set can be.
func Missing(needs map[FeatureID][]FeatureID, on []FeatureID) map[FeatureID][]FeatureID {
	enabled := make(map[FeatureID]bool, len(on))
	for _, id := range on {
		enabled[id] = true
	}
	var missing map[FeatureID][]FeatureID
	for id := range enabled {
		for _, need := range slices.Compact(slices.Sorted(slices.Values(needs[id]))) {
			if enabled[need] {
				continue
			}
			if missing == nil {
				missing = map[FeatureID][]FeatureID{}
			}
			missing[id] = append(missing[id], need)
		}
	}
	return missing
}
