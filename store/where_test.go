package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

type leaf struct {
	ID string `json:"id"`
	N  int    `json:"n"`
}

var leaves = store.Kind[leaf]{Name: "test.leaf", ID: func(l leaf) string { return l.ID }, Indexes: []store.Index[leaf]{
	{Name: "n", Columns: "i", Of: func(l leaf) store.Tuple { return store.Tuple{store.Int(int64(l.N % 50))} }},
}}

// Pages of a part of a listing are what walking through it gives, whatever their
// size, in either order, inside of a unit of work too.
func TestPagesOfAPart(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), nil)
	all := store.Of(s.For("acme"), leaves)
	for n := range 700 {
		require.NoError(t, all.Insert(t.Context(), leaf{fmt.Sprintf("%04d", n), n}))
	}
	pages := func(l store.Listing[leaf], size int) (got []string) {
		next := ""
		for {
			p, err := l.Page(t.Context(), next, size)
			require.NoError(t, err)
			require.LessOrEqual(t, len(p.Items), size)
			for _, i := range p.Items {
				got = append(got, i.Value.ID)
			}
			if p.Next == "" {
				return got
			}
			require.Len(t, p.Items, size, "a page that is not the last is full")
			next = p.Next
		}
	}
	// Forwards to the end, and from each page back to the beginning.
	back := func(l store.Listing[leaf], size int) {
		var was []store.Page[leaf]
		for next := ""; ; {
			p, err := l.Page(t.Context(), next, size)
			require.NoError(t, err)
			require.False(t, next == "" && p.Previous != "", "nothing is before the first page")
			require.False(t, next != "" && len(p.Items) > 0 && p.Previous == "")
			if was = append(was, p); p.Next == "" {
				break
			}
			next = p.Next
		}
		for at := len(was) - 1; at > 0; at-- {
			if was[at].Previous == "" { // nothing was left for the last page
				continue
			}
			p, err := l.PageBefore(t.Context(), was[at].Previous, size)
			require.NoError(t, err)
			require.Equal(t, was[at-1].Items, p.Items)
			again, err := l.Page(t.Context(), p.Next, size)
			require.NoError(t, err)
			require.Equal(t, was[at].Items, again.Items, "and forwards again")
		}
	}
	check := func(all store.Collection[leaf]) {
		for _, r := range []store.Range{store.All(), store.By("n"), store.By("n").Descending()} {
			for _, part := range []int{1, 2, 7, 350, 1000} {
				l := all.Find(r).Where(func(l leaf) bool { return l.N%part == part/2 }).Where(func(l leaf) bool { return l.N != 3 })
				var want []string
				for x, err := range l.All(t.Context()) {
					require.NoError(t, err)
					require.True(t, x.N%part == part/2 && x.N != 3)
					want = append(want, x.ID)
				}
				for _, size := range []int{1, 3, 256, 300} {
					require.Equal(t, want, pages(l, size), "every %d, pages of %d", part, size)
					if size > 1 && part < 100 {
						back(l, size)
					}
				}
			}
		}
	}
	check(all)
	require.NoError(t, s.Do(t.Context(), func(tx *store.Store) error {
		all := store.Of(tx.For("acme"), leaves)
		for n := range 20 {
			require.NoError(t, all.Insert(t.Context(), leaf{fmt.Sprintf("%04da", 37*n), 11 * n}))
		}
		check(all)
		return nil
	}))
}

// A page of a part reads so many records and no more: the next one goes on.
func TestPageOfAPartIsBounded(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), nil)
	all := store.Of(s.For("acme"), leaves)
	const n = 10*store.MaxPage + 600
	for first := 0; first < n; first += 50 {
		require.NoError(t, s.Do(t.Context(), func(tx *store.Store) error {
			for k := range 50 {
				require.NoError(t, store.Of(tx.For("acme"), leaves).Insert(t.Context(), leaf{fmt.Sprintf("%06d", first+k), first + k}))
			}
			return nil
		}))
	}
	last := all.Find(store.All()).Where(func(l leaf) bool { return l.N == n-1 })
	p, err := last.Page(t.Context(), "", 10)
	require.NoError(t, err)
	require.Empty(t, p.Items)
	require.NotEmpty(t, p.Next)
	p, err = last.Page(t.Context(), p.Next, 10)
	require.NoError(t, err)
	require.Len(t, p.Items, 1)
	require.Empty(t, p.Next)
}
