package cointest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// Act is one thing that happens in a simulation: what, and two numbers that say to
// whom, how and when. What the numbers mean is up to what; any are allowed.
type Act struct {
	What string
	N, M int
}

// String writes an act as Go does.
func (a Act) String() string { return fmt.Sprintf("{%q, %d, %d}", a.What, a.N, a.M) }

// weights is how often acts happen, of their sum.
func weights() []struct {
	what string
	of   int
} {
	return []struct {
		what string
		of   int
	}{
		{"wait", 18},
		{"subscribe", 8},
		{"depart", 5},
		{"open", 8},
		{"affect", 6},
		{"resolve", 7},
		{"cancel", 2},
		{"use", 12},
		{"step", 20},
		{"close", 8},
		{"issue", 8},
		{"correct", 4},
		{"plan", 2},
		{"rules", 3},
		{"retry", 3},
		{"fault", 10},
		{"ahead", 2},
		{"move", 2},
		{"fail", 3},
		{"forget", 1},
	}
}

// Life draws the acts of some months of a small provider out of a seed.
func Life(seed uint64, length int) []Act {
	r := rand.New(rand.NewPCG(seed, 7))
	total := 0
	for _, w := range weights() {
		total += w.of
	}
	acts := make([]Act, length)
	for i := range acts {
		n := r.IntN(total)
		for _, w := range weights() {
			if n -= w.of; n < 0 {
				acts[i] = Act{w.what, r.IntN(1000), r.IntN(1000)}
				break
			}
		}
	}
	return acts
}

// Simulate lives through acts, in memory, and returns what does not add up: money,
// quotas, promises, reports, letters, and whose they are.
func Simulate(ctx context.Context, acts []Act) (err error) {
	l, err := newLife(ctx)
	if err != nil {
		return err
	}
	for i, a := range acts {
		if err := l.act(a); err != nil { //nolint:contextcheck // the life has the context
			return fmt.Errorf("act %d %v: %w", i, a, err)
		}
	}
	return l.settle()
}

// Shrink returns the shortest part of failing acts that it finds to fail still, with
// any error.
func Shrink(ctx context.Context, acts []Act) []Act {
	for size := len(acts) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(acts); {
			fewer := slices.Concat(acts[:at], acts[at+size:])
			if Simulate(ctx, fewer) != nil {
				acts = fewer
			} else {
				at += size
			}
		}
	}
	return acts
}

// life is a provider with two services, each with an offering that brings a fee, a
// metered item, a quota and a promise; three customers in three zones; and two
// replicas of the exchange.
type life struct {
	ctx     context.Context //nolint:containedctx // lives as long as the life
	faults  *storetest.Faults
	usage   *metering.MemoryStore
	now     time.Time
	zones   map[servicecoin.CustomerID]string
	limit   int64 // of the quotas that new subscriptions bring
	failing bool  // the host's function fails
	coin    *coin.Coin
	workers [2]*store.Consumer
	ahead   time.Duration // of the second worker's clock
	fewer   bool          // the second worker has a rule less, and in another order
	seen    time.Time     // when the first worker was at work last

	subs   map[servicecoin.CustomerID][]servicecoin.SubscriptionID
	events map[servicecoin.CustomerID]int
	cases  []servicecoin.IncidentID
	n      int
	open   error
}

var simulated = []servicecoin.CustomerID{"acme", "globex", "initech"} //nolint:gochecknoglobals // constant

const simulator = servicecoin.PersonID("simulator")

