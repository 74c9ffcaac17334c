package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/coin/configurationroom"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

const configurationPath = "/configuration"

// configurationArea is what there is and how it is meant to be: of all customers for the
// provider's people, of one for its own.
func (p *portal) configurationArea() area {
	const base = "/customers/{customer}/configuration"
	return area{
		pages: map[string]route{
			"GET /configuration":                       {providers, p.showDrift},
			"GET /configuration/unknown":               {providers, p.showUnknown},
			"GET /configuration/strays":                {providers, p.showStrays},
			"GET " + base:                              {ofCustomer, p.showItems},
			"GET " + base + "/items/{item}":            {ofCustomer, p.showItem},
			"POST " + base + "/items/{item}/{verb}":    {providers, p.changeRecorded},
			"POST " + base + "/strays/{item}":          {providers, p.acknowledgeStray},
			"GET " + base + "/observe":                 {providers, p.showHandIn},
			"POST " + base + "/observe":                {providers, p.handIn},
			"GET " + base + "/baselines":               {ofCustomer, p.showBaselines},
			"POST " + base + "/baselines":              {providers, p.takeBaseline},
			"GET " + base + "/baselines/{id}":          {ofCustomer, p.showBaseline},
			"POST " + base + "/baselines/{id}/approve": {providers, p.approveBaseline},
			"GET " + base + "/handover":                {ofCustomer, p.handOver},
		},
		nav:  toProviders(navItem{Path: configurationPath, Name: "Configuration"}),
		of:   toCustomer("Configuration", "configuration"),
		work: []chore{p.unauthorisedDrift(), p.straysToJudge(), p.baselinesToApprove()},
		done: map[string]string{
			"finding-acknowledged": "It is noted that you have seen it. It stays until it is remedied or accepted.", "finding-accepted": "What was found is recorded now: another version.",
			"stray-acknowledged": "It is noted that you have seen it.", "baseline-taken": "The baseline is taken. Somebody else approves it.", "baseline-approved": "This baseline holds now.",
		},
	}
}

func recordedPath(c servicecoin.CustomerID, id servicecoin.ConfigurationID) string {
	return customerPath(c, "configuration", "items", string(id))
}

// recordedRow is an item in a list.
type recordedRow struct {
	configuration.Item

	Path, Whose, TypeName, ServiceName string
	Stands, Tone                       string
	Unknown                            string // for how long nobody knows how it is; "": it is known
	Since                              string // for how long it differs; "": it does not
	WorstTone                          string
	Origins                            []originPart // who changed it
}

func (p *portal) recordedRow(c servicecoin.CustomerID, whose string, i configuration.Item, names namesByID) recordedRow {
	now := p.store.Now()
	row := recordedRow{Item: i, Path: recordedPath(c, i.ID), Whose: whose, TypeName: p.typeTitle(i.Type), WorstTone: severityTone(i.Worst)}
	if i.Service != "" {
		row.ServiceName = names.Of(i.Service)
	}
	standing := i.Standing(now)
	row.Stands, row.Tone = itemStandingWords(standing)
	if standing == configuration.Unknown || standing == configuration.NeverSeen {
		row.Unknown = unknownFor(&i, now)
	}
	if i.Open > 0 {
		row.Since = whileWords(now.Sub(i.DriftsAt))
	}
	return row
}

// typeTitle is what people call a type.
func (p *portal) typeTitle(name configuration.TypeName) string {
	for _, t := range itemTypes() {
		if t.Name == name {
			return t.Title
		}
	}
	return string(name)
}

type driftPage struct {
	page
	pager

	Here      string
	Customers []driftCustomer
	List      []recordedRow
	Only      string // "unauthorised", or a severity
	Strays    []strayRow
	More      bool
	Known     int
}

// driftCustomer is how one customer's configuration stands.
type driftCustomer struct {
	Name, Path             string
	Drift, Unknown, Strays string // counts in words; "": none
	Baseline, BaselinePath string
	Waits                  bool
}

