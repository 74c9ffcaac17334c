package main

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
)

func TestReadLength(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"45": 45 * time.Minute, "45 min": 45 * time.Minute, "1 h 30 min": 90 * time.Minute, "1h30m": 90 * time.Minute, "1h 30": 90 * time.Minute, "2 days": 2 * day, "1 day": day, "1d12h": 36 * time.Hour,
		"PT1H": time.Hour, "P2D": 2 * day, "0": 0, "0 s": 0, " 1 Hour ": time.Hour, "90 s": 90 * time.Second, "90 seconds": 90 * time.Second, "1 second": time.Second, "5\tminutes": 5 * time.Minute,
		"100000 min": 100_000 * time.Minute, "36500 days": 36500 * day,
	} {
		d, ok := readLength(text)
		require.True(t, ok, text)
		require.Equal(t, calendar.Within(want), d, text)
	}
	for _, bad := range []string{
		"", " ", "h", "1 fortnight", "-5", "+5", "1,5 h", "1.5 h", "99999999999999999999", "PX", "P", "P1M", "pt1h", "-PT1H", strings.Repeat("1 h ", 20), "1 h x", "x 1 h", "٣ h",
		"36600 days", "9999999999 days", "36500 days 9999999 h", "P1000000D", "1 h\x00",
	} {
		d, ok := readLength(bad)
		require.False(t, ok, bad)
		require.False(t, d.Defined(), bad)
	}
	for text, want := range map[string]string{"90": "1 h 30 min", "0": "0 min", "25 h": "1 day 1 h", "48h": "2 days", "3605 s": "1 h 5 s", "PT36H": "1 day 12 h"} {
		d, ok := readLength(text)
		require.True(t, ok, text)
		require.Equal(t, want, lengthText(d), text)
	}
	require.Empty(t, lengthText(calendar.Duration{}))
}

// What is written is read as what it was, to the second.
func TestLengthsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		most := []time.Duration{time.Minute, time.Hour, day, 36500 * day}[random.IntN(4)]
		d := calendar.Within(time.Duration(random.Int64N(int64(most/time.Second)+1)) * time.Second)
		again, ok := readLength(lengthText(d))
		require.True(t, ok, lengthText(d))
		require.Equal(t, d, again, lengthText(d))
	}
}
