package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/followup"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// APIs is where APIs, their revisions and their bindings are kept, over a view of the
// provider's partition.
type APIs struct {
	view store.View
	o    APIOptions
}

// APIOptions are what a host may set.
type APIOptions struct {
	// Ignored says, on a day, which versions of a platform nobody has to follow any more: they
	// were recalled, or support of their line is over. Nil: all versions count.
	Ignored func(ctx context.Context, view store.View, p PlatformID, on calendar.Date) (func(version string) bool, error)
}

// NewAPIs returns the APIs of a view of the provider's partition; of another one, the first
// call says so. Nil options are the zero ones.
func NewAPIs(view store.View, o *APIOptions) *APIs {
	if o == nil {
		o = &APIOptions{}
	}
	return &APIs{view.OfProvider("APIs"), *o}
}

// On returns the same APIs over another view.
func (n *APIs) On(view store.View) *APIs { return NewAPIs(view, &n.o) }

// KeepAPI adds an API, or replaces the one of its id. Its platform stays.
func (n *APIs) KeepAPI(ctx context.Context, by servicecoin.Actor, a API) (API, error) {
	if err := n.view.Ask(ctx, by, VerbKeepAPI, APIRecord, string(a.ID)); err != nil {
		return API{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) { v.Merge("", a.Validate()) })
	if err != nil {
		return API{}, err
	}
	a.KeptAt = at
	e, err := store.Happened(by, EventAPIKept, APIChanged{API: a.ID, Platform: a.Platform})
	if err != nil {
		return API{}, err
	}
	err = n.view.Do(ctx, func(tx store.View) error {
		was, err := store.Of(tx, apis).Item(ctx, string(a.ID))
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		if err == nil && was.Value.Platform != a.Platform {
			return n.refuse(APIRecord, string(a.ID), VerbKeepAPI, "it is an API of "+string(was.Value.Platform)+", and stays so")
		}
		return store.Of(tx, apis).Put(ctx, a, was.Version, e)
	})
	return a, err
}

func (n *APIs) refuse(kind, id, verb, why string) error {
	return &servicecoin.RefusedError{Subject: n.view.Key(kind, id), Verb: verb, Why: why}
}

// MaxDescription is how many bytes the description of an API has at most, if it is kept here.
const MaxDescription = 160 << 10

// Describe keeps the text of an API's description and returns its digest, by which revisions
// name it. A host that has its descriptions elsewhere need not call it.
func (n *APIs) Describe(ctx context.Context, by servicecoin.Actor, text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	d := Description{"sha256:" + hex.EncodeToString(sum[:]), text}
	if err := n.view.Ask(ctx, by, VerbDescribeAPI, DocumentRecord, d.Digest); err != nil {
		return "", err
	}
	_, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) {
		if v.Limit("text", len(text), MaxDescription) {
			v.Text("text", text, 1, MaxDescription)
			lifecycle.Room(v, "text", d, maxBody)
		}
	})
	if err != nil {
		return "", err
	}
	err = store.Of(n.view, descriptions).Insert(ctx, d)
	if errors.Is(err, servicecoin.ErrExists) {
		err = nil // the same bytes
	}
	return d.Digest, err
}

// Description returns the text of a description that was kept.
func (n *APIs) Description(ctx context.Context, digest string) (string, error) {
	d, err := store.Of(n.view, descriptions).Get(ctx, digest)
	return d.Text, err
}

// Revise records what an API is in a version of its platform, and opens the work that
// follows: each binding that is not deprecated is to be tried with it, by a day that
// [API.KeepUp] gives, counted from the day of the version. A binding that was tried already,
// and all if the description is the same as before, have nothing to do; nor have they for a
// pre-release.
//
// A version that has a revision already gets this one in its place: what is known of it
// grows. What should not be is a finding, and refused by nobody.
func (n *APIs) Revise(ctx context.Context, by servicecoin.Actor, r Revision) (Revision, error) {
	if err := n.view.Ask(ctx, by, VerbRevise, RevisionRecord, store.JoinID(string(r.API), Canonical(r.Version))); err != nil {
		return Revision{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) { v.Merge("", r.Validate()) })
	if err != nil {
		return Revision{}, err
	}
	r.By, r.At = by, at
	var out Revision
	err = n.view.Do(ctx, func(tx store.View) error {
		out = r
		return n.On(tx).revise(ctx, by, &out)
	})
	return out, err
}

func (n *APIs) revise(ctx context.Context, by servicecoin.Actor, r *Revision) error {
	a, err := n.API(ctx, r.API)
	if err != nil {
		return unknown(err, "api", string(r.API))
	}
	list, err := n.Revisions(ctx, r.API)
	if err != nil {
		return err
	}
	was, err := store.Of(n.view, revisions).Item(ctx, revisions.ID(*r))
	switch {
	case errors.Is(err, servicecoin.ErrNotFound):
		var v servicecoin.Violations
		if !v.Limit("version", len(list)+1, maxRevisions) {
			return v.Err()
		}
	case err != nil:
		return err
	}
	before := beforeOf(list, r.Version)
	r.Findings = joined(r.Findings, a.Judge(before, *r))
	opened, err := n.openWork(ctx, a, *r, before != nil && before.Document != "" && before.Document == r.Document)
	if err != nil {
		return err
	}
	news := APIChanged{API: a.ID, Platform: a.Platform, Version: r.Version, Own: r.Own, Findings: len(r.Findings), Opened: opened, Released: r.Released}
	if d := r.Differences; d != nil {
		news.Breaking, news.Risky, news.Harmless = d.Breaking, d.Risky, d.Harmless
	}
	e, err := store.Happened(by, EventRevised, news)
	if err != nil {
		return err
	}
	return store.Of(n.view, revisions).Put(ctx, *r, was.Version, e)
}

