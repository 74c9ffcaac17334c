package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

func TestStatementNumber(t *testing.T) {
	t.Parallel()
	m := calendar.Month{Year: 2026, Month: 10}
	require.Equal(t, "ALDER-2026-10-USD-1", statementNumber("alder", m, "USD", 1))
	require.Equal(t, "ALDER-2026-10-1", statementNumber("alder", m, "", 1))
	dollars := &cost.Statement{Customer: "alder", Month: m, Currency: "USD"}
	require.Equal(t, "ALDER-2026-10-USD-2", numbered(dollars, cost.Month{Month: m, Edition: 2, Currency: "USD", Beside: true}, 2))
	require.Equal(t, "ALDER-2026-10-USD-1", numbered(dollars, cost.Month{Month: m, Edition: 1, Currency: "EUR"}, 1), "a draft beside what was issued")
	require.Equal(t, "ALDER-2026-10-1", numbered(dollars, cost.Month{Month: m}, 1))
	seen := map[string]servicecoin.CustomerID{}
	for _, c := range []servicecoin.CustomerID{"alder", "Alder", "ALDER", "id.alder", "ID.ALDER", "ärger", "a-2026-10-1"} {
		n := statementNumber(c, m, "", 1)
		require.Empty(t, seen[n], "%s and %s have one number", c, seen[n])
		seen[n] = c
	}
}

func TestTaxIsRounded(t *testing.T) {
	t.Parallel()
	net, err := money.Parse("0.50 EUR")
	require.NoError(t, err)
	got, err := tax{Rate: some("19")}.on(net)
	require.NoError(t, err)
	require.Equal(t, "0.10 EUR", got.String(), "0.095 is rounded away from zero")
	got, err = tax{}.on(net)
	require.NoError(t, err)
	require.False(t, got.Defined(), "nobody said which tax: no amount is invented")
	require.False(t, taxOf(client{}, calendar.Month{}).Rate.Valid)
}

// What accounting takes: number, who and for whom, lines, tax, total, and what it was
// the month before.
func TestStatementIsADocument(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	for path, wants := range map[string][]string{
		"alder/statement?month=2026-10": {
			"ALDER-2026-10-1", "Hafenstraße 12", "Tax id DE 811 907 980", "Erlenweg 3", "4711 Information technology", "4730 Purchasing", "1 Oct 2026, 00:00 to 1 Nov 2026, 00:00",
			"1\u202f000 at 0.09, 1\u202f905 at 0.06", "Credits", "−26.00", "1\u202f317.58", "VAT 19 %", "250.34", "TOTAL", "1\u202f567.92 EUR", "Against September 2026", "80.74", "6.5 %", "Order entry, together",
		},
		"alder/statement":               {"This is a draft", "The month is not over", "Nothing is to be paid by it", "Credits that are expected, and not certain", "Mail: 10 % of its charge, about 29.64 EUR", "Only an issued report", "one of the two is a draft"},
		"birch/statement":               {"What is not known yet", "Mailboxes, Mail: how much was used is not known", "TOTAL, without what is not known"},
		"cedar/statement?month=2020-07": {"Nothing is charged in July 2020."},
		"birch/statement?month=2026-10": {"BIRCH-2026-10-1", "outside of the European Union"},
		"cedar/statement?month=2026-10": {"CEDAR-2026-10-1", "reverse charge"},
	} {
		owner := nobody.as("owner@" + strings.Split(path, "/")[0])
		body := owner.page("/customers/" + path)
		for _, want := range wants {
			require.Contains(t, body, want, path)
		}
	}
	october := nobody.as("owner@alder").page("/customers/alder/statement?month=2026-10")
	require.Contains(t, october, `<a href="/customers/alder/availability/network-std/2026-10">the report of October 2026</a>`)
	for _, machine := range []string{"This is a draft", "digest", "2026-09-30T22", "sla.credit", "rating.version"} {
		require.NotContains(t, october, machine)
	}
	for _, query := range []string{"edition=2", "edition=99999999"} {
		status, _ := nobody.as("owner@alder").get("/customers/alder/statement?month=2026-10&" + query)
		require.Equal(t, http.StatusNotFound, status, query)
	}
	status, body := nobody.as("owner@alder").get("/customers/alder/statement?month=2026-10&edition=first")
	require.Equal(t, http.StatusUnprocessableEntity, status, body)
}

