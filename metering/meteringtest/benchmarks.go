package meteringtest

import "testing"

// RunBenchmarks measures a store: appending batches of a hundred events, new ones
// and ones that are there, and listing ten thousand. They are no cases: nothing
// passes or fails.
//
//	func BenchmarkStore(b *testing.B) { meteringtest.RunBenchmarks(b, harness()) }
func RunBenchmarks(b *testing.B, h Harness) {
	b.Helper()
	const batch, filled = 100, 10_000
	b.Run("append 100", func(b *testing.B) {
		s, n := h.Open(b), 0
		for b.Loop() {
			appended(b, s, events(n, n+batch)...)
			n += batch
		}
	})
	b.Run("append 100 again", func(b *testing.B) {
		s, list := h.Open(b), events(0, batch)
		appended(b, s, list...)
		for b.Loop() {
			appended(b, s, list...)
		}
	})
	b.Run("scan 10000", func(b *testing.B) {
		s := h.Open(b)
		for from := 0; from < filled; from += batch {
			appended(b, s, events(from, from+batch)...)
		}
		for b.Loop() {
			if n := len(scanned(b, s, everything(acme))); n != filled {
				b.Fatalf("%d events", n)
			}
		}
	})
}
