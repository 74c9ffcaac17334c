package main

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

func demoPortal(t *testing.T) *running {
	t.Helper()
	return startDemo(t)
}

// hidden is the value of a hidden input of a page.
func hidden(t *testing.T, body, name string) string {
	t.Helper()
	m := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(body)
	require.NotNil(t, m, name)
	return m[1]
}

func TestIncidentsAreSearched(t *testing.T) {
	t.Parallel()
	r := demoPortal(t).as("ben")
	for query, want := range map[string][]string{ // what is there, and with a minus what is not
		"q=QUEUE":                          {"Outgoing mail stuck", "-disk of the database"},
		"q=order+entry":                    {"disk of the database is full", "Database switched", "-Outgoing mail"},
		"q=nothing+like+it":                {"Nothing is like that"},
		"state=cancelled":                  {"Probe reports sign-in", "-Outgoing mail"},
		"service=erp":                      {"disk of the database is full", "-Outgoing mail"},
		"level=outage&service=mail":        {"Outgoing mail stuck", "-Mailboxes slow"},
		"from=2026-11-15&until=2026-11-15": {"Outgoing mail stuck", "-Probe reports"},
		"state=closed&q=disk&sort=longest": {"disk of the database is full", `value="disk"`, `value="longest" selected`},
	} {
		body := r.page("/incidents?" + query)
		for _, w := range want {
			if strings.HasPrefix(w, "-") {
				require.NotContains(t, body, w[1:], query)
			} else {
				require.Contains(t, body, w, query)
			}
		}
	}
	before := func(body, first, second string) {
		require.Less(t, strings.Index(body, first), strings.Index(body, second), "%s before %s", first, second)
	}
	before(r.page("/incidents?sort=oldest"), "Mailboxes slow", "Outgoing mail")
	before(r.page("/incidents?sort=urgent"), "disk of the database", "Saving fails")
	before(r.page("/incidents?sort=longest"), "Uploads of large files", "Carrier tells")
	status, body := r.get("/incidents?state=sleepy&from=yesterday&until=2026-13-01&sort=x&q=" + strings.Repeat("y", 300))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	for _, want := range []string{"sleepy", "yesterday", "2026-13-01", "aria-invalid", strings.Repeat("y", 300)} {
		require.Contains(t, body, want)
	}
	status, _ = r.get("/incidents?from=2026-11-10&until=2026-11-09")
	require.Equal(t, http.StatusUnprocessableEntity, status)
}

