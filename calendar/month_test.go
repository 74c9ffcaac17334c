package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func TestParseMonth(t *testing.T) {
	t.Parallel()
	m, err := calendar.ParseMonth("2023-04")
	require.NoError(t, err)
	assert.Equal(t, calendar.Month{Year: 2023, Month: time.April}, m)
	assert.Equal(t, "2023-04", m.String())
	for _, text := range []string{"", "2023", "2023-4", "2023-00", "2023-13", "0000-01", "2023/04", "2023-04-01", " 2023-04", "+023-04", "2023-+4", "２023-04"} {
		_, err := calendar.ParseMonth(text)
		assert.ErrorIs(t, err, servicecoin.ErrInvalid, text)
	}
}

func TestMonthText(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(map[calendar.Month]calendar.Date{
		{Year: 7, Month: time.December}: {Year: 2023, Month: time.April, Day: 9},
	})
	require.NoError(t, err)
	assert.JSONEq(t, `{"0007-12":"2023-04-09"}`, string(data))
	var back map[calendar.Month]calendar.Date
	require.NoError(t, json.Unmarshal(data, &back))
	assert.Equal(t, calendar.Date{Year: 2023, Month: time.April, Day: 9}, back[calendar.Month{Year: 7, Month: time.December}])

	_, err = calendar.Month{}.MarshalText()
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	_, err = calendar.Date{}.MarshalText()
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	var d calendar.Date
	require.ErrorIs(t, d.UnmarshalText([]byte("2023-02-30")), servicecoin.ErrInvalid)
	var m calendar.Month
	require.ErrorIs(t, m.UnmarshalText([]byte("2023-2")), servicecoin.ErrInvalid)
	assert.True(t, d.IsZero())
	assert.True(t, m.IsZero())
}

func TestMonthArithmetic(t *testing.T) {
	t.Parallel()
	april := calendar.Month{Year: 2023, Month: time.April}
	assert.Equal(t, "2023-05", april.Next().String())
	assert.Equal(t, "2023-03", april.Previous().String())
	assert.Equal(t, "2022-12", april.Add(-4).String())
	assert.Equal(t, "2024-01", april.Add(9).String())
	assert.Equal(t, "2021-04", april.Add(-24).String())
	assert.Equal(t, 30, april.Days())
	assert.Equal(t, 29, calendar.Month{Year: 2024, Month: time.February}.Days())
	assert.Equal(t, 28, calendar.Month{Year: 1900, Month: time.February}.Days())
	assert.Equal(t, "2023-04-01", april.First().String())
	assert.Equal(t, "2023-04-30", april.Last().String())
	assert.True(t, april.Contains(april.Last()))
	assert.False(t, april.Contains(april.Last().AddDays(1)))
	assert.False(t, april.Contains(calendar.Date{Year: 2022, Month: time.April, Day: 1}))
	assert.ErrorIs(t, calendar.Month{Year: 9999, Month: time.December}.Next().Validate(), servicecoin.ErrInvalid)
}

func TestMonthAddIsAGroup(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := calendar.Month{Year: rapid.IntRange(1, 9999).Draw(t, "year"), Month: time.Month(rapid.IntRange(1, 12).Draw(t, "month"))}
		a := rapid.IntRange(-100_000, 100_000).Draw(t, "a")
		b := rapid.IntRange(-100_000, 100_000).Draw(t, "b")
		require.Equal(t, m.Add(a+b), m.Add(a).Add(b))
		require.Equal(t, m, m.Add(a).Add(-a))
		require.Equal(t, min(1, max(-1, a)), m.Add(a).Compare(m))
		want := time.Date(m.Year, m.Month+time.Month(a), 1, 0, 0, 0, 0, time.UTC)
		require.Equal(t, calendar.Month{Year: want.Year(), Month: want.Month()}, m.Add(a))
	})
}

func FuzzParseMonth(f *testing.F) {
	for _, text := range []string{"2023-04", "0001-01", "9999-12", "2023-1", "-001-01"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := calendar.ParseMonth(text)
		_, slow := time.Parse("2006-01", text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		require.NoError(t, slow)
		require.Equal(t, text, m.String())
	})
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	d, err := calendar.ParseDate("2024-02-29")
	require.NoError(t, err)
	assert.Equal(t, calendar.Date{Year: 2024, Month: time.February, Day: 29}, d)
	assert.Equal(t, "2024-02-29", d.String())
	assert.Equal(t, time.Thursday, d.Weekday())
	for _, text := range []string{"", "2023-02-29", "2023-04-31", "2023-04-00", "2023-13-01", "0000-01-01", "2023-4-01", "20230401", "2023-04-01T00:00:00Z", "2023-04-1 "} {
		_, err := calendar.ParseDate(text)
		assert.ErrorIs(t, err, servicecoin.ErrInvalid, text)
	}
}

func FuzzParseDate(f *testing.F) {
	for _, text := range []string{"2023-04-30", "0001-01-01", "9999-12-31", "2023-02-29", "2023-1-01"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := calendar.ParseDate(text)
		_, slow := time.Parse(time.DateOnly, text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			require.True(t, slow != nil || text[:4] == "0000", "refused %q, which is a day", text)
			return
		}
		require.NoError(t, slow)
		require.Equal(t, text, d.String())
	})
}

func TestAddMonthsClampsFromTheAnchor(t *testing.T) {
	t.Parallel()
	anchor := calendar.Date{Year: 2023, Month: time.January, Day: 31}
	for n, want := range map[int]string{
		0: "2023-01-31", 1: "2023-02-28", 2: "2023-03-31", 3: "2023-04-30",
		13: "2024-02-29", -1: "2022-12-31", -2: "2022-11-30",
	} {
		assert.Equal(t, want, anchor.AddMonths(n).String(), n)
	}
	assert.Equal(t, "2023-02-15", caltest.Date(t, "2023-01-15").AddMonths(1).String())
	assert.Equal(t, "2023-03-28", caltest.Date(t, "2023-02-28").AddMonths(1).String(), "counted from the short month")
	assert.Equal(t, "2023-03-02", anchor.AddDays(30).String())
	assert.Equal(t, "2022-12-31", anchor.AddDays(-31).String())
	assert.Equal(t, -1, anchor.Compare(anchor.AddDays(1)))
	assert.Equal(t, 1, anchor.Compare(anchor.AddMonths(-1)))
	assert.Equal(t, 0, anchor.Compare(caltest.Date(t, "2023-01-31")))
}
