package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func TestIntervalIsHalfOpen(t *testing.T) {
	t.Parallel()
	iv := caltest.Between(t, "2023-04-01T10:00:00Z", "2023-04-01T11:00:00Z")
	assert.True(t, iv.Contains(iv.Start))
	assert.True(t, iv.Contains(iv.End.Add(-1)))
	assert.False(t, iv.Contains(iv.End))
	assert.False(t, iv.Contains(iv.Start.Add(-1)))
	assert.Equal(t, time.Hour, iv.Duration())

	next := calendar.Between(iv.End, iv.End.Add(time.Hour))
	assert.False(t, iv.Overlaps(next), "touching is not overlapping")
	assert.Equal(t, calendar.Interval{}, iv.Intersect(next))
	half := calendar.Between(iv.Start.Add(30*time.Minute), iv.End.Add(time.Hour))
	assert.True(t, iv.Overlaps(half))
	assert.Equal(t, calendar.Between(half.Start, iv.End), iv.Intersect(half))

	empty := calendar.Between(iv.Start, iv.Start)
	assert.True(t, empty.Empty())
	assert.False(t, empty.Contains(iv.Start))
	assert.False(t, iv.Overlaps(empty))
	reversed := calendar.Between(iv.End, iv.Start)
	assert.True(t, reversed.Empty())
	assert.False(t, iv.Overlaps(reversed))
	assert.Zero(t, reversed.Duration())
	assert.Equal(t, "0", reversed.Seconds().String())
}

func TestIntervalEqualAcrossZones(t *testing.T) {
	t.Parallel()
	a := caltest.Between(t, "2023-04-01T10:00:00Z", "2023-04-01T11:00:00Z")
	b := calendar.Interval{Start: caltest.At(t, "2023-04-01T12:00:00+02:00"), End: caltest.At(t, "2023-04-01T13:00:00+02:00")}
	assert.True(t, a.Equal(b))
	assert.False(t, a.Equal(calendar.Between(a.Start, a.End.Add(1))))
	assert.Equal(t, a.String(), b.String())
}

func TestIntervalSecondsAreExact(t *testing.T) {
	t.Parallel()
	iv := caltest.Between(t, "2023-04-01T10:00:00.999999Z", "2023-04-01T10:00:02.000001Z")
	assert.Equal(t, "1.000002", iv.Seconds().String())
	all := caltest.Between(t, "0001-01-02T00:00:00Z", "9999-12-31T00:00:00Z")
	assert.Equal(t, "315537724800", all.Seconds().String())
	assert.Equal(t, time.Duration(1<<63-1), all.Duration(), "saturates")
}

func TestIntervalValidate(t *testing.T) {
	t.Parallel()
	now := caltest.At(t, "2023-04-01T10:00:00Z")
	for name, c := range map[string]struct {
		iv   calendar.Interval
		want []string
	}{
		"plain":       {calendar.Between(now, now.Add(1)), nil},
		"empty":       {calendar.Between(now, now), nil},
		"reversed":    {calendar.Between(now, now.Add(-1)), []string{"end:reversed"}},
		"zero":        {calendar.Interval{}, []string{"start:required", "end:required"}},
		"open":        {calendar.Interval{Start: now}, []string{"end:required"}},
		"far":         {calendar.Between(now, now.AddDate(9000, 0, 0)), []string{"end:out-of-range"}},
		"before year": {calendar.Between(now.AddDate(-3000, 0, 0), now), []string{"start:out-of-range"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, caltest.Codes(t, c.iv.Validate()))
		})
	}
}

func TestParseInterval(t *testing.T) {
	t.Parallel()
	iv, err := calendar.ParseInterval("2023-04-01T12:00:00.5+02:00/2023-04-01T11:00:00Z")
	require.NoError(t, err)
	assert.Equal(t, "2023-04-01T10:00:00.5Z/2023-04-01T11:00:00Z", iv.String())
	for text, want := range map[string][]string{
		"":     {":bad-format"},
		"a/b":  {"start:bad-format", "end:bad-format"},
		"2023": {":bad-format"},
		"2023-04-01T11:00:00Z/2023-04-01T10:00:00Z":       {"end:reversed"},
		"0001-01-01T00:00:00Z/2023-04-01T10:00:00Z":       {"start:required"},
		"0001-01-01T00:00:00+01:00/2023-04-01T10:00:00Z":  {"start:out-of-range"},
		"2023-04-01T10:00:00Z/2023-04-01T10:00:00Z/extra": {"end:bad-format"},
	} {
		_, err := calendar.ParseInterval(text)
		assert.Equal(t, want, caltest.Codes(t, err), text)
	}
}

func TestIntervalJSON(t *testing.T) {
	t.Parallel()
	iv := caltest.Between(t, "2023-04-01T10:00:00Z", "2023-04-01T11:00:00Z")
	data, err := json.Marshal(iv)
	require.NoError(t, err)
	assert.JSONEq(t, `{"start":"2023-04-01T10:00:00Z","end":"2023-04-01T11:00:00Z"}`, string(data))
	var back calendar.Interval
	require.NoError(t, json.Unmarshal(data, &back))
	assert.True(t, iv.Equal(back))
}

func FuzzParseInterval(f *testing.F) {
	f.Add("2023-04-01T10:00:00Z/2023-04-01T11:00:00Z")
	f.Add("2023-04-01T12:00:00.5+02:00/2023-04-01T11:00:00Z")
	f.Add("0001-01-01T00:00:00+01:00/9999-12-31T23:59:59.999999999Z")
	f.Add("/")
	f.Fuzz(func(t *testing.T, text string) {
		iv, err := calendar.ParseInterval(text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		require.NoError(t, iv.Validate())
		back, err := calendar.ParseInterval(iv.String())
		require.NoError(t, err)
		require.True(t, iv.Equal(back))
	})
}
