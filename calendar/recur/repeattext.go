package recur

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// ParseRepeat reads the value of an RRULE, "FREQ=MONTHLY;BYDAY=2TU", in
// capitals or not. The error is an [*servicecoin.InvalidError] with every
// violation; its path is the place, "column 14", counted in characters from 1.
func ParseRepeat(text string) (Repeat, error) {
	var v servicecoin.Violations
	if len(text) > lines.MaxText {
		v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), lines.MaxText))
		return Repeat{}, v.Err()
	}
	r := readRepeat(&v, lines.Column(text))
	if err := v.Err(); err != nil {
		return Repeat{}, err
	}
	return r, nil
}

// readRepeat reads an RRULE and adds every violation, with its place.
func readRepeat(v *servicecoin.Violations, p lines.Placed) Repeat {
	var r Repeat
	places := map[string]lines.Placed{} // by the name of the part
	for part := range p.Split(';') {
		if strings.TrimSpace(part.Text) == "" {
			continue // a semicolon too many, as some programs write
		}
		name, value, found := part.Cut('=')
		key := strings.ToUpper(strings.TrimSpace(name.Text))
		switch _, twice := places[key]; {
		case lines.Enough(v):
			return r
		case !found:
			v.Add(part.Place(), "syntax", part.Text, "must be a part such as FREQ=DAILY")
			continue
		case twice:
			v.Add(part.Place(), "duplicate", key, "must stand once")
			continue
		}
		places[key] = part
		if !readPart(v, &r, key, value.Trim()) {
			v.Add(name.Trim().Place(), "unknown", name.Text, "is no part of an RRULE that is read")
		}
	}
	if _, has := places["FREQ"]; !has {
		v.Add(p.Place(), "required", p.Text, "must have a FREQ")
	}
	if pos, has := places["BYSETPOS"]; has && len(r.BySetPos) > 0 && !r.picks() {
		v.Add(pos.Place(), "unexpected", pos.Text, "must have another BY part to pick from")
	}
	if _, scaled := places["RSCALE"]; !scaled {
		if skip, has := places["SKIP"]; has {
			v.Add(skip.Place(), "unexpected", skip.Text, "must stand beside RSCALE=GREGORIAN")
		}
	}
	return r
}

// readPart takes one part, and reports whether there is one of that name.
func readPart(v *servicecoin.Violations, r *Repeat, key string, value lines.Placed) bool {
	text := strings.ToUpper(value.Text)
	switch key {
	case "FREQ":
		if r.Frequency = Frequency(text); r.Frequency.rank() < 0 {
			v.Add(value.Place(), "unknown", value.Text, "must be SECONDLY, MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY")
		}
	case "INTERVAL":
		r.Interval = lines.ReadNumber(v, value, lines.Limit{From: 1, To: maxInterval})
	case "COUNT":
		r.Count = lines.ReadNumber(v, value, lines.Limit{From: 1, To: maxCount})
	case "UNTIL":
		until, _ := lines.ReadMoment(v, value)
		r.Until = When(until)
	case "BYDAY":
		r.ByDay = readList(v, value, readNthDay)
	case "BYMONTH":
		r.ByMonth = readList(v, value, func(v *servicecoin.Violations, p lines.Placed) time.Month {
			return time.Month(lines.ReadNumber(v, p, lines.Limit{From: 1, To: 12}))
		})
	case "WKST":
		day, ok := dayCode(text)
		if !ok {
			v.Add(value.Place(), "unknown", value.Text, "must be MO, TU, WE, TH, FR, SA or SU")
		}
		r.WeekStart = &day
	case "RSCALE":
		if text != "GREGORIAN" {
			v.Add(value.Place(), "unsupported", value.Text, "must be GREGORIAN, the only calendar that is read")
		}
	case "SKIP":
		switch r.Skip = MonthSkipPolicy(text); r.Skip {
		case OmitMissing, BackMissing:
		default:
			v.Add(value.Place(), "unsupported", value.Text, "must be OMIT or BACKWARD")
		}
	default:
		limits := repeatLimits()
		i := slices.IndexFunc(limits[:], func(l repeatLimit) bool { return l.name == key })
		if i < 0 {
			return false
		}
		*numbersOf(r, key) = readList(v, value, func(v *servicecoin.Violations, p lines.Placed) int {
			return lines.ReadNumber(v, p, limits[i].Limit)
		})
	}
	return true
}

