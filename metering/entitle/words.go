package entitle

import (
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// Key returns the key of the version's record.
func (k Kept) Key(customer servicecoin.CustomerID) servicecoin.Key {
	return servicecoin.Key{Customer: customer, Kind: EntitlementRecord, ID: versionID(k.Feature, k.From)}
}

// Trace explains how the entitlement stands: of each limit what was used and what is left, window
// by window and grant by grant.
func (s Standing) Trace() servicecoin.Trace {
	t := servicecoin.Trace{Label: fmt.Sprintf("entitlement %s at %s", s.Judgement.Feature, stamp(s.Facts.At)), Plain: servicecoin.Say("%v on %v", string(s.Judgement.Feature), s.Facts.At)}
	if s.Kept.Feature == "" || !s.Judgement.Has {
		t.Plain = servicecoin.Say("%v is not had on %v", string(s.Judgement.Feature), s.Facts.At)
		return t
	}
	t.From = []servicecoin.Key{s.Kept.Key(s.customer)}
	for i := range s.Judgement.Counters {
		t.Parts = append(t.Parts, s.counter(i))
	}
	if f := s.Facts.Forecast; f != nil {
		t.Parts = append(t.Parts, servicecoin.Trace{
			Label: fmt.Sprintf("expected by %s, by %d windows", stamp(s.Facts.Period.End), f.N), Value: f.Expected, Unit: s.Unit,
			Plain: servicecoin.Say("expected by %v, if it goes on as in the %v before", s.Facts.Period.End, servicecoin.Quantity{Value: servicecoin.Some(decimal.NewFromInt(int64(f.N))), Unit: "windows"}),
			From:  []servicecoin.Key{s.meter()},
		})
	}
	return t
}

// meter is the key of the meter by which it was counted.
func (s Standing) meter() servicecoin.Key {
	return servicecoin.Key{Customer: servicecoin.Provider, Kind: metering.MeterRecord, ID: string(s.Kept.Meter)}
}

// counter explains what is left of a limit.
func (s Standing) counter(i int) servicecoin.Trace {
	c, unit := s.Judgement.Counters[i], s.Unit
	period := s.Kept.counted(s.Facts.Period)
	quantity := func(d decimal.Decimal) servicecoin.Quantity {
		return servicecoin.Quantity{Value: servicecoin.Some(d), Unit: unit}
	}
	where, plain := "in the period", servicecoin.Say("left of %v", quantity(c.Limit))
	if c.Name != "" {
		where, plain = "in "+c.Name, servicecoin.Say("left of %v in %v", quantity(c.Limit), c.Name)
	}
	t := servicecoin.Trace{
		Label: fmt.Sprintf("left of the limit of %s %s", metering.Plain(c.Limit), where), Value: servicecoin.Some(c.Left), Unit: unit,
		Plain: plain, From: []servicecoin.Key{s.Kept.Key(s.customer)},
	}
	used := servicecoin.Trace{
		Label: fmt.Sprintf("%s used %s, in %s", s.Kept.Meter, where, period), Value: c.Used, Unit: unit,
		Plain: servicecoin.Say("used from %v to %v", period.Start, period.End), From: []servicecoin.Key{s.meter()},
	}
	for _, w := range s.Windows {
		if c.Name == "" || w.Name != c.Name {
			continue
		}
		used.Plain = servicecoin.Say("used in %v from %v to %v", w.Name, period.Start, period.End)
		for _, p := range w.Points {
			if !p.Value.Valid {
				continue
			}
			used.Parts = append(used.Parts, servicecoin.Trace{
				Label: fmt.Sprintf("%s in %s, of %d events", s.Kept.Meter, p.Interval, p.Events), Value: p.Value, Unit: unit,
				Plain: servicecoin.Say("from %v to %v, out of %v", p.Start, p.End, events(p.Events)), From: []servicecoin.Key{s.meter()},
			})
		}
	}
	if c.Name == "" && !s.Kept.Limit.Valid {
		used = s.grants.Trace()
	}
	t.Parts = []servicecoin.Trace{used}
	return t
}

func events(n int64) servicecoin.Quantity {
	return servicecoin.Quantity{Value: servicecoin.Some(decimal.NewFromInt(n)), Unit: "events"}
}

// Saying says what follows, as people say it: "refused", "slowed to 5 a second", "charged
// at price peak", "told", "capacity is planned". The unit is that of the meter.
func (c Consequence) Saying(unit string) servicecoin.Saying {
	switch c.Act {
	case Refuse:
		return servicecoin.Say("more is refused")
	case Throttle:
		return servicecoin.Say("slowed to %v a second", servicecoin.Quantity{Value: c.Rate, Unit: unit})
	case Charge:
		return servicecoin.Say("charged at the price %v", string(c.Price))
	case Capacity:
		return servicecoin.Say("those who plan capacity hear of it")
	case Notify:
	}
	if c.Whom != "" {
		return servicecoin.Say("%v is told", string(c.Whom))
	}
	return servicecoin.Say("your contacts are told")
}
