package grant_test

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func ada() servicecoin.Actor { return servicecoin.Person("ada") }

// kept is a customer with grants in a store.
type kept struct {
	t         testing.TB
	store     *store.Store
	ledger    *metering.Ledger
	grants    *grant.Grants
	now       time.Time
	authorize servicecoin.Authorizer
	n         int
}

func newKept(t testing.TB) *kept {
	t.Helper()
	w := &kept{t: t, now: epoch}
	w.store = store.New(memory.New(), &store.Options{
		Now:       func() time.Time { return w.now },
		Authorize: func(ctx context.Context, a servicecoin.Attempt) error { return w.authorize.Ask(ctx, a) },
	})
	meters := metering.NewMeters(w.store.For(servicecoin.Provider))
	for _, m := range []metering.Meter{
		{ID: "calls", Name: "Calls", Type: "call", Aggregation: metering.Sum, Unit: "calls"},
		{ID: "disk", Name: "Disk", Type: "disk", Aggregation: metering.Latest, Unit: "GB"},
		{ID: "peak", Name: "Peak", Type: "disk", Aggregation: metering.Max, Unit: "GB"},
	} {
		require.NoError(t, meters.Define(t.Context(), ada(), m))
	}
	w.ledger = metering.New(w.store.For("acme"), metering.NewMemoryStore(), meters, servicecoin.Customer{ID: "acme", Name: "Acme"}, nil)
	w.grants = grant.New(w.store.For("acme"), w.ledger)
	return w
}

func (w *kept) uses(kind, value string, when time.Time) {
	w.t.Helper()
	w.n++
	_, err := w.ledger.Record(w.t.Context(), ada(), metering.Event{Source: "test", ID: strconv.Itoa(w.n), Type: kind, Time: when, Value: servicecoin.Some(d(value))})
	require.NoError(w.t, err)
}

func (w *kept) give(k grant.Kept) grant.Kept {
	w.t.Helper()
	given, err := w.grants.Give(w.t.Context(), ada(), k)
	require.NoError(w.t, err)
	return given
}

func (w *kept) standing(at time.Time) string {
	w.t.Helper()
	s, err := w.grants.Standing(w.t.Context(), "calls", at)
	require.NoError(w.t, err)
	return s.Balance().String() + " left, " + s.Overage.String() + " over"
}

func (w *kept) events() map[string]int {
	n := map[string]int{}
	events, err := w.store.For("acme").Events(w.t.Context(), 0, 1000)
	require.NoError(w.t, err)
	for _, e := range events {
		n[e.Name]++
	}
	return n
}

func some(id grant.ID, amount string) grant.Kept {
	return grant.Kept{Meter: "calls", Reason: "welcome", Grant: grant.Grant{ID: id, Amount: d(amount)}}
}

// sameGrant compares what is written of grants.
func sameGrant(t *testing.T, want, got grant.Kept, what string) {
	t.Helper()
	one, err := json.Marshal(want)
	require.NoError(t, err)
	two, err := json.Marshal(got)
	require.NoError(t, err)
	require.JSONEq(t, string(one), string(two), what)
}

func TestGiveAndVoid(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newKept(t)
	require.Equal(t, "0 left, 0 over", w.standing(hours(5)))
	gift := some("gift", "50")
	gift.Priority, gift.Until = -1, hours(48)
	given := w.give(gift)
	require.Equal(t, []any{epoch, epoch, ada(), epoch}, []any{given.From, given.Created, given.GivenBy, given.GivenAt})
	w.now = hours(1)
	sameGrant(t, given, w.give(gift), "the same again")
	gift.Amount = d("51")
	_, err := w.grants.Give(ctx, ada(), gift)
	require.ErrorIs(t, err, servicecoin.ErrExists)
	w.give(some("plan", "100"))
	require.NotEmpty(t, w.give(some("", "1")).ID)
	require.Equal(t, 3, w.events()[grant.EventGiven])

	w.uses("call", "60", hours(2))
	require.Equal(t, "91 left, 0 over", w.standing(hours(3)))
	require.Equal(t, "151 left, 0 over", w.standing(hours(2)), "what was used before, and not at the instant itself")
	s, err := w.grants.AsOf(ctx, "calls", hours(2))
	require.NoError(t, err)
	require.Equal(t, "91", s.Closing.Balance().String(), "with it")

	w.uses("call", "100", hours(4))
	require.Equal(t, "0 left, 9 over", w.standing(hours(5)))
	w.now = hours(6)
	_, err = w.grants.Void(ctx, ada(), "plan", hours(3), "a mistake")
	require.NoError(t, err)
	_, err = w.grants.Void(ctx, ada(), "plan", hours(3), "a mistake")
	require.NoError(t, err)
	_, err = w.grants.Void(ctx, ada(), "plan", time.Time{}, "")
	require.NoError(t, err, "it is voided")
	_, err = w.grants.Void(ctx, ada(), "plan", hours(4), "otherwise")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.Equal(t, 1, w.events()[grant.EventVoided])
	require.Equal(t, "0 left, 100 over", w.standing(hours(5)), "restated")
	voided, err := w.grants.Get(ctx, "plan")
	require.NoError(t, err)
	require.Equal(t, []any{hours(3), hours(6), "a mistake"}, []any{voided.Voided, voided.VoidedAt, voided.VoidReason})
	sameGrant(t, voided, w.give(some("plan", "100")), "given again it stays voided")
	_, err = w.grants.Void(ctx, ada(), "nothing", hours(4), "")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	page, err := w.grants.List("calls").Page(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, page.Items, 3)

	statement, err := w.grants.Statement(ctx, "calls", calendar.Between(hours(3), hours(5)))
	require.NoError(t, err)
	require.Equal(t, "100", statement.Closing.Overage.String())
	require.Equal(t, "calls", statement.Unit)
	statement, err = w.grants.Statement(ctx, "calls", calendar.Between(epoch, hours(5)))
	require.NoError(t, err)
	require.Contains(t, statement.Trace().String(), "[acme/grant.grant/plan]")
}

