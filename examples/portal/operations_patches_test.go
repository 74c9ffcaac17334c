package main

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// pagesOfPatches are those of advisories and patch cycles: the provider's own affair.
func pagesOfPatches() []string {
	return []string{
		"/patches", "/patches?show=all", "/patches/import", "/patches/import?of=CVE-2026-40118&n=0", "/patches/advisories/CVE-2026-39270", "/patches/advisories/CVE-2026-40118", "/patches/advisories/CVE-2026-35101",
		"/patches/cycles", "/patches/cycles/new", "/patches/cycles/new?advisory=CVE-2026-44890", "/patches/cycles/nginx-november", "/patches/cycles/openssl-critical", "/patches/jobs/nginx-november.1.2", "/patches/jobs/nginx-november.1.3", "/patches/routines",
	}
}

// formsOfPatches are all paths of theirs that change something.
func formsOfPatches() []string {
	return []string{
		"/patches/import", "/patches/advisories/CVE-2026-44207/confirm", "/patches/advisories/CVE-2026-44890/supersede", "/patches/advisories/CVE-2026-44890/exempt", "/patches/advisories/CVE-2026-39270/endExemption",
		"/patches/cycles", "/patches/cycles/openssl-critical/begin", "/patches/cycles/nginx-november/halt", "/patches/cycles/nginx-november/replan", "/patches/cycles/nginx-november/cancel", "/patches/jobs/nginx-november.1.3/report", "/patches/routines/monthly/stop",
	}
}

// Nobody outside sees or does any of it.
func TestPatchesAreInternal(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	pages := append(pagesOfPatches(), "/patches?as=csv", "/patches/cycles?as=csv")
	for _, path := range pages {
		res := nobody.raw(http.MethodGet, path, nil)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusSeeOther, res.StatusCode, path)
		require.Contains(t, res.Header.Get("Location"), "/signin?back=", path)
	}
	for _, who := range []string{"", "owner@alder", "member@birch"} {
		r := nobody
		if who != "" {
			r = nobody.as(who)
			for _, path := range pages {
				status, body := r.get(path)
				require.Equal(t, http.StatusForbidden, status, "%s asks for %s", who, path)
				require.NotContains(t, body, "smuggled", path)
			}
		}
		for _, path := range formsOfPatches() {
			status, _ := r.post(path, url.Values{"reason": {"x"}, "why": {"x"}, "target": {"birch-web-1"}, "customer": {"birch"}, "result": {"running"}})
			require.Equal(t, http.StatusForbidden, status, "%s posts to %s", who, path)
		}
	}
	ada := nobody.as("ada")
	require.Contains(t, textOf(ada.page("/patches/cycles/openssl-critical")), "Planned")
	for _, path := range []string{"/patches/advisories/none", "/patches/cycles/none", "/patches/jobs/none", "/patches/import?of=none", "/patches/import?of=CVE-2026-40118&n=9", "/patches/import?of=CVE-2026-40118&n=x", "/patches/cycles/new?advisory=none"} {
		status, _ := ada.get(path)
		require.Equal(t, http.StatusNotFound, status, path)
	}
	for _, path := range []string{"/patches/cycles/nginx-november/explode", "/patches/advisories/CVE-2026-40118/explode", "/patches/routines/monthly/explode", "/patches/routines/none/stop", "/patches/jobs/none/report", "/patches/cycles/none/halt"} {
		status, _ := ada.post(path, url.Values{"reason": {"x"}, "target": {"x"}, "result": {"running"}})
		require.Equal(t, http.StatusNotFound, status, path)
	}
}

