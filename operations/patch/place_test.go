package patch_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/operations/patch"
)

func between(from, until int) calendar.Interval {
	return calendar.Between(friday().Add(time.Duration(from)*time.Hour), friday().Add(time.Duration(until)*time.Hour))
}

func span(text string) calendar.ClockSpan {
	s, err := calendar.ParseClockSpan(text)
	if err != nil {
		panic(err)
	}
	return s
}

func target(id, customer string, labels ...string) patch.Target {
	t := patch.Target{ID: servicecoin.ConfigurationID(id), Customer: servicecoin.CustomerID(customer), Labels: map[string]string{}}
	for n := 0; n+1 < len(labels); n += 2 {
		t.Labels[labels[n]] = labels[n+1]
	}
	return t
}

func times(of map[servicecoin.CustomerID]calendar.Set) func(servicecoin.CustomerID, servicecoin.ServiceID) (calendar.Set, error) {
	return func(c servicecoin.CustomerID, _ servicecoin.ServiceID) (calendar.Set, error) { return of[c], nil }
}

// Each target has its slot ring by ring, in its customer's own time; what does not fit is
// told before anything is begun.
func TestPlace(t *testing.T) {
	t.Parallel()
	late := target("late", "alder")
	late.Deadline = friday().Add(3 * time.Hour)
	q := patch.Question{
		During: between(0, 100), Length: time.Hour, AtOnce: 1,
		Rings:   []patch.Ring{{Name: "pilot", Select: patch.Selector{"ring": "0"}, Soak: 24 * time.Hour}, {Name: "all"}},
		Targets: []patch.Target{target("p1", "alder", "ring", "0", "os", "linux"), target("p2", "alder", "ring", "0"), target("b1", "birch", "os", "bsd"), late, target("c1", "cedar"), target("d1", "dogwood")},
		Free: times(map[servicecoin.CustomerID]calendar.Set{
			"alder": calendar.SetOf(between(2, 6), between(26, 30)),
			"birch": calendar.SetOf(between(20, 22), between(40, 41)),
			"cedar": calendar.SetOf(between(0, 10)),
		}),
	}
	plan, err := patch.Place(q)
	require.NoError(t, err)
	slots := map[servicecoin.ConfigurationID]calendar.Interval{}
	for _, s := range plan.Slots {
		slots[s.Target] = s.During
	}
	require.Equal(t, map[servicecoin.ConfigurationID]calendar.Interval{"p1": between(2, 3), "p2": between(3, 4), "late": between(28, 29), "b1": between(40, 41)}, slots)
	require.Equal(t, []string{"os=bsd"}, plan.Rings[0].Lacks)
	require.Equal(t, friday().Add(28*time.Hour), plan.Rings[0].Soaked)
	require.Equal(t, patch.RingPlan{Name: "all", Targets: 4, Placed: 2, During: between(28, 41), Soaked: friday().Add(41 * time.Hour)}, plan.Rings[1])
	var why []string
	for _, m := range plan.Missed {
		why = append(why, string(m.Target)+": "+m.Why)
	}
	require.Equal(t, []string{
		"c1: its ring begins at 2026-03-07T16:00:00Z, and cedar has no window after it",
		"d1: dogwood has no time in which it may be patched",
		"late: the rings before it and their soak end at 2026-03-07T16:00:00Z",
	}, why)
	batches := plan.Batches()
	require.Len(t, batches, 3)
	require.Equal(t, patch.Batch{Customer: "alder", Window: between(2, 6), During: between(2, 4), Targets: []servicecoin.ConfigurationID{"p1", "p2"}}, batches[0])
}

// One of a pair is up while the other one is patched, also beside another pair.
func TestRedundant(t *testing.T) {
	t.Parallel()
	q := patch.Question{
		During: between(0, 10), Length: time.Hour, Rings: []patch.Ring{{Name: "all"}},
		Targets: []patch.Target{target("a", "x"), target("b", "x"), target("c", "x"), target("d", "x")},
		Keep:    []patch.Redundant{{Name: "pair", Members: []patch.Ref{{"x", "a"}, {"x", "b"}}, Keep: 1}, {Name: "three", Members: []patch.Ref{{"x", "b"}, {"x", "c"}, {"x", "d"}}, Keep: 1}},
		Free:    times(map[servicecoin.CustomerID]calendar.Set{"x": calendar.SetOf(between(0, 10))}),
	}
	plan, err := patch.Place(q)
	require.NoError(t, err)
	at := map[servicecoin.ConfigurationID]int{}
	for _, s := range plan.Slots {
		at[s.Target] = int(s.During.Start.Sub(friday()) / time.Hour)
	}
	require.Equal(t, map[servicecoin.ConfigurationID]int{"a": 0, "b": 1, "c": 0, "d": 0}, at)
	q.During = between(0, 1)
	plan, err = patch.Place(q)
	require.NoError(t, err)
	require.Equal(t, "x has windows, and others take all that is left of them", plan.Missed[0].Why)
	q.During = between(0, 10)
	q.Targets[1].Deadline = friday().Add(90 * time.Minute)
	q.Targets[0].Deadline = friday().Add(80 * time.Minute)
	plan, err = patch.Place(q)
	require.NoError(t, err)
	require.Equal(t, "others, or those that must stay up meanwhile, take the windows before the deadline", plan.Missed[0].Why)
	require.NotNil(t, plan.Missed[0].Slot)
}

