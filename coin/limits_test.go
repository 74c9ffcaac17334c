package coin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/meteringroom"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/gate"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/operations/capacity"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/store"
)

// settlement is a critical window of an hour before noon, on two days.
func settlement() calendar.Set {
	return calendar.SetOf(calendar.Between(start.Add(-2*time.Hour), start), calendar.Between(start.Add(22*time.Hour), start.Add(24*time.Hour)))
}

func limited(t *testing.T, change ...func(o *coin.Options)) *shop {
	t.Helper()
	return newShop(t, append([]func(o *coin.Options){func(o *coin.Options) {
		o.Comes = nil
		o.Customer = func(_ context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error) {
			c := acme(id)
			c.Contacts = []servicecoin.PersonID{"mika", "olga"}
			return c, nil
		}
		o.CriticalWindows = func(_ context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error) {
			if name != "settlement" {
				return calendar.Set{}, servicecoin.NotFound(servicecoin.Key{Customer: customer, Kind: entitle.WindowsRecord, ID: name})
			}
			return settlement().Clip(within), nil
		}
	}}, change...)...)
}

func callsOfMail() entitle.Kept {
	return entitle.Kept{Every: metering.Monthly, Service: "mail", Entitlement: entitle.Entitlement{
		Feature: "mail.calls", Kind: entitle.Metered, From: start.AddDate(0, 0, -5), Meter: "calls", Limit: servicecoin.Some(d("100")),
		Exceeding: []entitle.Consequence{{Act: entitle.Refuse}, {Act: entitle.Notify, Whom: "kim", Note: "Ask for more."}},
		Critical: []entitle.Critical{{Name: "settlement", Limit: d("10"), Exceeding: []entitle.Consequence{
			{Act: entitle.Notify}, {Act: entitle.Throttle, Rate: servicecoin.Some(d("2"))}, {Act: entitle.Charge, Price: "peak"}, {Act: entitle.Capacity, Note: "by the lead of the pool"},
		}}},
		Thresholds: []entitle.Threshold{{Name: "near", Measure: entitle.Percent, At: d("80")}},
	}}
}

func (s *shop) calls(customer servicecoin.CustomerID, value string, at time.Time) {
	s.t.Helper()
	_, err := s.Ledger(acme(customer)).Record(s.t.Context(), ada, metering.Event{ID: s.store.NewID(), Source: "test", Type: "called", Time: at, Value: servicecoin.Some(d(value))})
	require.NoError(s.t, err)
}

func (s *shop) notices(customer servicecoin.CustomerID) (texts []string, to [][]servicecoin.PersonID) {
	s.t.Helper()
	for n, err := range s.Entitlements(acme(customer)).Notices().All(s.t.Context()) {
		require.NoError(s.t, err)
		texts, to = append(texts, n.Text+" "+n.Note), append(to, n.To)
	}
	return texts, to
}

