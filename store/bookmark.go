package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
)

// bookmark is where a consumer stands in the feed, with its lease and what is known
// of the event under way: the stored record. Rules are in it under their oldest
// names.
//
// Shape 0 kept no Done and no Lease: Rule was the next rule to run, and those
// before it, in the list of the release that wrote it, were done. A replica of
// such a release stands aside (ErrNewer) once this one has written.
type bookmark struct {
	Name     string        `json:"name"`
	Position Position      `json:"position"` // the last event that is done with
	Holder   string        `json:"holder,omitempty"`
	Until    time.Time     `json:"until"`           // end of the lease, by the holder's clock
	Lease    time.Duration `json:"lease,omitempty"` // how long it was given for

	// The event under way, the next one after Position, if there is one:
	At     Position      `json:"at,omitempty"` // its position; 0 with what a release of shape 0 left
	ID     string        `json:"id,omitempty"`
	Event  string        `json:"event,omitempty"`  // its name
	Done   []string      `json:"done,omitempty"`   // the rules that are done with it
	Rule   string        `json:"rule,omitempty"`   // the rule that the rest is about
	From   string        `json:"from,omitempty"`   // where its effect goes on
	Tries  int           `json:"tries,omitempty"`  // its failures
	Error  string        `json:"error,omitempty"`  // the last one
	Next   time.Time     `json:"next,omitzero"`    // when it is tried again, by the clock of who failed
	Wait   time.Duration `json:"wait,omitempty"`   // how long that was then
	Before string        `json:"before,omitempty"` // of shape 0: the rule that was next

	Known []knownRule `json:"known,omitempty"` // what replicas answered of late
	Owed  []string    `json:"owed,omitempty"`  // rules for which events lie parked until a replica has them
}

// knownRule is a rule that some replica has.
type knownRule struct {
	Name string    `json:"name"`
	On   []string  `json:"on"`
	Seen time.Time `json:"seen"` // when such a replica took the lease last, by its clock
}

const (
	consumerKind  = "store.consumer"
	bookmarkShape = 1
)

// bookmarks is the kind of the consumer's one record.
func bookmarks(name string) Kind[bookmark] {
	return Kind[bookmark]{
		Name: consumerKind, House: house.Own(), ID: func(bookmark) string { return name },
		Shape: bookmarkShape,
		Upgrade: func(_ int, body []byte) (bookmark, error) {
			var p bookmark
			err := json.Unmarshal(body, &p)
			p.Before, p.Rule = p.Rule, ""
			if p.Before == "" {
				p.From, p.Tries, p.Error = "", 0, ""
			}
			return p, err
		},
	}
}

// begin is called when the consumer comes to an event. If the bookmark still has
// another event under way, that one has been erased meanwhile: it is left behind.
func (p *bookmark) begin(e Event) {
	if p.At != 0 && p.At != e.Position {
		p.finish(p.Position)
	}
	p.At, p.ID, p.Event = e.Position, e.ID, e.Name
}

// finish is called when all rules are done with the event at a position, or when
// the event is skipped: nothing of that event is under way any more.
func (p *bookmark) finish(at Position) {
	p.Position, p.At, p.ID, p.Event, p.Done, p.Before = at, 0, "", "", nil, ""
	p.pause()
}

// did marks a rule as done with the event under way.
func (p *bookmark) did(rule string) {
	if !slices.Contains(p.Done, rule) {
		p.Done = append(slices.Clip(p.Done), rule)
	}
	if p.Rule == rule {
		p.pause()
	}
}

// pause forgets the rule under way, its progress and its failures.
func (p *bookmark) pause() {
	p.Rule, p.From, p.Tries, p.Error, p.Next, p.Wait = "", "", 0, "", time.Time{}, 0
}

// same reports whether two bookmarks are at the same point of the same event:
// whether nobody has moved the consumer since one of them was read.
func (p *bookmark) same(q *bookmark) bool {
	return p.Position == q.Position && p.At == q.At && p.Rule == q.Rule && p.From == q.From && p.Before == q.Before && slices.Equal(p.Done, q.Done)
}

// lasts reports whether an instant that was given, by some clock, for a length
// of time has yet to come. No clock that is right can have given one that lies
// further ahead than that: such an end is over at once.
func lasts(until time.Time, length time.Duration, now time.Time) bool {
	return until.After(now) && until.Sub(now) <= length
}

// held reports whether another replica holds the lease at now.
func (c *Consumer) held(p *bookmark, now time.Time) bool {
	return p.Holder != "" && p.Holder != c.o.Holder && lasts(p.Until, c.lengthOf(p), now)
}

// lengthOf returns how long the lease was given for, which shape 0 does not
// tell.
func (c *Consumer) lengthOf(p *bookmark) time.Duration {
	if p.Lease == 0 {
		return c.o.Lease
	}
	return p.Lease
}

