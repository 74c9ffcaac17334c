// Package postgres keeps records in PostgreSQL (13 or later), over a pgx pool
// of the host's, in a schema of its own.
//
//	pool, err := pgxpool.New(ctx, "postgres:///portal")
//	backend, err := postgres.New(ctx, pool, nil)
//	s := store.New(backend, nil)
//
// # Schema
//
// The package runs no DDL unless asked. A database administrator reads and runs
// the files in migrations/ with psql; [Migrate], or [Options].Migrate, runs them
// from the program. [New] refuses a database that lacks one and names it.
//
// # In the host's transaction
//
// [In] and [InSQL], or the methods of [Backend] of these names, make a backend
// whose commits happen when the host's transaction does:
//
//	tx, err := pool.Begin(ctx)
//	_, err = tx.Exec(ctx, "INSERT INTO orders (id) VALUES (1)")
//	_, err = desk.On(view.In(postgres.In(tx))).Open(ctx, by, report)
//	err = tx.Commit(ctx)
//
// # How a commit works
//
// Two round trips. The first opens the transaction, takes the locks and reads
// what the commit expects; the second writes and ends it. Records that are
// there are locked by row; records that must be absent by a hash of their key,
// so that two commits cannot both find nothing. READ COMMITTED suffices with
// that, and it is what the package asks for, whatever the session's default.
// Durability is the server's: with synchronous_commit on a commit that was
// acknowledged survives a crash.
//
// # Row-level security
//
// Each transaction says which customers it is about, and the tables' policies
// hold it to that: a second wall behind the keys that every statement names
// anyway. The program's role should own nothing and must not be a superuser,
// whom no policy binds. The migrations name the grants that it needs.
//
// # Connection poolers
//
// The default mode of pgx (prepared statements kept by the connection) is the
// fastest. QueryExecModeExec and QueryExecModeCacheDescribe work too, and with
// them pgbouncer in transaction mode: all settings are local to a transaction.
// Events must be read from the primary.
// # Errors
//
// Besides those of a [store.Backend]: [New] answers ErrRefused for a schema that
// lacks a migration, with its name, or that the role may not read, and ErrNewer for
// one ahead of this release. ErrConflict stands for a deadlock too; ErrBusy for locks
// that were not had in time, and for a server that is not reached or takes no more
// work; ErrRefused for what REPEATABLE READ cannot promise. A connection that breaks
// while COMMIT is under way leaves the outcome open ([servicecoin.MayHaveHappened]);
// before that, nothing was changed.
package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres/internal/outcome"
)

// DefaultSchema is the schema of a nil *Options.
const DefaultSchema = "servicecoin"

// Options are what a host may set; nil and the zero value have defaults.
type Options struct {
	Schema string // default: DefaultSchema; at most 63 bytes

	// Migrate says who runs the migrations. Default: store.MigrateByHost. With
	// store.MigrateAtStart New does, with the pool's role.
	Migrate store.Migrate
}

// Backend is a store.Backend in a PostgreSQL schema. Make it with [New].
type Backend struct{ engine }

// engine is what a [Backend] and an [InTx] have in common.
type engine struct {
	names
	link link
}

var _ store.Backend = (*Backend)(nil)

// New returns a backend over the pool, which stays the host's to close. Unless
// Options.Migrate says otherwise it changes nothing, and answers ErrRefused with
// the name of the migration that the database lacks. A database ahead of this
// release answers ErrNewer.
func New(ctx context.Context, pool *pgxpool.Pool, o *Options) (*Backend, error) {
	n, err := namesOf(o)
	if err != nil {
		return nil, err
	}
	if o != nil && o.Migrate == store.MigrateAtStart {
		if err := Migrate(ctx, pool, n.schema); err != nil {
			return nil, err
		}
	}
	if err := n.ready(ctx, pool); err != nil {
		return nil, err
	}
	return &Backend{engine{names: n, link: pooled{pool}}}, nil
}

// names are the schema's and what derives from it.
type names struct{ schema string }

func namesOf(o *Options) (names, error) {
	if o == nil || o.Schema == "" {
		return names{DefaultSchema}, nil
	}
	const most = 63 // PostgreSQL cuts longer names, and two schemas would become one
	var v servicecoin.Violations
	v.ID("schema", o.Schema)
	if len(o.Schema) > most {
		v.Add("schema", "too-long", o.Schema, fmt.Sprintf("has %d bytes, PostgreSQL allows %d", len(o.Schema), most))
	}
	return names{o.Schema}, v.Err()
}

// table returns the quoted name of a table or sequence of the schema.
func (n names) table(name string) string { return pgx.Identifier{n.schema, name}.Sanitize() }

