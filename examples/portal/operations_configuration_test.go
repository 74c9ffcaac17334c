package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/change"
)

// pagesOfConfiguration are those of what there is, and how it is meant to be.
func pagesOfConfiguration() []string {
	const alder = "/customers/alder/configuration"
	return []string{
		"/configuration", "/configuration?only=unauthorised", "/configuration/unknown", "/configuration/strays",
		alder, alder + "?standing=unknown&type=network", alder + "/items/alder-db-1", alder + "/items/alder-erp-1?at=2026-11-01T10:00", alder + "/items/alder-erp-db", alder + "/items/alder-files-1", alder + "/items/alder-fax-1", "/customers/birch/configuration/items/birch-fw-1",
		alder + "/observe", alder + "/baselines", alder + "/baselines/taken-over?with=now", alder + "/baselines/release-84?with=taken-over",
	}
}

// What differs of all customers stands there, the worst first, with who changed it.
func TestDriftOfAllCustomers(t *testing.T) {
	t.Parallel()
	ben := startDemo(t).as("ben")
	body := ben.page("/configuration")
	for _, word := range []string{"Critical", "By no approved change", "Recorded, and not there yet", "2 differences, for 2 days", "As taken over", "Cedar City Library"} {
		require.Contains(t, body, word)
	}
	require.Less(t, strings.Index(body, "alder-db-1"), strings.Index(body, "birch-erp-db"), "the worst first")
	require.NotContains(t, ben.page("/configuration?only=unauthorised"), "birch-erp-db")
	require.Contains(t, ben.page("/configuration?only=info"), "Nothing of that sort differs")
	require.Contains(t, ben.page("/configuration?as=csv"), "alder,alder-db-1,Database server,server,production,database,drifted,2,2,critical,")
	body = ben.page("/configuration/unknown")
	for _, word := range []string{"a change was done on it", "/changes/files-gateways", "never looked at", "Not known for"} {
		require.Contains(t, strings.ToLower(body), strings.ToLower(word))
	}
	require.Contains(t, ben.page("/configuration/unknown?as=csv"), ",files-gateways")
	for path, want := range map[string]int{"/configuration?only=x": 404, "/customers/alder/configuration/items/none": 404, "/customers/alder/configuration/baselines/none": 404, "/customers/alder/configuration/baselines/taken-over?with=none": 404, "/customers/none/configuration": 404} {
		status, _ := ben.get(path)
		require.Equal(t, want, status, path)
	}
	body = ben.page("/work")
	for _, word := range []string{"Changed without an approved change", "There, and not recorded", "Baselines to approve", "Changed by no approved change: server alder-db-1"} {
		require.Contains(t, body, word)
	}
}

