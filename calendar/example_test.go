package calendar_test

import (
	"fmt"
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
