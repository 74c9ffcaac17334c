package change_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/change"
)

// busyYears are entries of three years: most of some hours, a few of months.
func busyYears(n int) []change.Entry {
	entries := make([]change.Entry, n)
	for i := range entries {
		start := day.Add(time.Duration(i*7919%(3*365*24*60)) * time.Minute)
		long := time.Duration(30+i%240) * time.Minute
		if i%1000 == 0 {
			long = 60 * 24 * time.Hour
		}
		kind := []change.EntryKind{change.ChangeEntry, change.MaintenanceEntry, change.PatchEntry}[i%3]
		entries[i] = change.Entry{
			Kind: kind, ID: strconv.Itoa(i), Name: fmt.Sprint("work ", i), Span: calendar.Between(start, start.Add(long)), Of: change.Normal,
			Services: services(servicecoin.ServiceID(fmt.Sprint("s", i%500)), servicecoin.ServiceID(fmt.Sprint("s", i%501))),
			Records:  []servicecoin.ConfigurationID{servicecoin.ConfigurationID(fmt.Sprint("r", i%20_000))},
			People:   []servicecoin.PersonID{servicecoin.PersonID(fmt.Sprint("p", i%200))},
		}
	}
	for i := range 20 { // of services that are not asked about
		at := day.AddDate(0, i, 0)
		entries[i] = change.Entry{Kind: change.FreezeEntry, ID: strconv.Itoa(i), Span: calendar.Between(at, at.AddDate(0, 0, 3)), Services: services("cold")}
	}
	return entries
}

func BenchmarkConflicts(b *testing.B) {
	schedule, err := change.ScheduleOf(busyYears(100_000)...)
	require.NoError(b, err)
	restsOn := map[servicecoin.ServiceID][]servicecoin.ServiceID{}
	for i := range 30 {
		restsOn["new"] = append(restsOn["new"], servicecoin.ServiceID(fmt.Sprint("base", i)))
		restsOn["s1"] = append(restsOn["s1"], servicecoin.ServiceID(fmt.Sprint("s", 100+i)))
	}
	relations := change.RelationsOf(restsOn)
	at := day.AddDate(1, 0, 0)
	planned := change.Entry{
		Kind: change.ChangeEntry, ID: "planned", Of: change.Normal, Span: calendar.Between(at, at.Add(4*time.Hour)),
		Services: services("new", "newer"), Records: []servicecoin.ConfigurationID{"new"}, People: []servicecoin.PersonID{"nobody"},
	}
	b.Run("none", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if schedule.Conflicts(planned, relations) != nil {
				b.Fatal("there is one")
			}
		}
	})
	b.Run("some", func(b *testing.B) {
		planned.Services, planned.People = services("s1", "s2"), []servicecoin.PersonID{"p7"}
		b.ReportAllocs()
		found := 0
		for b.Loop() {
			found = len(schedule.Conflicts(planned, relations))
		}
		b.ReportMetric(float64(found), "conflicts")
	})
}

func BenchmarkScheduleOf(b *testing.B) {
	entries := busyYears(100_000)
	b.ReportAllocs()
	for b.Loop() {
		_, err := change.ScheduleOf(entries...)
		require.NoError(b, err)
	}
}

func TestNothingIsAllocatedWhereThereIsNoConflict(t *testing.T) {
	schedule, err := change.ScheduleOf(busyYears(2000)...)
	require.NoError(t, err)
	relations := change.RelationsOf(map[servicecoin.ServiceID][]servicecoin.ServiceID{"new": {"base"}})
	planned := change.Entry{
		Kind: change.ChangeEntry, ID: "planned", Span: calendar.Between(day, day.AddDate(1, 0, 0)),
		Services: services("newer", "new"), Records: []servicecoin.ConfigurationID{"new"}, People: []servicecoin.PersonID{"nobody"},
	}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if schedule.Conflicts(planned, relations) != nil {
			t.Fatal("there is one")
		}
	}))
}
