package main

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/problem"
)

// baselineRow is a baseline in a list.
type baselineRow struct {
	configuration.Baseline

	Path, Stands, Tone, Who, Approver string
}

func (p *portal) baselineRow(c servicecoin.CustomerID, b configuration.Baseline) baselineRow {
	row := baselineRow{Baseline: b, Path: customerPath(c, "configuration", "baselines", string(b.ID)), Who: p.pages.actor(b.By)}
	row.Stands, row.Tone = baselineWords(b.State)
	for _, e := range b.History {
		if e.To == configuration.BaselineApproved {
			row.Approver = p.pages.actor(e.By) + ", " + p.deskStamp(e.At)
		}
	}
	return row
}

type baselinesPage struct {
	page
	pager

	Customer servicecoin.Customer
	Base     string
	List     []baselineRow
	May      bool
}

// seesBaseline reports whether somebody may look at a baseline: of a customer's people,
// those that hold or held.
func seesBaseline(who person, b configuration.Baseline) bool {
	return who.Provider() || b.State != configuration.BaselineTaken
}

func (p *portal) showBaselines(w http.ResponseWriter, r *http.Request) error {
	return p.baselines(w, r, nil, nil)
}

func (p *portal) baselines(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	const most = 25
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	v := baselinesPage{page: p.page(r, "Baselines", customerPath(c.ID, "configuration")), Customer: c.Customer, Base: customerPath(c.ID, "configuration")}
	v.May = v.Viewer.Provider()
	if problems != nil {
		v.again(f, problems)
	}
	found, ways, err := listed(r, p.Configuration(c.ID).Baselines().Where(func(b configuration.Baseline) bool { return seesBaseline(v.Viewer, b) }), most)
	if err != nil {
		return err
	}
	v.pager = ways
	v.CSV = ""
	for _, b := range found.Items {
		v.List = append(v.List, p.baselineRow(c.ID, b.Value))
	}
	return p.render(w, r, "configuration_baselines.html", problem.Status(problems), v)
}

// takeBaseline names what is recorded, or was at an instant.
func (p *portal) takeBaseline(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	taking := configuration.Taking{Name: f.text("name"), Note: f.text("note"), At: f.time("at", c.zone())}
	if err = f.bad.Err(); err == nil {
		_, err = p.Configuration(c.ID).TakeBaseline(r.Context(), viewer(r).actor(), taking)
	}
	return p.finish(w, r, f.err(err), confirmed(customerPath(c.ID, "configuration", "baselines"), "baseline-taken"), func(err error) error {
		return p.baselines(w, r, f, err)
	})
}

type baselinePage struct {
	page

	Customer servicecoin.Customer
	Base     string
	Baseline baselineRow
	Items    []pinnedRow
	More     int
	Others   []choice
	With     string // the id of the other one; "now"; "": none
	First    string // the names of the two that are compared
	Second   string
	Differ   []differencePart
	MoreDiff int
	Asked    bool // a difference was asked for
	May, Own bool // who looks may approve; took it
}

type pinnedRow struct {
	Name, Path, Type string
	Version          int
	Old              bool // another version is recorded now
}

// differencePart is how an item differs between two baselines.
type differencePart struct {
	Name, Path, Words string
	Rows              []differenceRow
	More              int
}

type differenceRow struct{ Path, Kind, From, To string }

func (p *portal) showBaseline(w http.ResponseWriter, r *http.Request) error {
	return p.baseline(w, r, nil, nil)
}

