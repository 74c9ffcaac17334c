package main

import (
	"encoding/csv"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChartsEndWithARoundNumber(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"0": "1", "0.3": "0.4", "1": "1", "9.5": "10", "78": "80", "156": "200", "2152": "4000", "80": "80", "100": "100", "-3": "1"} {
		require.Equal(t, want, roundTop(number(value)).String(), value)
	}
}

// All events can be looked at, page by page and as a file, each once.
func TestEventsInPages(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	owner := nobody.as("owner@alder")
	id := regexp.MustCompile(`demonstration, ([^<]+)<`)
	next := regexp.MustCompile(`href="([^"]+)" rel="next"`)
	seen, pages := map[string]bool{}, 0
	for path := "/customers/alder/usage/documents?month=2026-10"; path != ""; pages++ {
		body := owner.page(path)
		found := id.FindAllStringSubmatch(body, -1)
		require.NotEmpty(t, found, path)
		require.LessOrEqual(t, len(found), eventsOnAPage)
		for _, x := range found {
			require.False(t, seen[x[1]], "%s stands on two pages", x[1])
			seen[x[1]] = true
		}
		require.Equal(t, pages > 0, strings.Contains(body, `rel="prev"`), path)
		path = ""
		if m := next.FindStringSubmatch(body); m != nil {
			path = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	require.Len(t, seen, 2905)
	require.Equal(t, 59, pages)

	res := owner.raw(http.MethodGet, "/customers/alder/usage/documents/events.csv?month=2026-10", nil)
	defer res.Body.Close()
	require.Equal(t, `attachment; filename="usage-alder-documents-2026-10.csv"`, res.Header.Get("Content-Disposition"))
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"Time", "Subject", "Value", "Unit", "Source", "Id", "RecordedAt", "site"}, rows[0])
	for _, row := range rows[1:] {
		require.True(t, seen[row[5]], row)
		delete(seen, row[5])
	}
	require.Empty(t, seen, "the file has all that the pages have")

	status, _ := nobody.as("owner@birch").get("/customers/alder/usage/documents/events.csv")
	require.Equal(t, http.StatusNotFound, status)
	for _, page := range []string{"0", "-1", "x", "1000001"} {
		status, _ := owner.get("/customers/alder/usage/documents?page=" + page)
		require.Equal(t, http.StatusUnprocessableEntity, status, page)
	}
	require.Contains(t, owner.page("/customers/alder/usage/documents?month=2026-10&page=60"), "The first page")
	usage := owner.page("/customers/alder/usage")
	for _, want := range []string{"2\u202f905 documents in October 2026", "in the same part of it", "more than in the same part", "200 documents", "a mark the same day of October 2026", "each counts one"} {
		require.Contains(t, usage, want)
	}
}