func TestAdvisories(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	ada, ben := nobody.as("ada"), nobody.as("ben")
	body := ben.page("/patches")
	text := textOf(body)
	for _, want := range []string{"1 target is overdue", "2 of 4 compliant 1 exempt", "11 Nov 2026, 07:00 1 overdue", "0 of 8 compliant 1 unknown"} {
		require.Contains(t, text, want)
	}
	order := []string{"CVE-2026-39270", "CVE-2026-44890", "CVE-2026-40118", "CVE-2026-44207"}
	for n := range order[1:] {
		require.Less(t, strings.Index(body, order[n]), strings.Index(body, order[n+1]), "the worst first")
	}
	require.NotContains(t, body, "CVE-2026-35101", "it is superseded")
	require.Contains(t, textOf(ben.page("/patches?show=all")), "Superseded")
	require.Contains(t, ben.page("/patches?as=csv"), "CVE-2026-39270,EdgeOS: sign-in is passed by without a password,critical,2026-11-07,2026-11-11T06:00:00Z,4,2,1,1,0,1")

	text = textOf(ben.page("/patches/advisories/CVE-2026-39270"))
	for _, want := range []string{
		"Critical within 4 days, published at 7 Nov 2026, 07:00", "known to be exploited since 7 Nov 2026", "Not kept When the time was over, 2 of 4 targets", "Affected: 7.4.8 is from 7.0.0 before 7.4.9 (csaf CVE-2026-39270)",
		"Ada Brandt lets it go without until 14 Dec 2026, 19:00", "Last day to mend it 28 Nov 2026", "used by those who demand ransom", "A service manager grants exemptions.", "No patch cycle mends it yet",
	} {
		require.Contains(t, text, want)
	}
	require.Contains(t, textOf(ben.page("/patches/advisories/GHSA-7x3c-qm8v-n2wp")), "First customers", "by any of its names, with what mends it")
	require.Contains(t, textOf(ben.page("/patches/advisories/CVE-2026-35101")), "The patch of nginx HTTP request smuggling mends it, too")
	require.Contains(t, ben.does("/patches/advisories/CVE-2026-44207/confirm", nil), "Ben Okafor confirmed that it concerns us")
	ben.refused("/patches/advisories/CVE-2026-44207/confirm", nil, "it was confirmed at")
	ben.refused("/patches/advisories/CVE-2026-44207/supersede", url.Values{"other": {"none"}}, "“none” is no advisory that we know", `id="e-f-supersede-other"`)

	// An exemption is a service manager's, with a reason and an end.
	const path = "/patches/advisories/CVE-2026-39270"
	fields := url.Values{"customer": {"birch"}, "target": {"birch-edge-1"}, "why": {"kept <i>"}, "until": {"some day"}}
	status, _ := ben.post(path+"/exempt", url.Values{"customer": {"birch"}, "target": {"birch-edge-1"}, "why": {"x"}, "until": {"2026-12-24T12:00"}})
	require.Equal(t, http.StatusForbidden, status)
	require.NotContains(t, ben.page(path), "Grant an exemption")
	ada.refused(path+"/exempt", fields, "“some day” must be a day and a time", "kept &lt;i&gt;", `id="e-f-exempt-birch-birch-edge-1-until"`)
	fields.Set("until", "")
	fields.Set("why", "")
	ada.refused(path+"/exempt", fields, "say when it ends", "Why: must not be empty")
	fields.Set("why", "It is replaced on Friday")
	fields.Set("until", "2020-01-01T00:00")
	ada.refused(path+"/exempt", fields, "must be after", "It is replaced on Friday")
	fields.Set("until", "2026-11-27T18:00")
	require.Contains(t, ada.does(path+"/exempt", fields), "Ada Brandt lets it go without until 27 Nov 2026, 18:00: It is replaced on Friday")
	require.NotContains(t, ada.page("/patches"), "overdue")
	require.Contains(t, ada.does(path+"/endExemption", fields), "The exemption has ended.")
	require.Contains(t, ada.page("/patches"), "overdue")
	ada.refused(path+"/endExemption", fields, "it ended at")
	for _, other := range []url.Values{{"customer": {"alder"}, "target": {"birch-edge-1"}}, {"customer": {"nobody"}, "target": {"x"}}} {
		other.Set("why", "x")
		other.Set("until", "2026-11-27T18:00")
		status, _ := ada.post(path+"/exempt", other)
		require.Equal(t, http.StatusNotFound, status, "of another customer")
	}
}

