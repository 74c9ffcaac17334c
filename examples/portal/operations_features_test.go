package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pagesOfFeatures are those of features and of the news desk: the provider's own affair.
func pagesOfFeatures() []string {
	return []string{
		"/features", "/features/procedure", "/features/barcode-intake", "/features/split-orders", "/features/stock-forecast", "/features/fax-orders",
		"/newsdesk", "/newsdesk/new", "/newsdesk/split-orders-tips", "/newsdesk/8-4-is-out", "/newsdesk/fax-orders-end",
	}
}

const barcodeToAll = "/features/barcode-intake/promotions/barcode-intake~generallyAvailable~8.5/"

// formsOfFeatures are all paths of theirs that change something.
func formsOfFeatures() []string {
	forms := []string{"/features/procedure", "/newsdesk"}
	for _, verb := range []string{"propose", "hold", "free", "audience", "facts", "admit", "decline"} {
		forms = append(forms, "/features/barcode-intake/"+verb)
	}
	for _, verb := range []string{"signOff", "waive", "promote", "settle", "drop"} {
		forms = append(forms, barcodeToAll+verb)
	}
	for _, verb := range []string{"edit", "publish", "correct", "withdraw", "discard"} {
		forms = append(forms, "/newsdesk/split-orders-tips/"+verb)
	}
	return forms
}

// Nobody outside sees or does any of it.
func TestFeaturesAreInternal(t *testing.T) {
	t.Parallel()
	nobody := demoPortal(t)
	for _, path := range pagesOfFeatures() {
		res := nobody.raw(http.MethodGet, path, nil)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusSeeOther, res.StatusCode, path)
	}
	for _, who := range []string{"owner@alder", "member@birch"} {
		r := nobody.as(who)
		for _, path := range pagesOfFeatures() {
			status, _ := r.get(path)
			require.Equal(t, http.StatusForbidden, status, "%s asks for %s", who, path)
		}
		for _, path := range formsOfFeatures() {
			status, _ := r.post(path, url.Values{"why": {"x"}, "reason": {"x"}, "customer": {"birch"}, "title": {"x"}, "text": {"x"}})
			require.Equal(t, http.StatusForbidden, status, "%s posts to %s", who, path)
		}
	}
	ada := nobody.as("ada")
	for _, path := range []string{"/features/none", "/newsdesk/none", "/news/none.atom", "/news/" + strings.Repeat("0", 64) + ".atom"} {
		status, _ := ada.get(path)
		require.Equal(t, http.StatusNotFound, status, path)
	}
	for _, path := range []string{"/features/barcode-intake/explode", barcodeToAll + "explode", "/features/fax-orders/promotions/barcode-intake~generallyAvailable~8.5/promote", "/newsdesk/split-orders-tips/explode"} {
		status, _ := ada.post(path, url.Values{"why": {"x"}})
		require.Equal(t, http.StatusNotFound, status, path)
	}
	status, body := nobody.as("ben").post(barcodeToAll+"waive", url.Values{"criterion": {"use"}, "why": {"x"}, "until": {"2026-12-24T09:00"}})
	require.Equal(t, http.StatusForbidden, status, "the service manager waives\n%s", body)
	status, _ = nobody.as("cleo").post(barcodeToAll+"signOff", url.Values{"role": {"service manager"}})
	require.Equal(t, http.StatusForbidden, status, "cleo is not the service manager")
}

