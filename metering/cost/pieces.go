package cost

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// Days is a share of the civil days of a month.
type Days struct {
	Share rating.Fraction `json:"share"`
	Zone  string          `json:"zone"` // whose days they are, an IANA name
}

// daysOf returns the share that a part of a time has of its days: the day on which it
// begins counts, that on which it ends does not, unless the time ends with it. So parts
// that follow each other have all days once. Null if it has all of them.
func daysOf(part, all calendar.Interval, of rating.Days, zone *time.Location) *Days {
	own := of
	if part.Start.After(all.Start) {
		own.From = within(calendar.DateOf(part.Start, zone), of)
	}
	if part.End.Before(all.End) {
		own.To = within(calendar.DateOf(part.End, zone), of)
	}
	share := rating.Fraction{Part: int64(own.Len()), Whole: int64(of.Len())}
	if share.Part == share.Whole {
		return nil
	}
	return &Days{Share: share, Zone: zone.String()}
}

// daysOfMonth returns the days of a month by the calendar, wherever its statement begins.
func daysOfMonth(m calendar.Month) rating.Days {
	first := func(m calendar.Month) calendar.Date { return calendar.Date{Year: m.Year, Month: m.Month, Day: 1} }
	return rating.Days{From: first(m), To: first(m.Add(1))}
}

// within keeps a day inside of the month: of one that was cut for another zone, hours of
// the days beside are a part.
func within(d calendar.Date, of rating.Days) calendar.Date {
	switch {
	case d.Compare(of.From) < 0:
		return of.From
	case d.Compare(of.To) > 0:
		return of.To
	}
	return d
}

// piece is a part of a month in which one version of an item's price holds.
type piece struct {
	calendar.Interval

	price      PriceFact
	conversion *rating.Conversion
	zone       string // of its days, where it was charged before; "": that of the customer
	later      bool   // it is not the first part of the item's month
}

// pinned are the parts that an item was charged in, and its time in the month then: some of
// that may have been charged in another account.
type pinned struct {
	pieces []piece
	whole  calendar.Interval
}

// PricesDuring tells which versions of a price hold in a stretch of time, a customer's own
// first: a rating.PriceList does. [Prices] that do not are asked for the version that
// holds at the beginning of the month, and that is charged for all of it.
type PricesDuring interface {
	During(ctx context.Context, customer servicecoin.CustomerID, id servicecoin.PriceID, during calendar.Interval) ([]rating.Held, error)
}

var _ PricesDuring = (*rating.PriceList)(nil)

// held returns the versions of an item's price that hold in a stretch of time.
func (s *Statements) held(ctx context.Context, id servicecoin.PriceID, during calendar.Interval) ([]rating.Held, error) {
	if all, is := s.prices.(PricesDuring); is {
		return all.During(ctx, s.customer.ID, id, during)
	}
	v, err := s.prices.At(ctx, id, during.Start)
	return []rating.Held{{Interval: during, Version: v}}, err
}

// asked is a question for the versions of a price.
type asked struct {
	price servicecoin.PriceID
	start int64 // in nanoseconds; of an instant, the end is the start
	end   int64
}

// heldIn is held, asked once in a draft for many items.
func (s *Statements) heldIn(ctx context.Context, id servicecoin.PriceID, during calendar.Interval, now reckoned) ([]rating.Held, error) {
	key := asked{id, during.Start.UnixNano(), during.End.UnixNano()}
	if list, is := now.prices[key]; is {
		return list, nil
	}
	list, err := s.held(ctx, id, during)
	if err == nil {
		now.prices[key] = list
	}
	return list, err
}

// holds returns the version that holds for the customer at an instant.
func (s *Statements) holds(ctx context.Context, id servicecoin.PriceID, at time.Time) (rating.Version, error) {
	held, err := s.held(ctx, id, calendar.Between(at, at.Add(time.Microsecond)))
	if err != nil || len(held) == 0 {
		return rating.Version{}, err
	}
	return held[0].Version, nil
}