// openWork opens what bindings have to do for a revision, and returns for which.
func (n *APIs) openWork(ctx context.Context, a API, r Revision, same bool) ([]BindingID, error) {
	if r.Gone || same || r.prerelease() {
		return nil, nil
	}
	list, err := n.of(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	var opened []BindingID
	for _, b := range list {
		if b.Stability == Deprecated || b.From != "" && compare(r.Version, b.From) < 0 {
			continue
		}
		open, err := n.openFor(ctx, a, b, r)
		if err != nil {
			return nil, err
		}
		if open {
			opened = append(opened, b.ID)
		}
	}
	return opened, nil
}

// openFor opens what one binding has to do for a revision, and reports whether it had
// nothing to do with it before.
func (n *APIs) openFor(ctx context.Context, a API, b Binding, r Revision) (bool, error) {
	t := Trial{API: a.ID, Binding: b.ID, Version: r.Version}
	was, err := store.Of(n.view, trials).Item(ctx, trials.ID(t))
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return false, err
	}
	if err == nil {
		t = was.Value
	}
	if t.Report != nil || t.Work != nil {
		return false, nil
	}
	work, err := n.work(ctx, a, b, r)
	if err != nil {
		return false, err
	}
	t.Work = &work
	return true, store.Of(n.view, trials).Put(ctx, t, was.Version)
}

// work is what a binding has to do for a revision: by the end of a day in the platform's
// zone, counted from the day of the version, or from when the binding was kept, if that is
// later. Where nobody owns the binding, the API's owner has it.
func (n *APIs) work(ctx context.Context, a API, b Binding, r Revision) (followup.FollowUp, error) {
	loc, err := n.zone(ctx, a.Platform)
	if err != nil {
		return followup.FollowUp{}, err
	}
	owner := b.Owner
	if owner == "" {
		owner = a.Owner
	}
	day := r.Released
	if kept := calendar.DateOf(b.KeptAt, loc); kept.Compare(day) > 0 {
		day = kept
	}
	day = day.AddDays(a.KeepUp.Of(b) + 1)
	_, work := followup.List{}.Add(followup.Task{
		Owner: owner, Due: time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, loc).UTC(), // not late until the day is over
		Text: fmt.Sprintf("try %s (%s) with %s", b.Package, b.Language, r.Version),
	})
	return work, nil
}

// zone is where the dates of a platform are days: UTC if nobody keeps the platform.
func (n *APIs) zone(ctx context.Context, p PlatformID) (*time.Location, error) {
	platform, err := store.Of(n.view, platforms).Get(ctx, string(p))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return time.UTC, nil
	}
	if err != nil {
		return nil, err
	}
	loc, err := platform.Location()
	if err != nil {
		return time.UTC, nil //nolint:nilerr // a zone that this machine does not know any more
	}
	return loc, nil
}

// Offer records that a version of a platform came, for all its APIs that have no revision of
// it: what they are in it is not known yet, and their bindings are to be tried.
func (n *APIs) Offer(ctx context.Context, by servicecoin.Actor, p PlatformID, text string, day calendar.Date) error {
	var v servicecoin.Violations
	readVersion(&v, "version", text)
	v.Merge("day", day.Validate())
	if err := v.Err(); err != nil {
		return err
	}
	for a, err := range n.OfPlatform(p).All(ctx) {
		if err != nil {
			return err
		}
		if err := n.OfferTo(ctx, by, a.ID, text, day); err != nil {
			return err
		}
	}
	return nil
}

// OfferTo is [APIs.Offer] for one API.
func (n *APIs) OfferTo(ctx context.Context, by servicecoin.Actor, id APIID, text string, day calendar.Date) error {
	r := Revision{API: id, Version: text, Released: day}
	if _, err := store.Of(n.view, revisions).Get(ctx, revisions.ID(r)); !errors.Is(err, servicecoin.ErrNotFound) {
		return err // it has one
	}
	if gone, err := n.gone(ctx, id, text); err != nil || gone {
		return err
	}
	_, err := n.Revise(ctx, by, r)
	return err
}

// gone reports whether an API is not in a version, as the last revision below it says.
func (n *APIs) gone(ctx context.Context, id APIID, text string) (bool, error) {
	list, err := n.Revisions(ctx, id)
	gone := false
	for _, r := range list {
		if compare(r.Version, text) < 0 {
			gone = r.Gone
		}
	}
	return gone, err
}
