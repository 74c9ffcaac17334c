package coin

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/catalogroom"
	"github.com/servicecoin/servicecoin/coin/costroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/meteringroom"
	"github.com/servicecoin/servicecoin/metering"
)

// The codes of what is out of balance between rooms; what one room can tell alone
// has its code there.
const (
	PaidUnused = "paid-unused" // it is charged, and nobody uses it
	Unpriced   = "unpriced"    // it is there, and nobody knows what it costs

	unusedUrgency, unpricedUrgency = 70, 20
)

// Spin puts a customer's month side by side, as the facts are now. It reads, and
// changes nothing.
func (c *Coin) Spin(ctx context.Context, customer servicecoin.CustomerID, m calendar.Month) (exchange.Spin, error) {
	x, err := c.Rooms()
	if err != nil {
		return exchange.Spin{}, err
	}
	return x.Spin(metering.Remembering(ctx), customer, m, judge)
}

// aWhile is how long somebody has a service before it is worth a word that nobody
// uses it.
const aWhile = 7 * 24 * time.Hour

// judge says what no room can tell alone.
func judge(s exchange.Spin, r exchange.Row) []exchange.Imbalance {
	charged, used, held := exchange.Of[costroom.Charged](r.Parts), exchange.Of[meteringroom.Used](r.Parts), exchange.Of[catalogroom.Held](r.Parts)
	switch {
	case charged.Charge.Defined() && charged.Charge.Sign() > 0 && used.Active.Valid && used.Active.Decimal.IsZero() && held.For(s.Period, s.At) >= aWhile:
		return []exchange.Imbalance{{
			Code: PaidUnused, Service: r.Service, Sides: []exchange.Side{exchange.Management, exchange.Adoption}, Urgency: unusedUrgency,
			Text: fmt.Sprintf("%s costs %s and nobody used it.", r.Name, charged.Charge),
		}}
	case !charged.Charge.Defined() && s.Customer.Currency != "" && len(held.Imprint) > 0:
		return []exchange.Imbalance{{
			Code: Unpriced, Service: r.Service, Sides: []exchange.Side{exchange.Management, exchange.Operations}, Urgency: unpricedUrgency,
			Text: r.Name + ": nobody knows what it costs.",
		}}
	}
	return nil
}