func (p *portal) baseline(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	const most = 200
	ctx := r.Context()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	register := p.Configuration(c.ID)
	b, err := register.Baseline(ctx, configuration.BaselineID(r.PathValue("id")))
	if err != nil {
		return err
	}
	v := baselinePage{page: p.page(r, b.Name, customerPath(c.ID, "configuration")), Customer: c.Customer, Base: customerPath(c.ID, "configuration"), Baseline: p.baselineRow(c.ID, b)}
	if !seesBaseline(v.Viewer, b) {
		return noPage(r)
	}
	if problems != nil {
		v.again(f, problems)
	}
	v.Own = b.By.ID == v.Viewer.ID
	v.May = v.Viewer.Provider() && b.State == configuration.BaselineTaken
	for n, x := range b.Items {
		if n == most {
			v.More = len(b.Items) - most
			break
		}
		i, err := register.Item(ctx, x.Item)
		if err != nil {
			return err
		}
		v.Items = append(v.Items, pinnedRow{Name: i.Name, Path: recordedPath(c.ID, i.ID) + "?" + url.Values{"at": {b.At.Format("2006-01-02T15:04:05.999999Z07:00")}}.Encode() + "#then", Type: p.typeTitle(i.Type), Version: x.Version, Old: i.Version != x.Version})
	}
	v.Others = []choice{{"now", "what is recorded now"}}
	for x, err := range register.Baselines().All(ctx) {
		if err != nil {
			return err
		}
		if x.ID != b.ID && seesBaseline(v.Viewer, x) && len(v.Others) < most {
			v.Others = append(v.Others, choice{string(x.ID), x.Name})
		}
	}
	if v.With = r.URL.Query().Get("with"); v.With != "" {
		if err := p.differences(r, &v, register, b); err != nil {
			return err
		}
	}
	return p.render(w, r, "configuration_baseline.html", problem.Status(problems), v)
}

// differences adds how a baseline and another one, or what is recorded now, differ.
func (p *portal) differences(r *http.Request, v *baselinePage, register *configuration.Register, b configuration.Baseline) error {
	const mostItems, mostRows = 100, 50
	ctx := r.Context()
	at := slices.IndexFunc(v.Others, func(c choice) bool { return c.Value == v.With })
	if at < 0 {
		return noPage(r)
	}
	v.Asked, v.First, v.Second = true, v.Baseline.Name, v.Others[at].Name
	var list []configuration.ItemDifference
	var err error
	if v.With == "now" {
		list, err = register.Since(ctx, b.ID)
	} else {
		var other configuration.Baseline
		if other, err = register.Baseline(ctx, configuration.BaselineID(v.With)); err != nil {
			return err
		}
		from, to := b.ID, other.ID
		if other.At.Before(b.At) { // the earlier one is the first
			from, to, v.First, v.Second = to, from, v.Second, v.First
		}
		list, err = register.Between(ctx, from, to)
	}
	if err != nil {
		return err
	}
	for n, d := range list {
		if n == mostItems {
			v.MoreDiff = len(list) - n
			break
		}
		i, err := register.Item(ctx, d.Item)
		if err != nil {
			return err
		}
		part := differencePart{Name: i.Name, Path: recordedPath(v.Customer.ID, d.Item), Words: changedWords(d)}
		for k, x := range d.Differences {
			if k == mostRows {
				part.More = len(d.Differences) - k
				break
			}
			part.Rows = append(part.Rows, differenceRow{placeWords(x.Path), kindWords(x.Kind), valueText(x.Desired), valueText(x.Observed)})
		}
		v.Differ = append(v.Differ, part)
	}
	return nil
}

// placeWords is a place of a recorded version: of what is desired by its pointer, of
// what is said beside it by its name.
func placeWords(path string) string {
	if rest, desired := strings.CutPrefix(path, "/desired"); desired {
		return cmp.Or(rest, "the whole")
	}
	return strings.TrimPrefix(path, "/")
}

func (p *portal) approveBaseline(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	id := configuration.BaselineID(r.PathValue("id"))
	_, err = p.Configuration(c.ID).ApproveBaseline(r.Context(), viewer(r).actor(), id, f.text("reason"))
	return p.finish(w, r, f.err(err), confirmed(customerPath(c.ID, "configuration", "baselines", string(id)), "baseline-approved"), func(err error) error {
		return p.baseline(w, r, f, err)
	})
}

// handOver is the whole configuration of a customer as a document of its own, to be
// printed or kept.
func (p *portal) handOver(w http.ResponseWriter, r *http.Request) error {
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	h, err := p.Configuration(c.ID).HandOver(r.Context(), "Hand-over of the configuration of "+c.Name)
	if err != nil {
		return err
	}
	name := fileName(string(c.ID)) + "-hand-over"
	if r.URL.Query().Get("as") == "markdown" {
		attach(w, "text/markdown; charset=utf-8", name+".md")
		return h.WriteMarkdown(w)
	}
	attach(w, "text/html; charset=utf-8", name+".html")
	return h.WriteHTML(w)
}
