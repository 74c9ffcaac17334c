package calendar_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/calendar"
)

func ExampleSetOf() {
	ten := time.Date(2023, time.April, 3, 10, 0, 0, 0, time.UTC)
	down := calendar.SetOf(
		calendar.Between(ten, ten.Add(20*time.Minute)),
		calendar.Between(ten.Add(10*time.Minute), ten.Add(30*time.Minute)),
	)
	maintenance := calendar.SetOf(calendar.Between(ten.Add(25*time.Minute), ten.Add(time.Hour)))
	fmt.Println(down.Duration(), down.Subtract(maintenance).Duration())
	// Output: 30m0s 25m0s
}

func ExampleWorst() {
	ten := time.Date(2023, time.April, 3, 10, 0, 0, 0, time.UTC)
	slow := calendar.Span{Interval: calendar.Between(ten, ten.Add(time.Hour)), Weight: decimal.RequireFromString("0.3"), Tag: "slow"}
	out := calendar.Span{Interval: calendar.Between(ten.Add(10*time.Minute), ten.Add(20*time.Minute)), Weight: decimal.NewFromInt(1), Tag: "out"}

	worst := calendar.Worst(slow, out)
	for step := range worst.All() {
		fmt.Println(step.Start.Format("15:04"), step.Duration(), step.Weight, step.Tag)
	}
	fmt.Println(worst.WeightedSeconds(), "weighted seconds")
	// Output:
	// 10:00 10m0s 0.3 slow
	// 10:10 10m0s 1 out
	// 10:20 40m0s 0.3 slow
	// 1500 weighted seconds
}

func ExampleMonth_In() {
	havana, err := time.LoadLocation("America/Havana")
	if err != nil {
		fmt.Println(err)
		return
	}
	march, err := calendar.ParseMonth("2023-03")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(march.In(havana), march.In(havana).Duration())
	// Output: 2023-03-01T05:00:00Z/2023-04-01T04:00:00Z 743h0m0s
}

func ExampleDate_AddMonths() {
	anchor := calendar.Date{Year: 2023, Month: time.January, Day: 31}
	fmt.Println(anchor.AddMonths(1), anchor.AddMonths(2))
	// Output: 2023-02-28 2023-03-31
}

func ExampleDays() {
	apia, err := time.LoadLocation("Pacific/Apia")
	if err != nil {
		fmt.Println(err)
		return
	}
	noon := time.Date(2011, time.December, 29, 12, 0, 0, 0, apia)
	for day, iv := range calendar.Days(calendar.Between(noon, noon.Add(24*time.Hour)), apia) {
		fmt.Println(day, iv)
	}
	// Output:
	// 2011-12-29 2011-12-29T10:00:00Z/2011-12-30T10:00:00Z
	// 2011-12-31 2011-12-30T10:00:00Z/2011-12-31T10:00:00Z
}

func ExampleClockHours() {
	island, err := time.LoadLocation("Australia/Lord_Howe")
	if err != nil {
		fmt.Println(err)
		return
	}
	one := time.Date(2023, time.October, 1, 1, 0, 0, 0, island)
	for hour := range calendar.ClockHours(calendar.Between(one, one.Add(2*time.Hour)), island) {
		fmt.Println(hour.Start.In(island).Format("15:04"), hour.Duration())
	}
	// Output:
	// 01:00 1h0m0s
	// 02:30 30m0s
	// 03:00 1h0m0s
}

func ExampleParseInterval() {
	_, err := calendar.ParseInterval("2023-04-01T10:00:00Z/2023-04-01T09:00:00Z")
	fmt.Println(err)
	// Output: invalid: end "2023-04-01T09:00:00Z": must not be before the start (reversed)
}

