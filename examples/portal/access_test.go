package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each side of the counter sees what is theirs and nothing else.
func TestWhatIsTheirs(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	require.Contains(t, nobody.page("/"), "Large files cannot be uploaded", "the status is everybody's")
	for _, path := range append(pagesOf("alder"), "/calendar", "/customers", "/incidents", "/incidents/mail-queue", "/followups", "/dependencies", "/exchange", "/changes/calendar", "/changes/schedule", "/changes/agenda", "/changes/freezes", "/changes/windows", "/feeds", "/changes", "/changes/network-core") {
		res := nobody.raw(http.MethodGet, path, nil)
		res.Body.Close()
		require.Equal(t, http.StatusSeeOther, res.StatusCode, path)
		require.Contains(t, res.Header.Get("Location"), "/signin?back=", path)
	}
	for _, path := range append(formsOf("alder"), "/incidents", "/incidents/mail-queue/close") {
		status, _ := nobody.post(path, nil)
		require.Equal(t, http.StatusForbidden, status, path)
	}
	for _, who := range []string{"owner@alder", "member@alder"} {
		r := nobody.as(who)
		require.Contains(t, r.page("/customers/alder/availability"), "Alder Hospital")
		require.NotContains(t, r.page("/customers/alder/availability?month=2026-09"), "<button>Close", "closing is the provider's")
		require.Contains(t, r.page("/status/mail-queue"), "Mail is not delivered")
		require.NotContains(t, r.page("/status/mail-queue"), "certificate", "what is internal stays so")
		require.Contains(t, r.page("/calendar"), "Database platform is patched")
		require.NotContains(t, strings.ToLower(r.page("/calendar")), "on call", "who is called at night is the provider's own affair")
		for _, path := range pagesFor(who) {
			body := r.page(path)
			require.NotContains(t, body, "Birch", path)
			require.NotContains(t, body, "/incidents/", "the provider's pages are not linked from %s", path)
		}
		for _, path := range append(pagesOf("birch"), pagesOf("nobody")...) {
			status, body := r.get(path)
			require.Equal(t, http.StatusNotFound, status, "%s asks for %s", who, path)
			require.NotContains(t, body, "Birch", path)
		}
		for _, path := range []string{"/incidents", "/incidents/mail-queue", "/customers", "/followups", "/dependencies", "/exchange", "/changes/calendar", "/changes/schedule?as=csv", "/changes/agenda", "/changes/freezes", "/changes/windows", "/changes", "/changes/network-core", "/runbooks", "/runs", "/checklists", "/configuration", "/configuration/unknown", "/configuration/strays", "/capacity", "/customers/alder/limits-set"} {
			status, body := r.get(path)
			require.Equal(t, http.StatusForbidden, status, "%s asks for %s", who, path)
			require.NotContains(t, body, "Birch", path)
		}
		for _, path := range formsOf("birch") {
			status, body := r.post(path, anything())
			require.Contains(t, []int{403, 404}, status, "%s posts to %s", who, path)
			require.NotContains(t, body, "Birch", path)
		}
		for _, path := range []string{
			"/exchange/break", "/changes/freezes", "/changes/freezes/accounts/lift", "/changes/windows", "/changes/windows/evening/drop", "/incidents", "/incidents/files-upload/resolve", "/customers/alder/availability/close?month=2026-09", "/customers/alder/statement/issue?month=2026-10", "/customers/alder/statement/replace?month=2026-10",
			"/customers/alder/letters/none/send", "/customers/alder/subscriptions/mail-std/waive",
			"/capacity/any/acknowledge", "/capacity/any/close", "/customers/alder/limits-set", "/customers/alder/limits/order%20interface/end", "/customers/alder/grants", "/customers/alder/grants/move/void",
		} {
			status, body := r.post(path, anything())
			require.Equal(t, http.StatusForbidden, status, "%s posts to %s\n%s", who, path, body)
		}
	}
	forged := *nobody
	for _, value := range []string{"ada", strings.Repeat("0", 64), strings.Repeat("z", 64)} {
		forged.cookie = "session=" + value
		require.NotContains(t, forged.page("/"), "Ada Brandt", "a cookie that the portal did not give")
	}
	for _, back := range []string{
		"https://elsewhere.example", "//elsewhere.example", `/\elsewhere.example`, "/\t/elsewhere.example", "/%09/elsewhere.example", "/%2f/elsewhere.example", "/%5celsewhere.example",
		"/\n/elsewhere.example", "javascript:alert(1)", "elsewhere.example", "\t//elsewhere.example",
	} {
		res := nobody.raw(http.MethodPost, "/signin", url.Values{"person": {"ada"}, "back": {back}})
		res.Body.Close()
		require.Equal(t, "/", res.Header.Get("Location"), back)
	}
}

