package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
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

// world is a provider with its clock, its catalogue and two customers.
type world struct {
	*catalog.Catalog

	t      *testing.T
	store  *store.Store
	faults *storetest.Faults
	now    *time.Time
}

func newWorld(t *testing.T, o *catalog.Options) world {
	t.Helper()
	now, n := nine, 0
	faults := storetest.NewFaults(memory.New())
	s := store.New(faults, &store.Options{
		Now: func() time.Time { return now }, NewID: func() string { n++; return fmt.Sprintf("id%d", n) },
	})
	return world{catalog.New(s.For(servicecoin.Provider), o), t, s, faults, &now}
}

func (w world) orders(c servicecoin.CustomerID, o *catalog.Options) *catalog.Orders {
	return catalog.NewOrders(w.store.For(c), o)
}

// mail is a service that is live, and offered.
func (w world) mail() catalog.Offering {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.AddService(ctx, ada, catalog.Service{ID: "mail", Name: "Mail", Level: 2})
	require.NoError(w.t, err)
	_, err = w.LaunchService(ctx, ada, "mail")
	require.NoError(w.t, err)
	_, err = w.Publish(ctx, ada, cloudMail())
	require.NoError(w.t, err)
	o, err := w.Orderable(ctx, "mail-cloud")
	require.NoError(w.t, err)
	return o
}

// events returns names and subjects of the whole feed.
func (w world) events() (list []string) {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), 0, 1000)
	require.NoError(w.t, err)
	for _, e := range events {
		list = append(list, e.Name+" "+e.Subject.ID)
	}
	return list
}

func ids[T any](t *testing.T, seq func(func(T, error) bool), of func(T) string) []string {
	t.Helper()
	list := []string{}
	for x, err := range seq {
		require.NoError(t, err)
		list = append(list, of(x))
	}
	return list
}

