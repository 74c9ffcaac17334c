package capacity_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/capacity"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

func ada() servicecoin.Actor { return servicecoin.Person("ada") }

func noon() time.Time { return time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC) }

func some(text string) decimal.NullDecimal {
	return servicecoin.Some(decimal.RequireFromString(text))
}

type world struct {
	*capacity.Demands

	store     *store.Store
	now       time.Time
	authorize servicecoin.Authorizer
}

func newWorld(b store.Backend) *world {
	w := &world{now: noon()}
	w.store = store.New(b, &store.Options{
		Now:       func() time.Time { return w.now },
		Authorize: func(ctx context.Context, a servicecoin.Attempt) error { return w.authorize.Ask(ctx, a) },
	})
	w.Demands = capacity.New(w.store.For(servicecoin.Provider))
	return w
}

func told(id string) servicecoin.Key {
	return servicecoin.Key{Customer: "acme", Kind: "entitle.told", ID: id}
}

func demand(id string) capacity.Demand {
	return capacity.Demand{
		Customer: "acme", Service: "api", Meter: "calls", Feature: "api.calls", Unit: "calls", Limit: some("100"), Used: some("121"),
		Period: calendar.Month{Year: 2026, Month: time.March}.In(time.UTC), Windows: "settlement", Window: calendar.Between(noon().Add(-2*time.Hour), noon()),
		Note: "Acme asks for more", Source: told(id), Because: []servicecoin.Key{told(id)},
	}
}

func count[T any](t *testing.T, l store.Listing[T]) int {
	t.Helper()
	n := 0
	for _, err := range l.All(t.Context()) {
		require.NoError(t, err)
		n++
	}
	return n
}

func TestLife(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(memory.New())
	raised, err := w.Raise(ctx, ada(), demand("1"))
	require.NoError(t, err)
	require.Equal(t, capacity.Open, raised.State)
	at, by := raised.Raised()
	require.Equal(t, []any{noon(), ada()}, []any{at, by})
	require.Equal(t, "21", raised.Beyond().Decimal.String())
	require.NotContains(t, string(raised.ID), "acme")
	w.now = noon().Add(time.Hour)
	again, err := w.Raise(ctx, servicecoin.Program("exchange"), demand("1"))
	require.NoError(t, err)
	require.Equal(t, raised.ID, again.ID)
	at, _ = again.Raised()
	require.Equal(t, noon(), at, "what is there")
	found, err := w.RaisedBy(ctx, told("1"))
	require.NoError(t, err)
	require.Equal(t, raised.ID, found.ID)
	_, err = w.RaisedBy(ctx, told("2"))
	require.ErrorIs(t, err, servicecoin.ErrNotFound)

	looked, err := w.Acknowledge(ctx, ada(), raised.ID, "")
	require.NoError(t, err)
	require.Equal(t, capacity.Acknowledged, looked.State)
	_, err = w.Acknowledge(ctx, ada(), raised.ID, "")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = w.Close(ctx, ada(), raised.ID, "")
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "what came of it is required")
	closed, err := w.Close(ctx, ada(), raised.ID, "two more nodes")
	require.NoError(t, err)
	require.Len(t, closed.History, 3)
	_, err = w.Close(ctx, ada(), raised.ID, "again")
	require.ErrorIs(t, err, servicecoin.ErrRefused)

	own := demand("")
	own.Source, own.Because = servicecoin.Key{}, nil
	for range 2 {
		_, err = w.Raise(ctx, ada(), own)
		require.NoError(t, err, "people raise as many as they like")
	}
	own.ID = raised.ID
	require.ErrorIs(t, second(w.Raise(ctx, ada(), own)), servicecoin.ErrExists)
	require.Equal(t, []int{3, 2, 0, 1, 3, 0, 3}, []int{
		count(t, w.All()), count(t, w.In(capacity.Open)), count(t, w.In(capacity.Acknowledged)), count(t, w.In(capacity.Closed)),
		count(t, w.Of("calls")), count(t, w.Of("disk")), count(t, w.For("acme")),
	})
	n, err := capacity.Reindex(ctx, w.store)
	require.NoError(t, err)
	require.Zero(t, n)
	require.Contains(t, raised.Trace().Tell(servicecoin.Reader{}).String(), "Calls in settlement beyond what was planned: 21 calls\n  Used: 121 calls\n  Planned: 100 calls")
}

