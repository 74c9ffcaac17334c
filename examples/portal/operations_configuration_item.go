package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/coin/changeroom"
	"github.com/servicecoin/servicecoin/operations/change"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/problem"
)

type recordsPage struct {
	page
	pager

	Customer     servicecoin.Customer
	Base         string
	List         []recordedRow
	Standings    []choice
	Standing     string
	Types        []choice
	Type         string
	Drift        string // counts in words; "": none
	Unknown      string
	Unauthorised string
	Approved     *baselineRow
	Strays       []strayRow
	MayHandIn    bool
}

func itemStandings() []choice {
	var list []choice
	for _, s := range []configuration.Standing{configuration.Drifted, configuration.InLine, configuration.Unknown, configuration.NeverSeen, configuration.Retired} {
		words, _ := itemStandingWords(s)
		list = append(list, choice{string(s), words})
	}
	return list
}

// showItems lists a customer's items by their names.
func (p *portal) showItems(w http.ResponseWriter, r *http.Request) error {
	const most, mostStrays = 50, 20
	ctx, q := r.Context(), r.URL.Query()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	v := recordsPage{
		page: p.page(r, "Configuration", customerPath(c.ID, "configuration")), Customer: c.Customer, Base: customerPath(c.ID, "configuration"),
		Standings: itemStandings(), Standing: q.Get("standing"), Type: q.Get("type"),
	}
	v.MayHandIn = v.Viewer.Provider()
	for _, t := range itemTypes() {
		v.Types = append(v.Types, choice{string(t.Name), t.Title})
	}
	names, err := p.namesFor(ctx, v.Viewer)
	if err != nil {
		return err
	}
	register := p.Configuration(c.ID)
	list := register.Items().Where(func(i configuration.Item) bool {
		standing := i.Standing(v.Now)
		return (v.Type == "" || string(i.Type) == v.Type) && (v.Standing == "" && standing != configuration.Retired || v.Standing == "all" || string(standing) == v.Standing)
	})
	if wantsCSV(r) {
		return p.asCSV(w, r, fileName(string(c.ID))+"-configuration.csv", []string{"item", "name", "type", "environment", "owner", "service", "version", "changedAt", "standing", "findings", "unauthorised", "worst", "lookedAt", "lookedBy"},
			rowsOfPages(r, list, func(i configuration.Item) [][]string {
				return [][]string{{string(i.ID), i.Name, string(i.Type), i.Environment, string(i.Owner), string(i.Service), strconv.Itoa(i.Version), instantText(i.ChangedAt), string(i.Standing(v.Now)), strconv.Itoa(i.Open), strconv.Itoa(i.Unauthorised), string(i.Worst), instantText(i.Looked.At), i.Looked.By}}
			}))
	}
	found, ways, err := listed(r, list, most)
	if err != nil {
		return err
	}
	v.pager = ways
	for _, item := range found.Items {
		v.List = append(v.List, p.recordedRow(c.ID, "", item.Value, names))
	}
	if v.Drift, err = counted(ctx, register.Drifting(), "item"); err != nil {
		return err
	}
	if v.Unauthorised, err = counted(ctx, register.Drifting().Where(func(i configuration.Item) bool { return i.Unauthorised > 0 }), "item"); err != nil {
		return err
	}
	if v.Unknown, err = counted(ctx, register.Unknown(v.Now), "item"); err != nil {
		return err
	}
	b, err := register.Approved(ctx)
	switch {
	case errors.Is(err, servicecoin.ErrNotFound):
	case err != nil:
		return err
	default:
		row := p.baselineRow(c.ID, b)
		v.Approved = &row
	}
	strays, err := register.Strays().Page(ctx, "", mostStrays)
	if err != nil {
		return err
	}
	for _, s := range strays.Items {
		v.Strays = append(v.Strays, p.strayRow(c.ID, "", s.Value))
	}
	return p.render(w, r, "configuration_items.html", 0, v)
}

type recordedPage struct {
	page

	Customer     servicecoin.Customer
	Base         string // of the customer's items
	Path         string
	Item         recordedRow
	Owner        string
	Rows         []stateRow
	MoreRows     int
	Findings     []findingPart
	MoreFindings int
	Past         []findingPart
	Versions     []recordedVersion
	Related      []relatedRow
	Then         *thenPart // as of an instant
	Asked        string    // the instant, as it was typed
	Through      []choice  // changes through which findings may be accepted
	Discovered   []choice  // changes under which findings are on record that nobody asked for; address and id
	May          bool
	Partly       bool // it was looked at in part
	Never        bool
}