// A customer passes a limit inside of a critical window: it is told, slowed down, charged
// by the price that is named, and those who plan capacity hear of it, once.
func TestWhatFollowsFromALimit(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := limited(t)
	_, err := s.Prices().Publish(ctx, ada, "peak", rating.Price{Name: "Peak", Model: rating.PerUnit, UnitPrice: servicecoin.Some(d("1")), Currency: "EUR", Rounding: money.HalfAwayFromZero}, start.AddDate(-1, 0, 0))
	require.NoError(t, err)
	mine := s.Account(ctx, "acme").Entitlements()
	_, err = mine.Set(ctx, ada, callsOfMail())
	require.NoError(t, err)
	s.calls("acme", "12", start.Add(-time.Hour))
	s.quiet()
	texts, to := s.notices("acme")
	require.Equal(t, []string{"More of mail.calls is used in settlement than the limit allows: 12 calls of 10 calls. Slowed to 2 calls a second. Charged at the price peak. Those who plan capacity hear of it "}, texts)
	require.Equal(t, [][]servicecoin.PersonID{{"mika", "olga"}}, to)
	demands := s.Capacity().Demands()
	page, err := demands.In(capacity.Open).Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	demand := page.Items[0].Value
	require.Equal(t, []any{servicecoin.CustomerID("acme"), servicecoin.ServiceID("mail"), "calls", "mail.calls", "settlement", "by the lead of the pool"}, []any{demand.Customer, demand.Service, demand.Meter, demand.Feature, demand.Windows, demand.Note})
	require.Equal(t, settlement().List[0], demand.Window)
	require.Equal(t, "2", demand.Beyond().Decimal.String())
	require.Equal(t, s.event("acme", entitle.EventExceeded).Subject, demand.Source)
	require.Equal(t, "entitle.entitlement", demand.Because[1].Kind)

	s.calls("acme", "70", start.Add(-time.Hour))
	s.calls("acme", "20", start.Add(-4*time.Hour))
	s.quiet()
	texts, to = s.notices("acme")
	require.Len(t, texts, 3, "near, then over: each once")
	require.Contains(t, texts, "Near of mail.calls is reached: 82, told from 80 on ")
	require.Contains(t, texts, "More of mail.calls is used than the limit allows: 102 calls of 100 calls. More is refused Ask for more.")
	require.Contains(t, to, []servicecoin.PersonID{"kim"})
	page, err = demands.All().Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 1)

	for _, name := range []string{entitle.EventExceeded, entitle.EventThresholdReached} { // delivered again
		require.NoError(t, s.run("limit.notify", s.event("acme", name)))
		if name == entitle.EventExceeded {
			require.NoError(t, s.run("capacity.raise", s.event("acme", name)))
		}
	}
	texts, _ = s.notices("acme")
	require.Len(t, texts, 3)
	j, err := mine.Judge(ctx, "mail.calls", d("1"), start.Add(23*time.Hour))
	require.NoError(t, err)
	require.False(t, j.Allowed)
	require.Equal(t, "2", j.Throttle().Decimal.String())

	spin, err := s.Spin(ctx, "acme", january)
	require.NoError(t, err)
	codes := map[string]string{}
	for _, b := range spin.Balance {
		codes[b.Text] = b.Code
	}
	require.Equal(t, map[string]string{
		"Mail: 102 calls of mail.calls were used, the limit is 100.":             meteringroom.LimitExceeded,
		"Mail: 82 calls of mail.calls were used in settlement, the limit is 10.": meteringroom.LimitExceeded,
	}, codes)
	require.Len(t, spin.Rows, 1)
	lines := exchange.Lines(spin.Rows[0].Parts, exchange.Adoption)
	require.Contains(t, fmt.Sprint(lines), "mail.calls: 102 of 100 calls, in settlement 82 of 10")
	text, err := json.Marshal(spin)
	require.NoError(t, err)
	require.NotContains(t, string(text), "pool", "what is for others is not in it")
}

// Forgotten is forgotten: in its partition, and where capacity is planned.
func TestForgetLimits(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := limited(t)
	for _, id := range []servicecoin.CustomerID{"acme", "globex"} {
		_, err := s.Entitlements(acme(id)).Set(ctx, ada, callsOfMail())
		require.NoError(t, err)
		_, err = s.Grants(acme(id)).Give(ctx, ada, grant.Kept{Meter: "calls", Grant: grant.Grant{ID: "gift", Amount: d("5")}})
		require.NoError(t, err)
		s.calls(id, "120", start.Add(-time.Hour))
	}
	s.quiet()
	require.NoError(t, s.Forget(ctx, ada, "acme"))
	s.quiet()
	texts, _ := s.notices("acme")
	require.Empty(t, texts)
	texts, _ = s.notices("globex")
	require.Len(t, texts, 3)
	for customer, want := range map[servicecoin.CustomerID]int{"acme": 0, "globex": 1} {
		n := 0
		for d, err := range s.Capacity().Demands().For(customer).All(ctx) {
			require.NoError(t, err)
			require.Equal(t, customer, d.Customer)
			n++
		}
		require.Equal(t, want, n)
		_, err := s.Grants(acme(customer)).Get(ctx, "gift")
		require.Equal(t, want == 0, err != nil)
		_, err = s.Entitlements(acme(customer)).Get(ctx, "mail.calls", start)
		require.Equal(t, want == 0, err != nil)
	}
	page, err := s.Capacity().Demands().All().Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 2, "that there was a demand stays")
}

// What comes with a subscription ends with it.
func TestLimitsOfASubscription(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := limited(t)
	s.subscribe("acme", "s1")
	s.quiet()
	k := callsOfMail()
	k.Subscription = "s1"
	_, err := s.Entitlements(acme("acme")).Set(ctx, ada, k)
	require.NoError(t, err)
	k.Feature, k.Subscription = "other", ""
	_, err = s.Entitlements(acme("acme")).Set(ctx, ada, k)
	require.NoError(t, err)
	for id, sub := range map[grant.ID]servicecoin.SubscriptionID{"gift": "s1", "own": ""} {
		_, err = s.Grants(acme("acme")).Give(ctx, ada, grant.Kept{Meter: "calls", Subscription: sub, Grant: grant.Grant{ID: id, Amount: d("5")}})
		require.NoError(t, err)
	}
	s.leave("acme", "s1")
	s.quiet()
	for feature, until := range map[entitle.FeatureID]time.Time{"mail.calls": s.now, "other": {}} {
		list, err := s.Entitlements(acme("acme")).List(feature).Page(ctx, "", 10)
		require.NoError(t, err)
		require.Equal(t, until, list.Items[0].Value.Until, feature)
	}
	for id, voided := range map[grant.ID]time.Time{"gift": s.now, "own": {}} {
		g, err := s.Grants(acme("acme")).Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, voided, g.Voided, id)
	}
	for _, rule := range []string{"entitlement.end", "grant.void"} {
		require.NoError(t, s.run(rule, s.event("acme", "subscription.departed")))
	}
}

