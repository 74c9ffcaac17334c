package entitle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/grant"
	"github.com/servicecoin/servicecoin/store"
)

// Limits of a feature, beyond which Set and End refuse.
const (
	MaxVersions = 1_000
	MaxAhead    = 20 // versions that lie ahead
)

// Ledger tells what a customer used: [metering.Ledger] is one.
type Ledger interface {
	Meter(ctx context.Context, id metering.MeterID) (metering.Meter, error)
	// In returns the quantity of each window: they are in order, at most
	// [metering.MaxWindows].
	In(ctx context.Context, id metering.MeterID, windows []calendar.Interval) ([]metering.Point, error)
	// Concerns returns when something happens that events change.
	Concerns(ctx context.Context, events ...metering.Event) ([]metering.Concern, error)
}

// Calendars tells when critical windows are open: the host's calendars. [Fixed] is a
// fake of it.
type Calendars interface {
	// Windows returns when the windows of a name are open within an interval, for a
	// customer. A name that is not known is ErrNotFound.
	Windows(ctx context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error)
}

// Fixed are windows by their names, for everybody.
type Fixed map[string]calendar.Set

// Windows implements [Calendars].
func (f Fixed) Windows(_ context.Context, customer servicecoin.CustomerID, name string, within calendar.Interval) (calendar.Set, error) {
	set, known := f[name]
	if !known {
		return calendar.Set{}, servicecoin.NotFound(servicecoin.Key{Customer: customer, Kind: WindowsRecord, ID: name})
	}
	return set.Clip(within), nil
}

// WindowsRecord is what an ErrNotFound calls critical windows that nobody knows: they
// are no records of the library.
const WindowsRecord = "entitle.windows"

// Options are what a host may set for entitlements.
type Options struct {
	// Calendars tells when critical windows are open; nil: entitlements with limits in
	// such windows are refused.
	Calendars Calendars
	// Grants are the customer's; nil: entitlements of which grants are the limit are
	// refused.
	Grants *grant.Grants
}

// Entitlements are what one customer may have and use, kept in its partition. It is safe
// for concurrent use.
type Entitlements struct {
	view     store.View
	ledger   Ledger
	customer servicecoin.Customer
	zone     *time.Location
	fault    error
	o        Options
}

// New returns the entitlements in a customer's view, over its ledger. What is wrong with
// the arguments is reported by the first call. A nil o means defaults.
func New(view store.View, ledger Ledger, customer servicecoin.Customer, o *Options) *Entitlements {
	n := &Entitlements{ledger: ledger, customer: customer}
	if o != nil {
		n.o = *o
	}
	var v servicecoin.Violations
	if ledger == nil {
		v.Add("ledger", "required", "", "is nil: tells what was used")
	}
	if view.Customer() != customer.ID {
		v.Add("customer.id", "foreign", string(customer.ID), "is not the customer of the view")
	}
	zone, err := customer.Location()
	v.Merge("customer", err)
	n.zone, n.fault = zone, v.Err()
	n.view = view.OfCustomer("the entitlements of a customer").With(n.fault)
	return n
}

// On returns the same entitlements, and grants, over another view of the customer: of the
// host's transaction, or of a unit of work.
func (n *Entitlements) On(view store.View) *Entitlements {
	other := *n
	other.view = view.OfCustomer("the entitlements of a customer").With(n.fault)
	if view.Customer() != n.customer.ID {
		var v servicecoin.Violations
		v.Add("view", "foreign", string(view.Customer()), "is not a view of "+string(n.customer.ID))
		other.view = other.view.With(v.Err())
	}
	if n.o.Grants != nil {
		other.o.Grants = n.o.Grants.On(view)
	}
	return &other
}

// Customer returns whose entitlements they are.
func (n *Entitlements) Customer() servicecoin.Customer { return n.customer }