// readList reads entries with commas between them.
func readList[T any](v *servicecoin.Violations, value lines.Placed, read func(*servicecoin.Violations, lines.Placed) T) []T {
	if n := strings.Count(value.Text, ",") + 1; n > maxListed {
		v.Add(value.Place(), "too-many", strconv.Itoa(n), fmt.Sprintf("must be at most %d", maxListed))
		return nil
	}
	var out []T
	for entry := range value.Split(',') {
		out = append(out, read(v, entry.Trim()))
	}
	return out
}

// readNthDay reads MO, 2TU, +1WE and -1FR.
func readNthDay(v *servicecoin.Violations, p lines.Placed) NthDay {
	var d NthDay
	number, ok := len(p.Text)-2, false
	if number >= 0 {
		d.Day, ok = dayCode(strings.ToUpper(p.Text[number:]))
	}
	if !ok {
		v.Add(p.Place(), "syntax", p.Text, "must be a day such as MO, or a numbered one such as 2TU or -1FR")
	} else if number > 0 {
		d.N = lines.ReadNumber(v, p.Slice(0, number), lines.Limit{From: 1, To: maxNth, Signed: true})
	}
	return d
}

// dayCode reads "MO".
func dayCode(text string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if text == codeOf(d) {
			return d, true
		}
	}
	return 0, false
}

func codeOf(d time.Weekday) string { return strings.ToUpper(wall.DayWord(d)) }

// String returns "MO", "2TU" or "-1FR".
func (d NthDay) String() string {
	day := codeOf(time.Weekday(wall.Modulo(int64(d.Day), 7)))
	if d.N == 0 {
		return day
	}
	return strconv.Itoa(d.N) + day
}

// String returns the value of an RRULE: "FREQ=MONTHLY;BYDAY=2TU". An interval
// of 1 and a week that starts on Monday are left out.
func (r Repeat) String() string {
	var b strings.Builder
	part := func(name, value string) {
		if b.Len() > 0 {
			b.WriteByte(';')
		}
		b.WriteString(name + "=" + value)
	}
	if r.Skip != "" {
		part("RSCALE", "GREGORIAN")
	}
	part("FREQ", string(r.Frequency))
	if r.Skip != "" {
		part("SKIP", string(r.Skip))
	}
	if !r.Until.IsZero() {
		part("UNTIL", r.Until.code())
	}
	if r.Count != 0 {
		part("COUNT", strconv.Itoa(r.Count))
	}
	if r.Interval > 1 {
		part("INTERVAL", strconv.Itoa(r.Interval))
	}
	for _, l := range repeatLimits() {
		if l.name == "BYMONTHDAY" && len(r.ByDay) > 0 {
			part("BYDAY", commas(r.ByDay, NthDay.String))
		}
		if list := r.list(l.name); len(list) > 0 {
			part(l.name, commas(list, strconv.Itoa))
		}
	}
	if r.WeekStart != nil && *r.WeekStart != time.Monday {
		part("WKST", codeOf(*r.WeekStart))
	}
	return b.String()
}

func commas[T any](list []T, text func(T) string) string {
	parts := make([]string, len(list))
	for i, x := range list {
		parts[i] = text(x)
	}
	return strings.Join(parts, ",")
}

// MarshalText writes what String returns, and refuses an invalid one.
func (r Repeat) MarshalText() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads what [ParseRepeat] reads.
func (r *Repeat) UnmarshalText(text []byte) error {
	parsed, err := ParseRepeat(string(text))
	if err != nil {
		return err
	}
	*r = parsed
	return nil
}
