package postgres

import (
	"context"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Forget implements store.Backend. It waits for the customer's commits in
// flight, and they for it.
func (b *engine) Forget(ctx context.Context, c servicecoin.CustomerID, until store.Position) error {
	valid := func() error {
		var v servicecoin.Violations
		v.ID("customer", string(c))
		return v.Err()
	}
	if err := begin(ctx, valid); err != nil {
		return err
	}
	tx, err := b.link.begin(ctx)
	if err != nil {
		return before(ctx, err)
	}
	defer tx.undo(ctx)
	set := locks{}
	set.alone(b.lock("customer", string(c)))
	// The kinds are read across customers; what is deleted is c's alone.
	err = tx.run(ctx, []statement{
		scope{customers: string(c), across: "on"}.statement(),
		set.statement(),
		{sql: "SELECT current_setting('transaction_isolation')", row: func(scan func(dest ...any) error) error {
			var isolation string
			if err := scan(&isolation); err != nil || isolation == "read committed" {
				return err
			}
			return fmt.Errorf("%w: a %s transaction does not see all that there is to forget", servicecoin.ErrRefused, isolation)
		}},
	})
	if err != nil {
		return before(ctx, err)
	}
	if ctx.Err() != nil {
		return before(ctx, ctx.Err())
	}
	if err := tx.done(ctx, []statement{b.eraseDocuments(c), b.eraseEvents(c, until)}); err != nil {
		return b.ending(ctx, err, store.Commit{})
	}
	return nil
}

// eraseDocuments walks the few kinds that there are, since the primary key
// begins with the kind, and remembers the highest version that it met.
func (b *engine) eraseDocuments(c servicecoin.CustomerID) statement {
	d := b.table("documents")
	return statement{
		sql: `WITH RECURSIVE kinds (kind) AS (
	(SELECT kind FROM ` + d + ` ORDER BY kind LIMIT 1)
	UNION ALL
	SELECT (SELECT d.kind FROM ` + d + ` AS d WHERE d.kind > k.kind ORDER BY d.kind LIMIT 1) FROM kinds AS k WHERE k.kind IS NOT NULL
), gone AS (
	DELETE FROM ` + d + ` AS d USING kinds AS k WHERE d.kind = k.kind AND d.customer = $1 RETURNING d.version
)
INSERT INTO ` + b.table("forgotten") + ` AS f (customer, base)
SELECT $1, max(version) FROM gone HAVING max(version) IS NOT NULL
ON CONFLICT (customer) DO UPDATE SET base = greatest(f.base, excluded.base)`,
		args: []any{string(c)},
	}
}

func (b *engine) eraseEvents(c servicecoin.CustomerID, until store.Position) statement {
	return statement{
		sql:  "DELETE FROM " + b.table("events") + " WHERE customer = $1 AND ($2::bigint = 0 OR position < $2)",
		args: []any{string(c), int64(until)},
	}
}
