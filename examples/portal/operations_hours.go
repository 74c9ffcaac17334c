package main

import (
	"bytes"
	_ "embed"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

//go:embed web/holidays.ics
var holidays []byte

// deskZone is where the provider's service desk sits.
const deskZone = "Europe/Berlin"

// maintenance is when something may be out of order, written as people say it
// and as calendars have it.
func maintenance() []string {
	return []string{
		`Su 02:00-03:30 Europe/Berlin from 2024-01-07 "Backup is tried out"`,
		"DTSTART;TZID=Europe/Berlin:20240113T220000\nRRULE:FREQ=MONTHLY;BYDAY=2SA\nDURATION:PT6H\nSUMMARY:Database platform is patched",
	}
}

// onCall is who answers at night. Cleo came in the summer of 2026.
const onCall = `weekly from 2024-01-01 09:00 Europe/Berlin: ada, ben;
from 2026-06-29 09:00: ada, ben, cleo`

// desk is when the provider's people are there, what matters more than usual,
// and who is called at night, worked out for some years.
type desk struct {
	hours       hours.Hours
	open        *hours.Timetable
	matters     []hours.CriticalWindow
	critical    *hours.CriticalTimes
	windows     []*recur.WindowTimes
	maintenance *recur.Windows // all of them
	turns       *rota.Turns
	answer      hours.Allowance // by when a message is answered
	first, last calendar.Month  // for which all this is worked out
}

// deskHours compiles the hours for the years around an instant.
func deskHours(now time.Time) (desk, error) {
	const around = 3 // years
	d := desk{
		answer: hours.WorkingTime(4 * time.Hour),
		first:  calendar.Month{Year: now.Year() - around, Month: time.January}, last: calendar.Month{Year: now.Year() + around, Month: time.December},
	}
	open, err := hours.Parse("Mo-Fr 08:00-18:00; Dec 24,Dec 31 08:00-12:00; PH off")
	if err != nil {
		return d, err
	}
	open.Zone = deskZone
	loc, err := open.Location()
	if err != nil {
		return d, err
	}
	closed, err := ical.Read(bytes.NewReader(holidays), loc)
	if err != nil {
		return d, err
	}
	d.hours = ical.ClosedOn(open, closed...)
	if d.open, err = d.hours.CompileYears(d.first.Year, d.last.Year, nil); err != nil {
		return d, err
	}
	advent, err := hours.Parse("Nov 27-Dec 23 08:00-20:00")
	if err != nil {
		return d, err
	}
	count, err := hours.Parse("Dec 30-Dec 31 06:00-22:00")
	if err != nil {
		return d, err
	}
	advent.Zone, count.Zone = deskZone, deskZone
	d.matters = []hours.CriticalWindow{
		{Name: "Advent orders", Kind: hours.BusinessEvent, Reason: "A third of the year's orders: nothing is changed that can wait", Weight: number("3"), Hours: &advent},
		{Name: "Stocktaking", Kind: hours.OperationalWindow, Reason: "Order entry counts the stock, nobody else writes", Weight: number("2"), Hours: &count},
	}
	d.critical, err = hours.CompileCritical(d.open.Span(), d.matters...)
	if err != nil {
		return d, err
	}
	err = d.recurs()
	return d, err
}

// recurs reads what comes again and again.
func (d *desk) recurs() (err error) {
	var windows []recur.Window
	for _, text := range maintenance() {
		w, err := recur.ParseWindow(text)
		if err != nil {
			return err
		}
		times, err := w.Compile()
		if err != nil {
			return err
		}
		windows, d.windows = append(windows, w), append(d.windows, times)
	}
	if d.maintenance, err = recur.CompileWindows(d.open.Span(), windows...); err != nil {
		return err
	}
	turns, err := rota.Parse(onCall)
	if err != nil {
		return err
	}
	d.turns, err = turns.Compile()
	return err
}
