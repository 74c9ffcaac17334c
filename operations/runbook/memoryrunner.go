package runbook

import (
	"context"
	"slices"
	"sync"
)

// MemoryRunner is a [Runner] for tests: as strict as a real one about keys, an attempt
// is done once and answered the same again. Its zero value does every action well.
// It is safe for concurrent use.
type MemoryRunner struct {
	mu        sync.Mutex
	script    map[string][]Result
	results   map[string]Result
	done      []Task
	cancelled []Task
}

// Script says what comes of the next attempts of an action, in that order. Those
// after them go well, without outputs.
func (m *MemoryRunner) Script(action string, results ...Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.script == nil {
		m.script = map[string][]Result{}
	}
	m.script[action] = append(m.script[action], results...)
}

// Do implements Runner.
func (m *MemoryRunner) Do(ctx context.Context, t Task) (Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	if r, again := m.results[t.Key]; again {
		return r, nil
	}
	var r Result
	if next := m.script[t.Action]; len(next) > 0 {
		r, m.script[t.Action] = next[0], next[1:]
	}
	if m.results == nil {
		m.results = map[string]Result{}
	}
	m.results[t.Key] = r
	m.done = append(m.done, t)
	return r, nil
}

// Cancel implements Runner.
func (m *MemoryRunner) Cancel(_ context.Context, t Task) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cancelled = append(m.cancelled, t)
	return nil
}

// Asked returns the attempts that were asked for, each once, in order.
func (m *MemoryRunner) Asked() []Task {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.done)
}

// Cancelled returns the attempts that were cancelled, in order.
func (m *MemoryRunner) Cancelled() []Task {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.cancelled)
}
