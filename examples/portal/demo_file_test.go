package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// demoBytes is the file of the demonstration as it is when a portal that was filled at
// demoNow begins to listen. It is filled once: each test works on a copy of its own.
// TestASecondStartKeepsEverything and those of bad lists begin with no file.
var demoBytes = sync.OnceValues(func() (body []byte, err error) {
	dir, err := os.MkdirTemp("", "portal")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	now, err := time.Parse(time.RFC3339, demoNow)
	if err != nil {
		return nil, err
	}
	ctx, path := context.Background(), filepath.Join(dir, "portal.db")
	p, err := open(ctx, config{db: path, now: now}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	if err := p.close(ctx); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(errors.New("not everything is in the file"), err)
	}
	return os.ReadFile(path)
})

// demoFile is a copy of the demonstration.
func demoFile(t testing.TB) string {
	t.Helper()
	body, err := demoBytes()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "portal.db")
	require.NoError(t, os.WriteFile(path, body, 0o600))
	return path
}

// startDemo starts a portal on a copy of the demonstration, at demoNow.
func startDemo(t testing.TB) *running {
	t.Helper()
	return start(t, "-db", demoFile(t), "-now", demoNow)
}

// openDemo opens a copy of the demonstration at demoNow, without anybody who listens.
func openDemo(t testing.TB) *portal {
	t.Helper()
	now, err := time.Parse(time.RFC3339, demoNow)
	require.NoError(t, err)
	p, err := open(t.Context(), config{db: demoFile(t), now: now}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return p
}
