package sqlite

import (
	"context"
	"errors"
	"sync"

	"github.com/servicecoin/servicecoin"
)

// pool lends connections for reads, the last one given back first: its page
// cache is the warmest.
type pool struct {
	open  func(ctx context.Context) (*session, error)
	seats chan struct{} // one token for each connection that is not lent

	mu     sync.Mutex
	idle   []*session
	closed bool
}

func newPool(most int, open func(ctx context.Context) (*session, error)) *pool {
	p := &pool{open: open, seats: make(chan struct{}, most)}
	for range most {
		p.seats <- struct{}{}
	}
	return p
}

// take waits for a connection, or the end of ctx.
func (p *pool) take(ctx context.Context) (*session, error) {
	select {
	case <-p.seats:
	default:
		select {
		case <-p.seats:
		case <-ctx.Done():
			return nil, servicecoin.Unchanged(context.Cause(ctx))
		}
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		p.seats <- struct{}{}
		return nil, errClosed
	}
	if n := len(p.idle); n > 0 {
		s := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return s, nil
	}
	p.mu.Unlock()
	s, err := p.open(context.WithoutCancel(ctx))
	if err != nil {
		p.seats <- struct{}{}
		return nil, err
	}
	return s, nil
}

func (p *pool) give(s *session) {
	p.mu.Lock()
	p.idle = append(p.idle, s)
	p.mu.Unlock()
	p.seats <- struct{}{}
}

// close waits for all connections and closes them.
func (p *pool) close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for range cap(p.seats) {
		<-p.seats
	}
	var errs []error
	for _, s := range p.idle {
		errs = append(errs, s.close())
	}
	p.idle = nil
	for range cap(p.seats) {
		p.seats <- struct{}{}
	}
	return errors.Join(errs...)
}
