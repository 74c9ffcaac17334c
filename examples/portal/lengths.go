package main

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// lengthIn reads a length of time as people write it, and undefined for an empty field.
func (f *form) lengthIn(name string) calendar.Duration {
	text := f.text(name)
	if text == "" {
		return calendar.Duration{}
	}
	d, ok := readLength(text)
	if !ok {
		f.bad.Add(name, "bad-length", text, "must be a length of time, as 45 min, 1 h 30 min or 2 days")
	}
	return d
}

var lengthPart = regexp.MustCompile(`^(\d{1,10})\s*([a-z]*)\s*`)

// readLength reads a length of time as people write it in forms and in the text of run
// books: "45 min", "1 h 30 min", "2 days", or as programs do: "PT1H30M". A number without
// a unit is minutes. What it cannot read is undefined.
func readLength(text string) (calendar.Duration, bool) {
	const most = 40
	if text = strings.TrimSpace(text); text == "" || len(text) > most {
		return calendar.Duration{}, false
	}
	var d calendar.Duration
	if strings.HasPrefix(text, "P") {
		err := d.UnmarshalJSON([]byte(strconv.Quote(text)))
		if err != nil || !d.Defined() || d.Validate() != nil {
			return calendar.Duration{}, false
		}
		return d, true
	}
	var sum time.Duration
	for rest := strings.ToLower(text); rest != ""; {
		m := lengthPart.FindStringSubmatch(rest)
		if m == nil {
			return calendar.Duration{}, false
		}
		unit, known := unitOf(m[2])
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || !known || n > int64(longest/unit) {
			return calendar.Duration{}, false
		}
		sum += time.Duration(n) * unit // at most 20 parts of at most a century: too little to overflow
		if sum > longest {
			return calendar.Duration{}, false
		}
		rest = rest[len(m[0]):]
	}
	if d = calendar.Within(sum); d.Validate() != nil {
		return calendar.Duration{}, false
	}
	return d, true
}

// longest is what bounds a sum before the calendar's own limit is asked.
const longest = 100 * 366 * day

func unitOf(name string) (time.Duration, bool) {
	switch name {
	case "d", "day", "days":
		return day, true
	case "h", "hour", "hours":
		return time.Hour, true
	case "", "m", "min", "minute", "minutes":
		return time.Minute, true
	case "s", "second", "seconds":
		return time.Second, true
	}
	return 0, false
}

// lengthText writes a length of time as readLength reads it, to the second: "1 h 30 min",
// "" where nobody says.
func lengthText(d calendar.Duration) string {
	length, ok := d.Get()
	if !ok {
		return ""
	}
	if length == 0 {
		return "0 min"
	}
	var parts []string
	if n := int(length / day); n > 0 {
		parts, length = append(parts, plural(n, "day")), length%day
	}
	for _, u := range []struct {
		name   string
		length time.Duration
	}{{"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}} {
		if n := int(length / u.length); n > 0 {
			parts, length = append(parts, strconv.Itoa(n)+" "+u.name), length%u.length
		}
	}
	return strings.Join(parts, " ")
}
