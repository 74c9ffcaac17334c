package catalog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func TestOrdersAreKept(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	offering, orders := w.mail(), w.orders("acme", nil)
	first, err := orders.Place(ctx, eve, offering, catalog.Request{})
	require.NoError(t, err)
	*w.now = after(10)
	second, err := orders.Place(ctx, eve, offering, catalog.Request{ID: "second"})
	require.NoError(t, err)
	_, err = orders.Place(ctx, eve, offering, catalog.Request{ID: "second"})
	require.ErrorIs(t, err, servicecoin.ErrExists)
	kept, err := orders.Get(ctx, first.ID)
	require.NoError(t, err)
	require.Equal(t, first, kept)
	_, err = orders.On(w.store.For("globex")).Get(ctx, first.ID)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = orders.Approve(ctx, bob, "none", "")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = orders.Approve(ctx, eve, "second", "")
	refusal(t, err)
	_, err = orders.Approve(ctx, bob, "second", "")
	require.NoError(t, err)
	name := func(o catalog.Order) string { return string(o.ID) }
	require.Equal(t, []string{"second", string(first.ID)}, ids(t, orders.List().All(ctx), name))
	require.Equal(t, []string{string(first.ID)}, ids(t, orders.InState(catalog.OrderRequested).All(ctx), name))
	require.Empty(t, ids(t, orders.Late(first.Due).All(ctx), name), "at the due instant it is not late")
	require.Equal(t, []string{string(first.ID)}, ids(t, orders.Late(second.Due).All(ctx), name))
	_, err = orders.Fulfil(ctx, ada, "second", nil)
	require.NoError(t, err)
	require.Equal(t, []string{string(first.ID)}, ids(t, orders.Late(second.Due.AddDate(1, 0, 0)).All(ctx), name), "what came is waited for no more")
	page, err := orders.List().Page(ctx, "", 1)
	require.NoError(t, err)
	page, err = orders.List().Page(ctx, page.Next, 1)
	require.NoError(t, err)
	require.Equal(t, first.ID, page.Items[0].Value.ID)
	_, err = w.orders("globex", nil).Place(ctx, eve, offering, catalog.Request{ID: "theirs"})
	require.NoError(t, err)
	var all []string
	for item, err := range catalog.OrdersIn(w.store, catalog.OrderRequested).Items(ctx) {
		require.NoError(t, err)
		all = append(all, item.Key.String())
	}
	require.Equal(t, []string{"acme/catalog.order/" + string(first.ID), "globex/catalog.order/theirs"}, all)
	across, err := catalog.OrdersIn(w.store, catalog.OrderRequested).Page(ctx, "", 1)
	require.NoError(t, err)
	require.Len(t, across.Items, 1)
	require.NotEmpty(t, across.Next)
}

