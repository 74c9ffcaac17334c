package usage

import (
	"context"
	"errors"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Append implements metering.EventStore. When days are over, it seals those of as many
// customers as it was handed events of. What keeps it from sealing keeps no batch from
// being stored: [Store.Seal] tells.
func (s *Store) Append(ctx context.Context, events []metering.Event) (metering.Receipt, error) {
	alone := map[servicecoin.CustomerID]bool{}
	for {
		if ctx.Err() != nil {
			return metering.Receipt{}, servicecoin.Unchanged(context.Cause(ctx))
		}
		h := &shelf{ctx: ctx, store: s, alone: alone}
		receipt, err := h.append(events)
		if awaited, is := errors.AsType[*awaitedError](err); is {
			for _, c := range awaited.customers {
				alone[c] = true
			}
			continue
		}
		if err == nil && len(h.laid) > 0 {
			s.sealSome(ctx, s.tails.grow(h.laid, s.limits.entries))
		}
		return receipt, err
	}
}

// awaitedError says that facts wait for events of a batch: it is appended again, by somebody
// who has the locks of their customers alone.
type awaitedError struct{ customers []servicecoin.CustomerID }

func (*awaitedError) Error() string { return "usage: facts wait for an event" }

// append runs one Append.
func (h *shelf) append(events []metering.Event) (metering.Receipt, error) {
	defer h.end()
	receipt, err := metering.Settle(events, h)
	if err != nil || h.work == nil {
		return receipt, err
	}
	if err := h.work.commit(h.ctx); err != nil {
		return metering.Receipt{}, err
	}
	return receipt, nil
}
