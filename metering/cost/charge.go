package cost

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
)

// id returns the id of the charge's line: that of the item, and of a further part of
// its month with the instant at which it begins.
func (f ChargeFact) id() string {
	kind := FeeLine
	if f.Usage != nil {
		kind = UsageLine
	}
	if f.Later {
		return store.JoinID(string(kind), string(f.Item.ID), f.Period.Start.UTC().Format(time.RFC3339Nano))
	}
	return store.JoinID(string(kind), string(f.Item.ID))
}

func (r reckoning) charge(l *Line, f ChargeFact) error {
	p := f.Price.Price
	l.Kind, l.Service, l.Label, l.Unit = FeeLine, f.Item.Service, f.Item.Name, p.Unit
	l.Price = &PriceRef{f.Price.ID, f.Price.Version}
	l.Quantity = servicecoin.Some(f.Item.fixed())
	if f.Usage != nil {
		l.Kind, l.Quantity = UsageLine, f.Usage.Value
		if l.Unit == "" {
			l.Unit = f.Usage.Unit
		}
	}
	if f.Later || f.Open || f.Days != nil {
		l.Period = &f.Period
	}
	if f.Later && !l.Quantity.Valid && f.Before != nil {
		l.Quantity = servicecoin.Some(decimal.Zero) // something was recorded before: the meter is read
	}
	if !l.Quantity.Valid {
		return nil // nothing was recorded: the line says so, and has no amount
	}
	now, left, err := f.rate(r.tariffs, f.read(l.Quantity.Decimal), !f.Open)
	if err != nil {
		return err
	}
	if left.IsNegative() {
		l.Remainder = &left
	}
	l.Parts, l.Exact, l.Amount = now.Lines, now.Exact, now.Amount
	if f.Before != nil {
		if err := f.since(r.tariffs, l, now); err != nil {
			return err
		}
	}
	if f.Days != nil {
		return f.share(l)
	}
	return nil
}

// read returns what the price is applied to.
func (f ChargeFact) read(quantity decimal.Decimal) Read {
	if f.Read != nil {
		return *f.Read
	}
	return Read{Period: f.Period, Usage: rating.Usage{Quantity: quantity}}
}

// rate returns what usage costs at the price of the charge. last says that the month
// is over with it. left is what was used below nothing where the price is not for that:
// what less than nothing costs it does not say. At least, nothing was used; what is
// below that is stated, for people to settle.
func (f ChargeFact) rate(known tariffs, read Read, last bool) (c rating.Charge, left decimal.Decimal, err error) {
	p := f.Price.Price
	if f.Conversion != nil {
		if p, err = f.Conversion.Price(p); err != nil {
			return c, left, err
		}
	}
	if !p.Signed {
		read, left = read.fromZero(p)
	}
	if len(p.Windows) > 0 {
		t, err := rating.CompileDuring(p, read.Period)
		if err != nil {
			return c, left, err
		}
		if c, err = charged(last, t.Charge, t.SoFar, read.timed()); err != nil {
			return c, left, err
		}
		c.Conversion = f.Conversion
		return c, left, nil
	}
	t, err := f.compile(known, &p)
	if err != nil {
		return c, left, err
	}
	c, err = charged(last, t.Charge, t.SoFar, read.Usage)
	c.Conversion = f.Conversion
	return c, left, err
}

// compile prepares the price: one that was converted for this fact alone.
func (f ChargeFact) compile(known tariffs, p *rating.Price) (*rating.Tariff, error) {
	if f.Conversion != nil {
		return rating.Compile(*p)
	}
	return known.compile(PriceRef{f.Price.ID, f.Price.Version}, p)
}

// charged asks for what usage costs when the period is over, or while it goes on.
func charged[T any](last bool, over, soFar func(T) (rating.Charge, error), usage T) (rating.Charge, error) {
	if last {
		return over(usage)
	}
	return soFar(usage)
}

// since takes off what the month before the part costs at the same price.
func (f ChargeFact) since(known tariffs, l *Line, now rating.Charge) error {
	before, _, err := f.rate(known, *f.Before, false)
	if err != nil {
		return err
	}
	if l.Exact, err = now.Exact.Sub(before.Exact); err != nil {
		return err
	}
	l.Parts = now.Since(before)
	l.Amount, err = l.Exact.Round(f.Price.Price.Rounding)
	return err
}

// share leaves the days of the month that are charged.
func (f ChargeFact) share(l *Line) error {
	const places = 30 // of what is no decimal
	share, whole := f.Days.Share, l.Exact
	exact, err := share.Of(whole.Decimal(), places, money.HalfAwayFromZero)
	if err != nil {
		return err
	}
	if l.Exact, err = whole.With(exact); err != nil {
		return err
	}
	if l.Amount, err = share.Amount(whole, f.Price.Price.Rounding); err != nil {
		return err
	}
	if rest := exact.Sub(whole.Decimal()); !rest.IsZero() {
		gone := rating.Fraction{Part: share.Whole - share.Part, Whole: share.Whole}
		l.Parts = append(l.Parts, rating.Line{Kind: rating.ProrationLine, Part: gone.Words() + " days", Amount: rest})
	}
	return nil
}
