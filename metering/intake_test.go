package metering_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

// customers are those that the tests of the intake know.
func customers() map[string]servicecoin.Customer {
	return map[string]servicecoin.Customer{
		"acme": {ID: "acme", Name: "Acme", Zone: "Europe/Berlin"}, "globex": {ID: "globex", Name: "Globex"}, "initech": {ID: "initech", Name: "Initech"},
		"mars": {ID: "mars", Name: "Mars", Zone: "Mars/Olympus"}, "provider": {ID: servicecoin.Provider, Name: "P"}, "nobody": {},
	}
}

var errDirectory = errors.New("the directory is down")

// bySubject says whose an event is by the first part of its subject.
func bySubject(_ context.Context, e metering.Event) (servicecoin.Customer, error) {
	name, _, _ := strings.Cut(e.Subject, "/")
	switch name {
	case "secret":
		return servicecoin.Customer{}, servicecoin.ErrForbidden
	case "down":
		return servicecoin.Customer{}, errDirectory
	}
	c, known := customers()[name]
	if !known {
		return c, servicecoin.NotFound(servicecoin.Key{Kind: "machine", ID: e.Subject})
	}
	return c, nil
}

// of is an event of a customer's machine.
func of(customer, id, value string) metering.Event {
	e := ran(id, at(2, 0), value)
	e.Subject = customer + "/vm1"
	return e
}

func (w world) intake(o *metering.Options) *metering.Intake {
	return metering.NewIntake(w.store, w.events, w.meters, o)
}

// said lists the exceptions of a receipt: place, outcome, and where and why.
func said(list []metering.Exception) (all []string) {
	for _, x := range list {
		words := []string{strconv.Itoa(x.Index), string(x.Outcome)}
		if x.Reason != nil {
			for _, v := range x.Reason.Violations {
				words = append(words, v.Path+":"+v.Code)
			}
		}
		all = append(all, strings.Join(words, " "))
	}
	return all
}

func TestIntake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.record(ran("old", at(2, 0), "1"))
	foreign := of("acme", "7", "1")
	foreign.Customer = "globex"
	own := of("globex", "8", "4")
	own.Customer = "globex"
	bad := of("globex", "", "1")
	old := of("acme", "old", "2")
	again := of("acme", "1", "1.0")
	receipt, err := w.intake(nil).Record(t.Context(), collector, bySubject,
		of("acme", "1", "1"), of("globex", "1", "3"), of("stranger", "2", "1"), bad, old, foreign, again, own, of("secret", "3", "1"), of("mars", "4", "1"), of("provider", "5", "1"), of("nobody", "6", "1"))
	require.NoError(t, err)
	require.Equal(t, []int{3, 1, 1, 7}, []int{receipt.Added, receipt.Repeats, receipt.Conflicts, receipt.Refused})
	require.Equal(t, []string{
		"2 refused customer:unknown", "3 refused id:required", "4 conflict", "5 refused customer:foreign", "8 refused customer:forbidden",
		"9 refused customer.zone:unknown-zone", "10 refused view:foreign", "11 refused customer:required",
	}, said(receipt.Exceptions))
	var by []string
	for _, c := range receipt.Customers {
		by = append(by, fmt.Sprint(c.Customer, " ", c.Kept, " ", c.Conflicts, " ", c.Refused, " ", said(c.Exceptions)))
	}
	require.Equal(t, []string{
		"@provider 0 0 1 [10 refused view:foreign]", "acme 2 1 1 [4 conflict 5 refused customer:foreign]", "globex 2 0 1 [3 refused id:required]", "mars 0 0 1 [9 refused customer.zone:unknown-zone]",
	}, by)

	for id, want := range map[servicecoin.CustomerID]string{"acme": "2", "globex": "7"} {
		total, err := w.ledger(id, "", nil).Total(t.Context(), "hours", january)
		require.NoError(t, err)
		require.Equal(t, want, total.Value.Decimal.String(), id)
	}
	list, err := collect(w.Conflicts().All(t.Context()))
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, servicecoin.CustomerID("acme"), list[0].Offered.Customer)
	require.Equal(t, "2", list[0].Offered.Value.Decimal.String())
	require.Equal(t, *w.now, list[0].Offered.RecordedAt)
}

