// Command hosttx answers the second question of a host developer: can my own
// row and the library's record be committed together? Yes: a noun works over a
// view of any store, also over one inside of the host's own transaction.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out *os.File) error {
	dir, err := os.MkdirTemp("", "hosttx")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", filepath.Join(dir, "pager.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE TABLE alarms (id TEXT PRIMARY KEY, text TEXT)"); err != nil {
		return err
	}
	backend, err := sqlite.New(ctx, db, nil)
	if err != nil {
		return err
	}
	records := store.New(backend, nil)
	desk := incident.New(records.For(servicecoin.Provider), nil)

	// An alarm arrives twice: the second time, neither the row nor the incident is stored.
	for range 2 {
		err := alarm(ctx, db, records, desk, "a-17", "Disk of the mail server is full")
		fmt.Fprintln(out, "stored:", err == nil)
	}
	incidents := 0
	for _, err := range desk.Recent().All(ctx) {
		if err != nil {
			return err
		}
		incidents++
	}
	fmt.Fprintln(out, "incidents:", incidents)
	return nil
}

// alarm stores the host's row and opens an incident in one transaction, which
// the host begins and ends.
func alarm(ctx context.Context, db *sql.DB, records *store.Store, desk *incident.Desk, id, text string) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	inside := desk.On(records.Join(sqlite.In(tx)).For(servicecoin.Provider))
	if _, err := inside.Open(ctx, servicecoin.Program("pager"), incident.Report{Title: text}); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO alarms VALUES (?, ?)", id, text); err != nil {
		return err
	}
	return tx.Commit()
}
