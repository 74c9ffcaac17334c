package recur_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

func windowOf(t testing.TB, text string) *recur.WindowTimes {
	t.Helper()
	w, err := recur.ParseWindow(text)
	require.NoError(t, err, text)
	times, err := w.Compile()
	require.NoError(t, err, text)
	return times
}

func TestWindowLengths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, window, after string
		want               string // start, end and length by the clock of Berlin
	}{
		{"hours are real", "DTSTART;TZID=Europe/Berlin:20230325T220000\nRRULE:FREQ=DAILY\nDURATION:PT8H", "2023-03-25T12:00:00Z", "03-25 22:00 03-26 07:00 8h0m0s"},
		{"until a time", "Mo-Su 22:00-06:00 Europe/Berlin", "2023-03-25T12:00:00Z", "03-25 22:00 03-26 06:00 7h0m0s"},
		{"until a time in autumn", "Mo-Su 22:00-06:00 Europe/Berlin", "2023-10-28T12:00:00Z", "10-28 22:00 10-29 06:00 9h0m0s"},
		{"days are nominal", "DTSTART;TZID=Europe/Berlin:20230325T120000\nRRULE:FREQ=DAILY\nDURATION:P1D", "2023-03-25T10:00:00Z", "03-25 12:00 03-26 12:00 23h0m0s"},
		{"days, then hours", "DTSTART;TZID=Europe/Berlin:20230325T010000\nDURATION:P1DT2H", "2023-03-20T10:00:00Z", "03-25 01:00 03-26 04:00 26h0m0s"},
		{"months are clamped", "DTSTART;TZID=Europe/Berlin:20230131T010000\nDURATION:P1M", "2023-01-20T10:00:00Z", "01-31 01:00 02-28 01:00 672h0m0s"},
		{"ends as the clock jumps", "Mo-Su 23:30-02:30 Europe/Berlin", "2023-03-25T12:00:00Z", "03-25 23:30 03-26 03:00 2h30m0s"},
		{"ends the first time", "Mo-Su 23:30-02:30 Europe/Berlin", "2023-10-28T12:00:00Z", "10-28 23:30 10-29 02:30 3h0m0s"},
		{"swallowed by the jump", "Mo-Su 02:15-02:45 Europe/Berlin", "2023-03-25T12:00:00Z", "03-27 02:15 03-27 02:45 30m0s"},
		{"begins after the jump", "Mo-Su 02:15-05:00 Europe/Berlin", "2023-03-25T12:00:00Z", "03-26 03:15 03-26 05:00 1h45m0s"},
		{"a day and a night that meet in the jump", "Mo-Su 02:30-02:30 Europe/Berlin", "2023-03-25T00:00:00Z", "03-25 02:30 03-26 03:30 24h0m0s"},
		{"both of what comes twice", "DTSTART;TZID=Europe/Berlin:20231028T021000\nRRULE:FREQ=DAILY\nX-TWICE:BOTH\nX-UNTIL:02:30", "2023-10-29T00:20:00Z", "10-29 02:10 10-29 02:30 20m0s"},
		{"two days later", "DTSTART;TZID=Europe/Berlin:20230320T090000\nRRULE:FREQ=WEEKLY\nX-UNTIL;DAYS=2:17:00", "2023-03-20T00:00:00Z", "03-20 09:00 03-22 17:00 56h0m0s"},
		{"until the end of the day", "Mo-Fr 20:00-24:00 Europe/Berlin", "2023-03-20T00:00:00Z", "03-20 20:00 03-21 00:00 4h0m0s"},
		{"whole days", "DTSTART;VALUE=DATE:20230326\nRRULE:FREQ=YEARLY\nX-WR-TIMEZONE:Europe/Berlin", "2023-03-20T00:00:00Z", "03-26 00:00 03-27 00:00 23h0m0s"},
	} {
		w := windowOf(t, c.window)
		loc := caltest.Location(t, "Europe/Berlin")
		iv, ok := w.Next(caltest.At(t, c.after))
		require.True(t, ok, c.why)
		got := iv.Start.In(loc).Format("01-02 15:04") + " " + iv.End.In(loc).Format("01-02 15:04") + " " + iv.Duration().String()
		assert.Equal(t, c.want, got, c.why)
		for _, inside := range []time.Time{iv.Start, iv.End.Add(-1)} {
			found, ok := w.At(inside)
			assert.True(t, ok && found == iv, "%s: at %s", c.why, inside)
		}
	}
}

