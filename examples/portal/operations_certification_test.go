package main

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// pagesOfCertification are looked at by the tests of how pages look.
func pagesOfCertification() []string {
	return []string{
		"/certification", "/certification/8.3.6", "/certification/8.4.3", "/certification/8.3.5", "/certification/8.4.3/features/barcode-intake",
		"/certification/8.3.6/certificates/1", "/certification/8.3.6/certificates/2", "/certification/import",
	}
}

// TestCertification walks from the matrix down to a test, and makes an edition of a
// certificate by a report that is taken in.
func TestCertification(t *testing.T) {
	t.Parallel()
	nobody := startDemo(t)
	ada, ben := nobody.as("ada"), nobody.as("ben")
	matrix := ben.page("/certification")
	for _, want := range []string{`<a href="/certification/8.4.3">8.4.3</a>`, "Certified no more", "Broken", "Expired", `href="/certification/8.4.3/features/barcode-intake"`, "order-entry-8.3.6-rehearsal.xml"} {
		require.Contains(t, matrix, want)
	}
	broken := ben.page("/certification/8.4.3")
	require.Contains(t, broken, "keeps it from being certified")
	require.Contains(t, broken, "It can be issued once all that is demanded is proven")
	require.Contains(t, broken, "tools/tools.Text/trims")
	test := ben.page("/certification/8.4.3/features/barcode-intake")
	require.Contains(t, test, "intake/intake.Barcode/reads a damaged label")
	require.Contains(t, test, "expected 2 parts, got 3")
	edition := ben.page("/certification/8.3.6/certificates/2")
	require.Contains(t, edition, "It recomputes to the same bytes")
	require.Contains(t, edition, "What changed since the edition before")
	require.Contains(t, ben.page("/certification/8.3.6/certificates/1.md"), "# Certificate of order-entry 8.3.6")
	for _, path := range []string{"/certification/9.9.9", "/certification/8.3.6/certificates/9", "/certification/8.3.6/certificates/x", "/certification/8.4.3/features/nothing"} {
		status, _ := ben.get(path)
		require.Equal(t, 404, status, path)
	}

	ben.refused("/certification/import", url.Values{"version": {"new"}, "report": {"hello"}}, "is no test report of a known form", "Version that was tested")
	ben.refused("/certification/import", url.Values{"version": {"8.3.7"}, "report": {"<testsuite>\n<testcase"}}, "line 2: ends in the middle")
	ben.refused("/certification/import", url.Values{"version": {"8.3.7"}}, "paste the report")
	report := `{"Time":"2026-11-24T01:00:00Z","Action":"run","Package":"orders","Test":"TestTakesFax"}
{"Time":"2026-11-24T01:00:01Z","Action":"fail","Package":"orders","Test":"takes a fax","Elapsed":1}
{"Time":"2026-11-24T01:00:01Z","Action":"fail","Package":"orders"}
`
	require.Contains(t, ben.page("/certification/8.3.7"), "Certified")
	fields := url.Values{"version": {"8.3.7"}, "environment": {"test"}, "report": {report}}
	page := ben.does("/certification/import", fields)
	require.Contains(t, page, "The report is taken in")
	require.Contains(t, page, "Certified no more")
	require.Contains(t, page, "Edition 2")
	require.Contains(t, ben.does("/certification/import", fields), "Nothing is changed: this report was taken in before.")
	fields.Set("environment", "elsewhere")
	ben.refused("/certification/import", fields, "it was taken in for the environment")

	ada.refused("/certification/8.3.7/waive", url.Values{"feature": {"fax-orders"}, "why": {""}, "until": {""}}, "say when it ends", "must not be empty")
	require.Contains(t, ada.does("/certification/8.3.7/waive", url.Values{"feature": {"fax-orders"}, "why": {"nobody sends any"}, "until": {"2027-06-01T00:00"}}), "Waived")
	ada.refused("/certification/8.4.3/issue", url.Values{}, "barcode-intake is broken")
	require.Contains(t, ada.does("/certification/8.3.7/issue", url.Values{}), "Edition 3")
	require.Contains(t, ada.does("/certification/8.3.7/endWaiver", url.Values{"feature": {"fax-orders"}, "of": {"8.3.7"}}), "Edition 4")
}
