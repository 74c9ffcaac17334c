package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin/store"
)

// Find implements store.Backend. It is one statement, and so one snapshot.
func (b *engine) Find(ctx context.Context, q store.Query) ([]store.Document, error) {
	if err := begin(ctx, q.Validate); err != nil {
		return nil, err
	}
	s, possible := b.listing(q)
	if !possible {
		return nil, nil
	}
	var page []store.Document
	s.row = func(scan func(dest ...any) error) error {
		d, err := scanDocument(q.Kind, scan)
		page = append(page, d)
		return err
	}
	scope := scopeOf(q.Customer, q.Everyone).statement()
	if !b.link.joined() { // the host's planner settings are its own until its transaction ends
		scope.sql += ", " + strings.TrimPrefix(ordered().sql, "SELECT ")
	}
	if err := b.read(ctx, scope, s); err != nil {
		return nil, fmt.Errorf("find %s: %w", q.Kind, err)
	}
	return page, nil
}

// listing returns the statement of a query, false if no id can be in its range.
//
// Every form walks an index in its order: the primary key (kind, customer, id)
// for slot 0, the slot's own (kind, customer, iN, id) otherwise. A range across
// customers is a part of the index for each customer, so the statement skips
// from customer to customer.
//
// The inner LIMIT is a literal, which the planner knows even where it plans
// without the parameters' values; a page would look to it like a tenth of the
// table otherwise.
func (b *engine) listing(q store.Query) (statement, bool) {
	l := lister{table: b.table("documents"), column: "id", stored: "body IS NOT NULL", q: q}
	if q.Slot > 0 {
		l.column = "i" + strconv.Itoa(q.Slot)
		l.stored = l.column + " IS NOT NULL"
	}
	if q.Descending {
		l.direction, l.beyond = " DESC", "<"
	} else {
		l.direction, l.beyond = "", ">"
	}
	l.kind = l.arg(q.Kind)
	possible := l.bounds()
	if q.Everyone && (q.From != nil || q.To != nil) {
		return l.skipping(), possible
	}
	return l.straight(), possible
}

// lister builds the text of one listing.
type lister struct {
	q                 store.Query
	table             string
	column, stored    string // the slot's column, and the condition that it has a value
	direction, beyond string // of the order, and the comparison with the cursor
	kind              string
	rangeOf           string // conditions on the column
	args              []any
}

// arg adds a parameter and returns its name.
func (l *lister) arg(value any) string {
	l.args = append(l.args, value)
	return "$" + strconv.Itoa(len(l.args))
}

// bounds turns From and To into conditions. It reports false if nothing can lie
// between them.
func (l *lister) bounds() bool {
	if l.q.Slot > 0 {
		if l.q.From != nil {
			l.rangeOf += " AND " + l.column + " >= " + l.arg(l.q.From)
		}
		if l.q.To != nil {
			l.rangeOf += " AND " + l.column + " < " + l.arg(l.q.To)
		}
		return true
	}
	if l.q.From != nil {
		least, ok := ceiling(l.q.From)
		if !ok {
			return false
		}
		l.rangeOf += " AND id >= " + l.arg(least)
	}
	if l.q.To != nil {
		if least, ok := ceiling(l.q.To); ok {
			l.rangeOf += " AND id < " + l.arg(least)
		}
	}
	return true
}

// order returns the columns that sort the listing within a customer.
func (l *lister) order() []string {
	if l.q.Slot == 0 {
		return []string{"id"}
	}
	return []string{l.column, "id"}
}

// behind returns the condition that a row lies behind the cursor, "" without
// one.
func (l *lister) behind(columns []string) string {
	if l.q.After == nil {
		return ""
	}
	values := make([]string, len(columns))
	for i, c := range columns {
		switch c {
		case "customer":
			values[i] = l.arg(string(l.q.After.Key.Customer))
		case "id":
			values[i] = l.arg(l.q.After.Key.ID)
		default:
			values[i] = l.arg(l.q.After.Index)
		}
	}
	return " AND (" + strings.Join(columns, ", ") + ") " + l.beyond + " (" + strings.Join(values, ", ") + ")"
}

func (l *lister) by(columns []string) string {
	return " ORDER BY " + strings.Join(columns, l.direction+", ") + l.direction
}

// straight lists one customer, or all of them without a range.
func (l *lister) straight() statement {
	whose, order := "", l.order()
	if l.q.Everyone {
		order = append([]string{"customer"}, order...)
	} else {
		whose = " AND customer = " + l.arg(string(l.q.Customer))
	}
	inner := "SELECT " + columns + " FROM " + l.table +
		" WHERE kind = " + l.kind + whose + " AND " + l.stored + l.rangeOf + l.behind(order) +
		l.by(order) + " LIMIT " + strconv.Itoa(store.MaxPage)
	return statement{
		sql:  "SELECT " + columns + " FROM (" + inner + ") AS d" + l.by(order) + " LIMIT " + l.arg(l.q.Limit),
		args: l.args,
	}
}

// skipping lists a range of all customers: the next customer that has
// entries, its part of the range, the next customer. The customers come out of
// the recursion in order and each one's part is in order, so no sort is needed;
// a nested loop is the only way to run a LATERAL with a LIMIT.
func (l *lister) skipping() statement {
	from := l.table + " AS d WHERE d.kind = " + l.kind + " AND d." + l.stored
	first := ""
	if l.q.After != nil {
		first = " AND d.customer " + l.beyond + "= " + l.arg(string(l.q.After.Key.Customer))
	}
	next := " AND d.customer " + l.beyond + " c.customer"
	// Named in full, the order is that of the slot's index and of no other.
	order := " ORDER BY d.customer" + l.direction + ", d." + strings.Join(l.order(), l.direction+", d.") + l.direction + " LIMIT 1"
	part := "SELECT " + columns + " FROM " + l.table +
		" WHERE kind = " + l.kind + " AND customer = c.customer AND " + l.stored + l.rangeOf +
		l.behind(append([]string{"customer"}, l.order()...)) +
		l.by(l.order()) + " LIMIT " + strconv.Itoa(store.MaxPage)
	return statement{
		sql: "WITH RECURSIVE c (customer) AS ((SELECT d.customer FROM " + from + first + order + ")" +
			" UNION ALL SELECT (SELECT d.customer FROM " + from + next + order + ") FROM c WHERE c.customer IS NOT NULL)" +
			" SELECT d." + strings.ReplaceAll(columns, ", ", ", d.") + " FROM c CROSS JOIN LATERAL (" + part + ") AS d LIMIT " + l.arg(l.q.Limit),
		args: l.args,
	}
}
