package calendar

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Weekdays is a set of days of the week: bit 0 is Sunday, bit 6 Saturday. As
// text and in JSON it is "Mo-Fr" or "Mo,We,Fr". The zero Weekdays has none.
type Weekdays uint8

// AllWeekdays has all seven days.
const AllWeekdays Weekdays = 1<<7 - 1

// WeekdaysOf returns the set of the days.
func WeekdaysOf(days ...time.Weekday) Weekdays {
	var w Weekdays
	for _, d := range days {
		w |= 1 << wall.Modulo(int64(d), 7)
	}
	return w
}

// ParseWeekdays reads days with commas between them, each as two letters or
// more of its English name, in any case, or as a number from 0 for Sunday to 6;
// and from one to another with a hyphen: "Mo-Fr", "sat-sun", "0,4". The empty
// text has no days. The error is an [*servicecoin.InvalidError] with a violation
// for each part that is no day; its path is the place, "column 4", counted in
// characters from 1.
func ParseWeekdays(text string) (Weekdays, error) {
	var v servicecoin.Violations
	const longest = 200
	if len(text) > longest {
		v.Add("", "too-long", text, fmt.Sprintf("has %d bytes, %d are allowed", len(text), longest))
		return 0, v.Err()
	}
	if strings.TrimSpace(text) == "" {
		return 0, nil
	}
	var w Weekdays
	at := 0
	for part := range strings.SplitSeq(text, ",") {
		first, last, several := strings.Cut(part, "-")
		from, ok := weekdayNamed(first)
		to := from
		if several && ok {
			to, ok = weekdayNamed(last)
		}
		if !ok {
			column := utf8.RuneCountInString(text[:at]) + 1
			v.Add(fmt.Sprintf("column %d", column), "syntax", part, "must be a day such as Mo, or days such as Mo-Fr")
		} else {
			w |= WeekdaysOf(from)
			for d := from; d != to; {
				d = (d + 1) % 7
				w |= WeekdaysOf(d)
			}
		}
		at += len(part) + 1
	}
	if err := v.Err(); err != nil {
		return 0, err
	}
	return w, nil
}

// weekdayNamed reads "Mo", "mon", "MONDAY" and "1".
func weekdayNamed(text string) (time.Weekday, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) == 1 && text[0] >= '0' && text[0] <= '6' {
		return time.Weekday(text[0] - '0'), true
	}
	if len(text) < 2 {
		return 0, false
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.HasPrefix(strings.ToLower(d.String()), text) {
			return d, true
		}
	}
	return 0, false
}

// String returns "Mo-Fr" or "Mo,We,Fr", beginning at Monday, "" for no days.
// Three days in a row, or more, are written as from one to another.
func (w Weekdays) String() string {
	days := wall.Week()
	var parts []string
	for i := 0; i < len(days); i++ {
		if !w.Contains(days[i]) {
			continue
		}
		n := i
		for n+1 < len(days) && w.Contains(days[n+1]) {
			n++
		}
		switch {
		case n >= i+2:
			parts = append(parts, wall.DayWord(days[i])+"-"+wall.DayWord(days[n]))
			i = n
		default:
			parts = append(parts, wall.DayWord(days[i]))
		}
	}
	return strings.Join(parts, ",")
}

// MarshalText writes what String returns.
func (w Weekdays) MarshalText() ([]byte, error) {
	if err := w.Validate(); err != nil {
		return nil, err
	}
	return []byte(w.String()), nil
}

// UnmarshalText reads what [ParseWeekdays] reads.
func (w *Weekdays) UnmarshalText(text []byte) error {
	parsed, err := ParseWeekdays(string(text))
	if err != nil {
		return err
	}
	*w = parsed
	return nil
}

// Validate reports a bit that is no day.
func (w Weekdays) Validate() error {
	var v servicecoin.Violations
	if w > AllWeekdays {
		v.Add("", "out-of-range", fmt.Sprintf("%#x", uint8(w)), "must be days of the week")
	}
	return v.Err()
}

// Contains reports whether the day is in the set.
func (w Weekdays) Contains(d time.Weekday) bool { return w&WeekdaysOf(d) != 0 }

// Len returns the number of days.
func (w Weekdays) Len() int { return bits.OnesCount8(uint8(w & AllWeekdays)) }

// Without returns the days that are not in the set.
func (w Weekdays) Without() Weekdays { return AllWeekdays &^ w }

// DaysUntil returns how many days after from the next day of the set comes: 0
// if it is from itself, -1 if the set is empty. Days that are not in it are
// found by its [Weekdays.Without].
func (w Weekdays) DaysUntil(from time.Weekday) int {
	for n := range 7 {
		if w.Contains(from + time.Weekday(n)) {
			return n
		}
	}
	return -1
}

// DaysSince returns how many days before from the last day of the set came: 0
// if it is from itself, -1 if the set is empty.
func (w Weekdays) DaysSince(from time.Weekday) int {
	for n := range 7 {
		if w.Contains(from - time.Weekday(n)) {
			return n
		}
	}
	return -1
}

// Run returns the first and the last of the days in a row around d that are
// all in the set, and false if d is not, or if all days are.
func (w Weekdays) Run(d Date) (first, last Date, ok bool) {
	day := d.Weekday()
	if !w.Contains(day) || w.Without() == 0 {
		return Date{}, Date{}, false
	}
	return d.AddDays(1 - w.Without().DaysSince(day)), d.AddDays(w.Without().DaysUntil(day) - 1), true
}
