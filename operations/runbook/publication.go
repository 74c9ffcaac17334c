package runbook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Publication is who wrote, published and ended one version of a book, or one edition
// of a template, and when.
type Publication struct {
	DraftedAt   time.Time         `json:"draftedAt,omitzero"`
	DraftedBy   servicecoin.Actor `json:"draftedBy,omitzero"` // who wrote at it last
	PublishedAt time.Time         `json:"publishedAt,omitzero"`
	PublishedBy servicecoin.Actor `json:"publishedBy,omitzero"`
	EndedAt     time.Time         `json:"endedAt,omitzero"` // superseded or withdrawn
	EndedBy     servicecoin.Actor `json:"endedBy,omitzero"`
	Reason      string            `json:"reason,omitempty"` // why it was withdrawn
}

// life is the record of a version, as the common guards have to know it.
func (p *Publication) life(key servicecoin.Key, state BookState, table []lifecycle.Transition[BookState]) lifecycle.Record[BookState] {
	since := p.DraftedAt
	for _, at := range []time.Time{p.PublishedAt, p.EndedAt} {
		if at.After(since) {
			since = at
		}
	}
	return lifecycle.Record[BookState]{Key: key, State: state, Since: since, Table: table}
}

// publish applies the verb that publishes, and returns the state that it leads to. With
// fourEyes, whoever wrote at the draft last cannot publish it, nor can somebody for them.
func (p *Publication) publish(of lifecycle.Record[BookState], by servicecoin.Actor, at time.Time, verb string, fourEyes bool, check func(v *servicecoin.Violations)) (BookState, error) {
	e, err := of.Move(by, at, verb, "", check)
	if err != nil {
		return of.State, err
	}
	if fourEyes && sameHand(by, p.DraftedBy) {
		return of.State, of.Refuse(verb, e.To, "somebody else than its author has to publish it")
	}
	p.PublishedAt, p.PublishedBy = e.At, by
	return e.To, nil
}

// withdraw applies a verb that ends a version, and returns the state that it leads to.
func (p *Publication) withdraw(of lifecycle.Record[BookState], by servicecoin.Actor, at time.Time, verb, reason string) (BookState, error) {
	return p.end(of, by, at, verb, reason, lifecycle.Because(reason, mostReason))
}

// supersede is withdraw for the version that another one follows: it needs no reason.
func (p *Publication) supersede(of lifecycle.Record[BookState], by servicecoin.Actor, at time.Time, verb string) (BookState, error) {
	return p.end(of, by, at, verb, "", nil)
}

func (p *Publication) end(of lifecycle.Record[BookState], by servicecoin.Actor, at time.Time, verb, reason string, check func(v *servicecoin.Violations)) (BookState, error) {
	e, err := of.Move(by, at, verb, reason, check)
	if err != nil {
		return of.State, err
	}
	p.EndedAt, p.EndedBy, p.Reason = e.At, by, reason
	return e.To, nil
}

// sameHand reports whether two actors are one person, or act for one.
func sameHand(a, b servicecoin.Actor) bool {
	hands := func(x servicecoin.Actor) []servicecoin.PersonID {
		if x.OnBehalfOf == "" {
			return []servicecoin.PersonID{x.ID}
		}
		return []servicecoin.PersonID{x.ID, x.OnBehalfOf}
	}
	return slices.ContainsFunc(hands(a), func(p servicecoin.PersonID) bool { return slices.Contains(hands(b), p) })
}

// heading checks what stands first in a book and in a template; number is called
// version there, and edition here.
func heading(v *servicecoin.Violations, id, called string, number int, state BookState, title, purpose servicecoin.Texts) {
	v.ID("id", id)
	if len(id) > mostBookID {
		v.Add("id", "too-long", id, fmt.Sprintf("must have %d bytes at most", mostBookID))
	}
	if number < 1 {
		v.Add(called, "out-of-range", strconv.Itoa(number), "must be 1 at least")
	}
	if !slices.Contains(BookStates(), state) {
		v.Add("state", "unknown", string(state), "must be draft, published, superseded or withdrawn")
	}
	line(v, "title", title, true)
	v.Merge("purpose", purpose.Validate())
}

// eachService checks services one by one, whose number was checked before.
func eachService(v *servicecoin.Violations, list []servicecoin.ServiceID) {
	seen := map[servicecoin.ServiceID]bool{}
	for n, s := range list {
		path := fmt.Sprintf("services[%d]", n)
		v.ID(path, string(s))
		once(v, path, string(s), seen[s])
		seen[s] = true
	}
}

// fits reports what is wrong with the form of a draft, or that it is too large.
func fits(draft interface{ Validate() error }) error {
	var v servicecoin.Violations
	if v.Merge("", draft.Validate()); v.Len() == 0 {
		lifecycle.Room(&v, "", draft, mostBody)
	}
	return v.Err()
}

// versions is what the nouns of books and of templates do alike to their records.
type versions[T any] struct {
	kind     store.Kind[T]
	happened func(by servicecoin.Actor, name string, x T) (store.Event, error)
}

// change asks Authorize, applies a rule to a version and tells of it, in one commit.
func (k versions[T]) change(ctx context.Context, view store.View, by servicecoin.Actor, id, verb, event string, rule func(tx store.View, x *T) error) (T, error) {
	var after, none T
	if err := view.Ask(ctx, by, verb, k.kind.Name, id); err != nil {
		return none, err
	}
	err := view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, k.kind)
		item, err := c.Item(ctx, id)
		if err != nil {
			return err
		}
		after = item.Value
		if err := rule(tx, &after); err != nil {
			return err
		}
		e, err := k.happened(by, event, after)
		if err != nil {
			return err
		}
		return c.Put(ctx, after, item.Version, e)
	})
	if err != nil {
		return none, err
	}
	return after, nil
}

// follow ends the version that was followed until now, if there is one, in the commit
// that publishes another.
func (k versions[T]) follow(ctx context.Context, tx store.View, by servicecoin.Actor, before T, found error, event string, supersede func(x *T) error) error {
	if errors.Is(found, servicecoin.ErrNotFound) {
		return nil
	}
	if found != nil {
		return found
	}
	_, err := store.Of(tx, k.kind).Update(ctx, k.kind.ID(before), func(x *T) ([]store.Event, error) {
		if err := supersede(x); err != nil {
			return nil, err
		}
		e, err := k.happened(by, event, *x)
		return []store.Event{e}, err
	})
	return err
}

// discard asks Authorize, and throws a draft away.
func (k versions[T]) discard(ctx context.Context, view store.View, by servicecoin.Actor, id, verb, event string, life func(x *T) lifecycle.Record[BookState]) error {
	if err := view.Ask(ctx, by, verb, k.kind.Name, id); err != nil {
		return err
	}
	return view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, k.kind)
		x, err := c.Get(ctx, id)
		if err != nil {
			return err
		}
		if _, err := life(&x).Target(verb); err != nil {
			return err
		}
		e, err := k.happened(by, event, x)
		if err != nil {
			return err
		}
		return c.Delete(ctx, id, e)
	})
}

// first returns the first version of a listing, or ErrNotFound for what has that id in
// all its versions.
func (k versions[T]) first(ctx context.Context, view store.View, where store.Range, id string) (T, error) {
	c := store.Of(view, k.kind)
	page, err := c.Find(where).Page(ctx, "", 1)
	if err != nil {
		var none T
		return none, err
	}
	if len(page.Items) == 0 {
		var none T
		return none, servicecoin.NotFound(view.Key(k.kind.Name, id))
	}
	return c.Get(ctx, page.Items[0].Key.ID) // so that a unit of work notices a change
}
