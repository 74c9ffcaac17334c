// Package coin assembles the sides of the coin over one store, and is the
// exchange between them: it turns one side's news into the other sides' work.
//
// It answers: whom does an incident concern, over which services, and what are
// they told; whose service level report is due again because of it; what begins
// when a subscription does; what did this month look like for this customer, on
// all three sides, and where are they out of balance; and who consumes the
// events so that none is lost or counted twice?
//
// Domain packages do not know each other. Coin hands out the provider's nouns over
// one store ([Coin.Desk], [Coin.Catalog] …) and those of one customer
// ([Coin.Account]), feeds the service levels from the incidents ([Coin.Source]), and
// its [Coin.Exchange] consumes the feed: the host calls Step, or Drain, as often as
// it likes. [Coin.Spin] puts a customer's month side by side. How rooms and links
// work is in package coin/exchange; each domain package has its room beside it, and
// rooms.go is the list of all of them.
//
// # Leaving
//
// A customer leaves in steps, each told where it is done: Subscriptions.Depart with a
// day; the exchange, which has the record of the departure follow
// ([store.Consumer.Drain]); Program.HandBack, once the data is back in the
// customer's hands; on the day [Coin.Pursue], which has everything taken down, or
// Subscriptions.Complete by hand; Program.Erase, which says where the proof is; and
// [Coin.Forget], which erases the customer everywhere.
package coin

import (
	"context"
	"encoding/json"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/bundle"
	"github.com/servicecoin/servicecoin/coin/changeroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/coin/incidentroom"
	"github.com/servicecoin/servicecoin/coin/patchroom"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
	"github.com/servicecoin/servicecoin/coin/runbookroom"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/cost"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/sla"
	"github.com/servicecoin/servicecoin/store"
)

// Options are what a host may set for a coin.
type Options struct {
	// Customer returns what the host knows of a customer: its zone and currency,
	// most of all. nil: every customer lives in UTC and has no currency, so that
	// there are no statements.
	Customer func(ctx context.Context, id servicecoin.CustomerID) (servicecoin.Customer, error)

	// Matrix computes the priorities of incidents; nil is the default matrix.
	Matrix *incident.Matrix
	// Covered says for which part of an interval the incidents of a service are
	// completely known; nil: for all of it up to now.
	Covered func(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) (calendar.Set, error)
	// Exclusions are announced windows that promises may leave out; nil: none.
	Exclusions func(ctx context.Context, service servicecoin.ServiceID, during calendar.Interval) ([]sla.Exclusion, error)
	// Changes says how changes are approved, when they may happen, and what freezes
	// services. What a change needs to know of the catalogue and of the promises is filled
	// in where it is nil.
	Changes changeroom.Options
	// FreezeWhenSpent freezes a service, for all but emergencies, while an error budget of
	// a promise on it is used up: until the end of its month, or until something of it is
	// left after all.
	FreezeWhenSpent bool
	// Runbooks says what run books are for, and who does the actions of their automated
	// steps. When services changed is filled in from the changes where it is nil, and
	// from the configuration what the books read there, and when that changed.
	Runbooks runbookroom.Options
	// Configuration says what types of configuration items there are, and under which key
	// their secrets are kept. Which changes explain what is found otherwise, and which
	// services there are, is filled in where it is nil.
	Configuration configuration.Options
	// Patches says by when flaws are mended, what runs on an item, and when and in which
	// company it may be patched. What other rooms know is filled in where it is nil.
	Patches patchroom.Options
	// Releases says what releases, features, evidence and APIs need of the host.
	Releases releaseroom.Options
	// Compose writes the letters that the exchange drafts; nil is [incidentroom.Compose].
	Compose func(n incidentroom.News) incident.Letter
	// SendUnder is the policy under which the exchange sends what it drafts; "":
	// drafts wait for a named person.
	SendUnder string

	// Provisioner sets up what was ordered; nil: orders are fulfilled by hand.
	Provisioner catalog.Provisioner
	// CheckParameters, NoApproval and Holder are those of [catalog.Options].
	CheckParameters func(schema, parameters json.RawMessage) error
	NoApproval      bool
	Holder          string

	// Usage keeps what customers use; nil: usage is not kept, and what asks for
	// it says so.
	Usage metering.EventStore
	// CriticalWindows tells when the critical windows of a name are open for a customer: those
	// inside of which entitlements have limits of their own. A name that is not known is
	// ErrNotFound. nil: those of Changes.Critical, by their names; if that is nil as well,
	// there are no such limits.
	CriticalWindows func(ctx context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error)
	// LimitsByReview keeps the recording of usage from looking after entitlements: the host
	// calls [entitle.Entitlements.Review] instead, as often as it likes.
	LimitsByReview bool
	// Rates tells what units of the host's own, in which prices may be, are worth in money;
	// nil: there are none.
	Rates cost.Rates
	// Comes says what comes with a subscription: quotas, what it is charged for,
	// promises. nil is one fee a month at the price of the offering, if it has one.
	// It is asked when the subscription begins, and what it says is kept
	// ([Coin.Brought]): all of it ends with the subscription, whatever Comes would
	// say then. It changes nothing itself: until an answer is kept, it may be asked
	// again. What is not in order is refused whole, with every violation, and asked
	// for again when the parked event is tried again.
	Comes func(ctx context.Context, customer servicecoin.CustomerID, s catalog.SubscriptionChanged) (bundle.Bundle, error)
	// Active is the meter that counts who uses a service: one that counts what
	// is unique. nil, or "": that is not known.
	Active func(service servicecoin.ServiceID) metering.MeterID
}

