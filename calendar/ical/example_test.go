package ical_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/ical"
)

func ExampleRead() {
	const file = `BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20211003
RRULE:FREQ=YEARLY
SUMMARY:Day of German Unity
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20261224T120000
DTEND;TZID=Europe/Berlin:20261225T000000
SUMMARY:Christmas Eve
END:VEVENT
END:VCALENDAR
`
	events, err := ical.Read(strings.NewReader(file), time.UTC)
	if err != nil {
		fmt.Println(err)
		return
	}
	hours := ical.ClosedOn(hours.Hours{Zone: "Europe/Berlin", Weekly: hours.EveryDay(calendar.AllDay())}, events...)
	fmt.Println(hours.Holidays[0].Name, hours.Holidays[0].Dates, "since", hours.Holidays[0].Since)
	fmt.Println(hours.Breaks[0].Name, hours.Breaks[0].During)
	// Output:
	// Day of German Unity 10-03 since 2021
	// Christmas Eve 2026-12-24T11:00:00Z/2026-12-24T23:00:00Z
}
