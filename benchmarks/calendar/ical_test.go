package calendar_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

// What is written is read by others, too: by golang-ical to the same values.
func TestOthersReadWhatIsWritten(t *testing.T) {
	t.Parallel()
	stamp := time.Date(2026, time.November, 27, 8, 0, 0, 0, time.UTC)
	start := time.Date(2026, time.March, 28, 22, 0, 0, 0, time.UTC)
	texts := []string{
		"Move the database; slowly, and back", `C:\new\table`, "line 1\nline 2\n\nline 4", strings.Repeat("é👩‍🚒;,", 2000),
		strings.Repeat("x", 10_000), strings.Repeat(`\`, 500), `"quoted": BEGIN:VEVENT`, strings.Repeat(" ", 70) + "END:VEVENT",
	}
	rule, err := recur.Parse("DTSTART;TZID=Europe/Berlin:20260110T220000\nRRULE:FREQ=MONTHLY;BYDAY=2SA;UNTIL=20261231T230000Z\nEXDATE;TZID=Europe/Berlin:20260214T220000\nRDATE;TZID=Europe/Berlin:20260221T220000")
	require.NoError(t, err)
	entries := []ical.Entry{
		{UID: "patches", Rule: rule, For: calendar.Period{Exact: 8 * time.Hour}, Summary: "Patches", Sequence: 3},
		{UID: "freeze", First: calendar.Date{Year: 2026, Month: time.December, Day: 18}, Last: calendar.Date{Year: 2027, Month: time.January, Day: 3}, Summary: "Freeze", Status: ical.Cancelled},
	}
	for _, text := range texts {
		entries = append(entries, ical.Entry{
			UID: "change-" + string(rune('a'+len(entries))) + "@example.org", During: calendar.Between(start, start.Add(4*time.Hour)), Zone: "Europe/Berlin",
			Summary: "Change", Description: text, Status: ical.Tentative, Transparent: true, Extra: map[string]string{"X-ROLLBACK": "PT1H"},
			URL: "https://example.org/changes?a=1;b=2", Categories: []string{"checkout"}, Modified: stamp,
		})
	}
	var b bytes.Buffer
	require.NoError(t, ical.Write(&b, ical.Calendar{At: stamp, Name: "Changes, ours", Refresh: calendar.Within(time.Hour), Entries: entries}))
	read, err := ics.ParseCalendar(bytes.NewReader(b.Bytes()))
	require.NoError(t, err)
	events := read.Events()
	require.Len(t, events, len(entries))
	value := func(e *ics.VEvent, name ics.ComponentProperty) string {
		p := e.GetProperty(name)
		require.NotNil(t, p, name)
		return p.Value
	}

	patches := events[0]
	at, err := patches.GetStartAt()
	require.NoError(t, err)
	require.Equal(t, "2026-01-10T21:00:00Z", at.UTC().Format(time.RFC3339))
	require.Equal(t, "PT8H", value(patches, ics.ComponentPropertyDuration))
	require.Equal(t, "3", value(patches, ics.ComponentPropertySequence))
	rules, err := patches.GetRRules()
	require.NoError(t, err)
	require.Len(t, rules, 1)
	except, err := patches.GetExDates()
	require.NoError(t, err)
	require.Len(t, except, 1)
	require.Equal(t, "2026-02-14T21:00:00Z", except[0].UTC().Format(time.RFC3339))
	also, err := patches.GetRDates()
	require.NoError(t, err)
	require.Len(t, also, 1)
	require.Equal(t, "2026-02-21T21:00:00Z", also[0].UTC().Format(time.RFC3339))

	first, err := events[1].GetAllDayStartAt()
	require.NoError(t, err)
	require.Equal(t, "2026-12-18", first.Format(time.DateOnly))
	end, err := events[1].GetAllDayEndAt()
	require.NoError(t, err)
	require.Equal(t, "2027-01-04", end.Format(time.DateOnly))
	require.Equal(t, "CANCELLED", value(events[1], ics.ComponentPropertyStatus))

	for i, text := range texts {
		e := events[2+i]
		require.Equal(t, entries[2+i].UID, e.Id())
		require.Equal(t, text, value(e, ics.ComponentPropertyDescription))
		from, err := e.GetStartAt()
		require.NoError(t, err)
		until, err := e.GetEndAt()
		require.NoError(t, err)
		require.True(t, calendar.Between(from, until).Equal(entries[2+i].During), "%s to %s", from, until)
		require.Equal(t, "TENTATIVE", value(e, ics.ComponentPropertyStatus))
		require.Equal(t, "TRANSPARENT", value(e, ics.ComponentPropertyTransp))
		require.Equal(t, "https://example.org/changes?a=1;b=2", value(e, ics.ComponentPropertyUrl))
		require.Equal(t, "PT1H", value(e, ics.ComponentProperty("X-ROLLBACK")))
		stamped, err := e.GetDtStampTime()
		require.NoError(t, err)
		require.True(t, stamped.Equal(stamp))
		modified, err := e.GetLastModifiedAt()
		require.NoError(t, err)
		require.True(t, modified.Equal(stamp))
	}
}