func TestDaysThatTouchAreJoined(t *testing.T) {
	t.Parallel()
	// Saturday and Sunday, a day and a night each, over a jump of the clock.
	w := windowOf(t, "Sa,Su 02:30-02:30 Europe/Berlin")
	set := w.Set(caltest.Between(t, "2023-03-21T00:00:00Z", "2023-04-01T00:00:00Z"))
	assert.Equal(t, "2023-03-25T01:30:00Z/2023-03-27T00:30:00Z", set.String())
	assert.False(t, w.Contains(caltest.At(t, "2023-03-27T00:30:00Z")), "the end is not in it")
	assert.True(t, w.Contains(caltest.At(t, "2023-03-27T00:29:59.999Z")))
	var got []string
	for iv := range w.Overlapping(caltest.Between(t, "2023-03-26T00:00:00Z", "2023-03-26T01:30:00Z")) {
		got = append(got, iv.String())
	}
	assert.Equal(t, []string{"2023-03-25T01:30:00Z/2023-03-26T01:30:00Z"}, got)
	for range w.Overlapping(caltest.Between(t, "2023-03-26T01:30:00Z", "2023-03-26T00:00:00Z")) {
		t.Error("a reversed interval overlaps nothing")
	}
}

func TestLongWindowsOverlapThemselves(t *testing.T) {
	t.Parallel()
	w := windowOf(t, "DTSTART:20230101T000000Z\nRRULE:FREQ=DAILY\nDURATION:P3D")
	iv, ok := w.At(caltest.At(t, "2023-06-10T12:00:00Z"))
	require.True(t, ok)
	assert.Equal(t, "2023-06-08T00:00:00Z/2023-06-11T00:00:00Z", iv.String(), "the first to begin of three")
	_, ok = w.At(caltest.At(t, "2022-12-31T23:59:59Z"))
	assert.False(t, ok)
}

func TestWindowText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`Mo-Fr 22:00-06:00 Europe/Berlin from 2026-01-05 "patch night"`,
		"Mo,We 08:00-08:00",
		`Mo,We 08:00-08:00 "my dtstart: x"`,
		"Sa,Su 20:15:30-24:00 UTC",
		"SUMMARY:a\\, b\\; c\\\\d\nDTSTART;TZID=Europe/Berlin:20260110T220000\nRRULE:FREQ=MONTHLY;BYDAY=2SA\nDURATION:P1DT12H\n",
		"DTSTART;VALUE=DATE:20260110\nX-WR-TIMEZONE:Europe/Berlin\nRRULE:FREQ=YEARLY\nDURATION:P2D\n",
		"DTSTART:20260110T220000Z\nRRULE:FREQ=WEEKLY\nX-GAP:AFTER\nX-TWICE:BOTH\nX-UNTIL;DAYS=2:17:00\n",
		"SUMMARY:with \"quotes\"\nDTSTART:20260110T220000\nRRULE:FREQ=WEEKLY;BYDAY=MO\nX-UNTIL:23:00\n",
	} {
		w, err := recur.ParseWindow(text)
		require.NoError(t, err, text)
		assert.Equal(t, text, w.String())
		data, err := json.Marshal(w)
		require.NoError(t, err)
		var back recur.Window
		require.NoError(t, json.Unmarshal(data, &back), "%s", data)
		assert.Equal(t, text, back.String(), "%s", data)
	}
	for text, want := range map[string]string{
		"22:00-06:00":                                      "Mo-Su 22:00-06:00",
		"mon-FRI\t9:00-17:00  FROM 1970-01-01":             "Mo-Fr 09:00-17:00",
		"DTSTART:20260110T220000Z\nDTEND:20260111T000000Z": "DTSTART:20260110T220000Z\nDURATION:PT2H\n",
		"DTSTART;TZID=Europe/Berlin:20260328T220000\nDTEND;TZID=Europe/Berlin:20260329T060000": "DTSTART;TZID=Europe/Berlin:20260328T220000\nDURATION:PT7H\n",
		"DTSTART;VALUE=DATE:20260110\r\nDTEND;VALUE=DATE:20260112\r\n":                         "DTSTART;VALUE=DATE:20260110\nDURATION:P2D\n",
		"DTSTART;VALUE=DATE:20260110": "DTSTART;VALUE=DATE:20260110\n",
	} {
		w, err := recur.ParseWindow(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, w.String())
	}
}