// A bulletin is imported by hand: all that is wrong with it is said at once, and the same
// again changes nothing.
func TestImportByHand(t *testing.T) {
	t.Parallel()
	ben := demoPortal(t).as("ben")
	body := ben.refused("/patches/import", url.Values{
		"source": {""}, "bulletin": {""}, "text": {"kept <b>"}, "severity": {"odd"}, "score": {"11"}, "published": {"soon"}, "exploited": {"2026-02-30"}, "due": {"x"}, "purl-1": {"no url"}, "fixed-1": {"1.2"}, "scheme-1": {"odd"}, "standing-2": {"odd"}, "remedy-2": {"Wait"},
	}, "kept &lt;b&gt;", "“soon” must be a day and a time", "“2026-02-30” must be a day", "“x” must be a day", `value="no url"`, `id="e-f-purl-1"`, `id="e-f-scheme-1"`, `id="e-f-purl-2"`, `id="e-f-standing-2"`, `id="e-f-source"`, `id="e-f-bulletin"`, `id="e-f-severity"`, `id="e-f-score"`)
	require.NotContains(t, body, `id="e-f-purl-0"`, "the first product is empty")
	ben.refused("/patches/import", url.Values{"source": {"csaf"}, "bulletin": {"X"}, "score": {"1e999999999"}}, "score")
	ben.refused("/patches/import", url.Values{"source": {"csaf"}, "bulletin": {"X"}, "score": {"NaN"}}, "“NaN” must be a number")
	ben.refused("/patches/import", url.Values{"source": {"csaf"}, "bulletin": {"X"}, "score": {"-1"}}, "must be from 0 to 10")
	ben.refused("/patches/import", url.Values{"source": {"csaf"}, "bulletin": {strings.Repeat("x", 300)}}, "200")

	fields := url.Values{
		"source": {"maker"}, "bulletin": {"NGX-2026-9"}, "aliases": {"CVE-2026-50001\n"}, "title": {"nginx: logs can be forged"}, "text": {"Lines that nobody wrote stand in the log."}, "score": {"4.2"}, "published": {"2026-11-24T08:00"},
		"purl-0": {"pkg:generic/nginx"}, "scheme-0": {"semver"}, "introduced-0": {"1.0.0"}, "fixed-0": {"1.28.3"}, "remedy-0": {"Install 1.28.3"}, "references": {"https://nginx.example/9\nnot a link"},
	}
	earlier := url.Values{"source": {"maker"}, "bulletin": {"NGX-2026-8"}, "score": {"6"}, "purl-0": {"pkg:generic/nginx"}, "scheme-0": {"semver"}, "fixed-0": {"1.28.3"}}
	require.Contains(t, ben.does("/patches/import", earlier), "NGX-2026-8")
	text := ben.does("/patches/import", fields)
	for _, want := range []string{"a flaw that nobody had spoken of", "nginx: logs can be forged", "0 of 8 are compliant, 7 not, of 1 nobody knows", "medium, by its score of 4.2", "from 1.0.0 before 1.28.3"} {
		require.Contains(t, text, want)
	}
	page := ben.page("/patches/advisories/NGX-2026-9")
	require.Contains(t, page, `href="https://nginx.example/9"`)
	require.NotContains(t, page, `href="not a link"`)
	require.Contains(t, ben.does("/patches/import", fields), "it says what was known")
	fields.Set("exploited", "2026-11-23")
	text = ben.does("/patches/import", fields)
	require.Contains(t, text, "it changed what is known")
	list := ben.page("/patches")
	require.Less(t, strings.Index(list, "CVE-2026-50001"), strings.Index(list, "NGX-2026-8"), "of the same severity, what is exploited first")
	require.Contains(t, text, "Exploited: within 3 days, known since 24 Nov 2026")
	form := ben.page("/patches/import?of=CVE-2026-50001&n=0")
	for _, want := range []string{`value="NGX-2026-9"`, `value="1.28.3"`, `value="2026-11-23"`, "Lines that nobody wrote", "CVE-2026-50001"} {
		require.Contains(t, form, want, "corrected from what it says")
	}
	fields.Set("references", "javascript:alert(1)")
	fields.Set("withdrawn", "yes")
	require.Contains(t, ben.does("/patches/import", fields), "Withdrawn by every source")
	require.NotContains(t, ben.page("/patches/advisories/NGX-2026-9"), `href="javascript`)
	require.NotContains(t, ben.page("/patches"), "logs can be forged")
}

