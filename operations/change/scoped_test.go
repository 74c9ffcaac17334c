package change_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// TestInWhoseEnvironments: what is done in the environment of one customer is in nobody
// else's way, told to nobody else, and forgotten with that one.
func TestInWhoseEnvironments(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	control := change.New(s.For(servicecoin.Provider), nil)
	ada := servicecoin.Person("ada")
	draft := func(id servicecoin.ChangeID, by servicecoin.PersonID, customers ...servicecoin.CustomerID) change.Change {
		t.Helper()
		c, err := control.Draft(t.Context(), ada, change.Request{
			ID: id, Title: "Patch", Reason: "a flaw", Kind: change.Normal, Implementers: []servicecoin.PersonID{by},
			Work: change.Work{
				Scope: change.Scope{Services: []servicecoin.ServiceID{"erp"}, Records: []servicecoin.ConfigurationID{"db-1"}, Customers: customers}, Steps: []string{"patch"},
				Plan: change.Plan{Start: now.Add(time.Hour), Length: calendar.Within(time.Hour), WayBack: calendar.Within(0), Rollback: "back"},
			},
		})
		require.NoError(t, err)
		return c
	}
	alder, birch, all := draft("a", "ada", "birch", "alder", "alder"), draft("b", "bea", "birch"), draft("c", "carl")
	require.Equal(t, []servicecoin.CustomerID{"alder", "birch"}, alder.Scope.Customers)
	cedar := draft("d", "ada", "cedar")
	whys := func(a, b change.Change) (list []change.Why) {
		for _, c := range a.Entry(now).Collides(b.Entry(now), nil) {
			list = append(list, c.Why)
		}
		return list
	}
	require.Equal(t, []change.Why{change.SameService, change.SameConfiguration}, whys(alder, birch))
	require.Equal(t, []change.Why{change.SamePerson}, whys(alder, cedar), "people are one place at a time all the same")
	require.Empty(t, whys(birch, cedar))
	require.Equal(t, []change.Why{change.SameService, change.SameConfiguration}, whys(all, cedar))
	require.NotEqual(t, birch.Digest(), cedar.Digest())

	birch.State = change.Scheduled
	for customer, told := range map[servicecoin.CustomerID]bool{"birch": true, "cedar": false} {
		notices := change.NewNotices(s.For(customer))
		require.NoError(t, notices.Follow(t.Context(), ada, birch, []servicecoin.ServiceID{"erp"}))
		_, err := notices.Get(t.Context(), "b")
		require.Equal(t, told, err == nil, customer)
	}
	birch.Scope.Customers = []servicecoin.CustomerID{"cedar"} // it was amended
	require.NoError(t, change.NewNotices(s.For("birch")).Follow(t.Context(), ada, birch, nil))
	n, err := change.NewNotices(s.For("birch")).Get(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, change.NoticeCancelled, n.State, "it is not theirs any more")

	require.NoError(t, control.Forget(t.Context(), ada, "birch"))
	for id, want := range map[servicecoin.ChangeID][]servicecoin.CustomerID{"a": {"alder", "forgotten"}, "b": {"forgotten"}, "c": nil} {
		c, err := control.Get(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, want, c.Scope.Customers)
	}
	_, err = control.Draft(t.Context(), ada, change.Request{Title: "x", Reason: "y", Kind: change.Normal, Work: change.Work{Scope: change.Scope{Customers: make([]servicecoin.CustomerID, 21)}}})
	require.ErrorContains(t, err, "scope.customers")
}