func TestWindowTextErrors(t *testing.T) {
	t.Parallel()
	const lines = "DTSTART;TZID=Europe/Berlin:20260110T220000\nRRULE:FREQ=DAILY\n"
	for text, want := range map[string][]string{
		"":                                     {":required"},
		"Mo":                                   {"column 3:syntax"},
		"Mo 22:00":                             {"column 4:bad-format"},
		", 22:00-23:00":                        {"column 1:syntax", "column 2:syntax"},
		"Mo 22:00-06:00 Mars/Olympus x":        {"column 16:unknown-zone", "column 29:syntax"},
		"Mo-Xx,Di 24:00-06:00 from 2026-02-30": {"column 1:syntax", "column 7:syntax", "column 10:out-of-range", "column 27:out-of-range"},
		"Mo 22:00-06:00 from":                  {"column 20:syntax"},
		`Mo 22:00-06:00 "night`:                {"column 17:syntax"},
		`Mo 22:00-06:00 "night" UTC`:           {"column 17:syntax"},
		lines:                                  {"for:required"},
		lines + "DURATION:PT0S":                {"line 3, column 10:out-of-range"},
		lines + "DURATION:P1DX":                {"line 3, column 13:syntax"},
		lines + "DURATION:PT1H\nX-UNTIL:06:00": {"line 3, column 1:unexpected"},
		lines + "DTEND:20260110T200000Z":       {"line 3, column 7:reversed"},
		lines + "DTEND;VALUE=DATE:20260111":    {"line 3, column 18:bad-format"},
		lines + "DTEND;TZID=Nowhere:20260111T000000":  {"line 3, column 12:unknown-zone"},
		lines + "X-UNTIL;DAYS=400:6":                  {"line 3, column 18:bad-format", "line 3, column 14:out-of-range"},
		lines + "DURATION:PT1H\nDURATION:PT1H":        {"line 4, column 1:duplicate"},
		lines + "SUMMARY:a\\nb\nDURATION:PT1H":        {"line 3, column 9:bad-text"},
		"DTSTART;VALUE=DATE:20260110\nDURATION:PT1H":  {"line 2, column 10:unexpected"},
		"DTSTART;VALUE=DATE:20260110\nX-UNTIL:06:00":  {"line 2, column 9:unexpected"},
		"DTSTART;VALUE=DATE:20260110\nDTEND:20260110": {"line 2, column 7:reversed"},
	} {
		_, err := recur.ParseWindow(text)
		assert.Equal(t, want, caltest.Codes(t, err), "%s: %v", text, err)
	}
}

func TestWindowValidate(t *testing.T) {
	t.Parallel()
	late := calendar.Clock(90_000)
	w := recur.Window{Name: "a\nb", Until: &late, For: calendar.Period{Days: -1}, Days: 400}
	assert.Equal(t, []string{
		"name:bad-text", "for.days:out-of-range", "until:unexpected", "days:out-of-range", "rule.start:required",
	}, caltest.Codes(t, w.Validate()))
	_, err := w.Compile()
	assert.Equal(t, caltest.Codes(t, w.Validate()), caltest.Codes(t, err))
	var read recur.Window
	assert.Equal(t, []string{"for.column 1:syntax", "rule:bad-format", "until:bad-format"},
		caltest.Codes(t, json.Unmarshal([]byte(`{"for": "eight hours", "rule": {"begins": "now"}, "until": "noon"}`), &read)))
	assert.Equal(t, []string{":bad-format"}, caltest.Codes(t, json.Unmarshal([]byte(`{"long": true}`), &read)))
}

// windowEnds are the ends of a window by the words of recur.Window.
func windowEnds(w recur.Window, loc *time.Location, l, start time.Time) time.Time {
	gap := w.Rule.Gap
	if gap == calendar.SkipGap {
		gap = calendar.AfterGap
	}
	end := l.AddDate(0, 0, w.For.Days)
	if w.Until != nil {
		end = midnight(l).AddDate(0, 0, w.Days).Add(time.Duration(*w.Until) * time.Second)
		if !end.After(l) {
			end = end.AddDate(0, 0, 1)
		}
		if end.Sub(l)%(24*time.Hour) != 0 {
			gap = calendar.AfterGap
		}
	} else if w.For.Days == 0 {
		return start.Add(w.For.Exact)
	}
	all := caltest.Moments(end, loc, gap, calendar.BothOfTwo)
	at := all[0]
	if w.Rule.Twice == calendar.LastOfTwo || !at.After(start) {
		at = all[len(all)-1]
	}
	return at.Add(w.For.Exact)
}

func TestWindowsAgreeWithTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.SampledFrom(caltest.Awkward()).Draw(t, "place")
		loc, err := time.LoadLocation(place.Zone)
		require.NoError(t, err)
		jump, err := time.Parse(time.RFC3339, place.Jump)
		require.NoError(t, err)
		shown := caltest.Wall(calendar.LocalTimeOf(jump, loc))
		span := calendar.Between(jump.AddDate(0, 0, -8), jump.AddDate(0, 0, 8))
		var list []recur.Window
		var want [][]calendar.Interval
		for range rapid.IntRange(1, 6).Draw(t, "windows") {
			start := shown.AddDate(0, 0, -30).Add(time.Duration(rapid.IntRange(-96, 96).Draw(t, "start")) * 15 * time.Minute)
			r := recur.Repeat{Frequency: rapid.SampledFrom(frequencies[2:5]).Draw(t, "frequency")}
			r.Interval = rapid.IntRange(1, 9).Draw(t, "interval")
			if r.Frequency == recur.Hourly {
				r.Interval = rapid.SampledFrom([]int{1, 5, 24, 30}).Draw(t, "hours")
			}
			w := recur.Window{Rule: recur.Rule{
				Start: recur.At(caltest.LocalOf(start)), Zone: place.Zone, Repeats: []recur.Repeat{r},
				Gap:   rapid.SampledFrom([]calendar.GapPolicy{"", calendar.ShiftByGap, calendar.AfterGap, calendar.SkipGap}).Draw(t, "gap"),
				Twice: rapid.SampledFrom([]calendar.TwicePolicy{"", calendar.LastOfTwo, calendar.BothOfTwo}).Draw(t, "twice"),
			}}
			if rapid.Bool().Draw(t, "until") {
				w.Until = new(calendar.ClockAt(0, rapid.IntRange(0, 96).Draw(t, "until")*15))
				w.Days = rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "days")
			} else {
				w.For = calendar.Period{
					Days:  rapid.IntRange(0, 3).Draw(t, "days"),
					Exact: time.Duration(rapid.IntRange(1, 100).Draw(t, "exact")) * 20 * time.Minute,
				}
			}
			// One window for each instant at which one begins; where a time that
			// was jumped over meets one that was not, it is the latter's.
			begun := map[time.Time]time.Time{}
			o := newOracle(r, start)
			for n := 0; ; n++ {
				if from, _ := o.period(n); from.After(shown.AddDate(0, 0, 12)) {
					break
				}
				for _, l := range o.picked(n) {
					for _, at := range caltest.Moments(l, loc, w.Rule.Gap, w.Rule.Twice) {
						if _, taken := begun[at]; !taken || caltest.Wall(calendar.LocalTimeOf(at, loc)).Equal(l) {
							begun[at] = l
						}
					}
				}
			}
			var all []calendar.Interval
			for at, l := range begun {
				if end := windowEnds(w, loc, l, at); end.After(at) {
					if iv := calendar.Between(at, end); iv.Overlaps(span) {
						all = append(all, iv)
					}
				}
			}
			slices.SortFunc(all, func(a, b calendar.Interval) int { return a.Start.Compare(b.Start) })
			list, want = append(list, w), append(want, all)
		}
		windows, err := recur.CompileWindows(span, list...)
		require.NoError(t, err)
		var anyOf calendar.Set
		for i, w := range list {
			times, err := w.Compile()
			require.NoError(t, err)
			got := slices.Collect(times.Overlapping(span))
			require.Equal(t, fmt.Sprint(want[i]), fmt.Sprint(got), "%s", w)
			anyOf = anyOf.Union(times.Set(span))
			text, err := recur.ParseWindow(w.String())
			require.NoError(t, err, "%s", w)
			require.Equal(t, w.String(), text.String())
		}
		require.True(t, anyOf.Equal(windows.Set()), "want %s, got %s", anyOf, windows.Set())
		for range 10 {
			at := jump.Add(time.Duration(rapid.IntRange(-8*96, 8*96-1).Draw(t, "at")) * 15 * time.Minute)
			iv := calendar.Between(at, at.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "for"))*time.Minute*15))
			iv.End = span.Intersect(iv).End
			var open, during []int
			for i := range list {
				if slices.ContainsFunc(want[i], func(x calendar.Interval) bool { return x.Contains(at) }) {
					open = append(open, i)
				}
				if slices.ContainsFunc(want[i], iv.Overlaps) {
					during = append(during, i)
				}
			}
			got, err := windows.At(at)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(open), fmt.Sprint(got))
			n, err := windows.Count(at)
			require.NoError(t, err)
			require.Equal(t, len(open), n)
			got, err = windows.Overlapping(iv)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(during), fmt.Sprint(got), iv)
		}
	})
}

