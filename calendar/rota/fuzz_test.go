package rota_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

// FuzzParseRotation reads rotations.
func FuzzParseRotation(f *testing.F) {
	for _, seed := range []string{
		"weekly on Mo-Fr clamp from 2026-01-05 09:00 Europe/Berlin: anna, ben;\nfrom 2026-03-02 09:00: anna, \"a, \\\"b\\\\\", -",
		"every 3 hours from 2026-01-05 09:00: a", "yearly skip from 2024-02-29 00:00 Pacific/Apia: a; from 2025-01-01 00:00:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := rota.Parse(text)
		if err != nil {
			caltest.Codes(t, err)
			return
		}
		written := r.String()
		again, err := rota.Parse(written)
		require.NoError(t, err, written)
		require.Equal(t, written, again.String())
		turns, err := r.Compile()
		require.NoError(t, err, written)
		at := time.Date(2030, time.March, 31, 1, 30, 0, 0, time.UTC)
		for range 3 {
			s := turns.Shift(at)
			require.True(t, s.Contains(at), "%s\n%s at %s", written, s, at)
			who, is := turns.Who(at)
			require.Equal(t, s.Member, who)
			require.Equal(t, who != "", is)
			at = s.End
		}
	})
}
