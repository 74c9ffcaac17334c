package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/releaseroom"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

// newsFeedKey is an address under which a feed reader reads a customer's news, without
// signing in: as with calendar feeds, the store has only what its token hashes to.
type newsFeedKey struct {
	ID       string                 `json:"id"`
	Customer servicecoin.CustomerID `json:"customer"`
	By       servicecoin.PersonID   `json:"by"`
	Name     string                 `json:"name,omitempty"`
	Made     time.Time              `json:"made"`
}

// allNewsFeeds are kept in the provider's partition.
var allNewsFeeds = store.Kind[newsFeedKey]{
	Name: "portal.newsfeed", ID: func(f newsFeedKey) string { return f.ID },
	Indexes: []store.Index[newsFeedKey]{
		{Name: "customer", Columns: "tm", Of: func(f newsFeedKey) store.Tuple {
			return store.Tuple{store.Text(f.Customer), store.Time(f.Made)}
		}},
	},
}

const atomEnding = ".atom"

func (h host) newsFeeds() store.Collection[newsFeedKey] {
	return store.Of(h.store.For(servicecoin.Provider), allNewsFeeds)
}

type customerNewsPage struct {
	page

	Customer servicecoin.Customer
	List     []newsRow
	Has      []ownFeature // features that the customer has
	Early    []ownFeature // that it may enter, asked for, or was put out of
	Coming   []ownFeature
	Gone     []ownFeature // taken back
	Feeds    []newsFeedKey
	Address  string // of a feed that was just made: it is shown this once
	Decides  bool   // whoever looks may enter and leave
	Runs     string
	Platform string
}

// ownFeature is a feature as a customer sees it.
type ownFeature struct {
	ID                  release.FeatureID
	Called, Text        string
	Stands, Tone        string // the stage
	Says                string
	Form                string
	Enter, Leave        bool
	Ask                 bool
	From, Until, Notice string
}

func (p *portal) showNewsOf(w http.ResponseWriter, r *http.Request) error {
	return p.newsOfNow(w, r, "", "", nil, nil)
}

