package rating_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
	"github.com/servicecoin/servicecoin/store/storetest"
)

var (
	ada   = servicecoin.Person("ada")
	start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

type list struct {
	*rating.PriceList

	store  *store.Store
	faults *storetest.Faults
	now    *time.Time
}

func newList() list {
	now := start.AddDate(0, 6, 0)
	l := list{faults: storetest.NewFaults(memory.New()), now: &now}
	l.store = store.New(l.faults, &store.Options{Now: func() time.Time { return now }})
	l.PriceList = rating.New(l.store.For(servicecoin.Provider))
	return l
}

func mailbox(unit string) rating.Price {
	return rating.Price{Name: "Mailbox", Model: rating.PerUnit, Currency: money.EUR, Rounding: money.HalfAwayFromZero, Unit: "mailbox", UnitPrice: some(unit)}
}

func (l list) publish(t *testing.T, unit string, from time.Time) rating.Version {
	t.Helper()
	v, err := l.Publish(t.Context(), ada, "mail", mailbox(unit), from)
	require.NoError(t, err)
	return v
}

// at returns the unit price that holds, "" for none.
func (l list) at(t *testing.T, at time.Time) string {
	t.Helper()
	v, err := l.At(t.Context(), "mail", at)
	if err != nil {
		require.ErrorIs(t, err, servicecoin.ErrNotFound)
		return ""
	}
	return v.Price.UnitPrice.Decimal.String()
}

func TestVersionsFollowEachOther(t *testing.T) {
	t.Parallel()
	l := newList()
	require.Empty(t, l.at(t, start), "there is no such price")
	require.Equal(t, 1, l.publish(t, "4.5", start).Number)
	require.Equal(t, 2, l.publish(t, "5", start.AddDate(1, 0, 0)).Number)
	require.Equal(t, 3, l.publish(t, "6", start.AddDate(2, 0, 0)).Number)
	for at, want := range map[time.Time]string{
		start.Add(-time.Microsecond): "", start: "4.5", start.AddDate(1, 0, 0).Add(-1): "4.5", start.AddDate(1, 0, 0): "5",
		start.AddDate(2, 0, 0): "6", start.AddDate(9, 0, 0): "6",
	} {
		require.Equal(t, want, l.at(t, at), at)
	}
	require.Equal(t, 3, l.publish(t, "6.00", start.AddDate(2, 0, 0)).Number, "the same again is there already")
	for _, from := range []time.Time{start.AddDate(2, 0, 0), start} {
		_, err := l.Publish(t.Context(), ada, "mail", mailbox("7"), from)
		require.ErrorContains(t, err, "from which version 3 is valid")
	}
	var numbers []int
	for v, err := range l.Versions("mail").All(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, ada, v.PublishedBy)
		numbers = append(numbers, v.Number)
	}
	require.Equal(t, []int{1, 2, 3}, numbers)
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	l := newList()
	ctx := t.Context()
	l.publish(t, "4.5", start)
	l.publish(t, "5", start.AddDate(1, 0, 0))
	_, err := l.Withdraw(ctx, ada, "mail", 1, "a mistake")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorContains(t, err, "has been valid since 2026-01-01")
	_, err = l.Withdraw(ctx, ada, "mail", 2, " ")
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	v, err := l.Withdraw(ctx, ada, "mail", 2, "a mistake")
	require.NoError(t, err)
	require.Equal(t, *l.now, v.WithdrawnAt)
	require.Equal(t, "4.5", l.at(t, start.AddDate(5, 0, 0)))
	_, err = l.Withdraw(ctx, ada, "mail", 2, "again")
	require.ErrorContains(t, err, "it is already")
	_, err = l.Withdraw(ctx, ada, "mail", 9, "x")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	require.Equal(t, 3, l.publish(t, "5.5", start.AddDate(1, 0, 0)).Number, "a number is never given twice")
	require.Equal(t, "5.5", l.at(t, start.AddDate(1, 0, 0)))
	kept, err := l.Get(ctx, "mail", 2)
	require.NoError(t, err)
	require.Equal(t, "a mistake", kept.Reason)
}

