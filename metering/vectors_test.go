package metering_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/money"
)

// vector is a case of testdata/vectors.
type vector struct {
	ID     string          `json:"id"`
	Model  string          `json:"model"`
	Params json.RawMessage `json:"params"`
	Input  json.RawMessage `json:"input"`
	Expect json.RawMessage `json:"expect"`
	Quirk  bool            `json:"quirk"`
	Source string          `json:"source"`
	Note   string          `json:"note"`
}

// elsewhere lists the kinds of the copied file that another package answers.
func elsewhere() map[string]string {
	return map[string]string{
		"event_value_parse": "the data of a CloudEvent is read by the module interop/cloudevents, which has these cases",
	}
}

// quirks is the policy for each case that only its source behaves like.
func quirks() map[string]string {
	const days = "reached by intervals of whole days, of which both ends count, and rounding up to five places"
	return map[string]string{
		"agg-lago-sum-missing":  "reached by EmptyIsZero; that its events are counted as none is refused: they are events without a value",
		"agg-lago-sum-out":      "reached by EmptyIsZero",
		"agg-lago-wsum-0":       "reached by EmptyIsZero",
		"agg-lago-latest-empty": "refused: there is no last of no values, and EmptyIsZero says so",

		"agg-lago-prouniq-full": days, "agg-lago-prouniq-added": days, "agg-lago-prouniq-terminated": days, "agg-lago-prouniq-upgraded": days,
		"agg-lago-prouniq-first-day": days, "agg-lago-prouniq-removed": days, "agg-lago-prouniq-same-day": days, "agg-lago-prosum": days,
	}
}

// fields reads an object, and fails on a field that the adapter does not know.
func fields[T any](t *testing.T, raw json.RawMessage) T {
	t.Helper()
	var x T
	if len(raw) > 0 {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&x))
	}
	return x
}

func TestAggregationVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/vectors/aggregation.json")
	require.NoError(t, err)
	cases := fields[[]vector](t, text)
	require.NotEmpty(t, cases)
	checks := map[string]func(*testing.T, vector){
		"sum": checkAggregation, "count": checkAggregation, "min": checkAggregation, "max": checkAggregation, "avg": checkAggregation, "latest": checkAggregation,
		"windowed_query": checkWindows, "monthly_usage_count": checkMonths, "dedup_key": checkKey, "weighted_sum": checkLevel, "unique_count": checkStanding,
		"unique_count_prorated": checkStandingDays, "sum_prorated": checkLevelDays, "as_of_query": checkAsKnown,
	}
	passed, quirk, other := 0, map[string]bool{}, 0
	for _, c := range cases {
		if _, ok := elsewhere()[c.Model]; ok {
			other++
			continue
		}
		if c.Quirk {
			require.Contains(t, quirks(), c.ID, "a quirk needs a named policy")
			quirk[c.ID] = true
		}
		check, ok := checks[c.Model]
		require.True(t, ok, "no check for model %s of case %s", c.Model, c.ID)
		if t.Run(c.ID, func(t *testing.T) { check(t, c) }) {
			passed++
		}
	}
	require.Len(t, quirk, len(quirks()), "a policy for a case that is not there")
	t.Logf("aggregation.json: %d cases, %d passed (%d of them quirks, by a policy or its refusal), %d of other modules", len(cases), passed, len(quirk), other)
}

// value reads the property of an event's data that a meter counts: a number, as
// such or as a text.
func value(t *testing.T, data map[string]json.RawMessage, property string) decimal.NullDecimal {
	t.Helper()
	name, ok := strings.CutPrefix(property, "$.")
	if !ok {
		return decimal.NullDecimal{} // nothing is read: events are counted
	}
	return fields[decimal.NullDecimal](t, data[name])
}

