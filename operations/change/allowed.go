package change

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// AcceptConflict says who stands for a conflict, and why: it blocks the change no more,
// as long as the two share no more time and no more ids than they do.
func (c *Change) AcceptConflict(by servicecoin.Actor, at time.Time, conflict Conflict, reason string) error {
	a := conflict.Accept(by.ID, at, reason)
	list := instead(c.Accepted, a, func(x Accepted) bool { return x.With == a.With && x.Why == a.Why })
	return c.touch(by, at, VerbAcceptConflict, func(v *servicecoin.Violations) {
		v.Merge("", a.Validate())
		v.Limit("accepted", len(list), maxList)
	}, func(c *Change, _ time.Time) string {
		c.Accepted = list
		return fmt.Sprintf("%s %s (%s): %s", a.With.Kind.words(), a.With.ID, a.Why, reason)
	})
}

// Except lets the change happen in a freeze all the same, and says who allows that and
// why. Who asked for the change or does it cannot.
func (c *Change) Except(by servicecoin.Actor, at time.Time, freeze Freeze, reason string) error {
	x := Exception{Freeze: freeze.ID, During: c.Plan.Span(), Services: slices.Clone(c.Scope.Services), AllowedBy: by.ID, At: servicecoin.Instant(at), Why: reason}
	if c.interested(by.ID) {
		return c.refuse(VerbExcept, "", string(by.ID)+" asked for it or does it: somebody else allows an exception")
	}
	list := instead(c.Exceptions, x, func(e Exception) bool { return e.Freeze == x.Freeze })
	return c.touch(by, at, VerbExcept, func(v *servicecoin.Violations) {
		v.Merge("", x.Validate())
		v.Limit("exceptions", len(list), maxList)
		if by.Kind != servicecoin.Human {
			v.Add("by.kind", "not-a-person", string(by.Kind), "a person allows an exception")
		}
	}, func(c *Change, _ time.Time) string {
		c.Exceptions = list
		return freeze.Name + ": " + reason
	})
}

// AskConsent asks a customer with a runtime of its own about the change as it is planned
// now: of another time it is asked again. Asking again keeps no answer.
func (c *Change) AskConsent(by servicecoin.Actor, at time.Time, customer servicecoin.CustomerID, mode ConsentMode, until time.Time) error {
	x := Consent{Customer: customer, Mode: mode, By: lifecycle.Instant(until), About: c.Plan.Span()}
	switch {
	case !c.State.Planned():
		return c.refuse(VerbAskConsent, "", "is allowed while it lies ahead")
	case c.Plan.Start.IsZero() || x.About.Empty():
		return c.refuse(VerbAskConsent, "", "its plan has no time yet that anybody could be asked about")
	}
	list := instead(c.Consents, x, func(old Consent) bool { return old.Customer == customer })
	return c.touch(by, at, VerbAskConsent, func(v *servicecoin.Violations) {
		v.Merge("", x.Validate())
		v.Limit("consents", len(list), maxList)
		if !x.By.IsZero() && !x.By.After(servicecoin.Instant(at)) {
			v.Add("by", "out-of-order", lifecycle.Stamp(x.By), "must be after it is asked, "+lifecycle.Stamp(servicecoin.Instant(at)))
		}
	}, func(c *Change, _ time.Time) string {
		c.Consents = list
		slices.SortFunc(c.Consents, func(a, b Consent) int { return cmp.Compare(a.Customer, b.Customer) })
		return fmt.Sprintf("%s%s%s until %s", customer, aboutSep, mode, lifecycle.Stamp(x.By))
	})
}

// Consent records what a customer said, and when it did: an objection counts by that,
// whenever it is recorded. A zero instant is when it is recorded.
func (c *Change) Consent(by servicecoin.Actor, at time.Time, customer servicecoin.CustomerID, answer Answer, person servicecoin.PersonID, reason string, said time.Time) error {
	if said.IsZero() || said.After(at) {
		said = at
	}
	place := slices.IndexFunc(c.Consents, func(x Consent) bool { return x.Customer == customer })
	if place < 0 {
		return c.refuse(VerbConsent, "", string(customer)+" was not asked")
	}
	x := c.Consents[place]
	x.Answer, x.AnsweredBy, x.At, x.Reason = answer, person, servicecoin.Instant(said), reason
	return c.touch(by, at, VerbConsent, func(v *servicecoin.Violations) { v.Merge("", x.Validate()) }, func(c *Change, _ time.Time) string {
		c.Consents = slices.Clone(c.Consents)
		c.Consents[place] = x
		return string(customer) + aboutSep + string(answer)
	})
}

// instead returns a list with x in the place of those that are the same.
func instead[T any](list []T, x T, same func(T) bool) []T {
	return append(slices.DeleteFunc(slices.Clone(list), same), x)
}

// someone stands in the place of a customer that is forgotten.
const someone = "forgotten"

// aboutSep stands in the history between a customer and what it is about.
const aboutSep = ": "

// forget takes out what a customer said, and its name. What was done stays.
func (c *Change) forget(customer servicecoin.CustomerID) bool {
	before := len(c.Consents)
	c.Consents = slices.DeleteFunc(slices.Clone(c.Consents), func(x Consent) bool { return x.Customer == customer })
	scoped := slices.Index(c.Scope.Customers, customer)
	if scoped >= 0 { // still nobody else's
		c.Scope.Customers = slices.Clone(c.Scope.Customers)
		c.Scope.Customers[scoped] = someone
		if !slices.ContainsFunc(c.Scope.Customers, func(x servicecoin.CustomerID) bool { return x != someone }) && len(c.Scope.Records) > 0 {
			c.Scope.Records = []servicecoin.ConfigurationID{someone} // they were theirs
		}
		c.Scope = c.Scope.clone()
	}
	if len(c.Consents) == before {
		return scoped >= 0
	}
	c.History = slices.Clone(c.History)
	for n, e := range c.History {
		if whose, _, _ := strings.Cut(e.Text, aboutSep); whose == string(customer) && (e.Verb == VerbAskConsent || e.Verb == VerbConsent) {
			c.History[n].Text = someone
			if e.By.Kind == servicecoin.CustomerSide {
				c.History[n].By = servicecoin.Program(someone)
			}
		}
	}
	return true
}
