package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/operations/capacity"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

// role is what a person is to the service: on the provider's side of the
// counter, or on a customer's.
type role string

const (
	manager  role = "service manager" // the provider's: answers for what is promised
	operator role = "operator"        // the provider's: runs it
	owner    role = "owner"           // a customer's: whose coin it is, approves and pays
	member   role = "member"          // a customer's: uses it, and orders
)

// person is somebody of the demonstration. A real host has a login for this.
type person struct {
	ID       servicecoin.PersonID   `json:"id"`
	Name     string                 `json:"name"`
	Role     role                   `json:"role"`
	Customer servicecoin.CustomerID `json:"customer,omitempty"` // "" is the provider's own
	Also     []string               `json:"also,omitempty"`     // other roles that run books and checklists name; see holds
}

// persons are kept in the provider's partition.
var persons = store.Kind[person]{
	Name: "portal.person", ID: func(p person) string { return string(p.ID) },
	Indexes: []store.Index[person]{{Name: "customer", Columns: "tt", Of: func(p person) store.Tuple {
		return store.Tuple{store.Text(p.Customer), store.Text(p.Role)}
	}}},
}

// Provider reports whether the person stands on the provider's side.
func (p person) Provider() bool { return p.Role == manager || p.Role == operator }

// MayPay reports whether what is paid is shown to the person.
func (p person) MayPay() bool { return p.Provider() || p.Role == owner }

// is reports whether the person has one of the roles.
func (p person) is(roles ...role) bool { return slices.Contains(roles, p.Role) }

// actor is how the library knows the person.
func (p person) actor() servicecoin.Actor {
	if p.Provider() {
		return servicecoin.Person(p.ID)
	}
	return servicecoin.Client(p.ID)
}

// mayChange is the portal's whole policy, asked by every changing verb of every
// noun: what a side of the counter does, and where.
func mayChange(by person, a servicecoin.Attempt) bool {
	switch by.Role {
	case manager:
		return true
	case operator:
		kinds := []string{
			incident.IncidentRecord, incident.CommunicationRecord, catalog.OrderRecord, catalog.SubscriptionRecord,
			adoption.OnboardingRecord, adoption.JourneyRecord, metering.QuotaRecord, metering.UsageRecord,
			change.ChangeRecord, change.ModelRecord, change.FreezeRecord, change.WindowRecord,
		}
		kinds = append(kinds, runbook.BookRecord, runbook.RunRecord, runbook.TemplateRecord, runbook.ChecklistRecord,
			configuration.ItemRecord, configuration.StrayRecord, configuration.BaselineRecord,
			patch.AdvisoryRecord, patch.CycleRecord, patch.JobRecord, patch.RoutineRecord,
			release.ReleaseRecord, release.MilestoneRecord, release.FixRecord, release.RunningRecord,
			release.FeatureRecord, release.PromotionRecord, release.NewsRecord, release.AccessRecord, release.EvidenceRecord)
		kinds = append(kinds, apiRecords()...)
		kinds = append(kinds, capacity.DemandRecord)
		if slices.Contains([]string{release.VerbRecall, release.VerbPin, release.VerbUnpin, release.VerbWaive}, a.Verb) {
			return false // what it costs, the service manager answers for
		}
		return a.Verb == metering.VerbReviewQuotas || a.Verb == entitle.VerbReview || slices.Contains(kinds, a.Subject.Kind) && a.Verb != catalog.VerbApproveOrder
	case owner, member:
		if a.Verb == incident.VerbReport { // a record of the provider's, in the customer's name
			return a.For == by.Customer
		}
		if a.Subject.Customer != by.Customer {
			return false
		}
		verbs := []string{
			catalog.VerbPlaceOrder, catalog.VerbCancelOrder, adoption.VerbMeetPrerequisite, adoption.VerbWithdrawPrerequisite,
			adoption.VerbReachPoint, adoption.VerbAnswerSurvey, adoption.VerbDismissSurvey,
		}
		if by.Role == owner {
			verbs = append(verbs, catalog.VerbApproveOrder, catalog.VerbRejectOrder, catalog.VerbDepartSubscription, catalog.VerbStaySubscription, change.VerbAnswerNotice,
				release.VerbEnterAccess, release.VerbAskAccess, release.VerbLeaveAccess)
		}
		return slices.Contains(verbs, a.Verb)
	}
	return false
}

// authorize is what the library asks before every change. Programs of the
// portal itself may do what they were written for; a person needs to be known.
func (p *portal) authorize(ctx context.Context, a servicecoin.Attempt) error {
	if a.Actor.Kind == servicecoin.System {
		return nil
	}
	by, err := p.host.persons().Get(ctx, string(a.Actor.ID))
	if errors.Is(err, servicecoin.ErrNotFound) || err == nil && (by.actor().Kind != a.Actor.Kind || !mayChange(by, a)) {
		return servicecoin.ErrForbidden
	}
	return err
}

type signInPage struct {
	page

	Provider []person
	Sides    []customerSide
	Back     string
}

type customerSide struct {
	client

	Persons []person
}

func (p *portal) showSignIn(w http.ResponseWriter, r *http.Request) error {
	return p.signInAgain(w, r, nil, nil)
}

func (p *portal) signInAgain(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	v := signInPage{page: p.page(r, "Sign in", "/signin"), Back: ownPath(r.URL.Query().Get("back"))}
	if problems != nil {
		v.again(f, problems)
		v.Back = ownPath(f.text("back"))
	}
	all, err := collect(p.host.persons().Find(store.By("customer")).All(r.Context()))
	if err != nil {
		return err
	}
	list, err := collect(p.host.clients().Find(store.All()).All(r.Context()))
	if err != nil {
		return err
	}
	for _, c := range list {
		v.Sides = append(v.Sides, customerSide{client: c})
	}
	for _, x := range all {
		if x.Provider() {
			v.Provider = append(v.Provider, x)
			continue
		}
		for i := range v.Sides {
			if v.Sides[i].ID == x.Customer {
				v.Sides[i].Persons = append(v.Sides[i].Persons, x)
			}
		}
	}
	return p.render(w, r, "signin.html", problem.Status(problems), v)
}

func (p *portal) signIn(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	who, err := p.host.persons().Get(r.Context(), f.text("person"))
	if errors.Is(err, servicecoin.ErrNotFound) || errors.Is(err, servicecoin.ErrInvalid) {
		f.bad.Add("person", "unknown", f.text("person"), "is nobody whom this portal knows: choose somebody below")
		return p.signInAgain(w, r, f, f.bad.Err())
	}
	if err != nil {
		return err
	}
	if err := p.endSession(r.Context(), sessionOf(r).ID); err != nil { // whoever was here before
		return err
	}
	token, err := p.beginSession(r.Context(), who.ID, r.UserAgent())
	if err != nil {
		return err
	}
	http.SetCookie(w, cookie(token, int(sessionLasts/time.Second)))
	seeOther(w, ownPath(f.text("back")))
	return nil
}

func (p *portal) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := p.endSession(r.Context(), sessionOf(r).ID); err != nil {
		return err
	}
	http.SetCookie(w, cookie("", -1))
	seeOther(w, "/")
	return nil
}

// ownPath returns a path of this portal: a link that leads elsewhere leads home.
// Browsers drop tabs and line ends out of addresses, and take a backslash for a
// slash, so nothing of that kind is let through, written out or not.
func ownPath(path string) string {
	u, err := url.Parse(path)
	plain := func(s string) bool {
		return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f })
	}
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || !plain(path) || !plain(u.Path) ||
		!strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.HasPrefix(u.Path, "//") {
		return "/"
	}
	return path
}