// checkAggregation has two forms: events with offsets and data, or the values
// of periods one after the other; a recurring metric is one over all periods.
func checkAggregation(t *testing.T, c vector) {
	params := fields[struct {
		Recurring bool   `json:"recurring"`
		Property  string `json:"value_property"`
		Field     string `json:"field"` // of the events, which have it not
	}](t, c.Params)
	in := fields[struct {
		Events []struct {
			Offset int                        `json:"offset_s"`
			Data   map[string]json.RawMessage `json:"data"`
		} `json:"events"`
		From     int                   `json:"from_offset_s"`
		To       int                   `json:"to_offset_s"`
		Previous []decimal.NullDecimal `json:"previous_events"`
		Period   []decimal.NullDecimal `json:"period_events"`
		Later    []decimal.NullDecimal `json:"later_events"`
	}](t, c.Input)
	want := fields[struct {
		Value decimal.NullDecimal `json:"value"`
		Count *int64              `json:"count"`
	}](t, c.Expect)
	at := func(seconds int) time.Time { return origin.Add(time.Duration(seconds) * time.Second) }
	during := calendar.Between(at(in.From), at(in.To))
	var events []metering.Event
	for _, e := range in.Events {
		events = append(events, metering.Event{Type: "t", Time: at(e.Offset), Value: value(t, e.Data, params.Property)})
	}
	if in.Events == nil {
		during = calendar.Between(at(100), at(200))
		if params.Recurring {
			during.Start = at(0)
		}
		for from, values := range map[int][]decimal.NullDecimal{0: in.Previous, 100: in.Period, 200: in.Later} {
			for i, v := range values {
				if params.Field != "" {
					v = decimal.NullDecimal{}
				}
				events = append(events, metering.Event{Type: "t", Time: at(from + i), Value: v})
			}
		}
	}
	name := c.Model
	if name == "avg" {
		name = "average"
	}
	m := meter(metering.Aggregation(name))
	if c.Quirk {
		plain, err := m.Series(each(events...), []calendar.Interval{during})
		require.NoError(t, err)
		require.False(t, plain[0].Points[0].Value.Valid, "of no values there is none, unless the policy is named")
		m.EmptyIsZero = true
	}
	if c.Quirk && m.Aggregation == metering.Latest {
		require.ErrorContains(t, m.Validate(), "there is no last of no values")
		return
	}
	series, err := m.Series(each(events...), []calendar.Interval{during})
	require.NoError(t, err)
	got := series[0].Points[0]
	if params.Field != "" { // events without the value are events all the same
		require.Equal(t, int64(len(in.Period)), got.Events)
		require.Equal(t, int64(0), *want.Count)
		want.Count = nil
	}
	require.Equal(t, want.Value.Valid, got.Value.Valid)
	require.True(t, want.Value.Decimal.Equal(got.Value.Decimal), "want %s, got %s", want.Value.Decimal, got.Value.Decimal)
	if want.Count != nil {
		require.Equal(t, *want.Count, got.Events)
	}
}

func checkWindows(t *testing.T, c vector) {
	params := fields[struct {
		Of     string           `json:"aggregation"`
		From   time.Time        `json:"from"`
		To     time.Time        `json:"to"`
		Window metering.Stretch `json:"window"`
		Zone   string           `json:"tz"`
	}](t, c.Params)
	in := fields[struct {
		Events []struct {
			Time  time.Time           `json:"time"`
			Value decimal.NullDecimal `json:"value"`
		} `json:"events"`
	}](t, c.Input)
	want := fields[struct {
		Rows []struct {
			Start time.Time       `json:"start"`
			End   time.Time       `json:"end"`
			Value decimal.Decimal `json:"value"`
		} `json:"rows"`
	}](t, c.Expect)
	loc, err := time.LoadLocation(params.Zone)
	require.NoError(t, err)
	windows, err := params.Window.Split(calendar.Between(params.From, params.To), loc)
	require.NoError(t, err)
	var events []metering.Event
	for _, e := range in.Events {
		events = append(events, metering.Event{Type: "t", Time: e.Time, Value: e.Value})
	}
	series, err := meter(metering.Aggregation(params.Of)).Series(each(events...), windows)
	require.NoError(t, err)
	n := 0
	for _, p := range series[0].Points {
		if p.Events == 0 {
			continue // the source has no row for it, we an undefined one
		}
		require.True(t, want.Rows[n].Start.Equal(p.Start) && want.Rows[n].End.Equal(p.End), "window %v", p.Interval)
		require.True(t, want.Rows[n].Value.Equal(p.Value.Decimal))
		n++
	}
	require.Len(t, want.Rows, n)
}