// Each customer's quotas are looked after, in its zone, by the same rules.
func TestIntakeLooksAfterQuotas(t *testing.T) {
	t.Parallel()
	for _, o := range []*metering.Options{nil, {QuotasByReview: true}} {
		w := newWorld(t, nil)
		for _, l := range []*metering.Ledger{w.Ledger, w.ledger("globex", "", nil), w.ledger("initech", "", nil)} {
			_, err := l.SetQuota(t.Context(), ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("5"), Mode: metering.Hard, Period: metering.Monthly})
			require.NoError(t, err)
		}
		_, err := w.intake(o).Record(t.Context(), collector, bySubject, of("acme", "1", "6"), of("globex", "1", "5"), of("initech", "1", "3"), of("initech", "2", "3"))
		require.NoError(t, err)
		over := map[servicecoin.CustomerID]int{"acme": 1, "globex": 0, "initech": 1}
		for id, want := range over {
			if o != nil {
				want = 0
			}
			list, err := collect(w.ledger(id, "", nil).Excesses().All(t.Context()))
			require.NoError(t, err)
			require.Len(t, list, want, id)
		}
	}
}

func TestIntakeAsksForEachCustomerOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var asked []string
	answer := servicecoin.ErrForbidden
	w.store = store.New(w.faults, &store.Options{Now: func() time.Time { return *w.now }, Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb+" "+a.Subject.String())
		if a.Subject.Customer == "globex" {
			return fmt.Errorf("not globex: %w", answer)
		}
		return nil
	}})
	batch := []metering.Event{of("acme", "1", "1"), of("globex", "1", "1"), of("acme", "2", "1"), of("globex", "2", "1")}
	receipt, err := w.intake(nil).Record(t.Context(), collector, bySubject, batch...)
	require.NoError(t, err)
	require.Equal(t, []string{"usage.record acme/metering.usage/acme", "usage.record globex/metering.usage/globex"}, asked)
	require.Equal(t, 2, receipt.Added)
	require.Equal(t, []string{"1 refused customer:forbidden", "3 refused customer:forbidden"}, said(receipt.Exceptions))

	answer = errDirectory // the policy could not be asked: nothing is kept
	batch[0].ID = "3"
	_, err = w.intake(nil).Record(t.Context(), collector, bySubject, batch...)
	require.ErrorIs(t, err, errDirectory)
	require.False(t, servicecoin.MayHaveHappened(err))
	total, err := w.Total(t.Context(), "hours", january)
	require.NoError(t, err)
	require.EqualValues(t, 2, total.Events)
}

func TestIntakeRefusesTheCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := t.Context()
	for name, c := range map[string]struct {
		in    *metering.Intake
		by    servicecoin.Actor
		owner metering.Owner
		n     int
		want  []string
	}{
		"nothing":  {metering.NewIntake(nil, nil, nil, nil), servicecoin.Actor{}, nil, 1, []string{"store", "events: is nil", "meters: is nil", "owner: is nil", "by.kind", "by.id"}},
		"too many": {w.intake(nil), collector, bySubject, metering.MaxBatch + 1, []string{"events: has 10001"}},
		"a directory": {w.intake(nil), collector, func(context.Context, metering.Event) (servicecoin.Customer, error) {
			return servicecoin.Customer{}, errDirectory
		}, 2, []string{"whose events[0] is: the directory is down"}},
	} {
		_, err := c.in.Record(ctx, c.by, c.owner, make([]metering.Event, c.n)...)
		for _, want := range c.want {
			require.ErrorContains(t, err, want, name)
		}
		require.False(t, servicecoin.MayHaveHappened(err), name)
	}
	receipt, err := w.intake(nil).Record(ctx, collector, bySubject)
	require.NoError(t, err)
	require.Zero(t, receipt.Total())
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = w.intake(nil).Record(gone, collector, bySubject, of("acme", "1", "1"))
	require.ErrorIs(t, err, context.Canceled)
	_, err = metering.NewIntake(w.store, failing{}, w.meters, nil).Record(ctx, collector, bySubject, of("acme", "1", "1"))
	require.ErrorIs(t, err, errDown)
	total, err := w.Total(ctx, "hours", january)
	require.NoError(t, err)
	require.Zero(t, total.Events)
}