// showDrift lists what differs of all customers, the worst first, and how each customer
// stands.
func (p *portal) showDrift(w http.ResponseWriter, r *http.Request) error {
	const most, mostRead = 100, 1000
	ctx := r.Context()
	only := r.URL.Query().Get("only")
	if only != "" && only != "unauthorised" && !slices.Contains(configuration.Severities(), configuration.Severity(only)) {
		return noPage(r)
	}
	list := configuration.DriftingAcross(p.store).Where(func(i configuration.Item) bool {
		return only == "" || only == "unauthorised" && i.Unauthorised > 0 || string(i.Worst) == only
	})
	if wantsCSV(r) {
		return p.asCSV(w, r, "drift.csv", []string{"customer", "item", "name", "type", "environment", "service", "standing", "findings", "unauthorised", "worst", "since", "lookedAt", "lookedBy"}, func(after string) ([][]string, string, error) {
			page, err := list.Page(ctx, after, store.MaxPage)
			var rows [][]string
			for _, item := range page.Items {
				i := item.Value
				rows = append(rows, csvfile.Cells(string(item.Key.Customer), string(i.ID), i.Name, string(i.Type), i.Environment, string(i.Service), string(i.Standing(p.store.Now())), strconv.Itoa(i.Open), strconv.Itoa(i.Unauthorised), string(i.Worst), instantText(i.DriftsAt), instantText(i.Looked.At), i.Looked.By))
			}
			return rows, page.Next, err
		})
	}
	v := driftPage{page: p.page(r, "Configuration", configurationPath), Here: "drift", Only: only}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	found, err := list.Page(ctx, "", mostRead)
	if err != nil {
		return err
	}
	slices.SortStableFunc(found.Items, func(a, b store.Item[configuration.Item]) int { return worstFirst(a.Value, b.Value) })
	v.Known, v.More = len(found.Items), found.Next != "" || len(found.Items) > most
	whose, titles := p.customerNames(ctx), p.changeTitles(ctx)
	for _, item := range found.Items[:min(most, len(found.Items))] {
		row := p.recordedRow(item.Key.Customer, whose(item.Key.Customer), item.Value, names)
		if row.Origins, err = p.origins(ctx, item.Key.Customer, item.Value.ID, titles); err != nil {
			return err
		}
		v.List = append(v.List, row)
	}
	v.CSV = r.URL.EscapedPath() + "?" + url.Values{"as": {"csv"}, "only": {only}}.Encode()
	clients, ways, err := listed(r, p.host.clients().Find(store.All()), customersAtOnce)
	if err != nil {
		return err
	}
	v.First, v.Previous, v.Next = ways.First, ways.Previous, ways.Next
	for _, c := range clients.Items {
		row, err := p.driftCustomer(ctx, c.Value)
		if err != nil {
			return err
		}
		v.Customers = append(v.Customers, row)
	}
	return p.render(w, r, "configuration.html", 0, v)
}

// originPart is who changed something: a change, or none that is approved.
type originPart struct {
	Words, Class string
	Path, Title  string // of the change
}

// origins says once of each who changed an item, as far as it differs.
func (p *portal) origins(ctx context.Context, c servicecoin.CustomerID, id servicecoin.ConfigurationID, titles func(servicecoin.ChangeID) (string, error)) ([]originPart, error) {
	d, err := p.Configuration(c).Drift(ctx, id)
	if err != nil {
		return nil, err
	}
	var list []originPart
	for _, f := range d.Open {
		words, tone := originWords(f.Origin)
		part := originPart{Words: words, Class: map[string]string{"bad": "late"}[tone]}
		if f.Change != "" {
			part.Path = changePath(f.Change)
			if part.Title, err = titles(f.Change); err != nil {
				return nil, err
			}
		}
		if !slices.Contains(list, part) {
			list = append(list, part)
		}
	}
	return list, nil
}