func TestParametersAreChecked(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	offering := w.mail()
	offering.Parameters = json.RawMessage(`{"required":["n"]}`)
	_, err := w.orders("acme", nil).Place(ctx, eve, offering, catalog.Request{Parameters: json.RawMessage(`{"n":1}`)})
	require.Contains(t, refusal(t, err).Why, "CheckParameters", "nothing is taken unchecked")
	_, err = w.orders("acme", nil).Place(ctx, eve, offering, catalog.Request{})
	require.ErrorIs(t, err, servicecoin.ErrRefused, "no parameters are parameters too")
	var v servicecoin.Violations
	v.Add("n", "required", "", "says how many")
	orders := w.orders("acme", &catalog.Options{CheckParameters: func(schema, parameters json.RawMessage) error {
		require.JSONEq(t, `{"required":["n"]}`, string(schema))
		if string(parameters) == "{}" {
			return v.Err()
		}
		if strings.Contains(string(parameters), "oops") {
			return errors.New("not a schema")
		}
		return nil
	}})
	_, err = orders.Place(ctx, eve, offering, catalog.Request{})
	require.Equal(t, []string{"parameters.n required"}, violated(t, err))
	_, err = orders.Place(ctx, eve, offering, catalog.Request{Parameters: json.RawMessage(`{"oops":1}`)})
	require.Equal(t, []string{"parameters invalid"}, violated(t, err))
	require.Len(t, w.events(), 3, "nothing half-done")
	o, err := orders.Place(ctx, eve, offering, catalog.Request{Parameters: json.RawMessage(`{ "n": 1 }`)})
	require.NoError(t, err)
	require.JSONEq(t, `{"required":["n"]}`, string(o.Terms.Schema), "what it was checked with is kept")
	for _, bad := range []string{`{`, `[]`, `1`, `{"a":"` + strings.Repeat("<", 30000) + `"}`} {
		_, err := orders.Place(ctx, eve, offering, catalog.Request{Parameters: json.RawMessage(bad)})
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
}

// approved places and approves an order.
func approved(t *testing.T, w world, id servicecoin.OrderID) *catalog.Orders {
	t.Helper()
	orders := w.orders("acme", nil)
	_, err := orders.Place(t.Context(), eve, w.mail(), catalog.Request{ID: id, Subscription: "sub-" + servicecoin.SubscriptionID(id)})
	require.NoError(t, err)
	_, err = orders.Approve(t.Context(), bob, id, "")
	require.NoError(t, err)
	return orders
}

func keys(p *catalog.MemoryProvisioner) (list []string) {
	for _, c := range p.Calls() {
		list = append(list, c.Operation.Key)
	}
	return list
}

func TestProvisioning(t *testing.T) {
	t.Parallel()
	w, ctx, p := newWorld(t, nil), t.Context(), &catalog.MemoryProvisioner{}
	orders := approved(t, w, "a")
	p.Script(
		catalog.Answer{Progress: catalog.Progress{State: catalog.UnderWay, Text: "a third"}},
		catalog.Answer{Progress: catalog.Progress{State: catalog.UnderWay, Text: strings.Repeat("é", 1500)}},
		catalog.Answer{Progress: catalog.Progress{State: catalog.Done, Outputs: json.RawMessage(`{"url":"https://mail"}`)}},
	)
	o, err := orders.Provision(ctx, mill, "a", p)
	require.NoError(t, err)
	require.Equal(t, catalog.OrderProvisioning, o.State)
	require.Equal(t, "a third", o.Progress)
	_, err = orders.Cancel(ctx, eve, "a", "too slow")
	refusal(t, err)
	o, err = orders.Provision(ctx, mill, "a", p)
	require.NoError(t, err)
	require.Len(t, []rune(o.Progress), 1000, "what is said at length is cut")
	*w.now = after(60)
	o, err = orders.Provision(ctx, mill, "a", p)
	require.NoError(t, err)
	require.Equal(t, catalog.OrderFulfilled, o.State)
	require.Equal(t, catalog.LeadKept, o.Lead(after(60)).Outcome)
	sub, err := orders.Subscriptions().Get(ctx, "sub-a")
	require.NoError(t, err)
	require.Equal(t, catalog.SubscriptionActive, sub.State)
	require.Equal(t, catalog.Imprint{Owner: "acme", Holder: "provider", From: after(60)}, sub.Imprint)
	require.JSONEq(t, `{"url":"https://mail"}`, string(sub.Outputs))
	again, err := orders.Provision(ctx, mill, "a", p)
	require.NoError(t, err)
	require.Equal(t, o, again)
	require.Equal(t, []string{"provision/acme/a/1", "provision/acme/a/1", "provision/acme/a/1"}, keys(p), "one operation, and no call once it is fulfilled")
	require.Equal(t, []servicecoin.SubscriptionID{"sub-a"}, p.There())
}

func TestProvisioningRefuses(t *testing.T) {
	t.Parallel()
	w, ctx, p := newWorld(t, nil), t.Context(), &catalog.MemoryProvisioner{}
	offering, orders := w.mail(), w.orders("acme", nil)
	for _, id := range []servicecoin.OrderID{"requested", "rejected"} {
		_, err := orders.Place(ctx, eve, offering, catalog.Request{ID: id})
		require.NoError(t, err)
	}
	_, err := orders.Reject(ctx, bob, "rejected", "no")
	require.NoError(t, err)
	for _, id := range []servicecoin.OrderID{"requested", "rejected"} {
		_, err := orders.Provision(ctx, mill, id, p)
		require.Equal(t, string(id), refusal(t, err).From)
	}
	_, err = orders.Provision(ctx, mill, "none", p)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	require.Empty(t, p.Calls(), "what is refused is not asked for")
}

func TestAnAttemptHasItsKey(t *testing.T) {
	t.Parallel()
	w, ctx, p := newWorld(t, nil), t.Context(), &catalog.MemoryProvisioner{}
	orders := approved(t, w, "a")
	oops := errors.New("the line is dead")
	p.Script(
		catalog.Answer{Err: oops},
		catalog.Answer{Err: servicecoin.ErrConflict},
		catalog.Answer{Progress: catalog.Progress{State: "well"}},
		catalog.Answer{Progress: catalog.Progress{State: catalog.Failed, Text: "no room"}},
	)
	_, err := orders.Provision(ctx, mill, "a", p)
	require.ErrorIs(t, err, oops)
	require.ErrorContains(t, err, "provision/acme/a/1")
	_, err = orders.Provision(ctx, mill, "a", p)
	require.Error(t, err)
	require.NotErrorIs(t, err, servicecoin.ErrConflict, "a conflict of the provisioner is none of the store's")
	_, err = orders.Provision(ctx, mill, "a", p)
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "an answer that makes no sense is an error, not an outcome")
	o, err := orders.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, catalog.OrderProvisioning, o.State)
	// That answer ended the fake's operation: a real one would go on answering it.
	_, err = orders.Fail(ctx, ada, "a", "no room")
	require.NoError(t, err)
	_, err = orders.Provision(ctx, mill, "a", p)
	require.Equal(t, "failed", refusal(t, err).From, "what has failed waits to be retried")
	_, err = orders.Retry(ctx, ada, "a", "more room")
	require.NoError(t, err)
	o, err = orders.Provision(ctx, mill, "a", p)
	require.NoError(t, err)
	require.Equal(t, catalog.OrderFailed, o.State)
	require.Equal(t, "no room", o.History[len(o.History)-1].Text)
	_, err = orders.Retry(ctx, ada, "a", "more room still")
	require.NoError(t, err)
	o, err = orders.Provision(ctx, mill, "a", p)
	require.NoError(t, err)
	require.Equal(t, catalog.OrderFulfilled, o.State)
	one, two, three := "provision/acme/a/1", "provision/acme/a/2", "provision/acme/a/3"
	require.Equal(t, []string{one, one, one, two, three}, keys(p))
}

