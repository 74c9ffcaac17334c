package rota_test

import (
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/rota"
)

func ExampleRotation() {
	rota, err := rota.Parse("weekly from 2026-01-05 09:00 Europe/Berlin: anna, ben; from 2026-06-29 09:00: anna, ben, carla")
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