func TestServicesAreKept(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	s, err := w.AddService(ctx, ada, catalog.Service{Name: "Storage", Kind: catalog.Supporting})
	require.NoError(t, err)
	require.Equal(t, servicecoin.ServiceID("id1"), s.ID)
	w.mail()
	_, err = w.AddService(ctx, ada, catalog.Service{ID: "mail", Name: "Again"})
	require.ErrorIs(t, err, servicecoin.ErrExists)
	_, err = w.AddService(ctx, ada, catalog.Service{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	s, err = w.ReviseService(ctx, ada, catalog.Service{ID: "mail", Name: "Mail and calendar", Level: 1, State: catalog.ServiceRetired})
	require.NoError(t, err)
	require.Equal(t, catalog.ServiceLive, s.State, "a revision does not change the state")
	require.Equal(t, nine, s.LiveSince)
	_, err = w.ReviseService(ctx, ada, catalog.Service{ID: "mail"})
	require.Equal(t, []string{"name required"}, violated(t, err))
	kept, err := w.Service(ctx, "mail")
	require.NoError(t, err)
	require.Equal(t, s, kept)
	_, err = w.Service(ctx, "fax")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	_, err = w.LaunchService(ctx, ada, "fax")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	name := func(s catalog.Service) string { return string(s.ID) }
	require.Equal(t, []string{"id1", "mail"}, ids(t, w.Services().All(ctx), name))
	require.Equal(t, []string{"mail"}, ids(t, w.ServicesIn(catalog.ServiceLive).All(ctx), name))
	page, err := w.ServicesIn(catalog.ServicePlanned).Page(ctx, "", 1)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	_, err = w.Catalog.On(w.store.For("acme")).Service(ctx, "mail")
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "the catalogue is the provider's")
}

func TestDeprecationOfAService(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	w.mail()
	_, err := w.DeprecateService(ctx, ada, "mail", catalog.Deprecation{Reason: "old", Successor: "mail2"})
	require.Equal(t, []string{"successor unknown"}, violated(t, err))
	s, err := w.Service(ctx, "mail")
	require.NoError(t, err)
	require.Equal(t, catalog.ServiceLive, s.State, "nothing half-done")
	_, err = w.AddService(ctx, ada, catalog.Service{ID: "mail2", Name: "Mail 2"})
	require.NoError(t, err)
	_, err = w.DeprecateService(ctx, ada, "mail", catalog.Deprecation{Reason: "old", Successor: "mail2", Until: after(60)})
	require.NoError(t, err)
	_, err = w.Orderable(ctx, "mail-cloud")
	require.Contains(t, refusal(t, err).Why, "take mail2")
	_, err = w.RetireService(ctx, ada, "mail")
	require.Contains(t, refusal(t, err).Why, "until")
	*w.now = after(60)
	require.NoError(t, w.Follow(ctx, mill, "acme", catalog.SubscriptionChanged{Subscription: "s1", Service: "mail", From: nine}))
	_, err = w.RetireService(ctx, ada, "mail")
	require.Contains(t, refusal(t, err).Why, "customers have it still")
	require.NoError(t, w.Follow(ctx, mill, "acme", catalog.SubscriptionChanged{Subscription: "s1", Service: "mail", From: nine, Until: after(30)}))
	s, err = w.RetireService(ctx, ada, "mail")
	require.NoError(t, err)
	require.Equal(t, catalog.ServiceRetired, s.State)
	_, err = w.ReviseService(ctx, ada, s)
	refusal(t, err)
}

func TestOfferingsAreKept(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	_, err := w.Publish(ctx, ada, cloudMail())
	require.Equal(t, []string{"service unknown"}, violated(t, err))
	w.mail()
	o, err := w.Publish(ctx, ada, catalog.Offering{Service: "mail", Name: "A server", Kind: catalog.Legacy, Maturity: catalog.Alpha})
	require.NoError(t, err)
	require.NotEmpty(t, o.ID)
	_, err = w.Publish(ctx, ada, cloudMail())
	require.ErrorIs(t, err, servicecoin.ErrExists)
	revised := cloudMail()
	revised.Name, revised.Service, revised.Maturity = "Mail for all", "other", catalog.Alpha
	revised, err = w.ReviseOffering(ctx, ada, revised)
	require.NoError(t, err)
	require.Equal(t, servicecoin.ServiceID("mail"), revised.Service, "a revision changes neither service nor maturity")
	require.Equal(t, catalog.General, revised.Maturity)
	_, err = w.PromoteOffering(ctx, ada, o.ID, catalog.Beta)
	require.NoError(t, err)
	_, err = w.PromoteOffering(ctx, ada, o.ID, catalog.Alpha)
	refusal(t, err)
	_, err = w.DeprecateOffering(ctx, ada, o.ID, catalog.Deprecation{Reason: "old", Successor: "nothing"})
	require.Equal(t, []string{"successor unknown"}, violated(t, err))
	_, err = w.DeprecateOffering(ctx, ada, o.ID, catalog.Deprecation{Reason: "old", Successor: "mail-cloud"})
	require.NoError(t, err)
	_, err = w.Orderable(ctx, o.ID)
	require.Contains(t, refusal(t, err).Why, "take mail-cloud")
	_, err = w.Orderable(ctx, "none")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	name := func(o catalog.Offering) string { return o.Name }
	require.Equal(t, []string{"A server", "Mail for all"}, ids(t, w.Offerings("mail").All(ctx), name))
	require.Equal(t, []string{"A server", "Mail for all"}, ids(t, w.Offerings("").All(ctx), name))
	require.Empty(t, ids(t, w.Offerings("mai").All(ctx), name))
	page, err := w.Offerings("mail").Page(ctx, "", 1)
	require.NoError(t, err)
	require.NotEmpty(t, page.Next)
	c, err := w.Compare(ctx, []servicecoin.OfferingID{o.ID, "mail-cloud"}, nil, func(catalog.Offering, catalog.Planned) (catalog.Price, error) { return catalog.Price{}, nil })
	require.NoError(t, err)
	require.Equal(t, []servicecoin.OfferingID{o.ID, "mail-cloud"}, []servicecoin.OfferingID{c.Rows[0].Offering.ID, c.Rows[1].Offering.ID})
	_, err = w.Compare(ctx, []servicecoin.OfferingID{"none"}, nil, nil)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

func TestDependenciesAreKept(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	w.mail()
	for _, s := range []servicecoin.ServiceID{"storage", "line-a"} {
		_, err := w.AddService(ctx, ada, catalog.Service{ID: s, Name: string(s), Kind: catalog.Supporting})
		require.NoError(t, err)
		_, err = w.LaunchService(ctx, ada, s)
		require.NoError(t, err)
	}
	d, err := w.Connect(ctx, ada, catalog.Hard("mail", "storage"))
	require.NoError(t, err)
	require.Equal(t, catalog.DependencyID("mail/hard/0/storage"), d.ID)
	_, err = w.Connect(ctx, ada, catalog.Dependency{Service: "mail", Needs: []id{"storage"}, AtLeast: 1})
	require.ErrorIs(t, err, servicecoin.ErrExists, "one of one is all of it")
	_, err = w.Connect(ctx, ada, catalog.AtLeast(1, "mail", "line-b", "line-a"))
	require.NoError(t, err)
	_, err = w.Connect(ctx, ada, catalog.Hard("mail", "mail"))
	require.Equal(t, []string{"needs[0] cycle"}, violated(t, err))
	g, err := w.Graph(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"unknown line-b"}, codes(g.Findings()))
	require.Equal(t, [][]id{{"line-a"}, {"storage"}, {"mail"}}, steps(g.RestoreOrder()))
	name := func(d catalog.Dependency) string { return string(d.ID) }
	require.Equal(t, []string{"mail/hard/0/storage", "mail/hard/1/line-a/line-b"}, ids(t, w.Dependencies("mail").All(ctx), name))
	require.NoError(t, w.Disconnect(ctx, ada, d.ID))
	require.ErrorIs(t, w.Disconnect(ctx, ada, d.ID), servicecoin.ErrNotFound)
	require.Len(t, ids(t, w.Dependencies("").All(ctx), name), 1)
	long := catalog.Hard("mail")
	for i := range 100 {
		long.Needs = append(long.Needs, id("a-service-of-a-longer-name-"+strconv.Itoa(i)))
	}
	d, err = w.Connect(ctx, ada, long)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(d.ID), "sha256:"))
}

