package usage

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/servicecoin/servicecoin/store/sqlite/internal/wait"
)

// session is a connection with its prepared statements. It belongs to one goroutine at
// a time.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	spent bool // something failed: it is not used again
}

// sessions lends connections of a database. Those of our own are kept with their
// statements; the host's go back to its pool.
type sessions struct {
	db    *sql.DB
	seats chan struct{} // nil: the host's

	mu     sync.Mutex
	idle   []*session
	closed bool
}

func newSessions(db *sql.DB, most int) *sessions {
	s := &sessions{db: db}
	if most > 0 {
		s.seats = make(chan struct{}, most)
	}
	return s
}

// take waits for a connection, or the end of ctx.
func (p *sessions) take(ctx context.Context) (*session, error) {
	if p.seats != nil {
		select {
		case p.seats <- struct{}{}:
		case <-ctx.Done():
			return nil, wait.Waited(ctx, errAllInUse)
		}
		p.mu.Lock()
		n := len(p.idle)
		if n > 0 {
			s := p.idle[n-1]
			p.idle = p.idle[:n-1]
			p.mu.Unlock()
			return s, nil
		}
		closed := p.closed
		p.mu.Unlock()
		if closed {
			<-p.seats
			return nil, errClosed
		}
	}
	conn, err := p.db.Conn(ctx)
	if err != nil {
		if p.seats != nil {
			<-p.seats
		}
		if ctx.Err() != nil {
			return nil, wait.Waited(ctx, err)
		}
		return nil, failed(err)
	}
	return &session{conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

var errAllInUse = errors.New("sqlite: all connections are in use")

func (p *sessions) give(s *session) error {
	if p.seats == nil {
		return s.close()
	}
	defer func() { <-p.seats }()
	p.mu.Lock()
	if !p.closed && !s.spent {
		p.idle = append(p.idle, s)
		s = nil
	}
	p.mu.Unlock()
	if s != nil {
		return s.close()
	}
	return nil
}

// close waits for all connections, and closes them.
func (p *sessions) close() error {
	if p.seats == nil {
		return nil
	}
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for range cap(p.seats) {
		p.seats <- struct{}{}
	}
	var errs []error
	for _, s := range p.idle {
		errs = append(errs, s.close())
	}
	p.idle = nil
	for range cap(p.seats) {
		<-p.seats
	}
	return errors.Join(append(errs, p.db.Close())...)
}

func (ses *session) close() error {
	var errs []error
	for _, st := range ses.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, ses.conn.Close())...)
}

func (ses *session) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if st, ok := ses.stmts[text]; ok {
		return st, nil
	}
	st, err := ses.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	ses.stmts[text] = st
	return st, nil
}

// exec runs a statement; the end of ctx does not interrupt it. Its caller says what an
// error of the driver means: see failed.
func (ses *session) exec(ctx context.Context, text string, args ...any) (int64, error) {
	plain := context.WithoutCancel(ctx) // a driver that is to be interrupted starts a goroutine
	st, err := ses.prepare(plain, text) //nolint:sqlclosecheck // kept, and closed with the session
	if err != nil {
		return 0, err
	}
	result, err := st.ExecContext(plain, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// often is how many rows are read before somebody looks whether the context has ended.
const often = 1024

// query calls each for every row, into which its values have been read.
func (ses *session) query(ctx context.Context, text string, into []any, each func() error, args ...any) (err error) {
	plain := context.WithoutCancel(ctx)
	st, err := ses.prepare(plain, text) //nolint:sqlclosecheck // kept, and closed with the session
	if err != nil {
		return failed(err)
	}
	rows, err := st.QueryContext(plain, args...)
	if err != nil {
		return failed(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for n := 0; rows.Next(); n++ {
		if n%often == often-1 {
			if err := wait.Alive(ctx); err != nil {
				return err
			}
		}
		if err := rows.Scan(into...); err != nil {
			return failed(err)
		}
		if err := each(); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return failed(err)
	}
	return nil
}
