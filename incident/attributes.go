package incident

import (
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
)

// touch checks what every verb that keeps the state has in common.
func (i *Incident) touch(by servicecoin.Actor, at time.Time, verb string, check func(v *servicecoin.Violations)) (Entry, error) {
	if err := i.open(verb); err != nil {
		return Entry{}, err
	}
	at = servicecoin.Instant(at)
	var v servicecoin.Violations
	v.Merge("by", by.Validate())
	v.Time("at", at)
	if check != nil {
		check(&v)
	}
	v.Merge("", i.room())
	if err := v.Err(); err != nil {
		return Entry{}, err
	}
	return Entry{At: at, By: by, Verb: verb}, nil
}

// Assess sets impact and urgency, and the priority that the matrix makes of
// them. A nil matrix is [DefaultMatrix]; a pair that it does not have is
// refused and never defaulted.
func (i *Incident) Assess(by servicecoin.Actor, at time.Time, m *Matrix, impact, urgency int) error {
	next := *i
	e, err := i.touch(by, at, VerbAssess, func(v *servicecoin.Violations) {
		v.Merge("", next.assess(m, impact, urgency))
	})
	if err != nil {
		return err
	}
	e.Text = fmt.Sprintf("impact %d, urgency %d: priority %d by %s", next.Impact, next.Urgency, next.Priority, next.Matrix)
	i.Impact, i.Urgency, i.Priority, i.Matrix = next.Impact, next.Urgency, next.Priority, next.Matrix
	i.add(e)
	return nil
}

func (i *Incident) assess(m *Matrix, impact, urgency int) error {
	if m == nil {
		m = new(DefaultMatrix())
	}
	priority, err := m.Priority(impact, urgency)
	if err != nil {
		return err
	}
	i.Impact, i.Urgency, i.Priority, i.Matrix = impact, urgency, priority, m.Name
	return nil
}

// Assign says who answers for it.
func (i *Incident) Assign(by servicecoin.Actor, at time.Time, to servicecoin.PersonID) error {
	e, err := i.touch(by, at, VerbAssign, func(v *servicecoin.Violations) { v.ID("assignee", string(to)) })
	if err != nil {
		return err
	}
	e.Text = string(to)
	i.Assignee = to
	i.add(e)
	return nil
}

// Description is how an incident is told, inside and outside.
type Description struct {
	Title       string // for the provider's people, 1 to 200 characters
	Description string // for the provider's people, at most 8000 characters
	Headline    string // for customers, at most 200 characters
}

// Describe replaces title, description and headline.
func (i *Incident) Describe(by servicecoin.Actor, at time.Time, d Description) error {
	next := *i
	next.Title, next.Description, next.Headline = d.Title, d.Description, d.Headline
	e, err := i.touch(by, at, VerbDescribe, func(v *servicecoin.Violations) {
		next.describe(v)
		v.Merge("", next.room())
	})
	if err != nil {
		return err
	}
	i.Title, i.Description, i.Headline = d.Title, d.Description, d.Headline
	e.Text = d.Title
	i.add(e)
	return nil
}

// DeclareMajor marks a major incident. No matrix does that, and nothing takes
// it back: it happened.
func (i *Incident) DeclareMajor(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := i.touch(by, at, VerbDeclareMajor, func(v *servicecoin.Violations) { because(v, reason) })
	if err != nil {
		return err
	}
	if i.Major {
		return i.refuse(VerbDeclareMajor, "", "it is declared already")
	}
	e.Text = reason
	i.Major = true
	i.add(e)
	return nil
}

// Redate corrects when it began, as later knowledge has it: not after it was
// detected, and not after an effect begins.
func (i *Incident) Redate(by servicecoin.Actor, at, began time.Time, reason string) error {
	began = servicecoin.Instant(began)
	e, err := i.touch(by, at, VerbRedate, func(v *servicecoin.Violations) {
		because(v, reason)
		v.Time("began", began)
	})
	if err != nil {
		return err
	}
	if began.After(i.DetectedAt) {
		return i.refuse(VerbRedate, "", "it was detected at "+stamp(i.DetectedAt)+", before "+stamp(began))
	}
	for _, x := range i.Effects {
		if x.From.Before(began) {
			return i.refuse(VerbRedate, "", "effect "+x.label()+" begins at "+stamp(x.From)+", before "+stamp(began)+": alter it first")
		}
	}
	e.Text = stamp(i.Began) + " → " + stamp(began) + ": " + reason
	i.Began = began
	i.add(e)
	return nil
}
