package sqlite

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin/store/sqlite/internal/wait"
)

// The words of the package wait, as they are used everywhere here.

func alive(ctx context.Context) error { return wait.Alive(ctx) }

func retry(ctx context.Context, most time.Duration, fn func() error) error {
	return wait.Retry(ctx, most, fn)
}

func waited(ctx context.Context, err error) error { return wait.Waited(ctx, err) }

func busy(err error) bool { return wait.Busy(err) }

func stale(err error) bool { return wait.Stale(err) }
