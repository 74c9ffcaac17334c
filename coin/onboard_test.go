package coin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/catalogroom"
)

var (
	mika = servicecoin.Client("mika")
	olga = servicecoin.Client("olga")
)

// early is an offering with something blocking at each point, and a warning.
func early(approval catalog.Approval) catalog.Offering {
	o := catalog.Offering{ID: "early", Service: "mail", Name: "Mail, with care", Kind: catalog.Cloud, Approval: approval}
	for n, due := range append(catalog.Dues(), "first month") {
		o.Prerequisites = append(o.Prerequisites, catalog.Prerequisite{ID: fmt.Sprint("p", n), Text: "Something " + due, Due: due, Blocking: true, Wanted: "a note"})
	}
	o.Prerequisites = append(o.Prerequisites, catalog.Prerequisite{ID: "hint", Text: "A hint", Due: catalog.DueBeforeApproval, ByProvider: true})
	return o
}

func (s *shop) place(customer servicecoin.CustomerID, offering servicecoin.OfferingID, id servicecoin.SubscriptionID) {
	s.t.Helper()
	o, err := s.Catalog().Orderable(s.t.Context(), offering)
	require.NoError(s.t, err)
	_, err = s.Orders(customer).Place(s.t.Context(), mika, o, catalog.Request{ID: servicecoin.OrderID(id), Subscription: id})
	require.NoError(s.t, err)
}

func (s *shop) meet(customer servicecoin.CustomerID, id servicecoin.SubscriptionID, what ...adoption.PrerequisiteID) {
	s.t.Helper()
	for _, x := range what {
		_, err := s.Program(customer).Meet(s.t.Context(), ada, id, x, adoption.Evidence{Text: "done"})
		require.NoError(s.t, err)
	}
	s.quiet()
}

// quiet drains the exchange, and nothing is parked.
func (s *shop) quiet() {
	s.t.Helper()
	_, parked := s.drain()
	for _, p := range parked {
		s.t.Fatalf("parked: %s", p.Value.Error)
	}
}

func (s *shop) reached(customer servicecoin.CustomerID, id servicecoin.SubscriptionID) (list []string) {
	s.t.Helper()
	o, err := s.Program(customer).Get(s.t.Context(), id)
	require.NoError(s.t, err)
	for _, r := range o.Reached {
		list = append(list, r.Point)
	}
	return list
}

func (s *shop) orderState(customer servicecoin.CustomerID, id servicecoin.OrderID) catalog.OrderState {
	s.t.Helper()
	o, err := s.Orders(customer).Get(s.t.Context(), id)
	require.NoError(s.t, err)
	return o.State
}

// The offering's list is the onboarding's, which begins with the request; what is
// due before the order, its approval and its provisioning holds them up.
func TestPrerequisitesOfAnOffering(t *testing.T) {
	t.Parallel()
	machines := &catalog.MemoryProvisioner{}
	s := newShop(t, func(o *coin.Options) { o.Provisioner = machines })
	ctx := t.Context()
	s.publish(early(catalog.ApprovalByAnother))
	_, err := s.Playbook().PublishTemplate(ctx, ada, adoption.Template{Service: "mail", Title: "Mail", Points: []adoption.Point{{Name: catalog.DueBeforeUse, WithinDays: 14}}})
	require.NoError(t, err)
	s.place("acme", "early", "s1")
	approve := func() error { _, err := s.Orders("acme").Approve(ctx, olga, "s1", ""); return err }
	err = approve()
	require.ErrorIs(t, err, servicecoin.ErrRefused, "before the exchange has even heard of the order")
	require.ErrorContains(t, err, "p0 (Something before order), due before order; p1 (Something before approval), due before approval")
	s.quiet()
	o, err := s.Program("acme").Get(ctx, "s1")
	require.NoError(t, err)
	require.Len(t, o.Items, 6)
	var points []string
	for _, p := range o.Points {
		points = append(points, p.Name)
	}
	require.Equal(t, append(catalog.Dues(), "first month"), points)
	require.Equal(t, 14, o.Points[3].WithinDays)
	hint, _ := o.Item("hint")
	require.Equal(t, []any{adoption.ProviderSide, adoption.Warning}, []any{hint.Owner, hint.Force})
	require.Empty(t, o.Reached, "something due before the order is open")
	require.ErrorContains(t, approve(), "p0")
	s.meet("acme", "s1", "p0")
	require.Equal(t, []string{catalog.DueBeforeOrder}, s.reached("acme", "s1"))
	err = approve()
	require.ErrorContains(t, err, "p1")
	require.NotContains(t, err.Error(), "p0")
	s.meet("acme", "s1", "p1")
	require.NoError(t, approve())
	s.quiet()
	require.Equal(t, []string{catalog.DueBeforeOrder, catalog.DueBeforeApproval}, s.reached("acme", "s1"))
	require.Equal(t, catalog.OrderApproved, s.orderState("acme", "s1"), "it waits for what is due before provisioning")
	require.Empty(t, machines.There())
	s.meet("acme", "s1", "p2")
	require.Equal(t, catalog.OrderFulfilled, s.orderState("acme", "s1"), "and goes on by itself")
	require.Equal(t, []string{catalog.DueBeforeOrder, catalog.DueBeforeApproval, catalog.DueBeforeProvisioning}, s.reached("acme", "s1"))
	_, err = s.Program("acme").Reach(ctx, ada, "s1", catalog.DueBeforeUse)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
}

