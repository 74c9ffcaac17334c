package cointest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering/cost"
)

// settle lets everything come to rest, without faults, and then looks at it all.
func (l *life) settle() error {
	l.faults.Script()
	l.now = l.latest() // what a clock wrote that was ahead has come about
	l.failing, l.fewer, l.ahead = false, false, 0
	if err := l.hire(); err != nil {
		return err
	}
	l.now = l.now.Add(time.Minute) // longer than a lease lasts, whoever wrote its end
	for range 3 {
		for _, w := range l.workers[:1] {
			_, err := w.Drain(l.ctx)
			if errors.Is(err, servicecoin.ErrBusy) { // a lease that lasts for another moment
				l.now = l.now.Add(31 * time.Second)
				_, err = w.Drain(l.ctx)
			}
			if err != nil {
				return fmt.Errorf("draining: %w", err)
			}
		}
		for _, who := range simulated {
			if _, err := l.coin.CloseDue(l.ctx, l.by(), who); err != nil {
				return fmt.Errorf("closing again: %w", err)
			}
		}
		if err := l.retry(); err != nil {
			return fmt.Errorf("retrying: %w", err)
		}
	}
	for p, err := range l.workers[0].Parked().Items(l.ctx) {
		return fmt.Errorf("%s is parked for good: %s (%w)", p.Value.Rule, p.Value.Error, errors.Join(err))
	}
	var wrong []error
	for _, who := range simulated {
		for name, check := range map[string]func(servicecoin.CustomerID) error{
			"reports": l.reports, "grants": l.grants, "statements": l.statements, "letters": l.letters, "users": l.users, "notices": l.notices, "machines": l.machines, "patches": l.patches, "versions": l.versions, "apis": l.apis, "features": l.featured,
		} {
			if err := check(who); err != nil {
				wrong = append(wrong, fmt.Errorf("%s of %s: %w", name, who, err))
			}
		}
	}
	if err := l.certificates(); err != nil {
		wrong = append(wrong, fmt.Errorf("certificates: %w", err))
	}
	return errors.Join(wrong...)
}

// reports: each says what the facts say now, and so much credit was given.
func (l *life) reports(who servicecoin.CustomerID) error {
	keeper := l.coin.Keeper(who)
	for p, err := range keeper.Promises("").All(l.ctx) {
		if err != nil {
			return err
		}
		for m := (calendar.Month{Year: 2025, Month: time.October}); !m.In(time.UTC).Start.After(l.now); m = m.Next() {
			standing, err := keeper.Standing(l.ctx, p.ID, m)
			if err != nil || standing.Edition == 0 {
				if err != nil {
					return err
				}
				continue
			}
			draft, err := keeper.Month(l.ctx, p.ID, m)
			if err != nil && !errors.Is(err, servicecoin.ErrRefused) { // refused: it had ended before, and nothing is due
				return err
			}
			given := decimal.Zero
			for c, err := range keeper.Credits(m).All(l.ctx) {
				if err != nil {
					return err
				}
				if c.Promise == p.ID {
					given = given.Add(c.Percent)
				}
			}
			if !given.Equal(draft.Figures.Credit.Decimal) || !standing.Credited.Equal(given) {
				return fmt.Errorf("promise %s, %s: %s %% given, %s %% on record, %s %% due", p.ID, m, given, standing.Credited, draft.Figures.Credit.Decimal)
			}
			charged := decimal.Zero
			for c, err := range l.coin.Statements(l.known(who)).Credits(m).All(l.ctx) {
				if err != nil {
					return err
				}
				if strings.HasPrefix(c.Reference.ID, string(p.ID)+"/") {
					charged = charged.Add(c.Percent.Decimal)
				}
			}
			if !charged.Equal(given) {
				return fmt.Errorf("promise %s, %s: %s %% of credit on the statements, %s %% given", p.ID, m, charged, given)
			}
		}
	}
	return nil
}

