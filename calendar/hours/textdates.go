package hours

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Dates in the text form of hours, and the way back to text.

func weekdayOf(word string) time.Weekday {
	return time.Weekday(slices.Index([]string{"su", "mo", "tu", "we", "th", "fr", "sa"}, word))
}

func allDays() []time.Weekday {
	days := wall.Week()
	return days[:]
}

// monthOf returns 0 for a word that is no month.
func monthOf(word string) time.Month {
	for m := time.January; m <= time.December; m++ {
		if strings.EqualFold(monthWord(m), word) {
			return m
		}
	}
	return 0
}

func monthWord(m time.Month) string { return m.String()[:3] }

// dates reads "2026 Dec 24", "Dec 24-26", "2026 Dec 24-2027 Jan 02".
func (p *hoursParser) dates() (Dates, *syntaxError) {
	p.space()
	start := p.pos
	first, err := p.date(calendar.Date{})
	if err != nil {
		return Dates{}, err
	}
	d := On(first)
	if p.sign('-') {
		if d.Last, err = p.date(first); err != nil {
			return Dates{}, err
		}
	}
	if bad := d.Validate(); bad != nil {
		text := "expected days that the calendar has"
		if d.First.Year != 0 && d.last().Year != 0 && d.last().Compare(d.First) < 0 {
			text = "expected a last day that is not before the first one; write its year"
		} else if (d.First.Year == 0) != (d.last().Year == 0) {
			text = "expected a year in both days or in none"
		}
		return Dates{}, &syntaxError{start, text}
	}
	return d, nil
}

// date reads a date; of a last one what is missing is taken from the first.
func (p *hoursParser) date(first calendar.Date) (calendar.Date, *syntaxError) {
	d := first
	p.space()
	if p.atYear() {
		d.Year = wall.Number(p.digits())
		if d.Year == 0 {
			return d, p.expected("a year from 0001 on")
		}
	}
	m := monthOf(p.word())
	switch {
	case m > 0:
		d.Month = m
		p.pos += len(monthWord(m))
	case first.IsZero() || d.Year != first.Year:
		return d, p.expected("a month, Jan to Dec")
	}
	before := p.pos
	day := p.digits()
	if len(day) == 0 || len(day) > 2 {
		p.pos = before
		if m == 0 {
			return d, p.expected("a day of the month, or a month, Jan to Dec")
		}
		return d, p.expected("a day of the month: whole months are not read")
	}
	d.Day = wall.Number(day)
	return d, nil
}

// String returns the hours in the form that [Parse] reads: weekly hours,
// special days, hours on holidays, breaks by date. The zone, the list of
// holidays, and breaks between two instants are not part of it. "PH off"
// stands there if holidays are listed. It fits on a line.
func (h Hours) String() string {
	rules := h.Weekly.rules()
	even := slices.ContainsFunc(h.Special, func(s SpecialDay) bool { return s.EvenOnHolidays })
	for _, s := range h.Special {
		if !s.EvenOnHolidays {
			rules = append(rules, datesWord(s.Dates)+" "+spansWord(s.Hours)+nameWord(s.Name))
		}
	}
	if len(h.Holidays) > 0 || len(h.OnHolidays) > 0 || even {
		rules = append(rules, "PH "+spansWord(h.OnHolidays))
	}
	for _, s := range h.Special {
		if s.EvenOnHolidays {
			rules = append(rules, datesWord(s.Dates)+" "+spansWord(s.Hours)+nameWord(s.Name))
		}
	}
	for _, b := range h.Breaks {
		if !b.Dates.IsZero() {
			rules = append(rules, datesWord(b.Dates)+" "+spansWord(b.Hours)+" off"+nameWord(b.Name))
		}
	}
	return strings.Join(rules, "; ")
}

// rules returns a rule for the days that have the same hours, in the order of
// their first.
func (w Week) rules() []string {
	if w.Empty() {
		return []string{"off"}
	}
	var rules []string
	told := map[string]bool{"off": true}
	for _, d := range wall.Week() {
		hours := spansWord(w[d])
		if told[hours] {
			continue
		}
		told[hours] = true
		switch days := w.daysWith(hours); {
		case days == "Mo-Su" && hours == calendar.AllDay().String():
			rules = append(rules, "24/7")
		default:
			rules = append(rules, days+" "+hours)
		}
	}
	return rules
}

// daysWith returns "Mo-We,Fr" for the days with these hours.
func (w Week) daysWith(hours string) string {
	var parts []string
	days := wall.Week()
	for i := 0; i < len(days); i++ {
		if spansWord(w[days[i]]) != hours {
			continue
		}
		first := i
		for i+1 < len(days) && spansWord(w[days[i+1]]) == hours {
			i++
		}
		switch part := wall.DayWord(days[first]); i - first {
		case 0:
			parts = append(parts, part)
		case 1:
			parts = append(parts, part, wall.DayWord(days[i]))
		default:
			parts = append(parts, part+"-"+wall.DayWord(days[i]))
		}
	}
	return strings.Join(parts, ",")
}

func spansWord(spans []calendar.ClockSpan) string {
	if len(spans) == 0 {
		return "off"
	}
	parts := make([]string, len(spans))
	for i, s := range spans {
		parts[i] = s.String()
	}
	return strings.Join(parts, ",")
}

func nameWord(name string) string {
	if name == "" {
		return ""
	}
	return ` "` + strings.ReplaceAll(name, `"`, "'") + `"`
}

// datesWord returns "2026 Dec 24-26", "Dec 24-Jan 02".
func datesWord(d Dates) string {
	text := dateWord(d.First)
	switch last := d.Last; {
	case last.IsZero():
	case last.Year != d.First.Year:
		text += "-" + dateWord(last)
	case last.Month != d.First.Month || last.Day < d.First.Day:
		text += fmt.Sprintf("-%s %02d", monthWord(last.Month), last.Day)
	default:
		text += fmt.Sprintf("-%02d", last.Day)
	}
	return text
}

func dateWord(d calendar.Date) string {
	text := fmt.Sprintf("%s %02d", monthWord(d.Month), d.Day)
	if d.Year != 0 {
		return fmt.Sprintf("%04d %s", d.Year, text)
	}
	return text
}