// checkMonths counts in local months, across a change of the clocks.
func checkMonths(t *testing.T, c vector) {
	params := fields[struct {
		Zone string `json:"account_timezone"`
		Time string `json:"account_reference_time"` // of a charge; usage counts by days
		Day  int    `json:"bill_cycle_day"`
	}](t, c.Params)
	require.Equal(t, []any{1, "04:00"}, []any{params.Day, params.Time}, "months begin on the first, at midnight")
	in := fields[struct {
		Local []string            `json:"events_local"`
		Value decimal.NullDecimal `json:"value_each"`
	}](t, c.Input)
	want := fields[map[string]decimal.Decimal](t, c.Expect)
	loc, err := time.LoadLocation(params.Zone)
	require.NoError(t, err)
	var events []metering.Event
	for _, text := range in.Local {
		at, err := time.ParseInLocation("2006-01-02T15:04", text, loc)
		require.NoError(t, err)
		events = append(events, metering.Event{Type: "t", Time: at, Value: in.Value})
	}
	spring := calendar.Between(calendar.Month{Year: 2023, Month: time.March}.In(loc).Start, calendar.Month{Year: 2023, Month: time.May}.In(loc).End)
	windows, err := metering.Monthly.Split(spring, loc)
	require.NoError(t, err)
	series, err := meter(metering.Sum).Series(each(events...), windows)
	require.NoError(t, err)
	require.Len(t, want, 3)
	for i, name := range []string{"march", "april", "may"} {
		require.True(t, want[name].Equal(series[0].Points[i].Value.Decimal), name)
	}
}

// checkLevel compares the level over a month, as rounded as it stands there.
func checkLevel(t *testing.T, c vector) {
	params := fields[struct {
		From    time.Time           `json:"from"`
		To      time.Time           `json:"to_exclusive"`
		Days    int                 `json:"days"`
		Initial decimal.NullDecimal `json:"initial"`
	}](t, c.Params)
	in := fields[struct {
		Events []struct {
			Time  time.Time           `json:"time"`
			Value decimal.NullDecimal `json:"value"`
		} `json:"events"`
	}](t, c.Input)
	want := fields[struct {
		Value     decimal.Decimal     `json:"value_rounded"`
		Events    *int64              `json:"events_count"`
		Variation decimal.NullDecimal `json:"variation"`
		Level     decimal.NullDecimal `json:"total_level"`
	}](t, c.Expect)
	during := calendar.Between(params.From, params.To)
	require.Equal(t, time.Duration(params.Days)*24*time.Hour, during.Duration())
	var events []metering.Event
	change := decimal.Zero
	for _, e := range in.Events {
		events = append(events, metering.Event{Type: "t", ID: strconv.Itoa(len(events)), Time: e.Time, Value: e.Value})
		change = change.Add(e.Value.Decimal)
	}
	if params.Initial.Valid {
		events = append(events, metering.Event{Type: "t", Time: params.From.AddDate(0, -1, 0), Value: params.Initial})
	}
	if want.Variation.Valid {
		require.True(t, want.Variation.Decimal.Equal(change))
	}
	after := calendar.Between(params.To, params.To.Add(time.Hour)) // which shows the level at the end
	m := meter(metering.TimeWeighted)
	if c.Quirk {
		none, err := m.Series(each(events...), []calendar.Interval{during})
		require.NoError(t, err)
		require.False(t, none[0].Points[0].Value.Valid)
		m.EmptyIsZero = true
	}
	series, err := m.Series(each(events...), []calendar.Interval{during, after})
	require.NoError(t, err)
	got := series[0].Points
	rounded := got[0].Value.Decimal.Round(-want.Value.Exponent())
	require.True(t, got[0].Value.Valid && want.Value.Equal(rounded), "want %s, got %s", want.Value, got[0].Value.Decimal)
	if want.Events != nil {
		require.Equal(t, *want.Events, got[0].Events)
	}
	if want.Level.Valid {
		require.True(t, want.Level.Decimal.Equal(got[1].Value.Decimal))
	}
}

