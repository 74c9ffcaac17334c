package recur

import (
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/lines"
	"github.com/servicecoin/servicecoin/calendar/internal/wall"
)

// Window is a stretch of time that comes again and again: a [Rule] that says
// when it begins, and how long it is. Either For a period, of which days are
// nominal and hours are real, or Until a time of the day. It is plain data, to be
// written by hand as text (see [ParseWindow]) or as JSON:
//
//	{"name": "patches", "rule": {"start": "2026-01-10T22:00", "zone": "Europe/Berlin",
//	 "repeats": ["FREQ=MONTHLY;BYDAY=2SA"]}, "for": "PT8H"}
//
// [Window.Compile] answers questions about one, [CompileWindows] about ten
// thousand at once.
//
// What begins on a day and runs past midnight belongs to that day, whether the
// next one is one of the rule's or not. A window that ends at a time which the
// clock jumps over ends as the clock jumps, and one that lies in the jump with
// all of it does not come; a nominal day from a time to the same time ends as the
// rule would have it begin.
type Window struct {
	Name  string          `json:"name,omitempty"`
	Rule  Rule            `json:"rule"`
	For   calendar.Period `json:"for,omitzero"`    // of whole days without For and Until: one day
	Until *calendar.Clock `json:"until,omitempty"` // the next time that the clock shows it
	Days  int             `json:"days,omitempty"`  // with Until: so many days after the day on which it begins; 0: on that day or the next
}

// WeeklyWindow returns the window of a span of the day on days of the week, from
// a date on: a night from 22:00 to 06:00 belongs to the day on which it begins,
// and 08:00-08:00 is a day and a night.
func WeeklyWindow(days calendar.Weekdays, span calendar.ClockSpan, zone string, from calendar.Date) Window {
	r := Repeat{Frequency: Weekly}
	for _, d := range wall.Week() {
		if days.Contains(d) {
			r.ByDay = append(r.ByDay, NthDay{Day: d})
		}
	}
	return Window{
		Rule:  Rule{Start: At(calendar.LocalTime{Date: from, Clock: span.Open}), Zone: zone, Repeats: []Repeat{r}},
		Until: &span.Close,
	}
}

// Validate reports every violation: those of the rule, a window of no length,
// one with two, and a clock that ends whole days.
func (w Window) Validate() error {
	var v servicecoin.Violations
	w.validate(&v)
	v.Merge("rule", w.Rule.Validate())
	return v.Err()
}

// maxUntilDays is the most days that a window goes on until a time.
const maxUntilDays = 366

// validate checks all but the rule.
func (w Window) validate(v *servicecoin.Violations) {
	v.Text("name", w.Name, 0, lines.MaxName)
	if !lines.IsPlain(w.Name) {
		v.Add("name", "bad-text", w.Name, "must be on one line, without control characters")
	}
	v.Merge("for", w.For.Validate())
	switch {
	case w.Until != nil && !w.For.IsZero():
		v.Add("until", "unexpected", w.Until.String(), "must not stand beside for")
	case w.Until != nil:
		v.Merge("until", w.Until.Validate())
		if w.Rule.Start.Whole {
			v.Add("until", "unexpected", w.Until.String(), "must not end whole days")
		}
	case w.For.IsZero() && !w.Rule.Start.Whole:
		v.Add("for", "required", "", "must say how long it is, or until when: DURATION, DTEND or X-UNTIL in a text")
	case w.For.Exact != 0 && w.Rule.Start.Whole:
		v.Add("for", "unexpected", w.For.String(), "must be whole days, as the rule is")
	}
	if w.Days < 0 || w.Days > maxUntilDays || w.Days > 0 && w.Until == nil {
		v.Add("days", "out-of-range", strconv.Itoa(w.Days), fmt.Sprintf("must be 0 to %d, and stand beside until", maxUntilDays))
	}
}

// clone returns the window with lists of its own.
func (w Window) clone() Window {
	w.Rule = w.Rule.clone()
	if w.Until != nil {
		w.Until = new(*w.Until)
	}
	return w
}

// WindowTimes is a [Window] that was compiled. It never changes, so it can be
// shared between goroutines.
type WindowTimes struct {
	window  Window
	length  calendar.Period
	months  int64 // of the length
	begins  *Recurrence
	longest int64 // in seconds, and more
}

// Compile checks the window and works it out; see [Rule.Compile].
func (w Window) Compile() (*WindowTimes, error) { return w.compiled(wall.Zones{}) }

// CompileIn is [Window.Compile] in a zone that stands for the one which the rule
// names; see [Rule.CompileIn].
func (w Window) CompileIn(loc *time.Location) (*WindowTimes, error) {
	return w.compiled(wall.Zones{w.Rule.Zone: wall.OrUTC(loc)})
}

func (w Window) compiled(z wall.Zones) (*WindowTimes, error) {
	var v servicecoin.Violations
	times := w.compile(&v, z, false)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return times, nil
}

