package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

type Note struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

var Notes = store.Kind[Note]{Name: "note", ID: func(n Note) string { return n.ID }}

func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "servicecoin-example")
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dir, "portal.db")

	b, err := sqlite.Open(ctx, path, nil)
	if err != nil {
		log.Fatal(err)
	}
	notes := store.Of(store.New(b, nil).For("acme"), Notes)
	if err := notes.Insert(ctx, Note{ID: "n1", Text: "hello"}); err != nil {
		log.Fatal(err)
	}
	if err := b.Close(); err != nil {
		log.Fatal(err)
	}

	b, err = sqlite.Open(ctx, path, nil) // another day
	if err != nil {
		log.Fatal(err)
	}
	note, err := store.Of(store.New(b, nil).For("acme"), Notes).Get(ctx, "n1")
	fmt.Println(note.Text, err, b.Close(), os.RemoveAll(dir))
	// Output: hello <nil> <nil> <nil>
}

// The host's own rows and the library's records, in one transaction of the
// host.
func ExampleIn() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "servicecoin-example")
	if err != nil {
		log.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "host.db")) // import _ "modernc.org/sqlite", or another driver
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.ExecContext(ctx, "CREATE TABLE orders (id TEXT PRIMARY KEY)"); err != nil {
		log.Fatal(err)
	}
	b, err := sqlite.New(ctx, db, nil)
	if err != nil {
		log.Fatal(err)
	}
	s := store.New(b, nil)

	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO orders VALUES ('o1')"); err != nil {
		log.Fatal(err)
	}
	if err := store.Of(s.For("acme").In(sqlite.In(tx)), Notes).Insert(ctx, Note{ID: "n1", Text: "for o1"}); err != nil {
		log.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		log.Fatal(err)
	}

	note, err := store.Of(s.For("acme"), Notes).Get(ctx, "n1")
	fmt.Println(note.Text, err, b.Close(), db.Close(), os.RemoveAll(dir))
	// Output: for o1 <nil> <nil> <nil> <nil>
}

func ExampleBackend_Backup() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "servicecoin-example")
	if err != nil {
		log.Fatal(err)
	}
	b, err := sqlite.Open(ctx, filepath.Join(dir, "portal.db"), nil)
	if err != nil {
		log.Fatal(err)
	}

	copied := filepath.Join(dir, "portal-2026-03-29.db")
	fmt.Println(b.Backup(ctx, copied), b.Close(), os.RemoveAll(dir))
	// Output: <nil> <nil> <nil>
}
