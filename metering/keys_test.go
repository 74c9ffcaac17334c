package metering_test

import (
	"flag"
	"runtime"
	"strconv"
	"testing"

	"github.com/servicecoin/servicecoin/metering"
)

var keys = flag.Int("keys", 1_000_000, "how many keys are measured")

// BenchmarkKeys measures what a key takes in memory, beside its text in the row of its
// event: -benchtime 1x -keys 100000000.
func BenchmarkKeys(b *testing.B) {
	b.Run(strconv.Itoa(*keys), func(b *testing.B) {
		for b.Loop() {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			x := metering.IndexOf(*keys)
			runtime.GC()
			runtime.ReadMemStats(&after)
			runtime.KeepAlive(x)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(*keys), "B/key")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(*keys), "ns/key")
		}
	})
}
