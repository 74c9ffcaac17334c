package runbook_test

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/workday"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
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
		ID: "month end", State: runbook.Published, Publication: runbook.Publication{PublishedAt: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)},
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

func ExampleChecklists() {
	ctx := context.Background()
	now := time.Date(2026, time.November, 27, 8, 30, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	round := runbook.NewChecklists(s.For(servicecoin.Provider), nil)
	ada, bob := servicecoin.Person("ada"), servicecoin.Person("bob")
	daily, err := workday.Parse("FREQ=DAILY from 2026-11-01")
	if err != nil {
		fmt.Println(err)
		return
	}
	template, err := round.Draft(ctx, ada, runbook.Template{
		ID: "morning", Title: servicecoin.Texts{"en": "Morning round"},
		Items:    []runbook.Item{{ID: "backup", Text: servicecoin.Texts{"en": "The backup of the night is there"}, Need: runbook.Must}},
		Schedule: &runbook.Schedule{Rule: daily, During: calendar.ClockSpan{Open: calendar.ClockAt(8, 0), Close: calendar.ClockAt(10, 0)}},
	})
	if err == nil {
		_, err = round.Publish(ctx, bob, template.ID, template.Edition)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := round.Begin(ctx, ada, "morning", calendar.Date{Year: 2026, Month: time.November, Day: 27})
	if err == nil {
		_, err = round.Check(ctx, ada, list.ID, runbook.Checked{Item: "backup", Result: runbook.CheckPassed})
	}
	if err == nil {
		_, err = round.Complete(ctx, ada, list.ID)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = round.SignOff(ctx, ada, list.ID, "")
	fmt.Println(err)
	list, err = round.SignOff(ctx, bob, list.ID, "")
	fmt.Println(list.State, err)
	// Output:
	// refused: checklist.signOff morning/2026-11-27, completed → signedOff: ada had a hand in it: somebody else has to look at it
	// signedOff <nil>
}