func (p *portal) driftCustomer(ctx context.Context, c client) (driftCustomer, error) {
	register := p.Configuration(c.ID)
	row := driftCustomer{Name: c.Name, Path: customerPath(c.ID, "configuration")}
	var err error
	if row.Drift, err = counted(ctx, register.Drifting(), "item"); err != nil {
		return row, err
	}
	if row.Unknown, err = counted(ctx, register.Unknown(p.store.Now()), "item"); err != nil {
		return row, err
	}
	if row.Strays, err = counted(ctx, register.Strays(), "thing"); err != nil {
		return row, err
	}
	row.Waits = row.Drift+row.Unknown+row.Strays != ""
	b, err := register.Approved(ctx)
	if errors.Is(err, servicecoin.ErrNotFound) {
		return row, nil
	}
	row.Baseline, row.BaselinePath = b.Name, customerPath(c.ID, "configuration", "baselines", string(b.ID))
	return row, err
}

// showUnknown lists of what nobody knows how it is, for how long, and why.
func (p *portal) showUnknown(w http.ResponseWriter, r *http.Request) error {
	const most = 50
	ctx := r.Context()
	v := driftPage{page: p.page(r, "Configuration that is not known", configurationPath), Here: "unknown"}
	names, err := p.names(ctx)
	if err != nil {
		return err
	}
	list := configuration.UnknownAcross(p.store, v.Now)
	if wantsCSV(r) {
		return p.asCSV(w, r, "not-known.csv", []string{"customer", "item", "name", "type", "environment", "since", "lookedAt", "change"}, func(after string) ([][]string, string, error) {
			page, err := list.Page(ctx, after, store.MaxPage)
			var rows [][]string
			for _, item := range page.Items {
				i := item.Value
				change := ""
				if i.Outdated != nil {
					change = string(i.Outdated.Change)
				}
				rows = append(rows, csvfile.Cells(string(item.Key.Customer), string(i.ID), i.Name, string(i.Type), i.Environment, instantText(configurationroom.UnknownSince(&i)), instantText(i.Looked.At), change))
			}
			return rows, page.Next, err
		})
	}
	found, ways, err := listed(r, list, most)
	if err != nil {
		return err
	}
	v.pager = ways
	whose := p.customerNames(ctx)
	for _, item := range found.Items {
		v.List = append(v.List, p.recordedRow(item.Key.Customer, whose(item.Key.Customer), item.Value, names))
	}
	return p.render(w, r, "configuration_unknown.html", 0, v)
}

// strayRow is what is there and not recorded.
type strayRow struct {
	configuration.Stray

	Whose, TypeName, Action, Form string
	Customer                      string
}

func (p *portal) strayRow(c servicecoin.CustomerID, whose string, s configuration.Stray) strayRow {
	return strayRow{Stray: s, Whose: whose, Customer: customerPath(c, "configuration"), TypeName: p.typeTitle(s.Type), Action: customerPath(c, "configuration", "strays", string(s.ID)), Form: "stray-" + string(c) + "-" + string(s.ID)}
}

func (p *portal) showStrays(w http.ResponseWriter, r *http.Request) error {
	return p.strays(w, r, "", nil, nil)
}

func (p *portal) strays(w http.ResponseWriter, r *http.Request, form string, f *form, problems error) error {
	const most = 50
	ctx := r.Context()
	v := driftPage{page: p.page(r, "Not recorded", configurationPath), Here: "strays"}
	if r.PathValue("customer") != "" { // the form of one customer, on the page of all
		v.Sub, v.Nav = nil, current(v.Nav, configurationPath)
	}
	if problems != nil {
		v.againIn(form, f, problems)
	}
	found, ways, err := listed(r, configuration.StraysAcross(p.store), most)
	if err != nil {
		return err
	}
	v.pager = ways
	v.CSV = ""
	whose := p.customerNames(ctx)
	for _, item := range found.Items {
		v.Strays = append(v.Strays, p.strayRow(item.Key.Customer, whose(item.Key.Customer), item.Value))
	}
	return p.render(w, r, "configuration_strays.html", problem.Status(problems), v)
}