// What an offering asks for later holds for later orders.
func TestPrerequisitesAreThoseOfTheOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := early(catalog.ApprovalByAnother)
	s.publish(o)
	s.place("acme", "early", "s1")
	o.Prerequisites = nil
	_, err := s.Catalog().ReviseOffering(t.Context(), ada, o)
	require.NoError(t, err)
	s.place("acme", "early", "s2")
	s.quiet()
	got, err := s.Program("acme").Get(t.Context(), "s1")
	require.NoError(t, err)
	require.Len(t, got.Items, 6)
	require.Equal(t, "Mail, with care", got.Title, "without a template, it has the offering's name")
	_, err = s.Program("acme").Get(t.Context(), "s2")
	require.ErrorIs(t, err, servicecoin.ErrNotFound, "nothing is due, and the playbook has no way")
	_, err = s.Orders("acme").Approve(t.Context(), olga, "s2", "")
	require.NoError(t, err)
}

// Where nobody has to approve, what is due before holds up the provisioning, by
// machines and by hand.
func TestPrerequisitesWithoutApproval(t *testing.T) {
	t.Parallel()
	for name, provisioner := range map[string]catalog.Provisioner{"machines": &catalog.MemoryProvisioner{}, "by hand": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, func(o *coin.Options) { o.Provisioner = provisioner })
			s.publish(early(catalog.ApprovalNone))
			s.place("acme", "early", "s1")
			s.quiet()
			require.Equal(t, catalog.OrderApproved, s.orderState("acme", "s1"))
			_, err := s.Orders("acme").Fulfil(t.Context(), ada, "s1", nil)
			for _, want := range []string{"p0", "p1", "p2"} {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "p3")
			s.meet("acme", "s1", "p2", "p0")
			_, err = s.Program("acme").Waive(t.Context(), ada, "s1", "p1", "known for years")
			require.NoError(t, err)
			s.quiet()
			if provisioner == nil {
				_, err = s.Orders("acme").Fulfil(t.Context(), ada, "s1", nil)
				require.NoError(t, err)
				s.quiet()
			}
			require.Equal(t, catalog.OrderFulfilled, s.orderState("acme", "s1"))
			require.Contains(t, s.reached("acme", "s1"), catalog.DueBeforeProvisioning)
		})
	}
}