// Whatever breaks between the steps, and wherever the program stops: asking
// again comes to one operation and one outcome.
func TestProvisioningIsSafeToRepeat(t *testing.T) {
	t.Parallel()
	faults := []storetest.Fault{storetest.Pass, storetest.Before, storetest.After, storetest.Conflict, storetest.Busy}
	for _, first := range faults {
		for _, second := range faults {
			for _, lost := range []bool{false, true} {
				name := fmt.Sprintf("%d, %d, answer lost: %t", first, second, lost)
				w, ctx, p := newWorld(t, nil), t.Context(), &catalog.MemoryProvisioner{}
				orders := approved(t, w, "a")
				if lost {
					p.Script(catalog.Answer{Progress: catalog.Progress{State: catalog.Done}, Err: errors.New("no answer"), Lost: true})
				}
				w.faults.Script(first, second)
				done := false
				for try := 0; try < 6 && !done; try++ {
					o, err := orders.Provision(ctx, mill, "a", p)
					done = err == nil && o.State == catalog.OrderFulfilled
				}
				require.True(t, done, name)
				require.NotEmpty(t, p.Calls())
				for _, k := range keys(p) {
					require.Equal(t, "provision/acme/a/1", k, name)
				}
				events := w.events()
				require.Equal(t, []string{"order.provisioning a", "order.fulfilled a", "subscription.activated sub-a"}, events[len(events)-3:], name)
			}
		}
	}
}

func TestSixteenWorkersProvisionOnce(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), nil)
	offering, err := catalog.NewOffering(cloudMail())
	require.NoError(t, err)
	orders, p := catalog.NewOrders(s.For("acme"), &catalog.Options{NoApproval: true}), &catalog.MemoryProvisioner{}
	o, err := orders.Place(t.Context(), eve, offering, catalog.Request{})
	require.NoError(t, err)
	for range 5 {
		p.Script(catalog.Answer{Progress: catalog.Progress{State: catalog.UnderWay}})
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 10 {
				if _, err := orders.Provision(t.Context(), mill, o.ID, p); err != nil {
					t.Errorf("provision: %v", err)
				}
			}
		})
	}
	wg.Wait()
	events, err := s.For("acme").Events(t.Context(), 0, 100)
	require.NoError(t, err)
	require.Len(t, events, 6, "requested and approved, provisioning, fulfilled, and of the subscription requested and activated")
	require.Equal(t, o.Subscription, p.There()[0])
	for _, k := range keys(p) {
		require.Equal(t, keys(p)[0], k)
	}
}

