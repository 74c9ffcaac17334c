// Command hosttx answers the second question of a host developer: can my own
// row and the library's record be committed together? Yes: a noun works over a
// view, and the view goes into the host's own transaction.
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
	provider := store.New(backend, nil).For(servicecoin.Provider)
	desk := incident.New(provider, nil)

	// An alarm arrives twice: the second time, neither the row nor the incident is stored.
	for range 2 {
		err := alarm(ctx, db, provider, desk, "a-17", "Disk of the mail server is full")
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
func alarm(ctx context.Context, db *sql.DB, provider store.View, desk *incident.Desk, id, text string) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if _, err := desk.On(provider.In(sqlite.In(tx))).Open(ctx, servicecoin.Program("pager"), incident.Report{Title: text}); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO alarms VALUES (?, ?)", id, text); err != nil {
		return err
	}
	return tx.Commit()
}
