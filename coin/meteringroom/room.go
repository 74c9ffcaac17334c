// Package meteringroom is the room of package metering in the exchange: what was
// used in a month, and who used it.
package meteringroom

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/entitle"
	"github.com/servicecoin/servicecoin/metering/gate"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/store"
)

// Name is the name of the room.
const Name = "metering"

// Metered is a meter that counts for a service.
type Metered struct {
	Service servicecoin.ServiceID
	Meter   metering.MeterID
}

// Options are what a host may set for the room.
type Options struct {
	// Usage keeps what customers use; nil: usage is not kept, and what asks for it
	// says so.
	Usage metering.EventStore
	// Meters names the meters by which services are counted for a customer in a span,
	// each once, in the order in which they are told; nil: none.
	Meters func(ctx context.Context, b exchange.Base, customer servicecoin.Customer, during calendar.Interval) ([]Metered, error)
	// Windows tells when the critical windows of a name are open for a customer; a name that
	// is not known is ErrNotFound. nil: entitlements have no limits inside of such windows.
	Windows func(ctx context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error)
	// LimitsByReview keeps Record from looking after entitlements: it asks for a figure of
	// each that the usage concerns. The host calls [entitle.Entitlements.Review] instead.
	LimitsByReview bool
	// Active is the meter that counts who uses a service: one that counts what is
	// unique. nil, or "": that is not known.
	Active func(service servicecoin.ServiceID) metering.MeterID
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options} }

// List is the definitions of what is metered.
func (n Nouns) List() *metering.Meters { return metering.NewMeters(n.Provider()) }

// Ledger is what one customer used, in its zone. What is recorded has its quotas and
// entitlements looked after.
func (n Nouns) Ledger(customer servicecoin.Customer) *metering.Ledger {
	return n.ledger(customer, n.options())
}

func (n Nouns) ledger(customer servicecoin.Customer, o *metering.Options) *metering.Ledger {
	view := n.Of(customer.ID).Need("Options.Usage", n.Usage != nil)
	return metering.New(view, n.Usage, n.List(), customer, o)
}

func (n Nouns) options() *metering.Options {
	if n.LimitsByReview {
		return nil
	}
	return &metering.Options{Also: n.after}
}

// Intake takes the events of many customers at once, into the ledgers of each.
func (n Nouns) Intake() *metering.Intake {
	return metering.NewIntake(n.Store, n.Usage, n.List(), n.options())
}

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	r := exchange.Room{Name: Name, Side: exchange.Operations, Reindex: reindex, Links: n.links()}
	if n.Usage != nil {
		r.Spin = &exchange.Gatherer{Rows: n.rows, Figures: n.gather, Judge: judge}
		r.Forget = func(ctx context.Context, _ servicecoin.Actor, id servicecoin.CustomerID) error {
			return n.Usage.Forget(ctx, id)
		}
	}
	return r
}

// reindex brings what ledgers, grants, entitlements and gates keep into the form of this release.
func reindex(ctx context.Context, s *store.Store) (int, error) {
	n := 0
	for _, of := range []func(context.Context, *store.Store) (int, error){metering.Reindex, grant.Reindex, entitle.Reindex, gate.Reindex} {
		some, err := of(ctx, s)
		if n += some; err != nil {
			return n, err
		}
	}
	return n, nil
}

// Used is what was used of a service in a month.
type Used struct {
	Usage  []Quantity          `json:"usage"`  // by meter
	Limits []Limited           `json:"limits"` // of entitlements
	Active decimal.NullDecimal `json:"active"` // who used it; null: not known
	Trace  []servicecoin.Trace `json:"trace"`
}

// Quantity is the usage of one meter, against its quotas.
type Quantity struct {
	Usage  metering.Usage      `json:"usage"`
	Quotas []metering.Standing `json:"quotas"`
}

// QuotaExceeded is the code of more that was used than is allowed for.
const QuotaExceeded = "quota-exceeded"

const quotaUrgency = 80

// gather reads what was used of the meters that the services are counted by.
func (n Nouns) gather(ctx context.Context, s *exchange.Spinning) error {
	ledger := n.Ledger(s.Whose())
	used := map[servicecoin.ServiceID]Used{}
	var meters []Metered
	if n.Meters != nil {
		var err error
		if meters, err = n.Meters(ctx, s.Base, s.Whose(), s.Period()); err != nil {
			return err
		}
	}
	for _, m := range meters {
		q := Quantity{Quotas: []metering.Standing{}}
		var err error
		if q.Usage, err = ledger.Total(ctx, m.Meter, s.Month()); err != nil {
			return err
		}
		decision, err := ledger.Check(ctx, m.Meter, decimal.Zero, s.Until().Add(-time.Microsecond))
		if err != nil {
			return err
		}
		q.Quotas = append(q.Quotas, decision.Standings...)
		u := used[m.Service]
		u.Usage = append(u.Usage, q)
		used[m.Service] = u
		s.Row(m.Service)
	}
	limits, err := n.limits(ctx, s, meters)
	if err != nil {
		return err
	}
	for _, id := range s.Rows() {
		u := used[id]
		if u.Limits = limits[id]; u.Limits == nil {
			u.Limits = []Limited{}
		}
		if u.Usage == nil {
			u.Usage = []Quantity{}
		}
		u.Trace = []servicecoin.Trace{}
		if n.Active != nil {
			if meter := n.Active(id); meter != "" {
				total, err := ledger.Total(ctx, meter, s.Month())
				if err != nil {
					return err
				}
				u.Active = total.Value
				u.Trace = append(u.Trace, total.Trace())
			}
		}
		s.Put(id, exchange.Adoption, u)
	}
	return nil
}

// Lines implements exchange.Figures.
func (u Used) Lines() []exchange.Line {
	var lines []exchange.Line
	for _, q := range u.Usage {
		words := []string{"unknown", q.Usage.Unit}
		if q.Usage.Value.Valid {
			words[0] = q.Usage.Value.Decimal.String()
		}
		for _, x := range q.Quotas {
			words = append(words, "of", x.Quota.Limit.String())
		}
		lines = append(lines, exchange.Line{Text: strings.Join(words, " ")})
	}
	for _, l := range u.Limits {
		lines = append(lines, l.line())
	}
	if u.Active.Valid {
		lines = append(lines, exchange.Line{Text: u.Active.Decimal.String() + " active", Evidence: u.Trace})
	}
	return lines
}

func judge(_ exchange.Spin, r exchange.Row) []exchange.Imbalance {
	var list []exchange.Imbalance
	used := exchange.Of[Used](r.Parts)
	for _, l := range used.Limits {
		list = append(list, l.beyond(r)...)
	}
	for _, m := range used.Usage {
		for _, q := range m.Quotas {
			if q.Used.Valid && q.Used.Decimal.GreaterThan(q.Quota.Limit) {
				list = append(list, exchange.Imbalance{
					Code: QuotaExceeded, Service: r.Service, Sides: []exchange.Side{exchange.Operations, exchange.Adoption}, Urgency: quotaUrgency,
					Text: fmt.Sprintf("%s: %s %s were used, the quota is %s.", r.Name, q.Used.Decimal, m.Usage.Unit, q.Quota.Limit),
				})
			}
		}
	}
	return list
}
