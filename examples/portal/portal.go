package main

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"sync"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
)

// portal is the host program: the assembled coin over one SQLite file.
type portal struct {
	*coin.Coin

	store    *store.Store
	backend  *sqlite.Backend
	table    table // the host's own services and customers
	exchange *store.Consumer
	turn     sync.Mutex // one step of the exchange at a time
	log      *slog.Logger
	pages    *template.Template
	sessions sessions
}

// open opens the file, and fills it if it is new.
func open(ctx context.Context, c config, log *slog.Logger) (_ *portal, err error) {
	backend, err := sqlite.Open(ctx, c.db, nil)
	if err != nil {
		return nil, err
	}
	p := &portal{backend: backend, log: log, sessions: newSessions()}
	defer func() {
		if err != nil {
			err = errors.Join(err, backend.Close())
		}
	}()
	now, err := clock(ctx, backend, c.now)
	if err != nil {
		return nil, err
	}
	p.store = store.New(backend, &store.Options{Now: now, Logger: log})
	p.table = table{p.store}
	if p.Coin, err = coin.New(p.store, p.table, &coin.Options{Covered: p.table.covered, Authorize: p.authorize}); err != nil {
		return nil, err
	}
	if p.exchange, err = p.Exchange(nil); err != nil {
		return nil, err
	}
	if p.pages, err = templates(); err != nil {
		return nil, err
	}
	if c.incidents != "" {
		err = p.takeIn(ctx, c.incidents)
	} else {
		err = p.demonstrate(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := p.drain(ctx); err != nil { // an effect that fails is tried again later
		log.WarnContext(ctx, "the exchange failed and tries again", "cause", err.Error())
	}
	return p, nil
}

// close gives the lease of the exchange back and closes the file.
func (p *portal) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(p.exchange.Release(ctx), p.backend.Close())
}

// clock returns the portal's time. One that was set goes on from there, and on
// a later start from the last thing that happened, so that nothing happens
// before what it follows.
func clock(ctx context.Context, b store.Backend, start time.Time) (func() time.Time, error) {
	if start.IsZero() {
		return time.Now, nil
	}
	feed := store.New(b, nil)
	for after := store.Position(0); ; {
		page, err := feed.Events(ctx, after, store.MaxPage)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if after = e.Position; e.At.After(start) {
				start = e.At
			}
		}
		if len(page) < store.MaxPage {
			break
		}
	}
	begun := time.Now()
	return func() time.Time { return start.Add(time.Since(begun)) }, nil
}

// drain lets the exchange work through all that has happened. Another process
// may hold its lease; then that one does the work.
func (p *portal) drain(ctx context.Context) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	for {
		done, err := p.exchange.Step(ctx, 200)
		if errors.Is(err, servicecoin.ErrBusy) {
			p.log.DebugContext(ctx, "exchange waits", "because", err.Error())
			return nil
		}
		if err != nil {
			return fmt.Errorf("exchange: %w", err)
		}
		if done.Effects+done.Skipped+done.Parked == 0 {
			return nil
		}
	}
}

// pump drains the feed now and then: after a request that was cut off, say.
func (p *portal) pump(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := p.drain(ctx); err != nil && ctx.Err() == nil {
				p.log.WarnContext(ctx, "the exchange failed and tries again", "cause", err.Error())
			}
		}
	}
}
