package releases

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// Move is a promise that has another day in a later edition of a schedule.
type Move struct {
	Name   string        `json:"name"` // of the milestone, or "1.27.4", or "1.27, end of support"
	Before calendar.Date `json:"before,omitzero"`
	After  calendar.Date `json:"after,omitzero"`
	Days   int           `json:"days"`           // later; below zero if earlier; 0 where only the time of day differs, or one is missing
	By     time.Duration `json:"by,omitempty"`   // where both have a time of day
	Came   bool          `json:"came,omitempty"` // it is only in the later edition
	Went   bool          `json:"went,omitempty"` // it is only in the earlier edition
	Line   int           `json:"line"`           // of the later edition; of the earlier one where it went
}

// Moves returns what has another day in the later of two editions of a schedule, what came
// and what went, in the order of the later one; what went is last. Milestones meet by
// their names (of a page those of the timeline, or of the summary where there is no
// timeline), the n-th of a name with the n-th; releases by their versions, and lines by
// their names.
func Moves(before, after *Schedule) []Move {
	var out []Move
	old := map[string]promise{}
	for _, p := range before.promises() {
		old[p.key] = p
	}
	for _, p := range after.promises() {
		q, there := old[p.key]
		delete(old, p.key)
		m := Move{Name: p.name, Before: q.date, After: p.date, Line: p.line}
		switch {
		case !there:
			m.Came = true
		case p.date == q.date && p.time.Equal(q.time):
			continue
		default:
			m.Days = DaysBetween(q.date, p.date)
			if !p.time.IsZero() && !q.time.IsZero() {
				m.By = p.time.Sub(q.time)
			} else if m.Days == 0 {
				continue // a time of day came or went
			}
		}
		out = append(out, m)
	}
	for _, q := range before.promises() {
		if _, left := old[q.key]; left {
			out = append(out, Move{Name: q.name, Before: q.date, Went: true, Line: q.line})
		}
	}
	return out
}

// promise is a day of a schedule that has a name.
type promise struct {
	key, name string
	date      calendar.Date
	time      time.Time
	line      int
}

func (s *Schedule) promises() []promise {
	var out []promise
	count := map[string]int{}
	add := func(kind, name string, date calendar.Date, at time.Time, line int) {
		if date.IsZero() {
			return
		}
		key := kind + "\x00" + strings.ToLower(name)
		count[key]++
		out = append(out, promise{key + "\x00" + strconv.Itoa(count[key]), name, date, at, line})
	}
	timeline := slices.ContainsFunc(s.Milestones, func(m Milestone) bool { return !m.Summary })
	for _, m := range s.Milestones {
		if !m.Summary || !timeline {
			add("milestone", m.Name, m.From, m.Time, m.At)
		}
	}
	for _, l := range s.Lines {
		add("line", l.Name+", released", l.Released, time.Time{}, l.At)
		add("line", l.Name+", long-term support", l.LongTerm.Date, time.Time{}, l.At)
		add("line", l.Name+", end of active support", l.Active.Date, time.Time{}, l.At)
		add("line", l.Name+", maintenance", l.Maintenance.Date, time.Time{}, l.At)
		add("line", l.Name+", end of support", l.End.Date, time.Time{}, l.At)
		for _, e := range l.Ends {
			add("line", l.Name+", "+e.Name, e.When.Date, time.Time{}, l.At)
		}
		for _, r := range l.Releases {
			add("release", r.Version, r.Target, time.Time{}, r.At)
		}
	}
	return out
}
