package rota_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar/rota"
)

func BenchmarkRotationWho(b *testing.B) {
	for _, c := range []struct{ name, rotation string }{
		{"hourly", "hourly from 2006-01-04 09:00 America/Chicago: a, b, c"},
		{"weekly on Mo-Fr", "weekly on Mo-Fr from 2006-01-04 09:00 America/Chicago: a, b, c"},
		{"monthly", "monthly from 2006-01-31 09:00 America/Chicago: a, b, c"},
		{"monthly skip", "monthly skip from 2006-01-31 09:00 America/Chicago: a, b, c"},
	} {
		turns := turnsOf(b, c.rotation)
		at := time.Date(2026, time.January, 4, 12, 30, 0, 0, time.UTC)
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				turns.Who(at)
			}
		})
		b.Run(c.name+" shift", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				turns.Shift(at)
			}
		})
	}
}

func BenchmarkRotationCompile(b *testing.B) {
	r, err := rota.Parse("hourly from 2006-01-04 09:00 America/Chicago: a, b, c")
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Compile(); err != nil {
			b.Fatal(err)
		}
	}
}
