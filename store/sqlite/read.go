package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

const (
	content = `version, shape, i1, i2, i3, i4, i5, i6, i7, i8, body`

	getDocument = `SELECT ` + content + ` FROM servicecoin_documents WHERE kind = ?1 AND customer = ?2 AND id = ?3 AND body IS NOT NULL`

	eventColumns = `position, id, name, customer, kind, subject, actor_kind, actor, on_behalf_of, at, data`

	// NOT INDEXED leaves the table's own order, which is the feed's.
	allEvents = `SELECT ` + eventColumns + ` FROM servicecoin_events NOT INDEXED
WHERE position > ?1 AND customer IS NOT NULL ORDER BY position LIMIT +?2`

	eventsOf = `SELECT ` + eventColumns + ` FROM servicecoin_events INDEXED BY servicecoin_events_customer
WHERE customer = ?3 AND position > ?1 ORDER BY position LIMIT +?2`
)

// Get implements store.Backend.
func (b *Backend) Get(ctx context.Context, key store.Key) (store.Document, error) {
	if err := alive(ctx); err != nil {
		return store.Document{}, err
	}
	if err := key.Validate(); err != nil {
		return store.Document{}, err
	}
	return get(ctx, b.from, key)
}

func get(ctx context.Context, from reader, key store.Key) (store.Document, error) {
	var d store.Document
	found := false
	err := from.read(ctx, func(r runner) error {
		return r.query(ctx, getDocument, func(row []driver.Value) error {
			found = true
			d = document(row)
			return nil
		}, key.Kind, string(key.Customer), key.ID)
	})
	if err != nil {
		return store.Document{}, failed(err)
	}
	if !found {
		return store.Document{}, servicecoin.NotFound(key)
	}
	d.Key = key
	return d, nil
}

// Events implements store.Backend. Writes happen one after the other, and
// positions are given while the write lock is held, so the feed has no gap that
// may still be filled.
func (b *Backend) Events(ctx context.Context, f store.Feed) ([]store.Event, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if err := f.Validate(); err != nil {
		return nil, err
	}
	return events(ctx, b.from, f)
}

func events(ctx context.Context, from reader, f store.Feed) ([]store.Event, error) {
	text, args := allEvents, []any{int64(f.After), int64(f.Limit)}
	if !f.Everyone {
		text, args = eventsOf, append(args, string(f.Customer))
	}
	var page []store.Event
	err := from.read(ctx, func(r runner) error {
		page = nil
		return r.query(ctx, text, func(row []driver.Value) error {
			page = append(page, event(row))
			return alive(ctx)
		}, args...)
	})
	if err != nil {
		return nil, failed(err)
	}
	return page, nil
}

// reader is the part of a source that reads.
type reader interface {
	read(ctx context.Context, fn func(runner) error) error
	snapshot(ctx context.Context, fn func(runner) error) error
}

// document reads a row of content.
func document(row []driver.Value) store.Document {
	d := store.Document{Version: store.Version(number(row[0])), Shape: int(number(row[1])), Body: bytesOf(row[10])}
	for i := range d.Index {
		d.Index[i] = bytesOf(row[2+i])
	}
	return d
}

func event(row []driver.Value) store.Event {
	return store.Event{
		Position: store.Position(number(row[0])),
		ID:       text(row[1]),
		Name:     text(row[2]),
		Subject:  store.Key{Customer: servicecoin.CustomerID(text(row[3])), Kind: text(row[4]), ID: text(row[5])},
		Actor: servicecoin.Actor{
			Kind:       servicecoin.ActorKind(text(row[6])),
			ID:         servicecoin.PersonID(text(row[7])),
			OnBehalfOf: servicecoin.PersonID(text(row[8])),
		},
		At:   time.UnixMicro(number(row[9])).UTC(),
		Data: json.RawMessage(bytesOf(row[10])),
	}
}

// Values come as the driver gives them: integers as int64, texts as strings or
// bytes, blobs as bytes that are ours to keep, NULL as nil.

func number(v driver.Value) int64 {
	n, _ := v.(int64) // NULL is 0
	return n
}

func text(v driver.Value) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	default:
		return ""
	}
}

func bytesOf(v driver.Value) []byte {
	switch v := v.(type) {
	case []byte:
		return v
	case string:
		return []byte(v)
	default:
		return nil
	}
}
