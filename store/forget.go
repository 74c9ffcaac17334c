package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
)

// CustomerForgotten is the event, in the provider's partition, that tells of an
// erasure. It names the customer by the digest that [Forgotten] returns.
const CustomerForgotten = "customer.forgotten"

const forgottenKind = "store.forgotten"

// forgotten marks a customer as erased, so that a consumer that still holds an
// event of it does not bring its records back.
type forgotten struct {
	At time.Time `json:"at"`
}

// Forgotten returns the digest under which an erased customer is remembered.
func Forgotten(c servicecoin.CustomerID) string {
	sum := sha256.Sum256([]byte("servicecoin/forgotten/" + string(c)))
	return hex.EncodeToString(sum[:16])
}

// forgottenKey is where the mark of an erased customer is kept.
func forgottenKey(c servicecoin.CustomerID) Key {
	return Key{Customer: servicecoin.Provider, Kind: forgottenKind, ID: Forgotten(c)}
}

// Forget erases everything of a customer: all records of its partition, parked
// events and the events that belong to it. Records of the provider that name
// the customer are the host's to find. Consumers that are at work leave its
// events alone. The customer may come back later; it starts empty. Calling
// Forget again, after an error say, is safe.
func (s *Store) Forget(ctx context.Context, by servicecoin.Actor, c servicecoin.CustomerID) error {
	if err := s.For(c).check(); err != nil {
		return err
	}
	if c == servicecoin.Provider {
		return fmt.Errorf("%w: the provider's own partition is not a customer's", servicecoin.ErrRefused)
	}
	if s.alone() {
		return fmt.Errorf("%w: Forget cannot be part of a unit or transaction", servicecoin.ErrRefused)
	}
	marks := Of(s.For(servicecoin.Provider), forgottenMarks(c))
	e, err := Happened(by, CustomerForgotten, nil)
	if err != nil {
		return err
	}
	mark := forgotten{At: s.Now()}
	err = marks.Insert(ctx, mark, e)
	if errors.Is(err, servicecoin.ErrExists) {
		_, err = marks.Update(ctx, Forgotten(c), func(m *forgotten) ([]Event, error) {
			*m = mark
			return []Event{e}, nil
		})
	}
	if err != nil {
		return err
	}
	return s.backend.Forget(ctx, c, 0)
}

func forgottenMarks(c servicecoin.CustomerID) Kind[forgotten] {
	return Kind[forgotten]{Name: forgottenKind, House: house.Own(), ID: func(forgotten) string { return Forgotten(c) }}
}

// erased is called before an effect: it reports whether the event's customer has
// been forgotten since the event was read. It reads the mark that Forget sets, so
// that the commit of the effect fails if Forget comes in between.
func (s *Store) erased(ctx context.Context, e Event) (bool, error) {
	c := e.Subject.Customer
	if c == servicecoin.Provider {
		return false, nil
	}
	_, err := s.load(ctx, forgottenKey(c))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// Forgotten once; the event is of a later life if it is still in the feed.
	page, err := s.events(ctx, Feed{Customer: c, After: e.Position - 1, Limit: 1})
	if err != nil {
		return false, err
	}
	return len(page) == 0 || page[0].ID != e.ID, nil
}