// An onboarding ends with its order, or with its subscription; whatever order the
// news comes in, none is left running.
func TestOnboardingEnds(t *testing.T) {
	t.Parallel()
	ends := map[string]func(s *shop) (event string){
		"rejected": func(s *shop) string {
			_, err := s.Orders("acme").Reject(s.t.Context(), olga, "s1", "too dear")
			require.NoError(s.t, err)
			return catalog.EventSubscriptionWithdrawn
		},
		"cancelled": func(s *shop) string {
			_, err := s.Orders("acme").Cancel(s.t.Context(), mika, "s1", "a mistake")
			require.NoError(s.t, err)
			return catalog.EventSubscriptionWithdrawn
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.publish(early(catalog.ApprovalByAnother))
			s.place("acme", "early", "s1")
			s.quiet()
			end(s)
			s.quiet()
			o, err := s.Program("acme").Get(t.Context(), "s1")
			require.NoError(t, err)
			require.Equal(t, adoption.Cancelled, o.State)
			require.Equal(t, "The order came to nothing", o.Reason)

			late := newShop(t) // the beginning was parked, and is tried again
			late.publish(early(catalog.ApprovalByAnother))
			late.place("acme", "early", "s1")
			began := late.event("acme", catalog.EventSubscriptionRequested)
			gone := late.event("acme", end(late))
			require.NoError(t, late.run("onboarding.cancel", gone))
			require.NoError(t, late.run("onboarding.begin", began))
			_, err = late.Program("acme").Get(t.Context(), "s1")
			require.ErrorIs(t, err, servicecoin.ErrNotFound)
		})
	}
}

// A departure without an onboarding, and one with an onboarding that is over, are
// no trouble.
func TestDepartureWithoutOnboarding(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.subscribe("acme", "none")
	_, err := s.Program("acme").Begin(t.Context(), ada, "complete", adoption.Template{Service: "mail", Title: "Mail", Points: []adoption.Point{{Name: "use"}}})
	require.NoError(t, err)
	_, err = s.Program("acme").Reach(t.Context(), ada, "complete", "use")
	require.NoError(t, err)
	s.subscribe("acme", "complete")
	s.quiet()
	for _, id := range []servicecoin.SubscriptionID{"none", "complete"} {
		s.now = start
		s.leave("acme", id)
		s.quiet()
	}
	_, err = s.Program("acme").Get(t.Context(), "none")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	o, err := s.Program("acme").Get(t.Context(), "complete")
	require.NoError(t, err)
	require.Equal(t, adoption.Complete, o.State, "what is complete stays so")
	left := s.event("acme", catalog.EventSubscriptionDeparted)
	broken := newShop(t)
	broken.authorize = func(_ context.Context, a servicecoin.Attempt) error {
		if strings.HasPrefix(a.Verb, "onboarding.") {
			return servicecoin.ErrForbidden
		}
		return nil
	}
	require.ErrorIs(t, broken.run("onboarding.cancel", left), servicecoin.ErrForbidden, "any other error is trouble")
}

// The subscription leads: its departure is on record, with its day, and is taken
// back with it.
func TestDepartureFollows(t *testing.T) {
	t.Parallel()
	machines := &catalog.MemoryProvisioner{}
	s := newShop(t, func(o *coin.Options) { o.Provisioner = machines })
	ctx := t.Context()
	s.place("acme", "mail-std", "s1")
	s.quiet()
	require.Len(t, machines.There(), 1)
	departure := func() adoption.Departure {
		t.Helper()
		d, err := s.Program("acme").Departure(ctx, "s1")
		require.NoError(t, err)
		return d
	}
	day := start.AddDate(0, 0, 20)
	_, err := s.Program("acme").AnnounceDeparture(ctx, mika, "s1", "mail", day, "we move")
	require.ErrorContains(t, err, "its subscription leads")
	_, err = s.Subscriptions("acme").Depart(ctx, mika, "s1", day, "we move")
	require.NoError(t, err)
	s.quiet()
	require.Equal(t, []any{adoption.Announced, day, "we move"}, []any{departure().State, departure().LeavesAt, departure().Reason})
	done, err := s.Pursue(ctx)
	require.NoError(t, err)
	require.Equal(t, catalogroom.Pursued{Leaving: 1}, done)
	_, err = s.Subscriptions("acme").Stay(ctx, mika, "s1", "we stay")
	require.NoError(t, err)
	s.quiet()
	require.Equal(t, []any{adoption.Stayed, "we stay"}, []any{departure().State, departure().Stays})
	_, err = s.Subscriptions("acme").Depart(ctx, mika, "s1", day, "we move after all")
	require.NoError(t, err)
	s.quiet()
	require.Len(t, machines.There(), 1, "nothing is taken down before its day")
	s.now = day.Add(time.Hour)
	done, err = s.Pursue(ctx)
	require.NoError(t, err)
	require.Equal(t, catalogroom.Pursued{Departed: 1}, done)
	s.quiet()
	require.Equal(t, "we move after all", departure().Reason)
	for q, err := range s.Ledger(acme("acme")).Quotas("calls").All(ctx) {
		require.NoError(t, err)
		require.False(t, q.Until.IsZero())
		require.False(t, q.Until.After(day) && q.From.Before(day), "what comes with it ends on the day, not when it was taken down: %v", q)
	}
}

