package hours

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Week is the hours of each day of the week, by time.Weekday. The hours of a
// day are those that open on it: a night from Friday to Saturday is Friday's.
// They come in any order and may overlap. In JSON it is an object of the days
// that have any:
//
//	{"mon": ["09:00-12:30", "13:30-18:00"], "fri": ["22:00-06:00"]}
type Week [7][]calendar.ClockSpan

// EveryDay returns a week with the same hours on all days.
func EveryDay(spans ...calendar.ClockSpan) Week {
	var w Week
	for day := range w {
		w[day] = slices.Clone(spans)
	}
	return w
}

// Workdays returns a week with the same hours from Monday to Friday.
func Workdays(spans ...calendar.ClockSpan) Week {
	w := EveryDay(spans...)
	w[time.Saturday], w[time.Sunday] = nil, nil
	return w
}

// Empty reports whether no day has hours.
func (w Week) Empty() bool {
	return !slices.ContainsFunc(w[:], func(spans []calendar.ClockSpan) bool { return len(spans) > 0 })
}

// dayKey returns "mon" for Monday.
func dayKey(d time.Weekday) string {
	return [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}[d]
}

// Validate reports every invalid span, and more than [MaxSpans] on a day.
func (w Week) Validate() error {
	var v servicecoin.Violations
	for _, day := range wall.Week() {
		validateSpans(&v, dayKey(day), w[day])
	}
	return v.Err()
}

// MaxSpans is the most spans that one day may have.
const MaxSpans = 48

func validateSpans(v *servicecoin.Violations, path string, spans []calendar.ClockSpan) {
	if !v.Limit(path, len(spans), MaxSpans) {
		return
	}
	for i, s := range spans {
		if err := s.Validate(); err != nil {
			v.Merge(fmt.Sprintf("%s[%d]", path, i), err)
		}
	}
}

// MarshalJSON writes an object from Monday to Sunday, without the days that
// have no hours.
func (w Week) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, day := range wall.Week() {
		if len(w[day]) == 0 {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		spans, err := json.Marshal(w[day])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", dayKey(day), spans)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads an object with the keys "mon" to "sun" and reports every
// unknown key and unreadable span.
func (w *Week) UnmarshalJSON(data []byte) error {
	var v servicecoin.Violations
	var raw map[string][]string
	if err := json.Unmarshal(data, &raw); err != nil {
		v.Add("", "bad-format", "", `must be an object of lists such as {"mon": ["09:00-17:00"]}: `+err.Error())
		return v.Err()
	}
	*w = readWeek(&v, "", raw)
	return v.Err()
}

func readWeek(v *servicecoin.Violations, path string, raw map[string][]string) Week {
	var w Week
	for _, day := range wall.Week() {
		key := dayKey(day)
		w[day] = readSpans(v, join(path, key), raw[key])
		delete(raw, key)
	}
	if !v.Limit(path, len(raw), MaxSpans) {
		return w
	}
	for _, key := range sortedKeys(raw) {
		v.Add(join(path, key), "unknown", key, "must be one of mon, tue, wed, thu, fri, sat, sun")
	}
	return w
}

func readSpans(v *servicecoin.Violations, path string, raw []string) []calendar.ClockSpan {
	if raw == nil || lines.Enough(v) || !v.Limit(path, len(raw), MaxSpans) {
		return nil
	}
	spans := make([]calendar.ClockSpan, 0, len(raw))
	for i, text := range raw {
		s, err := calendar.ParseClockSpan(text)
		if err != nil { // a path is costly to write for nothing
			v.Merge(fmt.Sprintf("%s[%d]", path, i), err)
		}
		spans = append(spans, s)
	}
	return spans
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
