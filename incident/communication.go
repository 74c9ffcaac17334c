package incident

import (
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
)

// CommunicationID names a communication.
type CommunicationID string

// CommunicationState is where a communication stands.
type CommunicationState string

// The states of a communication.
const (
	Draft     CommunicationState = "draft"
	Sent      CommunicationState = "sent"
	Discarded CommunicationState = "discarded"
)

// The verbs of communications.
const (
	VerbDraft   = "communication.draft"
	VerbEdit    = "communication.edit"
	VerbSend    = "communication.send"
	VerbDiscard = "communication.discard"
)

// Communication is what one customer is told about one incident: drafted by a
// person or a program, sent by a named person, or by a program under a named
// policy. This library does not deliver it; the host does, once it is sent.
type Communication struct {
	ID           CommunicationID         `json:"id"`
	Incident     servicecoin.IncidentID  `json:"incident"`
	Customer     servicecoin.CustomerID  `json:"customer"`
	Path         []servicecoin.ServiceID `json:"path,omitempty"` // why: from the service that the customer uses to the one affected
	Subject      string                  `json:"subject"`
	Body         string                  `json:"body"`
	NextUpdateBy time.Time               `json:"nextUpdateBy,omitzero"` // zero promises nothing
	State        CommunicationState      `json:"state"`
	DraftedAt    time.Time               `json:"draftedAt"`
	DraftedBy    servicecoin.Actor       `json:"draftedBy"`
	EditedAt     time.Time               `json:"editedAt,omitzero"`
	SentAt       time.Time               `json:"sentAt,omitzero"`
	SentBy       servicecoin.Actor       `json:"sentBy,omitzero"`
	Policy       string                  `json:"policy,omitempty"` // under which a program sent it
	DiscardedAt  time.Time               `json:"discardedAt,omitzero"`
	Why          string                  `json:"why,omitempty"` // why it was discarded
}

// Letter is the part of a communication that its author writes.
type Letter struct {
	Subject      string    // 1 to 200 characters
	Body         string    // 1 to 8000 characters
	NextUpdateBy time.Time // by when the next one comes; zero promises nothing
}

func (l Letter) validate(v *servicecoin.Violations, at time.Time) {
	v.Text("subject", l.Subject, 1, maxTitle)
	v.Text("body", l.Body, 1, maxLong)
	if l.NextUpdateBy.IsZero() {
		return
	}
	v.Time("nextUpdateBy", l.NextUpdateBy)
	if !servicecoin.Instant(l.NextUpdateBy).After(at) {
		v.Add("nextUpdateBy", "out-of-order", stamp(l.NextUpdateBy), "must be after "+stamp(at))
	}
}

const maxPath = 50

// Addressee is whom a communication goes to, and why.
type Addressee struct {
	ID       CommunicationID
	Incident servicecoin.IncidentID
	Customer servicecoin.CustomerID
	Path     []servicecoin.ServiceID // from the service that the customer uses to the one affected
}

// Write returns a new draft.
func Write(by servicecoin.Actor, at time.Time, to Addressee, l Letter) (Communication, error) {
	at = servicecoin.Instant(at)
	var v servicecoin.Violations
	v.ID("id", string(to.ID))
	v.ID("incident", string(to.Incident))
	v.ID("customer", string(to.Customer))
	if v.Limit("path", len(to.Path), maxPath) {
		for n, s := range to.Path {
			v.ID(fmt.Sprintf("path[%d]", n), string(s))
		}
	}
	v.Merge("by", by.Validate())
	v.Time("at", at)
	l.validate(&v, at)
	if err := v.Err(); err != nil {
		return Communication{}, err
	}
	c := Communication{
		ID: to.ID, Incident: to.Incident, Customer: to.Customer, Path: to.Path,
		State: Draft, DraftedAt: at, DraftedBy: by,
	}
	c.write(l)
	return c, nil
}

func (c *Communication) write(l Letter) {
	c.Subject, c.Body, c.NextUpdateBy = l.Subject, l.Body, time.Time{}
	if !l.NextUpdateBy.IsZero() {
		c.NextUpdateBy = servicecoin.Instant(l.NextUpdateBy)
	}
}

func (c *Communication) draft(by servicecoin.Actor, at time.Time, verb string, to CommunicationState, check func(v *servicecoin.Violations)) error {
	if c.State != Draft {
		return c.refuse(verb, to, "only a draft can be changed")
	}
	var v servicecoin.Violations
	v.Merge("by", by.Validate())
	v.Time("at", at)
	if check != nil {
		check(&v)
	}
	if err := v.Err(); err != nil {
		return err
	}
	if at.Before(c.DraftedAt) {
		return c.refuse(verb, to, "at "+stamp(at)+" it was not yet drafted")
	}
	return nil
}

func (c *Communication) refuse(verb string, to CommunicationState, why string) error {
	return &servicecoin.RefusedError{
		Subject: servicecoin.Key{Customer: c.Customer, Kind: CommunicationRecord, ID: string(c.ID)},
		Verb:    verb, From: string(c.State), To: string(to), Why: why,
	}
}

// Edit replaces what the author wrote, while it is a draft.
func (c *Communication) Edit(by servicecoin.Actor, at time.Time, l Letter) error {
	at = servicecoin.Instant(at)
	if err := c.draft(by, at, VerbEdit, "", func(v *servicecoin.Violations) { l.validate(v, at) }); err != nil {
		return err
	}
	c.write(l)
	c.EditedAt = at
	return nil
}

// Send says that it is said. A person of the provider sends in their own name;
// a program only under a policy that the host has named and stands for; nobody
// of the customer's side does. A promise that passed while it lay as a draft is
// refused.
func (c *Communication) Send(by servicecoin.Actor, at time.Time, policy string) error {
	at = servicecoin.Instant(at)
	err := c.draft(by, at, VerbSend, Sent, func(v *servicecoin.Violations) {
		if policy != "" {
			v.ID("policy", policy)
		}
	})
	if err != nil {
		return err
	}
	switch {
	case by.Kind == servicecoin.CustomerSide:
		return c.refuse(VerbSend, Sent, "the provider speaks, not the customer's side")
	case by.Kind == servicecoin.System && policy == "":
		return c.refuse(VerbSend, Sent, "a program sends under a named policy only")
	case !c.NextUpdateBy.IsZero() && !c.NextUpdateBy.After(at):
		return c.refuse(VerbSend, Sent, "the next update is promised for "+stamp(c.NextUpdateBy)+", which has passed: edit it")
	}
	c.State, c.SentAt, c.SentBy, c.Policy = Sent, at, by, policy
	return nil
}

// Discard says that it will not be sent, and why.
func (c *Communication) Discard(by servicecoin.Actor, at time.Time, reason string) error {
	at = servicecoin.Instant(at)
	err := c.draft(by, at, VerbDiscard, Discarded, func(v *servicecoin.Violations) { because(v, reason) })
	if err != nil {
		return err
	}
	c.State, c.DiscardedAt, c.Why = Discarded, at, reason
	return nil
}
