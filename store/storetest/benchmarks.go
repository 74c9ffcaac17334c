package storetest

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/servicecoin/servicecoin/store"
)

// RunBenchmarks measures a backend as the store above it uses one: creating,
// reading and replacing a record of two kilobytes with three index values and an
// event, a page of twenty out of an index, a page of the feed; each by one
// goroutine and by sixteen a processor. They are no cases: nothing passes or fails.
//
//	func BenchmarkBackend(b *testing.B) { storetest.RunBenchmarks(b, harness()) }
func RunBenchmarks(b *testing.B, h Harness) {
	b.Helper()
	for _, work := range []struct {
		name string
		do   func(ctx context.Context, s store.Backend, n int) error
	}{
		{"create", func(ctx context.Context, s store.Backend, n int) error {
			return s.Commit(ctx, store.Commit{Writes: []store.Write{insert(heavy(filled + n))}, Events: []store.Event{happened(acme, number(n))}})
		}},
		{"read", func(ctx context.Context, s store.Backend, n int) error {
			_, err := s.Get(ctx, key(acme, number(n%filled)))
			return err
		}},
		{"find 20", func(ctx context.Context, s store.Backend, n int) error {
			_, err := s.Find(ctx, store.Query{Customer: acme, Kind: "thing", Slot: 1, From: []byte(number(n % filled)), Limit: 20})
			return err
		}},
		{"page of the feed", func(ctx context.Context, s store.Backend, _ int) error {
			_, err := s.Events(ctx, store.Feed{Everyone: true, Limit: 20})
			return err
		}},
	} {
		b.Run(work.name, func(b *testing.B) {
			s := filledBackend(b, h)
			n := 0
			for b.Loop() {
				if err := work.do(b.Context(), s, n); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
		b.Run(work.name+", many", func(b *testing.B) {
			s := filledBackend(b, h)
			var n atomic.Int64
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := work.do(b.Context(), s, int(n.Add(1))-1); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
	b.Run("replace", func(b *testing.B) {
		s := filledBackend(b, h)
		versions := make([]store.Version, filled)
		n := 0
		for b.Loop() {
			at := n % filled
			versions[at]++
			err := s.Commit(b.Context(), store.Commit{Writes: []store.Write{update(heavy(at), versions[at])}, Events: []store.Event{happened(acme, number(n))}})
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
	})
}

// filled is how many records there are when a benchmark begins.
const filled = 1000

// heavy is a record of two kilobytes with three index values.
func heavy(n int) store.Document {
	return doc(acme, number(n), strings.Repeat("abcdefghijklmnopqrst", 100), number(n), number(n%7), "state")
}

func filledBackend(b *testing.B, h Harness) store.Backend {
	b.Helper()
	s := h.Open(b)
	const atOnce = 50
	for from := 0; from < filled; from += atOnce {
		var c store.Commit
		for n := from; n < from+atOnce; n++ {
			c.Writes = append(c.Writes, insert(heavy(n)))
		}
		for n := from; n < from+atOnce; n += 2 {
			c.Events = append(c.Events, happened(acme, number(n)))
		}
		if err := s.Commit(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
	return s
}
