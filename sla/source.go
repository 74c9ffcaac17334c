package sla

import (
	"context"
	"slices"
	"sync"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Source tells what happened to a service: the host fills it in, or the coin
// package does from the incidents.
type Source interface {
	// Facts returns what is known of the service in an interval. What reaches
	// beyond the interval may be returned whole; the report clips it. The
	// coverage must be honest: time that it leaves out counts as unknown.
	Facts(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) (Facts, error)
}

// MemorySource is a Source for tests: facts by service. The zero value is
// empty and ready.
type MemorySource struct {
	mu    sync.Mutex
	facts map[servicecoin.ServiceID]Facts
}

// Set replaces what is known of a service.
func (s *MemorySource) Set(service servicecoin.ServiceID, f Facts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.facts == nil {
		s.facts = map[servicecoin.ServiceID]Facts{}
	}
	s.facts[service] = f
}

// Facts implements Source.
func (s *MemorySource) Facts(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) (Facts, error) {
	if err := ctx.Err(); err != nil {
		return Facts{}, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.facts[service]
	f.Coverage = f.Coverage.Clip(during)
	f.Outages = slices.DeleteFunc(slices.Clone(f.Outages), func(o Outage) bool { return !o.Overlaps(during) })
	f.Exclusions = slices.DeleteFunc(slices.Clone(f.Exclusions), func(e Exclusion) bool { return !e.Overlaps(during) })
	return f, nil
}
