package cost

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
)

// Kind is what a line of a statement is for.
type Kind string

// The kinds of lines.
const (
	UsageLine      Kind = "usage"      // metered usage at a price
	FeeLine        Kind = "fee"        // a fixed quantity at a price
	ExcessLine     Kind = "excess"     // what was used beyond a limit, at the price of that
	CostLine       Kind = "cost"       // costs computed elsewhere, by service
	CreditLine     Kind = "credit"     // taken off
	CorrectionLine Kind = "correction" // what an earlier month comes to now, less what was charged for it
)

// rank orders the lines of a statement.
func (k Kind) rank() int {
	return slices.Index([]Kind{UsageLine, FeeLine, ExcessLine, CostLine, CreditLine, CorrectionLine}, k)
}

// charges reports a kind that a percentage is taken of.
func (k Kind) charges() bool {
	return k == UsageLine || k == FeeLine || k == ExcessLine || k == CostLine
}

// Line is one line of a statement. Its id is stable: the same thing has the same
// id however often the statement is drafted.
type Line struct {
	ID      string                `json:"id"`
	Kind    Kind                  `json:"kind"`
	Service servicecoin.ServiceID `json:"service"`
	Label   string                `json:"label"` // for people

	Quantity decimal.NullDecimal `json:"quantity"` // null: not known, or the line has none
	Unit     string              `json:"unit,omitempty"`
	Price    *PriceRef           `json:"price"` // null: the line has none
	Of       *Corrected          `json:"of"`    // what a correction corrects
	// Period is the part of the month that is charged, where the price is not for the
	// whole of it. Null, left out: what the item is charged for of the month.
	Period *calendar.Interval `json:"period,omitempty"`
	// Remainder is what was used below nothing, where the price is not for that:
	// the line charges nothing used, and this is not paid back by it. Null, left
	// out: there is none.
	Remainder *decimal.Decimal `json:"remainder,omitempty"`
	Parts     []rating.Line    `json:"parts,omitempty"`
	Exact     money.Amount     `json:"exact"`  // null: not known
	Amount    money.Amount     `json:"amount"` // rounded to the currency's digits; null: not known
}

// PriceRef names a version of a price.
type PriceRef struct {
	ID      servicecoin.PriceID `json:"id"`
	Version int                 `json:"version"`
}

// Corrected names a line of an earlier month.
type Corrected struct {
	Month calendar.Month `json:"month"`
	Line  string         `json:"line"`
}

// Fact is what one line is computed from. One of its parts is set.
type Fact struct {
	Charge     *ChargeFact     `json:"charge,omitempty"`
	Excess     *ExcessFact     `json:"excess,omitempty"`
	Credit     *Credit         `json:"credit,omitempty"`
	Cost       *RowsFact       `json:"cost,omitempty"`
	Correction *CorrectionFact `json:"correction,omitempty"`
}

// ChargeFact is an item, what was used of it, and the price that holds.
type ChargeFact struct {
	Item   Item              `json:"item"`
	Period calendar.Interval `json:"period"` // the part of the month in which the item is charged at the price
	Usage  *metering.Usage   `json:"usage"`  // null: the quantity is fixed
	Price  PriceFact         `json:"price"`

	// Days is the share of the days of the month that is charged. Null: all of it.
	Days *Days `json:"days,omitempty"`
	// Read is what the price is applied to, where that is more than the value of Usage:
	// what was used in windows or groups, or since the item's beginning in the month.
	Read *Read `json:"read,omitempty"`
	// Before is what was used of the month before Period, which is charged elsewhere:
	// what Read costs is the difference. Null: nothing.
	Before *Read `json:"before,omitempty"`
	// Open says that a later version goes on in the month: what is due when the month is
	// over, as a minimum, is due there.
	Open bool `json:"open,omitempty"`
	// Later says that it is a further part of the item's month, with a line of its own.
	Later bool `json:"later,omitempty"`
	// Conversion is by which the price comes to be in money of the account.
	Conversion *rating.Conversion `json:"conversion,omitempty"`
	// Zone is that of the days and buckets of the charge, an IANA name. "": it has none.
	Zone string `json:"zone,omitempty"`
}

// Pin is the version of a price that a part of an item was charged at: it stays, whatever
// the price list says later.
type Pin struct {
	Item       ItemID             `json:"item"`
	Period     calendar.Interval  `json:"period"`
	Price      PriceFact          `json:"price"`
	Conversion *rating.Conversion `json:"conversion,omitempty"`
	Zone       string             `json:"zone,omitempty"`
	Later      bool               `json:"later,omitempty"`
}

// PriceFact is the version of a price that a charge rests on, without who
// published it.
type PriceFact struct {
	ID        servicecoin.PriceID `json:"id"`
	Version   int                 `json:"version"`
	ValidFrom time.Time           `json:"validFrom"`
	Price     rating.Price        `json:"price"`
}

