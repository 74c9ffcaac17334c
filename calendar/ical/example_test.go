package ical_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/calendar/rota"
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

func ExampleWrite() {
	berlin, _ := time.LoadLocation("Europe/Berlin")
	start := time.Date(2026, time.December, 5, 22, 0, 0, 0, berlin)
	var file strings.Builder
	err := ical.Write(&file, ical.Calendar{
		At: time.Date(2026, time.November, 27, 8, 0, 0, 0, time.UTC),
		Entries: []ical.Entry{{
			UID: "change-7@example.org", Sequence: 1, Status: ical.Confirmed,
			During:  calendar.Between(start, start.Add(4*time.Hour)),
			Summary: "Move the database", Categories: []string{"checkout", "search"},
		}},
	})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Print(strings.ReplaceAll(file.String(), "\r\n", "\n"))
	// Output:
	// BEGIN:VCALENDAR
	// VERSION:2.0
	// PRODID:-//servicecoin//servicecoin//EN
	// CALSCALE:GREGORIAN
	// BEGIN:VEVENT
	// UID:change-7@example.org
	// DTSTAMP:20261127T080000Z
	// SEQUENCE:1
	// DTSTART:20261205T210000Z
	// DTEND:20261206T010000Z
	// SUMMARY:Move the database
	// CATEGORIES:checkout,search
	// STATUS:CONFIRMED
	// END:VEVENT
	// END:VCALENDAR
}

func ExampleShifts() {
	rotation := rota.Rotation{
		Zone: "Europe/Berlin", Start: calendar.LocalTime{Date: calendar.Date{Year: 2026, Month: time.November, Day: 23}, Clock: calendar.ClockAt(9, 0)},
		Unit: rota.Weekly, Length: 1, Members: []servicecoin.PersonID{"ada", "bob"},
	}
	turns, err := rotation.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	month := calendar.Month{Year: 2026, Month: time.December}.In(turns.Location())
	for _, e := range ical.Shifts(ical.Entry{UID: "on call", Summary: "On call", Zone: "Europe/Berlin"}, turns.Shifts(month), nil) {
		fmt.Println(e.UID, e.Summary)
	}
	// Output:
	// on call-20261130T080000Z On call: bob
	// on call-20261207T080000Z On call: ada
	// on call-20261214T080000Z On call: bob
	// on call-20261221T080000Z On call: ada
	// on call-20261228T080000Z On call: bob
}
