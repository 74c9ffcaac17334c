package hours_test

import (
	"flag"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

// The oracle knows of every minute of a few weeks what the clock shows, and
// paints minute by minute what the words of hours.Hours say. A million cases:
//
//	go test ./calendar -run TestHoursAgreeWithTheOracle -hourcases 1000000 -hourseed 20261124 -timeout 60m
//
// took 5 min 29 s with seed 20261124 on two cores that others used too, and
// found no difference. A failing case prints its number; -hourcase runs that
// one alone.
var (
	hourCases = flag.Int("hourcases", 10_000, "cases of the oracle of working time")
	hourSeed  = flag.Uint64("hourseed", 1, "seed of the oracle of working time")
	hourCase  = flag.Int("hourcase", -1, "the one case of the oracle of working time to run")
)

const (
	dayMinutes = 24 * 60
	longest    = 21 // days of a case
)

// region is the weeks around a jump of a clock, by minutes since base.
type region struct {
	zone  string
	loc   *time.Location
	base  time.Time
	jump  int     // the minute at which the clock jumps
	shows []int32 // what the clock shows at a minute, in minutes of its own since it showed base's date at 00:00
	first []int32 // the first minute at which it shows that; -1: never
	day   []int32 // the latest day that the clock has shown at a minute: the local day
	begin []int32 // the first minute of each day; the next day's where it was left out
	date0 calendar.Date
}

func newRegion(zone, jump string) (*region, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, err
	}
	at, err := time.Parse(time.RFC3339, jump)
	if err != nil {
		return nil, err
	}
	const around = 40
	r := &region{zone: zone, loc: loc, jump: around * dayMinutes, base: at.AddDate(0, 0, -around)}
	y, m, d := r.base.In(loc).Date()
	date0 := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	r.date0 = calendar.Date{Year: y, Month: m, Day: d}
	n := 2 * around * dayMinutes
	r.first = make([]int32, n+3*dayMinutes)
	for i := range r.first {
		r.first[i] = -1
	}
	var latest int32
	for i := range int32(n) {
		t := r.base.Add(time.Duration(i) * time.Minute).In(loc)
		y, m, d := t.Date()
		shows := int32(time.Date(y, m, d, t.Hour(), t.Minute(), 0, 0, time.UTC).Sub(date0).Minutes())
		r.shows = append(r.shows, shows)
		if r.first[shows] < 0 {
			r.first[shows] = i
		}
		latest = max(latest, shows/dayMinutes)
		r.day = append(r.day, latest)
		for int32(len(r.begin)) <= latest {
			r.begin = append(r.begin, i)
		}
	}
	return r, nil
}

var regions = sync.OnceValues(func() ([]*region, error) {
	var list []*region
	for _, x := range [][2]string{
		{"Europe/Berlin", "2023-03-26T01:00:00Z"},
		{"Europe/Berlin", "2023-10-29T01:00:00Z"},
		{"America/Sao_Paulo", "2018-02-18T02:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04T03:00:00Z"},
		{"Asia/Tehran", "2022-03-21T20:30:00Z"},
		{"Asia/Tehran", "2022-09-21T19:30:00Z"},
		{"Australia/Lord_Howe", "2023-04-01T15:00:00Z"},
		{"Australia/Lord_Howe", "2023-09-30T15:30:00Z"},
		{"Pacific/Apia", "2011-12-30T10:00:00Z"},
		{"Pacific/Apia", "2011-09-24T14:00:00Z"},
		{"Africa/Cairo", "2023-04-27T22:00:00Z"},
		{"Africa/Cairo", "2023-10-26T21:00:00Z"},
		{"America/Havana", "2023-03-12T05:00:00Z"},
		{"America/Havana", "2023-11-05T05:00:00Z"},
		{"Atlantic/Azores", "2023-03-26T01:00:00Z"},
		{"Atlantic/Azores", "2023-10-29T01:00:00Z"},
		{"America/St_Johns", "2009-11-01T02:31:00Z"}, // from 00:01 back to 23:01
	} {
		r, err := newRegion(x[0], x[1])
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
})

// minute returns the first minute at which the clock shows a time of a day, in
// minutes; if it jumps over it, as far from the last minute before the jump as
// the clock would have been.
func (r *region) minute(day, clock int) int {
	want := day*dayMinutes + clock
	for back := 0; ; back++ {
		if m := r.first[want-back]; m >= 0 {
			return int(m) + back
		}
	}
}

func (r *region) leftOut(day int) bool { return r.begin[day] == r.begin[day+1] }

func (r *region) date(day int) calendar.Date { return r.date0.AddDays(day) }

func (r *region) instant(second int) time.Time {
	return r.base.Add(time.Duration(second) * time.Second)
}

func TestHoursAgreeWithTheOracle(t *testing.T) {
	t.Parallel()
	list, err := regions()
	require.NoError(t, err)
	began := time.Now()
	run := func(n int) error {
		d := randDice{rand.New(rand.NewPCG(*hourSeed, uint64(n)))}
		return newTrial(d, list[n%len(list)]).ask(d)
	}
	first, last := 0, *hourCases
	if caltest.Racing {
		last /= 10
	}
	if *hourCase >= 0 {
		first, last = *hourCase, *hourCase+1
	}
	for n := first; n < last; n++ {
		if err := run(n); err != nil {
			t.Fatalf("seed %d, case %d: %v", *hourSeed, n, err)
		}
	}
	t.Logf("%d cases, seed %d: %s", last-first, *hourSeed, time.Since(began).Round(time.Millisecond))
}

// TestHoursShrink draws the same cases by rapid, which makes a failing one small.
func TestHoursShrink(t *testing.T) {
	t.Parallel()
	list, err := regions()
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		d := rapidDice{t}
		require.NoError(t, newTrial(d, list[d.roll("region", len(list))]).ask(d))
	})
}
