package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/problem"
)

// keptFor is how long the provider of the demonstration keeps the data of a service
// that was left, so that what was forgotten can still be handed back.
const keptFor = 30 * day

// groupLine is a line of a list of facts.
type groupLine struct{ Name, Value string }

// leavePage asks before a service is left: for a day and a reason, and once more when
// it has said what follows.
type leavePage struct {
	page

	Customer servicecoin.Customer
	Here     string // of the subscription
	Held     catalog.Subscription
	Name     string
	Outputs  []groupLine
	Rests    []resting // what else the customer has, and rests on it
	Other    bool      // it has another subscription of the same service
	Today    string
	KeptDays int

	Day, Reason string // as they were typed
	WrongDay    string
	WrongReason string

	Sure  bool      // the second page
	From  time.Time // from when on it is not used
	Kept  time.Time // until when data is kept
	Later bool      // not at once
}

// resting is a service that needs the one that is left.
type resting struct {
	Name string
	Path string
	Down bool // it does not work without; else it may work with less
}

func (p *portal) showLeave(w http.ResponseWriter, r *http.Request) error {
	v, err := p.leaving(r)
	if err != nil {
		return err
	}
	return p.render(w, r, "leave.html", 0, v)
}

// leaving begins both pages, for those who may leave.
func (p *portal) leaving(r *http.Request) (leavePage, error) {
	ctx, who := r.Context(), viewer(r)
	c, err := p.customer(r)
	if err != nil {
		return leavePage{}, err
	}
	sub, err := p.Subscriptions(c.ID).Get(ctx, servicecoin.SubscriptionID(r.PathValue("subscription")))
	if err != nil {
		return leavePage{}, err
	}
	if !who.is(owner, manager) {
		return leavePage{}, fmt.Errorf("%w: the owner leaves, or our service manager for the owner", servicecoin.ErrForbidden)
	}
	if sub.State != catalog.SubscriptionActive && sub.State != catalog.SubscriptionSuspended {
		return leavePage{}, &servicecoin.RefusedError{Subject: sub.Key(), Verb: catalog.VerbDepartSubscription, From: string(sub.State), Why: "It is not there to be left: it is " + string(sub.State) + "."}
	}
	names, err := p.names(ctx)
	if err != nil {
		return leavePage{}, err
	}
	v := leavePage{
		page: p.page(r, "Leave "+names.Of(sub.Service), customerPath(c.ID)), Customer: c.Customer, Here: customerPath(c.ID, "subscriptions", string(sub.ID)),
		Held: sub, Name: names.Of(sub.Service), Outputs: outputs(sub.Outputs), Today: p.store.Now().In(c.zone()).Format(time.DateOnly), KeptDays: int(keptFor / day),
	}
	err = p.restingOn(r, c, &v, names)
	return v, err
}

// restingOn finds what else the customer has that needs the service. Over services
// that nobody orders the way goes on, and they are not named.
func (p *portal) restingOn(r *http.Request, c client, v *leavePage, names namesByID) error {
	graph, err := p.Catalog().Graph(r.Context())
	if err != nil {
		return err
	}
	impact := graph.Impact(v.Held.Service)
	down, less := map[servicecoin.ServiceID]bool{}, map[servicecoin.ServiceID]bool{}
	for _, hit := range impact.Down {
		down[hit.Service] = true
	}
	for _, hit := range impact.Degraded {
		less[hit.Service] = true
	}
	for s, err := range p.Subscriptions(c.ID).List().All(r.Context()) {
		if err != nil {
			return err
		}
		there := s.State == catalog.SubscriptionActive || s.State == catalog.SubscriptionSuspended || s.State == catalog.SubscriptionRequested
		switch {
		case !there || s.ID == v.Held.ID:
		case s.Service == v.Held.Service:
			v.Other = v.Other || s.State == catalog.SubscriptionActive
		case down[s.Service] || less[s.Service]:
			v.Rests = append(v.Rests, resting{names.Of(s.Service), customerPath(c.ID, "subscriptions", string(s.ID)), down[s.Service]})
		}
	}
	if v.Other {
		v.Rests = nil // the other one is still there for them
	}
	return nil
}

// read takes what was typed, and says what is wrong with it at its field.
func (v *leavePage) read(f *form, now time.Time) error {
	const mostDays, mostReason = 3660, 4000
	v.Day, v.Reason = f.text("day"), f.text("reason")
	var bad servicecoin.Violations
	from, err := leavingDay(v.Day, v.Customer, now)
	switch {
	case v.Day == "":
		v.WrongDay = "say from which day on"
	case err != nil:
		v.WrongDay = "must be a day, as 2026-11-24"
	case v.Day < v.Today:
		v.WrongDay = "must not be over: today is the first that can be"
	case from.Sub(now) > mostDays*day:
		v.WrongDay = "must be within ten years"
	}
	switch n := len([]rune(v.Reason)); {
	case n == 0:
		v.WrongReason = "say why"
	case n > mostReason:
		v.WrongReason = fmt.Sprintf("must have at most %d characters, it has %d", mostReason, n)
	}
	if v.WrongDay != "" {
		bad.Add("day", "bad-date", v.Day, v.WrongDay)
	}
	if v.WrongReason != "" {
		bad.Add("reason", "bad-text", "", v.WrongReason)
	}
	v.From, v.Later = from, !from.IsZero()
	if !v.Later {
		v.From = now
	}
	v.Kept = v.From.Add(keptFor)
	return bad.Err()
}

// askToLeave shows the second page: what follows, and whether it is meant.
func (p *portal) askToLeave(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	v, err := p.leaving(r)
	if err != nil {
		return err
	}
	wrong := v.read(f, p.store.Now())
	if wrong != nil && f.text("change") == "" {
		v.Problem, v.Problems = inWords(wrong)
		return p.render(w, r, "leave.html", problem.Status(wrong), v)
	}
	v.Sure = f.text("change") == ""
	return p.render(w, r, "leave.html", 0, v)
}

// depart leaves, once it was asked again. Who has not seen the second page sees it
// now.
func (p *portal) depart(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	if f.text("sure") != "yes" {
		return p.askToLeave(w, r)
	}
	v, err := p.leaving(r)
	if err != nil {
		return err
	}
	leaves := time.Time{}
	err = v.read(f, p.store.Now())
	if v.Later {
		leaves = v.From
	}
	if err == nil {
		_, err = p.Subscriptions(v.Customer.ID).Depart(r.Context(), viewer(r).actor(), v.Held.ID, leaves, v.Reason)
	}
	if status := problem.Status(err); err != nil && (status == http.StatusUnprocessableEntity || status == http.StatusConflict) {
		v.Problem, v.Problems = inWords(err)
		return p.render(w, r, "leave.html", status, v)
	}
	if err != nil {
		return err
	}
	p.happened(r.Context())
	seeOther(w, v.Here)
	return nil
}

// leavingDay is the beginning of a day where the customer is, zero for at once:
// that is today, too.
func leavingDay(text string, c servicecoin.Customer, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	loc, err := c.Location()
	if err != nil {
		return time.Time{}, err
	}
	date, err := calendar.ParseDate(text)
	if err != nil {
		var v servicecoin.Violations
		v.Add("day", "bad-date", text, "must be a day, as 2026-11-24")
		return time.Time{}, v.Err()
	}
	if now.In(loc).Format(time.DateOnly) == text {
		return time.Time{}, nil
	}
	return date.In(loc).Start, nil
}
