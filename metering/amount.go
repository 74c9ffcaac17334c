package metering

import (
	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering/internal/fixed"
)

// amount is a decimal in few bytes, or none. Its zero value is none.
type amount struct {
	sum   fixed.Sum // of 10^-9, if it fits
	exact *decimal.Decimal
	some  bool
}

func exactly(d decimal.NullDecimal) amount {
	if !d.Valid {
		return amount{}
	}
	if n, ok := fixed.Of(d.Decimal); ok {
		a := amount{some: true}
		a.sum.Add(n)
		return a
	}
	return amount{exact: &d.Decimal, some: true}
}

func (a *amount) there() bool { return a.some }

func (a *amount) value() decimal.NullDecimal {
	switch {
	case !a.some:
		return servicecoin.Undefined()
	case a.exact != nil:
		return servicecoin.Some(*a.exact)
	default:
		return servicecoin.Some(a.sum.Decimal(fixed.Places))
	}
}