// findingPart is a difference, in words.
type findingPart struct {
	configuration.Finding

	Kinds, Was, Is      string
	Stands, Tone        string
	Origin, OriginTone  string
	ChangePath, Through string // the change that explains it; for the provider's people
	SeverityTone        string
	Form                string // the name of the form that acknowledges it; "": it is not for who looks
	Known, Ends         string // notes; for the provider's people
	Seen                bool   // somebody has
}

type recordedVersion struct {
	configuration.Version

	Path, Who, ChangePath, Title string
	Now                          bool
}

type relatedRow struct{ Words, Name, Path string }

// thenPart is what was recorded at an instant.
type thenPart struct {
	configuration.Version

	At     time.Time
	Rows   []thenRow
	Differ int
	Who    string
}

type thenRow struct {
	Path, Then, Now string
	Differs         bool
}

func (p *portal) showItem(w http.ResponseWriter, r *http.Request) error {
	return p.item(w, r, "", nil, nil)
}

func (p *portal) item(w http.ResponseWriter, r *http.Request, form string, f *form, problems error) error {
	ctx := r.Context()
	c, err := p.customer(r)
	if err != nil {
		return err
	}
	register, id := p.Configuration(c.ID), servicecoin.ConfigurationID(r.PathValue("item"))
	i, err := register.Item(ctx, id)
	if err != nil {
		return err
	}
	v := recordedPage{page: p.page(r, i.Name, customerPath(c.ID, "configuration")), Customer: c.Customer, Base: customerPath(c.ID, "configuration"), Path: recordedPath(c.ID, id)}
	v.May = v.Viewer.Provider()
	if problems != nil {
		v.againIn(form, f, problems)
	}
	names, err := p.namesFor(ctx, v.Viewer)
	if err != nil {
		return err
	}
	v.Item = p.recordedRow(c.ID, c.Name, i, names)
	if v.Owner = c.Name; i.Owner == configuration.OfProvider {
		v.Owner = providerName
	}
	now, err := register.Version(ctx, id, i.Version)
	if err != nil {
		return err
	}
	if err := p.itemStates(ctx, &v, register, now); err != nil {
		return err
	}
	if err := p.itemBeside(ctx, &v, register); err != nil {
		return err
	}
	if err := p.itemThen(r, &v, register, c, now); err != nil {
		return err
	}
	if v.May && v.Item.Open > 0 && i.RetiredAt.IsZero() {
		if v.Through, err = p.changesThrough(ctx, c.ID, &i); err != nil {
			return err
		}
	}
	return p.render(w, r, "configuration_item.html", problem.Status(problems), v)
}

// itemStates adds what is desired, what was found, and how the two differ.
func (p *portal) itemStates(ctx context.Context, v *recordedPage, register *configuration.Register, now configuration.Version) error {
	d, err := register.Drift(ctx, now.Item)
	if err != nil {
		return err
	}
	seen, err := register.Observed(ctx, now.Item)
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	v.Never, v.Partly = errors.Is(err, servicecoin.ErrNotFound), !seen.IsZero() && !seen.Complete()
	v.Rows, v.MoreRows = stateRows(typeOf(now.Type), now.Desired, seen.State, seen.Look, d.Open)
	v.MoreFindings = d.More
	titles := p.changeTitles(ctx)
	for _, f := range d.Open {
		part, err := p.findingPart(v, f, titles)
		if err != nil {
			return err
		}
		v.Findings = append(v.Findings, part)
		if v.May && f.Origin == configuration.Unauthorised {
			id := changeroom.Discovered(v.Customer.ID, now.Item, f.Number)
			switch x, err := p.Control().Get(ctx, id); {
			case err == nil:
				v.Discovered = append(v.Discovered, choice{changePath(id), x.Title})
			case !errors.Is(err, servicecoin.ErrNotFound):
				return err
			}
		}
	}
	for _, f := range d.Past {
		part, err := p.findingPart(v, f, titles)
		if err != nil {
			return err
		}
		v.Past = append(v.Past, part)
	}
	return nil
}

