package incident_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A release that has an index more finds it incomplete; a host, which cannot reach
// the kind, completes it.
func TestReindex(t *testing.T) {
	t.Parallel()
	ctx, b := t.Context(), memory.New()
	desk := func() (*store.Store, *incident.Desk) {
		s := store.New(b, nil)
		return s, incident.New(s.For(servicecoin.Provider), nil)
	}
	_, d := desk()
	_, err := d.Open(ctx, servicecoin.Person("ada"), incident.Report{Title: "No mail"})
	require.NoError(t, err)

	// As a release leaves it that did not have the indexes yet.
	known, err := b.Get(ctx, store.Key{Customer: servicecoin.Provider, Kind: "store.kind", ID: incident.IncidentRecord})
	require.NoError(t, err)
	known.Body = bytes.ReplaceAll(known.Body, []byte(`"ready":true`), []byte(`"ready":false`))
	require.NoError(t, b.Commit(ctx, store.Commit{Writes: []store.Write{{Document: known, Expect: known.Version}}}))

	s, d := desk()
	count := func() (n int, err error) {
		for _, err = range d.Recent().All(ctx) {
			n++
		}
		return n, err
	}
	_, err = count()
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = incident.Reindex(ctx, s)
	require.NoError(t, err)
	n, err := count()
	require.NoError(t, err)
	require.Equal(t, 1, n)
}
