package sqlite

import (
	"bytes"
	"context"
	"database/sql/driver"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Each listing has one index that holds its order: the primary key for slot 0,
// servicecoin_documents_iN for slot N. The texts name it, so that no statistics
// can talk SQLite into another plan, and bounds are always there: what is open
// gets the least or the greatest value that can be. That leaves a handful of
// texts, which stay prepared.

// Find implements store.Backend.
func (b *Backend) Find(ctx context.Context, q store.Query) ([]store.Document, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if err := q.Validate(); err != nil {
		return nil, err
	}
	return find(ctx, b.from, q)
}

func find(ctx context.Context, from reader, q store.Query) ([]store.Document, error) {
	var l lister
	use := from.read
	walk := l.straight
	if q.Everyone && (len(q.From) > 0 || q.To != nil) {
		use, walk = from.snapshot, l.skipping
	}
	err := use(ctx, func(r runner) error {
		l = lister{runner: r, query: q}
		return walk(ctx)
	})
	if err != nil {
		return nil, failed(err)
	}
	return l.page, nil
}

// lister fills a page.
type lister struct {
	runner
	query store.Query
	page  []store.Document
}

// straight reads the page with one statement.
func (l *lister) straight(ctx context.Context) error {
	if !l.query.Everyone {
		return l.of(ctx, l.query.Customer, l.query.After)
	}
	q := l.query
	args := []any{q.Kind, int64(q.Limit)}
	if a := q.After; a == nil && !q.Descending {
		args = append(args, "", "", lowest())
	} else if a == nil {
		args = append(args, highestText, "", lowest())
	} else {
		args = append(args, string(a.Key.Customer), a.Key.ID, a.Index)
	}
	if q.Slot == 0 {
		args = args[:4]
	}
	return l.collect(ctx, everyoneText(q.Slot, q.Descending), "", args...)
}

// skipping reads a range of everyone's: customer by customer, from one to the
// next that has an entry at all.
func (l *lister) skipping(ctx context.Context) error {
	q := l.query
	if a := q.After; a != nil {
		if err := l.of(ctx, a.Key.Customer, a); err != nil {
			return err
		}
	}
	at := ""
	switch {
	case q.After != nil:
		at = string(q.After.Key.Customer)
	case q.Descending:
		at = highestText
	}
	for len(l.page) < q.Limit {
		if err := alive(ctx); err != nil {
			return err
		}
		next := ""
		err := l.first(ctx, nextCustomerText(q.Slot, q.Descending), &next, q.Kind, at)
		if err != nil || next == "" {
			return err
		}
		if err := l.of(ctx, servicecoin.CustomerID(next), nil); err != nil {
			return err
		}
		at = next
	}
	return nil
}

func (l *lister) first(ctx context.Context, statement string, into *string, args ...any) error {
	return l.runner.query(ctx, statement, func(row []driver.Value) error {
		*into = text(row[0])
		return nil
	}, args...)
}

// The least and the greatest values. No index value is empty, none is longer
// than MaxIndex; no id has a byte 0xff, being UTF-8.
func lowest() []byte  { return []byte{0} }
func highest() []byte { return bytes.Repeat([]byte{0xff}, store.MaxIndex+1) }

const highestText = "\xff"

// of reads one customer's part of the page, behind a cursor of its own.
func (l *lister) of(ctx context.Context, c servicecoin.CustomerID, after *store.Cursor) error {
	q := l.query
	args := []any{q.Kind, int64(q.Limit - len(l.page)), string(c)}
	if q.Slot == 0 {
		from, to := string(q.From), highestText
		if q.To != nil {
			to = string(q.To)
		}
		switch {
		case after != nil && q.Descending:
			to = min(to, after.Key.ID)
		case after != nil:
			from = max(from, after.Key.ID+"\x00") // the next id that can be
		}
		args = append(args, from, to)
	} else {
		from, to := point{value: q.From}, point{value: q.To}
		if len(q.From) == 0 {
			from.value = lowest()
		}
		if q.To == nil {
			to.value = highest()
		}
		switch {
		case after != nil && q.Descending:
			to = to.orBefore(point{after.Index, after.Key.ID})
		case after != nil:
			from = from.orAfter(point{after.Index, after.Key.ID})
		}
		if len(to.value) == 0 {
			return nil // To is empty, and nothing is below
		}
		args = append(args, from.value, from.id, to.value, to.id)
	}
	return l.collect(ctx, customerText(q.Slot, q.Descending), c, args...)
}

// point is one in the order of an index, within a customer.
type point struct {
	value []byte
	id    string
}

func (p point) less(o point) bool {
	if c := bytes.Compare(p.value, o.value); c != 0 {
		return c < 0
	}
	return p.id < o.id
}

func (p point) orAfter(o point) point {
	if p.less(o) {
		return o
	}
	return p
}

func (p point) orBefore(o point) point {
	if o.less(p) {
		return o
	}
	return p
}

// collect appends the rows to the page. c is the customer if the rows do not
// tell.
func (l *lister) collect(ctx context.Context, statement string, c servicecoin.CustomerID, args ...any) error {
	return l.runner.query(ctx, statement, func(row []driver.Value) error {
		d := document(row)
		d.Key = store.Key{Customer: c, Kind: l.query.Kind, ID: text(row[11])}
		if c == "" {
			d.Key.Customer = servicecoin.CustomerID(text(row[12]))
		}
		l.page = append(l.page, d)
		return alive(ctx)
	}, args...)
}

// form writes the parts in which the texts differ.
type form struct {
	index  string // the index that holds the order
	column string // the slot's
	there  string // what makes a row an entry of the listing
	above  string // the comparison that leads onwards
	order  string
}

func formOf(slot int, descending bool) form {
	f := form{index: "sqlite_autoindex_servicecoin_documents_1", there: "body IS NOT NULL", above: " > "}
	if slot > 0 {
		f.column = "i" + strconv.Itoa(slot)
		f.index = "servicecoin_documents_" + f.column
		f.there = f.column + " IS NOT NULL"
	}
	if descending {
		f.above, f.order = " < ", " DESC"
	}
	return f
}

func (f form) from(columns string) string {
	var b strings.Builder
	b.WriteString("SELECT ")
	b.WriteString(columns)
	b.WriteString(" FROM servicecoin_documents INDEXED BY ")
	b.WriteString(f.index)
	b.WriteString(" WHERE kind = ?1 AND ")
	b.WriteString(f.there)
	return b.String()
}

// customerText lists one customer's documents between two places. The plus before the
// limit keeps SQLite from planning by its value, and so from preparing the statement
// again whenever it is bound. So it is in every listing.
func customerText(slot int, descending bool) string {
	f := formOf(slot, descending)
	if slot == 0 {
		return f.from(content+", id") + " AND customer = ?3 AND id >= ?4 AND id < ?5 ORDER BY id" + f.order + " LIMIT +?2"
	}
	return f.from(content+", id") + " AND customer = ?3 AND (" + f.column + ", id) > (?4, ?5) AND (" + f.column + ", id) < (?6, ?7)" +
		" ORDER BY " + f.column + f.order + ", id" + f.order + " LIMIT +?2"
}

// everyoneText lists all customers' documents behind a point.
func everyoneText(slot int, descending bool) string {
	f := formOf(slot, descending)
	if slot == 0 {
		return f.from(content+", id, customer") + " AND (customer, id)" + f.above + "(?3, ?4) ORDER BY customer" + f.order + ", id" + f.order + " LIMIT +?2"
	}
	return f.from(content+", id, customer") + " AND (customer, " + f.column + ", id)" + f.above + "(?3, ?5, ?4)" +
		" ORDER BY customer" + f.order + ", " + f.column + f.order + ", id" + f.order + " LIMIT +?2"
}

// nextCustomerText finds the next customer that has an entry.
func nextCustomerText(slot int, descending bool) string {
	f := formOf(slot, descending)
	return f.from("customer") + " AND customer" + f.above + "?2 ORDER BY customer" + f.order + " LIMIT 1"
}
