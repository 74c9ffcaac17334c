package metering

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Record keeps what happened, and tells what became of it. Customer and RecordedAt
// are filled in. An event that is there already is a repeat; one with the same key and
// another content is a conflict: what is stored stays, and what came is kept beside it
// ([Ledger.Conflicts]) and told, once. An event that is not valid, or of another
// customer, is refused, and the receipt says why; the rest is kept.
//
// Then Record looks after the quotas of the meters that read the events, unless
// [Options].QuotasByReview: an excess is told once for a quota and period, by an
// event quota.exceeded. It never refuses an event.
//
// After an error, record the same events again: what was stored is a repeat,
// and what was not told yet will be.
func (l *Ledger) Record(ctx context.Context, by servicecoin.Actor, events ...Event) (Receipt, error) {
	if err := l.view.Err(); err != nil {
		return Receipt{}, err
	}
	if err := l.view.Ask(ctx, by, VerbRecordUsage, UsageRecord, string(l.customer.ID)); err != nil {
		return Receipt{}, err
	}
	var v servicecoin.Violations
	if !v.Limit("events", len(events), MaxBatch) {
		return Receipt{}, v.Err()
	}
	batch, places, receipt, err := l.own(ctx, events)
	if err != nil {
		return Receipt{}, err
	}
	stored, err := l.events.Append(ctx, batch)
	forget(ctx)
	if err != nil {
		return Receipt{}, err
	}
	for i := range stored.Exceptions {
		stored.Exceptions[i].Index = places[stored.Exceptions[i].Index]
	}
	receipt.Add(stored, 0)
	slices.SortFunc(receipt.Exceptions, func(a, b Exception) int { return cmp.Compare(a.Index, b.Index) })
	var offered []Conflicted
	now := l.view.Now()
	for _, x := range receipt.Exceptions {
		if x.Outcome == Conflict {
			offered = append(offered, l.offered(x, events[x.Index], now))
		}
	}
	return receipt, l.follow(ctx, by, batch, offered)
}

// offered is a conflict as it is told.
func (l *Ledger) offered(x Exception, e Event, now time.Time) Conflicted {
	e = e.prepared()
	e.Customer, e.RecordedAt = l.customer.ID, servicecoin.Instant(now)
	return Conflicted{Stored: *x.Stored, Offered: e, At: e.RecordedAt}
}

// follow does what follows from events that are stored: conflicts are told, and quotas
// are looked after.
func (l *Ledger) follow(ctx context.Context, by servicecoin.Actor, batch []Event, offered []Conflicted) error {
	if err := l.tell(ctx, by, offered); err != nil {
		return fmt.Errorf("usage is recorded, a conflict is not told: %w", err)
	}
	if !l.o.QuotasByReview {
		if err := l.lookAfter(ctx, by, batch); err != nil {
			return fmt.Errorf("usage is recorded, quotas are not looked after: %w", err)
		}
	}
	if l.o.Also == nil || len(batch) == 0 {
		return nil
	}
	if err := l.o.Also(ctx, l.view, l.customer, by, batch); err != nil {
		return fmt.Errorf("usage is recorded, limits are not looked after: %w", err)
	}
	return nil
}

// own fills in what the ledger knows of its events, and refuses those of others. It
// returns where each stood that is left.
func (l *Ledger) own(ctx context.Context, events []Event) (batch []Event, places []int, refused Receipt, err error) {
	now := l.view.Now()
	closed, err := l.closedUntil(ctx)
	if err != nil {
		return nil, nil, Receipt{}, err
	}
	batch, places = make([]Event, 0, len(events)), make([]int, 0, len(events))
	for i, e := range events {
		if e.Customer == "" {
			e.Customer = l.customer.ID
		}
		e.RecordedAt = now
		if e.Customer != l.customer.ID {
			var v servicecoin.Violations
			v.Add("customer", "foreign", string(e.Customer), "is not the customer of this ledger")
			v.Merge("", e.Validate())
			refused.Refuse(i, e, v.Err())
			continue
		}
		switch err := l.tooLate(ctx, e, closed); {
		case errors.Is(err, servicecoin.ErrInvalid):
			refused.Refuse(i, e, err)
			continue
		case err != nil:
			return nil, nil, Receipt{}, err
		}
		batch, places = append(batch, e), append(places, i)
	}
	return batch, places, refused, nil
}

// tell records conflicts that nobody has heard of, a few in a commit.
func (l *Ledger) tell(ctx context.Context, by servicecoin.Actor, list []Conflicted) error {
	const atOnce = 6 // the largest events, each in a record and an event, in a commit of 1 MiB
	for some := range slices.Chunk(list, atOnce) {
		err := l.view.Do(ctx, func(tx store.View) error {
			c := store.Of(tx, conflicts)
			for _, x := range some {
				_, err := c.Get(ctx, conflictID(x.Offered))
				if err == nil {
					continue
				}
				if !errors.Is(err, servicecoin.ErrNotFound) {
					return err
				}
				e, err := store.Happened(by, EventUsageConflicted, x)
				if err != nil {
					return err
				}
				if err := c.Insert(ctx, x, e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// conflictID names a conflict by the key and content of what came.
func conflictID(e Event) string {
	sum := sha256.New()
	if err := writeLine(sum, e); err != nil {
		return "" // no such id is stored; texts that passed Prepare marshal
	}
	return store.JoinID(e.Source, e.ID, hex.EncodeToString(sum.Sum(nil)[:16]))
}

// Conflicts lists the events that came with another content than the stored
// one, the latest first.
func (l *Ledger) Conflicts() store.Listing[Conflicted] {
	return store.Of(l.view, conflicts).Find(store.By("at").Descending())
}
