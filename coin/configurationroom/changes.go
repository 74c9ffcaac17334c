package configurationroom

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
)

// approved tells the register of a customer of the changes that somebody had the say of,
// and that were done in its environment.
type approved struct {
	n        Nouns
	customer servicecoin.CustomerID
}

// During implements configuration.Changes: what was worked on then, or had its place in
// the forward schedule; see [change.Control.WorkedOn].
func (a approved) During(ctx context.Context, during calendar.Interval) ([]configuration.ApprovedChange, error) {
	list, err := a.n.Control(a.n.Base).WorkedOn(ctx, during)
	if err != nil {
		return nil, fmt.Errorf("changes: %w", err)
	}
	all := make([]configuration.ApprovedChange, 0, len(list))
	for n := range list {
		if list[n].Scope.Tells(a.customer) {
			all = append(all, a.of(&list[n]))
		}
	}
	return all, nil
}

// Change implements configuration.Changes. An emergency that nobody has decided on yet
// explains what is found, and is no approval of it.
func (a approved) Change(ctx context.Context, id servicecoin.ChangeID) (configuration.ApprovedChange, error) {
	x, err := a.n.Control(a.n.Base).Get(ctx, id)
	if err != nil {
		return configuration.ApprovedChange{}, err
	}
	if x.Decision == nil || !x.MayBeDone() || !x.Scope.Tells(a.customer) {
		return configuration.ApprovedChange{}, fmt.Errorf("approved change %q: %w", id, servicecoin.ErrNotFound)
	}
	return a.of(&x), nil
}

func (a approved) of(x *change.Change) configuration.ApprovedChange {
	return configuration.ApprovedChange{
		ID: x.ID, Title: x.Title, During: x.WorkTime(a.n.Store.Now()), Items: x.Scope.Records, Services: x.Scope.Services,
	}
}

// roomForAnItem is the most that one item takes of a commit: it is written, and told of.
const roomForAnItem = 3

// place is where the link goes on: in which id of the scope, after which item.
type place struct {
	ID    string `json:"id"`
	After string `json:"after,omitempty"`
}

// outdate is the link that says, once the work of a change is over, that what was seen of
// the items in its scope holds no more: they are to be looked at again. A scope that
// names records is those alone, as far as they are recorded, and one that names customers
// is theirs alone.
func (n Nouns) outdate() exchange.Link {
	return exchange.Parts(n.Base, "configuration.outdate", changes, Name,
		[]string{change.EventImplemented, change.EventRolledBack, change.EventFailed},
		func(ctx context.Context, w exchange.Work, news change.Changed, at string) (string, error) {
			mine := n.On(w.Base)
			x, err := n.Control(w.Base).Get(ctx, news.Change)
			if err != nil || x.EndedAt.IsZero() {
				return "", err
			}
			var p place
			if at != "" {
				if err := json.Unmarshal([]byte(at), &p); err != nil {
					return "", fmt.Errorf("progress %q: %w", at, err)
				}
			}
			return mine.outdateAll(ctx, w, &x, p)
		})
}

// outdateAll goes on from a place as far as the commit has room, and returns where it
// came to.
func (n Nouns) outdateAll(ctx context.Context, w exchange.Work, x *change.Change, p place) (string, error) {
	ids, list := scope(w.Store, x)
	from := 0
	for k, id := range ids {
		if id == p.ID {
			from = k
		}
	}
	for k, id := range ids[from:] {
		after := ""
		if id == p.ID {
			after = p.After
		}
		room := w.Left() / roomForAnItem
		if room == 0 && k > 0 {
			return text(place{id, after})
		}
		page, err := list(id).Page(ctx, after, max(room, 1))
		if err != nil {
			return "", err
		}
		for _, item := range page.Items {
			if !x.Scope.Tells(item.Key.Customer) {
				continue
			}
			o := configuration.Outdated{At: x.EndedAt, Change: x.ID}
			_, err := n.Register(item.Key.Customer).Outdate(ctx, exchange.By(), item.Value.ID, o)
			if err := exchange.UnlessGone(exchange.UnlessRefused(err)); err != nil {
				return "", err
			}
		}
		if page.Next != "" {
			return text(place{id, page.Next})
		}
	}
	return "", nil
}

// scope returns the ids that a change names, and what lists the items of one.
func scope(s *store.Store, x *change.Change) ([]string, func(id string) store.Listing[configuration.Item]) {
	var ids []string
	if len(x.Scope.Records) > 0 {
		for _, id := range x.Scope.Records {
			ids = append(ids, string(id))
		}
		return ids, func(id string) store.Listing[configuration.Item] {
			return configuration.CalledAcross(s, servicecoin.ConfigurationID(id))
		}
	}
	for _, id := range x.Scope.Services {
		ids = append(ids, string(id))
	}
	return ids, func(id string) store.Listing[configuration.Item] {
		return configuration.OfServiceAcross(s, servicecoin.ServiceID(id))
	}
}

func text(p place) (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}
