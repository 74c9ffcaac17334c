package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Commit implements store.Backend, in two round trips.
func (b *engine) Commit(ctx context.Context, c store.Commit) error {
	if err := begin(ctx, c.Validate); err != nil {
		return err
	}
	if len(c.Writes)+len(c.Checks)+len(c.Events) == 0 {
		return nil
	}
	tx, err := b.link.begin(ctx)
	if err != nil {
		return before(ctx, err)
	}
	defer tx.undo(ctx)
	stored, err := b.look(ctx, tx, c)
	if err != nil {
		return err
	}
	if err := stored.judge(c); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return before(ctx, ctx.Err())
	}
	if err := tx.done(ctx, b.changes(c, stored)); err != nil {
		return b.ending(ctx, err, c)
	}
	return nil
}

// row is what is stored at a key.
type row struct {
	version store.Version
	shape   int
	live    bool // false: a tombstone
}

type rows map[store.Key]row

// look takes the locks, then reads the versions. The order matters: under READ
// COMMITTED a statement sees what was committed before it began, so what the
// locks waited for is in sight.
func (b *engine) look(ctx context.Context, tx transaction, c store.Commit) (rows, error) {
	set, customers := b.locksOf(c)
	list := b.opening(only(customers...), set, len(c.Events) > 0)
	stored := rows{}
	for _, w := range wantedOf(c) {
		list = append(list, b.version(w, stored))
	}
	var isolation string
	absent := b.absentChecks(c)
	if len(absent) > 0 && b.link.joined() {
		list = append(list, statement{sql: "SELECT current_setting('transaction_isolation')", row: func(scan func(dest ...any) error) error {
			return scan(&isolation)
		}})
	}
	if err := tx.run(ctx, list); err != nil {
		return nil, before(ctx, err)
	}
	switch isolation {
	case "repeatable read":
		return nil, &servicecoin.KeyError{Key: absent[0], Err: fmt.Errorf(
			"%w: a REPEATABLE READ transaction cannot tell whether a record is absent, its snapshot is old; use READ COMMITTED or SERIALIZABLE",
			servicecoin.ErrRefused)}
	case "serializable":
		return stored, b.probe(ctx, tx, absent, stored)
	}
	return stored, nil
}

// opening sets the scope and takes the locks, in one statement where they are few:
// each statement costs the server more than what it does here. Once the scope is
// set, the locks are taken from left to right, as the server works out a list of
// results; if it did not, two commits might deadlock, and one of them run again.
func (b *engine) opening(s scope, set locks, emits bool) []statement {
	const few = 3
	if len(set) > few {
		list := []statement{s.statement(), set.statement()}
		if emits {
			list = append(list, b.feedLock())
		}
		return list
	}
	one := s.statement()
	for _, n := range slices.Sorted(maps.Keys(set)) {
		one.args = append(one.args, n)
		function := "pg_advisory_xact_lock"
		if set[n] {
			function = "pg_advisory_xact_lock_shared"
		}
		one.sql += ", " + function + "($" + strconv.Itoa(len(one.args)) + ")"
	}
	if emits {
		l := b.feedLock()
		n := len(one.args)
		one.sql += ", " + strings.NewReplacer("SELECT ", "", "$1", "$"+strconv.Itoa(n+1), "$2", "$"+strconv.Itoa(n+2)).Replace(l.sql)
		one.args = append(one.args, l.args...)
	}
	return []statement{one}
}

func (b *engine) version(w wanted, into rows) statement {
	how := "SHARE"
	if w.write {
		how = "NO KEY UPDATE"
	}
	return statement{
		sql: "SELECT version, shape, body IS NOT NULL FROM " + b.table("documents") +
			" WHERE kind = $1 AND customer = $2 AND id = $3 FOR " + how,
		args: []any{w.key.Kind, string(w.key.Customer), w.key.ID},
		row: func(scan func(dest ...any) error) error {
			var r row
			var version, shape int64
			err := scan(&version, &shape, &r.live)
			r.version, r.shape = store.Version(version), int(shape)
			into[w.key] = r
			return err
		},
	}
}

func (b *engine) absentChecks(c store.Commit) []store.Key {
	var keys []store.Key
	for _, x := range c.Checks {
		if x.Version == 0 {
			keys = append(keys, x.Key)
		}
	}
	return keys
}

