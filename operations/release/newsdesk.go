package release

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records of news: the first in the provider's partition, the second in that
// of each customer that was told.
const (
	NewsRecord = "release.news" // [NewsItem]
	ToldRecord = "release.told" // [Told]
	LossRecord = "release.loss" // [Loss], in that of each customer that lost a feature
)

// The verbs of news.
const (
	VerbDraftNews    = "news.draft"
	VerbEditNews     = "news.edit"
	VerbPublishNews  = "news.publish"
	VerbCorrectNews  = "news.correct"
	VerbWithdrawNews = "news.withdraw"
	VerbDiscardNews  = "news.discard"
	VerbTellNews     = "news.tell"
)

// The events of news. Their data is a [NewsChanged]; that of the last one, which is in
// the customer's partition, a [Told].
const (
	EventNewsDrafted   = "news.drafted"
	EventNewsEdited    = "news.edited"
	EventNewsPublished = "news.published"
	EventNewsCorrected = "news.corrected"
	EventNewsWithdrawn = "news.withdrawn"
	EventNewsDiscarded = "news.discarded"
	EventNewsTold      = "news.told"

	EventFeatureLost     = "feature.lost" // with a customer that could use what is taken back
	EventFeatureRegained = "feature.regained"
)

// NewsChanged is the data of an event of news.
type NewsChanged struct {
	News     NewsID     `json:"news"`
	Kind     NewsKind   `json:"kind"`
	Platform PlatformID `json:"platform"`
	Feature  FeatureID  `json:"feature,omitempty"`
	State    NewsState  `json:"state"`
	Edition  int        `json:"edition"` // 1 as it was published, 1 more with each correction
}

// Told is what a customer was told of an item of news. Of each change of it there is an
// event, [EventNewsTold], that an inbox can be made of.
type Told struct {
	News    NewsID    `json:"news"`
	As      Telling   `json:"as"` // when it was told first
	At      time.Time `json:"at"`
	Edition int       `json:"edition"` // that it was told of last
	// Withdrawn says that it was told that the item is withdrawn.
	Withdrawn bool `json:"withdrawn,omitempty"`
}

// Loss is that a feature that a customer could use is taken back, or is there again.
type Loss struct {
	Feature FeatureID `json:"feature"`
	Edition int       `json:"edition"` // of the feature
	Lost    bool      `json:"lost"`
	Why     string    `json:"why,omitempty"`
	At      time.Time `json:"at"`
}

var allLosses = store.Kind[Loss]{Name: LossRecord, House: house.Own(), ID: func(l Loss) string { return string(l.Feature) }}

var allNews = store.Kind[NewsItem]{
	Name: NewsRecord, House: house.Own(), ID: func(n NewsItem) string { return string(n.ID) },
	Indexes: []store.Index[NewsItem]{
		// What was published, what is withdrawn since among it.
		{Name: "published", Columns: "m", Of: func(n NewsItem) store.Tuple {
			if n.PublishedAt.IsZero() {
				return nil
			}
			return store.Tuple{store.Time(n.PublishedAt)}
		}},
		{Name: "draft", Columns: "m", Of: func(n NewsItem) store.Tuple {
			if n.State != NewsDraft {
				return nil
			}
			return store.Tuple{store.Time(n.DraftedAt)}
		}},
		{Name: "feature", Columns: "tm", Of: func(n NewsItem) store.Tuple {
			if n.Feature == "" {
				return nil
			}
			return store.Tuple{store.Text(n.Feature), store.Time(n.DraftedAt)}
		}},
	},
}

var tolds = store.Kind[Told]{
	Name: ToldRecord, House: house.Own(), ID: func(t Told) string { return string(t.News) },
	Indexes: []store.Index[Told]{{Name: "at", Columns: "m", Of: func(t Told) store.Tuple { return store.Tuple{store.Time(t.At)} }}},
}

// News is what customers and others are told, over a view of the provider's partition.
type News struct{ view store.View }

// NewNews returns the news of a view of the provider's partition; of another one, the first
// call says so.
func NewNews(view store.View) *News { return &News{view: view.OfProvider("news")} }

// On returns the same news over another view.
func (n *News) On(view store.View) *News { return NewNews(view) }

