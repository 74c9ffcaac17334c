package metering

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// MaxRhythms is how many rhythms periods may follow, one after the other.
const MaxRhythms = 100

// Rhythm says how periods follow each other: one begins at the anchor, and at the same
// time of day by the clock of the zone every so many days, or months, before and
// after it. A month that is too short for the anchor's day has its last one, and the
// next has the anchor's again: from 31 January 28 February, 31 March.
//
// A time that the clock jumps over moves on by as much as it jumps, of one that it shows
// twice the first is meant; one period begins at the anchor itself whatever.
type Rhythm struct {
	// From is since when: a period begins here, and ends where the rhythm has the next
	// one begin. Zero, for the first of several: it has always been so.
	From time.Time `json:"from,omitzero"`
	// Every is how long: days and weeks ("P1D", "P2W"), or months and years ("P1M",
	// "P1Y").
	Every  calendar.Period `json:"every"`
	Anchor time.Time       `json:"anchor"`
	Zone   string          `json:"zone,omitempty"` // IANA name; "": UTC
	// FirstEnd is where the period ends that begins at From. Zero: at the first
	// beginning after it.
	FirstEnd time.Time `json:"firstEnd,omitzero"`
}

// Validate reports every violation of the rhythm.
func (r Rhythm) Validate() error {
	var v servicecoin.Violations
	if !r.From.IsZero() {
		v.Time("from", r.From)
	}
	v.Merge("every", r.Every.Validate())
	switch months := r.Every.Years != 0 || r.Every.Months != 0; {
	case r.Every.Exact != 0:
		v.Add("every", "unsupported", r.Every.String(), "must be whole days, or whole months: hours are windows")
	case months == (r.Every.Days != 0):
		v.Add("every", "unsupported", r.Every.String(), "must be days, or months: one of the two")
	}
	v.Time("anchor", r.Anchor)
	_, err := r.location()
	v.Merge("", err)
	if r.FirstEnd.IsZero() {
		return v.Err()
	}
	v.Time("firstEnd", r.FirstEnd)
	if r.From.IsZero() || !r.FirstEnd.After(r.From) {
		v.Add("firstEnd", "order", r.FirstEnd.UTC().Format(time.RFC3339Nano), "must lie after from")
	}
	return v.Err()
}

func (r Rhythm) location() (*time.Location, error) {
	return (servicecoin.Customer{Zone: r.Zone}).Location()
}

// Periods are the periods that a customer is billed by, or a quota counts in: half-open,
// each from where the one before ends. They follow one [Rhythm], or another from some
// instant on. The zero Periods are none. Make them with [NewPeriods].
type Periods struct{ list []rhythm }

// NewPeriods returns the periods of one rhythm or of several, each of which begins after
// the one before: where it begins, the running period ends.
func NewPeriods(rhythms ...Rhythm) (Periods, error) {
	var v servicecoin.Violations
	if !v.Limit("rhythms", len(rhythms), MaxRhythms) {
		return Periods{}, v.Err()
	}
	if len(rhythms) == 0 {
		v.Add("rhythms", "required", "", "must have one at least")
	}
	var p Periods
	for i, r := range rhythms {
		path := fmt.Sprintf("rhythms[%d]", i)
		v.Merge(path, r.Validate())
		if i > 0 && !r.From.After(rhythms[i-1].From) {
			v.Add(path+".from", "order", r.From.UTC().Format(time.RFC3339Nano), "must lie after that of the one before")
		}
		if v.Len() >= servicecoin.MaxViolations {
			break
		}
	}
	if err := v.Err(); err != nil {
		return Periods{}, err
	}
	for _, r := range rhythms {
		p.list = append(p.list, r.compile())
	}
	return p, nil
}

// Rhythms returns what the periods were made of.
func (p Periods) Rhythms() []Rhythm {
	list := make([]Rhythm, len(p.list))
	for i := range p.list {
		list[i] = p.list[i].Rhythm
	}
	return list
}

// MarshalJSON writes the rhythms.
func (p Periods) MarshalJSON() ([]byte, error) { return json.Marshal(p.Rhythms()) }

// UnmarshalJSON reads what [NewPeriods] takes.
func (p *Periods) UnmarshalJSON(text []byte) error {
	var rhythms []Rhythm
	if err := json.Unmarshal(text, &rhythms); err != nil {
		return fmt.Errorf("periods: %w", err)
	}
	made, err := NewPeriods(rhythms...)
	if err != nil {
		return err
	}
	*p = made
	return nil
}

// At returns the period that an instant lies in; one before all periods has the first
// of them. The zero Periods have the zero interval.
func (p Periods) At(t time.Time) calendar.Interval {
	if len(p.list) == 0 {
		return calendar.Interval{}
	}
	i := max(0, sort.Search(len(p.list), func(i int) bool { return p.list[i].From.After(t) })-1)
	r := &p.list[i]
	if t.Before(r.From) {
		t = r.From
	}
	period := r.at(t)
	if i+1 < len(p.list) && p.list[i+1].From.Before(period.End) {
		period.End = p.list[i+1].From
	}
	return period
}

// Next returns the first beginning of a period after an instant.
func (p Periods) Next(t time.Time) time.Time {
	period := p.At(t)
	if t.Before(period.Start) {
		return period.Start
	}
	return period.End
}