func TestTerms(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newKept(t)
	days, err := metering.NewPeriods(metering.Rhythm{Every: calendar.Period{Days: 1}, Anchor: epoch})
	require.NoError(t, err)
	terms := grant.Terms{Meter: "calls", Overage: grant.Carry, Resets: days}
	require.NoError(t, w.grants.SetTerms(ctx, ada(), grant.Terms{Meter: "calls"}))
	require.NoError(t, w.grants.SetTerms(ctx, ada(), terms))
	require.NoError(t, w.grants.SetTerms(ctx, ada(), terms))
	require.Equal(t, 2, w.events()[grant.EventTermsSet])
	plan := some("plan", "10")
	plan.RolloverMax = d("4")
	w.give(plan)
	require.ErrorIs(t, w.grants.SetTerms(ctx, ada(), grant.Terms{Meter: "calls"}), servicecoin.ErrRefused)
	require.NoError(t, w.grants.SetTerms(ctx, ada(), terms), "as they are")
	w.uses("call", "3", hours(2))
	require.Equal(t, "7 left, 0 over", w.standing(hours(23)))
	require.Equal(t, "4 left, 0 over", w.standing(hours(24)))
	w.uses("call", "9", hours(30))
	require.Equal(t, "0 left, 5 over", w.standing(hours(60)), "carried")
	w.uses("call", "-2", hours(31))
	require.Equal(t, "0 left, 3 over", w.standing(hours(60)), "a correction takes back")
	w.uses("call", "-3", hours(50))
	require.Equal(t, "0 left, 0 over", w.standing(hours(60)), "also what was used a day before")

	require.NoError(t, w.grants.SetTerms(ctx, ada(), grant.Terms{Meter: "disk", Counts: grant.Level}))
	for meter, want := range map[metering.MeterID]string{"calls": "it is no level", "peak": "does not add up"} {
		require.ErrorContains(t, w.grants.SetTerms(ctx, ada(), grant.Terms{Meter: meter, Counts: grant.Level}), want)
	}
	require.ErrorContains(t, w.grants.SetTerms(ctx, ada(), grant.Terms{Meter: "disk"}), "is a level")
	require.ErrorContains(t, w.grants.SetTerms(ctx, ada(), grant.Terms{Meter: "disk", Counts: grant.Level, Resets: days}), "a level burns nothing")
	require.ErrorContains(t, w.grants.SetTerms(ctx, ada(), grant.Terms{Counts: "x", Overage: "y"}), "counts")
}

func TestGrantsOfALevel(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newKept(t)
	k := some("base", "100")
	k.Meter = "disk"
	w.give(k)
	k = some("more", "50")
	k.Meter, k.From = "disk", hours(10)
	w.give(k)
	k.ID, k.Renewal = "again", &grant.Renewal{Every: calendar.Period{Days: 1}}
	_, err := w.grants.Give(ctx, ada(), k)
	require.ErrorContains(t, err, "renewal")
	w.uses("disk", "120", hours(2))
	for hour, want := range map[int]string{1: "100 0", 5: "0 20", 11: "30 0"} {
		s, err := w.grants.Standing(ctx, "disk", hours(hour))
		require.NoError(t, err)
		require.Equal(t, want, s.Balance().String()+" "+s.Overage.String(), "hour %d", hour)
	}
}