// The way that the exchange goes: provisioning is an effect of the event that
// says that the order is approved, and the subscriber is one of the event that
// says that the subscription is active.
func TestProvisioningAsAnEffect(t *testing.T) {
	t.Parallel()
	w, ctx, p := newWorld(t, nil), t.Context(), &catalog.MemoryProvisioner{}
	orders := approved(t, w, "a")
	rules := []store.Rule{
		{Name: "provision", On: []string{catalog.EventOrderApproved, catalog.EventOrderRetried}, Do: func(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
			change, err := store.Payload[catalog.OrderChanged](e)
			if err != nil {
				return "", err
			}
			_, err = catalog.NewOrders(tx.For(e.Subject.Customer), nil).Provision(ctx, mill, change.Order, p)
			return "", err
		}},
		{Name: "follow", On: []string{catalog.EventSubscriptionActivated, catalog.EventSubscriptionDeparted}, Do: func(ctx context.Context, tx *store.Store, e store.Event, _ string) (string, error) {
			change, err := store.Payload[catalog.SubscriptionChanged](e)
			if err != nil {
				return "", err
			}
			return "", w.Catalog.On(tx.For(servicecoin.Provider)).Follow(ctx, mill, e.Subject.Customer, change)
		}},
	}
	exchange, err := store.NewConsumer(w.store, "exchange", rules, &store.ConsumerOptions{Tries: 20, Backoff: store.AtOnce})
	require.NoError(t, err)
	p.Script(catalog.Answer{Err: servicecoin.ErrConflict}, catalog.Answer{Err: errors.New("dead line")}, catalog.Answer{Progress: catalog.Progress{State: catalog.Done}, Err: errors.New("no answer"), Lost: true})
	w.faults.Script(storetest.Pass, storetest.Pass, storetest.Pass, storetest.Pass, storetest.Before, storetest.After, storetest.Conflict)
	for range 40 {
		if done, err := exchange.Step(ctx, 100); err == nil && done.Effects+done.Skipped+done.Parked == 0 {
			break
		}
	}
	o, err := orders.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, catalog.OrderFulfilled, o.State)
	require.Less(t, len(p.Calls()), 8, "a conflict of the provisioner does not make the unit run a hundred times")
	for _, k := range keys(p) {
		require.Equal(t, "provision/acme/a/1", k)
	}
	list, err := w.Directory().Concerned(ctx, "mail", calendar.Interval{Start: nine}, "", 10)
	require.NoError(t, err)
	require.Equal(t, []servicecoin.CustomerID{"acme"}, list)
	for item := range exchange.Parked().Items(ctx) {
		t.Errorf("parked: %v", item)
	}
}

