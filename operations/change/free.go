package change

import (
	"context"
	"slices"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Free returns the time, of the span that was worked out, in which changes of a kind may
// happen on a scope: inside of the windows of all its services, outside of freezes that do
// not let them through, and of the critical windows of these customers. What has to be
// asked for before, and who else takes time, is not looked at: [Occasions.Fit] and
// [Schedule.Conflicts] do.
func (o *Occasions) Free(kind Kind, scope Scope, customers ...servicecoin.CustomerID) calendar.Set {
	free := calendar.SetOf(o.within)
	if len(o.windows) > 0 {
		for _, p := range o.parties(scope) {
			free = free.Intersect(p.times)
		}
	}
	var without []calendar.Interval
	for _, f := range o.freezes {
		if f.Concerns(kind, scope) {
			without = append(without, f.During)
		}
	}
	for _, c := range o.critical {
		if c.Customer != "" && !slices.Contains(customers, c.Customer) || len(c.Services) > 0 && !sharesAny(c.Services, scope.Services) {
			continue
		}
		for _, w := range c.windows {
			without = append(without, w.times.List...)
		}
	}
	return free.Subtract(calendar.SetOf(without...))
}

// Occasions works out when changes may happen, as windows, freezes and the critical windows
// of these customers are now, for a span of time.
func (c *Control) Occasions(ctx context.Context, during calendar.Interval, customers ...servicecoin.CustomerID) (*Occasions, error) {
	list, err := c.calendar(ctx, during, customers)
	if err != nil {
		return nil, err
	}
	return list.Compile(during)
}