// Get returns an item.
func (n *News) Get(ctx context.Context, id NewsID) (NewsItem, error) {
	return store.Of(n.view, allNews).Get(ctx, string(id))
}

// Published lists what was published, what is withdrawn since among it, the last first.
func (n *News) Published() store.Listing[NewsItem] {
	return store.Of(n.view, allNews).Find(store.By("published").Descending())
}

// Drafts lists what is not published yet, the first drafted first.
func (n *News) Drafts() store.Listing[NewsItem] {
	return store.Of(n.view, allNews).Find(store.By("draft"))
}

// Of lists the items about a feature, the last drafted first.
func (n *News) Of(id FeatureID) store.Listing[NewsItem] {
	return store.Of(n.view, allNews).Find(store.By("feature", store.Text(id)).Descending())
}

func newsHappened(by servicecoin.Actor, name string, x NewsItem) (store.Event, error) {
	return store.Happened(by, name, NewsChanged{News: x.ID, Kind: x.Kind, Platform: x.Platform, Feature: x.Feature, State: x.State, Edition: x.Edition()})
}

// Edition is how often what it says was published: 1, and 1 more with each correction.
func (n *NewsItem) Edition() int {
	if n.PublishedAt.IsZero() {
		return 0
	}
	return 1 + len(n.Corrections)
}

// Draft begins an item. An empty id is filled in; its state and dates are not looked at.
func (n *News) Draft(ctx context.Context, by servicecoin.Actor, x NewsItem) (NewsItem, error) {
	if x.ID == "" {
		x.ID = NewsID(n.view.NewID())
	}
	if err := n.view.Ask(ctx, by, VerbDraftNews, NewsRecord, string(x.ID)); err != nil {
		return NewsItem{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), nil)
	if err != nil {
		return NewsItem{}, err
	}
	x = NewsItem{
		Wording: x.Wording, ID: x.ID, Kind: x.Kind, Platform: x.Platform, Feature: x.Feature, Version: x.Version, Public: x.Public,
		State: NewsDraft, DraftedAt: at, DraftedBy: by, UpdatedAt: at,
	}
	if err := x.Validate(); err != nil {
		return NewsItem{}, err
	}
	e, err := newsHappened(by, EventNewsDrafted, x)
	if err != nil {
		return NewsItem{}, err
	}
	return x, store.Of(n.view, allNews).Insert(ctx, x, e)
}

func (n *News) change(ctx context.Context, by servicecoin.Actor, id NewsID, verb, event string, rule func(x *NewsItem, at time.Time) error) (NewsItem, error) {
	if err := n.view.Ask(ctx, by, verb, NewsRecord, string(id)); err != nil {
		return NewsItem{}, err
	}
	return store.Of(n.view, allNews).Update(ctx, string(id), func(x *NewsItem) ([]store.Event, error) {
		if err := rule(x, n.view.Now()); err != nil {
			return nil, err
		}
		e, err := newsHappened(by, event, *x)
		return []store.Event{e}, err
	})
}

// Edit replaces what a draft says: see [NewsItem.Edit].
func (n *News) Edit(ctx context.Context, by servicecoin.Actor, x NewsItem) (NewsItem, error) {
	return n.change(ctx, by, x.ID, VerbEditNews, EventNewsEdited, func(old *NewsItem, at time.Time) error { return old.Edit(by, at, x) })
}

// Publish tells a draft from now on: see [NewsItem.Publish].
func (n *News) Publish(ctx context.Context, by servicecoin.Actor, id NewsID) (NewsItem, error) {
	return n.change(ctx, by, id, VerbPublishNews, EventNewsPublished, func(x *NewsItem, at time.Time) error { return x.Publish(by, at) })
}

// Correct has an item say something else: see [NewsItem.Correct].
func (n *News) Correct(ctx context.Context, by servicecoin.Actor, id NewsID, w Wording, why string) (NewsItem, error) {
	return n.change(ctx, by, id, VerbCorrectNews, EventNewsCorrected, func(x *NewsItem, at time.Time) error { return x.Correct(by, at, w, why) })
}

// Withdraw takes an item back: see [NewsItem.Withdraw].
func (n *News) Withdraw(ctx context.Context, by servicecoin.Actor, id NewsID, why string) (NewsItem, error) {
	return n.change(ctx, by, id, VerbWithdrawNews, EventNewsWithdrawn, func(x *NewsItem, at time.Time) error { return x.Withdraw(by, at, why) })
}