func TestDeparture(t *testing.T) {
	t.Parallel()
	w, ctx, p := newWorld(t, nil), t.Context(), &catalog.MemoryProvisioner{}
	orders := approved(t, w, "a")
	subs := orders.Subscriptions()
	_, err := subs.Depart(ctx, eve, "sub-a", time.Time{}, "we move")
	refusal(t, err)
	p.Script(catalog.Answer{Progress: catalog.Progress{State: catalog.Done, Outputs: json.RawMessage(`{"url":"x"}`)}})
	_, err = orders.Provision(ctx, mill, "a", p)
	require.NoError(t, err)
	_, err = subs.Deprovision(ctx, mill, "sub-a", p)
	require.Equal(t, "active", refusal(t, err).From)
	*w.now = after(60)
	_, err = subs.Depart(ctx, eve, "sub-a", time.Time{}, "we move")
	require.NoError(t, err)
	var waiting []string
	for item, err := range catalog.SubscriptionsIn(w.store, catalog.SubscriptionDeparting).Items(ctx) {
		require.NoError(t, err)
		waiting = append(waiting, item.Key.String())
	}
	require.Equal(t, []string{"acme/catalog.subscription/sub-a"}, waiting)
	p.Script(
		catalog.Answer{Err: errors.New("dead line")},
		catalog.Answer{Progress: catalog.Progress{State: catalog.UnderWay, Text: "half"}},
		catalog.Answer{Progress: catalog.Progress{State: catalog.Failed, Text: "locked"}},
		catalog.Answer{Progress: catalog.Progress{State: catalog.Done}, Err: errors.New("no answer"), Lost: true},
	)
	_, err = subs.Deprovision(ctx, mill, "sub-a", p)
	require.ErrorContains(t, err, "dead line")
	_, err = subs.Stay(ctx, eve, "sub-a", "we stay")
	require.Contains(t, refusal(t, err).Why, "taken down", "nobody knows what is there still")
	s, err := subs.Deprovision(ctx, mill, "sub-a", p)
	require.NoError(t, err)
	require.Equal(t, "half", s.Progress)
	s, err = subs.Deprovision(ctx, mill, "sub-a", p)
	require.NoError(t, err)
	require.Equal(t, "locked", s.Trouble)
	_, err = subs.Deprovision(ctx, mill, "sub-a", p)
	require.Error(t, err)
	*w.now = after(90)
	s, err = subs.Deprovision(ctx, mill, "sub-a", p)
	require.NoError(t, err)
	require.Equal(t, catalog.SubscriptionDeparted, s.State)
	require.Equal(t, after(90), s.Imprint.HandedBack)
	again, err := subs.Deprovision(ctx, mill, "sub-a", p)
	require.NoError(t, err)
	require.Equal(t, s, again)
	one, two := "deprovision/acme/sub-a/1", "deprovision/acme/sub-a/2"
	require.Equal(t, []string{"provision/acme/a/1", one, one, one, two, two}, keys(p))
	require.JSONEq(t, `{"url":"x"}`, string(p.Calls()[1].Operation.Outputs))
	require.Empty(t, p.There())
	_, err = subs.Deprovision(ctx, mill, "none", p)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	name := func(s catalog.Subscription) string { return string(s.ID) }
	require.Equal(t, []string{"sub-a"}, ids(t, subs.List().All(ctx), name))
	require.Equal(t, []string{"sub-a"}, ids(t, subs.InState(catalog.SubscriptionDeparted).All(ctx), name))
	require.Equal(t, []string{"sub-a"}, ids(t, subs.During("mail", calendar.Between(after(89), after(99))).All(ctx), name))
	require.Empty(t, ids(t, subs.During("mail", calendar.Between(after(90), after(99))).All(ctx), name), "half-open")
	page, err := subs.List().Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	_, err = subs.On(w.store.For("globex")).Get(ctx, "sub-a")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = catalog.NewSubscriptions(w.store.For("acme"), nil).Get(ctx, "sub-a")
	require.NoError(t, err)
}

// busy is a provisioner during whose call other things happen.
type busy struct {
	meanwhile func()
	answer    catalog.Progress
}

func (b busy) Provision(context.Context, catalog.Operation) (catalog.Progress, error) {
	b.meanwhile()
	return b.answer, nil
}

func (b busy) Deprovision(context.Context, catalog.Operation) (catalog.Progress, error) {
	b.meanwhile()
	return b.answer, nil
}

// An answer that comes late, when the attempt is over for everybody else,
// changes nothing.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	orders := approved(t, w, "a")
	must := func(_ any, err error) { t.Helper(); require.NoError(t, err) }
	done, underWay := catalog.Progress{State: catalog.Done}, catalog.Progress{State: catalog.UnderWay}
	failed := catalog.Progress{State: catalog.Failed, Text: "no room"}
	o, err := orders.Provision(ctx, mill, "a", busy{func() { must(orders.Fail(ctx, ada, "a", "by hand")) }, done})
	require.NoError(t, err)
	require.Equal(t, catalog.OrderFailed, o.State)
	must(orders.Retry(ctx, ada, "a", "again"))
	o, err = orders.Provision(ctx, mill, "a", busy{func() {
		must(orders.Fail(ctx, ada, "a", "by hand"))
		must(orders.Retry(ctx, ada, "a", "again"))
		must(orders.Provision(ctx, mill, "a", busy{func() {}, underWay}))
	}, done})
	require.NoError(t, err)
	require.Equal(t, []any{catalog.OrderProvisioning, 3}, []any{o.State, o.Attempt}, "the answer to the second attempt says nothing of the third")
	must(orders.Provision(ctx, mill, "a", busy{func() {}, done}))

	subs := orders.Subscriptions()
	must(subs.Depart(ctx, eve, "sub-a", time.Time{}, "we move"))
	s, err := subs.Deprovision(ctx, mill, "sub-a", busy{func() { must(subs.Deprovision(ctx, mill, "sub-a", busy{func() {}, failed})) }, failed})
	require.NoError(t, err)
	require.Equal(t, "no room", s.Trouble)
	stumbled := 0
	for _, e := range w.events() {
		if e == "subscription.stumbled sub-a" {
			stumbled++
		}
	}
	require.Equal(t, 1, stumbled)
	s, err = subs.Deprovision(ctx, mill, "sub-a", busy{func() { must(subs.Complete(ctx, ada, "sub-a")) }, failed})
	require.NoError(t, err)
	require.Equal(t, catalog.SubscriptionDeparted, s.State)
}

