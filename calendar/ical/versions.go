package ical

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// version says which of several versions of an event is the newer one.
type version struct {
	sequence        int
	stamp, modified int64 // seconds since 1970; the least: none
}

func (v version) compare(other version) int {
	return cmp.Or(cmp.Compare(v.sequence, other.sequence), cmp.Compare(v.stamp, other.stamp), cmp.Compare(v.modified, other.modified))
}

// version reads SEQUENCE, DTSTAMP and LAST-MODIFIED; what is missing is 0, or
// older than all. It complains of what it cannot read, since it counts here.
func (e *eventLines) version(f *file) version {
	v := version{stamp: wall.MinSecond, modified: wall.MinSecond}
	if p := e.sequence; p != nil {
		n, err := strconv.Atoi(strings.TrimSpace(p.Value.Text))
		if err != nil || n < 0 {
			f.complain(p.Value, "bad-format", p.Value.Text, "must be a whole number, by which versions of an event are told apart")
		}
		v.sequence = n
	}
	for _, at := range []struct {
		p  *property
		to *int64
	}{{e.stamp, &v.stamp}, {e.modified, &v.modified}} {
		if at.p == nil {
			continue
		}
		if m, ok := f.moment(*at.p); ok {
			if at.p.param("TZID") == "" {
				m.loc = time.UTC // as it has to be, with a Z or without
			}
			*at.to = m.instant().Unix()
		}
	}
	return v
}

// newest returns the events that count: of the versions of one the last. What is
// called off as a whole is called off with all that was moved until then.
func (f *file) newest() []*eventLines {
	groups := map[[2]string][]*eventLines{}
	for _, e := range f.read {
		if e.uid != "" {
			key := [2]string{e.uid, f.standsFor(e)}
			groups[key] = append(groups[key], e)
		}
	}
	out := map[*eventLines]bool{}
	off := map[string]version{} // by UID
	for key, group := range groups {
		last := f.newestOf(group, out)
		if key[1] == "" && last.off(f) {
			off[key[0]] = last.version(f)
		}
	}
	return slices.DeleteFunc(slices.Clone(f.read), func(e *eventLines) bool {
		if e.moves != nil && !out[e] {
			if v, is := off[e.uid]; is && e.version(f).sequence <= v.sequence {
				return true
			}
		}
		return out[e]
	})
}

// newestOf notes the versions of an event that do not count, and returns one that
// does.
func (f *file) newestOf(group []*eventLines, out map[*eventLines]bool) *eventLines {
	if len(group) == 1 {
		return group[0]
	}
	versions := make([]version, len(group))
	best := 0
	for i, e := range group {
		if versions[i] = e.version(f); versions[i].compare(versions[best]) > 0 {
			best = i
		}
	}
	var equal []*eventLines
	for i, e := range group {
		if versions[i] == versions[best] {
			equal = append(equal, e)
		} else {
			out[e] = true
		}
	}
	if equal[0].moves == nil {
		return f.sideBySide(equal, out)
	}
	one := equal[len(equal)-1]
	if i := slices.IndexFunc(equal, func(e *eventLines) bool { return e.off(f) }); i >= 0 {
		one = equal[i]
	}
	for _, e := range equal {
		out[e] = e != one
	}
	return one
}

// sideBySide notes which of several events with one UID do not count: those that
// stand there twice, and those that are called off by one with the same beginning.
// It returns one that is on, if there is one.
func (f *file) sideBySide(events []*eventLines, out map[*eventLines]bool) *eventLines {
	begins := func(e *eventLines) string {
		if e.start == nil {
			return ""
		}
		return strings.TrimSpace(e.start.Value.Text) + " " + e.start.param("TZID")
	}
	off := map[string]bool{}
	for _, e := range events {
		if e.off(f) {
			off[begins(e)] = true
		}
	}
	one := events[0]
	seen := map[string]bool{}
	for _, e := range events {
		text := strings.Join(e.whole, "\n")
		out[e] = seen[text] || off[begins(e)]
		if seen[text] = true; !out[e] {
			one = e
		}
	}
	if out[one] {
		i := slices.IndexFunc(events, func(e *eventLines) bool { return e.off(f) })
		one = events[i]
		out[one] = false // it is called off, and says so
	}
	return one
}

// off reports whether the event is cancelled.
func (e *eventLines) off(f *file) bool {
	return e.status == "CANCELLED" || f.calendars[e.calendar].cancelled
}

// standsFor names the time that an event stands for, "" for none: the same for
// all ways to write it.
func (f *file) standsFor(e *eventLines) string {
	if e.moves == nil {
		return ""
	}
	said := len(f.said)
	m, ok := f.moment(*e.moves)
	if !ok { // it is complained of where the time is left out
		f.complaints -= len(f.said) - said
		f.said = f.said[:said]
		return e.moves.Value.Text
	}
	days := e.start != nil && len(strings.TrimSpace(e.start.Value.Text)) == len("20060102")
	if days || m.Whole {
		return m.inUTC().WholeDay(f.loc).String()
	}
	return m.instant().UTC().Format(time.RFC3339)
}
