package coin

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/configurationroom"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// records is the room of configuration, with what it knows of the changes.
func (c *Coin) records() configurationroom.Nouns {
	return configurationroom.Nouns{Base: c.base(), Types: c.types, Options: configurationroom.Options{
		Register: c.registerOptions(),
		Control:  func(b exchange.Base) *change.Control { return c.changes().On(b).Control() },
	}}
}

func (c *Coin) registerOptions() configuration.Options {
	o := c.o.Configuration
	if o.Service == nil {
		o.Service = func(ctx context.Context, id servicecoin.ServiceID) error {
			_, err := c.Directory().Service(ctx, id)
			return err
		}
	}
	return o
}

// register compiles the types, for all registers together.
func (c *Coin) register() *configuration.Register {
	o := c.registerOptions()
	return configuration.New(c.store.For(servicecoin.Provider), &o)
}

// recorded tells run books when what they read was recorded anew.
func (c *Coin) recorded(ctx context.Context, b exchange.Base, names []string, since time.Time) (map[string]time.Time, error) {
	return c.records().On(b).Changed(ctx, names, since)
}

// read fills the parameters of run books.
func (c *Coin) read(ctx context.Context, b exchange.Base, customer servicecoin.CustomerID, names []string) (runbook.Configuration, error) {
	return c.records().On(b).Read(ctx, customer, names)
}

// Configuration is where the configuration items of one customer are kept, observed and
// compared; of [servicecoin.Provider], the provider's own.
func (c *Coin) Configuration(customer servicecoin.CustomerID) *configuration.Register {
	return c.records().Register(customer)
}

// Configurations is the room of configuration: what takes all customers' items.
func (c *Coin) Configurations() configurationroom.Nouns { return c.records() }
