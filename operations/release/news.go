package release

import (
	"fmt"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
)

// NewsID names an item of news.
type NewsID string

// NewsKind is what an item of news is about.
type NewsKind string

// The kinds.
const (
	NewsOfFeature NewsKind = "feature"
	NewsOfRelease NewsKind = "release"
	NewsOfOther   NewsKind = "other"
)

// NewsState is how far an item of news is.
type NewsState string

// The states.
const (
	NewsDraft     NewsState = "draft"
	NewsPublished NewsState = "published"
	NewsWithdrawn NewsState = "withdrawn" // who was told of it sees that
)

// Wording is what an item of news says, in the languages of its readers.
type Wording struct {
	Title servicecoin.Texts `json:"title"`
	Text  servicecoin.Texts `json:"text"`
}

// NewsItem is something that customers are told. Of a feature, they are told by the rule of
// who may use it ([Decision.Told]); of anything else, those who run the platform, or
// everybody.
type NewsItem struct {
	Wording

	ID       NewsID     `json:"id"`
	Kind     NewsKind   `json:"kind"`
	Platform PlatformID `json:"platform"`
	Feature  FeatureID  `json:"feature,omitempty"` // of a feature
	// Version is from which version of the platform on it is so; "": of each. Who runs an
	// older one is not told yet.
	Version string `json:"version,omitempty"`
	// Public says of what is no feature that everybody is told: a feature itself says whether
	// it is public.
	Public bool `json:"public,omitempty"`

	State       NewsState         `json:"state"`
	DraftedAt   time.Time         `json:"draftedAt"`
	DraftedBy   servicecoin.Actor `json:"draftedBy"`
	PublishedAt time.Time         `json:"publishedAt,omitzero"`
	PublishedBy servicecoin.Actor `json:"publishedBy,omitzero"`
	UpdatedAt   time.Time         `json:"updatedAt"`
	Corrections []Correction      `json:"corrections,omitempty"` // the oldest first
	WithdrawnAt time.Time         `json:"withdrawnAt,omitzero"`
	WithdrawnBy servicecoin.Actor `json:"withdrawnBy,omitzero"`
	Reason      string            `json:"reason,omitempty"` // why it was withdrawn, to those who were told
}

// Correction is that an item said something else until then: that stays to be seen.
type Correction struct {
	At     time.Time         `json:"at"`
	By     servicecoin.Actor `json:"by"`
	Why    string            `json:"why"` // to readers
	Before Wording           `json:"before"`
}

// MaxCorrections is how many corrections an item of news has at most: then it is withdrawn,
// and there is another one.
const MaxCorrections = 20

const maxNews = 160 << 10

// Validate reports every violation.
func (n *NewsItem) Validate() error {
	var v servicecoin.Violations
	shortID(&v, "id", string(n.ID))
	shortID(&v, "platform", string(n.Platform))
	switch n.Kind {
	case NewsOfFeature:
		shortID(&v, "feature", string(n.Feature))
		if n.Public {
			v.Add("public", "contradiction", "", "the feature says whether it is public")
		}
	case NewsOfRelease, NewsOfOther:
		if n.Feature != "" {
			v.Add("feature", "contradiction", string(n.Feature), "is of news of a feature")
		}
		if n.Kind == NewsOfRelease && n.Version == "" {
			v.Add("version", "required", "", "say of which release")
		}
	default:
		v.Add("kind", "unknown", string(n.Kind), "must be feature, release or other")
	}
	if n.Version != "" {
		readVersion(&v, "version", n.Version)
	}
	n.worded(&v)
	v.Limit("corrections", len(n.Corrections), MaxCorrections)
	if v.Len() == 0 {
		lifecycle.Room(&v, "", n, maxNews)
	}
	return v.Err()
}

func (w Wording) worded(v *servicecoin.Violations) {
	for path, texts := range map[string]servicecoin.Texts{"title": w.Title, "text": w.Text} {
		if len(texts) == 0 {
			v.Add(path, "required", "", "say it in one language at least")
		}
		v.Merge(path, texts.Validate())
	}
	for tag, text := range w.Title {
		v.Text(fmt.Sprintf("title[%s]", tag), text, 1, maxName)
	}
}

