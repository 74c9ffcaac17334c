package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// chore is one kind of work that waits for the provider's people, over all
// customers. An area of the portal says which it has.
type chore struct {
	name  string // in the address
	title string
	about string // what is to be done, in a sentence
	// list returns a page of what waits, and where the next one begins.
	list func(ctx context.Context, after string, limit int) (tasks []task, next string, err error)
	verb string                // what is done with those that are ticked; "": each is done where it is looked at
	tick bool                  // they are ticked to begin with
	may  func(who person) bool // who may; nil: all of the provider's people
	do   func(ctx context.Context, by person, t task) error
	all  string // what is done with everything at once; "": nothing is
	// doAll does it, and says what came of each part.
	doAll func(ctx context.Context, by person) ([]outcome, error)
}

// task is one thing that waits.
type task struct {
	Customer servicecoin.CustomerID // "" is no customer's alone
	ID       string
	Whose    string // the customer's name
	What     string
	More     string    // what else there is to know, in a few words
	Path     string    // where it is looked at
	Text     string    // what is to be read before it is done; "": nothing
	Since    time.Time // zero: not said
	Late     bool
	Look     bool // the verb is not for it: it is done where it is looked at
}

// Key names the task in a form.
func (t task) Key() string { return url.PathEscape(string(t.Customer)) + "/" + t.ID }

func taskOf(key string) (task, bool) {
	customer, id, ok := strings.Cut(key, "/")
	c, err := url.PathUnescape(customer)
	return task{Customer: servicecoin.CustomerID(c), ID: id}, ok && err == nil && id != ""
}

// outcome is what came of a task.
type outcome struct {
	What, Whose, Path string
	Problem           string // "" if it is done
}

// workArea is the first page of the provider's people.
func (p *portal) workArea() area {
	return area{
		pages: map[string]route{
			"GET /work":              {providers, p.showWork},
			"GET /work/{chore}":      {providers, p.showChore},
			"POST /work/{chore}":     {providers, p.doTicked},
			"POST /work/{chore}/all": {providers, p.doAll},
		},
		nav: toProviders(navItem{Path: "/work", Name: "My work"}),
	}
}

// Of a chore, the first page shows so many tasks, its own page so many.
const (
	tasksAtFirst = 6
	tasksOfPage  = 50
)

type workPage struct {
	page

	Chores  []chorePart
	Nothing []string // the titles of what nothing waits in
}

type chorePart struct {
	Name, Title, About string
	Tasks              []task
	Verb, All          string // "": not for who looks
	Tick               bool
	Next               string // the path of what follows; "": that is all
	First              string // the path of the first page; "": this is it
}

func (p *portal) chores() []chore {
	var list []chore
	for _, a := range p.made {
		list = append(list, a.work...)
	}
	return list
}

// part reads a page of a chore as somebody may see it.
func (c chore) part(ctx context.Context, who person, after string, limit int) (chorePart, error) {
	part := chorePart{Name: c.name, Title: c.title, About: c.about, Tick: c.tick}
	tasks, next, err := c.list(ctx, after, limit)
	part.Tasks = tasks
	if c.may == nil || c.may(who) {
		part.All = c.all
		if slices.ContainsFunc(tasks, func(t task) bool { return !t.Look }) {
			part.Verb = c.verb
		}
	}
	here := "/work/" + c.name
	switch {
	case next == "":
	case limit == tasksAtFirst:
		part.Next = here
	default:
		part.Next = here + "?after=" + url.QueryEscape(next)
	}
	if after != "" {
		part.First = here
	}
	return part, err
}

func (p *portal) showWork(w http.ResponseWriter, r *http.Request) error {
	v := workPage{page: p.page(r, "My work", "/work")}
	for _, c := range p.chores() {
		part, err := c.part(r.Context(), v.Viewer, "", tasksAtFirst)
		if err != nil {
			return err
		}
		if len(part.Tasks) == 0 && part.Next == "" {
			v.Nothing = append(v.Nothing, c.title)
			continue
		}
		v.Chores = append(v.Chores, part)
	}
	return p.render(w, r, "work.html", 0, v)
}

type choreOnlyPage struct {
	page

	Chore chorePart
	Done  []outcome // what came of what was asked for
}

func (p *portal) chore(r *http.Request) (chore, error) {
	for _, c := range p.chores() {
		if c.name == r.PathValue("chore") {
			return c, nil
		}
	}
	return chore{}, noPage(r)
}

func (p *portal) showChore(w http.ResponseWriter, r *http.Request) error {
	c, err := p.chore(r)
	if err != nil {
		return err
	}
	return p.choreNow(w, r, c, nil)
}

func (p *portal) choreNow(w http.ResponseWriter, r *http.Request, c chore, done []outcome) error {
	v := choreOnlyPage{page: p.page(r, c.title, "/work"), Done: done}
	var err error
	if v.Chore, err = c.part(r.Context(), v.Viewer, r.URL.Query().Get("after"), tasksOfPage); err != nil {
		return err
	}
	return p.render(w, r, "chore.html", 0, v)
}

// doTicked does what a chore is about with each task that was ticked. One that
// cannot be done keeps nothing else from it.
func (p *portal) doTicked(w http.ResponseWriter, r *http.Request) error {
	ctx, by := r.Context(), viewer(r)
	c, err := p.chore(r)
	if err != nil {
		return err
	}
	f, err := readForm(r)
	if err != nil {
		return err
	}
	if c.do == nil || c.may != nil && !c.may(by) {
		return servicecoin.ErrForbidden
	}
	keys := f.all("task")
	var v servicecoin.Violations
	if len(keys) == 0 {
		v.Add("task", "required", "", "tick at least one")
	}
	v.Limit("task", len(keys), tasksOfPage)
	if err := v.Err(); err != nil {
		return err
	}
	names := p.customerNames(ctx)
	var done []outcome
	for _, key := range keys {
		t, ok := taskOf(key)
		if !ok {
			return noPage(r)
		}
		o := outcome{What: f.text("what:" + key), Whose: names(t.Customer), Path: f.text("path:" + key)}
		if o.Path = ownPath(o.Path); o.What == "" {
			o.What = t.ID
		}
		if err := c.do(ctx, by, t); err != nil {
			o.Problem = problemText(err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		done = append(done, o)
	}
	p.happened(ctx)
	return p.choreNow(w, r, c, done)
}

func (p *portal) doAll(w http.ResponseWriter, r *http.Request) error {
	c, err := p.chore(r)
	if err != nil {
		return err
	}
	if c.doAll == nil || c.may != nil && !c.may(viewer(r)) {
		return servicecoin.ErrForbidden
	}
	done, err := c.doAll(r.Context(), viewer(r))
	if err != nil {
		return err
	}
	p.happened(r.Context())
	return p.choreNow(w, r, c, done)
}

// customerNames returns what customers are called; each is looked up once.
func (p *portal) customerNames(ctx context.Context) func(servicecoin.CustomerID) string {
	known := map[servicecoin.CustomerID]string{"": ""}
	return func(id servicecoin.CustomerID) string {
		name, ok := known[id]
		if !ok {
			if c, err := p.host.customer(ctx, id); err == nil {
				name = c.Name
			}
			if name == "" {
				name = string(id)
			}
			known[id] = name
		}
		return name
	}
}
