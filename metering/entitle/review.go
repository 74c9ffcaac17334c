package entitle

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
)

// Told is something that was told: what it was, and what counted. It is the data of the
// events entitlement.thresholdReached and entitlement.exceeded, and kept beside them.
type Told struct {
	Telling

	ID      string                `json:"id"`
	Version time.Time             `json:"version"` // since when the version of the entitlement holds
	Service servicecoin.ServiceID `json:"service,omitempty"`
	Meter   metering.MeterID      `json:"meter"`
	Unit    string                `json:"unit"`
	Period  calendar.Interval     `json:"period"`
	Counter Counter               `json:"counter"` // the limit, and what counted against it
	// Window is, of a critical limit, the window that was open, or the last one before: the
	// zero interval where none had begun.
	Window   calendar.Interval `json:"window,omitzero"`
	Forecast *Forecast         `json:"forecast,omitempty"` // of a threshold of that measure
	ToldAt   time.Time         `json:"toldAt"`             // when it was recorded; At is when it stood so
}

// Exceeded reports whether a limit is passed: else a threshold is reached.
func (t Told) Exceeded() bool { return t.Threshold == "" }

// Key returns the key of the record.
func (t Told) Key(customer servicecoin.CustomerID) servicecoin.Key {
	return servicecoin.Key{Customer: customer, Kind: ToldRecord, ID: t.ID}
}

// Review looks after every entitlement that holds at an instant, and tells what is
// reached or passed and was not told yet, with what was told in one commit: two that review
// at once tell it once. It returns what it told.
func (n *Entitlements) Review(ctx context.Context, by servicecoin.Actor, at time.Time) ([]Told, error) {
	if err := n.view.Ask(ctx, by, VerbReview, FeatureRecord, string(n.customer.ID)); err != nil {
		return nil, err
	}
	var v servicecoin.Violations
	v.Time("at", at)
	if err := v.Err(); err != nil {
		return nil, err
	}
	var told []Told
	for k, err := range n.Holding(at).All(ctx) {
		if err != nil {
			return told, err
		}
		if over, err := n.replaced(ctx, k, at); err != nil || over {
			if err != nil {
				return told, err
			}
			continue
		}
		some, err := n.review(ctx, by, k, at, true)
		if told = append(told, some...); err != nil {
			return told, err
		}
	}
	return told, nil
}

// replaced reports whether another version, which holds by now, judges the period of an
// instant.
func (n *Entitlements) replaced(ctx context.Context, k Kept, at time.Time) (bool, error) {
	now := n.view.Now()
	if k.Kind != Metered || k.Until.IsZero() || k.Until.After(now) {
		return false, nil
	}
	var versions []Kept
	for x, err := range n.List(k.Feature).All(ctx) {
		if err != nil {
			return false, err
		}
		if !x.From.After(now) {
			versions = append(versions, x)
		}
	}
	return succeeded(k, k.In(at), versions), nil
}

// LookAfter looks after the entitlements that recorded usage concerns, each in the
// periods that it concerns, and tells as Review does. A period is judged by the version
// that holds in it last: one that is over as it ended. It asks what [metering.Ledger.Record] does,
// whether usage may be recorded: it follows from that, and changes nothing of what was.
func (n *Entitlements) LookAfter(ctx context.Context, by servicecoin.Actor, events ...metering.Event) ([]Told, error) {
	if err := n.view.Ask(ctx, by, metering.VerbRecordUsage, metering.UsageRecord, string(n.customer.ID)); err != nil {
		return nil, err
	}
	concerns, err := n.ledger.Concerns(ctx, events...)
	if err != nil || len(concerns) == 0 {
		return nil, err
	}
	first, times := concerns[0].At, map[string][]time.Time{}
	for _, c := range concerns {
		times[c.Type] = append(times[c.Type], c.At)
		if c.At.Before(first) {
			first = c.At
		}
	}
	byFeature := map[FeatureID][]Kept{}
	var order []FeatureID
	for k, err := range n.since(first).All(ctx) {
		if err != nil {
			return nil, err
		}
		if k.Kind != Metered {
			continue
		}
		if byFeature[k.Feature] == nil {
			order = append(order, k.Feature)
		}
		byFeature[k.Feature] = append(byFeature[k.Feature], k)
	}
	var told []Told
	for _, feature := range order {
		some, err := n.lookAfter(ctx, by, byFeature[feature], times)
		if told = append(told, some...); err != nil {
			return told, err
		}
	}
	return told, nil
}

