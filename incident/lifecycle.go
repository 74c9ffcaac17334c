package incident

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// move checks what every change of state has in common, and returns the entry
// that it will leave in the timeline.
func (i *Incident) move(by servicecoin.Actor, at time.Time, verb string, check func(v *servicecoin.Violations)) (Entry, error) {
	e, err := i.life().Move(by, at, verb, "", check)
	return Entry{At: e.At, By: e.By, Verb: e.Verb, From: e.From, To: e.To}, err
}

// changed returns when the state changed last.
func (i *Incident) changed() time.Time {
	for _, e := range slices.Backward(i.Timeline) {
		if e.To != "" {
			return e.At
		}
	}
	return i.ReportedAt
}

func (i *Incident) apply(e Entry) {
	i.State = e.To
	i.add(e)
}

func because(v *servicecoin.Violations, reason string) { v.Text("reason", reason, 1, maxText) }

// Acknowledge says that somebody works on it.
func (i *Incident) Acknowledge(by servicecoin.Actor, at time.Time) error {
	e, err := i.move(by, at, VerbAcknowledge, nil)
	if err != nil {
		return err
	}
	i.acknowledged(e.At)
	i.apply(e)
	return nil
}

func (i *Incident) acknowledged(at time.Time) {
	if i.AcknowledgedAt.IsZero() {
		i.AcknowledgedAt = at
	}
}

// Hold says that it waits for somebody outside, and for what.
func (i *Incident) Hold(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := i.move(by, at, VerbHold, func(v *servicecoin.Violations) { because(v, reason) })
	if err != nil {
		return err
	}
	if err := i.room(); err != nil {
		return err
	}
	e.Text = reason
	i.apply(e)
	return nil
}

// Resume ends the waiting.
func (i *Incident) Resume(by servicecoin.Actor, at time.Time) error {
	e, err := i.move(by, at, VerbResume, nil)
	if err != nil {
		return err
	}
	i.apply(e)
	return nil
}

// Resolution says how an incident ended.
type Resolution struct {
	Text     string    // what ended it, for the provider's people; 1 to 4000 characters
	Restored time.Time // when the last service was back; zero: when it is resolved
}

// Resolve says that service is back. It is allowed from every live state:
// nobody has to acknowledge first what is over. Effects that were going on end
// when service was restored.
func (i *Incident) Resolve(by servicecoin.Actor, at time.Time, r Resolution) error {
	restored := servicecoin.Instant(r.Restored)
	if r.Restored.IsZero() {
		restored = servicecoin.Instant(at)
	}
	e, err := i.move(by, at, VerbResolve, func(v *servicecoin.Violations) {
		v.Text("resolution", r.Text, 1, maxText)
		if restored.After(servicecoin.Instant(at)) {
			v.Add("restored", "out-of-order", stamp(restored), "must not be after it is resolved, "+stamp(at))
		}
	})
	if err != nil {
		return err
	}
	if restored.Before(i.Began) {
		return i.refuse(VerbResolve, Resolved, "it cannot be restored at "+stamp(restored)+", it began at "+stamp(i.Began))
	}
	effects := slices.Clone(i.Effects)
	for n := range effects {
		switch x := &effects[n]; {
		case !x.From.Before(restored):
			return i.refuse(VerbResolve, Resolved, "effect "+x.label()+" begins at "+stamp(x.From)+", when all was restored: alter it first")
		case x.Until.After(restored):
			return i.refuse(VerbResolve, Resolved, "effect "+x.label()+" lasted until "+stamp(x.Until)+", beyond "+stamp(restored)+": alter it first")
		case x.Until.IsZero():
			x.Until = restored
		}
	}
	e.Text = r.Text
	i.Effects, i.Resolution, i.RestoredAt, i.ResolvedAt = effects, r.Text, restored, e.At
	i.apply(e)
	return nil
}

// Reopen says that it was not over. Resolution and restoration are forgotten,
// except in the timeline; effects stay as they ended until they are altered.
// Whoever reopens has taken it on: the incident is acknowledged.
func (i *Incident) Reopen(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := i.move(by, at, VerbReopen, func(v *servicecoin.Violations) { because(v, reason) })
	if err != nil {
		return err
	}
	if err := i.room(); err != nil {
		return err
	}
	e.Text = reason
	i.Resolution, i.RestoredAt, i.ResolvedAt = "", time.Time{}, time.Time{}
	i.acknowledged(e.At)
	i.apply(e)
	return nil
}

// Close ends all work on it. It is refused while follow-ups are open, and
// names them.
func (i *Incident) Close(by servicecoin.Actor, at time.Time) error {
	e, err := i.move(by, at, VerbClose, nil)
	if err != nil {
		return err
	}
	return i.end(e)
}

// Cancel says that it was none, or that another incident stands for it. It is
// refused once it is resolved, and while follow-ups are open. What it did to
// services no longer counts.
func (i *Incident) Cancel(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := i.move(by, at, VerbCancel, func(v *servicecoin.Violations) { because(v, reason) })
	if err != nil {
		return err
	}
	e.Text = reason
	return i.end(e)
}

func (i *Incident) end(e Entry) error {
	var open []string
	for _, f := range i.FollowUps {
		if f.State == FollowUpOpen {
			open = append(open, strconv.Itoa(f.Number)+" of "+string(f.Owner)+", due "+stamp(f.Due))
		}
	}
	if len(open) > 0 {
		return i.refuse(e.Verb, e.To, "follow-ups are open: "+strings.Join(open, "; "))
	}
	i.ClosedAt = e.At
	i.apply(e)
	return nil
}
