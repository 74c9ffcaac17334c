package change

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// Calendar says when changes may happen. It is plain data; [Calendar.Compile] makes
// of it what answers questions.
//
// Once there is any window at all, a change lies in windows of each of its services:
// those that name the service, and those that name none. A service that no window
// holds for has no time then. Without any window, any time is fine.
type Calendar struct {
	Windows  []Window        `json:"windows,omitempty"`
	Freezes  []Freeze        `json:"freezes,omitempty"`
	Critical []CriticalTimes `json:"critical,omitempty"`
	// Notice is how long before its start a change of a kind has to be asked for, in
	// the working time of Hours; a kind that is not there needs none. Nil Hours are
	// around the clock.
	Notice map[Kind]hours.Allowance `json:"notice,omitempty"`
	Hours  *hours.Hours             `json:"hours,omitempty"`
}

// WindowID names a change window.
type WindowID string

// Window is a time in which changes may happen: once, During an interval, or again
// and again, at its Times. Those that overlap or touch are one.
type Window struct {
	ID       WindowID                `json:"id"`
	Name     string                  `json:"name,omitempty"` // "": that of its times, or its id
	Times    recur.Window            `json:"times,omitzero"`
	During   calendar.Interval       `json:"during,omitzero"`
	Services []servicecoin.ServiceID `json:"services,omitempty"` // none: all
}

// CriticalTimes are the critical windows of a customer: no change that concerns it
// happens in them.
type CriticalTimes struct {
	Customer servicecoin.CustomerID  `json:"customer,omitempty"` // "": whomever the change concerns
	Name     string                  `json:"name,omitempty"`     // of the customer
	Services []servicecoin.ServiceID `json:"services,omitempty"` // none: all
	Windows  []hours.CriticalWindow  `json:"windows"`
}

// Limits of a calendar, beyond which it is refused.
const (
	MaxWindows   = 10_000
	MaxFreezes   = 10_000
	maxOccasions = 200_000 // times of all windows in the span for which they are worked out
	maxCustomers = 10_000
)

// Validate reports every violation.
func (c Calendar) Validate() error {
	var v servicecoin.Violations
	if v.Limit("windows", len(c.Windows), MaxWindows) {
		for n, w := range c.Windows {
			v.Merge(fmt.Sprintf("windows[%d]", n), w.Validate())
		}
	}
	if v.Limit("freezes", len(c.Freezes), MaxFreezes) {
		for n, f := range c.Freezes {
			v.Merge(fmt.Sprintf("freezes[%d]", n), f.Validate())
		}
	}
	if v.Limit("critical", len(c.Critical), maxCustomers) {
		for n, t := range c.Critical {
			path := fmt.Sprintf("critical[%d]", n)
			if t.Customer != "" {
				v.ID(path+".customer", string(t.Customer))
			}
			ids(&v, path+".services", t.Services)
			v.Limit(path+".windows", len(t.Windows), hours.MaxDays) // they are looked at when they are compiled
		}
	}
	for _, k := range slices.Sorted(maps.Keys(c.Notice)) {
		path := fmt.Sprintf("notice[%s]", k)
		k.validate(&v, path)
		v.Merge(path, c.Notice[k].Validate())
	}
	if c.Hours != nil {
		v.Merge("hours", c.Hours.Validate())
	}
	return v.Err()
}

// Validate reports every violation.
func (w Window) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(w.ID))
	v.Text("name", w.Name, 0, 200)
	ids(&v, "services", w.Services)
	switch once := w.During != (calendar.Interval{}); {
	case !once:
		v.Merge("times", w.Times.Validate())
	case !w.Times.Rule.Start.IsZero() || !w.Times.For.IsZero() || w.Times.Until != nil:
		v.Add("during", "unexpected", w.During.String(), "must not stand beside a window that recurs")
	default:
		if v.Merge("during", w.During.Validate()); w.During.Empty() {
			v.Add("during", "empty", w.During.String(), "must not be empty")
		}
	}
	return v.Err()
}

// called is what people call the window.
func (w Window) called() string { return cmp.Or(w.Name, w.Times.Name, string(w.ID)) }

// Occasions is a [Calendar] worked out for a span of time. It never changes, so it
// can be shared between goroutines.
type Occasions struct {
	within    calendar.Interval
	windows   []timedWindow
	general   calendar.Set                    // of the windows of all services
	generals  []int                           // which those are
	limited   map[servicecoin.ServiceID][]int // and those of a service
	freezes   []Freeze                        // by start
	critical  []timedCritical
	notice    map[Kind]hours.Allowance
	timetable *hours.Timetable // nil: nobody needs notice
}

