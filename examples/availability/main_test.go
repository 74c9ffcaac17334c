package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const header = "id,begin,end,status_impact,service,locations\n"

func write(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "incidents.csv")
	require.NoError(t, os.WriteFile(path, []byte(header+strings.Join(lines, "\r\n")+"\r\n"), 0o600))
	return path
}

func answer(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(args, &out, io.Discard))
	return out.String()
}

func TestFigures(t *testing.T) {
	t.Parallel()
	path := write(t,
		"a,2023-01-01T00:00:00Z,2023-01-02T00:00:00Z,SERVICE_INFORMATION,Zebra,eu",
		"b,2023-02-01T00:00:00+01:00,2023-02-01T02:00:00Z,SERVICE_OUTAGE,Mail,eu;us", // clipped to the month: 2 h
		"c,2023-02-01T01:00:00Z,2023-02-01T04:00:00Z,SERVICE_DISRUPTION,Mail,eu",     // 2 h of it are not covered by b
		"d,2023-02-10T00:00:00Z,2023-02-11T00:00:00Z,SERVICE_OUTAGE,Multiple Products,eu",
		`e,2023-02-20T00:00:00Z,2023-02-20T00:00:01Z,SERVICE_OUTAGE,"Comma, Inc",us`,
		"f,2023-03-20T00:00:00Z,2023-03-20T00:00:00Z,SERVICE_OUTAGE,alpha,us",
	)
	csv := func(month string, more ...string) string {
		return answer(t, append([]string{"-incidents", path, "-format", "csv", "-month", month}, more...)...)
	}
	require.Equal(t, "service,month,downSeconds,availability\n"+
		"\"Comma, Inc\",2023-02,1,0.99999959\n"+
		"Mail,2023-02,9360,0.99613095\n"+
		"Zebra,2023-02,0,1\n"+
		"alpha,2023-02,0,1\n", csv("2023-02"))
	require.Equal(t, "service,month,downSeconds,availability\n"+
		"\"Comma, Inc\",2023-02,0,1\n"+
		"Mail,2023-02,0,1\n"+
		"Zebra,2023-02,0,1\n"+
		"alpha,2023-02,0,1\n", csv("2023-02", "-location", "nowhere"), "a filter keeps every service")
	require.Contains(t, csv("2023-02", "-location", "us"), "Mail,2023-02,7200,0.99702381\n", "the disruption was not there")
	require.Contains(t, csv("2023-02", "-outage", "0.5", "-disruption", "1"), "Mail,2023-02,12600,", "the worst weight counts, not the worst word")
	require.Contains(t, csv("2023-03"), "Mail,2023-03,,\n", "the list ends within the month")
	require.Contains(t, csv("2022-12"), "Mail,2022-12,,\n")
	require.Contains(t, csv("2023-01"), "Mail,2023-01,3600,", "the list begins with the month; the outage began in it")
	require.Contains(t, answer(t, "-incidents", path, "-month", "2023-02"), "2h36m0s     99.6131 %  Mail")
}

func TestAllOfAMonth(t *testing.T) {
	t.Parallel()
	path := write(t, "a,2023-01-01T00:00:00Z,2023-04-01T00:00:00Z,SERVICE_OUTAGE,Mail,eu")
	require.Equal(t, "service,month,downSeconds,availability\nMail,2023-02,2419200,0\n", answer(t, "-incidents", path, "-month", "2023-02", "-format", "csv"))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	good := write(t, "a,2023-01-01T00:00:00Z,2023-04-01T00:00:00Z,SERVICE_OUTAGE,Mail,eu")
	endless := write(t,
		"a,2023-01-01T00:00:00Z,,SERVICE_OUTAGE,Mail,eu",
		"a,2023-01-03T00:00:00Z,2023-01-02T00:00:00Z,SERVICE_METEOR,,eu",
		"b,yesterday,2023-01-02T00:00:00Z,SERVICE_OUTAGE,Mail",
	)
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"nothing said":    {nil, []string{"-incidents", "-month"}},
		"several at once": {[]string{"-incidents", good, "-month", "2023-02", "-outage", "1.1", "-disruption", "-1", "-format", "xml", "more"}, []string{"-outage", "-disruption", "-format", "more"}},
		"no such month":   {[]string{"-incidents", good, "-month", "2023-13"}, []string{"2023-13"}},
		"not a number":    {[]string{"-incidents", good, "-month", "2023-02", "-outage", "NaN"}, []string{"-outage"}},
		"no such file":    {[]string{"-incidents", "absent.csv", "-month", "2023-02"}, []string{"absent.csv"}},
		"a bad file": {[]string{"-incidents", endless, "-month", "2023-01"}, []string{
			"line 2, end: must be set", `line 3, id "a": stands in line 2 already`, "lies before the begin", "SERVICE_METEOR", "line 3, service", "line 4: has 5 columns",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			err := run(c.args, &out, io.Discard)
			require.Error(t, err)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.Empty(t, out.String())
		})
	}
}

// The figures of the real list were recomputed with another program, second by
// second.
func TestRealList(t *testing.T) {
	t.Parallel()
	const list = "../../../shared/corpus/gcp-incidents-2022-2023.csv"
	if _, err := os.Stat(list); err != nil {
		t.Skipf("the real list is not there: %v", err)
	}
	got := answer(t, "-incidents", list, "-month", "2023-04", "-outage", "1", "-disruption", "0.3", "-format", "csv")
	require.Equal(t, 33, strings.Count(got, "\n"), "32 services and the header")
	for _, want := range []string{
		"Cloud Run,2023-04,2970,0.99885417\n", "Google BigQuery,2023-04,154200,0.94050926\n",
		"Google Cloud Composer,2023-04,2676.9,0.99896725\n", "Google Compute Engine,2023-04,14184,0.99452778\n",
	} {
		require.Contains(t, got, want)
	}
	require.NotContains(t, got, "\r")
	require.NotContains(t, got, "Multiple Products")
}
