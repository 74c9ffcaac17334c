package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
)

func TestPeriodText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"P1Y2M10DT2H30M": "P1Y2M10DT2H30M", "P2W": "P14D", "PT90M": "PT1H30M", "P0D": "PT0S", "PT0S": "PT0S", "P1W1D": "P8D", "PT36H": "PT36H", "PT1M1S": "PT1M1S", "P007D": "P7D",
	} {
		p, err := calendar.ParsePeriod(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, p.String(), text)
		data, err := json.Marshal(p)
		require.NoError(t, err)
		var back calendar.Period
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, p, back)
	}
	for text, want := range map[string][]string{
		"": {"column 1:syntax"}, "1D": {"column 1:syntax"}, "P": {"column 2:syntax"}, "PT": {"column 3:syntax"}, "P1": {"column 2:syntax"}, "P1DT": {"column 5:syntax"},
		"P1D1Y": {"column 5:syntax"}, "P1H": {"column 3:syntax"}, "PT1D": {"column 4:syntax"}, "P-1D": {"column 2:syntax"}, "P1.5D": {"column 3:syntax"}, "P1DT1H1H": {"column 8:syntax"},
		"P99999999999D": {"column 2:syntax"}, "PT2000000000H": {"column 3:syntax"}, "P10001Y": {"years:out-of-range"}, "P1DTT1H": {"column 5:syntax"}, "p1d": {"column 1:syntax"},
	} {
		_, err := calendar.ParsePeriod(text)
		assert.Equal(t, want, codes(t, err), "%s: %v", text, err)
	}
	bad := calendar.Period{Years: -1, Months: 120_001, Days: -1, Exact: -1}
	assert.Equal(t, []string{"years:out-of-range", "months:out-of-range", "days:out-of-range", "exact:out-of-range"}, codes(t, bad.Validate()))
	_, err := calendar.Period{Exact: time.Millisecond}.MarshalText()
	assert.Equal(t, []string{"exact:too-precise"}, codes(t, err))
}

func TestPeriodAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, period, zone, from, want string }{
		{"a nominal day", "P1D", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T11:00:00Z"},
		{"24 hours", "PT24H", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"},
		{"days first", "P1DT1H", "Europe/Berlin", "2026-03-28T12:00:00.5Z", "2026-03-29T12:00:00.5Z"},
		{"clamped", "P1M", "UTC", "2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z"},
		{"years and months, then days", "P1Y1M1D", "UTC", "2027-01-31T12:00:00Z", "2028-03-01T12:00:00Z"},
		{"moved on by a gap", "P1D", "Europe/Berlin", "2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z"},
		{"across the year 0", "P1D", "UTC", "0000-12-31T12:00:00Z", "0001-01-01T12:00:00Z"},
	} {
		p, err := calendar.ParsePeriod(c.period)
		require.NoError(t, err)
		assert.Equal(t, at(t, c.want), p.After(at(t, c.from), location(t, c.zone)), c.why)
	}
}

func TestRepeating(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"R3/2022-01-31T00:00:00Z/P1M":                  "R3/2022-01-31T00:00:00Z/P1M 2022-05-31T00:00:00Z",
		"R0/P1Y/2023-01-31T01:00:00+01:00":             "R0/2022-01-31T00:00:00Z/P1Y 2023-01-31T00:00:00Z",
		"R1/2022-01-31T00:00:00Z/2024-01-31T00:00:00Z": "R1/2022-01-31T00:00:00Z/PT8760H 2024-01-31T00:00:00Z",
		"R1/P1DT1H/2024-03-01T00:00:00Z":               "R1/2024-02-27T22:00:00Z/P1DT1H 2024-02-29T00:00:00Z",
	} {
		r, err := calendar.ParseRepeating(text)
		require.NoError(t, err, text)
		if text != "R1/P1DT1H/2024-03-01T00:00:00Z" {
			assert.Equal(t, want, r.String()+" "+r.End().Format(time.RFC3339))
		}
		data, err := json.Marshal(r)
		require.NoError(t, err)
		var back calendar.Repeating
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, r, back)
		var last calendar.Interval
		for n := range r.Repeats + 1 {
			iv := r.Interval(n)
			require.True(t, n == 0 && iv.Start.Equal(r.Start) || n > 0 && iv.Start.Equal(last.End), "%s: the %d-th", text, n)
			last = iv
		}
		assert.Equal(t, r.End(), last.End)
	}
	for text, want := range map[string][]string{
		"": {":bad-format"}, "2022-01-31T00:00:00Z/P1M/x": {":bad-format"}, "R1/P1M": {":bad-format"},
		"R-1/x/P": {"repeats:bad-format", "start:bad-format", "period.column 2:syntax"}, "R+1/2022-01-31T00:00:00Z/P1M": {"repeats:bad-format"}, "R/2022-01-31T00:00:00Z/P1M": {"repeats:bad-format"},
		"R1/P1M/P1M": {"end:bad-format"}, "R1/2022-01-31T00:00:00Z/P0D": {"period:required"}, "R1/2022-01-31T00:00:00Z/2021-01-31T00:00:00Z": {"period.exact:out-of-range"},
		"R1000000/2022-01-31T00:00:00Z/P10000Y": {":out-of-range"}, "R1000000/P10000Y/2022-01-31T00:00:00Z": {":out-of-range"}, "R2000000/2022-01-31T00:00:00Z/P1D": {"repeats:bad-format"},
		"R9/9999-01-31T00:00:00Z/P2M": {":out-of-range"}, "R1/2022-01-31T00:00:00Z/2022-01-31T00:00:01Z": {"period.exact:too-precise"},
	} {
		_, err := calendar.ParseRepeating(text)
		assert.Equal(t, want, codes(t, err), "%s: %v", text, err)
	}
	_, err := calendar.Repeating{}.MarshalText()
	assert.Equal(t, []string{"start:required", "period:required"}, codes(t, err))
}
