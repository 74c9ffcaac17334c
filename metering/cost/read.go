package cost

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/rating"
)

// Read is what a price is applied to.
type Read struct {
	Period calendar.Interval `json:"period"`
	Usage  rating.Usage      `json:"usage"` // of a price without windows
	// Windows has, of a price with windows, each of them in which something was used.
	Windows []WindowRead `json:"windows,omitempty"`
}

// WindowRead is what was used in the window of a price.
type WindowRead struct {
	Window    string       `json:"window,omitempty"` // "": in none of them
	At        time.Time    `json:"at"`               // when it began first in the period
	Stretches int          `json:"stretches"`        // how often it was there
	Usage     rating.Usage `json:"usage"`
}

// timed returns usage as a price with windows wants it.
func (r Read) timed() []rating.Timed {
	list := make([]rating.Timed, 0, len(r.Windows))
	for _, w := range r.Windows {
		list = append(list, rating.Timed{At: w.At, Usage: w.Usage})
	}
	return list
}

// fromZero returns what was used, without what is below nothing, and how much that is.
func (r Read) fromZero(p rating.Price) (Read, decimal.Decimal) {
	var below decimal.Decimal
	if len(r.Windows) == 0 {
		r.Usage, below = usedFromZero(p, r.Usage)
		return r, below
	}
	windows := make([]WindowRead, 0, len(r.Windows))
	for _, w := range r.Windows {
		var some decimal.Decimal
		w.Usage, some = usedFromZero(windowPrice(p, w.Window), w.Usage)
		below = below.Add(some)
		windows = append(windows, w)
	}
	r.Windows = windows
	return r, below
}

// windowPrice returns the price of a window, without windows.
func windowPrice(p rating.Price, name string) rating.Price {
	for _, w := range p.Windows {
		if w.Name == name && w.Price != nil {
			return *w.Price
		}
	}
	p.Windows = nil
	return p
}

func usedFromZero(p rating.Price, u rating.Usage) (rating.Usage, decimal.Decimal) {
	below := decimal.Zero
	switch {
	case len(u.Parts) > 0:
		parts, changed := make([]rating.Part, 0, len(u.Parts)), false
		for _, part := range u.Parts {
			var some decimal.Decimal
			part.Usage, some = usedFromZero(p, part.Usage)
			below, changed = below.Add(some), changed || !some.IsZero()
			parts = append(parts, part)
		}
		if changed {
			u.Parts, u.Quantity = parts, u.Quantity.Sub(below)
		}
	case len(u.Events) > 0 && p.Model != rating.GraduatedProrated: // whose events go up and down
		events := make([]rating.Event, 0, len(u.Events))
		for _, e := range u.Events {
			if e.Value.IsNegative() {
				below = below.Add(e.Value)
				continue
			}
			events = append(events, e)
		}
		u.Events, u.Quantity = events, decimal.Zero // filled in
	case u.Quantity.IsNegative():
		below, u.Quantity = u.Quantity, decimal.Zero
	}
	if u.Amount.Valid && u.Amount.Decimal.IsNegative() {
		u.Amount = servicecoin.Some(decimal.Zero)
	}
	return u, below
}