// pagesOf are all pages of one customer.
func pagesOf(c string) []string {
	base := "/customers/" + c
	return []string{
		base, base + "/catalogue", base + "/catalogue/erp", base + "/orders", base + "/orders/files-std", base + "/subscriptions/files-std", base + "/usage", base + "/usage/storage", base + "/usage/storage/events.csv", base + "/usage?by=hour", base + "/usage?by=week&group=site",
		base + "/statement", base + "/statement?month=2026-10", base + "/statement/rows", base + "/statement/line?month=2026-10&line=usage%2Ferp-cloud%252Fdocuments", base + "/statement.csv", base + "/statement.json", base + "/tariffs", base + "/limits", base + "/grants", base + "/availability", base + "/availability/files-std/2026-09", base + "/letters", base + "/problems", base + "/notices", base + "/patches", base + "/news",
		base + "/configuration", base + "/configuration/items/" + c + "-db-1", base + "/configuration/baselines", base + "/configuration/baselines/taken-over?with=now",
	}
}

// pagesFor are those that somebody of a customer may see: what is paid is the owner's
// affair.
func pagesFor(who string) []string {
	role, customer, _ := strings.Cut(who, "@")
	return slices.DeleteFunc(pagesOf(customer), func(path string) bool {
		return role == "member" && (strings.Contains(path, "/statement") || strings.Contains(path, "/tariffs"))
	})
}

// formsOf are all paths of one customer that change something.
func formsOf(c string) []string {
	base := "/customers/" + c
	forms := []string{base + "/orders", base + "/statement/issue?month=2026-10", base + "/statement/replace?month=2026-10", base + "/availability/close?month=2026-10", base + "/letters/none/send", base + "/letters/none/discard", base + "/problems", base + "/notices/erp-move/answer", base + "/configuration/items/" + c + "-db-1/accept", base + "/configuration/items/" + c + "-db-1/acknowledge", base + "/configuration/observe", base + "/configuration/baselines", base + "/configuration/baselines/taken-over/approve", base + "/configuration/strays/alder-vm-0713", base + "/usage/documents/event/void", base + "/usage/documents/event/correct", base + "/usage-upload", base + "/limits-set", base + "/limits/order%20interface/end", base + "/grants", base + "/grants/move/void", base + "/news/enter", base + "/news/leave", base + "/news/feeds/make", base + "/news/feeds/revoke"}
	for _, verb := range []string{"approve", "reject", "cancel", "retry"} {
		forms = append(forms, base+"/orders/files-std/"+verb)
	}
	for _, verb := range []string{"meet", "waive", "reach", "answer", "depart", "leave", "stay"} {
		forms = append(forms, base+"/subscriptions/files-std/"+verb)
	}
	return forms
}

// anything fills in every form.
func anything() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{
		"resolution": "x", "title": "x", "service": "mail", "level": "outage", "reason": "x", "offering": "mail-std", "subject": "x", "body": "x",
		"prerequisite": "domain", "evidence": "x", "point": "before first use", "survey": "mail-autumn", "score": "1",
	} {
		v.Set(name, text)
	}
	return v
}

// A member asks, and cannot approve what they asked for themselves; the owner
// can, also by hand-made requests.
func TestWhoApproves(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	asked := nobody.as("member@cedar")
	require.Contains(t, asked.page("/customers/cedar/orders/erp-cloud"), "It waits for somebody else to approve it")
	for who, want := range map[string]int{"member@cedar": 403, "ben": 403, "owner@alder": 404} {
		status, body := nobody.as(who).post("/customers/cedar/orders/erp-cloud/approve", nil)
		require.Equal(t, want, status, "%s\n%s", who, body)
	}
	own := nobody.as("owner@cedar")
	res := own.raw(http.MethodPost, "/customers/cedar/orders", url.Values{"service": {"database"}, "offering": {"database-std"}})
	res.Body.Close()
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	path := res.Header.Get("Location")
	status, body := own.post(path+"/approve", nil)
	require.Contains(t, []int{403, 409}, status, body)
	require.Contains(t, own.page(path), "Ordered, waits for approval", "nobody approves their own order")
	status, body = own.post("/customers/cedar/orders/erp-cloud/approve", nil)
	require.Equal(t, http.StatusOK, status, body)
	status, body = nobody.as("ada").post(path+"/approve", nil)
	require.Equal(t, http.StatusOK, status, body)
}
