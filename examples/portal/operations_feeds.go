package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar/ical"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

// feed is an address under which somebody's calendar program reads what concerns
// them, without signing in. Whoever knows the address may read it, so it cannot be
// guessed; the store has only what its token hashes to, as with a session.
type feed struct {
	ID     string               `json:"id"`
	Person servicecoin.PersonID `json:"person"`
	Name   string               `json:"name,omitempty"` // where it is read, as its owner says
	Made   time.Time            `json:"made"`
	Seen   time.Time            `json:"seen,omitzero"` // when it was read last, to the hour
}

// allFeeds are kept in the provider's partition.
var allFeeds = store.Kind[feed]{
	Name: "portal.feed", ID: func(f feed) string { return f.ID },
	Indexes: []store.Index[feed]{
		{Name: "person", Columns: "tm", Of: func(f feed) store.Tuple { return store.Tuple{store.Text(f.Person), store.Time(f.Made)} }},
	},
}

const (
	mostFeeds     = 20 // of one person
	feedNameChars = 100
	feedSeenEvery = time.Hour
	feedEnding    = ".ics"
)

func (h host) feeds() store.Collection[feed] {
	return store.Of(h.store.For(servicecoin.Provider), allFeeds)
}

// feedsArea is where people let their calendar programs read.
func (p *portal) feedsArea() area {
	return area{
		pages: map[string]route{
			"GET " + feedsPath:                   {people, p.showFeeds},
			"POST " + feedsPath:                  {people, p.makeFeed},
			"POST " + feedsPath + "/{id}/revoke": {people, p.revokeFeed},
			"GET " + feedsPath + "/{file}":       {everybody, p.showFeed},
		},
		done: map[string]string{"revoked": "The address is revoked. Whoever reads it finds nothing there any more."},
	}
}

// feedsPage lists somebody's feeds; an address is on it once, when it was made.
type feedsPage struct {
	page

	List    []feed
	Address string
	Full    bool
}

func (p *portal) showFeeds(w http.ResponseWriter, r *http.Request) error {
	return p.feeds(w, r, "", nil, nil)
}

func (p *portal) feeds(w http.ResponseWriter, r *http.Request, address string, f *form, problems error) error {
	v := feedsPage{page: p.page(r, "My calendar feeds", feedsPath), Address: address}
	if problems != nil {
		v.again(f, problems)
	}
	var err error
	if v.List, err = p.feedsOf(r.Context(), v.Viewer.ID); err != nil {
		return err
	}
	v.Full = len(v.List) >= mostFeeds
	w.Header().Set("Referrer-Policy", "no-referrer")
	return p.render(w, r, "feeds.html", problem.Status(problems), v)
}

func (p *portal) feedsOf(ctx context.Context, who servicecoin.PersonID) ([]feed, error) {
	return collect(p.host.feeds().Find(store.By("person", store.Text(who)).Descending()).All(ctx))
}

// makeFeed makes an address and shows it, this once.
func (p *portal) makeFeed(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, who := r.Context(), viewer(r)
	there, err := p.feedsOf(ctx, who.ID)
	if err != nil {
		return err
	}
	f.bad.Text("name", f.text("name"), 0, feedNameChars)
	if len(there) >= mostFeeds {
		f.bad.Add("name", "too-many", "", "you have "+strconv.Itoa(mostFeeds)+" addresses already: revoke one that nothing reads any more")
	}
	if err := f.bad.Err(); err != nil {
		return p.feeds(w, r, "", f, err)
	}
	token := newToken()
	if err := p.host.feeds().Insert(ctx, feed{ID: idOf(token), Person: who.ID, Name: f.text("name"), Made: p.store.Now()}); err != nil {
		return err
	}
	return p.feeds(w, r, origin(r)+feedsPath+"/"+token+feedEnding, nil, nil)
}

// origin is how whoever asks has reached this portal.
func origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// revokeFeed ends one of somebody's own addresses; another's is not there.
func (p *portal) revokeFeed(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	x, err := p.host.feeds().Get(ctx, id)
	if errors.Is(err, servicecoin.ErrNotFound) || err == nil && x.Person != viewer(r).ID {
		return noPage(r)
	}
	if err == nil {
		err = p.dropFeed(ctx, id)
	}
	if err != nil {
		return err
	}
	seeOther(w, confirmed(feedsPath, "revoked"))
	return nil
}

// dropFeed takes an address away. It is read now and then, and each time that is
// written down, so that it may change in between.
func (p *portal) dropFeed(ctx context.Context, id string) error {
	const tries = 5
	var err error
	for range tries {
		err = p.host.feeds().Delete(ctx, id)
		if !errors.Is(err, servicecoin.ErrConflict) {
			break
		}
	}
	if errors.Is(err, servicecoin.ErrNotFound) { // by another click
		return nil
	}
	return err
}

// showFeed answers a calendar program. What cannot be made is told without the
// address, which is a secret.
func (p *portal) showFeed(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("X-Robots-Tag", "noindex")
	x, who, err := p.feedOf(r)
	if err != nil {
		return err
	}
	c, err := p.calendarOf(r.Context(), who, origin(r))
	var text strings.Builder
	if err == nil {
		err = ical.Write(&text, c)
	}
	if err != nil {
		if r.Context().Err() == nil {
			p.log.ErrorContext(r.Context(), "a calendar feed cannot be made", "person", who.ID, "cause", err.Error())
		}
		http.Error(w, "The calendar cannot be made now.", http.StatusInternalServerError)
		return nil
	}
	p.feedSeen(r.Context(), x)
	w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	w.Header().Set("Content-Disposition", `inline; filename="calendar.ics"`)
	if _, err := w.Write([]byte(text.String())); err != nil {
		p.log.DebugContext(r.Context(), "a calendar feed was not read to its end", "cause", err.Error())
	}
	return nil
}

// feedOf looks the address of a request up: what is no address, is revoked, or is of
// somebody who is gone, is not there.
func (p *portal) feedOf(r *http.Request) (feed, person, error) {
	token, is := strings.CutSuffix(r.PathValue("file"), feedEnding)
	nothing := servicecoin.NotFound(servicecoin.Key{Customer: servicecoin.Provider, Kind: "page", ID: feedsPath})
	if !is || len(token) != 2*tokenBytes {
		return feed{}, person{}, nothing
	}
	x, err := p.host.feeds().Get(r.Context(), idOf(token))
	if err != nil {
		if errors.Is(err, servicecoin.ErrNotFound) {
			err = nothing
		}
		return x, person{}, err
	}
	who, err := p.host.persons().Get(r.Context(), string(x.Person))
	if errors.Is(err, servicecoin.ErrNotFound) {
		err = nothing
	}
	return x, who, err
}

// feedSeen notes that a feed is read, so that its owner sees which are of no use. It is
// no failure of the feed where that cannot be noted.
func (p *portal) feedSeen(ctx context.Context, x feed) {
	now := p.store.Now()
	if now.Sub(x.Seen) < feedSeenEvery {
		return
	}
	_, err := p.host.feeds().Update(ctx, x.ID, func(x *feed) ([]store.Event, error) {
		x.Seen = now
		return nil, nil
	})
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) && !errors.Is(err, servicecoin.ErrConflict) {
		p.log.WarnContext(ctx, "that a calendar feed was read is not noted", "cause", err.Error())
	}
}
