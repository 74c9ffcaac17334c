package store

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"iter"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// Matches reports whether the document belongs to the listing, behind its
// cursor. It is the definition that backends are held to.
func (q Query) Matches(d Document) bool {
	if d.Key.Kind != q.Kind || !q.Everyone && d.Key.Customer != q.Customer {
		return false
	}
	value := []byte(d.Key.ID)
	if q.Slot > 0 {
		value = d.Index[q.Slot-1]
		if len(value) == 0 {
			return false
		}
	}
	if bytes.Compare(value, q.From) < 0 || q.To != nil && bytes.Compare(value, q.To) >= 0 {
		return false
	}
	return q.After == nil || q.before(*q.After, cursorOf(d, q.Slot))
}

// order compares two cursors of the listing: customer, index value, id, and all
// of it reversed when descending.
func (q Query) order(a, b Cursor) int {
	c := strings.Compare(string(a.Key.Customer), string(b.Key.Customer))
	if c == 0 {
		c = bytes.Compare(a.Index, b.Index)
	}
	if c == 0 {
		c = strings.Compare(a.Key.ID, b.Key.ID)
	}
	if q.Descending {
		return -c
	}
	return c
}

// before reports whether the listing shows a before b.
func (q Query) before(a, b Cursor) bool { return q.order(a, b) < 0 }

// cursorOf returns where a document stands in a listing by slot.
func cursorOf(d Document, slot int) Cursor {
	c := Cursor{Key: d.Key}
	if slot > 0 {
		c.Index = d.Index[slot-1]
	}
	return c
}

// Range says which records to list and in which order. The zero Range is all,
// by id.
type Range struct {
	index      string
	under      string
	prefix     Tuple
	from, to   *Value
	descending bool
}

// All lists every record by id.
func All() Range { return Range{} }

// Under lists by id the records whose id [JoinID] made of these parts and more: all
// that belong to one, without an index. The ids are short enough to be no digest.
func Under(parts ...string) Range { return Range{under: joined(parts) + "/"} }

// By lists the records that are in an index, in its order; with values only
// those whose first columns are these.
func By(index string, values ...Value) Range { return Range{index: index, prefix: values} }

// From keeps records whose next column, after those of By, is at least v.
func (r Range) From(v Value) Range { r.from = &v; return r }

// To keeps records whose next column, after those of By, is below v.
func (r Range) To(v Value) Range { r.to = &v; return r }

// Descending reverses the order.
func (r Range) Descending() Range { r.descending = true; return r }

// query turns the range into a backend's query.
func (r Range) query(kind string, slot int, columns string) (Query, error) {
	q := Query{Kind: kind, Slot: slot, Descending: r.descending}
	var v servicecoin.Violations
	if slot == 0 {
		if len(r.prefix) > 0 || r.from != nil || r.to != nil {
			v.Add("index", "required", "", "a listing by id has no columns to compare")
		}
		if r.under != "" {
			const next = "0" // the byte after "/"
			q.From, q.To = []byte(r.under), []byte(r.under[:len(r.under)-1]+next)
		}
		return q, v.Err()
	}
	if len(r.prefix) > len(columns) {
		v.Add("index "+r.index, "columns", "", "the values compared are not columns \""+columns+"\"")
		return q, v.Err()
	}
	if len(r.prefix) > 0 {
		q.From, q.To = r.prefix.Encode(), r.prefix.prefixEnd()
	}
	longest := r.prefix
	if r.from != nil {
		longest = r.prefix.and(*r.from)
		q.From = longest.Encode()
	}
	if r.to != nil {
		with := r.prefix.and(*r.to)
		q.To = with.Encode()
		if !with.fits([]Column(columns)) {
			longest = with
		}
	}
	if !longest.fits([]Column(columns)) {
		v.Add("index "+r.index, "columns", "", "the values compared are not columns \""+columns+"\"")
	}
	return q, v.Err()
}

// Page is one page of a listing, for an HTTP answer.
type Page[T any] struct {
	Items    []Item[T]
	Next     string // hand it to the next call of [Listing.Page]; "" is the end
	Previous string // hand it to [Listing.PageBefore]; "" is the beginning
}

// Find is the listing of a range.
func (c Collection[T]) Find(r Range) Listing[T] {
	return Listing[T]{of: listing[T]{c, false}, where: r}
}