func TestSubscribersFollow(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	begun := catalog.SubscriptionChanged{Subscription: "s1", Service: "mail", Offering: "mail-cloud", From: nine}
	ended := begun
	ended.Until = after(60)
	other := catalog.SubscriptionChanged{Subscription: "s1", Service: "mail", From: after(10)}
	// Twice, in the wrong order, and of a customer whose ids run the same.
	for _, step := range []struct {
		customer servicecoin.CustomerID
		change   catalog.SubscriptionChanged
	}{{"acme", catalog.SubscriptionChanged{Subscription: "s1", Service: "mail"}}, {"acme", ended}, {"acme", ended}, {"acme", begun}, {"globex", other}, {"globex", other}} {
		require.NoError(t, w.Follow(ctx, mill, step.customer, step.change))
	}
	got := ids(t, w.Subscribers("mail").All(ctx), func(s catalog.Subscriber) string {
		return fmt.Sprint(s.Customer, " ", s.From.Format("15:04"), " ", s.Until.Format("15:04"))
	})
	require.Equal(t, []string{"acme 09:00 10:00", "globex 09:10 00:00"}, got)
	require.Equal(t, []string{"mail"}, ids(t, w.SubscribedBy("globex").All(ctx), func(s catalog.Subscriber) string { return string(s.Service) }))
	page, err := w.Subscribers("mail").Page(ctx, "", 1)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.NotContains(t, page.Items[0].Key.ID, "acme", "what is left of a deleted record does not name the customer")
	require.Empty(t, w.events(), "and neither does the feed")
	require.Equal(t, []string{"customer required", "subscription required", "service required", "until reversed"},
		violated(t, w.Follow(ctx, mill, "", catalog.SubscriptionChanged{From: nine, Until: after(-1)})))
}

