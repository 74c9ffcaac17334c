package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/metering"
)

func TestChartsEndWithARoundNumber(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"0": "1", "0.3": "0.4", "1": "1", "9.5": "10", "78": "80", "156": "200", "2152": "4000", "80": "80", "100": "100", "-3": "1"} {
		require.Equal(t, want, roundTop(number(value)).String(), value)
	}
}

var eventLink = regexp.MustCompile(`href="([^"]*/event\?[^"]*)">demonstration, ([^<]+)<`)

// All events can be looked at, page by page in both directions and as a file, each once.
func TestEventsInPages(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	owner := nobody.as("owner@alder")
	walk := func(path, rel string) (seen []string, pages int) {
		way := regexp.MustCompile(`href="([^"]+)" rel="` + rel + `"`)
		for ; path != ""; pages++ {
			body := owner.page(path)
			found := eventLink.FindAllStringSubmatch(body, -1)
			require.NotEmpty(t, found, path)
			require.LessOrEqual(t, len(found), eventsOnAPage)
			for _, x := range found {
				seen = append(seen, x[2])
			}
			path = ""
			if m := way.FindStringSubmatch(body); m != nil {
				path = html.UnescapeString(m[1])
			}
		}
		return seen, pages
	}
	const first = "/customers/alder/usage/documents?month=2026-10"
	seen, pages := walk(first, "next")
	require.Len(t, seen, 2905)
	require.Equal(t, 30, pages)
	require.NotContains(t, owner.page(first), `rel="prev"`)
	last := regexp.MustCompile(`href="([^"]+)">Last page<`).FindStringSubmatch(owner.page(first))
	require.NotNil(t, last)
	back, _ := walk(html.UnescapeString(last[1]), "prev")
	slices.Sort(seen)
	require.Len(t, slices.Compact(slices.Clone(seen)), 2905, "each once")
	slices.Sort(back)
	require.Equal(t, seen, slices.Compact(back), "the same backwards, but that the first page is full")

	res := owner.raw(http.MethodGet, "/customers/alder/usage/documents/events.csv?month=2026-10", nil)
	defer res.Body.Close()
	require.Equal(t, `attachment; filename="usage-alder-documents-2026-10.csv"`, res.Header.Get("Content-Disposition"))
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"Time", "End", "Subject", "Value", "Unit", "Source", "Id", "RecordedAt", "site"}, rows[0])
	var ids []string
	for _, row := range rows[1:] {
		ids = append(ids, row[6])
	}
	slices.Sort(ids)
	require.Equal(t, seen, ids, "the file has all that the pages have")

	status, _ := nobody.as("owner@birch").get("/customers/alder/usage/documents/events.csv")
	require.Equal(t, http.StatusNotFound, status)
	for _, q := range []string{"after=x", "before=%00", "after=" + cursorText(metering.Cursor{Time: time.Now()}) + "&before=" + cursorText(metering.Cursor{Time: time.Now()}), "from=x&to=y", "from=2026-10-02T00:00:00Z&to=2026-10-01T00:00:00Z", "by=colour&is=red", "from=2026-10-01T00:00:00Z"} {
		status, body := owner.get("/customers/alder/usage/documents?" + q)
		require.Equal(t, http.StatusUnprocessableEntity, status, "%s\n%s", q, body)
	}
	require.Contains(t, owner.page(first+"&proof=yes"), "Fingerprint of these events: <code>")
}

// The charts are over a day, a month, a quarter or a year, beside the one before; every
// figure leads to as many events as it is made of.
func TestUsageInWindows(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	owner := nobody.as("owner@alder")
	usage := owner.page("/customers/alder/usage")
	for _, want := range []string{"2\u202f905 documents in October 2026", "in the same part of it", "more than in the same part", "200 documents", "a mark the same day of October 2026", "each counts one"} {
		require.Contains(t, usage, want)
	}
	for query, wants := range map[string][]string{
		"by=hour&day=2026-10-14":       {"Wed 14 Oct 2026", "Tue 13 Oct 2026", "A bar is an hour of", "08:00"},
		"by=hour&day=2026-10-25":       {"Sun 25 Oct 2026"}, // of 25 hours
		"by=week":                      {"Quarter 4 of 2026", "quarter 3 of 2026", "from Thu 1 Oct", "from Mon 5 Oct"},
		"by=month":                     {"2026", "Of 2025 nothing is known", "September"},
		"by=month&group=site":          {"By site", "north", "south", "west"},
		"month=2026-10&group=site":     {"By site", "the events of north"},
		"by=week&month=2026-09":        {"Quarter 3 of 2026", "the next one"},
		"by=hour&group=site":           {"By site"},
		"by=day&month=2026-10&group=":  {"October 2026"},
		"by=hour&day=2026-11-01&month": {"Sun 1 Nov 2026", "Sat 31 Oct 2026"},
	} {
		body := owner.page("/customers/alder/usage?" + query)
		for _, want := range wants {
			require.Contains(t, body, want, query)
		}
		require.NotContains(t, body, "ZgotmplZ")
		for _, way := range regexp.MustCompile(`href="(/customers/alder/usage\?[^"]+)"`).FindAllStringSubmatch(body, -1) {
			owner.page(html.UnescapeString(way[1]))
		}
	}
	for _, query := range []string{"by=minute", "by=15min", "group=colour", "by=hour&day=x", "by=hour&day=2027-01-01", "by=hour&day=0001-01-01", "by=hour&day=2026-02-30"} {
		status, body := owner.get("/customers/alder/usage?" + query)
		require.Equal(t, http.StatusUnprocessableEntity, status, "%s\n%s", query, body)
	}

	figure := regexp.MustCompile(`<a href="(/customers/alder/usage/documents\?[^"]+)">([\d\x{202f}]+)</a>`)
	for _, query := range []string{"by=hour&day=2026-10-14&group=site", "by=day&month=2026-10&group=site", "by=week"} {
		found := figure.FindAllStringSubmatch(owner.page("/customers/alder/usage?"+query), -1)
		require.Greater(t, len(found), 5, query)
		for _, x := range found[:min(len(found), 25)] {
			n := strings.ReplaceAll(x[2], "\u202f", "")
			body := owner.page(html.UnescapeString(x[1]))
			require.Contains(t, body, "from "+n+" event", "%s: %s", query, x[1])
			if number(n).LessThan(number("100")) {
				require.Len(t, eventLink.FindAllString(body, -1), int(number(n).IntPart()), x[1])
			}
		}
	}
}

