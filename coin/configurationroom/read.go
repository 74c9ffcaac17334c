package configurationroom

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
)

// mostRead is how many records are read by their names.
const mostRead = 200

// Read returns what is desired of a customer's items, by the names under which run books
// ask for them: the id of an item, or a type of which the customer has one item that is
// not retired. A name that is neither, or a type with several items, is left out: nobody
// guesses which. Secrets are left out, too, and so are their digests.
func (n Nouns) Read(ctx context.Context, customer servicecoin.CustomerID, names []string) (map[string]json.RawMessage, error) {
	var v servicecoin.Violations
	if !v.Limit("names", len(names), mostRead) {
		return nil, v.Err()
	}
	register, records := n.Register(customer), map[string]json.RawMessage{}
	for _, name := range names {
		item, ok, err := named(ctx, register, name)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		version, err := register.Version(ctx, item.ID, item.Version)
		if err != nil {
			return nil, err
		}
		if desired := version.Desired.Plain(); !desired.IsZero() {
			records[name] = json.RawMessage(desired.String())
		}
	}
	return records, nil
}

// named returns the one item that a name means.
func named(ctx context.Context, r *configuration.Register, name string) (configuration.Item, bool, error) {
	item, err := r.Item(ctx, servicecoin.ConfigurationID(name))
	if !errors.Is(err, servicecoin.ErrNotFound) {
		return item, err == nil && item.RetiredAt.IsZero(), err
	}
	found := 0
	for x, err := range r.OfType(configuration.TypeName(name)).All(ctx) {
		if err != nil {
			return item, false, err
		}
		if !x.RetiredAt.IsZero() {
			continue
		}
		if found++; found > 1 {
			break
		}
		item = x
	}
	return item, found == 1, nil
}

// Changed returns when records that run books read were recorded anew last, of those that
// were so at an instant or later: by the id of an item, in whichever partition, or by
// its type, whoever's item it is.
func (n Nouns) Changed(ctx context.Context, names []string, since time.Time) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	for _, name := range names {
		id, typ := servicecoin.ConfigurationID(name), configuration.TypeName(name)
		for _, list := range []store.Listing[configuration.Item]{configuration.CalledAcross(n.Store, id), configuration.ChangedAcross(n.Store, typ, since)} {
			for x, err := range list.All(ctx) {
				if err != nil {
					return nil, err
				}
				if !x.ChangedAt.Before(since) && x.ChangedAt.After(last[name]) {
					last[name] = x.ChangedAt
				}
			}
		}
	}
	return last, nil
}
