package runbook

import (
	"context"
	"errors"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// LibraryOptions are what a host may set for a library.
type LibraryOptions struct {
	Scenarios []Scenario // the occasions that books are for; nil: [Scenarios]
	FourEyes  bool       // who wrote a draft last cannot publish it
}

// Library is where run books are written and published: over a view of the
// provider's partition. Every changing verb asks Authorize, applies the rule at the
// store's time, and records an event in the same commit.
type Library struct {
	view store.View
	o    LibraryOptions
}

// NewLibrary returns a library over a view of the provider's partition; of another
// one, the first call says so. A nil o means defaults.
func NewLibrary(view store.View, o *LibraryOptions) *Library {
	l := &Library{view: view.OfProvider("a library of run books")}
	if o != nil {
		l.o = *o
	}
	return l
}

// On returns the same library over another view: of the host's transaction, or of a
// unit of work.
func (l *Library) On(view store.View) *Library { return NewLibrary(view, &l.o) }

// Scenarios returns the occasions that books of this library are for.
func (l *Library) Scenarios() []Scenario {
	if l.o.Scenarios == nil {
		return Scenarios()
	}
	return l.o.Scenarios
}

// Draft begins the next version of a book: the first one, if there is none of its
// id. An empty id is filled in; version, state and dates of b are not looked at. It
// is refused while there is a draft of the book.
func (l *Library) Draft(ctx context.Context, by servicecoin.Actor, b Book) (Book, error) {
	if b.ID == "" {
		b.ID = servicecoin.RunbookID(l.view.NewID())
	}
	last, err := l.last(ctx, b.ID)
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return Book{}, err
	}
	b = Book{
		ID: b.ID, Version: last.Version + 1, State: Draft, Title: b.Title, Purpose: b.Purpose, Services: b.Services, Scenario: b.Scenario,
		Preconditions: b.Preconditions, Roles: b.Roles, Parameters: b.Parameters, Steps: b.Steps, ReviewEvery: b.ReviewEvery,
		Publication: Publication{DraftedAt: l.view.Now(), DraftedBy: by},
	}
	if err := l.view.Ask(ctx, by, VerbDraft, BookRecord, bookID(b.ID, b.Version)); err != nil {
		return Book{}, err
	}
	if last.State == Draft {
		return Book{}, last.life().Refuse(VerbDraft, "", "there is a draft of this book already")
	}
	if err := fits(&b); err != nil {
		return Book{}, err
	}
	e, err := bookHappened(by, EventDrafted, b)
	if err != nil {
		return Book{}, err
	}
	return b, store.Of(l.view, books).Insert(ctx, b, e)
}

// Revise begins the next version of a book as a copy of its last one.
func (l *Library) Revise(ctx context.Context, by servicecoin.Actor, id servicecoin.RunbookID) (Book, error) {
	last, err := l.last(ctx, id)
	if err != nil {
		return Book{}, err
	}
	return l.Draft(ctx, by, last)
}

// Edit replaces what a draft says. Version, state and dates of b are those of the
// draft, whatever they are in b.
func (l *Library) Edit(ctx context.Context, by servicecoin.Actor, b Book) (Book, error) {
	return l.change(ctx, by, b.ID, b.Version, VerbEdit, EventEdited, func(_ store.View, old *Book) error {
		e, err := old.life().Move(by, l.view.Now(), VerbEdit, "", nil)
		if err != nil {
			return err
		}
		b := b
		b.State, b.ReviewBy, b.Publication = Draft, old.ReviewBy, old.Publication
		b.DraftedAt, b.DraftedBy = e.At, by
		if err := fits(&b); err != nil {
			return err
		}
		*old = b
		return nil
	})
}

// Check finds what is wrong with a book before it is published, with the books that
// it calls.
func (l *Library) Check(ctx context.Context, b Book) ([]Finding, error) {
	c, failed := l.checks(ctx)
	findings := b.Check(c)
	return findings, failed()
}

// checks looks books up for [Book.Check]; failed says whether that went wrong.
func (l *Library) checks(ctx context.Context) (c Checks, failed func() error) {
	called, failed := called(ctx, l.view)
	return Checks{Scenarios: l.Scenarios(), Called: called}, failed
}

