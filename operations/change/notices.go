package change

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Notices keeps what one customer is told of changes, and answers: over a view of that
// customer's partition.
type Notices struct{ view store.View }

// NewNotices returns the notices of a customer's view; of the provider's, the first
// call says so.
func NewNotices(view store.View) *Notices {
	return &Notices{view: view.OfCustomer("the notices to a customer")}
}

// On returns the same notices over another view.
func (n *Notices) On(view store.View) *Notices { return NewNotices(view) }

// Get returns the notice of a change.
func (n *Notices) Get(ctx context.Context, id servicecoin.ChangeID) (Notice, error) {
	return store.Of(n.view, notices).Get(ctx, string(id))
}

// Ahead lists the notices of what is not over at an instant, the first to end first.
func (n *Notices) Ahead(after time.Time) store.Listing[Notice] {
	return store.Of(n.view, notices).Find(store.By("end").From(store.Time(after)))
}

// All lists all notices, the last to end first.
func (n *Notices) All() store.Listing[Notice] {
	return store.Of(n.view, notices).Find(store.By("end").Descending())
}

// Asked lists the notices that the customer has not answered, the first due first.
func (n *Notices) Asked() store.Listing[Notice] {
	return store.Of(n.view, notices).Find(store.By("asked"))
}

// Follow brings the notice of a change up to what that is now: it is given, or changed,
// or nothing. A change that the customer has no notice of is told of once it is approved,
// or the customer is asked about it. Services are those of the customer's that are known
// to be concerned; what the notice names already stays as long as the change touches it.
func (n *Notices) Follow(ctx context.Context, by servicecoin.Actor, c Change, services []servicecoin.ServiceID) error {
	if err := n.view.Ask(ctx, by, VerbGiveNotice, NoticeRecord, string(c.ID)); err != nil {
		return err
	}
	var asked Consent
	for _, x := range c.Consents {
		if x.Customer == n.view.Customer() && x.Covers(c.Plan.Span()) { // of another time it will be asked anew
			asked = x
		}
	}
	return n.view.Do(ctx, func(tx store.View) error {
		of := store.Of(tx, notices)
		item, err := of.Item(ctx, string(c.ID))
		isNew := errors.Is(err, servicecoin.ErrNotFound)
		if err != nil && !isNew {
			return err
		}
		at := tx.Now()
		next := item.Value
		services := slices.Concat(services, next.Services)
		if !c.Scope.Tells(n.view.Customer()) {
			services = nil // it is done in the environments of others
		}
		now := NoticeOf(&c, services)
		now.Asked, now.By, now.About = asked.Mode, asked.By, asked.About
		if now.State == NoticeCancelled && now.Asked != "" && c.State.Planned() { // asked before it is approved
			now.State = NoticePlanned
		}
		switch {
		case isNew && (len(now.Services) == 0 || now.State == NoticeCancelled || now.State == NoticePlanned && now.Asked == ""):
			return nil // nothing that this customer had to know
		case isNew:
			next = now
			next.AnnouncedAt, next.UpdatedAt = at, at
		default:
			anew := now.Asked != next.Asked || !now.By.Equal(next.By) || !now.About.Equal(next.About)
			if anew {
				next.Asked, next.By, next.About, next.Answer, next.Person, next.Reason, next.AtTime = now.Asked, now.By, now.About, "", "", "", time.Time{}
			}
			if !next.follow(now, at) && !anew {
				return nil
			}
			next.UpdatedAt = at
		}
		e, err := store.Happened(by, EventNoticeGiven, NoticeChanged{Change: c.ID, State: next.State})
		if err != nil {
			return err
		}
		return of.Put(ctx, next, item.Version, e)
	})
}

// Answer records what a person of the customer says to what it is asked. The exchange
// brings it to the change.
func (n *Notices) Answer(ctx context.Context, by servicecoin.Actor, id servicecoin.ChangeID, answer Answer, reason string) (Notice, error) {
	if err := n.view.Ask(ctx, by, VerbAnswerNotice, NoticeRecord, string(id)); err != nil {
		return Notice{}, err
	}
	return store.Of(n.view, notices).Update(ctx, string(id), func(x *Notice) ([]store.Event, error) {
		if err := x.Say(by, n.view.Now(), answer, reason); err != nil {
			return nil, err
		}
		e, err := store.Happened(by, EventNoticeAnswered, NoticeChanged{Change: id, State: x.State, Answer: answer})
		return []store.Event{e}, err
	})
}