// Whatever order the news of leaving and staying comes in, the departure says what
// the subscription says.
func TestDepartureFollowsInEveryOrder(t *testing.T) {
	t.Parallel()
	days := []time.Time{start.AddDate(0, 0, 20), start.AddDate(0, 0, 30)}
	for steps := 1; steps <= 4; steps++ {
		s := newShop(t)
		// depart, stay, depart for another day, stay: so many of them.
		customer := servicecoin.CustomerID("acme")
		s.subscribe(customer, "s1")
		names := []string{}
		for n := range steps {
			name := catalog.EventSubscriptionDeparting
			var err error
			if n%2 == 0 {
				_, err = s.Subscriptions(customer).Depart(t.Context(), mika, "s1", days[n/2], fmt.Sprint("reason ", n/2))
			} else {
				name = catalog.EventSubscriptionStayed
				_, err = s.Subscriptions(customer).Stay(t.Context(), mika, "s1", "we stay")
			}
			require.NoError(t, err)
			names = append(names, fmt.Sprint(n, " ", name))
		}
		permutations(names, func(order []string) {
			for _, x := range order {
				_, name, _ := strings.Cut(x, " ")
				require.NoError(t, s.run("departure.follow", s.event(customer, name)))
			}
			d, err := s.Program(customer).Departure(t.Context(), "s1")
			if steps%2 == 0 {
				if err == nil {
					require.Equal(t, adoption.Stayed, d.State, "%v", order)
				} else {
					require.ErrorIs(t, err, servicecoin.ErrNotFound)
				}
				return
			}
			require.NoError(t, err)
			require.Equal(t, []any{adoption.Announced, days[(steps-1)/2], fmt.Sprint("reason ", (steps-1)/2)}, []any{d.State, d.LeavesAt, d.Reason}, "%v", order)
		})
	}
}

// Another day is said before the record heard of the first one's end.
func TestDepartureFollowsToAnotherDay(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.subscribe("acme", "s1")
	first, second := start.AddDate(0, 0, 20), start.AddDate(0, 0, 30)
	ctx, subs := t.Context(), s.Subscriptions("acme")
	_, err := subs.Depart(ctx, mika, "s1", first, "we move")
	require.NoError(t, err)
	s.quiet()
	_, err = subs.Stay(ctx, mika, "s1", "not so soon")
	require.NoError(t, err)
	_, err = subs.Depart(ctx, mika, "s1", second, "we move later")
	require.NoError(t, err)
	require.NoError(t, s.run("departure.follow", s.event("acme", catalog.EventSubscriptionDeparting)))
	d, err := s.Program("acme").Departure(ctx, "s1")
	require.NoError(t, err)
	require.Equal(t, []any{adoption.Announced, second, "we move later"}, []any{d.State, d.LeavesAt, d.Reason})
	s.quiet()
}

// What only warns holds up nothing: its point is reached as the onboarding begins,
// however late that is.
func TestWarningsHoldUpNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := early(catalog.ApprovalByAnother)
	for n := range o.Prerequisites {
		o.Prerequisites[n].Blocking = false
	}
	s.publish(o)
	s.place("acme", "early", "s1")
	began := s.event("acme", catalog.EventSubscriptionRequested)
	_, err := s.Orders("acme").Approve(t.Context(), olga, "s1", "")
	require.NoError(t, err)
	require.NoError(t, s.run("onboarding.begin", began))
	require.Equal(t, []string{catalog.DueBeforeApproval}, s.reached("acme", "s1"), "the one before lies behind, too")
	got, err := s.Program("acme").Get(t.Context(), "s1")
	require.NoError(t, err)
	require.Equal(t, []adoption.PrerequisiteID{"p0", "p1", "hint"}, got.Reached[0].Warnings)
}