// A customer that is forgotten is in no demand, and in no event of the provider's.
func TestForget(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(memory.New())
	for _, id := range []string{"1", "2"} {
		_, err := w.Raise(ctx, ada(), demand(id))
		require.NoError(t, err)
	}
	other := demand("3")
	other.Customer, other.Source.Customer, other.Because, other.Note = "globex", "globex", nil, ""
	_, err := w.Raise(ctx, ada(), other)
	require.NoError(t, err)
	found, err := w.RaisedBy(ctx, told("1"))
	require.NoError(t, err)
	_, err = w.Close(ctx, ada(), found.ID, "Acme has a pool of its own")
	require.NoError(t, err)
	require.NoError(t, w.Forget(ctx, ada(), "acme"))
	require.NoError(t, w.Forget(ctx, ada(), "acme"))
	require.ErrorIs(t, w.Forget(ctx, ada(), ""), servicecoin.ErrInvalid)
	all := 0
	for d, err := range w.All().All(ctx) {
		require.NoError(t, err)
		text, err := json.Marshal(d)
		require.NoError(t, err)
		require.NotContains(t, strings.ToLower(string(text)), "acme")
		require.Equal(t, "21", d.Beyond().Decimal.String(), "how much was used stays")
		require.Equal(t, d.Customer == "", d.State == capacity.Closed)
		all++
	}
	require.Equal(t, 3, all)
	events, err := w.store.For(servicecoin.Provider).Events(ctx, 0, 100)
	require.NoError(t, err)
	text, err := json.Marshal(events)
	require.NoError(t, err)
	require.NotContains(t, strings.ToLower(string(text)), "acme")
	require.Equal(t, 1, count(t, w.For("globex")))
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(memory.New())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		n    *capacity.Demands
		ctx  context.Context //nolint:containedctx // of a case
		want string
	}{
		"a customer's":    {w.On(w.store.For("acme")), t.Context(), "is a customer's"},
		"no view":         {capacity.New(store.View{}), t.Context(), "has no store"},
		"a cancelled one": {w.Demands, ctx, "canceled"},
	} {
		for verb, err := range map[string]error{
			"raise": second(c.n.Raise(c.ctx, ada(), demand("1"))), "acknowledge": second(c.n.Acknowledge(c.ctx, ada(), "x", "")),
			"close": second(c.n.Close(c.ctx, ada(), "x", "y")), "get": second(c.n.Get(c.ctx, "x")),
			"list": second(c.n.All().Page(c.ctx, "", 1)), "forget": c.n.Forget(c.ctx, ada(), "acme"),
		} {
			require.ErrorContains(t, err, c.want, "%s: %s", name, verb)
		}
	}
	err := second(w.Raise(t.Context(), ada(), capacity.Demand{
		Customer: servicecoin.Provider, Service: "a\x00", Feature: strings.Repeat("x", 201), Limit: some("1e99"), Period: calendar.Between(noon(), noon().Add(-1)),
		Note: strings.Repeat("x", capacity.MaxNote+1), Source: servicecoin.Key{Kind: "x"}, Because: make([]servicecoin.Key, 21),
	}))
	for _, path := range []string{"customer", "service", "meter", "feature", "limit", "period.end", "note", "source.customer", "because"} {
		require.ErrorContains(t, err, path)
	}
	w.authorize = func(_ context.Context, a servicecoin.Attempt) error {
		if a.Verb == capacity.VerbRaise && a.For != "acme" {
			return nil
		}
		return errors.Join(servicecoin.ErrForbidden)
	}
	for _, err := range []error{
		second(w.Raise(t.Context(), ada(), demand("1"))), second(w.Acknowledge(t.Context(), ada(), "x", "")), second(w.Close(t.Context(), ada(), "x", "y")), w.Forget(t.Context(), ada(), "acme"),
	} {
		require.ErrorIs(t, err, servicecoin.ErrForbidden)
	}
	require.Zero(t, count(t, w.All()))
}

// The answer of a commit is lost: raised again, there is one.
func TestRaisedOnce(t *testing.T) {
	t.Parallel()
	faults := storetest.NewFaults(memory.New())
	w := newWorld(faults)
	faults.Script(storetest.After)
	require.Error(t, second(w.Raise(t.Context(), ada(), demand("1"))))
	require.NoError(t, second(w.Raise(t.Context(), ada(), demand("1"))))
	require.Equal(t, 1, count(t, w.All()))
}

func TestJSON(t *testing.T) {
	t.Parallel()
	d := demand("1")
	text, err := json.Marshal(d)
	require.NoError(t, err)
	var read capacity.Demand
	require.NoError(t, json.Unmarshal(text, &read))
	again, err := json.Marshal(read)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(again))
	require.Contains(t, string(text), `"forecast":null`)
}

func second[T any](_ T, err error) error { return err }

func ExampleDemands() {
	ctx := context.Background()
	demands := capacity.New(store.New(memory.New(), nil).For(servicecoin.Provider))
	d, err := demands.Raise(ctx, servicecoin.Person("ada"), capacity.Demand{Meter: "calls", Unit: "calls", Limit: some("100"), Used: some("121")})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err = demands.Close(ctx, servicecoin.Person("ada"), d.ID, "two more nodes in the pool of Frankfurt")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Beyond().Decimal, d.State)
	// Output: 21 closed
}