// A list of many has pages, there and back, each with the query in its address.
func TestIncidentsHavePages(t *testing.T) {
	t.Parallel()
	r := demoPortal(t).as("ben")
	for range 60 {
		r.open(url.Values{"title": {"Printer jams"}, "service": {"files"}, "level": {"information"}})
	}
	next := regexp.MustCompile(`<a href="([^"]+)" rel="next"`)
	prev := regexp.MustCompile(`<a href="([^"]+)" rel="prev"`)
	link := func(body string, which *regexp.Regexp) string {
		m := which.FindStringSubmatch(body)
		require.NotNil(t, m)
		return strings.ReplaceAll(m[1], "&amp;", "&")
	}
	first := r.page("/incidents?q=jams")
	require.Equal(t, 50, strings.Count(first, "Printer jams"))
	require.NotRegexp(t, prev, first)
	second := r.page(link(first, next))
	require.Equal(t, 10, strings.Count(second, "Printer jams"))
	require.NotRegexp(t, next, second)
	require.Equal(t, 50, strings.Count(r.page(link(second, prev)), "Printer jams"))

	r.open(url.Values{"title": {"=HYPERLINK(1)"}, "service": {"mail"}, "level": {"outage"}, "assignee": {"cleo"}})
	rows, err := csv.NewReader(strings.NewReader(r.page("/incidents.csv?q=jams"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 61)
	rows, err = csv.NewReader(strings.NewReader(r.page("/incidents.csv?q=hyperlink"))).ReadAll()
	require.NoError(t, err)
	require.Equal(t, "'=HYPERLINK(1)", rows[1][1], "what somebody typed is not computed")
	require.Equal(t, []string{"Mail", "reported", "Down"}, rows[1][3:6])
	require.Equal(t, "Cleo Diaz", rows[1][11])
	status, _ := r.get("/incidents.csv?state=x")
	require.Equal(t, http.StatusUnprocessableEntity, status)
}

// Going back and sending the form again does not make a second incident.
func TestAReportIsMadeOnce(t *testing.T) {
	t.Parallel()
	r := demoPortal(t).as("ben")
	id := hidden(t, r.page("/incidents/new"), "id")
	fields := url.Values{"id": {id}, "title": {"Fax is dead"}, "service": {"mail"}, "level": {"outage"}, "assignee": {"cleo"}}
	path := r.open(fields)
	require.Equal(t, "/incidents/"+id, path)
	require.Equal(t, path, r.open(fields), "the first one again")
	require.Equal(t, 1, strings.Count(r.page("/incidents"), "Fax is dead"))
	require.Contains(t, r.page(path), "with Cleo Diaz")
	fields.Set("title", "Fax is dead, and more")
	status, body := r.post("/incidents", fields)
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, path)
	require.Contains(t, body, "Fax is dead, and more", "what was typed is kept")
	require.NotEqual(t, id, hidden(t, body, "id"))

	for what, bad := range map[string]url.Values{
		"choose how badly":               {"title": {"x"}, "service": {"mail"}},
		"is nobody of our own people":    {"title": {"x"}, "service": {"mail"}, "level": {"outage"}, "assignee": {"owner@alder"}},
		`aria-describedby="wrong-title"`: {"service": {"mail"}, "level": {"outage"}},
		`id="wrong-service"`:             {"title": {"x"}, "level": {"outage"}},
	} {
		status, body := r.post("/incidents", bad)
		require.Equal(t, http.StatusUnprocessableEntity, status, what)
		require.Contains(t, body, what)
		require.Contains(t, body, `aria-invalid="true"`, what)
	}
	require.Contains(t, r.page("/incidents/new"), `<option value="">choose</option>`, "no severity that nobody chose")
	status, body = r.post(path+"/addFollowUp", url.Values{"text": {"Buy a new one"}, "owner": {"member@alder"}, "due": {"2026-12-01T10:00"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "is nobody of our own people")
	require.Contains(t, body, "Buy a new one")
	require.Contains(t, body, `id="wrong-owner"`)
}

// Who comes too late reads who was faster, keeps what they wrote and sees the record.
func TestSomebodyElseWasFaster(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	adas, bens := nobody.as("ada"), nobody.as("ben")
	path := adas.open(url.Values{"title": {"Fax is dead"}, "service": {"mail"}, "level": {"outage"}})
	seen := hidden(t, adas.page(path), "seen")
	status, _ := bens.post(path+"/resolve", url.Values{"resolution": {"Toner"}, "seen": {seen}})
	require.Equal(t, http.StatusOK, status)
	status, body := adas.post(path+"/resolve", url.Values{"resolution": {"It was the paper tray"}, "seen": {seen}})
	require.Equal(t, http.StatusConflict, status)
	require.Regexp(t, `Ben Okafor resolved it at \d\d:\d\d\.`, body)
	require.Contains(t, body, "It was the paper tray")
	require.Contains(t, body, "Toner", "the record as it is now")
	status, body = bens.post(path+"/resolve", url.Values{"resolution": {"Toner"}, "seen": {seen}})
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, body, "You resolved it at")
	status, body = bens.post(path+"/reopen", url.Values{"seen": {"3"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, `id="wrong-reopen"`)
}

func TestWhomAnIncidentConcerns(t *testing.T) {
	t.Parallel()
	r := demoPortal(t).as("ben")
	body := r.page("/incidents/erp-disk")
	for _, want := range []string{"3 customers", "Sign-in → Database platform", "no letter", "Alder Hospital", "Birch &amp; Sons", "/customers/birch/subscriptions/erp-cloud"} {
		require.Contains(t, body, want)
	}
	require.NotRegexp(t, `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ[^"]`, body, "no machine text in the timeline")
	require.Contains(t, body, "2. Logs are removed once they are archived: Cleo Diaz, due 6 Oct 2026, 17:02")
	body = r.page("/incidents/files-upload")
	require.Contains(t, body, "3 customers")
	require.Contains(t, body, "/customers/cedar/subscriptions/files-std")
	require.Contains(t, body, "/customers/cedar/letters")
	require.Contains(t, body, "Draft waits")
	require.Contains(t, body, "sent 24 Nov 2026")
	require.Contains(t, r.page("/incidents/network-line"), "Network", "over the way to the network")
	body = r.page(r.open(url.Values{"title": {"Disks"}, "service": {"storage"}, "level": {"outage"}}))
	require.Contains(t, body, "File share → Storage")
	require.NotContains(t, r.page("/incidents/signin-probe"), "Alder Hospital", "it was none")
}

// A customer reports; the desk answers; nobody else reads of it until it is published.
func TestACustomerReportsAProblem(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	mika, desk, birch := nobody.as("member@alder"), nobody.as("ben"), nobody.as("owner@birch")
	const here = "/customers/alder/problems"
	require.Contains(t, mika.page("/customers/alder"), here, "it is in the navigation")
	id := hidden(t, mika.page(here), "id")
	fields := url.Values{"id": {id}, "service": {"mail"}, "level": {"disruption"}, "title": {"Bounces to Kestrel Ltd"}, "text": {"Only to them <b>"}, "began": {"2026-11-24T09:00"}}
	for range 2 { // by a click too many
		res := mika.raw(http.MethodPost, here, fields)
		res.Body.Close()
		require.Equal(t, http.StatusSeeOther, res.StatusCode)
	}
	body := mika.page(here)
	require.Equal(t, 1, strings.Count(body, "Bounces to Kestrel Ltd</h3>"))
	require.Contains(t, body, "We have it")
	require.Contains(t, body, "since 24 Nov 2026, 09:00", "by the clock of the customer")

	path := "/incidents/" + id
	body = desk.page(path)
	for _, want := range []string{"Reported by Alder Hospital", "Mika Rautio", "Only to them &lt;b&gt;", "Internal", "24 Nov 2026, 09:00"} {
		require.Contains(t, body, want)
	}
	require.Contains(t, desk.page("/incidents"), "reported by Alder Hospital")
	hiddenFrom := func(r *running, paths ...string) {
		for _, at := range paths {
			_, body := r.get(at)
			require.NotContains(t, body, "Kestrel", at)
			require.NotContains(t, body, "We are looking into a problem", at)
		}
	}
	hiddenFrom(birch, "/status", "/status/"+id, "/customers/birch/problems", here, "/customers/birch/letters", "/customers/birch")
	hiddenFrom(nobody, "/status", "/status/"+id, "/status/history")
	status, _ := birch.get("/status/" + id)
	require.Equal(t, http.StatusNotFound, status)
	for _, at := range []string{here, "/customers/birch/problems"} { // neither there nor with a service that is not theirs
		status, _ = birch.post(at, url.Values{"service": {"database"}, "level": {"outage"}, "title": {"x"}})
		require.NotEqual(t, http.StatusOK, status)
	}

	status, _ = desk.post(path+"/note", url.Values{"text": {"Kestrel refuses our relay; we write to them."}, "audience": {"reporter"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, mika.page(here), "we write to them")
	require.Contains(t, mika.page(here), "our answer to you")
	hiddenFrom(birch, "/status", "/customers/birch/problems")
	status, _ = desk.post(path+"/acknowledge", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, mika.page(here), "We are at it")

	status, _ = desk.post(path+"/describe", url.Values{"title": {"Relay is listed"}, "headline": {"Some mail is refused"}})
	require.Equal(t, http.StatusOK, status)
	status, _ = desk.post(path+"/affect", url.Values{"service": {"mail"}, "level": {"degradation"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, nobody.page("/status"), "Some mail is refused", "now it is published")
	hiddenFrom(nobody, "/status", "/status/"+id)
	require.Contains(t, mika.page(here), "Bounces to Kestrel Ltd", "as they wrote it")
	require.Contains(t, mika.page(here), "/status/"+id)

	for what, bad := range map[string]url.Values{
		`id="wrong-service"`: {"title": {"x"}, "level": {"outage"}}, `id="wrong-level"`: {"title": {"x"}, "service": {"mail"}},
		`id="wrong-title"`: {"service": {"mail"}, "level": {"outage"}}, "one of your services": {"title": {"x"}, "service": {"storage"}, "level": {"outage"}},
		"“soon”": {"title": {"kept"}, "service": {"mail"}, "level": {"outage"}, "began": {"soon"}},
	} {
		status, body := mika.post(here, bad)
		require.Equal(t, http.StatusUnprocessableEntity, status, what)
		require.Contains(t, body, what)
	}
}

// Authorize itself lets people of a customer report for their own only, and do nothing
// else to incidents.
func TestWhoMayReport(t *testing.T) {
	t.Parallel()
	for _, r := range []role{owner, member} {
		mika := person{ID: "mika", Role: r, Customer: "alder"}
		report := servicecoin.Attempt{Actor: mika.actor(), Verb: incident.VerbReport, Subject: incident.Key("i"), For: "alder"}
		require.True(t, mayChange(mika, report))
		for _, other := range []servicecoin.CustomerID{"birch", ""} {
			report.For = other
			require.False(t, mayChange(mika, report), "for %q", other)
		}
		for _, verb := range []string{incident.VerbOpen, incident.VerbNote, incident.VerbResolve, incident.VerbAffect, incident.VerbForget} {
			require.False(t, mayChange(mika, servicecoin.Attempt{Actor: mika.actor(), Verb: verb, Subject: incident.Key("i"), For: "alder"}), verb)
		}
	}
}

// A file of an older portal, in which records are missing from the indexes that came
// since, is brought up to date when it is opened.
func TestAnOlderFileIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	db := demoFile(t)
	require.NoError(t, start(t, "-db", db, "-now", demoNow).stop())
	b, err := sqlite.Open(t.Context(), db, nil)
	require.NoError(t, err)
	age := func(kind, id, was, is string) {
		d, err := b.Get(t.Context(), store.Key{Customer: servicecoin.Provider, Kind: kind, ID: id})
		require.NoError(t, err)
		older := bytes.ReplaceAll(d.Body, []byte(was), []byte(is))
		require.NotEqual(t, d.Body, older)
		d.Body = older
		require.NoError(t, b.Commit(t.Context(), store.Commit{Writes: []store.Write{{Document: d, Expect: d.Version}}}))
	}
	age("store.kind", incident.IncidentRecord, `"ready":true`, `"ready":false`)
	age(beginnings.Name, "beginning", `,"release":1`, "")
	require.NoError(t, b.Close())
	r := start(t, "-db", db, "-now", demoNow).as("ben")
	require.Contains(t, r.page("/incidents?sort=longest"), "Outgoing mail")
	require.Contains(t, r.log.String(), "up to date")
	require.NoError(t, r.stop())
	r = start(t, "-db", db, "-now", demoNow)
	require.NotContains(t, r.log.String(), "up to date", "once")
}
