package change

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// ConsentMode says what is asked of a customer with a runtime of its own.
type ConsentMode string

// The modes of consent.
const (
	MustConsent ConsentMode = "consent"   // nothing happens without a yes
	MayObject   ConsentMode = "objection" // silence until the date is a yes
)

// Answer is what a customer says. "" is nothing yet.
type Answer string

// The answers.
const (
	Agreed  Answer = "agreed"
	Refused Answer = "refused" // in the mode [MayObject]: objects
)

// ConsentStanding is where the consent of a customer stands at an instant.
type ConsentStanding string

// The standings. The first two let the change happen, [ConsentOpen] does if it
// begins after the date.
const (
	ConsentGiven    ConsentStanding = "given"
	ConsentSilent   ConsentStanding = "silent"   // did not object by the date, and so agreed
	ConsentOpen     ConsentStanding = "open"     // may still object
	ConsentMissing  ConsentStanding = "missing"  // was asked, and has not said yes; after the date, too
	ConsentRefused  ConsentStanding = "refused"  // was asked, and said no
	ConsentObjected ConsentStanding = "objected" // by the date
)

// Consent is what one customer was asked about a change, and what it said. A yes or
// a no to the question of consent counts whenever it comes, an objection only
// before the date.
type Consent struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Mode     ConsentMode            `json:"mode"`
	By       time.Time              `json:"by"` // until when it is asked to answer
	// About is the work and its way back as they were when it was asked: an answer is to
	// that, and says nothing of a plan that leaves it. Empty: any time.
	About      calendar.Interval    `json:"about,omitzero"`
	Answer     Answer               `json:"answer,omitempty"`
	AnsweredBy servicecoin.PersonID `json:"answeredBy,omitempty"`
	At         time.Time            `json:"at,omitzero"` // when it was answered
	Reason     string               `json:"reason,omitempty"`
}

// Validate reports every violation. A no has a reason.
func (c Consent) Validate() error {
	var v servicecoin.Violations
	v.ID("customer", string(c.Customer))
	switch c.Mode {
	case MustConsent, MayObject:
	default:
		v.Add("mode", "unknown", string(c.Mode), "must be consent or objection")
	}
	v.Time("by", c.By)
	least := 0
	switch c.Answer {
	case "":
		if c.AnsweredBy != "" || !c.At.IsZero() {
			v.Add("answer", "required", "", "must be agreed or refused where somebody answered")
		}
	case Refused:
		least = 1
		fallthrough
	case Agreed:
		v.ID("answeredBy", string(c.AnsweredBy))
		v.Time("at", c.At)
	default:
		v.Add("answer", "unknown", string(c.Answer), "must be agreed or refused")
	}
	v.Text("reason", c.Reason, least, 4000)
	return v.Err()
}

// Standing returns where the consent stands at an instant: an answer that comes
// later is none yet.
func (c Consent) Standing(at time.Time) ConsentStanding {
	answer := c.Answer
	if c.At.After(at) {
		answer = ""
	}
	if c.Mode != MayObject {
		switch answer {
		case Agreed:
			return ConsentGiven
		case Refused:
			return ConsentRefused
		}
		return ConsentMissing
	}
	switch {
	case answer == Agreed:
		return ConsentGiven
	case answer == Refused && c.At.Before(c.By):
		return ConsentObjected
	case at.Before(c.By):
		return ConsentOpen
	}
	return ConsentSilent
}

// Covers reports whether the customer was asked about a plan that takes this time.
func (c Consent) Covers(during calendar.Interval) bool {
	return c.About.Empty() || within(during, c.About)
}

// blocks returns why a change that takes this time must not happen because of what the
// customer said, as it stands at an instant; "" if it may.
func (c Consent) blocks(during calendar.Interval, at time.Time) string {
	start := during.Start
	if !c.Covers(during) {
		return "was asked about " + lifecycle.Stamp(c.About.Start) + " to " + lifecycle.Stamp(c.About.End) + ", and not about the time that is planned now: ask again"
	}
	switch c.Standing(at) {
	case ConsentGiven, ConsentSilent:
	case ConsentOpen:
		if start.Before(c.By) {
			return "may object until " + lifecycle.Stamp(c.By) + ", after the change begins"
		}
	case ConsentMissing:
		if at.Before(c.By) {
			return "has to consent, and is asked to until " + lifecycle.Stamp(c.By)
		}
		return "had to consent until " + lifecycle.Stamp(c.By) + ", and has not answered"
	case ConsentRefused:
		return "does not consent" + reasoned(c.Reason)
	case ConsentObjected:
		return "objects" + reasoned(c.Reason)
	}
	return ""
}

// reasoned adds a reason to a sentence, if there is one.
func reasoned(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}
