package patch

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Facts are what there is to know of the ring that a cycle has come to.
type Facts struct {
	Counts Counts
	// Incidents are open on the services of the ring.
	Incidents []servicecoin.IncidentID
	// Unseen are targets that are done, and were not seen since.
	Unseen int
}

// Advance looks at the gate of the ring that the cycle has come to, and says whether
// anything came of it: the ring soaks, passes, and the next one opens; or the cycle halts,
// or is finished.
func (c *Cycle) Advance(by servicecoin.Actor, at time.Time, f Facts) (bool, error) {
	at, err := lifecycle.Check(by, at, nil)
	if err != nil || c.State != CycleRunning {
		return false, err
	}
	next := *c
	next.Progress = slices.Clone(c.Progress)
	ring, p := c.Rings[c.Ring], &next.Progress[c.Ring]
	if why := ring.stops(f, p.Known); why != "" {
		if err := next.Halt(by, at, "ring "+strconv.Quote(ring.Name)+": "+why); err != nil {
			return false, err
		}
		*c = next
		return true, nil
	}
	changed := false
	switch open := f.Counts.Open() > 0; {
	case p.State == RingOpen && !open:
		p.State, p.SettledAt, changed = RingSoaking, at, true
	case p.State == RingSoaking && open: // planned anew, or tried once more
		p.State, p.SettledAt, changed = RingOpen, time.Time{}, true
	}
	waits := ring.waits(f, *p)
	changed = changed || !slices.Equal(waits, p.Waiting)
	p.Waiting = waits
	if p.State != RingSoaking || len(waits) > 0 || at.Before(p.SettledAt.Add(ring.soak(f))) {
		if changed {
			*c = next
		}
		return changed, nil
	}
	p.State, p.PassedAt = RingPassed, at
	if next.Ring+1 < len(next.Rings) {
		next.Ring++
		next.Progress[next.Ring] = Progress{State: RingOpen, OpenedAt: at, Failed: next.Progress[next.Ring].Failed}
		*c = next
		return true, nil
	}
	if err := next.move(by, at, verbFinish, "", nil, nil, func(c *Cycle, at time.Time) { c.EndedAt = at }); err != nil {
		return false, err
	}
	*c = next
	return true, nil
}

// soak is how long is waited after a ring: of one that has nothing, not at all.
func (r Ring) soak(f Facts) time.Duration {
	if f.Counts.Total() == 0 {
		return 0
	}
	return r.Soak
}

// stops says why the gate of a ring has failed, "" if it has not.
func (r Ring) stops(f Facts, known []servicecoin.IncidentID) string {
	if r.Gate.NoIncident {
		for _, id := range f.Incidents {
			if !slices.Contains(known, id) {
				return "incident " + string(id) + " is open on its services"
			}
		}
	}
	return ""
}

// waits lists for what a ring waits that is settled, but for time.
func (r Ring) waits(f Facts, p Progress) []string {
	if p.State != RingSoaking {
		return nil
	}
	var list []string
	if r.Gate.Verified && f.Unseen > 0 {
		list = append(list, fmt.Sprintf("%d of those that are done were not seen since", f.Unseen))
	}
	if r.Gate.GoAhead && p.GoAheadBy == "" {
		list = append(list, "a person to say go")
	}
	return list
}
