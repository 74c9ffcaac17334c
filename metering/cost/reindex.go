package cost

import (
	"context"

	"github.com/servicecoin/servicecoin/store"
)

// Reindex brings the records of this package, of all customers, into the indexes
// and the form of this release, as [store.Reindex] does for a host's kinds: after
// an update that says so, once no program of the older release is at work. It
// returns how many records it rewrote.
func Reindex(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, deliveries, items, credits, rows, months, statements, parts)
}
