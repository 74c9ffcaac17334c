package servicecoin_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
)

// A trace has an exact form, and one for people: by their clock and with the names
// that they know.
func ExampleTrace_Tell() {
	d := decimal.RequireFromString
	at := time.Date(2026, 12, 2, 14, 4, 0, 0, time.UTC)
	trace := servicecoin.Trace{
		Label: "charge for 1000", Plain: servicecoin.Say("charge of %v for %v", servicecoin.ServiceID("erp"), servicecoin.Quantity{Value: servicecoin.Some(d("1000")), Unit: "documents"}),
		Value: servicecoin.Some(d("107.4")), Unit: "EUR",
		Parts: []servicecoin.Trace{
			{
				Label: "usage: 1000 at 0.09", Plain: servicecoin.Say("%v at %v each",
					servicecoin.Quantity{Value: servicecoin.Some(d("1000")), Unit: "documents"}, servicecoin.Quantity{Value: servicecoin.Some(d("0.09")), Unit: "EUR"}).Equals(),
				Value: servicecoin.Some(d("90")), Unit: "EUR",
			},
			{Label: "late events of 2026-11, digest 3f1ac09e77d2", Value: servicecoin.Some(d("17.4")), Unit: "EUR"},
			{Label: "closed 2026-12-02T14:04:00Z", Plain: servicecoin.Say("closed on %v", at)},
		},
	}
	berlin := time.FixedZone("CET", 60*60)
	fmt.Print(trace.Tell(servicecoin.Reader{Zone: berlin, Service: func(servicecoin.ServiceID) string { return "Order entry" }}))
	fmt.Print(trace)
	// Output:
	// Charge of Order entry for 1 000 documents: 107.40 EUR
	//   1 000 documents at 0.09 EUR each = 90.00 EUR
	//   Late events of November 2026: 17.40 EUR
	//   Closed on 2 Dec 2026, 15:04
	// charge for 1000: 107.4 EUR
	//   usage: 1000 at 0.09: 90 EUR
	//   late events of 2026-11, digest 3f1ac09e77d2: 17.4 EUR
	//   closed 2026-12-02T14:04:00Z: undefined
}

func TestQuantitiesAreTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, unit, want string }{
		{"17.4", "EUR", "17.40 EUR"},
		{"1000", "JPY", "1\u202f000 JPY"},
		{"0.0125", "EUR", "0.0125 EUR"},
		{"-26", "EUR", "−26.00 EUR"},
		{"1", "KWD", "1.000 KWD"},
		{"1234567.5", "documents", "1\u202f234\u202f567.5 documents"},
		{"1", "documents", "1 document"},
		{"1", "people", "1 person"},
		{"1", "entries", "1 entry"},
		{"1", "access", "1 access"},
		{"2.33333333333", "points", "2.333333 points"},
		{"7", "", "7"},
		{"99.8655914", "%", "99.8656 %"},
		{"99.9999999", "%", "99.9999 %"},
		{"100", "%", "100 %"},
		{"0", "s", "0 s"},
		{"0.5", "s", "0.5 s"},
		{"59", "s", "59 s"},
		{"60", "s", "1 min"},
		{"3600", "s", "1 h"},
		{"5110", "s", "1 h 25 min 10 s"},
		{"2678400", "s", "31 days"},
		{"176461", "s", "2 days 1 h 1 min"},
		{"-90", "s", "−1 min 30 s"},
		{"59.9", "s", "1 min"},
	} {
		q := servicecoin.Quantity{Value: servicecoin.Some(decimal.RequireFromString(c.value)), Unit: c.unit}
		require.Equal(t, c.want, q.Words(), "%s %s", c.value, c.unit)
	}
	require.Equal(t, "unknown", servicecoin.Quantity{Unit: "EUR"}.Words())
}

func TestWhatIsToldIsBesideTheExactForm(t *testing.T) {
	t.Parallel()
	one := servicecoin.Some(decimal.NewFromInt(1))
	key := servicecoin.Key{Customer: "acme", Kind: "x", ID: "1"}
	bare := servicecoin.Trace{Label: "a", Value: one, Parts: []servicecoin.Trace{{Label: "exactly", Value: one, From: []servicecoin.Key{key}, Parts: []servicecoin.Trace{{Label: "in tier 1"}}}}}
	plain := bare
	plain.Plain = servicecoin.Say("as %v say", servicecoin.Say("%v, %v", "they", 3))
	plain.Parts = []servicecoin.Trace{bare.Parts[0]}
	plain.Parts[0].Plain = servicecoin.Skip()
	before, err := json.Marshal(bare)
	require.NoError(t, err)
	after, err := json.Marshal(plain)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
	require.Equal(t, bare.String(), plain.String())
	require.Equal(t, servicecoin.Told{Text: "As they, 3 say", Figure: "1", From: []servicecoin.Key{key}, Parts: []servicecoin.Told{{Text: "In tier 1"}}}, plain.Tell(servicecoin.Reader{}), "what is skipped gives its parts and records")
	require.Equal(t, "A: 1\n  Exactly: 1\n    In tier 1\n", bare.Tell(servicecoin.Reader{}).String())
	hidden := servicecoin.Reader{Service: func(servicecoin.ServiceID) string { return "" }}
	erp := servicecoin.Trace{Plain: servicecoin.Say("of %v", servicecoin.ServiceID("erp"))}
	require.Equal(t, "Of a service", erp.Tell(hidden).Line(), "what they are not told of has no name")
	require.Equal(t, "Of erp", erp.Tell(servicecoin.Reader{}).Line())
}

// What nobody wrote for people is told without what was written for programs.
func TestLabelsAreTold(t *testing.T) {
	t.Parallel()
	marks := regexp.MustCompile(`\d{4}-\d\d|[{}"\[\]]|[0-9a-f]{12}`)
	require.Equal(t, "From 1 Dec 2026, 00:00 to 2 Dec 2026, 15:04, in December 2026", servicecoin.Trace{
		Label: "from [2026-12-01T00:00:00Z/2026-12-02T15:04:05.5Z), in 2026-12",
	}.Tell(servicecoin.Reader{}).Text)
	rnd := rand.New(rand.NewPCG(1, 2))
	words := []string{"2026-11-24T09:30:00Z", "2026-11-24T09:30:00.123456+01:00", "2026-11", "2026-11-24", "digest 3f1ac09e77d2", "3f1ac09e77d23f1ac09e77d2", `{"a":1}`, "2026-11-24T09:30:00Z/2026-12-24T09:30:00Z", "of", "mail", "(known)", "12"}
	for range 2000 {
		var parts []string
		for range rnd.IntN(6) {
			parts = append(parts, words[rnd.IntN(len(words))]+[]string{"", ",", ":", ";"}[rnd.IntN(4)])
		}
		label := strings.Join(parts, " ")
		require.NotRegexp(t, marks, servicecoin.Trace{Label: label}.Tell(servicecoin.Reader{}).Text, label)
	}
}
