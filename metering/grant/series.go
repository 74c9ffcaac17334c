package grant

import (
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// Series returns what stood where each of some windows begins, and what was used in
// it: the balance by the hour, for a chart. The windows are in order, do not overlap,
// and lie in the account's time: [metering.Stretch.Split] has such.
func (p *Plan) Series(usage []Usage, windows []calendar.Interval) ([]Point, error) {
	starts, err := p.cut(windows)
	if err != nil {
		return nil, err
	}
	sums, _, err := p.tallies(usage, starts)
	if err != nil {
		return nil, err
	}
	b := p.newBurner()
	points := make([]Point, 0, len(windows))
	next, plan := 0, 0
	for i, start := range starts {
		var events []event
		if plan < len(p.starts) && p.starts[plan] == start {
			events = p.events[plan]
			plan++
		}
		s := b.begin(events, calendar.Interval{})
		if p.account.Counts == Level {
			b.cover(&s)
		}
		if next < len(windows) && start == windows[next].Start.UnixMicro() {
			points = append(points, Point{During: windows[next], Balance: b.left, Overage: b.overage})
			next++
		}
		b.use(&s, &sums[i])
		if n := len(points) - 1; n >= 0 && start < points[n].During.End.UnixMicro() {
			if point := &points[n]; p.account.Counts == Level {
				point.Used = s.Used
			} else {
				point.Used = point.Used.Add(s.Used)
			}
		}
	}
	return points, nil
}

// cut returns the starts of the plan, with those of windows and their ends.
func (p *Plan) cut(windows []calendar.Interval) ([]int64, error) {
	var v servicecoin.Violations
	if !v.Limit("windows", len(windows), metering.MaxPoints) {
		return nil, v.Err()
	}
	starts := slices.Clone(p.starts)
	last := p.starts[0]
	for i, w := range windows {
		path := fmt.Sprintf("windows[%d]", i)
		if v.Merge(path, w.Validate()); v.Len() > 0 {
			break
		}
		start, end := w.Start.UnixMicro(), w.End.UnixMicro()
		if start < last || end <= start || end > p.end {
			v.Add(path, "order", w.String(), "must lie in the account's time, after the one before, and not be empty")
			break
		}
		starts, last = append(starts, start), end
		if end < p.end {
			starts = append(starts, end)
		}
	}
	slices.Sort(starts)
	return slices.Compact(starts), v.Err()
}
