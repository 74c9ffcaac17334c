package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

// tariffsArea is what usage would cost at another price. Its page is led to from what was
// used.
func (p *portal) tariffsArea() area {
	return area{pages: map[string]route{"GET /customers/{customer}/tariffs": {ofOwner, p.showTariffs}}}
}

// ownPrice is the choice of a price that is written on the page; writing one is for the
// provider's people.
const ownPrice = "own"

// tariffsPage is what the usage of a month costs at two prices. It keeps nothing.
type tariffsPage struct {
	page
	monthly

	Meters []useChoice
	Meter  metering.Meter
	Months []tariffChoice
	Offers []tariffChoice // prices that count what the meter counts
	May    bool           // write a price
	Rows   []int          // of the tiers that may be written
	Models []tariffChoice
	// Critical is which critical windows the month has, in words.
	Critical string

	First, Second string            // what was chosen
	Typed         map[string]string // what is written of a price of one's own
	Result        *comparison
	None          string // why there is nothing to compare
}

// tariffChoice is an option of a list.
type tariffChoice struct{ Value, Words string }

// offer is a version of a price that may be chosen.
type offer struct {
	rating.Version

	value string
}

const mostTariffTiers = 6

func (p *portal) showTariffs(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	m, c, err := p.monthBefore(r)
	if err != nil {
		return err
	}
	v := tariffsPage{page: p.page(r, "Two tariffs", customerPath(c.ID, "usage")), monthly: m, May: viewer(r).Provider(), Typed: map[string]string{}}
	for name, all := range f.r.Form {
		v.Typed[name] = all[0]
	}
	for n := range mostTariffTiers {
		v.Rows = append(v.Rows, n+1)
	}
	v.Models = []tariffChoice{{string(rating.PerUnit), "each unit at one price"}, {string(rating.Graduated), "tiers, each unit at the price of its tier"}, {string(rating.Volume), "tiers, all units at the price of the tier that is reached"}}
	all, err := collect(p.Prices().Versions("").All(r.Context()))
	if err != nil {
		return err
	}
	item, err := p.tariffMeter(r, &v, c, all)
	if err != nil {
		return err
	}
	if v.Meter.ID == "" {
		v.None = "Nothing was metered in " + monthWords(m.Month) + "."
		return p.render(w, r, "tariffs.html", 0, v)
	}
	err = p.compareTariffs(r, f, &v, c, item, all)
	if err != nil {
		if !errors.Is(err, servicecoin.ErrInvalid) {
			return err
		}
		v.again(f, err)
	}
	return p.render(w, r, "tariffs.html", problem.Status(err), v)
}

// monthBefore is the month that is asked for: the last one that is over, where nothing is
// said, and something is known of it.
func (p *portal) monthBefore(r *http.Request) (monthly, client, error) {
	m, c, err := p.monthly(r, "tariffs")
	if err != nil || m.Over || r.URL.Query().Get("month") != "" || m.Previous.IsZero() {
		return m, c, err
	}
	again := r.Clone(r.Context())
	again.URL.RawQuery = "month=" + m.Previous.String()
	return p.monthly(again, "tariffs")
}

// tariffMeter finds the meter that is asked for among those that counted in the month, and
// what the customer is charged for it.
func (p *portal) tariffMeter(r *http.Request, v *tariffsPage, c client, all []rating.Version) (*cost.Item, error) {
	during := v.Month.In(c.zone())
	list, err := p.metersOf(r.Context(), c, during)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b meterOf) int { // what is charged comes first
		return cmp.Compare(weightOf(b.charged), weightOf(a.charged))
	})
	items, err := collect(p.Statements(c.Customer).Items("").All(r.Context()))
	if err != nil {
		return nil, err
	}
	charged := func(id metering.MeterID) *cost.Item {
		for _, x := range items {
			if x.Meter == id && id != "" && !x.In(during).Empty() {
				return &x
			}
		}
		return nil // it is counted, and not charged
	}
	asked := metering.MeterID(r.URL.Query().Get("meter"))
	for _, x := range list { // the first one that has two prices
		if asked == "" && len(offersOf(c, x.meter, charged(x.meter.ID), all)) > 1 {
			asked = x.meter.ID
		}
	}
	if asked == "" && len(list) > 0 {
		asked = list[0].meter.ID
	}
	for _, x := range list {
		q := url.Values{"month": {v.Month.String()}, "meter": {string(x.meter.ID)}}
		v.Meters = append(v.Meters, useChoice{x.meter.Name, v.Here + "?" + q.Encode(), x.meter.ID == asked})
		if x.meter.ID == asked {
			v.Meter = x.meter
		}
	}
	if v.Meter.ID == "" && asked != "" {
		var bad servicecoin.Violations
		bad.Add("meter", "unknown", string(asked), "is no meter that counted for this customer in "+monthWords(v.Month))
		return nil, bad.Err()
	}
	return charged(v.Meter.ID), nil
}

func weightOf(is bool) int {
	if is {
		return 1
	}
	return 0
}

