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

const header = "SubAccountId,ServiceName,BillingCurrency,BilledCost,ListCost,PricingQuantity,ListUnitPrice\n"

func write(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "focus.csv")
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
		"b,Mail,USD,0.10,0.30,3,0.1",            // exact: not 0.30000000000000004
		"b,Mail,USD,0.2,-0.2,-2,0.10",           // a refund keeps its sign
		"b,Mail,USD,NULL,0.0000011,1,0",         // 0.0000011 is more than 0.000001
		"b,Mail,USD,NULL,0.000001,1,0",          // and this is not
		"b,Mail,USD,NULL,NULL,1,5",              // no list cost to compare with
		"b,Mail,USD,1.50,7,NULL,5",              // no quantity
		"a,\"Disk, fast\",EUR,NULL,NULL,NULL,5", // nothing to recompute
		"a,Zebra,JPY,100,100,1,100",
		"a,Apple,EUR,0,0,0,1",
		"NULL,Mail,EUR,1,1,1,1", // the account's own charge
		"Z,Mail,EUR,0.0000000001,1,1,1",
		"Z,Mail,EUR,1.1102230246251565e-16,1,1.00000000000000000000000000000000001,1.00000000000000000000000000000000001",
	)
	require.Equal(t, "customer,service,rows,billed,listed,recomputed,mismatches\n"+
		",Mail,1,1,1,1,0\n"+
		"Z,Mail,2,0.00000000010000011102230246251565,2,2,0\n"+
		"a,Apple,1,0,0,0,0\n"+
		"a,\"Disk, fast\",1,0,0,,0\n"+
		"a,Zebra,1,100,100,100,0\n"+
		"b,Mail,6,1.8,7.1000021,5.1,2\n", answer(t, "-focus", path, "-format", "csv"))
	table := answer(t, "-focus", path)
	require.Contains(t, table, "unknown")
	require.Contains(t, table, "1.8000 USD")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	good := write(t, "a,Mail,EUR,1,1,1,1")
	mixed := write(t, "a,Mail,EUR,1,1,1,1", "b,Mail,USD,1,1,1,1", "a,Mail,USD,1,1,1,1", "b,Mail,JPY,1,1,1,1")
	bad := write(t, "a,NULL,DEM,1,x,1,1", "a,Mail,EUR")
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"nothing said":    {nil, []string{"-focus"}},
		"several at once": {[]string{"-focus", good, "-format", "xml", "more"}, []string{"-format", "more"}},
		"no such file":    {[]string{"-focus", "absent.csv"}, []string{"absent.csv"}},
		"two currencies":  {[]string{"-focus", mixed}, []string{"line 4, BillingCurrency", "is not EUR, as in line 2", "line 5, BillingCurrency", "is not USD, as in line 3"}},
		"a bad file":      {[]string{"-focus", bad}, []string{"line 2, ServiceName", "line 2, BillingCurrency", "line 2, ListCost", "line 3: has 3 columns"}},
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

// The figures of the real file were recomputed with another program.
func TestRealFile(t *testing.T) {
	t.Parallel()
	const file = "../../../shared/corpus/focus-1.0-sample.csv"
	if _, err := os.Stat(file); err != nil {
		t.Skipf("the real file is not there: %v", err)
	}
	got := answer(t, "-focus", file, "-format", "csv")
	require.Equal(t, 221, strings.Count(got, "\n"), "220 groups and the header")
	for _, want := range []string{
		"/subscriptions/64e355d7-997c-491d-b0c1-8414dccfcf42,Azure Machine Learning,9,-0.15189756178,-0.15189756178,-0.1518975617904,0\n",
		"/subscriptions/64e355d7-997c-491d-b0c1-8414dccfcf42,Storage Accounts,35,0.0008818995,0.0008818995,0.0006291227802,25\n",
		"/subscriptions/73c0021f-a37d-433f-8baa-7450cb54eea6,Storage Accounts,1,0.0000008,0.0000008,0.00000000008,0\n",
	} {
		require.Contains(t, got, want)
	}
	require.NotContains(t, got, "\r")
}
