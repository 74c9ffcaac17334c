package coin

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/store"
)

// excesses are what a customer used beyond the limits of its entitlements, where it was
// declared that this is charged.
type excesses struct{ of *entitle.Entitlements }

// Charged implements cost.Excesses.
func (e excesses) Charged(ctx context.Context, during calendar.Interval) ([]cost.Excess, error) {
	all, err := e.of.Excesses(ctx, "", during)
	if err != nil {
		return nil, err
	}
	var list []cost.Excess
	for _, x := range all {
		if x.Price() == "" {
			continue
		}
		name := string(x.Feature) + " beyond the limit"
		if x.Critical != "" {
			name += " in " + x.Critical
		}
		list = append(list, cost.Excess{
			ID: store.JoinID(string(x.Feature), x.Critical, x.Version.UTC().Format(time.RFC3339), x.Period.Start.UTC().Format(time.RFC3339)), Since: x.Version,
			Name: name, Service: x.Service, Meter: x.Meter, Unit: x.Unit, Price: x.Price(), Period: x.Period, Limit: x.Limit, Used: x.Used, Quantity: x.Quantity,
		})
	}
	return list, nil
}
