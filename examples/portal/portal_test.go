package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// demoNow is when the portal of a test begins.
const demoNow = "2026-11-24T09:30:00Z"

// output gathers what a running portal says.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// running is a portal that listens on a port of its own.
type running struct {
	t      testing.TB
	base   string
	log    *output
	stop   func() error
	cookie string // of who has signed in
}

var address = regexp.MustCompile(`http://[\d.:]+`)

func start(t testing.TB, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	said, log := &output{}, &output{}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), said, log) }()
	r := &running{t: t, log: log}
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("the portal ended with %v", err)
		}
	})
	require.Eventually(t, func() bool {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the portal did not start: %v\n%s", err, log)
		default:
		}
		r.base = address.FindString(said.String())
		return r.base != ""
	}, time.Minute, 10*time.Millisecond)
	return r
}

// as returns the same portal as somebody sees it.
func (r *running) as(person string) *running {
	r.t.Helper()
	res := r.raw(http.MethodPost, "/signin", url.Values{"person": {person}})
	defer res.Body.Close()
	require.Equal(r.t, http.StatusSeeOther, res.StatusCode, person)
	other := *r
	other.cookie = strings.Split(res.Header.Get("Set-Cookie"), ";")[0]
	return &other
}

// raw sends a request and follows nothing.
func (r *running) raw(method, path string, fields url.Values, header ...string) *http.Response {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.base+path, strings.NewReader(fields.Encode()))
	require.NoError(r.t, err)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	req.Header.Set("Cookie", r.cookie)
	client := &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(r.t, err)
	return res
}

func (r *running) send(req *http.Request) (int, string) {
	r.t.Helper()
	client := &http.Client{Timeout: time.Minute}
	if r.cookie != "" {
		req.Header.Set("Cookie", r.cookie)
	}
	res, err := client.Do(req)
	require.NoError(r.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(r.t, err)
	return res.StatusCode, string(body)
}

func (r *running) get(path string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.base+path, http.NoBody)
	require.NoError(r.t, err)
	return r.send(req)
}

func (r *running) page(path string) string {
	r.t.Helper()
	status, body := r.get(path)
	require.Equal(r.t, http.StatusOK, status, "%s\n%s", path, body)
	return body
}

func (r *running) post(path string, fields url.Values, header ...string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.base+path, strings.NewReader(fields.Encode()))
	require.NoError(r.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return r.send(req)
}