// checkStanding counts what was added and not removed, or what was added in a period.
func checkStanding(t *testing.T, c vector) {
	params := fields[struct {
		Recurring bool `json:"recurring"`
	}](t, c.Params)
	in := fields[struct {
		Previous []string `json:"previous_ids"`
		Period   []struct {
			ID string `json:"id"`
			Op string `json:"op"`
		} `json:"period"`
	}](t, c.Input)
	want := fields[struct {
		Value decimal.Decimal `json:"value"`
	}](t, c.Expect)
	var events []metering.Event
	for _, id := range in.Previous {
		events = append(events, used(-time.Hour, servicecoin.Undefined(), "user", id, "op", "add"))
	}
	for i, x := range in.Period {
		events = append(events, used(time.Duration(i)*time.Second, servicecoin.Undefined(), "user", x.ID, "op", x.Op))
	}
	m := meter(metering.Unique)
	if params.Recurring {
		m.Removes = &metering.Filter{Dimension: "op", Values: []string{"remove"}}
	}
	series, err := m.Series(each(events...), []calendar.Interval{hours(1)})
	require.NoError(t, err)
	got := series[0].Points[0].Value
	require.True(t, got.Valid && want.Value.Equal(got.Decimal), "want %s, got %s", want.Value, got.Decimal)
}

// day reads a date: of one that is the last of something, the day after.
func day(t *testing.T, text string, inclusive bool) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	require.NoError(t, err)
	if inclusive {
		return at.AddDate(0, 0, 1)
	}
	return at
}

// upToFive is the level over so many days, rounded up to five places.
func upToFive(t *testing.T, from time.Time, days int, events []metering.Event) metering.Point {
	t.Helper()
	m := meter(metering.TimeWeighted)
	m.Round = &metering.Rounding{Mode: money.Up, Places: 5}
	series, err := m.Series(each(events...), []calendar.Interval{calendar.Between(from, from.AddDate(0, 0, days))})
	require.NoError(t, err)
	return series[0].Points[0]
}

// checkStandingDays has each id as an interval of whole days with the level 1.
func checkStandingDays(t *testing.T, c vector) {
	params := fields[struct {
		Days     int    `json:"period_days"`
		From     string `json:"from"`
		To       string `json:"to_inclusive"`
		Rounding string `json:"rounding"`
	}](t, c.Params)
	require.Equal(t, "ceil to 5 decimals", params.Rounding)
	in := fields[struct {
		IDs []struct {
			Added   string `json:"added"`
			Removed string `json:"removed"`
			Times   string `json:"times"` // several within one day are one day
		} `json:"ids"`
	}](t, c.Input)
	want := fields[struct {
		Value decimal.Decimal `json:"value"`
	}](t, c.Expect)
	var events []metering.Event
	for _, x := range in.IDs {
		end := day(t, params.To, true)
		if x.Removed != "" {
			end = day(t, x.Removed, true)
		}
		events = append(events, metering.Event{Type: "t", Time: day(t, x.Added, false), End: end, Value: some("1")})
	}
	got := upToFive(t, day(t, params.From, false), params.Days, events)
	require.True(t, want.Value.Equal(got.Value.Decimal), "want %s, got %s", want.Value, got.Value.Decimal)
}

