package meteringtest

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// use is some days of usage of two customers: points and intervals with several values
// and dimensions, voided, corrected and closed.
func use() []metering.Event {
	var list []metering.Event
	for n := range 150 {
		e := metering.Event{
			Customer: acme, Source: []string{"a", "B"}[n%2], ID: number(n), Type: hours, Subject: []string{"vm1", "vm2", "vm3", ""}[n%4],
			Time: after(time.Duration(n*37%120) * time.Hour), Value: servicecoin.Some(decimal.New(int64(n*7919%1000-100), -2)),
			RecordedAt: after(time.Duration(1000+n/10) * time.Hour),
		}
		e.Time = e.Time.Add(time.Duration(n*7919%3600_000_000) * time.Microsecond)
		dimensions := map[string]string{"region": []string{"eu", "us", ""}[n%3], "size": []string{"xl", "s"}[n/3%2]}
		switch n % 10 {
		case 1:
			e.End = e.Time.Add(time.Duration(n) * 17 * time.Minute)
		case 3:
			e.Open = true
		case 5:
			e.Value = servicecoin.Undefined()
		case 7:
			e.Customer = globex
		case 9:
			e.Type = "vm.starts"
		}
		if n%4 > 0 {
			e.Fields = metering.Fields{{Name: "in", Value: decimal.New(int64(n), -1)}, {Name: "out", Value: decimal.New(int64(n%13)-6, 0)}}
		}
		e.Dimensions = metering.DimensionsOf(dimensions)
		list = append(list, e)
	}
	return list
}

// afterthoughts are facts about what use returns.
func afterthoughts(list []metering.Event) []metering.Event {
	var facts []metering.Event
	for n, e := range list {
		f := metering.Event{
			Customer: e.Customer, Source: "desk", ID: number(n), Of: metering.Ref{Source: e.Source, ID: e.ID}, RecordedAt: after(time.Duration(1005+n/5) * time.Hour),
		}
		switch {
		case n%20 == 3:
			f.Does, f.Time = metering.Close, e.Time.Add(time.Duration(n)*time.Hour)
		case n%11 == 0:
			f.Does = metering.Void
		case n%13 == 0:
			f.Does, f.Type, f.Subject, f.Time, f.Value, f.Fields, f.Dimensions = metering.Correct, hours, "vm9", e.Time.Add(13*time.Hour), e.Value, e.Fields, e.Dimensions
		default:
			continue
		}
		facts = append(facts, f)
	}
	return facts
}
