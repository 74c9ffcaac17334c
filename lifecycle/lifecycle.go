// Package lifecycle is the ground of records that change state: a table of what
// is allowed, the guards that every change of state has in common, the entry
// that one leaves in a history, and the refusal that says why not. A room keeps
// its states, its table and its own guards; this package knows none of them.
// [Record.Move] is the common part of a change, [Record.Refuse] the answer of a
// room's own guard.
//
// # Errors
//
// A change that the state or the order of time forbids is a
// [*servicecoin.RefusedError], a malformed one a [*servicecoin.InvalidError] with
// every violation. The table is asked first, then the form, then the order of
// time: who asks for what can never be is not told to mend its form.
package lifecycle

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Transition is one allowed change of state.
type Transition[S ~string] struct {
	From   S
	Verb   string // as in a [servicecoin.Attempt]
	To     S
	Guards []string // what else must hold, for people
}

// Allow returns one row of a table.
func Allow[S ~string](from S, verb string, to S, guards ...string) Transition[S] {
	return Transition[S]{From: from, Verb: verb, To: to, Guards: guards}
}

// Entry is one change of state in a history.
type Entry[S ~string] struct {
	At   time.Time         `json:"at"`
	By   servicecoin.Actor `json:"by"`
	Verb string            `json:"verb"`
	From S                 `json:"from,omitempty"` // "" for the first
	To   S                 `json:"to"`
	Text string            `json:"text,omitempty"` // the reason, where one is asked for
}

// Record is what the common guards have to know of a record that is about to
// change.
type Record[S ~string] struct {
	Key   servicecoin.Key // as in refusals; a rule does not know the partition
	Part  string          // what of the record changes, "prerequisite contract"; "": the record itself
	State S
	Since time.Time // when it changed last: no change comes before
	Table []Transition[S]
}

// Target returns where a verb leads from the record's state, or refuses it and
// names the states in which it is allowed.
func (r Record[S]) Target(verb string) (S, error) {
	var to S
	var allowed []string
	for _, t := range r.Table {
		if t.Verb != verb {
			continue
		}
		if t.From == r.State {
			return t.To, nil
		}
		to = t.To
		allowed = append(allowed, string(t.From))
	}
	slices.Sort(allowed)
	return "", r.Refuse(verb, to, "is allowed when it is "+strings.Join(slices.Compact(allowed), ", "))
}

// Move checks what every change of state has in common, and returns the entry
// that the change will leave: the table allows it, actor and instant are whole,
// check finds nothing else, and the record had not changed later. A nil check
// finds nothing. Nothing is changed.
func (r Record[S]) Move(by servicecoin.Actor, at time.Time, verb, text string, check func(v *servicecoin.Violations)) (Entry[S], error) {
	to, err := r.Target(verb)
	if err != nil {
		return Entry[S]{}, err
	}
	if at, err = Check(by, at, check); err != nil {
		return Entry[S]{}, err
	}
	return Entry[S]{At: at, By: by, Verb: verb, From: r.State, To: to, Text: text}, r.Order(at, verb, to)
}

// Order refuses a change that lies before the last one.
func (r Record[S]) Order(at time.Time, verb string, to S) error {
	if at.Before(r.Since) {
		return r.Refuse(verb, to, "at "+Stamp(at)+" it was not yet where it is since "+Stamp(r.Since))
	}
	return nil
}

// Refuse returns the refusal of a verb. A target that is the state already is
// left out: the verb would not change it.
func (r Record[S]) Refuse(verb string, to S, why string) error {
	if to == r.State {
		to = ""
	}
	if r.Part != "" {
		why = r.Part + ": " + why
	}
	return &servicecoin.RefusedError{Subject: r.Key, Verb: verb, From: string(r.State), To: string(to), Why: why}
}

// Check checks who changes something and when, and whatever else check does,
// all at once. It returns the instant as it is stored.
func Check(by servicecoin.Actor, at time.Time, check func(v *servicecoin.Violations)) (time.Time, error) {
	at = servicecoin.Instant(at)
	var v servicecoin.Violations
	Acting(&v, by, at)
	if check != nil {
		check(&v)
	}
	return at, v.Err()
}

// Acting checks who changes something, and when.
func Acting(v *servicecoin.Violations, by servicecoin.Actor, at time.Time) {
	v.Merge("by", by.Validate())
	v.Time("at", at)
}

// Because returns the check of a reason that is asked for.
func Because(reason string, most int) func(v *servicecoin.Violations) {
	return func(v *servicecoin.Violations) { v.Text("reason", reason, 1, most) }
}

// Maybe returns the check of a reason that may be left out.
func Maybe(reason string, most int) func(v *servicecoin.Violations) {
	return func(v *servicecoin.Violations) { v.Text("reason", reason, 0, most) }
}

// Room checks that a value leaves room in its record for what must always be
// possible, to end among it: it has at most so many bytes in JSON.
func Room(v *servicecoin.Violations, path string, value any, most int) {
	body, err := json.Marshal(value)
	switch {
	case err != nil:
		v.Add(path, "bad-json", "", err.Error())
	case len(body) > most:
		v.Add(path, "too-large", "", fmt.Sprintf("has %d bytes, %d are allowed", len(body), most))
	}
}

// Stamp returns an instant as texts for people name it, "" for none.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// Instant is [servicecoin.Instant] for an instant that may be left out: the zero
// time stays.
func Instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return servicecoin.Instant(t)
}