// grants: what a subscription brought is there while it is, and ended with it.
func (l *life) grants(who servicecoin.CustomerID) error {
	ends := map[servicecoin.SubscriptionID]time.Time{}
	for s, err := range l.coin.Subscriptions(who).List().All(l.ctx) {
		if err != nil {
			return err
		}
		if s.From.IsZero() {
			continue
		}
		ends[s.ID] = s.Until
		brought, err := l.coin.Brought(l.ctx, who, s.ID)
		if err != nil {
			return fmt.Errorf("what %s brought: %w", s.ID, err)
		}
		for _, i := range brought.Items {
			there, err := l.coin.Statements(l.known(who)).Item(l.ctx, i.ID)
			if err != nil || !there.Until.Equal(s.Until) {
				return fmt.Errorf("item %s of %s ends %s, not %s (%w)", i.ID, s.ID, there.Until, s.Until, errors.Join(err))
			}
		}
		for _, q := range brought.Quotas {
			there, err := l.coin.Ledger(l.known(who)).Quota(l.ctx, q.ID)
			if err != nil || !there.Until.Equal(s.Until) {
				return fmt.Errorf("quota %s of %s ends %s, not %s (%w)", q.ID, s.ID, there.Until, s.Until, errors.Join(err))
			}
		}
		for _, p := range brought.Promises {
			there, err := l.coin.Keeper(who).Get(l.ctx, p.ID)
			if err != nil || !there.ValidUntil.Equal(s.Until) {
				return fmt.Errorf("promise %s of %s ends %s, not %s (%w)", p.ID, s.ID, there.ValidUntil, s.Until, errors.Join(err))
			}
		}
	}
	for p, err := range l.coin.Keeper(who).Promises("").All(l.ctx) {
		if err != nil {
			return err
		}
		if _, ok := ends[p.Subscription]; !ok {
			return fmt.Errorf("promise %s is of subscription %s, which is not there", p.ID, p.Subscription)
		}
	}
	return nil
}

// statements: each recomputes to the same, and each call is charged once.
func (l *life) statements(who servicecoin.CustomerID) error {
	statements := l.coin.Statements(l.known(who))
	var issued []cost.Statement
	for st, err := range statements.List().All(l.ctx) {
		if err != nil {
			return err
		}
		if ok, err := st.Proves(); err != nil || !ok {
			return fmt.Errorf("%s does not recompute: %w", st.Month, errors.Join(err))
		}
		for _, k := range st.Trace().Keys() {
			if k.Customer != who && k.Customer != servicecoin.Provider {
				return fmt.Errorf("%s rests on %v", st.Month, k)
			}
		}
		if st.State == cost.Issued {
			issued = append(issued, st)
		}
	}
	slices.SortFunc(issued, func(a, b cost.Statement) int { return a.Month.Compare(b.Month) })
	for i := 1; i < len(issued); i++ {
		if issued[i].Month == issued[i-1].Month.Next() && !issued[i].Period.Start.Equal(issued[i-1].Period.End) {
			return fmt.Errorf("%s begins %s, and %s ends %s", issued[i].Month, issued[i].Period.Start, issued[i-1].Month, issued[i-1].Period.End)
		}
	}
	return nil
}

// letters: each customer hears once that something began, and of nothing that is
// somebody else's.
func (l *life) letters(who servicecoin.CustomerID) error {
	begun := map[servicecoin.IncidentID]int{}
	for c, err := range l.coin.Letters(who).List().All(l.ctx) {
		if err != nil {
			return err
		}
		if c.Customer != who {
			return fmt.Errorf("letter %s is to %s", c.ID, c.Customer)
		}
		if strings.Contains(string(c.ID), "begun") && c.State != incident.Discarded {
			begun[c.Incident]++
		}
		if begun[c.Incident] > 1 {
			return fmt.Errorf("it is told twice that %s has begun", c.Incident)
		}
	}
	return nil
}

// users: the catalogue's word of who uses what is that of the subscriptions.
func (l *life) users(who servicecoin.CustomerID) error {
	want := map[string]string{}
	for s, err := range l.coin.Subscriptions(who).List().All(l.ctx) {
		if err != nil {
			return err
		}
		if !s.From.IsZero() {
			want[string(s.ID)] = s.Until.Format(time.RFC3339)
		}
	}
	for s, err := range l.coin.Catalog().SubscribedBy(who).All(l.ctx) {
		if err != nil {
			return err
		}
		if want[string(s.Subscription)] != s.Until.Format(time.RFC3339) {
			return fmt.Errorf("the catalogue says that %s ends %s, not %s", s.Subscription, s.Until, want[string(s.Subscription)])
		}
		delete(want, string(s.Subscription))
	}
	if len(want) > 0 {
		return fmt.Errorf("the catalogue does not know of %v", want)
	}
	return nil
}