func TestRings(t *testing.T) {
	t.Parallel()
	var list []patch.Target
	for n := range 10 {
		list = append(list, target(fmt.Sprint("t", n), "x", "os", []string{"linux", "bsd", "plan9"}[n%3]))
	}
	parts, left := patch.Rings([]patch.Ring{{Name: "pilot", Number: 3}, {Name: "bsd", Select: patch.Selector{"os": "bsd"}}, {Name: "half", Share: 50}}, list)
	ids := func(list []patch.Target) (out []string) {
		for _, t := range list {
			out = append(out, string(t.ID))
		}
		return out
	}
	require.Equal(t, []string{"t0", "t1", "t2"}, ids(parts[0]), "one of each")
	require.Equal(t, []string{"t4", "t7"}, ids(parts[1]))
	require.Equal(t, []string{"t3", "t5", "t6"}, ids(parts[2]), "half of five, rounded up")
	require.Equal(t, []string{"t8", "t9"}, ids(left))
	require.Empty(t, patch.Lacks(parts[0], list))
}

func TestWhatCannotBePlaced(t *testing.T) {
	t.Parallel()
	_, err := patch.Place(patch.Question{Rings: []patch.Ring{{Number: -1, Share: 101, Soak: -1, Gate: patch.Gate{MaxFailures: -1}}}, Targets: []patch.Target{{}, {}}, AtOnce: -1, Keep: []patch.Redundant{{Keep: 1}}})
	for _, want := range []string{"during", "length", "atOnce", "free", "rings[0].name", "rings[0].number", "rings[0].share", "rings[0].soak", "rings[0].gate.maxFailures", "targets[0].id", "targets[1].id", "keep[0].keep"} {
		require.ErrorContains(t, err, want)
	}
	_, err = patch.Place(patch.Question{Rings: make([]patch.Ring, 51), Targets: make([]patch.Target, patch.MaxTargets+1)})
	require.ErrorContains(t, err, "too-many")
	broken := errors.New("the inventory is away")
	_, err = patch.Place(patch.Question{
		During: between(0, 1), Length: time.Hour, Rings: []patch.Ring{{Name: "all"}}, Targets: []patch.Target{target("a", "x")},
		Free: func(servicecoin.CustomerID, servicecoin.ServiceID) (calendar.Set, error) {
			return calendar.Set{}, broken
		},
	})
	require.ErrorIs(t, err, broken)
}

// Windows are of the customer's zone: two in the morning is skipped in Berlin on one day.
func TestOpenings(t *testing.T) {
	t.Parallel()
	w := recur.WeeklyWindow(calendar.AllWeekdays, span("01:00-04:00"), "Europe/Berlin", calendar.Date{Year: 2026, Month: 1, Day: 1})
	days := calendar.Between(time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC))
	free, err := patch.Openings(days, []recur.Window{w}, calendar.SetOf(calendar.Between(days.Start, days.Start.Add(time.Hour))))
	require.NoError(t, err)
	require.Equal(t, 5*time.Hour, free.Duration(), "two hours of the first night are left, two there are in the second, and the third begins")
	free, err = patch.Openings(days, nil)
	require.NoError(t, err)
	require.Equal(t, calendar.SetOf(days), free)
	_, err = patch.Openings(days, []recur.Window{{}})
	require.ErrorContains(t, err, "windows[0]")
}

