package adoption

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// Onboarding is a customer's way into one subscription. Make it with [Begin]
// and change it by its methods: each either does all that it says, or returns
// an error and changes nothing. It keeps the template as it was when it began.
// All instants are UTC, cut to the microsecond.
type Onboarding struct {
	Subscription servicecoin.SubscriptionID `json:"subscription"` // its id: there is one for each
	Service      servicecoin.ServiceID      `json:"service"`
	Offering     servicecoin.OfferingID     `json:"offering,omitempty"`
	Title        string                     `json:"title"`
	Edition      int                        `json:"edition"` // of the template
	State        State                      `json:"state"`
	Points       []Point                    `json:"points"`
	Items        []Item                     `json:"items"`
	Reached      []Reached                  `json:"reached,omitempty"` // in order
	BegunAt      time.Time                  `json:"begunAt"`
	BegunBy      servicecoin.Actor          `json:"begunBy"`
	EndedAt      time.Time                  `json:"endedAt,omitzero"` // complete or cancelled
	Reason       string                     `json:"reason,omitempty"` // why it was cancelled
}

// Item is a prerequisite of an onboarding, and what was shown for it: evidence,
// or a waiver, or neither.
type Item struct {
	Prerequisite

	Evidence Evidence `json:"evidence,omitzero"`
	Waiver   Waiver   `json:"waiver,omitzero"`
}

// Evidence shows that a prerequisite is met.
type Evidence struct {
	Link    string            `json:"link,omitempty"`   // where it can be looked at, http or https; this or a text
	Text    string            `json:"text,omitempty"`   // what it is: a contract's number, a sentence
	Expires time.Time         `json:"expires,omitzero"` // from then on it proves nothing; zero: never
	At      time.Time         `json:"at"`               // when it was given; filled in
	By      servicecoin.Actor `json:"by"`               // who gave it; filled in
}

// Waiver says why the provider does without a prerequisite.
type Waiver struct {
	Reason string            `json:"reason"`
	At     time.Time         `json:"at"`
	By     servicecoin.Actor `json:"by"`
}

// Reached is one point that was reached. A point may be reached without those
// before it: they lie behind then, too.
type Reached struct {
	Point    string            `json:"point"`
	At       time.Time         `json:"at"`
	By       servicecoin.Actor `json:"by"`
	Warnings []PrerequisiteID  `json:"warnings,omitempty"` // due by then, and unmet
}

// Begin returns a running onboarding from a template.
func Begin(by servicecoin.Actor, at time.Time, id servicecoin.SubscriptionID, t Template) (Onboarding, error) {
	at = servicecoin.Instant(at)
	var v servicecoin.Violations
	v.ID("subscription", string(id))
	v.Merge("template", t.Validate())
	lifecycle.Acting(&v, by, at)
	if err := v.Err(); err != nil {
		return Onboarding{}, err
	}
	o := Onboarding{
		Subscription: id, Service: t.Service, Offering: t.Offering, Title: t.Title, Edition: t.Edition,
		State: Running, Points: slices.Clone(t.Points), Items: []Item{}, BegunAt: at, BegunBy: by,
	}
	for _, p := range t.Prerequisites {
		o.Items = append(o.Items, Item{Prerequisite: p})
	}
	return o, nil
}

// Status returns where the prerequisite stands at t. Evidence counts from when
// it was given until it expires.
func (i Item) Status(t time.Time) Status {
	switch {
	case !i.Waiver.At.IsZero() && !t.Before(i.Waiver.At):
		return Waived
	case i.Evidence.At.IsZero() || t.Before(i.Evidence.At):
		return Open
	case !i.Evidence.Expires.IsZero() && !t.Before(i.Evidence.Expires):
		return Expired
	}
	return Met
}

// Item returns a prerequisite by id, false if there is none.
func (o *Onboarding) Item(id PrerequisiteID) (Item, bool) {
	n := slices.IndexFunc(o.Items, func(i Item) bool { return i.ID == id })
	if n < 0 {
		return Item{}, false
	}
	return o.Items[n], true
}

// behind returns how many points lie behind.
func (o *Onboarding) behind() int {
	if len(o.Reached) == 0 {
		return 0
	}
	return place(o.Points, o.Reached[len(o.Reached)-1].Point) + 1
}

// changed returns when it began, or when the last point was reached.
func (o *Onboarding) changed() time.Time {
	if len(o.Reached) == 0 {
		return o.BegunAt
	}
	return o.Reached[len(o.Reached)-1].At
}

// Task is an unmet prerequisite of a running onboarding.
type Task struct {
	Item

	Subscription servicecoin.SubscriptionID `json:"subscription"`
	Service      servicecoin.ServiceID      `json:"service"`
	Status       Status                     `json:"status"` // open or expired
	// DueBy is when the next point should be reached, on tasks that are due at
	// it or were before; zero: no day is set.
	DueBy time.Time `json:"dueBy,omitzero"`
	Next  bool      `json:"next"` // due at the next point, or overdue since one that lies behind
}

// Tasks returns what is unmet at t, by the point at which it is due and then in
// the order of the template; nothing once the onboarding is over.
func (o *Onboarding) Tasks(t time.Time) []Task {
	tasks := []Task{}
	if o.State.Terminal() {
		return tasks
	}
	behind, by := o.behind(), o.dueBy()
	for _, i := range o.Items {
		status := i.Status(t)
		if !status.Unmet() {
			continue
		}
		task := Task{Item: i, Subscription: o.Subscription, Service: o.Service, Status: status, Next: place(o.Points, i.Due) <= behind}
		if task.Next {
			task.DueBy = by
		}
		tasks = append(tasks, task)
	}
	slices.SortStableFunc(tasks, func(a, b Task) int { return cmp.Compare(place(o.Points, a.Due), place(o.Points, b.Due)) })
	return tasks
}