// The files say the same as the page, to the cent.
func TestStatementFiles(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	owner := nobody.as("owner@alder")
	for query, name := range map[string]string{"?month=2026-10": "statement-ALDER-2026-10-1", "": "statement-ALDER-2026-11-1-draft"} {
		res := owner.raw(http.MethodGet, "/customers/alder/statement.csv"+query, nil)
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, res.StatusCode)
		require.Equal(t, `attachment; filename="`+name+`.csv"`, res.Header.Get("Content-Disposition"))
		rows, err := csv.NewReader(strings.NewReader(string(body))).ReadAll()
		require.NoError(t, err)
		at := map[string]int{}
		for i, column := range rows[0] {
			at[column] = i
		}
		sum, total := decimal.Zero, decimal.Zero
		for _, row := range rows[1:] {
			amount := number(row[at["Amount"]])
			if row[at["Row"]] == "total" {
				total = amount
				continue
			}
			sum = sum.Add(amount)
		}
		require.True(t, total.IsPositive())
		require.True(t, sum.Equal(total), "lines and tax come to %s, the total is %s", sum, total)

		res = owner.raw(http.MethodGet, "/customers/alder/statement.json"+query, nil)
		var doc paper
		require.NoError(t, json.NewDecoder(res.Body).Decode(&doc))
		res.Body.Close()
		require.Equal(t, `attachment; filename="`+name+`.json"`, res.Header.Get("Content-Disposition"))
		require.True(t, doc.Total.Decimal().Equal(total))
		require.Equal(t, "Alder Hospital", doc.Customer.Name)
		require.Contains(t, owner.page("/customers/alder/statement"+query), "/customers/alder/statement.csv?month=")
	}
	for _, path := range []string{"/customers/alder/statement.csv", "/customers/alder/statement.json"} {
		status, _ := nobody.as("owner@birch").get(path)
		require.Equal(t, http.StatusNotFound, status, path)
	}
	status, _ := owner.get("/customers/alder/statement.csv?month=2026-13")
	require.Equal(t, http.StatusUnprocessableEntity, status)
}

// What is known later makes a further edition, which says what it replaces, and why.
func TestStatementEditions(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ada, ownerOfAlder := nobody.as("ada"), nobody.as("owner@alder")
	nobody.as("ben").open(url.Values{"title": {"Found late"}, "headline": {"Mail was down"}, "service": {"mail"}, "level": {"outage"}, "began": {"2026-10-20T10:00"}})
	status, body := ada.post("/customers/alder/availability/close?month=2026-10", nil)
	require.Equal(t, http.StatusOK, status, body)
	const october = "/customers/alder/statement?month=2026-10"
	require.Contains(t, ownerOfAlder.page(october), "Something became known since it was issued")
	again := url.Values{"reason": {"Mail was down from 20 October on"}}
	status, _ = ownerOfAlder.post("/customers/alder/statement/replace?month=2026-10", again)
	require.Equal(t, http.StatusForbidden, status)
	status, body = ada.post("/customers/alder/statement/replace?month=2026-10", url.Values{})
	require.Equal(t, http.StatusUnprocessableEntity, status, body)
	status, body = ada.post("/customers/alder/statement/replace?month=2026-10", again)
	require.Equal(t, http.StatusOK, status, body)
	now := ownerOfAlder.page(october)
	require.Contains(t, now, "Statement ALDER-2026-10-2")
	require.Contains(t, now, "replaced: Mail was down from 20 October on")
	was := ownerOfAlder.page(october + "&edition=1")
	require.Contains(t, was, "Statement ALDER-2026-10-1")
	require.Contains(t, was, "Replaced")
	require.Contains(t, was, "1\u202f567.92 EUR", "what was issued never changes")
}

