package usage

import (
	"context"
	"errors"

	"github.com/servicecoin/servicecoin/metering"
)

// Append implements metering.EventStore. When a day is over, it seals those before: one
// batch a day takes longer than the others. What keeps it from sealing keeps no batch
// from being stored: [Store.Seal] tells.
func (s *Store) Append(ctx context.Context, events []metering.Event) (metering.Receipt, error) {
	if err := s.begin(ctx); err != nil {
		return metering.Receipt{}, err
	}
	receipt, err := s.append(ctx, events)
	if err == nil {
		if day, due := s.due(); due {
			_ = s.seal(ctx, day)
		}
	}
	return receipt, err
}

func (s *Store) append(ctx context.Context, events []metering.Event) (receipt metering.Receipt, err error) {
	h := &shelf{ctx: ctx, hash: s.hash, begin: func() (*change, error) { return s.changing(ctx) }}
	committed := false
	defer func() {
		if h.change != nil {
			err = errors.Join(err, h.change.done(ctx, committed))
		}
	}()
	if receipt, err = metering.Settle(events, h); err != nil || h.change == nil {
		return receipt, err
	}
	if err := s.begin(ctx); err != nil {
		return metering.Receipt{}, err
	}
	if err := h.change.commit(ctx); err != nil {
		return metering.Receipt{}, err
	}
	committed = true
	h.change.show(h.laid)
	return receipt, nil
}

// show adds a batch that was committed to the tail.
func (c *change) show(entries []metering.Entry) {
	t := c.store.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	before := c.head
	if len(entries) > 0 {
		before.seq--
	}
	if t.epoch != before.epoch || t.seq != before.seq {
		return // a reader was faster
	}
	t.dir.add(c.dir.kinds, c.dir.pages)
	if len(entries) > 0 {
		t.extend(c.head.seq, entries)
	}
}
