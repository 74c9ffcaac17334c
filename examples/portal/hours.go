package main

import (
	"bytes"
	_ "embed"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

//go:embed web/holidays.ics
var holidays []byte

// deskZone is where the provider's service desk sits.
const deskZone = "Europe/Berlin"

// desk is when the provider's people are there, and what matters more than
// usual, worked out for some years.
type desk struct {
	open     *calendar.Timetable
	critical *calendar.CriticalTimes
	answer   calendar.Allowance // by when a message is answered
}

// deskHours compiles the hours for the years around an instant.
func deskHours(now time.Time) (desk, error) {
	d := desk{answer: calendar.WorkingTime(4 * time.Hour)}
	hours, err := calendar.ParseHours("Mo-Fr 08:00-18:00; Dec 24,Dec 31 08:00-12:00; PH off")
	if err != nil {
		return d, err
	}
	hours.Zone = deskZone
	loc, err := hours.Location()
	if err != nil {
		return d, err
	}
	closed, err := calendar.ReadICalendar(bytes.NewReader(holidays), loc)
	if err != nil {
		return d, err
	}
	if d.open, err = hours.ClosedOn(closed...).CompileYears(now.Year()-3, now.Year()+3, nil); err != nil {
		return d, err
	}
	advent, err := calendar.ParseHours("Nov 27-Dec 23 08:00-20:00")
	if err != nil {
		return d, err
	}
	count, err := calendar.ParseHours("Dec 30-Dec 31 06:00-22:00")
	if err != nil {
		return d, err
	}
	advent.Zone, count.Zone = deskZone, deskZone
	d.critical, err = calendar.CompileCritical(d.open.Span(),
		calendar.CriticalWindow{Name: "Advent orders", Kind: calendar.BusinessEvent, Reason: "A third of the year's orders: nothing is changed that can wait", Weight: number("3"), Hours: &advent},
		calendar.CriticalWindow{Name: "Stocktaking", Kind: calendar.OperationalWindow, Reason: "Order entry counts the stock, nobody else writes", Weight: number("2"), Hours: &count},
	)
	return d, err
}
