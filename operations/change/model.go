package change

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// ModelID names a model of standard changes.
type ModelID string

// ModelState is where a model stands.
type ModelState string

// The states of a model.
const (
	ModelDraft     ModelState = "draft"     // waits to be approved, for the first time or again
	ModelApproved  ModelState = "approved"  // changes made from it need no approval
	ModelSuspended ModelState = "suspended" // too many of its changes failed: to be approved again
	ModelWithdrawn ModelState = "withdrawn" // is not used any more
)

// The verbs of models.
const (
	VerbDraftModel    = "model.draft"
	VerbReviseModel   = "model.revise"
	VerbApproveModel  = "model.approve"
	VerbSuspendModel  = "model.suspend"
	VerbWithdrawModel = "model.withdraw"
)

// ModelTransitions returns the whole table of models.
func ModelTransitions() []lifecycle.Transition[ModelState] {
	return []lifecycle.Transition[ModelState]{
		lifecycle.Allow(ModelDraft, VerbApproveModel, ModelApproved, "a reason", "by somebody who did not write it", "it ends after it is approved"),
		lifecycle.Allow(ModelSuspended, VerbApproveModel, ModelApproved, "a reason", "by somebody who did not write it", "it ends after it is approved"),
		lifecycle.Allow(ModelApproved, VerbSuspendModel, ModelSuspended, "a reason"),
		lifecycle.Allow(ModelDraft, VerbReviseModel, ModelDraft),
		lifecycle.Allow(ModelApproved, VerbReviseModel, ModelDraft, "it is approved again"),
		lifecycle.Allow(ModelSuspended, VerbReviseModel, ModelDraft),
		lifecycle.Allow(ModelDraft, VerbWithdrawModel, ModelWithdrawn, "a reason"),
		lifecycle.Allow(ModelApproved, VerbWithdrawModel, ModelWithdrawn, "a reason"),
		lifecycle.Allow(ModelSuspended, VerbWithdrawModel, ModelWithdrawn, "a reason"),
	}
}

// OfModel says which edition of which model a change was made from.
type OfModel struct {
	ID      ModelID `json:"id"`
	Edition int     `json:"edition"`
}

// Model is a standard change that is approved once: changes that stay inside of it
// need no approval of their own.
type Model struct {
	ID      ModelID    `json:"id"`
	Edition int        `json:"edition"` // from 1, one more with each revision
	State   ModelState `json:"state"`
	ModelTerms

	Author     servicecoin.PersonID `json:"author"` // of this edition
	ApprovedBy servicecoin.PersonID `json:"approvedBy,omitempty"`
	ApprovedAt time.Time            `json:"approvedAt,omitzero"`
	// Failures counts the changes made from it that went wrong since it was approved.
	Failures int                           `json:"failures"`
	History  []lifecycle.Entry[ModelState] `json:"history"`
}

// ModelTerms is what a change has to stay inside of.
type ModelTerms struct {
	Name     string                        `json:"name"`
	Services []servicecoin.ServiceID       `json:"services"`          // it touches some of these, and no others
	Records  []servicecoin.ConfigurationID `json:"records,omitempty"` // of configuration, likewise; none: any that these services have
	Steps    []string                      `json:"steps,omitempty"`
	Runbook  servicecoin.RunbookID         `json:"runbook,omitempty"`
	Version  int                           `json:"version,omitempty"` // of the run book
	Windows  []recur.Window                `json:"windows,omitempty"` // it lies in these, with its way back; none: at any time
	Risk     Risk                          `json:"risk"`              // what was assessed when it was approved
	Longest  calendar.Duration             `json:"longest"`           // work and way back, at most; undefined: any
	// Expires is when it has to be approved again; Most is how many of its changes may
	// go wrong before.
	Expires time.Time `json:"expires"`
	Most    int       `json:"most"`
}

// compiled returns the windows worked out.
func (t ModelTerms) compiled() ([]*recur.WindowTimes, error) {
	var list []*recur.WindowTimes
	for n, w := range t.Windows {
		times, err := w.Compile()
		if err != nil {
			var v servicecoin.Violations
			v.Merge(fmt.Sprintf("windows[%d]", n), err)
			return nil, v.Err()
		}
		list = append(list, times)
	}
	return list, nil
}

const (
	maxWindows  = 50
	maxFailures = 1000
)

