package ical_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/calendar/internal/caltest"
)

// told tells events as "uid when", in the order of the file.
func told(events []ical.Event) []string {
	out := []string{}
	for _, e := range events {
		when := e.Dates.String()
		switch {
		case e.Dates.IsZero():
			when = e.During.String()
		case e.Dates.Yearly():
			when = fmt.Sprintf("%s from %d to %d", when, e.Since, e.Until)
		}
		out = append(out, strings.TrimSpace(e.UID+" "+when))
	}
	return out
}

func caseFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/cases/" + name)
	require.NoError(t, err)
	return string(text)
}

func readIn(t *testing.T, text, zone string) []ical.Event {
	t.Helper()
	events, err := ical.Read(strings.NewReader(text), caltest.Location(t, zone))
	require.NoError(t, err)
	return events
}

// readers are zones from one end of the clock to the other.
var readers = []string{
	"UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Tokyo", "Asia/Kathmandu", "Pacific/Auckland", "Pacific/Honolulu", "Pacific/Chatham",
}

// A day that is written as a time is the same day whoever reads it.
func TestWholeDaysWrittenAsTimes(t *testing.T) {
	t.Parallel()
	for _, zone := range readers {
		assert.Equal(t, []string{
			"midnight 01-01 from 2020 to 2025", "end 01-01 from 2020 to 2025",
			"week 2026-12-21", "week 2026-12-22", "week 2026-12-23", "week 2026-12-24",
			"tuesday 2020-12-29", "tuesday 2021-01-26", "tuesday 2021-02-23", "tuesday 2021-03-30", "tuesday 2021-04-27", "tuesday 2021-05-25", "tuesday 2021-06-29",
			"tuesday 2021-07-27", "tuesday 2021-08-31", "tuesday 2021-09-28", "tuesday 2021-10-26", "tuesday 2021-11-30",
		}, told(readIn(t, caseFile(t, "ics-until-of-whole-days.ics"), zone)), zone)
	}
	for name, c := range map[string]struct {
		value string
		zones []string // of the readers; nil: all
		want  string   // the day
	}{
		"the date":                               {"20261224", nil, "24"},
		"midnight in UTC":                        {"20261224T000000Z", nil, "24"},
		"the last second in UTC":                 {"20261224T235959Z", nil, "24"},
		"the last minute in UTC":                 {"20261224T235900Z", nil, "24"},
		"midnight in Berlin":                     {"20261223T230000Z", nil, "24"},
		"the last second in Berlin":              {"20261224T225959Z", nil, "24"},
		"midnight in New York":                   {"20261224T050000Z", nil, "24"},
		"the last second in New York":            {"20261225T045959Z", nil, "24"},
		"midnight in Honolulu":                   {"20261224T100000Z", []string{"UTC", "Pacific/Honolulu", "Europe/Berlin"}, "24"},
		"midnight in Kathmandu":                  {"20261223T181500Z", nil, "24"},
		"midnight in Auckland, in summer":        {"20261223T110000Z", []string{"UTC", "Pacific/Auckland", "Europe/Berlin", "America/New_York"}, "24"},
		"the last second in Auckland":            {"20261224T105959Z", []string{"UTC", "Pacific/Auckland", "Europe/Berlin", "America/New_York"}, "24"},
		"midnight in Pago Pago, to its readers":  {"20261224T110000Z", []string{"Pacific/Pago_Pago"}, "24"},
		"midnight in Kiritimati, to its readers": {"20261223T100000Z", []string{"Pacific/Kiritimati"}, "24"},
		"a local midnight":                       {"20261224T000000", nil, "24"},
		"with spaces":                            {" 20261224T000000Z ", nil, "24"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := c.zones
			if in == nil {
				in = readers
			}
			for _, zone := range in {
				day := "UID:x\nDTSTART;VALUE=DATE:20261222\n"
				until := readIn(t, icsOf(day+"RRULE:FREQ=DAILY;UNTIL="+c.value), zone)
				assert.Equal(t, "2026-12-"+c.want, until[len(until)-1].Dates.String(), "UNTIL in %s", zone)
				yearly := readIn(t, icsOf("DTSTART;VALUE=DATE:202012"+c.want+"\nRRULE:FREQ=YEARLY;UNTIL="+c.value), zone)
				assert.Equal(t, 2026, yearly[0].Until, "of every year, in %s", zone)
				if strings.Contains(c.value, "59") { // is no midnight, and takes out nothing
					_, err := ical.Read(strings.NewReader(icsOf(day+"RRULE:FREQ=DAILY;COUNT=4\nEXDATE:"+c.value)), caltest.Location(t, zone))
					assert.Equal(t, []string{"line 7:bad-format"}, lineCodes(t, err))
					continue
				}
				for _, line := range []string{"\nEXDATE:" + c.value, "\nEXDATE;VALUE=DATE-TIME:" + c.value + ","} {
					if c.value == "20261224" && strings.Contains(line, "DATE-TIME") {
						continue
					}
					except := readIn(t, icsOf(day+"RRULE:FREQ=DAILY;COUNT=4"+line), zone)
					assert.Equal(t, []string{"x 2026-12-22", "x 2026-12-23", "x 2026-12-25"}, told(except), "EXDATE in %s", zone)
				}
				moved := readIn(t, icsOf(day+"RRULE:FREQ=DAILY;COUNT=3", "UID:x\nRECURRENCE-ID:"+c.value+"\nDTSTART;VALUE=DATE:20261231"), zone)
				assert.Equal(t, []string{"x 2026-12-22", "x 2026-12-23", "x 2026-12-31"}, told(moved), "RECURRENCE-ID in %s", zone)
			}
		})
	}
}

