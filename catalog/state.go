package catalog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Verb is what is done to a record, as it stands in histories and refusals.
// With "service.", "offering.", "dependency.", "order.", "subscription." or
// "subscriber." before it, it is the verb of a [servicecoin.Attempt].
type Verb string

// Transition is one allowed change of state.
type Transition[S ~string] struct {
	From   S
	Verb   Verb
	To     S
	Guards []string // what else must hold, for people
}

// Entry is one change of state in the history of an order or a subscription.
type Entry struct {
	At   time.Time         `json:"at"`
	By   servicecoin.Actor `json:"by"`
	Verb Verb              `json:"verb"`
	From string            `json:"from,omitempty"` // "" for the first
	To   string            `json:"to"`
	Text string            `json:"text,omitempty"` // the reason, where one is asked for
}

// target returns where verb leads from a state, or refuses and says where it
// could be asked for.
func target[S ~string](table []Transition[S], subject servicecoin.Key, from S, verb Verb) (S, error) {
	var to S
	var allowed []string
	for _, t := range table {
		if t.Verb != verb {
			continue
		}
		if t.From == from {
			return t.To, nil
		}
		to = t.To
		allowed = append(allowed, string(t.From))
	}
	slices.Sort(allowed)
	return "", refused(subject, verb, from, to, "is allowed when it is "+strings.Join(allowed, ", "))
}

func refused[S ~string](subject servicecoin.Key, verb Verb, from, to S, why string) error {
	return &servicecoin.RefusedError{Subject: subject, Verb: string(verb), From: string(from), To: string(to), Why: why}
}

// checked validates what every change has in common and returns its instant.
func checked(by servicecoin.Actor, at time.Time, check func(v *servicecoin.Violations)) (time.Time, error) {
	at = servicecoin.Instant(at)
	var v servicecoin.Violations
	v.Merge("by", by.Validate())
	v.Time("at", at)
	if check != nil {
		check(&v)
	}
	return at, v.Err()
}

// because checks a reason that is asked for.
func because(reason string) func(*servicecoin.Violations) {
	return func(v *servicecoin.Violations) { v.Text("reason", reason, 1, maxReason) }
}

// maybe checks a reason that may be left out.
func maybe(reason string) func(*servicecoin.Violations) {
	return func(v *servicecoin.Violations) { v.Text("reason", reason, 0, maxReason) }
}

// maxBody leaves room in a record of 256 kB for what must always be possible:
// to end, with a reason of maxReason characters for each step on the way there.
const (
	maxBody   = 192 << 10
	maxReason = 2000
)

// room refuses what would leave none for the end of a record.
func room(record any) error {
	body, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("%w: %w", servicecoin.ErrInvalid, err)
	}
	var v servicecoin.Violations
	if len(body) > maxBody {
		v.Add("", "too-large", "", fmt.Sprintf("has %d bytes, %d are allowed", len(body), maxBody))
	}
	return v.Err()
}

// maxObject is the most bytes of a JSON object that is kept: a schema,
// parameters, outputs.
const maxObject = 64 << 10

// compact brings JSON to the form in which it is stored; what is none stays as
// it is.
func compact(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || len(raw) > maxObject {
		return raw
	}
	body, err := json.Marshal(raw)
	if err != nil {
		return raw
	}
	return body
}

// object checks that raw is a JSON object that can be stored, or nothing.
func object(v *servicecoin.Violations, path string, raw json.RawMessage) {
	switch {
	case len(raw) == 0:
	case len(raw) > maxObject:
		v.Add(path, "too-large", "", fmt.Sprintf("has %d bytes, %d are allowed", len(raw), maxObject))
	case !json.Valid(raw):
		v.Add(path, "bad-json", string(raw), "must be JSON")
	case compact(raw)[0] != '{':
		v.Add(path, "not-an-object", string(raw), "must be a JSON object")
	case len(compact(raw)) > maxObject:
		v.Add(path, "too-large", "", fmt.Sprintf("has %d bytes as it is stored, %d are allowed", len(compact(raw)), maxObject))
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// instant is servicecoin.Instant that leaves "not set" alone.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return servicecoin.Instant(t)
}

// term checks a half-open span of which either end may be open.
func term(v *servicecoin.Violations, fromPath, untilPath string, from, until time.Time) {
	if !from.IsZero() {
		v.Time(fromPath, from)
	}
	if until.IsZero() {
		return
	}
	v.Time(untilPath, until)
	if !from.IsZero() && !from.Before(until) {
		v.Add(untilPath, "reversed", stamp(until), "must be after "+stamp(from))
	}
}
