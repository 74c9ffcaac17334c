// Package pgtest gives tests a PostgreSQL server of their own: a throw-away
// cluster in a temporary directory, reached through a private unix socket, with
// no port open.
//
//	func TestOrders(t *testing.T) {
//		pool, err := pgxpool.New(t.Context(), pgtest.Start(t).Database(t))
//		require.NoError(t, err)
//		defer pool.Close()
//	}
//
// One server is shared by all tests of a test binary; each test takes a
// database of its own. A watchdog stops the server and removes its directory
// when the test binary ends, however it ends, so there is no TestMain to write.
//
// It looks for the programs of the newest version in /usr/lib/postgresql/*/bin,
// then in PATH, and skips the test where there are none. Root is no user that
// PostgreSQL runs as, so for root the server runs as postgres, through setpriv.
// With [Environment] set, no server is started and that one is used.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Environment names the variable that holds the DSN of a server to use instead
// of starting one. Its role must be a superuser of it.
const Environment = "SERVICECOIN_TEST_POSTGRES"

// Server is a running server. Its databases are created empty.
type Server struct {
	dsn     string // of the maintenance database, as superuser
	process *process
}

var (
	once      sync.Once    //nolint:gochecknoglobals // one server a test binary
	shared    *Server      //nolint:gochecknoglobals // set by once
	errShared error        //nolint:gochecknoglobals // set by once
	databases atomic.Int64 //nolint:gochecknoglobals // names differ within the binary
)

// Start returns the server that all tests of the binary share. It does not
// sync to disk (fsync=off): quick, and gone after a crash. It skips the test
// where PostgreSQL is not installed.
func Start(tb testing.TB) *Server {
	tb.Helper()
	if dsn := os.Getenv(Environment); dsn != "" {
		return &Server{dsn: dsn}
	}
	programs := need(tb)
	once.Do(func() { shared, errShared = start(programs, "off") })
	if errShared != nil {
		tb.Fatalf("pgtest: %v", errShared)
	}
	return shared
}

// StartDurable starts a server for this test alone, which syncs every commit
// (fsync=on), for crash tests and benchmarks. It ends with the test.
func StartDurable(tb testing.TB) *Server {
	tb.Helper()
	s, err := start(need(tb), "on")
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(s.process.stop)
	return s
}

// need returns the folder of the programs, or skips.
func need(tb testing.TB) string {
	tb.Helper()
	programs, err := find()
	if err != nil {
		tb.Skipf("pgtest: %v; install PostgreSQL, or set %s", err, Environment)
	}
	return programs
}

func start(programs, fsync string) (*Server, error) {
	p, err := launch(programs, fsync)
	if err != nil {
		return nil, err
	}
	return &Server{dsn: "host=" + p.folder + " user=postgres dbname=postgres", process: p}, nil
}

// Crash ends the server as a power cut would, at once and without a checkpoint,
// and starts it again: what was not synced is lost, the rest is recovered. Only
// for a server of [StartDurable].
func (s *Server) Crash(tb testing.TB) {
	tb.Helper()
	if s.process == nil || s == shared {
		tb.Fatal("pgtest: Crash is for a server of StartDurable")
	}
	if err := s.process.restart(); err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
}

// Database creates an empty database and returns its DSN, as superuser. The
// database is dropped when the test ends, with whoever is connected then.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	s.exec(tb, "CREATE DATABASE "+name+"")
	tb.Cleanup(func() { s.exec(tb, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return with(s.dsn, "dbname", name)
}

// As returns the DSN with another role in it, which the test has created.
func As(dsn, role string) string { return with(dsn, "user", role) }

// with replaces a setting of a DSN in keyword form, where the last one counts.
func with(dsn, name, value string) string {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		sep := "?"
		if strings.Contains(dsn, "?") {
			sep = "&"
		}
		return dsn + sep + name + "=" + value
	}
	return dsn + " " + name + "=" + value
}

func (s *Server) exec(tb testing.TB, sql string) {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context())
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		tb.Fatalf("pgtest: %s: %v", sql, err)
	}
}
