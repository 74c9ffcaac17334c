package workday_test

import (
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/workday"
)

func ExampleParse() {
	office, err := hours.Parse("Mo-Fr 09:00-17:00; Jan 1 off; Dec 25-26 off")
	if err != nil {
		fmt.Println(err)
		return
	}
	timetable, err := office.CompileYears(2026, 2027, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	today := calendar.Date{Year: 2026, Month: time.November, Day: 27}
	for _, text := range []string{
		"FREQ=MONTHLY;BYMONTHDAY=-1 on or before a working day",
		"3 working days after FREQ=MONTHLY;BYDAY=2TU",
	} {
		rule, err := workday.Parse(text)
		if err != nil {
			fmt.Println(err)
			return
		}
		days, err := rule.Compile(timetable)
		if err != nil {
			fmt.Println(err)
			return
		}
		next, _, err := days.Next(today)
		fmt.Println(next, err)
	}
	// Output:
	// 2026-11-30 <nil>
	// 2026-12-11 <nil>
}