// RowsFact is the sum of a service's rows in the month.
type RowsFact struct {
	Service servicecoin.ServiceID `json:"service"`
	Rows    int                   `json:"rows"`
	Sum     money.Amount          `json:"sum"`    // exact; null: no row has an amount
	Digest  string                `json:"digest"` // SHA-256 of ids and amounts, in the order of ids
}

// CorrectionFact is what became of a line of an earlier month.
type CorrectionFact struct {
	Of      Corrected             `json:"of"`
	Service servicecoin.ServiceID `json:"service"`
	Label   string                `json:"label"`
	Now     money.Amount          `json:"now"`     // what it comes to now
	Charged money.Amount          `json:"charged"` // what was charged for it, corrections included
	Edition int                   `json:"edition"` // of the statement that is corrected
	// Pin is the price of what was not in the statement that is corrected.
	Pin *Pin `json:"pin,omitempty"`
	// Account is that of the statement, where the month was issued in another one first.
	Account money.Currency `json:"account,omitempty"`
}

// ID returns the id of the line that is computed from the fact.
func (f Fact) ID() string {
	switch {
	case f.Charge != nil:
		return f.Charge.id()
	case f.Excess != nil:
		return f.Excess.id()
	case f.Cost != nil:
		return store.JoinID(string(CostLine), string(f.Cost.Service))
	case f.Credit != nil:
		return store.JoinID(string(CreditLine), creditID(f.Credit.Reference))
	case f.Correction != nil:
		return store.JoinID(string(CorrectionLine), f.Correction.Of.Month.String(), f.Correction.Of.Line)
	}
	return ""
}

// reckoning turns facts into lines.
type reckoning struct {
	currency money.Currency
	rounding money.Rounding
	charged  map[servicecoin.ServiceID]money.Amount // by service, what credits are a percentage of
	tariffs  tariffs
}

// lines returns the lines of facts, in a fixed order, and their total: none if
// no line has an amount.
func (r reckoning) lines(facts []Fact) ([]Line, money.Amount, error) {
	r.charged = map[servicecoin.ServiceID]money.Amount{}
	if r.tariffs == nil {
		r.tariffs = tariffs{}
	}
	lines := make([]Line, 0, len(facts))
	var amounts []money.Amount
	for _, credits := range []bool{false, true} { // credits look at what is charged
		for _, f := range facts {
			if (f.Credit != nil) != credits {
				continue
			}
			l, err := r.line(f)
			if err != nil {
				return nil, money.Amount{}, err
			}
			lines = append(lines, l)
			if l.Amount.Defined() {
				amounts = append(amounts, l.Amount)
			}
		}
	}
	slices.SortFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Kind.rank(), b.Kind.rank()), cmp.Compare(a.Service, b.Service), cmp.Compare(a.ID, b.ID))
	})
	if len(amounts) == 0 {
		return lines, money.Amount{}, nil
	}
	total, err := money.Sum(r.currency, amounts...)
	return lines, total, err
}

func (r reckoning) line(f Fact) (Line, error) {
	l := Line{ID: f.ID()}
	var err error
	switch {
	case f.Charge != nil:
		err = r.charge(&l, *f.Charge)
	case f.Excess != nil:
		err = r.excess(&l, *f.Excess)
	case f.Cost != nil:
		l.Kind, l.Service, l.Label, l.Exact = CostLine, f.Cost.Service, "Costs passed on", f.Cost.Sum
		l.Amount, err = r.round(l.Exact)
	case f.Credit != nil:
		err = r.credit(&l, *f.Credit)
	case f.Correction != nil:
		c := f.Correction
		l.Kind, l.Service, l.Label, l.Of = CorrectionLine, c.Service, c.Label, &c.Of
		if l.Exact, err = c.Now.Sub(c.Charged); err == nil {
			l.Amount, err = r.round(l.Exact)
		}
	}
	if err != nil {
		var v servicecoin.Violations
		v.Merge("lines["+l.ID+"]", err)
		return l, v.Err()
	}
	if l.Amount.Defined() && l.Kind.charges() {
		err = r.take(l)
	}
	return l, err
}

// take adds a line to what its service costs.
func (r reckoning) take(l Line) error {
	sum, ok := r.charged[l.Service]
	if !ok {
		r.charged[l.Service] = l.Amount
		return nil
	}
	sum, err := sum.Add(l.Amount)
	r.charged[l.Service] = sum
	return err
}

func (r reckoning) round(a money.Amount) (money.Amount, error) {
	if !a.Defined() {
		return a, nil
	}
	return a.Round(r.rounding)
}

func (r reckoning) credit(l *Line, c Credit) error {
	l.Kind, l.Service, l.Label = CreditLine, c.Service, c.Reason
	var err error
	switch base, ok := r.charged[c.Service]; {
	case c.Amount.Defined():
		l.Exact = c.Amount.Neg()
	case !ok:
		return nil // nothing is charged that the percentage could be of
	default:
		if l.Exact, err = base.Mul(c.Percent.Decimal.Shift(-2).Neg()); err != nil {
			return err
		}
	}
	l.Amount, err = r.round(l.Exact)
	return err
}
