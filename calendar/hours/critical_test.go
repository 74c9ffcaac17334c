package hours_test

import (
	"encoding/json"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

func criticalWindows(t testing.TB) []hours.CriticalWindow {
	t.Helper()
	night := hoursIn(t, "Europe/Berlin", "Mo-Fr 22:00-02:00")
	return []hours.CriticalWindow{
		{Name: "settlement", Kind: hours.OperationalWindow, Reason: "banks settle", Weight: weight("2"), Hours: &night},
		{Name: "launch", Kind: hours.BusinessEvent, Reason: "the new shop opens", Weight: weight("5"), During: caltest.Between(t, "2026-03-03T21:30:00Z", "2026-03-04T00:00:00Z")},
		{Name: "sale", Kind: hours.BusinessEvent, Reason: "prices are down", Weight: weight("2.0"), During: caltest.Between(t, "2026-03-04T00:30:00Z", "2026-04-01T00:00:00Z")},
	}
}

func names(list []hours.CriticalWindow) []string {
	out := []string{}
	for _, w := range list {
		out = append(out, w.Name)
	}
	return out
}

func TestCriticalTimes(t *testing.T) {
	t.Parallel()
	march := caltest.Between(t, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
	c, err := hours.CompileCritical(march, criticalWindows(t)...)
	require.NoError(t, err)
	for _, x := range []struct {
		at       string
		hold     []string
		heaviest string
	}{
		{"2026-03-03T20:00:00Z", []string{}, ""},
		{"2026-03-03T21:00:00Z", []string{"settlement"}, "settlement"},
		{"2026-03-03T21:30:00Z", []string{"launch", "settlement"}, "launch"},
		{"2026-03-04T00:00:00Z", []string{"settlement"}, "settlement"},
		{"2026-03-04T00:30:00Z", []string{"sale", "settlement"}, "settlement"}, // as heavy, and began first
		{"2026-03-04T01:00:00Z", []string{"sale"}, "sale"},
		{"2026-03-04T21:00:00Z", []string{"sale", "settlement"}, "sale"},
	} {
		hold, err := c.At(caltest.At(t, x.at))
		require.NoError(t, err)
		assert.Equal(t, x.hold, names(hold), x.at)
		w, is, err := c.Heaviest(caltest.At(t, x.at))
		require.NoError(t, err)
		assert.Equal(t, x.heaviest != "", is)
		assert.Equal(t, x.heaviest, w.Name, x.at)
	}
	for iv, want := range map[calendar.Interval][]string{
		caltest.Between(t, "2026-03-03T12:00:00Z", "2026-03-03T21:00:00Z"): {},
		caltest.Between(t, "2026-03-03T12:00:00Z", "2026-03-03T21:00:01Z"): {"settlement"},
		caltest.Between(t, "2026-03-03T12:00:00Z", "2026-03-05T00:00:00Z"): {"launch", "sale", "settlement"},
	} {
		got, err := c.Overlapping(iv)
		require.NoError(t, err)
		assert.Equal(t, want, names(got), iv)
	}
	assert.Equal(t, march, c.Span())
	assert.Equal(t, "5", c.Steps().ByTag()[0].WeightedSeconds.DivRound(c.Steps().ByTag()[0].Seconds, 3).String())
	var all []string
	for w, times := range c.All() {
		all = append(all, w.Name+" "+times.Duration().String())
		if w.Name == "sale" {
			break
		}
	}
	assert.Equal(t, []string{"launch 2h30m0s", "sale 671h30m0s"}, all)
	_, err = c.At(march.End)
	require.ErrorContains(t, err, "outside of the compiled span")
	_, _, err = c.Heaviest(march.Start.Add(-1))
	require.ErrorContains(t, err, "outside of the compiled span")
	_, err = c.Overlapping(calendar.Between(march.Start, march.End.Add(1)))
	require.ErrorContains(t, err, "outside of the compiled span")
}

func TestHeaviestDoesNotAllocate(t *testing.T) {
	c, err := hours.CompileCritical(caltest.Between(t, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"), criticalWindows(t)...)
	require.NoError(t, err)
	noon := caltest.At(t, "2026-03-04T12:00:00Z")
	assert.Zero(t, testing.AllocsPerRun(10, func() { _, _, _ = c.Heaviest(noon) }))
}

func TestCriticalRefuses(t *testing.T) {
	t.Parallel()
	march := caltest.Between(t, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
	good := criticalWindows(t)
	off := hoursIn(t, "Mars", "off")
	_, err := hours.CompileCritical(calendar.Interval{}, good[0], good[0],
		hours.CriticalWindow{Weight: weight("0")},
		hours.CriticalWindow{Name: "x", Kind: "party", Reason: "y", Weight: weight("-1"), Hours: &off},
		hours.CriticalWindow{Name: "z", Kind: hours.BusinessEvent, Reason: "y", Weight: weight("1e99"), Hours: good[0].Hours, During: march},
	)
	assert.Equal(t, []string{
		"within.start:required", "within.end:required",
		"windows[2].name:required", "windows[2].kind:unknown", "windows[2].reason:required", "windows[2].weight:out-of-range",
		"windows[2].during.start:required", "windows[2].during.end:required",
		"windows[3].kind:unknown", "windows[3].weight:negative", "windows[3].hours.zone:unknown-zone", "windows[3].hours.weekly:never-open",
		"windows[4].weight:out-of-range", "windows[4].hours:unexpected",
		"windows[1].name:duplicate",
	}, caltest.Codes(t, err))
	busy := hoursIn(t, "UTC", "24/7")
	busy.Breaks = []hours.Break{{Dates: dates(t, "01-01/12-31"), Hours: make([]calendar.ClockSpan, 48)}}
	good[1].During, good[1].Hours = calendar.Interval{}, &busy
	_, err = hours.CompileCritical(caltest.Between(t, "2026-01-01T00:00:00Z", "2036-01-01T00:00:00Z"), good...)
	assert.Equal(t, []string{"windows[1].hours.breaks:too-many"}, caltest.Codes(t, err))
	none, err := hours.CompileCritical(march)
	require.NoError(t, err)
	_, is, err := none.Heaviest(march.Start)
	require.NoError(t, err)
	assert.False(t, is)
}

func TestCriticalJSON(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(criticalWindows(t)[:2])
	require.NoError(t, err)
	assert.JSONEq(t, `[
		{"name":"settlement","kind":"operational-window","reason":"banks settle","weight":"2","hours":{"zone":"Europe/Berlin","weekly":{
			"mon":["22:00-02:00"],"tue":["22:00-02:00"],"wed":["22:00-02:00"],"thu":["22:00-02:00"],"fri":["22:00-02:00"]}}},
		{"name":"launch","kind":"business-event","reason":"the new shop opens","weight":"5","during":{"start":"2026-03-03T21:30:00Z","end":"2026-03-04T00:00:00Z"}}
	]`, string(data))
	var back []hours.CriticalWindow
	require.NoError(t, json.Unmarshal(data, &back))
	for _, w := range back {
		require.NoError(t, w.Validate())
	}
	again, err := json.Marshal(back)
	require.NoError(t, err)
	assert.JSONEq(t, string(data), string(again))
}

func weight(text string) decimal.Decimal { return decimal.RequireFromString(text) }
