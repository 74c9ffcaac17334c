package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// textOf is what people read of a page.
func textOf(body string) string {
	body = regexp.MustCompile(`(?s)^.*<main.*?>`).ReplaceAllString(body, "")
	return strings.Join(strings.Fields(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " ")), " ")
}

// The provider's people read of their customers, and are not addressed as one. Nobody
// reads what was written for programs.
func TestWordsAreForWhoeverLooks(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	machine := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d|digest|recomputes|program exchange|There within|unasked| per documents|Documents, documents`)
	mine := regexp.MustCompile(`(?i)\byours?\b|\byou have it\b`)
	for _, who := range []string{"ada", "owner@alder", "member@alder"} {
		r := nobody.as(who)
		paths := pagesFor(who)
		if who == "ada" {
			paths = append(pagesOf("alder"), "/customers")
		}
		for _, path := range paths {
			if strings.HasSuffix(path, ".csv") || strings.HasSuffix(path, ".json") { // for programs
				continue
			}
			text := textOf(r.page(path))
			require.NotRegexp(t, machine, text, "%s reads %s", who, path)
			if who == "ada" && !strings.Contains(path, "/catalogue") { // what is offered is addressed to customers
				require.NotRegexp(t, mine, text, path)
			}
		}
	}
	first := textOf(nobody.as("ada").page("/customers/alder"))
	for _, want := range []string{"theirs, held by Nordlicht Services", "What was promised, and what became of it", "What they gave each other", "Run → Kept:", "incidents counted against what was promised"} {
		require.Contains(t, first, want)
	}
	require.NotContains(t, textOf(nobody.as("ada").page("/customers/alder/catalogue")), "You have it")
	require.Contains(t, textOf(nobody.as("owner@alder").page("/customers/alder")), "yours, held by Nordlicht Services")
	require.Contains(t, nobody.as("owner@alder").page("/customers/alder/catalogue/erp"), "Documents a month")
}

// What is paid is the owner's affair, and what waits on the provider's desk is the
// provider's own.
func TestWhatAMemberSees(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	member, own, ada := textOf(nobody.as("member@alder").page("/customers/alder?month=2026-10")), nobody.as("owner@alder").page("/customers/alder?month=2026-10"), nobody.as("ada")
	require.NotContains(t, member, " EUR")
	require.Contains(t, textOf(own), "1 317.58 EUR")
	require.Contains(t, own, `href="/customers/alder/statement"`)
	require.NotContains(t, nobody.as("member@alder").page("/customers/alder"), "/statement")
	status, body := nobody.as("member@alder").get("/customers/alder/statement")
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "<h1>This page is not for you</h1>")
	require.Contains(t, ada.page("/customers/alder"), "1 draft")
	require.NotContains(t, textOf(nobody.as("owner@alder").page("/customers/alder")), "draft,")
	require.NotContains(t, textOf(nobody.as("owner@alder").page("/customers/alder")), "Waiting:")
}

func TestErrorsAreHeadedByWhatTheyAre(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	r := nobody.as("owner@alder")
	for path, want := range map[string]string{
		"/incidents": "<h1>This page is not for you</h1>", "/nowhere": "<h1>Not found</h1>", "/customers/birch": "<h1>Not found</h1>", "/customers/alder?month=x": "<h1>Please look at this again</h1>",
	} {
		status, body := r.get(path)
		require.GreaterOrEqual(t, status, 400)
		require.Contains(t, body, want, path)
		require.NotContains(t, body, "went wrong", path)
		require.NotContains(t, body, "forbidden:", path)
	}
	status, body := nobody.post("/customers/alder/orders", nil)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, body, "<h1>Please sign in first</h1>")
}

// Months lead no further than something is known, and what is asked beyond that is
// answered in words.
func TestMonthsEnd(t *testing.T) {
	t.Parallel()
	r := startDemo(t).as("ada")
	link := regexp.MustCompile(`<nav class="pages row".*?</nav>`)
	for _, page := range []string{"", "/usage", "/statement", "/availability"} {
		for _, month := range []string{"9999-12", "0001-01", "2026-12", "1999-12"} {
			status, body := r.get("/customers/alder" + page + "?month=" + month)
			require.Equal(t, http.StatusUnprocessableEntity, status, page+month)
			require.Regexp(t, `still to come|nothing is known of`, body, page+month)
		}
		require.NotContains(t, link.FindString(r.page("/customers/alder"+page)), "2026-12", "the month to come")
		path, steps := "/customers/alder"+page, 0
		for ; path != "" && steps < 60; steps++ {
			back := regexp.MustCompile(`<nav class="pages row"[^>]*><a href="([^"]+)"`).FindStringSubmatch(r.page(path))
			path = ""
			if back != nil {
				path = strings.ReplaceAll(back[1], "&amp;", "&")
			}
		}
		require.Less(t, steps, 60, "the way back ends")
		require.Greater(t, steps, 2, page)
	}
	for month, want := range map[string]int{"9999-12": 422, "0001-01": 422, "2029-12": 200, "2023-01": 200, "2030-01": 422} {
		status, body := r.get("/calendar?month=" + month)
		require.Equal(t, want, status, month)
		require.NotContains(t, body, "could not do this")
		require.NotContains(t, link.FindString(body), "2030")
		require.NotContains(t, link.FindString(body), "2022")
	}
	status, _ := r.get("/customers/alder/availability/erp-cloud/9999-12")
	require.Equal(t, http.StatusNotFound, status)
}
