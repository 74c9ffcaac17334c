package patch

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// The events of exemptions. Their data is the [Exemption] without its reason.
const (
	EventExempted = "exemption.granted"
	EventEnded    = "exemption.ended"
)

var exemptions = store.Kind[Exemption]{
	Name: ExemptionRecord, House: house.Own(),
	ID: func(e Exemption) string {
		if e.Replaced {
			return store.JoinID(string(e.Advisory), string(e.Target), strconv.FormatInt(e.From.UnixMicro(), 10))
		}
		return store.JoinID(string(e.Advisory), string(e.Target))
	},
	Indexes: []store.Index[Exemption]{
		{Name: "advisory", Columns: "tt", Of: func(e Exemption) store.Tuple {
			return store.Tuple{store.Text(e.Advisory), store.Text(e.Target)}
		}},
		{Name: "until", Columns: "m", Of: func(e Exemption) store.Tuple { return store.Tuple{store.Time(e.Until)} }},
	},
}

// Exemptions is what the targets of one customer may go without, for how long, and who
// stands for that: over a view of its partition.
type Exemptions struct{ view store.View }

// NewExemptions returns the exemptions of a customer's view; of the provider's, the first
// call says so.
func NewExemptions(view store.View) *Exemptions {
	return &Exemptions{view: view.OfCustomer("exemptions")}
}

// Grant lets a target go without a patch until an instant: from now on, and whoever says
// so, a person, stands for it. It replaces what was granted for the same before, from now on:
// what held until now stays on record.
func (n *Exemptions) Grant(ctx context.Context, by servicecoin.Actor, target servicecoin.ConfigurationID, advisory AdvisoryID, until time.Time, why string) (Exemption, error) {
	if err := n.view.Ask(ctx, by, VerbExempt, ExemptionRecord, string(target)); err != nil {
		return Exemption{}, err
	}
	e := Exemption{Target: target, Advisory: advisory, ApprovedBy: by.ID, Why: why, Until: lifecycle.Instant(until)}
	var err error
	if e.From, err = lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) {
		person(by)(v)
		e.From = servicecoin.Instant(n.view.Now())
		v.Merge("", e.Validate())
	}); err != nil {
		return Exemption{}, err
	}
	return e, n.put(ctx, by, e, EventExempted)
}

func (n *Exemptions) put(ctx context.Context, by servicecoin.Actor, e Exemption, name string) error {
	told := e
	told.Why = ""
	event, err := store.Happened(by, name, told)
	if err != nil {
		return err
	}
	return n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, exemptions).Item(ctx, store.JoinID(string(e.Advisory), string(e.Target)))
		if err != nil && !isNotFound(err) {
			return err
		}
		if was := item.Value; name == EventExempted && was.From.Before(e.From) && err == nil {
			was.Replaced = true
			if was.Until.After(e.From) {
				was.Until = e.From
			}
			if err := store.Of(tx, exemptions).Insert(ctx, was); err != nil {
				return err
			}
		}
		return store.Of(tx, exemptions).Put(ctx, e, item.Version, event)
	})
}

// End ends an exemption now. It stays on record.
func (n *Exemptions) End(ctx context.Context, by servicecoin.Actor, target servicecoin.ConfigurationID, advisory AdvisoryID) (Exemption, error) {
	if err := n.view.Ask(ctx, by, VerbEnd, ExemptionRecord, string(target)); err != nil {
		return Exemption{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), nil)
	if err != nil {
		return Exemption{}, err
	}
	e, err := n.Get(ctx, target, advisory)
	if err != nil {
		return Exemption{}, err
	}
	if !at.Before(e.Until) {
		return e, &servicecoin.RefusedError{Subject: n.view.Key(ExemptionRecord, string(target)), Verb: VerbEnd, Why: "it ended at " + lifecycle.Stamp(e.Until)}
	}
	e.Until = later(at, e.From.Add(time.Microsecond))
	return e, n.put(ctx, by, e, EventEnded)
}

// Get returns the exemption of a target of an advisory.
func (n *Exemptions) Get(ctx context.Context, target servicecoin.ConfigurationID, advisory AdvisoryID) (Exemption, error) {
	return store.Of(n.view, exemptions).Get(ctx, store.JoinID(string(advisory), string(target)))
}

// Of lists the exemptions of an advisory, those that are over among them, by target.
func (n *Exemptions) Of(advisory AdvisoryID) store.Listing[Exemption] {
	return store.Of(n.view, exemptions).Find(store.By("advisory", store.Text(advisory)))
}

// Holding lists the exemptions that end after an instant, the first to end first.
func (n *Exemptions) Holding(at time.Time) store.Listing[Exemption] {
	return store.Of(n.view, exemptions).Find(store.By("until").From(store.Time(at.Add(time.Microsecond))))
}

func isNotFound(err error) bool { return errors.Is(err, servicecoin.ErrNotFound) }
