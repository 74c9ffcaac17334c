// Package wait waits for SQLite's locks in Go, not in SQLite's busy handler, so
// that the end of a context ends the waiting.
package wait

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Alive answers the context's error once it has ended: nothing was done.
func Alive(ctx context.Context) error {
	if ctx.Err() != nil {
		return servicecoin.Unchanged(context.Cause(ctx))
	}
	return nil
}

// The pauses between tries for a lock.
const (
	firstPause = 100 * time.Microsecond
	mostPause  = 10 * time.Millisecond
)

// Retry calls fn until it answers something else than busy, ctx ends, or most
// has passed.
func Retry(ctx context.Context, most time.Duration, fn func() error) error {
	err := fn()
	if !Busy(err) {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for d := firstPause; ; d = min(2*d, mostPause) {
		if !pause(wait, d) {
			return Waited(ctx, err)
		}
		if err = fn(); !Busy(err) {
			return err
		}
	}
}

// pause waits for d and reports whether ctx lasted longer.
func pause(ctx context.Context, d time.Duration) bool {
	p, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-p.Done()
	return ctx.Err() == nil
}

// Waited is the answer to who waited for a lock in vain: ErrBusy, and the
// context's error too if that was the end of it.
func Waited(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: the database is locked: %w", servicecoin.ErrBusy, context.Cause(ctx))
	}
	if errors.Is(err, servicecoin.ErrBusy) {
		return err
	}
	return fmt.Errorf("%w: %w", servicecoin.ErrBusy, err)
}

// SQLite's result codes that the module acts upon.
const (
	codeBusy       = 5
	codeLocked     = 6
	codeReadOnly   = 8
	codeFull       = 13
	codeConstraint = 19
	codeSnapshot   = 5 | 2<<8 // a read transaction that would write over what it does not see
)

// code returns SQLite's result code, 0 if the driver does not tell in a way
// that is known here.
func code(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code()
	}
	return 0
}

// Busy reports whether err says that another connection holds a lock.
func Busy(err error) bool {
	if err == nil {
		return false
	}
	if c := code(err); c != 0 {
		return c&0xff == codeBusy || c&0xff == codeLocked
	}
	return strings.Contains(err.Error(), "database is locked") || strings.Contains(err.Error(), "table is locked")
}

// Stale reports whether err says that waiting is in vain: the transaction has
// read what somebody else has changed since.
func Stale(err error) bool { return err != nil && code(err) == codeSnapshot }

// Failed says where an error comes from that a statement answered before COMMIT:
// nothing is stored.
func Failed(err error) error {
	if Busy(err) && !errors.Is(err, servicecoin.ErrBusy) {
		return fmt.Errorf("%w: sqlite: %w", servicecoin.ErrBusy, err)
	}
	return servicecoin.Unchanged(fmt.Errorf("sqlite: %w", err))
}

// Ended is Failed for COMMIT itself. Where it found a lock, no room or no right
// to write, SQLite has not finished the transaction, which is rolled back; after
// other errors, of a sync say, it may be in the file.
func Ended(err error) error {
	switch code(err) & 0xff {
	case codeReadOnly, codeFull, codeConstraint:
		return Failed(err)
	}
	if Busy(err) {
		return Failed(err)
	}
	return fmt.Errorf("sqlite: %w", err)
}
