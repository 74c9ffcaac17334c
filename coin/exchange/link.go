package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/store"
)

// Room is one package of the library as the exchange sees it.
type Room struct {
	Name  string // of the package: "sla"
	Side  Side
	Links []Link // those whose work is done in this room
	// Spin adds what the room knows of a customer's month; nil: nothing.
	Spin *Gatherer
	// Forget erases what the room keeps of a customer outside of its partition, in as
	// many commits as it takes. It may be called again. nil: nothing.
	Forget func(ctx context.Context, by servicecoin.Actor, id servicecoin.CustomerID) error
	// Reindex brings the room's records into the indexes and the form of this release,
	// and returns how many it rewrote; nil: it keeps none.
	Reindex func(ctx context.Context, s *store.Store) (int, error)
}

// Link is one arrow of the exchange: what happened in one room makes work in
// another one, or in the same.
type Link struct {
	store.Rule

	From string // the room whose events it answers
	To   string // the room that it works in
	// EndedBy names the link that ends what this one grants; "": it grants nothing
	// that has an end.
	EndedBy string
}

// Work is what a link works with, inside of the commit.
type Work struct {
	Base // over the store of the commit

	Event    store.Event
	Customer servicecoin.CustomerID // whose it is: that of the event, or the one that [Each] has come to
}

// reserved is what the consumer's own place, and what it checks, take of a commit.
const reserved = 8

// Left returns how many more records and events have room in the commit.
func (w Work) Left() int { return max(0, w.Store.Left()-reserved) }

// UnlessRefused drops a refusal: what a link was to do is no longer, or not yet, asked
// for.
func UnlessRefused(err error) error {
	if errors.Is(err, servicecoin.ErrRefused) {
		return nil
	}
	return err
}

// UnlessGone drops that a record is not there: it was erased, or never was.
func UnlessGone(err error) error {
	if errors.Is(err, servicecoin.ErrNotFound) {
		return nil
	}
	return err
}

// When is a link whose work for one event has room in one commit.
func When[T any](b Base, name, from, to string, on []string, do func(ctx context.Context, w Work, news T) error) Link {
	return Parts(b, name, from, to, on, func(ctx context.Context, w Work, news T, _ string) (string, error) {
		return "", do(ctx, w, news)
	})
}

// Parts is a link whose work for one event may take several commits: do returns
// where to go on, and is called again with that; "" begins and ends.
func Parts[T any](b Base, name, from, to string, on []string, do func(ctx context.Context, w Work, news T, at string) (next string, err error)) Link {
	return Link{From: from, To: to, Rule: store.On(name, on, func(ctx context.Context, tx *store.Store, e store.Event, news T, at string) (string, error) {
		return do(ctx, Work{Base: b.On(tx), Event: e, Customer: e.Subject.Customer}, news, at)
	})}
}

// Concern is a service, and when it was something that its customers are concerned
// by.
type Concern struct {
	Service servicecoin.ServiceID
	During  calendar.Interval
}

// place is where [Each] goes on. It names the service and the customer, so that it
// still fits when either list is another one by then.
type place struct {
	Service  servicecoin.ServiceID  `json:"service"`
	After    servicecoin.CustomerID `json:"after,omitempty"`    // the last customer that is done with
	Customer servicecoin.CustomerID `json:"customer,omitempty"` // the one that At is of
	At       string                 `json:"at,omitempty"`       // where do goes on within that one
}

// Concerning says, for [Each], which services an event is about, and what each call
// for a customer needs to know of it: read once for all of them.
type Concerning[T, S any] func(ctx context.Context, w Work, news T) (S, []Concern, error)

// Each is a link that does something for every customer that services concern: it
// asks the directory, page by page, and calls do for one customer after the other,
// as many as have room in a commit. Each call gets the customer in its work, and
// needs at most least of its room to get on; do returns where to go on within the
// customer where the commit is full before it is done with it.
func Each[T, S any](b Base, name, from, to string, on []string, least int, about Concerning[T, S], do func(ctx context.Context, w Work, known S, c Concern, at string) (next string, err error)) Link {
	return Parts(b, name, from, to, on, func(ctx context.Context, w Work, news T, text string) (string, error) {
		var p place
		if text != "" {
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				return "", fmt.Errorf("progress %q: %w", text, err)
			}
		}
		known, concerns, err := about(ctx, w, news)
		if err != nil || len(concerns) == 0 {
			return "", err
		}
		// A service that is no concern any more: begin again. What do does twice, it
		// does once.
		first := slices.IndexFunc(concerns, func(c Concern) bool { return c.Service == p.Service })
		if first < 0 {
			first, p = 0, place{}
		}
		const page = 20
		for n, c := range concerns[first:] {
			if n > 0 || p.Service == "" {
				p = place{Service: c.Service}
			}
			customers, err := w.Directory().Concerned(ctx, c.Service, c.During, p.After, page)
			if err != nil {
				return "", fmt.Errorf("whom %s concerns: %w", c.Service, err)
			}
			for k, customer := range customers {
				if (k > 0 || n > 0) && w.Left() < least {
					return p.text()
				}
				at := ""
				if customer == p.Customer {
					at = p.At
				}
				mine := w
				mine.Customer = customer
				next, err := do(ctx, mine, known, c, at)
				if err != nil {
					return "", fmt.Errorf("customer %s: %w", customer, err)
				}
				if next != "" {
					p.Customer, p.At = customer, next
					return p.text()
				}
				p = place{Service: c.Service, After: customer}
			}
			if len(customers) == page {
				return p.text()
			}
		}
		return "", nil
	})
}

func (p place) text() (string, error) {
	b, err := json.Marshal(p)
	return string(b), err
}

// Table is the links as a table of a document: from which room to which, on which
// events, and what ends what was granted.
func (x *Exchange) Table() string {
	var text strings.Builder
	text.WriteString("| from | to | link | on | ended by |\n|---|---|---|---|---|\n")
	sides := map[string]Side{}
	for _, r := range x.rooms {
		sides[r.Name] = r.Side
	}
	for _, l := range x.Links() {
		ended := "–"
		if l.EndedBy != "" {
			ended = "`" + l.EndedBy + "`"
		}
		_, _ = fmt.Fprintf(&text, "| %s (%s) | %s (%s) | `%s` | `%s` | %s |\n",
			l.From, sides[l.From], l.To, sides[l.To], l.Name, strings.Join(l.On, "`, `"), ended)
	}
	return text.String()
}
