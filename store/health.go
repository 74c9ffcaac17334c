package store

import (
	"context"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
)

// MaxCounted is up to how many events a [Health] counts.
const MaxCounted = 100

// Count is a number of things that nobody counts to the end.
type Count struct {
	N    int  `json:"n"`    // at most MaxCounted
	More bool `json:"more"` // there are more than N
}

// Health tells how a consumer stands: for a page, an alarm, or a person who
// wonders why nothing happens.
type Health struct {
	Consumer string    `json:"consumer"`
	At       time.Time `json:"at"`       // when this was so, by the store's clock
	Position Position  `json:"position"` // the last event that is done with

	Waiting Count         `json:"waiting"`          // events that come after it
	Since   time.Time     `json:"since,omitzero"`   // when the first of them happened; zero: none waits
	Lag     time.Duration `json:"lag"`              // how long that is ago; not below zero
	Parked  Count         `json:"parked"`           // events given up, or left to a rule that was lacking
	Trouble *EffectError  `json:"-"`                // the failure of the effect under way; nil: there is none
	Holder  string        `json:"holder,omitempty"` // who holds the lease; "": nobody does
	Until   time.Time     `json:"until,omitzero"`   // and until when, by its clock
}

// Health reads how the consumer stands. It changes nothing, takes no lease, and
// counts no further than [MaxCounted]. A consumer that has never stepped has
// everything before it.
func (c *Consumer) Health(ctx context.Context) (Health, error) {
	h := Health{Consumer: c.name, At: c.store.Now()}
	p, err := c.bookmarks().Get(ctx, c.name)
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return h, err
	}
	h.Position = p.Position
	if p.Holder != "" && lasts(p.Until, c.lengthOf(&p), h.At) {
		h.Holder, h.Until = p.Holder, p.Until
	}
	if p.Tries > 0 {
		h.Trouble = c.troubleOf(&p, h.At)
	}
	page, err := c.store.Events(ctx, p.Position, MaxCounted+1)
	if err != nil {
		return h, err
	}
	h.Waiting = counted(len(page))
	if len(page) > 0 {
		h.Since = page[0].At
		h.Lag = max(h.At.Sub(h.Since), 0)
	}
	n := 0
	for _, err := range c.Parked().Items(ctx) {
		if err != nil {
			return h, err
		}
		if n++; n > MaxCounted {
			break
		}
	}
	h.Parked = counted(n)
	return h, nil
}

func counted(n int) Count { return Count{N: min(n, MaxCounted), More: n > MaxCounted} }
