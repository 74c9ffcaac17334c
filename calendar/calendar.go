// Package calendar models stretches of time: half-open intervals, sets of
// them, weighted spans of which the worst counts, and the days, months and
// hours of a zone. It answers "how long", "how long together", "what is left
// of it", "what was the worst at each instant" and "which months does this
// touch", exactly, also where a zone's clock jumps.
//
//	month := calendar.Month{Year: 2026, Month: time.March}.In(berlin)
//	down := calendar.SetOf(outages...).Clip(month)
//	up := calendar.SetOf(month).Subtract(down)
//	fmt.Println(up.Seconds(), "of", month.Seconds())
//
// On it stand the hours at which something is open, staffed or promised
// ([hours]), what comes again and again as calendars write it ([recur]), people
// who take turns ([rota]), days that are counted in working days ([workday]), and
// the files of other programs ([ical]). What they share is here: a [Date], a [Clock] and a [LocalTime] are what a wall shows, in no
// zone yet; [GapPolicy] and [TwicePolicy] say what is meant where a clock jumps; a
// [Period] is a length by the calendar and by the clock.
//
// Every interval holds its start and not its end, so neighbours touch without
// sharing an instant. Instants are kept in UTC; a zone is an argument
// wherever days, months or hours are asked for, and a nil zone means UTC.
// All types are values: nothing here changes what it was called on.
//
// A local day begins at the first instant at which the zone's clock shows that
// date or a later one. So days are contiguous in every zone: a day on which the
// clock jumps over midnight begins where it lands, a date that a zone left out
// (Pacific/Apia, 2011-12-30) is empty, and an hour that a clock repeats across
// midnight (America/St_Johns before 2011, 00:01 back to 23:01) belongs to the
// day that had begun already.
//
// [hours]: https://pkg.go.dev/github.com/servicecoin/servicecoin/calendar/hours
// [recur]: https://pkg.go.dev/github.com/servicecoin/servicecoin/calendar/recur
// [rota]: https://pkg.go.dev/github.com/servicecoin/servicecoin/calendar/rota
// [ical]: https://pkg.go.dev/github.com/servicecoin/servicecoin/calendar/ical
// [workday]: https://pkg.go.dev/github.com/servicecoin/servicecoin/calendar/workday
package calendar

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
)

// Interval is the stretch of time from Start up to, but without, End. One that
// ends where it starts, or before, is empty: it contains no instant and
// overlaps nothing.
type Interval struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Between returns the interval from start up to end, both brought to UTC. It
// takes any two instants: Validate tells whether they are in order.
func Between(start, end time.Time) Interval {
	return Interval{Start: start.UTC(), End: end.UTC()}
}

// ParseInterval reads what [Interval.String] writes, two instants of RFC 3339
// with a slash between them (ISO 8601-1, 5.5.2.1), and returns it in UTC. The
// error is an [*servicecoin.InvalidError]; a reversed interval is refused, an
// empty one is not.
func ParseInterval(text string) (Interval, error) {
	var v servicecoin.Violations
	first, second, found := strings.Cut(text, "/")
	if !found {
		v.Add("", "bad-format", text, `must be two RFC 3339 instants as "start/end"`)
		return Interval{}, v.Err()
	}
	start, err := time.Parse(time.RFC3339, first)
	if err != nil {
		v.Add("start", "bad-format", first, "must be an instant as in RFC 3339")
	}
	end, err := time.Parse(time.RFC3339, second)
	if err != nil {
		v.Add("end", "bad-format", second, "must be an instant as in RFC 3339")
	}
	if err := v.Err(); err != nil {
		return Interval{}, err
	}
	iv := Between(start, end)
	if err := iv.Validate(); err != nil {
		return Interval{}, err
	}
	return iv, nil
}

// String returns the instants in UTC as RFC 3339, "start/end", with as many
// decimals of a second as they have.
func (iv Interval) String() string {
	return iv.Start.UTC().Format(time.RFC3339Nano) + "/" + iv.End.UTC().Format(time.RFC3339Nano)
}

// Validate reports a missing start or end, one outside of the years 1 to 9999,
// and an end before the start. An empty interval is valid.
func (iv Interval) Validate() error {
	var v servicecoin.Violations
	v.Time("start", iv.Start)
	v.Time("end", iv.End)
	if !iv.Start.IsZero() && !iv.End.IsZero() && iv.End.Before(iv.Start) {
		v.Add("end", "reversed", iv.End.UTC().Format(time.RFC3339Nano), "must not be before the start")
	}
	return v.Err()
}

// Empty reports whether the interval contains no instant.
func (iv Interval) Empty() bool { return !iv.Start.Before(iv.End) }

// Equal reports whether both have the same bounds, in whatever zone.
func (iv Interval) Equal(other Interval) bool {
	return iv.Start.Equal(other.Start) && iv.End.Equal(other.End)
}

// Duration returns the length, 0 for an empty or reversed interval. Beyond 292
// years, which a time.Duration cannot hold, it stays at the largest value:
// [Interval.Seconds] is exact.
func (iv Interval) Duration() time.Duration {
	return max(0, iv.End.Sub(iv.Start))
}

// Seconds returns the exact length in seconds, however long.
func (iv Interval) Seconds() decimal.Decimal {
	var l length
	l.add(iv)
	return l.seconds()
}

// Contains reports whether t lies in the interval: at or after its start, and
// before its end.
func (iv Interval) Contains(t time.Time) bool {
	return !t.Before(iv.Start) && t.Before(iv.End)
}

// Overlaps reports whether the two share an instant. Touching is not
// overlapping.
func (iv Interval) Overlaps(other Interval) bool {
	return !iv.Intersect(other).Empty()
}

// Intersect returns what the two share, in UTC: the zero Interval if that is
// nothing.
func (iv Interval) Intersect(other Interval) Interval {
	shared := Between(later(iv.Start, other.Start), earlier(iv.End, other.End))
	if shared.Empty() {
		return Interval{}
	}
	return shared
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// length adds up intervals without the 292 years of a time.Duration: whole
// seconds and nanoseconds apart.
type length struct{ sec, nsec int64 }

func (l *length) add(iv Interval) {
	if iv.Empty() {
		return
	}
	l.sec += iv.End.Unix() - iv.Start.Unix()
	l.nsec += int64(iv.End.Nanosecond() - iv.Start.Nanosecond())
}

func (l *length) seconds() decimal.Decimal {
	whole := decimal.NewFromInt(l.sec)
	if l.nsec == 0 {
		return whole
	}
	return whole.Add(decimal.New(l.nsec, -9))
}
