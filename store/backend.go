package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Key addresses one record.
type Key = servicecoin.Key

// Version counts the writes to a key; 0 means absent. The versions of a key
// never repeat: deleting and inserting again goes on counting, so that a stale
// [Check] or [Write] fails.
type Version int64

// Position is the place of an event in the feed. Positions grow; they need
// not be contiguous. 0 lies before the first event.
type Position int64

// Slots is how many index values a document carries.
const Slots = 8

// Document is a record as a backend sees it.
type Document struct {
	Key     Key
	Version Version       // set by the backend; ignored in a Write
	Shape   int           // the shape of Body, see [Kind]
	Body    []byte        // opaque
	Index   [Slots][]byte // empty: not in that index; compared byte by byte
}

// Write inserts, replaces or deletes one document.
type Write struct {
	Document
	Expect Version // the version that must be stored; 0: the key must be absent
	Delete bool    // Body and Index are ignored; Expect must not be 0

	// Was are the index values of version Expect, nil where they are not known. An
	// engine may leave those alone that are still the same: the outcome is as if all
	// were written.
	Was *[Slots][]byte
}

// Check demands that a key which was read but is not written still has the
// version that was read, 0 for absent. It guards against write skew.
type Check struct {
	Key     Key
	Version Version
}

// Event is what a commit tells the rest of the world: the change, not the
// record.
type Event struct {
	Position Position          `json:"position"` // set by the backend
	ID       string            `json:"id"`       // stable; idempotency key of every effect
	Name     string            `json:"name"`     // "incident.resolved": API
	Subject  Key               `json:"subject"`  // whose customer the event belongs to
	Actor    servicecoin.Actor `json:"actor"`
	At       time.Time         `json:"at"`             // when it happened, UTC, microseconds
	Data     json.RawMessage   `json:"data,omitempty"` // the payload type stands beside the rule
}

// Commit is all or nothing: every check holds, every write and event is
// stored, or none is.
type Commit struct {
	Writes []Write
	Checks []Check
	Events []Event
}

// Query asks for one page of documents.
//
// Slot 0 lists by id; slot n lists by Index[n-1] and leaves out documents that
// have none. The order is customer, index value, id, each byte by byte; From is
// inclusive, To exclusive, nil is open. Descending reverses the whole order.
type Query struct {
	Customer   servicecoin.CustomerID
	Everyone   bool // all customers; Customer must be empty then
	Kind       string
	Slot       int
	From, To   []byte
	Descending bool
	After      *Cursor // the last document of the page before
	Limit      int     // 1 to MaxPage
}

// Cursor is where a page ended: the index value (nil in slot 0) and key of its
// last document.
type Cursor struct {
	Index []byte
	Key   Key
}

// Feed asks for one page of events after a position, oldest first.
type Feed struct {
	Customer servicecoin.CustomerID
	Everyone bool
	After    Position
	Limit    int // 1 to MaxPage
}

// Backend is what an engine implements. All methods are safe for concurrent
// use, return copies that the caller may change, keep nothing that the caller
// handed in, and check their input with the Validate methods of this package.
//
// [storetest.Run] holds an implementation to each sentence here.
//
// [storetest.Run]: https://pkg.go.dev/github.com/servicecoin/servicecoin/store/storetest#Run
type Backend interface {
	// Get returns the document at key, or ErrNotFound.
	Get(ctx context.Context, key Key) (Document, error)

	// Find returns at most q.Limit documents, in order, out of one snapshot.
	// No result is no error.
	Find(ctx context.Context, q Query) ([]Document, error)

	// Commit stores everything in c, or nothing. It answers ErrExists for a
	// key that should be absent, ErrConflict for any other version that
	// differs, ErrNewer for a write over a document of a newer shape, ErrBusy
	// when a lock could not be had, each wrapped in a KeyError where a key is
	// to blame. After any error that is no sentinel of the root package the
	// commit may have happened. When it returns nil, the commit survives a
	// crash as far as the backend promises. What failed before the commit was
	// on its way, behind a context that had ended, say, is marked with
	// [servicecoin.Unchanged]; so are errors of the methods that read.
	Commit(ctx context.Context, c Commit) error

	// Events returns at most f.Limit events after f.After, oldest first. It
	// never shows a position while a smaller one may still appear.
	Events(ctx context.Context, f Feed) ([]Event, error)

	// Forget erases all documents of c, and its events below the position
	// before (0: all of them), in one step. Versions go on counting should the
	// customer return. It is idempotent.
	Forget(ctx context.Context, c servicecoin.CustomerID, before Position) error
}

// Joined is implemented by a backend that works inside a transaction of the
// host. Its commits happen when the host's transaction does; a [Store] over it
// runs every function once, because a conflict is the host's to solve.
type Joined interface {
	// Joined reports whether the backend works inside a host's transaction.
	Joined() bool
}
