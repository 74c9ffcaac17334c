package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func writeList(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "incidents.csv")
	text := "id,begin,end,severity,status_impact,service,affected_products,locations\n" + strings.Join(lines, "\n") + "\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestListTakenIn(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "portal.db")
	lines := []string{
		"a,2023-01-01T00:00:00Z,2023-01-01T01:00:00Z,low,SERVICE_INFORMATION,Pub/Sub <x>,1,eu;us",
		"b,2023-02-10T00:00:00Z,2023-02-10T10:00:00Z,high,SERVICE_OUTAGE,Mail,1,eu",
		"c,2023-02-11T00:00:00Z,2023-02-12T00:00:00Z,high,SERVICE_OUTAGE,Multiple Products,9,eu",
		"d,2023-03-20T00:00:00Z,2023-03-20T00:00:00Z,low,SERVICE_DISRUPTION,Mail,1,eu",
	}
	r := start(t, "-db", db, "-incidents", writeList(t, lines...)).as("ada")
	status := r.page("/status")
	require.Equal(t, 2, strings.Count(status, "<h3"), "one service for each name, none for several at once")
	require.Contains(t, status, "not known", "the list ended long ago")
	require.Contains(t, status, "21 Dec 2022", "the history is that of the 90 days before its end")
	february := r.page("/customers/everyone/availability?month=2023-02")
	require.Contains(t, february, "98.5119 %", "ten hours of 672 are missing")
	require.Contains(t, r.page("/customers/everyone/availability?month=2023-03"), "61.2903 %", "what is known of March")
	require.Contains(t, r.page("/customers/everyone/availability?month=2022-12"), "Nothing was promised")
	require.Contains(t, r.page("/customers/everyone/availability/Pub%2FSub%20%3Cx%3E/2023-01"), "Pub/Sub &lt;x&gt;: information")
	require.Equal(t, 4, strings.Count(r.page("/incidents"), "<td data-label=\"State\">"))
	require.NoError(t, r.stop())

	// Again with one more, then without the list: all of it stays, once.
	r = start(t, "-db", db, "-incidents", writeList(t, append(lines, "e,2023-03-25T00:00:00Z,2023-03-26T00:00:00Z,high,SERVICE_OUTAGE,News,1,eu")...)).as("ada")
	require.Contains(t, r.page("/customers/everyone/availability?month=2023-03"), "80.6452 %", "the longer list knows more")
	require.NoError(t, r.stop())
	r = start(t, "-db", db).as("ada")
	require.Equal(t, 5, strings.Count(r.page("/incidents"), "<td data-label=\"State\">"))
	require.Equal(t, 3, strings.Count(r.page("/status"), "<h3"))
}

func TestBadListIsRefused(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "portal.db")
	bad := writeList(t, "a,2023-01-01T00:00:00Z,,low,SERVICE_METEOR,Mail,1,eu")
	err := run(t.Context(), []string{"-db", db, "-incidents", bad}, &output{}, &output{})
	require.ErrorContains(t, err, "without an end")
	require.ErrorContains(t, err, "SERVICE_METEOR")
	r := start(t, "-db", db, "-now", demoNow)
	require.Contains(t, r.page("/status"), "File share", "nothing of it was taken in, so the file is filled as a new one")
}

// The figures are those of examples/availability on the same list.
func TestRealList(t *testing.T) {
	t.Parallel()
	const list = "../../../shared/corpus/gcp-incidents-2022-2023.csv"
	if _, err := os.Stat(list); err != nil {
		t.Skipf("left out: the real list is not there: %v", err)
	}
	r := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-incidents", list, "-now", "2023-09-17T04:00:00Z").as("ada")
	require.Equal(t, 32, strings.Count(r.page("/status"), "<h3"))
	april := r.page("/customers/everyone/availability?month=2023-04")
	for _, want := range []string{"99.8854 %", "94.0509 %", "99.8967 %", "99.4528 %"} {
		require.Contains(t, april, want)
	}
}
