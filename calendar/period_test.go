package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
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
		assert.Equal(t, want, caltest.Codes(t, err), "%s: %v", text, err)
	}
	bad := calendar.Period{Years: -1, Months: 120_001, Days: -1, Exact: -1}
	assert.Equal(t, []string{"years:out-of-range", "months:out-of-range", "days:out-of-range", "exact:out-of-range"}, caltest.Codes(t, bad.Validate()))
	_, err := calendar.Period{Exact: time.Millisecond}.MarshalText()
	assert.Equal(t, []string{"exact:too-precise"}, caltest.Codes(t, err))
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
		assert.Equal(t, caltest.At(t, c.want), p.After(caltest.At(t, c.from), caltest.Location(t, c.zone)), c.why)
	}
}