// checkLevelDays has each value as a change at the beginning of its day.
func checkLevelDays(t *testing.T, c vector) {
	params := fields[struct {
		Days int    `json:"period_days"`
		From string `json:"from"`
	}](t, c.Params)
	in := fields[struct {
		Level  decimal.NullDecimal `json:"previous_level"`
		Events []struct {
			Date  string              `json:"date"`
			Value decimal.NullDecimal `json:"value"`
		} `json:"events"`
	}](t, c.Input)
	want := fields[struct {
		Value decimal.Decimal `json:"value"`
		Count int             `json:"count"` // with the two that made the level before, which are one here
	}](t, c.Expect)
	from := day(t, params.From, false)
	events := []metering.Event{{Type: "t", ID: "before", Time: from.AddDate(0, 0, -1), Value: in.Level}}
	for i, x := range in.Events {
		events = append(events, metering.Event{Type: "t", ID: strconv.Itoa(i), Time: day(t, x.Date, false), Value: x.Value})
	}
	got := upToFive(t, from, params.Days, events)
	require.True(t, want.Value.Equal(got.Value.Decimal), "want %s, got %s", want.Value, got.Value.Decimal)
	require.EqualValues(t, want.Count-2, got.Events)
}

// recorded is a range of recording times.
type recorded struct {
	From *time.Time `json:"gte"`
	Till *time.Time `json:"lt"`
	Or   []recorded `json:"or"`
}

// checkAsKnown answers what was recorded in a range as the difference of two figures,
// each as it was known at an instant.
func checkAsKnown(t *testing.T, c vector) {
	params := fields[struct {
		Of     metering.Aggregation `json:"aggregation"`
		From   time.Time            `json:"from"`
		To     time.Time            `json:"to"`
		Stored recorded             `json:"stored_at"`
	}](t, c.Params)
	in := fields[struct {
		Events []struct {
			Time   time.Time           `json:"time"`
			Value  decimal.NullDecimal `json:"value"`
			Stored time.Time           `json:"stored_at"`
		} `json:"events"`
	}](t, c.Input)
	want := fields[struct {
		Value decimal.Decimal `json:"value"`
	}](t, c.Expect)
	s := metering.NewMemoryStore()
	for i, e := range in.Events {
		_, err := s.Append(t.Context(), []metering.Event{{Customer: "acme", Source: "s", ID: strconv.Itoa(i), Type: "t", Time: e.Time, Value: e.Value, RecordedAt: e.Stored}})
		require.NoError(t, err)
	}
	known := func(before time.Time) decimal.Decimal {
		m := meter(params.Of)
		got, err := s.Measure(t.Context(), metering.Measurement{
			Meter: m, Customers: []servicecoin.CustomerID{"acme"}, Windows: []calendar.Interval{calendar.Between(params.From, params.To)}, KnownBefore: before,
		})
		require.NoError(t, err)
		return got.Series(m, "acme")[0].Points[0].Value.Decimal
	}
	ranges := params.Stored.Or
	if ranges == nil {
		ranges = []recorded{params.Stored}
	}
	sum := decimal.Zero
	for _, r := range ranges {
		till := time.Time{}
		if r.Till != nil {
			till = *r.Till
		}
		if sum = sum.Add(known(till)); r.From != nil {
			sum = sum.Sub(known(*r.From))
		}
	}
	require.True(t, want.Value.Equal(sum), "want %s, got %s", want.Value, sum)
}

func checkKey(t *testing.T, c vector) {
	params := fields[struct {
		Key []string `json:"key"`
	}](t, c.Params)
	require.Equal(t, []string{"namespace", "source", "id"}, params.Key, "the key of an event: customer, source and id")
	in := fields[struct {
		Events []struct {
			Namespace servicecoin.CustomerID `json:"namespace"`
			Source    string                 `json:"source"`
			ID        string                 `json:"id"`
		} `json:"events"`
	}](t, c.Input)
	want := fields[struct {
		Unique int `json:"unique"`
	}](t, c.Expect)
	var batch []metering.Event
	for _, e := range in.Events {
		batch = append(batch, metering.Event{Customer: e.Namespace, Source: e.Source, ID: e.ID, Type: "t", Time: origin, RecordedAt: origin})
	}
	receipt, err := metering.NewMemoryStore().Append(t.Context(), batch)
	require.NoError(t, err)
	require.Equal(t, want.Unique, receipt.Added, strconv.Itoa(len(batch))+" events")
}