// Coin is the assembled coin. It is safe for concurrent use.
type Coin struct {
	store     *store.Store
	directory catalog.Directory // nil: the catalogue's own
	o         Options
	plans     *runbook.Plans
	types     *configuration.Register // whose types are compiled once
	fault     error                   // of the customer whose account it serves; only [Coin.Account] sets it
}

// New assembles a coin over a store. A nil d means that the services and who
// uses them are those of the catalogue; a nil o means defaults.
func New(s *store.Store, d catalog.Directory, o *Options) (*Coin, error) {
	var v servicecoin.Violations
	if s == nil {
		v.Add("store", "required", "", "keeps everything")
	}
	c := &Coin{store: s, directory: d, plans: new(runbook.Plans)}
	if o != nil {
		c.o = *o
	}
	if m := c.o.Matrix; m != nil {
		v.Merge("matrix", m.Validate())
	}
	if m := c.o.Changes.Matrix; m != nil {
		v.Merge("changes.matrix", m.Validate())
	}
	if p := c.o.Changes.Policy; p != nil {
		v.Merge("changes.policy", p.Validate())
	}
	if p := c.o.Patches.Policy; p.Name != "" || len(p.Rules) > 0 {
		v.Merge("patches.policy", p.Validate())
	}
	if c.o.SendUnder != "" {
		v.ID("sendUnder", c.o.SendUnder)
	}
	v.Merge("configuration", c.o.Configuration.Validate())
	if err := v.Err(); err != nil {
		return c, err
	}
	c.types = c.register()
	return c, nil
}

// On returns the same coin over another store: inside of the host's
// transaction, say.
func (c *Coin) On(s *store.Store) *Coin {
	return &Coin{store: s, directory: c.directory, o: c.o, plans: c.plans, types: c.types}
}

// Store returns the store that the coin stands on.
func (c *Coin) Store() *store.Store { return c.store }

// Rooms is all rooms, put together.
func (c *Coin) Rooms() (*exchange.Exchange, error) { return exchange.New(c.base(), c.rooms()...) }

// Exchange returns the consumer that runs the links of all rooms on the feed. Extra
// rules of the host run beside them, with the same guarantees; their names are
// their own and must be stable. The host calls Step, or Drain, as often as it likes.
func (c *Coin) Exchange(o *store.ConsumerOptions, extra ...store.Rule) (*store.Consumer, error) {
	x, err := c.Rooms()
	if err != nil {
		return nil, err
	}
	return x.Consumer(o, extra...)
}

// Links returns what the exchange does: every arrow from room to room. docs/exchange.md
// has them as a table.
func (c *Coin) Links() []exchange.Link {
	x, _ := c.Rooms() // what is wrong with it, Exchange says
	return x.Links()
}

// Reindex brings the records of all rooms into the indexes and the form of this
// release: see [exchange.Exchange.Reindex].
func (c *Coin) Reindex(ctx context.Context) (int, error) {
	x, err := c.Rooms()
	if err != nil {
		return 0, err
	}
	return x.Reindex(ctx)
}

// Forget erases a customer everywhere: its partition, and what rooms keep of it in
// the provider's and beside it. It is more than a commit has room for: after an
// error call it again, until it returns nil.
func (c *Coin) Forget(ctx context.Context, by servicecoin.Actor, customer servicecoin.CustomerID) error {
	x, err := c.Rooms()
	if err != nil {
		return err
	}
	return x.Forget(ctx, by, customer)
}
