package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func writeList(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "incidents.csv")
	text := "id,begin,end,severity,status_impact,service,affected_products,locations\n" + strings.Join(lines, "\n") + "\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestListTakenIn(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "portal.db")
	lines := []string{
		"a,2023-01-01T00:00:00Z,2023-01-01T01:00:00Z,low,SERVICE_INFORMATION,Pub/Sub <x>,1,eu;us",
		"b,2023-02-10T00:00:00Z,2023-02-10T10:00:00Z,high,SERVICE_OUTAGE,Mail,1,eu",
		"c,2023-02-11T00:00:00Z,2023-02-12T00:00:00Z,high,SERVICE_OUTAGE,Multiple Products,9,eu",
		"d,2023-03-20T00:00:00Z,2023-03-20T00:00:00Z,low,SERVICE_DISRUPTION,Mail,1,eu",
	}
	r := start(t, "-db", db, "-incidents", writeList(t, lines...)).as("ada")
	status := r.page("/status")
	require.Equal(t, 2, strings.Count(status, `class="card service"`), "one service for each name, none for several at once")
	require.Contains(t, status, "not known", "the list ended long ago")
	require.Contains(t, status, "21 Dec 2022", "the history is that of the 90 days before its end")
	february := r.page("/customers/everyone/availability?month=2023-02")
	require.Contains(t, february, "98.5119 %", "ten hours of 672 are missing")
	require.Contains(t, r.page("/customers/everyone/availability?month=2023-03"), "61.2903 %", "what is known of March")
	require.Contains(t, r.page("/customers/everyone/availability?month=2022-12"), "Nothing was promised")
	require.Contains(t, r.page("/customers/everyone/availability/Pub%2FSub%20%3Cx%3E/2023-01"), "Pub/Sub &lt;x&gt;: information")
	require.Equal(t, 4, strings.Count(r.page("/incidents"), "<td data-label=\"State\">"))
	require.NoError(t, r.stop())

	// Again with one more, then without the list: all of it stays, once.
	r = start(t, "-db", db, "-incidents", writeList(t, append(lines, "e,2023-03-25T00:00:00Z,2023-03-26T00:00:00Z,high,SERVICE_OUTAGE,News,1,eu")...)).as("ada")
	require.Contains(t, r.page("/customers/everyone/availability?month=2023-03"), "80.6452 %", "the longer list knows more")
	require.NoError(t, r.stop())
	r = start(t, "-db", db).as("ada")
	require.Equal(t, 5, strings.Count(r.page("/incidents"), "<td data-label=\"State\">"))
	require.Equal(t, 3, strings.Count(r.page("/status"), `class="card service"`))
}

func TestBadListIsRefused(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "portal.db")
	bad := writeList(t, "a,2023-01-01T00:00:00Z,,low,SERVICE_METEOR,Mail,1,eu")
	err := run(t.Context(), []string{"-addr", "127.0.0.1:0", "-db", db, "-incidents", bad}, &output{}, &output{})
	require.ErrorContains(t, err, "without an end")
	require.ErrorContains(t, err, "SERVICE_METEOR")
	r := start(t, "-db", db, "-now", demoNow)
	require.Contains(t, r.page("/status"), "File share", "nothing of it was taken in, so the file is filled as a new one")
}

// The figures are those of examples/availability on the same list.
func TestRealList(t *testing.T) {
	t.Parallel()
	const list = "../../../shared/corpus/gcp-incidents-2022-2023.csv"
	if _, err := os.Stat(list); err != nil {
		t.Skipf("left out: the real list is not there: %v", err)
	}
	r := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-incidents", list, "-now", "2023-09-17T04:00:00Z").as("ada")
	require.Equal(t, 32, strings.Count(r.page("/status"), `class="card service"`))
	april := r.page("/customers/everyone/availability?month=2023-04")
	for _, want := range []string{"99.8854 %", "94.0509 %", "99.8967 %", "99.4528 %"} {
		require.Contains(t, april, want)
	}
}

// writeCosts writes a small FOCUS file.
func writeCosts(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "costs.csv")
	text := "BilledCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ListCost,ChargeDescription,ServiceName,SubAccountId,SubAccountName,ChargePeriodStart,ChargePeriodEnd,ListUnitPrice,PricingQuantity\n" + strings.Join(lines, "\n") + "\n"
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

