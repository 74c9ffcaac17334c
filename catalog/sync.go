package catalog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Difference is how a list of services differs from the catalogue.
type Difference struct {
	Added   []servicecoin.ServiceID `json:"added"`
	Changed []ServiceDifference     `json:"changed"`
	// Missing are in the catalogue and not in the list, and not retired. They are
	// left alone: that something ends is decided, not inferred.
	Missing []servicecoin.ServiceID `json:"missing"`
}

// ServiceDifference is how one service differs.
type ServiceDifference struct {
	Service servicecoin.ServiceID `json:"service"`
	Fields  []string              `json:"fields"` // the names as in JSON, sorted
}

// None reports whether nothing is to be done.
func (d Difference) None() bool { return len(d.Added) == 0 && len(d.Changed) == 0 }

// SyncOptions say how a list of services is taken over.
type SyncOptions struct {
	DryRun bool // only tells the difference
	// Launch has the added services launched at once: those of a host's own table
	// run already.
	Launch bool
}

// Sync takes over the services of a host's own table: those that are not there
// are added, those that differ are revised. What the list says about states is
// ignored. Every violation in the list is reported before anything is done; then
// each service is a commit of its own, so that after an error the same call goes
// on. It returns what differed at the beginning.
func (c *Catalog) Sync(ctx context.Context, by servicecoin.Actor, list []Service, o SyncOptions) (Difference, error) {
	have, err := collect(c.Services().All(ctx))
	if err != nil {
		return Difference{}, err
	}
	d, err := Differ(have, list)
	if err != nil || o.DryRun {
		return d, err
	}
	changed := make(map[servicecoin.ServiceID]bool, len(d.Changed))
	for _, x := range d.Changed {
		changed[x.Service] = true
	}
	added := make(map[servicecoin.ServiceID]bool, len(d.Added))
	for _, id := range d.Added {
		added[id] = true
	}
	for _, s := range list {
		var err error
		switch {
		case added[s.ID]:
			err = c.view.Do(ctx, func(tx store.View) error {
				_, err := c.On(tx).AddService(ctx, by, s)
				if err == nil && o.Launch {
					_, err = c.On(tx).LaunchService(ctx, by, s.ID)
				}
				return err
			})
		case changed[s.ID]:
			_, err = c.ReviseService(ctx, by, s)
		}
		if err != nil {
			return d, fmt.Errorf("service %s: %w", s.ID, err)
		}
	}
	return d, nil
}

// Differ tells how a list of services differs from those that are there, states
// and all that belongs to them aside. It reports every violation in the list.
func Differ(have, list []Service) (Difference, error) {
	d := Difference{Added: []servicecoin.ServiceID{}, Changed: []ServiceDifference{}, Missing: []servicecoin.ServiceID{}}
	there := make(map[servicecoin.ServiceID]*Service, len(have))
	for i := range have {
		there[have[i].ID] = &have[i]
	}
	var v servicecoin.Violations
	wanted := make(map[servicecoin.ServiceID]bool, len(list))
	for i := range list {
		s, err := NewService(list[i])
		v.Merge(fmt.Sprintf("services[%d]", i), err)
		if wanted[list[i].ID] {
			v.Add(fmt.Sprintf("services[%d].id", i), "duplicate", string(list[i].ID), "is named twice")
		}
		wanted[list[i].ID] = true
		before := there[s.ID]
		switch {
		case err != nil:
		case before != nil && before.State == ServiceRetired:
			v.Add(fmt.Sprintf("services[%d].id", i), "retired", string(s.ID), "is retired in the catalogue: what comes after it has another id")
		case before == nil:
			d.Added = append(d.Added, s.ID)
		default:
			fields, err := s.fieldsUnlike(before)
			v.Merge(fmt.Sprintf("services[%d]", i), err)
			if len(fields) > 0 {
				d.Changed = append(d.Changed, ServiceDifference{Service: s.ID, Fields: fields})
			}
		}
	}
	if err := v.Err(); err != nil {
		return Difference{}, err
	}
	for i := range have {
		if s := &have[i]; !wanted[s.ID] && s.State != ServiceRetired {
			d.Missing = append(d.Missing, s.ID)
		}
	}
	slices.Sort(d.Added)
	slices.Sort(d.Missing)
	slices.SortFunc(d.Changed, func(a, b ServiceDifference) int { return cmp.Compare(a.Service, b.Service) })
	return d, nil
}

// fieldsUnlike returns the names of the fields in which two services differ,
// but for those of the state.
func (s *Service) fieldsUnlike(other *Service) ([]string, error) {
	mine, err := s.fields()
	if err != nil {
		return nil, err
	}
	theirs, err := other.fields()
	if err != nil {
		return nil, err
	}
	var unlike []string
	for name := range mine {
		if !bytes.Equal(mine[name], theirs[name]) {
			unlike = append(unlike, name)
		}
	}
	for name := range theirs {
		if _, ok := mine[name]; !ok {
			unlike = append(unlike, name)
		}
	}
	slices.Sort(unlike)
	return unlike, nil
}

func (s *Service) fields() (map[string]json.RawMessage, error) {
	stateless := *s
	stateless.State, stateless.LiveSince, stateless.Deprecation, stateless.RetiredAt = "", time.Time{}, Deprecation{}, time.Time{}
	body, err := json.Marshal(stateless)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	err = json.Unmarshal(body, &fields)
	return fields, err
}
