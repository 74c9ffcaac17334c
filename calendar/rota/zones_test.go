package rota_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

// Shifts in every zone of the tz database, 1970 to 2040: daily, weekly and
// monthly ones all of the time, hourly ones within three days of every jump. All
// zones:
//
//	go test ./calendar -run TestShiftsInEveryZone -allzones -timeout 60m
//
// A normal run takes some of them, by a seed that it prints.
var (
	allZones = flag.Bool("allzones", false, "test shifts in every zone, not in some")
	zoneSeed = flag.Uint64("zoneseed", 0, "seed by which zones and instants are taken; 0: by the clock")
)

// handoff is a rotation and what its handoffs are by the calendar.
type handoff struct {
	rota.Rotation

	at func(turn int64) time.Time // on the wall
}

func members(n int) []servicecoin.PersonID {
	out := make([]servicecoin.PersonID, n)
	for i := range out {
		out[i] = servicecoin.PersonID(fmt.Sprintf("p%d", i))
	}
	return out
}

func rotation(zone string, start time.Time, unit rota.Unit, length int) handoff {
	h := handoff{Rotation: rota.Rotation{Zone: zone, Start: caltest.LocalOf(start), Unit: unit, Length: length, Members: members(3)}}
	h.at = func(turn int64) time.Time {
		n := int(turn) * length
		switch unit {
		case rota.Hourly:
			return start.Add(time.Duration(n) * time.Hour)
		case rota.Daily:
			return start.AddDate(0, 0, n)
		case rota.Weekly:
			return start.AddDate(0, 0, 7*n)
		case rota.Yearly:
			n *= 12
		case rota.Monthly:
		}
		first := time.Date(start.Year(), start.Month()+time.Month(n), 1, start.Hour(), start.Minute(), start.Second(), 0, time.UTC)
		if last := first.AddDate(0, 1, -1); h.Missing != rota.OverflowDay && start.Day() > last.Day() {
			return last
		}
		return first.AddDate(0, 0, start.Day()-1)
	}
	return h
}

func longRotations(zone string) []handoff {
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2005, month, day, hour, minute, 0, 0, time.UTC)
	}
	return []handoff{
		rotation(zone, at(1, 1, 0, 0), rota.Daily, 1),
		rotation(zone, at(1, 1, 0, 30), rota.Daily, 1),
		rotation(zone, at(7, 4, 2, 30), rota.Daily, 1),
		rotation(zone, at(7, 4, 9, 0), rota.Daily, 2),
		rotation(zone, at(7, 4, 0, 0), rota.Weekly, 1),
		rotation(zone, at(7, 3, 2, 15), rota.Weekly, 2),
		rotation(zone, at(1, 31, 0, 0), rota.Monthly, 1),
		rotation(zone, at(3, 26, 2, 30), rota.Monthly, 1),
		rotation(zone, at(12, 31, 23, 59), rota.Monthly, 5),
	}
}

// checkShifts walks through the shifts of an interval, and compares them with
// the clock and with those found from other instants.
func checkShifts(t *testing.T, h handoff, within calendar.Interval, loc *time.Location, dice *rand.Rand) int {
	t.Helper()
	turns, err := h.Compile()
	require.NoError(t, err)
	fail := func(s rota.Shift, format string, args ...any) {
		t.Helper()
		t.Fatalf("%s\nshift %d, %s: %s", h.Rotation, s.Turn, s.Interval, fmt.Sprintf(format, args...))
	}
	n := 0
	var last rota.Shift
	for s := range turns.Shifts(within) {
		n++
		begins := h.at(s.Turn)
		switch {
		case s.Empty():
			fail(s, "is empty")
		case n > 1 && !s.Start.Equal(last.End):
			fail(s, "the one before ends at %s", last.End)
		case n > 1 && s.Turn <= last.Turn:
			fail(s, "comes after turn %d", last.Turn)
		case n > 1 && s.Turn != last.Turn+1 && caltest.Wall(calendar.LocalTimeOf(s.Start.Add(-time.Second), loc)).After(h.at(s.Turn-1)):
			fail(s, "comes after turn %d", last.Turn)
		case s.Member != h.Members[(s.Turn%3+3)%3]:
			fail(s, "is %s's", s.Member)
		case caltest.Wall(calendar.LocalTimeOf(s.Start, loc)).Before(begins):
			fail(s, "begins before the clock shows %s", begins)
		}
		for _, d := range []time.Duration{time.Second, 15 * time.Minute, 30 * time.Minute, time.Hour, 90 * time.Minute, 2 * time.Hour, 3 * time.Hour} {
			if shown := caltest.Wall(calendar.LocalTimeOf(s.Start.Add(-d), loc)); !shown.Before(begins) {
				fail(s, "the clock showed %s before", shown)
			}
		}
		for _, at := range []time.Time{
			s.End.Add(-1), s.Start.Add(time.Duration(dice.Int64N(int64(s.Duration())))),
		} {
			if other := turns.Shift(at); other != s {
				fail(s, "from %s it is %d, %s of %s", at, other.Turn, other.Interval, other.Member)
			}
			if who, _ := turns.Who(at); who != s.Member {
				fail(s, "at %s it is %s's turn", at, who)
			}
		}
		last = s
	}
	if n == 0 || last.End.Before(within.End) {
		t.Fatalf("%s: the shifts end at %s", h.Rotation, last.End)
	}
	return n
}

func TestShiftsInEveryZone(t *testing.T) { //nolint:tparallel // they are waited for
	t.Parallel()
	text, err := os.ReadFile("../testdata/zones.txt")
	require.NoError(t, err)
	names := strings.Fields(string(text))
	seed := *zoneSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	began := time.Now()
	if !*allZones {
		dice := rand.New(rand.NewPCG(seed, 0))
		dice.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		if names = append(names[:3], "America/Havana", "Pacific/Apia", "Australia/Lord_Howe"); caltest.Racing {
			names = names[3:4]
		}
	}
	span := caltest.Between(t, "1970-01-01T00:00:00Z", "2041-01-01T00:00:00Z")
	var shifts, changes atomic.Int64
	t.Run("zones", func(t *testing.T) {
		for i, name := range names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				dice := rand.New(rand.NewPCG(seed, uint64(i)+1))
				loc := caltest.Location(t, name)
				for _, h := range longRotations(name) {
					shifts.Add(int64(checkShifts(t, h, span, loc, dice)))
				}
				for j := range calendar.Jumps(span, loc) {
					changes.Add(1)
					near := calendar.Between(j.At.Add(-72*time.Hour), j.At.Add(72*time.Hour))
					start := caltest.Wall(j.From()).Truncate(time.Hour).AddDate(0, 0, -400)
					for _, h := range []handoff{
						rotation(name, start, rota.Hourly, 1),
						rotation(name, start.Add(30*time.Minute), rota.Hourly, 1+dice.IntN(30)),
					} {
						shifts.Add(int64(checkShifts(t, h, near, loc, dice)))
					}
				}
			})
		}
	})
	t.Logf("%d zones, %d jumps, %d shifts, seed %d, in %s", len(names), changes.Load(), shifts.Load(), seed, time.Since(began).Round(time.Second))
	require.False(t, *allZones && !slices.Contains(names, "Europe/Berlin"))
}