func TestGrantsAreRefused(t *testing.T) {
	t.Parallel()
	w := newKept(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		n    *grant.Grants
		ctx  context.Context //nolint:containedctx // of a case
		want string
	}{
		"another's":       {w.grants.On(w.store.For("globex")), t.Context(), "is not a view of acme"},
		"the provider's":  {grant.New(w.store.For(servicecoin.Provider), w.ledger), t.Context(), "is the provider's"},
		"no ledger":       {grant.New(w.store.For("acme"), nil), t.Context(), "ledger: is nil"},
		"no view":         {grant.New(store.View{}, w.ledger), t.Context(), "has no store"},
		"a cancelled one": {w.grants, ctx, "canceled"},
	} {
		for verb, err := range map[string]error{
			"give":      second(c.n.Give(c.ctx, ada(), some("g", "1"))),
			"void":      second(c.n.Void(c.ctx, ada(), "g", hours(1), "")),
			"get":       second(c.n.Get(c.ctx, "g")),
			"list":      second(c.n.List("").Page(c.ctx, "", 1)),
			"standing":  second(c.n.Standing(c.ctx, "calls", hours(1))),
			"as of":     second(c.n.AsOf(c.ctx, "calls", hours(1))),
			"statement": second(c.n.Statement(c.ctx, "calls", calendar.Between(epoch, hours(1)))),
			"terms":     c.n.SetTerms(c.ctx, ada(), grant.Terms{Meter: "calls"}),
		} {
			require.ErrorContains(t, err, c.want, "%s: %s", name, verb)
		}
	}
	for want, change := range map[string]func(k *grant.Kept){
		"amount: must not be negative":    func(k *grant.Kept) { k.Amount = d("-1") },
		"metering.meter/nothing":          func(k *grant.Kept) { k.Meter = "nothing" },
		"does not add up from day to day": func(k *grant.Kept) { k.Meter = "peak" },
		"reason":                          func(k *grant.Kept) { k.Reason = string(make([]byte, 1001)) },
		"subscription":                    func(k *grant.Kept) { k.Subscription = "a\x00" },
	} {
		k := some("g", "1")
		change(&k)
		require.ErrorContains(t, second(w.grants.Give(t.Context(), ada(), k)), want)
	}
	w.authorize = func(context.Context, servicecoin.Attempt) error { return errors.Join(servicecoin.ErrForbidden) }
	require.ErrorIs(t, second(w.grants.Give(t.Context(), ada(), some("g", "1"))), servicecoin.ErrForbidden)
	require.ErrorIs(t, second(w.grants.Void(t.Context(), ada(), "g", hours(1), "")), servicecoin.ErrForbidden)
	require.ErrorIs(t, w.grants.SetTerms(t.Context(), ada(), grant.Terms{Meter: "calls"}), servicecoin.ErrForbidden)
	require.Empty(t, w.events())
}

func second[T any](_ T, err error) error { return err }

// What is kept burns as the account does, event by event; and a statement that is cut in
// two goes on where the first part ended.
func TestKeptGrantsBurnLikeTheAccount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := newKept(t)
		w.now = hours(-1000)
		days, err := metering.NewPeriods(metering.Rhythm{Every: calendar.Period{Days: 2}, Anchor: epoch})
		require.NoError(r, err)
		terms := grant.Terms{Meter: "calls", Since: hours(-500)}
		if rapid.Bool().Draw(r, "carry") {
			terms.Overage = grant.Carry
		}
		if rapid.Bool().Draw(r, "resets") {
			terms.Resets = days
		}
		require.NoError(r, w.grants.SetTerms(t.Context(), ada(), terms))
		end := hours(rapid.IntRange(1, 200).Draw(r, "end"))
		during := calendar.Between(terms.Since, end)
		account := grant.Account{During: during, Overage: terms.Overage}
		if len(terms.Resets.Rhythms()) > 0 {
			account.Resets = grant.Resets(days, during)
		}
		for i := range rapid.IntRange(0, 5).Draw(r, "grants") {
			g := someGrant(r, i)
			account.Grants = append(account.Grants, w.give(grant.Kept{Meter: "calls", Grant: g}).Grant)
		}
		for i := range account.Grants { // voided as they were drawn
			if drawn := account.Grants[i]; rapid.IntRange(0, 4).Draw(r, "void") == 0 {
				voided, err := w.grants.Void(t.Context(), ada(), drawn.ID, drawn.From.Add(time.Duration(rapid.IntRange(0, 90).Draw(r, "at"))*time.Hour), "")
				require.NoError(r, err)
				account.Grants[i] = voided.Grant
			}
		}
		var usage []grant.Usage
		for range rapid.IntRange(0, 20).Draw(r, "events") {
			when, amount := hours(rapid.IntRange(-400, 220).Draw(r, "when")), decimal.NewFromInt(int64(rapid.IntRange(0, 30).Draw(r, "amount")))
			usage = append(usage, grant.Usage{During: calendar.Between(when, when), Quantity: amount})
			w.uses("call", amount.String(), when)
		}
		want, err := account.Burn(usage)
		require.NoError(r, err)
		got, err := w.grants.Standing(t.Context(), "calls", end)
		require.NoError(r, err)
		same(r, want.Standing, got, "standing")
		cut := hours(rapid.IntRange(-499, 199).Draw(r, "cut"))
		if !cut.Before(end) {
			return
		}
		s, err := w.grants.Statement(t.Context(), "calls", calendar.Between(cut, end))
		require.NoError(r, err)
		same(r, want.Standing, s.Standing, "statement")
		for _, l := range s.Lines {
			require.True(r, l.Opening.Add(l.Given).Equal(l.Burnt.Add(l.Lapsed).Add(l.Balance)), "%+v", l)
		}
	})
}