// acknowledgeStray notes that somebody has seen what is not recorded.
func (p *portal) acknowledgeStray(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	id := servicecoin.ConfigurationID(r.PathValue("item"))
	_, err = p.Configuration(c.ID).AcknowledgeStray(r.Context(), viewer(r).actor(), id, f.text("text"))
	return p.finish(w, r, f.err(err), confirmed(configurationPath+"/strays", "stray-acknowledged"), func(err error) error {
		return p.strays(w, r, "stray-"+string(c.ID)+"-"+string(id), f, err)
	})
}

// recordsOfChange are the items that a change names, as far as they are recorded: of the
// customers in whose environments it works.
func (p *portal) recordsOfChange(ctx context.Context, x *change.Change) ([]choice, error) {
	const most = 20
	whose := p.customerNames(ctx)
	var list []choice
	for _, id := range x.Scope.Records[:min(most, len(x.Scope.Records))] {
		page, err := configuration.CalledAcross(p.store, id).Page(ctx, "", most)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			if c := item.Key.Customer; x.Scope.Tells(c) {
				list = append(list, choice{recordedPath(c, id), item.Value.Name + " of " + whose(c)})
			}
		}
	}
	return list, nil
}

// The work that waits.

// unauthorisedDrift is what was changed by no approved change, and nobody has looked at.
func (p *portal) unauthorisedDrift() chore {
	return chore{
		name: "drift", title: "Changed without an approved change", about: "Have it put back, or accept it through a change.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			whose := p.customerNames(ctx)
			list := configuration.DriftingAcross(p.store).Where(func(i configuration.Item) bool { return i.Unauthorised > 0 })
			return paged(ctx, list, after, limit, func(item store.Item[configuration.Item]) (task, error) {
				i := item.Value
				return task{
					Customer: item.Key.Customer, ID: string(i.ID), Whose: whose(item.Key.Customer), What: i.Name, More: plural(i.Unauthorised, "finding"),
					Path: recordedPath(item.Key.Customer, i.ID), Since: i.DriftsAt, Late: i.Worst == configuration.Critical,
				}, nil
			})
		},
	}
}

// straysToJudge is what is there, is not recorded, and nobody has said a word of.
func (p *portal) straysToJudge() chore {
	return chore{
		name: "strays", title: "There, and not recorded", about: "Have it recorded or taken away, and say which.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			whose := p.customerNames(ctx)
			list := configuration.StraysAcross(p.store).Where(func(s configuration.Stray) bool { return s.Acknowledged == nil })
			return paged(ctx, list, after, limit, func(item store.Item[configuration.Stray]) (task, error) {
				s := item.Value
				return task{Customer: item.Key.Customer, ID: string(s.ID), Whose: whose(item.Key.Customer), What: string(s.ID), More: p.typeTitle(s.Type) + ", seen by " + s.SeenBy, Path: configurationPath + "/strays", Since: s.FirstSeen}, nil
			})
		},
	}
}

// baselinesToApprove are those that somebody took, and nobody else has approved.
func (p *portal) baselinesToApprove() chore {
	const most = 5 // of a customer
	return chore{
		name: "baselines", title: "Baselines to approve", about: "Whoever did not take it looks at it, and approves it.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			clients, err := p.host.clients().Find(store.All()).Page(ctx, after, limit)
			if err != nil {
				return nil, "", err
			}
			var tasks []task
			for _, c := range clients.Items {
				page, err := p.Configuration(c.Value.ID).Baselines().Where(func(b configuration.Baseline) bool { return b.State == configuration.BaselineTaken }).Page(ctx, "", most)
				if err != nil {
					return nil, "", err
				}
				for _, b := range page.Items {
					tasks = append(tasks, task{
						Customer: c.Value.ID, ID: string(b.Value.ID), Whose: c.Value.Name, What: b.Value.Name, More: plural(b.Value.Count, "item") + ", taken by " + p.pages.actor(b.Value.By),
						Path: customerPath(c.Value.ID, "configuration", "baselines", string(b.Value.ID)), Since: b.Value.Taken,
					})
				}
			}
			return tasks, clients.Next, nil
		},
	}
}