func TestPages(t *testing.T) {
	t.Parallel()
	r := startDemo(t).as("ada")
	for path, wants := range map[string][]string{
		"/healthz":                      {"ok"},
		"/changes":                      {"Waits for your vote", "7 days late", "Ask for a change"},
		"/changes/network-core":         {"Risk high", "Network is not expected to be there"},
		"/status":                       {"One service does not work as it should", "Large files cannot be uploaded", "Next update by", "The last 90 days of Mail: ", "1 day with an outage"},
		"/incidents":                    {"Outgoing mail stuck in the queue", "Report an incident", "Cancelled"},
		"/incidents/erp-disk":           {"Orders cannot be entered", "1 kept, 1 missed", "Time to restore", "1 h 25 min"},
		"/incidents/mail-queue":         {"Overdue"},
		"/exchange":                     {"Everything that had to follow has been done", "Nothing waits", "Nothing was put aside"},
		"/followups":                    {"Alarm three weeks before any certificate expires", "overdue"},
		"/customers/alder/availability": {"Alder Hospital", "the month goes on", "99.9 %"},
		"/customers/alder/availability?month=2026-09": {"Broken", "issued", "Credits of the month", "10 %"},
		"/customers":                                                    {"Alder Hospital", "1 letter"},
		"/customers/alder":                                              {"a credit of 10 % is expected", "1 missed", "24 people active", "2\u202f152 documents", "The statement so far", "86 % satisfied"},
		"/customers/alder?month=2026-10":                                {"Network was available for 99.946 %", "due, without being asked for", "−26.00 EUR", "1\u202f317.58 EUR", "Issued"},
		"/customers/alder/catalogue":                                    {"Order entry", "Alder Hospital has it", "2 offerings"},
		"/customers/alder/catalogue/erp":                                {"540.00 EUR", "1\u202f480.00 EUR", "cheapest", "soonest", "42 days", "Line of carrier A"},
		"/customers/alder/catalogue/files":                              {"unpriced: ask us", "21 days"},
		"/customers/alder/catalogue/erp?documents=30000":                {"1\u202f720.00 EUR"},
		"/customers/alder/orders":                                       {"Promised lead times: 6 of 6 kept", "40 min"},
		"/customers/cedar/orders/erp-cloud":                             {"It waits to be approved", "within 2 days, by 25 Nov 2026, 15:40", "Approve"},
		"/customers/alder/usage":                                        {"2\u202f152", "of 3\u202f000", "Highest day: 156 documents", "more than in the same part of it"},
		"/customers/alder/usage/documents?month=2026-10":                {"from 2905 events", "By site", "100 of 2905", "Fingerprint of these events, for auditors"},
		"/customers/alder/usage/documents?month=2026-10&day=2026-10-04": {"site north"},
		"/customers/alder/statement?month=2026-10":                      {"ALDER-2026-10-1", "Promise not kept in October 2026", "issued by Ada Brandt", "every line comes to the same amount"},
		"/customers/alder/letters":                                      {"Large files cannot be uploaded", "Send in my name", "You hear from us again by", "Over: Mail is not delivered"},
		"/customers/birch/subscriptions/mail-std":                       {"A domain that points to us", "0 of 2 in place", "It belongs to Birch &amp; Sons. Nordlicht Services holds it"},
		"/customers/cedar/problems":                                     {"Signing in takes a minute", "We are at it", "From Thursday on", "our answer to you"},
		"/incidents/told-mail":                                          {"Reported by Alder Hospital", "Internal", "twice"},
		"/calendar":                                                     {"The desk is open until 24 Nov 2026, 18:00", "Advent orders", "Database platform is patched", "on call: Ada Brandt", "from 09:00 Ben Okafor", "day 1 of 27"},
		"/calendar?month=2026-12&at=2026-12-24T10:30":                   {"Christmas", "Stocktaking", "by <strong>28 Dec 2026, 10:30</strong>", "The desk is open until 24 Dec 2026, 12:00", "On call then: <strong>Ben Okafor</strong>, from 21 Dec 2026, 09:00 to 28 Dec 2026, 09:00", "from 22:00: Database platform is patched", "from 02:00: Backup is tried out"},
		"/dependencies":                                                 {"If everything is lost", "Back after", "4 h 40 min"},
		"/dependencies?fails=storage":                                   {"If Storage fails", "Database platform → Storage", "Order entry"},
		"/customers/alder/availability/erp-cloud/2026-09":               {"Why this number", "Orders cannot be entered", "Edition 1, issued"},
		"/customers/alder/availability?month=2020-01":                   {"Nothing was promised"},
		"/static/style.css":                                             {"prefers-color-scheme"},
	} {
		body := r.page(path)
		for _, want := range wants {
			require.Contains(t, body, want, path)
		}
		require.NotContains(t, body, "<no value>", path)
		require.NotContains(t, body, "ZgotmplZ", path)
	}
	require.NotContains(t, r.page("/status"), "Gateway 2 drops connections", "what is internal stays so")
	for path, want := range map[string]int{
		"/nowhere": 404, "/incidents/none": 404, "/customers/nobody/availability": 404, "/customers/alder/availability?month=2026-13": 422,
		"/customers/alder/availability/erp-cloud/never": 404, "/customers/alder/catalogue/none": 404, "/customers/alder/orders/none": 404, "/customers/alder/subscriptions/none": 404, "/customers/alder/usage/none": 404, "/customers/alder?month=x": 422, "/calendar?month=2050-01": 422, "/calendar?at=noon": 422, "/customers/alder/usage/documents?day=x": 422, "/customers/alder/catalogue/erp?documents=-1": 422, "/dependencies?fails=none": 404, "/incidents?after=nonsense": 422, "/static/layout.html": 404, "/static/": 404,
	} {
		status, body := r.get(path)
		require.Equal(t, want, status, "%s\n%s", path, body)
	}
}

// open reports an incident and returns its path.
func (r *running) open(fields url.Values) string {
	r.t.Helper()
	res := r.raw(http.MethodPost, "/incidents", fields)
	defer res.Body.Close()
	require.Equal(r.t, http.StatusSeeOther, res.StatusCode)
	return res.Header.Get("Location")
}