// A gate leases what is left of an entitlement.
func TestGateOfEntitlements(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := limited(t)
	_, err := s.Entitlements(acme("acme")).Set(ctx, ada, callsOfMail())
	require.NoError(t, err)
	s.calls("acme", "90", start.Add(-4*time.Hour))
	authority, err := gate.NewAuthority(gate.NewRecords(s.store.For), s.Limits(time.Minute), gate.Terms{}, s.store.NewID, func() time.Time { return s.now })
	require.NoError(t, err)
	g, err := gate.New("api-1", authority, &gate.Options{Stale: gate.Closed})
	require.NoError(t, err)
	passed := 0
	for range 20 {
		answer, err := g.Counter(gate.Key{Customer: "acme", Name: "mail.calls"}).Ask(ctx, d("1"), s.now)
		require.NoError(t, err)
		if answer.Allowed {
			passed++
		}
	}
	require.Equal(t, 10, passed)
	for _, key := range []gate.Key{{Customer: "acme", Name: "nothing"}, {Customer: "globex", Name: "mail.calls"}} {
		answer, err := g.Counter(key).Ask(ctx, d("1"), s.now)
		require.NoError(t, err)
		require.False(t, answer.Allowed, key)
	}
}

// Usage of many customers is looked after, too, unless the host does so itself.
func TestIntakeHasLimitsLookedAfter(t *testing.T) {
	t.Parallel()
	for _, byReview := range []bool{false, true} {
		s := limited(t, func(o *coin.Options) { o.LimitsByReview = byReview })
		_, err := s.Entitlements(acme("acme")).Set(t.Context(), ada, callsOfMail())
		require.NoError(t, err)
		_, err = s.Intake().Record(t.Context(), ada, metering.OwnedBy(acme("acme")), metering.Event{ID: "1", Source: "test", Type: "called", Time: start, Value: servicecoin.Some(d("101"))})
		require.NoError(t, err)
		require.Equal(t, byReview, s.event("acme", entitle.EventExceeded).Name == "")
		told, err := s.Entitlements(acme("acme")).Review(t.Context(), ada, start)
		require.NoError(t, err)
		require.Equal(t, byReview, len(told) > 0)
	}
}

// Critical windows are those of changes, where the host says nothing else.
func TestCriticalWindowsOfChanges(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := limited(t, func(o *coin.Options) {
		o.CriticalWindows = nil
		o.Changes.Critical = func(_ context.Context, customers []servicecoin.CustomerID, _ calendar.Interval) ([]change.CriticalTimes, error) {
			return []change.CriticalTimes{{Customer: customers[0], Windows: []hours.CriticalWindow{{Name: "settlement", Kind: hours.OperationalWindow, Reason: "money", Weight: d("2"), During: settlement().List[0]}}}}, nil
		}
	})
	mine := s.Entitlements(acme("acme"))
	k := callsOfMail()
	k.Critical[0].Name = "sale"
	_, err := mine.Set(ctx, ada, k)
	require.ErrorContains(t, err, "names no critical windows")
	_, err = mine.Set(ctx, ada, callsOfMail())
	require.NoError(t, err)
	standing, err := mine.Standing(ctx, "mail.calls", d("0"), start.Add(-time.Hour))
	require.NoError(t, err)
	require.True(t, standing.Facts.Inside[0].Open)
	none := limited(t, func(o *coin.Options) { o.CriticalWindows = nil })
	_, err = none.Entitlements(acme("acme")).Set(ctx, ada, callsOfMail())
	require.ErrorContains(t, err, "Options.Calendars is nil")
}

// An entitlement and its telling stand in one transaction of the host, or not at all.
func TestLimitsInAUnitOfWork(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := limited(t)
	stop := fmt.Errorf("no") //nolint:err113,perfsprint // of a test
	err := s.store.Do(ctx, func(tx *store.Store) error {
		if _, err := s.Coin.On(tx).Entitlements(acme("acme")).Set(ctx, ada, callsOfMail()); err != nil {
			return err
		}
		return stop
	})
	require.ErrorIs(t, err, stop)
	_, err = s.Entitlements(acme("acme")).Get(ctx, "mail.calls", start)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}
