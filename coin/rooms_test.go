package coin_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/slaroom"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
)

var update = flag.Bool("update", false, "rewrite docs/exchange.md")

// whole is a coin with everything that brings a link.
func whole(t *testing.T) *shop {
	t.Helper()
	return newShop(t, func(o *coin.Options) {
		o.Provisioner, o.FreezeWhenSpent, o.Runbooks.Runner = &catalog.MemoryProvisioner{}, true, &runbook.MemoryRunner{}
	})
}

// Every link that grants something names the one that ends it; those that do not
// grant are listed here, with the reason.
func TestWhatIsGrantedIsEnded(t *testing.T) {
	t.Parallel()
	grantsNothing := map[string]string{
		"report.due":               "a mark, which closing the month takes away",
		"report.dueByChange":       "a mark, which closing the month takes away",
		"run.cancel":               "ends",
		"change.answer":            "a fact, that the customer may tell otherwise",
		"change.suspect":           "a suspicion, which a person confirms or dismisses",
		"change.discover":          "a fact: it was changed; a person reviews and closes it",
		"configuration.outdate":    "a mark, which looking again takes away",
		"patch.see":                "a fact: it was seen",
		"patch.withdraw":           "ends",
		"patch.run":                "a run ends by itself, or is aborted by a person",
		"patch.result":             "a fact, that a person may tell otherwise",
		"patch.settle":             "a step of a cycle, which a person halts or cancels",
		"patch.halt":               "a person resumes the cycle",
		"certificate.revise":       "a certificate keeps its editions: a later one supersedes it",
		"fix.close":                "a fact: a version that mends it is out",
		"warning.settle":           "ends",
		"news.discard":             "ends",
		"letter.draft":             "a letter is said once, and overtaken by the next",
		"binding.follow":           "work, which a report ends, or a person drops",
		"bundle.ask":               "an answer, which the grants are ended from",
		"promise.end":              "ends",
		"quota.end":                "ends",
		"charge.end":               "ends",
		"entitlement.end":          "ends",
		"grant.void":               "ends",
		"limit.notify":             "a telling, which is said once and stays",
		"capacity.raise":           "work, which a person closes with a note",
		"onboarding.cancel":        "ends",
		"onboarding.reach":         "goes on with what onboarding.begin began",
		"order.ready":              "goes on with what order.provision is to do",
		"subscription.deprovision": "ends",
	}
	links := map[string]exchange.Link{}
	for _, l := range whole(t).Links() {
		links[l.Name] = l
	}
	require.Len(t, links, 47)
	for name, l := range links {
		_, listed := grantsNothing[name]
		require.NotEqual(t, listed, l.EndedBy != "", "%s: either it names what ends it, or it is listed with a reason", name)
		if l.EndedBy != "" {
			require.Contains(t, links, l.EndedBy, name)
		}
		delete(grantsNothing, name)
	}
	require.Empty(t, grantsNothing, "no such link any more")
}

