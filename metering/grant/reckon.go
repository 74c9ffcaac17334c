package grant

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
)

// Statement is what became of the grants of a meter over a stretch of time.
type Statement struct {
	Result

	Customer servicecoin.CustomerID `json:"customer"`
	Meter    metering.MeterID       `json:"meter"`
	Unit     string                 `json:"unit"`
	// During is the stretch: it begins no earlier than usage counts against grants, and
	// is empty where that is not so before its end.
	During calendar.Interval `json:"during"`
}

// Trace explains the balance: see [Result.Trace].
func (s Statement) Trace() servicecoin.Trace {
	t := s.Result.Trace(s.Unit)
	s.own(&t)
	return t
}

// own says whose the grants are.
func (s Statement) own(t *servicecoin.Trace) {
	for i := range t.From {
		t.From[i].Customer = s.Customer
	}
	for i := range t.Parts {
		s.own(&t.Parts[i])
	}
}

// Standing returns what stands of the grants of a meter at an instant: what is left of
// each, and what no grant covered of what was used before. Usage that is recorded late is in it: it is
// reckoned from the beginning.
func (n *Grants) Standing(ctx context.Context, meter metering.MeterID, at time.Time) (Snapshot, error) {
	s, err := n.before(ctx, meter, at)
	return s.Standing, err
}

// AsOf returns what stands at an instant, with what was used at the instant itself, in
// Closing: what a limit is judged by.
func (n *Grants) AsOf(ctx context.Context, meter metering.MeterID, at time.Time) (Statement, error) {
	return n.before(ctx, meter, servicecoin.Instant(at).Add(time.Microsecond))
}

// Statement returns what became of the grants of a meter over a stretch of time: what was
// used, which grant covered it, what lapsed, came again and rolled over.
func (n *Grants) Statement(ctx context.Context, meter metering.MeterID, during calendar.Interval) (Statement, error) {
	var v servicecoin.Violations
	v.Merge("during", during.Validate())
	if err := v.Err(); err != nil {
		return Statement{}, err
	}
	b, err := n.books(ctx, meter)
	if err != nil {
		return Statement{}, err
	}
	during = calendar.Between(servicecoin.Instant(during.Start), servicecoin.Instant(during.End))
	if !b.since.Before(during.Start) {
		return b.burn(ctx, calendar.Between(b.since, during.End), nil)
	}
	earlier, err := b.burn(ctx, calendar.Between(b.since, during.Start), nil)
	if err != nil {
		return Statement{}, err
	}
	return b.burn(ctx, during, &earlier.Standing)
}

func (n *Grants) before(ctx context.Context, meter metering.MeterID, end time.Time) (Statement, error) {
	var v servicecoin.Violations
	v.Time("at", end)
	if err := v.Err(); err != nil {
		return Statement{}, err
	}
	b, err := n.books(ctx, meter)
	if err != nil {
		return Statement{}, err
	}
	return b.burn(ctx, calendar.Between(b.since, servicecoin.Instant(end)), nil)
}

// books are what the grants of a meter are reckoned from.
type books struct {
	ledger   Ledger
	customer servicecoin.CustomerID
	meter    metering.Meter
	terms    Terms
	grants   []Grant
	since    time.Time // from when usage counts; zero: never
}

func (n *Grants) books(ctx context.Context, meter metering.MeterID) (*books, error) {
	if err := n.view.Err(); err != nil {
		return nil, err
	}
	b := &books{ledger: n.ledger, customer: n.view.Customer()}
	var err error
	if b.meter, err = n.ledger.Meter(ctx, meter); err != nil {
		return nil, err
	}
	if b.terms, err = n.Terms(ctx, meter); err != nil {
		return nil, err
	}
	b.since = b.terms.Since
	for k, err := range n.List(meter).All(ctx) {
		if err != nil {
			return nil, err
		}
		during, ends := k.Holds()
		was := !ends || !during.Empty() // it was not voided from the beginning
		if was && b.terms.Since.IsZero() && (b.since.IsZero() || k.From.Before(b.since)) {
			b.since = k.From
		}
		b.grants = append(b.grants, k.Grant)
	}
	return b, nil
}

// burn burns the grants down by what the meter says of a stretch of time.
func (b *books) burn(ctx context.Context, during calendar.Interval, opening *Snapshot) (Statement, error) {
	s := Statement{Customer: b.customer, Meter: b.meter.ID, Unit: b.meter.Unit, During: during}
	if b.since.IsZero() || during.Empty() {
		s.During.Start = during.End
		s.Closing = Snapshot{At: during.End, Balances: map[ID]decimal.Decimal{}}
		s.Standing = s.Closing
		return s, nil
	}
	account := Account{
		During: during, Grants: b.grants, Overage: b.terms.Overage, Counts: b.terms.Counts, Opening: opening,
	}
	if len(b.terms.Resets.Rhythms()) > 0 {
		account.Resets = Resets(b.terms.Resets, during)
	}
	p, err := account.Compile()
	if err != nil {
		return Statement{}, fmt.Errorf("grants of %s: %w", b.meter.ID, err)
	}
	points, err := b.measure(ctx, p.Boundaries())
	if err != nil {
		return Statement{}, err
	}
	s.Result, err = p.Burn(Windows(b.takenBack(points)))
	return s, err
}

// measure asks for what was used between each boundary and the next.
func (b *books) measure(ctx context.Context, boundaries []time.Time) ([]metering.Point, error) {
	points := make([]metering.Point, 0, len(boundaries))
	for from := 0; from+1 < len(boundaries); from += metering.MaxWindows {
		to := min(from+metering.MaxWindows, len(boundaries)-1)
		windows := make([]calendar.Interval, 0, to-from)
		for i := from; i < to; i++ {
			windows = append(windows, calendar.Between(boundaries[i], boundaries[i+1]))
		}
		some, err := b.ledger.In(ctx, b.meter.ID, windows)
		if err != nil {
			return nil, err
		}
		points = append(points, some...)
	}
	return points, nil
}

// takenBack returns the same quantities without any below zero: what was corrected by
// such a one is taken off what was used before it, the latest first. A level below
// zero is none.
func (b *books) takenBack(points []metering.Point) []metering.Point {
	var back decimal.Decimal
	for i := len(points) - 1; i >= 0; i-- {
		p := &points[i]
		if !p.Value.Valid {
			continue
		}
		left := p.Value.Decimal.Add(back)
		if b.terms.Counts == Drawn {
			back = decimal.Min(left, decimal.Decimal{})
		}
		p.Value.Decimal = decimal.Max(left, decimal.Decimal{})
	}
	return points
}