// Set sets what the customer has of a feature from an instant on; without From from now.
// What held before ends there, and gives the new version its zone, and its end, service and
// subscription where it names none. What is set again as it is changes nothing. A version that
// lies ahead can be set anew; one that has begun stays, since it was judged by it: a
// version before it, or another one of the same instant, is ErrRefused.
func (n *Entitlements) Set(ctx context.Context, by servicecoin.Actor, k Kept) (Kept, error) {
	if err := n.view.Ask(ctx, by, VerbSet, EntitlementRecord, string(k.Feature)); err != nil {
		return Kept{}, err
	}
	if err := n.able(ctx, k); err != nil {
		return Kept{}, err
	}
	var set Kept
	err := n.view.Do(ctx, func(tx store.View) error {
		var err error
		set, err = n.On(tx).set(ctx, by, k)
		return err
	})
	if err != nil {
		return Kept{}, err
	}
	return set, nil
}

// able refuses what these entitlements have no means to judge.
func (n *Entitlements) able(ctx context.Context, k Kept) error {
	if k.Kind != Metered || k.Meter == "" {
		return nil
	}
	m, err := n.ledger.Meter(ctx, k.Meter)
	if err != nil {
		return err
	}
	var v servicecoin.Violations
	v.Merge("", k.fits(m))
	if !k.Limit.Valid && n.o.Grants == nil {
		v.Add("limit", "required", "", "grants are not kept here: Options.Grants is nil")
	}
	if len(k.Critical) > 0 && n.o.Calendars == nil {
		v.Add("critical", "unsupported", "", "nobody tells when windows are open: Options.Calendars is nil")
	}
	if v.Len() == 0 && len(k.Critical) <= MaxCritical {
		now := n.view.Now()
		for i, c := range k.Critical {
			_, err := n.o.Calendars.Windows(ctx, n.customer.ID, c.Name, calendar.Between(now, now.Add(time.Hour)))
			if errors.Is(err, servicecoin.ErrNotFound) {
				v.Add(fmt.Sprintf("critical[%d].name", i), "unknown", c.Name, "names no critical windows of the customer")
			} else if err != nil {
				return fmt.Errorf("when %s is open: %w", c.Name, err)
			}
		}
	}
	return v.Err()
}

func (n *Entitlements) set(ctx context.Context, by servicecoin.Actor, k Kept) (Kept, error) {
	now := n.view.Now()
	l, version, err := n.line(ctx, k.Feature)
	if err != nil {
		return Kept{}, err
	}
	anytime := k.From.IsZero()
	if anytime {
		k.From = now
	}
	k.From = servicecoin.Instant(k.From)
	if !k.Until.IsZero() {
		k.Until = servicecoin.Instant(k.Until)
	}
	at, there := slices.BinarySearchFunc(l.Froms, k.From, time.Time.Compare)
	c := store.Of(n.view, entitlements)
	var old store.Item[Kept] // the version that holds then, or just before
	if i := at - 1 + count(there); i >= 0 {
		if old, err = c.Item(ctx, versionID(k.Feature, l.Froms[i])); err != nil {
			return Kept{}, err
		}
	}
	was, asked := old.Value, k.Until
	k.SetAt, k.SetBy = now, by
	k = k.filled(was, n.zone.String())
	if after := at + count(there); after < len(l.Froms) && l.Froms[after].Before(k.end()) {
		k.Until = l.Froms[after]
	}
	same := was.Feature != "" && was.Holds(k.From) && was.same(k) && (asked.IsZero() || k.Until.Equal(was.Until))
	if same && (anytime || there) {
		return was, nil
	}
	if err := n.settable(l, k, at, there, now, was); err != nil {
		return Kept{}, err
	}
	e, err := store.Happened(by, EventSet, k.changed())
	if err != nil {
		return Kept{}, err
	}
	if there {
		return k, c.Put(ctx, k, old.Version, e)
	}
	if was.Feature != "" && was.end().After(k.From) {
		was.Until = k.From
		if err := c.Put(ctx, was, old.Version); err != nil {
			return Kept{}, err
		}
	}
	switch never, err := c.Item(ctx, versionID(k.Feature, k.From)); { // one that was ended before it held
	case err == nil:
		err = c.Put(ctx, k, never.Version, e)
		if err != nil {
			return Kept{}, err
		}
	case !errors.Is(err, servicecoin.ErrNotFound):
		return Kept{}, err
	default:
		if err := c.Insert(ctx, k, e); err != nil {
			return Kept{}, err
		}
	}
	l.Froms = slices.Insert(slices.Clone(l.Froms), at, k.From)
	return k, store.Of(n.view, features).Put(ctx, l, version)
}

