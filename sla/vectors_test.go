package sla_test

import (
	"bytes"
	"encoding/json"
	"os"
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
	Source string          `json:"source"`
	Note   string          `json:"note"`
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
		"credit.s3_uptime":           "ratio time slices are an issue of their own",
	}
}

// quirks says for each case that only its source behaves like what we answer
// instead, and holds that answer.
func quirks() map[string]func(*testing.T, vector) {
	return map[string]func(*testing.T, vector){
		// Refused: unknown time leaves both sides, and the bounds stand beside it.
		"kuma-2401-b": func(t *testing.T, c vector) {
			m, _ := measureBeats(t, c)
			sameDecimal(t, "availability", decimal.RequireFromString("0.666667"), m.Availability().Fraction(6).Decimal)
			sameDecimal(t, "coverage", decimal.RequireFromString("75"), m.Coverage().Percent(0).Decimal)
		},
	}
}

func TestVectors(t *testing.T) {
	for _, file := range []string{"availability_extra.json", "service_credits.json"} {
		cases := fields[[]vector](t, readVectors(t, file))
		require.NotEmpty(t, cases, file)
		passed, quirk, other := 0, 0, 0
		for _, c := range cases {
			if c.Quirk {
				check, ok := quirks()[c.ID]
				require.True(t, ok, "quirk %s needs a policy", c.ID)
				if t.Run(c.ID, func(t *testing.T) { check(t, c) }) {
					quirk++
				}
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
		require.Positive(t, passed, file)
		t.Logf("%s: %d cases, %d passed, %d quirks (run, refused by policy), %d of other rooms", file, len(cases), passed, quirk, other)
	}
}

func readVectors(t *testing.T, file string) json.RawMessage {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors/" + file)
	require.NoError(t, err)
	return text
}

func checks() map[string]func(*testing.T, vector) {
	return map[string]func(*testing.T, vector){
		"availability.weighted": checkWeighted,
		"availability.union":    checkUnion,
		"availability.beats":    checkBeats,
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
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&x))
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

// measureBeats makes each beat an equal part of the window.
func measureBeats(t *testing.T, c vector) (m sla.Measurement, uptime decimal.Decimal) {
	t.Helper()
	in := fields[struct {
		Beats       []string        `json:"beats"`
		WindowHours decimal.Decimal `json:"window_hours"`
	}](t, c.Input)
	want := fields[struct {
		Uptime decimal.Decimal `json:"uptime"`
	}](t, c.Expect)
	beat := time.Duration(in.WindowHours.IntPart()) * time.Hour / time.Duration(len(in.Beats))
	var facts sla.Facts
	var covered []calendar.Interval
	for n, b := range in.Beats {
		span := calendar.Between(origin.Add(time.Duration(n)*beat), origin.Add(time.Duration(n+1)*beat))
		switch b {
		case "inconclusive":
			continue
		case "down":
			facts.Outages = append(facts.Outages, sla.Outage{Interval: span, Level: "outage"})
		default:
			require.Equal(t, "up", b)
		}
		covered = append(covered, span)
	}
	facts.Coverage = calendar.SetOf(covered...)
	window := calendar.Between(origin, origin.Add(time.Duration(len(in.Beats))*beat))
	m, err := sla.Terms{Weights: sla.Weights{"outage": decimal.NewFromInt(1)}}.Measure(window, facts)
	require.NoError(t, err)
	return m, want.Uptime
}

func checkBeats(t *testing.T, c vector) {
	m, want := measureBeats(t, c)
	sameDecimal(t, "uptime", want, m.Availability().Fraction(6).Decimal)
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
	want := fields[struct {
		Credit decimal.Decimal `json:"credit_percent"`
	}](t, c.Expect)
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
	got, err := amount(charge, bandsOf(in.Tiers).Credit(uptime(in.Uptime)).Decimal, money.HalfAwayFromZero)
	require.NoError(t, err)
	sameDecimal(t, "credit", want.Credit, got.Decimal())
}

// amount is how a host applies a credit to a charge. It is no API of the room:
// a statement does so line by line, see package metering/cost.
func amount(charge money.Amount, percent decimal.Decimal, r money.Rounding) (money.Amount, error) {
	part, err := charge.Mul(percent.Shift(-2))
	if err != nil {
		return money.Amount{}, err
	}
	return part.Round(r)
}

// claimWindow is until when a customer can claim a credit that it was not
// given, by some contracts: whole billing months after the month of the
// incident, or days.
type claimWindow struct{ cycles, days int }

func (w claimWindow) deadline(t time.Time, loc *time.Location) time.Time {
	if w.days > 0 {
		return t.In(loc).AddDate(0, 0, w.days).UTC()
	}
	return calendar.MonthOf(t, loc).Add(w.cycles).In(loc).End
}

func checkClaimWindow(t *testing.T, c vector) {
	in := fields[struct {
		IncidentAt time.Time `json:"incident_at"`
		EligibleAt time.Time `json:"eligible_at"`
		Rule       string    `json:"deadline_rule"`
		Cycle      string    `json:"cycle"`
	}](t, c.Input)
	require.Contains(t, []string{"", "calendar-month"}, in.Cycle)
	want := fields[struct {
		Deadline time.Time `json:"deadline"`
	}](t, c.Expect)
	rules := map[string]claimWindow{
		"end of second billing cycle after the incident cycle": {cycles: 2},
		"30 days": {days: 30}, "60 days": {days: 60}, "90 days": {days: 90},
	}
	window, ok := rules[in.Rule]
	require.True(t, ok, "rule %q", in.Rule)
	at := in.IncidentAt
	if at.IsZero() {
		at = in.EligibleAt
	}
	got := window.deadline(at, time.UTC)
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
	require.Equal(t, want.Charged, time.Duration(n)*time.Second <= 6*time.Minute)
}

// checkMinutes puts the outages an hour apart.
func checkMinutes(t *testing.T, c vector) {
	in := fields[struct {
		Seconds []string `json:"outages_seconds"`
		Rule    string   `json:"rule"`
	}](t, c.Input)
	require.Equal(t, "consecutive whole minutes", in.Rule)
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
		Attempts int    `json:"attempts"`
		Failed   int    `json:"failed"`
		Rule     string `json:"rule"`
	}](t, c.Input)
	require.Equal(t, "all attempts within the minute fail", in.Rule)
	want := fields[struct {
		Unavailable bool `json:"unavailable"`
	}](t, c.Expect)
	require.Equal(t, want.Unavailable, in.Attempts > 0 && in.Failed >= in.Attempts)
}
