// Package configurationroom is the room of package operations/configuration in the
// exchange: the approved changes that explain why something is found otherwise, items
// that are to be looked at again after a change, what run books read of a customer's
// records, and how a month's services stand against what is recorded of them.
package configurationroom

import (
	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
)

// Name is the name of the room.
const Name = "configuration"

// changes is the room of changes, whose events are answered.
const changes = "change"

// Options are what a host may set for the room.
type Options struct {
	// Register says what types of items there are, under which key secrets are kept, and
	// which services are known. Its Changes are those of Control where they are nil.
	Register configuration.Options
	// Control is where the changes are kept that explain what is found otherwise; nil:
	// nobody knows of any.
	Control func(b exchange.Base) *change.Control
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
	Types *configuration.Register // whose types all registers have; nil: each compiles them
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options, n.Types} }

// Register is where the configuration items of one customer are kept, or, of
// [servicecoin.Provider], the provider's own.
func (n Nouns) Register(customer servicecoin.CustomerID) *configuration.Register {
	r, asked := n.Types, n.Options.Register.Changes
	if r == nil {
		r = configuration.New(n.Of(customer), &n.Options.Register)
	}
	if asked == nil && n.Control != nil {
		asked = approved{n, customer}
	}
	return r.On(n.Of(customer)).Asking(asked, n.Options.Register.Service)
}

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	r := exchange.Room{
		Name: Name, Side: exchange.Operations,
		Reindex: configuration.Reindex,
		Spin:    &exchange.Gatherer{Figures: n.gather, Judge: judge},
		// All of a customer's items are in its partition, which is forgotten as a whole.
	}
	if n.Control != nil {
		r.Links = append(r.Links, n.outdate())
	}
	return r
}

// key is the key of an item.
func key(customer servicecoin.CustomerID, id servicecoin.ConfigurationID) store.Key {
	return store.Key{Customer: customer, Kind: configuration.ItemRecord, ID: string(id)}
}
