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
}

// All yields the records. It yields each at most once, and exactly once if its
// index value does not change meanwhile; writing to the store inside of the loop
// is allowed. It ends after the first error.
func (l Listing[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range l.of.items(ctx, l.where) {
			if !yield(item.Value, err) {
				return
			}
		}
	}
}

// Items is [Listing.All] with the key and the version of each record: of a
// listing of all customers, the key says whose it is.
func (l Listing[T]) Items(ctx context.Context) iter.Seq2[Item[T], error] {
	return l.of.items(ctx, l.where)
}

// Page returns one page after the page before, "" for the first. limit is 1 to
// [MaxPage]. A cursor of another listing is ErrInvalid.
func (l Listing[T]) Page(ctx context.Context, after string, limit int) (Page[T], error) {
	return l.of.page(ctx, l.where, after, limit)
}
