package patch

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// World tells what gates ask of the rest of the house.
type World interface {
	// Incidents returns the incidents that are open on services.
	Incidents(ctx context.Context, services []servicecoin.ServiceID) ([]servicecoin.IncidentID, error)
	// Stand says how the targets of a job that are done stand to the advisories of its
	// cycle, by what was seen of them since they were done. A target that is not in the
	// answer was not seen.
	Stand(ctx context.Context, c Cycle, j Job) (map[servicecoin.ConfigurationID]Condition, error)
}

// CycleOptions are what a host may set for cycles.
type CycleOptions struct {
	// World is asked by gates; nil: no incident is known of, and nothing was seen.
	World World
}

// Cycles is where targets are patched ring by ring: over a view of the provider's
// partition. Every changing verb asks Authorize, applies the rule at the store's time,
// and records an event in the same commit.
type Cycles struct {
	view store.View
	o    CycleOptions
}

// NewCycles returns the cycles of a view of the provider's partition; of another one, the
// first call says so. A nil o means defaults.
func NewCycles(view store.View, o *CycleOptions) *Cycles {
	n := &Cycles{view: view.OfProvider("cycles of patches")}
	if o != nil {
		n.o = *o
	}
	return n
}

// On returns the same cycles over another view.
func (n *Cycles) On(view store.View) *Cycles { return NewCycles(view, &n.o) }

// Begin opens the first ring. If targets are missed, the reason says why it begins all
// the same.
func (n *Cycles) Begin(ctx context.Context, by servicecoin.Actor, id CycleID, reason string) (Cycle, error) {
	return n.verb(ctx, by, id, VerbBegin, EventCycleBegun, func(c *Cycle, at time.Time) error { return c.Begin(by, at, reason) })
}

// Halt stops it: nothing more is begun until a person resumes it.
func (n *Cycles) Halt(ctx context.Context, by servicecoin.Actor, id CycleID, reason string) (Cycle, error) {
	return n.verb(ctx, by, id, VerbHalt, EventHalted, func(c *Cycle, at time.Time) error { return c.Halt(by, at, reason) })
}

// Resume lets it go on where it was halted. What failed until now, and the incidents that
// are open on the services of the ring, halt it no more.
func (n *Cycles) Resume(ctx context.Context, by servicecoin.Actor, id CycleID, reason string) (Cycle, error) {
	if err := n.view.Ask(ctx, by, VerbResume, CycleRecord, string(id)); err != nil {
		return Cycle{}, err
	}
	c, err := n.Get(ctx, id)
	if err != nil {
		return Cycle{}, err
	}
	facts, err := n.Facts(ctx, c)
	if err != nil {
		return Cycle{}, err
	}
	return n.change(ctx, id, func(c *Cycle) ([]string, error) {
		return []string{EventResumed}, c.Resume(by, n.view.Now(), reason, facts.Incidents...)
	}, by)
}

// GoAhead says that the next ring may begin.
func (n *Cycles) GoAhead(ctx context.Context, by servicecoin.Actor, id CycleID, reason string) (Cycle, error) {
	return n.verb(ctx, by, id, VerbGoAhead, EventGoAhead, func(c *Cycle, at time.Time) error { return c.GoAhead(by, at, reason) })
}

// Cancel says that nothing more is begun.
func (n *Cycles) Cancel(ctx context.Context, by servicecoin.Actor, id CycleID, reason string) (Cycle, error) {
	return n.verb(ctx, by, id, VerbCancel, EventCancelled, func(c *Cycle, at time.Time) error { return c.Cancel(by, at, reason) })
}

func (n *Cycles) verb(ctx context.Context, by servicecoin.Actor, id CycleID, verb, event string, rule func(c *Cycle, at time.Time) error) (Cycle, error) {
	if err := n.view.Ask(ctx, by, verb, CycleRecord, string(id)); err != nil {
		return Cycle{}, err
	}
	at := n.view.Now()
	return n.change(ctx, id, func(c *Cycle) ([]string, error) { return []string{event}, rule(c, at) }, by)
}

// change changes a cycle, and records the events that a rule names.
func (n *Cycles) change(ctx context.Context, id CycleID, rule func(c *Cycle) ([]string, error), by servicecoin.Actor) (Cycle, error) {
	return store.Of(n.view, cycles).Update(ctx, string(id), func(c *Cycle) ([]store.Event, error) {
		names, err := rule(c)
		if err != nil {
			return nil, err
		}
		return cycleEvents(by, c, names...)
	})
}

func cycleEvents(by servicecoin.Actor, c *Cycle, names ...string) ([]store.Event, error) {
	var events []store.Event
	for _, name := range names {
		e, err := cycleHappened(by, name, c)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

func cycleHappened(by servicecoin.Actor, name string, c *Cycle) (store.Event, error) {
	return store.Happened(by, name, CycleChanged{Cycle: c.ID, Edition: c.Edition, State: c.State, Ring: c.Ring, Advisories: c.Advisories})
}