// What is known later stands in the next statement, and the one that it corrects says
// where. How a statement was addressed and taxed stays, whatever becomes of its
// customer.
func TestStatementsStayAsTheyWere(t *testing.T) {
	t.Parallel()
	db := demoFile(t)
	r := start(t, "-db", db, "-now", demoNow)
	r.as("ben").open(url.Values{"title": {"Found late"}, "headline": {"Mail was down"}, "service": {"mail"}, "level": {"outage"}, "began": {"2026-10-20T10:00"}})
	status, body := r.as("ada").post("/customers/alder/availability/close?month=2026-10", nil)
	require.Equal(t, http.StatusOK, status, body)
	const october, november = "/customers/alder/statement?month=2026-10", "/customers/alder/statement?month=2026-11"
	draft := r.as("owner@alder").page(november)
	require.Contains(t, draft, "Corrections of earlier months")
	require.Contains(t, draft, `correction of <a href="`+october+`">October 2026</a>`)
	require.NotContains(t, r.as("owner@alder").page(october), "It is corrected by", "a draft corrects nothing yet")
	require.NoError(t, r.stop())

	b, err := sqlite.Open(t.Context(), db, nil)
	require.NoError(t, err)
	_, err = host{store.New(b, nil)}.clients().Update(t.Context(), "alder", func(c *client) ([]store.Event, error) {
		c.party = party{Address: []string{"Rua Nova 1", "Porto"}, Country: "PT"}
		c.CostCentre, c.CostCentres = "", nil
		return nil, nil
	})
	require.NoError(t, err)
	require.NoError(t, b.Close())

	r = start(t, "-db", db, "-now", "2026-12-02T09:30:00Z")
	status, body = r.as("ada").post("/customers/alder/statement/issue?month=2026-11", nil)
	require.Equal(t, http.StatusOK, status, body)
	for _, want := range []string{"ALDER-2026-11-1", "Rua Nova 1", "reverse charge"} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, "This is a draft")
	before := r.as("owner@alder").page(october)
	for _, want := range []string{"Erlenweg 3", "VAT 19 %", "1\u202f567.92 EUR", "4730 Purchasing", `It is corrected by the statement of <a href="` + november + `">November 2026</a>`} {
		require.Contains(t, before, want)
	}
	require.NoError(t, r.stop())
}

// A bill may have thousands of rows: the statement says how many, and they have pages
// of their own.
func TestRowsOfABill(t *testing.T) {
	t.Parallel()
	var lines []string
	for n := range 60 {
		lines = append(lines, fmt.Sprintf("1.25,USD,%s,Disk %02d,Disk,a,Atlas,,,1,2", september, n))
	}
	r := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-focus", writeCosts(t, lines...)).as("owner@a")
	body := r.page("/customers/a/statement?month=2024-09")
	for _, want := range []string{"75.00", "60 rows of the bill", "Which tax applies is not known here"} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, "Disk 07", "a page costs what it shows")
	require.NotContains(t, body, "cost.row")
	seen, link := map[string]bool{}, regexp.MustCompile(`href="([^"]+)" rel="next"`)
	path, pages := "/customers/a/statement/rows?month=2024-09&service=Disk", 0
	for ; path != ""; pages++ {
		body = r.page(path)
		for _, x := range regexp.MustCompile(`<td>(Disk \d\d)<br>`).FindAllStringSubmatch(body, -1) {
			require.False(t, seen[x[1]], x[1])
			seen[x[1]] = true
		}
		path = ""
		if m := link.FindStringSubmatch(body); m != nil {
			path = html.UnescapeString(m[1])
		}
	}
	require.Len(t, seen, 60)
	require.Equal(t, 2, pages)
	require.Contains(t, body, "costs.csv, line ")
	status, _ := r.get("/customers/a/statement/rows?month=2024-09&after=nonsense")
	require.Equal(t, http.StatusUnprocessableEntity, status)
}

// printed is a page as the browser prints it: the PDF as a text, and how many pages
// of A4 it has.
func (b *browser) printed(name string) (text string, pages int) {
	b.t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		b.t.Skip("left out: pdftotext of Debian's poppler-utils is not installed")
	}
	pdf := read(b, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize()))
	dir := b.t.TempDir()
	if keep := os.Getenv("PORTAL_SCREENSHOTS"); keep != "" {
		dir = keep
		require.NoError(b.t, os.MkdirAll(dir, 0o750))
	}
	path := filepath.Join(dir, name+".pdf")
	require.NoError(b.t, os.WriteFile(path, pdf, 0o600))
	out, err := exec.CommandContext(b.t.Context(), "pdftotext", "-layout", path, "-").Output()
	require.NoError(b.t, err)
	return strings.ReplaceAll(string(out), "\u202f", " "), strings.Count(string(out), "\f")
}

