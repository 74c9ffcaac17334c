package change

import (
	"cmp"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// Figures are how the changes of a period went. Every share has its n and an
// interval; of nothing it is undefined.
type Figures struct {
	During calendar.Interval `json:"during"`
	// Changes counts those whose work ended in the period: the n of all shares but
	// that of LeadKept.
	Changes      int   `json:"changes"`
	Succeeded    Share `json:"succeeded"` // asked for, done, and not wrong
	Failed       Share `json:"failed"`    // failed, put back, or the cause of a confirmed incident
	RolledBack   Share `json:"rolledBack"`
	Unauthorised Share `json:"unauthorised"` // that nobody had asked for
	Emergencies  Share `json:"emergencies"`
	LateApproval Share `json:"lateApproval"` // of the emergencies that began first: approved too late, or not yet
	// LeadKept counts those that began no earlier than the notice that was demanded of
	// them allowed, of those of which one was: an emergency that began first and what
	// nobody had asked for did not wait.
	LeadKept Share `json:"leadKept"`
	// StartKept counts those whose plan began when it was first asked for, of those that
	// had one.
	StartKept Share `json:"startKept"`
}

// FiguresOf counts the changes of a period; t is when it is asked. What went wrong is
// counted where the work ended, whenever that came to light.
func FiguresOf(changes []Change, during calendar.Interval, t time.Time) Figures {
	f := Figures{During: during}
	var succeeded, failed, back, unauthorised, emergencies, first, late, noticed, lead, planned, kept int
	for i := range changes {
		c := &changes[i]
		if c.EndedAt.IsZero() || !during.Contains(c.EndedAt) {
			continue
		}
		f.Changes++
		succeeded += one(!c.WentWrong() && !c.Unauthorised)
		failed += one(c.WentWrong())
		back += one(c.ended(RolledBack))
		unauthorised += one(c.Unauthorised)
		emergencies += one(c.Kind == Emergency)
		if c.beganFirst() {
			first++
			late += one(c.ApprovedLate(t))
		}
		if !c.FirstStart.IsZero() {
			planned++
			kept += one(c.Plan.Start.Equal(c.FirstStart))
		}
		if !c.NotBefore.IsZero() {
			noticed++
			lead += one(!c.StartedAt.Before(c.NotBefore))
		}
	}
	f.Succeeded, f.Failed, f.RolledBack = share(succeeded, f.Changes), share(failed, f.Changes), share(back, f.Changes)
	f.Unauthorised, f.Emergencies = share(unauthorised, f.Changes), share(emergencies, f.Changes)
	f.LateApproval, f.LeadKept, f.StartKept = share(late, first), share(lead, noticed), share(kept, planned)
	return f
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// By is the figures of changes that have something in common.
type By struct {
	Name    string  `json:"name"`
	Figures Figures `json:"figures"`
}

// FiguresBy counts by kind, service or model: of names that a change has, one or
// several, sorted.
func FiguresBy(changes []Change, during calendar.Interval, t time.Time, names func(c *Change) []string) []By {
	groups := map[string][]Change{}
	for i := range changes {
		for _, name := range names(&changes[i]) {
			groups[name] = append(groups[name], changes[i])
		}
	}
	var list []By
	for name, of := range groups {
		if f := FiguresOf(of, during, t); f.Changes > 0 {
			list = append(list, By{Name: name, Figures: f})
		}
	}
	slices.SortFunc(list, func(a, b By) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// ByKind names the kind of a change, for [FiguresBy].
func ByKind(c *Change) []string { return []string{string(c.Kind)} }

// ByService names the services that a change touches, for [FiguresBy].
func ByService(c *Change) []string {
	var names []string
	for _, s := range c.Scope.Services {
		names = append(names, string(s))
	}
	return names
}

// ByModel names the model of a standard change, for [FiguresBy].
func ByModel(c *Change) []string {
	if c.Model == nil {
		return nil
	}
	return []string{string(c.Model.ID)}
}

// Delivery is the four figures of DORA, each defined by the fields that it needs. A
// figure whose fields are missing is undefined, with an n of 0.
type Delivery struct {
	During calendar.Interval `json:"during"`
	// Deployments counts changes with Implemented among their states whose work ended
	// in the period, and PerDay is their number by the days of the period.
	Deployments int      `json:"deployments"`
	PerDay      *float64 `json:"perDay,omitempty"`
	// LeadTime is the median from CommittedAt to EndedAt, of LeadTimes changes that
	// have both and were implemented.
	LeadTime  calendar.Elapsed `json:"leadTimeSeconds"`
	LeadTimes int              `json:"leadTimes"`
	// ChangeFailure is the share of changes that went wrong: see [Change.WentWrong].
	ChangeFailure Share `json:"changeFailure"`
	// Recovery is the median to RestoredAt from when the work was done or had failed, or
	// from FellBackAt if that came first, of Recoveries changes that were put back and of
	// which such an instant is known: of one that was put back at once, it is not.
	Recovery   calendar.Elapsed `json:"recoverySeconds"`
	Recoveries int              `json:"recoveries"`
}

// DeliveryOf returns the four figures of a period.
func DeliveryOf(changes []Change, during calendar.Interval) Delivery {
	d := Delivery{During: during}
	var leads, recoveries []time.Duration
	n, wrong := 0, 0
	for i := range changes {
		c := &changes[i]
		if c.EndedAt.IsZero() || !during.Contains(c.EndedAt) {
			continue
		}
		n++
		wrong += one(c.WentWrong())
		if done := c.implementedAt(); !done.IsZero() {
			d.Deployments++
			if !c.CommittedAt.IsZero() && !c.CommittedAt.After(done) {
				leads = append(leads, done.Sub(c.CommittedAt))
			}
		}
		if from := c.wentWrongAt(); !from.IsZero() && !c.RestoredAt.Before(from) {
			recoveries = append(recoveries, c.RestoredAt.Sub(from))
		}
	}
	const day = 24 * time.Hour
	if days := during.Duration().Hours() / day.Hours(); days > 0 && n > 0 {
		perDay := float64(d.Deployments) / days
		d.PerDay = &perDay
	}
	d.LeadTime, d.LeadTimes = median(leads), len(leads)
	d.Recovery, d.Recoveries = median(recoveries), len(recoveries)
	d.ChangeFailure = share(wrong, n)
	return d
}

// implementedAt returns when the work was done as planned, zero if it never was.
func (c *Change) implementedAt() time.Time {
	for _, e := range c.History {
		if e.Verb == VerbImplement {
			return e.At
		}
	}
	return time.Time{}
}

// wentWrongAt returns since when a change that was put back had to be: since it was done,
// had failed, or began to be put back, whatever came first; zero where that is not known.
func (c *Change) wentWrongAt() time.Time {
	for _, e := range c.History {
		if e.Verb == VerbFallBack || e.To == Implemented && e.Verb == VerbImplement || e.To == Failed {
			return e.At
		}
	}
	return time.Time{}
}

// median returns the middle one, the mean of the two of an even number; undefined of
// none.
func median(list []time.Duration) calendar.Elapsed {
	if len(list) == 0 {
		return calendar.Elapsed{}
	}
	slices.Sort(list)
	low, high := list[(len(list)-1)/2], list[len(list)/2]
	return calendar.Took((low + (high-low)/2).Truncate(time.Second))
}

// LateApprovals returns the emergencies that began before they were approved and are
// late with it at t, the latest first due.
func LateApprovals(changes []Change, t time.Time) []Change {
	var late []Change
	for i := range changes {
		if _, is, undecided := changes[i].Undecided(t); undecided && is {
			late = append(late, changes[i])
		}
	}
	slices.SortFunc(late, func(a, b Change) int { return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.ID, b.ID)) })
	return late
}
