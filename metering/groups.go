package metering

import (
	"fmt"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// grid finds the windows of instants, in microseconds.
type grid struct {
	spans []span
	find  windowsOf
}

func gridOf(windows []calendar.Interval) grid {
	g := grid{spans: make([]span, len(windows)), find: windowsOf{list: make([]calendar.Interval, len(windows))}}
	for i, w := range windows {
		w = calendar.Between(servicecoin.Instant(w.Start), servicecoin.Instant(w.End))
		g.find.list[i] = w
		g.spans[i] = span{w.Start.UnixMicro(), w.End.UnixMicro()}
	}
	return g
}

// empty reports a span without any time.
func (s span) empty() bool { return s.to <= s.from }

// at returns the place of the window that holds an instant, -1 for none.
func (g *grid) at(t time.Time) int { return g.find.at(t) }

// stretch returns where an instant lies among all stretches of time: 1 is the first
// window, 3 the second, 0 before the first, 2 between the two.
func (g *grid) stretch(micros int64) int {
	low, high := 0, len(g.spans)
	for low < high { // how many windows have begun
		if middle := (low + high) / 2; g.spans[middle].from <= micros {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low > 0 && micros < g.spans[low-1].to {
		return 2*low - 1
	}
	return 2 * low
}

// after reports that an instant lies behind the last window.
func (g *grid) after(micros int64) bool {
	n := len(g.spans)
	return n == 0 || micros >= g.spans[n-1].to
}

// over returns the first of the windows in which a part of an interval lies, and the
// one behind the last.
func (g *grid) over(s span) (first, end int) {
	at := g.stretch(s.from)
	first = at / 2
	end = first
	for end < len(g.spans) && g.spans[end].from < s.to {
		end++
	}
	return first, end
}

// group is what a question makes of the events of one group.
type group struct {
	name   string
	values []string

	cells   []slot        // by window
	chains  map[int]chain // by stretch, of a meter that looks back
	samples map[int]cell  // by inner window, of a percentile
}

// slot is one window of a group.
type slot struct {
	events int64
	cell   cell
}

func (g *group) events(window int) int64 {
	if g.cells == nil {
		return 0
	}
	return g.cells[window].events
}

// groups are those of a question.
type groups struct {
	by     []string
	points int // of one group
	rows   map[string]*group
	name   []byte // of the group at hand
	last   *group // the group of the event before
}

// of returns the group that an event belongs to. Values have no control
// characters, so one can part them.
func (g *groups) of(e *Event) (*group, error) {
	g.name = g.name[:0]
	for _, name := range g.by {
		g.name = append(append(g.name, e.Dimension(name)...), 0)
	}
	if g.last != nil && g.last.name == string(g.name) {
		return g.last, nil
	}
	row := g.rows[string(g.name)]
	if row == nil {
		if n := (len(g.rows) + 1) * g.points; n > MaxPoints {
			var v servicecoin.Violations
			v.Add("groupBy", "too-many", strconv.Itoa(n), fmt.Sprintf("makes more than %d points", MaxPoints))
			return nil, v.Err()
		}
		row = &group{name: string(g.name), values: make([]string, len(g.by))}
		for i, name := range g.by {
			row.values[i] = e.Dimension(name)
		}
		g.rows[row.name] = row
	}
	g.last = row
	return row, nil
}
