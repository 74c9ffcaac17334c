package adoption

import (
	"time"

	"github.com/servicecoin/servicecoin"
)

// Checklist is what a customer may see of its onboarding: what is due at which
// point and where it stands. It holds no person, no reason of a waiver or of a
// cancellation, and no evidence of what the provider sees to.
type Checklist struct {
	Subscription servicecoin.SubscriptionID `json:"subscription"`
	Service      servicecoin.ServiceID      `json:"service"`
	Title        string                     `json:"title"`
	State        State                      `json:"state"`
	Progress     Progress                   `json:"progress"`
	Points       []CheckPoint               `json:"points"` // in order
}

// CheckPoint is one point of a checklist.
type CheckPoint struct {
	Name      string      `json:"name"`
	ReachedAt time.Time   `json:"reachedAt,omitzero"` // zero: still ahead
	Next      bool        `json:"next"`
	DueBy     time.Time   `json:"dueBy,omitzero"` // of the next point; zero: no day is set
	Items     []CheckItem `json:"items"`
}

// CheckItem is one line of a checklist.
type CheckItem struct {
	ID      PrerequisiteID `json:"id"`
	Text    string         `json:"text"`
	Wanted  string         `json:"wanted,omitempty"`
	Force   Force          `json:"force"`
	Owner   Side           `json:"owner"`
	Status  Status         `json:"status"`
	Shown   string         `json:"shown,omitempty"`  // the evidence's text; of what the customer sees to
	Link    string         `json:"link,omitempty"`   // http or https; of what the customer sees to
	Expires time.Time      `json:"expires,omitzero"` // from when on the evidence proves nothing
}

// Checklist returns what the customer may see at t.
func (o *Onboarding) Checklist(t time.Time) Checklist {
	c := Checklist{
		Subscription: o.Subscription, Service: o.Service, Title: o.Title, State: o.State, Progress: o.Progress(t), Points: []CheckPoint{},
	}
	behind := o.behind()
	for n, p := range o.Points {
		point := CheckPoint{Name: p.Name, Items: []CheckItem{}}
		switch {
		case n < behind:
			point.ReachedAt = o.reachedAt(n)
		case n == behind && o.State == Running:
			point.Next, point.DueBy = true, o.dueBy()
		}
		for _, i := range o.Items {
			if i.Due == p.Name {
				point.Items = append(point.Items, i.check(t))
			}
		}
		c.Points = append(c.Points, point)
	}
	return c
}

// reachedAt returns when a point that lies behind was reached: with itself, or
// with the one after it that was reached in its place.
func (o *Onboarding) reachedAt(n int) time.Time {
	for _, r := range o.Reached {
		if place(o.Points, r.Point) >= n {
			return r.At
		}
	}
	return time.Time{}
}

func (i Item) check(t time.Time) CheckItem {
	c := CheckItem{ID: i.ID, Text: i.Text, Wanted: i.Wanted, Force: i.Force, Owner: i.Owner, Status: i.Status(t), Expires: i.Evidence.Expires}
	if i.Owner == CustomerSide {
		c.Shown, c.Link = i.Evidence.Text, i.Evidence.Link
	}
	return c
}