// called returns the published versions of books, each looked up once; failed says
// whether a look-up went wrong.
func called(ctx context.Context, view store.View) (c Called, failed func() error) {
	var first error
	known := map[servicecoin.RunbookID]*Book{}
	c = func(id servicecoin.RunbookID) (Book, bool) {
		if b, ok := known[id]; ok {
			if b == nil {
				return Book{}, false
			}
			return *b, true
		}
		known[id] = nil
		b, err := published(ctx, view, id)
		switch {
		case errors.Is(err, servicecoin.ErrNotFound):
			return Book{}, false
		case err != nil:
			first = errors.Join(first, err)
			return Book{}, false
		}
		known[id] = &b
		return b, true
	}
	return c, func() error { return first }
}

// Publish makes a draft the version that is followed; the one before is superseded in
// the same commit. It reports every fault that [Library.Check] finds.
func (l *Library) Publish(ctx context.Context, by servicecoin.Actor, id servicecoin.RunbookID, version int) (Book, error) {
	return l.change(ctx, by, id, version, VerbPublish, EventPublished, func(tx store.View, b *Book) error {
		c, failed := l.On(tx).checks(ctx)
		err := b.Publish(by, tx.Now(), c, l.o.FourEyes)
		if failed := failed(); failed != nil {
			return failed
		}
		if err != nil {
			return err
		}
		before, found := published(ctx, tx, id)
		return bookVersions().follow(ctx, tx, by, before, found, EventSuperseded, func(old *Book) error { return old.supersede(by, tx.Now()) })
	})
}

// Review says that somebody read a published version and found it right.
func (l *Library) Review(ctx context.Context, by servicecoin.Actor, id servicecoin.RunbookID, version int) (Book, error) {
	return l.change(ctx, by, id, version, VerbReview, EventReviewed, func(tx store.View, b *Book) error { return b.Review(by, tx.Now()) })
}

// Withdraw says that a version must not be followed any more, and why. Runs that
// have begun go on.
func (l *Library) Withdraw(ctx context.Context, by servicecoin.Actor, id servicecoin.RunbookID, version int, reason string) (Book, error) {
	return l.change(ctx, by, id, version, VerbWithdraw, EventWithdrawn, func(tx store.View, b *Book) error {
		return b.Withdraw(by, tx.Now(), reason)
	})
}

// Discard throws a draft away.
func (l *Library) Discard(ctx context.Context, by servicecoin.Actor, id servicecoin.RunbookID, version int) error {
	return bookVersions().discard(ctx, l.view, by, bookID(id, version), VerbDiscard, EventDiscarded, (*Book).life)
}

// change applies a rule to a version of a book and tells of it, in one commit.
func (l *Library) change(ctx context.Context, by servicecoin.Actor, id servicecoin.RunbookID, version int, verb, event string, rule func(tx store.View, b *Book) error) (Book, error) {
	return bookVersions().change(ctx, l.view, by, bookID(id, version), verb, event, rule)
}

func bookVersions() versions[Book] { return versions[Book]{books, bookHappened} }

// Get returns one version of a book.
func (l *Library) Get(ctx context.Context, id servicecoin.RunbookID, version int) (Book, error) {
	return store.Of(l.view, books).Get(ctx, bookID(id, version))
}

// Published returns the version of a book that is followed now, or ErrNotFound.
func (l *Library) Published(ctx context.Context, id servicecoin.RunbookID) (Book, error) {
	return published(ctx, l.view, id)
}

func published(ctx context.Context, view store.View, id servicecoin.RunbookID) (Book, error) {
	return bookVersions().first(ctx, view, store.By("follows", store.Text(id)).Descending(), string(id))
}

// last returns the latest version of a book, whatever its state.
func (l *Library) last(ctx context.Context, id servicecoin.RunbookID) (Book, error) {
	return bookVersions().first(ctx, l.view, store.By("book", store.Text(id)).Descending(), string(id))
}

// Versions lists the versions of a book, the latest first.
func (l *Library) Versions(id servicecoin.RunbookID) store.Listing[Book] {
	return store.Of(l.view, books).Find(store.By("book", store.Text(id)).Descending())
}

// InState lists the versions of all books in a state, by id.
func (l *Library) InState(s BookState) store.Listing[Book] {
	return store.Of(l.view, books).Find(store.By("state", store.Text(s)))
}

// DueForReview lists the published versions, the one that is to be read again first
// at the front.
func (l *Library) DueForReview() store.Listing[Book] {
	return store.Of(l.view, books).Find(store.By("review"))
}
