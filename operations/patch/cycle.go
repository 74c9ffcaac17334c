package patch

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// CycleID names a cycle.
type CycleID string

// CycleState is where a cycle stands.
type CycleState string

// The states of cycles.
const (
	CyclePlanned   CycleState = "planned"
	CycleRunning   CycleState = "running"
	CycleHalted    CycleState = "halted"    // a gate failed, or a person stopped it
	CycleFinished  CycleState = "finished"  // the gate of its last ring held
	CycleCancelled CycleState = "cancelled" // nothing more is begun
)

// RingState is where a ring stands.
type RingState string

// The states of rings.
const (
	RingWaiting RingState = "waiting" // for the one before it
	RingOpen    RingState = "open"    // its targets are patched
	RingSoaking RingState = "soaking" // all of them are settled, and it is waited
	RingPassed  RingState = "passed"  // its gate held
)

// Progress is how far a ring is.
type Progress struct {
	State     RingState `json:"state"`
	OpenedAt  time.Time `json:"openedAt,omitzero"`
	SettledAt time.Time `json:"settledAt,omitzero"` // when the last of its targets was settled
	PassedAt  time.Time `json:"passedAt,omitzero"`
	Failed    int       `json:"failed"`            // targets that failed or were put back
	Forgiven  int       `json:"forgiven"`          // of them, when a person resumed it
	Waiting   []string  `json:"waiting,omitempty"` // for what it waits, besides time
	// GoAheadBy said go, GoAheadAt when.
	GoAheadBy servicecoin.PersonID `json:"goAheadBy,omitempty"`
	GoAheadAt time.Time            `json:"goAheadAt,omitzero"`
	// Known are incidents that were open when a person resumed it: they halt it no more.
	Known []servicecoin.IncidentID `json:"known,omitempty"`
}

// Cycle is one time that targets are patched, ring by ring.
type Cycle struct {
	ID CycleID `json:"id"`
	Terms

	State   CycleState `json:"state"`
	Edition int        `json:"edition"` // of its plan, from 1
	Ring    int        `json:"ring"`    // the one that it has come to
	// Plan is when each ring was to be patched, Progress how far it is.
	Plan     []RingPlan `json:"plan"`
	Progress []Progress `json:"progress"`
	Targets  int        `json:"targets"`
	Missed   int        `json:"missed"` // targets without a slot before their deadline
	Halted   string     `json:"halted,omitempty"`

	PlannedBy servicecoin.PersonID `json:"plannedBy,omitempty"`
	PlannedAt time.Time            `json:"plannedAt"`
	BegunAt   time.Time            `json:"begunAt,omitzero"`
	EndedAt   time.Time            `json:"endedAt,omitzero"`

	History []lifecycle.Entry[CycleState] `json:"history"`
}

// The verbs of cycles.
const (
	VerbPlan    = "cycle.plan"
	VerbReplan  = "cycle.replan"
	VerbBegin   = "cycle.begin"
	VerbHalt    = "cycle.halt"
	VerbResume  = "cycle.resume"
	VerbGoAhead = "cycle.goAhead"
	VerbAdvance = "cycle.advance"
	VerbCancel  = "cycle.cancel"
	VerbReport  = "cycle.report" // of a target
	VerbBind    = "cycle.bind"   // a job to its change

	verbFinish = "cycle.finish" // what advancing does to the last ring
)

// CycleTransitions returns the whole table of cycles. All other verbs keep the state.
func CycleTransitions() []lifecycle.Transition[CycleState] {
	return []lifecycle.Transition[CycleState]{
		lifecycle.Allow("", VerbPlan, CyclePlanned),
		lifecycle.Allow(CyclePlanned, VerbReplan, CyclePlanned),
		lifecycle.Allow(CycleRunning, VerbReplan, CycleRunning, "targets that are begun stay as they are"),
		lifecycle.Allow(CycleHalted, VerbReplan, CycleHalted, "targets that are begun stay as they are"),
		lifecycle.Allow(CyclePlanned, VerbBegin, CycleRunning, "who is missed is accepted with a reason"),
		lifecycle.Allow(CycleRunning, VerbGoAhead, CycleRunning, "by a person, of a ring whose gate asks for it"),
		lifecycle.Allow(CycleRunning, VerbHalt, CycleHalted),
		lifecycle.Allow(CycleHalted, VerbResume, CycleRunning, "by a person, with a reason"),
		lifecycle.Allow(CycleRunning, verbFinish, CycleFinished, "the gate of the last ring holds"),
		lifecycle.Allow(CyclePlanned, VerbCancel, CycleCancelled),
		lifecycle.Allow(CycleRunning, VerbCancel, CycleCancelled),
		lifecycle.Allow(CycleHalted, VerbCancel, CycleCancelled),
	}
}

