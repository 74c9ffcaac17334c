package change

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
)

// MayBeDone reports whether somebody had the say that it is done: it is approved, or an
// emergency that its policy lets begin first, which nobody has voted down. What was
// cancelled, and what nobody had asked for, may not.
func (c *Change) MayBeDone() bool {
	if c.Unauthorised || c.State == Cancelled {
		return false
	}
	if c.Decision != nil {
		return c.Decision.Approved && c.State != Rejected
	}
	return !c.StartedAt.IsZero() && c.Approval != nil && c.Approval.StartFirst
}

// WorkedOn returns the changes that may be done and on which somebody worked at some
// time of an interval, by id: as it was where the work is over, until now where it goes
// on, as planned where it has its place in the forward schedule and nobody said that it
// began. [Change.WorkTime] is when.
func (c *Control) WorkedOn(ctx context.Context, during calendar.Interval) ([]Change, error) {
	now := c.view.Now()
	found := map[string]Change{}
	for _, listing := range append(c.begun(during.Start, during.End), c.Ahead(during.End)) {
		for x, err := range listing.All(ctx) {
			if err != nil {
				return nil, err
			}
			if (x.State == Scheduled || !x.StartedAt.IsZero()) && x.MayBeDone() && x.WorkTime(now).Overlaps(during) {
				found[string(x.ID)] = x
			}
		}
	}
	list := make([]Change, 0, len(found))
	for _, x := range found {
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b Change) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

// WorkTime is [Change.Time] as it is known at an instant: work that takes longer than
// planned goes on until then.
func (c *Change) WorkTime(t time.Time) calendar.Interval {
	work := c.Time()
	if c.State == Started && t.After(work.End) {
		work.End = t
	}
	return work
}
