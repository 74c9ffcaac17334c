package change

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// The names of events. They are API; the data of those of changes is a [Changed], of
// models a [ModelChanged], of freezes a [FreezeChanged], of notices a [NoticeChanged].
const (
	EventDrafted           = "change.drafted"
	EventRevised           = "change.revised"
	EventAssigned          = "change.assigned"
	EventSubmitted         = "change.submitted"
	EventPreapproved       = "change.preapproved"
	EventAssessed          = "change.assessed"
	EventVoted             = "change.voted"
	EventApproved          = "change.approved"
	EventRejected          = "change.rejected"
	EventReopened          = "change.reopened"
	EventWithdrawn         = "change.withdrawn"
	EventAmended           = "change.amended"
	EventScheduled         = "change.scheduled"
	EventStarted           = "change.started"
	EventFellBack          = "change.fellBack"
	EventImplemented       = "change.implemented"
	EventRolledBack        = "change.rolledBack"
	EventFailed            = "change.failed"
	EventWatched           = "change.watched"
	EventReviewed          = "change.reviewed"
	EventClosed            = "change.closed"
	EventCancelled         = "change.cancelled"
	EventDiscovered        = "change.discovered"
	EventConflictAccepted  = "change.conflictAccepted"
	EventExcepted          = "change.excepted"
	EventConsentAsked      = "change.consentAsked"
	EventConsentAnswered   = "change.consentAnswered"
	EventIncidentSuspected = "change.incidentSuspected"
	EventIncidentConfirmed = "change.incidentConfirmed"
	EventIncidentDismissed = "change.incidentDismissed"
	EventFollowUpAdded     = "change.followUpAdded"
	EventFollowUpCompleted = "change.followUpCompleted"
	EventFollowUpMoved     = "change.followUpMoved"
	EventFollowUpDropped   = "change.followUpDropped"

	EventModelDrafted   = "model.drafted"
	EventModelRevised   = "model.revised"
	EventModelApproved  = "model.approved"
	EventModelSuspended = "model.suspended"
	EventModelWithdrawn = "model.withdrawn"

	EventFreezeDeclared = "freeze.declared"
	EventFreezeLifted   = "freeze.lifted"

	EventNoticeGiven    = "notice.given"
	EventNoticeAnswered = "notice.answered"
)

// Changed is the data of a change's event.
type Changed struct {
	Change   servicecoin.ChangeID    `json:"change"`
	Kind     Kind                    `json:"kind"`
	State    State                   `json:"state"`
	Services []servicecoin.ServiceID `json:"services,omitempty"`
	// Dropped are services that it touched before the event, and touches no more.
	Dropped []servicecoin.ServiceID `json:"dropped,omitempty"`
	// Work is the time of the work: as planned before it is over, as it was after.
	Work calendar.Interval `json:"work,omitzero"`
}

// ModelChanged is the data of a model's event.
type ModelChanged struct {
	Model   ModelID    `json:"model"`
	Edition int        `json:"edition"`
	State   ModelState `json:"state"`
}

// FreezeChanged is the data of a freeze's event.
type FreezeChanged struct {
	Freeze   FreezeID                `json:"freeze"`
	Services []servicecoin.ServiceID `json:"services,omitempty"`
	During   calendar.Interval       `json:"during"`
}

// NoticeChanged is the data of a notice's event.
type NoticeChanged struct {
	Change servicecoin.ChangeID `json:"change"`
	State  NoticeState          `json:"state"`
	Answer Answer               `json:"answer,omitempty"`
}

// Time is the time of the work: as it was where it is over, as far as it has come
// where it is not, as planned before it began.
func (c *Change) Time() calendar.Interval {
	work := c.Plan.Work()
	switch {
	case !c.EndedAt.IsZero():
		return calendar.Between(c.StartedAt, c.EndedAt)
	case !c.StartedAt.IsZero():
		return calendar.Between(c.StartedAt, later(work.End, c.StartedAt))
	}
	return work
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
