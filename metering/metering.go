// Package metering models what a customer uses: the events that tell of it, the
// meters that make quantities of events, and the quotas that bound them.
//
// It answers: how much did this customer use in a month, in each hour, by
// region; which events is a figure made of; what was known of it then; may this
// customer use more; and when was a limit passed?
//
// A [Meter] is a pure rule: [Meter.Measure] makes quantities of events, exactly, in
// windows of the customer's zone. Events are kept in an [EventStore], apart from
// the records of a store; [NewMemoryStore] has one in memory, and the modules
// store/sqlite and store/postgres have one each in a package usage. They keep
// running totals, which come to what the meter makes of the events themselves. A
// [Ledger] is what a host calls:
//
//	receipt, err := ledger.Record(ctx, collector, events...)
//	decision, err := ledger.Check(ctx, "vm.hours", decimal.NewFromInt(5), now)
//	used, err := ledger.Total(ctx, "vm.hours", month)
//
// An [Intake] takes a batch of many customers' events, and the package usagefile a
// file of them.
//
// What happened is always kept: a quota refuses in [Ledger.Check], never in
// [Ledger.Record]. An event that comes again is kept once; one that comes again
// with other content is told, never dropped. An event that was wrong is voided or
// corrected by a fact that is kept beside it. Prices are in the package rating,
// statements in the package cost.
//
// # Errors
//
// A malformed event is refused alone, and the [Receipt] says by its place, field and
// rule why; the rest of its batch is kept. [Receipt.Err] makes an
// [*servicecoin.InvalidError] of it. An event that comes again with other content is
// no error: the receipt has it among its exceptions. A hard quota in the way is a
// [Decision], and a [*servicecoin.RefusedError] for who asks [Decision.Err].
package metering

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Options are what a host may set for a ledger.
type Options struct {
	// QuotasByReview keeps Record from looking after quotas: it asks for a figure of
	// each, which is dear for who records much and often. The host calls
	// [Ledger.Review] instead, as often as it likes.
	QuotasByReview bool
	// Also is called with what was recorded, after quotas were looked after; nil: nothing
	// is. What it fails with is told by Record, which has kept the events.
	Also Follower
	// Late is what becomes of events for a time that was closed: see [Ledger.Close].
	// Default: they count where they happened.
	Late Late
}

// Ledger is what one customer used: its events, in its zone, and its quotas.
type Ledger struct {
	view     store.View
	events   EventStore
	meters   *Meters
	customer servicecoin.Customer
	zone     *time.Location
	fault    error // of the arguments; the first call tells
	o        Options
}

// New returns the ledger of a customer: quotas are kept in the customer's view,
// events in their own store, and meters come from the provider's. The zone of
// the customer is that of all windows. What is wrong with the arguments is
// reported by the first call. A nil o means defaults.
func New(view store.View, events EventStore, meters *Meters, customer servicecoin.Customer, o *Options) *Ledger {
	l := &Ledger{view: view, events: events, meters: meters, customer: customer}
	if o != nil {
		l.o = *o
	}
	var v servicecoin.Violations
	if events == nil {
		v.Add("events", "required", "", "is nil: keeps the events")
	}
	if meters == nil {
		v.Add("meters", "required", "", "is nil: tells what is metered")
	}
	if view.Customer() != customer.ID {
		v.Add("customer.id", "foreign", string(customer.ID), "is not the customer of the view")
	}
	zone, err := customer.Location()
	v.Merge("customer", err)
	l.zone, l.fault = zone, v.Err()
	l.view = view.OfCustomer("the ledger of a customer").With(l.fault)
	return l
}

// On returns the same ledger over another view of the customer: of the host's
// transaction, or of a unit of work. Events stay in their store, which takes no
// part in either.
func (l *Ledger) On(view store.View) *Ledger {
	other := *l
	other.view = view.OfCustomer("the ledger of a customer").With(l.fault)
	if view.Customer() != l.customer.ID {
		var v servicecoin.Violations
		v.Add("view", "foreign", string(view.Customer()), "is not a view of "+string(l.customer.ID))
		other.view = other.view.With(v.Err())
	}
	return &other
}

// Customer returns whose ledger it is.
func (l *Ledger) Customer() servicecoin.Customer { return l.customer }

// Question asks for usage over time.
type Question struct {
	During  calendar.Interval
	Each    Stretch  // of the customer's zone, [Daily]; empty: all as one
	GroupBy []string // of the dimensions that the meter groups by
	// KnownBefore asks for what was known then. Zero: everything.
	KnownBefore time.Time
}

