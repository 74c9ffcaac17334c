// Package incident models unplanned interruptions of services: what is
// affected, how badly and since when, who does what about it, what customers
// are told, and what is still to be done afterwards.
//
// It answers: which incidents are live, what did one do to a service and when,
// in which order do we work on them, how long did it take to acknowledge and to
// restore, were the promised updates given, which follow-ups are overdue, and
// what may a customer see of it?
//
// [Incident] is a plain value whose methods are the rules: each checks its own
// guards and takes the time as an argument. [Desk] keeps incidents in a view of
// a store, [Letters] keeps what one customer is told. A change that the state
// forbids is a [*servicecoin.RefusedError], a malformed one an
// [*servicecoin.InvalidError] with every violation.
package incident

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Incident is one unplanned interruption. Make it with [Open] and change it by
// its methods: each either does all that it says and adds an [Entry] to the
// timeline, or returns an error and changes nothing. All instants are UTC, cut
// to the microsecond.
type Incident struct {
	ID          servicecoin.IncidentID `json:"id"`
	Title       string                 `json:"title"`                 // for the provider's people
	Description string                 `json:"description,omitempty"` // for the provider's people
	Headline    string                 `json:"headline,omitempty"`    // what customers read instead of the title
	State       State                  `json:"state"`

	Impact   int    `json:"impact,omitempty"`   // a grade of the matrix; 0 is not assessed
	Urgency  int    `json:"urgency,omitempty"`  // a grade of the matrix; 0 is not assessed
	Priority int    `json:"priority,omitempty"` // what the matrix made of the two; 0 is not assessed
	Matrix   string `json:"matrix,omitempty"`   // the name of that matrix
	Major    bool   `json:"major,omitempty"`    // declared, never computed

	Assignee servicecoin.PersonID `json:"assignee,omitempty"`
	Reporter *Reporter            `json:"reporter,omitempty"` // the customer who told of it; nil: nobody of a customer

	Began          time.Time `json:"began"`                   // when the interruption began, as far as is known
	DetectedAt     time.Time `json:"detectedAt"`              // when the provider could know of it
	ReportedAt     time.Time `json:"reportedAt"`              // when it was opened
	AcknowledgedAt time.Time `json:"acknowledgedAt,omitzero"` // the first time that somebody took it on
	RestoredAt     time.Time `json:"restoredAt,omitzero"`     // when the last service was back
	ResolvedAt     time.Time `json:"resolvedAt,omitzero"`
	ClosedAt       time.Time `json:"closedAt,omitzero"` // closed or cancelled

	Resolution string `json:"resolution,omitempty"` // what ended it, for the provider's people

	Effects   []Effect   `json:"effects,omitempty"`
	FollowUps []FollowUp `json:"followUps,omitempty"`
	Timeline  []Entry    `json:"timeline"` // in the order of recording; see [Entry.At]
}

// Report is what is known when an incident is opened.
type Report struct {
	ID          servicecoin.IncidentID
	Title       string // 1 to 200 characters
	Description string // at most 8000 characters
	Headline    string // for customers, at most 200 characters; "" tells them nothing yet

	Began      time.Time // zero: when it was detected, or when the first effect began if that is earlier
	DetectedAt time.Time // zero: when it is opened
	Effects    []Effect  // may follow later: [Incident.Affect]; one without From begins with the incident

	Impact   int     // with Urgency, or neither
	Urgency  int     // with Impact, or neither
	Matrix   *Matrix // judges the two; nil is [DefaultMatrix]
	Assignee servicecoin.PersonID
	Reporter *Reporter // the customer who told of it, on the telephone, say; what a customer's own people report is a [Problem]
}

// The longest texts, in characters.
const (
	maxTitle = 200
	maxText  = 4000
	maxLong  = 8000
	// maxBody leaves room in a record of 256 kB for what must always be
	// possible: to resolve and to close.
	maxBody = 192 << 10
	// More of them than have room in maxBody.
	maxFollowUps = 2000
	maxEntries   = 2000
	maxMoves     = 2000
)

// Open returns a new incident in state [Reported]. It reports every violation
// of the report at once: began ≤ detected ≤ at, and all that
// [Incident.Affect] and [Matrix.Priority] ask for.
func Open(by servicecoin.Actor, at time.Time, r Report) (Incident, error) {
	at = servicecoin.Instant(at)
	i := Incident{
		ID: r.ID, Title: r.Title, Description: r.Description, Headline: r.Headline,
		State: Reported, Assignee: r.Assignee, Reporter: r.Reporter.clone(),
		Began: servicecoin.Instant(r.Began), DetectedAt: servicecoin.Instant(r.DetectedAt), ReportedAt: at,
	}
	if r.DetectedAt.IsZero() {
		i.DetectedAt = at
	}
	if r.Began.IsZero() {
		i.Began = i.DetectedAt
	}
	var v servicecoin.Violations
	if !v.Limit("effects", len(r.Effects), maxEffects) {
		r.Effects = nil
	}
	r.Effects = slices.Clone(r.Effects)
	for _, e := range r.Effects {
		if from := servicecoin.Instant(e.From); r.Began.IsZero() && !e.From.IsZero() && from.Before(i.Began) {
			i.Began = from
		}
	}
	for n := range r.Effects {
		if r.Effects[n].From.IsZero() {
			r.Effects[n].From = i.Began
		}
	}
	v.Merge("by", by.Validate())
	v.Time("at", at)
	i.describe(&v)
	if r.Assignee != "" {
		v.ID("assignee", string(r.Assignee))
	}
	i.Reporter.validate(&v)
	if i.DetectedAt.After(at) {
		v.Add("detectedAt", "out-of-order", stamp(i.DetectedAt), "must not be after it is reported, "+stamp(at))
	}
	if i.Began.After(i.DetectedAt) {
		v.Add("began", "out-of-order", stamp(i.Began), "must not be after it is detected, "+stamp(i.DetectedAt))
	}
	if r.Impact != 0 || r.Urgency != 0 {
		v.Merge("", i.assess(r.Matrix, r.Impact, r.Urgency))
	}
	effects, err := i.merge(r.Effects, at, false)
	v.Merge("effects", err)
	if err := v.Err(); err != nil {
		return Incident{}, err
	}
	i.Effects = effects
	i.add(Entry{At: at, By: by, Verb: VerbOpen, To: Reported, Text: r.Title})
	if err := i.room(); err != nil {
		return Incident{}, err
	}
	return i, nil
}

