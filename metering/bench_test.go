package metering_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

func BenchmarkSeries(b *testing.B) {
	const n = 10_000
	events := make([]metering.Event, n)
	for i := range events {
		events[i] = used(time.Duration(i)*time.Minute, some(decimal.New(int64(i*37%100_000), -4).String()), "region", strconv.Itoa(i%8))
	}
	during := calendar.Between(origin, origin.Add(n*time.Minute))
	for name, w := range map[string]metering.Stretch{"whole": metering.Whole, "hour": metering.Hourly} {
		windows, err := w.Split(during, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, by := range [][]string{nil, {"region"}} {
			b.Run(fmt.Sprintf("%s/groups=%d", name, len(by)), func(b *testing.B) {
				b.ReportAllocs()
				m := meter(metering.Sum)
				for b.Loop() {
					if _, err := m.Series(each(events...), windows, by...); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/event")
			})
		}
	}
}

func BenchmarkMemoryAppend(b *testing.B) {
	b.ReportAllocs()
	s, n := metering.NewMemoryStore(), 0
	for b.Loop() {
		batch := make([]metering.Event, 1000)
		for i := range batch {
			batch[i] = used(time.Duration(n)*time.Second, some("1.5"), "region", "eu")
			batch[i].Customer, batch[i].Source, batch[i].ID, batch[i].RecordedAt = "acme", "s", strconv.Itoa(n), origin
			n++
		}
		if _, err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
