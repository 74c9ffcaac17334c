package calendar

import (
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// yearly reads an RRULE that says "every year on this date", and reports whether
// it says so.
func (e *eventLines) yearly(f *icalFile, out *VEvent, start moment) bool {
	if !start.whole || !sameDaysEachYear(out.Dates) {
		return false
	}
	limit, count := Date{}, 0
	yearly := false
	seen := map[string]bool{}
	for part := range strings.SplitSeq(strings.ToUpper(e.rule.value), ";") {
		key, value, _ := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if key == "" && value == "" {
			continue // a semicolon too many, as some programs write
		}
		if seen[key] {
			return false // it is complained of where the whole rule is read
		}
		seen[key] = true
		_, isDay := dayCode(value)
		switch {
		case key == "FREQ" && value == "YEARLY":
			yearly = true
		case key == "WKST" && isDay, key == "INTERVAL" && value == "1",
			key == "BYMONTH" && sameNumber(value, int(start.date.Month)),
			key == "BYMONTHDAY" && sameNumber(value, start.date.Day):
		case key == "COUNT" && len(value) <= 4 && digits(value) && number(value) > 0:
			count = number(value)
		case key == "UNTIL":
			w, ok := readWhen(new(servicecoin.Violations), column(value))
			if !ok {
				return false
			}
			limit = w.wholeDay(f.loc)
		default:
			return false
		}
	}
	if !yearly {
		return false
	}
	first := out.Dates.First
	out.Since, out.Until = first.Year, lastYearly(first, limit, count)
	out.Dates.First.Year = 0
	if !out.Dates.Last.IsZero() {
		out.Dates.Last.Year = 0
	}
	return true
}

func sameNumber(text string, n int) bool {
	return text != "" && len(text) <= 2 && digits(text) && number(text) == n
}

// sameDaysEachYear reports whether so many days from the first date on end on
// the last date in every year.
func sameDaysEachYear(d Dates) bool {
	days := int(d.last().number() - d.First.number())
	if days >= 365 {
		return false
	}
	for _, year := range []int{2000, 2001, 2003} { // leap, not, followed by a leap one
		first := Date{Year: year, Month: d.First.Month, Day: d.First.Day}
		if last := first.AddDays(days); days > 0 && (last.Month != d.Last.Month || last.Day != d.Last.Day) {
			return false
		}
	}
	return true
}

// lastYearly returns the year of the last of the dates that come every year
// from first on, up to a limit and at most count of them; 0 if there is none.
// The first one comes in any case.
func lastYearly(first, limit Date, count int) int {
	last := 0
	leapDay := first.Month == time.February && first.Day == 29
	for year := first.Year; year <= 9999 && count > 0; year++ {
		if !leapDay || isLeap(year) {
			last = year
			count--
		}
	}
	if !limit.IsZero() {
		year := limit.Year
		if limit.Compare(Date{Year: year, Month: first.Month, Day: first.Day}) < 0 {
			year--
		}
		if year = max(year, first.Year); last == 0 || year < last {
			last = year
		}
	}
	return last
}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }
