package change

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// move applies a change of state: the table, the form, the order of time, then what
// else the room asks for, then the change itself, all or nothing.
func (c *Change) move(by servicecoin.Actor, at time.Time, verb, text string, check func(v *servicecoin.Violations), guard func() string, change func(c *Change, at time.Time)) error {
	e, err := c.life().Move(by, at, verb, text, check)
	if err != nil {
		return err
	}
	if guard != nil {
		if why := guard(); why != "" {
			return c.refuse(verb, e.To, why)
		}
	}
	next := *c
	next.State = e.To
	next.add(e)
	if change != nil {
		change(&next, e.At)
	}
	if verb == VerbReview || !next.State.Terminal() && !next.State.Ended() {
		if err := next.room(verb); err != nil {
			return err
		}
	}
	*c = next
	return nil
}

func needsReason(reason string) func(v *servicecoin.Violations) {
	return lifecycle.Because(reason, maxText)
}

// Assign says who does it. A normal change is assigned once it is submitted: before,
// nobody has agreed that it is worth doing.
func (c *Change) Assign(by servicecoin.Actor, at time.Time, to ...servicecoin.PersonID) error {
	switch {
	case c.State != Draft && c.State != Submitted:
		return c.refuse(VerbAssign, "", "is allowed when it is draft, submitted")
	case c.State == Draft && c.Kind == Normal:
		return c.refuse(VerbAssign, "", "a normal change is assigned once it is submitted")
	case len(c.Implementers) > 0:
		return c.refuse(VerbAssign, "", "it is assigned already: reassign it, and say why")
	}
	return c.assign(by, at, VerbAssign, "", to)
}

// Reassign gives it to others, while it lies ahead. Who does it never votes on it:
// their votes count no more.
func (c *Change) Reassign(by servicecoin.Actor, at time.Time, reason string, to ...servicecoin.PersonID) error {
	if !c.State.Planned() || len(c.Implementers) == 0 {
		return c.refuse(VerbReassign, "", "is allowed while it lies ahead and is assigned")
	}
	if _, err := lifecycle.Check(by, at, needsReason(reason)); err != nil {
		return err
	}
	return c.assign(by, at, VerbReassign, reason, to)
}

func (c *Change) assign(by servicecoin.Actor, at time.Time, verb, reason string, to []servicecoin.PersonID) error {
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		if len(to) == 0 {
			v.Add("to", "required", "", "name somebody")
		}
		persons(v, "to", to)
		if c.Decision != nil {
			for _, vote := range c.counted() {
				for _, p := range []servicecoin.PersonID{vote.By, vote.For} {
					if p != "" && vote.Choice == VoteYes && slices.Contains(to, p) {
						v.Add("to", "voted", string(p), "approved it: who does it has no vote, nor has anybody for them")
					}
				}
			}
		}
		for _, x := range c.Exceptions {
			if slices.Contains(to, x.AllowedBy) {
				v.Add("to", "allowed", string(x.AllowedBy), "allowed it in freeze "+string(x.Freeze)+": who does it does not")
			}
		}
	})
	if err != nil {
		return err
	}
	next := *c
	next.Implementers = people(to)
	if c.Approval != nil && c.Decision == nil {
		var v servicecoin.Violations
		c.Approval.decidable(&v, next.interested)
		if err := v.Err(); err != nil {
			return err
		}
	}
	names := make([]string, len(next.Implementers))
	for n, p := range next.Implementers {
		names[n] = string(p)
	}
	text := strings.Join(names, ", ")
	if reason != "" {
		text += ": " + reason
	}
	next.add(Event{At: at, By: by, Verb: verb, Text: text})
	return c.become(next, verb)
}

// Submit asks for a normal change. Everything that those who decide have to know is
// there by then.
func (c *Change) Submit(by servicecoin.Actor, at time.Time) error {
	return c.move(by, at, VerbSubmit, "", c.ready, func() string {
		switch c.Kind {
		case Standard:
			return "a standard change is preapproved by its model, or is none: make it a normal one"
		case Emergency:
			return "an emergency is assessed at once"
		case Normal:
		}
		return ""
	}, (*Change).submitted)
}

func (c *Change) submitted(at time.Time) {
	if c.SubmittedAt.IsZero() {
		c.SubmittedAt = at
	}
	if c.FirstStart.IsZero() {
		c.FirstStart = c.Plan.Start
	}
}

// Preapprove lets a standard change go ahead that stays inside of its model. One that
// does not is refused, with all that lies outside: it is a normal change then.
func (c *Change) Preapprove(by servicecoin.Actor, at time.Time, m Model) error {
	return c.move(by, at, VerbPreapprove, "", func(v *servicecoin.Violations) {
		c.ready(v)
		if len(c.Implementers) == 0 {
			v.Add("implementers", "required", "", "say who does it")
		}
	}, func() string {
		if c.Kind != Standard {
			return "a " + string(c.Kind) + " change is assessed by itself"
		}
		return strings.Join(m.Outside(c, at), "; ")
	}, func(c *Change, at time.Time) {
		c.submitted(at)
		risk := m.Risk
		c.Risk, c.Model = &risk, &OfModel{ID: m.ID, Edition: m.Edition}
		c.Decision = &Decision{Approved: true, At: at, Digest: c.Digest(), Policy: "model " + string(m.ID), By: m.ApprovedBy, Preapproved: true}
	})
}

// Assessment is what somebody makes of a change before others are asked.
type Assessment struct {
	Risk   Risk
	Policy Policy // says who is asked
}

// Assess says how risky it is, and by that who has to say yes. An emergency is
// assessed as a draft already.
func (c *Change) Assess(by servicecoin.Actor, at time.Time, a Assessment) error {
	return c.assess(by, at, VerbAssess, "", a, c.Work, func() string {
		if c.State == Draft && c.Kind != Emergency {
			return "a " + string(c.Kind) + " change is submitted first"
		}
		return ""
	})
}

// Replan gives a change that was voted down another plan; it is assessed with it.
func (c *Change) Replan(by servicecoin.Actor, at time.Time, w Work, a Assessment, reason string) error {
	return c.assess(by, at, VerbReplan, reason, a, w, func() string {
		if c.Risk == nil {
			return "it was rejected before it was assessed: reopen it"
		}
		return ""
	})
}

// Amend changes what was approved, moves it, say. What was approved is a digest of
// plan, scope and risk: it is approved again, or not.
func (c *Change) Amend(by servicecoin.Actor, at time.Time, w Work, a Assessment, reason string) error {
	return c.assess(by, at, VerbAmend, reason, a, w, func() string {
		if c.Kind == Standard {
			return "a standard change is withdrawn, and preapproved again if it still is inside of its model"
		}
		return ""
	})
}

func (c *Change) assess(by servicecoin.Actor, at time.Time, verb, reason string, a Assessment, w Work, guard func() string) error {
	next := *c
	next.Work = w.clone()
	var approval Approval
	return c.move(by, at, verb, reason, func(v *servicecoin.Violations) {
		if verb != VerbAssess {
			needsReason(reason)(v)
		}
		next.Work.validate(v) //nolint:staticcheck // which validate it is
		if v.Len() == 0 {
			next.ready(v)
		}
		if len(c.Implementers) == 0 {
			v.Add("implementers", "required", "", "say who does it: they have no vote")
		}
		a.Risk.validate(v)
		v.Merge("policy", a.Policy.Validate())
		var fits bool
		if approval, fits = a.Policy.For(c.Kind, a.Risk.Level); !fits {
			v.Add("policy", "no-rule", a.Policy.Name, fmt.Sprintf("has no rule for a %s change of risk %d", c.Kind, a.Risk.Level))
		} else {
			next.Approval = &approval // and whoever plans it now is one of its authors
			next.add(Event{By: by, Verb: verb})
			approval.decidable(v, next.interested)
		}
	}, guard, func(c *Change, at time.Time) {
		if verb != VerbAssess {
			c.Moves++
		}
		c.Work = next.Work
		c.submitted(at)
		risk := a.Risk
		c.Risk, c.Approval, c.Decision = &risk, &approval, nil
	})
}

func (r Risk) validate(v *servicecoin.Violations) {
	if r.Level < 1 || r.Likelihood < 1 || r.Impact < 1 || max(r.Level, r.Likelihood, r.Impact) > maxGrades {
		v.Add("risk", "out-of-range", fmt.Sprintf("%d × %d = %d", r.Likelihood, r.Impact, r.Level), "must come from a matrix of risk")
	}
	v.Text("risk.note", r.Note, 0, maxText)
}

// Reject dismisses a submitted change before anybody assesses it. After that the
// votes decide.
func (c *Change) Reject(by servicecoin.Actor, at time.Time, reason string) error {
	return c.move(by, at, VerbReject, reason, needsReason(reason), func() string {
		if c.State == Assessed {
			return "it is assessed: the votes decide"
		}
		return ""
	}, nil)
}

// Reopen makes a draft again of a change that was rejected before it was assessed.
func (c *Change) Reopen(by servicecoin.Actor, at time.Time, reason string) error {
	return c.move(by, at, VerbReopen, reason, needsReason(reason), func() string {
		if c.Risk != nil {
			return "it was voted down: replan it"
		}
		return ""
	}, nil)
}

// Withdraw makes a draft again of a change that lies ahead. What was said of it stays
// on record, and counts no more.
func (c *Change) Withdraw(by servicecoin.Actor, at time.Time, reason string) error {
	return c.move(by, at, VerbWithdraw, reason, needsReason(reason), nil, func(c *Change, _ time.Time) {
		c.Risk, c.Approval, c.Decision, c.Model = nil, nil, nil, nil
		c.SubmittedAt, c.NotBefore = time.Time{}, time.Time{} // notice counts anew
		c.Moves++
	})
}

// stillApproved says why what was approved does not hold any more.
func (c *Change) stillApproved() string {
	switch {
	case c.Decision == nil || !c.Decision.Approved:
		return "it is not approved"
	case c.Decision.Digest != c.Digest():
		return "it is not what was approved: plan, scope or risk changed since"
	}
	return ""
}

// Schedule gives the change its place. What the calendar and the forward schedule say
// of it is handed in: a change that does not fit is refused, with every reason.
func (c *Change) Schedule(by servicecoin.Actor, at time.Time, standing Standing) error {
	return c.move(by, at, VerbSchedule, "", nil, func() string {
		if why := c.stillApproved(); why != "" {
			return why
		}
		return standing.Refusal()
	}, nil)
}

// Start says that the work began. It begins neither before its time, nor so late that
// work and way back would leave the time that it was given by more than grace.
func (c *Change) Start(by servicecoin.Actor, at time.Time, grace time.Duration) error {
	return c.move(by, at, VerbStart, "", nil, func() string {
		at := servicecoin.Instant(at)
		switch why := c.stillApproved(); {
		case why != "":
			return why
		case at.Before(c.Plan.Start):
			return "it begins at " + lifecycle.Stamp(c.Plan.Start) + ", and not before"
		case at.After(c.Plan.Start.Add(grace)):
			return "it was to begin at " + lifecycle.Stamp(c.Plan.Start) + ": so late it does not fit any more, amend it"
		}
		return ""
	}, (*Change).started)
}

func (c *Change) started(at time.Time) { c.StartedAt = at }

// StartUnapproved lets an emergency begin before it is approved, where the policy
// that it was assessed by allows that. It is approved, or not, afterwards.
func (c *Change) StartUnapproved(by servicecoin.Actor, at time.Time, reason string) error {
	return c.move(by, at, VerbStartUnapproved, reason, needsReason(reason), func() string {
		switch {
		case c.Kind != Emergency:
			return "only an emergency begins before it is approved"
		case c.Approval == nil || !c.Approval.StartFirst:
			return "the policy does not let it begin before it is approved"
		}
		return ""
	}, (*Change).started)
}

// FallBack says that it is being put back from now on, and what was seen that it has
// to be. The point of no return is looked at: past it a change goes on.
func (c *Change) FallBack(by servicecoin.Actor, at time.Time, trigger string) error {
	at, err := lifecycle.Check(by, at, needsReason(trigger))
	switch {
	case c.State != Started:
		return c.refuse(VerbFallBack, "", "is allowed when it is started")
	case err != nil:
		return err
	case !c.FellBackAt.IsZero():
		return c.refuse(VerbFallBack, "", "it is being put back since "+lifecycle.Stamp(c.FellBackAt))
	case c.Plan.NoReturn.Defined() && at.After(c.StartedAt.Add(length(c.Plan.NoReturn))):
		return c.refuse(VerbFallBack, "", "the point of no return was at "+lifecycle.Stamp(c.StartedAt.Add(length(c.Plan.NoReturn)))+": fail it, or go on")
	case at.Before(c.StartedAt):
		return c.life().Order(at, VerbFallBack, "")
	}
	next := *c
	next.FellBackAt = at
	next.add(Event{At: at, By: by, Verb: VerbFallBack, Text: trigger})
	*c = next
	return nil
}