// An operator voids and corrects events, with a reason that everybody reads; figures
// follow.
func TestFactsOfEvents(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ben, owner := nobody.as("ben"), nobody.as("owner@alder")
	const day = "/customers/alder/usage/documents?month=2026-10&day=2026-10-14"
	body := owner.page(day)
	count := regexp.MustCompile(`from (\d+) events`)
	before := number(count.FindStringSubmatch(body)[1])
	links := eventLink.FindAllStringSubmatch(body, -1)
	path, other := html.UnescapeString(links[0][1]), html.UnescapeString(links[1][1])
	page := owner.page(path)
	require.Contains(t, page, "First told")
	require.NotContains(t, page, "<textarea", "a customer writes nothing")
	require.Contains(t, ben.page(path), "Void the event")

	form := func(path, facts string, more ...string) url.Values {
		u, err := url.Parse(path)
		require.NoError(t, err)
		v := url.Values{"source": u.Query()["source"], "id": u.Query()["id"], "facts": {facts}}
		for i := 0; i+1 < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return v
	}
	const base = "/customers/alder/usage/documents/event"
	status, body := ben.post(base+"/void", form(path, "1", "reason", " "))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "whoever looks at the figures later")
	status, body = ben.post(base+"/void", form(path, "1", "reason", "The scanner sent it twice <b>"))
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "it counts no more")
	page = owner.page(path)
	for _, want := range []string{"It counts nothing", "First told", "Voided", "The scanner sent it twice &lt;b&gt;", "Ben Okafor"} {
		require.Contains(t, page, want)
	}
	require.Equal(t, before.Sub(number("1")).String(), count.FindStringSubmatch(owner.page(day))[1])
	status, _ = ben.post(base+"/void", form(path, "1", "reason", "again")) // the same form, sent twice
	require.Equal(t, http.StatusOK, status)
	status, body = ben.post(base+"/void", form(path, "2", "reason", "again"))
	require.Equal(t, http.StatusConflict, status, body)

	correct := form(other, "1", "reason", "Another site", "subject", "person 3", "time", "2026-10-13T09:00:00Z", "dimension-0", "east", "value", "")
	status, body = ben.post(base+"/correct", correct)
	require.Equal(t, http.StatusOK, status, body)
	page = owner.page(other)
	for _, want := range []string{"Corrected", "Another site", "site east", "person 3", "13 Oct 2026"} {
		require.Contains(t, page, want)
	}
	require.Equal(t, before.Sub(number("2")).String(), count.FindStringSubmatch(owner.page(day))[1], "it counts on another day")
	require.Contains(t, owner.page("/customers/alder/usage/documents?month=2026-10&by=site&is=east"), "from 1 event<")
	stale := form(other, "1", "reason", "Again", "time", "never", "value", "x,5")
	status, body = ben.post(base+"/correct", stale)
	require.Equal(t, http.StatusOK, status, "the same form, sent twice: %s", body)
	wrong := form(other, "2", "reason", strings.Repeat("a", maxReason+1), "time", "never", "value", "x,5")
	status, body = ben.post(base+"/correct", wrong)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, want := range []string{"must be an instant", "1001 characters", "x,5"} {
		require.Contains(t, body, want)
	}
	for path, want := range map[string]int{base: 422, base + "?source=demonstration&id=none": 404, "/customers/alder/usage/storage/event" + strings.TrimPrefix(other, base): 404, "/customers/birch/usage/documents/event" + strings.TrimPrefix(other, base): 404} {
		status, body := ben.get(path)
		require.Equal(t, want, status, "%s\n%s", path, body)
	}
	status, _ = owner.post(base+"/void", form(links[2][1], "1", "reason", "x"))
	require.Equal(t, http.StatusForbidden, status)
}

