package metering

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Record keeps what happened, and tells what became of each event, in their
// order. Customer and RecordedAt are filled in. An event that is there already
// is a repeat; one with the same key and another content is a conflict: what is
// stored stays, and what came is kept beside it ([Ledger.Conflicts]) and told,
// once. An event that is not valid spoils the batch.
//
// Then Record looks after the quotas of the meters that read the events, unless
// [Options].QuotasByReview: an excess is told once for a quota and period, by an
// event quota.exceeded. It never refuses an event.
//
// After an error, record the same events again: what was stored is a repeat,
// and what was not told yet will be.
func (l *Ledger) Record(ctx context.Context, by servicecoin.Actor, events ...Event) ([]Result, error) {
	if err := l.view.Err(); err != nil {
		return nil, err
	}
	if err := l.view.Ask(ctx, by, VerbRecordUsage, UsageRecord, string(l.customer.ID)); err != nil {
		return nil, err
	}
	batch, err := l.own(events)
	if err != nil {
		return nil, err
	}
	results, err := l.events.Append(ctx, batch)
	forget(ctx)
	if err != nil {
		return nil, err
	}
	var told []Conflicted
	for i, r := range results {
		if r.Outcome == Conflict {
			told = append(told, Conflicted{Stored: r.Stored, Offered: batch[i], At: batch[i].RecordedAt})
		}
	}
	if err := l.tell(ctx, by, told); err != nil {
		return results, fmt.Errorf("usage is recorded, a conflict is not told: %w", err)
	}
	if l.o.QuotasByReview {
		return results, nil
	}
	if err := l.lookAfter(ctx, by, batch); err != nil {
		return results, fmt.Errorf("usage is recorded, quotas are not looked after: %w", err)
	}
	return results, nil
}

// own fills in what the ledger knows of its events.
func (l *Ledger) own(events []Event) ([]Event, error) {
	var v servicecoin.Violations
	now := l.view.Now()
	batch := slices.Clone(events)
	for i := range batch {
		e := &batch[i]
		if e.Customer == "" {
			e.Customer = l.customer.ID
		}
		if e.Customer != l.customer.ID {
			v.Add(fmt.Sprintf("events[%d].customer", i), "foreign", string(e.Customer), "is not the customer of this ledger")
		}
		e.RecordedAt = now
	}
	_, err := Prepare(batch)
	v.Merge("", err)
	return batch, v.Err()
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
	if err := digest(sum, e); err != nil {
		return "" // no such id is stored; texts that passed Prepare marshal
	}
	return store.JoinID(e.Source, e.ID, hex.EncodeToString(sum.Sum(nil)[:16]))
}

// Conflicts lists the events that came with another content than the stored
// one, the latest first.
func (l *Ledger) Conflicts() store.Listing[Conflicted] {
	return store.Of(l.view, conflicts).Find(store.By("at").Descending())
}