func TestForgetLeavesNothing(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	for i := range 95 {
		require.NoError(t, w.Follow(ctx, mill, "acme", catalog.SubscriptionChanged{Subscription: servicecoin.SubscriptionID(strconv.Itoa(i)), Service: "mail", From: nine}))
	}
	require.NoError(t, w.Follow(ctx, mill, "globex", catalog.SubscriptionChanged{Subscription: "1", Service: "mail", From: nine}))
	w.faults.Script(storetest.Pass, storetest.After)
	require.ErrorIs(t, w.Forget(ctx, ada, "acme"), storetest.ErrFault)
	require.NoError(t, w.Forget(ctx, ada, "acme"))
	require.NoError(t, w.Forget(ctx, ada, "acme"))
	require.ErrorIs(t, w.Forget(ctx, ada, ""), servicecoin.ErrInvalid)
	who := ids(t, w.Subscribers("mail").All(ctx), func(s catalog.Subscriber) string { return string(s.Customer) })
	require.Equal(t, []string{"globex"}, who)
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	var asked []string
	w, ctx := newWorld(t, nil), t.Context()
	forbidden := store.New(memory.New(), &store.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb+" "+a.Subject.Kind+" "+a.Subject.ID)
		return servicecoin.ErrForbidden
	}})
	w.Catalog = w.On(forbidden.For(servicecoin.Provider))
	orders := w.orders("acme", nil).On(forbidden.For("acme"))
	subs := orders.Subscriptions()
	none := &catalog.MemoryProvisioner{}
	calls := []func() error{
		func() error { _, err := w.AddService(ctx, ada, catalog.Service{ID: "s"}); return err },
		func() error { _, err := w.ReviseService(ctx, ada, catalog.Service{ID: "s"}); return err },
		func() error { _, err := w.LaunchService(ctx, ada, "s"); return err },
		func() error { _, err := w.DeprecateService(ctx, ada, "s", catalog.Deprecation{}); return err },
		func() error { _, err := w.RetireService(ctx, ada, "s"); return err },
		func() error { _, err := w.Publish(ctx, ada, catalog.Offering{ID: "o"}); return err },
		func() error { _, err := w.ReviseOffering(ctx, ada, catalog.Offering{ID: "o"}); return err },
		func() error { _, err := w.PromoteOffering(ctx, ada, "o", catalog.Beta); return err },
		func() error { _, err := w.DeprecateOffering(ctx, ada, "o", catalog.Deprecation{}); return err },
		func() error { _, err := w.Connect(ctx, ada, catalog.Hard("a", "b")); return err },
		func() error { return w.Disconnect(ctx, ada, "d") },
		func() error { return w.Follow(ctx, ada, "acme", catalog.SubscriptionChanged{Subscription: "x"}) },
		func() error { return w.Forget(ctx, ada, "acme") },
		func() error {
			_, err := orders.Place(ctx, ada, catalog.Offering{}, catalog.Request{ID: "p"})
			return err
		},
		func() error { _, err := orders.Approve(ctx, ada, "p", ""); return err },
		func() error { _, err := orders.Reject(ctx, ada, "p", ""); return err },
		func() error { _, err := orders.Cancel(ctx, ada, "p", ""); return err },
		func() error { _, err := orders.Retry(ctx, ada, "p", ""); return err },
		func() error { _, err := orders.Fulfil(ctx, ada, "p", nil); return err },
		func() error { _, err := orders.Fail(ctx, ada, "p", ""); return err },
		func() error { _, err := orders.Provision(ctx, ada, "p", none); return err },
		func() error { _, err := subs.Suspend(ctx, ada, "q", ""); return err },
		func() error { _, err := subs.Resume(ctx, ada, "q", ""); return err },
		func() error { _, err := subs.Depart(ctx, ada, "q", time.Time{}, ""); return err },
		func() error { _, err := subs.Stay(ctx, ada, "q", ""); return err },
		func() error { _, err := subs.Complete(ctx, ada, "q"); return err },
		func() error { _, err := subs.Deprovision(ctx, ada, "q", none); return err },
	}
	for i, call := range calls {
		require.ErrorIs(t, call(), servicecoin.ErrForbidden, "call %d", i)
		require.Len(t, asked, i+1)
	}
	golden(t, "attempts.golden", strings.Join(asked, "\n")+"\n")
	require.Empty(t, none.Calls())
	require.Empty(t, w.events())
	_, err := catalog.New(w.store.For(servicecoin.Provider), nil).AddService(ctx, servicecoin.Actor{}, catalog.Service{ID: "s", Name: "s"})
	require.Equal(t, []string{"by.kind unknown", "by.id required"}, violated(t, err))
}