// No page and no file shows a secret, or the digest of one.
func TestNoSecretIsShown(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	secret := regexp.MustCompile(`Anker|Segel|hmac-sha256`)
	const alder = "/customers/alder/configuration"
	files := []string{alder + "/handover", alder + "/handover?as=markdown", alder + "?as=csv", "/configuration?as=csv", "/customers/birch/configuration/items/birch-erp-db", "/customers/birch/configuration/handover"}
	ada, olga := nobody.as("ada"), nobody.as("owner@alder")
	for _, path := range append(pagesOfConfiguration(), files...) {
		require.NotRegexp(t, secret, ada.page(path), path)
	}
	for _, path := range []string{alder, alder + "/items/alder-erp-db", alder + "/handover"} {
		require.NotRegexp(t, secret, olga.page(path), path)
	}
	require.Contains(t, ada.page(alder+"/items/alder-erp-db"), "<code>a secret</code>")
	status, body := ada.post(alder+"/observe", url.Values{"by": {"me"}, "found": {`{"alder-erp-db":{"password":"Anker-1"}`}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "line 1")
	require.NotRegexp(t, secret, body, "what was handed in is not shown again")
	status, body = ada.post(alder+"/observe", url.Values{"by": {"me"}, "found": {`{"alder-erp-db":{"engine":"PostgreSQL","password":"Anker-1"}}`}})
	require.Equal(t, http.StatusOK, status, body)
	require.NotRegexp(t, secret, body)
	require.NotRegexp(t, secret, ada.page(alder+"/items/alder-erp-db"))
}

// A finding is acknowledged, and accepted through an approved change that concerns the
// item.
func TestFindingsAreJudged(t *testing.T) {
	t.Parallel()
	h := planning(t)
	ben := h.as("ben")
	const item = "/customers/alder/configuration/items/alder-db-1"
	require.Contains(t, ben.page(item), "No approved change concerns this item")
	status, body := ben.post(item+"/acknowledge", url.Values{"finding": {"1"}, "text": {"That was me"}})
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "It is noted that you have seen it")
	require.Contains(t, ben.page(item), "“That was me”")
	status, body = ben.post(item+"/acknowledge", url.Values{"finding": {"1"}})
	require.Equal(t, http.StatusConflict, status, body)
	for _, bad := range []string{"x", "", "99"} {
		status, _ = ben.post(item+"/acknowledge", url.Values{"finding": {bad}})
		require.Contains(t, []int{http.StatusConflict, http.StatusUnprocessableEntity}, status, bad)
	}

	r := h.request("open-port", "Open the port of the database", 5*day, "database")
	r.Work.Scope = change.Scope{Records: []servicecoin.ConfigurationID{"alder-db-1"}, Customers: []servicecoin.CustomerID{"alder"}}
	r.Work.Plan.Downtime = nil
	h.assessed(r)
	status, body = ben.post(item+"/accept", url.Values{"findings": {"2"}, "change": {"open-port"}})
	require.Equal(t, http.StatusConflict, status, body)
	h.vote(r.ID)
	require.Contains(t, ben.page(item), `<option value="open-port">`)
	status, body = ben.post(item+"/accept", url.Values{"change": {"open-port"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, body, "findings")
	status, body = ben.post(item+"/accept", url.Values{"findings": {"2"}, "change": {"erp-release"}})
	require.Equal(t, http.StatusConflict, status, body)
	status, body = ben.post(item+"/accept", url.Values{"findings": {"2", "2"}, "change": {"open-port"}})
	require.Equal(t, http.StatusUnprocessableEntity, status, body)
	status, body = ben.post(item+"/accept", url.Values{"findings": {"2"}, "change": {"open-port"}, "reason": {"The branch needs it"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "What was found is recorded now")
	x, err := h.p.Configuration("alder").Item(t.Context(), "alder-db-1")
	require.NoError(t, err)
	require.Equal(t, []int{2, 1}, []int{x.Version, x.Open})
	status, _ = ben.post(item+"/nothing", nil)
	require.Equal(t, http.StatusNotFound, status)

	require.Contains(t, ben.page("/changes/open-port/edit"), `name="customers" value="alder"`, "a form that is sent loses nothing")
	require.Contains(t, ben.page("/changes/open-port"), `<a href="/customers/alder/configuration/items/alder-db-1">Database server of Alder Hospital</a>`)
	body = ben.page(item + "?at=2026-10-01T10:00")
	for _, word := range []string{"version 1", "1 place is otherwise now", "Changed since", "The branch needs it", "Open the port of the database"} {
		require.Contains(t, body, word)
	}
	require.Contains(t, ben.page(item+"?at=2020-01-01T10:00"), "is before it was recorded")
	require.Contains(t, ben.page(item+"?at=yesterday"), "must be a day and a time")
}

// What a customer sees is its own, and read only: without what its provider's people
// wrote about it.
func TestCustomersSeeTheirConfiguration(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	pavel, olga := nobody.as("owner@birch"), nobody.as("owner@alder")
	body := pavel.page("/customers/birch/configuration/items/birch-fw-1")
	require.Contains(t, body, "We know of it")
	for _, word := range []string{"electrician", "<textarea", "/changes/", "Accept what was found"} {
		require.NotContains(t, body, word)
	}
	require.Contains(t, olga.page("/customers/alder/configuration"), "2 items were changed by no approved change")
	body = olga.page("/customers/alder/configuration/baselines")
	require.Contains(t, body, "As taken over")
	require.NotContains(t, body, "With release 8.4", "what was not approved is no baseline of theirs")
	require.NotContains(t, body, "Take a baseline")
	for _, path := range []string{"/customers/alder/configuration/baselines/release-84", "/customers/alder/configuration/baselines/taken-over?with=release-84"} {
		status, _ := olga.get(path)
		require.Equal(t, http.StatusNotFound, status, path)
	}
	status, _ := olga.get("/customers/alder/configuration/observe")
	require.Equal(t, http.StatusForbidden, status)
	for _, path := range []string{"observe", "baselines", "baselines/taken-over/approve", "items/alder-db-1/acknowledge", "items/alder-db-1/accept", "strays/alder-vm-0713"} {
		status, body := olga.post("/customers/alder/configuration/"+path, url.Values{"found": {"{}"}, "by": {"x"}, "name": {"x"}, "finding": {"1"}, "findings": {"1"}, "change": {"erp-release"}})
		require.Equal(t, http.StatusForbidden, status, path)
		require.NotContains(t, body, "Hand in what was found", path)
	}
	status, _ = pavel.get("/customers/alder/configuration/handover")
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, olga.page("/customers/alder/configuration/handover?as=markdown"), "# Hand-over of the configuration of Alder Hospital")
	require.Contains(t, olga.page("/customers/alder/configuration/handover"), "alder-vm-0713")
}

// What was found is handed in, as a list or by id, and what came of it is said.
func TestWhatWasFoundIsHandedIn(t *testing.T) {
	t.Parallel()
	ben := startDemo(t).as("ben")
	const path = "/customers/alder/configuration/observe"
	status, body := ben.post(path, url.Values{"by": {"script"}, "types": {"network", "domain"}, "complete": {"yes"}, "found": {`[{"item":"alder-files-1","state":{"model":"FG-200","firmware":"7.4.9","vlans":["backup","office","guests"]}},{"item":"alder-new-1","type":"network","state":{}},{"item":"alder-erp-db","state":7,"gone":true}]`}})
	require.Equal(t, http.StatusOK, status, body)
	for _, word := range []string{"2 items were looked at", "Differ from what is recorded", "Gateway of the file share", "alder-new-1", "Recorded, and not there", "alder.example", "Not taken"} {
		require.Contains(t, body, word)
	}
	body = ben.page("/customers/alder/configuration/items/alder-files-1")
	for _, word := range []string{"/firmware", "7.4.9", "By an approved change", "/changes/files-gateways"} {
		require.Contains(t, body, word)
	}
	status, body = ben.post("/customers/alder/configuration/strays/alder-new-1", url.Values{"text": {"A loan"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, ben.page("/configuration/strays"), "“A loan”")
	status, _ = ben.post("/customers/alder/configuration/strays/none", nil)
	require.Equal(t, http.StatusNotFound, status)
	for name, form := range map[string]url.Values{
		"nothing": {"by": {"x"}}, "no list": {"by": {"x"}, "found": {"7"}}, "by nobody": {"found": {"{}"}}, "no types": {"by": {"x"}, "found": {"{}"}, "complete": {"yes"}},
		"ahead": {"by": {"x"}, "found": {`{"alder-files-1":{}}`}, "at": {"2027-01-01T10:00"}}, "no time": {"by": {"x"}, "found": {"{}"}, "at": {"soon"}}, "twice": {"by": {"x"}, "found": {`{"a":1,"a":2}`}},
		"no observations": {"by": {"x"}, "found": {`["a"]`}},
	} {
		status, body := ben.post(path, form)
		if name == "ahead" { // one item that is not taken is told
			require.Contains(t, body, "Not taken", name)
			continue
		}
		require.Equal(t, http.StatusUnprocessableEntity, status, "%s\n%s", name, body)
	}
}

// A baseline is taken by one person, and approved by another one.
func TestBaselinesArePassedByTwo(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ben, cleo := nobody.as("ben"), nobody.as("cleo")
	const path = "/customers/cedar/configuration/baselines"
	status, _ := ben.post(path, url.Values{"name": {""}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, _ = ben.post(path, url.Values{"name": {"x"}, "at": {"2030-01-01T10:00"}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	status, body := ben.post(path, url.Values{"name": {"Winter"}})
	require.Equal(t, http.StatusOK, status, body)
	id := regexp.MustCompile(`baselines/([0-9a-f-]{36})"`).FindStringSubmatch(ben.page(path))[1]
	require.Contains(t, ben.page(path+"/"+id), "somebody else approves it")
	status, _ = ben.post(path+"/"+id+"/approve", nil)
	require.Equal(t, http.StatusConflict, status)
	status, body = cleo.post(path+"/"+id+"/approve", url.Values{"reason": {"Walked through"}})
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, cleo.page("/customers/cedar/configuration"), "Winter")
	require.Contains(t, cleo.page(path+"/"+id+"?with=now"), "Nothing differs between Winter and what is recorded now")
	body = cleo.page("/customers/alder/configuration/baselines/release-84?with=taken-over")
	require.Contains(t, body, "First: <strong>As taken over</strong>")
	require.Contains(t, body, "version 1 became 2")
}

// Run books read what is recorded of a customer.
func TestRunBooksReadTheConfiguration(t *testing.T) {
	t.Parallel()
	p := openDemo(t)
	t.Cleanup(func() { require.NoError(t, p.close(t.Context())) })
	records, err := p.Configurations().Read(t.Context(), "birch", []string{"instance", "birch-db-1", "server", "network", "nothing"})
	require.NoError(t, err)
	require.JSONEq(t, `{"engine":"PostgreSQL","version":"16.11","address":"birch-db-1.nordlicht.example:5432","connections":200,"settings":{"timeout":"30s","shared_memory":"4 GiB"}}`, string(records["instance"]), "without its password")
	require.Len(t, records, 4)

	ben := startDemo(t).as("ben")
	body := ben.page("/runbooks/database-restore/start?customer=birch")
	for _, word := range []string{"birch-db-1.nordlicht.example:5432", "the customer’s record “instance”"} {
		require.Contains(t, body, word)
	}
}