func ExampleHours() {
	hours, err := calendar.ParseHours("Mo-Fr 09:00-12:30,13:30-18:00; Dec 24 09:00-12:00; PH off")
	if err != nil {
		fmt.Println(err)
		return
	}
	hours.Zone = "Europe/Berlin"
	hours.Holidays = []calendar.Holiday{{Name: "Christmas", Dates: calendar.Yearly(time.December, 25)}}

	timetable, err := hours.CompileYears(2026, 2030, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	reported := time.Date(2026, time.December, 24, 11, 0, 0, 0, timetable.Location()) // a Thursday
	due, err := timetable.Deadline(reported, 4*time.Hour)
	if err != nil {
		fmt.Println(err)
		return
	}
	worked, err := timetable.Elapsed(reported, due)
	fmt.Println(due.In(timetable.Location()).Format("Mon 2 Jan 15:04"), worked, err)
	// Output: Mon 28 Dec 12:00 4h0m0s <nil>
}

func ExampleParseHours() {
	_, err := calendar.ParseHours("Mo-Fr 09:00-26:00")
	fmt.Println(err)
	// Output: invalid: column 13 "26:00": expected a time from 00:00 to 24:00; a night is written 22:00-06:00 (syntax)
}

func ExampleReadICalendar() {
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
	events, err := calendar.ReadICalendar(strings.NewReader(file), time.UTC)
	if err != nil {
		fmt.Println(err)
		return
	}
	hours := calendar.ClosedOn(calendar.Hours{Zone: "Europe/Berlin", Weekly: calendar.EveryDay(calendar.AllDay())}, events...)
	fmt.Println(hours.Holidays[0].Name, hours.Holidays[0].Dates, "since", hours.Holidays[0].Since)
	fmt.Println(hours.Breaks[0].Name, hours.Breaks[0].During)
	// Output:
	// Day of German Unity 10-03 since 2021
	// Christmas Eve 2026-12-24T11:00:00Z/2026-12-24T23:00:00Z
}

func ExampleAllowance() {
	hours, err := calendar.ParseHours("Mo-Fr 09:00-17:00")
	if err != nil {
		fmt.Println(err)
		return
	}
	timetable, err := hours.CompileYears(2026, 2026, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	friday := time.Date(2026, time.March, 6, 15, 0, 0, 0, time.UTC)
	for _, day := range []calendar.Allowance{
		calendar.WorkingTime(8 * time.Hour), calendar.WorkingTime(24 * time.Hour), calendar.WorkingDays(1), calendar.EndOfWorkingDay(1),
	} {
		due, err := day.Due(timetable, friday)
		fmt.Println(day, "is due", due.Format("Mon 15:04"), err)
	}
	// Output:
	// 8h is due Mon 15:00 <nil>
	// 24h is due Wed 15:00 <nil>
	// 1 working day is due Mon 15:00 <nil>
	// end of working day 1 is due Mon 17:00 <nil>
}

func ExampleTimetable_Openings() {
	hours, err := calendar.ParseHours("Fr 22:00-06:00; Sa 09:00-12:00")
	if err != nil {
		fmt.Println(err)
		return
	}
	timetable, err := hours.CompileYears(2026, 2026, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	week := calendar.Date{Year: 2026, Month: time.March, Day: 2}
	for opening, err := range timetable.Openings(calendar.Interval{Start: week.In(nil).Start, End: week.AddDays(7).In(nil).Start}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(opening.Start.Format("Mon 15:04"), opening.Duration())
	}
	// Output:
	// Fri 22:00 8h0m0s
	// Sat 09:00 3h0m0s
}

func ExampleCompileCritical() {
	december := calendar.Month{Year: 2026, Month: time.December}.In(time.UTC)
	sale := calendar.CriticalWindow{
		Name: "Christmas sale", Kind: calendar.BusinessEvent, Reason: "half of the year's turnover",
		Weight: decimal.NewFromInt(3), During: december,
	}
	times, err := calendar.CompileCritical(december, sale)
	if err != nil {
		fmt.Println(err)
		return
	}
	heaviest, holds, err := times.Heaviest(time.Date(2026, time.December, 20, 12, 0, 0, 0, time.UTC))
	fmt.Println(heaviest.Name, heaviest.Weight, holds, err)
	// Output: Christmas sale 3 true <nil>
}

func ExampleRule() {
	rule, err := calendar.ParseRule("DTSTART;TZID=Europe/Berlin:20160112T090000\nRRULE:FREQ=MONTHLY;BYDAY=2TU\nEXDATE;VALUE=DATE:20261208")
	if err != nil {
		fmt.Println(err)
		return
	}
	times, err := rule.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, time.November, 24, 10, 30, 0, 0, time.UTC)
	next, _ := times.Next(now)
	last, _ := times.Previous(now)
	fmt.Println("last", last.In(times.Location()))
	fmt.Println("next", next.In(times.Location()))
	_, err = calendar.ParseRepeat("FREQ=MONTHLY;BYDAY=2TX")
	fmt.Println(err)
	// Output:
	// last 2026-11-10 09:00:00 +0100 CET
	// next 2027-01-12 09:00:00 +0100 CET
	// invalid: column 20 "2TX": must be a day such as MO, or a numbered one such as 2TU or -1FR (syntax)
}

func ExampleCompileWindows() {
	var windows []calendar.Window
	for _, text := range []string{
		`Mo-Fr 22:00-06:00 Europe/Berlin "night batch"`,
		"SUMMARY:patches\nDTSTART;TZID=Europe/Berlin:20260110T220000\nRRULE:FREQ=MONTHLY;BYDAY=2SA\nDURATION:PT8H",
	} {
		w, err := calendar.ParseWindow(text)
		if err != nil {
			fmt.Println(err)
			return
		}
		windows = append(windows, w)
	}
	year := calendar.Between(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	index, err := calendar.CompileWindows(year, windows...)
	if err != nil {
		fmt.Println(err)
		return
	}
	// A change of three hours on a Saturday evening: what does it run into?
	evening := time.Date(2026, time.December, 12, 20, 0, 0, 0, time.UTC)
	hits, err := index.Overlapping(calendar.Between(evening, evening.Add(3*time.Hour)))
	for _, i := range hits {
		fmt.Println(index.Window(i).Name, err)
	}
	// Output: patches <nil>
}

func ExampleRotation() {
	rota, err := calendar.ParseRotation("weekly from 2026-01-05 09:00 Europe/Berlin: anna, ben; from 2026-06-29 09:00: anna, ben, carla")
	if err != nil {
		fmt.Println(err)
		return
	}
	turns, err := rota.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, time.November, 24, 10, 30, 0, 0, time.UTC)
	for shift := range turns.Shifts(calendar.Between(now, now.AddDate(0, 0, 14))) {
		fmt.Println(shift.Start.In(turns.Location()).Format("2 Jan 15:04"), shift.Member)
	}
	// Output:
	// 23 Nov 09:00 ben
	// 30 Nov 09:00 carla
	// 7 Dec 09:00 anna
}
