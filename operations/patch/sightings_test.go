package patch_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func openssl(version string) patch.Component {
	return patch.Component{PURL: "pkg:generic/openssl", Version: version, Scheme: "semver"}
}

// leak is an advisory of openssl before 3.0.14.
func leak(t require.TestingT) *patch.Advisory {
	a, err := patch.NewAdvisory("a-1", friday(), patch.Bulletin{Source: "osv", ID: "CVE-2026-1", Products: []patch.Product{
		{Component: patch.Component{PURL: "pkg:generic/openssl", Scheme: "semver"}, Spans: []patch.Span{{Introduced: "3.0.0", Fixed: "3.0.14"}}},
	}})
	require.NoError(t, err)
	return &a
}

func hour(n int) time.Time { return friday().Add(time.Duration(n) * time.Hour) }

func TestWhatWasSeen(t *testing.T) {
	t.Parallel()
	now := hour(100)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	seen := patch.NewSightings(s.For("alder"))
	look := func(at, before int, list ...patch.Component) {
		t.Helper()
		x := patch.Spotted{Target: "node-1", At: hour(at), Components: list}
		if before > 0 {
			x.Before = hour(before)
		}
		require.NoError(t, seen.See(t.Context(), ada(), x))
	}
	tz := patch.Component{Name: "tzdata", Version: "2026a"}
	look(1, 0, openssl("3.0.13"), tz)
	look(1, 0, openssl("3.0.13"), tz)
	look(9, 8, openssl("3.0.14"), tz)
	look(20, 19, tz)
	look(30, 29, openssl("3.0.2"), tz)
	list, at, err := seen.Installed(t.Context(), "node-1")
	require.NoError(t, err)
	require.Equal(t, hour(30), at)
	require.Len(t, list, 2)

	sightings, err := seen.Of(t.Context(), "node-1", hour(40), hour(30))
	require.NoError(t, err)
	target := patch.Target{ID: "node-1", Customer: "alder", Components: []patch.Component{openssl("")}}
	for _, row := range []struct {
		at    int
		want  patch.Condition
		since int
	}{
		{0, patch.NotKnown, 0},
		{1, patch.NonCompliant, 0},
		{8, patch.NonCompliant, 0},
		{9, patch.Compliant, 9},
		{18, patch.Compliant, 9},
		{20, patch.Compliant, 9}, // it is not there at all
		{30, patch.NonCompliant, 0},
		{41, patch.NonCompliant, 0},
		{60, patch.NotKnown, 0},
	} {
		got, err := patch.Comply(patch.Look{At: hour(row.at), Advisory: leak(t), Targets: []patch.Target{target}, Sightings: sightings, Fresh: 12 * time.Hour})
		require.NoError(t, err)
		require.Len(t, got.Rows, 1, "at %d", row.at)
		require.Equal(t, row.want, got.Rows[0].Condition, "at %d: %s", row.at, got.Rows[0].Why)
		if row.since > 0 {
			require.Equal(t, hour(row.since), got.Rows[0].Since)
		}
	}
	late, err := seen.Of(t.Context(), "node-1", hour(40), hour(35))
	require.NoError(t, err)
	got, err := patch.Comply(patch.Look{At: hour(41), Advisory: leak(t), Targets: []patch.Target{target}, Sightings: late})
	require.NoError(t, err)
	require.Equal(t, hour(30), got.Rows[0].Seen, "what was found at 35 was not told yet")
	got, err = patch.Comply(patch.Look{At: hour(41), Advisory: leak(t), Targets: []patch.Target{target}, Sightings: late, Changed: map[servicecoin.ConfigurationID]time.Time{"node-1": hour(31)}})
	require.NoError(t, err)
	require.Equal(t, patch.NotKnown, got.Rows[0].Condition)
	require.Contains(t, got.Rows[0].Why, "it was changed at")
	err = seen.See(t.Context(), ada(), patch.Spotted{Target: "node-1", At: hour(29)})
	require.ErrorIs(t, err, servicecoin.ErrRefused, "an older look")
	err = seen.See(t.Context(), ada(), patch.Spotted{Target: "", At: hour(31), Before: hour(32), Components: []patch.Component{{}}})
	for _, path := range []string{"target", "before", "components[0].purl"} {
		require.ErrorContains(t, err, path)
	}
	err = seen.See(t.Context(), ada(), patch.Spotted{Target: "node-1", At: hour(31), Components: make([]patch.Component, 1001)})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	require.Error(t, patch.NewSightings(s.For(servicecoin.Provider)).See(t.Context(), ada(), patch.Spotted{Target: "node-1", At: hour(1)}))
}