// offersOf are the versions of prices that count what the meter counts, in the currency of
// the customer: those of the list, and the customer's own.
func offersOf(c client, meter metering.Meter, item *cost.Item, all []rating.Version) []offer {
	var list []offer
	for _, x := range all {
		price := x.Price
		counts := price.Unit == meter.Unit || item != nil && x.ID == item.Price
		if !x.WithdrawnAt.IsZero() || string(price.Currency) != c.Currency || price.Model == rating.Flat || !counts || !mayChoose(c.ID, x.ID, all) {
			continue
		}
		list = append(list, offer{x, fmt.Sprintf("%s@%d", x.ID, x.Number)})
	}
	slices.SortStableFunc(list, func(a, b offer) int {
		return cmp.Or(compareFold(a.Price.Name, b.Price.Name), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Number, b.Number))
	})
	return list
}

// mayChoose reports whether a price is one of the list or the customer's own: those of
// others are nobody else's affair.
func mayChoose(c servicecoin.CustomerID, id servicecoin.PriceID, all []rating.Version) bool {
	const hashed = "sha256:"
	if !strings.HasPrefix(string(id), store.JoinID("for", "")) && !strings.HasPrefix(string(id), hashed) {
		return true
	}
	return slices.ContainsFunc(all, func(x rating.Version) bool { return rating.OverrideID(c, x.ID) == id })
}

// chosenOffers finds both prices: what is asked for, or else the one that held and the next
// one that there is.
func (p *portal) chosenOffers(r *http.Request, f *form, v *tariffsPage, c client, item *cost.Item, list []offer) (first, second *offer, err error) {
	v.First, v.Second = r.Form.Get("first"), r.Form.Get("second")
	if v.First == "" && item != nil {
		held, err := p.Prices().AtFor(r.Context(), c.ID, item.Price, item.In(v.Month.In(c.zone())).Start)
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return nil, nil, err
		}
		if err == nil {
			v.First = fmt.Sprintf("%s@%d", held.ID, held.Number)
		}
	}
	find := func(value string) *offer {
		if i := slices.IndexFunc(list, func(x offer) bool { return x.value == value }); i >= 0 {
			return &list[i]
		}
		return nil
	}
	if v.First == "" && len(list) > 0 {
		v.First = list[0].value
	}
	if first = find(v.First); first == nil && v.First != "" {
		f.bad.Add("first", "unknown", v.First, "is no price for "+v.Meter.Unit)
	}
	if v.Second == "" {
		for _, x := range list {
			if x.value != v.First && (v.Second == "" || first != nil && x.ID == first.ID && x.Number > first.Number) {
				v.Second = x.value
			}
		}
	}
	if second = find(v.Second); second == nil && v.Second != "" && (v.Second != ownPrice || !v.May) {
		f.bad.Add("second", "unknown", v.Second, "is no price for "+v.Meter.Unit)
	}
	return first, second, nil
}

// compareTariffs fills the page: which prices there are, and what usage costs at two of them.
func (p *portal) compareTariffs(r *http.Request, f *form, v *tariffsPage, c client, item *cost.Item, all []rating.Version) error {
	list := offersOf(c, v.Meter, item, all)
	for _, x := range list {
		v.Offers = append(v.Offers, tariffChoice{x.value, fmt.Sprintf("%s, from %s: %s", x.Price.Name, x.ValidFrom.In(c.zone()).Format("2 Jan 2006"), x.Price.Says())})
	}
	var err error
	if v.Months, err = p.tariffMonths(r, v.monthly, c); err != nil {
		return err
	}
	critical, err := p.criticalIn(v, c)
	if err != nil {
		return err
	}
	first, second, err := p.chosenOffers(r, f, v, c, item, list)
	if err != nil {
		return err
	}
	var other rating.Price
	if v.Second == ownPrice && v.May {
		other = readPrice(f, v, c, critical)
	}
	if err := f.bad.Err(); err != nil {
		return err
	}
	if first == nil || second == nil && v.Second != ownPrice {
		v.None = "There is only one price for " + v.Meter.Unit + " in the list."
		if v.May {
			v.None += " Write another one below."
		}
		return nil
	}
	b := bench{portal: p, ctx: r.Context(), m: v.monthly, loc: c.zone(), meter: v.Meter, ledger: p.Ledger(c.Customer)}
	x := tariffSide{Name: first.Price.Name, From: first.ValidFrom, price: first.Price, version: &first.Version}
	y := tariffSide{Name: other.Name, price: other}
	if second != nil {
		y = tariffSide{Name: second.Price.Name, From: second.ValidFrom, price: second.Price, version: &second.Version}
	}
	tell, err := p.teller(r)
	if err != nil {
		return err
	}
	v.Result, err = b.compare(&tell, x, y)
	return err
}

// tariffMonths are the months that can be chosen: those of the last year of which anything
// is known, and the one that is shown.
func (p *portal) tariffMonths(r *http.Request, m monthly, c client) ([]tariffChoice, error) {
	const year = 12
	first, err := p.known(r.Context(), c)
	if err != nil {
		return nil, err
	}
	var list []tariffChoice
	now := calendar.MonthOf(p.store.Now(), c.zone())
	for n := range year {
		x := now.Add(-n)
		if !first.IsZero() && x.Compare(first) < 0 {
			break
		}
		words := monthWords(x)
		if n == 0 {
			words += ", so far"
		}
		list = append(list, tariffChoice{x.String(), words})
	}
	if !slices.ContainsFunc(list, func(x tariffChoice) bool { return x.Value == m.Month.String() }) {
		list = append(list, tariffChoice{m.Month.String(), monthWords(m.Month)})
	}
	return list, nil
}
