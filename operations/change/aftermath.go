package change

import (
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/store"
)

// ConfirmIncident says that the change caused an incident: it counts as a failure.
func (c *Control) ConfirmIncident(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, incident servicecoin.IncidentID, reason string) (Change, error) {
	return c.wrong(ctx, by, id, VerbConfirmIncident, EventIncidentConfirmed, func(x *Change, at time.Time) error {
		return x.ConfirmIncident(by, at, incident, reason)
	})
}

// wrong is a change after which a change may have gone wrong that had not before: its
// model hears of it, in the same commit.
func (c *Control) wrong(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, verb, event string, rule func(x *Change, at time.Time) error) (Change, error) {
	if err := c.ask(ctx, by, verb, id); err != nil {
		return Change{}, err
	}
	return c.do(ctx, by, id, event, func(tx store.View, x *Change, at time.Time) error {
		// What was confirmed once was counted, even if it was dismissed since.
		before := x.WentWrong() || slices.ContainsFunc(x.History, func(e Event) bool { return e.Verb == VerbConfirmIncident })
		if err := rule(x, at); err != nil {
			return err
		}
		if before || !x.WentWrong() || x.Model == nil {
			return nil
		}
		return c.On(tx).count(ctx, by, x, at)
	})
}

// count tells a model of a failure since it was approved.
func (c *Control) count(ctx context.Context, by servicecoin.Actor, x *Change, at time.Time) error {
	m, err := store.Of(c.view, models).Item(ctx, string(x.Model.ID))
	if err != nil || m.Value.Edition != x.Model.Edition || x.DraftedAt().Before(m.Value.ApprovedAt) && x.StartedAt.Before(m.Value.ApprovedAt) {
		return err
	}
	before := m.Value.State
	if err := m.Value.Count(by, at, x.ID); err != nil {
		return err
	}
	var events []store.Event
	if m.Value.State != before {
		e, err := store.Happened(by, EventModelSuspended, ModelChanged{m.Value.ID, m.Value.Edition, m.Value.State})
		if err != nil {
			return err
		}
		events = append(events, e)
	}
	return store.Of(c.view, models).Put(ctx, m.Value, m.Version, events...)
}

// DismissIncident says that the change did not cause an incident.
func (c *Control) DismissIncident(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, incident servicecoin.IncidentID, reason string) (Change, error) {
	return c.change(ctx, by, id, VerbDismissIncident, EventIncidentDismissed, func(x *Change, at time.Time) error {
		return x.DismissIncident(by, at, incident, reason)
	})
}

// SuspectIncident links an incident as suspected: see [Control.Suspects].
func (c *Control) SuspectIncident(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, incident servicecoin.IncidentID, began time.Time) (Change, error) {
	return c.change(ctx, by, id, VerbSuspectIncident, EventIncidentSuspected, func(x *Change, at time.Time) error {
		return x.SuspectIncident(by, at, incident, began)
	})
}

// Watch says until when somebody watches what was implemented.
func (c *Control) Watch(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, until time.Time) (Change, error) {
	return c.change(ctx, by, id, VerbWatch, EventWatched, func(x *Change, at time.Time) error { return x.Watch(by, at, until) })
}

// WriteReview says what is to be learnt of it.
func (c *Control) WriteReview(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, text string, lessons ...string) (Change, error) {
	return c.change(ctx, by, id, VerbReview, EventReviewed, func(x *Change, at time.Time) error { return x.WriteReview(by, at, text, lessons...) })
}

// Close ends it for good.
func (c *Control) Close(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID) (Change, error) {
	return c.change(ctx, by, id, VerbClose, EventClosed, func(x *Change, at time.Time) error { return x.Close(by, at) })
}

// AddFollowUp adds what is still to be done, by whom and by when.
func (c *Control) AddFollowUp(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, task followup.Task) (Change, error) {
	return c.change(ctx, by, id, VerbAddFollowUp, EventFollowUpAdded, func(x *Change, at time.Time) error { return x.AddFollowUp(by, at, task) })
}

// CompleteFollowUp says what came of it.
func (c *Control) CompleteFollowUp(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, number int, outcome string) (Change, error) {
	return c.change(ctx, by, id, VerbCompleteFollowUp, EventFollowUpCompleted, func(x *Change, at time.Time) error {
		return x.CompleteFollowUp(by, at, number, outcome)
	})
}

// MoveFollowUp sets another due date; the first one stays on record.
func (c *Control) MoveFollowUp(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, number int, due time.Time, reason string) (Change, error) {
	return c.change(ctx, by, id, VerbMoveFollowUp, EventFollowUpMoved, func(x *Change, at time.Time) error {
		return x.MoveFollowUp(by, at, number, due, reason)
	})
}

// DropFollowUp says why it will not be done.
func (c *Control) DropFollowUp(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, number int, reason string) (Change, error) {
	return c.change(ctx, by, id, VerbDropFollowUp, EventFollowUpDropped, func(x *Change, at time.Time) error {
		return x.DropFollowUp(by, at, number, reason)
	})
}