func TestDirectoryOfTheCatalogue(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	w.mail()
	d := w.Directory()
	name, err := d.Service(ctx, "mail")
	require.NoError(t, err)
	require.Equal(t, "Mail", name)
	_, err = d.Service(ctx, "fax")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	for _, x := range []struct {
		customer    servicecoin.CustomerID
		sub         servicecoin.SubscriptionID
		from, until int
	}{{"a", "1", 0, 10}, {"a", "2", 20, 30}, {"ab", "1", 0, 0}, {"b", "1", 10, 20}, {"c", "1", 5, 0}, {"ö", "1", 0, 40}} {
		change := catalog.SubscriptionChanged{Subscription: x.sub, Service: "mail", From: after(x.from)}
		if x.until > 0 {
			change.Until = after(x.until)
		}
		require.NoError(t, w.Follow(ctx, mill, x.customer, change))
	}
	concerned := func(from, to int, behind servicecoin.CustomerID, limit int) []servicecoin.CustomerID {
		during := calendar.Between(after(from), after(to))
		if to == 0 {
			during.End = time.Time{}
		}
		list, err := d.Concerned(ctx, "mail", during, behind, limit)
		require.NoError(t, err)
		return list
	}
	type customers = []servicecoin.CustomerID
	require.Equal(t, customers{"a", "ab", "b", "c", "ö"}, concerned(0, 100, "", 10))
	require.Equal(t, customers{"ab", "b", "c", "ö"}, concerned(10, 20, "", 10), "half-open on both sides")
	require.Equal(t, customers{"ab", "c"}, concerned(40, 0, "", 10), "without an end it is going on")
	require.Equal(t, customers{"ab", "b"}, concerned(0, 100, "a", 2))
	require.Equal(t, customers{"ö"}, concerned(0, 100, "c", 2))
	require.Empty(t, concerned(0, 100, "ö", 2))
	require.Empty(t, concerned(-10, -1, "", 2))
	require.NoError(t, w.Follow(ctx, mill, "aa", catalog.SubscriptionChanged{Subscription: "1", Service: "mail", From: after(5), Until: after(5)}))
	require.NotContains(t, concerned(0, 100, "", 10), servicecoin.CustomerID("aa"), "what ended as it began was never had")
	require.Empty(t, concerned(0, 100, "", 0))
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = d.Concerned(gone, "mail", calendar.Interval{}, "", 1)
	require.ErrorIs(t, err, context.Canceled)
}

