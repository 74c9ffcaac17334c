package sla_test

import (
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/sla"
)

// vector is a case of testdata/vectors.
type vector struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind"`
	Input  json.RawMessage `json:"input"`
	Expect json.RawMessage `json:"expect"`
	Quirk  bool            `json:"quirk"`
}

// elsewhere lists the kinds of the copied files that other rooms or later
// issues answer, and why.
func elsewhere() map[string]string {
	return map[string]string{
		"incident.impact":            "the incident package answers it",
		"composite.weighted_average": "composite objectives are an issue of their own",
		"composite.least_healthy":    "composite objectives are an issue of their own",
		"composite.validate":         "composite objectives are an issue of their own",
		"burn.reachable":             "burn rates are an issue of their own",
		"availability.beats":         "objectives by occurrence are an issue of their own",
		"credit.s3_uptime":           "ratio time slices are an issue of their own",
	}
}

// quirks is the policy for each case that only its source behaves like.
func quirks() map[string]string {
	return map[string]string{
		"kuma-2401-b": "refused: unknown time leaves both sides (2/3 with 75 % coverage), and bounds are given beside it",
	}
}

func TestVectors(t *testing.T) {
	for _, file := range []string{"availability_extra.json", "service_credits.json"} {
		text, err := os.ReadFile("testdata/vectors/" + file)
		require.NoError(t, err)
		var cases []vector
		require.NoError(t, json.Unmarshal(text, &cases))
		passed, refused, quirk, other := 0, 0, 0, 0
		for _, c := range cases {
			if c.Quirk {
				require.Contains(t, quirks(), c.ID, "a quirk needs a named policy")
				quirk++
				refused++
				continue
			}
			if _, ok := elsewhere()[c.Kind]; ok {
				other++
				continue
			}
			check, ok := checks()[c.Kind]
			require.True(t, ok, "no check for kind %s of case %s", c.Kind, c.ID)
			if t.Run(c.ID, func(t *testing.T) { check(t, c) }) {
				passed++
			}
		}
		t.Logf("%s: %d cases, %d passed, %d quirks (%d refused by policy), %d of other rooms", file, len(cases), passed, quirk, refused, other)
	}
}

func checks() map[string]func(*testing.T, vector) {
	return map[string]func(*testing.T, vector){
		"availability.weighted": checkWeighted,
		"availability.union":    checkUnion,
		"credit.percent":        checkCreditPercent,
		"credit.amount":         checkCreditAmount,
		"credit.claim_window":   checkClaimWindow,
		"credit.hourly":         checkHourly,
		"downtime.minutes":      checkMinutes,
		"downtime.minute_rule":  checkMinuteRule,
	}
}

func fields[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var x T
	require.NoError(t, json.Unmarshal(raw, &x))
	return x
}

func sameDecimal(t *testing.T, what string, want, got decimal.Decimal) {
	t.Helper()
	require.True(t, want.Equal(got), "%s: want %s, got %s", what, want, got)
}

var origin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func minutes(d decimal.Decimal) time.Duration {
	return time.Duration(d.Mul(decimal.NewFromInt(int64(time.Minute))).IntPart())
}

// checkWeighted lays the spans one after the other, as they have no instants.
func checkWeighted(t *testing.T, c vector) {
	in := fields[struct {
		WindowMinutes decimal.Decimal   `json:"window_minutes"`
		Weights       map[string]string `json:"weights"`
		Spans         []struct {
			Status  string          `json:"status"`
			Minutes decimal.Decimal `json:"minutes"`
		} `json:"spans"`
	}](t, c.Input)
	want := fields[struct {
		Down         *decimal.Decimal `json:"weighted_downtime_minutes"`
		Availability *decimal.Decimal `json:"availability_rounded_6"`
		Denominator  *decimal.Decimal `json:"denominator_minutes"`
	}](t, c.Expect)
	window := calendar.Between(origin, origin.Add(minutes(in.WindowMinutes)))
	terms := sla.Terms{Weights: sla.Weights{}}
	excluded := map[string]bool{}
	for status, w := range in.Weights {
		if excluded[status] = w == "excluded"; !excluded[status] {
			terms.Weights[sla.Level(status)] = decimal.RequireFromString(w)
		}
	}
	facts := sla.Facts{Coverage: calendar.SetOf(window)}
	at := origin
	for _, s := range in.Spans {
		span := calendar.Between(at, at.Add(minutes(s.Minutes)))
		if at = span.End; excluded[s.Status] {
			facts.Exclusions = append(facts.Exclusions, sla.Exclusion{Interval: span, Reason: s.Status})
		} else {
			facts.Outages = append(facts.Outages, sla.Outage{Interval: span, Level: sla.Level(s.Status)})
		}
	}
	m, err := terms.Measure(window, facts)
	require.NoError(t, err)
	sixty := decimal.NewFromInt(60)
	if want.Down != nil {
		sameDecimal(t, "downtime", want.Down.Mul(sixty), m.Down)
	}
	if want.Denominator != nil {
		sameDecimal(t, "denominator", want.Denominator.Mul(sixty), m.Known)
	}
	if want.Availability != nil {
		sameDecimal(t, "availability", *want.Availability, m.Availability().Fraction(6).Decimal)
	}
}

