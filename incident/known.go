package incident

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// known adds to what a rule said of effects which of their services nobody knows.
// Services that the incident had before are not asked for: it may have been taken
// in with them. So many services as an incident may affect are asked for.
func (d *Desk) known(ctx context.Context, rule error, effects []Effect, before []servicecoin.ServiceID) error {
	if d.o.Service == nil || rule != nil && !errors.Is(rule, servicecoin.ErrInvalid) {
		return rule
	}
	var v servicecoin.Violations
	v.Merge("", rule)
	asked := map[servicecoin.ServiceID]bool{}
	for n, x := range effects {
		if len(asked) == maxServices {
			break
		}
		if x.Service == "" || asked[x.Service] || slices.Contains(before, x.Service) {
			continue
		}
		asked[x.Service] = true
		err := d.o.Service(ctx, x.Service)
		if errors.Is(err, servicecoin.ErrNotFound) {
			v.Add(fmt.Sprintf("effects[%d].service", n), "unknown", string(x.Service), "is no service that is known")
		} else if err != nil {
			return fmt.Errorf("service %s: %w", x.Service, err)
		}
	}
	return v.Err()
}