func newLife(ctx context.Context) (*life, error) {
	l := &life{
		ctx: ctx, faults: storetest.NewFaults(memory.New()), usage: metering.NewMemoryStore(), limit: 100,
		now:   time.Date(2026, 1, 28, 12, 0, 0, 0, time.UTC),
		zones: map[servicecoin.CustomerID]string{"acme": "Europe/Berlin", "globex": "America/New_York", "initech": "UTC"},
		subs:  map[servicecoin.CustomerID][]servicecoin.SubscriptionID{}, events: map[servicecoin.CustomerID]int{},
	}
	var err error
	if l.coin, err = l.assemble(0); err != nil {
		return nil, err
	}
	by, c := l.by(), l.coin
	long := l.now.AddDate(-1, 0, 0)
	if err := errors.Join(
		second(c.Prices().Publish(ctx, by, "fee", rating.Price{Name: "Fee", Model: rating.Flat, Currency: "EUR", Rounding: money.HalfAwayFromZero, Amount: servicecoin.Some(decimal.NewFromInt(100))}, long)),
		second(c.Prices().Publish(ctx, by, "call", rating.Price{Name: "Call", Model: rating.PerUnit, Currency: "EUR", Rounding: money.HalfAwayFromZero, UnitPrice: servicecoin.Some(decimal.NewFromInt(1))}, long)),
		c.Meters().Define(ctx, by, metering.Meter{ID: "calls", Name: "Calls", Type: "called", Aggregation: metering.Sum, Unit: "calls"}),
	); err != nil {
		return nil, err
	}
	for _, s := range []servicecoin.ServiceID{"mail", "files"} {
		if err := errors.Join(
			second(c.Catalog().AddService(ctx, by, catalog.Service{ID: s, Name: string(s), Kind: catalog.Business})),
			second(c.Catalog().LaunchService(ctx, by, s)),
			second(c.Catalog().Publish(ctx, by, catalog.Offering{ID: servicecoin.OfferingID(s), Service: s, Name: string(s), Kind: catalog.Cloud, Price: "fee", Approval: catalog.ApprovalNone})),
		); err != nil {
			return nil, err
		}
	}
	err = l.hire()
	return l, err
}

func second[T any](_ T, err error) error { return err }

func (l *life) by() servicecoin.Actor { return servicecoin.Person(simulator) }

// assemble makes a coin over the life's backend, with a clock of its own.
func (l *life) assemble(replica int) (*coin.Coin, error) {
	s := store.New(l.faults, &store.Options{Now: func() time.Time {
		if replica == 1 {
			return l.now.Add(l.ahead)
		}
		return l.now
	}, NewID: func() string { l.n++; return "id" + strconv.Itoa(l.n) }})
	return coin.New(s, nil, &coin.Options{
		NoApproval: true, Usage: l.usage,
		Customer: func(_ context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error) {
			return servicecoin.Customer{ID: id, Name: string(id), Zone: l.zones[id], Currency: "EUR"}, nil
		},
		Comes: l.comes,
	})
}

// comes is the plan that holds now: another one by the time at which it ends.
func (l *life) comes(_ context.Context, _ servicecoin.CustomerID, s catalog.SubscriptionChanged) (bundle.Bundle, error) {
	if l.failing {
		return bundle.Bundle{}, errors.New("the host's plans are away")
	}
	id, d := string(s.Subscription), decimal.RequireFromString
	b := bundle.Bundle{
		Items:  []cost.Item{{ID: cost.ItemID(id + " fee"), Name: "Fee", Price: "fee"}},
		Quotas: []metering.Quota{{ID: metering.QuotaID(id), Meter: "calls", Limit: decimal.NewFromInt(l.limit), Mode: metering.Soft, Period: metering.Monthly}},
		Promises: []sla.Promise{{
			ID: servicecoin.PromiseID(id), Objective: d("99.9"), Terms: sla.Terms{Weights: sla.Weights{"outage": d("1"), "disruption": d("0.5")}},
			Bands: sla.Bands{{Below: d("99.9"), Credit: d("10")}, {Below: d("99"), Credit: d("25")}},
		}},
	}
	if l.limit == 100 { // the first plan had a metered item too
		b.Items = append(b.Items, cost.Item{ID: cost.ItemID(id + " calls"), Name: "Calls", Price: "call", Meter: "calls"})
	}
	return b, nil
}

// hire starts both replicas anew: with a new lease, and the second one as it is said
// to be.
func (l *life) hire() error {
	for i := range l.workers {
		c, err := l.assemble(i)
		if err != nil {
			return err
		}
		x, err := c.Rooms()
		if err != nil {
			return err
		}
		rules := x.Rules()
		if i == 1 && l.fewer {
			rules = slices.DeleteFunc(rules, func(r store.Rule) bool { return r.Name == "quota.end" || r.Name == "letter.draft" })
			slices.Reverse(rules)
		}
		if l.workers[i], err = store.NewConsumer(c.Store(), exchange.Name, rules, &store.ConsumerOptions{Holder: "worker" + strconv.Itoa(i), Tries: 2, Backoff: store.AtOnce}); err != nil {
			return err
		}
	}
	return nil
}

