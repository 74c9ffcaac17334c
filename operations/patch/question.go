package patch

import (
	"fmt"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// Question is what is asked of a cycle: when is each target patched?
type Question struct {
	// During is the time in which slots are looked for; the first ring begins with it.
	During calendar.Interval
	Rings  []Ring
	// Length is how long one target takes, with its way back.
	Length  time.Duration
	Targets []Target
	Keep    []Redundant
	// AtOnce is how many targets of one customer are patched at the same time; 0: any
	// number that redundancy allows.
	AtOnce int
	// Of a cycle that is under way: rings before First are over, and what would be theirs is
	// the first one's; Fixed is the ring of targets that had one before, and Taken are slots
	// that stay.
	First int
	Fixed map[Ref]int
	Taken []Slot
	// Free returns the time in which a target may be patched: the windows of its customer,
	// in its zone, less freezes and critical windows: see [Openings]. It is asked once for
	// each customer and service.
	Free func(customer servicecoin.CustomerID, service servicecoin.ServiceID) (calendar.Set, error)
}

// NotBefore returns the question with nothing placed before an instant: now, say.
func (q Question) NotBefore(at time.Time) Question {
	q.During.Start = later(q.During.Start, at)
	return q
}

// Openings returns the time that windows leave, less what is taken out: freezes, critical
// windows. Without windows it is the whole time, less that.
func Openings(during calendar.Interval, windows []recur.Window, without ...calendar.Set) (calendar.Set, error) {
	free := calendar.SetOf(during)
	if len(windows) > 0 {
		var all calendar.Set
		for n, w := range windows {
			times, err := w.Compile()
			if err != nil {
				var v servicecoin.Violations
				v.Merge(fmt.Sprintf("windows[%d]", n), err)
				return calendar.Set{}, v.Err()
			}
			all = all.Union(times.Set(during))
		}
		free = all.Clip(during)
	}
	for _, set := range without {
		free = free.Subtract(set)
	}
	return free, nil
}

// validate checks the question; limits first.
func (q Question) validate() error {
	var v servicecoin.Violations
	v.Merge("during", q.During.Validate())
	if q.During.Empty() {
		v.Add("during", "empty", q.During.String(), "must not be empty")
	}
	if q.Length <= 0 || q.Length > maxSoak {
		v.Add("length", "out-of-range", q.Length.String(), "must be longer than nothing, and at most 366 days")
	}
	if q.AtOnce < 0 {
		v.Add("atOnce", "out-of-range", strconv.Itoa(q.AtOnce), "must not be negative")
	}
	if q.First < 0 || q.First > 0 && q.First >= len(q.Rings) {
		v.Add("first", "out-of-range", strconv.Itoa(q.First), fmt.Sprintf("must be one of %d rings, from 0", len(q.Rings)))
	}
	v.Limit("taken", len(q.Taken), MaxTargets)
	if q.Free == nil {
		v.Add("free", "required", "", "say when targets may be patched")
	}
	if len(q.Rings) == 0 {
		v.Add("rings", "required", "", "there is nothing to place targets in")
	}
	if v.Limit("rings", len(q.Rings), maxRings) {
		for n, r := range q.Rings {
			r.validate(&v, fmt.Sprintf("rings[%d]", n))
		}
	}
	if v.Limit("targets", len(q.Targets), MaxTargets) {
		seen := make(map[Ref]bool, len(q.Targets))
		for n, t := range q.Targets {
			path := fmt.Sprintf("targets[%d]", n)
			t.validate(&v, path)
			if seen[t.Ref()] {
				v.Add(path+".id", "duplicate", string(t.ID), "is a target already")
			}
			seen[t.Ref()] = true
		}
	}
	if v.Limit("keep", len(q.Keep), maxGroups) {
		for n, g := range q.Keep {
			path := fmt.Sprintf("keep[%d]", n)
			if many := len(g.Members) + len(g.Units); v.Limit(path+".members", many, MaxTargets) && (g.Keep < 0 || g.Keep >= many) {
				v.Add(path+".keep", "out-of-range", strconv.Itoa(g.Keep), fmt.Sprintf("must be from 0 to %d: one of %d is patched at a time at least", many-1, many))
			}
		}
	}
	return v.Err()
}
