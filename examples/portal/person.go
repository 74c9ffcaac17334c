package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
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
			adoption.OnboardingRecord, adoption.JourneyRecord, metering.QuotaRecord,
		}
		return a.Verb == metering.VerbReviewQuotas || slices.Contains(kinds, a.Subject.Kind) && a.Verb != catalog.VerbApproveOrder
	case owner, member:
		if a.Subject.Customer != by.Customer {
			return false
		}
		verbs := []string{
			catalog.VerbPlaceOrder, catalog.VerbCancelOrder, adoption.VerbMeetPrerequisite, adoption.VerbWithdrawPrerequisite,
			adoption.VerbReachPoint, adoption.VerbAnswerSurvey, adoption.VerbDismissSurvey,
		}
		if by.Role == owner {
			verbs = append(verbs, catalog.VerbApproveOrder, catalog.VerbRejectOrder, catalog.VerbDepartSubscription, catalog.VerbStaySubscription)
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

// sessions tells who somebody is by a signed cookie. The key lives as long as
// the process: after a start people sign in again.
type sessions struct{ key []byte }

const cookieName = "person"

func newSessions() sessions {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return sessions{key}
}

func (s sessions) sign(id string) string {
	mac := hmac.New(sha256.New, s.key)
	_, _ = mac.Write([]byte(id)) // never fails
	return base64.RawURLEncoding.EncodeToString([]byte(id)) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// who returns the id that the request's cookie was signed for, "" for none.
func (s sessions) who(r *http.Request) string {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(c.Value, ".")
	id, err := base64.RawURLEncoding.DecodeString(name)
	if err != nil || !hmac.Equal([]byte(c.Value), []byte(s.sign(string(id)))) {
		return ""
	}
	return string(id)
}

func cookie(value string, age int) *http.Cookie {
	return &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // G124: Secure would not reach http on localhost
}

type viewerKey struct{}

// viewer returns who asks: the zero person is nobody in particular.
func viewer(r *http.Request) person {
	p, _ := r.Context().Value(viewerKey{}).(person) // nobody is the zero person
	return p
}

// recognise puts the person behind the cookie into the request's context.
func (p *portal) recognise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := p.sessions.who(r); id != "" {
			switch who, err := p.host.persons().Get(r.Context(), id); {
			case err == nil:
				r = r.WithContext(context.WithValue(r.Context(), viewerKey{}, who))
			case !errors.Is(err, servicecoin.ErrNotFound):
				p.fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
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
	v := signInPage{page: p.page(r, "Sign in", "/signin"), Back: ownPath(r.URL.Query().Get("back"))}
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
	return p.render(w, r, "signin.html", 0, v)
}

func (p *portal) signIn(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	who, err := p.host.persons().Get(r.Context(), f.text("person"))
	if err != nil {
		return err
	}
	const day = 24 * 3600
	http.SetCookie(w, cookie(p.sessions.sign(string(who.ID)), day))
	seeOther(w, ownPath(f.text("back")))
	return nil
}

func (p *portal) signOut(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, cookie("", -1))
	seeOther(w, "/")
	return nil
}

// ownPath returns a path of this portal: a link that leads elsewhere leads home.
func ownPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return "/"
	}
	return path
}