const (
	maxCycleHistory = 400
	maxKnown        = 100
	// maxCycle leaves room in the record for its end: a halt and a cancellation whose reasons
	// are as long as they may be, in letters of which each takes six bytes in JSON.
	maxCycle = 128 << 10
	// maxLacks is how much of what the pilot lacks is kept: that may be a value of each target.
	maxLacks = 100
)

// newCycle returns a cycle whose plan was made.
func newCycle(by servicecoin.Actor, at time.Time, id CycleID, t Terms, p Plan) (Cycle, error) {
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		v.ID("id", string(id))
		t.validate(v)
	})
	if err != nil {
		return Cycle{}, err
	}
	c := Cycle{ID: id, Terms: t, State: CyclePlanned, Edition: 1, PlannedAt: at, History: []lifecycle.Entry[CycleState]{{At: at, By: by, Verb: VerbPlan, To: CyclePlanned, Text: t.Why}}}
	if by.Kind == servicecoin.Human {
		c.PlannedBy = by.ID
	}
	c.planned(p)
	c.Progress = make([]Progress, len(t.Rings))
	for n := range c.Progress {
		c.Progress[n].State = RingWaiting
	}
	if err := c.room(); err != nil {
		return Cycle{}, err
	}
	return c, nil
}

func (c *Cycle) planned(p Plan) {
	c.Plan, c.Missed, c.Targets = p.Rings, len(p.Missed), 0
	c.Plan = slices.Clone(c.Plan)
	for k, r := range p.Rings {
		c.Targets += r.Targets
		if more := len(r.Lacks) - maxLacks; more > 0 {
			c.Plan[k].Lacks = append(slices.Clone(r.Lacks[:maxLacks]), fmt.Sprintf("and %d more", more))
		}
	}
	for _, m := range p.Missed {
		if m.Ring < 0 {
			c.Targets++
		}
	}
}

func (c *Cycle) life() lifecycle.Record[CycleState] {
	r := lifecycle.Record[CycleState]{Key: CycleKey(c.ID), State: c.State, Table: CycleTransitions()}
	if n := len(c.History); n > 0 {
		r.Since = c.History[n-1].At
	}
	return r
}

// CycleKey returns the key of a cycle.
func CycleKey(id CycleID) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: CycleRecord, ID: string(id)}
}

func (c *Cycle) room() error {
	var v servicecoin.Violations
	v.Limit("history", len(c.History), maxCycleHistory)
	lifecycle.Room(&v, "", c, maxCycle)
	return v.Err()
}

// move changes the state; a guard says why not, and do what else changes.
func (c *Cycle) move(by servicecoin.Actor, at time.Time, verb, text string, check func(v *servicecoin.Violations), guard func(at time.Time) string, do func(c *Cycle, at time.Time)) error {
	e, err := c.life().Move(by, at, verb, text, check)
	if err != nil {
		return err
	}
	if guard != nil {
		if why := guard(e.At); why != "" {
			return c.life().Refuse(verb, e.To, why)
		}
	}
	next := *c
	next.State, next.History, next.Progress = e.To, append(slices.Clone(c.History), e), slices.Clone(c.Progress)
	if do != nil {
		do(&next, e.At)
	}
	if ends := e.To == CycleCancelled || e.To == CycleHalted || e.To == CycleFinished; !ends {
		if err := next.room(); err != nil {
			return err
		}
	}
	*c = next
	return nil
}

func person(by servicecoin.Actor) func(v *servicecoin.Violations) {
	return func(v *servicecoin.Violations) {
		if by.Kind != servicecoin.Human {
			v.Add("by.kind", "not-a-person", string(by.Kind), "a person says so")
		}
	}
}

func both(checks ...func(v *servicecoin.Violations)) func(v *servicecoin.Violations) {
	return func(v *servicecoin.Violations) {
		for _, check := range checks {
			check(v)
		}
	}
}

