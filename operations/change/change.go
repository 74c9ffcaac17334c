// Package change models what is done to services on purpose: who asks for it and
// why, what it touches and how badly that may go, when it may happen, who says yes,
// how it is put back, and how it went.
//
// It answers: may this change be done then, and if not, when; with what does it
// collide, and does that matter; who has still to say yes, and was what they said
// yes to changed since; which emergencies went ahead without; how many changes
// failed, of how many, and how sure is that; what lies ahead?
//
// [Change] is a plain value whose methods are the rules: each checks its own guards
// and takes the time as an argument. A [Model] is a standard change that is approved
// once, a [Policy] says who approves what, a [RiskMatrix] how bad is bad; [Calendar]
// and [Schedule] say when. [Control] keeps changes in a view of the provider's
// partition, [Notices] what one customer is told of them and answers. A change that
// the state forbids is a [*servicecoin.RefusedError], a malformed one an
// [*servicecoin.InvalidError] with every violation.
package change

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Change is one change. Make it with [Propose] and change it by its methods: each
// either does all that it says and adds an [Event] to its history, or returns an
// error and changes nothing. All instants are UTC, cut to the microsecond.
type Change struct {
	ID          servicecoin.ChangeID `json:"id"`
	Title       string               `json:"title"` // for the provider's people
	Reason      string               `json:"reason"`
	Description string               `json:"description,omitempty"`
	Headline    string               `json:"headline,omitempty"` // what customers read instead of the title
	Kind        Kind                 `json:"kind"`
	State       State                `json:"state"`

	Model *OfModel `json:"model,omitempty"` // of a standard change: what it was made from
	Work

	Risk         *Risk                  `json:"risk,omitempty"` // nil: not assessed
	RequestedBy  servicecoin.PersonID   `json:"requestedBy"`
	Implementers []servicecoin.PersonID `json:"implementers,omitempty"`
	Dependencies []Dependency           `json:"dependencies,omitempty"`

	Approval   *Approval   `json:"approval,omitempty"` // who has to say yes; as the policy had it when it was assessed
	Votes      []Vote      `json:"votes,omitempty"`
	Decision   *Decision   `json:"decision,omitempty"`
	Accepted   []Accepted  `json:"accepted,omitempty"`   // conflicts that somebody stands for
	Exceptions []Exception `json:"exceptions,omitempty"` // freezes that it may break
	Consents   []Consent   `json:"consents,omitempty"`   // what customers with runtimes of their own say

	SubmittedAt  time.Time     `json:"submittedAt,omitzero"`
	NotBefore    time.Time     `json:"notBefore,omitzero"`   // when the notice is over that its kind demands; zero: none is
	CommittedAt  time.Time     `json:"committedAt,omitzero"` // when what it brings was committed to version control; for lead times
	StartedAt    time.Time     `json:"startedAt,omitzero"`
	FellBackAt   time.Time     `json:"fellBackAt,omitzero"` // when it began to be put back
	EndedAt      time.Time     `json:"endedAt,omitzero"`    // of the work, one way or another
	RestoredAt   time.Time     `json:"restoredAt,omitzero"` // put back: when service was as before
	WatchedUntil time.Time     `json:"watchedUntil,omitzero"`
	ClosedAt     time.Time     `json:"closedAt,omitzero"` // closed or cancelled
	Outcome      string        `json:"outcome,omitempty"` // how the work ended, in words
	Unauthorised bool          `json:"unauthorised,omitempty"`
	Review       *Review       `json:"review,omitempty"`
	Incidents    []Suspect     `json:"incidents,omitempty"` // that happened on its services while it was done
	FollowUps    followup.List `json:"followUps,omitempty"`
	FirstStart   time.Time     `json:"firstStart,omitzero"` // as first submitted; never changed
	Moves        int           `json:"moves,omitempty"`     // how often the plan changed since it was submitted first
	History      []Event       `json:"history"`
}

