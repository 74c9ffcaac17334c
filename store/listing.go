package store

import (
	"context"
	"iter"
)

// Listing is the records of a range, of one customer or of all: to walk through,
// or page by page. It reads nothing until it is asked to.
type Listing[T any] struct {
	of    listing[T]
	where Range
	keep  func(T) bool // nil keeps all
}

// Where is the listing of those records of l that keep answers true for. They are
// read all the same, so an index is better where there is one: this is for what a
// person searches for in a list.
func (l Listing[T]) Where(keep func(T) bool) Listing[T] {
	if before := l.keep; before != nil {
		after := keep
		keep = func(x T) bool { return before(x) && after(x) }
	}
	l.keep = keep
	return l
}

// All yields the records. It yields each at most once, and exactly once if its
// index value does not change meanwhile; writing to the store inside of the loop
// is allowed. It ends after the first error.
func (l Listing[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range l.Items(ctx) {
			if !yield(item.Value, err) {
				return
			}
		}
	}
}

// Items is [Listing.All] with the key and the version of each record: of a
// listing of all customers, the key says whose it is.
func (l Listing[T]) Items(ctx context.Context) iter.Seq2[Item[T], error] {
	return func(yield func(Item[T], error) bool) {
		for item, err := range l.of.items(ctx, l.where) {
			if err == nil && l.keep != nil && !l.keep(item.Value) {
				continue
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

// Page returns one page after the page before, "" for the first. limit is 1 to
// [MaxPage]. A cursor of another listing is ErrInvalid.
//
// A page of [Listing.Where] reads on until it is full, but no more than 10,000
// records: one that is not full, and has a Next, goes on there.
func (l Listing[T]) Page(ctx context.Context, after string, limit int) (Page[T], error) {
	return l.of.page(ctx, l.where, after, limit, l.keep)
}

// PageBefore returns the page before another one, in the order of the listing:
// before is [Page.Previous] of that one. At the beginning of the listing it may
// have fewer records than limit. What holds of a page of [Listing.Where] holds
// here: one that is not full, and has a Previous, goes on there.
func (l Listing[T]) PageBefore(ctx context.Context, before string, limit int) (Page[T], error) {
	return l.of.pageBefore(ctx, l.where, before, limit, l.keep)
}
