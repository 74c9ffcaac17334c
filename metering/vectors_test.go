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

// elsewhere lists the kinds of the copied file that later issues answer, and
// why.
func elsewhere() map[string]string {
	return map[string]string{
		"avg": "further aggregations are an issue of their own", "min": "further aggregations are an issue of their own",
		"latest": "further aggregations are an issue of their own", "weighted_sum": "further aggregations are an issue of their own",
		"unique_count":          "what was added and not removed is a level, of the issue of further aggregations",
		"unique_count_prorated": "what was added and not removed is a level, of the issue of further aggregations",
		"sum_prorated":          "what was added and not removed is a level, of the issue of further aggregations",
		"as_of_query":           "ranges of recording times are of the issue of late events; KnownBefore is as of one instant",
		"event_value_parse":     "reading the data of a CloudEvent is the interop modules'",
	}
}

// quirks is the policy for each case that only its source behaves like.
func quirks() map[string]string {
	return map[string]string{
		"agg-lago-sum-missing": "reached by EmptyIsZero; that its events are counted as none is refused: they are events without a value",
		"agg-lago-sum-out":     "reached by EmptyIsZero",
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
		"sum": checkAggregation, "count": checkAggregation, "max": checkAggregation,
		"windowed_query": checkWindows, "monthly_usage_count": checkMonths, "dedup_key": checkKey,
	}
	passed, quirk, other := 0, map[string]bool{}, 0
	for _, c := range cases {
		if _, ok := elsewhere()[c.Model]; ok || aggregationOf(t, c) == "latest" {
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
	t.Logf("aggregation.json: %d cases, %d passed (%d of them quirks, by a policy or its refusal), %d of later issues", len(cases), passed, len(quirk), other)
}

// aggregationOf reads one parameter of those that only some models have.
func aggregationOf(t *testing.T, c vector) string {
	t.Helper()
	aggregation, _ := fields[map[string]any](t, c.Params)["aggregation"].(string)
	return aggregation
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
	m := meter(metering.Aggregation(c.Model))
	if c.Quirk {
		plain, err := m.Series(each(events...), []calendar.Interval{during})
		require.NoError(t, err)
		require.False(t, plain[0].Points[0].Value.Valid, "a sum of no values is undefined, unless the policy is named")
		m.EmptyIsZero = true
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
