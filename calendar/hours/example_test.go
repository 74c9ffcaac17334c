package hours_test

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
)

func ExampleHours() {
	open, err := hours.Parse("Mo-Fr 09:00-12:30,13:30-18:00; Dec 24 09:00-12:00; PH off")
	if err != nil {
		fmt.Println(err)
		return
	}
	open.Zone = "Europe/Berlin"
	open.Holidays = []hours.Holiday{{Name: "Christmas", Dates: hours.Yearly(time.December, 25)}}

	timetable, err := open.CompileYears(2026, 2030, nil)
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

func ExampleParse() {
	_, err := hours.Parse("Mo-Fr 09:00-26:00")
	fmt.Println(err)
	// Output: invalid: column 13 "26:00": expected a time from 00:00 to 24:00; a night is written 22:00-06:00 (syntax)
}

func ExampleAllowance() {
	open, err := hours.Parse("Mo-Fr 09:00-17:00")
	if err != nil {
		fmt.Println(err)
		return
	}
	timetable, err := open.CompileYears(2026, 2026, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	friday := time.Date(2026, time.March, 6, 15, 0, 0, 0, time.UTC)
	for _, day := range []hours.Allowance{
		hours.WorkingTime(8 * time.Hour), hours.WorkingTime(24 * time.Hour), hours.WorkingDays(1), hours.EndOfWorkingDay(1),
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
	hours, err := hours.Parse("Fr 22:00-06:00; Sa 09:00-12:00")
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
	sale := hours.CriticalWindow{
		Name: "Christmas sale", Kind: hours.BusinessEvent, Reason: "half of the year's turnover",
		Weight: decimal.NewFromInt(3), During: december,
	}
	times, err := hours.CompileCritical(december, sale)
	if err != nil {
		fmt.Println(err)
		return
	}
	heaviest, holds, err := times.Heaviest(time.Date(2026, time.December, 20, 12, 0, 0, 0, time.UTC))
	fmt.Println(heaviest.Name, heaviest.Weight, holds, err)
	// Output: Christmas sale 3 true <nil>
}