// pieces returns the parts of an item's time in a month, each with its price: those
// that it was charged at, if it was.
func (s *Statements) pieces(ctx context.Context, i Item, period calendar.Interval, now reckoned) ([]piece, error) {
	if was := now.pinned[i.ID]; len(was.pieces) > 0 {
		return s.again(ctx, i, was, period, now)
	}
	return s.versions(ctx, i, period, now)
}

// versions returns the parts of a time by the versions that hold in it.
func (s *Statements) versions(ctx context.Context, i Item, period calendar.Interval, now reckoned) ([]piece, error) {
	held, err := s.heldIn(ctx, i.Price, calendar.Between(period.Start, period.Start.Add(time.Microsecond)), now)
	if err != nil {
		return nil, err
	}
	if len(held) > 0 && held[0].Version.Price.Proration != rating.WholePeriod {
		if held, err = s.heldIn(ctx, i.Price, period, now); err != nil {
			return nil, err
		}
	}
	var list []piece
	for _, h := range held {
		p := piece{Interval: h.Interval, later: len(list) > 0, price: PriceFact{ID: h.Version.ID, Version: h.Version.Number, ValidFrom: h.Version.ValidFrom, Price: h.Version.Price}}
		if p.conversion, err = s.conversion(h.Version.Price, h.Start); err != nil {
			return nil, err
		}
		whole := h.Version.Price.Proration == rating.WholePeriod
		if whole { // it is charged for all that is left
			p.End = period.End
		}
		if list = append(list, p); whole {
			break
		}
	}
	return list, nil
}

// conversion returns the rate by which a price comes to be in money, nil if it is.
func (s *Statements) conversion(p rating.Price, at time.Time) (*rating.Conversion, error) {
	if p.In == "" || s.o.Rates == nil {
		return nil, nil //nolint:nilnil // a price in a unit of the host's own says so itself
	}
	c, err := s.o.Rates.At(p.In, p.Currency, at)
	return &c, err
}

// again returns the parts that an item was charged in, put into the time that it has now.
// Where that begins earlier the first part does, and where it ends later, the versions
// count that hold there.
func (s *Statements) again(ctx context.Context, i Item, was pinned, period calendar.Interval, now reckoned) ([]piece, error) {
	var parts []piece
	last := len(was.pieces) - 1
	for n, p := range was.pieces {
		whole := p.price.Price.Proration == rating.WholePeriod
		if n == 0 && p.Start.Equal(was.whole.Start) {
			p.Start = period.Start
		}
		if n == last && p.End.Equal(was.whole.End) && whole {
			p.End = period.End
		}
		if p.Interval = p.Intersect(period); !p.Empty() {
			parts = append(parts, p)
		}
	}
	rest := calendar.Between(was.whole.End, period.End)
	if was.pieces[last].price.Price.Proration == rating.WholePeriod || !rest.Start.Before(rest.End) || rest.Start.Before(period.Start) {
		return parts, nil
	}
	more, err := s.versions(ctx, i, rest, now)
	if err != nil {
		return nil, err
	}
	for _, p := range more {
		if n := len(parts); n > 0 && parts[n-1].End.Equal(p.Start) && parts[n-1].price.Price.Equal(p.price.Price) {
			parts[n-1].End = p.End
			continue
		}
		p.later = len(parts) > 0
		parts = append(parts, p)
	}
	return parts, nil
}