// probe makes sure of absent keys in a SERIALIZABLE transaction. The snapshot
// there is old, and the server detects a conflict with other serializable
// transactions only, which the plain store's are not. The unique index is bound
// to no snapshot: an insertion that meets a row out of sight fails, one that
// does not is taken back at once. (Where a tombstone is in sight, reading it
// for share has told already that it is the newest.)
func (b *engine) probe(ctx context.Context, tx transaction, keys []store.Key, stored rows) error {
	var list []statement
	for _, k := range keys {
		if _, ok := stored[k]; ok {
			continue
		}
		args := []any{k.Kind, string(k.Customer), k.ID}
		list = append(list,
			statement{sql: "INSERT INTO " + b.table("documents") + " (kind, customer, id, version, shape) VALUES ($1, $2, $3, 1, 0) ON CONFLICT DO NOTHING", args: args},
			statement{sql: "DELETE FROM " + b.table("documents") + " WHERE kind = $1 AND customer = $2 AND id = $3 AND body IS NULL", args: args})
	}
	if len(list) == 0 {
		return nil
	}
	if err := tx.run(ctx, list); err != nil {
		return before(ctx, err)
	}
	return nil
}

// judge compares what the commit expects with what is stored: writes in order,
// then checks.
func (s rows) judge(c store.Commit) error {
	for _, w := range c.Writes {
		if err := s.allowed(w); err != nil {
			return &servicecoin.KeyError{Key: w.Key, Err: err}
		}
	}
	for _, x := range c.Checks {
		if s.at(x.Key) != x.Version {
			return &servicecoin.KeyError{Key: x.Key, Err: servicecoin.ErrConflict}
		}
	}
	return nil
}

// at returns the version that a reader sees, 0 for absent.
func (s rows) at(k store.Key) store.Version {
	if r := s[k]; r.live {
		return r.version
	}
	return 0
}

func (s rows) allowed(w store.Write) error {
	switch v := s.at(w.Key); {
	case v != 0 && w.Expect == 0:
		return servicecoin.ErrExists
	case v != w.Expect:
		return servicecoin.ErrConflict
	case v != 0 && s[w.Key].shape > w.Shape:
		return servicecoin.ErrNewer
	}
	return nil
}

// changes returns the statements that carry the commit out.
func (b *engine) changes(c store.Commit, stored rows) []statement {
	list := make([]statement, 0, len(c.Writes)+len(c.Events)+2)
	for _, w := range c.Writes {
		r, there := stored[w.Key]
		switch {
		case w.Delete:
			list = append(list, b.remove(w.Key, r.version+1))
		case there:
			list = append(list, b.replace(w.Document, r.version+1))
		default:
			list = append(list, b.insert(w.Document))
		}
	}
	if len(list) == 1 && len(c.Events) == 1 { // most commits: one statement is cheaper than two
		w, e := list[0], b.emit(c.Events[0], len(list[0].args))
		return []statement{{sql: "WITH told AS (" + e.sql + ") " + w.sql, args: append(w.args, e.args...)}}
	}
	for _, e := range c.Events {
		list = append(list, b.emit(e, 0))
	}
	return list
}

// insert begins to count where a forgotten customer's records ended.
func (b *engine) insert(d store.Document) statement {
	return statement{
		sql: "INSERT INTO " + b.table("documents") + ` (kind, customer, id, version, shape, body, i1, i2, i3, i4, i5, i6, i7, i8)
VALUES ($1, $2, $3, 1 + coalesce((SELECT base FROM ` + b.table("forgotten") + ` WHERE customer = $2), 0), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		args: append([]any{d.Key.Kind, string(d.Key.Customer), d.Key.ID}, values(d)...),
	}
}

// replace writes over a record, or over the tombstone of one.
func (b *engine) replace(d store.Document, v store.Version) statement {
	return statement{
		sql: "UPDATE " + b.table("documents") + ` SET version = $4, shape = $5, body = $6, i1 = $7, i2 = $8, i3 = $9, i4 = $10, i5 = $11, i6 = $12, i7 = $13, i8 = $14
WHERE kind = $1 AND customer = $2 AND id = $3`,
		args: append([]any{d.Key.Kind, string(d.Key.Customer), d.Key.ID, int64(v)}, values(d)...),
	}
}

func (b *engine) remove(k store.Key, v store.Version) statement {
	return statement{
		sql: "UPDATE " + b.table("documents") + ` SET version = $4, body = NULL, i1 = NULL, i2 = NULL, i3 = NULL, i4 = NULL, i5 = NULL, i6 = NULL, i7 = NULL, i8 = NULL
WHERE kind = $1 AND customer = $2 AND id = $3`,
		args: []any{k.Kind, string(k.Customer), k.ID, int64(v)},
	}
}

// values returns shape, body and index values; a body is never NULL, an
// empty index value always is.
func values(d store.Document) []any {
	body := d.Body
	if body == nil {
		body = []byte{}
	}
	args := make([]any, 0, 2+store.Slots)
	args = append(args, d.Shape, body)
	for _, x := range d.Index {
		if len(x) == 0 {
			x = nil
		}
		args = append(args, x)
	}
	return args
}
