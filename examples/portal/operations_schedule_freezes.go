package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/coin/exchange"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/problem"
)

// freezesPage is when nothing is changed.
type freezesPage struct {
	page

	Pages    pager
	ID       string // of the freeze that the form makes, however often it is sent
	Services []catalog.Service
	Kinds    []change.Kind
	List     []freezeRow // that hold, or lie ahead
	Over     []freezeRow // of the last months
	May      bool        // who looks may declare and lift
}

type freezeRow struct {
	change.Freeze

	Names   []string
	Passing []string
	Holds   bool
	Budget  bool // declared by the exchange, since an error budget is spent
	Path    string
}

// freezesBack is for how long the page remembers what is over.
const freezesBack = 92 * day

func (p *portal) showFreezes(w http.ResponseWriter, r *http.Request) error {
	return p.freezes(w, r, "", nil, nil)
}

func (p *portal) freezes(w http.ResponseWriter, r *http.Request, form string, f *form, problems error) error {
	const most = 50
	ctx := r.Context()
	v := freezesPage{page: p.page(r, "Freezes", freezesPath), ID: p.store.NewID(), Kinds: change.Kinds()}
	v.May = mayChange(v.Viewer, servicecoin.Attempt{Verb: change.VerbDeclareFreeze, Subject: servicecoin.Key{Customer: servicecoin.Provider, Kind: change.FreezeRecord, ID: v.ID}})
	if problems != nil {
		v.againIn(form, f, problems)
		if form == "" {
			v.ID = p.formID(f)
		}
	}
	var err error
	if v.Services, err = p.services(ctx); err != nil {
		return err
	}
	names := namesOf(v.Services)
	if wantsCSV(r) {
		head := []string{"id", "name", "from", "until", "services", "through", "why", "declaredBy", "declaredAt"}
		return p.asCSV(w, r, "freezes.csv", head, rowsOfPages(r, p.Control().Freezes(time.Time{}), func(x change.Freeze) [][]string {
			row := p.freezeRow(x, names)
			return [][]string{{string(x.ID), x.Name, instant(x.During.Start), instant(x.During.End), strings.Join(row.Names, "; "), strings.Join(row.Passing, "; "), x.Why, string(x.DeclaredBy), instant(x.DeclaredAt)}}
		}))
	}
	found, ways, err := listed(r, p.Control().Freezes(v.Now), most)
	if err != nil {
		return err
	}
	v.Pages = ways
	for _, item := range found.Items {
		v.List = append(v.List, p.freezeRow(item.Value, names))
	}
	never, err := p.Control().FreezesLifted(v.Now).Page(ctx, "", most)
	if err != nil {
		return err
	}
	for _, item := range never.Items {
		v.Over = append(v.Over, p.freezeRow(item.Value, names))
	}
	over, err := p.Control().Freezes(v.Now.Add(-freezesBack)).Where(func(x change.Freeze) bool { return !x.During.End.After(v.Now) }).Page(ctx, "", most)
	if err != nil {
		return err
	}
	for _, item := range slices.Backward(over.Items) {
		v.Over = append(v.Over, p.freezeRow(item.Value, names))
	}
	return p.render(w, r, "freezes.html", problem.Status(problems), v)
}

func (p *portal) freezeRow(x change.Freeze, names namesByID) freezeRow {
	row := freezeRow{
		Freeze: x, Names: namesIn(names, x.Services), Holds: x.During.Contains(p.store.Now()), Budget: x.DeclaredBy == exchange.By().ID,
		Path: freezesPath + "/" + pageID(string(x.ID)) + "/lift",
	}
	for _, k := range x.Through {
		row.Passing = append(row.Passing, strings.ToLower(passingWords(k)))
	}
	return row
}

// passingWords is a kind of changes in the plural.
func passingWords(k change.Kind) string {
	switch k {
	case change.Standard:
		return "Standard changes"
	case change.Emergency:
		return "Emergencies"
	case change.Normal:
	}
	return "Normal changes"
}

func (p *portal) declareFreeze(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by := r.Context(), viewer(r).actor()
	d := change.Declare{
		ID: change.FreezeID(p.formID(f)), Name: f.text("name"), Why: f.text("why"),
		During: calendar.Interval{Start: p.timeIn(f, "from"), End: p.timeIn(f, "until")}, Services: p.servicesIn(ctx, f),
	}
	for _, k := range f.all("through") {
		d.Through = append(d.Through, change.Kind(k))
	}
	for path, name := range map[string]string{"during": "until", "during.start": "from", "during.end": "until"} {
		f.at(path, name)
	}
	for _, name := range []string{"from", "until"} {
		if f.text(name) == "" {
			f.bad.Add(name, "required", "", "say when")
		}
	}
	if f.bad.Err() == nil && !d.During.Start.Before(d.During.End) {
		f.bad.Add("until", "out-of-order", f.text("until"), "must be later than it begins")
	}
	if f.bad.Err() == nil && !d.During.End.After(p.store.Now()) {
		f.bad.Add("until", "out-of-range", f.text("until"), "has passed already")
	}
	if f.bad.Err() != nil { // ask the rules all the same, to hear of everything at once
		x := change.Freeze{ID: d.ID, Name: d.Name, During: d.During, Services: d.Services, Through: d.Through, Why: d.Why, DeclaredBy: by.ID, DeclaredAt: p.store.Now()}
		x.During = calendar.Between(x.DeclaredAt, x.DeclaredAt.Add(day)) // what is wrong with it is told
		err = f.err(x.Validate())
	} else {
		_, err = p.Control().DeclareFreeze(ctx, by, d)
		err = f.err(err)
	}
	return p.finish(w, r, err, confirmed(freezesPath, "declared"), func(err error) error { return p.freezes(w, r, "", f, err) })
}

// servicesIn reads the services that are ticked in a form.
func (p *portal) servicesIn(ctx context.Context, f *form) []servicecoin.ServiceID {
	var list []servicecoin.ServiceID
	for _, s := range f.all("services") {
		if _, err := p.Catalog().Service(ctx, servicecoin.ServiceID(s)); err != nil {
			f.bad.Add("services", "unknown", s, "is no service of this provider")
			continue
		}
		list = append(list, servicecoin.ServiceID(s))
	}
	return list
}

func (p *portal) liftFreeze(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	id := r.PathValue("freeze")
	_, err = p.Control().LiftFreeze(r.Context(), viewer(r).actor(), change.FreezeID(id), f.text("reason"))
	return p.finish(w, r, f.err(err), confirmed(freezesPath, "lifted"), func(err error) error { return p.freezes(w, r, "lift-"+id, f, err) })
}