// cycleFields is the form of a cycle that can be planned.
func cycleFields(t *testing.T, r *running, advisory string) url.Values {
	t.Helper()
	body := r.page("/patches/cycles/new?advisory=" + advisory)
	ticked := regexp.MustCompile(`name="advisory" value="([^"]+)" checked`).FindStringSubmatch(body)
	require.NotNil(t, ticked)
	return url.Values{
		"id": {hidden(t, body, "id")}, "advisory": {ticked[1]}, "name": {"EdgeOS 7.4.9"}, "why": {"Sign-in is passed by"}, "from": {"2026-11-24T18:00"}, "until": {"2026-12-04T18:00"}, "length": {"1 h"}, "wayBack": {"20 min"}, "atOnce": {"1"}, "model": {"patching"}, "runbook": {"server-patch"}, "patcher": {"ben"},
		"ring-0": {"Pilot"}, "number-0": {"1"}, "soak-0": {"2 h"}, "goAhead-0": {"yes"}, "ring-1": {"All others"}, "failures-1": {"1"},
	}
}

// A cycle is looked at before it is planned: who would be missed, and why.
func TestACycleIsPlanned(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	ada, ben := nobody.as("ada"), nobody.as("ben")
	body := ben.refused("/patches/cycles", url.Values{
		"name": {""}, "why": {"kept <b>"}, "advisory": {"none"}, "pick": {"odd"}, "from": {"soon"}, "length": {"1 fortnight"}, "wayBack": {"2 h"}, "atOnce": {"many"}, "patcher": {"nobody"}, "select-0": {"environment"}, "ring-2": {"Third"}, "number-2": {"3"}, "share-2": {"120"}, "soak-2": {"x"}, "failures-2": {"-1"}, "do": {"plan"},
	}, "kept &lt;b&gt;", "“odd” must be labels", "“soon” must be a day", "“1 fortnight” must be a length", "“many” must be a whole number", "“nobody” is nobody", `id="e-f-name"`, `id="e-f-select-0"`, `id="e-f-ring-0"`, `id="e-f-share-2"`, `id="e-f-soak-2"`, `id="e-f-failures-2"`, `value="Third"`)
	require.NotContains(t, body, `id="e-f-ring-1"`, "a ring that nobody filled in is none")
	ben.refused("/patches/cycles", url.Values{"name": {"x"}, "why": {"y"}, "length": {"1 h"}, "from": {"2026-11-24T18:00"}, "until": {"2026-11-24T10:00"}, "ring-0": {"All"}}, "must not", `id="e-f-from"`)
	ben.refused("/patches/cycles", url.Values{"name": {"x"}, "why": {"y"}, "length": {"1 h"}, "from": {"2026-11-24T18:00"}, "until": {"2026-11-26T10:00"}}, "there is nothing to place targets in", `id="e-f-ring-0"`)

	fields := cycleFields(t, ben, "CVE-2026-39270")
	text := ben.does("/patches/cycles", fields)
	for _, want := range []string{"What the plan would be", "1 target. 1 target cannot be patched before its deadline", "Edge router in Leeds Birch &amp; Sons Pilot", "Nothing is kept yet"} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, ben.page("/patches/cycles"), "EdgeOS 7.4.9")
	fields.Set("do", "plan")
	fields["advisory"] = append(fields["advisory"], fields.Get("advisory"))
	ben.refused("/patches/cycles", fields, "stands twice", `value="EdgeOS 7.4.9"`)
	fields["advisory"] = fields["advisory"][:1]
	text = ben.does("/patches/cycles", fields)
	require.Contains(t, text, "The cycle is planned. Nothing is begun")
	require.Contains(t, text, "1 target without a slot before the deadline")
	path := "/patches/cycles/" + fields.Get("id")
	require.Equal(t, path, ben.planned(fields), "sent twice, it is one")
	require.Contains(t, textOf(ada.page("/work/patch-cycles")), "EdgeOS 7.4.9")
	ben.refused(path+"/begin", nil, "say why it begins all the same")
	ben.refused(path+"/halt", url.Values{"reason": {"what I had typed"}}, "what I had typed")
	text = ben.does(path+"/begin", url.Values{"reason": {"Better late"}})
	require.Contains(t, text, "its changes are asked for")
	require.Contains(t, text, "Ben Okafor began it: Better late")
	require.Contains(t, textOf(nobody.as("owner@birch").page("/customers/birch/notices")), "EdgeOS 7.4.9", "the customer is told")
	require.NotContains(t, textOf(nobody.as("owner@alder").page("/customers/alder/notices")), "EdgeOS 7.4.9", "and nobody else")
	require.Contains(t, textOf(nobody.as("owner@birch").page("/customers/birch/patches")), "24 Nov 2026, 18:00 to 24 Nov 2026, 19:00", "by its own clock")
	require.Contains(t, ben.does(path+"/replan", url.Values{"reason": {"Another window"}}), "Ben Okafor planned it anew: Another window")
	ben.refused(path+"/cancel", nil, "Reason: must not be empty")
	require.Contains(t, ben.does(path+"/cancel", url.Values{"reason": {"The routers are replaced"}}), "Cancelled")
	require.NotContains(t, textOf(nobody.as("owner@birch").page("/customers/birch/patches")), "24 Nov 2026, 18:00 to 24 Nov 2026, 19:00")

	// Without advisories it is for what labels pick; what picks nothing is told.
	fields = url.Values{"name": {"x"}, "why": {"y"}, "pick": {"environment=moon"}, "length": {"1 h"}, "from": {"2026-11-24T18:00"}, "until": {"2026-11-26T10:00"}, "ring-0": {"All"}}
	require.Contains(t, ben.does("/patches/cycles", fields), "It concerns no target")
	fields.Set("pick", "environment=test, type=host")
	require.Contains(t, ben.does("/patches/cycles", fields), "1 target. All of them have a slot before their deadline.")
	// Without a model people decide on each of its changes: until then the job is stuck, and says why.
	fields.Set("do", "plan")
	path = ben.planned(fields)
	text = ben.does(path+"/begin", nil)
	require.Contains(t, text, "1 job stuck")
	require.Contains(t, text, "Stuck: it waits to be assessed and approved")
	require.Contains(t, textOf(ben.page(regexp.MustCompile(`/patches/jobs/[^"]+`).FindString(ben.page(path)))), "It is stuck It waits to be assessed and approved.")
	fields.Set("verified-0", "yes")
	ben.refused("/patches/cycles", fields, "wants no version that could be seen", `id="e-f-verified-0"`)
}

