package postgres

import (
	"database/sql"

	"github.com/jackc/pgx/v5"

	"github.com/servicecoin/servicecoin/store"
)

// InTx is a store.Backend inside of a transaction of the host. Make it with [In],
// [InSQL] or the methods of [Backend] of these names.
type InTx struct{ engine }

var (
	_ store.Backend = (*InTx)(nil)
	_ store.Joined  = (*InTx)(nil)
)

// Joined implements store.Joined.
func (t *InTx) Joined() bool { return true }

// In returns a backend that works inside of tx: its reads see what the host
// has written there, its commits happen when the host commits. A refused commit
// leaves tx as it was, usable. A context that ends while a statement runs costs
// the connection, and with it tx: that is how pgx cancels.
//
// READ COMMITTED and SERIALIZABLE are fine. In REPEATABLE READ a check that a
// record is absent answers ErrRefused, as the transaction cannot see what came
// since it began; Events and Forget answer ErrRefused in both of the higher
// levels. Until tx ends, its events hold the feed back, and a write of the plain
// store to the same record waits.
//
// The schema is not checked; that was done when the plain store was opened. tx
// is used by one goroutine at a time, as pgx demands, and so is the backend.
//
// The schema is [DefaultSchema]; [Backend.In] takes that of a backend.
func In(tx pgx.Tx) *InTx { return inside(names{DefaultSchema}, hosts{tx}) }

// InSQL is [In] for a transaction of database/sql with the driver of pgx
// (github.com/jackc/pgx/v5/stdlib). Each statement is a round trip of its own.
func InSQL(tx *sql.Tx) *InTx { return inside(names{DefaultSchema}, hostsSQL{tx}) }

// In is the function [In] with the schema of b.
func (b *Backend) In(tx pgx.Tx) *InTx { return inside(b.names, hosts{tx}) }

// InSQL is the function [InSQL] with the schema of b.
func (b *Backend) InSQL(tx *sql.Tx) *InTx { return inside(b.names, hostsSQL{tx}) }

func inside(n names, l link) *InTx { return &InTx{engine{names: n, link: l}} }
