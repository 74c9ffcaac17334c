package change_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/operations/change"
)

func TestFree(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	at := func(from, to int) calendar.Interval {
		return calendar.Between(start.Add(time.Duration(from)*time.Hour), start.Add(time.Duration(to)*time.Hour))
	}
	event := func(name string, during calendar.Interval) hours.CriticalWindow {
		return hours.CriticalWindow{Name: name, Kind: hours.BusinessEvent, Reason: "it is busy", Weight: decimal.NewFromInt(1), During: during}
	}
	o, err := change.Calendar{
		Windows: []change.Window{
			{ID: "night", During: at(2, 6)}, {ID: "erp", Services: []servicecoin.ServiceID{"erp"}, During: at(10, 12)},
		},
		Freezes: []change.Freeze{
			{ID: "f", Name: "carnival", During: at(3, 4), Through: []change.Kind{change.Emergency}, Why: "nobody is there", DeclaredBy: "ada", DeclaredAt: start},
			{ID: "g", Name: "audit", During: at(0, 24), Services: []servicecoin.ServiceID{"mail"}, Why: "an audit", DeclaredBy: "ada", DeclaredAt: start},
		},
		Critical: []change.CriticalTimes{
			{Customer: "alder", Windows: []hours.CriticalWindow{event("close of month", at(5, 6))}},
			{Customer: "birch", Services: []servicecoin.ServiceID{"mail"}, Windows: []hours.CriticalWindow{event("mailing", at(2, 3))}},
		},
	}.Compile(at(0, 24))
	require.NoError(t, err)
	for name, row := range map[string]struct {
		kind      change.Kind
		services  []servicecoin.ServiceID
		customers []servicecoin.CustomerID
		want      []calendar.Interval
	}{
		"whoever":                  {change.Standard, nil, nil, []calendar.Interval{at(2, 3), at(4, 6)}},
		"a window of its own":      {change.Standard, []servicecoin.ServiceID{"erp"}, nil, []calendar.Interval{at(2, 3), at(4, 6), at(10, 12)}},
		"let through":              {change.Emergency, []servicecoin.ServiceID{"erp"}, nil, []calendar.Interval{at(2, 6), at(10, 12)}},
		"both have the time":       {change.Standard, []servicecoin.ServiceID{"erp", "crm"}, nil, []calendar.Interval{at(2, 3), at(4, 6)}},
		"a critical window":        {change.Standard, []servicecoin.ServiceID{"erp"}, []servicecoin.CustomerID{"alder", "birch"}, []calendar.Interval{at(2, 3), at(4, 5), at(10, 12)}},
		"one of another service":   {change.Standard, []servicecoin.ServiceID{"crm"}, []servicecoin.CustomerID{"birch"}, []calendar.Interval{at(2, 3), at(4, 6)}},
		"a freeze of that service": {change.Standard, []servicecoin.ServiceID{"mail"}, nil, nil},
	} {
		got := o.Free(row.kind, change.Scope{Services: row.services}, row.customers...)
		require.Equal(t, calendar.SetOf(row.want...).String(), got.String(), name)
		// What is free, fits; what is not, does not.
		for h := range 24 {
			fit, err := o.Fit(change.Question{
				At: start.Add(-time.Hour), Kind: row.kind, Scope: change.Scope{Services: row.services}, Customers: row.customers,
				Plan: change.Plan{Start: at(h, h).Start, Length: calendar.Within(time.Hour), WayBack: calendar.Within(0)},
			})
			require.NoError(t, err)
			require.Equal(t, got.Covers(at(h, h+1)), len(fit.Obstacles) == 0, "%s at %d: %v", name, h, fit.Obstacles)
		}
	}
}
