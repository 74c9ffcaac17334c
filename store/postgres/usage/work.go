package usage

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store/postgres/internal/outcome"
)

// work is a transaction. What is queued goes to the server with the next send, in one
// round trip.
type work struct {
	pgx.Batch

	store *Store
	conn  *pgxpool.Conn
	open  bool
}

const (
	changes = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
	reads   = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
)

// byKeys keeps the planner to indexes and nested loops, whatever it makes of tables that
// it has not analysed yet.
const byKeys = ", set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true), set_config('enable_hashjoin', 'off', true)," +
	" set_config('enable_mergejoin', 'off', true), set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true), set_config('jit', 'off', true)"

// scope is what a transaction may see: the settings that the row policies read.
type scope struct {
	customers []servicecoin.CustomerID
	across    bool // reads everybody's
}

// begin queues the beginning of a transaction. Ids have no control characters, so one can
// part them.
func (s *Store) begin(ctx context.Context, how string, sc scope) (*work, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	w := &work{store: s, conn: conn}
	w.Queue(how)
	parts := make([]string, len(sc.customers))
	for i, c := range sc.customers {
		parts[i] = string(c)
	}
	across := ""
	if sc.across {
		across = "on"
	}
	w.Queue("SELECT set_config('servicecoin.customers', $1, true), set_config('servicecoin.across', $2, true)"+byKeys, strings.Join(parts, "\x1f"), across)
	return w, nil
}

// send runs what is queued.
func (w *work) send(ctx context.Context) error {
	w.open = true
	batch := w.Batch
	w.Batch = pgx.Batch{}
	return w.conn.SendBatch(ctx, &batch).Close()
}

// each has the rows of what was queued last read one by one.
func each(q *pgx.QueuedQuery, into []any, row func() error) {
	q.Query(func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, into, row)
		return err
	})
}

// end gives the connection back; a transaction that is still open is undone.
func (w *work) end(ctx context.Context) {
	if w.open && ctx.Err() == nil {
		_, _ = w.conn.Exec(ctx, "ROLLBACK") // where it fails, the pool closes the connection
	}
	w.conn.Release()
}

// commit runs what is queued, and makes it last.
func (w *work) commit(ctx context.Context) error {
	if ctx.Err() != nil {
		return before(ctx, ctx.Err())
	}
	w.Queue("COMMIT")
	long, over := outcome.Patient(ctx)
	defer over()
	if err := w.send(long); err != nil {
		return fmt.Errorf("usage: %w", outcome.Ended(ctx, err, nil))
	}
	w.open = false
	return nil
}

// reading runs fn in a transaction that sees one state of the database.
func (s *Store) reading(ctx context.Context, sc scope, fn func(w *work) error) error {
	if ctx.Err() != nil {
		return servicecoin.Unchanged(context.Cause(ctx))
	}
	w, err := s.begin(ctx, reads, sc)
	if err == nil {
		defer func() { w.end(ctx) }()
		err = fn(w)
	}
	if err == nil && w.open {
		w.Queue("COMMIT")
		if err = w.send(ctx); err == nil {
			w.open = false
		}
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, servicecoin.ErrInvalid) {
		return err
	}
	return fmt.Errorf("usage: %w", outcome.Read(ctx, err))
}

// last queues the end of a transaction that only reads, and sends it with the rest.
func (w *work) last(ctx context.Context) error {
	w.Queue("COMMIT")
	err := w.send(ctx)
	w.open = err != nil
	return err
}

// before judges an error from before COMMIT was sent: nothing is stored. The
// same call can be made again, also where two got in each other's way.
func before(ctx context.Context, err error) error {
	err = fmt.Errorf("usage: %w", outcome.Before(ctx, err))
	if errors.Is(err, servicecoin.ErrConflict) {
		return fmt.Errorf("%w: %s", servicecoin.ErrBusy, err.Error()) // not err too: to the caller it is no conflict
	}
	return err
}

// locksOf is how many advisory locks the customers of a schema share.
const manyLocks = 256

// lock queues the advisory locks of customers. Who appends events shares them; who appends
// facts, seals or forgets takes those of its customers alone, and so sees all that
// was appended before. They are taken in the order of their numbers.
func (w *work) lock(customers []servicecoin.CustomerID, alone func(c servicecoin.CustomerID) bool) {
	locks := map[int64]bool{}
	for _, c := range customers {
		n := w.store.lockOf(c)
		locks[n] = locks[n] || alone(c)
	}
	numbers := slices.Sorted(maps.Keys(locks))
	how := make([]bool, len(numbers))
	for i, n := range numbers {
		how[i] = locks[n]
	}
	w.Queue(`SELECT CASE WHEN alone THEN pg_advisory_xact_lock(number) ELSE pg_advisory_xact_lock_shared(number) END
FROM unnest($1::bigint[], $2::boolean[]) AS l (number, alone)`, numbers, how)
}

func (s *Store) lockOf(c servicecoin.CustomerID) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(c)) // a hash takes everything
	return s.lockNumber("usage", strconv.Itoa(int(h.Sum32()%manyLocks)))
}

func (s *Store) lockNumber(parts ...string) int64 {
	h := fnv.New64a()
	for _, part := range append([]string{"servicecoin", s.schema}, parts...) {
		_, _ = h.Write(append([]byte(part), 0x1f)) // a hash takes everything
	}
	return int64(h.Sum64()) //nolint:gosec // G115: the bits are what counts
}

// everybody takes locks alone.
func everybody(servicecoin.CustomerID) bool { return true }