func (l *life) customer(n int) servicecoin.CustomerID { return simulated[n%len(simulated)] }

func (l *life) known(id servicecoin.CustomerID) servicecoin.Customer {
	return servicecoin.Customer{ID: id, Name: string(id), Zone: l.zones[id], Currency: "EUR"}
}

func (l *life) service(n int) servicecoin.ServiceID {
	return []servicecoin.ServiceID{"mail", "files"}[n%2]
}

// act does one thing. What a rule refuses is not done; what a fault broke is done
// again, as a caller would who was told that it may have happened.
func (l *life) act(a Act) error {
	do := l.acts()[a.What]
	if do == nil {
		return fmt.Errorf("no such act: %s", a.What)
	}
	for range 5 {
		err := do(a)
		switch {
		case err == nil, errors.Is(err, servicecoin.ErrRefused), errors.Is(err, servicecoin.ErrInvalid), errors.Is(err, servicecoin.ErrNotFound),
			errors.Is(err, servicecoin.ErrExists):
			return l.open
		case errors.Is(err, storetest.ErrFault), errors.Is(err, servicecoin.ErrConflict), errors.Is(err, servicecoin.ErrBusy):
		default:
			return err
		}
	}
	return l.open
}

func (l *life) acts() map[string]func(Act) error {
	ctx, by, c := l.ctx, l.by(), l.coin
	return map[string]func(Act) error{
		"wait": func(a Act) error {
			hours := 1 + a.N%250
			l.now = l.now.Add(time.Duration(hours) * time.Hour)
			if l.fewer && hours > 12 { // two releases do not run side by side for longer than a day
				l.fewer = false
				return l.hire()
			}
			return nil
		},
		"subscribe": func(a Act) error {
			who := l.customer(a.N)
			id := servicecoin.SubscriptionID(fmt.Sprintf("s%d-%d", len(l.subs[who]), a.M%7))
			offering, err := c.Catalog().Orderable(ctx, servicecoin.OfferingID(l.service(a.M)))
			if err != nil {
				return err
			}
			order := servicecoin.OrderID(string(who) + " " + string(id))
			if _, err = c.Orders(who).Place(ctx, by, offering, catalog.Request{ID: order, Subscription: id}); err != nil && !errors.Is(err, servicecoin.ErrExists) {
				return err
			}
			if _, err = c.Orders(who).Fulfil(ctx, by, order, nil); err != nil && !errors.Is(err, servicecoin.ErrRefused) {
				return err
			}
			if !slices.Contains(l.subs[who], id) {
				l.subs[who] = append(l.subs[who], id)
			}
			return nil
		},
		"depart": func(a Act) error {
			who := l.customer(a.N)
			if len(l.subs[who]) == 0 {
				return nil
			}
			id := l.subs[who][a.M%len(l.subs[who])]
			if _, err := c.Subscriptions(who).Depart(ctx, by, id, time.Time{}, "moves on"); err != nil && !errors.Is(err, servicecoin.ErrRefused) {
				return err
			}
			return second(c.Subscriptions(who).Complete(ctx, by, id))
		},
		"open": func(a Act) error {
			id := servicecoin.IncidentID(fmt.Sprintf("i%d-%d", len(l.cases), a.M))
			from := l.now.Add(-time.Duration(a.M%1500) * time.Minute)
			if a.M%5 == 0 {
				from = l.now.AddDate(0, 0, -40)
			}
			err := second(c.Desk().Open(ctx, by, incident.Report{ID: id, Title: "Down", Headline: "Down", Effects: []incident.Effect{{Service: l.service(a.N), Level: incident.Outage, From: from}}}))
			if err == nil || errors.Is(err, servicecoin.ErrExists) {
				l.cases = append(l.cases, id)
			}
			return err
		},
		"affect": func(a Act) error {
			if len(l.cases) == 0 {
				return nil
			}
			e := incident.Effect{Number: 1, Service: l.service(a.M), Level: []incident.Level{incident.Outage, incident.Disruption}[a.M/2%2], From: l.now.Add(-time.Duration(a.M) * time.Hour)}
			if a.M%3 == 0 {
				e.Until = e.From.Add(time.Duration(1+a.M%90) * time.Minute)
			}
			return second(c.Desk().Affect(ctx, by, l.cases[a.N%len(l.cases)], e))
		},
		"resolve": func(a Act) error {
			if len(l.cases) == 0 {
				return nil
			}
			return second(c.Desk().Resolve(ctx, by, l.cases[a.N%len(l.cases)], incident.Resolution{Text: "Over", Restored: l.now.Add(-time.Duration(a.M%300) * 4 * time.Hour)}))
		},
		"cancel": func(a Act) error {
			if len(l.cases) == 0 {
				return nil
			}
			return second(c.Desk().Cancel(ctx, by, l.cases[a.N%len(l.cases)], "None"))
		},
		"use": func(a Act) error {
			who := l.customer(a.N)
			l.events[who]++
			_, err := c.Ledger(l.known(who)).Record(ctx, by, metering.Event{
				ID: fmt.Sprintf("%d-%d", l.events[who], a.M), Source: "simulation", Type: "called",
				Time: l.now.Add(-time.Duration(a.M%72) * time.Hour), Value: servicecoin.Some(decimal.NewFromInt(int64(1 + a.M%20))),
			})
			return err
		},
		"step": func(a Act) error {
			if l.fewer && l.now.Sub(l.seen) > 12*time.Hour { // the newer release has been away for so long that it counts as gone
				l.fewer = false
				if err := l.hire(); err != nil {
					return err
				}
			}
			_, err := l.workers[a.N%2].Step(ctx, 1+a.M%9)
			if err == nil && a.N%2 == 0 {
				l.seen = l.now
			}
			if e, ok := errors.AsType[*store.EffectError](err); ok {
				if !l.failing && !errors.Is(e, storetest.ErrFault) {
					return fmt.Errorf("an effect fails: %w", e)
				}
				return nil
			}
			return err
		},
		"close":   func(a Act) error { return second(c.CloseMonth(ctx, by, l.customer(a.N), l.month(a, 1+a.M%2))) },
		"correct": func(a Act) error { return second(c.CloseDue(ctx, by, l.customer(a.N))) },
		"issue": func(a Act) error {
			return second(c.Statements(l.known(l.customer(a.N))).Issue(ctx, by, l.month(a, 1)))
		},
		"plan":  func(a Act) error { l.limit = int64(50 + 50*(a.N%3)); return nil },
		"fail":  func(a Act) error { l.failing = a.N%3 == 0; return nil },
		"rules": func(a Act) error { l.fewer = a.N%2 == 0; return l.hire() },
		"ahead": func(a Act) error { l.ahead = time.Duration(a.N%600) * time.Minute; return l.hire() },
		"retry": func(Act) error {
			if err := l.retry(); err != nil && !l.failing {
				return err
			}
			return nil
		},
		"fault": func(a Act) error {
			script := make([]storetest.Fault, 1+a.N%4)
			script[len(script)-1] = []storetest.Fault{storetest.Before, storetest.After, storetest.Conflict, storetest.Busy}[a.M%4]
			l.faults.Script(script...)
			return nil
		},
		"move": func(a Act) error {
			l.zones[l.customer(a.N)] = []string{"Europe/Berlin", "America/New_York", "UTC", "Pacific/Auckland"}[a.M%4]
			return nil
		},
		"forget": func(a Act) error {
			who := l.customer(a.N)
			if err := c.Forget(ctx, by, who); err != nil {
				return err
			}
			l.subs[who] = nil
			return nil
		},
	}
}

// month is one of the last months of a customer.
func (l *life) month(a Act, back int) calendar.Month {
	loc, err := time.LoadLocation(l.zones[l.customer(a.N)])
	if err != nil {
		loc = time.UTC
	}
	return calendar.MonthOf(l.now, loc).Add(-back)
}

func (l *life) retry() error {
	for p, err := range l.workers[0].Parked().Items(l.ctx) {
		if err != nil {
			return err
		}
		if err := l.workers[0].Retry(l.ctx, p.Key); err != nil {
			return err
		}
	}
	return nil
}

// settle lets everything come to rest, without faults, and then looks at it all.
func (l *life) settle() error {
	l.faults.Script()
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
			"reports": l.reports, "grants": l.grants, "statements": l.statements, "letters": l.letters, "users": l.users,
		} {
			if err := check(who); err != nil {
				wrong = append(wrong, fmt.Errorf("%s of %s: %w", name, who, err))
			}
		}
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
