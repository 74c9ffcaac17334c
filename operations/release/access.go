package release

import (
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// AccessState is how a customer stands to the early access of a feature.
type AccessState string

// The states. The zero one: it has never asked.
const (
	AccessAsked    AccessState = "asked"
	AccessIn       AccessState = "in"
	AccessDeclined AccessState = "declined" // by the provider, before or after it was in
	AccessLeft     AccessState = "left"
)

// AccessRecord is the kind of [EarlyAccess], in the customer's partition.
const AccessRecord = "release.access"

// The verbs of early access.
const (
	VerbEnterAccess   = "access.enter"
	VerbAskAccess     = "access.ask"
	VerbAdmitAccess   = "access.admit"
	VerbDeclineAccess = "access.decline"
	VerbLeaveAccess   = "access.leave"
)

// The events of early access. Their data is an [AccessChanged].
const (
	EventAccessEntered  = "access.entered"
	EventAccessAsked    = "access.asked"
	EventAccessAdmitted = "access.admitted"
	EventAccessDeclined = "access.declined"
	EventAccessLeft     = "access.left"
)

// AccessChanged is the data of an event of early access.
type AccessChanged struct {
	Feature FeatureID   `json:"feature"`
	State   AccessState `json:"state"`
}

// EarlyAccess is how one customer stands to a feature that it may enter. It belongs to the
// customer.
type EarlyAccess struct {
	Feature FeatureID                      `json:"feature"`
	State   AccessState                    `json:"state"`
	Since   time.Time                      `json:"since"`
	History []lifecycle.Entry[AccessState] `json:"history"` // the last [MaxHistory]
}

var accesses = store.Kind[EarlyAccess]{
	Name: AccessRecord, House: house.Own(), ID: func(a EarlyAccess) string { return string(a.Feature) },
	Indexes: []store.Index[EarlyAccess]{
		{Name: "state", Columns: "tm", Of: func(a EarlyAccess) store.Tuple {
			return store.Tuple{store.Text(a.State), store.Time(a.Since)}
		}},
		{Name: "feature", Columns: "tt", Of: func(a EarlyAccess) store.Tuple {
			return store.Tuple{store.Text(a.Feature), store.Text(a.State)}
		}},
	},
}

// AccessTransitions returns the whole table of early access: what is not in it is refused.
func AccessTransitions() []lifecycle.Transition[AccessState] {
	const open, asked, person = "the audience lets it enter", "the audience lets it ask", "by a person of the customer"
	return []lifecycle.Transition[AccessState]{
		lifecycle.Allow("", VerbEnterAccess, AccessIn, open, person),
		lifecycle.Allow(AccessLeft, VerbEnterAccess, AccessIn, open, person),
		lifecycle.Allow(AccessDeclined, VerbEnterAccess, AccessIn, open, person),
		lifecycle.Allow(AccessAsked, VerbEnterAccess, AccessIn, open, person),
		lifecycle.Allow("", VerbAskAccess, AccessAsked, asked, person),
		lifecycle.Allow(AccessLeft, VerbAskAccess, AccessAsked, asked, person),
		lifecycle.Allow(AccessAsked, VerbAdmitAccess, AccessIn, "by a person of the provider"),
		lifecycle.Allow(AccessDeclined, VerbAdmitAccess, AccessIn, "by a person of the provider"),
		lifecycle.Allow(AccessAsked, VerbDeclineAccess, AccessDeclined, "by a person of the provider", "a reason"),
		lifecycle.Allow(AccessIn, VerbDeclineAccess, AccessDeclined, "by a person of the provider", "a reason"),
		lifecycle.Allow(AccessIn, VerbLeaveAccess, AccessLeft, person),
		lifecycle.Allow(AccessAsked, VerbLeaveAccess, AccessLeft, person),
	}
}

// Access is the early access of one customer: what it entered, asked for and left, over a
// view of its partition.
type Access struct{ view store.View }

// NewAccess returns the early access of a customer's view; of the provider's, the first
// call says so.
func NewAccess(view store.View) *Access { return &Access{view: view.OfCustomer("early access")} }

// On returns the same over another view.
func (n *Access) On(view store.View) *Access { return NewAccess(view) }

// Get returns how the customer stands to the early access of a feature.
func (n *Access) Get(ctx context.Context, id FeatureID) (EarlyAccess, error) {
	return store.Of(n.view, accesses).Get(ctx, string(id))
}

// All lists how the customer stands to each feature that it ever asked for, by feature.
func (n *Access) All() store.Listing[EarlyAccess] {
	return store.Of(n.view, accesses).Find(store.By("feature"))
}

// States returns how the customer stands to all of them, as a [Subject] has it.
func (n *Access) States(ctx context.Context) (map[FeatureID]AccessState, error) {
	states := map[FeatureID]AccessState{}
	for a, err := range n.All().All(ctx) {
		if err != nil {
			return nil, err
		}
		states[a.Feature] = a.State
	}
	return states, nil
}

// AccessAcross lists the early access of all customers to a feature in a state, by customer.
// The keys of its items name them.
func AccessAcross(s *store.Store, id FeatureID, state AccessState) store.Listing[EarlyAccess] {
	return store.Across(s, accesses).Find(store.By("feature", store.Text(id), store.Text(state)))
}

// AskedAcross lists what all customers asked for and nobody has answered, by customer.
func AskedAcross(s *store.Store) store.Listing[EarlyAccess] {
	return store.Across(s, accesses).Find(store.By("state", store.Text(AccessAsked)))
}

// Enter has the customer enter a feature, or ask to be admitted where that is asked for:
// as the decision of the rule of just now says. It is done by a person of the customer, or
// on behalf of one.
func (n *Access) Enter(ctx context.Context, by servicecoin.Actor, d Decision) (EarlyAccess, error) {
	verb, event := VerbEnterAccess, EventAccessEntered
	if d.Enter == EnterAsked {
		verb, event = VerbAskAccess, EventAccessAsked
	}
	return n.change(ctx, by, d.Feature, verb, event, "", func(v *servicecoin.Violations) { byCustomer(v, by) }, func(a EarlyAccess) error {
		switch {
		case d.May:
			return refused(a, verb, "it may use it already: "+d.Reason.Words())
		case d.Enter == EnterClosed:
			return refused(a, verb, "it cannot be entered: "+d.Reason.Words())
		case d.Reason == WhyNeeds && a.State == AccessIn:
			return refused(a, verb, "it needs "+string(d.Needs)+", which is entered by itself")
		}
		return nil
	})
}

// Leave has the customer leave a feature, or take back that it asked: whenever it likes.
// From then on it may not use it, unless something else lets it.
func (n *Access) Leave(ctx context.Context, by servicecoin.Actor, id FeatureID, why string) (EarlyAccess, error) {
	return n.change(ctx, by, id, VerbLeaveAccess, EventAccessLeft, why, func(v *servicecoin.Violations) {
		byCustomer(v, by)
		v.Text("why", why, 0, maxReason)
	}, nil)
}

// Admit has the provider let a customer in that asked.
func (n *Access) Admit(ctx context.Context, by servicecoin.Actor, id FeatureID) (EarlyAccess, error) {
	return n.change(ctx, by, id, VerbAdmitAccess, EventAccessAdmitted, "", func(v *servicecoin.Violations) { byPerson(v, by) }, nil)
}

// Decline has the provider not let a customer in, or put it out again, and say why: the
// customer reads that.
func (n *Access) Decline(ctx context.Context, by servicecoin.Actor, id FeatureID, why string) (EarlyAccess, error) {
	return n.change(ctx, by, id, VerbDeclineAccess, EventAccessDeclined, why, func(v *servicecoin.Violations) {
		byPerson(v, by)
		v.Text("why", why, 1, maxReason)
	}, nil)
}

// byCustomer reports who is neither of the customer nor acts for somebody.
func byCustomer(v *servicecoin.Violations, by servicecoin.Actor) {
	if by.Validate() == nil && by.Kind != servicecoin.CustomerSide && by.OnBehalfOf == "" {
		v.Add("by", "not-the-customer", by.String(), "a person of the customer decides, or somebody on behalf of one")
	}
}

func refused(a EarlyAccess, verb, why string) error {
	return &servicecoin.RefusedError{Subject: servicecoin.Key{Kind: AccessRecord, ID: string(a.Feature)}, Verb: verb, From: string(a.State), Why: why}
}

func (n *Access) change(ctx context.Context, by servicecoin.Actor, id FeatureID, verb, event, text string, check func(v *servicecoin.Violations), guard func(a EarlyAccess) error) (EarlyAccess, error) {
	if err := n.view.Ask(ctx, by, verb, AccessRecord, string(id)); err != nil {
		return EarlyAccess{}, err
	}
	var after EarlyAccess
	err := n.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, accesses)
		item, err := c.Item(ctx, string(id))
		if err != nil && !isNotFound(err) {
			return err
		}
		a := item.Value
		a.Feature = id
		if guard != nil {
			if err := guard(a); err != nil {
				return err
			}
		}
		e, err := lifecycle.Record[AccessState]{Key: tx.Key(AccessRecord, string(id)), State: a.State, Since: a.Since, Table: AccessTransitions()}.
			Move(by, tx.Now(), verb, text, func(v *servicecoin.Violations) {
				shortID(v, "feature", string(id))
				check(v)
			})
		if err != nil {
			return err
		}
		a.State, a.Since = e.To, e.At
		a.History = append(slices.Clip(a.History), e)
		if over := len(a.History) - MaxHistory; over > 0 {
			a.History = a.History[over:]
		}
		told, err := store.Happened(by, event, AccessChanged{Feature: id, State: a.State})
		if err != nil {
			return err
		}
		after = a
		return c.Put(ctx, a, item.Version, told)
	})
	return after, err
}
