package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/problem"
)

//go:embed web
var web embed.FS

// page is what every page has.
type page struct {
	attempt // the form that came to nothing, if one did; see form

	Title    string
	Nav      []navItem
	Now      time.Time
	Sub      []navItem     // the pages of the customer whose page this is
	Problem  string        // what went wrong, if something did
	Problems []string      // and all that did
	Lines    []problemLine // the same, with the fields that they are about; see form
	Done     string        // what the form before has done, in words
	Viewer   person        // who looks at it; the zero person is nobody in particular
	Stands   string        // that what follows from what happened stands still; for the provider's people
}

type navItem struct {
	Path, Name string
	Current    bool
}

// page begins a page for whoever asks, with the ways that are open to them.
func (p *portal) page(r *http.Request, title, path string) page {
	who := viewer(r)
	var items []navItem
	done := ""
	for _, x := range p.made {
		if x.nav != nil {
			items = append(items, x.nav(who)...)
		}
		if words, known := x.done[r.URL.Query().Get(doneParameter)]; known && r.Method == http.MethodGet {
			done = words
		}
		if x.of != nil && !who.Provider() && who.ID != "" && (!x.money || who.MayPay()) {
			items = append(items, x.of(customerPath(who.Customer))...)
		}
	}
	v := page{Title: title, Nav: current(items, path), Viewer: who, Now: p.store.Now(), Done: done}
	if stands, _ := p.stands.Load().(string); who.Provider() && path != "/exchange" {
		v.Stands = stands
	}
	if c := servicecoin.CustomerID(r.PathValue("customer")); c != "" && who.Provider() {
		v.Nav = current(items, "/customers")
		for _, x := range p.made {
			if x.of != nil {
				v.Sub = append(v.Sub, x.of(customerPath(c))...)
			}
		}
		v.Sub = current(v.Sub, path)
	}
	return v
}

func current(items []navItem, path string) []navItem {
	for i := range items {
		items[i].Current = items[i].Path == path
	}
	return items
}

// zone is that of the customer whose page it is, or who looks at it; the provider's
// people go by the clock of their desk on all other pages, and everybody else by UTC.
// Every page says whose times it shows, and what is typed on it is read by the same clock.
func (p *portal) zone(r *http.Request) (*time.Location, error) {
	id := servicecoin.CustomerID(r.PathValue("customer"))
	if id == "" {
		id = viewer(r).Customer
	}
	if id == "" {
		if viewer(r).Provider() {
			return p.deskZone(), nil
		}
		return time.UTC, nil
	}
	c, err := p.host.clients().Get(r.Context(), string(id))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return time.UTC, nil
	}
	return c.zone(), err
}

// deskZone is the clock of the provider's desk.
func (p *portal) deskZone() *time.Location {
	if p.desk.open == nil {
		return time.UTC
	}
	return p.desk.open.Location()
}

// deskStamp is an instant in a sentence of a page that is the provider's alone.
func (p *portal) deskStamp(t time.Time) string { return t.In(p.deskZone()).Format(stampLayout) }

func customerPath(c servicecoin.CustomerID, parts ...string) string {
	path := []string{"/customers", url.PathEscape(string(c))}
	for _, part := range parts {
		path = append(path, url.PathEscape(part))
	}
	return strings.Join(path, "/")
}

// handler returns the routes behind what guards them all.
func (p *portal) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", p.health)
	mux.Handle("GET /static/", static())
	for pattern, to := range p.routes() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			err := to.who.allow(r)
			if errors.Is(err, errSignIn) && r.Method == http.MethodGet {
				seeOther(w, "/signin?back="+url.QueryEscape(r.URL.RequestURI()))
				return
			}
			if err == nil {
				// What a page shows twice is added up once.
				err = to.show(w, r.WithContext(metering.Remembering(r.Context())))
			}
			if err != nil {
				p.fail(w, r, err)
			}
		})
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { p.fail(w, r, noPage(r)) })
	return guard(http.NewCrossOriginProtection().Handler(p.recognise(mux)))
}

// guard limits what a request may bring and a page may do, and refuses names
// that somebody else's page could have pointed at this machine.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
		if !ownName(r) {
			http.Error(w, "This portal answers to localhost only.", http.StatusMisdirectedRequest)
			return
		}
		most := int64(1 << 20)
		if uploads(r) {
			most = mostUpload + most
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		next.ServeHTTP(w, r)
	})
}

// ownName reports whether a request that came in over loopback names it.
func ownName(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return true
	}
	if tcp, ok := local.(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return true
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func static() http.Handler {
	files, err := fs.Sub(web, "web")
	if err != nil {
		panic(err) // the folder is embedded
	}
	next := http.StripPrefix("/static/", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".html") || strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "max-age=300")
		next.ServeHTTP(w, r)
	})
}

