package change_test

import (
	"fmt"
	"log"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/operations/change"
)

// A plan whose way back leaves the window does not fit, and is told when it would.
func ExampleCalendar_Fit() {
	nights, err := recur.ParseWindow(`Mo-Fr 22:00-04:00 Europe/Berlin from 2026-01-01 "nights"`)
	if err != nil {
		log.Fatal(err)
	}
	rules := change.Calendar{
		Windows: []change.Window{{ID: "nights", Times: nights}},
		Freezes: []change.Freeze{{
			ID: "march", Name: "end of the quarter", Why: "the books are closed", DeclaredBy: "cfo",
			DeclaredAt: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC),
			During:     calendar.Between(time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)),
		}},
	}
	fit, err := rules.Fit(change.Question{
		At: time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC), Change: "c-17", Kind: change.Normal,
		Scope: change.Scope{Services: []servicecoin.ServiceID{"mail"}},
		Plan: change.Plan{
			Start: time.Date(2026, 3, 30, 23, 0, 0, 0, time.UTC), Length: calendar.Within(2 * time.Hour), WayBack: calendar.Within(2 * time.Hour),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, x := range fit.Obstacles {
		fmt.Println(x.Rule, x.During, x.Text)
	}
	for _, s := range fit.Starts {
		fmt.Println(s.At.Format(time.RFC3339), s.Name)
	}
	// Output:
	// freeze 2026-03-30T23:00:00Z/2026-03-31T03:00:00Z 4 h of it in the freeze "end of the quarter": the books are closed
	// window 2026-03-31T02:00:00Z/2026-03-31T03:00:00Z 1 h of it outside of every window, the nearest is nights
	// 2026-03-27T21:00:00Z nights
	// 2026-04-02T20:00:00Z nights
	// 2026-04-03T20:00:00Z nights
}

// What a change collides with, and why that matters.
func ExampleSchedule_Conflicts() {
	at := time.Date(2026, 3, 30, 22, 0, 0, 0, time.UTC)
	schedule, err := change.ScheduleOf(
		change.Entry{
			Kind: change.PatchEntry, ID: "p-3", Name: "ring 2", Span: calendar.Between(at.Add(time.Hour), at.Add(3*time.Hour)),
			Services: []servicecoin.ServiceID{"database"},
		},
		change.Entry{
			Kind: change.ChangeEntry, ID: "c-4", Name: "new disks", Span: calendar.Between(at, at.Add(90*time.Minute)),
			Services: []servicecoin.ServiceID{"backup"}, People: []servicecoin.PersonID{"anna"},
		},
	)
	if err != nil {
		log.Fatal(err)
	}
	relations := change.RelationsOf(map[servicecoin.ServiceID][]servicecoin.ServiceID{"mail": {"database"}})
	planned := change.Entry{
		Kind: change.ChangeEntry, ID: "c-17", Span: calendar.Between(at, at.Add(2*time.Hour)),
		Services: []servicecoin.ServiceID{"mail"}, People: []servicecoin.PersonID{"anna"},
	}
	for _, c := range schedule.Conflicts(planned, relations) {
		fmt.Println(c.Text)
	}
	// Output:
	// 1 h 30 min with change "new disks": anna cannot be at both
	// 1 h with patch slot "ring 2": mail rests on database: what happens to one shows in the other
}