// The names and payloads of events are API.
func TestEventsAreAPI(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t, nil), t.Context()
	must := func(_ any, err error) { t.Helper(); require.NoError(t, err) }
	offering := w.mail()
	must(w.AddService(ctx, ada, catalog.Service{ID: "mail2", Name: "Mail 2", Kind: catalog.Supporting}))
	must(w.ReviseService(ctx, ada, catalog.Service{ID: "mail", Name: "Mail", Level: 1}))
	must(w.Publish(ctx, ada, catalog.Offering{ID: "mail-next", Service: "mail", Name: "Next", Kind: catalog.Cloud, Maturity: catalog.Alpha}))
	must(w.ReviseOffering(ctx, ada, cloudMail()))
	must(w.PromoteOffering(ctx, ada, "mail-next", catalog.General))
	must(w.Connect(ctx, ada, catalog.AtLeast(1, "mail", "line-a", "line-b")))
	must(nil, w.Disconnect(ctx, ada, "mail/hard/1/line-a/line-b"))

	orders := w.orders("acme", nil)
	subs, p := orders.Subscriptions(), &catalog.MemoryProvisioner{}
	place := func(id servicecoin.OrderID) {
		offering.Promise = catalog.PromisedLevel{Objective: "99.9 %", Reference: "gold"}
		must(orders.Place(ctx, eve, offering, catalog.Request{ID: id, Subscription: "sub-" + servicecoin.SubscriptionID(id), Parameters: json.RawMessage(`{"n":1}`)}))
	}
	place("a")
	must(orders.Approve(ctx, bob, "a", "fine"))
	p.Script(catalog.Answer{Progress: catalog.Progress{State: catalog.Failed, Text: "no room"}}, catalog.Answer{Progress: catalog.Progress{State: catalog.UnderWay, Text: "half"}})
	must(orders.Provision(ctx, mill, "a", p))
	must(orders.Retry(ctx, ada, "a", "more room"))
	must(orders.Provision(ctx, mill, "a", p))
	*w.now = after(30)
	must(orders.Provision(ctx, mill, "a", p))
	place("b")
	must(orders.Reject(ctx, bob, "b", "too dear"))
	place("c")
	must(orders.Cancel(ctx, eve, "c", "a mistake"))
	place("d")
	must(orders.Approve(ctx, bob, "d", ""))
	must(orders.Fail(ctx, ada, "d", "no hands"))
	must(w.orders("acme", &catalog.Options{NoApproval: true}).Place(ctx, eve, offering, catalog.Request{ID: "e", Subscription: "sub-e"}))
	must(orders.Fulfil(ctx, ada, "e", json.RawMessage(`{"by":"hand"}`)))
	must(subs.Suspend(ctx, ada, "sub-e", "unpaid"))
	must(subs.Resume(ctx, ada, "sub-e", "paid"))
	must(subs.Depart(ctx, eve, "sub-e", time.Time{}, "we move"))
	must(subs.Stay(ctx, eve, "sub-e", "we stay"))
	must(subs.Depart(ctx, eve, "sub-e", time.Time{}, "we move"))
	must(subs.Complete(ctx, ada, "sub-e"))
	must(subs.Depart(ctx, eve, "sub-a", time.Time{}, "we move"))
	p.Script(catalog.Answer{Progress: catalog.Progress{State: catalog.Failed, Text: "locked"}})
	must(subs.Deprovision(ctx, mill, "sub-a", p))
	*w.now = after(90)
	must(subs.Deprovision(ctx, mill, "sub-a", p))

	must(w.DeprecateOffering(ctx, ada, "mail-cloud", catalog.Deprecation{Reason: "old", Successor: "mail-next", Until: after(600)}))
	must(w.DeprecateService(ctx, ada, "mail", catalog.Deprecation{Reason: "old", Successor: "mail2", Until: after(600)}))
	*w.now = after(600)
	must(w.RetireService(ctx, ada, "mail"))
	events, err := w.store.Events(ctx, 0, 1000)
	require.NoError(t, err)
	var b strings.Builder
	seen := map[string]bool{}
	for _, e := range events {
		seen[e.Name] = true
		fmt.Fprintf(&b, "%s %s %s %s\n", e.Name, e.Subject, e.Actor, e.Data)
	}
	golden(t, "events.golden", b.String())
	for _, name := range []string{
		catalog.EventServiceAdded, catalog.EventServiceRevised, catalog.EventServiceLaunched, catalog.EventServiceDeprecated, catalog.EventServiceRetired,
		catalog.EventDependencyAdded, catalog.EventDependencyRemoved, catalog.EventOfferingPublished, catalog.EventOfferingRevised, catalog.EventOfferingPromoted, catalog.EventOfferingDeprecated,
		catalog.EventOrderRequested, catalog.EventOrderApproved, catalog.EventOrderRejected, catalog.EventOrderCancelled, catalog.EventOrderProvisioning, catalog.EventOrderFulfilled, catalog.EventOrderFailed, catalog.EventOrderRetried,
		catalog.EventSubscriptionRequested, catalog.EventSubscriptionActivated, catalog.EventSubscriptionSuspended, catalog.EventSubscriptionResumed, catalog.EventSubscriptionDeparting, catalog.EventSubscriptionStayed, catalog.EventSubscriptionStumbled, catalog.EventSubscriptionDeparted, catalog.EventSubscriptionWithdrawn,
	} {
		require.True(t, seen[name], name)
	}
}
