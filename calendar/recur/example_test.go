package recur_test

import (
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
)

func ExampleRule() {
	rule, err := recur.Parse("DTSTART;TZID=Europe/Berlin:20160112T090000\nRRULE:FREQ=MONTHLY;BYDAY=2TU\nEXDATE;VALUE=DATE:20261208")
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
	_, err = recur.ParseRepeat("FREQ=MONTHLY;BYDAY=2TX")
	fmt.Println(err)
	// Output:
	// last 2026-11-10 09:00:00 +0100 CET
	// next 2027-01-12 09:00:00 +0100 CET
	// invalid: column 20 "2TX": must be a day such as MO, or a numbered one such as 2TU or -1FR (syntax)
}

func ExampleCompileWindows() {
	var windows []recur.Window
	for _, text := range []string{
		`Mo-Fr 22:00-06:00 Europe/Berlin "night batch"`,
		"SUMMARY:patches\nDTSTART;TZID=Europe/Berlin:20260110T220000\nRRULE:FREQ=MONTHLY;BYDAY=2SA\nDURATION:PT8H",
	} {
		w, err := recur.ParseWindow(text)
		if err != nil {
			fmt.Println(err)
			return
		}
		windows = append(windows, w)
	}
	year := calendar.Between(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	index, err := recur.CompileWindows(year, windows...)
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
