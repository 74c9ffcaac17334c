package postgres

import (
	"database/sql"

	"github.com/jackc/pgx/v5"
)

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
func In(tx pgx.Tx, o *Options) *Backend { return joined(hosts{tx}, o) }

// InSQL is [In] for a transaction of database/sql with the driver of pgx
// (github.com/jackc/pgx/v5/stdlib). Each statement is a round trip of its own.
func InSQL(tx *sql.Tx, o *Options) *Backend { return joined(hostsSQL{tx}, o) }

func joined(l link, o *Options) *Backend {
	n := names{DefaultSchema}
	if o != nil && o.Schema != "" {
		n.schema = o.Schema
	}
	return &Backend{names: n, link: l}
}