type timedWindow struct {
	Window

	times calendar.Set
}

type timedCritical struct {
	CriticalTimes

	windows []criticalSet // those that come in the span
}

type criticalSet struct {
	hours.CriticalWindow

	times calendar.Set
}

// Compile works the calendar out for a span of time, which lies in the years 1901 to
// 2149: in it lie the plans that are asked about, and as much of the time after them
// as starts are looked for. Windows may come 200,000 times in it. The error is an
// [*servicecoin.InvalidError] with every violation.
func (c Calendar) Compile(within calendar.Interval) (*Occasions, error) {
	var v servicecoin.Violations
	if v.Merge("within", within.Validate()); v.Len() == 0 {
		if first, last := within.Start.UTC().Year(), within.End.UTC().Year(); first < 1901 || last > 2149 {
			v.Add("within", "out-of-range", within.String(), "must lie in the years 1901 to 2149")
		}
	}
	v.Merge("", c.Validate())
	if err := v.Err(); err != nil {
		return nil, err
	}
	o := &Occasions{
		within: calendar.Between(within.Start, within.End), limited: map[servicecoin.ServiceID][]int{},
		freezes: slices.Clone(c.Freezes), notice: maps.Clone(c.Notice),
	}
	o.addWindows(&v, c.Windows)
	o.addCritical(&v, c.Critical)
	slices.SortStableFunc(o.freezes, func(a, b Freeze) int {
		return cmp.Or(a.During.Start.Compare(b.During.Start), cmp.Compare(a.ID, b.ID))
	})
	if len(c.Notice) > 0 {
		o.addHours(&v, c.Hours)
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *Occasions) addWindows(v *servicecoin.Violations, windows []Window) {
	all, left := []calendar.Interval{}, maxOccasions
	for n, w := range windows {
		t := timedWindow{Window: w}
		var list []calendar.Interval
		if w.During != (calendar.Interval{}) {
			list = append(list, w.During.Intersect(o.within))
		} else {
			times, err := w.Times.Compile()
			if err != nil {
				v.Merge(fmt.Sprintf("windows[%d].times", n), err)
				continue
			}
			for iv := range times.Overlapping(o.within) {
				if list = append(list, iv.Intersect(o.within)); len(list) > left {
					break
				}
			}
		}
		if left -= len(list); left < 0 {
			v.Add("within", "too-many", o.within.String(), fmt.Sprintf("must be shorter: the windows come more than %d times", maxOccasions))
			return
		}
		t.times = calendar.SetOf(list...)
		if len(w.Services) == 0 {
			all = append(all, list...)
			o.generals = append(o.generals, n)
		}
		for _, s := range sorted(w.Services) {
			o.limited[s] = append(o.limited[s], n)
		}
		o.windows = append(o.windows, t)
	}
	o.general = calendar.SetOf(all...)
}

func (o *Occasions) addCritical(v *servicecoin.Violations, critical []CriticalTimes) {
	for n, t := range critical {
		times, err := hours.CompileCritical(o.within, t.Windows...)
		if err != nil {
			v.Merge(fmt.Sprintf("critical[%d]", n), err)
			continue
		}
		timed := timedCritical{CriticalTimes: t}
		for w, set := range times.All() {
			if !set.Empty() {
				timed.windows = append(timed.windows, criticalSet{w, set})
			}
		}
		o.critical = append(o.critical, timed)
	}
}

// addHours works out the time in which notice is counted, a year more than the span
// on each side.
func (o *Occasions) addHours(v *servicecoin.Violations, h *hours.Hours) {
	if h == nil {
		h = &hours.Hours{Weekly: hours.EveryDay(calendar.AllDay())}
	}
	const year = 366 * 24 * time.Hour
	first, last := time.Date(1900, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2150, 12, 30, 0, 0, 0, 0, time.UTC)
	span := calendar.Between(o.within.Start.Add(-year), o.within.End.Add(year)).Intersect(calendar.Between(first, last))
	timetable, err := h.Compile(span, nil)
	v.Merge("hours", err)
	o.timetable = timetable
}

// Within returns the span for which the calendar was worked out.
func (o *Occasions) Within() calendar.Interval { return o.within }
