package releaseroom

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
)

// ScheduleOptions are what a host may set for what is released and when.
type ScheduleOptions struct{}

func (n Nouns) scheduleLinks() []exchange.Link { return nil }

func (n Nouns) forgetSchedule(context.Context, servicecoin.Actor, servicecoin.CustomerID) error {
	return nil
}
