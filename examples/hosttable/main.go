// Command hosttable answers the first question of a host developer: my services
// and customers are in a table of my own; do I have to copy them? No: two
// read-only methods tell the library what it needs to know of them.
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// table is the host's own schema, which the library never sees.
type table struct{ db *sql.DB }

// Service implements catalog.Directory.
func (t table) Service(ctx context.Context, id servicecoin.ServiceID) (name string, err error) {
	err = t.db.QueryRowContext(ctx, "SELECT name FROM products WHERE sku = ?", id).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		err = servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "product", ID: string(id)})
	}
	return name, err
}

// Concerned implements catalog.Directory.
func (t table) Concerned(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval, after servicecoin.CustomerID, limit int) ([]servicecoin.CustomerID, error) {
	rows, err := t.db.QueryContext(ctx, `SELECT DISTINCT account FROM contracts
		WHERE sku = ? AND since < ? AND coalesce(until, '9999') > ? AND account > ? ORDER BY account LIMIT ?`,
		service, during.End.Format(time.DateTime), during.Start.Format(time.DateTime), after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var customers []servicecoin.CustomerID
	for rows.Next() {
		var c servicecoin.CustomerID
		if err := rows.Scan(&c); err != nil {
			return nil, err
		}
		customers = append(customers, c)
	}
	return customers, rows.Err()
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out *os.File) error {
	dir, err := os.MkdirTemp("", "hosttable")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", filepath.Join(dir, "shop.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `
		CREATE TABLE products (sku TEXT PRIMARY KEY, name TEXT);
		CREATE TABLE contracts (account TEXT, sku TEXT, since TEXT, until TEXT);
		INSERT INTO products VALUES ('M-1', 'Mail');
		INSERT INTO contracts VALUES ('acme', 'M-1', '2020-01-01', NULL), ('globex', 'M-1', '2020-01-01', '2021-01-01')`); err != nil {
		return err
	}
	backend, err := sqlite.New(ctx, db, nil) // beside the host's tables, in the same file
	if err != nil {
		return err
	}
	return story(ctx, out, store.New(backend, nil), table{db})
}

func story(ctx context.Context, out *os.File, records *store.Store, services catalog.Directory) error {
	ada := servicecoin.Person("ada")
	provider, err := coin.New(records, services, nil)
	if err != nil {
		return err
	}
	now := records.Now()
	for _, customer := range []servicecoin.CustomerID{"acme", "globex"} {
		promise := sla.Promise{
			ID: "mail", Service: "M-1", Objective: decimal.RequireFromString("99.9"), ValidFrom: now.AddDate(-10, 0, 0),
			Terms: sla.Terms{Weights: sla.Weights{"outage": decimal.NewFromInt(1)}},
		}
		if _, err := provider.Keeper(customer).Make(ctx, ada, promise); err != nil {
			return err
		}
	}
	i, err := provider.Desk().Open(ctx, ada, incident.Report{
		Title: "Mail was down", Began: now.Add(-time.Hour), DetectedAt: now,
		Effects: []incident.Effect{{Service: "M-1", Level: incident.Outage, From: now.Add(-time.Hour)}},
	})
	if err != nil {
		return err
	}
	if _, err := provider.Desk().Resolve(ctx, ada, i.ID, incident.Resolution{Text: "Restarted"}); err != nil {
		return err
	}
	exchange, err := provider.Exchange(nil)
	if err != nil {
		return err
	}
	for done := (store.Stepped{Effects: 1}); done.Effects > 0; {
		if done, err = exchange.Step(ctx, 100); err != nil {
			return err
		}
	}
	for _, customer := range []servicecoin.CustomerID{"acme", "globex"} {
		due := 0
		for _, err := range provider.Keeper(customer).Due().All(ctx) {
			if err != nil {
				return err
			}
			due++
		}
		fmt.Fprintf(out, "%s: %t\n", customer, due > 0)
	}
	return nil
}