func TestZonesThatAFileDefines(t *testing.T) {
	t.Parallel()
	for _, zone := range readers {
		assert.Equal(t, []string{
			"est 2026-07-15T02:00:00Z/2026-07-15T06:00:00Z", "gmt 2026-07-14T21:00:00Z/2026-07-15T01:00:00Z", "winter 2026-01-14T03:00:00Z/2026-01-14T07:00:00Z",
		}, told(readIn(t, caseFile(t, "ics-zone-with-its-own-definition.ics"), zone)), zone)
	}
	part := func(kind, start, from, to string, more ...string) string {
		return "BEGIN:" + kind + "\n" + strings.Join(append([]string{"DTSTART:" + start, "TZOFFSETFROM:" + from, "TZOFFSETTO:" + to}, more...), "\n") + "\nEND:" + kind + "\n"
	}
	define := func(name string, parts ...string) string {
		return "BEGIN:VTIMEZONE\nTZID:" + name + "\n" + strings.Join(parts, "") + "END:VTIMEZONE\n"
	}
	winter := part("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10")
	summer := part("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3")
	noon := func(zone string, days ...string) string {
		var events []string
		for _, d := range days {
			events = append(events, "BEGIN:VEVENT\nDTSTART;TZID="+zone+":"+d+"T120000\nDURATION:PT1H\nEND:VEVENT\n")
		}
		return strings.Join(events, "")
	}
	for name, c := range map[string]struct {
		text string // in a calendar
		want []string
	}{
		"a name of Windows":           {define("W. Europe Standard Time", winter, summer) + noon("W. Europe Standard Time", "20260724", "20261224"), []string{"2026-07-24T10:00", "2026-12-24T11:00"}},
		"a name in quotes":            {define("(UTC-05:00) Eastern Time (US & Canada)", part("STANDARD", "16010101T000000", "-0500", "-0500")) + noon(`"(UTC-05:00) Eastern Time (US & Canada)"`, "20260724"), []string{"2026-07-24T17:00"}},
		"spaces around the name":      {define(" 1", winter, summer) + noon(" 1", "20260724"), []string{"2026-07-24T10:00"}},
		"after the events":            {noon("Customized Time Zone", "20260724") + define("Customized Time Zone", winter, summer), []string{"2026-07-24T10:00"}},
		"a land that has no summer":   {define("CET", part("STANDARD", "19700101T000000", "+0100", "+0100")) + noon("CET", "20260724"), []string{"2026-07-24T11:00"}},
		"another offset than its own": {define("Etc/GMT-3", part("STANDARD", "19700101T000000", "-0300", "-0300")) + noon("Etc/GMT-3", "20260724"), []string{"2026-07-24T15:00"}},
		"seconds and a minus":         {define("X", part("STANDARD", "19700101T000000", "+0000", "-003045")) + noon("X", "20260724"), []string{"2026-07-24T12:30:45"}},
		"a rule that ended": {
			define("X", part("DAYLIGHT", "20000326T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20100328T010000Z"), part("STANDARD", "20001029T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU")) + noon("X", "20100724", "20110724"),
			[]string{"2010-07-24T10:00", "2011-07-24T11:00"},
		},
		"dates instead of a rule":                   {define("X", part("STANDARD", "20250101T000000", "+0100", "+0100"), part("DAYLIGHT", "20250330T020000", "+0100", "+0200", "RDATE:20260329T020000"), part("STANDARD", "20251026T030000", "+0200", "+0100", "RDATE:20261025T030000,20271031T030000")) + noon("X", "20250724", "20260724", "20270724"), []string{"2025-07-24T10:00", "2026-07-24T10:00", "2027-07-24T11:00"}},
		"before the first part, of a place":         {define("Europe/Berlin", part("STANDARD", "20101031T030000", "+0200", "+0100")) + noon("Europe/Berlin", "20090724", "19780724", "20110724"), []string{"2009-07-24T10:00", "1978-07-24T11:00", "2011-07-24T11:00"}},
		"before the first part, of no place":        {define("CET", part("STANDARD", "20101031T030000", "+0100", "+0100")) + noon("CET", "20090724"), []string{"2009-07-24T11:00"}},
		"before the first part":                     {define("X", part("STANDARD", "20101031T030000", "+0200", "+0100")) + noon("X", "20090124", "20110724"), []string{"2009-01-24T10:00", "2011-07-24T11:00"}},
		"a prefix, and its own definition":          {define("/mozilla.org/20070129_1/Europe/Berlin", part("STANDARD", "19700101T000000", "+0500", "+0500")) + noon("/mozilla.org/20070129_1/Europe/Berlin", "20260724"), []string{"2026-07-24T07:00"}},
		"a definition that says nothing":            {define("Europe/Berlin") + noon("Europe/Berlin", "20260724"), []string{"2026-07-24T10:00"}},
		"one that cannot be read, of a known zone":  {define("Europe/Berlin", part("STANDARD", "nonsense", "+0200", "+0100")) + noon("Europe/Berlin", "20260724"), []string{"2026-07-24T10:00"}},
		"nonsense that no time is in":               {define("X", part("STANDARD", "nonsense", "east", "west")) + noon("Europe/Berlin", "20260724"), []string{"2026-07-24T10:00"}},
		"the same twice":                            {define("X", winter, summer) + define("X", winter, summer) + noon("X", "20260724"), []string{"2026-07-24T10:00"}},
		"a calendar of another maker":               {define("X", winter, summer) + noon("X", "20260724") + "END:VCALENDAR\nBEGIN:VCALENDAR\n" + define("X", part("STANDARD", "19700101T000000", "-0500", "-0500")) + noon("X", "20260724"), []string{"2026-07-24T10:00", "2026-07-24T17:00"}},
		"the time between its clocks":               {define("X", winter, summer) + "BEGIN:VEVENT\nDTSTART;TZID=X:20260329T023000\nDURATION:PT1H\nEND:VEVENT\n", []string{"2026-03-29T01:30"}},
		"what repeats, is left out, and is moved":   {define("EST", part("STANDARD", "20071104T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"), part("DAYLIGHT", "20070311T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU")) + "BEGIN:VEVENT\nUID:a\nDTSTART;TZID=EST:20260303T120000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=EST:20260317T120000\nEND:VEVENT\nBEGIN:VEVENT\nUID:a\nRECURRENCE-ID;TZID=EST:20260324T120000\nDTSTART;TZID=EST:20260325T120000\nDURATION:PT1H\nEND:VEVENT\n", []string{"2026-03-03T17:00", "2026-03-10T16:00", "2026-03-25T16:00"}},
		"its EST, and that of the tz database":      {define("EST", part("STANDARD", "19700101T000000", "+0900", "+0900")) + "BEGIN:VEVENT\nDTSTART;TZID=EST:20260301T120000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;TZID=/x/EST:20260301T220000\nEND:VEVENT\n", []string{"2026-03-01T03:00"}},
		"a month rule":                              {define("X", part("STANDARD", "20260101T000000", "+0100", "+0200", "RRULE:FREQ=MONTHLY;INTERVAL=2;COUNT=2"), part("DAYLIGHT", "20260201T000000", "+0200", "+0100", "RRULE:FREQ=MONTHLY;INTERVAL=2;UNTIL=20260401T000000")) + noon("X", "20260105", "20260205", "20260305", "20260405"), []string{"2026-01-05T10:00", "2026-02-05T11:00", "2026-03-05T10:00", "2026-04-05T11:00"}},
		"far from now, as long as it is worked out": {define("X", winter, summer) + noon("X", "18950724", "23990724"), []string{"1895-07-24T10:00", "2399-07-24T10:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, e := range readIn(t, "BEGIN:VCALENDAR\n"+c.text+"END:VCALENDAR\n", "UTC") {
				got = append(got, strings.TrimSuffix(e.During.Start.Format("2006-01-02T15:04:05"), ":00"))
			}
			assert.Equal(t, c.want, got)
		})
	}
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"offsets":            {define("X", part("STANDARD", "19700101T000000", "1", "+0100")), []string{"line 4:bad-format", "line 11:unknown-zone"}},
		"far offsets":        {define("X", part("STANDARD", "19700101T000000", "+0100", "+2300")), []string{"line 4:out-of-range", "line 11:unknown-zone"}},
		"no offset":          {define("X", "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETTO:+0100\nEND:STANDARD\n"), []string{"line 4:required", "line 10:unknown-zone"}},
		"no beginning":       {define("X", "BEGIN:STANDARD\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\n"), []string{"line 4:required", "line 10:unknown-zone"}},
		"a rule of days":     {define("X", part("STANDARD", "19700101T000000", "+0100", "+0200", "RRULE:FREQ=DAILY")), []string{"line 4:unsupported", "line 12:unknown-zone"}},
		"exceptions":         {define("X", part("STANDARD", "19700101T000000", "+0100", "+0200", "RRULE:FREQ=YEARLY", "EXDATE:19710101T000000")), []string{"line 4:unsupported", "line 13:unknown-zone"}},
		"two at once":        {define("X", part("STANDARD", "19700101T000000", "+0100", "+0200"), part("DAYLIGHT", "19700101T000000", "+0100", "+0300")), []string{"line 9:contradiction", "line 16:unknown-zone"}},
		"anew and otherwise": {define("X", winter) + define("X", summer), []string{"line 11:duplicate", "line 21:unknown-zone"}},
		"no part at all":     {define("X"), []string{"line 6:unknown-zone"}},
		"too many offsets": {define("X", func() string {
			var b strings.Builder
			for i := range 260 {
				b.WriteString(part("STANDARD", fmt.Sprintf("%d0101T000000", 1900+i), "+0000", fmt.Sprintf("+00%02d%02d", i/60, i%60)))
			}
			return b.String()
		}()), []string{"line 2:too-many", "line 1306:unknown-zone"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readICal(t, "BEGIN:VCALENDAR\n"+c.text+noon("X", "20260724")+"END:VCALENDAR\n")
			assert.Equal(t, c.want, lineCodes(t, err), "%v", err)
		})
	}
}