// TestAFeatureIsPromoted takes the demonstration's beta to general availability: it is refused
// with all that it lacks, what it lacks is done or waived, news is drafted, and a person
// publishes it.
func TestAFeatureIsPromoted(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ada, dana, ben := nobody.as("ada"), nobody.as("dana"), nobody.as("ben")
	text := textOf(ada.page("/features"))
	for _, want := range []string{"Waived customers can read how it works, until 3 Dec 2026", "Proposed: to generally available, with 8.5.0-rc.1", "1 customer asks for it", "Every customer with the offering"} {
		require.Contains(t, text, want)
	}
	const path = "/features/barcode-intake"
	text = textOf(ada.page(path))
	for _, want := range []string{"5 missing", "1 customer uses it", "1 more customer uses it", "Nobody was asked", "It was promoted without something", "The manual is being translated", "Birch &amp; Sons 8.4.4 Has it, in early access", "Alder Hospital 8.3.9 May ask"} {
		require.Contains(t, text, want)
	}
	dana.refused(barcodeToAll+"signOff", url.Values{"role": {"shift lead"}}, "who proposed it cannot sign it off")
	ben.refused(barcodeToAll+"promote", nil, "1 more customer uses it", "nobody was asked", "there is none")
	require.Contains(t, ada.does(path+"/facts", url.Values{"manual": {"Manual, chapter 9"}, "runbook": {"server-patch"}}), "Manual, chapter 9")
	ada.does(barcodeToAll+"signOff", url.Values{"role": {"service manager"}})
	ada.refused(barcodeToAll+"waive", url.Values{"criterion": {"use"}, "why": {""}, "until": {"2026-11-01T09:00"}}, "must not be empty", "must be later than now")
	for _, c := range []string{"use", "satisfaction"} {
		ada.does(barcodeToAll+"waive", url.Values{"criterion": {c}, "why": {"Alder will"}, "until": {"2027-01-24T09:00"}})
	}
	text = ben.does(barcodeToAll+"promote", nil)
	require.Contains(t, text, "Generally available from 8.5 on")
	require.Contains(t, text, "Barcode intake: generally available Draft")
	text = ada.does("/features/barcode-intake/promotions/barcode-intake~beta~8.4/settle", nil)
	require.Contains(t, text, "What was waived by Ada Brandt was met after all")

	link := regexp.MustCompile(`/newsdesk/promoted-[0-9a-f]+`).FindString(ada.page("/newsdesk"))
	text = textOf(ada.page(link))
	require.Contains(t, text, "Nobody. No customer may use it, or enter it, in the version that it runs.")
	body := ada.does(path+"/hold", url.Values{"from": {"8.4"}, "why": {"It books goods twice"}})
	require.Contains(t, body, "It is taken back from 8.4 on")
	require.Contains(t, textOf(nobody.as("owner@birch").page("/customers/birch/news")), "Barcode intake is taken back for now It books goods twice")
	status, _ := ada.get(link)
	require.Equal(t, http.StatusNotFound, status, "its draft is thrown away")
	ada.does(path+"/free", url.Values{"why": {"mended in 8.4.2"}})
}

// TestEarlyAccess: whoever owns the account enters and leaves; the provider admits; nobody else's
// page is theirs.
func TestEarlyAccessOfCustomers(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	pavel, jo, olga, ada := nobody.as("owner@birch"), nobody.as("member@birch"), nobody.as("owner@alder"), nobody.as("ada")
	const page = "/customers/birch/news"
	text := textOf(pavel.page(page))
	for _, want := range []string{"in early access since 15 Oct 2026", "Asked for, waits for an answer", "It is there until 24 Mar 2027. Use Split orders instead.", "Withdrawn 27 Sep 2026", "Corrected 12 Oct 2026", "Bluetooth scanners of one maker do not work yet"} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, textOf(olga.page("/customers/alder/news")), "early access is open", "alder runs 8.3: it cannot have the beta yet")
	status, _ := olga.get(page)
	require.Equal(t, http.StatusNotFound, status)
	status, _ = olga.post(page+"/leave", url.Values{"feature": {"barcode-intake"}})
	require.Equal(t, http.StatusNotFound, status)
	status, _ = jo.post(page+"/leave", url.Values{"feature": {"barcode-intake"}})
	require.Equal(t, http.StatusForbidden, status, "a member does not decide")
	require.NotContains(t, jo.page(page), page+"/leave")

	require.Contains(t, textOf(ada.page("/work/early-access")), "Asks for Stock forecast")
	ada.does("/features/stock-forecast/decline", url.Values{"customer": {"birch"}, "why": {"It is full until January"}})
	require.Contains(t, textOf(pavel.page(page)), "Not admitted: It is full until January")
	pavel.does(page+"/leave", url.Values{"feature": {"barcode-intake"}, "why": {"It is slow"}})
	text = textOf(pavel.page(page))
	require.Contains(t, text, "Can be entered")
	pavel.does(page+"/enter", url.Values{"feature": {"barcode-intake"}})
	require.Contains(t, textOf(pavel.page(page)), "in early access since 24 Nov 2026")
	pavel.refused(page+"/enter", url.Values{"feature": {"barcode-intake"}}, "it may use it already")
	status, _ = pavel.post(page+"/enter", url.Values{"feature": {"none"}})
	require.Equal(t, http.StatusNotFound, status)
}

