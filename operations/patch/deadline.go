package patch

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Clock says what starts the time that there is to patch.
type Clock string

// The clocks.
const (
	FromPublished Clock = "published" // by its source; when it was imported where that is not known
	FromImported  Clock = "imported"
	FromConfirmed Clock = "confirmed" // when somebody said that it concerns us; no deadline before
)

// Policy says by when a flaw is mended: the promise of a critical-fix window is one.
type Policy struct {
	Name  string `json:"name"`
	Clock Clock  `json:"clock,omitempty"` // "": published
	Rules []Rule `json:"rules"`           // the first that fits decides; none: no deadline but those of sources
	// Exploited is the most that there is once it is known here that the flaw is exploited,
	// counted from then; the zero value: that shortens nothing.
	Exploited Window `json:"exploited,omitzero"`
	// OnList says whether the last days that sources give hold, too: the earliest of all.
	OnList bool `json:"onList,omitempty"`
}

// Rule is the time that there is for flaws of a severity and worse.
type Rule struct {
	AtLeast Severity `json:"atLeast"`
	Within  Window   `json:"within"`
}

// Window is how much time there is: by the clock, or in working time. It is one of both.
type Window struct {
	Clock   calendar.Duration `json:"clock,omitzero"`
	Working hours.Allowance   `json:"working,omitzero"`
}

// Clocked is a window by the clock.
func Clocked(d time.Duration) Window { return Window{Clock: calendar.Within(d)} }

// Worked is a window in working time.
func Worked(a hours.Allowance) Window { return Window{Working: a} }

func (w Window) none() bool { return !w.Clock.Defined() && w.Working == (hours.Allowance{}) }

// maxWindow is how long a window by the clock may be.
const maxWindow = 10 * 366 * 24 * time.Hour

func (w Window) validate(v *servicecoin.Violations, path string) {
	switch d, clock := w.Clock.Get(); {
	case w.none():
		v.Add(path, "required", "", "say how long: by the clock, or in working time")
	case clock && w.Working != (hours.Allowance{}):
		v.Add(path, "unexpected", w.String(), "must be by the clock or in working time, not both")
	case clock && (d <= 0 || d > maxWindow):
		v.Add(path+".clock", "out-of-range", w.Clock.String(), "must be longer than nothing, and ten years at most")
	case !clock:
		v.Merge(path+".working", w.Working.Validate())
	}
}

// due returns when the window that opens at start is over.
func (w Window) due(tt *hours.Timetable, start time.Time) (time.Time, error) {
	if d, clock := w.Clock.Get(); clock {
		return start.Add(d), nil
	}
	return w.Working.Due(tt, start)
}

// String returns the window as people say it.
func (w Window) String() string {
	if d, clock := w.Clock.Get(); clock {
		return hours.WorkingTime(d).String() + " by the clock"
	}
	return w.Working.String()
}

const maxRules = 50

// Validate reports every violation.
func (p Policy) Validate() error {
	var v servicecoin.Violations
	v.Text("name", p.Name, 1, maxTitle)
	if !slices.Contains([]Clock{"", FromPublished, FromImported, FromConfirmed}, p.Clock) {
		v.Add("clock", "unknown", string(p.Clock), "must be published, imported or confirmed")
	}
	if v.Limit("rules", len(p.Rules), maxRules) {
		for n, r := range p.Rules {
			if !slices.Contains(Severities(), r.AtLeast) {
				v.Add(fmt.Sprintf("rules[%d].atLeast", n), "unknown", string(r.AtLeast), "must be unknown, none, low, medium, high or critical")
			}
			r.Within.validate(&v, fmt.Sprintf("rules[%d].within", n))
		}
	}
	if !p.Exploited.none() {
		p.Exploited.validate(&v, "exploited")
	}
	return v.Err()
}

// Deadline is by when a flaw is to be mended, and why then.
type Deadline struct {
	At  time.Time `json:"at,omitzero"` // zero: there is none
	Why string    `json:"why"`         // which rule, or which list
}

// Deadline returns by when an advisory is to be mended: the earliest that the rule of its
// severity, what is known of its being exploited, and the lists of its sources say. Time is
// counted by the timetable, and the last day of a list ends in its zone. A superseded or
// withdrawn advisory has no deadline.
func (p Policy) Deadline(a *Advisory, tt *hours.Timetable, loc *time.Location) (Deadline, error) {
	switch {
	case a.Withdrawn():
		return Deadline{Why: "it was withdrawn"}, nil
	case a.SupersededBy != "":
		return Deadline{Why: "it is superseded by " + string(a.SupersededBy)}, nil
	}
	var best Deadline
	earliest := func(at time.Time, why string) {
		if best.At.IsZero() || at.Before(best.At) {
			best = Deadline{At: at, Why: why}
		}
	}
	severity := a.Severity()
	start, from := p.start(a)
	for _, r := range p.Rules {
		if !severity.AtLeast(r.AtLeast) {
			continue
		}
		if !start.IsZero() {
			at, err := r.Within.due(tt, start)
			if err != nil {
				return Deadline{}, fmt.Errorf("deadline of %s: %w", a.ID, err)
			}
			earliest(at, fmt.Sprintf("%s within %s, %s %s", severity, r.Within, from, lifecycle.Stamp(start)))
		}
		break
	}
	if !p.Exploited.none() && !a.ExploitedKnownAt.IsZero() {
		at, err := p.Exploited.due(tt, a.ExploitedKnownAt)
		if err != nil {
			return Deadline{}, fmt.Errorf("deadline of %s: %w", a.ID, err)
		}
		earliest(at, fmt.Sprintf("exploited: within %s, known since %s", p.Exploited, lifecycle.Stamp(a.ExploitedKnownAt)))
	}
	if p.OnList {
		for _, b := range a.standing() {
			if !b.Due.IsZero() {
				earliest(dayEnd(b.Due, loc), fmt.Sprintf("%s gives %s as the last day", strings.ToUpper(b.Source), b.Due))
			}
		}
	}
	if best.At.IsZero() {
		best.Why = "no rule of policy " + p.Name + " gives one"
		if p.Clock == FromConfirmed && a.ConfirmedAt.IsZero() {
			best.Why = "nobody has confirmed that it concerns us"
		}
	}
	return best, nil
}

func dayEnd(d calendar.Date, loc *time.Location) time.Time { return d.In(loc).End }

// KnownAt returns when the time to mend a flaw begins, zero where it has not.
func (p Policy) KnownAt(a *Advisory) time.Time {
	at, _ := p.start(a)
	return at
}

// start returns when the clock of the policy starts, and what that is called.
func (p Policy) start(a *Advisory) (time.Time, string) {
	switch p.Clock {
	case FromConfirmed:
		return a.ConfirmedAt, "confirmed at"
	case FromImported:
		return a.ImportedAt, "imported at"
	case FromPublished, "":
	}
	if at := a.Published(); !at.IsZero() {
		return at, "published at"
	}
	return a.ImportedAt, "imported at"
}
