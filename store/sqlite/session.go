package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	modernc "modernc.org/sqlite"
)

// session is a connection of our own with its prepared statements, at the
// level of the driver: what database/sql adds (a pool, locks, conversions) is
// not needed where one goroutine holds the connection. It belongs to one
// goroutine at a time.
type session struct {
	conn  driver.Conn
	stmts map[string]statement
	args  []driver.NamedValue
	row   []driver.Value
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// openSession opens a connection of a driver of its own, so that functions and
// hooks which the host registered for its connections are not called here.
func openSession(ctx context.Context, dsn string, pragmas ...string) (*session, error) {
	conn, err := new(modernc.Driver).Open(dsn)
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, stmts: map[string]statement{}}
	for _, p := range pragmas {
		if err := s.script(ctx, p); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", p, err), s.close())
		}
	}
	return s, nil
}

// script runs statements that are not worth keeping, or take effect while they
// are prepared, as most PRAGMAs do. The end of ctx interrupts them.
func (s *session) script(ctx context.Context, text string, args ...any) error {
	e, ok := s.conn.(driver.ExecerContext)
	if !ok {
		return errors.New("the driver has no ExecContext")
	}
	_, err := e.ExecContext(ctx, text, s.named(args))
	return err
}

func (s *session) prepare(text string) (statement, error) {
	if st, ok := s.stmts[text]; ok {
		return st, nil
	}
	st, err := s.conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	full, ok := st.(statement)
	if !ok {
		return nil, errors.Join(errors.New("the driver's statements take no context"), st.Close())
	}
	s.stmts[text] = full
	return full, nil
}

func (s *session) named(args []any) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}

func (s *session) exec(ctx context.Context, text string, args ...any) (int64, error) {
	st, err := s.prepare(text)
	if err != nil {
		return 0, err
	}
	result, err := st.ExecContext(context.WithoutCancel(ctx), s.named(args))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *session) query(ctx context.Context, text string, each func(row []driver.Value) error, args ...any) (err error) {
	st, err := s.prepare(text)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(context.WithoutCancel(ctx), s.named(args))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	n := len(rows.Columns())
	for len(s.row) < n {
		s.row = append(s.row, nil)
	}
	row := s.row[:n]
	defer clear(row)
	for {
		switch err := rows.Next(row); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

func (s *session) close() error {
	var errs []error
	for _, st := range s.stmts {
		errs = append(errs, st.Close())
	}
	clear(s.stmts)
	return errors.Join(append(errs, s.conn.Close())...)
}

// commit implements writer. After a failure the transaction may still be open:
// the caller rolls back.
func (s *session) commit(ctx context.Context) error {
	_, err := s.exec(ctx, "COMMIT")
	return err
}

// rollback implements writer. SQLite rolls some failed transactions back by
// itself; then there is nothing left to roll back, which is no failure. What
// is one shows at the next BEGIN.
func (s *session) rollback(ctx context.Context) { _, _ = s.exec(ctx, "ROLLBACK") }