func (i *Incident) describe(v *servicecoin.Violations) {
	v.ID("id", string(i.ID))
	v.Text("title", i.Title, 1, maxTitle)
	v.Text("description", i.Description, 0, maxLong)
	v.Text("headline", i.Headline, 0, maxTitle)
}

// Validate reports every violation of an incident that did not come out of
// this package's rules: an import, a form. It checks fields and their order in
// time, not whether the timeline tells the same story.
func (i *Incident) Validate() error {
	var v servicecoin.Violations
	i.describe(&v)
	if !i.State.known() {
		v.Add("state", "unknown", string(i.State), "must be one of "+fmt.Sprint(States()))
	}
	v.Time("began", i.Began)
	v.Time("detectedAt", i.DetectedAt)
	v.Time("reportedAt", i.ReportedAt)
	if i.DetectedAt.Before(i.Began) {
		v.Add("detectedAt", "out-of-order", stamp(i.DetectedAt), "must not be before it began")
	}
	if i.ReportedAt.Before(i.DetectedAt) {
		v.Add("reportedAt", "out-of-order", stamp(i.ReportedAt), "must not be before it is detected")
	}
	if !i.RestoredAt.IsZero() && i.RestoredAt.Before(i.Began) {
		v.Add("restoredAt", "out-of-order", stamp(i.RestoredAt), "must not be before it began")
	}
	ended := i.State == Resolved || i.State == Closed
	if ended {
		v.Time("restoredAt", i.RestoredAt)
		v.Time("resolvedAt", i.ResolvedAt)
		v.Text("resolution", i.Resolution, 1, maxText)
		if i.ResolvedAt.Before(i.RestoredAt) {
			v.Add("resolvedAt", "out-of-order", stamp(i.ResolvedAt), "must not be before it is restored")
		}
	}
	i.Reporter.validate(&v)
	v.Merge("", i.bounded())
	if v.Len() > 0 {
		return v.Err()
	}
	numbers := map[int]bool{}
	for n, e := range i.Effects {
		path := fmt.Sprintf("effects[%d]", n)
		v.Merge(path, e.Validate())
		if e.Number <= 0 || numbers[e.Number] {
			v.Add(path+".number", "duplicate", strconv.Itoa(e.Number), "must be positive, and unique in the incident")
		}
		numbers[e.Number] = true
		if e.From.Before(i.Began) {
			v.Add(path+".from", "out-of-order", stamp(e.From), "must not be before the incident began")
		}
		if ended && (e.Until.IsZero() || e.Until.After(i.RestoredAt)) {
			v.Add(path+".until", "out-of-order", stamp(e.Until), "must have ended when all was restored")
		}
	}
	for n, e := range i.Timeline {
		v.Merge(fmt.Sprintf("timeline[%d]", n), e.Validate())
	}
	for n, f := range i.FollowUps {
		path := fmt.Sprintf("followUps[%d]", n)
		v.Merge(path, f.Validate())
		if f.State == FollowUpOpen && i.State.Terminal() {
			v.Add(path+".state", "open", string(f.State), "an incident is not "+string(i.State)+" with open follow-ups")
		}
	}
	v.Merge("", i.room())
	return v.Err()
}

// bounded checks how long the lists are, before anybody looks at what they hold.
func (i *Incident) bounded() error {
	var v servicecoin.Violations
	v.Limit("effects", len(i.Effects), maxEffects)
	v.Limit("followUps", len(i.FollowUps), maxFollowUps)
	v.Limit("timeline", len(i.Timeline), maxEntries)
	return v.Err()
}

// Services returns the services that the incident affects, or did, sorted.
func (i *Incident) Services() []servicecoin.ServiceID {
	var out []servicecoin.ServiceID
	for _, e := range i.Effects {
		out = append(out, e.Service)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Level returns the worst level that any effect has at t.
func (i *Incident) Level(t time.Time) Level {
	var levels []Level
	for _, e := range i.Effects {
		if e.At(t) {
			levels = append(levels, e.Level)
		}
	}
	return Worst(levels...)
}

// room refuses what would leave none for the end of the incident.
func (i *Incident) room() error {
	body, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("incident %s: %w", i.ID, err)
	}
	var v servicecoin.Violations
	if len(body) > maxBody {
		v.Add("", "too-large", "", fmt.Sprintf("has %d bytes, %d are allowed: open another incident for the rest", len(body), maxBody))
	}
	return v.Err()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
