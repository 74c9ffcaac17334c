package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Period is a length by the calendar and by the clock, as ISO 8601 and RFC
// 5545 write durations: "P1Y2M10DT2H30M", "P2W", "PT90M". Years, months and
// days are nominal: a day from noon is noon, be it 23 hours later. What follows
// the T is real time that passes. First the one is added, then the other.
type Period struct {
	Years  int
	Months int
	Days   int
	Exact  time.Duration // whole seconds
}

// Limits of the parts of a [Period], beyond which Validate refuses them: what
// the years 1 to 9999 hold.
const (
	maxPeriodYears  = 10_000
	maxPeriodMonths = 12 * maxPeriodYears
	maxPeriodDays   = 366 * maxPeriodYears
	maxPeriodExact  = 200 * 366 * 24 * time.Hour
)

// ParsePeriod reads an ISO 8601 duration of whole numbers. The error is an
// [*servicecoin.InvalidError] whose path is the place, "column 4", counted in
// characters from 1.
func ParsePeriod(text string) (Period, error) {
	var v servicecoin.Violations
	p, at, why := parsePeriod(text)
	if why != "" {
		v.Add(fmt.Sprintf("column %d", at+1), "syntax", text, why)
		return Period{}, v.Err()
	}
	if err := p.Validate(); err != nil {
		return Period{}, err
	}
	return p, nil
}

// parsePeriod returns the place of what is wrong, and what was expected.
func parsePeriod(text string) (p Period, at int, why string) {
	const example = "must be a duration such as P1D, P2W or PT1H30M"
	if !strings.HasPrefix(text, "P") {
		return p, 0, example
	}
	rank, parts, timed := -1, 0, false
	for at = 1; at < len(text); {
		if text[at] == 'T' && !timed {
			timed = true
			rank, parts = -1, 0
			at++
			continue
		}
		start := at
		for at < len(text) && wall.Digits(text[at:at+1]) {
			at++
		}
		n, err := strconv.ParseInt(text[start:at], 10, 32)
		if err != nil || at == len(text) {
			return p, start, example
		}
		units := "YMWD"
		if timed {
			units = "HMS"
		}
		r := strings.IndexByte(units, text[at])
		if r <= rank {
			return p, at, "must have years, months, weeks and days in this order, then T, hours, minutes and seconds"
		}
		rank = r
		parts++
		switch {
		case timed:
			unit := [...]time.Duration{time.Hour, time.Minute, time.Second}[r]
			if time.Duration(n) > (maxPeriodExact-p.Exact)/unit {
				return p, start, "must be at most 200 years of hours"
			}
			p.Exact += time.Duration(n) * unit
		case r == 0:
			p.Years = int(n)
		case r == 1:
			p.Months = int(n)
		case r == 2:
			p.Days += int(n) * 7
		default:
			p.Days += int(n)
		}
		at++
	}
	if parts == 0 {
		return p, at, example
	}
	return p, 0, ""
}

// String returns "P1Y2M10DT2H30M", without the parts that are zero; "PT0S" for
// a period of no length.
func (p Period) String() string {
	var b strings.Builder
	b.WriteByte('P')
	part := func(n int64, unit byte) {
		if n != 0 {
			b.WriteString(strconv.FormatInt(n, 10))
			b.WriteByte(unit)
		}
	}
	part(int64(p.Years), 'Y')
	part(int64(p.Months), 'M')
	part(int64(p.Days), 'D')
	if p.Exact != 0 || p == (Period{}) {
		b.WriteByte('T')
		if p.Exact == 0 {
			b.WriteString("0S")
		}
		part(int64(p.Exact/time.Hour), 'H')
		part(int64(p.Exact%time.Hour/time.Minute), 'M')
		part(int64(p.Exact%time.Minute/time.Second), 'S')
	}
	return b.String()
}

// IsZero reports whether it has no length, so that omitzero leaves it out.
func (p Period) IsZero() bool { return p == Period{} }

// Validate reports parts below zero, parts of a second, and lengths beyond
// those of the years 1 to 9999.
func (p Period) Validate() error {
	var v servicecoin.Violations
	check := func(path string, n, most int) {
		if n < 0 || n > most {
			v.Add(path, "out-of-range", strconv.Itoa(n), fmt.Sprintf("must be 0 to %d", most))
		}
	}
	check("years", p.Years, maxPeriodYears)
	check("months", p.Months, maxPeriodMonths)
	check("days", p.Days, maxPeriodDays)
	switch {
	case p.Exact < 0 || p.Exact > maxPeriodExact:
		v.Add("exact", "out-of-range", p.Exact.String(), "must be 0 to 200 years of hours")
	case p.Exact%time.Second != 0:
		v.Add("exact", "too-precise", p.Exact.String(), "must be whole seconds")
	}
	return v.Err()
}

// MarshalText writes what String returns, and refuses an invalid period.
func (p Period) MarshalText() ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return []byte(p.String()), nil
}

// UnmarshalText reads what [ParsePeriod] reads.
func (p *Period) UnmarshalText(text []byte) error {
	parsed, err := ParsePeriod(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// Times returns the period n times over.
func (p Period) Times(n int) Period {
	return Period{Years: p.Years * n, Months: p.Months * n, Days: p.Days * n, Exact: p.Exact * time.Duration(n)}
}

// After returns t and the period, by the clock of loc; see [Period]. A month
// from 31 January is the last day of February.
func (p Period) After(t time.Time, loc *time.Location) time.Time {
	if p.Years == 0 && p.Months == 0 && p.Days == 0 {
		return t.Add(p.Exact).UTC()
	}
	l := shownAt(t, loc)
	cut := t.Sub(t.Truncate(time.Second))
	return wall.Unix(wall.NewClockwork(loc).Instant(p.nominal(l.second()))).Add(cut + p.Exact)
}

// nominal adds years, months and days to what a calendar shows.
func (p Period) nominal(second int64) int64 {
	return wall.AddNominal(second, int64(p.Years)*12+int64(p.Months), int64(p.Days))
}
