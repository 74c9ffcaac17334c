package incident

import "github.com/servicecoin/servicecoin"

// Level is how badly a service is affected. Levels are ordered; what each
// takes of a promise's availability is the promise's own term.
type Level string

// The levels, from none to worst.
const (
	Unaffected  Level = "unaffected"  // works; the level of a service that no effect names
	Information Level = "information" // works, and there is something to know
	Degradation Level = "degradation" // works, slower or with less comfort
	Disruption  Level = "disruption"  // fails for some users, places or functions
	Outage      Level = "outage"      // fails
)

// Levels returns all levels, from none to worst.
func Levels() []Level { return []Level{Unaffected, Information, Degradation, Disruption, Outage} }

// Severity returns the place of the level in [Levels], -1 for an unknown one.
func (l Level) Severity() int {
	switch l {
	case Unaffected:
		return 0
	case Information:
		return 1
	case Degradation:
		return 2
	case Disruption:
		return 3
	case Outage:
		return 4
	}
	return -1
}

// Validate reports a level that is not one of [Levels].
func (l Level) Validate() error {
	var v servicecoin.Violations
	if l.Severity() < 0 {
		v.Add("", "unknown", string(l), "must be one of unaffected, information, degradation, disruption, outage")
	}
	return v.Err()
}

// Worst returns the highest of the levels, [Unaffected] of none: the level of
// an incident is that of its worst component.
func Worst(levels ...Level) Level {
	worst := Unaffected
	for _, l := range levels {
		if l.Severity() > worst.Severity() {
			worst = l
		}
	}
	return worst
}
