package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/store"
)

// session is that somebody has signed in with some browser. The browser has a
// token, the store only what the token hashes to: who reads the file cannot act as
// anybody.
type session struct {
	ID      string               `json:"id"`
	Person  servicecoin.PersonID `json:"person"`
	Created time.Time            `json:"created"`
	Seen    time.Time            `json:"seen"` // to the minute
	Expires time.Time            `json:"expires"`
	Browser string               `json:"browser,omitempty"` // as it calls itself
}

// allSessions are kept in the provider's partition.
var allSessions = store.Kind[session]{
	Name: "portal.session", ID: func(s session) string { return s.ID },
	Indexes: []store.Index[session]{
		{Name: "person", Columns: "tm", Of: func(s session) store.Tuple { return store.Tuple{store.Text(s.Person), store.Time(s.Created)} }},
		{Name: "expires", Columns: "m", Of: func(s session) store.Tuple { return store.Tuple{store.Time(s.Expires)} }},
	},
}

const (
	cookieName   = "session"
	sessionLasts = 12 * time.Hour // at most
	sessionIdle  = 2 * time.Hour  // without a click
	seenEvery    = time.Minute    // so often it is written down that somebody is there
	tokenBytes   = 32
	browserChars = 200
)

// sessionsArea is where people see where they are signed in, and end that.
func (p *portal) sessionsArea() area {
	return area{pages: map[string]route{
		"GET /signin":             {everybody, p.showSignIn},
		"POST /signin":            {everybody, p.signIn},
		"POST /signout":           {everybody, p.signOut},
		"GET /sessions":           {people, p.showSessions},
		"POST /sessions/{id}/end": {people, p.endOne},
		"POST /sessions/end":      {people, p.endOthers},
	}}
}

func (h host) sessions() store.Collection[session] {
	return store.Of(h.store.For(servicecoin.Provider), allSessions)
}

// newToken returns a token that nobody guesses.
func newToken() string {
	b := make([]byte, tokenBytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// idOf is under which id what belongs to a token is kept.
func idOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// beginSession signs somebody in and returns the token for the browser. Sessions
// that are over are thrown away then.
func (p *portal) beginSession(ctx context.Context, who servicecoin.PersonID, browser string) (token string, err error) {
	now, all := p.store.Now(), p.host.sessions()
	const most = 100
	over, err := all.Find(store.By("expires").To(store.Time(now))).Page(ctx, "", most)
	if err != nil {
		return "", err
	}
	for _, x := range over.Items {
		if err := p.endSession(ctx, x.Value.ID); err != nil {
			return "", err
		}
	}
	token = newToken()
	return token, all.Insert(ctx, session{
		ID: idOf(token), Person: who, Created: now, Seen: now, Expires: now.Add(sessionLasts), Browser: cut(browser, browserChars),
	})
}

// endSession ends a session. One that is over already is no failure.
func (p *portal) endSession(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	err := p.host.sessions().Delete(ctx, id)
	if errors.Is(err, servicecoin.ErrNotFound) || errors.Is(err, servicecoin.ErrConflict) && !p.there(ctx, id) {
		return nil
	}
	return err
}

func (p *portal) there(ctx context.Context, id string) bool {
	_, err := p.host.sessions().Get(ctx, id)
	return !errors.Is(err, servicecoin.ErrNotFound)
}

func cookie(value string, age int) *http.Cookie {
	return &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // G124: Secure would not reach http on localhost
}

type (
	viewerKey  struct{}
	sessionKey struct{}
)

// viewer returns who asks: the zero person is nobody in particular.
func viewer(r *http.Request) person { return viewerIn(r.Context()) }

// viewerIn is the same of what is done for a request.
func viewerIn(ctx context.Context) person {
	p, _ := ctx.Value(viewerKey{}).(person) // nobody is the zero person
	return p
}

// sessionOf returns the session of who asks, the zero one for nobody.
func sessionOf(r *http.Request) session {
	s, _ := r.Context().Value(sessionKey{}).(session)
	return s
}

// recognise puts the person behind the cookie into the request's context.
func (p *portal) recognise(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, who, err := p.signedIn(r)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		if who.ID != "" {
			ctx := context.WithValue(r.Context(), viewerKey{}, who)
			r = r.WithContext(context.WithValue(ctx, sessionKey{}, s))
		}
		next.ServeHTTP(w, r)
	})
}

// signedIn looks a cookie up. One that is over, or nobody's, is as good as none.
func (p *portal) signedIn(r *http.Request) (session, person, error) {
	token := ""
	if c, err := r.Cookie(cookieName); err == nil {
		token = c.Value
	}
	if len(token) != 2*tokenBytes {
		return session{}, person{}, nil
	}
	ctx, now, all := r.Context(), p.store.Now(), p.host.sessions()
	s, err := all.Get(ctx, idOf(token))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return session{}, person{}, nil
	}
	if err != nil {
		return session{}, person{}, err
	}
	if !now.Before(s.Expires) || now.Sub(s.Seen) > sessionIdle {
		return session{}, person{}, p.endSession(ctx, s.ID)
	}
	who, err := p.host.persons().Get(ctx, string(s.Person))
	if errors.Is(err, servicecoin.ErrNotFound) { // gone since
		return session{}, person{}, nil
	}
	if err == nil && now.Sub(s.Seen) >= seenEvery {
		s, err = all.Update(ctx, s.ID, func(s *session) ([]store.Event, error) {
			s.Seen = now
			return nil, nil
		})
		if errors.Is(err, servicecoin.ErrNotFound) { // ended by another click
			return session{}, person{}, nil
		}
	}
	return s, who, err
}

// sessionsPage lists where somebody is signed in.
type sessionsPage struct {
	page

	List   []sessionLine
	Others int
}

type sessionLine struct {
	session

	Here bool
}

func (p *portal) showSessions(w http.ResponseWriter, r *http.Request) error {
	v := sessionsPage{page: p.page(r, "Where you are signed in", "/sessions")}
	for s, err := range p.host.sessions().Find(store.By("person", store.Text(viewer(r).ID)).Descending()).All(r.Context()) {
		if err != nil {
			return err
		}
		if !v.Now.Before(s.Expires) || v.Now.Sub(s.Seen) > sessionIdle {
			continue
		}
		line := sessionLine{session: s, Here: s.ID == sessionOf(r).ID}
		if !line.Here {
			v.Others++
		}
		v.List = append(v.List, line)
	}
	return p.render(w, r, "sessions.html", 0, v)
}

// endOne ends one of somebody's own sessions; another's is not there.
func (p *portal) endOne(w http.ResponseWriter, r *http.Request) error {
	s, err := p.host.sessions().Get(r.Context(), r.PathValue("id"))
	if errors.Is(err, servicecoin.ErrNotFound) || err == nil && s.Person != viewer(r).ID {
		return noPage(r)
	}
	if err == nil {
		err = p.endSession(r.Context(), s.ID)
	}
	if err != nil {
		return err
	}
	seeOther(w, "/sessions")
	return nil
}

// endOthers ends all but the one from which it is asked.
func (p *portal) endOthers(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	list, err := collect(p.host.sessions().Find(store.By("person", store.Text(viewer(r).ID))).All(ctx))
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.ID == sessionOf(r).ID {
			continue
		}
		if err := p.endSession(ctx, s.ID); err != nil {
			return err
		}
	}
	seeOther(w, "/sessions")
	return nil
}
