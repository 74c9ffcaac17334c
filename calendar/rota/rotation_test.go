package rota_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

func turnsOf(t testing.TB, text string) *rota.Turns {
	t.Helper()
	r, err := rota.Parse(text)
	require.NoError(t, err, text)
	turns, err := r.Compile()
	require.NoError(t, err, text)
	return turns
}

// shiftTexts lists shifts by the clock of the zone.
func shiftTexts(turns *rota.Turns, from, to time.Time) []string {
	var out []string
	for s := range turns.Shifts(calendar.Between(from, to)) {
		local := func(t time.Time) string { return t.In(turns.Location()).Format("01-02 15:04") }
		out = append(out, fmt.Sprintf("%s - %s %d %s", local(s.Start), local(s.End), s.Turn, s.Member))
	}
	return out
}

func TestRotationShifts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, rotation, from, to string
		want                    []string
	}{
		{
			"before the start as well", "weekly from 2026-01-05 09:00 Europe/Berlin: anna, ben", "2025-12-30T12:00:00Z", "2026-01-06T12:00:00Z",
			[]string{"12-29 09:00 - 01-05 09:00 -1 ben", "01-05 09:00 - 01-12 09:00 0 anna"},
		},
		{
			"a day mask counts worked days", "every 2 days on Mo-Fr from 2026-01-05 09:00 Europe/Berlin: anna, ben, carla", "2026-01-05T12:00:00Z", "2026-01-14T12:00:00Z",
			[]string{
				"01-05 09:00 - 01-07 09:00 0 anna", "01-07 09:00 - 01-09 09:00 1 ben", "01-09 09:00 - 01-10 09:00 2 carla",
				"01-10 09:00 - 01-12 09:00 2 ", "01-12 09:00 - 01-13 09:00 2 carla", "01-13 09:00 - 01-15 09:00 3 anna",
			},
		},
		{
			"a week whose weekend nobody works", "weekly on Mo-Fr from 2026-01-05 09:00 Europe/Berlin: anna, ben", "2026-01-05T12:00:00Z", "2026-01-17T12:00:00Z",
			[]string{"01-05 09:00 - 01-10 09:00 0 anna", "01-10 09:00 - 01-12 09:00 1 ", "01-12 09:00 - 01-17 09:00 1 ben", "01-17 09:00 - 01-19 09:00 2 "},
		},
		{
			"hours of worked days", "every 8 hours on Mo,We from 2026-01-05 09:00: anna, ben", "2026-01-05T10:00:00Z", "2026-01-07T12:00:00Z",
			[]string{
				"01-05 09:00 - 01-05 17:00 0 anna", "01-05 17:00 - 01-06 00:00 1 ben", "01-06 00:00 - 01-07 00:00 1 ",
				"01-07 00:00 - 01-07 01:00 1 ben", "01-07 01:00 - 01-07 09:00 2 anna", "01-07 09:00 - 01-07 17:00 3 ben",
			},
		},
		{
			"clamped", "monthly from 2026-01-31 09:00: anna, ben", "2026-01-31T10:00:00Z", "2026-05-01T10:00:00Z",
			[]string{"01-31 09:00 - 02-28 09:00 0 anna", "02-28 09:00 - 03-31 09:00 1 ben", "03-31 09:00 - 04-30 09:00 2 anna", "04-30 09:00 - 05-31 09:00 3 ben"},
		},
		{
			"skipped", "monthly skip from 2026-01-31 09:00: anna, ben", "2025-09-01T10:00:00Z", "2026-04-01T10:00:00Z",
			[]string{"08-31 09:00 - 10-31 09:00 -3 ben", "10-31 09:00 - 12-31 09:00 -2 anna", "12-31 09:00 - 01-31 09:00 -1 ben", "01-31 09:00 - 03-31 09:00 0 anna", "03-31 09:00 - 05-31 09:00 1 ben"},
		},
		{
			"overflowing", "monthly overflow from 2026-01-31 09:00: anna, ben", "2026-02-28T10:00:00Z", "2026-04-30T10:00:00Z",
			[]string{"01-31 09:00 - 03-03 09:00 0 anna", "03-03 09:00 - 03-31 09:00 1 ben", "03-31 09:00 - 05-01 09:00 2 anna"},
		},
		{
			"leap days", "yearly skip from 2024-02-29 00:00: anna, ben", "2096-01-01T00:00:00Z", "2104-03-01T00:00:00Z",
			[]string{"02-29 00:00 - 02-29 00:00 17 ben", "02-29 00:00 - 02-29 00:00 18 anna", "02-29 00:00 - 02-29 00:00 19 ben"},
		},
		{
			"a turn of nobody", "daily from 2026-01-05 09:00: anna, -, ben", "2026-01-06T10:00:00Z", "2026-01-07T10:00:00Z",
			[]string{"01-06 09:00 - 01-07 09:00 1 ", "01-07 09:00 - 01-08 09:00 2 ben"},
		},
		{
			"a joiner", "daily from 2026-01-05 09:00: anna, ben; from 2026-01-06 12:00: anna, ben, carla", "2026-01-05T10:00:00Z", "2026-01-09T09:00:00Z",
			[]string{"01-05 09:00 - 01-06 09:00 0 anna", "01-06 09:00 - 01-07 09:00 1 ben", "01-07 09:00 - 01-08 09:00 2 carla", "01-08 09:00 - 01-09 09:00 3 anna"},
		},
		{
			"who leaves in the middle hands over to the next", "daily from 2026-01-05 09:00: anna, ben, carla; from 2026-01-06 12:00: anna, carla", "2026-01-06T10:00:00Z", "2026-01-08T09:00:00Z",
			[]string{"01-06 09:00 - 01-06 12:00 1 ben", "01-06 12:00 - 01-07 09:00 1 carla", "01-07 09:00 - 01-08 09:00 2 anna"},
		},
		{
			"who leaves as the turn would begin does not take it", "daily from 2026-01-05 09:00: anna, ben, carla; from 2026-01-06 09:00: anna, carla", "2026-01-05T10:00:00Z", "2026-01-07T10:00:00Z",
			[]string{"01-05 09:00 - 01-06 09:00 0 anna", "01-06 09:00 - 01-07 09:00 1 carla", "01-07 09:00 - 01-08 09:00 2 anna"},
		},
		{
			"all others", "daily from 2026-01-05 09:00: anna, ben; from 2026-01-06 12:00: carla, dora", "2026-01-06T10:00:00Z", "2026-01-07T10:00:00Z",
			[]string{"01-06 09:00 - 01-06 12:00 1 ben", "01-06 12:00 - 01-07 09:00 1 carla", "01-07 09:00 - 01-08 09:00 2 dora"},
		},
		{
			"the end, and a beginning", "daily from 2026-01-05 09:00: anna; from 2026-01-06 12:00:; from 2026-01-07 12:00: ben", "2026-01-06T10:00:00Z", "2026-01-08T08:00:00Z",
			[]string{"01-06 09:00 - 01-06 12:00 1 anna", "01-06 12:00 - 01-07 09:00 1 ", "01-07 09:00 - 01-07 12:00 2 ", "01-07 12:00 - 01-08 09:00 2 ben"},
		},
		{
			"two changes in one turn", "daily from 2026-01-05 09:00: anna, ben; from 2026-01-05 10:00: ben, carla; from 2026-01-05 11:00: anna, carla", "2026-01-05T09:30:00Z", "2026-01-06T08:00:00Z",
			[]string{"01-05 09:00 - 01-05 10:00 0 anna", "01-05 10:00 - 01-05 11:00 0 ben", "01-05 11:00 - 01-06 09:00 0 carla"},
		},
		{
			"a day that was left out", "daily from 2011-12-28 09:00 Pacific/Apia: anna, ben, carla", "2011-12-29T20:00:00Z", "2011-12-31T18:00:00Z",
			[]string{"12-29 09:00 - 12-31 00:00 1 ben", "12-31 00:00 - 12-31 09:00 2 carla", "12-31 09:00 - 01-01 09:00 3 anna"},
		},
		{
			"midnights that were left out", "daily from 2011-12-28 00:00 Pacific/Apia: anna, ben, carla", "2011-12-29T20:00:00Z", "2011-12-31T09:00:00Z",
			[]string{"12-29 00:00 - 12-31 00:00 1 ben", "12-31 00:00 - 01-01 00:00 3 anna"},
		},
		{
			"an hour that is left out, and nobody waits for it", "hourly from 2023-03-26 00:00 Europe/Berlin: anna, ben, carla", "2023-03-26T00:00:00Z", "2023-03-26T02:00:00Z",
			[]string{"03-26 01:00 - 03-26 03:00 1 ben", "03-26 03:00 - 03-26 04:00 3 anna"},
		},
		{
			"an hour that comes twice", "hourly from 2023-10-29 00:00 Europe/Berlin: anna, ben, carla", "2023-10-29T00:00:00Z", "2023-10-29T03:00:00Z",
			[]string{"10-29 02:00 - 10-29 03:00 2 carla", "10-29 03:00 - 10-29 04:00 3 anna"},
		},
		{
			"far beyond the table", "every 3 weeks from 2026-01-05 02:30 America/Chicago: anna, ben", "3000-03-09T12:00:00Z", "3000-04-09T12:00:00Z",
			[]string{"03-03 02:30 - 03-24 02:30 16943 ben", "03-24 02:30 - 04-14 02:30 16944 anna"},
		},
		{
			"long before it", "daily from 2026-01-05 12:00 Europe/Berlin: anna, ben", "1893-03-31T12:00:00Z", "1893-04-01T12:00:00Z",
			[]string{"03-31 12:00 - 04-01 12:00 -48492 anna", "04-01 12:00 - 04-02 12:00 -48491 ben"},
		},
	} {
		assert.Equal(t, c.want, shiftTexts(turnsOf(t, c.rotation), caltest.At(t, c.from), caltest.At(t, c.to)), c.why)
	}
}

