package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/postgres"
)

// inTx begins a host's transaction of a level, with its snapshot taken.
func (d database) inTx(t *testing.T, level pgx.TxIsoLevel) (pgx.Tx, *postgres.InTx) {
	t.Helper()
	tx, err := d.app.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: level})
	require.NoError(t, err)
	t.Cleanup(func() { tx.Rollback(context.WithoutCancel(t.Context())) })
	_, err = tx.Exec(t.Context(), "SELECT 1 FROM servicecoin.migrations")
	require.NoError(t, err)
	return tx, postgres.In(tx)
}

// In the higher levels a transaction's snapshot is old. What cannot be promised
// there is refused, the rest holds.
func TestHigherIsolation(t *testing.T) {
	thing := func(id string) store.Document {
		return store.Document{Key: store.Key{Customer: "acme", Kind: "thing", ID: id}, Body: []byte("x")}
	}
	write := func(id string) store.Commit { return store.Commit{Writes: []store.Write{{Document: thing(id)}}} }
	absent := func(id, other string) store.Commit {
		c := write(id)
		c.Checks = []store.Check{{Key: thing(other).Key}}
		return c
	}
	for _, level := range []pgx.TxIsoLevel{pgx.RepeatableRead, pgx.Serializable} {
		t.Run(string(level), func(t *testing.T) {
			d := open(t)
			plain := d.backend(t)

			tx, inside := d.inTx(t, level)
			require.NoError(t, inside.Commit(t.Context(), write("quiet")), "nobody interferes")
			require.NoError(t, tx.Commit(t.Context()))

			_, inside = d.inTx(t, level)
			require.NoError(t, plain.Commit(t.Context(), write("taken")))
			err := inside.Commit(t.Context(), write("taken"))
			require.Error(t, err, "inserted by somebody else since the snapshot")
			require.False(t, servicecoin.MayHaveHappened(err), "%v", err)

			tx, inside = d.inTx(t, level)
			require.NoError(t, plain.Commit(t.Context(), write("there")))
			err = inside.Commit(t.Context(), absent("new", "there"))
			require.Error(t, err, "the check must not pass over what came since")
			require.False(t, servicecoin.MayHaveHappened(err), "%v", err)
			if level == pgx.RepeatableRead {
				require.ErrorIs(t, err, servicecoin.ErrRefused)
				require.NoError(t, inside.Commit(t.Context(), write("after refusal")), "the transaction goes on")
				require.NoError(t, tx.Commit(t.Context()))
			}

			if level == pgx.Serializable {
				tx, inside = d.inTx(t, level)
				require.NoError(t, inside.Commit(t.Context(), absent("fine", "never there")))
				require.NoError(t, tx.Commit(t.Context()))
				_, err := plain.Get(t.Context(), thing("never there").Key)
				require.ErrorIs(t, err, servicecoin.ErrNotFound, "the probe leaves nothing behind")
			}

			_, inside = d.inTx(t, level)
			_, err = inside.Events(t.Context(), store.Feed{Everyone: true, Limit: 1})
			require.ErrorIs(t, err, servicecoin.ErrRefused)
			_, inside = d.inTx(t, level)
			require.ErrorIs(t, inside.Forget(t.Context(), "acme", 0), servicecoin.ErrRefused)
		})
	}
}

// A session whose default is another level is the host's affair; the plain
// store asks for what it needs.
func TestDefaultLevelOfTheSession(t *testing.T) {
	d := open(t)
	d.must(t, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$")
	d.app.Reset()
	b := d.backend(t)
	key := store.Key{Customer: "acme", Kind: "thing", ID: "1"}
	require.NoError(t, b.Commit(t.Context(), store.Commit{
		Writes: []store.Write{{Document: store.Document{Key: key}}},
		Events: []store.Event{{ID: "e", Name: "thing.made", Subject: key, Actor: servicecoin.Program("test"), At: begun}},
	}))
	events, err := b.Events(t.Context(), store.Feed{Everyone: true, Limit: 10})
	require.NoError(t, err)
	require.Len(t, events, 1)
}
