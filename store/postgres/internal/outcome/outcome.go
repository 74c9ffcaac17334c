// Package outcome judges errors of PostgreSQL: whether a commit may have
// happened all the same, and what to answer.
package outcome

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/servicecoin/servicecoin"
)

// meaning returns the sentinel for a report of the server, nil where there is
// none.
func meaning(e *pgconn.PgError) error {
	switch e.Code {
	case "40001", "40P01": // serialization failure, deadlock
		return servicecoin.ErrConflict
	case "55P03", "57014", // lock_timeout, statement_timeout or a cancel request
		"53300", "57P03", // too many connections, the server starts or stops
		"57P01", "57P02", "57P05": // the connection was ended
		return servicecoin.ErrBusy
	case "23505": // somebody inserts without the locks of this package
		return servicecoin.ErrExists
	}
	return nil
}

// unreachable reports whether err comes from the way to the server.
func unreachable(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

// Before judges an error from before COMMIT was sent: nothing has happened.
func Before(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: the context ended before the commit began, most likely behind a lock: %w", servicecoin.ErrBusy, context.Cause(ctx))
	}
	return read(err)
}

// Read judges an error of a read.
func Read(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return servicecoin.Unchanged(context.Cause(ctx))
	}
	return read(err)
}

func read(err error) error {
	e, told := errors.AsType[*pgconn.PgError](err)
	if told {
		if s := meaning(e); s != nil {
			return fmt.Errorf("%w: %w", s, err)
		}
	} else if unreachable(err) {
		return fmt.Errorf("%w: %w", servicecoin.ErrBusy, err)
	}
	return servicecoin.Unchanged(err)
}

// Ended judges an error of the round trip that ends with COMMIT. A report of
// the server about any statement in it says that the rest was skipped; without
// one the commit may have happened. Only reports of severity ERROR count: after
// FATAL the connection is gone, and a COMMIT that it cut off may have happened.
// exists is what a key that is taken means.
func Ended(ctx context.Context, err, exists error) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && (e.SeverityUnlocalized == "ERROR" || e.Severity == "ERROR"):
		s := meaning(e)
		if errors.Is(s, servicecoin.ErrExists) && exists != nil {
			s = exists
		}
		if s == nil {
			return servicecoin.Unchanged(err)
		}
		return fmt.Errorf("%w: %w", s, err)
	case ctx.Err() != nil:
		return fmt.Errorf("it may have happened: %w", context.Cause(ctx))
	default:
		return err
	}
}

// Patience is how much longer than its context a COMMIT that is on its way may
// take to tell its outcome.
const Patience = time.Second

// Patient returns a context that ends [Patience] after ctx. The locks are taken
// by the time a commit is sent, and the server needs no longer than a sync, so
// that to wait for its answer tells in all but the worst of cases what became
// of it. Call the function when it has come.
func Patient(ctx context.Context) (context.Context, context.CancelFunc) {
	long, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		late, end := context.WithTimeout(long, Patience)
		context.AfterFunc(late, func() {
			cancel(context.Cause(ctx))
			end()
		})
	})
	return long, func() {
		stop()
		cancel(nil)
	}
}