func checkUnion(t *testing.T, c vector) {
	in := fields[struct {
		Window  [2]time.Time   `json:"window"`
		Outages [][2]time.Time `json:"outages"`
	}](t, c.Input)
	want := fields[struct {
		Down   decimal.Decimal `json:"downtime_seconds"`
		Merged *int            `json:"merged_count"`
	}](t, c.Expect)
	window := calendar.Between(in.Window[0], in.Window[1])
	facts := sla.Facts{Coverage: calendar.SetOf(window)}
	for _, o := range in.Outages {
		facts.Outages = append(facts.Outages, sla.Outage{Interval: calendar.Between(o[0], o[1]), Level: "outage"})
	}
	m, err := sla.Terms{Weights: sla.Weights{"outage": decimal.NewFromInt(1)}}.Measure(window, facts)
	require.NoError(t, err)
	sameDecimal(t, "downtime", want.Down, m.Down)
	if want.Merged != nil {
		require.Equal(t, *want.Merged, m.Steps.Set().Len())
	}
}

type tier struct {
	Below  decimal.Decimal `json:"below"`
	Credit decimal.Decimal `json:"credit_percent"`
}

func bandsOf(tiers []tier) (b sla.Bands) {
	for _, x := range tiers {
		b = append(b, sla.Band{Below: x.Below, Credit: x.Credit})
	}
	return b
}

func uptime(percent decimal.Decimal) sla.Ratio {
	return sla.Ratio{Part: percent, Whole: decimal.NewFromInt(100)}
}

func checkCreditPercent(t *testing.T, c vector) {
	in := fields[struct {
		Tiers  []tier          `json:"tiers"`
		Uptime decimal.Decimal `json:"monthly_uptime_percent"`
	}](t, c.Input)
	want := fields[tier](t, c.Expect)
	bands := bandsOf(in.Tiers)
	require.NoError(t, bands.Validate())
	sameDecimal(t, "credit", want.Credit, bands.Credit(uptime(in.Uptime)).Decimal)
}

func checkCreditAmount(t *testing.T, c vector) {
	in := fields[struct {
		Charges  decimal.Decimal `json:"charges"`
		Currency string          `json:"currency"`
		Tiers    []tier          `json:"tiers"`
		Uptime   decimal.Decimal `json:"monthly_uptime_percent"`
	}](t, c.Input)
	want := fields[struct {
		Credit decimal.Decimal `json:"credit"`
	}](t, c.Expect)
	currency, err := money.ParseCurrency(in.Currency)
	require.NoError(t, err)
	charge, err := money.New(in.Charges, currency)
	require.NoError(t, err)
	got, err := sla.Amount(charge, bandsOf(in.Tiers).Credit(uptime(in.Uptime)).Decimal, money.HalfAwayFromZero)
	require.NoError(t, err)
	sameDecimal(t, "credit", want.Credit, got.Decimal())
}

func checkClaimWindow(t *testing.T, c vector) {
	in := fields[struct {
		IncidentAt time.Time `json:"incident_at"`
		EligibleAt time.Time `json:"eligible_at"`
		Rule       string    `json:"deadline_rule"`
	}](t, c.Input)
	want := fields[struct {
		Deadline time.Time `json:"deadline"`
	}](t, c.Expect)
	rules := map[string]sla.ClaimWindow{
		"end of second billing cycle after the incident cycle": {Cycles: 2},
		"30 days": {Days: 30}, "60 days": {Days: 60}, "90 days": {Days: 90},
	}
	window, ok := rules[in.Rule]
	require.True(t, ok, "rule %q", in.Rule)
	at := in.IncidentAt
	if at.IsZero() {
		at = in.EligibleAt
	}
	got, err := window.Deadline(at, time.UTC)
	require.NoError(t, err)
	require.True(t, want.Deadline.Equal(got), "want %s, got %s", want.Deadline, got)
}

func checkHourly(t *testing.T, c vector) {
	in := fields[struct {
		Seconds string `json:"unavailable_seconds_in_clock_hour"`
	}](t, c.Input)
	want := fields[struct {
		Charged bool `json:"hour_charged"`
	}](t, c.Expect)
	n, err := strconv.Atoi(in.Seconds)
	require.NoError(t, err)
	require.Equal(t, want.Charged, sla.HourlyWaiver{Over: 6 * time.Minute}.Charged(time.Duration(n)*time.Second))
}

// checkMinutes puts the outages an hour apart.
func checkMinutes(t *testing.T, c vector) {
	in := fields[struct {
		Seconds []string `json:"outages_seconds"`
	}](t, c.Input)
	want := fields[struct {
		Minutes decimal.Decimal `json:"minutes"`
	}](t, c.Expect)
	var facts sla.Facts
	at := origin
	for _, s := range in.Seconds {
		n, err := strconv.Atoi(s)
		require.NoError(t, err)
		span := calendar.Between(at, at.Add(time.Duration(n)*time.Second))
		facts.Outages = append(facts.Outages, sla.Outage{Interval: span, Level: "outage"})
		at = span.End.Add(time.Hour)
	}
	window := calendar.Between(origin, at)
	facts.Coverage = calendar.SetOf(window)
	m, err := sla.Terms{Weights: sla.Weights{"outage": decimal.NewFromInt(1)}, Counting: sla.WholeMinutes}.Measure(window, facts)
	require.NoError(t, err)
	sameDecimal(t, "minutes", want.Minutes.Mul(decimal.NewFromInt(60)), m.Down)
}

func checkMinuteRule(t *testing.T, c vector) {
	in := fields[struct {
		Attempts int `json:"attempts"`
		Failed   int `json:"failed"`
	}](t, c.Input)
	want := fields[struct {
		Unavailable bool `json:"unavailable"`
	}](t, c.Expect)
	require.Equal(t, want.Unavailable, sla.AllFailed(in.Attempts, in.Failed))
}

func TestEveryQuirkIsThere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/vectors/availability_extra.json")
	require.NoError(t, err)
	var cases []vector
	require.NoError(t, json.Unmarshal(text, &cases))
	for id := range quirks() {
		require.True(t, slices.ContainsFunc(cases, func(c vector) bool { return c.ID == id && c.Quirk }), id)
	}
}