// changeTitles returns the titles of changes by their ids.
func (p *portal) changeTitles(ctx context.Context) func(servicecoin.ChangeID) (string, error) {
	known := map[servicecoin.ChangeID]string{}
	return func(id servicecoin.ChangeID) (string, error) {
		if title, ok := known[id]; ok || id == "" {
			return title, nil
		}
		x, err := p.Control().Get(ctx, id)
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return "", err
		}
		known[id] = cmp.Or(x.Title, string(id))
		return known[id], nil
	}
}

func (p *portal) findingPart(v *recordedPage, f configuration.Finding, titles func(servicecoin.ChangeID) (string, error)) (findingPart, error) {
	part := findingPart{Finding: f, Kinds: kindWords(f.Kind), Was: valueText(f.Desired), Is: valueText(f.Observed), SeverityTone: severityTone(f.Severity), Seen: f.Acknowledged != nil}
	part.Stands, part.Tone = findingWords(f.State)
	part.Origin, part.OriginTone = originWords(f.Origin)
	if !v.May {
		return part, nil
	}
	var err error
	if f.Change != "" {
		part.ChangePath = changePath(f.Change)
		if part.Through, err = titles(f.Change); err != nil {
			return part, err
		}
	}
	if n := f.Acknowledged; n != nil {
		part.Known = p.pages.actor(n.By) + ", " + p.deskStamp(n.At) + noteText(n.Text)
	}
	if n := f.Ended; n != nil {
		part.Ends = p.pages.actor(n.By) + ", " + p.deskStamp(n.At) + noteText(n.Text)
		if n.Change != "" {
			title, err := titles(n.Change)
			if err != nil {
				return part, err
			}
			part.ChangePath, part.Through = changePath(n.Change), title
		}
	}
	if f.State == configuration.FindingOpen {
		part.Form = "acknowledge-" + strconv.Itoa(f.Number)
	}
	return part, nil
}

func noteText(text string) string {
	if text == "" {
		return ""
	}
	return ": “" + text + "”"
}

// itemBeside adds versions and relations.
func (p *portal) itemBeside(ctx context.Context, v *recordedPage, register *configuration.Register) error {
	const most = 50
	versions, err := register.Versions(v.Item.ID).Page(ctx, "", most)
	if err != nil {
		return err
	}
	titles := p.changeTitles(ctx)
	for _, item := range versions.Items {
		x := item.Value
		row := recordedVersion{Version: x, Path: v.Path + "?" + url.Values{"at": {x.From.Format(time.RFC3339Nano)}}.Encode() + "#then", Who: p.pages.actor(x.By), Now: x.Number == v.Item.Version}
		if x.Change != "" && v.May {
			row.ChangePath = changePath(x.Change)
			if row.Title, err = titles(x.Change); err != nil {
				return err
			}
		}
		v.Versions = append(v.Versions, row)
	}
	name := func(id servicecoin.ConfigurationID) (string, error) {
		x, err := register.Item(ctx, id)
		if errors.Is(err, servicecoin.ErrNotFound) {
			return string(id), nil
		}
		return x.Name, err
	}
	add := func(kind configuration.RelationKind, id servicecoin.ConfigurationID, back bool) error {
		called, err := name(id)
		v.Related = append(v.Related, relatedRow{relationWords(kind, back), called, recordedPath(v.Customer.ID, id)})
		return err
	}
	for _, rel := range v.Item.Relations {
		if err := add(rel.Kind, rel.To, false); err != nil {
			return err
		}
	}
	back, err := register.RelatedTo(v.Item.ID).Page(ctx, "", most)
	if err != nil {
		return err
	}
	for _, rel := range back.Items {
		if err := add(rel.Value.Kind, rel.Value.From, true); err != nil {
			return err
		}
	}
	return nil
}

