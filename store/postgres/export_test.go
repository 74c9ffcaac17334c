package postgres

import "github.com/servicecoin/servicecoin/store"

// Listing returns the statement of a query, for a look at its plan.
func (b *Backend) Listing(q store.Query) (sql string, args []any) {
	s, _ := b.listing(q)
	return s.sql, s.args
}

// One returns the statement of a Get that sets its own scope.
func (b *Backend) One() string { return b.scopedOne() }

// Page returns step 3 of the feed, for a look at its plan.
func (b *Backend) Page(f store.Feed) (sql string, args []any) {
	s := b.page(f, nil)
	return s.sql, s.args
}

// Erasure returns the statement that forgets documents.
func (b *Backend) Erasure(c string) (sql string, args []any) {
	s := b.eraseDocuments(store.Key{Customer: "x"}.Customer)
	return s.sql, []any{c}
}

// Ceiling makes ceiling testable.
func Ceiling(bound []byte) (string, bool) { return ceiling(bound) }

// Step returns the SQL of a migration for a schema.
func Step(m Migration, schema string) string { return m.in(schema) }

// Ordered returns the planner settings of Find.
func Ordered() string { return ordered().sql }
