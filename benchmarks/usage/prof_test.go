package usage_test

import (
	"testing"

	"github.com/servicecoin/servicecoin/benchmarks/usage"
	"github.com/servicecoin/servicecoin/metering"
)

// BenchmarkQuestions asks each question again and again: for profiles.
func BenchmarkQuestions(b *testing.B) {
	s := metering.NewMemoryStore()
	fill(b, s, *events)
	if err := s.Seal(b.Context(), usage.End()); err != nil {
		b.Fatal(err)
	}
	q, err := usage.Ask(s)
	if err != nil {
		b.Fatal(err)
	}
	const meter, customer = 3, 20
	for name, ask := range map[string]func() ([]*metering.Measured, error){
		"A": func() ([]*metering.Measured, error) { return q.A(b.Context()) },
		"B": func() ([]*metering.Measured, error) { return q.B(b.Context(), meter) },
		"C": func() ([]*metering.Measured, error) { return q.C(b.Context(), meter) },
		"D": func() ([]*metering.Measured, error) { return q.D(b.Context(), meter) },
		"E": func() ([]*metering.Measured, error) { return q.E(b.Context(), meter, customer) },
		"total": func() ([]*metering.Measured, error) {
			m, err := q.Total(b.Context(), meter, customer)
			return []*metering.Measured{m}, err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