// planned plans a cycle and returns where it is.
func (r *running) planned(fields url.Values) string {
	r.t.Helper()
	res := r.raw(http.MethodPost, "/patches/cycles", fields)
	defer res.Body.Close()
	require.Equal(r.t, http.StatusSeeOther, res.StatusCode)
	path, _, _ := strings.Cut(res.Header.Get("Location"), "?")
	return path
}

// The board shows ring by ring what came of targets, what is late and what is waited for;
// what people say of a job changes it.
func TestTheBoardOfRings(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	ben := nobody.as("ben")
	const path, late, job = "/patches/cycles/nginx-november", "/patches/jobs/nginx-november.1.3", "/patches/jobs/nginx-november.1.2"
	text := textOf(ben.page(path))
	for _, want := range []string{
		"2 done , 1 under way , 4 not begun , 1 of them late , 1 put back .", "Pilot Passed environment=test 1 done", "Go was said by Ada Brandt, 23 Nov 2026, 09:00", "First customers Open whatever is left, 4 at most 1 done , 1 under way , 1 not begun , 1 of them late , 1 put back",
		"at most 1 failed; each was seen in the version that mends it", "1 target whose slot is over and that nobody has begun", "All others Waits for the ring before it", "environment=production. It tells nothing of those.", "Changes from the model patching",
	} {
		require.Contains(t, text, want)
	}
	text = textOf(ben.page(job))
	for _, want := range []string{"Alder Hospital, 23 Nov 2026, 19:00", "Being done", "Put back Its run was aborted, and undone", "Under way", "The run of Web server 2 of order entry"} {
		require.Contains(t, text, want)
	}
	require.Contains(t, textOf(ben.page(late)), "late: its slot is over")
	require.Contains(t, ben.page(job), "/changes/patch-nginx-november.1.2")

	ben.refused(late+"/report", url.Values{"why": {"kept <b>"}}, "tick at least one", "choose what came of it", "kept &lt;b&gt;", `id="e-f-target"`, `id="e-f-result"`)
	ben.refused(late+"/report", url.Values{"target": {"birch-web-1"}, "result": {"skipped"}}, "say why", `value="birch-web-1" checked`)
	ben.refused(late+"/report", url.Values{"target": {"birch-web-1"}, "result": {"skipped"}, "why": {strings.Repeat("x", 401)}}, "at most 400 characters")
	ben.refused(late+"/report", url.Values{"target": {"birch-web-1"}, "result": {"done"}}, "birch-web-1 is pending, and cannot be done then")
	ben.refused(late+"/report", url.Values{"target": {"alder-web-1"}, "result": {"running"}}, "alder-web-1 is no target of it")
	ben.refused("/patches/jobs/nginx-november.1.4/report", url.Values{"target": {"birch-web-2"}, "result": {"running"}}, "is not begun")
	require.Contains(t, ben.does(job+"/report", url.Values{"target": {"alder-web-2"}, "result": {"waitingForRestart"}}), "Waits for a restart Ben Okafor")
	require.Contains(t, ben.does(late+"/report", url.Values{"target": {"birch-web-1"}, "result": {"running"}}), "Under way Ben Okafor")
	require.Contains(t, ben.does(path+"/look", nil), "The gates were looked at.")

	// One failure more than the gate of the ring allows halts it, and says why.
	require.Contains(t, ben.does(late+"/report", url.Values{"target": {"birch-web-1"}, "result": {"failed"}, "why": {"the disk is full"}}), "Failed The disk is full")
	text = textOf(ben.page(path))
	require.Contains(t, text, "It is halted Ring &#34;First customers&#34;: 2 failed, its gate allows 1; the last: birch-web-1: the disk is full.")
	require.Contains(t, textOf(ben.page("/work/patch-cycles")), "Halted: ring")
	ben.refused(path+"/resume", nil, "Reason: must not be empty", `id="e-f-resume-reason"`)
	require.Contains(t, ben.does(path+"/resume", url.Values{"reason": {"The disk is larger now"}}), "Ben Okafor resumed it: The disk is larger now")
	require.Contains(t, textOf(ben.page(path)), "Failed so far 2, 2 of them let pass")
	ben.refused(path+"/goAhead", url.Values{"reason": {"go on"}}, "waits for nobody&#39;s word")
	require.Contains(t, ben.does(path+"/halt", url.Values{"reason": {"The maker is asked"}}), "The maker is asked.")
	require.Contains(t, ben.page("/patches/cycles?as=csv"), "nginx-november,nginx 1.28.2,halted,8,0,")
}

