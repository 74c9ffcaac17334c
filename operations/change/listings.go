package change

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Get returns a change.
func (c *Control) Get(ctx context.Context, id servicecoin.ChangeID) (Change, error) {
	return store.Of(c.view, changes).Get(ctx, string(id))
}

// Recent lists changes, the one that was drafted last first.
func (c *Control) Recent() store.Listing[Change] {
	return store.Of(c.view, changes).Find(store.By("drafted").Descending())
}

// InState lists the changes of a state, the one that was drafted last first.
func (c *Control) InState(s State) store.Listing[Change] {
	return store.Of(c.view, changes).Find(store.By("state", store.Text(s)).Descending())
}

// Ahead lists what is planned or being done and begins before an instant, by its
// start; of a zero instant, all.
func (c *Control) Ahead(before time.Time) store.Listing[Change] {
	r := store.By("ahead")
	if !before.IsZero() {
		r = r.To(store.Time(before))
	}
	return store.Of(c.view, changes).Find(r)
}

// Ended lists the changes whose work ended in an interval, by when it did.
func (c *Control) Ended(during calendar.Interval) store.Listing[Change] {
	return store.Of(c.view, changes).Find(store.By("ended").From(store.Time(during.Start)).To(store.Time(during.End)))
}

// Unfinished lists what was begun and is not closed: what is being done, what waits to
// be reviewed, and what is still to be approved afterwards; the longest first.
func (c *Control) Unfinished() store.Listing[Change] {
	return store.Of(c.view, changes).Find(store.By("unfinished"))
}

// LateApprovals lists the emergencies that began before they were approved and are
// late with it at t.
func (c *Control) LateApprovals(t time.Time) store.Listing[Change] {
	return c.Unfinished().Where(func(x Change) bool { return x.ApprovedLate(t) && x.Decision == nil })
}

// OpenFollowUps lists the changes that have open follow-ups, the one whose next is due
// first at the front.
func (c *Control) OpenFollowUps() store.Listing[Change] {
	return store.Of(c.view, changes).Find(store.By("followUp"))
}

// OfModel lists the changes that were made from a model, the one that was drafted last
// first.
func (c *Control) OfModel(id ModelID) store.Listing[Change] {
	return store.Of(c.view, changes).Find(store.By("model", store.Text(id)).Descending())
}

// Suspects returns the changes on any of these services that were being done, or
// watched, at an instant: what an incident that began then may come of.
func (c *Control) Suspects(ctx context.Context, services []servicecoin.ServiceID, at time.Time) ([]Change, error) {
	var list []Change
	for _, listing := range c.begun(at, at.Add(time.Microsecond)) {
		for x, err := range listing.All(ctx) {
			if err != nil {
				return nil, err
			}
			from, until, ok := x.Restless()
			if ok && !at.Before(from) && (until.IsZero() || x.State == Started || at.Before(until)) && sharesAny(services, x.Scope.Services) {
				list = append(list, x)
			}
		}
	}
	return list, nil
}

// HistoryOf returns how earlier changes went that were made from the same model, or of
// which one touched a service that this one touches: the last 200 of them.
func (c *Control) HistoryOf(ctx context.Context, x Change) (History, error) {
	const most = 200
	var list []Change
	for old, err := range store.Of(c.view, changes).Find(store.By("ended").Descending()).All(ctx) {
		if err != nil {
			return History{}, err
		}
		if old.ID == x.ID {
			continue
		}
		same := x.Model != nil && old.Model != nil && old.Model.ID == x.Model.ID
		if same || (x.Model == nil && sharesAny(x.Scope.Services, old.Scope.Services)) {
			if list = append(list, old); len(list) == most {
				break
			}
		}
	}
	return HistoryOf(list), nil
}

// Figures counts the changes of a period, and the four figures of DORA.
func (c *Control) Figures(ctx context.Context, during calendar.Interval) (Figures, Delivery, []Change, error) {
	var list []Change
	for x, err := range c.Ended(during).All(ctx) {
		if err != nil {
			return Figures{}, Delivery{}, nil, err
		}
		list = append(list, x)
	}
	return FiguresOf(list, during, c.view.Now()), DeliveryOf(list, during), list, nil
}

// Freezes lists the freezes that end after an instant, the first to end first.
func (c *Control) Freezes(after time.Time) store.Listing[Freeze] {
	return store.Of(c.view, freezes).Find(store.By("end").From(store.Time(after.Add(time.Microsecond))))
}

// FreezesLifted lists the freezes that were to end after an instant, and were lifted
// before they began: what a calendar shows as cancelled.
func (c *Control) FreezesLifted(after time.Time) store.Listing[Freeze] {
	return store.Of(c.view, freezes).Find(store.By("never").From(store.Time(after)))
}

// Freeze returns a freeze.
func (c *Control) Freeze(ctx context.Context, id FreezeID) (Freeze, error) {
	return store.Of(c.view, freezes).Get(ctx, string(id))
}

// Windows lists the change windows by their names.
func (c *Control) Windows() store.Listing[Window] {
	return store.Of(c.view, windows).Find(store.By("name"))
}

// Models lists the models of standard changes by their names.
func (c *Control) Models() store.Listing[Model] {
	return store.Of(c.view, models).Find(store.By("name"))
}

// Model returns a model of standard changes.
func (c *Control) Model(ctx context.Context, id ModelID) (Model, error) {
	return store.Of(c.view, models).Get(ctx, string(id))
}

// DowntimesOf returns when a service is, or was, expected not to be there for the sake of
// changes in an interval: those that are scheduled, begun or over. Each is told as
// announced, and cut where the work was over earlier.
func (c *Control) DowntimesOf(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) ([]Announced, error) {
	all, err := c.changesIn(ctx, during)
	if err != nil {
		return nil, err
	}
	var list []Announced
	for i := range all {
		x := &all[i]
		at, ok := x.announced()
		if !ok {
			continue
		}
		for _, d := range x.Downtimes(service) {
			if d.During.Overlaps(during) {
				list = append(list, Announced{Change: x.ID, Title: x.Title, Headline: x.Headline, During: d.During, At: at, By: x.Decision.By})
			}
		}
	}
	return list, nil
}

// Announced is a downtime that customers were told of.
type Announced struct {
	Change   servicecoin.ChangeID
	Title    string
	Headline string
	During   calendar.Interval
	At       time.Time            // when they were told: once what is done was approved
	By       servicecoin.PersonID // whose word approved it
}

// announced returns when the plan that holds was approved, false of a change whose
// downtime nobody was told of.
func (c *Change) announced() (time.Time, bool) {
	switch c.State {
	case Approved, Scheduled, Started, Implemented, RolledBack, Failed, Reviewed, Closed:
	case Draft, Submitted, Assessed, Rejected, Cancelled:
		return time.Time{}, false
	}
	if c.Decision == nil || !c.Decision.Approved {
		return time.Time{}, false
	}
	return c.Decision.At, true
}