// ToldTo says whether, and as what, somebody is told of the item now. Who runs a version
// before that of the item is not told, nor is anybody of a draft.
func (n *NewsItem) ToldTo(w *Who) Telling {
	if n.State == NewsDraft || n.Version != "" && !w.Reached(n.Platform, n.Version) {
		return ToldNothing
	}
	switch {
	case n.Kind == NewsOfFeature:
		return w.MayUse(n.Feature).Told()
	case w.customer != "":
		if n.Public || w.Runs(n.Platform) {
			return ToldHas
		}
	case n.Public:
		return ToldPublic
	}
	return ToldNothing
}

// Runs reports whether the customer runs the platform, in a version that is known.
func (w *Who) Runs(p PlatformID) bool {
	_, ok := w.others[p]
	n, known := w.rule.platforms[p]
	return ok || known && w.runs[n].known
}

// Reached reports whether the version of a platform that the customer runs is at least of
// the line of another one; of a platform that it does not run, it is not.
func (w *Who) Reached(p PlatformID, version string) bool {
	at, ok := w.others[p]
	if n, known := w.rule.platforms[p]; known && w.runs[n].known {
		at, ok = w.runs[n].at, true
	}
	from, err := lineOf(version)
	return ok && err == nil && !at.before(from)
}

func (n *NewsItem) refuse(verb, why string) error {
	return &servicecoin.RefusedError{Subject: servicecoin.Key{Kind: NewsRecord, ID: string(n.ID)}, Verb: verb, From: string(n.State), Why: why}
}

// Edit replaces what a draft says, and to whom.
func (n *NewsItem) Edit(by servicecoin.Actor, at time.Time, x NewsItem) error {
	at, err := lifecycle.Check(by, at, nil)
	if err != nil {
		return err
	}
	if n.State != NewsDraft {
		return n.refuse(VerbEditNews, "what is published is corrected")
	}
	next := NewsItem{
		Wording: x.Wording, ID: n.ID, Kind: x.Kind, Platform: x.Platform, Feature: x.Feature, Version: x.Version, Public: x.Public,
		State: NewsDraft, DraftedAt: n.DraftedAt, DraftedBy: by, UpdatedAt: at,
	}
	if err := next.Validate(); err != nil {
		return err
	}
	*n = next
	return nil
}

// Publish tells it from now on: a person of the provider does.
func (n *NewsItem) Publish(by servicecoin.Actor, at time.Time) error {
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		byPerson(v, by)
		v.Merge("", n.Validate())
	})
	if err != nil {
		return err
	}
	if n.State != NewsDraft {
		return n.refuse(VerbPublishNews, "only a draft is published")
	}
	n.State, n.PublishedAt, n.PublishedBy, n.UpdatedAt = NewsPublished, at, by, at
	return nil
}

// Correct says something else from now on, and why. What it said before stays to be seen,
// with the time at which that ended.
func (n *NewsItem) Correct(by servicecoin.Actor, at time.Time, w Wording, why string) error {
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		byPerson(v, by)
		v.Text("why", why, 1, maxReason)
		w.worded(v)
		v.Limit("corrections", len(n.Corrections)+1, MaxCorrections)
	})
	if err != nil {
		return err
	}
	if n.State != NewsPublished {
		return n.refuse(VerbCorrectNews, "only what is published is corrected")
	}
	next := *n
	next.Corrections = append(slices.Clip(n.Corrections), Correction{At: at, By: by, Why: why, Before: n.Wording})
	next.Wording, next.UpdatedAt = w, at
	if err := next.Validate(); err != nil {
		return err
	}
	*n = next
	return nil
}

// Withdraw takes it back, and says why to those who were told.
func (n *NewsItem) Withdraw(by servicecoin.Actor, at time.Time, why string) error {
	at, err := lifecycle.Check(by, at, func(v *servicecoin.Violations) {
		byPerson(v, by)
		v.Text("why", why, 1, maxReason)
	})
	if err != nil {
		return err
	}
	if n.State != NewsPublished {
		return n.refuse(VerbWithdrawNews, "only what is published is withdrawn")
	}
	n.State, n.WithdrawnAt, n.WithdrawnBy, n.UpdatedAt, n.Reason = NewsWithdrawn, at, by, at, why
	return nil
}
