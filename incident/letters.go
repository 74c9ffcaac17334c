package incident

import (
	"context"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// Letters keeps what one customer is told about incidents: over a view of that
// customer's partition. A draft is sent by a named person, or by a program
// under a named policy; sending is a fact that is recorded, the host delivers.
type Letters struct{ view store.View }

// NewLetters returns the letters of a customer's view; of the provider's, the
// first call says so.
func NewLetters(view store.View) *Letters {
	return &Letters{view: view.OfCustomer("the letters to a customer")}
}

// On returns the same letters over another view.
func (l *Letters) On(view store.View) *Letters { return NewLetters(view) }

// Draft writes a draft to the view's customer. An empty id is filled in.
func (l *Letters) Draft(ctx context.Context, by servicecoin.Actor, to Addressee, text Letter) (Communication, error) {
	to.Customer = l.view.Customer()
	if to.ID == "" {
		to.ID = CommunicationID(l.view.NewID())
	}
	if err := l.authorize(ctx, by, VerbDraft, to.ID); err != nil {
		return Communication{}, err
	}
	c, err := Write(by, l.view.Now(), to, text)
	if err != nil {
		return Communication{}, err
	}
	e, err := store.Happened(by, EventDrafted, CommunicationChanged{c.ID, c.Incident, c.State})
	if err != nil {
		return Communication{}, err
	}
	return c, store.Of(l.view, communications).Insert(ctx, c, e)
}

// Edit replaces the text of a draft.
func (l *Letters) Edit(ctx context.Context, by servicecoin.Actor, id CommunicationID, text Letter) (Communication, error) {
	return l.change(ctx, by, id, VerbEdit, EventEdited, func(c *Communication, at time.Time) error { return c.Edit(by, at, text) })
}

// Send marks a draft as sent. A program names the policy that allows it; a
// person needs none.
func (l *Letters) Send(ctx context.Context, by servicecoin.Actor, id CommunicationID, policy string) (Communication, error) {
	return l.change(ctx, by, id, VerbSend, EventSent, func(c *Communication, at time.Time) error { return c.Send(by, at, policy) })
}

// Discard gives up a draft.
func (l *Letters) Discard(ctx context.Context, by servicecoin.Actor, id CommunicationID, reason string) (Communication, error) {
	return l.change(ctx, by, id, VerbDiscard, EventDiscarded, func(c *Communication, at time.Time) error { return c.Discard(by, at, reason) })
}

// Get returns a communication.
func (l *Letters) Get(ctx context.Context, id CommunicationID) (Communication, error) {
	return store.Of(l.view, communications).Get(ctx, string(id))
}

// Drafts lists what waits to be sent, oldest first.
func (l *Letters) Drafts() store.Listing[Communication] {
	return store.Of(l.view, communications).Find(store.By("state", store.Text(Draft)))
}

// Sent lists what was sent, what was drafted last first.
func (l *Letters) Sent() store.Listing[Communication] {
	return store.Of(l.view, communications).Find(store.By("state", store.Text(Sent)).Descending())
}

// List lists every communication, incident by incident, oldest first.
func (l *Letters) List() store.Listing[Communication] {
	return store.Of(l.view, communications).Find(store.By("incident"))
}

// About lists the communications about an incident, oldest first.
func (l *Letters) About(id servicecoin.IncidentID) store.Listing[Communication] {
	return store.Of(l.view, communications).Find(store.By("incident", store.Text(id)))
}

// Walk calls fn with the communications about some incidents, incident by incident, oldest
// first. It reads those of many incidents at once, where nothing lies between them.
func (l *Letters) Walk(ctx context.Context, ids []servicecoin.IncidentID, fn func(c *Communication)) error {
	if err := l.view.Err(); err != nil {
		return err
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	const far = 20 // communications about others, before the next one is looked up
	for len(ids) > 0 {
		others, left := 0, ids
		ids = nil
		for c, err := range store.Of(l.view, communications).Find(store.By("incident").From(store.Text(left[0]))).All(ctx) {
			if err != nil {
				return err
			}
			for len(left) > 0 && left[0] < c.Incident {
				left = left[1:]
			}
			if len(left) == 0 {
				break
			}
			if c.Incident == left[0] {
				fn(&c)
				continue
			}
			if others++; others == far {
				ids = left
				break
			}
		}
	}
	return nil
}

// DraftsAcross lists the drafts of all customers, each customer's oldest first: what
// the provider's people have to read and send. The customer stands in the item's key.
func DraftsAcross(s *store.Store) store.Listing[Communication] {
	return store.Across(s, communications).Find(store.By("state", store.Text(Draft)))
}

func (l *Letters) authorize(ctx context.Context, by servicecoin.Actor, verb string, id CommunicationID) error {
	return l.view.Ask(ctx, by, verb, CommunicationRecord, string(id))
}

func (l *Letters) change(ctx context.Context, by servicecoin.Actor, id CommunicationID, verb, event string, rule func(c *Communication, at time.Time) error) (Communication, error) {
	if err := l.authorize(ctx, by, verb, id); err != nil {
		return Communication{}, err
	}
	return store.Of(l.view, communications).Update(ctx, string(id), func(c *Communication) ([]store.Event, error) {
		// Another replica may have drafted it, by a clock that is ahead of this one.
		if err := rule(c, later(l.view.Now(), c.DraftedAt)); err != nil {
			return nil, err
		}
		e, err := store.Happened(by, event, CommunicationChanged{c.ID, c.Incident, c.State})
		return []store.Event{e}, err
	})
}
