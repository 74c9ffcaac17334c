package postgres

import (
	"context"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres/internal/outcome"
)

// before judges an error from before COMMIT was sent: nothing has happened.
func before(ctx context.Context, err error) error {
	return fmt.Errorf("commit: %w", outcome.Before(ctx, err))
}

// ending judges an error of the round trip that ends with COMMIT. In a
// transaction of the host it ends with RELEASE, and nothing of what failed is
// in what the host may commit later.
func (b *engine) ending(ctx context.Context, err error, c store.Commit) error {
	var exists error
	if key, ok := inserted(c); ok {
		exists = &servicecoin.KeyError{Key: key, Err: servicecoin.ErrExists}
	}
	err = fmt.Errorf("commit: %w", outcome.Ended(ctx, err, exists))
	if b.link.joined() {
		return servicecoin.Unchanged(err)
	}
	return err
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
