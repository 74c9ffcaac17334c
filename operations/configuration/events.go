package configuration

import (
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// The verbs.
const (
	VerbRecord          = "configuration.record"
	VerbRevise          = "configuration.revise"
	VerbRetire          = "configuration.retire"
	VerbObserve         = "configuration.observe"
	VerbSweep           = "configuration.sweep"
	VerbAcknowledge     = "configuration.acknowledge"
	VerbAccept          = "configuration.accept"
	VerbOutdate         = "configuration.outdate"
	VerbTakeBaseline    = "baseline.take"
	VerbApproveBaseline = "baseline.approve"

	verbSupersede = "baseline.supersede" // what approving does to the one before
)

// The names of events. They are API; the data of those of items is an [ItemChanged], of
// [EventObserved] an [ItemObserved], of strays a [StrayChanged], of baselines a [BaselineChanged]. No value of a state is in
// any of them.
const (
	EventRecorded     = "configuration.recorded"
	EventRevised      = "configuration.revised" // what is desired, or what is said of the item
	EventRetired      = "configuration.retired"
	EventObserved     = "configuration.observed" // otherwise than before, for the first time, or after it was unknown
	EventDrifted      = "configuration.drifted"  // something differs that did not, or does in another way
	EventRemedied     = "configuration.remedied" // something differs no more
	EventAcknowledged = "configuration.acknowledged"
	EventAccepted     = "configuration.accepted" // what was observed is desired now
	EventOutdated     = "configuration.outdated" // what was seen of it holds no more

	EventStrayFound        = "stray.found" // observed, and not recorded
	EventStrayAcknowledged = "stray.acknowledged"

	EventBaselineTaken    = "baseline.taken"
	EventBaselineApproved = "baseline.approved"
)

// ItemChanged is the data of an item's event.
type ItemChanged struct {
	Item         servicecoin.ConfigurationID `json:"item"`
	Type         TypeName                    `json:"type"`
	Environment  string                      `json:"environment,omitempty"`
	Service      servicecoin.ServiceID       `json:"service,omitempty"`
	Version      int                         `json:"version"`
	Change       servicecoin.ChangeID        `json:"change,omitempty"`
	Open         int                         `json:"open"`            // findings
	Worst        Severity                    `json:"worst,omitempty"` // of them
	Unauthorised int                         `json:"unauthorised"`    // of them
	Findings     []int                       `json:"findings"`        // numbers of those that the event is about
}

// ItemObserved is the data of an observation's event.
type ItemObserved struct {
	Item    servicecoin.ConfigurationID `json:"item"`
	Type    TypeName                    `json:"type"`
	Service servicecoin.ServiceID       `json:"service,omitempty"`
	At      time.Time                   `json:"at"`
	// Before is when all of it was looked at before, and was as it had been told of; zero:
	// never.
	Before time.Time `json:"before,omitzero"`
	Gone   bool      `json:"gone,omitempty"`
}

// StrayChanged is the data of a stray's event.
type StrayChanged struct {
	ID   servicecoin.ConfigurationID `json:"id"`
	Type TypeName                    `json:"type,omitempty"`
}

// BaselineChanged is the data of a baseline's event.
type BaselineChanged struct {
	Baseline   BaselineID    `json:"baseline"`
	State      BaselineState `json:"state"`
	Count      int           `json:"count"`
	Supersedes BaselineID    `json:"supersedes,omitempty"`
}

func itemHappened(by servicecoin.Actor, name string, i Item, change servicecoin.ChangeID, findings []int) (store.Event, error) {
	if findings == nil {
		findings = []int{}
	}
	return store.Happened(by, name, ItemChanged{
		Item: i.ID, Type: i.Type, Environment: i.Environment, Service: i.Service, Version: i.Version, Change: change,
		Open: i.Open, Worst: i.Worst, Unauthorised: i.Unauthorised, Findings: findings,
	})
}
