package store

// Migrate says who makes the tables of an engine and brings them up to date: an
// option of every engine that has tables.
type Migrate int

// Who it is.
const (
	// MigrateDefault is what the engine does if nothing is said: its Options
	// name it.
	MigrateDefault Migrate = iota
	// MigrateAtStart has the engine's New or Open do it, with the rights that its
	// connection has.
	MigrateAtStart
	// MigrateByHost leaves it to the host: the engine runs no DDL and changes no
	// setting of the database, and where something is missing its New or Open
	// answers ErrRefused and names it.
	MigrateByHost
)