func (t ModelTerms) validate(v *servicecoin.Violations) {
	v.Text("name", t.Name, 1, maxTitle)
	if len(t.Services) == 0 {
		v.Add("services", "required", "", "say which services its changes may touch")
	}
	w := Work{Scope: Scope{Services: t.Services, Records: t.Records}, Steps: t.Steps, Runbook: t.Runbook, Version: t.Version}
	w.validate(v)
	if len(t.Steps) == 0 && t.Runbook == "" {
		v.Add("steps", "required", "", "say what is done, or name the run book")
	}
	t.Risk.validate(v)
	if t.Longest.Defined() && length(t.Longest) <= 0 {
		v.Add("longest", "out-of-range", t.Longest.String(), "must be longer than nothing")
	}
	v.Time("expires", t.Expires)
	if t.Most < 1 || t.Most > maxFailures {
		v.Add("most", "out-of-range", strconv.Itoa(t.Most), fmt.Sprintf("must be from 1 to %d: after so many failures it is approved again", maxFailures))
	}
	if v.Limit("windows", len(t.Windows), maxWindows) && v.Len() == 0 {
		_, err := t.compiled()
		v.Merge("", err)
	}
}

func (t ModelTerms) clone() ModelTerms {
	if s := (Scope{Services: t.Services, Records: t.Records}); s.few() {
		s = s.clone()
		t.Services, t.Records = s.Services, s.Records
	}
	t.Steps, t.Windows = slices.Clone(t.Steps), slices.Clone(t.Windows)
	t.Expires = lifecycle.Instant(t.Expires)
	return t
}

// NewModel returns a model that waits to be approved.
func NewModel(by servicecoin.Actor, at time.Time, id ModelID, t ModelTerms) (Model, error) {
	m := Model{ID: id, Edition: 1, State: ModelDraft, ModelTerms: t.clone(), Author: by.ID}
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		v.ID("id", string(id))
		m.validate(v)
	})
	if err != nil {
		return Model{}, err
	}
	m.History = append(m.History, lifecycle.Entry[ModelState]{At: at, By: by, Verb: VerbDraftModel, To: ModelDraft})
	if err := m.room(); err != nil {
		return Model{}, err
	}
	return m, nil
}

func (m *Model) life() lifecycle.Record[ModelState] {
	since := time.Time{}
	if n := len(m.History); n > 0 {
		since = m.History[n-1].At
	}
	return lifecycle.Record[ModelState]{Key: servicecoin.Key{Kind: ModelRecord, ID: string(m.ID)}, State: m.State, Since: since, Table: ModelTransitions()}
}

func (m *Model) move(by servicecoin.Actor, at time.Time, verb, text string, check func(v *servicecoin.Violations), guard func(at time.Time) string, change func(m *Model, at time.Time)) error {
	e, err := m.life().Move(by, at, verb, text, check)
	if err != nil {
		return err
	}
	if guard != nil {
		if why := guard(e.At); why != "" {
			return m.life().Refuse(verb, e.To, why)
		}
	}
	next := *m
	next.State = e.To
	next.History = append(slices.Clone(m.History), e)
	if change != nil {
		change(&next, e.At)
	}
	if next.State != ModelSuspended && next.State != ModelWithdrawn { // which must always be possible
		if err := next.room(); err != nil {
			return err
		}
	}
	*m = next
	return nil
}

func (m *Model) room() error {
	var v servicecoin.Violations
	v.Limit("history", len(m.History), maxEntries)
	lifecycle.Room(&v, "", m, maxBody)
	return v.Err()
}

// Revise replaces the terms with another edition, which is approved again.
func (m *Model) Revise(by servicecoin.Actor, at time.Time, t ModelTerms) error {
	t = t.clone()
	return m.move(by, at, VerbReviseModel, "", t.validate, nil, func(m *Model, _ time.Time) {
		m.Edition, m.ModelTerms, m.Author, m.ApprovedBy, m.ApprovedAt = m.Edition+1, t, by.ID, "", time.Time{}
	})
}

