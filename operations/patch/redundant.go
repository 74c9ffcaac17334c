package patch

import (
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// group is redundant units, and when those of them are down that have a slot.
type group struct {
	most  int // that are down at once
	unit  map[Ref]int
	taken []down
}

// down is when a unit is.
type down struct {
	unit int
	iv   calendar.Interval
}

func groupsOf(list []Redundant) map[Ref][]*group {
	of := map[Ref][]*group{}
	for _, r := range list {
		g := &group{most: len(r.Members) + len(r.Units) - r.Keep, unit: map[Ref]int{}}
		join := func(unit int, id Ref) {
			if _, twice := g.unit[id]; !twice {
				g.unit[id] = unit
				of[id] = append(of[id], g)
			}
		}
		for n, id := range r.Members {
			join(n, id)
		}
		for n, unit := range r.Units {
			for _, id := range unit {
				join(len(r.Members)+n, id)
			}
		}
	}
	return of
}

// full returns when the first of the other units is up again that are down in an interval,
// if as many are as may be at once.
func (g *group) full(id Ref, iv calendar.Interval) (until time.Time, full bool) {
	own, others := g.unit[id], map[int]bool{}
	for _, d := range g.taken {
		if d.unit == own || !d.iv.Overlaps(iv) {
			continue
		}
		others[d.unit] = true
		if until.IsZero() || d.iv.End.Before(until) {
			until = d.iv.End
		}
	}
	return until, len(others) >= g.most
}

func (g *group) take(id Ref, iv calendar.Interval) {
	g.taken = append(g.taken, down{g.unit[id], iv})
}