// Usage returns what a meter says over time: a series for each group. Windows
// without an event have an undefined value, or 0 where the meter says so. An interval
// that is still open runs up to now, or to KnownBefore.
func (l *Ledger) Usage(ctx context.Context, id MeterID, q Question) ([]Series, error) {
	if err := l.view.Err(); err != nil {
		return nil, err
	}
	windows, err := q.Each.Split(q.During, l.zone)
	if err != nil {
		return nil, err
	}
	return l.inWindows(ctx, id, windows, q)
}

// UsageIn is [Ledger.Usage] in windows that the caller names: stretches in which a price
// holds, critical hours. They are in order, and none overlaps the next.
func (l *Ledger) UsageIn(ctx context.Context, id MeterID, windows []calendar.Interval, groupBy ...string) ([]Series, error) {
	if err := l.view.Err(); err != nil {
		return nil, err
	}
	var v servicecoin.Violations
	if v.Limit("windows", len(windows), MaxWindows); v.Err() != nil {
		return nil, v.Err()
	}
	return l.inWindows(ctx, id, windows, Question{GroupBy: groupBy})
}

// inWindows measures each window by the version of the meter that held at its beginning.
func (l *Ledger) inWindows(ctx context.Context, id MeterID, windows []calendar.Interval, q Question) ([]Series, error) {
	versions, err := l.meters.Versions(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(versions) == 1 || len(windows) == 0 {
		return l.measure(ctx, versions[len(versions)-1], windows, q.GroupBy, q.KnownBefore)
	}
	return l.byVersion(ctx, versions, windows, q)
}

// byVersion is inWindows for a meter that has several.
func (l *Ledger) byVersion(ctx context.Context, versions []Meter, windows []calendar.Interval, q Question) ([]Series, error) {
	holds := func(w calendar.Interval) int {
		at := len(versions) - 1
		for at > 0 && versions[at].From.After(w.Start) {
			at--
		}
		return at
	}
	byGroup := map[string]*Series{}
	var order []string
	for from := 0; from < len(windows); {
		version, to := holds(windows[from]), from+1
		for to < len(windows) && holds(windows[to]) == version {
			to++
		}
		part, err := l.measure(ctx, versions[version], windows[from:to], q.GroupBy, q.KnownBefore)
		if err != nil {
			return nil, err
		}
		for _, s := range part {
			name := strings.Join(s.Group, "\x00") // values have no control characters
			if byGroup[name] == nil {
				all := &Series{Group: s.Group, Points: make([]Point, len(windows))}
				for i, w := range windows {
					all.Points[i] = Point{Interval: w, Value: versions[holds(w)].nothing()}
				}
				byGroup[name] = all
				order = append(order, name)
			}
			copy(byGroup[name].Points[from:to], s.Points)
		}
		from = to
	}
	slices.Sort(order)
	list := make([]Series, len(order))
	for i, name := range order {
		list[i] = *byGroup[name]
	}
	return list, nil
}

// measure asks the store.
func (l *Ledger) measure(ctx context.Context, m Meter, windows []calendar.Interval, groupBy []string, knownBefore time.Time) ([]Series, error) {
	now := knownBefore
	if now.IsZero() {
		now = l.view.Now()
	}
	measured, err := l.events.Measure(ctx, Measurement{
		Meter: m, Customers: []servicecoin.CustomerID{l.customer.ID}, Windows: windows, GroupBy: groupBy, KnownBefore: knownBefore, Now: now, Zone: l.zone,
	})
	if err != nil {
		return nil, err
	}
	return measured.Series(m, l.customer.ID), nil
}

// Usage is the quantity of a meter in a period, and what it rests on.
type Usage struct {
	Customer servicecoin.CustomerID `json:"customer"`
	Meter    MeterID                `json:"meter"`
	Version  int                    `json:"version,omitempty"` // of the meter; 0: the first
	Unit     string                 `json:"unit"`
	Period   calendar.Interval      `json:"period"`
	Value    decimal.NullDecimal    `json:"value"`  // null: no event had a value
	Events   int64                  `json:"events"` // how many there were
	// Digest is made of the contents of the events by DigestRule: equal digests of
	// one rule rest on equal events. [DigestLines], the rule of what was issued before there
	// were others, is the SHA-256, in hexadecimal, of a line of JSON for each event, in the
	// order of [Event.Compare].
	Digest     string `json:"digest"`
	DigestRule string `json:"digestRule,omitempty"`
}

// Total returns the usage of a month of the customer's zone.
func (l *Ledger) Total(ctx context.Context, id MeterID, m calendar.Month) (Usage, error) {
	if err := l.view.Err(); err != nil {
		return Usage{}, err
	}
	if err := m.Validate(); err != nil {
		return Usage{}, err
	}
	return l.Between(ctx, id, m.In(l.zone))
}

// Between returns the usage of an interval.
func (l *Ledger) Between(ctx context.Context, id MeterID, during calendar.Interval) (Usage, error) {
	m, err := l.meterAt(ctx, id, during.Start)
	if err != nil {
		return Usage{}, err
	}
	return l.between(ctx, m, during, true)
}

func (l *Ledger) between(ctx context.Context, m Meter, during calendar.Interval, withDigest bool) (Usage, error) {
	return l.remembered(ctx, asked{meter: m.ID, during: during, digest: withDigest}, func() (Usage, error) {
		return l.addedUp(ctx, m, during, withDigest)
	})
}

// addedUp asks for the figure of a period, and for what it rests on.
func (l *Ledger) addedUp(ctx context.Context, m Meter, during calendar.Interval, withDigest bool) (Usage, error) {
	u := Usage{Customer: l.customer.ID, Meter: m.ID, Version: m.Version, Unit: m.Unit, Period: during}
	windows, err := Whole.Split(during, l.zone)
	if err != nil {
		return Usage{}, err
	}
	series, err := l.measure(ctx, m, windows, nil, time.Time{})
	if err != nil {
		return Usage{}, err
	}
	if points := series[0].Points; len(points) == 1 {
		u.Value, u.Events = points[0].Value, points[0].Events
	}
	if withDigest {
		d, err := l.events.Digest(ctx, Query{Customer: l.customer.ID, Type: m.Type, During: during})
		if err != nil {
			return Usage{}, err
		}
		u.Digest, u.DigestRule = d.Root, d.Rule
	}
	return u, nil
}

// Trace explains the quantity as far as the ledger's events: [Ledger.Events]
// has them one by one.
func (u Usage) Trace() servicecoin.Trace {
	return servicecoin.Trace{
		Label: fmt.Sprintf("%s in %s, of %d events, digest %.12s", u.Meter, u.Period, u.Events, u.Digest), Value: u.Value, Unit: u.Unit,
		Plain: servicecoin.Say("used from %v to %v, out of %v", u.Period.Start, u.Period.End, servicecoin.Quantity{Value: servicecoin.Some(decimal.NewFromInt(u.Events)), Unit: "events"}),
		From:  []servicecoin.Key{{Customer: servicecoin.Provider, Kind: MeterRecord, ID: string(u.Meter)}},
	}
}

// Events yields the events behind a figure: those that the meter reads in an interval,
// by time. With a group, only those of it: the values of the dimensions that the
// meter groups by.
func (l *Ledger) Events(ctx context.Context, id MeterID, during calendar.Interval, group map[string]string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		m, err := l.meterAt(ctx, id, during.Start)
		if err != nil {
			yield(Event{}, err)
			return
		}
		of := rule{m}
		for e, err := range l.scan(ctx, m, during, time.Time{}) {
			if err == nil && (!of.reads(&e) || !within(e, group)) {
				continue
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func within(e Event, group map[string]string) bool {
	for name, value := range group {
		if e.Dimension(name) != value {
			return false
		}
	}
	return true
}

func (l *Ledger) scan(ctx context.Context, m Meter, during calendar.Interval, knownBefore time.Time) iter.Seq2[Event, error] {
	return l.events.Scan(ctx, Query{Customer: l.customer.ID, Type: m.Type, During: during, KnownBefore: knownBefore})
}

// Meter returns the definition of a meter, or ErrNotFound.
func (l *Ledger) Meter(ctx context.Context, id MeterID) (Meter, error) { return l.meter(ctx, id) }

// meter returns a meter's definition, or what is wrong with the ledger.
func (l *Ledger) meter(ctx context.Context, id MeterID) (Meter, error) {
	if err := l.view.Err(); err != nil {
		return Meter{}, err
	}
	return l.meters.Get(ctx, id)
}

// Rests reports whether a figure rests on the events that there are now, or that were
// known before an instant: whether they have its digest, by the rule that it names.
func (l *Ledger) Rests(ctx context.Context, u Usage, knownBefore time.Time) (bool, error) {
	m, err := l.meter(ctx, u.Meter)
	if err != nil {
		return false, err
	}
	q := Query{Customer: l.customer.ID, Type: m.Type, During: u.Period, KnownBefore: knownBefore}
	switch u.DigestRule {
	case DigestLines:
		root, err := digestLines(l.events.Scan(ctx, q))
		return root == u.Digest, err
	case DigestTree:
		d, err := l.events.Digest(ctx, q)
		return d.Root == u.Digest, err
	default:
		var v servicecoin.Violations
		v.Add("digestRule", "unknown", u.DigestRule, "is no rule of this release")
		return false, v.Err()
	}
}

// meterAt returns the definition of a meter that held at an instant.
func (l *Ledger) meterAt(ctx context.Context, id MeterID, t time.Time) (Meter, error) {
	if err := l.view.Err(); err != nil {
		return Meter{}, err
	}
	return l.meters.At(ctx, id, t)
}
