package cost

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
)

// Source is where what a line charges was measured: whoever asks a ledger for the
// events of the meter in the stretches has what the line is made of.
type Source struct {
	Meter metering.MeterID `json:"meter"`
	// Window is that of the price, "" where none fits, or the price has none.
	Window string `json:"window,omitempty"`
	// Stretches are when it held, in order.
	Stretches []calendar.Interval `json:"stretches"`
	// Usage is what was used in all of them, as the statement has it. Of a price without
	// windows that asks for a quantity alone it is that quantity.
	Usage rating.Usage `json:"usage"`
}

// Sources returns where what a line charges was measured: for each window of its price
// in which something was used, those of the month in the order in which they began. A line
// that charges no usage has none; a line that is not there is ErrNotFound.
func (s *Statement) Sources(line string) ([]Source, error) {
	for _, f := range s.Facts {
		if f.ID() != line {
			continue
		}
		if x := f.Excess; x != nil {
			return []Source{{Meter: x.Excess.Meter, Stretches: []calendar.Interval{x.Excess.Period}, Usage: rating.Usage{Quantity: x.Excess.Used}}}, nil
		}
		c := f.Charge
		if c == nil || c.Usage == nil {
			return nil, nil
		}
		return c.sources()
	}
	return nil, &servicecoin.KeyError{Key: s.Key(), Err: servicecoin.ErrNotFound}
}

func (f ChargeFact) sources() ([]Source, error) {
	p := f.Price.Price
	if len(p.Windows) == 0 || f.Read == nil {
		source := Source{Meter: f.Item.Meter, Stretches: []calendar.Interval{f.Usage.Period}, Usage: rating.Usage{Quantity: f.Usage.Value.Decimal}}
		if f.Read != nil && f.Before == nil {
			source.Usage = f.Read.Usage
		}
		return []Source{source}, nil
	}
	stretches, err := StretchesOf(p, f.Read.Period)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	own := f.own()
	list := make([]Source, 0, len(own))
	for _, w := range own {
		at[w.Window] = len(list)
		list = append(list, Source{Meter: f.Item.Meter, Window: w.Window, Usage: w.Usage})
	}
	for _, stretch := range stretches {
		part := stretch.Intersect(f.Usage.Period)
		if i, is := at[stretch.Window]; is && !part.Empty() {
			list[i].Stretches = append(list[i].Stretches, part)
		}
	}
	return slices.DeleteFunc(list, func(s Source) bool { return len(s.Stretches) == 0 }), nil
}

// Events yields the events behind a line of a statement, by time; those of one window of
// its price where that is told, "" has all of them. They are those that there are now:
// of an issued statement, [metering.Ledger.Rests] tells whether they are those it rests on.
func (s *Statements) Events(ctx context.Context, st *Statement, line, window string) iter.Seq2[metering.Event, error] {
	return func(yield func(metering.Event, error) bool) {
		sources, err := st.Sources(line)
		details, is := s.usage.(Details)
		switch {
		case s.view.Err() != nil:
			err = s.view.Err()
		case err == nil && !is:
			err = errors.New("the host's usage tells no events")
		}
		if err != nil {
			yield(metering.Event{}, err)
			return
		}
		for _, source := range sources {
			if window != "" && source.Window != window {
				continue
			}
			for _, stretch := range source.Stretches {
				for e, err := range details.Events(ctx, source.Meter, stretch, nil) {
					if !yield(e, err) || err != nil {
						return
					}
				}
			}
		}
	}
}
