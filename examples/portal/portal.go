package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/sqlite"
	"github.com/servicecoin/servicecoin/store/sqlite/usage"
)

// portal is the host program: the assembled coin over one SQLite file.
type portal struct {
	*coin.Coin

	store     *store.Store
	backend   *sqlite.Backend
	usage     *usage.Store // in the same file
	host      host         // customers and people
	desk      desk         // when the provider is there
	exchange  *store.Consumer
	turn      sync.Mutex // one step of the exchange at a time
	log       *slog.Logger
	pages     pages
	taxed     taxFunc       // which tax is on what a customer is charged
	made      []area        // its parts
	changes   atomic.Uint64 // how often somebody changed something here
	histories histories     // of the status page
	room      machineRoom   // what run books have done by machines
	stands    atomic.Value  // string: how the exchange stands still, "" while it does not
	packed    time.Time     // up to when usage is packed, for the pump alone
}

// open opens the file, and fills it if it is new.
func open(ctx context.Context, c config, log *slog.Logger) (_ *portal, err error) {
	p := &portal{log: log}
	p.made = p.areas()
	defer func() {
		if err != nil {
			err = errors.Join(err, p.shut())
		}
	}()
	if p.backend, err = sqlite.Open(ctx, c.db, nil); err != nil {
		return nil, err
	}
	if p.usage, err = usage.Open(ctx, c.db, nil); err != nil {
		return nil, err
	}
	now, err := clock(ctx, p.backend, c.now)
	if err != nil {
		return nil, err
	}
	if p.desk, err = deskHours(now()); err != nil {
		return nil, err
	}
	if err := p.assemble(now, 3*time.Second); err != nil {
		return nil, err
	}
	if _, err = p.pages.in(time.UTC); err != nil {
		return nil, err
	}
	if err := p.upToDate(ctx); err != nil {
		return nil, err
	}
	switch {
	case c.incidents == "" && c.focus == "":
		err = p.demonstrate(ctx)
	default:
		err = p.takeIn(ctx, c.incidents, c.focus)
	}
	if err != nil {
		return nil, err
	}
	if p.pages.names, err = p.host.names(ctx); err != nil {
		return nil, err
	}
	// Little is worked through at once; of more, pages are shown meanwhile.
	first, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := p.drain(first); err != nil && first.Err() == nil { // an effect that fails is tried again later
		log.WarnContext(ctx, "the exchange failed and tries again", "cause", err.Error())
	}
	return p, nil
}

// assemble puts the coin together over the file, at a clock: that of the portal,
// or a past one while a demonstration is filled in.
func (p *portal) assemble(now func() time.Time, provisioning time.Duration) (err error) {
	p.store = store.New(p.backend, &store.Options{Now: now, Logger: p.log, Authorize: p.authorize})
	p.host, p.taxed = host{p.store}, taxOf
	if p.Coin, err = coin.New(p.store, nil, &coin.Options{
		Customer: p.host.customer, Covered: p.covered,
		Provisioner: machines{p.store, provisioning}, CheckParameters: checkParameters, Holder: providerName,
		Usage: p.usage, Comes: p.comes, Active: active, Changes: p.changeRules(), FreezeWhenSpent: true,
		CriticalWindows: calendars{&p.desk}.Windows,
		Runbooks:        p.runbooks(provisioning), Configuration: configurationRules(), Patches: p.patchRules(), Releases: releaseroom.Options{FeatureOptions: p.featureRules()},
	}); err != nil {
		return err
	}
	p.exchange, err = p.Exchange(nil)
	return err
}

// close gives the lease of the exchange back and closes the file.
func (p *portal) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(p.exchange.Release(ctx), p.shut())
}

func (p *portal) shut() error {
	var errs []error
	if p.usage != nil {
		errs = append(errs, p.usage.Close())
	}
	if p.backend != nil {
		errs = append(errs, p.backend.Close())
	}
	return errors.Join(errs...)
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

// drain lets the exchange work through all that has happened. Where another
// process holds its lease, that one does the work; where an effect failed, it is
// tried again after a pause. The page /exchange shows both.
func (p *portal) drain(ctx context.Context) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	_, err := p.exchange.Drain(ctx)
	if errors.Is(err, servicecoin.ErrBusy) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("exchange: %w", err)
	}
	return nil
}

// watch notes whether the exchange stands still, for the pages and for the log.
func (p *portal) watch(ctx context.Context) {
	h, err := p.exchange.Health(ctx)
	if err != nil {
		if ctx.Err() == nil {
			p.log.WarnContext(ctx, "how the exchange stands is not known", "cause", err.Error())
		}
		return
	}
	words, tone := standingWords(h)
	if tone != "bad" {
		words = ""
	}
	if before, _ := p.stands.Swap(words).(string); before != words && words != "" {
		p.log.WarnContext(ctx, "the exchange stands still", "how", words, "waiting", h.Waiting.N, "lag", h.Lag.String(), "holder", h.Holder)
	}
}

// pump drains the feed now and then, after a request that was cut off, say, and
// asks after what is being provisioned.
func (p *portal) pump(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	var tended time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			_, err := p.Pursue(ctx)
			if now.Sub(tended) >= tendEvery {
				tended, err = now, errors.Join(err, p.tend(ctx))
			}
			if err = errors.Join(err, p.tick(ctx), p.drain(ctx)); err != nil && ctx.Err() == nil {
				p.log.WarnContext(ctx, "the exchange failed and tries again", "cause", err.Error())
			}
			p.watch(ctx)
		}
	}
}