// TestNewsFeeds: everybody reads what is public; a customer's feed is read by its address alone,
// until that is revoked.
func TestNewsFeeds(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	pavel, olga := nobody.as("owner@birch"), nobody.as("owner@alder")
	require.Contains(t, textOf(nobody.page("/news")), "Orders by fax end this year")
	_, body := nobody.get("/news.atom")
	require.Contains(t, body, "<title>Withdrawn: Orders by fax end this year</title>")
	require.Contains(t, body, "early access is open", "it is public from beta on")

	body = pavel.page("/customers/birch/news")
	require.Contains(t, body, "Make an address")
	_, body = pavel.post("/customers/birch/news/feeds/make", url.Values{"name": {"<b>reader</b>"}})
	address := regexp.MustCompile(`/news/[0-9a-f]{64}\.atom`).FindString(body)
	require.NotEmpty(t, address)
	status, body := nobody.get(address)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "Barcode intake: early access is open")
	require.Contains(t, body, "Before, it said")
	require.NotContains(t, pavel.page("/customers/birch/news"), address, "it is shown once")
	id := regexp.MustCompile(`name="feed" value="([0-9a-f]{64})"`).FindStringSubmatch(pavel.page("/customers/birch/news"))
	require.Len(t, id, 2)
	status, _ = olga.post("/customers/alder/news/feeds/revoke", url.Values{"feed": {id[1]}})
	require.Equal(t, http.StatusNotFound, status, "another's address is not there")
	pavel.does("/customers/birch/news/feeds/revoke", url.Values{"feed": {id[1]}})
	status, _ = nobody.get(address)
	require.Equal(t, http.StatusNotFound, status)
}

// TestNewsDesk: a draft is changed, published, corrected and withdrawn; the procedure is committed
// by the manager, whole or not at all.
func TestNewsDesk(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ada, cleo := nobody.as("ada"), nobody.as("cleo")
	cleo.refused("/newsdesk", url.Values{"kind": {"feature"}}, "must not be empty")
	_, body := cleo.post("/newsdesk", url.Values{"kind": {"feature"}, "feature": {"split-orders"}, "title": {"Parts <script>"}, "text": {"Now with days."}})
	require.NotContains(t, body, "<script>")
	require.Contains(t, textOf(body), "Alder Hospital has it")
	path := regexp.MustCompile(`action="(/newsdesk/[^/"]+)/publish"`).FindStringSubmatch(body)[1]
	text := ada.does(path+"/publish", nil)
	require.Contains(t, text, "Published")
	ada.refused(path+"/correct", url.Values{"title": {"Parts"}, "text": {"x"}}, "must not be empty")
	text = ada.does(path+"/correct", url.Values{"title": {"Parts"}, "text": {"Now with days and hours."}, "why": {"hours were missing"}})
	require.Contains(t, text, "it said: Parts &lt;script&gt;")
	text = ada.does(path+"/withdraw", url.Values{"why": {"It is not so"}})
	require.Contains(t, text, "Withdrawn")
	require.Contains(t, textOf(nobody.as("member@birch").page("/customers/birch/news")), "It is not so", "who was told sees that it is withdrawn")

	status, _ := cleo.post("/features/procedure", url.Values{"why": {"x"}, "tests-beta": {"yes"}})
	require.Equal(t, http.StatusForbidden, status)
	ada.refused("/features/procedure", url.Values{"why": {""}, "days-beta": {"-1"}, "share-generallyAvailable": {"1e999999999"}, "customers-beta": {"x"}}, "must be from 0 to 1800 days", "must be above 0 and at most 100 percent", "must be a whole number")
	text = ada.does("/features/procedure", url.Values{"why": {"Shorter"}, "days-beta": {"7"}, "tests-beta": {"yes"}, "roles-generallyAvailable": {"shift lead, The Guard"}})
	require.Contains(t, text, "Edition 2")
	require.Contains(t, text, "The guard stands for the version")
}