// upload sends a file as a browser does.
func (r *running) upload(path, name, text string, fields ...string) (int, string) {
	r.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(fields); i += 2 {
		require.NoError(r.t, w.WriteField(fields[i], fields[i+1]))
	}
	part, err := w.CreateFormFile("file", name)
	require.NoError(r.t, err)
	_, err = io.WriteString(part, text)
	require.NoError(r.t, err)
	require.NoError(r.t, w.Close())
	req, err := http.NewRequestWithContext(context.WithoutCancel(r.t.Context()), http.MethodPost, r.base+path, &b)
	require.NoError(r.t, err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	return r.send(req)
}

// A file of events is recorded line by line, and its receipt says where each fault is.
func TestUploadUsage(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ben := nobody.as("ben")
	const path = "/customers/alder/usage-upload"
	res := ben.raw(http.MethodGet, path+"/sample.csv", nil)
	sample, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Contains(t, ben.page(path), "dimensions.NAME")
	receipt := func(text string, fields ...string) string {
		_, body := ben.upload(path, "events.csv", text, fields...)
		return body
	}
	counts := func(body string) (n []string) {
		for _, x := range regexp.MustCompile(`<dd class="num">(\d+)</dd>`).FindAllStringSubmatch(body, -1) {
			n = append(n, x[1])
		}
		return n
	}
	status, body := ben.upload(path, "sample.csv", string(sample))
	require.Equal(t, http.StatusOK, status, body)
	require.Equal(t, []string{"4", "4", "0", "0", "0"}, counts(body), body)
	require.Contains(t, body, "All 4 events are recorded")
	body = receipt(string(sample))
	require.Equal(t, []string{"4", "0", "4", "0", "0"}, counts(body), "the same file again is all repeats")
	require.Contains(t, body, "nothing has changed")
	require.Contains(t, ben.page("/customers/alder/usage/documents/event?source=scanner&id=2026-11-24-0002"), "Voided")

	status, body = ben.upload(path, "bad.csv", "id;time;value;customer\na;2026-11-20T10:00:00Z;1.5;\nb;noon;1,5;\nc;2026-11-20T10:00:00Z;1;birch\na;2026-11-20T10:00:00Z;2;\n<i>;2026-11-20T10:00:00Z;2;;\n", "source", "file", "type", "files.stored")
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, []string{"5", "1", "0", "1", "3"}, counts(body), body)
	for _, want := range []string{"line 3, column 3", "line 3, column 8", "<code>time</code>", "bad-time", "line 4", "foreign", "in conflict", "line 6", "Has 5 columns, the header has 4"} {
		require.Contains(t, body, want)
	}
	require.Contains(t, ben.page("/customers/alder/usage/storage/event?source=file&id=a"), "1.5 GB")
	status, _ = ben.get("/customers/birch/usage/storage/event?source=file&id=c")
	require.Equal(t, http.StatusNotFound, status)

	lines := `{"id":"j1","source":"json","type":"erp.document","time":"2026-11-20T10:00:00Z","dimensions":{"site":"north"}}` + "\n"
	require.Equal(t, []string{"1", "1", "0", "0", "0"}, counts(receipt(lines)))

	var many strings.Builder
	many.WriteString("id,time\n")
	for i := range 3000 {
		fmt.Fprintf(&many, "%d,never\n", i)
	}
	body = receipt(many.String(), "source", "file", "type", "x")
	require.Equal(t, []string{"3000", "0", "0", "0", "3000"}, counts(body))
	require.Equal(t, shownFaults, strings.Count(body, "bad-time"), "a receipt is bounded")
	require.Contains(t, body, "And 2800 more")

	for name, x := range map[string]struct{ text, source, want string }{
		"empty": {"", "s", "no header"}, "no column": {"id,colour\n", "s", "colour"}, "no type": {"id,time\n1,2026-11-20T10:00:00Z\n", "", "type"},
		"a bad source": {"id,time\n", strings.Repeat("x", 300), "bytes"}, "binary": {"\x00\x01\x02", "s", ""},
	} {
		status, body := ben.upload(path, "f.csv", x.text, "source", x.source)
		require.Equal(t, http.StatusUnprocessableEntity, status, "%s\n%s", name, body)
		require.Contains(t, body, x.want, name)
	}
	status, body = ben.post(path, url.Values{"file": {"x"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "choose a file")
	status, _ = ben.upload("/customers/nobody/usage-upload", "f.csv", "id,time\n")
	require.Equal(t, http.StatusNotFound, status)
	for who, want := range map[string]int{"owner@alder": 403, "member@alder": 403} {
		status, _ := nobody.as(who).upload(path, "f.csv", string(sample))
		require.Equal(t, want, status, who)
	}
}