// The statement is printed as a document: without the portal around it.
func TestBrowserPrints(t *testing.T) {
	t.Parallel()
	b := openBrowser(t, startDemo(t).base)
	b.signIn("owner@alder")
	for name, x := range map[string]struct {
		path  string
		most  int
		wants []string
	}{
		"statement":    {"/customers/alder/statement?month=2026-10", 2, []string{"ALDER-2026-10-1", "TOTAL", "1 567.92 EUR", "Erlenweg 3", "VAT 19 %"}},
		"draft":        {"/customers/alder/statement", 2, []string{"ALDER-2026-11-1", "This is a draft", "Draft"}},
		"availability": {"/customers/alder/availability?month=2026-10", 1, []string{"Alder Hospital", "99.95 %", "October 2026"}},
		"evidence":     {"/customers/alder/availability/erp-cloud/2026-09", 2, []string{"Orders cannot be entered", "How it is computed"}},
		"usage":        {"/customers/alder/usage?month=2026-10", 4, []string{"Storage", "Highest day", "744 hours"}},
		"coin":         {"/customers/alder?month=2026-10", 3, []string{"Alder Hospital", "No internet access", "1 317.58 EUR"}},
	} {
		b.visit(x.path)
		text, pages := b.printed(name)
		require.LessOrEqual(t, pages, x.most, "%s\n%s", name, text)
		for _, want := range x.wants {
			require.Contains(t, text, want, name)
		}
		for _, screen := range []string{"Sign out", "Where you are signed in", "Olga Lind", "Catalogue", "Skip to content", "CSV", "Issue the"} {
			require.NotContains(t, text, screen, "%s is printed without the portal around it", name)
		}
	}
}

func TestExplanationsForPeople(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for text, want := range map[string]string{
		"documents in 2026-09-30T22:00:00Z/2026-10-31T23:00:00Z, of 2905 events, digest e0eb1f4f335a": "documents in 1 Oct 2026, 00:00 to 1 Nov 2026, 00:00, of 2905 events",
		"Promise not kept in 2026-10":          "Promise not kept in October 2026",
		"since 2026-10-04T07:30:00.5Z":         "since 4 Oct 2026, 09:30",
		"on 2026-10-04":                        "on 4 Oct 2026",
		"2026-13, and 12345-10, stay as 2026.": "2026-13, and 12345-10, stay as 2026.",
	} {
		require.Equal(t, want, plainWords(berlin, text))
	}
	report, ok := reportOf(servicecoin.Key{Customer: "alder", Kind: creditRecord, ID: "a/b/2026-10/1"})
	require.True(t, ok)
	require.Equal(t, source{"/customers/alder/availability/a%2Fb/2026-10", "the report of October 2026"}, report)
}

// A customer whose currency changed is charged in two accounts: each has a statement with a
// number of its own, and one leads to the other.
func TestStatementsInTwoCurrencies(t *testing.T) {
	t.Parallel()
	db := demoFile(t)
	now, err := time.Parse(time.RFC3339, "2026-12-02T09:30:00Z")
	require.NoError(t, err)
	p, err := open(t.Context(), config{db: db, now: now}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	c, err := p.host.clients().Get(t.Context(), "alder")
	require.NoError(t, err)
	statements := p.Statements(c.Customer)
	for item, err := range statements.Items("").All(t.Context()) {
		require.NoError(t, err)
		if item.Until.IsZero() {
			_, err = statements.End(t.Context(), servicecoin.Person(ada), item.ID, time.Date(2026, 12, 1, 0, 0, 0, 0, c.zone()))
			require.NoError(t, err)
		}
	}
	_, err = p.host.clients().Update(t.Context(), "alder", func(c *client) ([]store.Event, error) {
		c.Currency = "USD"
		return nil, nil
	})
	require.NoError(t, err)
	require.NoError(t, p.close(t.Context()))

	r := start(t, "-db", db, "-now", "2026-12-02T09:30:00Z")
	desk, owner := r.as("ada"), r.as("owner@alder")
	const november = "/customers/alder/statement?month=2026-11"
	old := owner.page(november)
	require.Contains(t, old, "Amount in EUR", "nothing is charged in USD, so the account before is shown")
	require.Contains(t, old, "ALDER-2026-11-1")
	require.Contains(t, old, "This is a draft")
	require.NotContains(t, old, "the statement in EUR")
	dollars := owner.page(november + "&account=USD")
	require.Contains(t, dollars, "Nothing is charged in November 2026 in USD")
	require.Contains(t, dollars, `<a href="/customers/alder/statement?account=EUR&amp;month=2026-11">the statement in EUR</a>`)
	status, body := desk.post("/customers/alder/statement/issue?month=2026-11&account=EUR", nil)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "Amount in EUR")
	require.NotContains(t, body, "This is a draft")
	require.Contains(t, owner.page("/customers/alder/statement?month=2026-10"), "1\u202f567.92 EUR", "what was issued stays to be read")

	status, body = desk.post("/customers/alder/statement/issue?month=2026-11", nil)
	require.Equal(t, http.StatusOK, status, body)
	require.Contains(t, body, "ALDER-2026-11-1", "there is nothing to issue in USD")
	status, body = owner.get(november + "&account=euro")
	require.Equal(t, http.StatusUnprocessableEntity, status, body)
	require.Contains(t, body, "euro")
	require.NoError(t, r.stop())
}
