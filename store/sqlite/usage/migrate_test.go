package usage_test

import (
	"context"
	"database/sql"
	_ "embed" // the tables of version 1
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
	"github.com/servicecoin/servicecoin/store/sqlite/usage"
)

//go:embed testdata/version1.sql
var version1 string

// insertVersion1 is how release 1 stored an event.
const insertVersion1 = `INSERT INTO servicecoin_usage (customer, type, at, source, id, subject, value, dimensions, recorded)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING`

// openedOnce makes the test binary open a file, and end.
const openedOnce = "SERVICECOIN_TEST_USAGE_OPEN"

func oldEvents(n int) []metering.Event {
	list := make([]metering.Event, n)
	for i := range list {
		e := metering.Event{
			Customer: []servicecoin.CustomerID{"acme", "globex"}[i%2], Source: []string{"a", "b"}[i/2%2], ID: fmt.Sprint("é", i), Type: []string{"vm.ran", "gb"}[i/3%2],
			Time: day.Add(time.Duration(i*7) * time.Minute), RecordedAt: day.Add(time.Duration(i) * time.Microsecond),
		}
		if i%5 > 0 {
			e.Value = servicecoin.Some(decimal.New(int64(i), -int32(i%25)))
		}
		if i%7 > 0 {
			e.Subject, e.Dimensions = "vm", metering.DimensionsOf(map[string]string{"region": "eu", "size": strconv.Itoa(i % 3)})
		}
		list[i] = e
	}
	return list
}

// oldFile makes a file as release 1 left it.
func oldFile(t *testing.T, path string, events []metering.Event) {
	t.Helper()
	db := database(t, path)
	_, err := db.ExecContext(t.Context(), "PRAGMA journal_mode = WAL")
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), version1)
	require.NoError(t, err)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	for _, e := range events {
		var value any
		if e.Value.Valid {
			value = metering.Plain(e.Value.Decimal)
		}
		dimensions := ""
		if len(e.Dimensions) > 0 {
			text, err := json.Marshal(e.Dimensions)
			require.NoError(t, err)
			dimensions = string(text)
		}
		_, err := tx.ExecContext(t.Context(), insertVersion1, string(e.Customer), e.Type, e.Time.UnixMicro(), e.Source, e.ID, e.Subject, value, dimensions, e.RecordedAt.UnixMicro())
		require.NoError(t, err)
	}
	require.NoError(t, tx.Commit())
	require.NoError(t, db.Close())
}

// carried checks that a store has exactly the events of an old file.
func carried(t *testing.T, s *usage.Store, events []metering.Event) {
	t.Helper()
	for _, c := range []servicecoin.CustomerID{"acme", "globex"} {
		for _, kind := range []string{"vm.ran", "gb"} {
			q := all()
			q.Customer, q.Type = c, kind
			want := slices.DeleteFunc(slices.Clone(events), func(e metering.Event) bool { return !q.Matches(e) })
			slices.SortFunc(want, metering.Event.Compare)
			require.Empty(t, cmp.Diff(want, list(t, s, q)), "%s of %s", kind, c)
		}
		verified(t, s, c)
	}
	for chunk := range slices.Chunk(events, metering.MaxBatch) {
		receipt, err := s.Append(t.Context(), chunk)
		require.NoError(t, err)
		require.Equal(t, metering.Receipt{Repeats: len(chunk)}, receipt, "their keys are taken")
	}
}

// A file of release 1 is taken over with all that it holds.
func TestVersion1(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "old.db")
	events := oldEvents(25_000)
	oldFile(t, path, events)
	records, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, records.Close()) })
	_, err = usage.Open(t.Context(), path, &usage.Options{Migrate: store.MigrateByHost})
	require.ErrorContains(t, err, "run usage.Migrate")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	db := database(t, path)
	require.NoError(t, usage.Migrate(t.Context(), db))
	require.NoError(t, usage.Migrate(t.Context(), db), "again does nothing")
	s, err := usage.Open(t.Context(), path, &usage.Options{Migrate: store.MigrateByHost})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	carried(t, s, events)
	var tables int
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM sqlite_schema WHERE name = 'servicecoin_usage_1'`).Scan(&tables))
	require.Zero(t, tables)
}

func openOnce(ctx context.Context, path string) error {
	s, err := usage.Open(ctx, path, nil)
	if err != nil {
		return err
	}
	return s.Close()
}

// Processes that take a file over are killed in the middle of it, until one is through.
func TestVersion1Killed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "old.db")
	events := oldEvents(30_000)
	oldFile(t, path, events)
	self, err := os.Executable()
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(rand.Uint64(), 2))
	killed, underWay := 0, false
	for long := 100; ; long += 20 {
		cmd := exec.CommandContext(t.Context(), self)
		cmd.Env = append(os.Environ(), openedOnce+"="+path)
		require.NoError(t, cmd.Start())
		timer := time.AfterFunc(time.Duration(long/2+random.IntN(long))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		if err == nil {
			break
		}
		killed++
		underWay = underWay || somewhere(t, path)
	}
	t.Logf("%d were killed", killed)
	require.True(t, underWay, "none was killed in the middle")
	s, err := usage.Open(t.Context(), path, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	carried(t, s, events)
}

// somewhere reports that a file has been taken over in part.
func somewhere(t *testing.T, path string) bool {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var old, carried int
	if db.QueryRowContext(t.Context(), `SELECT count(*) FROM servicecoin_usage_1`).Scan(&old) != nil {
		return false
	}
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM servicecoin_usage_keys`).Scan(&carried))
	return old > 0 && carried > 0
}
