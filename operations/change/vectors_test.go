package change_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/operations/change"
)

// machine maps one of theirs onto ours: for each of their states the steps of ours
// that lead there from a draft, for each of their events the steps that it is. An
// event that theirs does not have, and a state that theirs never reaches, has no
// counterpart, and the reason stands there.
type machine struct {
	kind   change.Kind
	states map[string][]string
	events map[string][]string
	none   map[string]string
}

const never = "is in the list of its states, and no transition leads there"

// machines are iTop's: the ITIL one of three kinds, and the simple one.
func machines() map[string]machine {
	then := func(before []string, more ...string) []string { return slices.Concat(before, more) }
	work := []string{"schedule", "start", "implement"}

	normal := machine{kind: change.Normal, states: map[string][]string{
		"new": {}, "validated": {"submit"}, "rejected": {"submit", "reject"}, "assigned": {"submit", "assign"},
	}, events: map[string][]string{
		"validate": {"submit"}, "reject": {"submit", "reject"}, "reopen": {"reopen"}, "assign": {"assign"}, "plan": {"assess"},
		"approve": {"yes"}, "notapprove": {"no"}, "replan": {"replan"}, "implement": work,
		"monitor": {"watch"}, "finish": {"close"},
	}}
	s := normal.states
	s["plannedscheduled"] = then(s["assigned"], "assess")
	s["approved"], s["notapproved"] = then(s["plannedscheduled"], "yes"), then(s["plannedscheduled"], "no")
	s["implemented"] = then(s["approved"], work...)
	s["monitored"], s["closed"] = then(s["implemented"], "watch"), then(s["implemented"], "close")

	// An emergency is assessed without being submitted: validate, reject and reopen are
	// run as those of a normal change, and refused.
	emergency := machine{kind: change.Emergency, states: map[string][]string{
		"new": {}, "assigned": {"assign"},
	}, events: map[string][]string{
		"validate": {"submit"}, "reject": {"submit", "reject"}, "reopen": {"reopen"}, "assign": {"assign"}, "plan": {"assess"},
		"approve": {"yes"}, "notapprove": {"no"}, "replan": {"replan"}, "implement": work,
		"monitor": {"watch"}, "finish": {"review", "close"},
	}, none: map[string]string{"validated": never, "rejected": never}}
	s = emergency.states
	s["plannedscheduled"] = then(s["assigned"], "assess")
	s["approved"], s["notapproved"] = then(s["plannedscheduled"], "yes"), then(s["plannedscheduled"], "no")
	s["implemented"] = then(s["approved"], work...)
	s["monitored"], s["closed"] = then(s["implemented"], "watch"), then(s["implemented"], "review", "close")

	// What is planned of a standard change is approved already, by its model.
	routine := machine{kind: change.Standard, states: map[string][]string{
		"new": {}, "assigned": {"assign"}, "plannedscheduled": {"assign", "preapprove"},
	}, events: map[string][]string{
		"validate": {"submit"}, "reject": {"submit", "reject"}, "reopen": {"reopen"}, "assign": {"assign"}, "plan": {"preapprove"},
		"approve": {"yes"}, "notapprove": {"no"}, "replan": {"replan"}, "implement": work,
		"monitor": {"watch"}, "finish": {"close"},
	}, none: map[string]string{"validated": never, "rejected": never, "approved": never, "notapproved": never}}
	s = routine.states
	s["implemented"] = then(s["plannedscheduled"], work...)
	s["monitored"], s["closed"] = then(s["implemented"], "watch"), then(s["implemented"], "close")

	// The simple one tells nothing of the work: finish is all of it.
	const bigger = "is an event of the ITIL machine: the simple one says it with another, or with finish"
	simple := machine{kind: change.Emergency, states: map[string][]string{
		"new": {}, "assigned": {"assign"}, "planned": {"assign", "assess"}, "approved": {"assign", "assess", "yes"}, "rejected": {"assign", "assess", "no"},
	}, events: map[string][]string{
		"assign": {"assign"}, "plan": {"assess"}, "approve": {"yes"}, "reject": {"no"},
		"reopen": {"replan", "withdraw"}, "finish": then(work, "review", "close"),
	}, none: map[string]string{"validate": bigger, "notapprove": bigger, "replan": bigger, "implement": bigger, "monitor": bigger}}
	simple.states["closed"] = then(simple.states["approved"], simple.events["finish"]...)

	return map[string]machine{
		"itop-change-normal": normal, "itop-change-emergency": emergency, "itop-change-routine": routine, "itop-change-simple": simple,
	}
}

// where is what tells one state of theirs from another on ours.
func where(c change.Change) string {
	return fmt.Sprintf("%s assigned=%t assessed=%t watched=%t", c.State, len(c.Implementers) > 0, c.Risk != nil, !c.WatchedUntil.IsZero() && c.State != change.Closed)
}

// in brings a change into one of their states.
func (m machine) in(t *testing.T, state string) *life {
	t.Helper()
	steps, ok := m.states[state]
	require.True(t, ok, "state %s has no counterpart, and no reason", state)
	return begin(t, m.kind).must(steps...)
}

