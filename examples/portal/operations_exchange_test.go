package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

var errNoPaper = errors.New("the printer is out of paper")

// besides opens the file of a portal that runs, at the time at which its test begins.
func besides(t *testing.T, path string) (*store.Store, time.Time) {
	t.Helper()
	b, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	now, err := time.Parse(time.RFC3339, demoNow)
	require.NoError(t, err)
	return store.New(b, &store.Options{Now: func() time.Time { return now }}), now
}

// otherCopy is another copy of the portal over the same file, with a step of its own
// that fails; whoever had the work has lost it.
func otherCopy(t *testing.T, s *store.Store, o *store.ConsumerOptions) *store.Consumer {
	t.Helper()
	o.Holder = "the other copy"
	other, err := store.NewConsumer(s, exchange.Name, []store.Rule{{
		Name: "print", On: []string{"paper.wanted"}, Do: func(context.Context, *store.Store, store.Event, string) (string, error) { return "", errNoPaper },
	}}, o)
	require.NoError(t, err)
	h, err := other.Health(t.Context())
	require.NoError(t, err)
	if h.Holder != "" {
		require.NoError(t, other.Break(t.Context(), servicecoin.Program("test"), h.Holder, "for the test"))
	}
	return other
}

// A copy of the portal that hangs with the work in its hands is seen, and the
// work can be taken from it.
func TestWorkThatStandsStill(t *testing.T) {
	t.Parallel()
	path := demoFile(t)
	r := start(t, "-db", path, "-now", demoNow).as("ada")
	s, now := besides(t, path)
	other := otherCopy(t, s, &store.ConsumerOptions{Lease: 24 * time.Hour})
	_, err := other.Step(t.Context(), store.MaxPage)
	require.NoError(t, err)
	body := r.page("/exchange")
	require.Contains(t, body, "Now it is <strong>the other copy</strong>")
	require.NoError(t, s.For("alder").Record(t.Context(), store.Event{
		Name: "paper.wanted", Subject: store.Key{Customer: "alder", Kind: "thing", ID: "x"}, Actor: servicecoin.Program("test"), At: now.Add(-time.Hour),
	}))
	require.Contains(t, r.page("/exchange"), "One thing has waited for 1 h")
	require.Contains(t, r.page("/exchange"), "The work is behind")
	_, err = other.Step(t.Context(), store.MaxPage)
	require.ErrorIs(t, err, errNoPaper)
	require.Eventually(t, func() bool { return strings.Contains(r.page("/customers"), "does not get on") }, time.Minute, 100*time.Millisecond, "every page of the provider's people says so")
	require.Contains(t, r.log.String(), "the exchange stands still")
	body = r.page("/exchange")
	require.Contains(t, body, "It cannot get past: paper.wanted, step print, try 1 of 5")
	require.Contains(t, body, "the printer is out of paper")
	status, body := r.post("/exchange/break", url.Values{"holder": {"the other copy"}, "reason": {" "}})
	require.Equal(t, http.StatusUnprocessableEntity, status, body)
	status, body = r.post("/exchange/break", url.Values{"holder": {"somebody else"}, "reason": {"it hangs"}})
	require.Equal(t, http.StatusConflict, status, body)
	require.Contains(t, body, "the other copy")
	res := r.raw(http.MethodPost, "/exchange/break", url.Values{"holder": {"the other copy"}, "reason": {"it hangs"}})
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	require.Eventually(t, func() bool { // by this click, or by the portal itself
		body = r.page("/exchange")
		return !strings.Contains(body, "the other copy") && strings.Contains(body, "left to another release of the portal")
	}, time.Minute, 100*time.Millisecond)
	require.Eventually(t, func() bool { return !strings.Contains(r.page("/customers"), "does not get on") }, time.Minute, 100*time.Millisecond)
}
