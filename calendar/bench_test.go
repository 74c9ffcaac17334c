package calendar_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

const many = 10_000

// manySpans overlap about four deep, with four weights.
func manySpans() []calendar.Span {
	out := make([]calendar.Span, many)
	for i := range out {
		start := second(i * 7919 % many * 60)
		out[i] = calendar.Span{
			Interval: calendar.Between(start, start.Add(time.Duration(i%9)*time.Minute)),
			Weight:   decimal.New(int64(i%4), -1),
			Tag:      strconv.Itoa(i),
		}
	}
	return out
}

func manyIntervals(offset int) []calendar.Interval {
	out := make([]calendar.Interval, many)
	for i := range out {
		out[i] = stretch(i*10+offset, i*10+offset+6)
	}
	return out
}

func BenchmarkSetOf10k(b *testing.B) {
	list := manyIntervals(0)
	for i := range list {
		list[i], list[i*7919%many] = list[i*7919%many], list[i]
	}
	b.ReportAllocs()
	for b.Loop() {
		calendar.SetOf(list...)
	}
}

func BenchmarkUnion10k(b *testing.B) {
	x, y := calendar.SetOf(manyIntervals(0)...), calendar.SetOf(manyIntervals(3)...)
	b.ReportAllocs()
	for b.Loop() {
		x.Union(y)
	}
}

func BenchmarkSubtract10k(b *testing.B) {
	x, y := calendar.SetOf(manyIntervals(0)...), calendar.SetOf(manyIntervals(3)...)
	b.ReportAllocs()
	for b.Loop() {
		x.Subtract(y)
	}
}

func BenchmarkContains10k(b *testing.B) {
	x := calendar.SetOf(manyIntervals(0)...)
	b.ReportAllocs()
	for b.Loop() {
		x.Contains(second(54_321))
	}
}

func BenchmarkWorst10k(b *testing.B) {
	spans := manySpans()
	b.ReportAllocs()
	for b.Loop() {
		calendar.Worst(spans...)
	}
}

func BenchmarkWeightedSeconds10k(b *testing.B) {
	steps := calendar.Worst(manySpans()...)
	b.ReportAllocs()
	for b.Loop() {
		steps.WeightedSeconds()
	}
}

func BenchmarkDaysOfAYear(b *testing.B) {
	loc := caltest.Location(b, "Europe/Berlin")
	year := caltest.Between(b, "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z")
	b.ReportAllocs()
	for b.Loop() {
		for range calendar.Days(year, loc) {
			continue
		}
	}
}