// Implement says that it was done as planned.
func (c *Change) Implement(by servicecoin.Actor, at time.Time, outcome string) error {
	return c.move(by, at, VerbImplement, outcome, lifecycle.Maybe(outcome, maxText), func() string {
		if !c.FellBackAt.IsZero() {
			return "it is being put back since " + lifecycle.Stamp(c.FellBackAt)
		}
		return ""
	}, func(c *Change, at time.Time) { c.EndedAt, c.Outcome = at, outcome })
}

// RollBack says that everything is as it was before, why, and since when service is;
// zero: since it is put back.
func (c *Change) RollBack(by servicecoin.Actor, at time.Time, reason string, restored time.Time) error {
	restored = lifecycle.Instant(restored)
	if restored.IsZero() {
		restored = servicecoin.Instant(at)
	}
	return c.move(by, at, VerbRollBack, reason, func(v *servicecoin.Violations) {
		needsReason(reason)(v)
		if restored.After(servicecoin.Instant(at)) {
			v.Add("restored", "out-of-order", lifecycle.Stamp(restored), "must not be after it is put back, "+lifecycle.Stamp(servicecoin.Instant(at)))
		}
		if restored.Before(c.StartedAt) {
			v.Add("restored", "out-of-order", lifecycle.Stamp(restored), "must not be before it began, "+lifecycle.Stamp(c.StartedAt))
		}
	}, nil, func(c *Change, at time.Time) {
		if c.FellBackAt.IsZero() {
			c.FellBackAt = at
		}
		c.EndedAt, c.RestoredAt, c.Outcome, c.WatchedUntil = at, restored, reason, time.Time{}
	})
}

// Fail says that it was neither done as planned nor put back, and how things stand.
func (c *Change) Fail(by servicecoin.Actor, at time.Time, reason string) error {
	return c.move(by, at, VerbFail, reason, needsReason(reason), nil, func(c *Change, at time.Time) { c.EndedAt, c.Outcome = at, reason })
}

// Watch says until when somebody watches what was implemented (early life support). It
// is not closed before.
func (c *Change) Watch(by servicecoin.Actor, at, until time.Time) error {
	until = lifecycle.Instant(until)
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		v.Time("until", until)
		if !until.After(servicecoin.Instant(at)) {
			v.Add("until", "out-of-order", lifecycle.Stamp(until), "must be after "+lifecycle.Stamp(servicecoin.Instant(at)))
		}
	})
	switch {
	case c.State != Implemented:
		return c.refuse(VerbWatch, "", "is allowed when it is implemented")
	case err != nil:
		return err
	case !c.WatchedUntil.IsZero():
		return c.refuse(VerbWatch, "", "it is watched until "+lifecycle.Stamp(c.WatchedUntil)+" already")
	}
	next := *c
	next.WatchedUntil = until
	next.add(Event{At: at, By: by, Verb: VerbWatch, Text: "until " + lifecycle.Stamp(until)})
	*c = next
	return nil
}

// Close ends it for good.
func (c *Change) Close(by servicecoin.Actor, at time.Time) error {
	return c.move(by, at, VerbClose, "", nil, func() string {
		switch at := servicecoin.Instant(at); {
		case c.NeedsReview() && c.Review == nil:
			return "it is reviewed first: an emergency, what went wrong and what nobody authorised always is"
		case c.Decision == nil && !c.Unauthorised:
			return "it went ahead before it was approved: the votes are still awaited"
		case at.Before(c.WatchedUntil):
			return "it is watched until " + lifecycle.Stamp(c.WatchedUntil)
		case c.FollowUps.Open():
			return "there are open follow-ups"
		}
		return ""
	}, func(c *Change, at time.Time) { c.ClosedAt = at })
}

// NeedsReview reports whether it is not closed without a review: every emergency, what
// went wrong, what nobody authorised, and what was voted down after it began.
func (c *Change) NeedsReview() bool {
	return c.Kind == Emergency || c.Unauthorised || c.WentWrong() || (c.Decision != nil && !c.Decision.Approved)
}

// Cancel says that it will not be done, and why.
func (c *Change) Cancel(by servicecoin.Actor, at time.Time, reason string) error {
	return c.move(by, at, VerbCancel, reason, needsReason(reason), nil, func(c *Change, at time.Time) { c.ClosedAt = at })
}
