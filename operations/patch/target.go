package patch

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Target is something that is patched: a configuration record, whose it is, and what runs
// on it.
type Target struct {
	ID         servicecoin.ConfigurationID `json:"id"`
	Customer   servicecoin.CustomerID      `json:"customer"`
	Service    servicecoin.ServiceID       `json:"service,omitempty"`
	Labels     map[string]string           `json:"labels,omitempty"` // by which rings select it: environment, site, product
	Components []Component                 `json:"components,omitempty"`
	Deadline   time.Time                   `json:"deadline,omitzero"` // zero: none
}

// Ref names a target: two customers may call theirs the same.
type Ref struct {
	Customer servicecoin.CustomerID      `json:"customer"`
	ID       servicecoin.ConfigurationID `json:"id"`
}

// Ref returns the name of the target among all.
func (t Target) Ref() Ref { return Ref{t.Customer, t.ID} }

// Selector picks targets by their labels: all that it names must be the same. An empty one
// picks all.
type Selector map[string]string

// Picks reports whether it picks a target.
func (s Selector) Picks(t Target) bool {
	for name, value := range s {
		if got, ok := t.Labels[name]; !ok || got != value {
			return false
		}
	}
	return true
}

// Redundant are targets of which some must stay up while others are patched: two nodes of
// a pair, of which one must, or k of n.
type Redundant struct {
	Name    string `json:"name"`
	Members []Ref  `json:"members,omitempty"`
	// Units are several targets each that are up only together: all of one service, say.
	Units [][]Ref `json:"units,omitempty"`
	Keep  int     `json:"keep"` // so many members and units are up at any time
}

// Ring is a part of the targets that is patched before the next part is begun.
type Ring struct {
	Name   string   `json:"name"`
	Select Selector `json:"select,omitempty"`
	// Number is how many of those that are selected and left, 0: all. Share is the same in
	// percent, rounded up. They are taken so that the ring has as many of the values of
	// labels as it can, in the order of their ids.
	Number int `json:"number,omitempty"`
	Share  int `json:"share,omitempty"`
	// Soak is how long is waited after its last slot before the next ring begins.
	Soak time.Duration `json:"soakNanos,omitempty"`
	Gate Gate          `json:"gate,omitzero"`
}

// Gate is what has to hold of a ring before the next one begins.
type Gate struct {
	MaxFailures int  `json:"maxFailures"`          // of its targets, at most so many have failed
	NoIncident  bool `json:"noIncident,omitempty"` // none is open on its services
	Verified    bool `json:"verified,omitempty"`   // each target was seen in the version that was wanted
	GoAhead     bool `json:"goAhead,omitempty"`    // a named person says go
}

// The limits of a cycle.
const (
	MaxTargets = 100_000
	maxRings   = 50
	maxGroups  = 10_000
	maxLabels  = 50
	maxSoak    = 366 * 24 * time.Hour
	percent    = 100
)

func (t Target) validate(v *servicecoin.Violations, path string) {
	v.ID(path+".id", string(t.ID))
	v.ID(path+".customer", string(t.Customer))
	if t.Service != "" {
		v.ID(path+".service", string(t.Service))
	}
	if v.Limit(path+".labels", len(t.Labels), maxLabels) {
		for _, name := range slices.Sorted(maps.Keys(t.Labels)) {
			v.Text(path+".labels", name, 1, maxID)
			v.Text(path+".labels."+name, t.Labels[name], 0, maxTitle)
		}
	}
	if !t.Deadline.IsZero() {
		v.Time(path+".deadline", t.Deadline)
	}
}

func (r Ring) validate(v *servicecoin.Violations, path string) {
	v.Text(path+".name", r.Name, 1, maxTitle)
	v.Limit(path+".select", len(r.Select), maxLabels)
	if r.Number < 0 || r.Number > MaxTargets {
		v.Add(path+".number", "out-of-range", strconv.Itoa(r.Number), fmt.Sprintf("must be from 0, which is all, to %d", MaxTargets))
	}
	if r.Share < 0 || r.Share > percent || r.Share > 0 && r.Number > 0 {
		v.Add(path+".share", "out-of-range", strconv.Itoa(r.Share), "must be from 0 to 100 percent, and not stand beside a number")
	}
	if r.Soak < 0 || r.Soak > maxSoak {
		v.Add(path+".soak", "out-of-range", r.Soak.String(), "must be from nothing to 366 days")
	}
	if r.Gate.MaxFailures < 0 {
		v.Add(path+".gate.maxFailures", "out-of-range", strconv.Itoa(r.Gate.MaxFailures), "must not be negative")
	}
}

// most returns how many of n targets the ring takes.
func (r Ring) most(n int) int {
	switch {
	case r.Number > 0:
		return min(r.Number, n)
	case r.Share > 0:
		return (n*r.Share + percent - 1) / percent
	}
	return n
}

// Rings parts targets into rings: each target into the first ring that selects it and has
// room. Left are those that no ring takes.
func Rings(rings []Ring, targets []Target) (parts [][]Target, left []Target) {
	left = slices.Clone(targets)
	slices.SortFunc(left, byID)
	for _, r := range rings {
		var picked, others []Target
		for _, t := range left {
			if r.Select.Picks(t) {
				picked = append(picked, t)
			} else {
				others = append(others, t)
			}
		}
		taken, rest := diverse(picked, r.most(len(picked)))
		parts = append(parts, taken)
		left = slices.Concat(others, rest)
		slices.SortFunc(left, byID)
	}
	return parts, left
}

func byID(a, b Target) int {
	switch {
	case a.ID < b.ID:
		return -1
	case a.ID > b.ID:
		return 1
	}
	return strings.Compare(string(a.Customer), string(b.Customer))
}

// diverse takes n targets: first those that bring a value of a label, or a customer, that
// the ones before did not.
func diverse(list []Target, n int) (taken, rest []Target) {
	if n >= len(list) {
		return list, nil
	}
	seen := map[[2]string]bool{}
	var later []Target
	for _, t := range list {
		if len(taken) < n && t.brings(seen) {
			taken = append(taken, t)
		} else {
			later = append(later, t)
		}
	}
	more := n - len(taken)
	taken = append(taken, later[:more]...)
	slices.SortFunc(taken, byID)
	return taken, later[more:]
}

// brings notes what a target has, and reports whether anything of it is new.
func (t Target) brings(seen map[[2]string]bool) bool {
	found := false
	for _, key := range t.traits() {
		if !seen[key] {
			seen[key], found = true, true
		}
	}
	return found
}

// traits are what a pilot should have one of: each value of a label.
func (t Target) traits() [][2]string {
	list := make([][2]string, 0, len(t.Labels))
	for _, name := range slices.Sorted(maps.Keys(t.Labels)) {
		list = append(list, [2]string{name, t.Labels[name]})
	}
	return list
}

// Lacks returns what targets have that a pilot ring does not, as "label=value", sorted: it
// tells nothing of those.
func Lacks(pilot, targets []Target) []string {
	seen := map[[2]string]bool{}
	for _, t := range pilot {
		t.brings(seen)
	}
	lacking := map[string]bool{}
	for _, t := range targets {
		for _, key := range t.traits() {
			if !seen[key] {
				lacking[key[0]+"="+key[1]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(lacking))
}
