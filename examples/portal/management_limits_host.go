package main

import (
	"context"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/metering/entitle"
)

// mondayOrders is when most orders of the week come in: a window that has limits of its
// own, beside the critical windows of the calendar.
const mondayOrders = "Monday orders"

const mondayHours = "Mo 07:00-13:00"

// calendars tells when the windows are open that limits name.
type calendars struct{ desk *desk }

// names are the windows that a limit can name.
func (c calendars) names() []string {
	list := []string{mondayOrders}
	for _, w := range c.desk.matters {
		list = append(list, w.Name)
	}
	slices.Sort(list)
	return list
}

// Windows implements [entitle.Calendars].
func (c calendars) Windows(_ context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error) {
	open, err := c.hours(customer, name)
	if err != nil {
		return calendar.Set{}, err
	}
	times, err := open.Compile(within, nil)
	if err != nil {
		return calendar.Set{}, err
	}
	return times.Set(within)
}

func (c calendars) hours(customer servicecoin.CustomerID, name string) (hours.Hours, error) {
	for _, w := range c.desk.matters {
		if w.Name == name && w.Hours != nil {
			return *w.Hours, nil
		}
	}
	if name != mondayOrders {
		return hours.Hours{}, servicecoin.NotFound(servicecoin.Key{Customer: customer, Kind: entitle.WindowsRecord, ID: name})
	}
	open, err := hours.Parse(mondayHours)
	open.Zone = deskZone
	return open, err
}

// limitName is what a feature is called: its id is in words already.
func limitName(id entitle.FeatureID) string { return sentence(string(id)) }