func (p *portal) newsOfNow(w http.ResponseWriter, r *http.Request, address, form string, f *form, problems error) error {
	ctx := r.Context()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	v := customerNewsPage{page: p.page(r, "News for "+c.Name, customerPath(c.ID, "notices")), Customer: c.Customer, Address: address, Decides: viewer(r).is(owner)}
	list, err := p.Releases().NewsFor(ctx, c.ID, mostNews)
	if err != nil {
		return err
	}
	for _, x := range list {
		v.List = append(v.List, newsRowOf(&x.NewsItem, x.As))
	}
	standings, err := p.Releases().Standings(ctx, c.ID)
	if err != nil {
		return err
	}
	for _, x := range standings {
		if err := p.ownFeature(ctx, &v, c.ID, x); err != nil {
			return err
		}
	}
	s, err := p.Releases().Subject(ctx, c.ID, []release.PlatformID{demoPlatform})
	if err != nil {
		return err
	}
	v.Runs = s.Runs[demoPlatform]
	if !v.Viewer.Provider() {
		if v.Feeds, err = collect(p.host.newsFeeds().Find(store.By("customer", store.Text(c.ID)).Descending()).All(ctx)); err != nil {
			return err
		}
	}
	if problems != nil {
		v.againIn(form, f, problems)
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	return p.render(w, r, "news_customer.html", problem.Status(problems), v)
}

// ownFeature puts a feature where the customer looks for it.
func (p *portal) ownFeature(ctx context.Context, v *customerNewsPage, customer servicecoin.CustomerID, x releaseroom.Standing) error {
	access, err := p.Releases().Access(customer).Get(ctx, x.Feature.ID)
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	own := ownFeature{ID: x.Feature.ID, Called: featureName(&x.Feature), Stands: x.Stage.Words(), Tone: stageTone(x.Stage), Form: "access-" + pageID(string(x.Feature.ID))}
	own.Text, _ = x.Feature.Text.In("en")
	if d := x.Feature.Deprecation; d != nil && x.Stage == release.StageDeprecated {
		if !d.Ends.IsZero() {
			own.Until = onDay(d.Ends)
		}
		if d.Successor != "" {
			own.Notice = "Use " + p.featureNames(ctx)(d.Successor) + " instead."
		}
	}
	own.Leave = access.State == release.AccessIn || access.State == release.AccessAsked
	own.Enter, own.Ask = x.Enter == release.EnterOpen && access.State != release.AccessIn, x.Enter == release.EnterAsked
	switch {
	case x.Reason == release.WhyHeld:
		own.Says = x.Feature.Hold.Why
		v.Gone = append(v.Gone, own)
	case x.May:
		if own.Leave {
			own.Says = "in early access since " + access.Since.In(v.zoneOf()).Format("2 Jan 2006")
		}
		v.Has = append(v.Has, own)
	case x.Reason == release.WhyWaits, x.Reason == release.WhyDeclined, x.Enter != release.EnterClosed:
		own.Says = x.Reason.Words()
		if x.Reason == release.WhyNeeds {
			own.Says = "it needs " + p.featureNames(ctx)(x.Needs) + ", which can be entered"
			own.Enter, own.Ask = false, false
		}
		if x.Reason == release.WhyDeclined && len(access.History) > 0 {
			own.Says = "not admitted: " + access.History[len(access.History)-1].Text
		}
		v.Early = append(v.Early, own)
	}
	if d := x.Next; d.Feature != "" {
		then := own
		then.Stands, then.Tone, then.From = d.Stage.Words(), stageTone(d.Stage), x.Feature.Last().From
		then.Says, _ = decisionWords(d)
		then.Enter, then.Ask, then.Leave = false, false, false
		v.Coming = append(v.Coming, then)
	}
	return nil
}

func (v *customerNewsPage) zoneOf() *time.Location {
	loc, err := v.Customer.Location()
	if err != nil {
		return time.UTC
	}
	return loc
}

// changeAccess has whoever owns the account enter or leave early access.
func (p *portal) changeAccess(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	ctx, by, word := r.Context(), viewer(r).actor(), r.PathValue("verb")
	id := release.FeatureID(f.text("feature"))
	form := "access-" + pageID(string(id))
	switch word {
	case "enter":
		var a release.EarlyAccess
		if a, err = p.Releases().Enter(ctx, by, c.ID, id); a.State == release.AccessAsked {
			word = "ask"
		}
	case "leave":
		_, err = p.Releases().Access(c.ID).Leave(ctx, by, id, f.text("why"))
	default:
		return noPage(r)
	}
	return p.finish(w, r, err, confirmed(customerPath(c.ID, "news"), "access-"+word), func(err error) error { return p.newsOfNow(w, r, "", form, f, err) })
}

// changeNewsFeed makes an address of the customer's feed, or revokes one.
func (p *portal) changeNewsFeed(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	ctx, who := r.Context(), viewer(r)
	if who.Customer != c.ID { // the provider's people read it on the page
		return errOwner
	}
	feeds := p.host.newsFeeds()
	switch r.PathValue("verb") {
	case "make":
		there, err := collect(feeds.Find(store.By("customer", store.Text(c.ID))).All(ctx))
		if err != nil {
			return err
		}
		f.bad.Text("name", f.text("name"), 0, feedNameChars)
		if len(there) >= mostFeeds {
			f.bad.Add("name", "too-many", "", "there are "+itoa(mostFeeds)+" addresses already: revoke one that nothing reads any more")
		}
		if err := f.bad.Err(); err != nil {
			return p.newsOfNow(w, r, "", "feed", f, err)
		}
		token := newToken()
		if err := feeds.Insert(ctx, newsFeedKey{ID: idOf(token), Customer: c.ID, By: who.ID, Name: f.text("name"), Made: p.store.Now()}); err != nil {
			return err
		}
		return p.newsOfNow(w, r, origin(r)+"/news/"+token+atomEnding, "", nil, nil)
	case "revoke":
		x, err := feeds.Get(ctx, f.text("feed"))
		if errors.Is(err, servicecoin.ErrNotFound) || err == nil && x.Customer != c.ID {
			return noPage(r)
		}
		if err == nil {
			err = feeds.Delete(ctx, x.ID)
		}
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		seeOther(w, confirmed(customerPath(c.ID, "news"), "feed-revoke"))
		return nil
	}
	return noPage(r)
}

// showNewsFeed answers a feed reader. What is no address, and what is revoked, is not there.
func (p *portal) showNewsFeed(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Robots-Tag", "noindex")
	nothing := servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "page", ID: "/news/"})
	token, is := strings.CutSuffix(r.PathValue("file"), atomEnding)
	if !is || len(token) != 2*tokenBytes {
		return nothing
	}
	x, err := p.host.newsFeeds().Get(r.Context(), idOf(token))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return nothing
	}
	if err != nil {
		return err
	}
	c, err := p.host.clients().Get(r.Context(), string(x.Customer))
	if errors.Is(err, servicecoin.ErrNotFound) { // it is forgotten
		return nothing
	}
	if err != nil {
		return err
	}
	f, err := p.feedOfNews(r, c.ID, "News of "+providerName+" for "+c.Name, "/news/"+token+atomEnding, customerPath(c.ID, "news"))
	if err == nil {
		err = p.writeFeed(w, r, f)
	}
	if err != nil && r.Context().Err() == nil {
		p.log.ErrorContext(r.Context(), "a news feed cannot be made", "customer", c.ID, "cause", err.Error())
		http.Error(w, "The news cannot be read now.", http.StatusInternalServerError)
		return nil
	}
	return err
}