// Whatever is asked: each target stands once, in its own time, in the order of rings, and
// never are too many of a group away at once, nor of a customer.
func TestPlaces(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		customers := []servicecoin.CustomerID{"a", "b", "c"}
		free := map[servicecoin.CustomerID]calendar.Set{}
		for _, c := range customers {
			var list []calendar.Interval
			for range rapid.IntRange(0, 5).Draw(t, "windows") {
				from := rapid.IntRange(0, 60).Draw(t, "from")
				list = append(list, between(from, from+rapid.IntRange(1, 6).Draw(t, "long")))
			}
			free[c] = calendar.SetOf(list...)
		}
		q := patch.Question{During: between(0, 50), Length: time.Duration(rapid.IntRange(20, 150).Draw(t, "minutes")) * time.Minute, AtOnce: rapid.IntRange(0, 2).Draw(t, "atOnce"), Free: times(free)}
		for n := range rapid.IntRange(1, 3).Draw(t, "rings") {
			q.Rings = append(q.Rings, patch.Ring{Name: fmt.Sprint("r", n), Number: rapid.IntRange(0, 4).Draw(t, "number"), Soak: time.Duration(rapid.IntRange(0, 10).Draw(t, "soak")) * time.Hour})
		}
		group := patch.Redundant{Name: "g"}
		for n := range rapid.IntRange(1, 12).Draw(t, "targets") {
			x := target(fmt.Sprint("t", n), string(rapid.SampledFrom(customers).Draw(t, "customer")))
			x.Service = rapid.SampledFrom([]servicecoin.ServiceID{"", "erp"}).Draw(t, "service") // of several, slots are counted one by one
			if d := rapid.IntRange(0, 60).Draw(t, "deadline"); d > 0 {
				x.Deadline = friday().Add(time.Duration(d) * time.Hour)
			}
			q.Targets = append(q.Targets, x)
			if rapid.Bool().Draw(t, "in group") {
				group.Members = append(group.Members, x.Ref())
			}
		}
		if len(group.Members) > 0 {
			group.Keep = rapid.IntRange(0, len(group.Members)-1).Draw(t, "keep")
			q.Keep = []patch.Redundant{group}
		}
		plan, err := patch.Place(q)
		require.NoError(t, err)
		stands := map[servicecoin.ConfigurationID]int{}
		deadlines := map[servicecoin.ConfigurationID]time.Time{}
		for _, x := range q.Targets {
			deadlines[x.ID] = x.Deadline
		}
		late := map[servicecoin.ConfigurationID]bool{}
		for _, m := range plan.Missed {
			if m.Slot == nil {
				stands[m.Target]++
			}
			late[m.Target] = m.Slot != nil
			require.NotEmpty(t, m.Why)
		}
		for n, s := range plan.Slots {
			stands[s.Target]++
			require.True(t, free[s.Customer].Clip(q.During).Covers(s.During), "in its customer's own time")
			require.True(t, calendar.SetOf(s.Window).Covers(s.During))
			require.Equal(t, !deadlines[s.Target].IsZero() && s.During.End.After(deadlines[s.Target]), late[s.Target])
			if s.Ring > 0 {
				require.False(t, s.During.Start.Before(plan.Rings[s.Ring-1].Soaked), "after the rings before it")
			}
			ofGroup, ofCustomer := 0, 0
			for _, o := range plan.Slots[:n+1] { // those that begin before it, or with it
				if o.During.Contains(s.During.Start) {
					ofCustomer += map[bool]int{true: 1}[o.Customer == s.Customer]
					for _, m := range group.Members {
						ofGroup += map[bool]int{true: 1}[m == o.Ref()]
					}
				}
			}
			require.LessOrEqual(t, ofGroup, len(group.Members)-group.Keep, "so many stay up")
			if q.AtOnce > 0 {
				require.LessOrEqual(t, ofCustomer, q.AtOnce)
			}
		}
		for _, x := range q.Targets {
			require.Equal(t, 1, stands[x.ID], x.ID)
		}
		n := 0
		for _, b := range plan.Batches() {
			n += len(b.Targets)
		}
		require.Equal(t, len(plan.Slots), n)
	})
}