// Begin opens the first ring. If targets are missed, the reason says why it begins all
// the same.
func (c *Cycle) Begin(by servicecoin.Actor, at time.Time, reason string) error {
	return c.move(by, at, VerbBegin, reason, lifecycle.Maybe(reason, maxText), func(time.Time) string {
		switch {
		case c.Missed > 0 && reason == "":
			return fmt.Sprintf("%d of %d targets have no slot before their deadline: say why it begins all the same", c.Missed, c.Targets)
		case c.placed() == 0:
			return "no target has a slot"
		}
		return ""
	}, func(c *Cycle, at time.Time) {
		c.BegunAt = at
		c.Progress[0] = Progress{State: RingOpen, OpenedAt: at}
	})
}

func (c *Cycle) placed() int {
	n := 0
	for _, r := range c.Plan {
		n += r.Placed
	}
	return n
}

// Halt stops it: nothing more is begun until a person resumes it.
func (c *Cycle) Halt(by servicecoin.Actor, at time.Time, reason string) error {
	return c.move(by, at, VerbHalt, reason, lifecycle.Because(reason, maxText), nil, func(c *Cycle, _ time.Time) { c.Halted = clip(reason) })
}

// Resume lets it go on where it was halted: what failed until now, and which incidents are
// open, halts it no more.
func (c *Cycle) Resume(by servicecoin.Actor, at time.Time, reason string, known ...servicecoin.IncidentID) error {
	return c.move(by, at, VerbResume, reason, both(lifecycle.Because(reason, maxText), person(by), func(v *servicecoin.Violations) {
		v.Limit("known", len(known), maxKnown)
	}), nil, func(c *Cycle, _ time.Time) {
		c.Halted = ""
		for k := range c.Progress {
			c.Progress[k].Forgiven = c.Progress[k].Failed // of rings that passed, too: what is done may turn out to have failed
		}
		p := &c.Progress[c.Ring]
		p.Known = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(p.Known), known...))))
		p.Known = p.Known[max(0, len(p.Known)-maxKnown):]
	})
}

// GoAhead says that the next ring may begin.
func (c *Cycle) GoAhead(by servicecoin.Actor, at time.Time, reason string) error {
	return c.move(by, at, VerbGoAhead, reason, both(lifecycle.Because(reason, maxText), person(by)), func(time.Time) string {
		switch p := c.Progress[c.Ring]; {
		case !c.Rings[c.Ring].Gate.GoAhead:
			return "ring " + strconv.Quote(c.Rings[c.Ring].Name) + " waits for nobody's word"
		case p.GoAheadBy != "":
			return string(p.GoAheadBy) + " said go at " + lifecycle.Stamp(p.GoAheadAt)
		}
		return ""
	}, func(c *Cycle, at time.Time) {
		p := &c.Progress[c.Ring]
		p.GoAheadBy, p.GoAheadAt = by.ID, at
	})
}

// Cancel says that nothing more is begun.
func (c *Cycle) Cancel(by servicecoin.Actor, at time.Time, reason string) error {
	return c.move(by, at, VerbCancel, reason, lifecycle.Because(reason, maxText), nil, func(c *Cycle, at time.Time) { c.EndedAt = at })
}

// Replan takes another plan for what is not begun. That the cycle is planned anew is no
// reason to resume it.
func (c *Cycle) replan(by servicecoin.Actor, at time.Time, reason string, p Plan) error {
	return c.move(by, at, VerbReplan, reason, lifecycle.Because(reason, maxText), nil, func(c *Cycle, _ time.Time) {
		c.Edition++
		c.planned(p)
	})
}

// fail counts a target of a ring that failed or was put back, and halts the cycle when
// that are more than the gate of the ring allows.
func (c *Cycle) fail(by servicecoin.Actor, at time.Time, ring int, why string) error {
	next := *c
	next.Progress = slices.Clone(c.Progress)
	next.Progress[ring].Failed++
	p := next.Progress[ring]
	if most := c.Rings[ring].Gate.MaxFailures; c.State == CycleRunning && p.Failed-p.Forgiven > most {
		reason := fmt.Sprintf("ring %q: %d failed, its gate allows %d", c.Rings[ring].Name, p.Failed-p.Forgiven, most)
		if err := next.Halt(by, at, reason); err != nil {
			return err
		}
		next.Halted += "; the last: " + clip(why) // which target it was, the history does not keep
	}
	*c = next
	return nil
}

func clip(text string) string {
	const most = 400
	r := []rune(text)
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