// settable checks a version, and that it may be set where it is.
func (n *Entitlements) settable(l line, k Kept, at int, there bool, now time.Time, was Kept) error {
	var v servicecoin.Violations
	v.Merge("", k.Validate())
	if was.Subscription != "" && k.Subscription != was.Subscription && was.Holds(k.From) {
		v.Add("subscription", "foreign", string(k.Subscription), "the feature comes with subscription "+string(was.Subscription))
	}
	k.follows(&v, was)
	if !there {
		v.Limit("versions", len(l.Froms)+1, MaxVersions)
		ahead, _ := slices.BinarySearchFunc(l.Froms, now, time.Time.Compare)
		if k.From.After(now) {
			v.Limit("versions ahead", len(l.Froms)-ahead+1, MaxAhead)
		}
	}
	if err := v.Err(); err != nil {
		return err
	}
	if there && k.From.Before(now) {
		return n.refuse(VerbSet, k.Feature, "the version of "+stamp(k.From)+" has begun: set another one from a later instant on")
	}
	if after := at + count(there); after < len(l.Froms) && l.Froms[after].Before(now) {
		return n.refuse(VerbSet, k.Feature, "a later version has begun at "+stamp(l.Froms[after])+": what it judged stays")
	}
	return nil
}

func count(there bool) int {
	if there {
		return 1
	}
	return 0
}

// End ends what the customer has of a feature, at an instant, exclusive: versions that
// begin later never hold. What ends by then already stays as it is. It returns the version
// that holds last.
func (n *Entitlements) End(ctx context.Context, by servicecoin.Actor, feature FeatureID, until time.Time) (Kept, error) {
	if err := n.view.Ask(ctx, by, VerbEnd, EntitlementRecord, string(feature)); err != nil {
		return Kept{}, err
	}
	var v servicecoin.Violations
	v.Time("until", until)
	if err := v.Err(); err != nil {
		return Kept{}, err
	}
	until = servicecoin.Instant(until)
	var last Kept
	err := n.view.Do(ctx, func(tx store.View) error {
		var err error
		last, err = n.On(tx).end(ctx, by, feature, until, func(Kept) bool { return true })
		return err
	})
	if err != nil {
		return Kept{}, err
	}
	return last, nil
}

