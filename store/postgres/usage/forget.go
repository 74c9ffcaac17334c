package usage

import (
	"context"

	"github.com/servicecoin/servicecoin"
)

// Forget implements metering.EventStore. It waits for the customer's batches in
// flight, and they for it.
func (s *Store) Forget(ctx context.Context, customer servicecoin.CustomerID) error {
	if ctx.Err() != nil {
		return servicecoin.Unchanged(context.Cause(ctx))
	}
	var v servicecoin.Violations
	v.ID("customer", string(customer))
	if err := v.Err(); err != nil {
		return err
	}
	only := []servicecoin.CustomerID{customer}
	w, err := s.begin(ctx, changes, scope{customers: only})
	if err != nil {
		return before(ctx, err)
	}
	defer func() { w.end(ctx) }()
	w.lock(only, everybody)
	for _, text := range s.sql.forget {
		w.Queue(text, string(customer))
	}
	if err := w.send(ctx); err != nil {
		return before(ctx, err)
	}
	s.tails.forget(customer)
	return w.commit(ctx)
}