// Customers see how theirs stands in plain words, when it is patched, and nothing of others.
func TestCustomersSeeTheirPatches(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	for _, who := range []string{"owner@birch", "member@birch"} {
		body := nobody.as(who).page("/customers/birch/patches")
		text := textOf(body)
		for _, want := range []string{
			"1 patch is overdue", "Whoever reaches the management page of the router becomes its administrator.", "Mended 0 of 2, 1 exempt", "11 Nov 2026, 06:00 1 overdue", "Kept in time 0 of 2", "There is no firmware for this model before December",
			"was to be 23 Nov 2026, 18:00, and was not begun", "24 Nov 2026, 18:00 to 24 Nov 2026, 18:45", "Under investigation", "not planned yet",
		} {
			require.Contains(t, text, want)
		}
		for _, other := range []string{"alder", "Alder", "cedar", "/patches/advisories", "/patches/cycles"} {
			require.NotContains(t, body, other, who)
		}
		require.Contains(t, nobody.as(who).page("/customers/birch/patches?as=csv"), "CVE-2026-39270,EdgeOS: sign-in is passed by without a password,critical,2026-11-07,2026-11-11T06:00:00Z,birch-edge-1,nonCompliant,")
		status, _ := nobody.as(who).get("/customers/alder/patches")
		require.Equal(t, http.StatusNotFound, status)
	}
	require.Contains(t, nobody.as("ada").page("/customers/birch/patches"), "/patches/advisories/CVE-2026-39270")
	require.Contains(t, textOf(nobody.as("owner@alder").page("/customers/alder/patches")), "under way since 23 Nov 2026, 20:30")
	status, _ := nobody.as("ada").get("/customers/nobody/patches")
	require.Equal(t, http.StatusNotFound, status)
}

