package cointest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
)

// unless drops what a rule says no to: another step may still be allowed.
func unless(err error) error {
	for _, said := range []error{servicecoin.ErrRefused, servicecoin.ErrInvalid, servicecoin.ErrExists, servicecoin.ErrNotFound} {
		if errors.Is(err, said) {
			return nil
		}
	}
	return err
}

// plan asks for a change of one service, or both, and has it approved.
func (l *life) plan(a Act) error {
	// Nobody comes or goes at the very instant at which a change is asked for.
	l.now = l.now.Add(time.Second)
	defer func() { l.now = l.now.Add(time.Second) }()
	id := servicecoin.ChangeID(fmt.Sprintf("c%d-%d", len(l.changes), a.M))
	services := []servicecoin.ServiceID{l.service(a.N)}
	if a.M%3 == 0 {
		services = append(services, l.service(a.N+1))
	}
	kind := []change.Kind{change.Normal, change.Emergency}[a.N/2%2]
	scope := change.Scope{Services: services}
	if a.M%5 == 0 {
		scope.Records = []servicecoin.ConfigurationID{"db", "nowhere"}
		if a.M%10 == 0 {
			scope.Customers = []servicecoin.CustomerID{l.customer(a.N)}
		}
	}
	request := change.Request{
		ID: id, Title: "Upgrade", Reason: "it is old", Kind: kind, RequestedBy: "ada",
		Work: change.Work{Scope: scope, Steps: []string{"do it"}, Plan: change.Plan{
			Start: l.now.Add(time.Duration(1+a.M%100) * time.Hour), Length: calendar.Within(2 * time.Hour), WayBack: calendar.Within(time.Hour), Rollback: "undo it",
			Downtime: []change.Downtime{{Service: services[0], Length: calendar.Within(90 * time.Minute)}},
		}},
	}
	c, by := l.coin.Control(), l.by()
	if err := unless(second(c.Draft(l.ctx, by, request))); err != nil {
		return err
	}
	if !slices.Contains(l.changes, id) {
		l.changes = append(l.changes, id)
	}
	if err := unless(second(c.Submit(l.ctx, by, id))); err != nil {
		return err
	}
	if err := unless(second(c.Assign(l.ctx, by, id, "ingo"))); err != nil {
		return err
	}
	if a.M%4 == 0 {
		if err := unless(second(c.AskConsent(l.ctx, by, id, l.customer(a.N), change.MayObject, l.now.Add(200*time.Hour)))); err != nil {
			return err
		}
	}
	if err := unless(second(c.Assess(l.ctx, by, id, change.Judged{Likelihood: 1, Impact: 1}))); err != nil {
		return err
	}
	return unless(second(c.Vote(l.ctx, by, id, change.Cast{Choice: change.VoteYes, Reason: "fine"})))
}

// work takes one step with a change, whichever is allowed.
func (l *life) work(a Act) error {
	if len(l.changes) == 0 {
		return nil
	}
	id, c, by := l.changes[a.N%len(l.changes)], l.coin.Control(), l.by()
	x, err := c.Get(l.ctx, id)
	if err != nil {
		return err
	}
	switch {
	case a.M%19 == 0:
		return second(c.Cancel(l.ctx, by, id, "no need"))
	case a.M%17 == 0:
		return second(c.Withdraw(l.ctx, by, id, "not yet"))
	case x.State == change.Approved && a.M%5 > 0:
		return l.schedule(id)
	case x.State == change.Scheduled && !l.now.Before(x.Plan.Start):
		return second(c.Start(l.ctx, by, id))
	case x.State == change.Started && a.M%3 == 0:
		return second(c.RollBack(l.ctx, by, id, "it failed", time.Time{}))
	case x.State == change.Started:
		return second(c.Implement(l.ctx, by, id, ""))
	case x.State != change.Approved && x.State != change.Scheduled || a.M%5 > 0:
		return nil
	}
	w := x.Work
	w.Plan.Start = w.Plan.Start.Add(time.Duration(a.M%50) * time.Hour)
	if err := unless(second(c.Amend(l.ctx, by, id, w, change.Judged{Likelihood: 1, Impact: 1}, "later"))); err != nil {
		return err
	}
	return unless(second(c.Vote(l.ctx, by, id, change.Cast{Choice: change.VoteYes, Reason: "fine"})))
}

// schedule gives a change its place; somebody stands for what it collides with.
func (l *life) schedule(id servicecoin.ChangeID) error {
	c, by := l.coin.Control(), l.by()
	x, err := c.Standing(l.ctx, id)
	if err != nil {
		return unless(err)
	}
	for _, conflict := range x.Conflicts {
		if err := unless(second(c.AcceptConflict(l.ctx, by, id, conflict.With.Ref(), conflict.Why, "they know of each other"))); err != nil {
			return err
		}
	}
	return second(c.Schedule(l.ctx, by, id))
}

// answer has a customer say something to what it is asked.
func (l *life) answer(a Act) error {
	who := l.customer(a.N)
	for n, err := range l.coin.Notices(who).Asked().All(l.ctx) {
		if err != nil {
			return err
		}
		said := []change.Answer{change.Agreed, change.Refused}[a.M%2]
		return second(l.coin.Notices(who).Answer(l.ctx, servicecoin.Client("anna"), n.Change, said, "so we say"))
	}
	return nil
}

// notices: what a customer was told of a change is what it is, and what it answered
// stands there.
func (l *life) notices(who servicecoin.CustomerID) error {
	for n, err := range l.coin.Notices(who).All().All(l.ctx) {
		if err != nil {
			return err
		}
		c, err := l.coin.Control().Get(l.ctx, n.Change)
		if err != nil {
			return err
		}
		now := change.NoticeOf(&c, n.Services)
		asked := slices.IndexFunc(c.Consents, func(x change.Consent) bool { return x.Customer == who })
		planned := n.State == change.NoticePlanned && now.State == change.NoticeCancelled && c.State.Planned() && asked >= 0
		if n.State != now.State && !planned || now.State != change.NoticeCancelled && !n.During.Equal(now.During) {
			return fmt.Errorf("change %s is %s: the notice says %s, %s, and should %s, %s", n.Change, c.State, n.State, n.During, now.State, now.During)
		}
		if asked >= 0 && n.Answer != c.Consents[asked].Answer {
			return fmt.Errorf("change %s: the customer said %q, the change has %q", n.Change, n.Answer, c.Consents[asked].Answer)
		}
	}
	return nil
}
