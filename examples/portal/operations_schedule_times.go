package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/recur"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/problem"
)

// windowsPage is when changes may be done.
type windowsPage struct {
	page

	Pages    pager
	ID       string // of the window that the form keeps
	Edited   *windowRow
	Services []catalog.Service
	List     []windowRow
	May      bool
}

type windowRow struct {
	change.Window

	Called string
	Text   string // as people write it; "": it comes once
	Names  []string
	Next   []calendar.Interval
	Edit   string
	Drop   string
}

func (p *portal) showWindows(w http.ResponseWriter, r *http.Request) error {
	return p.windows(w, r, nil, nil)
}

func (p *portal) windows(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	const most = 50
	ctx := r.Context()
	v := windowsPage{page: p.page(r, "Change windows", windowsPath), ID: p.store.NewID()}
	v.May = mayChange(v.Viewer, servicecoin.Attempt{Verb: change.VerbKeepWindow, Subject: servicecoin.Key{Customer: servicecoin.Provider, Kind: change.WindowRecord, ID: v.ID}})
	var err error
	if v.Services, err = p.services(ctx); err != nil {
		return err
	}
	names := namesOf(v.Services)
	edit := r.URL.Query().Get("edit")
	if problems != nil {
		v.again(f, problems)
		v.ID, edit = p.windowID(ctx, f), f.text("id")
	}
	if wantsCSV(r) {
		return p.asCSV(w, r, "change-windows.csv", []string{"id", "name", "times", "services"}, rowsOfPages(r, p.Control().Windows(), func(x change.Window) [][]string {
			row, _ := p.windowRow(x, names)
			text := row.Text
			if text == "" {
				text = x.During.String()
			}
			return [][]string{{string(x.ID), row.Called, text, strings.Join(row.Names, "; ")}}
		}))
	}
	found, ways, err := listed(r, p.Control().Windows(), most)
	if err != nil {
		return err
	}
	v.Pages = ways
	for _, item := range found.Items {
		row, err := p.windowRow(item.Value, names)
		if err != nil {
			return err
		}
		if v.List = append(v.List, row); string(row.ID) == edit && row.Text != "" {
			v.ID, v.Edited = edit, &row
		}
	}
	return p.render(w, r, "windows.html", problem.Status(problems), v)
}

// Has reports whether the window that is edited is for a service.
func (v windowsPage) Has(id servicecoin.ServiceID) bool {
	return v.Edited != nil && slices.Contains(v.Edited.Services, id)
}

func (p *portal) windowRow(x change.Window, names namesByID) (windowRow, error) {
	const shown = 3
	row := windowRow{
		Window: x, Called: windowName(x), Names: namesIn(names, x.Services),
		Edit: windowsPath + "?edit=" + pageID(string(x.ID)) + "#keep", Drop: windowsPath + "/" + pageID(string(x.ID)) + "/drop",
	}
	now := p.store.Now()
	if x.During != (calendar.Interval{}) {
		if x.During.End.After(now) {
			row.Next = append(row.Next, x.During)
		}
		return row, nil
	}
	row.Text = x.Times.String()
	times, err := x.Times.Compile()
	if err != nil {
		return row, err
	}
	for at := now; len(row.Next) < shown; {
		next, ok := times.Next(at)
		if !ok {
			break
		}
		row.Next = append(row.Next, next)
		at = next.Start
	}
	return row, nil
}

// windowID is the id that the form brought along: that of a window that is there, or
// one of ours.
func (p *portal) windowID(ctx context.Context, f *form) string {
	for w, err := range p.Control().Windows().All(ctx) {
		if err == nil && string(w.ID) == f.text("id") {
			return f.text("id")
		}
	}
	return p.formID(f)
}

func (p *portal) keepWindow(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	x := change.Window{ID: change.WindowID(p.windowID(r.Context(), f)), Name: f.text("name"), Services: p.servicesIn(r.Context(), f)}
	if text := f.text("times"); text == "" {
		f.bad.Add("times", "required", "", "say when it comes, as Sa 22:00-04:00 Europe/Berlin")
	} else if x.Times, err = recur.ParseWindow(text); err != nil {
		mergeAt(f, "times", err)
	}
	if f.bad.Err() != nil { // what else is wrong is told, too
		rest := x
		rest.Times, rest.During = recur.Window{}, calendar.Between(p.store.Now(), p.store.Now().Add(day))
		err = f.err(rest.Validate())
	} else {
		err = f.err(p.Control().KeepWindow(r.Context(), viewer(r).actor(), x))
	}
	return p.finish(w, r, err, confirmed(windowsPath, "kept"), func(err error) error { return p.windows(w, r, f, err) })
}

// mergeAt says what is wrong with a text at its field, with the place in it.
func mergeAt(f *form, name string, err error) {
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		f.bad.Merge(name, err)
		return
	}
	for _, x := range invalid.Violations {
		text := x.Text
		if x.Path != "" {
			text += " (" + x.Path + ")"
		}
		f.bad.Add(name, x.Code, x.Value, text)
	}
}

func (p *portal) dropWindow(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	err = p.Control().DropWindow(r.Context(), viewer(r).actor(), change.WindowID(r.PathValue("window")))
	return p.finish(w, r, err, confirmed(windowsPath, "dropped"), func(err error) error { return p.windows(w, r, f, err) })
}
