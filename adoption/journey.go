package adoption

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// TouchpointKind is the occasion at which a customer meets the provider. A host
// may have kinds of its own beside these.
type TouchpointKind string

// The kinds that every journey needs.
const (
	KindNewUser             TouchpointKind = "newUser"             // somebody uses the service for the first time
	KindChangeAssimilation  TouchpointKind = "changeAssimilation"  // the service is not what it was yesterday
	KindOutageCommunication TouchpointKind = "outageCommunication" // it does not work
	KindDeparture           TouchpointKind = "departure"           // the customer leaves
)

// RequiredKinds returns the kinds that every journey needs.
func RequiredKinds() []TouchpointKind {
	return []TouchpointKind{KindNewUser, KindChangeAssimilation, KindOutageCommunication, KindDeparture}
}

// Journey is how customers are to experience a provider, as a design that can
// be tested: its touchpoints. It may be published with gaps, for a design grows;
// [Journey.Check] names them.
type Journey struct {
	ID          JourneyID    `json:"id"`
	Name        string       `json:"name"`
	Edition     int          `json:"edition"` // counts the publications; see [Playbook.PublishJourney]
	Touchpoints []Touchpoint `json:"touchpoints"`
	// TestDays is how many days, of 24 hours, a passed test of a touchpoint
	// proves it, where the touchpoint says nothing else; 0 is
	// [DefaultTestDays].
	TestDays int `json:"testDays,omitempty"`
}

// DefaultTestDays is how long a passed acceptance test proves a touchpoint: a
// quarter of a year. What customers meet changes faster than that.
const DefaultTestDays = 92

// Touchpoint is one occasion of a journey: who answers for it, what the
// customer hears, how one knows that it went well, and the test that it works.
type Touchpoint struct {
	ID      TouchpointID          `json:"id"`
	Kind    TouchpointKind        `json:"kind"`
	Service servicecoin.ServiceID `json:"service,omitempty"` // "": all services
	Owner   servicecoin.PersonID  `json:"owner,omitempty"`
	Message string                `json:"message,omitempty"`
	Measure Measure               `json:"measure,omitzero"`
	Test    AcceptanceTest        `json:"test,omitzero"`
}

// Measure is how one knows whether a touchpoint went well.
type Measure struct {
	Text   string `json:"text"`   // what is measured: "days from sign-up to first use"
	Target string `json:"target"` // what is aimed at: "at most 5 for nine of ten"
}

// AcceptanceTest is the test that a touchpoint works, wherever it is kept, and
// how it went last.
type AcceptanceTest struct {
	Reference string `json:"reference"`         // names the test, for people and for the program that runs it
	MaxDays   int    `json:"maxDays,omitempty"` // how many days a passed run proves it; 0: as the journey says
	Last      Run    `json:"last,omitzero"`     // zero: never run
}

// Result is how a run of an acceptance test ended.
type Result string

// The results.
const (
	Passed Result = "passed"
	Failed Result = "failed"
)

// Run is one run of an acceptance test.
type Run struct {
	Result Result    `json:"result"`
	At     time.Time `json:"at"`             // when it ended
	Link   string    `json:"link,omitempty"` // to its record, http or https
}

// The most that one journey has.
const (
	maxTouchpoints = 200
	maxTestDays    = 3660
	maxJourney     = 192 << 10 // bytes of its record
)

// Validate reports every violation of the journey's form. A form without
// violations may still have gaps: see [Journey.Check].
func (j *Journey) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(j.ID))
	v.Text("name", j.Name, 1, maxTitle)
	if j.Edition < 0 {
		v.Add("edition", "negative", strconv.Itoa(j.Edition), "must not be negative")
	}
	days(&v, "testDays", j.TestDays)
	if !v.Limit("touchpoints", len(j.Touchpoints), maxTouchpoints) {
		return v.Err()
	}
	seen := map[TouchpointID]bool{}
	for i, t := range j.Touchpoints {
		path := fmt.Sprintf("touchpoints[%d]", i)
		v.Merge(path, t.Validate())
		if seen[t.ID] {
			v.Add(path+".id", "duplicate", string(t.ID), "names two touchpoints")
		}
		seen[t.ID] = true
	}
	lifecycle.Room(&v, "", j, maxJourney)
	return v.Err()
}

func days(v *servicecoin.Violations, path string, n int) {
	if n < 0 || n > maxTestDays {
		v.Add(path, "out-of-range", strconv.Itoa(n), fmt.Sprintf("must be 0 to %d", maxTestDays))
	}
}

