package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// What people set is ISO 8601 on the wire, what was measured a decimal of
// seconds, and null is what nobody has said.
func TestDurationsOnTheWire(t *testing.T) {
	t.Parallel()
	type times struct {
		Target calendar.Duration `json:"target,omitzero"`
		Loss   calendar.Duration `json:"loss,omitzero"`
		Open   calendar.Duration `json:"open"`
		Took   calendar.Elapsed  `json:"tookSeconds"`
		Late   calendar.Elapsed  `json:"lateSeconds"`
	}
	x := times{Target: calendar.Within(36*time.Hour + 90*time.Second), Loss: calendar.Within(0), Took: calendar.Took(5400*time.Second + time.Millisecond)}
	text, err := json.Marshal(x)
	require.NoError(t, err)
	require.JSONEq(t, `{"target":"PT36H1M30S","loss":"PT0S","open":null,"tookSeconds":"5400","lateSeconds":null}`, string(text), "no loss is not the same as no target")
	var again times
	require.NoError(t, json.Unmarshal(text, &again))
	require.Empty(t, cmp.Diff(x, again))
}

func TestDurationsAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]calendar.Duration{
		"null": {}, `"PT0S"`: calendar.Within(0), `"PT90M"`: calendar.Within(90 * time.Minute), `"P2D"`: calendar.Within(48 * time.Hour),
		`"P1WT1H"`: calendar.Within(169 * time.Hour), `"P36500D"`: calendar.Within(36500 * 24 * time.Hour),
	} {
		d := calendar.Within(time.Hour)
		require.NoError(t, json.Unmarshal([]byte(text), &d), text)
		require.Equal(t, want, d, text)
	}
	for _, bad := range []string{`1`, `14400`, `"1"`, `"PT1.5S"`, `"P1Y"`, `"P1M"`, `"-PT1S"`, `"P36501D"`, `"PT1000000H"`, `"P3660000D"`, `""`, `{}`, `[]`, `true`} {
		d := calendar.Within(time.Hour)
		require.ErrorIs(t, json.Unmarshal([]byte(bad), &d), servicecoin.ErrInvalid, bad)
		require.Equal(t, calendar.Within(time.Hour), d, "left as it was")
	}
	for text, want := range map[string]calendar.Elapsed{"null": {}, `"0"`: calendar.Took(0), "7": calendar.Took(7 * time.Second), `"1e2"`: calendar.Took(100 * time.Second)} {
		e := calendar.Took(time.Hour)
		require.NoError(t, json.Unmarshal([]byte(text), &e), text)
		require.Equal(t, want, e, text)
	}
	for _, bad := range []string{`"1.5"`, `1e999999999`, `"-1"`, `"9999999999"`, `"x"`, `{}`, `true`} {
		e := calendar.Took(time.Hour)
		require.ErrorIs(t, json.Unmarshal([]byte(bad), &e), servicecoin.ErrInvalid, bad)
		require.Equal(t, calendar.Took(time.Hour), e, "left as it was")
	}
}

func TestDurationsByThemselves(t *testing.T) {
	t.Parallel()
	require.NoError(t, calendar.Duration{}.Validate())
	require.ErrorContains(t, calendar.Within(-time.Second).Validate(), "negative")
	require.ErrorContains(t, calendar.Within(1<<63-1).Validate(), "out-of-range")
	_, err := json.Marshal(calendar.Within(-time.Second))
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	require.Equal(t, "undefined", calendar.Duration{}.String())
	require.Equal(t, "1h30m0s", calendar.Took(90*time.Minute).String())
	require.True(t, calendar.Within(1500*time.Millisecond).Equal(calendar.Within(time.Second)), "whole seconds")
	require.False(t, calendar.Within(0).Equal(calendar.Duration{}))
	require.False(t, calendar.Took(0).Equal(calendar.Elapsed{}))
	_, ok := calendar.Elapsed{}.Get()
	require.False(t, ok)
}

func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"null", "0", `"PT4H"`, `"P1D"`, `"P1Y"`, `"PT0S"`, ` "P2W" `, "1e2", `"x"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var d calendar.Duration
		if err := json.Unmarshal(data, &d); err != nil {
			require.Equal(t, calendar.Duration{}, d)
			return
		}
		require.NoError(t, d.Validate(), "%s", data)
		text, err := json.Marshal(d)
		require.NoError(t, err)
		var again calendar.Duration
		require.NoError(t, json.Unmarshal(text, &again))
		require.Equal(t, d, again)
	})
}
