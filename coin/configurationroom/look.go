package configurationroom

import (
	"context"
	"errors"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// Looked is what came of looking at items of which nobody knew how they are.
type Looked struct {
	Items  int         // that were looked at
	Failed []NotLooked // that the observer had no answer for, or a wrong one
	Next   string      // where to go on; "": that was all
}

// NotLooked is an item that could not be looked at.
type NotLooked struct {
	Customer servicecoin.CustomerID
	Item     servicecoin.ConfigurationID
	Err      error
}

// LookAgain lets an observer look at the items of all customers of which nobody knows how
// they are: those that were not looked at for longer than their type allows, never, or
// not since a change was done on them. It looks at so many at most, from where an earlier
// call came to ("": from the first), each in a commit of its own: a nightly, or hourly,
// job. What fails is told, and the others are looked at.
func (n Nouns) LookAgain(ctx context.Context, by servicecoin.Actor, o configuration.Observer, after string, limit int) (Looked, error) {
	page, err := configuration.UnknownAcross(n.Store, n.Store.Now()).Page(ctx, after, limit)
	if err != nil {
		return Looked{}, err
	}
	done := Looked{Next: page.Next}
	for _, item := range page.Items {
		_, err := n.Register(item.Key.Customer).LookAt(ctx, by, item.Value.ID, o)
		switch {
		case ctx.Err() != nil:
			return done, ctx.Err()
		case errors.Is(err, servicecoin.ErrForbidden):
			return done, err
		case err != nil:
			done.Failed = append(done.Failed, NotLooked{item.Key.Customer, item.Value.ID, err})
		default:
			done.Items++
		}
	}
	return done, nil
}
