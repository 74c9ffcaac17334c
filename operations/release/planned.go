package release

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Planned is a day that was promised, and what became of it. The first promise stays: moves
// are added to it.
type Planned struct { //nolint:recvcheck // a value, but while it is changed
	// First is the day that was promised first; zero: none was, as of a fix that nobody had
	// planned.
	First   calendar.Date `json:"first,omitzero"`
	FirstAt time.Time     `json:"firstAt,omitzero"` // when it was promised
	Target  calendar.Date `json:"target,omitzero"`  // as it is promised now
	Moves   []Move        `json:"moves,omitempty"`
	// Done is the real day.
	Done    calendar.Date `json:"done,omitzero"`
	Skipped *Skip         `json:"skipped,omitempty"`
}

// Move is that a promised day became another one.
type Move struct {
	From calendar.Date     `json:"from"`
	To   calendar.Date     `json:"to"`
	At   time.Time         `json:"at"` // when it was announced
	By   servicecoin.Actor `json:"by"`
	Why  string            `json:"why"`
}

// Skip says that what was promised does not come any more.
type Skip struct {
	At  time.Time         `json:"at"`
	By  servicecoin.Actor `json:"by"`
	Why string            `json:"why"`
}

const maxMoves = 200

// Outcome is what became of a promised day.
type Outcome string

// The outcomes.
const (
	WasKept       Outcome = "kept"       // on the day that was promised first, or before
	WasLate       Outcome = "late"       // after it
	WasSkipped    Outcome = "skipped"    // it does not come
	IsOverdue     Outcome = "overdue"    // the day has passed, and it is not there
	IsDue         Outcome = "due"        // the day has not passed
	WasUnpromised Outcome = "unpromised" // it came, and no day had been promised
)

// Outcome returns what became of it by a day. The first promise counts, whatever it was
// moved to: what was promised and skipped was not kept.
func (p Planned) Outcome(on calendar.Date) Outcome {
	switch {
	case p.First.IsZero():
		return WasUnpromised
	case !p.Done.IsZero() && p.Done.Compare(p.First) <= 0:
		return WasKept
	case !p.Done.IsZero():
		return WasLate
	case p.Skipped != nil:
		return WasSkipped
	case on.Compare(p.First) > 0:
		return IsOverdue
	}
	return IsDue
}

// Late returns how many days after the first promise it came; what has not come counts up
// to the day that is asked for. It is negative for what came early, and zero for what was
// skipped or not promised.
func (p Planned) Late(on calendar.Date) int {
	switch p.Outcome(on) {
	case WasKept, WasLate:
		return days(p.First, p.Done)
	case IsOverdue:
		return days(p.First, on)
	case WasSkipped, IsDue, WasUnpromised:
	}
	return 0
}

// over says why nothing of it can be changed any more; "" while it can.
func (p Planned) over() string {
	switch {
	case !p.Done.IsZero():
		return "it came on " + p.Done.String()
	case p.Skipped != nil:
		return "it was skipped at " + lifecycle.Stamp(p.Skipped.At)
	}
	return ""
}

// last is when it was changed last.
func (p Planned) last() time.Time {
	at := p.FirstAt
	if n := len(p.Moves); n > 0 {
		at = p.Moves[n-1].At
	}
	return at
}

// promise promises a day for the first time.
func (p *Planned) promise(at time.Time, day calendar.Date) {
	p.First, p.FirstAt, p.Target = day, at, day
}

// move promises another day.
func (p *Planned) move(by servicecoin.Actor, at time.Time, to calendar.Date, why string) {
	p.Moves = append(slices.Clone(p.Moves), Move{From: p.Target, To: to, At: at, By: by, Why: why})
	p.Target = to
}

func (p Planned) validate(v *servicecoin.Violations, path string) {
	for name, d := range map[string]calendar.Date{"first": p.First, "target": p.Target, "done": p.Done} {
		if !d.IsZero() {
			v.Merge(join(path, name), d.Validate())
		}
	}
	if !p.First.IsZero() {
		v.Time(join(path, "firstAt"), p.FirstAt)
	}
	if p.First.IsZero() && len(p.Moves) > 0 {
		v.Add(join(path, "moves"), "out-of-range", "", "what was not promised cannot be moved")
	}
	if p.First.IsZero() && p.Done.IsZero() && p.Skipped == nil {
		v.Add(join(path, "first"), "required", "", "say which day is promised")
	}
	if p.Skipped != nil {
		if !p.Done.IsZero() {
			v.Add(join(path, "skipped"), "out-of-range", "", "what came was not skipped")
		}
		v.Time(join(path, "skipped.at"), p.Skipped.At)
		v.Text(join(path, "skipped.why"), p.Skipped.Why, 1, maxReason)
	}
	if !v.Limit(join(path, "moves"), len(p.Moves), maxMoves) {
		return
	}
	from, since := p.First, p.FirstAt
	for n, m := range p.Moves {
		at := fmt.Sprintf("%s[%d]", join(path, "moves"), n)
		v.Merge(at+".to", m.To.Validate())
		v.Time(at+".at", m.At)
		v.Text(at+".why", m.Why, 1, maxReason)
		if m.From != from {
			v.Add(at+".from", "out-of-order", m.From.String(), "must be "+from.String()+", which it was before")
		}
		if m.At.Before(since) {
			v.Add(at+".at", "out-of-order", lifecycle.Stamp(m.At), "must not be before "+lifecycle.Stamp(since))
		}
		from, since = m.To, m.At
	}
	if p.Target != from {
		v.Add(join(path, "target"), "out-of-range", p.Target.String(), "must be "+from.String()+", where it was moved last")
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Milestone is a promised day of a line that is no version: a freeze, a review, the end of
// a migration.
type Milestone struct {
	Platform PlatformID `json:"platform"`
	Line     string     `json:"line"`
	Name     string     `json:"name"`
	Planned

	ChangedAt time.Time `json:"changedAt"`
}

// Validate reports every violation.
func (m Milestone) Validate() error {
	var v servicecoin.Violations
	v.ID("platform", string(m.Platform))
	v.Text("line", m.Line, 1, maxName)
	v.Text("name", m.Name, 1, maxName)
	m.validate(&v, "")
	if v.Len() == 0 {
		lifecycle.Room(&v, "", m, maxBody)
	}
	return v.Err()
}
