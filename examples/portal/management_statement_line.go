package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
)

// linePage is one line of a statement: how the price makes its amount, tier by tier and
// window by window, and where each of them was measured, down to the events.
type linePage struct {
	page
	monthly

	Number   string
	Line     cost.Line
	Price    string // what it says, in words
	Version  int
	Trace    tracePart
	Windows  []windowUse
	Windowed bool // the price has windows
	Back     string
}

// windowUse is what was used in a window of the price, or in all of the time.
type windowUse struct {
	Name      string // "": in none of them
	Used      servicecoin.Quantity
	Stretches []stretchUse
	More      int // stretches in which something was used that are not shown
	Quiet     int // stretches in which nothing was used
}

type stretchUse struct {
	During calendar.Interval
	Used   servicecoin.Quantity
	Events int64
	Path   string // of them
}

// linePath leads to a line of a statement.
func linePath(m monthly, line, edition string) string {
	q := m.asked()
	q.Set("line", line)
	if edition != "" {
		q.Set("edition", edition)
	}
	return m.Base + "/statement/line?" + q.Encode()
}

func (p *portal) showLine(w http.ResponseWriter, r *http.Request) error {
	m, c, err := p.monthly(r, "statement", "line")
	if err != nil {
		return err
	}
	st, err := p.standing(r, c, m)
	if err != nil {
		return err
	}
	id := r.URL.Query().Get("line")
	at := slices.IndexFunc(st.Lines, func(l cost.Line) bool { return l.ID == id })
	if at < 0 {
		return servicecoin.NotFound(st.Key())
	}
	v := linePage{page: p.page(r, st.Lines[at].Label, customerPath(c.ID, "statement")), monthly: m, Line: st.Lines[at], Back: m.Base + "/statement" + m.Asked()}
	if edition := r.URL.Query().Get("edition"); edition != "" {
		v.Back += "&edition=" + url.QueryEscape(edition)
	}
	tell, err := p.teller(r)
	if err != nil {
		return err
	}
	if v.Trace, err = tell.of(r.Context(), st.Trace().Parts[at]); err != nil {
		return err
	}
	if price := priceOf(&st, id); price != nil {
		v.Price, v.Version, v.Windowed = price.Price.Says(), price.Version, len(price.Price.Windows) > 0
	}
	sources, err := st.Sources(id)
	if err != nil {
		return err
	}
	for _, source := range sources {
		use, err := p.windowUse(r.Context(), m, p.Ledger(c.Customer), source, v.Line.Unit)
		if err != nil {
			return err
		}
		v.Windows = append(v.Windows, use)
	}
	return p.render(w, r, "statement_line.html", 0, v)
}

// priceOf returns the version of the price that a line was charged at, nil if it has none.
func priceOf(st *cost.Statement, line string) *cost.PriceFact {
	at := slices.IndexFunc(st.Lines, func(l cost.Line) bool { return l.ID == line })
	if at < 0 || st.Lines[at].Price == nil {
		return nil
	}
	for _, f := range st.Facts {
		var fact *cost.PriceFact
		switch {
		case f.Charge != nil:
			fact = &f.Charge.Price
		case f.Excess != nil:
			fact = &f.Excess.Price
		default:
			continue
		}
		if ref := *st.Lines[at].Price; fact.ID == ref.ID && fact.Version == ref.Version {
			return fact
		}
	}
	return nil
}

// windowUse asks the ledger what was used in each stretch of a window.
func (p *portal) windowUse(ctx context.Context, m monthly, ledger *metering.Ledger, source cost.Source, unit string) (windowUse, error) {
	const most = 40
	use := windowUse{Name: source.Window, Used: servicecoin.Quantity{Value: servicecoin.Some(source.Usage.Sum()), Unit: unit}}
	stretches := source.Stretches
	if len(stretches) > metering.MaxWindows {
		use.More, stretches = len(stretches)-metering.MaxWindows, stretches[:metering.MaxWindows]
	}
	points, err := ledger.In(ctx, source.Meter, stretches)
	if err != nil {
		return use, err
	}
	for _, point := range points {
		switch {
		case point.Events == 0:
			use.Quiet++
		case len(use.Stretches) == most:
			use.More++
		default:
			use.Stretches = append(use.Stretches, stretchUse{
				During: point.Interval, Used: servicecoin.Quantity{Value: point.Value, Unit: unit}, Events: point.Events, Path: eventsPath(m, source.Meter, point.Interval, "", ""),
			})
		}
	}
	return use, nil
}