// allowed takes an event of theirs on our machine. Why is the reason where it has no
// counterpart.
func (m machine) allowed(t *testing.T, state, event string) (to string, allowed bool, why string) {
	t.Helper()
	for _, word := range []string{state, event} {
		if why, none := m.none[word]; none {
			return "", false, word + " " + why
		}
	}
	steps, ok := m.events[event]
	require.True(t, ok, "event %s has no counterpart, and no reason", event)
	l := m.in(t, state)
	before := where(l.c)
	if l.all(steps...) != nil {
		return "", false, ""
	}
	return where(l.c), where(l.c) != before, ""
}

// tmf655 is how each of their statuses comes about.
func tmf655() map[string][]string {
	approved := []string{"submit", "assign", "assess", "yes"}
	then := func(more ...string) []string { return slices.Concat(approved, more) }
	return map[string][]string{
		"acknowledged": {}, "requestForAuthorization": {"submit"}, "waitForApproval": {"submit", "assign", "assess"},
		"approved": approved, "rejected": {"submit", "assign", "assess", "no"}, "scheduled": then("schedule"),
		"inProgress": then("schedule", "start"), "fallbackExecution": then("schedule", "start", "fallBack"),
		"failed": then("schedule", "start", "fail"), "postImplementationReview": then("schedule", "start", "implement"),
		"completed": then("schedule", "start", "implement", "close"), "cancelled": {"cancel"},
	}
}

func TestChangeMachineVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors/change_machines.json")
	require.NoError(t, err)
	var cases []struct {
		ID     string `json:"id"`
		Source string `json:"source"`
		Note   string `json:"note"`
		Kind   string `json:"kind"`
		Quirk  bool   `json:"quirk"`
		Input  struct {
			States  []string `json:"states"`
			Initial string   `json:"initial"`
			Machine string   `json:"machine"`
			State   string   `json:"state"`
			Event   string   `json:"event"`
			API     string   `json:"api"`
		} `json:"input"`
		Expect struct {
			Transitions []struct {
				Source string `json:"source"`
				Event  string `json:"event"`
				Target string `json:"target"`
			} `json:"transitions"`
			Allowed *bool    `json:"allowed"`
			Values  []string `json:"values"`
		} `json:"expect"`
	}
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	require.NoError(t, strict.Decode(&cases))
	passed, none := 0, map[string]bool{}
	for _, c := range cases {
		require.False(t, c.Quirk, c.ID)
		switch c.Kind {
		case "statemachine":
			m, ok := machines()[c.ID]
			require.True(t, ok, c.ID)
			require.Empty(t, m.states[c.Input.Initial], c.ID)
			want := map[[2]string]string{}
			for _, x := range c.Expect.Transitions {
				want[[2]string{x.Source, x.Event}] = x.Target
			}
			for _, state := range c.Input.States {
				for _, event := range slices.Sorted(maps.Keys(machines()["itop-change-normal"].events)) {
					to, allowed, why := m.allowed(t, state, event)
					target, is := want[[2]string{state, event}]
					require.Equal(t, is, allowed, "%s: %s in %s", c.ID, event, state)
					if is {
						require.Equal(t, where(m.in(t, target).c), to, "%s: %s in %s", c.ID, event, state)
					}
					if why != "" {
						none[c.ID+": "+why] = true
					}
				}
			}
		case "statemachine.probe":
			require.NotNil(t, c.Expect.Allowed, c.ID)
			m, ok := machines()[c.Input.Machine]
			require.True(t, ok, c.ID)
			_, allowed, _ := m.allowed(t, c.Input.State, c.Input.Event)
			require.Equal(t, *c.Expect.Allowed, allowed, c.ID)
		case "status.vocabulary":
			for _, status := range c.Expect.Values {
				steps, ok := tmf655()[status]
				require.True(t, ok, "%s has no counterpart", status)
				l := begin(t, change.Normal).must(steps...)
				require.Equal(t, status, l.c.TMF655(), status)
			}
			require.Len(t, tmf655(), len(c.Expect.Values), c.ID)
		default:
			t.Fatalf("%s: unknown kind %s", c.ID, c.Kind)
		}
		passed++
	}
	t.Logf("change_machines.json: %d cases, %d passed", len(cases), passed)
	for _, why := range slices.Sorted(maps.Keys(none)) {
		t.Logf("no counterpart: %s", why)
	}
}

// The whole of iTop's normal machine, as section 4.6 of the field note tells it.
func TestNormalMachine(t *testing.T) {
	t.Parallel()
	want := map[string]map[string]string{
		"new": {"validate": "validated", "reject": "rejected"}, "rejected": {"reopen": "new"}, "validated": {"assign": "assigned"},
		"assigned": {"plan": "plannedscheduled"}, "plannedscheduled": {"approve": "approved", "notapprove": "notapproved"},
		"notapproved": {"replan": "plannedscheduled"}, "approved": {"implement": "implemented"},
		"implemented": {"monitor": "monitored", "finish": "closed"}, "monitored": {"finish": "closed"}, "closed": {},
	}
	m := machines()["itop-change-normal"]
	for state, events := range want {
		for event := range m.events {
			to, allowed, _ := m.allowed(t, state, event)
			target, is := events[event]
			require.Equal(t, is, allowed, "%s in %s", event, state)
			if is {
				require.Equal(t, where(m.in(t, target).c), to, "%s in %s", event, state)
			}
		}
	}
}
