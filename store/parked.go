package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
)

// Parked is an event that a rule failed on too often, or that was left to a rule
// which the replica at work did not have. It lies in the partition of the
// event's customer, and is erased with it.
type Parked struct {
	ID       string    `json:"id"`
	Consumer string    `json:"consumer"`
	Rule     string    `json:"rule"`           // as it was called then
	From     string    `json:"from,omitempty"` // how far the effect had come
	Event    Event     `json:"event"`          // without Data if Cut
	Cut      bool      `json:"cut,omitempty"`  // the data is too large to lie here, or no JSON; it stands in the feed
	Tries    int       `json:"tries"`
	Error    string    `json:"error"` // the last failure
	At       time.Time `json:"at"`

	// Left to a rule that the replica at work lacked: who has it makes up for
	// it by itself, with the tries and pauses of any effect.
	Owed bool          `json:"owed,omitempty"`
	Next time.Time     `json:"next,omitzero"`  // when it is tried again
	Wait time.Duration `json:"wait,omitempty"` // how long that was then
}

// parkedEvents is where parked events are kept.
var parkedEvents = Kind[Parked]{
	Name:  "store.parked",
	House: house.Own(),
	ID:    func(p Parked) string { return p.ID },
	Indexes: []Index[Parked]{
		{Name: "consumer", Columns: "tm", Of: func(p Parked) Tuple { return Tuple{Text(p.Consumer), Time(p.At)} }},
	},
}

func parkedID(parts ...string) string { return derived(parts...)() }

// Parked lists what this consumer gave up on, customer by customer, oldest
// first.
func (c *Consumer) Parked() Listing[Parked] {
	return Across(c.store, parkedEvents).Find(By("consumer", Text(c.name)))
}

// park keeps an event for a rule, in the partition of its customer; parked again,
// it replaces what was kept. first is the rule's oldest name, from which the id
// follows.
func (s *stepping) park(ctx context.Context, tx *Store, p Parked, first string) error {
	p.ID, p.Consumer, p.At = parkedID(s.name, first, p.Event.ID), s.name, s.store.Now()
	const most = MaxDocument / 8 // JSON writes some characters as six
	if len(p.Event.Data) > most || len(p.Event.Data) > 0 && !json.Valid(p.Event.Data) {
		p.Event.Data, p.Cut = nil, true
	}
	c := Of(tx.For(p.Event.Subject.Customer), parkedEvents)
	old, err := c.Item(ctx, p.ID)
	switch {
	case err == nil:
		return c.Put(ctx, p, old.Version)
	case errors.Is(err, servicecoin.ErrNotFound):
		return c.Insert(ctx, p)
	default:
		return err
	}
}

// Retry runs the rule on a parked event again, from where it had come, and
// removes it when that succeeds, in one commit for each part of the effect. It
// answers ErrRefused if the consumer has no rule of that name: then either a
// rule names it in Rule.Was, or the event is to be discarded.
func (c *Consumer) Retry(ctx context.Context, key Key) error {
	for {
		more := false
		err := c.store.Do(ctx, func(tx *Store) error {
			parked := Of(tx.For(key.Customer), parkedEvents)
			p, err := parked.Get(ctx, key.ID)
			if err != nil {
				return err
			}
			rule, err := c.rule(key, p)
			if err != nil {
				return err
			}
			if p.Cut {
				if p.Event, err = c.again(ctx, p.Event); err != nil {
					return err
				}
			}
			ids := *tx
			ids.newID = derived(p.Event.ID, rule.first(), p.From)
			next, err := rule.Do(ctx, &ids, p.Event, p.From)
			if err != nil {
				return failure{err}
			}
			if more = next != ""; !more {
				return parked.Delete(ctx, key.ID)
			}
			_, err = parked.Update(ctx, key.ID, func(p *Parked) ([]Event, error) {
				p.From = next
				return nil, nil
			})
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}

// again reads the event of a parked one from the feed, for the data that was cut
// off there.
func (c *Consumer) again(ctx context.Context, e Event) (Event, error) {
	page, err := c.store.events(ctx, Feed{Customer: e.Subject.Customer, After: e.Position - 1, Limit: 1})
	if err != nil {
		return e, err
	}
	if len(page) == 0 || page[0].ID != e.ID {
		return e, servicecoin.NotFound(e.Subject)
	}
	return page[0], nil
}

// Discard removes a parked event for good.
func (c *Consumer) Discard(ctx context.Context, key Key) error {
	return Of(c.store.For(key.Customer), parkedEvents).Delete(ctx, key.ID)
}

// rule returns the rule that an event is parked for, or ErrRefused.
func (c *Consumer) rule(key Key, p Parked) (Rule, error) {
	if p.Consumer == c.name {
		for _, r := range c.rules {
			if r.called(p.Rule) {
				return r, nil
			}
		}
	}
	return Rule{}, &servicecoin.RefusedError{Subject: key, Verb: "retry", Why: fmt.Sprintf(
		"consumer %s has no rule %s, which it is parked for by %s; name it in Rule.Was, or discard the event", c.name, p.Rule, p.Consumer)}
}