// Before returns the last beginning of a period before an instant, and whether there is
// one.
func (p Periods) Before(t time.Time) (time.Time, bool) {
	for _, at := range []time.Time{t, t.Add(-1)} {
		if period := p.At(at); !period.Empty() && period.Start.Before(t) {
			return period.Start, true
		}
	}
	return time.Time{}, false
}

// All yields the periods that overlap an interval, in order, each whole.
func (p Periods) All(during calendar.Interval) iter.Seq[calendar.Interval] {
	return func(yield func(calendar.Interval) bool) {
		if during.Empty() {
			return
		}
		for period := p.At(during.Start); period.Start.Before(during.End) && !period.Empty(); period = p.At(period.End) {
			if !yield(period) {
				return
			}
		}
	}
}

// Split returns the periods that an interval has, in order, as windows: the first and
// the last may be clipped. What lies before all periods has none. More than
// [MaxWindows] are refused.
func (p Periods) Split(during calendar.Interval) ([]calendar.Interval, error) {
	var v servicecoin.Violations
	v.Merge("during", during.Validate())
	if err := v.Err(); err != nil {
		return nil, err
	}
	var list []calendar.Interval
	for period := range p.All(during) {
		if len(list) == MaxWindows {
			v.Add("during", "too-many", during.String(), "has more than "+strconv.Itoa(MaxWindows)+" periods")
			return nil, v.Err()
		}
		list = append(list, period.Intersect(during))
	}
	return list, nil
}

// Move returns the periods of a customer that moves to another zone. The period that the
// instant lies in ends as it would have, and the next one begins there: none is lost,
// and none counts twice. It ends, as all that follow, by the clock of the new zone, so
// it is longer or shorter by what lies between the two; where an old rhythm has ended
// the count of its periods goes on. The instant must not lie before the last rhythm begins.
func (p Periods) Move(at time.Time, zone string) (Periods, error) {
	var v servicecoin.Violations
	v.Time("at", at)
	if len(p.list) == 0 {
		v.Add("", "required", "", "there are no periods to move")
		return Periods{}, v.Err()
	}
	last := &p.list[len(p.list)-1]
	if at.Before(last.From) {
		v.Add("at", "order", at.UTC().Format(time.RFC3339Nano), "must not lie before the last change, "+last.From.Format(time.RFC3339Nano))
	}
	next := Rhythm{From: p.At(at).End, Every: last.Every, Zone: zone}
	loc, err := next.location()
	v.Merge("", err)
	if err := v.Err(); err != nil {
		return Periods{}, err
	}
	anchor := calendar.LocalTimeOf(last.Anchor, last.loc)
	next.Anchor = anchor.In(loc, calendar.ShiftByGap, calendar.FirstOfTwo)[0].Add(last.Anchor.Sub(last.Anchor.Truncate(time.Second)))
	made := next.compile()
	for n := last.index(next.From) + 1; ; n++ {
		if next.FirstEnd = made.begin(n); next.FirstEnd.After(next.From) {
			break
		}
	}
	return NewPeriods(append(p.Rhythms(), next)...)
}

// rhythm is one that is ready to reckon with.
type rhythm struct {
	Rhythm

	loc   *time.Location
	every int  // so many days, or months
	days  bool // which of the two
	shown calendar.Date
}

// compile cuts instants to the microsecond. What Validate refuses is good for nothing.
func (r Rhythm) compile() rhythm {
	r.From, r.Anchor, r.FirstEnd = instant(r.From), instant(r.Anchor), instant(r.FirstEnd)
	c := rhythm{Rhythm: r, every: r.Every.Years*12 + r.Every.Months}
	c.loc, _ = r.location()
	if c.every == 0 {
		c.every, c.days = r.Every.Days, true
	}
	c.shown = calendar.LocalTimeOf(r.Anchor, c.loc).Date
	return c
}

// begin returns where the n-th period from the anchor begins. No period after the anchor
// is the anchor itself.
func (r *rhythm) begin(n int) time.Time { return r.Every.Times(n).After(r.Anchor, r.loc) }

// index returns the number of the last period that begins at an instant or before it:
// the one that the calendar tells, or one of its neighbours.
func (r *rhythm) index(t time.Time) int {
	to := calendar.LocalTimeOf(t, r.loc).Date
	n := (to.Year-r.shown.Year)*12 + int(to.Month-r.shown.Month)
	if r.days {
		n = int((to.In(nil).Start.Unix() - r.shown.In(nil).Start.Unix()) / (24 * 60 * 60))
	}
	n /= r.every
	for r.begin(n).After(t) {
		n--
	}
	for !r.begin(n + 1).After(t) {
		n++
	}
	return n
}

// at returns the period of an instant that does not lie before From.
func (r *rhythm) at(t time.Time) calendar.Interval {
	if t.Before(r.FirstEnd) {
		return calendar.Between(r.From, r.FirstEnd)
	}
	n := r.index(t)
	start := slices.MaxFunc([]time.Time{r.begin(n), r.From, r.FirstEnd}, time.Time.Compare)
	return calendar.Between(start, r.begin(n+1))
}
