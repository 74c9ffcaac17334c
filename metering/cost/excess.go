package cost

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/store"
)

// Excess is what was used beyond a limit, for which a price was declared.
type Excess struct {
	ID      string                `json:"id"`   // names the limit and its period, always the same
	Name    string                `json:"name"` // for people, on the statement
	Service servicecoin.ServiceID `json:"service"`
	Meter   metering.MeterID      `json:"meter"`
	Unit    string                `json:"unit"`
	Price   servicecoin.PriceID   `json:"price"`
	Period  calendar.Interval     `json:"period"` // that the limit is for
	// Since is when the limit began to hold, if that is within the period: the price is the
	// one that held then. Zero: at its beginning.
	Since    time.Time       `json:"since,omitzero"`
	Limit    decimal.Decimal `json:"limit"`
	Used     decimal.Decimal `json:"used"`
	Quantity decimal.Decimal `json:"quantity"` // beyond the limit, above 0
}

// Excesses tells what was used beyond limits and is charged for: those of periods that
// overlap an interval.
type Excesses interface {
	Charged(ctx context.Context, during calendar.Interval) ([]Excess, error)
}

// ExcessFact is what was used beyond a limit, and the price of that.
type ExcessFact struct {
	Excess     Excess             `json:"excess"`
	Price      PriceFact          `json:"price"` // the version that held when the period began
	Conversion *rating.Conversion `json:"conversion,omitempty"`
}

func (f ExcessFact) id() string { return store.JoinID(string(ExcessLine), f.Excess.ID) }

// excesses gathers what was used beyond limits in the periods that end in the month: so
// each is charged once.
func (s *Statements) excesses(ctx context.Context, now reckoned, services map[metering.MeterID]servicecoin.ServiceID) ([]Fact, error) {
	if s.o.Excesses == nil {
		return nil, nil
	}
	list, err := s.o.Excesses.Charged(ctx, now.period)
	if err != nil {
		return nil, err
	}
	var facts []Fact
	seen := map[string]bool{}
	for _, x := range list {
		if seen[x.ID] {
			var v servicecoin.Violations
			v.Add("excess.id", "duplicate", x.ID, "names two of them")
			return nil, v.Err()
		}
		seen[x.ID] = true
		if !x.Period.End.After(now.period.Start) || x.Period.End.After(now.period.End) || !x.Quantity.IsPositive() {
			continue
		}
		x.Service = cmp.Or(x.Service, services[x.Meter])
		f := ExcessFact{Excess: x}
		if was, is := now.excesses[f.id()]; is {
			f.Price, f.Conversion = was.Price, was.Conversion
		} else {
			at := x.Period.Start
			if x.Since.After(at) {
				at = x.Since
			}
			v, err := s.holds(ctx, x.Price, at)
			if err != nil {
				return nil, fmt.Errorf("excess %s: %w", x.ID, err)
			}
			if err := mayBeBeyond(v.Price); err != nil {
				return nil, fmt.Errorf("excess %s: %w", x.ID, err)
			}
			f.Price = PriceFact{ID: v.ID, Version: v.Number, ValidFrom: v.ValidFrom, Price: v.Price}
			if f.Conversion, err = s.conversion(v.Price, x.Period.Start); err != nil {
				return nil, fmt.Errorf("excess %s: %w", x.ID, err)
			}
		}
		if c := f.Price.Price.Currency; c != now.currency {
			now.others[c] = true
			continue
		}
		facts = append(facts, Fact{Excess: &f})
	}
	return facts, nil
}

// mayBeBeyond refuses a price that asks for more than how much is beyond a limit.
func mayBeBeyond(p rating.Price) error {
	var v servicecoin.Violations
	if asksMore(p, nil) {
		v.Add("price", "contradiction", p.Name, "asks for windows, groups, buckets or events: of what is beyond a limit there is a quantity alone")
	}
	return v.Err()
}

func (r reckoning) excess(l *Line, f ExcessFact) error {
	x := f.Excess
	l.Kind, l.Service, l.Label = ExcessLine, x.Service, x.Name
	l.Unit = cmp.Or(f.Price.Price.Unit, x.Unit)
	l.Price, l.Quantity, l.Period = &PriceRef{f.Price.ID, f.Price.Version}, servicecoin.Some(x.Quantity), &x.Period
	of := ChargeFact{Price: f.Price, Conversion: f.Conversion}
	c, _, err := of.rate(r.tariffs, Read{Period: x.Period, Usage: rating.Usage{Quantity: x.Quantity}}, true)
	l.Parts, l.Exact, l.Amount = c.Lines, c.Exact, c.Amount
	return err
}

// trace explains what was used beyond a limit, and what it costs.
func (f ExcessFact) trace(t *servicecoin.Trace, l Line) {
	x := f.Excess
	t.From = []servicecoin.Key{rating.VersionKey(f.Price.ID, f.Price.Version)}
	t.Plain = servicecoin.Say("%v (%v), beyond the limit from %v to %v", l.Label, l.Service, x.Period.Start, x.Period.End)
	t.Parts = []servicecoin.Trace{
		{Label: fmt.Sprintf("%s in %s", x.Meter, x.Period), Plain: servicecoin.Say("used"), Value: servicecoin.Some(x.Used), Unit: x.Unit, From: []servicecoin.Key{{Customer: servicecoin.Provider, Kind: metering.MeterRecord, ID: string(x.Meter)}}},
		{Label: "limit", Plain: servicecoin.Say("the limit"), Value: servicecoin.Some(x.Limit), Unit: x.Unit},
		rating.Charge{Quantity: x.Quantity, Lines: l.Parts, Exact: l.Exact, Amount: l.Amount, Conversion: f.Conversion}.TraceOf(l.Unit),
	}
}