// lease is called at the beginning of a step: it takes or renews the lease and
// reads the bookmark.
func (s *stepping) lease(ctx context.Context) error {
	now := s.store.Now()
	renew := func(p *bookmark) ([]Event, error) {
		if s.held(p, now) {
			return nil, &servicecoin.KeyError{
				Key: s.key(),
				Err: fmt.Errorf("%w: %s holds the lease until %s", servicecoin.ErrBusy, p.Holder, p.Until.Format(time.RFC3339)),
			}
		}
		p.Holder, p.Until, p.Lease = s.o.Holder, now.Add(s.o.Lease), s.o.Lease
		p.Known = s.knows(p.Known, now)
		s.bookmark = *p
		return nil, nil
	}
	item, err := s.bookmarks().Item(ctx, s.name)
	if errors.Is(err, servicecoin.ErrNotFound) {
		p := bookmark{Name: s.name}
		if _, err := renew(&p); err != nil {
			return err
		}
		err := s.bookmarks().Insert(ctx, p)
		if !errors.Is(err, servicecoin.ErrExists) {
			return err
		}
	} else if err != nil {
		return err
	}
	// Half of a lease is enough to begin with; most steps need no commit.
	if p := item.Value; p.Holder == s.o.Holder && lasts(p.Until, s.o.Lease, now) && p.Until.Sub(now) > s.o.Lease/2 && s.known(p.Known, now) {
		s.bookmark = p
		return nil
	}
	_, err = s.bookmarks().Update(ctx, s.name, renew)
	return err
}

// known reports whether the list of rules stands in the bookmark, and so lately
// that it need not be written again.
func (s *stepping) known(list []knownRule, now time.Time) bool {
	for _, r := range s.rules {
		i := slices.IndexFunc(list, func(k knownRule) bool { return k.Name == r.first() })
		if i < 0 || !slices.Equal(list[i].On, r.On) {
			return false
		}
		if age := now.Sub(list[i].Seen); age.Abs() > s.o.Overlap/4 {
			return false
		}
	}
	return true
}

// knows returns the list with the rules of this replica, and without those that
// no replica has had for long.
func (s *stepping) knows(list []knownRule, now time.Time) []knownRule {
	var kept []knownRule
	for _, k := range list {
		if k.Seen.After(now) {
			k.Seen = now // by a clock that was fast: from now on
		}
		if !s.has(k.Name) && now.Sub(k.Seen) <= s.o.Overlap {
			kept = append(kept, k)
		}
	}
	for _, r := range s.rules {
		kept = append(kept, knownRule{Name: r.first(), On: r.On, Seen: now})
	}
	if len(kept) > 2*MaxRules { // lists that change all the time
		slices.SortStableFunc(kept, func(a, b knownRule) int { return b.Seen.Compare(a.Seen) })
		kept = kept[:2*MaxRules]
	}
	slices.SortStableFunc(kept, func(a, b knownRule) int { return strings.Compare(a.Name, b.Name) })
	return kept
}

// has reports whether this replica has a rule, by its stored name.
func (c *Consumer) has(name string) bool {
	return slices.ContainsFunc(c.rules, func(r Rule) bool { return r.called(name) })
}

// Release gives the lease back, so that another replica need not wait for its
// end.
func (c *Consumer) Release(ctx context.Context) error {
	_, err := c.bookmarks().Update(ctx, c.name, func(p *bookmark) ([]Event, error) {
		if p.Holder == c.o.Holder {
			p.Holder, p.Until, p.Lease = "", time.Time{}, 0
		}
		return nil, nil
	})
	if errors.Is(err, servicecoin.ErrNotFound) {
		return nil
	}
	return err
}

// LeaseBroken is the event, in the provider's partition, that tells of a broken
// lease. Its data is a BrokenLease.
const LeaseBroken = "consumer.lease.broken"

// BrokenLease is the data of [LeaseBroken].
type BrokenLease struct {
	Consumer string    `json:"consumer"`
	Holder   string    `json:"holder"` // who had it
	Until    time.Time `json:"until"`  // and until when
	Why      string    `json:"why"`
}

// Break takes the lease from the holder of that name, a replica that hangs or
// is gone, so that another one goes on at once; by and why stand in the event
// [LeaseBroken]. What the holder has under way is not stored any more; if it is
// alive it can take the lease again later. It answers ErrRefused if somebody
// else holds the lease, or nobody. Break asks no Authorize: the host does.
func (c *Consumer) Break(ctx context.Context, by servicecoin.Actor, holder, why string) error {
	var v servicecoin.Violations
	v.ID("holder", holder)
	v.Text("why", why, 1, 500)
	v.Merge("by", by.Validate())
	if err := v.Err(); err != nil {
		return err
	}
	_, err := c.bookmarks().Update(ctx, c.name, func(p *bookmark) ([]Event, error) {
		if p.Holder != holder {
			now := "nobody does"
			if p.Holder != "" {
				now = p.Holder + " does"
			}
			return nil, &servicecoin.RefusedError{
				Subject: c.store.For(servicecoin.Provider).Key(consumerKind, c.name), Verb: "break the lease of",
				Why: holder + " does not hold it, " + now,
			}
		}
		e, err := Happened(by, LeaseBroken, BrokenLease{Consumer: c.name, Holder: holder, Until: p.Until, Why: strings.TrimSpace(why)})
		p.Holder, p.Until, p.Lease = "", time.Time{}, 0
		return []Event{e}, err
	})
	return err
}

// at is called to go back to a point before an effect that failed: it returns p,
// as it was there, with the lease and the lists of rules that q has now.
func (p *bookmark) at(q *bookmark) bookmark {
	was := *p
	was.Holder, was.Until, was.Lease, was.Known, was.Owed = q.Holder, q.Until, q.Lease, q.Known, q.Owed
	return was
}