func TestRotationText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"weekly from 2026-01-05 09:00 Europe/Berlin: anna, ben;\nfrom 2026-03-02 09:00: anna, carla",
		"every 2 days on Mo-Fr from 2026-01-05 09:00: anna, -, ben",
		"monthly skip from 2026-01-31 09:00:30 UTC: anna;\nfrom 2026-03-02 09:00:",
		`hourly from 2026-01-05 09:00: "a, b", "say \"hi\\\"", "-", " x", "a:b"`,
		"every 9000 years overflow from 2024-02-29 00:00: anna",
	} {
		r, err := rota.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, text, r.String())
		data, err := json.Marshal(r)
		require.NoError(t, err)
		var back rota.Rotation
		require.NoError(t, json.Unmarshal(data, &back), "%s", data)
		assert.Equal(t, text, back.String(), "%s", data)
	}
	_, err := rota.Parse("Every 1 week ON mon-fri FROM 2026-01-05 9:00 Europe/Berlin:anna,ben;")
	require.Error(t, err, "the colon must end a word")
	r, err := rota.Parse("Every 1 week ON mon-fri FROM 2026-01-05 9:00 Europe/Berlin: anna,ben;")
	require.NoError(t, err)
	assert.Equal(t, "weekly on Mo-Fr from 2026-01-05 09:00 Europe/Berlin: anna, ben", r.String())
}