func TestPublishRefuses(t *testing.T) {
	t.Parallel()
	l := newList()
	ctx := t.Context()
	_, err := l.Publish(ctx, ada, servicecoin.PriceID(strings.Repeat("x", 201)), rating.Price{}, time.Time{})
	for _, want := range []string{"id", "price.name", "price.model", "validFrom"} {
		require.ErrorContains(t, err, want)
	}
	_, err = l.Publish(ctx, servicecoin.Actor{}, "p", mailbox("1"), start)
	require.ErrorContains(t, err, "by.kind")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = l.Publish(gone, ada, "p", mailbox("1"), start)
	require.ErrorIs(t, err, context.Canceled)
	v, err := l.Publish(ctx, ada, "", mailbox("1"), start)
	require.NoError(t, err)
	require.NotEmpty(t, v.ID)
	events, err := l.store.Events(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, events, 1)
}

func TestAuthorize(t *testing.T) {
	t.Parallel()
	var asked []string
	l := rating.New(store.New(memory.New(), &store.Options{Authorize: func(_ context.Context, a servicecoin.Attempt) error {
		asked = append(asked, a.Verb+" "+a.Subject.String())
		return servicecoin.ErrForbidden
	}}).For(servicecoin.Provider))
	_, err1 := l.Publish(t.Context(), ada, "p", mailbox("1"), start)
	_, err2 := l.Withdraw(t.Context(), ada, "p", 1, "x")
	require.ErrorIs(t, err1, servicecoin.ErrForbidden)
	require.ErrorIs(t, err2, servicecoin.ErrForbidden)
	require.Equal(t, []string{"price.publish @provider/rating.price/p", "price.withdraw @provider/rating.price/p"}, asked)
}

// Two who publish at once follow each other, or one is told; a lost answer is
// healed by a second call.
func TestPublishingAtOnce(t *testing.T) {
	t.Parallel()
	l := newList()
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			_, err := l.Publish(t.Context(), ada, "mail", mailbox("1"), start.AddDate(0, 0, n))
			if err != nil && !strings.Contains(err.Error(), "must lie after") {
				t.Errorf("publish: %v", err)
			}
		})
	}
	wg.Wait()
	last, n := time.Time{}, 0
	for v, err := range l.Versions("mail").All(t.Context()) {
		require.NoError(t, err)
		n++
		require.Equal(t, n, v.Number)
		require.True(t, v.ValidFrom.After(last))
		last = v.ValidFrom
	}
	require.Positive(t, n)

	l.faults.Script(storetest.After)
	_, err := l.Publish(t.Context(), ada, "mail", mailbox("2"), start.AddDate(1, 0, 0))
	require.ErrorIs(t, err, storetest.ErrFault)
	require.Equal(t, n+1, l.publish(t, "2", start.AddDate(1, 0, 0)).Number)
}

func TestInTheHostsUnit(t *testing.T) {
	t.Parallel()
	l := newList()
	err := l.store.For(servicecoin.Provider).Do(t.Context(), func(tx store.View) error {
		if _, err := l.On(tx).Publish(t.Context(), ada, "mail", mailbox("1"), start); err != nil {
			return err
		}
		v, err := l.On(tx).At(t.Context(), "mail", start)
		if err == nil && v.Number == 1 {
			err = servicecoin.ErrRefused
		}
		return err
	})
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.Empty(t, l.at(t, start), "the unit was undone")
}

var update = flag.Bool("update", false, "rewrite the golden files")

// The names and payloads of events, and the form in which prices are stored, are
// API.
func TestEventsAreAPI(t *testing.T) {
	t.Parallel()
	l := newList()
	l.publish(t, "4.5", start)
	_, err := l.Publish(t.Context(), ada, "disk", storage(), start.AddDate(1, 0, 0))
	require.NoError(t, err)
	_, err = l.Withdraw(t.Context(), ada, "disk", 1, "a mistake")
	require.NoError(t, err)
	events, err := l.store.Events(t.Context(), 0, 100)
	require.NoError(t, err)
	var b strings.Builder
	for _, e := range events {
		fmt.Fprintf(&b, "%s %s %s\n", e.Name, e.Subject, e.Data)
	}
	for v, err := range l.Versions("").All(t.Context()) {
		require.NoError(t, err)
		d, err := l.faults.Get(t.Context(), v.Key())
		require.NoError(t, err)
		fmt.Fprintf(&b, "%s %s\n", v.Key(), d.Body)
	}
	const golden = "testdata/events.golden"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}
