package focusfile_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/examples/focusfile"
	"github.com/servicecoin/servicecoin/money"
)

const header = "Id,BilledCost,BillingCurrency,ListCost,ListUnitPrice,PricingQuantity,ServiceName,SubAccountId,ChargePeriodStart,ChargePeriodEnd\n"

func TestRead(t *testing.T) {
	t.Parallel()
	list, err := focusfile.Read(strings.NewReader("\ufeff" + header +
		"1,0.00000080000,USD,NULL,3.5E-7,-2.0,\"Queue, simple\",4711,2024-09-18 22:00:00,2024-09-18T23:00:00+01:00\r\n" +
		"2,NULL,EUR,,NULL,,Mail,NULL,NULL,2024-09-18\n"))
	require.NoError(t, err)
	d := func(text string) decimal.NullDecimal { return servicecoin.Some(decimal.RequireFromString(text)) }
	day := time.Date(2024, 9, 18, 22, 0, 0, 0, time.UTC)
	require.Empty(t, cmp.Diff([]focusfile.Row{
		{
			Line: 2, BilledCost: d("0.0000008"), Currency: "USD", ListUnitPrice: d("0.00000035"), PricingQuantity: d("-2"),
			ServiceName: "Queue, simple", SubAccountID: "4711", ChargePeriod: calendar.Between(day, day),
		},
		{Line: 3, Currency: "EUR", ServiceName: "Mail"},
	}, list))
}

func TestEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := focusfile.Read(strings.NewReader(header +
		"1,$1,DEM,1 000,1e99,+1,NULL,4711,yesterday,2024-09-18\n" +
		"2,1,USD\n" +
		"3,1,NULL,1,1E-999,1,Mail,4711,2024-09-18,2024-09-17\n"))
	for _, want := range []string{
		"line 2, BilledCost", "line 2, BillingCurrency", "line 2, ListCost", "line 2, ListUnitPrice: must be below 10^30", "line 2, PricingQuantity",
		"line 2, ServiceName: must not be null", "line 2, ChargePeriodStart", "line 3: has 3 columns, the header has 10", "line 4, BillingCurrency", "line 4, ListUnitPrice: has 999 decimals",
		"line 4, ChargePeriodEnd", "lies before ChargePeriodStart",
	} {
		require.ErrorContains(t, err, want)
	}
	for text, want := range map[string]string{
		"":                                    "has no header",
		"Id\n1\n":                             "has no column BilledCost",
		"BilledCost,BilledCost,ListCost\n":    "names two columns",
		header + "1,\"1,USD,1,1,1,Mail,x,,\n": "line 2, column",
		header + "1,1,USD,1,1,1,M\"ail,x,,\n": "line 2, column 16",
	} {
		_, err := focusfile.Read(strings.NewReader(text))
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
	_, err = focusfile.Open("absent.csv")
	require.ErrorContains(t, err, "absent.csv")
}

// What people have: marks before quotes, times without seconds, what is left over
// in floats.
func TestFilesThatPeopleHave(t *testing.T) {
	t.Parallel()
	list, err := focusfile.Open("testdata/cases/csv-bom-and-quotes.csv")
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "1.25", list[0].BilledCost.Decimal.String())
	require.Equal(t, money.Currency("USD"), list[0].Currency)

	list, err = focusfile.Read(strings.NewReader("\ufeff\"BillingAccountId\"," + header +
		"b,1,1.1102230246251565e-16,USD,NULL,1,1,Mail,4711,2024-09-01T00:00Z,2024-10-01 00:00\n" +
		"b,2,4.9E-324,USD,-5E-101,1,1,Mail,4711,2024-09-01T00:00+02:00,2024-09-01T00:00\n"))
	require.NoError(t, err)
	require.Equal(t, "b", list[0].BillingAccountID)
	require.Equal(t, "0.00000000000000011102230246251565", list[0].BilledCost.Decimal.String())
	require.Equal(t, "0", list[1].BilledCost.Decimal.String())
	require.Equal(t, "-1e-100", fmt.Sprintf("%.0e", list[1].ListCost.Decimal.InexactFloat64()))
	september := calendar.Month{Year: 2024, Month: 9}
	require.Equal(t, september.In(time.UTC), list[0].ChargePeriod)
	require.Equal(t, 2*time.Hour, list[1].ChargePeriod.Duration())

	for _, text := range []string{"0001-01-01T00:00:00Z", "0000-12-31T00:00:00Z", "2024-09-01T00Z", "2024-9-1T00:00Z"} {
		_, err := focusfile.Read(strings.NewReader(header + "1,1,USD,1,1,1,Mail,x," + text + ",2024-10-01\n"))
		require.ErrorContains(t, err, "line 2, ChargePeriodStart", text)
	}
}

// The numbers of the specification's own rules; its other rules are those of an
// export.
func TestNumbersOfTheSpecification(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors/focus_rules.json")
	require.NoError(t, err)
	var cases []struct {
		ID    string `json:"id"`
		Model string `json:"model"`
		Input struct {
			Text string `json:"text"`
		} `json:"input"`
		Expect struct {
			Valid bool `json:"valid"`
		} `json:"expect"`
	}
	require.NoError(t, json.Unmarshal(text, &cases))
	passed, other := 0, 0
	for _, c := range cases {
		if c.Model != "focus_numeric" {
			other++
			continue
		}
		if t.Run(c.ID, func(t *testing.T) {
			_, err := focusfile.Number(c.Input.Text)
			require.Equal(t, c.Expect.Valid, err == nil, "%q: %v", c.Input.Text, err)
		}) {
			passed++
		}
	}
	t.Logf("focus_rules.json: %d cases, %d passed, %d of the issue of the FOCUS export", len(cases), passed, other)
}

func FuzzRead(f *testing.F) {
	f.Add(header + "1,0.5,USD,1,1,1,Mail,4711,2024-09-18 22:00:00,2024-09-18 23:00:00\n")
	f.Add(header + "1,NULL,USD,,-1E-9,1,\"a\"\"b\",NULL,,\n")
	f.Add("\ufeffBilledCost,\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := focusfile.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, r := range list {
			if r.ServiceName == "" || r.Currency.Validate() != nil || r.Line < 2 {
				t.Errorf("line %d: %+v", r.Line, r)
			}
			if r.ChargePeriod.End.Before(r.ChargePeriod.Start) || r.BillingPeriod.End.Before(r.BillingPeriod.Start) {
				t.Errorf("line %d: a reversed period", r.Line)
			}
			for _, d := range []decimal.NullDecimal{r.BilledCost, r.ListCost, r.ListUnitPrice, r.PricingQuantity} {
				if text := d.Decimal.String(); len(text) > 140 {
					t.Errorf("line %d: a number of %d digits", r.Line, len(text))
				}
			}
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, text := range []string{"0", "-1.25", "35.2E-7", "35.2E+7", "1e1000000000", "١", "-", ".5", "1_0", "Inf"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := focusfile.Number(text)
		if err != nil {
			return
		}
		again, err := focusfile.Number(d.String())
		if err != nil || !again.Equal(d) {
			t.Errorf("%q reads as %s, which reads as %s (%v)", text, d, again, err)
		}
	})
}
