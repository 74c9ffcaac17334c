package catalog

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// DependencyID names a dependency.
type DependencyID string

// Strength tells what becomes of a service whose need is not met.
type Strength string

// The strengths.
const (
	HardDependency Strength = "hard" // it does not work
	SoftDependency Strength = "soft" // it works with less
)

// Dependency says that a service needs others: all of them, or at least some of
// them where they stand in for each other. A service has as many dependencies
// as it has needs that are met independently. Make one with [Hard], [Soft] or
// [AtLeast].
type Dependency struct {
	ID      DependencyID            `json:"id,omitempty"` // "" is filled in: made of what it connects
	Service servicecoin.ServiceID   `json:"service"`
	Needs   []servicecoin.ServiceID `json:"needs"`
	// AtLeast is how many of Needs must work, 0 for all.
	AtLeast  int      `json:"atLeast,omitempty"`
	Strength Strength `json:"strength,omitempty"` // "" is hard
	Note     string   `json:"note,omitempty"`     // what for; at most 4000 characters
}

// Hard says that a service does not work without each of the others.
func Hard(service servicecoin.ServiceID, needs ...servicecoin.ServiceID) Dependency {
	return Dependency{Service: service, Needs: needs, Strength: HardDependency}
}

// Soft says that a service works with less without any of the others.
func Soft(service servicecoin.ServiceID, needs ...servicecoin.ServiceID) Dependency {
	return Dependency{Service: service, Needs: needs, Strength: SoftDependency}
}

// AtLeast says that a service does not work unless n of the others do: two of
// three nodes, one of two lines.
func AtLeast(n int, service servicecoin.ServiceID, needs ...servicecoin.ServiceID) Dependency {
	return Dependency{Service: service, Needs: needs, AtLeast: n, Strength: HardDependency}
}

// maxNeeds bounds one dependency; a service may have many.
const maxNeeds = 200

// tidy brings the dependency to the form in which it is stored.
func (d Dependency) tidy() Dependency {
	if d.Strength == "" {
		d.Strength = HardDependency
	}
	d.Needs = slices.Clone(d.Needs)
	slices.Sort(d.Needs)
	if d.AtLeast == len(d.Needs) {
		d.AtLeast = 0
	}
	if d.ID == "" {
		parts := []string{string(d.Service), string(d.Strength), strconv.Itoa(d.AtLeast)}
		for _, n := range d.Needs {
			parts = append(parts, string(n))
		}
		d.ID = DependencyID(store.JoinID(parts...))
	}
	return d
}

// Validate reports every violation: an empty id, a service that needs itself or
// needs one twice, more that must work than there are. Whether the services
// exist is a finding of the [Graph], no violation: a catalogue may be filled in
// any order.
func (d Dependency) Validate() error {
	var v servicecoin.Violations
	if d.ID != "" {
		v.ID("id", string(d.ID))
	}
	v.ID("service", string(d.Service))
	switch d.Strength {
	case HardDependency, SoftDependency, "":
	default:
		v.Add("strength", "unknown", string(d.Strength), "must be hard or soft")
	}
	if len(d.Needs) == 0 {
		v.Add("needs", "required", "", "must name at least one service")
	}
	needs := d.Needs
	if !v.Limit("needs", len(needs), maxNeeds) {
		needs = nil
	}
	seen := map[servicecoin.ServiceID]bool{}
	for i, n := range needs {
		path := fmt.Sprintf("needs[%d]", i)
		v.ID(path, string(n))
		if n == d.Service {
			v.Add(path, "cycle", string(n), "a service does not need itself")
		}
		if seen[n] {
			v.Add(path, "duplicate", string(n), "is named twice")
		}
		seen[n] = true
	}
	if d.AtLeast < 0 || d.AtLeast > len(d.Needs) {
		v.Add("atLeast", "out-of-range", strconv.Itoa(d.AtLeast), fmt.Sprintf("must be 1 to %d, or 0 for all", len(d.Needs)))
	}
	v.Text("note", d.Note, 0, maxText)
	return v.Err()
}