// Routines say when they come next, and are stopped; the portal plans what is due by itself.
func TestRoutinesOfPatches(t *testing.T) {
	t.Parallel()
	ben := demoPortal(t).as("ben")
	text := textOf(ben.page("/patches/routines"))
	for _, want := range []string{"Monthly patches of servers", "3 working days after FREQ=MONTHLY;BYDAY=2TU, at 18:00 Europe/Berlin", "Next 11 Dec 2026, 18:00 to 21 Dec 2026, 18:00", "That one is planned 4 Dec 2026, 18:00", "Pilot, then Production", "type=host"} {
		require.Contains(t, text, want)
	}
	require.Contains(t, ben.does("/patches/routines/monthly/stop", nil), "it comes no more")
	require.Contains(t, ben.does("/patches/routines/monthly/go", nil), "Next 11 Dec 2026")

	p := openDemo(t)
	t.Cleanup(func() { require.NoError(t, p.close(context.WithoutCancel(t.Context()))) })
	rule, err := workday.Parse("FREQ=DAILY")
	require.NoError(t, err)
	_, err = p.Cycles().KeepRoutine(t.Context(), servicecoin.Person(ada), patch.Routine{
		ID: "daily", Rule: rule, At: calendar.ClockAt(18, 0), For: calendar.Within(2 * day), Lead: calendar.Within(12 * time.Hour),
		Terms: patch.Terms{Name: "Every day", Why: "A test", Length: time.Hour, Rings: []patch.Ring{{Name: "All"}}},
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); p.pump(ctx, time.Millisecond) }()
	require.Eventually(t, func() bool {
		_, err := p.Cycles().Get(t.Context(), "daily.2026-11-24")
		return err == nil
	}, 30*time.Second, 10*time.Millisecond, "the portal's ticker tends to it")
	stop()
	<-ended
}