func (p *portal) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if _, err := p.store.Events(r.Context(), 0, 1); err != nil {
		p.log.ErrorContext(r.Context(), "not healthy", "cause", err.Error())
		http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}

// render writes a page whole, or not at all.
func (p *portal) render(w http.ResponseWriter, r *http.Request, name string, status int, data any) error {
	loc, err := p.zone(r)
	if err != nil {
		return err
	}
	t, err := p.pages.in(loc)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if status != 0 {
		w.WriteHeader(status)
	}
	if _, err := b.WriteTo(w); err != nil {
		p.log.DebugContext(r.Context(), "a page was not read to its end", "cause", err.Error())
	}
	return nil
}

// seeOther sends the browser on to a page of this portal.
func seeOther(w http.ResponseWriter, path string) {
	w.Header().Set("Location", path)
	w.WriteHeader(http.StatusSeeOther)
}

// fail answers a request that came to nothing.
func (p *portal) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := problem.Status(err)
	if status == http.StatusInternalServerError {
		p.log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "cause", err.Error())
	}
	headline, all := inWords(err)
	v := errorPage{page: p.page(r, headline, ""), Says: all, Asked: r.URL.Path}
	if err := p.render(w, r, "error.html", status, v); err != nil {
		http.Error(w, http.StatusText(status), status)
	}
}

// errorPage says what a request came to, in place of the page that was asked for.
type errorPage struct {
	page

	Says  []string
	Asked string
}

// inWords says in plain words what an error says to programs. What a driver or an
// engine says is for the log.
func inWords(err error) (headline string, all []string) {
	if invalid, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		for _, v := range invalid.Violations {
			text := v.Text
			if v.Value != "" {
				text = "“" + v.Value + "” " + text
			}
			if v.Path != "" {
				text = label(v.Path) + ": " + text
			}
			all = append(all, text)
		}
		if invalid.More > 0 {
			all = append(all, plural(invalid.More, "more thing")+" like these")
		}
		return "Please look at this again", all
	}
	if refused, ok := errors.AsType[*servicecoin.RefusedError](err); ok {
		return "This cannot be done now", []string{refused.Why}
	}
	if role, ok := errors.AsType[*roleError](err); ok {
		return "You may not do this", []string{role.says}
	}
	switch {
	case errors.Is(err, errSignIn):
		return "Please sign in first", []string{"This is for people who have signed in."}
	case errors.Is(err, errProviders):
		return "This page is not for you", []string{"It is for the people of Nordlicht Services."}
	case errors.Is(err, errOwner):
		return "This page is not for you", []string{"What is paid is shown to whoever owns the account. Ask them, if you need to know."}
	case errors.Is(err, servicecoin.ErrForbidden):
		return "You may not do this", []string{"Your role does not allow it: it is somebody else's to do."}
	case errors.Is(err, servicecoin.ErrNotFound):
		return "Not found", []string{"There is no such page or record."}
	case errors.Is(err, servicecoin.ErrBusy), errors.Is(err, context.DeadlineExceeded):
		return "The portal is busy", []string{"Please try again in a moment."}
	case errors.Is(err, servicecoin.ErrConflict), errors.Is(err, servicecoin.ErrExists):
		return "Somebody else was faster", []string{"The record has changed meanwhile. Look at it again, please."}
	}
	return "The portal could not do this", []string{problem.Of(err).Detail, "The people who look after the portal find the reason in its log."}
}

// problemText is a problem in one line.
func problemText(err error) string {
	headline, all := inWords(err)
	return strings.Join(append([]string{headline}, all...), ": ")
}

// label turns the path of a violation into the words of the forms.
func label(path string) string {
	words := map[string]string{
		"nextUpdateBy": "Next update by", "began": "Began", "detectedAt": "Detected", "due": "Due", "owner": "Owner", "by": "Who",
		"effects": "Services", "reason": "Reason", "resolution": "Resolution", "restored": "Restored", "headline": "Headline",
		"body": "Text", "at": "A message at", "parameters": "Details", "person": "Who",
	}
	first, _, _ := strings.Cut(path, ".")
	first, _, _ = strings.Cut(first, "[")
	if w, ok := words[first]; ok {
		return w
	}
	if of, n, is := strings.Cut(first, "-"); is && of != "" && strings.Trim(n, "0123456789") == "" { // upTo-2 is read as "Up to 2"
		return label(of) + " " + n
	}
	var b strings.Builder
	for _, c := range first { // leadTime is read as "Lead time"
		if c >= 'A' && c <= 'Z' {
			b.WriteString(" " + strings.ToLower(string(c)))
			continue
		}
		b.WriteRune(c)
	}
	return sentence(b.String())
}