const september = "2024-09-01 00:00:00,2024-10-01 00:00:00,0"

func TestCostsTakenIn(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "portal.db")
	lines := []string{
		"1.005,USD," + september + ",Disks <big>,Disk,a/1,Atlas,,,1,1", "2.005,USD," + september + ",Disks,Disk,a/1,Atlas,,,1,1",
		"-0.5,USD," + september + ",Refund,Disk,b,Birch,,,1,1", "7,EUR," + september + ",Line,Network,c,Cedar,,,1,1",
	}
	file := writeCosts(t, lines...)
	r := start(t, "-db", db, "-focus", file).as("ada")
	statement := r.page("/customers/a%2F1/statement")
	require.Contains(t, statement, "2024-09", "the last month of which there is something")
	require.Contains(t, statement, "3.01 USD", "the sum is rounded, not the rows")
	require.Contains(t, statement, "Disks &lt;big&gt; (costs.csv, line 2)", "down to the line of the file")
	require.Contains(t, r.page("/customers/b/statement"), "−0.50 USD")
	require.Contains(t, r.page("/customers/c"), "7.00 EUR")
	require.NoError(t, r.stop())

	// Once more, with a row that is new.
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	const row = ",USD," + september + ",Disks,Disk,b,Birch,,,1,1\n"
	require.NoError(t, os.WriteFile(file, append(text, "10"+row...), 0o600))
	r = start(t, "-db", db, "-focus", file).as("ada")
	require.Contains(t, r.page("/customers/b/statement"), "9.50 USD")
	require.Contains(t, r.page("/customers/a%2F1/statement"), "3.01 USD", "what is there is not there twice")
	require.NoError(t, r.stop())

	require.NoError(t, os.WriteFile(file, append(text, "11"+row...), 0o600))
	r = start(t, "-db", db, "-focus", file).as("ada")
	require.Contains(t, r.page("/customers/b/statement"), "10.50 USD", "what was estimated is replaced")
}

// copied copies a case under a name of its own.
func copied(t *testing.T, name, as string) string {
	t.Helper()
	text, err := os.ReadFile("../focusfile/testdata/cases/" + name)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), as)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// An export says each day all of the month so far, in a file of its own.
func TestMonthToDateFiles(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "portal.db")
	taken := func(file string) *running {
		return start(t, "-db", db, "-focus", file).as("ada")
	}
	second, third := copied(t, "focus-month-to-date-files-1.csv", "2024-09-02.csv"), copied(t, "focus-month-to-date-files-2.csv", "2024-09-03.csv")
	const page = "/customers/a/statement?month=2024-09"
	r := taken(second)
	require.Contains(t, r.page(page), "10.00 USD")
	require.NoError(t, r.stop())
	r = taken(third)
	require.Contains(t, r.page(page), "20.00 USD")
	require.NoError(t, r.stop())
	text, err := os.ReadFile(third)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	lines[1], lines[2] = lines[2], lines[1]
	turned := filepath.Join(t.TempDir(), "turned.csv")
	require.NoError(t, os.WriteFile(turned, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	r = taken(turned)
	require.Contains(t, r.page(page), "20.00 USD")
	require.Contains(t, r.log.String(), "new=0")
	require.NoError(t, r.stop())
	err = run(t.Context(), []string{"-addr", "127.0.0.1:0", "-db", db, "-focus", second}, &output{}, &output{})
	require.ErrorContains(t, err, "older one", "that of the day before does not take back what came since")
}

// A bill is an account's, if the export tells whose; one of no account takes
// nothing from customers of whom it says nothing.
func TestBillsOfAccounts(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "portal.db")
	taken := func(account string, lines ...string) *running {
		file := writeCosts(t, lines...)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		all := strings.Split(strings.TrimSpace(string(text)), "\n")
		all[0] += ",BillingAccountId"
		for i := range all[1:] {
			all[i+1] += "," + account
		}
		require.NoError(t, os.WriteFile(file, []byte(strings.Join(all, "\n")), 0o600))
		return start(t, "-db", db, "-focus", file).as("ada")
	}
	a, b := "1,USD,"+september+",Disks,Disk,a,Atlas,,,1,1", "2,USD,"+september+",Disks,Disk,b,Birch,,,1,1"
	require.NoError(t, taken("one", a, a, b).stop())
	require.NoError(t, taken("two", b).stop())
	require.NoError(t, taken("NULL", b).stop())
	require.NoError(t, taken("NULL", a).stop())
	r := taken("one", a)
	require.Contains(t, r.page("/customers/a/statement?month=2024-09"), "2.00 USD", "one of the account, one of no account")
	require.Contains(t, r.page("/customers/b/statement?month=2024-09"), "4.00 USD", "two of the other account, two of no account")
}

