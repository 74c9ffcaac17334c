package adoption

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Reach goes on past a point. It is refused while a blocking prerequisite that
// is due at the point or before is unmet, and names each; the unmet warnings
// are kept with the point. Points before it that were not reached lie behind
// then, too. With the last point the onboarding is complete.
func (o *Onboarding) Reach(by servicecoin.Actor, at time.Time, point string) error {
	at = servicecoin.Instant(at)
	n := place(o.Points, point)
	to := Running
	if n == len(o.Points)-1 {
		to = Complete
	}
	_, err := o.life().Move(by, at, VerbReachPoint, "", func(v *servicecoin.Violations) {
		if n < 0 {
			v.Add("point", "unknown", point, "is no point of this onboarding")
		}
	})
	if err != nil {
		return err
	}
	if n < o.behind() {
		last := o.Reached[len(o.Reached)-1]
		return o.life().Refuse(VerbReachPoint, to, fmt.Sprintf("%q lies behind: %q was reached at %s", point, last.Point, lifecycle.Stamp(last.At)))
	}
	if blockers := o.Blockers(point, at); len(blockers) > 0 {
		return o.life().Refuse(VerbReachPoint, to, "blocking prerequisites are not met: "+named(blockers))
	}
	reached := Reached{Point: point, At: at, By: by}
	for _, t := range o.due(point, at) {
		reached.Warnings = append(reached.Warnings, t.ID)
	}
	o.Reached = append(slices.Clip(o.Reached), reached)
	o.end(to, at)
	return nil
}

// Blockers returns what keeps a point from being reached at t: the unmet
// blocking prerequisites that are due at it or before. A point that is not of
// this onboarding has none.
func (o *Onboarding) Blockers(point string, t time.Time) []Task {
	return slices.DeleteFunc(o.due(point, t), func(t Task) bool { return t.Force != Blocking })
}

// Warnings returns what is missing at a point at t and does not keep it from
// being reached.
func (o *Onboarding) Warnings(point string, t time.Time) []Task {
	return slices.DeleteFunc(o.due(point, t), func(t Task) bool { return t.Force != Warning })
}

// due returns the tasks that are due at a point or before.
func (o *Onboarding) due(point string, t time.Time) []Task {
	n := place(o.Points, point)
	return slices.DeleteFunc(o.Tasks(t), func(t Task) bool { return place(o.Points, t.Due) > n })
}

// named lists tasks for a refusal.
func named(tasks []Task) string {
	var b strings.Builder
	for n, t := range tasks {
		if n > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s (%s), due %s", t.ID, t.Text, t.Due)
		if t.Status == Expired {
			b.WriteString(", expired at " + lifecycle.Stamp(t.Evidence.Expires))
		}
	}
	return b.String()
}

// Cancel says that it will not be completed, and why.
func (o *Onboarding) Cancel(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := o.life().Move(by, at, VerbCancelOnboarding, reason, because(reason))
	if err != nil {
		return err
	}
	o.Reason = reason
	o.end(e.To, e.At)
	return nil
}

func (o *Onboarding) end(to State, at time.Time) {
	o.State = to
	if to.Terminal() {
		o.EndedAt = at
	}
}