// columns are what a document is made of, but for the kind, which every query
// knows; content is what is left of them where customer and id are known, too.
const (
	columns = "customer, id, " + content
	content = "version, shape, body, i1, i2, i3, i4, i5, i6, i7, i8"
)

// scanDocument reads the columns. It reads into plain types: for named ones pgx
// asks reflection, each time.
func scanDocument(kind string, scan func(dest ...any) error) (store.Document, error) {
	var d store.Document
	var customer, id string
	var version, shape int64
	i := &d.Index
	err := scan(&customer, &id, &version, &shape, &d.Body, &i[0], &i[1], &i[2], &i[3], &i[4], &i[5], &i[6], &i[7])
	d.Key, d.Version, d.Shape = store.Key{Customer: servicecoin.CustomerID(customer), Kind: kind, ID: id}, store.Version(version), int(shape)
	return d, err
}

// scanContent reads the content of the document at a key.
func scanContent(key store.Key, scan func(dest ...any) error) (store.Document, error) {
	d := store.Document{Key: key}
	var version, shape int64
	i := &d.Index
	err := scan(&version, &shape, &d.Body, &i[0], &i[1], &i[2], &i[3], &i[4], &i[5], &i[6], &i[7])
	d.Version, d.Shape = store.Version(version), int(shape)
	return d, err
}

// Get implements store.Backend.
func (b *engine) Get(ctx context.Context, key store.Key) (store.Document, error) {
	if err := begin(ctx, key.Validate); err != nil {
		return store.Document{}, err
	}
	var found *store.Document
	s := statement{
		sql:  b.one(),
		args: []any{key.Kind, string(key.Customer), key.ID},
		row: func(scan func(dest ...any) error) error {
			d, err := scanContent(key, scan)
			found = &d
			return err
		},
	}
	var err error
	if b.link.joined() {
		err = b.read(ctx, only(key.Customer).statement(), s)
	} else {
		s.sql = b.scopedOne()
		err = outcome.Read(ctx, b.link.run(ctx, []statement{s}))
	}
	switch {
	case err != nil:
		return store.Document{}, fmt.Errorf("get %v: %w", key, err)
	case found == nil:
		return store.Document{}, servicecoin.NotFound(key)
	}
	return *found, nil
}

// one reads the record of a kind, a customer and an id, within a scope.
func (n names) one() string {
	return "SELECT " + content + " FROM " + n.table("documents") + " WHERE kind = $1 AND customer = $2 AND id = $3 AND body IS NOT NULL"
}

// scopedOne is [names.one] in a statement that sets its scope itself, which is
// cheaper than a statement of its own. The record is looked for by the customer
// that the setting has returned, so it is set before the table's policy asks for
// it: OFFSET 0 keeps the planner from taking the two apart.
func (n names) scopedOne() string {
	return "SELECT " + content + ` FROM (SELECT set_config('servicecoin.customers', $2, true) AS set) AS s,
LATERAL (SELECT ` + content + " FROM " + n.table("documents") + " WHERE kind = $1 AND customer = s.set AND id = $3 AND body IS NOT NULL OFFSET 0) AS d"
}

// scope is what a transaction may see: the settings that the row policies
// read.
type scope struct{ customers, across string }

func everyone() scope { return scope{across: "on"} }

// only names the customers that a transaction is about. Ids have no control
// characters, so one can part them.
func only(customers ...servicecoin.CustomerID) scope {
	parts := make([]string, len(customers))
	for i, c := range customers {
		parts[i] = string(c)
	}
	return scope{customers: strings.Join(parts, "\x1f")}
}

func scopeOf(c servicecoin.CustomerID, all bool) scope {
	if all {
		return everyone()
	}
	return only(c)
}

func (s scope) statement() statement {
	return statement{
		sql:  "SELECT set_config('servicecoin.customers', $1, true), set_config('servicecoin.across', $2, true)",
		args: []any{s.customers, s.across},
	}
}

// ordered is a statement that keeps the planner to indexes in their order. Left
// alone it sorts now and then, when it takes what is left of a listing for
// small; it has been wrong about that for whole tables.
func ordered() statement {
	return statement{sql: "SELECT set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true)," +
		" set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)"}
}

// read runs statements, the first of which sets the scope, in one round trip and one
// transaction, and leaves nothing of the scope behind in a transaction of the host.
func (b *engine) read(ctx context.Context, list ...statement) error {
	all := slices.Clip(list)
	if b.link.joined() {
		all = append(all, scope{}.statement())
	}
	return outcome.Read(ctx, b.link.run(ctx, all))
}

func begin(ctx context.Context, validate func() error) error {
	if ctx.Err() != nil {
		return servicecoin.Unchanged(context.Cause(ctx))
	}
	return validate()
}