// What cannot be told of one customer is told of the others, and heals by recording again.
func TestIntakeAgainHeals(t *testing.T) {
	t.Parallel()
	hit := 0
	for place := range 8 {
		w := newWorld(t, nil)
		ctx := t.Context()
		in := w.intake(nil)
		for _, l := range []*metering.Ledger{w.Ledger, w.ledger("globex", "", nil)} {
			_, err := l.SetQuota(ctx, ada, metering.Quota{ID: "q", Meter: "hours", Limit: dec("1"), Mode: metering.Hard, Period: metering.Monthly})
			require.NoError(t, err)
		}
		_, err := in.Record(ctx, collector, bySubject, of("acme", "1", "1"), of("globex", "1", "1"))
		require.NoError(t, err)
		batch := []metering.Event{of("acme", "1", "2"), of("globex", "1", "2"), of("acme", "2", "6"), of("globex", "2", "6")}
		w.faults.Script(append(make([]storetest.Fault, place), storetest.Before)...)
		receipt, err := in.Record(ctx, collector, bySubject, batch...)
		if err != nil {
			hit++
			require.ErrorIs(t, err, storetest.ErrFault)
			require.ErrorContains(t, err, "usage is recorded")
			require.Equal(t, 2, receipt.Added, "they are recorded, and the caller knows")
		}
		w.faults.Script()
		_, err = in.Record(ctx, collector, bySubject, batch...)
		require.NoError(t, err)
		for _, id := range []servicecoin.CustomerID{"acme", "globex"} {
			l := w.ledger(id, "", nil)
			conflicts, err := collect(l.Conflicts().All(ctx))
			require.NoError(t, err)
			require.Len(t, conflicts, 1)
			excesses, err := collect(l.Excesses().All(ctx))
			require.NoError(t, err)
			require.Len(t, excesses, 1)
		}
	}
	require.GreaterOrEqual(t, hit, 4)
}

// An intake does for all customers at once what their ledgers do one by one.
func TestIntakeIsAsLedgers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		one, other := quiet(), quiet()
		names := []string{"acme", "globex", "initech"}
		for range rapid.IntRange(1, 3).Draw(r, "batches") {
			batch := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) metering.Event {
				e := of(rapid.SampledFrom(names).Draw(r, "customer"), rapid.SampledFrom([]string{"1", "2", "3", ""}).Draw(r, "id"), rapid.SampledFrom([]string{"1", "2"}).Draw(r, "value"))
				e.Customer = servicecoin.CustomerID(rapid.SampledFrom([]string{"", "", "acme"}).Draw(r, "said"))
				return e
			}), 0, 12).Draw(r, "batch")
			whole, err := metering.NewIntake(one.store, one.events, one.meters, nil).Record(t.Context(), collector, bySubject, batch...)
			require.NoError(r, err)
			require.Equal(r, len(batch), whole.Total())
			kept, conflicts, refused, exceptions := 0, 0, 0, 0
			for _, c := range whole.Customers {
				var own []metering.Event
				var places []int
				for i, e := range batch {
					if name, _, _ := strings.Cut(e.Subject, "/"); name == string(c.Customer) {
						own, places = append(own, e), append(places, i)
					}
				}
				l := metering.New(other.store.For(c.Customer), other.events, other.meters, customers()[string(c.Customer)], nil)
				want, err := l.Record(t.Context(), collector, own...)
				require.NoError(r, err)
				require.Equal(r, []int{want.Added + want.Repeats, want.Conflicts, want.Refused}, []int{c.Kept, c.Conflicts, c.Refused})
				for i := range want.Exceptions {
					want.Exceptions[i].Index = places[want.Exceptions[i].Index]
				}
				if diff := cmp.Diff(outcomes(want.Exceptions), outcomes(c.Exceptions)); diff != "" {
					r.Fatalf("%s (-ledger +intake)\n%s", c.Customer, diff)
				}
				kept, conflicts, refused, exceptions = kept+c.Kept, conflicts+c.Conflicts, refused+c.Refused, exceptions+len(c.Exceptions)
			}
			require.Equal(r, []int{whole.Added + whole.Repeats, whole.Conflicts, whole.Refused, len(whole.Exceptions)}, []int{kept, conflicts, refused, exceptions})
		}
		for _, name := range names {
			id := servicecoin.CustomerID(name)
			q := metering.Query{Customer: id, Type: "vm.ran", During: january.In(nil)}
			a, err := one.events.Digest(t.Context(), q)
			require.NoError(r, err)
			b, err := other.events.Digest(t.Context(), q)
			require.NoError(r, err)
			require.Equal(r, a.Root, b.Root)
		}
	})
}

// outcomes are what exceptions say, without the reasons: those of a foreign customer
// are told with other words.
func outcomes(list []metering.Exception) (all []string) {
	for _, x := range list {
		all = append(all, fmt.Sprint(x.Index, x.Outcome, x.ID, x.Stored != nil))
	}
	return all
}

// quiet is a world without a test of its own.
func quiet() world {
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	w := world{events: metering.NewMemoryStore(), now: &now}
	w.store = store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	w.meters = metering.NewMeters(w.store.For(servicecoin.Provider))
	return w
}

func collect[T any](all iter.Seq2[T, error]) ([]T, error) {
	var list []T
	for x, err := range all {
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}