func TestRotationWithATimeInOneWord(t *testing.T) {
	t.Parallel()
	r, err := rota.Parse("weekly from 2026-01-05T09:00 Europe/Berlin: anna")
	require.NoError(t, err)
	assert.Equal(t, "weekly from 2026-01-05 09:00 Europe/Berlin: anna", r.String())
}

func TestRotationTextErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"": {"column 1:syntax", "column 1:syntax"},
		"weekly from 2026-01-05 09:00 Europe/Berlin": {"column 1:syntax"},
		"fortnightly from 2026-01-05 09:00: anna":    {"column 1:syntax"},
		"every two weeks from 2026-01-05 09:00: a":   {"column 7:syntax"},
		"every 0 weeks from 2026-01-05 09:00: a":     {"column 7:out-of-range"},
		"every 2 moons from 2026-01-05 09:00: a":     {"column 9:syntax"},
		"daily on from 2026-01-05 09:00: a":          {"column 10:syntax", "column 15:syntax"},
		"daily on Mo-Xx from 2026-01-05 09:00: a":    {"column 10:syntax"},
		"daily from 2026-02-30 25:00 Mars/Olympus: a; from: b; from 2026-01-05 09:00 UTC: c": {
			"column 12:out-of-range", "column 23:out-of-range", "column 29:unknown-zone", "column 50:syntax", "column 77:syntax",
		},
		"daily from 2026-01-05: a":                                                           {"column 12:syntax"},
		`daily from 2026-01-05 09:00: a, , "b", "c`:                                          {"column 33:syntax", "column 40:syntax"},
		`daily from 2026-01-05 09:00: "a\x", "", b"c`:                                        {"column 30:syntax", "column 37:syntax", "column 41:syntax"},
		"weekly on Mo, Tu from 2026-01-05 09:00: a":                                          {"column 14:syntax", "column 15:syntax"},
		"daily from 2026-01-05T25:00: a":                                                     {"column 12:out-of-range"},
		"daily from 2026-01-05 09:00: a; from 2026-01-05 08:59: b":                           {"changes[0].from:out-of-order"},
		"daily from 2026-01-05 09:00: -":                                                     {"members:required"},
		"daily from 2026-01-05 09:00: a; from 2026-01-05 09:00: b; from 2026-01-05 09:00: c": {"changes[1].from:out-of-order"},
	} {
		_, err := rota.Parse(text)
		assert.Equal(t, want, caltest.Codes(t, err), "%s: %v", text, err)
	}
}

