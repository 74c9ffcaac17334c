// Package adoption models how people come to use a service: what must be in
// place before they can and by when, the touchpoints at which they meet their
// provider, whether they are satisfied, and how they leave.
//
// It answers: which prerequisites does signing up have, at what point is each
// due, and what is missing now; which touchpoint of the customer's journey has
// no owner, no message, no measure or no test that passes; how many of those
// who answered are satisfied, how sure is that, and are there too few to say;
// who leaves, is their data back in their hands, and is ours erased?
//
// [Template], [Onboarding], [Journey], [Survey], [Answer] and [Departure] are
// plain values whose methods are the rules: each checks its own guards and takes
// the time as an argument. [Playbook] keeps what a provider has designed for
// everybody (templates, journeys, surveys) in the provider's partition;
// [Program] keeps what one customer goes through (onboardings, answers,
// departures) in the customer's.
//
// Scores are undefined where nobody answered, never zero. Counts and shares are
// exact; intervals are floating-point estimates of package estimate.
//
// # Errors
//
// A change that the state forbids is a [*servicecoin.RefusedError], and names the
// prerequisite or the touchpoint that is in the way; a malformed one is an
// [*servicecoin.InvalidError] with every violation. A template or a journey that
// was made from an older edition is refused, not overwritten. A result that would
// give few people away is no error: it is withheld ([Cell]).
package adoption

import (
	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// PrerequisiteID names a prerequisite in its template, in at most 64 bytes.
type PrerequisiteID string

// JourneyID names a journey.
type JourneyID string

// TouchpointID names a touchpoint in its journey.
type TouchpointID string

// SurveyID names a survey: one round of asking.
type SurveyID string

// Options are what a host may set for a program.
type Options struct {
	// Led says that a subscription leads its departure: it says that it departs, on
	// which day, and that it stays, and the exchange has the departure follow.
	// [Program.AnnounceDeparture] and [Program.Stay] are refused then.
	Led bool
}

// The longest texts, in characters.
const (
	maxTitle = 200
	maxText  = 500
	maxNote  = 1000
	maxLong  = 4000
	maxLink  = 2000
)

// because checks a reason that is asked for.
func because(reason string) func(*servicecoin.Violations) { return lifecycle.Because(reason, maxNote) }

// happened makes the events of a change, or says why one cannot be made.
func happened(by servicecoin.Actor, payload any, names ...string) ([]store.Event, error) {
	events := make([]store.Event, 0, len(names))
	for _, name := range names {
		e, err := store.Happened(by, name, payload)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}
