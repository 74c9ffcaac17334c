package runbook

import (
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// The verbs of run books.
const (
	VerbDraft    = "runbook.draft"
	VerbEdit     = "runbook.edit"
	VerbPublish  = "runbook.publish"
	VerbReview   = "runbook.review"
	VerbWithdraw = "runbook.withdraw"
	VerbDiscard  = "runbook.discard" // a draft is thrown away

	verbSupersede = "runbook.supersede" // never asked for: publishing a later version does it
)

// BookTransitions returns the whole table of a version of a book: what is not in it
// is refused. [VerbReview] keeps the state, and is for a published version.
func BookTransitions() []lifecycle.Transition[BookState] {
	const order = "not before the change of state before it"
	return []lifecycle.Transition[BookState]{
		lifecycle.Allow(Draft, VerbEdit, Draft, "a whole form"),
		lifecycle.Allow(Draft, VerbPublish, Published, order, "no fault is found", "by somebody else, where the host wants four eyes"),
		lifecycle.Allow(Draft, VerbDiscard, Withdrawn, "it is removed"),
		lifecycle.Allow(Published, verbSupersede, Superseded, order, "a later version is published"),
		lifecycle.Allow(Published, VerbWithdraw, Withdrawn, order, "a reason"),
		lifecycle.Allow(Superseded, VerbWithdraw, Withdrawn, order, "a reason"),
	}
}

func (b *Book) life() lifecycle.Record[BookState] {
	since := b.DraftedAt
	for _, at := range []time.Time{b.PublishedAt, b.EndedAt} {
		if at.After(since) {
			since = at
		}
	}
	return lifecycle.Record[BookState]{
		Key:   servicecoin.Key{Kind: BookRecord, ID: bookID(b.ID, b.Version)},
		State: b.State, Since: since, Table: BookTransitions(),
	}
}

// Publish makes a draft the version that is followed from now on. It reports every
// fault that [Book.Check] finds. With fourEyes, whoever wrote at the draft last
// cannot publish it, nor can somebody for them.
func (b *Book) Publish(by servicecoin.Actor, at time.Time, c Checks, fourEyes bool) error {
	e, err := b.life().Move(by, at, VerbPublish, "", func(v *servicecoin.Violations) { v.Merge("", faults(b.Check(c))) })
	if err != nil {
		return err
	}
	if fourEyes && sameHand(by, b.DraftedBy) {
		return b.life().Refuse(VerbPublish, Published, "somebody else than its author has to publish it")
	}
	b.State, b.PublishedAt, b.PublishedBy = Published, e.At, by
	b.plan(e.At)
	return nil
}

// plan says when the book is read again.
func (b *Book) plan(at time.Time) {
	b.ReviewBy = time.Time{}
	if every, ok := b.ReviewEvery.Get(); ok {
		b.ReviewBy = servicecoin.Instant(at.Add(every))
	}
}

// Review says that somebody read a published version and found it right: it is due
// again after the interval from now.
func (b *Book) Review(by servicecoin.Actor, at time.Time) error {
	at, err := lifecycle.Check(by, at, nil)
	if err != nil {
		return err
	}
	if b.State != Published {
		return b.life().Refuse(VerbReview, "", "only what is published is reviewed")
	}
	if err := b.life().Order(at, VerbReview, ""); err != nil {
		return err
	}
	b.plan(at)
	return nil
}

// Withdraw says that it must not be followed any more, and why. Runs that have begun
// go on.
func (b *Book) Withdraw(by servicecoin.Actor, at time.Time, reason string) error {
	e, err := b.life().Move(by, at, VerbWithdraw, reason, lifecycle.Because(reason, mostReason))
	if err != nil {
		return err
	}
	b.State, b.EndedAt, b.EndedBy, b.Reason = Withdrawn, e.At, by, reason
	return nil
}

func (b *Book) supersede(by servicecoin.Actor, at time.Time) error {
	e, err := b.life().Move(by, at, verbSupersede, "", nil)
	if err != nil {
		return err
	}
	b.State, b.EndedAt, b.EndedBy = Superseded, e.At, by
	return nil
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