// BenchmarkPlace places 10,000 targets of 200 customers in 5 rings, with nightly windows in
// 20 zones, pairs of which one stays up, freezes, and five at once.
func BenchmarkPlace(b *testing.B) {
	zones := []string{
		"UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "Asia/Tokyo", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Sydney",
		"Australia/Lord_Howe", "Pacific/Auckland", "Africa/Cairo", "Africa/Lagos", "Asia/Dubai", "Asia/Shanghai", "America/Chicago", "America/St_Johns", "Atlantic/Azores", "Pacific/Apia",
	}
	during := calendar.Between(friday(), friday().AddDate(0, 2, 0))
	freeze := calendar.SetOf(calendar.Between(friday().AddDate(0, 0, 10), friday().AddDate(0, 0, 14)))
	q := patch.Question{During: during, Length: 30 * time.Minute, AtOnce: 5}
	for n := range 5 {
		q.Rings = append(q.Rings, patch.Ring{Name: fmt.Sprint("ring ", n), Select: patch.Selector{"ring": strconv.Itoa(n)}, Soak: 48 * time.Hour})
	}
	for n := range 10_000 {
		x := target(fmt.Sprintf("t%05d", n), fmt.Sprintf("c%03d", n/50), "ring", strconv.Itoa(n%5), "os", strconv.Itoa(n%7))
		x.Deadline = friday().AddDate(0, 0, 20+n%30)
		q.Targets = append(q.Targets, x)
		if n%10 == 9 {
			q.Keep = append(q.Keep, patch.Redundant{Name: fmt.Sprint("pair ", n), Members: []patch.Ref{q.Targets[n-5].Ref(), x.Ref()}, Keep: 1})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		customers := 0
		q.Free = func(servicecoin.CustomerID, servicecoin.ServiceID) (calendar.Set, error) {
			w := recur.WeeklyWindow(calendar.AllWeekdays, span("22:00-04:00"), zones[customers%len(zones)], calendar.Date{Year: 2026, Month: 1, Day: 1})
			customers++
			return patch.Openings(during, []recur.Window{w}, freeze)
		}
		plan, err := patch.Place(q)
		if err != nil || len(plan.Slots) != len(q.Targets) || customers != 200 {
			b.Fatal(err, len(plan.Slots), customers)
		}
	}
}

// TestUnits: what is up only together is down together, and never both units at once.
func TestUnits(t *testing.T) {
	t.Parallel()
	q := patch.Question{
		During: between(0, 24), Length: time.Hour, Rings: []patch.Ring{{Name: "all"}},
		Targets: []patch.Target{target("a1", "x"), target("a2", "x"), target("b1", "x"), target("b2", "x"), target("c", "x")},
		Keep:    []patch.Redundant{{Name: "database", Keep: 1, Units: [][]patch.Ref{{{"x", "a1"}, {"x", "a2"}}, {{"x", "b1"}, {"x", "b2"}}}}},
		Free:    always(between(0, 24)),
	}
	plan, err := patch.Place(q)
	require.NoError(t, err)
	starts := map[servicecoin.ConfigurationID]int{}
	for _, s := range plan.Slots {
		starts[s.Target] = int(s.During.Start.Sub(friday()) / time.Hour)
	}
	require.Equal(t, map[servicecoin.ConfigurationID]int{"a1": 0, "a2": 0, "b1": 1, "b2": 1, "c": 0}, starts)
}

// TestSlotsThatStay keep others from their time: of redundant targets, and where a customer
// has no more than so many at once.
func TestSlotsThatStay(t *testing.T) {
	t.Parallel()
	q := patch.Question{
		During: between(0, 24), Length: time.Hour, Rings: []patch.Ring{{Name: "pilot"}, {Name: "all"}}, First: 1, AtOnce: 2,
		Targets: []patch.Target{target("b", "x"), target("c", "x"), target("d", "y")},
		Keep:    []patch.Redundant{{Name: "pair", Members: []patch.Ref{{"x", "a"}, {"x", "b"}}, Keep: 1}},
		Taken: []patch.Slot{
			{Target: "a", Customer: "x", Ring: 1, During: between(0, 2)}, {Target: "e", Customer: "x", Ring: 1, During: between(1, 3)},
		},
		Free: always(between(0, 24)),
	}
	plan, err := patch.Place(q)
	require.NoError(t, err)
	starts := map[servicecoin.ConfigurationID]int{}
	for _, s := range plan.Slots {
		require.Equal(t, 1, s.Ring, "the pilot is over")
		starts[s.Target] = int(s.During.Start.Sub(friday()) / time.Hour)
	}
	require.Equal(t, map[servicecoin.ConfigurationID]int{"b": 2, "c": 0, "d": 0}, starts)
	q.First = 2
	_, err = patch.Place(q)
	require.ErrorContains(t, err, "first")
}

// TestOneAtATimeInOtherWindows: a service whose window comes late keeps no other one of the
// same customer waiting.
func TestOneAtATimeInOtherWindows(t *testing.T) {
	t.Parallel()
	targets := []patch.Target{node(1, "alder", "all"), node(2, "alder", "all"), node(3, "alder", "all"), node(4, "alder", "all")}
	targets[0].Service, targets[0].Deadline = "late", friday().Add(60*time.Hour) // it is placed first
	targets[1].Service, targets[1].Deadline = "late", friday().Add(61*time.Hour)
	plan, err := patch.Place(patch.Question{
		During: calendar.Between(friday(), friday().Add(72*time.Hour)), Rings: []patch.Ring{{Name: "all"}}, Length: time.Hour, Targets: targets, AtOnce: 1,
		Free: func(_ servicecoin.CustomerID, service servicecoin.ServiceID) (calendar.Set, error) {
			if service == "late" {
				return calendar.SetOf(calendar.Between(friday().Add(50*time.Hour), friday().Add(53*time.Hour))), nil
			}
			return calendar.SetOf(calendar.Between(friday(), friday().Add(2*time.Hour))), nil
		},
	})
	require.NoError(t, err)
	require.Empty(t, plan.Missed)
	require.Len(t, plan.Slots, 4)
	for n := range 3 {
		require.False(t, plan.Slots[n].During.Overlaps(plan.Slots[n+1].During))
	}
}