// A bill without a billing period is that of the month of its charges, if they tell
// one.
func TestNoBillingPeriod(t *testing.T) {
	t.Parallel()
	r := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-focus", copied(t, "focus-no-billing-period.csv", "a.csv")).as("ada")
	statement := r.page("/customers/a/statement")
	require.Contains(t, statement, "2024-09")
	require.Contains(t, statement, "10.00 USD")
	require.NotContains(t, statement, "0001")
	const month = "2024-09-01 00:00:00,2024-10-01 00:00:00"
	for what, c := range map[string]struct {
		periods, charges string
		want             string
	}{
		"one end of it":       {"2024-09-01 00:00:00,NULL", month, ""},
		"neither":             {"NULL,NULL", "NULL,NULL", "line 2, BillingPeriodStart"},
		"charges of a year":   {"NULL,NULL", "2024-01-01 00:00:00,2025-01-01 00:00:00", "the charge is of 2024-01 to 2024-12"},
		"times of the year 1": {"0001-01-01 00:00:00,0001-02-01 00:00:00", month, "line 2, BillingPeriodStart"},
	} {
		file := writeCosts(t, "10,USD,"+c.periods+",10,Disk,Disk,a,Atlas,"+c.charges+",1,10")
		db := filepath.Join(t.TempDir(), "portal.db")
		if c.want == "" {
			require.Contains(t, start(t, "-db", db, "-focus", file).as("ada").page("/customers/a/statement?month=2024-09"), "10.00 USD", what)
			continue
		}
		err := run(t.Context(), []string{"-addr", "127.0.0.1:0", "-db", db, "-focus", file}, &output{}, &output{})
		require.ErrorContains(t, err, c.want, what)
	}
}

func TestBadCostsAreRefused(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "portal.db")
	for what, c := range map[string]struct{ line, want string }{
		"no number":      {"one,USD," + september + ",,Disk,a,A,,,1,1", "line 2, BilledCost"},
		"no service":     {"1,USD," + september + ",,,a,A,,,1,1", "line 2, ServiceName"},
		"two currencies": {"1,USD," + september + ",,Disk,a,A,,,1,1\n1,EUR," + september + ",,Disk,a,A,,,1,1", "a is billed in USD in line 2"},
	} {
		err := run(t.Context(), []string{"-addr", "127.0.0.1:0", "-db", db, "-focus", writeCosts(t, c.line)}, &output{}, &output{})
		require.ErrorContains(t, err, c.want, what)
	}
	require.Contains(t, start(t, "-db", db, "-now", demoNow).page("/status"), "File share", "nothing of it was taken in")
}

// A public sample of a bill, 1,000 rows.
func TestRealCosts(t *testing.T) {
	t.Parallel()
	const file = "../../../shared/corpus/focus-1.0-sample.csv"
	if _, err := os.Stat(file); err != nil {
		t.Skipf("left out: the real bill is not there: %v", err)
	}
	r := start(t, "-db", filepath.Join(t.TempDir(), "portal.db"), "-focus", file).as("ada")
	require.Contains(t, r.log.String(), "rows=1000 new=1000 customers=73 services=33")
	require.Equal(t, 25, strings.Count(r.page("/customers"), `<td><a href="/customers/`), "in pages")
	require.Equal(t, 73+1, strings.Count(r.page("/customers?as=csv"), "\n"))
	require.Contains(t, r.page("/customers/%2Fsubscriptions%2F64e355d7-997c-491d-b0c1-8414dccfcf42/statement"), "0.37096774194 USD")
}
