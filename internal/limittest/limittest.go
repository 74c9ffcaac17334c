// Package limittest helps tests of limits: what somebody hands in is refused before
// anybody works through it.
package limittest

import (
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// Allocated returns how many bytes a call allocates. No other test runs beside a
// test that calls it.
func Allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// AtOnce fails a test unless a call comes back without computing with all digits of
// 10^100000000.
func AtOnce(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(10 * time.Second): //nolint:forbidigo // ends a test that would compute for days
		t.Fatal("it computes")
	}
}

// HugeNumbers returns numbers whose digits would fill the memory.
func HugeNumbers() (list []decimal.Decimal) {
	for _, exponent := range []int32{100_000_000, -100_000_000, math.MaxInt32, math.MinInt32} {
		list = append(list, decimal.New(1, exponent), decimal.New(-1, exponent))
	}
	return list
}