// Reader reads the records of one kind of all customers.
type Reader[T any] struct{ listing listing[T] }

// Across returns a reader over all customers, for the host's own nightly work.
// It exists for a [Store] alone: whoever holds a [View] cannot get one.
func Across[T any](s *Store, k Kind[T]) Reader[T] {
	return Reader[T]{listing[T]{Of(s.For(servicecoin.Provider), k), true}}
}

// Find is the listing of a range over all customers: customer by customer, each in
// the order of the range.
func (r Reader[T]) Find(where Range) Listing[T] { return Listing[T]{of: r.listing, where: where} }

// listing is what listings of one customer and of all have in common.
type listing[T any] struct {
	c        Collection[T]
	everyone bool
}

func (l listing[T]) query(ctx context.Context, r Range) (Query, error) {
	if err := l.c.view.Err(); err != nil {
		return Query{}, err
	}
	slot, err := l.c.kind.slot(r.index)
	if err != nil {
		return Query{}, err
	}
	if err := l.c.start(ctx, slot, false); err != nil {
		return Query{}, err
	}
	columns := ""
	if slot > 0 {
		columns = l.c.kind.Indexes[slot-1].Columns
	}
	q, err := r.query(l.c.kind.Name, slot, columns)
	if q.Everyone = l.everyone; !q.Everyone {
		q.Customer = l.c.view.customer
	}
	return q, err
}

// pages are small at first, for the caller who looks at one record.
const (
	firstPage = 16
	mostPage  = 256
)

func (l listing[T]) items(ctx context.Context, r Range) iter.Seq2[Item[T], error] {
	return func(yield func(Item[T], error) bool) {
		q, err := l.query(ctx, r)
		if err != nil {
			yield(Item[T]{}, err)
			return
		}
		// A record whose index value grows inside of the loop would come again.
		var seen map[Key]struct{}
		if q.Slot > 0 {
			seen = map[Key]struct{}{}
		}
		for q.Limit = firstPage; ; q.Limit = min(2*q.Limit, mostPage) {
			page, next, err := l.fetch(ctx, q)
			if err != nil {
				yield(Item[T]{}, err)
				return
			}
			for _, d := range page {
				if seen != nil {
					if _, again := seen[d.Key]; again {
						continue
					}
					seen[d.Key] = struct{}{}
				}
				if !l.yield(d, yield) {
					return
				}
			}
			if next == nil {
				return
			}
			q.After = next
		}
	}
}

func (l listing[T]) yield(d Document, yield func(Item[T], error) bool) bool {
	value, err := l.c.kind.read(d)
	if err != nil {
		yield(Item[T]{Key: d.Key, Version: d.Version}, err)
		return false
	}
	return yield(Item[T]{Key: d.Key, Version: d.Version, Value: value}, nil)
}

// fetch returns one page and where it ended, nil at the end of the listing.
func (l listing[T]) fetch(ctx context.Context, q Query) ([]Document, *Cursor, error) {
	if ctx.Err() != nil {
		return nil, nil, servicecoin.Unchanged(context.Cause(ctx))
	}
	s := l.c.view.store
	if s.unit != nil {
		if err := s.unit.alive(); err != nil {
			return nil, nil, err
		}
	}
	page, err := s.backend.Find(ctx, q)
	if err != nil {
		return nil, nil, servicecoin.Unchanged(err)
	}
	var next *Cursor
	if len(page) == q.Limit {
		c := cursorOf(page[len(page)-1], q.Slot)
		next = &c
	}
	if s.unit != nil {
		page = s.unit.overlay(q, page, next == nil)
	}
	return page, next, nil
}

// mostRead is how many records a page of some of them reads at most.
const mostRead = 10 * MaxPage

func (l listing[T]) page(ctx context.Context, r Range, after string, limit int, keep func(T) bool) (Page[T], error) {
	q, err := l.query(ctx, r)
	if err != nil {
		return Page[T]{}, err
	}
	q.Limit = limit
	if after != "" {
		c, err := parseCursor(after, q)
		if err != nil {
			return Page[T]{}, err
		}
		q.After = &c
	}
	out, first, next, err := l.some(ctx, q, keep)
	if err != nil {
		return Page[T]{}, err
	}
	if next != nil {
		out.Next = next.text(q)
	}
	if first != nil && after != "" {
		out.Previous = first.text(q)
	}
	return out, nil
}