func TestRotationValidate(t *testing.T) {
	t.Parallel()
	bad := rota.Rotation{
		Zone: "Local", Unit: "lunar", Length: 9001, Days: 200, Missing: "hope", Members: []servicecoin.PersonID{"", "a\nb"},
		Changes: []rota.Change{{}, {From: caltest.LocalOf(caltest.At(t, "2026-01-05T09:00:00Z")), Members: make([]servicecoin.PersonID, 1001)}},
	}
	assert.Equal(t, []string{
		"zone:unknown-zone", "start:required", "unit:unknown", "length:out-of-range", "days:out-of-range", "missing:unknown",
		"members[1]:bad-text", "changes[0].from:required", "changes[1].members:too-many",
	}, caltest.Codes(t, bad.Validate()))
	_, err := bad.Compile()
	require.Error(t, err)
	bad.Members = nil
	bad.Changes = make([]rota.Change, 10_001)
	assert.Contains(t, caltest.Codes(t, bad.Validate()), "members:required")
	assert.Contains(t, caltest.Codes(t, bad.Validate()), "changes:too-many")
	bad.Changes[0].Members, bad.Members = nil, make([]servicecoin.PersonID, 1001)
	assert.Contains(t, caltest.Codes(t, bad.Validate()), "members:too-many")
}

func TestRotationJSON(t *testing.T) {
	t.Parallel()
	r, err := rota.Parse("weekly on Mo-Fr from 2026-01-05 09:00 Europe/Berlin: anna, -; from 2026-03-02 09:00: ben")
	require.NoError(t, err)
	data, err := json.Marshal(r)
	require.NoError(t, err)
	assert.JSONEq(t, `{"zone": "Europe/Berlin", "start": "2026-01-05T09:00", "unit": "weekly", "length": 1, "days": "Mo-Fr",
		"members": ["anna", ""], "changes": [{"from": "2026-03-02T09:00", "members": ["ben"]}]}`, string(data))
	err = json.Unmarshal([]byte(`{"start": "2026-13-05T09:00", "days": "Xo", "changes": [{"from": "then"}]}`), &r)
	assert.Equal(t, []string{"start:out-of-range", "days.column 1:syntax", "changes[0].from:bad-format"}, caltest.Codes(t, err))
	assert.Equal(t, []string{":bad-format"}, caltest.Codes(t, json.Unmarshal([]byte(`{"membres": []}`), &r)))
}

func TestShiftsStop(t *testing.T) {
	t.Parallel()
	turns := turnsOf(t, "daily from 2026-01-05 09:00: anna")
	for range turns.Shifts(caltest.Between(t, "2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z")) {
		t.Error("an empty interval has no shifts")
	}
	n := 0
	for range turns.Shifts(caltest.Between(t, "2026-01-05T09:00:00Z", "2027-01-05T09:00:00Z")) {
		if n++; n == 2 {
			break
		}
	}
	assert.Equal(t, 2, n)
	assert.Len(t, slices.Collect(turns.Shifts(caltest.Between(t, "2026-01-05T09:00:00Z", "2026-01-06T09:00:00Z"))), 1, "the end is not in it")
}

// The oracle of rotations lays hour beside hour, or day beside day, counts the
// worked ones, and lets people take turns one after the other.

type block struct {
	from, to time.Time // on the wall
	turn     int64
	works    bool
}