func TestMemoryProvisionerIsStrict(t *testing.T) {
	t.Parallel()
	p, ctx := &catalog.MemoryProvisioner{}, t.Context()
	_, err := p.Provision(ctx, catalog.Operation{Key: "k", Subscription: "s"})
	require.NoError(t, err)
	_, err = p.Provision(ctx, catalog.Operation{Key: "k", Subscription: "other"})
	require.Equal(t, []string{"key reused"}, violated(t, err))
	_, err = p.Deprovision(ctx, catalog.Operation{Key: "k", Subscription: "s"})
	require.Equal(t, []string{"key reused"}, violated(t, err))
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = p.Provision(gone, catalog.Operation{Key: "l"})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"text required"}, violated(t, catalog.Progress{State: catalog.Failed}.Validate()))
	require.Equal(t, []string{"state unknown", "outputs not-an-object"}, violated(t, catalog.Progress{Outputs: json.RawMessage(`1`)}.Validate()))
}

func TestInTheUnitOfAnother(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	offering := w.mail()
	oops := errors.New("oops")
	before := len(w.events())
	work := func(fail error) error {
		return w.store.Do(ctx, func(tx *store.Store) error {
			if _, err := w.Catalog.On(tx.For(servicecoin.Provider)).AddService(ctx, ada, catalog.Service{ID: "wiki", Name: "Wiki"}); err != nil {
				return err
			}
			_, err := w.orders("acme", nil).On(tx.For("acme")).Place(ctx, eve, offering, catalog.Request{ID: "a"})
			return errors.Join(err, fail)
		})
	}
	require.ErrorIs(t, work(oops), oops)
	require.Len(t, w.events(), before)
	require.NoError(t, work(nil))
	require.Len(t, w.events(), before+3)
}

// A host that knows what must be met keeps an order where it is.
func TestReady(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var asked []string
	unmet := map[string]bool{}
	s := store.New(memory.New(), nil)
	orders := catalog.NewOrders(s.For("acme"), &catalog.Options{Ready: func(_ context.Context, tx store.View, o catalog.Order, due string) error {
		asked = append(asked, due)
		if !unmet[due] {
			return nil
		}
		return &servicecoin.RefusedError{Subject: tx.Key(catalog.OrderRecord, string(o.ID)), Verb: "pass", Why: "unmet"}
	}})
	offering := cloudMail()
	offering.Parameters = nil
	place := func(id servicecoin.OrderID) {
		t.Helper()
		_, err := orders.Place(ctx, eve, offering, catalog.Request{ID: id})
		require.NoError(t, err)
	}
	state := func(id servicecoin.OrderID, want catalog.OrderState) {
		t.Helper()
		o, err := orders.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, want, o.State)
	}
	machines := &catalog.MemoryProvisioner{}
	unmet[catalog.DueBeforeApproval], unmet[catalog.DueBeforeProvisioning] = true, true
	for _, id := range []servicecoin.OrderID{"a", "b"} {
		place(id)
		_, err := orders.Approve(ctx, ada, id, "")
		require.ErrorIs(t, err, servicecoin.ErrRefused)
		state(id, catalog.OrderRequested)
	}
	unmet[catalog.DueBeforeApproval] = false
	for _, id := range []servicecoin.OrderID{"a", "b"} {
		_, err := orders.Approve(ctx, ada, id, "")
		require.NoError(t, err)
	}
	_, err := orders.Provision(ctx, ada, "a", machines)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = orders.Fulfil(ctx, ada, "b", nil)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.Empty(t, machines.There(), "nothing is set up")
	state("a", catalog.OrderApproved)
	unmet[catalog.DueBeforeProvisioning] = false
	_, err = orders.Provision(ctx, ada, "a", machines)
	require.NoError(t, err)
	_, err = orders.Fulfil(ctx, ada, "b", nil)
	require.NoError(t, err)
	require.Equal(t, []string{
		catalog.DueBeforeApproval, catalog.DueBeforeApproval, catalog.DueBeforeApproval, catalog.DueBeforeApproval,
		catalog.DueBeforeProvisioning, catalog.DueBeforeProvisioning, catalog.DueBeforeProvisioning, catalog.DueBeforeProvisioning,
	}, asked, "once for each point, and not when what is set up is done")
}