// EndOf ends what the customer has by a subscription, and nothing else, at an instant,
// exclusive: when that departs.
func (n *Entitlements) EndOf(ctx context.Context, by servicecoin.Actor, id servicecoin.SubscriptionID, until time.Time) error {
	if err := n.view.Ask(ctx, by, VerbEnd, EntitlementRecord, string(id)); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.ID("subscription", string(id))
	v.Time("until", until)
	if err := v.Err(); err != nil {
		return err
	}
	until = servicecoin.Instant(until)
	done := map[FeatureID]bool{}
	for k, err := range n.Of(id).All(ctx) {
		if err != nil {
			return err
		}
		if done[k.Feature] || !k.end().After(until) {
			continue
		}
		done[k.Feature] = true
		err := n.view.Do(ctx, func(tx store.View) error {
			_, err := n.On(tx).end(ctx, by, k.Feature, until, func(k Kept) bool { return k.Subscription == id })
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *Entitlements) end(ctx context.Context, by servicecoin.Actor, feature FeatureID, until time.Time, which func(Kept) bool) (Kept, error) {
	l, version, err := n.line(ctx, feature)
	if err != nil {
		return Kept{}, err
	}
	if len(l.Froms) == 0 {
		return Kept{}, servicecoin.NotFound(n.view.Key(EntitlementRecord, string(feature)))
	}
	const most = 2 * MaxAhead
	c := store.Of(n.view, entitlements)
	var last Kept
	var never []time.Time
	changed := 0
	for _, from := range slices.Backward(l.Froms) {
		item, err := c.Item(ctx, versionID(feature, from))
		if err != nil {
			return Kept{}, err
		}
		last = item.Value
		if which(last) && last.end().After(until) && last.end().After(last.From) {
			if last.Until = until; until.Before(last.From) {
				last.Until = last.From
			}
			if changed++; changed > most {
				return Kept{}, n.refuse(VerbEnd, feature, fmt.Sprintf("more than %d versions begin after %s", most, stamp(until)))
			}
			if err := c.Put(ctx, last, item.Version); err != nil {
				return Kept{}, err
			}
			if !last.From.Before(last.Until) { // it never holds, and bounds none that is set later
				never = append(never, last.From)
			}
		}
		if !from.After(until) {
			break // those before end earlier
		}
	}
	if changed == 0 {
		return last, nil
	}
	e, err := store.Happened(by, EventEnded, last.changed())
	if err != nil {
		return Kept{}, err
	}
	e.Subject = last.Key(n.customer.ID)
	if err := n.view.Record(ctx, e); err != nil {
		return Kept{}, err
	}
	l.Froms = slices.DeleteFunc(slices.Clone(l.Froms), func(t time.Time) bool { return slices.ContainsFunc(never, t.Equal) })
	return last, store.Of(n.view, features).Put(ctx, l, version) // so that a version that is set meanwhile follows
}

// line returns the versions of a feature.
func (n *Entitlements) line(ctx context.Context, feature FeatureID) (line, store.Version, error) {
	item, err := store.Of(n.view, features).Item(ctx, string(feature))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return line{Feature: feature}, 0, nil
	}
	return item.Value, item.Version, err
}

func (n *Entitlements) version(ctx context.Context, feature FeatureID, from time.Time) (Kept, error) {
	return store.Of(n.view, entitlements).Get(ctx, versionID(feature, from))
}

// Get returns the version of an entitlement that holds at an instant, or ErrNotFound.
func (n *Entitlements) Get(ctx context.Context, feature FeatureID, at time.Time) (Kept, error) {
	k, err := n.near(ctx, feature, at)
	if err == nil && (k.Feature == "" || !k.Holds(at)) {
		err = servicecoin.NotFound(n.view.Key(EntitlementRecord, string(feature)))
	}
	if err != nil {
		return Kept{}, err
	}
	return k, nil
}

// near returns the last version that has begun at an instant, or the first one to come.
// If there is none at all it has no feature.
func (n *Entitlements) near(ctx context.Context, feature FeatureID, at time.Time) (Kept, error) {
	var v servicecoin.Violations
	v.ID("feature", string(feature))
	v.Time("at", at)
	if err := n.view.Err(); err != nil {
		return Kept{}, err
	}
	if err := v.Err(); err != nil {
		return Kept{}, err
	}
	l, _, err := n.line(ctx, feature)
	if err != nil || len(l.Froms) == 0 {
		return Kept{}, err
	}
	i, there := slices.BinarySearchFunc(l.Froms, at, time.Time.Compare)
	if !there && i > 0 {
		i--
	}
	k, err := n.version(ctx, feature, l.Froms[i])
	if err == nil && !k.Holds(at) && i+1 < len(l.Froms) && !k.From.After(at) {
		k, err = n.version(ctx, feature, l.Froms[i+1])
	}
	return k, err
}

// List lists the versions of an entitlement, the first to hold first; of all features,
// by their names, for "".
func (n *Entitlements) List(feature FeatureID) store.Listing[Kept] {
	if feature == "" {
		return store.Of(n.view, entitlements).Find(store.By("feature"))
	}
	return store.Of(n.view, entitlements).Find(store.By("feature", store.Text(feature)))
}

// Holding lists the versions that hold at an instant: what the customer has.
func (n *Entitlements) Holding(at time.Time) store.Listing[Kept] {
	return n.since(at).Where(func(k Kept) bool { return k.Holds(at) })
}

// Of lists the versions that end with a subscription.
func (n *Entitlements) Of(id servicecoin.SubscriptionID) store.Listing[Kept] {
	return store.Of(n.view, entitlements).Find(store.By("subscription", store.Text(id)))
}

// since lists what has not ended at an instant.
func (n *Entitlements) since(at time.Time) store.Listing[Kept] {
	return store.Of(n.view, entitlements).Find(store.By("until").From(store.Time(at.Add(time.Microsecond))))
}

func (n *Entitlements) refuse(verb string, feature FeatureID, why string) error {
	return &servicecoin.RefusedError{Subject: n.view.Key(EntitlementRecord, string(feature)), Verb: verb, Why: why}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