func (b block) joins(next block) bool {
	return b.works == next.works && (!b.works || b.turn == next.turn)
}

// blocks returns the stretches of a rotation, some turns before the start and
// some after.
func blocks(h handoff, slots int) []block {
	slot := 24 * time.Hour
	if h.Unit == rota.Hourly {
		slot = time.Hour
	}
	start := caltest.Wall(h.Start)
	counted := h.Unit == rota.Hourly || h.Unit == rota.Daily
	var all []block
	for i := -slots; i < slots; i++ {
		b := block{from: start.Add(time.Duration(i) * slot)}
		b.to = b.from.Add(slot)
		b.works = h.Days == 0 || h.Days.Contains(b.from.Weekday())
		all = append(all, b)
	}
	if counted {
		n := int64(0)
		for i := slots; i < len(all); i++ {
			all[i].turn = n / int64(h.Length)
			if all[i].works {
				n++
			}
		}
		n = 0
		for i := slots - 1; i >= 0; i-- {
			if all[i].works {
				n--
			}
			all[i].turn = -((-n + int64(h.Length) - 1) / int64(h.Length))
			if n == 0 {
				all[i].turn = 0
			}
		}
	} else {
		turn := int64(-1)
		for h.at(turn).After(all[0].from) {
			turn--
		}
		for i := range all {
			for !h.at(turn + 1).After(all[i].from) {
				turn++
			}
			all[i].turn = turn
		}
		for i := len(all) - 2; i >= 0; i-- {
			if !all[i].works {
				all[i].turn = all[i+1].turn
			}
		}
	}
	var out []block
	for _, b := range all {
		if n := len(out); n > 0 && out[n-1].joins(b) {
			out[n-1].to = b.to
		} else {
			out = append(out, b)
		}
	}
	return out
}

// skipping makes h.at count only the months that have the day.
func skipping(h handoff) handoff {
	at := h.at
	h.at = func(turn int64) time.Time {
		step := int64(1)
		if turn < 0 {
			step = -1
		}
		for k := int64(0); ; k += step {
			if at(k).Day() == caltest.Wall(h.Start).Day() {
				if turn == 0 {
					return at(k)
				}
				turn -= step
			}
		}
	}
	return h
}

func TestRotationsAgreeWithTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.SampledFrom(caltest.Awkward()).Draw(t, "place")
		loc, err := time.LoadLocation(place.Zone)
		require.NoError(t, err)
		jump, err := time.Parse(time.RFC3339, place.Jump)
		require.NoError(t, err)
		unit := rapid.SampledFrom([]rota.Unit{
			rota.Hourly, rota.Daily, rota.Weekly, rota.Monthly, rota.Yearly,
		}).Draw(t, "unit")
		slots := map[rota.Unit]int{
			rota.Hourly: 400, rota.Daily: 60, rota.Weekly: 120, rota.Monthly: 600, rota.Yearly: 5000,
		}[unit]
		lengths := map[rota.Unit][]int{
			rota.Hourly: {1, 1, 2, 3, 7, 25, 60}, rota.Daily: {1, 1, 2, 3, 7, 12}, rota.Weekly: {1, 1, 2, 5},
			rota.Monthly: {1, 1, 2, 3, 5}, rota.Yearly: {1, 1, 2, 3},
		}[unit]
		start := caltest.Wall(calendar.LocalTimeOf(jump, loc)).Add(time.Duration(rapid.IntRange(-300, 300).Draw(t, "start")) * 15 * time.Minute)
		if unit == rota.Monthly || unit == rota.Yearly {
			start = time.Date(start.Year(), start.Month(), rapid.SampledFrom([]int{1, 28, 29, 30, 31}).Draw(t, "day"), start.Hour(), start.Minute(), 0, 0, time.UTC)
		}
		h := rotation(place.Zone, start, unit, rapid.SampledFrom(lengths).Draw(t, "length"))
		h.Members = members(rapid.IntRange(1, 4).Draw(t, "members"))
		if rapid.Bool().Draw(t, "masked") {
			h.Days = calendar.Weekdays(rapid.IntRange(1, 127).Draw(t, "days"))
		}
		h.Missing = rapid.SampledFrom([]rota.MissingDay{"", rota.ClampDay, rota.SkipMonth, rota.OverflowDay}).Draw(t, "missing")
		missing := h.Missing
		again := rotation(h.Zone, start, unit, h.Length)
		again.Missing = missing
		h.at = func(turn int64) time.Time { // of the policy
			n := int(turn) * h.Length
			if unit == rota.Yearly {
				n *= 12
			}
			if unit != rota.Monthly && unit != rota.Yearly {
				return again.at(turn)
			}
			first := time.Date(start.Year(), start.Month()+time.Month(n), 1, start.Hour(), start.Minute(), 0, 0, time.UTC)
			day := start.Day()
			if last := first.AddDate(0, 1, -1).Day(); missing != rota.OverflowDay {
				day = min(day, last)
			}
			return first.AddDate(0, 0, day-1)
		}
		if missing == rota.SkipMonth && (unit == rota.Monthly || unit == rota.Yearly) {
			h = skipping(h)
		}
		all := blocks(h, slots)
		first := func(l time.Time) time.Time { return caltest.Moments(l, loc, calendar.AfterGap, calendar.FirstOfTwo)[0] }

		// Changes from some time after the start on.
		from := start
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			from = from.Add(time.Duration(rapid.IntRange(1, slots*4).Draw(t, "later")) * 5 * time.Minute)
			list := rapid.SliceOfN(rapid.SampledFrom(members(5)), 0, 4).Draw(t, "new members")
			h.Changes = append(h.Changes, rota.Change{From: caltest.LocalOf(from), Members: list})
		}
		turns, err := h.Compile()
		require.NoError(t, err)

		// Shifts by the oracle, in which turns are taken one by one.
		type shift struct {
			calendar.Interval

			turn   int64
			member servicecoin.PersonID
		}
		var want []shift
		people, next, turn := h.Members, 0, int64(0)
		holder := func() servicecoin.PersonID {
			if len(people) == 0 {
				return ""
			}
			return people[next%len(people)]
		}
		changes := h.Changes
		for _, b := range all {
			iv := calendar.Between(first(b.from), first(b.to))
			if b.turn < 0 {
				n := int64(len(h.Members))
				s := shift{iv, b.turn, ""}
				if b.works {
					s.member = h.Members[(b.turn%n+n)%n]
				}
				if !iv.Empty() {
					want = append(want, s)
				}
				continue
			}
			for ; turn < b.turn; turn++ {
				next++
			}
			for len(changes) > 0 && first(caltest.Wall(changes[0].From)).Before(iv.End) {
				c := changes[0]
				changes = changes[1:]
				at := first(caltest.Wall(c.From))
				old, place := people, 0
				if len(old) > 0 {
					place = next % len(old)
				}
				was := holder()
				people, next = c.Members, 0
				if len(old) > 0 && len(people) > 0 {
					stays := place < len(people) && people[place] == was
					if stays {
						next = place
					}
					for i := 0; i < len(old) && !stays; i++ {
						if k := slices.Index(people, old[(place+i)%len(old)]); k >= 0 {
							next, stays = k, true
						}
					}
				}
				if b.works && iv.Start.Before(at) && holder() != was {
					want = append(want, shift{calendar.Between(iv.Start, at), b.turn, was})
					iv.Start = at
				}
			}
			s := shift{iv, b.turn, ""}
			if b.works {
				s.member = holder()
			}
			if !iv.Empty() {
				want = append(want, s)
			}
		}
		want = want[1 : len(want)-1] // the outer ones are cut by the oracle
		i := 0
		for s := range turns.Shifts(calendar.Between(want[0].Start, want[len(want)-1].End)) {
			got := shift{s.Interval, s.Turn, s.Member}
			require.Equal(t, want[i], got, "%s\nthe %d-th of %d", h.Rotation, i, len(want))
			within := s.Start.Add(time.Duration(rapid.Int64Range(0, int64(s.Duration())-1).Draw(t, "within")))
			require.Equal(t, s, turns.Shift(within), "%s\nat %s", h.Rotation, within)
			who, is := turns.Who(within)
			require.Equal(t, s.Member, who)
			require.Equal(t, who != "", is)
			if i++; i == len(want) {
				break
			}
		}
		require.Equal(t, len(want), i)
		text, err := rota.Parse(h.String())
		require.NoError(t, err, h.Rotation)
		require.Equal(t, h.String(), text.String())
	})
}