// Work is what is to be done: what a change, and a model of changes, have in common.
type Work struct {
	Scope   Scope                 `json:"scope"`
	Plan    Plan                  `json:"plan"`
	Steps   []string              `json:"steps,omitempty"`   // in words; or
	Runbook servicecoin.RunbookID `json:"runbook,omitempty"` // the run book that has them
	Version int                   `json:"version,omitempty"` // of the run book
}

// Event is one line of a change's history: see [lifecycle.Entry].
type Event = lifecycle.Entry[State]

// Request is what somebody asks for.
type Request struct {
	ID           servicecoin.ChangeID
	Title        string // 1 to 200 characters
	Reason       string // why; 1 to 4000 characters
	Description  string // at most 8000 characters
	Headline     string // for customers, at most 200 characters
	Kind         Kind
	Work         Work
	RequestedBy  servicecoin.PersonID // "": who drafts it
	Implementers []servicecoin.PersonID
	Dependencies []Dependency
	CommittedAt  time.Time // zero: not known
}

// The limits, beyond which a change is refused.
const (
	maxTitle    = 200
	maxText     = 4000
	maxLong     = 8000
	maxServices = 200
	maxRecords  = 500
	maxScoped   = 20 // customers in whose environments alone it works
	maxPeople   = 50
	maxSteps    = 200
	maxEntries  = 2000
	maxVotes    = 500
	lastEntries = 3000 // with those that its end needs
	lastVotes   = 1000 // with those that its decision needs
	maxList     = 200  // consents, suspects, acceptances, exceptions, dependencies, downtimes
	// A record has 256 kB. maxBody leaves room for what the end of a change needs: votes
	// that are awaited, what came of follow-ups and suspects, a review. lastBody leaves
	// room for what must always be possible: to end it.
	maxBody  = 160 << 10
	lastBody = 208 << 10
)

// Propose returns a change in state [Draft]. It reports every violation of the request
// at once. A plan may be incomplete until the change is submitted.
func Propose(by servicecoin.Actor, at time.Time, r Request) (Change, error) {
	c := Change{
		ID: r.ID, State: Draft, RequestedBy: r.RequestedBy, Implementers: people(r.Implementers),
	}
	if c.RequestedBy == "" {
		c.RequestedBy = by.ID
	}
	c.write(r)
	at, err := lifecycle.Check(by, at, c.describe)
	if err != nil {
		return Change{}, err
	}
	c.add(Event{At: at, By: by, Verb: VerbDraft, To: Draft})
	if err := c.room(VerbDraft); err != nil {
		return Change{}, err
	}
	return c, nil
}

func (c *Change) write(r Request) {
	c.Title, c.Reason, c.Description, c.Headline, c.Kind = r.Title, r.Reason, r.Description, r.Headline, r.Kind
	c.Work = r.Work.clone()
	c.Dependencies = slices.Clone(r.Dependencies)
	c.CommittedAt = lifecycle.Instant(r.CommittedAt)
}

// Revise replaces what was asked for, while the change is a draft. Who asked stays,
// and so does who does it.
func (c *Change) Revise(by servicecoin.Actor, at time.Time, r Request) error {
	if c.State != Draft {
		return c.refuse(VerbRevise, "", "only a draft is revised: withdraw it, or amend what was approved")
	}
	next := *c
	next.write(r)
	at, err := lifecycle.Check(by, at, next.describe)
	if err != nil {
		return err
	}
	next.Model = nil
	next.add(Event{At: at, By: by, Verb: VerbRevise})
	return c.become(next, VerbRevise)
}

