package catalog

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
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
	VerbAddService       = "service.add"
	VerbReviseService    = "service.revise"
	VerbLaunchService    = "service.launch"
	VerbDeprecateService = "service.deprecate"
	VerbRetireService    = "service.retire"
)

// ServiceTransitions returns the whole table: what is not in it is refused.
// Deprecating what is deprecated moves the date, or names another successor.
func ServiceTransitions() []lifecycle.Transition[ServiceState] {
	const reason = "a reason"
	deprecate := []string{reason, "it is not its own successor", "it ends after now"}
	allow := lifecycle.Allow[ServiceState]
	return []lifecycle.Transition[ServiceState]{
		allow(ServicePlanned, VerbLaunchService, ServiceLive),
		allow(ServicePlanned, VerbRetireService, ServiceRetired),
		allow(ServiceLive, VerbDeprecateService, ServiceDeprecated, deprecate...),
		allow(ServiceDeprecated, VerbDeprecateService, ServiceDeprecated, deprecate...),
		allow(ServiceDeprecated, VerbRetireService, ServiceRetired, "not before the date that was said", "nobody uses it any more (of the catalogue, not of the rule)"),
	}
}

func (s *Service) life() lifecycle.Record[ServiceState] {
	return lifecycle.Record[ServiceState]{Key: s.Key(), State: s.State, Table: ServiceTransitions()}
}

// Launch says that it is in use now.
func (s *Service) Launch(by servicecoin.Actor, at time.Time) error {
	to, err := s.life().Target(VerbLaunchService)
	if err != nil {
		return err
	}
	if at, err = lifecycle.Check(by, at, nil); err != nil {
		return err
	}
	s.State, s.LiveSince = to, at
	return nil
}

// Deprecate says that it is on its way out: since now, until when, what to take
// instead, and why. Since is set; Until and Successor may be left out.
func (s *Service) Deprecate(by servicecoin.Actor, at time.Time, d Deprecation) error {
	to, err := s.life().Target(VerbDeprecateService)
	if err != nil {
		return err
	}
	if at.Before(s.LiveSince) {
		return s.life().Refuse(VerbDeprecateService, to, "it is live only since "+lifecycle.Stamp(s.LiveSince))
	}
	if s.State == ServiceDeprecated {
		d.Since = s.Deprecation.Since
	} else {
		d.Since = at
	}
	d = d.tidy()
	if _, err = lifecycle.Check(by, at, func(v *servicecoin.Violations) { d.validate(v, string(s.ID), servicecoin.Instant(at)) }); err != nil {
		return err
	}
	s.State, s.Deprecation = to, d
	return nil
}

// Retire says that it is gone. It is refused before the date that was said when
// it was deprecated. Whether somebody uses it still, the service does not know:
// [Catalog.RetireService] does.
func (s *Service) Retire(by servicecoin.Actor, at time.Time) error {
	to, err := s.life().Target(VerbRetireService)
	if err != nil {
		return err
	}
	if at, err = lifecycle.Check(by, at, nil); err != nil {
		return err
	}
	if at.Before(s.Deprecation.Until) {
		return s.life().Refuse(VerbRetireService, to, "it was said to be there until "+lifecycle.Stamp(s.Deprecation.Until))
	}
	s.State, s.RetiredAt = to, at
	return nil
}

func (d Deprecation) tidy() Deprecation {
	d.Since, d.Until = lifecycle.Instant(d.Since), lifecycle.Instant(d.Until)
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
		v.Add("until", "out-of-order", lifecycle.Stamp(d.Until), "must be after "+lifecycle.Stamp(at))
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
