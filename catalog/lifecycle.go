package catalog

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
)

// ServiceState is where a service stands.
type ServiceState string

// The states of a service.
const (
	ServicePlanned    ServiceState = "planned"    // not there yet
	ServiceLive       ServiceState = "live"       // in use
	ServiceDeprecated ServiceState = "deprecated" // in use, on its way out
	ServiceRetired    ServiceState = "retired"    // gone, for good
)

// ServiceStates returns all states in the order of a plain life.
func ServiceStates() []ServiceState {
	return []ServiceState{ServicePlanned, ServiceLive, ServiceDeprecated, ServiceRetired}
}

// Runs reports whether a service in this state can be used, and can fail.
func (s ServiceState) Runs() bool { return s == ServiceLive || s == ServiceDeprecated }

// The verbs of services.
const (
	VerbAdd       Verb = "add"
	VerbRevise    Verb = "revise"
	VerbLaunch    Verb = "launch"
	VerbDeprecate Verb = "deprecate"
	VerbRetire    Verb = "retire"
)

// ServiceTransitions returns the whole table: what is not in it is refused.
// Deprecating what is deprecated moves the date, or names another successor.
func ServiceTransitions() []Transition[ServiceState] {
	const reason = "a reason"
	deprecate := []string{reason, "it is not its own successor", "it ends after now"}
	return []Transition[ServiceState]{
		{ServicePlanned, VerbLaunch, ServiceLive, nil},
		{ServicePlanned, VerbRetire, ServiceRetired, nil},
		{ServiceLive, VerbDeprecate, ServiceDeprecated, deprecate},
		{ServiceDeprecated, VerbDeprecate, ServiceDeprecated, deprecate},
		{ServiceDeprecated, VerbRetire, ServiceRetired, []string{"not before the date that was said", "nobody uses it any more (of the catalogue, not of the rule)"}},
	}
}

// Launch says that it is in use now.
func (s *Service) Launch(by servicecoin.Actor, at time.Time) error {
	to, err := target(ServiceTransitions(), s.key(), s.State, VerbLaunch)
	if err != nil {
		return err
	}
	if at, err = checked(by, at, nil); err != nil {
		return err
	}
	s.State, s.LiveSince = to, at
	return nil
}

// Deprecate says that it is on its way out: since now, until when, what to take
// instead, and why. Since is set; Until and Successor may be left out.
func (s *Service) Deprecate(by servicecoin.Actor, at time.Time, d Deprecation) error {
	to, err := target(ServiceTransitions(), s.key(), s.State, VerbDeprecate)
	if err != nil {
		return err
	}
	if at.Before(s.LiveSince) {
		return refused(s.key(), VerbDeprecate, s.State, to, "it is live only since "+stamp(s.LiveSince))
	}
	if s.State == ServiceDeprecated {
		d.Since = s.Deprecation.Since
	} else {
		d.Since = at
	}
	d = d.tidy()
	if _, err = checked(by, at, func(v *servicecoin.Violations) { d.validate(v, string(s.ID), servicecoin.Instant(at)) }); err != nil {
		return err
	}
	s.State, s.Deprecation = to, d
	return nil
}

// Retire says that it is gone. It is refused before the date that was said when
// it was deprecated. Whether somebody uses it still, the service does not know:
// [Catalog.RetireService] does.
func (s *Service) Retire(by servicecoin.Actor, at time.Time) error {
	to, err := target(ServiceTransitions(), s.key(), s.State, VerbRetire)
	if err != nil {
		return err
	}
	if at, err = checked(by, at, nil); err != nil {
		return err
	}
	if at.Before(s.Deprecation.Until) {
		return refused(s.key(), VerbRetire, s.State, to, "it was said to be there until "+stamp(s.Deprecation.Until))
	}
	s.State, s.RetiredAt = to, at
	return nil
}

func (d Deprecation) tidy() Deprecation {
	d.Since, d.Until = instant(d.Since), instant(d.Until)
	return d
}

func (d Deprecation) validate(v *servicecoin.Violations, of string, at time.Time) {
	v.Text("reason", d.Reason, 1, maxText)
	if d.Successor != "" {
		v.ID("successor", d.Successor)
	}
	if d.Successor != "" && d.Successor == of {
		v.Add("successor", "cycle", d.Successor, "must not be its own successor")
	}
	if d.Until.IsZero() {
		return
	}
	v.Time("until", d.Until)
	if !d.Until.After(at) {
		v.Add("until", "out-of-order", stamp(d.Until), "must be after "+stamp(at))
	}
}

// standing checks that the dates tell the same story as the state.
func (s *Service) standing(v *servicecoin.Violations) {
	if !slices.Contains(ServiceStates(), s.State) {
		v.Add("state", "unknown", string(s.State), "must be one of "+fmt.Sprint(ServiceStates()))
	}
	if s.State.Runs() {
		v.Time("liveSince", s.LiveSince)
	}
	if d := s.Deprecation; s.State == ServiceDeprecated || !d.Since.IsZero() {
		var inner servicecoin.Violations
		inner.Time("since", d.Since)
		d.validate(&inner, string(s.ID), d.Since)
		v.Merge("deprecation", inner.Err())
	}
	if s.State == ServiceRetired {
		v.Time("retiredAt", s.RetiredAt)
	}
}