// TestWhatWasSeenIsWhatWasThere compares what is kept of many looks with the looks.
func TestWhatWasSeenIsWhatWasThere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := store.New(memory.New(), &store.Options{Now: func() time.Time { return hour(1000) }})
		seen := patch.NewSightings(s.For("alder"))
		looks := rapid.SliceOfN(rapid.SampledFrom([]string{"", "3.0.13", "3.0.14", "3.0.15"}), 1, 12).Draw(rt, "looks")
		for n, version := range looks {
			x := patch.Spotted{Target: "node-1", At: hour(n), Components: []patch.Component{{Name: "tzdata", Version: "1"}}}
			if n > 0 {
				x.Before = hour(n - 1)
			}
			if version != "" {
				x.Components = append(x.Components, openssl(version))
			}
			require.NoError(rt, seen.See(t.Context(), ada(), x))
		}
		sightings, err := seen.Of(t.Context(), "node-1", hour(len(looks)-1), time.Time{})
		require.NoError(rt, err)
		for n, version := range looks {
			was := map[string]patch.Condition{"": patch.Compliant, "3.0.13": patch.NonCompliant, "3.0.14": patch.Compliant, "3.0.15": patch.Compliant}[version]
			got, err := patch.Comply(patch.Look{
				At: hour(n), Advisory: leak(rt), Sightings: sightings, Fresh: time.Minute,
				Targets: []patch.Target{{ID: "node-1", Customer: "alder", Components: []patch.Component{openssl("")}}},
			})
			require.NoError(rt, err)
			if version == "" && !seenBefore(looks[:n]) {
				was = patch.NotKnown // of what was never there, nobody has said that it is not
			}
			require.Equal(rt, was, got.Rows[0].Condition, "look %d: %s", n, got.Rows[0].Why)
		}
	})
}

// TestTwoVersionsBesideEachOther: the old one goes last.
func TestTwoVersionsBesideEachOther(t *testing.T) {
	t.Parallel()
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return hour(100) }})
	seen := patch.NewSightings(s.For("alder"))
	for n, list := range [][]patch.Component{{openssl("3.0.1")}, {openssl("3.0.1"), openssl("3.0.14")}, {openssl("3.0.14"), openssl("3.0.1")}, {openssl("3.0.14")}} {
		require.NoError(t, seen.See(t.Context(), ada(), patch.Spotted{Target: "node-1", At: hour(2 * n), Before: hour(2 * max(n-1, 0)), Components: list}))
	}
	list, err := seen.Of(t.Context(), "node-1", hour(8), hour(6))
	require.NoError(t, err)
	for at, want := range []patch.Condition{
		patch.NonCompliant, patch.NonCompliant, patch.NonCompliant, patch.NonCompliant, patch.NonCompliant, patch.NonCompliant, patch.Compliant, patch.Compliant,
	} {
		got, err := patch.Comply(patch.Look{At: hour(at), Advisory: leak(t), Targets: []patch.Target{{ID: "node-1", Customer: "alder", Components: []patch.Component{openssl("")}}}, Sightings: list})
		require.NoError(t, err)
		require.Equal(t, want, got.Rows[0].Condition, "at %d: %s", at, got.Rows[0].Why)
	}
}

func seenBefore(looks []string) bool { return strings.Join(looks, "") != "" }