// Discard throws a draft away.
func (n *News) Discard(ctx context.Context, by servicecoin.Actor, id NewsID) error {
	if err := n.view.Ask(ctx, by, VerbDiscardNews, NewsRecord, string(id)); err != nil {
		return err
	}
	return n.view.Do(ctx, func(tx store.View) error {
		x, err := store.Of(tx, allNews).Get(ctx, string(id))
		if err != nil {
			return err
		}
		if _, err := lifecycle.Check(by, tx.Now(), nil); err != nil {
			return err
		}
		if x.State != NewsDraft {
			return x.refuse(VerbDiscardNews, "what is published is withdrawn")
		}
		e, err := newsHappened(by, EventNewsDiscarded, x)
		if err != nil {
			return err
		}
		return store.Of(tx, allNews).Delete(ctx, string(id), e)
	})
}

// Tellings is what one customer was told, over a view of its partition.
type Tellings struct{ view store.View }

// NewTellings returns what the customer of a view was told; of the provider's, the first
// call says so.
func NewTellings(view store.View) *Tellings {
	return &Tellings{view: view.OfCustomer("what is told")}
}

// Get returns what the customer was told of an item.
func (n *Tellings) Get(ctx context.Context, id NewsID) (Told, error) {
	return store.Of(n.view, tolds).Get(ctx, string(id))
}

// All lists what the customer was told, the last first.
func (n *Tellings) All() store.Listing[Told] {
	return store.Of(n.view, tolds).Find(store.By("at").Descending())
}

// Follow brings what the customer was told up to what an item is now, told as the rule says
// ([NewsItem.ToldTo]): once, again of each correction, and that it is withdrawn. Whom the
// rule does not tell now hears of corrections all the same, if it was told before.
func (n *Tellings) Follow(ctx context.Context, by servicecoin.Actor, x NewsItem, as Telling) error {
	if err := n.view.Ask(ctx, by, VerbTellNews, ToldRecord, string(x.ID)); err != nil {
		return err
	}
	return n.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, tolds)
		item, err := c.Item(ctx, string(x.ID))
		if err != nil && !isNotFound(err) {
			return err
		}
		was := item.Value
		now := Told{News: x.ID, As: was.As, At: was.At, Edition: x.Edition(), Withdrawn: x.State == NewsWithdrawn}
		switch {
		case x.State == NewsDraft, now == was:
			return nil
		case isNotFound(err):
			if as == ToldNothing || now.Withdrawn {
				return nil
			}
			now.As, now.At = as, tx.Now()
		}
		e, err := store.Happened(by, EventNewsTold, now)
		if err != nil {
			return err
		}
		return c.Put(ctx, now, item.Version, e)
	})
}

// Lose notes that a feature that the customer could use is taken back, or is there again: as
// the feature says. Of each there is one event, [EventFeatureLost] or
// [EventFeatureRegained], with the [Loss].
func (n *Tellings) Lose(ctx context.Context, by servicecoin.Actor, f Feature) error {
	if err := n.view.Ask(ctx, by, VerbTellNews, LossRecord, string(f.ID)); err != nil {
		return err
	}
	return n.view.Do(ctx, func(tx store.View) error {
		c := store.Of(tx, allLosses)
		item, err := c.Item(ctx, string(f.ID))
		if err != nil && !isNotFound(err) {
			return err
		}
		l := Loss{Feature: f.ID, Edition: f.Edition, Lost: f.Hold != nil, At: tx.Now()}
		name := EventFeatureRegained
		if l.Lost {
			name, l.Why = EventFeatureLost, f.Hold.Why
		}
		if l.Lost == item.Value.Lost || f.Edition <= item.Value.Edition {
			return nil
		}
		e, err := store.Happened(by, name, l)
		if err != nil {
			return err
		}
		return c.Put(ctx, l, item.Version, e)
	})
}

// Lost returns what is known of a feature that the customer lost, or ErrNotFound.
func (n *Tellings) Lost(ctx context.Context, id FeatureID) (Loss, error) {
	return store.Of(n.view, allLosses).Get(ctx, string(id))
}
