package change

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// party is services that have the same windows.
type party struct {
	windows []int // that hold for them
	times   calendar.Set
}

// windows finds the time that the windows allow, and which part of the plan lies
// outside of it.
func (s *search) windows() {
	o := s.occasions
	if len(o.windows) == 0 {
		return
	}
	s.parties = o.parties(s.question.Scope)
	s.allowed = s.parties[0].times
	for _, p := range s.parties[1:] {
		s.allowed = s.allowed.Intersect(p.times)
	}
	for part := range s.allowed.Gaps(s.span).All() {
		x := Obstacle{Rule: RuleWindow, During: part, Text: lengthOf(part) + " of it outside of every window"}
		if w, is := s.nearest(part); is {
			x.With, x.ID = w.called(), string(w.ID)
			x.Text += ", the nearest is " + x.With
		}
		s.add(x)
	}
}

// parties parts the services of a scope by the windows that they have. A scope
// without services has those of all services.
func (o *Occasions) parties(scope Scope) []party {
	var out []party
	general := false
	for _, service := range sorted(scope.Services) {
		own := o.limited[service]
		if len(own) == 0 {
			general = true
			continue
		}
		if slices.ContainsFunc(out, func(p party) bool { return slices.Equal(p.windows[:len(p.windows)-len(o.generals)], own) }) {
			continue
		}
		var list []calendar.Interval
		for _, n := range own {
			list = append(list, o.windows[n].times.List...)
		}
		out = append(out, party{slices.Concat(own, o.generals), o.general.Union(calendar.SetOf(list...))})
	}
	if general || len(out) == 0 {
		out = append(out, party{o.generals, o.general})
	}
	return out
}

// nearest returns the window that a part of the plan touches or is nearest to, of
// those that would allow it: the earlier one of two.
func (s *search) nearest(part calendar.Interval) (Window, bool) {
	var best Window
	var least time.Duration
	found := false
	for _, p := range s.parties {
		if p.times.Covers(part) {
			continue
		}
		for _, n := range p.windows {
			w := s.occasions.windows[n]
			gap, is := distance(w.times, part)
			if is && (!found || gap < least) {
				best, least, found = w.Window, gap, true
			}
		}
	}
	return best, found
}

// distance returns how far an interval is from a set: just above none after it, so
// that what is before it is nearer than what is as far behind it.
func distance(set calendar.Set, part calendar.Interval) (time.Duration, bool) {
	if set.Empty() {
		return 0, false
	}
	i, _ := slices.BinarySearchFunc(set.List, part.Start, func(iv calendar.Interval, t time.Time) int {
		if iv.End.After(t) {
			return 1
		}
		return -1
	}) // the first that ends after the start of the part
	const never = 1<<63 - 1
	least := time.Duration(never)
	if i > 0 {
		least = part.Start.Sub(set.List[i-1].End)
	}
	if i < len(set.List) {
		least = min(least, max(0, set.List[i].Start.Sub(part.End))+1)
	}
	return least, true
}

// propose looks for the earliest start in each of the next windows.
func (s *search) propose() {
	q, need := s.question, s.span.Duration()
	until := q.At.Add(q.horizon())
	if last := s.occasions.within.End.Add(-need); last.Before(until) {
		until = last
	}
	s.fit.Until = until
	if !s.latest.IsZero() && s.latest.Before(until) {
		until = s.latest
	}
	from := fullMinute(s.earliest)
	if first := s.occasions.within.Start; from.Before(first) {
		from = first
	}
	if s.hopeless || !from.Before(until) {
		return
	}
	whole := calendar.Between(from, until.Add(need))
	blocked := q.Busy.Clip(whole).Union(calendar.SetOf(s.blocked...).Clip(whole))
	windows := s.allowed
	if len(s.occasions.windows) == 0 {
		windows = calendar.SetOf(whole).Subtract(blocked) // each time that is free is a window
	}
	for window := range windows.All() {
		if len(s.fit.Starts) == proposals || !window.Start.Before(until) {
			return
		}
		if window.Duration() < need {
			continue
		}
		for free := range calendar.SetOf(window).Clip(whole).Subtract(blocked).All() {
			if free.Duration() >= need && free.Start.Before(until) {
				s.fit.Starts = append(s.fit.Starts, Start{At: free.Start, Window: window, Name: s.windowName(free.Start)})
				break
			}
		}
	}
}

// windowName returns the name of the first window that an instant lies in, of those
// that hold for the services.
func (s *search) windowName(t time.Time) string {
	for _, p := range s.parties {
		for _, n := range p.windows {
			if w := s.occasions.windows[n]; w.times.Contains(t) {
				return w.called()
			}
		}
	}
	return ""
}

// fullMinute returns the first full minute at an instant or after it.
func fullMinute(t time.Time) time.Time {
	cut := t.Truncate(time.Minute)
	if cut.Before(t) {
		return cut.Add(time.Minute)
	}
	return cut
}
