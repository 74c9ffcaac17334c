package usage_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store/sqlite/usage"
)

// Usage is not taken into a file that was deleted while it was open.
func TestFileDeleted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "usage.db")
	s, err := usage.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	e := metering.Event{Customer: "acme", Source: "test", ID: "1", Type: "thing", Time: day, RecordedAt: day}
	_, err = s.Append(t.Context(), []metering.Event{e})
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	for range 20 {
		_, err = s.Append(t.Context(), []metering.Event{e})
		require.ErrorContains(t, err, "was deleted")
		require.False(t, servicecoin.MayHaveHappened(err))
	}
	require.ErrorContains(t, s.Forget(t.Context(), "acme"), "was deleted")
}
