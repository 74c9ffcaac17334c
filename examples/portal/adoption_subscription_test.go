package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
)

func TestLeavingDay(t *testing.T) {
	t.Parallel()
	berlin := servicecoin.Customer{ID: "alder", Zone: "Europe/Berlin"}
	now := time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC) // the 24th where the customer is
	for text, want := range map[string]string{"": "at once", "2026-11-24": "at once", "2026-11-25": "2026-11-24T23:00:00Z", "2026-11-23": "2026-11-22T23:00:00Z"} {
		day, err := leavingDay(text, berlin, now)
		require.NoError(t, err)
		got := "at once"
		if !day.IsZero() {
			got = day.UTC().Format(time.RFC3339)
		}
		require.Equal(t, want, got, text)
	}
	_, err := leavingDay("tomorrow", berlin, now)
	require.ErrorContains(t, err, "must be a day")
}
