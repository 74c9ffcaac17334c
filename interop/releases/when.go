package releases

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// whens reads what a cell says of a day: "Monday 13th May 2024", "02:00 UTC Friday 14th
// June 2024 / 19:00 PDT Thursday 13th June 2024", "October 24-28 2022", "Thursday 8th
// December", whose year is that of the row before.
type whens struct {
	*page

	at       int
	name     string
	from, to calendar.Date
	time     time.Time
}

var (
	dayOf = regexp.MustCompile(`^(?:(Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday),? )?(\d{1,2})(?:st|nd|rd|th)?` +
		`(?: (January|February|March|April|May|June|July|August|September|October|November|December),?)?(?: (\d{4}))?$`)
	daysOf = regexp.MustCompile(`^(January|February|March|April|May|June|July|August|September|October|November|December) ` +
		`(\d{1,2})(?:st|nd|rd|th)?(?:\s?[-–]\s?(\d{1,2})(?:st|nd|rd|th)?)?,?(?: (\d{4}))?$`)
	clockOf = regexp.MustCompile(`^(\d{1,2}):(\d{2}) ([A-Z]{2,5})(?: (.*))?$`)
)

// zones are the hours from UTC of the names that such pages use: what a name says, even
// where summer time is over.
func zone(name string) (hours int, ok bool) {
	switch name {
	case "UTC", "GMT":
		return 0, true
	case "PST":
		return -8, true
	case "PDT", "MST":
		return -7, true
	case "EST":
		return -5, true
	case "EDT":
		return -4, true
	case "CET":
		return 1, true
	case "CEST":
		return 2, true
	}
	return 0, false
}

func (w *whens) read(s string) bool {
	if a, b, ok := strings.Cut(s, " - "); ok {
		return w.span(a, b)
	}
	if m := daysOf.FindStringSubmatch(s); m != nil {
		from, ok := w.date("", m[2], m[1], m[4])
		w.from, w.to = from, from
		if ok && m[3] != "" {
			w.to, ok = w.date("", m[3], m[1], m[4])
		}
		return ok && w.forward()
	}
	parts := strings.Split(s, "/")
	// "17:00 UTC / 09:00 PDT Tuesday 13th December": the day is that of the last part.
	var times []time.Time
	var names []string
	for n, part := range parts {
		part = strings.TrimSpace(part)
		m := clockOf.FindStringSubmatch(part)
		if m == nil {
			if len(parts) > 1 {
				return false
			}
			d, ok := w.day(part)
			w.from, w.to = d, d
			return ok
		}
		words := m[4]
		if words == "" && n < len(parts)-1 {
			if last := clockOf.FindStringSubmatch(strings.TrimSpace(parts[len(parts)-1])); last != nil {
				words = last[4]
			}
		}
		d, ok := w.day(words)
		if !ok {
			return false
		}
		hour, _ := strconv.Atoi(m[1])
		minute, _ := strconv.Atoi(m[2])
		offset, known := zone(m[3])
		if hour > 23 || minute > 59 {
			return false
		}
		if n == 0 {
			w.from, w.to = d, d
		}
		if !known {
			w.odd(w.at, w.name, ComplaintUnread, "%s: the zone %s is not known", short(w.name), m[3])
			continue
		}
		times = append(times, time.Date(d.Year, d.Month, d.Day, hour-offset, minute, 0, 0, time.UTC))
		names = append(names, strings.TrimSpace(m[1]+":"+m[2]+" "+m[3]))
	}
	for n := range times {
		if !times[n].Equal(times[0]) {
			w.odd(w.at, w.name, ComplaintContradiction, "%s: %s is not %s, they differ by %s: the first is taken", short(w.name), names[n], names[0],
				hours(times[n].Sub(times[0]).Abs()))
		}
	}
	if len(times) > 0 {
		w.time = times[0]
	}
	return true
}

// hours tells a length of time.
func hours(d time.Duration) string {
	const minutes = 60
	h, m := int(d.Hours()), int(d.Minutes())%minutes
	switch {
	case m != 0:
		return strconv.Itoa(h) + " h " + strconv.Itoa(m) + " min"
	case h == 1:
		return "an hour"
	}
	return strconv.Itoa(h) + " hours"
}

// span reads "Monday 24th - Friday 28th October 2022".
func (w *whens) span(a, b string) bool {
	to, ok := w.day(b)
	if !ok {
		return false
	}
	if m := dayOf.FindStringSubmatch(a); len(m) > 0 && m[3] == "" {
		month := b[strings.LastIndexByte(b, ' ')+1:]
		if strings.IndexFunc(month, func(r rune) bool { return r < '0' || r > '9' }) < 0 {
			a += " " + to.Month.String() + " " + month
		} else {
			a += " " + month
		}
	}
	from, ok := w.day(a)
	w.from, w.to = from, to
	return ok && w.forward()
}

func (w *whens) forward() bool {
	if w.to.Compare(w.from) < 0 {
		w.odd(w.at, w.name, ComplaintContradiction, "%s ends on %s, before it begins on %s", short(w.name), w.to, w.from)
		w.to = w.from
	}
	return true
}

func (w *whens) day(s string) (calendar.Date, bool) {
	m := dayOf.FindStringSubmatch(strings.TrimSpace(s))
	if len(m) == 0 || m[3] == "" {
		return calendar.Date{}, false
	}
	return w.date(m[1], m[2], m[3], m[4])
}

// date makes a day of its parts, and compares it with the day of the week.
func (w *whens) date(weekday, day, month, year string) (calendar.Date, bool) {
	number, _ := strconv.Atoi(day)
	d := calendar.Date{Year: w.year, Day: number}
	for n := time.January; n <= time.December; n++ {
		if n.String() == month {
			d.Month = n
		}
	}
	switch {
	case year != "":
		d.Year, _ = strconv.Atoi(year)
		w.year = d.Year
	case w.year == 0:
		return calendar.Date{}, false
	default:
		w.odd(w.at, w.name, ComplaintAssumed, "%s: %s %s has no year, %d is taken from before it", short(w.name), day, month, w.year)
	}
	if d.Validate() != nil {
		return calendar.Date{}, false
	}
	of := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday().String()
	if weekday != "" && weekday != of {
		w.odd(w.at, w.name, ComplaintContradiction, "%s: %s is a %s, not a %s", short(w.name), d, of, weekday)
	}
	return d, true
}