// itemThen adds what was recorded at the instant that is asked for.
func (p *portal) itemThen(r *http.Request, v *recordedPage, register *configuration.Register, c client, now configuration.Version) error {
	v.Asked = r.URL.Query().Get("at")
	if v.Asked == "" || r.Method != http.MethodGet {
		v.Asked = ""
		return nil
	}
	f, err := readForm(r)
	if err != nil {
		return err
	}
	at, ok := instantAt(v.Asked, c.zone())
	if !ok {
		f.bad.Add("at", "bad-time", v.Asked, "must be a day and a time, as 2026-11-24 09:30")
		v.againIn("then", f, f.bad.Err())
		return nil
	}
	v.Asked = at.In(c.zone()).Format(wholeTime)
	then, err := register.AsOf(r.Context(), now.Item, at)
	if errors.Is(err, servicecoin.ErrNotFound) {
		f.bad.Add("at", "out-of-range", "", "is before it was recorded, which was "+v.Item.RecordedAt.In(c.zone()).Format(stampLayout))
		v.againIn("then", f, f.bad.Err())
		return nil
	}
	if err != nil {
		return err
	}
	v.Then = &thenPart{Version: then, At: at, Who: p.pages.actor(then.By)}
	was, is := map[string]configuration.Value{}, map[string]configuration.Value{}
	leavesOf(then.Desired, "", was)
	leavesOf(now.Desired, "", is)
	all := map[string]bool{}
	for path := range was {
		all[path] = true
	}
	for path := range is {
		all[path] = true
	}
	for _, path := range sortedKeys(all) {
		row := thenRow{Path: path, Then: valueText(was[path]), Now: valueText(is[path])}
		a, b := was[path], is[path]
		if row.Differs = !a.Equal(b); row.Differs {
			v.Then.Differ++
		}
		if len(v.Then.Rows) < mostStateRows {
			v.Then.Rows = append(v.Then.Rows, row)
		}
	}
	return nil
}

// instantAt reads an instant of an address by a clock.
func instantAt(text string, loc *time.Location) (time.Time, bool) {
	for _, layout := range []string{wholeTime, "2006-01-02 15:04", time.RFC3339Nano, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, loc); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// changesThrough are the approved changes that concern an item: those of the last three
// months, and those that lie ahead.
func (p *portal) changesThrough(ctx context.Context, c servicecoin.CustomerID, i *configuration.Item) ([]choice, error) {
	const most, reach = 50, 92 * day
	now := p.store.Now()
	list, err := p.Control().WorkedOn(ctx, calendar.Between(now.Add(-reach), now.Add(time.Microsecond)))
	if err != nil {
		return nil, err
	}
	for _, s := range []change.State{change.Scheduled, change.Approved} {
		page, err := p.Control().InState(s).Page(ctx, "", most)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			list = append(list, item.Value)
		}
	}
	var choices []choice
	seen := map[servicecoin.ChangeID]bool{}
	for n := len(list) - 1; n >= 0; n-- {
		x := &list[n]
		concerns := configuration.ApprovedChange{Items: x.Scope.Records, Services: x.Scope.Services}.Concerns(*i)
		if seen[x.ID] || !concerns || !x.Scope.Tells(c) || x.Decision == nil || !x.MayBeDone() {
			continue
		}
		seen[x.ID] = true
		choices = append(choices, choice{string(x.ID), fmt.Sprintf("%s (%s)", x.Title, strings.ToLower(changeStateWords(x.State)))})
	}
	return choices[:min(most, len(choices))], nil
}

// changeItem does what a form of the page of an item asks for.
func (p *portal) changeRecorded(w http.ResponseWriter, r *http.Request) error {
	f, c, err := p.formOf(r)
	if err != nil {
		return err
	}
	ctx, by, id := r.Context(), viewer(r).actor(), servicecoin.ConfigurationID(r.PathValue("item"))
	register, form := p.Configuration(c.ID), r.PathValue("verb")
	var done string
	switch form {
	case "acknowledge":
		number := f.int("finding")
		form, done = "acknowledge-"+strconv.Itoa(number), "finding-acknowledged"
		if err = f.bad.Err(); err == nil {
			_, err = register.Acknowledge(ctx, by, id, number, f.text("text"))
		}
	case "accept":
		done = "finding-accepted"
		a := configuration.Acceptance{Change: servicecoin.ChangeID(f.text("change")), Reason: f.text("reason")}
		for _, text := range f.all("findings") {
			n, err := strconv.Atoi(text)
			if err != nil || slices.Contains(a.Findings, n) {
				f.bad.Add("findings", "bad-number", text, "is no finding")
				continue
			}
			a.Findings = append(a.Findings, n)
		}
		if err = f.bad.Err(); err == nil {
			_, err = register.Accept(ctx, by, id, a)
		}
	default:
		return noPage(r)
	}
	return p.finish(w, r, f.err(err), confirmed(recordedPath(c.ID, id), done), func(err error) error { return p.item(w, r, form, f, err) })
}

// typeOf returns a type that the portal declares.
func typeOf(name configuration.TypeName) configuration.Type {
	for _, t := range itemTypes() {
		if t.Name == name {
			return t
		}
	}
	return configuration.Type{Name: name}
}