func people(list []servicecoin.PersonID) []servicecoin.PersonID {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

func (w Work) clone() Work {
	if w.Scope.few() {
		w.Scope = w.Scope.clone()
	}
	w.Steps = slices.Clone(w.Steps)
	w.Plan = w.Plan.clone()
	return w
}

func (s Scope) few() bool {
	return len(s.Services) <= maxServices && len(s.Records) <= maxRecords && len(s.Customers) <= maxScoped
}

func (p Plan) clone() Plan {
	p.Start = lifecycle.Instant(p.Start)
	p.Downtime = slices.Clone(p.Downtime)
	return p
}

// describe checks what somebody writes; limits first.
func (c *Change) describe(v *servicecoin.Violations) {
	v.ID("id", string(c.ID))
	v.Text("title", c.Title, 1, maxTitle)
	v.Text("reason", c.Reason, 1, maxText)
	v.Text("description", c.Description, 0, maxLong)
	v.Text("headline", c.Headline, 0, maxTitle)
	c.Kind.validate(v, "kind")
	if c.RequestedBy == "" {
		v.Add("requestedBy", "required", "", "say who asks for it")
	} else {
		v.ID("requestedBy", string(c.RequestedBy))
	}
	persons(v, "implementers", c.Implementers)
	c.Work.validate(v) //nolint:staticcheck // which validate it is
	if v.Limit("dependencies", len(c.Dependencies), maxList) {
		for n, d := range c.Dependencies {
			v.Merge(fmt.Sprintf("dependencies[%d]", n), d.Validate())
			if d.On == c.ID {
				v.Add(fmt.Sprintf("dependencies[%d].on", n), "itself", string(d.On), "is the change itself")
			}
		}
	}
}

func persons(v *servicecoin.Violations, path string, list []servicecoin.PersonID) {
	if !v.Limit(path, len(list), maxPeople) {
		return
	}
	for n, p := range list {
		v.ID(fmt.Sprintf("%s[%d]", path, n), string(p))
	}
}

// validate checks the form of the work. What has to be there when it is submitted is
// asked by ready.
func (w Work) validate(v *servicecoin.Violations) {
	w.Scope.validate(v, "scope")
	w.Plan.validate(v, "plan")
	if v.Limit("steps", len(w.Steps), maxSteps) {
		for n, s := range w.Steps {
			v.Text(fmt.Sprintf("steps[%d]", n), s, 1, maxText)
		}
	}
	if w.Runbook != "" {
		v.ID("runbook", string(w.Runbook))
	}
	if w.Version < 0 || (w.Version > 0 && w.Runbook == "") {
		v.Add("version", "out-of-range", strconv.Itoa(w.Version), "is the version of a run book, from 1")
	}
}

func (s Scope) validate(v *servicecoin.Violations, path string) {
	if v.Limit(path+".services", len(s.Services), maxServices) {
		for n, id := range s.Services {
			v.ID(fmt.Sprintf("%s.services[%d]", path, n), string(id))
		}
	}
	if v.Limit(path+".customers", len(s.Customers), maxScoped) {
		for n, id := range s.Customers {
			v.ID(fmt.Sprintf("%s.customers[%d]", path, n), string(id))
		}
	}
	if v.Limit(path+".records", len(s.Records), maxRecords) {
		for n, id := range s.Records {
			v.ID(fmt.Sprintf("%s.records[%d]", path, n), string(id))
		}
	}
}

// maxLength is how long a change, and its way back, may be planned to take.
const maxLength = 366 * 24 * time.Hour

func (p Plan) validate(v *servicecoin.Violations, path string) {
	if !p.Start.IsZero() {
		v.Time(path+".start", p.Start)
	}
	work := length(p.Length)
	if p.Length.Defined() {
		v.Merge(path+".length", p.Length.Validate())
		if work <= 0 || work > maxLength {
			v.Add(path+".length", "out-of-range", p.Length.String(), "must be longer than nothing, and at most 366 days")
		}
	}
	if back := length(p.WayBack); back < 0 || back > maxLength {
		v.Add(path+".wayBack", "out-of-range", p.WayBack.String(), "must be from nothing to 366 days")
	}
	if n := length(p.NoReturn); p.NoReturn.Defined() && (n < 0 || n > work) {
		v.Add(path+".noReturn", "out-of-range", p.NoReturn.String(), "must lie within the length of the work")
	}
	v.Text(path+".rollback", p.Rollback, 0, maxLong)
	v.Text(path+".trigger", p.Trigger, 0, maxText)
	if !v.Limit(path+".downtime", len(p.Downtime), maxList) {
		return
	}
	for n, d := range p.Downtime {
		at := fmt.Sprintf("%s.downtime[%d]", path, n)
		v.ID(at+".service", string(d.Service))
		if a, l := length(d.After), length(d.Length); a < 0 || l <= 0 || a > 2*maxLength || l > 2*maxLength || a+l > work+length(p.WayBack) {
			v.Add(at, "out-of-range", d.After.String()+" + "+d.Length.String(), "must be longer than nothing, and within the work and its way back")
		}
	}
}

// ready reports what a change needs before anybody is asked about it.
func (c *Change) ready(v *servicecoin.Violations) {
	if len(c.Scope.Services)+len(c.Scope.Records) == 0 {
		v.Add("scope", "required", "", "say which services or configuration records it touches")
	}
	if c.Plan.Start.IsZero() {
		v.Add("plan.start", "required", "", "say when it begins")
	}
	if !c.Plan.Length.Defined() {
		v.Add("plan.length", "required", "", "say how long it takes")
	}
	if !c.Plan.WayBack.Defined() {
		v.Add("plan.wayBack", "required", "", "say how long it takes to put everything back; PT0S if at once")
	}
	v.Text("plan.rollback", c.Plan.Rollback, 1, maxLong)
	if len(c.Steps) == 0 && c.Runbook == "" {
		v.Add("steps", "required", "", "say what is done, or name the run book")
	}
	for n, d := range c.Plan.Downtime {
		if !slices.Contains(c.Scope.Services, d.Service) {
			v.Add(fmt.Sprintf("plan.downtime[%d].service", n), "unknown", string(d.Service), "is no service of the scope")
		}
	}
}

// Digest returns the SHA-256 of what is approved: kind, scope, plan, steps and risk.
// A change whose digest is another one needs another approval.
func (c *Change) Digest() string {
	body, err := json.Marshal(struct {
		Kind Kind  `json:"kind"`
		Work Work  `json:"work"`
		Risk *Risk `json:"risk"`
	}{c.Kind, c.Work, c.Risk})
	if err != nil { // plain values, whose times were checked
		return ""
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// changed returns when the state changed last.
func (c *Change) changed() time.Time {
	for _, e := range slices.Backward(c.History) {
		if e.To != "" {
			return e.At
		}
	}
	return time.Time{}
}

// DraftedAt returns when it was written first.
func (c *Change) DraftedAt() time.Time {
	if len(c.History) == 0 {
		return time.Time{}
	}
	return c.History[0].At
}

func (c *Change) add(e Event) { c.History = append(slices.Clip(c.History), e) }

// become makes the change what another copy of it has become, if that has room.
func (c *Change) become(next Change, verb string) error {
	if err := next.room(verb); err != nil {
		return err
	}
	*c = next
	return nil
}

// room refuses what would leave none for what the end of a change needs, and of that
// what would leave none for the end.
func (c *Change) room(verb string) error {
	entries, body := maxEntries, maxBody
	switch verb {
	case VerbReview, VerbCompleteFollowUp, VerbDropFollowUp, VerbConfirmIncident, VerbDismissIncident:
		entries, body = lastEntries, lastBody
	case VerbVote:
		if !c.Votes[len(c.Votes)-1].Late {
			entries, body = lastEntries, lastBody
		}
	}
	var v servicecoin.Violations
	v.Limit("history", len(c.History), entries)
	lifecycle.Room(&v, "", c, body)
	return v.Err()
}

// Key returns the key of a change.
func Key(id servicecoin.ChangeID) servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: ChangeRecord, ID: string(id)}
}
