package cost

import (
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

// Reckoner makes lines of the facts of many statements: it keeps the prices that it has
// prepared. It is not safe for concurrent use.
type Reckoner struct{ tariffs tariffs }

// NewReckoner returns one that has seen no price.
func NewReckoner() *Reckoner { return &Reckoner{tariffs: tariffs{}} }

// Lines returns the lines and the total that a statement's facts give, by its currency and
// its rounding: what [Statement.Recompute] does.
func (r *Reckoner) Lines(s Statement) ([]Line, money.Amount, error) {
	on := s.reckoning()
	on.tariffs = r.tariffs
	return on.lines(s.Facts)
}

// tariffs are prices that are prepared, by the versions that they are said to be. The same
// version with another price in it is a mistake, which must not pass for the first.
type tariffs map[PriceRef]prepared

type prepared struct {
	price  rating.Price
	tariff *rating.Tariff
}

// compile prepares a price, once for each version.
func (t tariffs) compile(ref PriceRef, p *rating.Price) (*rating.Tariff, error) {
	if known, is := t[ref]; is && known.price.Equal(*p) {
		return known.tariff, nil
	}
	tariff, err := rating.Compile(*p)
	if err == nil && t != nil {
		t[ref] = prepared{*p, tariff}
	}
	return tariff, err
}
