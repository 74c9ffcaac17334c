package adoption

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// maxOnboarding leaves room in a record of 256 kB for what must always be
// possible: to reach every point with all warnings open, and to cancel.
const maxOnboarding = 160 << 10

// Validate reports every violation of the evidence by itself.
func (e Evidence) Validate() error {
	var v servicecoin.Violations
	e.validate(&v)
	lifecycle.Acting(&v, e.By, e.At)
	return v.Err()
}

func (e Evidence) validate(v *servicecoin.Violations) {
	if blank(e.Link) && blank(e.Text) {
		v.Add("text", "required", "", "evidence has a link or a text")
	}
	link(v, "link", e.Link)
	v.Text("text", e.Text, 0, maxNote)
	if e.Expires.IsZero() {
		return
	}
	v.Time("expires", e.Expires)
	if !e.Expires.After(e.At) {
		v.Add("expires", "expired", lifecycle.Stamp(e.Expires), "must be after it is given, "+lifecycle.Stamp(e.At))
	}
}

// Meet gives evidence for a prerequisite. Newer evidence replaces what was
// given before, and a waiver.
func (o *Onboarding) Meet(by servicecoin.Actor, at time.Time, id PrerequisiteID, e Evidence) error {
	e.At, e.By, e.Expires = servicecoin.Instant(at), by, lifecycle.Instant(e.Expires)
	return o.alter(change{
		verb: VerbMeetPrerequisite, id: id, by: by, at: e.At,
		check: func(v *servicecoin.Violations) {
			var inner servicecoin.Violations
			e.validate(&inner)
			v.Merge("evidence", inner.Err())
		},
		apply: func(i *Item) { i.Evidence, i.Waiver = e, Waiver{} },
	})
}

// Waive says that the provider does without a prerequisite, and why. Only a
// person of the provider can, in their own name; evidence that has expired
// gives way.
func (o *Onboarding) Waive(by servicecoin.Actor, at time.Time, id PrerequisiteID, reason string) error {
	at = servicecoin.Instant(at)
	return o.alter(change{
		verb: VerbWaivePrerequisite, id: id, by: by, at: at,
		check: because(reason),
		apply: func(i *Item) { i.Evidence, i.Waiver = Evidence{}, Waiver{Reason: reason, At: at, By: by} },
	})
}

// Withdraw takes back the evidence of a prerequisite, or its waiver, and says
// why. Points that were reached with it stay reached; every later one asks for
// it again.
func (o *Onboarding) Withdraw(by servicecoin.Actor, at time.Time, id PrerequisiteID, reason string) error {
	return o.alter(change{
		verb: VerbWithdrawPrerequisite, id: id, by: by, at: servicecoin.Instant(at),
		check: because(reason),
		apply: func(i *Item) { i.Evidence, i.Waiver = Evidence{}, Waiver{} },
	})
}

// change is one change of a prerequisite.
type change struct {
	verb  string
	id    PrerequisiteID
	by    servicecoin.Actor
	at    time.Time
	check func(v *servicecoin.Violations)
	apply func(i *Item)
}

// alter checks the guards that are common to all changes of a prerequisite, and
// applies one.
func (o *Onboarding) alter(c change) error {
	if o.State != Running {
		return o.life().Refuse(c.verb, "", "nothing changes any more")
	}
	n := slices.IndexFunc(o.Items, func(i Item) bool { return i.ID == c.id })
	var v servicecoin.Violations
	lifecycle.Acting(&v, c.by, c.at)
	if n < 0 {
		v.Add("prerequisite", "unknown", string(c.id), "is no prerequisite of this onboarding")
	}
	c.check(&v)
	if err := v.Err(); err != nil {
		return err
	}
	item := o.Items[n]
	if err := o.guard(c, item); err != nil {
		return err
	}
	next := *o
	next.Items = slices.Clone(o.Items)
	c.apply(&next.Items[n])
	lifecycle.Room(&v, "", next, maxOnboarding)
	if err := v.Err(); err != nil {
		return err
	}
	o.Items = next.Items
	return nil
}

// guard refuses what the prerequisite's status, its owner or time forbid.
func (o *Onboarding) guard(c change, i Item) error {
	given := i.Evidence.At
	if given.Before(i.Waiver.At) {
		given = i.Waiver.At
	}
	life := lifecycle.Record[Status]{
		Key: o.Key(), Part: "prerequisite " + string(i.ID), State: i.Status(c.at), Since: given, Table: PrerequisiteTransitions(),
	}
	to, err := life.Target(c.verb)
	switch {
	case c.at.Before(o.BegunAt):
		return life.Refuse(c.verb, to, "the onboarding began at "+lifecycle.Stamp(o.BegunAt))
	case c.at.Before(given):
		return life.Refuse(c.verb, to, "it changed later, at "+lifecycle.Stamp(given))
	case err != nil:
		return err
	case c.by.Kind != servicecoin.Human && (to == Waived || life.State == Waived && c.verb == VerbWithdrawPrerequisite):
		return life.Refuse(c.verb, to, "a waiver is given and taken back by a person of the provider")
	case c.by.Kind == servicecoin.CustomerSide && i.Owner != CustomerSide:
		return life.Refuse(c.verb, to, "the provider sees to it")
	}
	return nil
}