// charges returns what an item is charged in a month: a fact for each version of its
// price.
func (s *Statements) charges(ctx context.Context, i Item, period calendar.Interval, now reckoned) ([]ChargeFact, error) {
	pieces, err := s.pieces(ctx, i, period, now)
	if err != nil {
		return nil, err
	}
	var facts []ChargeFact
	for _, p := range pieces {
		if c := p.price.Price.Currency; c != now.currency {
			goesOn := !now.again && p.End.Equal(now.period.End) && (i.Until.IsZero() || i.Until.After(p.End))
			if goesOn && now.currency == money.Currency(s.customer.Currency) {
				var v servicecoin.Violations
				v.Add("price.currency", "mixed", string(c), "must be "+string(now.currency)+", that of the statement: end the item, so that its account can be closed")
				return nil, v.Err()
			}
			now.others[c] = true // it is charged in another account
			continue
		}
		f := ChargeFact{Item: i, Period: p.Interval, Price: p.price, Conversion: p.conversion, Later: p.later}
		if i.Meter == "" {
			err = s.fee(&f, p, now)
		} else {
			err = s.metered(ctx, &f, period, p, pieces[0].price.Price.Proration)
		}
		if err != nil {
			return nil, err
		}
		facts = append(facts, f)
	}
	return facts, nil
}

func (s *Statements) fee(f *ChargeFact, p piece, now reckoned) error {
	if err := mayBeFixed(f.Price.Price); err != nil {
		return err
	}
	if f.Price.Price.Proration == rating.WholePeriod {
		return nil
	}
	zone, err := s.daysIn(p)
	if err != nil {
		return err
	}
	f.Days, f.Zone = daysOf(f.Period, now.period, daysOfMonth(now.month), zone), zone.String()
	return nil
}

// mayBeFixed refuses a price with windows for what is not metered: when a fixed quantity is
// used nobody knows.
func mayBeFixed(p rating.Price) error {
	var v servicecoin.Violations
	if len(p.Windows) > 0 {
		v.Add("price.windows", "contradiction", "", "are for what is metered: a fixed quantity is used at no time")
	}
	return v.Err()
}

// daysIn returns the zone of whose days a part is.
func (s *Statements) daysIn(p piece) (*time.Location, error) {
	if p.zone == "" {
		return s.zone, nil
	}
	return servicecoin.Customer{Zone: p.zone}.Location()
}

func (s *Statements) metered(ctx context.Context, f *ChargeFact, all calendar.Interval, p piece, policy rating.Proration) error {
	if s.usage == nil {
		var v servicecoin.Violations
		v.Add("usage", "required", "", "tells what was used; there is a metered item")
		return v.Err()
	}
	price, counted := p.price.Price, f.Period
	// One policy goes for all versions in the month, that of the first: what was used is in
	// one part or in the other.
	byEvents := policy == rating.ByEvents
	zone, err := s.daysIn(p)
	if err != nil {
		return err
	}
	if policy == rating.ByDays {
		// Usage is what was used: the versions share it by their days of the item's time.
		counted = all
		f.Days = daysOf(f.Period, all, rating.DaysOf(all, zone), zone)
	}
	u, err := s.usage.Between(ctx, f.Item.Meter, counted)
	if err != nil {
		return err
	}
	f.Usage = &u
	part := !f.Period.Equal(all)
	if policy != rating.WholePeriod || asksMore(price, f.Item.Reads) {
		f.Zone = zone.String()
	}
	if f.Open = byEvents && p.End.Before(all.End); !asksMore(price, f.Item.Reads) && (!part || !byEvents) {
		return nil
	}
	details, is := s.usage.(Details)
	if !is {
		var v servicecoin.Violations
		v.Add("usage", "required", "", "must tell more than quantities ([Details]): the price asks for it")
		return v.Err()
	}
	r := reader{details: details, item: f.Item, zone: zone}
	if byEvents {
		counted = calendar.Between(all.Start, p.End)
	}
	if f.Read, err = r.read(ctx, price, counted); err != nil || !byEvents || !f.Later {
		return err
	}
	before := calendar.Between(all.Start, p.Start)
	if u, err := s.usage.Between(ctx, f.Item.Meter, before); err != nil || !u.Value.Valid {
		return err // nothing was recorded before: there is nothing to take off
	}
	f.Before, err = r.read(ctx, price, before)
	return err
}