func TestASecondStartKeepsEverything(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "portal.db")
	r := start(t, "-db", db, "-now", demoNow).as("ben")
	path := r.open(url.Values{"title": {"Mail is down"}, "headline": {"No mail"}, "service": {"mail"}, "level": {"outage"}})
	before := r.page("/incidents")
	require.NoError(t, r.stop())

	r = start(t, "-db", db, "-now", demoNow).as("ben")
	require.Equal(t, strings.Count(before, "<tr>"), strings.Count(r.page("/incidents"), "<tr>"), "nothing is filled in twice")
	status, body := r.post(path+"/resolve", url.Values{"resolution": {"Restarted"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, r.page(path), "Restarted")
	require.NoError(t, r.stop())
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	r := startDemo(t).as("ada")
	status, body := r.post("/incidents", url.Values{"title": {""}, "began": {"tomorrow"}, "level": {"meteor"}, "service": {"mail", "moon"}, "impact": {"9"}, "urgency": {"1"}, "description": {"kept <b>"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, want := range []string{"Title: must not be empty", "“tomorrow” must be a day and a time", "meteor", "“moon” is no service", "“9” is no impact", "kept &lt;b&gt;"} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, r.page("/incidents"), "meteor")

	path := r.open(url.Values{"title": {"One"}, "service": {"mail"}, "level": {"disruption"}})
	for what, c := range map[string]struct {
		verb   string
		fields url.Values
		status int
		want   string
	}{
		"no text":            {"note", url.Values{"audience": {"public"}}, 422, "must not be empty"},
		"unreadable promise": {"note", url.Values{"text": {"Hello"}, "audience": {"public"}, "nextUpdateBy": {"soon"}}, 422, "“soon”"},
		"secret promise":     {"note", url.Values{"text": {"Hello"}, "audience": {"internal"}, "nextUpdateBy": {"2026-12-01T10:00"}}, 422, "only those who read an update"},
		"too early to close": {"close", nil, 409, "is allowed when it is resolved"},
		"before it began":    {"resolve", url.Values{"resolution": {"x"}, "restored": {"2026-11-01T10:00"}}, 409, "it began at"},
		"no such follow-up":  {"completeFollowUp", url.Values{"number": {"7"}, "text": {"x"}}, 422, "is no follow-up"},
		"no such verb":       {"explode", nil, 404, "no such page"},
		"a number":           {"completeFollowUp", url.Values{"number": {"seven"}, "text": {"x"}}, 422, "“seven” must be a whole number"},
		"too long":           {"note", url.Values{"text": {strings.Repeat("x", 5000)}, "audience": {"public"}}, 422, "4000 are allowed"},
		"too large":          {"note", url.Values{"text": {strings.Repeat("x", 2<<20)}}, 422, "1 MiB"},
	} {
		status, body := r.post(path+"/"+c.verb, c.fields)
		require.Equal(t, c.status, status, "%s\n%s", what, body)
		require.Contains(t, body, c.want, what)
	}
	require.NotContains(t, r.page(path), "Hello", "nothing half-written")
	status, body = r.post("/customers/alder/availability/close?month=2026-11", nil)
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, "its period ends on 1 Dec 2026, 00:00")
}

func TestRequestsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	r := startDemo(t).as("ada")
	fields := url.Values{"title": {"Forged"}, "service": {"mail"}, "level": {"outage"}}
	for _, header := range [][]string{{"Origin", "https://elsewhere.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}} {
		status, _ := r.post("/incidents", fields, header...)
		require.Equal(t, http.StatusForbidden, status, header)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.base+"/", http.NoBody)
	require.NoError(t, err)
	req.Host = "elsewhere.example"
	status, _ := r.send(req)
	require.Equal(t, http.StatusMisdirectedRequest, status, "another name that points here")
	require.NotContains(t, r.page("/incidents"), "Forged")
	status, _ = r.post("/incidents", fields, "Origin", r.base)
	require.Equal(t, http.StatusOK, status)

	res, err := http.Get(r.base + "/") //nolint:noctx // a test
	require.NoError(t, err)
	defer res.Body.Close()
	require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"bad time": {"-now", "noon"}, "no such list": {"-incidents", "absent.csv"}, "a folder": {"-db", t.TempDir()},
		"no address": {"-addr", "nowhere:1:2"}, "more": {"more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name != "a folder" {
				args = append([]string{"-db", filepath.Join(t.TempDir(), "portal.db")}, args...)
			}
			require.Error(t, run(t.Context(), append([]string{"-addr", "127.0.0.1:0"}, args...), io.Discard, io.Discard))
		})
	}
}
