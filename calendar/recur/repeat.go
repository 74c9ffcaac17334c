package recur

import (
	"fmt"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
)

// Repeat is the RRULE of RFC 5545, 3.3.10: how often something comes again, and
// on which of the days and at which of the times. What the lists do not say
// comes from the start of the [Rule] that it belongs to. As text and in JSON it
// is "FREQ=WEEKLY;BYDAY=MO,WE,FR".
//
// Every list may stand with every frequency. One that RFC 5545 does not foresee
// is a limit: WEEKLY with ByMonthDay 13 comes in each week that has a 13th, then.
// The number of a [NthDay] counts in months or in years, and means nothing with
// other frequencies than those. Both are as in python-dateutil; what RFC 5545
// forbids of it, [Repeat.Conform] reports.
//
// BySetPos picks from all times of one period of the frequency, also of the one
// in which the rule starts: that comes out of the whole week, month or year.
type Repeat struct {
	Frequency  Frequency
	Interval   int             // every n-th period; 0 is 1
	Count      int             // how many there are; 0: no limit
	Until      When            // the last one, included; zero: no limit. Of the same form as the rule's start, in UTC if that has a zone
	BySecond   []int           // 0 to 59; 60, the leap second, is 59
	ByMinute   []int           // 0 to 59
	ByHour     []int           // 0 to 23
	ByDay      []NthDay        //
	ByMonthDay []int           // 1 to 31, -1 is the last day
	ByYearDay  []int           // 1 to 366, -1 is the last day
	ByWeekNo   []int           // 1 to 53 as in ISO 8601, -1 is the last week
	ByMonth    []time.Month    //
	BySetPos   []int           // 1 is the first of a period, -1 the last
	WeekStart  *time.Weekday   // nil is Monday
	Skip       MonthSkipPolicy // "" is OmitMissing
}

// Frequency is what a [Repeat] counts.
type Frequency string

// The frequencies of RFC 5545.
const (
	Secondly Frequency = "SECONDLY"
	Minutely Frequency = "MINUTELY"
	Hourly   Frequency = "HOURLY"
	Daily    Frequency = "DAILY"
	Weekly   Frequency = "WEEKLY"
	Monthly  Frequency = "MONTHLY"
	Yearly   Frequency = "YEARLY"
)

// NthDay is a day of the week, or the N-th of them in a month or year: 2 and
// Tuesday is the second Tuesday, -1 and Friday the last Friday.
type NthDay struct {
	N   int // -53 to 53; 0: every one
	Day time.Weekday
}

// MonthSkipPolicy says what becomes of a day that a month does not have: the SKIP
// of RFC 7529.
type MonthSkipPolicy string

// The policies for days that a month does not have. SKIP=FORWARD, the first day
// of the next month, is refused: an occurrence would lie outside of the period
// that it belongs to.
const (
	OmitMissing MonthSkipPolicy = "OMIT"     // the default: 31 January, 31 March
	BackMissing MonthSkipPolicy = "BACKWARD" // the last day of the month: 31 January, 28 February, 31 March
)

// Limits of a [Repeat].
const (
	maxInterval = 1_000_000_000
	maxCount    = 1_000_000
)

// repeatLimit is what a list of a [Repeat] may hold.
type repeatLimit struct {
	lines.Limit

	name, path string
}

// repeatLimits names the lists of numbers, in the order in which they are written.
func repeatLimits() [8]repeatLimit {
	return [...]repeatLimit{
		{lines.Limit{From: 0, To: 60}, "BYSECOND", "bySecond"},
		{lines.Limit{From: 0, To: 59}, "BYMINUTE", "byMinute"},
		{lines.Limit{From: 0, To: 23}, "BYHOUR", "byHour"},
		{lines.Limit{From: 1, To: 31, Signed: true}, "BYMONTHDAY", "byMonthDay"},
		{lines.Limit{From: 1, To: 366, Signed: true}, "BYYEARDAY", "byYearDay"},
		{lines.Limit{From: 1, To: 53, Signed: true}, "BYWEEKNO", "byWeekNo"},
		{lines.Limit{From: 1, To: 12}, "BYMONTH", "byMonth"},
		{lines.Limit{From: 1, To: 366, Signed: true}, "BYSETPOS", "bySetPos"},
	}
}

// list returns the numbers of a list by its name.
func (r Repeat) list(name string) []int {
	if name != "BYMONTH" {
		return *numbersOf(&r, name)
	}
	out := make([]int, len(r.ByMonth))
	for i, m := range r.ByMonth {
		out[i] = int(m)
	}
	return out
}

// count returns how many numbers a list has, by its name.
func (r Repeat) count(name string) int {
	if name != "BYMONTH" {
		return len(*numbersOf(&r, name))
	}
	return len(r.ByMonth)
}

// numbersOf returns where the list of that name is, which is not BYMONTH.
func numbersOf(r *Repeat, name string) *[]int {
	switch name {
	case "BYSECOND":
		return &r.BySecond
	case "BYMINUTE":
		return &r.ByMinute
	case "BYHOUR":
		return &r.ByHour
	case "BYMONTHDAY":
		return &r.ByMonthDay
	case "BYYEARDAY":
		return &r.ByYearDay
	case "BYWEEKNO":
		return &r.ByWeekNo
	default:
		return &r.BySetPos
	}
}