func TestManyWindows(t *testing.T) {
	t.Parallel()
	list := manyWindows(t, 700)
	span := caltest.Between(t, "2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z")
	windows, err := recur.CompileWindows(span, list...)
	require.NoError(t, err)
	assert.Equal(t, len(list), windows.Len())
	assert.Equal(t, list[3].String(), windows.Window(3).String())
	assert.Equal(t, span, windows.Span())
	var times []*recur.WindowTimes
	for _, w := range list {
		x, err := w.Compile()
		require.NoError(t, err)
		times = append(times, x)
	}
	open := map[int]bool{}
	last, n := span.Start, 0
	check := func(at time.Time) {
		var want []int
		for i, x := range times {
			if x.Contains(at) {
				want = append(want, i)
			}
		}
		got, err := windows.At(at)
		require.NoError(t, err)
		require.Equal(t, want, got, at)
		require.Len(t, open, len(want), at)
		is, err := windows.Any(at)
		require.NoError(t, err)
		require.Equal(t, len(want) > 0, is)
	}
	for c := range windows.Changes(span) {
		require.False(t, c.At.Before(last))
		if n%500 == 0 && c.At.After(last) {
			check(last)
		}
		require.NotEqual(t, c.Opens, open[c.Window], "a window opens that is shut, and shuts that is open")
		if last = c.At; c.Opens {
			open[c.Window] = true
		} else {
			delete(open, c.Window)
		}
		n++
	}
	check(span.End.Add(-1))
	assert.Greater(t, n, 10_000)
	for range windows.Changes(span) {
		break // the sequence must stop
	}
}

func TestWindowsRefuse(t *testing.T) {
	t.Parallel()
	span := caltest.Between(t, "2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z")
	second, err := recur.ParseWindow("DTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY;INTERVAL=2\nDURATION:PT1S")
	require.NoError(t, err)
	touching, err := recur.ParseWindow("DTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY\nDURATION:PT1S")
	require.NoError(t, err)
	if !caltest.Racing { // ten million of them
		_, err = recur.CompileWindows(calendar.Between(span.Start, span.Start.AddDate(1, 0, 0)), touching)
		assert.Equal(t, []string{"within:too-many"}, caltest.Codes(t, err), "also where they are one")
	}
	_, err = recur.CompileWindows(span, second, recur.Window{}, second, recur.Window{Name: "x"})
	assert.Contains(t, caltest.Codes(t, err), "windows[1].for:required")
	assert.Contains(t, caltest.Codes(t, err), "windows[3].rule.start:required")
	_, err = recur.CompileWindows(calendar.Between(span.End, span.Start), make([]recur.Window, 100_001)...)
	assert.Equal(t, []string{"within.end:reversed", "windows:too-many"}, caltest.Codes(t, err))
	_, err = recur.CompileWindows(calendar.Between(span.Start, span.Start))
	assert.Equal(t, []string{"within:out-of-range"}, caltest.Codes(t, err))
	_, err = recur.CompileWindows(calendar.Between(span.Start, span.Start.AddDate(300, 0, 0)))
	assert.Equal(t, []string{"within:out-of-range"}, caltest.Codes(t, err))

	windows, err := recur.CompileWindows(span, second)
	require.NoError(t, err)
	for what, err := range map[string]error{
		"before":    second2(windows.At(span.Start.Add(-1))),
		"at":        second2(windows.Any(span.End)),
		"count":     second2(windows.Count(span.End)),
		"reach":     second2(windows.Overlapping(calendar.Between(span.Start, span.End.Add(1)))),
		"reach out": second2(windows.Overlapping(calendar.Between(span.Start.Add(-1), span.End))),
	} {
		outside, ok := errors.AsType[*calendar.OutsideError](err)
		require.True(t, ok, what)
		assert.Equal(t, span, outside.Span)
		require.ErrorIs(t, err, servicecoin.ErrInvalid)
	}
	none, err := windows.Overlapping(calendar.Between(span.Start, span.Start))
	require.NoError(t, err)
	assert.Empty(t, none)
	empty, err := recur.CompileWindows(span)
	require.NoError(t, err)
	is, err := empty.Any(span.Start)
	require.NoError(t, err)
	assert.False(t, is)
	assert.True(t, empty.Set().Empty())
}

