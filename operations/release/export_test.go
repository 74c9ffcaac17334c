package release

import (
	"bytes"
	"compress/gzip"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Tamper writes other results over those of a report.
func Tamper(ctx context.Context, t testing.TB, s *store.Store, results string) {
	t.Helper()
	of := store.Of(s.For(servicecoin.Provider), resultParts)
	item, err := of.Item(ctx, partID(results, 0))
	require.NoError(t, err)
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err = w.Write([]byte(`{"suite":"s","name":"split","outcome":"passed"}` + "\n" + `{"suite":"s","name":"scan","outcome":"passed"}` + "\n\n"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	item.Value.Body = out.Bytes()
	require.NoError(t, of.Put(ctx, item.Value, item.Version))
}