// The table in the documentation is what the rooms say.
func TestTableOfLinks(t *testing.T) {
	t.Parallel()
	s := whole(t)
	x, err := s.Rooms()
	require.NoError(t, err)
	text := "# The exchange, arrow by arrow\n\nWhat happens in one room makes work in another one. This table is generated from the rooms\n" +
		"(`go test ./coin -run Table -update`). A link that is ended by itself hears of the end, too.\n\n" + x.Table()
	const path = "../docs/exchange.md"
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// An account has a customer's nouns, and tells what is wrong with the customer.
func TestAccount(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ctx := t.Context()
	s.subscribe("acme", "s1")
	a := s.Account(ctx, "acme")
	who, err := a.Customer()
	require.NoError(t, err)
	require.Equal(t, servicecoin.CustomerID("acme"), who.ID)
	n := 0
	for sub, err := range a.Subscriptions().List().All(ctx) {
		require.NoError(t, err)
		require.Equal(t, servicecoin.SubscriptionID("s1"), sub.ID)
		n++
	}
	require.Equal(t, 1, n)
	_, err = a.Spin(ctx, january)
	require.NoError(t, err)

	away := errors.New("the host's table is away")
	lost := newShop(t, func(o *coin.Options) {
		o.Customer = func(context.Context, servicecoin.CustomerID) (servicecoin.Customer, error) {
			return servicecoin.Customer{}, away
		}
	}).Account(ctx, "acme")
	for name, noun := range map[string]any{
		"orders": lost.Orders(), "subscriptions": lost.Subscriptions(), "letters": lost.Letters(), "keeper": lost.Keeper(),
		"ledger": lost.Ledger(), "statements": lost.Statements(), "program": lost.Program(), "configuration": lost.Configuration(),
	} {
		for method, err := range faults(t, noun) {
			if method == "Trace" || method == "Compare" {
				continue
			}
			require.ErrorContains(t, err, "customer acme: the host's table is away", "%s.%s", name, method)
		}
	}
	_, err = lost.Spin(ctx, january)
	require.ErrorIs(t, err, away)
	_, err = lost.Problems().Page(ctx, "", 1)
	require.ErrorContains(t, err, "customer acme: the host's table is away")
}

// A month is closed for everybody, and what is not says which and why.
func TestCloseAll(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	broken := errors.New("the monitor is away")
	s := newShop(t, func(o *coin.Options) {
		o.Customer = func(_ context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error) {
			c := acme(id)
			if id == "poor" {
				c.Currency = ""
			}
			return c, nil
		}
		o.Covered = func(_ context.Context, id servicecoin.ServiceID, during calendar.Interval) (calendar.Set, error) {
			if id == "blind" {
				return calendar.Set{}, broken
			}
			return calendar.SetOf(during), nil
		}
	})
	x, err := s.Exchange(&store.ConsumerOptions{Holder: "one"})
	require.NoError(t, err)
	for _, id := range []servicecoin.CustomerID{"acme", "globex", "poor"} {
		s.subscribe(id, "s1")
	}
	_, err = x.Drain(ctx)
	require.NoError(t, err)
	p := promiseOn("mail", start)
	p.ID = "extra"
	_, err = s.Keeper("globex").Make(ctx, ada, p)
	require.NoError(t, err)
	p.ID, p.Service = "blind", "blind"
	_, err = s.Keeper("globex").Make(ctx, ada, p)
	require.NoError(t, err)
	m := calendar.MonthOf(start, time.UTC)
	_, err = s.CloseAll(ctx, ada, x, m)
	require.ErrorIs(t, err, servicecoin.ErrRefused, "the month is not over")

	s.now = s.now.AddDate(0, 2, 0)
	done, err := s.CloseAll(ctx, ada, x, m)
	require.ErrorIs(t, err, broken)
	open, ok := errors.AsType[*slaroom.NotClosed](err)
	require.True(t, ok)
	require.Equal(t, servicecoin.PromiseID("blind"), open.Promise)
	require.Len(t, done.Open, 1)
	require.Empty(t, done.Unissued)
	require.Equal(t, 3, done.Customers)
	require.Equal(t, 2, done.Statements, "who has no currency has no statement")
	require.Positive(t, done.Reports)
	again, err := s.CloseAll(ctx, ada, x, m)
	require.ErrorIs(t, err, broken)
	require.Zero(t, again.Statements+again.Reports, "what is closed stays")
	_, err = s.CloseAll(ctx, ada, x, calendar.Month{})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
}

// A customer is erased everywhere in one call, and nobody else is.
func TestForgetEverywhere(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	usage := metering.NewMemoryStore()
	s := newShop(t, func(o *coin.Options) { o.Usage = usage })
	x, err := s.Exchange(&store.ConsumerOptions{Holder: "one"})
	require.NoError(t, err)
	for _, id := range []servicecoin.CustomerID{"acme", "globex"} {
		s.subscribe(id, "s1")
		_, err := s.Ledger(acme(id)).Record(ctx, ada, metering.Event{ID: "1", Source: "test", Type: "called", Time: s.now, Value: servicecoin.Some(d("1"))})
		require.NoError(t, err)
	}
	_, err = s.Desk().Open(ctx, ada, incident.Report{Title: "Down", Effects: []incident.Effect{{Service: "mail", Level: incident.Outage}}})
	require.NoError(t, err)
	for _, id := range []servicecoin.CustomerID{"acme", "globex"} {
		_, err = s.Desk().Report(ctx, servicecoin.Client("olga"), incident.Problem{Customer: id, Service: "mail", Level: incident.Outage, Title: "No mail"})
		require.NoError(t, err)
	}
	_, err = x.Drain(ctx)
	require.NoError(t, err)

	require.NoError(t, s.Forget(ctx, ada, "acme"))
	require.NoError(t, s.Forget(ctx, ada, "acme"))
	_, err = x.Drain(ctx)
	require.NoError(t, err, "and nothing comes back of what was on its way")
	left := func(id servicecoin.CustomerID) (n int) {
		for _, err := range s.Subscriptions(id).List().All(ctx) {
			require.NoError(t, err)
			n++
		}
		for _, err := range s.Catalog().SubscribedBy(id).All(ctx) {
			require.NoError(t, err)
			n++
		}
		for _, err := range s.Letters(id).List().All(ctx) {
			require.NoError(t, err)
			n++
		}
		for _, err := range s.Account(ctx, id).Problems().All(ctx) {
			require.NoError(t, err)
			n++
		}
		for _, err := range usage.Scan(ctx, metering.Query{Customer: id, Type: "called", During: calendar.Between(s.now.AddDate(-1, 0, 0), s.now.AddDate(1, 0, 0))}) {
			require.NoError(t, err)
			n++
		}
		return n
	}
	require.Zero(t, left("acme"))
	require.Equal(t, 5, left("globex"))
}

// All rooms bring their records up to date in one call.
func TestReindexOfAllRooms(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.subscribe("acme", "s1")
	s.quiet()
	n, err := s.Reindex(t.Context())
	require.NoError(t, err)
	require.Zero(t, n, "they are up to date")
	x, err := s.Rooms()
	require.NoError(t, err)
	for _, r := range x.Rooms() {
		require.NotNil(t, r.Reindex, r.Name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Reindex(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
