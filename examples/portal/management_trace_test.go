package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever is explained is explained in words: by the clock of the customer, with
// names, and without what was written for programs.
func TestExplanationsAreForPeople(t *testing.T) {
	t.Parallel()
	r := startDemo(t)
	lists := regexp.MustCompile(`(?s)<ul class="trace[^"]*">.*?</ul></(details|section)>`)
	tags := regexp.MustCompile(`<[^>]*>`)
	marks := regexp.MustCompile(`\d{4}-\d\d|[{}@]|[0-9a-f]{12}|digest|undefined|\d\.\d [A-Z]{3}|\b(sum|max|unique|count|wave)\b|catalog\.|sla\.`)
	for who, pages := range map[string]map[string][]string{
		"ada": {
			"/dependencies": {"Place of Storage among", "How soon it is needed (1 is soonest), since others rest on it"},
			"/customers/alder/availability/erp-cloud/2026-09": {"Availability of Order entry in September 2026", "From 1 Sep 2026, 00:00 to 1 Oct 2026, 00:00: 30 days", "Orders cannot be entered"},
		},
		"owner@alder": {
			"/customers/alder/statement?month=2026-10": {"1\u202f000 documents at 0.09 EUR each = 90.00 EUR", "out of 2\u202f905 events", "Promise not kept in October 2026"},
		},
	} {
		for path, wants := range pages {
			var said []string
			for _, list := range lists.FindAllString(r.as(who).page(path), -1) {
				said = append(said, tags.ReplaceAllString(strings.ReplaceAll(list, "<li>", "\n"), ""))
			}
			text := strings.Join(said, "\n")
			for _, want := range wants {
				require.Contains(t, text, want, path)
			}
			require.NotRegexp(t, marks, text, path)
		}
	}
}
