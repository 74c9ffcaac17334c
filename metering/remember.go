package metering

import (
	"context"
	"reflect"
	"sync"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
)

// Remembering returns a context within which ledgers add the events of a period up
// once, and answer the same question again from memory: for one page or one report,
// in which a quantity stands on a statement, beside its quota and in a figure. What
// somebody else records meanwhile is not seen, what is recorded within is. Within a
// context that remembers already it returns that one.
func Remembering(ctx context.Context) context.Context {
	if memoryOf(ctx) != nil {
		return ctx
	}
	return context.WithValue(ctx, memoryKey{}, &memory{known: map[asked]Usage{}})
}

type memoryKey struct{}

// memory is what was added up within a context.
type memory struct {
	mu    sync.Mutex
	known map[asked]Usage
}

// asked is the question that a quantity answers.
type asked struct {
	events   any // the store
	customer servicecoin.CustomerID
	meter    MeterID
	during   calendar.Interval
	digest   bool
}

func memoryOf(ctx context.Context) *memory {
	m, _ := ctx.Value(memoryKey{}).(*memory) // none is nil
	return m
}

// remembered returns what is known of a question within the context, or asks.
func (l *Ledger) remembered(ctx context.Context, q asked, ask func() (Usage, error)) (Usage, error) {
	m := memoryOf(ctx)
	if m == nil || !reflect.TypeOf(l.events).Comparable() {
		return ask()
	}
	q.events, q.customer = l.events, l.customer.ID
	m.mu.Lock()
	u, known := m.known[q]
	if !known && !q.digest { // one with a digest answers, too
		q.digest = true
		u, known = m.known[q]
		q.digest = false
	}
	m.mu.Unlock()
	if known {
		return u, nil
	}
	u, err := ask()
	if err == nil {
		m.mu.Lock()
		m.known[q] = u
		m.mu.Unlock()
	}
	return u, err
}

// forget is called when something was recorded.
func forget(ctx context.Context) {
	if m := memoryOf(ctx); m != nil {
		m.mu.Lock()
		clear(m.known)
		m.mu.Unlock()
	}
}
