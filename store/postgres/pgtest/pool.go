package pgtest

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Pool opens a pool of at most 20 connections, which the end of the test closes.
// change may set what it likes before.
func Pool(tb testing.TB, dsn string, change ...func(*pgxpool.Config)) *pgxpool.Pool {
	tb.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	config.MaxConns = 20
	for _, f := range change {
		f(config)
	}
	p, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(p.Close)
	return p
}

// Exec runs statements, of which there may be several, and fails the test if one
// fails.
func Exec(tb testing.TB, p *pgxpool.Pool, sql string) {
	tb.Helper()
	if _, err := p.Exec(tb.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
}