// Step is the next point of an onboarding, and what is missing for it.
type Step struct {
	Point Point     `json:"point"`
	DueBy time.Time `json:"dueBy,omitzero"` // zero: no day is set
	Tasks []Task    `json:"tasks"`          // due at the point or before
}

// Blocked reports whether a blocking prerequisite is among the tasks.
func (s Step) Blocked() bool {
	return slices.ContainsFunc(s.Tasks, func(t Task) bool { return t.Force == Blocking })
}

// Next returns the next point and what is missing for it at t; false once the
// onboarding is over.
func (o *Onboarding) Next(t time.Time) (Step, bool) {
	n := o.behind()
	if o.State.Terminal() || n >= len(o.Points) {
		return Step{}, false
	}
	tasks := slices.DeleteFunc(o.Tasks(t), func(t Task) bool { return !t.Next })
	return Step{Point: o.Points[n], DueBy: o.dueBy(), Tasks: tasks}, true
}

// dueBy returns when the next point should be reached, zero if no day is set.
func (o *Onboarding) dueBy() time.Time {
	n := o.behind()
	if o.State.Terminal() || n >= len(o.Points) || o.Points[n].WithinDays == 0 {
		return time.Time{}
	}
	return o.changed().Add(time.Duration(o.Points[n].WithinDays) * day)
}

// Late reports whether the next point should have been reached before t.
func (o *Onboarding) Late(t time.Time) bool {
	by := o.dueBy()
	return !by.IsZero() && t.After(by)
}

// expires returns the next instant after which something that is met is not.
func (o *Onboarding) expires() time.Time {
	var first time.Time
	if o.State.Terminal() {
		return first
	}
	for _, i := range o.Items {
		if e := i.Evidence.Expires; !e.IsZero() && (first.IsZero() || e.Before(first)) {
			first = e
		}
	}
	return first
}

// Progress counts prerequisites and points. It is no percentage: prerequisites
// are not equal, and the last one may be the hardest.
type Progress struct {
	Total    int `json:"total"` // prerequisites: the four below together
	Met      int `json:"met"`
	Waived   int `json:"waived"`
	Open     int `json:"open"`
	Expired  int `json:"expired"`
	Blocking int `json:"blocking"` // open or expired, and blocking
	Points   int `json:"points"`
	Behind   int `json:"behind"` // points that lie behind
}

// Progress returns the counts at t.
func (o *Onboarding) Progress(t time.Time) Progress {
	p := Progress{Total: len(o.Items), Points: len(o.Points), Behind: o.behind()}
	for _, i := range o.Items {
		status := i.Status(t)
		switch status {
		case Open:
			p.Open++
		case Met:
			p.Met++
		case Expired:
			p.Expired++
		case Waived:
			p.Waived++
		}
		if status.Unmet() && i.Force == Blocking {
			p.Blocking++
		}
	}
	return p
}

// Validate reports every violation of an onboarding that did not come out of
// this package's rules.
func (o *Onboarding) Validate() error {
	var v servicecoin.Violations
	v.ID("subscription", string(o.Subscription))
	v.ID("service", string(o.Service))
	if o.Offering != "" {
		v.ID("offering", string(o.Offering))
	}
	v.Text("title", o.Title, 1, maxTitle)
	if !slices.Contains(States(), o.State) {
		v.Add("state", "unknown", string(o.State), "must be one of "+fmt.Sprint(States()))
	}
	few := v.Limit("items", len(o.Items), maxPrerequisites)
	few = v.Limit("reached", len(o.Reached), maxPoints) && few
	if !few {
		return v.Err()
	}
	prerequisites := make([]Prerequisite, len(o.Items))
	for n, i := range o.Items {
		prerequisites[n] = i.Prerequisite
	}
	if !form(&v, o.Points, prerequisites) {
		return v.Err()
	}
	v.Time("begunAt", o.BegunAt)
	v.Merge("begunBy", o.BegunBy.Validate())
	for n, i := range o.Items {
		path := fmt.Sprintf("items[%d]", n)
		if !i.Evidence.At.IsZero() {
			v.Merge(path+".evidence", i.Evidence.Validate())
			if i.Evidence.At.Before(o.BegunAt) {
				v.Add(path+".evidence.at", "out-of-order", lifecycle.Stamp(i.Evidence.At), "must not be before it began")
			}
		}
		if !i.Waiver.At.IsZero() && !i.Evidence.At.IsZero() {
			v.Add(path, "contradiction", string(i.ID), "has evidence and a waiver")
		}
	}
	last, behind := o.BegunAt, 0
	for n, r := range o.Reached {
		path := fmt.Sprintf("reached[%d]", n)
		v.Limit(path+".warnings", len(r.Warnings), maxPrerequisites)
		at := place(o.Points, r.Point) + 1
		switch {
		case at == 0:
			v.Add(path+".point", "unknown", r.Point, "is no point of this onboarding")
		case at <= behind:
			v.Add(path+".point", "out-of-order", r.Point, "lies behind already")
		}
		if r.At.Before(last) {
			v.Add(path+".at", "out-of-order", lifecycle.Stamp(r.At), "must not be before "+lifecycle.Stamp(last))
		}
		last, behind = r.At, at
	}
	if done := behind == len(o.Points); done != (o.State == Complete) {
		v.Add("state", "contradiction", string(o.State), "is complete exactly when the last point is reached")
	}
	if o.State.Terminal() == o.EndedAt.IsZero() {
		v.Add("endedAt", "contradiction", lifecycle.Stamp(o.EndedAt), "is set exactly when it is over")
	}
	return v.Err()
}
