package runbook

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// The names of events. They are API; the data of those of books is a [BookChanged],
// of those of runs a [RunChanged], of actions an [ActionAsked].
const (
	EventDrafted    = "runbook.drafted"
	EventEdited     = "runbook.edited"
	EventPublished  = "runbook.published"
	EventSuperseded = "runbook.superseded"
	EventReviewed   = "runbook.reviewed"
	EventWithdrawn  = "runbook.withdrawn"
	EventDiscarded  = "runbook.discarded"

	EventStarted    = "run.started"
	EventBegun      = "run.begun" // a step was
	EventFinished   = "run.finished"
	EventAnswered   = "run.answered"
	EventMeasured   = "run.measured"
	EventApproved   = "run.approved" // or refused: see the state of the step
	EventSkipped    = "run.skipped"
	EventRetried    = "run.retried"
	EventReported   = "run.reported"
	EventLapsed     = "run.lapsed"
	EventNoted      = "run.noted"
	EventHandedOver = "run.handedOver"
	EventPaused     = "run.paused"
	EventResumed    = "run.resumed"
	EventAborting   = "run.aborting"
	EventErased     = "run.erased"
	// EventEnded comes beside the event of the verb that ended the run; its count and
	// head are those of the whole chain.
	EventEnded = "run.ended"

	// EventActionRequested asks for an attempt of an action: [Runs.Carry] answers it.
	EventActionRequested = "run.actionRequested"
	// EventActionCancelled says that attempts are not waited for any more:
	// [Runs.CarryCancel] answers it.
	EventActionCancelled = "run.actionCancelled"
)

// BookChanged is the data of a book's event.
type BookChanged struct {
	Book     servicecoin.RunbookID   `json:"book"`
	Version  int                     `json:"version"`
	State    BookState               `json:"state"`
	Scenario Scenario                `json:"scenario"`
	Services []servicecoin.ServiceID `json:"services,omitempty"`
}

// RunChanged is the data of a run's event. Nothing that people wrote is in it.
type RunChanged struct {
	Run      RunID                   `json:"run"`
	Book     servicecoin.RunbookID   `json:"book"`
	Version  int                     `json:"version"`
	State    RunState                `json:"state"`
	Step     StepID                  `json:"step,omitempty"`      // which the verb was about
	To       StepState               `json:"stepState,omitempty"` // what it has come to
	Drill    bool                    `json:"drill,omitempty"`
	Change   servicecoin.ChangeID    `json:"change,omitempty"`
	Services []servicecoin.ServiceID `json:"services,omitempty"`
	Count    int                     `json:"count"` // entries of the chain, with the one of this event
	Head     string                  `json:"head"`  // digest of the last one
}

// ActionAsked is the data of the events that ask the host for something.
type ActionAsked struct {
	Run   RunID    `json:"run"`
	Tasks []Wanted `json:"tasks"` // one, where an action is requested
}

// Wanted is an attempt of a step's action.
type Wanted struct {
	Step    StepID    `json:"step"`
	Attempt int       `json:"attempt"`
	Until   time.Time `json:"until,omitzero"` // when it is late
}

//nolint:gochecknoglobals // a constant in all but name
var eventsOfVerbs = map[string]string{
	VerbStart: EventStarted, VerbBegin: EventBegun, VerbFinish: EventFinished, VerbAnswer: EventAnswered, VerbMeasure: EventMeasured,
	VerbApprove: EventApproved, VerbSkip: EventSkipped, VerbRetry: EventRetried, VerbReport: EventReported, VerbLapse: EventLapsed,
	VerbNote: EventNoted, VerbHandOver: EventHandedOver, VerbPause: EventPaused, VerbResume: EventResumed, VerbAbort: EventAborting,
	VerbSucceed: EventEnded, VerbFail: EventEnded,
}

func bookHappened(by servicecoin.Actor, name string, b Book) (store.Event, error) {
	return store.Happened(by, name, BookChanged{Book: b.ID, Version: b.Version, State: b.State, Scenario: b.Scenario, Services: b.Services})
}

// happened tells what a verb did to a run: the event of the verb, that of its end,
// and what is asked of the host.
func happened(by servicecoin.Actor, verb string, step StepID, before, after *Run) ([]store.Event, error) {
	c := RunChanged{
		Run: after.ID, Book: after.Book, Version: after.Version, State: after.State, Step: step,
		Drill: after.Drill, Change: after.Change, Services: after.Services, Count: after.Count, Head: after.Head,
	}
	if s := after.find(step); s != nil {
		c.To = s.State
	}
	names := []string{eventsOfVerbs[verb]}
	if after.State.Terminal() && names[0] != EventEnded {
		names = append(names, EventEnded)
	}
	var list []store.Event
	for _, name := range names {
		e, err := store.Happened(by, name, c)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	requested, cancelled := asked(before, after)
	for _, ask := range []struct {
		name  string
		tasks []Wanted
	}{{EventActionRequested, requested}, {EventActionCancelled, cancelled}} {
		if len(ask.tasks) == 0 {
			continue
		}
		e, err := store.Happened(by, ask.name, ActionAsked{Run: after.ID, Tasks: ask.tasks})
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// asked compares what was asked of the host before and after a verb.
func asked(before, after *Run) (requested, cancelled []Wanted) {
	waited := func(s *Status) bool { return s.State == StepRequested || s.State == StepLate }
	pairs := func(old, now []Status) {
		for n := range now {
			s, was := &now[n], new(Status)
			if n < len(old) {
				was = &old[n]
			}
			if waited(s) && (!waited(was) || was.Attempt != s.Attempt) {
				requested = append(requested, Wanted{Step: s.ID, Attempt: s.Attempt, Until: s.Due})
			}
			heard := len(s.Heard) > 0 && s.Heard[len(s.Heard)-1] >= was.Attempt
			if waited(was) && !heard && (!waited(s) || was.Attempt != s.Attempt) {
				cancelled = append(cancelled, Wanted{Step: s.ID, Attempt: was.Attempt})
			}
		}
	}
	pairs(before.Steps, after.Steps)
	pairs(before.Undo, after.Undo)
	return requested, cancelled
}