// pageBefore reads the listing backwards from a cursor, and turns round what it
// found. Cursors are those of the listing itself, whichever way it is read.
func (l listing[T]) pageBefore(ctx context.Context, r Range, before string, limit int, keep func(T) bool) (Page[T], error) {
	q, err := l.query(ctx, r)
	if err != nil {
		return Page[T]{}, err
	}
	c, err := parseCursor(before, q)
	if err != nil {
		return Page[T]{}, err
	}
	back := q
	back.Limit, back.After, back.Descending = limit, &c, !q.Descending
	out, first, next, err := l.some(ctx, back, keep)
	if err != nil {
		return Page[T]{}, err
	}
	slices.Reverse(out.Items)
	if next != nil {
		out.Previous = next.text(q)
	}
	if first != nil {
		out.Next = first.text(q)
	}
	return out, nil
}

// some reads from where the query begins until it has as many as the limit asks
// for, or has read enough. It returns where the first record that it read stands,
// and where to go on, nil at the end.
func (l listing[T]) some(ctx context.Context, q Query, keep func(T) bool) (out Page[T], first, next *Cursor, err error) {
	limit := q.Limit
	if keep == nil {
		keep = func(T) bool { return true }
	} else if limit > 0 && limit < mostPage {
		q.Limit = mostPage // what is kept is a part of it
	}
	out = Page[T]{Items: make([]Item[T], 0, min(max(limit, 0), MaxPage))}
	for read := 0; ; {
		var docs []Document
		docs, next, err = l.fetch(ctx, q)
		if err != nil {
			return Page[T]{}, nil, nil, err
		}
		if first == nil && len(docs) > 0 {
			c := cursorOf(docs[0], q.Slot)
			first = &c
		}
		for n, d := range docs {
			l.yield(d, func(item Item[T], e error) bool {
				if err = e; err == nil && keep(item.Value) {
					out.Items = append(out.Items, item)
				}
				return true
			})
			if err != nil {
				return Page[T]{}, nil, nil, err
			}
			if len(out.Items) == limit && n+1 < len(docs) {
				c := cursorOf(d, q.Slot)
				next = &c
				break
			}
		}
		if read += len(docs); next == nil || len(out.Items) >= limit || read >= mostRead {
			return out, first, next, nil
		}
		q.After = next
	}
}

// slotNames is how a cursor names slot 0 to 8.
const slotNames = "012345678"

// text is the cursor as it travels: opaque, bound to kind, slot and direction.
func (c Cursor) text(q Query) string {
	b := []byte{'1', slotNames[q.Slot]}
	if q.Descending {
		b[0] = '2'
	}
	for _, part := range []string{q.Kind, string(c.Key.Customer), c.Key.ID, string(c.Index)} {
		b = binary.AppendUvarint(b, uint64(len(part)))
		b = append(b, part...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(text string, q Query) (Cursor, error) {
	fail := func(why string) (Cursor, error) {
		var v servicecoin.Violations
		v.Add("after", "bad-cursor", text, why)
		return Cursor{}, v.Err()
	}
	const most = 2 * (MaxIndex + 3*servicecoin.MaxIDBytes + 16) // as base64, and with room to spare
	if len(text) > most {
		return fail("is no cursor of this library")
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 2 {
		return fail("is no cursor of this library")
	}
	direction := byte('1')
	if q.Descending {
		direction = '2'
	}
	if b[0] != direction || b[1] != slotNames[q.Slot] {
		return fail("is the cursor of another listing")
	}
	b = b[2:]
	var parts [4]string
	for i := range parts {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > MaxCommit || int(n) > len(b)-size {
			return fail("is no cursor of this library")
		}
		parts[i], b = string(b[size:size+int(n)]), b[size+int(n):]
	}
	if parts[0] != q.Kind || len(b) != 0 {
		return fail("is the cursor of another listing")
	}
	if !q.Everyone && parts[1] != string(q.Customer) {
		return fail("is the cursor of another customer")
	}
	c := Cursor{Key: Key{Customer: servicecoin.CustomerID(parts[1]), Kind: parts[0], ID: parts[2]}}
	if q.Slot > 0 {
		c.Index = []byte(parts[3])
	}
	return c, nil
}
