package postgres

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres/internal/outcome"
)

// Positions come from a sequence. A sequence does not wait for transactions:
// one that took position 7 may commit before one that took 6, and a reader who
// has seen 7 would never come back for 6. So:
//
// A writer reads L, the last position handed out, then takes a shared advisory
// lock whose number holds L, and only then its positions, all above L. It gives
// the lock back when its transaction ends, after its rows have become visible.
//
// A reader
//
//  1. reads H, the last position handed out,
//  2. then reads the smallest L among the locks that are held now,
//  3. then reads events up to min(H, L), in a statement that began later.
//
// Take any writer and any of its positions p that the reader shows or passes,
// so p <= H and p <= L of every lock held at step 2. Where was the writer at step
// 2? Before its lock: then it takes p after step 1, when the sequence stood at H
// already, so p > H. Holding its lock: then p > its L. Beyond: then its
// transaction was over before step 3 began, which sees p if it was committed; if
// not, p never comes. The steps must stand in this order, each with its own
// snapshot: READ COMMITTED.
//
// Only writers of events hold the lock, so nobody else's long transaction holds
// the feed back, and nobody ever waits for it: shared locks do not conflict.
//
// The sequence is read with pg_sequence_last_value, which locks its page. A
// plain SELECT last_value does not, and nextval, each time it logs ahead,
// writes a number that is 32 too high there for a moment.
//
// The lock's number has room for the low 32 bits of L; the rest is that of H,
// which is right while fewer than 2^31 positions are handed out during one
// transaction.

// feedClass is the first half of the numbers of the feed's locks.
func (n names) feedClass() int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte("servicecoin feed " + n.schema)) // never fails
	return int32(h.Sum32())                                //nolint:gosec // G115: the bits are what counts
}

// feedLock is the writer's lock.
func (b *engine) feedLock() statement {
	return statement{
		sql:  "SELECT pg_advisory_xact_lock_shared($1, coalesce(pg_sequence_last_value($2::text::regclass), 0)::bit(32)::integer)",
		args: []any{b.feedClass(), b.table("events_position")},
	}
}

// emit inserts an event; its position is drawn when the statement runs. Its
// parameters are numbered behind so many others.
func (b *engine) emit(e store.Event, others int) statement {
	parameters := make([]byte, 0, 64)
	for n := range 10 {
		if n > 0 {
			parameters = append(parameters, ", "...)
		}
		parameters = strconv.AppendInt(append(parameters, '$'), int64(others+n+1), 10)
	}
	var data []byte // not json.RawMessage, which a driver may take for JSON
	if e.Data != nil {
		data = e.Data
	}
	return statement{
		sql: "INSERT INTO " + b.table("events") + ` (id, name, customer, kind, subject, actor_kind, actor, on_behalf_of, at, data)
VALUES (` + string(parameters) + ")",
		args: []any{
			e.ID, e.Name, string(e.Subject.Customer), e.Subject.Kind, e.Subject.ID,
			string(e.Actor.Kind), string(e.Actor.ID), string(e.Actor.OnBehalfOf), servicecoin.Instant(e.At), data,
		},
	}
}

// Events implements store.Backend.
func (b *engine) Events(ctx context.Context, f store.Feed) ([]store.Event, error) {
	if err := begin(ctx, f.Validate); err != nil {
		return nil, err
	}
	var page []store.Event
	list := []statement{
		scopeOf(f.Customer, f.Everyone).statement(),
		b.head(),
		b.held(),
		b.page(f, &page),
	}
	if b.link.joined() {
		list = append(list, scope{}.statement())
	} else {
		// The session's default may be a level that sees one snapshot only.
		list = append([]statement{{sql: "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"}}, list...)
		list = append(list, statement{sql: "COMMIT"})
	}
	err := b.link.run(ctx, list)
	switch {
	case err == nil:
		return page, nil
	case errors.Is(err, servicecoin.ErrRefused):
		return nil, err
	default:
		return nil, fmt.Errorf("events: %w", outcome.Read(ctx, err))
	}
}

// head is step 1. It keeps H in a setting of the transaction, so that all
// steps go in one round trip.
func (b *engine) head() statement {
	return statement{
		sql:  "SELECT set_config('servicecoin.feed_head', coalesce(pg_sequence_last_value($1::text::regclass), 0)::text, true)",
		args: []any{b.table("events_position")},
	}
}

// held is step 2. The inner expression is H minus the signed 32-bit distance
// from L to H.
func (b *engine) held() statement {
	return statement{
		sql: `SELECT set_config('servicecoin.feed_end', least(f.head, min(f.head - ((((f.head - l.objid::bigint) & 4294967295) # 2147483648) - 2147483648)))::text, true),
	current_setting('transaction_isolation'), pg_is_in_recovery()
FROM (SELECT current_setting('servicecoin.feed_head')::bigint AS head) AS f
LEFT JOIN pg_locks AS l ON l.locktype = 'advisory' AND l.classid = $1::bigint::oid AND l.objsubid = 2 AND l.granted
	AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
GROUP BY f.head`,
		args: []any{int64(uint32(b.feedClass()))}, //nolint:gosec // G115: the bits are what counts
		row: func(scan func(dest ...any) error) error {
			var end, isolation string
			var standby bool
			if err := scan(&end, &isolation, &standby); err != nil {
				return err
			}
			switch {
			case standby:
				return fmt.Errorf("%w: a standby does not know who is writing; read events from the primary", servicecoin.ErrRefused)
			case isolation != "read committed":
				return fmt.Errorf("%w: events cannot be read in a %s transaction, its snapshot is old", servicecoin.ErrRefused, isolation)
			}
			return nil
		},
	}
}

// page is step 3.
func (b *engine) page(f store.Feed, page *[]store.Event) statement {
	s := statement{args: []any{int64(f.After), f.Limit}}
	whose := ""
	if !f.Everyone {
		whose = "customer = $3 AND "
		s.args = append(s.args, string(f.Customer))
	}
	s.sql = "SELECT position, id, name, customer, kind, subject, actor_kind, actor, on_behalf_of, at, data FROM " + b.table("events") +
		" WHERE " + whose + "position > $1 AND position <= (SELECT current_setting('servicecoin.feed_end')::bigint) ORDER BY position LIMIT $2"
	s.row = func(scan func(dest ...any) error) error {
		var e store.Event
		var data []byte
		var position int64
		var customer, kind, actor, onBehalfOf string
		err := scan(&position, &e.ID, &e.Name, &customer, &e.Subject.Kind, &e.Subject.ID, &kind, &actor, &onBehalfOf, &e.At, &data)
		e.Position, e.Subject.Customer, e.At, e.Data = store.Position(position), servicecoin.CustomerID(customer), e.At.UTC(), data
		e.Actor = servicecoin.Actor{Kind: servicecoin.ActorKind(kind), ID: servicecoin.PersonID(actor), OnBehalfOf: servicecoin.PersonID(onBehalfOf)}
		*page = append(*page, e)
		return err
	}
	return s
}