// maxListed is the most entries of one list.
const maxListed = 1000

// Validate reports an unknown frequency, numbers out of range, and BySetPos
// without another list to pick from. What depends on the start, the form of
// Until, is checked by [Rule.Validate].
func (r Repeat) Validate() error {
	var v servicecoin.Violations
	if r.Frequency.rank() < 0 {
		v.Add("frequency", "unknown", string(r.Frequency), "must be SECONDLY, MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY")
	}
	if r.Interval < 0 || r.Interval > maxInterval {
		v.Add("interval", "out-of-range", strconv.Itoa(r.Interval), fmt.Sprintf("must be 1 to %d, or 0 for 1", maxInterval))
	}
	if r.Count < 0 || r.Count > maxCount {
		v.Add("count", "out-of-range", strconv.Itoa(r.Count), fmt.Sprintf("must be 1 to %d, or 0 for no limit", maxCount))
	}
	if !r.Until.IsZero() {
		v.Merge("until", r.Until.Validate())
	}
	for _, l := range repeatLimits() {
		if !v.Limit(l.path, r.count(l.name), maxListed) {
			continue
		}
		for i, n := range r.list(l.name) {
			if !l.Allows(n) {
				v.Add(fmt.Sprintf("%s[%d]", l.path, i), "out-of-range", strconv.Itoa(n), l.Rule())
			}
		}
	}
	if v.Limit("byDay", len(r.ByDay), maxListed) {
		for i, d := range r.ByDay {
			if d.N < -maxNth || d.N > maxNth || d.Day < time.Sunday || d.Day > time.Saturday {
				v.Add(fmt.Sprintf("byDay[%d]", i), "out-of-range", fmt.Sprintf("%d %d", d.N, int(d.Day)), nthRule)
			}
		}
	}
	if len(r.BySetPos) > 0 && !r.picks() {
		v.Add("bySetPos", "unexpected", "", "must have another list to pick from")
	}
	if r.WeekStart != nil && (*r.WeekStart < time.Sunday || *r.WeekStart > time.Saturday) {
		v.Add("weekStart", "out-of-range", strconv.Itoa(int(*r.WeekStart)), "must be a day of the week")
	}
	switch r.Skip {
	case "", OmitMissing, BackMissing:
	default:
		v.Add("skip", "unknown", string(r.Skip), "must be OMIT or BACKWARD")
	}
	return v.Err()
}

const (
	maxNth  = 53
	nthRule = "must be a day of the week, with a number from -53 to 53 or none"
)

// picks reports whether there is a list besides BySetPos.
func (r Repeat) picks() bool {
	return r.limitsDays() || len(r.ByMonth)+len(r.ByHour)+len(r.ByMinute)+len(r.BySecond) > 0
}

// limitsDays reports whether a list says which days of a month or year they
// are.
func (r Repeat) limitsDays() bool {
	return len(r.ByDay)+len(r.ByMonthDay)+len(r.ByYearDay)+len(r.ByWeekNo) > 0
}

// rank returns 0 for SECONDLY to 6 for YEARLY, -1 for what is none.
func (f Frequency) rank() int {
	for i, name := range [...]Frequency{
		Secondly, Minutely, Hourly, Daily, Weekly, Monthly, Yearly,
	} {
		if f == name {
			return i
		}
	}
	return -1
}

// Ranks of frequencies.
const (
	secondly = iota
	minutely
	hourly
	daily
	weekly
	monthly
	yearly
)

// Conform reports what is read here and forbidden by RFC 5545: ByWeekNo without
// YEARLY, ByYearDay with DAILY, WEEKLY or MONTHLY, ByMonthDay with WEEKLY, and
// numbered days without MONTHLY or YEARLY, or beside ByWeekNo, and a Count beside
// an Until, of which the one holds that ends first. Other programs may read such
// rules otherwise.
func (r Repeat) Conform() error {
	var v servicecoin.Violations
	f := r.Frequency.rank()
	if r.Count != 0 && !r.Until.IsZero() {
		v.Add("until", "not-in-rfc", r.Until.String(), "must not stand beside a count")
	}
	if len(r.ByWeekNo) > 0 && f != yearly {
		v.Add("byWeekNo", "not-in-rfc", string(r.Frequency), "must stand with YEARLY alone")
	}
	if len(r.ByYearDay) > 0 && f >= daily && f <= monthly {
		v.Add("byYearDay", "not-in-rfc", string(r.Frequency), "must not stand with DAILY, WEEKLY or MONTHLY")
	}
	if len(r.ByMonthDay) > 0 && f == weekly {
		v.Add("byMonthDay", "not-in-rfc", string(r.Frequency), "must not stand with WEEKLY")
	}
	if !v.Limit("byDay", len(r.ByDay), maxListed) {
		return v.Err()
	}
	for i, d := range r.ByDay {
		if d.N != 0 && (f < monthly || len(r.ByWeekNo) > 0) {
			v.Add(fmt.Sprintf("byDay[%d]", i), "not-in-rfc", d.String(), "must have a number with MONTHLY and YEARLY alone, and without ByWeekNo")
		}
	}
	return v.Err()
}
