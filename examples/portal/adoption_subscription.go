package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/problem"
)

// subscriptionsArea is what a customer has, and how it comes to use it.
func (p *portal) subscriptionsArea() area {
	return area{
		pages: map[string]route{
			"GET /customers/{customer}/subscriptions/{subscription}":         {ofCustomer, p.showSubscription},
			"POST /customers/{customer}/subscriptions/{subscription}/{verb}": {ofCustomer, p.changeSubscription},
			"GET /customers/{customer}/subscriptions/{subscription}/leave":   {ofCustomer, p.showLeave},
			"POST /customers/{customer}/subscriptions/{subscription}/leave":  {ofCustomer, p.askToLeave},
			"POST /customers/{customer}/subscriptions/{subscription}/depart": {ofCustomer, p.depart},
		},
		work: []chore{p.lateOnboardings()},
	}
}

// subscriptionPage is what a customer has of a service, and how it comes to use
// it.
type subscriptionPage struct {
	page

	Customer   servicecoin.Customer
	Base, Here string
	Held       catalog.Subscription
	Name       string
	Outputs    []groupLine
	Checklist  *adoption.Checklist
	Next       string // the point that can be reached now, or is in the way
	Survey     *adoption.Survey
	Mine       int // what the viewer answered, 0 for nothing
	Score      string
	MayLeave   bool
	MayStay    bool
	Side       adoption.Side // whose prerequisites the viewer sees to
	Kept       time.Time     // until when data is kept after it was left; zero: it is not left
	Words      string        // where it stands
	Again      int           // after so many seconds the page looks again; 0: it does not
	Moves      bool          // it would, had nobody asked it to stay
}

func (p *portal) showSubscription(w http.ResponseWriter, r *http.Request) error {
	return p.subscription(w, r, nil)
}

func (p *portal) subscription(w http.ResponseWriter, r *http.Request, problems error) error {
	ctx, who := r.Context(), viewer(r)
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	id := servicecoin.SubscriptionID(r.PathValue("subscription"))
	sub, err := p.Subscriptions(c.ID).Get(ctx, id)
	if err != nil {
		return err
	}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	v := subscriptionPage{
		page: p.page(r, names.Of(sub.Service), customerPath(c.ID)), Customer: c.Customer, Base: customerPath(c.ID), Here: customerPath(c.ID, "subscriptions", string(id)),
		Held: sub, Name: names.Of(sub.Service), Outputs: outputs(sub.Outputs), Side: adoption.CustomerSide,
		MayLeave: (sub.State == catalog.SubscriptionActive || sub.State == catalog.SubscriptionSuspended) && who.is(owner, manager), MayStay: sub.State == catalog.SubscriptionDeparting && who.is(owner, manager),
	}
	if left := cmp.Or(sub.Until, sub.LeavesAt); !left.IsZero() {
		v.Kept = left.Add(keptFor)
	}
	if who.Provider() {
		v.Side = adoption.ProviderSide
	}
	if problems != nil {
		v.Problem, v.Problems = inWords(problems)
	}
	switch o, err := p.Program(c.ID).Get(ctx, id); {
	case err == nil:
		list := o.Checklist(p.store.Now())
		v.Checklist = &list
		if next, ok := o.Next(p.store.Now()); ok {
			v.Next = next.Point.Name
		}
	case !errors.Is(err, servicecoin.ErrNotFound):
		return err
	}
	if err := p.asked(r, c, &v); err != nil {
		return err
	}
	if err := p.whereItStands(r, c, &v); err != nil {
		return err
	}
	if v.Again > 0 {
		w.Header().Set("Refresh", strconv.Itoa(v.Again))
	}
	return p.render(w, r, "subscription.html", problem.Status(problems), v)
}

// whereItStands says where a subscription stands, and whether the machines are taking it
// down right now.
func (p *portal) whereItStands(r *http.Request, c client, v *subscriptionPage) error {
	v.Words = sentence(string(v.Held.State))
	if v.Held.State == catalog.SubscriptionRequested {
		x, err := p.standingOf(r, c, v.Held)
		if err != nil {
			return err
		}
		v.Words = x.Words
	}
	since := cmp.Or(v.Held.LeavesAt, v.Held.DepartingAt)
	open := v.Checklist != nil && v.Checklist.State == adoption.Running // its forms are on the page
	v.Moves = v.Held.State == catalog.SubscriptionDeparting && !v.Now.Before(since) && !open && v.Problem == ""
	if v.Again = lookAgain(r, v.Moves, v.Now.Sub(since)); v.Again > 0 {
		v.MayStay = false // a form that would be thrown away
	}
	return nil
}

// outputs are what the machines say of what they made.
func outputs(raw json.RawMessage) []groupLine {
	var values map[string]any
	if len(raw) == 0 {
		return nil
	}
	if json.Unmarshal(raw, &values) != nil {
		return []groupLine{{"Output", string(raw)}}
	}
	var list []groupLine
	for _, name := range sortedKeys(values) {
		list = append(list, groupLine{sentence(name), fmt.Sprint(values[name])})
	}
	return list
}

// asked finds the survey that is open for the service, and what was answered.
func (p *portal) asked(r *http.Request, c client, v *subscriptionPage) error {
	ctx := r.Context()
	for s, err := range p.Playbook().Surveys().All(ctx) {
		if err != nil {
			return err
		}
		if s.Service != v.Held.Service || !s.Open(p.store.Now()) {
			continue
		}
		v.Survey = &s
		score, err := p.Program(c.ID).Score(ctx, s, nil)
		if err != nil {
			return err
		}
		v.Score = scoreWords(score)
		a, err := p.Program(c.ID).Answered(ctx, s.ID, viewer(r).ID)
		if err == nil && len(a.Scores) > 0 {
			v.Mine = a.Scores[0]
		} else if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		return nil
	}
	return nil
}

func (p *portal) changeSubscription(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	ctx, by := r.Context(), viewer(r).actor()
	id, program := servicecoin.SubscriptionID(r.PathValue("subscription")), p.Program(c.ID)
	what := adoption.PrerequisiteID(f.text("prerequisite"))
	switch r.PathValue("verb") {
	case "meet":
		_, err = program.Meet(ctx, by, id, what, adoption.Evidence{Text: f.text("evidence"), Link: f.text("link")})
	case "waive":
		_, err = program.Waive(ctx, by, id, what, f.text("reason"))
	case "reach":
		_, err = program.Reach(ctx, by, id, f.text("point"))
	case "answer":
		err = p.answer(r, c, f)
	case "stay":
		_, err = p.Subscriptions(c.ID).Stay(ctx, by, id, f.text("reason"))
	default:
		return noPage(r)
	}
	return p.finish(w, r, err, customerPath(c.ID, "subscriptions", string(id)), func(err error) error { return p.subscription(w, r, err) })
}

func (p *portal) answer(r *http.Request, c client, f *form) error {
	survey, err := p.Playbook().Survey(r.Context(), adoption.SurveyID(f.text("survey")))
	if err != nil {
		return err
	}
	score, err := strconv.Atoi(f.text("score"))
	if err != nil {
		f.bad.Add("score", "required", f.text("score"), "choose one of the five")
		return f.bad.Err()
	}
	_, err = p.Program(c.ID).Answer(r.Context(), viewer(r).actor(), survey, adoption.Response{Respondent: viewer(r).ID, Scores: []int{score}, Comment: f.text("comment")})
	return err
}
