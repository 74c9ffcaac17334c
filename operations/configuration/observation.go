package configuration

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/servicecoin/servicecoin"
)

// Observer looks how an item is. An item that is not there any more is an observation
// that says so ([Observation.Gone]), and no error.
type Observer interface {
	Observe(ctx context.Context, item Item) (Observation, error)
}

// Observation is how an item was found.
type Observation struct {
	Item servicecoin.ConfigurationID `json:"item"`
	// Type and Name are of what may not be recorded.
	Type TypeName `json:"type,omitempty"`
	Name string   `json:"name,omitempty"`
	Look

	State Value `json:"state,omitzero"`
	// Secrets are JSON pointers of what the observer knows to be secret: what it reads
	// said so.
	Secrets []string `json:"secrets,omitempty"`
}

// Look says when an item was looked at, by what, and how completely.
type Look struct {
	At time.Time `json:"at"`
	By string    `json:"by"` // "kubectl 1.34", "terraform state"
	// Paths are the JSON pointers of what was looked at, with "*" for any one segment;
	// none: everything. What is not desired elsewhere, or missing, is not told.
	Paths []string `json:"paths,omitempty"`
	// Gone says that the item was looked for and is not there.
	Gone bool `json:"gone,omitempty"`
}

// IsZero reports whether there was none.
func (l Look) IsZero() bool { return l.At.IsZero() }

// Complete reports whether all of the item was looked at.
func (l Look) Complete() bool { return len(l.Paths) == 0 }

// Covers reports whether it was looked at what stands at a JSON pointer, or at a part
// of it.
func (l Look) Covers(pointer string) bool {
	if l.Complete() {
		return true
	}
	names, err := SplitPointer(pointer)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(l.Paths, func(path string) bool {
		looked, err := SplitPointer(path)
		if err != nil {
			return false
		}
		for n := range min(len(looked), len(names)) {
			if looked[n] != "*" && looked[n] != names[n] {
				return false
			}
		}
		return true
	})
}

// Validate reports every violation.
func (o Observation) Validate() error {
	var v servicecoin.Violations
	v.ID("item", string(o.Item))
	v.Text("type", string(o.Type), 0, mostText)
	v.Text("name", o.Name, 0, mostText)
	v.Time("at", o.At)
	v.Text("by", o.By, 1, mostText)
	secrets(&v, "paths", o.Paths)
	secrets(&v, "secrets", o.Secrets)
	size(&v, "state", o.State)
	switch {
	case o.Gone && o.State.kind != Absent:
		v.Add("state", "contradiction", "", "what is gone has no state")
	case o.Gone && !o.Complete():
		v.Add("paths", "contradiction", "", "what is gone was looked for as a whole")
	case !o.Gone && o.State.kind == Absent:
		v.Add("state", "required", "", "must be there, unless the item is gone")
	}
	return v.Err()
}

// MemoryObserver is an [Observer] for tests: it finds what it is told to. It is safe
// for concurrent use; its zero value finds nothing, and says that it is gone.
type MemoryObserver struct {
	mu     sync.Mutex
	states map[servicecoin.ConfigurationID]Value
	now    func() time.Time
}

// NewMemoryObserver returns an observer with a clock.
func NewMemoryObserver(now func() time.Time) *MemoryObserver { return &MemoryObserver{now: now} }

// Set says how an item is found from now on; an absent value: it is gone.
func (m *MemoryObserver) Set(id servicecoin.ConfigurationID, state Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.states = maps.Clone(m.states)
	if m.states == nil {
		m.states = map[servicecoin.ConfigurationID]Value{}
	}
	m.states[id] = state
}

// Observe implements Observer.
func (m *MemoryObserver) Observe(ctx context.Context, item Item) (Observation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state := m.states[item.ID]
	o := Observation{Item: item.ID, State: state, Look: Look{By: "memory", Gone: state.kind == Absent}}
	if m.now != nil {
		o.At = m.now()
	}
	return o, ctx.Err()
}

// Sweep is a look at all items of some types, or of an environment, at once: what was
// found, and whether that was everything.
type Sweep struct {
	At          time.Time  `json:"at"`
	By          string     `json:"by"`
	Types       []TypeName `json:"types"` // that were looked for
	Environment string     `json:"environment,omitempty"`
	// Complete says that there was nothing else: what is recorded and was not found is
	// gone.
	Complete bool `json:"complete,omitempty"`
	// Found are the items; At and By are those of the sweep where they are left out.
	Found []Observation `json:"found"`
}

const mostFound = 10_000

// Validate reports every violation but those of what was found.
func (s Sweep) Validate() error {
	var v servicecoin.Violations
	v.Time("at", s.At)
	v.Text("by", s.By, 1, mostText)
	v.Text("environment", s.Environment, 0, mostText)
	v.Limit("types", len(s.Types), mostTypes)
	if s.Complete && len(s.Types) == 0 {
		v.Add("types", "required", "", "a complete sweep says which types it looked for")
	}
	if v.Limit("found", len(s.Found), mostFound) {
		seen := map[servicecoin.ConfigurationID]int{}
		for n, o := range s.Found {
			if first, twice := seen[o.Item]; twice {
				v.Add(fmt.Sprintf("found[%d].item", n), "duplicate", strings.Clone(string(o.Item)), fmt.Sprintf("is found[%d], too", first))
			}
			seen[o.Item] = n
		}
	}
	return v.Err()
}
