// Package incidentroom is the room of package incident in the exchange: letters to
// those whom an incident concerns, and how a month's incidents were told.
package incidentroom

import (
	"context"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/incident"
)

// Name is the name of the room.
const Name = "incident"

// Hit is a service that fails with another one, and the way that says why: from the
// service that is hit to the one affected.
type Hit struct {
	Service servicecoin.ServiceID
	Path    []servicecoin.ServiceID
}

// Options are what a host may set for the room.
type Options struct {
	// Matrix computes the priorities of incidents; nil is the default matrix.
	Matrix *incident.Matrix
	// Service answers ErrNotFound for a service that is not known; nil asks nobody.
	Service func(ctx context.Context, id servicecoin.ServiceID) error
	// Impact returns the services that fail with the affected ones, themselves
	// included, in a fixed order; nil: those alone.
	Impact func(ctx context.Context, b exchange.Base, affected []servicecoin.ServiceID) ([]Hit, error)
	// Compose writes the letters that are drafted; nil is [Compose].
	Compose func(n News) incident.Letter
	// SendUnder is the policy under which drafts are sent; "": they wait for a named
	// person.
	SendUnder string
}

// Nouns are the nouns of the room over a base.
type Nouns struct {
	exchange.Base
	Options
}

// On returns the same nouns over another base: that of a commit.
func (n Nouns) On(b exchange.Base) Nouns { return Nouns{b, n.Options} }

// Desk is where incidents are worked on.
func (n Nouns) Desk() *incident.Desk {
	return incident.New(n.Provider(), &incident.Options{Matrix: n.Matrix, Service: n.Service})
}

// Letters is what one customer is told about incidents.
func (n Nouns) Letters(customer servicecoin.CustomerID) *incident.Letters {
	return incident.NewLetters(n.Of(customer))
}

// Room is the room in the exchange.
func (n Nouns) Room() exchange.Room {
	return exchange.Room{
		Name: Name, Side: exchange.Management,
		Reindex: incident.Reindex,
		Forget: func(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error {
			return n.Desk().Forget(ctx, by, id)
		},
		Links: []exchange.Link{n.letters()},
		Spin:  &exchange.Gatherer{Figures: n.gather, Judge: judge},
	}
}