// Approve lets changes be made from the model until it expires. Whoever wrote the
// edition does not approve it. The failures are counted anew.
func (m *Model) Approve(by servicecoin.Actor, at time.Time, reason string) error {
	return m.move(by, at, VerbApproveModel, reason, func(v *servicecoin.Violations) {
		needsReason(reason)(v)
		if by.Kind != servicecoin.Human {
			v.Add("by.kind", "not-a-person", string(by.Kind), "a person approves")
		}
	}, func(at time.Time) string {
		switch {
		case by.ID == m.Author:
			return string(by.ID) + " wrote it: somebody else approves it"
		case !m.Expires.After(at):
			return "it expires at " + lifecycle.Stamp(m.Expires) + ", which has passed: revise it"
		}
		return ""
	}, func(m *Model, at time.Time) { m.ApprovedBy, m.ApprovedAt, m.Failures = by.ID, at, 0 })
}

// Withdraw says that it is not used any more.
func (m *Model) Withdraw(by servicecoin.Actor, at time.Time, reason string) error {
	return m.move(by, at, VerbWithdrawModel, reason, needsReason(reason), nil, nil)
}

// Count counts a change made from the model that went wrong. At the last one that the
// terms allow, the model is suspended: its changes need an approval until it is
// approved again.
func (m *Model) Count(by servicecoin.Actor, at time.Time, id servicecoin.ChangeID) error {
	if m.State != ModelApproved {
		return nil
	}
	next := *m
	next.Failures++
	if next.Failures >= m.Most {
		reason := fmt.Sprintf("change %s was failure %d of %d since it was approved", id, next.Failures, m.Most)
		if err := next.move(by, at, VerbSuspendModel, reason, nil, nil, nil); err != nil {
			return err
		}
	}
	*m = next
	return nil
}

// Holds says why changes made from the model need an approval at an instant, "" if
// they need none.
func (m *Model) Holds(at time.Time) string {
	switch {
	case m.State != ModelApproved:
		return fmt.Sprintf("model %s is %s, and not approved", m.ID, m.State)
	case !at.Before(m.Expires):
		return fmt.Sprintf("model %s expired at %s", m.ID, lifecycle.Stamp(m.Expires))
	}
	return ""
}

// Outside returns all in which a change is not inside of the model at an instant:
// nothing if it needs no approval.
func (m *Model) Outside(c *Change, at time.Time) []string {
	var out []string
	if why := m.Holds(at); why != "" {
		out = append(out, why)
	}
	if !slices.Equal(c.Steps, m.Steps) || c.Runbook != m.Runbook || c.Version != m.Version {
		out = append(out, "its steps are not those of the model")
	}
	if len(c.Scope.Services) == 0 {
		out = append(out, "it touches no service of the model")
	}
	var foreign, strange []string
	for _, s := range c.Scope.Services {
		if !slices.Contains(m.Services, s) {
			foreign = append(foreign, string(s))
		}
	}
	if len(foreign) > 0 {
		out = append(out, "the model does not cover "+strings.Join(foreign, ", "))
	}
	for _, r := range c.Scope.Records {
		if len(m.Records) > 0 && !slices.Contains(m.Records, r) {
			strange = append(strange, string(r))
		}
	}
	if len(strange) > 0 {
		out = append(out, "the model does not cover the records "+strings.Join(strange, ", "))
	}
	if c.Risk != nil && c.Risk.Level > m.Risk.Level {
		out = append(out, fmt.Sprintf("its risk is %d, that of the model %d", c.Risk.Level, m.Risk.Level))
	}
	span := c.Plan.Span()
	if longest, ok := m.Longest.Get(); ok && span.Duration() > longest {
		out = append(out, fmt.Sprintf("it takes %s with its way back, the model allows %s", span.Duration(), longest))
	}
	if len(m.Windows) > 0 && !m.covers(span) {
		out = append(out, "it does not lie in a window of the model, with its way back")
	}
	return out
}

// covers reports whether the windows, joined, hold all of a span.
func (t ModelTerms) covers(span calendar.Interval) bool {
	windows, err := t.compiled()
	if err != nil || span.Empty() {
		return false
	}
	var all calendar.Set
	for _, w := range windows {
		all = all.Union(w.Set(span))
	}
	return all.Covers(span)
}

// Make returns a request of a standard change by the model, at a start.
func (m *Model) Make(id servicecoin.ChangeID, title, reason string, plan Plan, services ...servicecoin.ServiceID) Request {
	return Request{
		ID: id, Title: title, Reason: reason, Kind: Standard,
		Work: Work{Scope: Scope{Services: services}, Plan: plan, Steps: m.Steps, Runbook: m.Runbook, Version: m.Version},
	}
}
