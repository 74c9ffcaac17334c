package store

import (
	"context"
	"iter"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
)

// Parked is an event that a rule failed on too often. It lies in the partition
// of the event's customer, and is erased with it.
type Parked struct {
	ID       string    `json:"id"`
	Consumer string    `json:"consumer"`
	Rule     string    `json:"rule"`
	From     string    `json:"from,omitempty"` // how far the effect had come
	Event    Event     `json:"event"`
	Tries    int       `json:"tries"`
	Error    string    `json:"error"` // the last failure
	At       time.Time `json:"at"`
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
func (c *Consumer) Parked(ctx context.Context) iter.Seq2[Item[Parked], error] {
	return Across(c.store, parkedEvents).Find(ctx, By("consumer", Text(c.name)))
}

// Retry runs the rule on a parked event again, from where it had come, and
// removes it when that succeeds, in one commit for each part of the effect.
func (c *Consumer) Retry(ctx context.Context, key Key) error {
	for {
		more := false
		err := c.store.Do(ctx, func(tx *Store) error {
			parked := Of(tx.For(key.Customer), parkedEvents)
			p, err := parked.Get(ctx, key.ID)
			if err != nil {
				return err
			}
			rule, err := c.rule(p)
			if err != nil {
				return err
			}
			ids := *tx
			ids.newID = derived(p.Event.ID, p.Rule, p.From)
			next, err := rule.Do(ctx, &ids, p.Event, p.From)
			if err != nil {
				return err
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

// Discard removes a parked event for good.
func (c *Consumer) Discard(ctx context.Context, key Key) error {
	return Of(c.store.For(key.Customer), parkedEvents).Delete(ctx, key.ID)
}

func (c *Consumer) rule(p Parked) (Rule, error) {
	for _, r := range c.rules {
		if r.Name == p.Rule && p.Consumer == c.name {
			return r, nil
		}
	}
	var v servicecoin.Violations
	v.Add("rule", "unknown", strings.Join([]string{p.Consumer, p.Rule}, "/"), "is no rule of consumer "+c.name)
	return Rule{}, v.Err()
}
