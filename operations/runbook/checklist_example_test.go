package runbook_test

import (
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

func ExampleMissed() {
	rule, err := workday.Parse("FREQ=MONTHLY;BYMONTHDAY=-1 on or before a working day")
	if err != nil {
		fmt.Println(err)
		return
	}
	office := hours.Hours{Weekly: hours.Workdays(calendar.ClockSpan{Open: calendar.ClockAt(9, 0), Close: calendar.ClockAt(17, 0)})}
	timetable, err := office.CompileYears(2025, 2027, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	template := runbook.Template{
		ID: "month end", State: runbook.Published, PublishedAt: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC),
		Schedule: &runbook.Schedule{Rule: rule, During: calendar.ClockSpan{Open: calendar.ClockAt(9, 0), Close: calendar.ClockAt(17, 0)}},
	}
	now := time.Date(2026, time.March, 20, 12, 0, 0, 0, time.UTC)
	missed, err := runbook.Missed(template, timetable, nil, calendar.Between(template.PublishedAt, now), now)
	for _, m := range missed {
		fmt.Println(m.Occasion.Day, m.Kind)
	}
	fmt.Println(err)
	// Output:
	// 2026-01-30 neverBegun
	// 2026-02-27 neverBegun
	// <nil>
}
