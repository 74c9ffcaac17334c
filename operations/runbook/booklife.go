package runbook

import (
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
	return b.Publication.life(servicecoin.Key{Kind: BookRecord, ID: bookID(b.ID, b.Version)}, b.State, BookTransitions())
}

// Publish makes a draft the version that is followed from now on. It reports every
// fault that [Book.Check] finds. With fourEyes, whoever wrote at the draft last
// cannot publish it, nor can somebody for them.
func (b *Book) Publish(by servicecoin.Actor, at time.Time, c Checks, fourEyes bool) (err error) {
	b.State, err = b.publish(b.life(), by, at, VerbPublish, fourEyes, func(v *servicecoin.Violations) { v.Merge("", faults(b.Check(c))) })
	if err == nil {
		b.plan(b.PublishedAt)
	}
	return err
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
func (b *Book) Withdraw(by servicecoin.Actor, at time.Time, reason string) (err error) {
	b.State, err = b.withdraw(b.life(), by, at, VerbWithdraw, reason)
	return err
}

func (b *Book) supersede(by servicecoin.Actor, at time.Time) (err error) {
	b.State, err = b.Publication.supersede(b.life(), by, at, verbSupersede)
	return err
}