// lookAfter reviews the versions of a feature in the periods of some times.
func (n *Entitlements) lookAfter(ctx context.Context, by servicecoin.Actor, versions []Kept, times map[string][]time.Time) ([]Told, error) {
	var told []Told
	now := n.view.Now()
	versions = slices.DeleteFunc(slices.Clone(versions), func(k Kept) bool { return k.From.After(now) }) // they judge nothing yet
	for _, k := range versions {
		m, err := n.ledger.Meter(ctx, k.Meter)
		if err != nil {
			return told, err
		}
		var last calendar.Interval
		seen := map[time.Time]bool{}
		for _, t := range times[m.Type] {
			if last.Contains(t) {
				continue
			}
			if last = k.In(t); last.Empty() || seen[last.Start] || !k.judges(last) || !k.counted(last).Contains(t) || succeeded(k, last, versions) {
				continue
			}
			seen[last.Start] = true
			some, err := n.review(ctx, by, k, k.last(last, now), last.Contains(now))
			if told = append(told, some...); err != nil {
				return told, err
			}
		}
	}
	return told, nil
}

// succeeded reports whether a later version of the feature judges the period.
func succeeded(k Kept, period calendar.Interval, versions []Kept) bool {
	if k.Until.IsZero() || !k.Until.Before(period.End) {
		return false
	}
	for _, x := range versions {
		if x.Kind == Metered && x.From.After(k.From) && x.Meter == k.Meter && x.judges(period) && x.In(x.From).Equal(period) {
			return true
		}
	}
	return false
}

// atOnce is how much is told in one commit: each in a record and an event, with up to ten
// consequences and their notes.
const atOnce = 8

// review tells of a version as of an instant.
func (n *Entitlements) review(ctx context.Context, by servicecoin.Actor, k Kept, at time.Time, foresee bool) ([]Told, error) {
	if k.Kind != Metered {
		return nil, nil
	}
	var told []Told
	const rounds = (MaxThresholds+MaxCritical+1)/atOnce + 1
	for range rounds {
		var some []Told
		err := n.view.Do(ctx, func(tx store.View) error {
			var err error
			some, err = n.On(tx).tell(ctx, by, k, at, foresee)
			return err
		})
		if err != nil {
			return told, err
		}
		if told = append(told, some...); len(some) < atOnce {
			break
		}
	}
	return told, nil
}

// tell tells some of what is reached or passed, inside of a unit of work. What was told is
// read before what was used, so that who finds less told than there is runs again, and no older
// figure meets a newer memory.
func (n *Entitlements) tell(ctx context.Context, by servicecoin.Actor, k Kept, at time.Time, foresee bool) ([]Told, error) {
	k, err := n.version(ctx, k.Feature, k.From) // it may have ended meanwhile
	if err != nil {
		return nil, err
	}
	period := k.In(at)
	if period.Empty() {
		return nil, nil
	}
	c := store.Of(n.view, memories)
	id := memoryID(k.Feature, k.From, period.Start)
	item, err := c.Item(ctx, id)
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return nil, err
	}
	r := item.Value
	r.Feature, r.From = k.Feature, k.From
	s, err := n.stand(ctx, k, decimal.Decimal{}, at, foresee)
	if err != nil {
		return nil, err
	}
	list, memory, err := k.Review(s.Facts, r.Memory)
	if err != nil {
		return nil, err
	}
	if memory.Period.IsZero() || len(list) == 0 && maps.EqualFunc(memory.Told, r.Memory.Told, time.Time.Equal) {
		return nil, nil
	}
	if len(list) > atOnce {
		for _, later := range list[atOnce:] {
			delete(memory.Told, later.key())
		}
		list = list[:atOnce]
	}
	told := make([]Told, 0, len(list))
	for _, t := range list {
		r.Number++
		x := s.told(t, toldID(k.Feature, k.From, period.Start, r.Number), n.view.Now())
		name := EventExceeded
		if !x.Exceeded() {
			name = EventThresholdReached
		}
		e, err := store.Happened(by, name, x)
		if err != nil {
			return nil, err
		}
		if err := store.Of(n.view, tellings).Insert(ctx, x, e); err != nil {
			return nil, err
		}
		told = append(told, x)
	}
	r.Memory = memory
	return told, c.Put(ctx, r, item.Version)
}

// told is what is told, with what it rests on.
func (s Standing) told(t Telling, id string, now time.Time) Told {
	x := Told{
		Telling: t, ID: id, Version: s.Kept.From, Service: s.Kept.Service, Meter: s.Kept.Meter, Unit: s.Unit,
		Period: s.Facts.Period, ToldAt: now,
	}
	for _, c := range s.Judgement.Counters {
		if c.Name == t.Critical {
			x.Counter = c
		}
	}
	for _, w := range s.Windows {
		if w.Name != t.Critical {
			continue
		}
		for _, p := range w.Points {
			if !p.Start.After(s.Facts.At) {
				x.Window = p.Interval
			}
		}
	}
	for _, threshold := range s.Kept.Thresholds {
		if threshold.Name == t.Threshold && threshold.Measure == Expected {
			x.Forecast = s.Facts.Forecast
		}
	}
	return x
}

// Tellings lists what was told of a feature, the latest first; of all for "".
func (n *Entitlements) Tellings(feature FeatureID) store.Listing[Told] {
	if feature == "" {
		return store.Of(n.view, tellings).Find(store.By("at").Descending())
	}
	return store.Of(n.view, tellings).Find(store.By("feature", store.Text(feature)).Descending())
}