// compile works out a window, whose lists are its own or become so.
func (w Window) compile(v *servicecoin.Violations, z wall.Zones, own bool) *WindowTimes {
	w.validate(v)
	begins, err := w.Rule.compile(z, own)
	v.Merge("rule", err)
	if err == nil {
		w.Rule = begins.rule
	}
	if w.Until != nil && !own {
		w.Until = new(*w.Until)
	}
	t := &WindowTimes{window: w, begins: begins, length: w.For}
	if w.Until == nil && w.For.IsZero() {
		t.length = calendar.Period{Days: 1}
	}
	// A month is 30.436875 days long, and no run of them has five days more.
	t.months = int64(t.length.Years)*12 + int64(t.length.Months)
	days := int64(t.length.Days)
	if t.months > 0 {
		days += t.months*30_436_875/1_000_000 + 5
	}
	if w.Until != nil {
		days = int64(w.Days) + 1
	}
	t.longest = int64(t.length.Exact / time.Second)
	if days > 0 {
		t.longest += days*wall.SecondsADay + wall.Widest
	}
	return t
}

// ends returns the instant at which a window ends that begins with an
// occurrence; it may be no later.
func (w *WindowTimes) ends(z *wall.Clockwork, o occurrence) int64 {
	local, land := wall.AddNominal(o.local, w.months, int64(w.length.Days)), false
	if until := w.window.Until; until != nil {
		day := wall.FloorDiv(o.local, wall.SecondsADay)
		local = (day+int64(w.window.Days))*wall.SecondsADay + int64(*until)
		if local <= o.local {
			local += wall.SecondsADay
		}
		land = wall.Modulo(local, wall.SecondsADay) != wall.Modulo(o.local, wall.SecondsADay)
	} else if local == o.local {
		return o.at + int64(w.length.Exact/time.Second)
	}
	end, jumped := z.Find(local)
	switch {
	case jumped && (land || w.begins.gap != calendar.ShiftByGap):
		end = z.End
	case jumped:
	case w.begins.twice == calendar.LastOfTwo || end <= o.at:
		if again, is := z.Again(local); is {
			end = again
		}
	}
	return end + int64(w.length.Exact/time.Second)
}

// reach yields the windows that end after from and begin before to, as seconds
// since 1970.
func (w *WindowTimes) reach(from, to int64) iter.Seq2[int64, int64] {
	return func(yield func(begin, end int64) bool) {
		walk := w.begins.walk()
		z := wall.Clockwork{Loc: w.begins.loc}
		for o, ok := walk.next(from - w.longest - 1); ok && o.at < to; o, ok = walk.next(o.at) {
			if end := w.ends(&z, o); end > max(from, o.at) && !yield(o.at, end) {
				return
			}
		}
	}
}

// Window returns the window that was compiled.
func (w *WindowTimes) Window() Window { return w.window.clone() }

// Begins returns the recurrence of its beginnings.
func (w *WindowTimes) Begins() *Recurrence { return w.begins }

// At returns the window that t lies in, the first one to begin of several, and
// false if there is none. Windows that touch are not joined: see
// [WindowTimes.Set].
func (w *WindowTimes) At(t time.Time) (calendar.Interval, bool) {
	for begin, end := range w.reach(t.Unix(), t.Unix()+1) {
		return calendar.Interval{Start: wall.Unix(begin), End: wall.Unix(end)}, true
	}
	return calendar.Interval{}, false
}

// Contains reports whether t lies in a window.
func (w *WindowTimes) Contains(t time.Time) bool {
	_, in := w.At(t)
	return in
}

// Next returns the first window to begin after t, and false if there is none.
func (w *WindowTimes) Next(t time.Time) (calendar.Interval, bool) {
	walk := w.begins.walk()
	z := wall.Clockwork{Loc: w.begins.loc}
	for o, ok := walk.next(t.Unix()); ok; o, ok = walk.next(o.at) {
		if end := w.ends(&z, o); end > o.at {
			return calendar.Interval{Start: wall.Unix(o.at), End: wall.Unix(end)}, true
		}
	}
	return calendar.Interval{}, false
}

// Overlapping yields the windows that share an instant with the interval, each
// whole, in the order in which they begin.
func (w *WindowTimes) Overlapping(iv calendar.Interval) iter.Seq[calendar.Interval] {
	return func(yield func(calendar.Interval) bool) {
		if iv.Empty() {
			return
		}
		for begin, end := range w.reach(iv.Start.Unix(), before(iv.End)+1) {
			if !yield(calendar.Interval{Start: wall.Unix(begin), End: wall.Unix(end)}) {
				return
			}
		}
	}
}

// Set returns the instants of the interval that lie in a window. Windows that
// overlap or touch are joined, so an interval of it says since when and until
// when it is open without a gap.
func (w *WindowTimes) Set(within calendar.Interval) calendar.Set {
	var list []calendar.Interval
	for iv := range w.Overlapping(within) {
		list = append(list, iv)
	}
	return calendar.SetOf(list...).Clip(within)
}
