package adoption

import (
	"time"

	"github.com/servicecoin/servicecoin"
)

// The names of events. They are API; the data of each stands behind it.
const (
	EventOnboardingBegun     = "onboarding.begun"              // OnboardingChanged
	EventPrerequisiteMet     = "onboarding.prerequisiteMet"    // OnboardingChanged
	EventPrerequisiteWaived  = "onboarding.prerequisiteWaived" // OnboardingChanged
	EventEvidenceWithdrawn   = "onboarding.evidenceWithdrawn"  // OnboardingChanged
	EventPointReached        = "onboarding.pointReached"       // OnboardingChanged
	EventOnboardingCompleted = "onboarding.completed"          // OnboardingChanged, beside the last EventPointReached
	EventOnboardingCancelled = "onboarding.cancelled"          // OnboardingChanged

	EventSurveyAnswered  = "survey.answered"  // AnswerChanged
	EventSurveyDismissed = "survey.dismissed" // AnswerChanged

	EventDepartureAnnounced  = "departure.announced"  // DepartureChanged
	EventDepartureHandedBack = "departure.handedBack" // DepartureChanged
	EventDepartureErased     = "departure.erased"     // DepartureChanged
	EventDepartureStayed     = "departure.stayed"     // DepartureChanged

	EventTemplatePublished = "template.published" // TemplateChanged
	EventJourneyPublished  = "journey.published"  // JourneyChanged
	EventTouchpointTested  = "journey.tested"     // JourneyTested
	EventSurveyAsked       = "survey.asked"       // SurveyChanged
	EventSurveyEnded       = "survey.ended"       // SurveyChanged
)

// OnboardingChanged is the data of an onboarding's event.
type OnboardingChanged struct {
	Subscription servicecoin.SubscriptionID `json:"subscription"`
	Service      servicecoin.ServiceID      `json:"service"`
	State        State                      `json:"state"`
	Edition      int                        `json:"edition,omitempty"`      // of the template: begun
	Prerequisite PrerequisiteID             `json:"prerequisite,omitempty"` // met, waived, withdrawn
	Evidence     *Evidence                  `json:"evidence,omitempty"`     // met; withdrawn: what was taken back, nil if it was a waiver
	Point        string                     `json:"point,omitempty"`        // reached, completed
	Warnings     []PrerequisiteID           `json:"warnings,omitempty"`     // reached, completed
	Reason       string                     `json:"reason,omitempty"`       // waived, withdrawn, cancelled
}

// AnswerChanged is the data of an answer's event. What was said is in the
// record, not here.
type AnswerChanged struct {
	Survey     SurveyID             `json:"survey"`
	Respondent servicecoin.PersonID `json:"respondent"`
	Edited     int                  `json:"edited,omitempty"` // how often it was answered again
}

// DepartureChanged is the data of a departure's event.
type DepartureChanged struct {
	Subscription servicecoin.SubscriptionID `json:"subscription"`
	Service      servicecoin.ServiceID      `json:"service"`
	State        DepartureState             `json:"state"`
	LeavesAt     time.Time                  `json:"leavesAt"`
	Reason       string                     `json:"reason,omitempty"` // announced, stayed
	Parts        int                        `json:"parts,omitempty"`  // how many were handed back
	Proof        string                     `json:"proof,omitempty"`  // erased
}

// TemplateChanged is the data of a template's event.
type TemplateChanged struct {
	Service  servicecoin.ServiceID  `json:"service"`
	Offering servicecoin.OfferingID `json:"offering,omitempty"`
	Edition  int                    `json:"edition"`
}

// JourneyChanged is the data of a journey's publication.
type JourneyChanged struct {
	Journey JourneyID `json:"journey"`
	Edition int       `json:"edition"`
}

// JourneyTested is the data of a run of an acceptance test.
type JourneyTested struct {
	Journey    JourneyID             `json:"journey"`
	Touchpoint TouchpointID          `json:"touchpoint"`
	Kind       TouchpointKind        `json:"kind"`
	Service    servicecoin.ServiceID `json:"service,omitempty"`
	Run        Run                   `json:"run"`
}

// SurveyChanged is the data of a survey's event.
type SurveyChanged struct {
	Survey   SurveyID              `json:"survey"`
	Kind     SurveyKind            `json:"kind"`
	Service  servicecoin.ServiceID `json:"service,omitempty"`
	OpensAt  time.Time             `json:"opensAt"`
	ClosesAt time.Time             `json:"closesAt,omitzero"`
}