func TestWindowsBetweenSeconds(t *testing.T) {
	t.Parallel()
	w, err := recur.ParseWindow("09:00-12:00")
	require.NoError(t, err)
	span := caltest.Between(t, "2026-01-05T10:00:00.5Z", "2026-01-07T10:00:00.5Z")
	all, err := recur.CompileWindows(span, w)
	require.NoError(t, err)
	assert.Equal(t, "2026-01-05T10:00:00.5Z/2026-01-05T12:00:00Z, 2026-01-06T09:00:00Z/2026-01-06T12:00:00Z, 2026-01-07T09:00:00Z/2026-01-07T10:00:00.5Z", all.Set().String())
	is, err := all.Any(caltest.At(t, "2026-01-05T10:00:00.7Z"))
	require.NoError(t, err)
	assert.True(t, is)
	var opened []string
	for change := range all.Changes(span) {
		if change.Opens {
			opened = append(opened, change.At.Format(time.RFC3339Nano))
		}
	}
	assert.Equal(t, []string{"2026-01-05T10:00:00.5Z", "2026-01-06T09:00:00Z", "2026-01-07T09:00:00Z"}, opened, "what is open at the start opens there")
}

// TestFarWindows has them reach back over years of months.
func TestFarWindows(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"P1M", "P2M", "P7M", "P12M", "P13M", "P4Y", "P8Y", "P97Y1M", "P400Y"} {
		w, err := recur.ParseWindow("DTSTART:19030301T000000Z\nRRULE:FREQ=MONTHLY\nDURATION:" + length)
		require.NoError(t, err)
		times, err := w.Compile()
		require.NoError(t, err)
		for begin := range times.Begins().Between(caltest.At(t, "1990-01-01T00:00:00Z"), caltest.At(t, "2010-01-01T00:00:00Z")) {
			end := w.For.After(begin, time.UTC)
			first, ok := times.At(end.Add(-time.Second))
			require.True(t, ok && !first.Start.After(begin), "%s from %s", length, begin)
			in := false
			for iv := range times.Overlapping(calendar.Between(end.Add(-time.Second), end)) {
				in = in || iv.Start.Equal(begin)
				if !iv.Start.Before(begin) {
					break
				}
			}
			require.True(t, in, "%s from %s", length, begin)
		}
	}
}

// TestNonsenseIsNotReadToItsEnd has long texts of which every word is wrong.
func TestNonsenseIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	const lots = 200_000
	for _, read := range []func() error{
		func() error { return second2(recur.ParseWindow(strings.Repeat("a ", lots))) },
		func() error { return second2(rota.Parse(strings.Repeat(";x", lots))) },
		func() error {
			return second2(rota.Parse("daily from 2026-01-05 09:00: " + strings.Repeat(",", lots)))
		},
		func() error { return second2(recur.ParseRepeat(strings.Repeat("X;", lots))) },
		func() error {
			return second2(recur.Parse("DTSTART:20260101\nEXDATE:" + strings.Repeat("x,", lots)))
		},
		func() error { return second2(recur.Parse("DTSTART:20260101\n" + strings.Repeat("x\n", lots))) },
		func() error {
			return second2(recur.Parse("DTSTART:20260101\nEXDATE:" + strings.Repeat("x,\n ", lots)))
		},
	} {
		n := len(caltest.Codes(t, read()))
		assert.True(t, n >= 1 && n <= 110, "%d violations", n)
	}
}

func second2[T any](_ T, err error) error { return err }
