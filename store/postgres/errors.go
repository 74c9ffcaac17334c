package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// sentinel returns what an error report of the server means: nothing was
// changed, for one of these reasons, or nil where there is no word for it.
// Only reports of severity ERROR count: after FATAL the connection is gone, and
// a COMMIT that it cut off may have happened.
func sentinel(err error) error {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || (e.SeverityUnlocalized != "ERROR" && e.Severity != "ERROR") {
		return nil
	}
	switch e.Code {
	case "40001", "40P01": // serialization failure, deadlock
		return servicecoin.ErrConflict
	case "55P03", "57014": // lock_timeout, statement_timeout or a cancel request
		return servicecoin.ErrBusy
	case "23505": // somebody inserts without the locks of this package
		return servicecoin.ErrExists
	}
	return nil
}

// before judges an error from before COMMIT was sent: nothing has happened.
func before(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: the context ended before the commit began, most likely behind a lock: %w", servicecoin.ErrBusy, context.Cause(ctx))
	}
	if s := sentinel(err); s != nil {
		return fmt.Errorf("%w: %w", s, err)
	}
	return fmt.Errorf("commit: %w", err)
}

// ending judges an error of the round trip that ends with COMMIT. A report of
// the server about any statement in it says that the rest was skipped; without
// one the commit may have happened.
func ending(ctx context.Context, err error, c store.Commit) error {
	s := sentinel(err)
	if s == nil {
		if ctx.Err() != nil {
			return fmt.Errorf("commit, which may have happened: %w", context.Cause(ctx))
		}
		return fmt.Errorf("commit: %w", err)
	}
	if key, ok := inserted(c); ok && errors.Is(s, servicecoin.ErrExists) {
		s = &servicecoin.KeyError{Key: key, Err: s}
	}
	return fmt.Errorf("%w: %w", s, err)
}

// inserted returns the only key that the commit inserts.
func inserted(c store.Commit) (store.Key, bool) {
	var key store.Key
	n := 0
	for _, w := range c.Writes {
		if w.Expect == 0 {
			key = w.Key
			n++
		}
	}
	return key, n == 1
}