// Validate reports every violation of the touchpoint's form by itself.
func (t Touchpoint) Validate() error {
	var v servicecoin.Violations
	v.ID("id", string(t.ID))
	v.ID("kind", string(t.Kind))
	if t.Service != "" {
		v.ID("service", string(t.Service))
	}
	if t.Owner != "" {
		v.ID("owner", string(t.Owner))
	}
	v.Text("message", t.Message, 0, maxLong)
	v.Text("measure.text", t.Measure.Text, 0, maxText)
	v.Text("measure.target", t.Measure.Target, 0, maxText)
	v.Text("test.reference", t.Test.Reference, 0, maxText)
	days(&v, "test.maxDays", t.Test.MaxDays)
	if t.Test.Last != (Run{}) {
		v.Merge("test.last", t.Test.Last.Validate())
	}
	return v.Err()
}

// Validate reports every violation of the run.
func (r Run) Validate() error {
	var v servicecoin.Violations
	if r.Result != Passed && r.Result != Failed {
		v.Add("result", "unknown", string(r.Result), "must be passed or failed")
	}
	v.Time("at", r.At)
	link(&v, "link", r.Link)
	return v.Err()
}

// link checks an address that a page may show as a link: absolute, and of a
// scheme that runs nothing.
func link(v *servicecoin.Violations, path, text string) {
	if text == "" {
		return
	}
	v.Text(path, text, 1, maxLink)
	if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		v.Add(path, "bad-link", text, "must be an absolute http or https address")
	}
}

// Tested records a run of a touchpoint's acceptance test. A run that ended
// before the last one is refused: what is known already is newer.
func (j *Journey) Tested(by servicecoin.Actor, at time.Time, id TouchpointID, r Run) error {
	at = servicecoin.Instant(at)
	if r.At = lifecycle.Instant(r.At); r.At.IsZero() {
		r.At = at
	}
	place := slices.IndexFunc(j.Touchpoints, func(t Touchpoint) bool { return t.ID == id })
	var v servicecoin.Violations
	lifecycle.Acting(&v, by, at)
	if place < 0 {
		v.Add("touchpoint", "unknown", string(id), "is no touchpoint of this journey")
	}
	v.Merge("run", r.Validate())
	if r.At.After(at) {
		v.Add("run.at", "future", lifecycle.Stamp(r.At), "must not be after it is recorded, "+lifecycle.Stamp(at))
	}
	if err := v.Err(); err != nil {
		return err
	}
	t := j.Touchpoints[place]
	switch {
	case blank(t.Test.Reference):
		return j.refuse(VerbTestJourney, "touchpoint "+string(id)+" has no acceptance test")
	case r.At.Before(t.Test.Last.At):
		return j.refuse(VerbTestJourney, "touchpoint "+string(id)+" was tested later, at "+lifecycle.Stamp(t.Test.Last.At))
	}
	t.Test.Last = r
	j.Touchpoints = append([]Touchpoint{}, j.Touchpoints...)
	j.Touchpoints[place] = t
	return nil
}

// Touchpoint returns a touchpoint by id, false if there is none.
func (j *Journey) Touchpoint(id TouchpointID) (Touchpoint, bool) {
	n := slices.IndexFunc(j.Touchpoints, func(t Touchpoint) bool { return t.ID == id })
	if n < 0 {
		return Touchpoint{}, false
	}
	return j.Touchpoints[n], true
}

// succeed makes j the next edition after before: results are kept where a
// touchpoint is what it was when it was tested, whoever owns it now, and are
// nobody's to write by hand.
func (j *Journey) succeed(before Journey) {
	j.Touchpoints = append([]Touchpoint{}, j.Touchpoints...)
	for i := range j.Touchpoints {
		t := &j.Touchpoints[i]
		t.Test.Last = Run{}
		for _, old := range before.Touchpoints {
			if t.tested() == old.tested() {
				t.Test.Last = old.Test.Last
			}
		}
	}
	j.Edition = before.Edition + 1
}

// tested is the touchpoint without what no test of it looks at.
func (t Touchpoint) tested() Touchpoint {
	t.Owner, t.Test.MaxDays, t.Test.Last = "", 0, Run{}
	return t
}

func (j *Journey) refuse(verb, why string) error {
	return &servicecoin.RefusedError{
		Subject: servicecoin.Key{Customer: servicecoin.Provider, Kind: JourneyRecord, ID: string(j.ID)}, Verb: verb, Why: why,
	}
}
