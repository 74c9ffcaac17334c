package sqlite

import (
	"context"
	"errors"
	"math"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

const (
	nextKind = `SELECT kind FROM servicecoin_documents WHERE kind > ?1 ORDER BY kind LIMIT 1`

	// The highest version of a customer in a kind, 0 if it has none.
	lastVersion = `SELECT coalesce(max(version), 0) FROM servicecoin_documents WHERE kind = ?1 AND customer = ?2`

	eraseDocuments = `DELETE FROM servicecoin_documents WHERE kind = ?1 AND customer = ?2`

	keepVersion = `INSERT INTO servicecoin_forgotten (customer, version) VALUES (?1, ?2)
ON CONFLICT (customer) DO UPDATE SET version = max(version, excluded.version)`

	blankLastEvent = `UPDATE servicecoin_events SET id = NULL, name = NULL, customer = NULL, kind = NULL, subject = NULL,
actor_kind = NULL, actor = NULL, on_behalf_of = NULL, at = NULL, data = NULL
WHERE position = (SELECT max(position) FROM servicecoin_events) AND customer = ?1 AND position < ?2`

	eraseEvents = `DELETE FROM servicecoin_events WHERE customer = ?1 AND position < ?2`
)

// Forget implements store.Backend. The erased bytes stay in free space of the
// file and its WAL until something else is written there; where that is not
// enough, run VACUUM and a checkpoint. A [Backend.Backup] made after Forget has
// none of them.
func (b *Backend) Forget(ctx context.Context, c servicecoin.CustomerID, before store.Position) error {
	if err := forgettable(ctx, c, before); err != nil {
		return err
	}
	if err := b.queue.enter(ctx); err != nil {
		return err
	}
	defer b.queue.give()
	w, err := b.begin(ctx)
	if err != nil {
		return err
	}
	plain := context.WithoutCancel(ctx)
	if err := forget(plain, w, c, before); err != nil {
		w.rollback(plain)
		return servicecoin.Unchanged(err)
	}
	if err := w.commit(plain); err != nil {
		w.rollback(plain)
		return ended(err)
	}
	return nil
}

func forgettable(ctx context.Context, c servicecoin.CustomerID, before store.Position) error {
	if err := alive(ctx); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("customer", string(c))
	if before < 0 {
		v.Add("before", "negative", strconv.FormatInt(int64(before), 10), "positions are not negative")
	}
	return v.Err()
}

func forget(ctx context.Context, r runner, c servicecoin.CustomerID, before store.Position) error {
	customer, last := string(c), int64(0)
	for kind := ""; ; {
		next, err := one[string](ctx, r, nextKind, kind)
		if errors.Is(err, errNothing) {
			break
		}
		if err != nil {
			return failed(err)
		}
		kind = next
		highest, err := one[int64](ctx, r, lastVersion, kind, customer)
		if err != nil {
			return failed(err)
		}
		if highest == 0 {
			continue
		}
		last = max(last, highest)
		if _, err := r.exec(ctx, eraseDocuments, kind, customer); err != nil {
			return failed(err)
		}
	}
	if last > 0 {
		if _, err := r.exec(ctx, keepVersion, customer, last); err != nil {
			return failed(err)
		}
	}
	end := int64(before)
	if end == 0 {
		end = math.MaxInt64
	}
	for _, text := range []string{blankLastEvent, eraseEvents} {
		if _, err := r.exec(ctx, text, customer, end); err != nil {
			return failed(err)
		}
	}
	return nil
}