func TestExemptions(t *testing.T) {
	t.Parallel()
	now := friday()
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	x := patch.NewExemptions(s.For("alder"))
	_, err := x.Grant(t.Context(), servicecoin.Program("cron"), "node-1", "a-1", hour(48), "it is switched off")
	require.ErrorIs(t, err, servicecoin.ErrInvalid, "a person stands for it")
	_, err = x.Grant(t.Context(), ada(), "node-1", "a-1", now, "")
	require.ErrorContains(t, err, "until")
	require.ErrorContains(t, err, "why")
	granted, err := x.Grant(t.Context(), ada(), "node-1", "a-1", hour(48), "it is switched off")
	require.NoError(t, err)
	require.Equal(t, servicecoin.PersonID("ada"), granted.ApprovedBy)
	row := func(at time.Time) patch.Row {
		t.Helper()
		var list []patch.Exemption
		for e, err := range x.Of("a-1").All(t.Context()) {
			require.NoError(t, err)
			list = append(list, e)
		}
		got, err := patch.Comply(patch.Look{
			At: at, Advisory: leak(t), Targets: []patch.Target{{ID: "node-1", Customer: "alder", Components: []patch.Component{openssl("")}}},
			Sightings: []patch.Sighting{{Target: "node-1", Component: openssl("3.0.1"), At: friday()}}, Exemptions: list,
		})
		require.NoError(t, err)
		return got.Rows[0]
	}
	require.Equal(t, patch.Exempt, row(hour(2)).Condition)
	require.Contains(t, row(hour(2)).Why, "ada allows that until")
	require.Equal(t, patch.NonCompliant, row(hour(48)).Condition, "it ends by itself")
	now = hour(3)
	_, err = x.End(t.Context(), ada(), "node-1", "a-1")
	require.NoError(t, err)
	require.Equal(t, patch.Exempt, row(hour(2)).Condition, "what held, held")
	require.Equal(t, patch.NonCompliant, row(hour(4)).Condition)
	_, err = x.End(t.Context(), ada(), "node-1", "a-1")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	_, err = x.End(t.Context(), ada(), "node-2", "a-1")
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
}

func TestRoutine(t *testing.T) {
	t.Parallel()
	rule, err := workday.Parse("3 working days after FREQ=MONTHLY;BYDAY=2TU")
	require.NoError(t, err)
	office := hours.Hours{
		Zone: "Europe/Berlin", Weekly: hours.Workdays(calendar.AllDay()), Holidays: []hours.Holiday{{Name: "a day off", Dates: hours.On(day("2026-03-12"))}},
	}
	tt, err := office.CompileYears(2025, 2028, nil)
	require.NoError(t, err)
	terms := terms()
	terms.During = calendar.Interval{}
	r := patch.Routine{
		ID: "monthly", Rule: rule, At: calendar.ClockAt(20, 0), Zone: "Europe/Berlin", For: calendar.Within(10 * 24 * time.Hour), Lead: calendar.Within(7 * 24 * time.Hour), Terms: terms,
	}
	next, ok, err := r.Next(tt, friday())
	require.NoError(t, err)
	require.True(t, ok)
	// The second Tuesday is the 10th; the 12th is free, so the third working day is Monday, the 16th.
	require.Equal(t, "2026-03-16T19:00:00Z", next.Start.Format(time.RFC3339))
	id, err := r.Cycle(next.Start)
	require.NoError(t, err)
	require.Equal(t, patch.CycleID("monthly.2026-03-16"), id)
	after, _, err := r.Next(tt, next.Start)
	require.NoError(t, err)
	require.Equal(t, "2026-04-17", after.Start.Format(time.DateOnly))

	s := store.New(memory.New(), nil)
	n := patch.NewCycles(s.For(servicecoin.Provider), nil)
	_, err = n.KeepRoutine(t.Context(), ada(), r)
	require.NoError(t, err)
	r.Stopped = true
	_, err = n.KeepRoutine(t.Context(), ada(), r)
	require.NoError(t, err)
	got, err := n.Routine(t.Context(), "monthly")
	require.NoError(t, err)
	_, ok, err = got.Next(tt, friday())
	require.NoError(t, err)
	require.False(t, ok, "it is stopped")
	require.Equal(t, r.Rule.String(), got.Rule.String())
	_, err = n.KeepRoutine(t.Context(), ada(), patch.Routine{ID: "x", Zone: "Mars/Olympus", For: calendar.Within(0)})
	for _, path := range []string{"rule", "zone", "for", "lead", "terms.name", "terms.rings", "terms.length"} {
		require.ErrorContains(t, err, path)
	}
}

func BenchmarkSee(b *testing.B) {
	s := store.New(memory.New(), nil)
	seen := patch.NewSightings(s.For("alder"))
	var list []patch.Component
	for n := range 500 {
		list = append(list, patch.Component{PURL: fmt.Sprintf("pkg:deb/debian/package-%d", n), Version: "1.0"})
	}
	n := 0
	for b.Loop() {
		n++
		list[n%500].Version = fmt.Sprintf("1.%d", n)
		if err := seen.See(b.Context(), ada(), patch.Spotted{Target: "node-1", At: hour(n), Components: list}); err != nil {
			b.Fatal(err)
		}
	}
}
