package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/store"
)

type featurePage struct {
	page
	featureRow

	Parts     []navItem
	Text      string
	Stages    []stageRow
	Needs     []featureLink
	NeededBy  []featureLink
	Until     string // of a deprecation
	Successor *featureLink

	Cases     []promotionPart // that are proposed
	Promoted  []promotionPart
	Forms     []verbForm // of the feature itself
	Audience  audiencePart
	Customers []standingRow
	Requests  []requestRow
	Facts     featureFacts
	Books     []option
	Book      string // the title of its run book
	News      []newsRow
	History   []featureEvent
	People    []person // no form of it asks for people
}

type featureLink struct{ Path, Called, Stands, Tone string }

// stageRow is what the feature is from a line on.
type stageRow struct {
	release.StageEntry

	Words, Tone string
	Held        bool
	On          string
}

// standingRow is how the feature stands to a customer.
type standingRow struct {
	Name, Path, Says, Tone, Why, Runs string
}

// requestRow is a customer that asked for early access.
type requestRow struct {
	Customer servicecoin.CustomerID
	Name     string
	Since    time.Time
	Form     string
}

type featureEvent struct {
	release.FeatureEntry

	Deed, Words string
}

// audiencePart is the audience of the newest stage, as its form has it.
type audiencePart struct {
	Way      string
	Let, Out []audienceTick
	Segments []string
	Ways     []option
	Public   string
	Stages   []option
}

type audienceTick struct {
	ID   servicecoin.CustomerID
	Name string
	On   bool
}

// promotionPart is one promotion: what it has and lacks, and what can be done with it.
type promotionPart struct {
	release.Promotion

	Path, ToWords string
	Rows          []judgedRow
	Lacking       int
	Own           bool // whoever looks proposed it
	Edition       int
	Roles         []signRow
	Waivable      []option
	Opens         []openRow
	Word          string // which form of it was sent: the names of its forms begin with it
}

type judgedRow struct {
	release.Row

	Says, Tone string
}

// signRow is a role that stands for a version, and who did.
type signRow struct {
	Role, Who string
	May       bool // whoever looks has the role, and may
	Form      string
}

func (p *portal) showFeature(w http.ResponseWriter, r *http.Request) error {
	return p.featureNow(w, r, "", nil, nil)
}

func (p *portal) featureNow(w http.ResponseWriter, r *http.Request, form string, f *form, problems error) error {
	ctx := r.Context()
	x, err := p.Releases().Features().Get(ctx, release.FeatureID(r.PathValue("feature")))
	if err != nil {
		return err
	}
	v := featurePage{page: p.page(r, featureName(&x), releasesPath), Parts: releaseParts(r)}
	for n := range v.Parts {
		v.Parts[n].Current = v.Parts[n].Path == featuresPath
	}
	if v.featureRow, err = p.featureRow(ctx, &x); err != nil {
		return err
	}
	v.Text, _ = x.Text.In("en")
	v.Stages = stageRows(&x)
	for _, fill := range []func(context.Context, *featurePage) error{
		p.featureRelations, p.featurePromotions, p.featureAudience, p.featureCustomers, p.featureBooks, p.featureNews,
	} {
		if err := fill(ctx, &v); err != nil {
			return err
		}
	}
	v.Forms = featureForms(&x)
	for _, e := range slices.Backward(x.History) {
		v.History = append(v.History, featureEvent{e, featureDeeds(e.Verb), e.Stage.Words()})
	}
	if problems != nil {
		v.againIn(form, f, problems)
	}
	return p.render(w, r, "feature.html", problem.Status(problems), v)
}

func stageRows(f *release.Feature) []stageRow {
	var list []stageRow
	for _, e := range slices.Backward(f.Stages) {
		row := stageRow{StageEntry: e, Words: sentence(e.Stage.Words()), Tone: stageTone(e.Stage), On: "off until somebody has it"}
		if e.Default {
			row.On = "on"
		}
		if e.Locked {
			row.On += ", cannot be switched"
		}
		if s, err := f.At(e.From, ""); err == nil && f.Hold != nil && e.Default && !s.Default {
			row.Held = true
		}
		list = append(list, row)
	}
	return list
}

func linkOf(f *release.Feature) featureLink {
	last := f.Last()
	return featureLink{featurePath(f.ID), featureName(f), last.Stage.Words(), stageTone(last.Stage)}
}

func (p *portal) featureRelations(ctx context.Context, v *featurePage) error {
	for f, err := range p.Releases().Features().Of(v.Platform).All(ctx) {
		if err != nil {
			return err
		}
		if slices.Contains(v.Feature.Needs, f.ID) {
			v.Needs = append(v.Needs, linkOf(&f))
		}
		if slices.Contains(f.Needs, v.ID) {
			v.NeededBy = append(v.NeededBy, linkOf(&f))
		}
		if d := v.Deprecation; d != nil && d.Successor == f.ID {
			link := linkOf(&f)
			v.Successor = &link
		}
	}
	if d := v.Deprecation; d != nil && !d.Ends.IsZero() {
		v.Until = onDay(d.Ends)
	}
	return nil
}

func (p *portal) featurePromotions(ctx context.Context, v *featurePage) error {
	now, who := p.store.Now(), v.Viewer
	for x, err := range p.Releases().Features().Promotions(v.ID).All(ctx) {
		if err != nil {
			return err
		}
		part := promotionPart{
			Promotion: x, Path: v.Path + "/promotions/" + url.PathEscape(string(x.ID)), ToWords: x.To.Words(), Own: x.By.ID == who.ID, Word: pageID(string(x.ID)),
		}
		switch x.State {
		case release.PromotionDropped:
			continue
		case release.PromotionDone:
			for _, o := range x.Open(now) {
				part.Opens = append(part.Opens, openRow{o, x.To.Words(), x.ID})
				part.Waivable = append(part.Waivable, option{o.Row.Criterion, o.Row.Text})
			}
			if x.Judgement != nil {
				part.judged(x.Judgement)
			}
			v.Promoted = append(v.Promoted, part)
		case release.PromotionProposed:
			j, err := p.Releases().Features().Judge(ctx, x.ID)
			if errors.Is(err, servicecoin.ErrNotFound) {
				v.Cases = append(v.Cases, part) // no procedure is committed
				continue
			}
			if err != nil {
				return err
			}
			part.judged(&j)
			procedure, err := p.Releases().Features().Procedure(ctx)
			if err != nil {
				return err
			}
			for _, c := range procedure.For(x.To) {
				if c.Kind == release.AskSignOff {
					part.Roles = append(part.Roles, p.signRow(&x, c.Role, who))
				}
			}
			for _, row := range j.Lacking() {
				part.Waivable = append(part.Waivable, option{row.Criterion, row.Text})
			}
			v.Cases = append(v.Cases, part)
		}
	}
	return nil
}

func (part *promotionPart) judged(j *release.Judgement) {
	part.Edition, part.Lacking = j.Edition, len(j.Lacking())
	for _, row := range j.Rows {
		x := judgedRow{row, "Met", "good"}
		switch {
		case row.Waived:
			x.Says, x.Tone = "Waived", "warn"
		case !row.Met:
			x.Says, x.Tone = "Missing", "bad"
		}
		part.Rows = append(part.Rows, x)
	}
}

func (p *portal) signRow(x *release.Promotion, role string, who person) signRow {
	row := signRow{Role: role, May: who.holds(role) && x.By.ID != who.ID, Form: "sign-" + pageID(string(x.ID)) + pageID(role)}
	for _, s := range x.SignOffs {
		if s.Role == role && s.Version == x.Version {
			row.Who = p.pages.called(s.By.ID)
			row.May = false
		}
	}
	return row
}

func (p *portal) featureAudience(ctx context.Context, v *featurePage) error {
	a := v.Feature.Audience(v.Last().Stage)
	part := audiencePart{Way: string(a.Enter), Public: string(v.PublicFrom), Ways: []option{
		{"everybody", "every customer who is entitled"}, {"open", "whoever enters early access"}, {"asked", "whoever asks and is admitted"}, {"named", "only those below"},
	}}
	switch {
	case a.Everybody:
		part.Way = "everybody"
	case a.Enter == release.EnterClosed:
		part.Way = "named"
	}
	part.Stages = []option{{"", "nobody but those who may have it"}}
	for _, s := range release.Stages()[1:4] {
		part.Stages = append(part.Stages, option{string(s), "everybody, from " + s.Words() + " on"})
	}
	for _, s := range a.Segments {
		part.Segments = append(part.Segments, segmentWords(s))
	}
	clients, err := collect(p.host.clients().Find(store.All()).All(ctx))
	if err != nil {
		return err
	}
	for _, c := range clients {
		part.Let = append(part.Let, audienceTick{c.ID, c.Name, slices.Contains(a.Customers, c.ID)})
		part.Out = append(part.Out, audienceTick{c.ID, c.Name, slices.Contains(a.Except, c.ID)})
	}
	v.Audience = part
	return nil
}

func (p *portal) featureCustomers(ctx context.Context, v *featurePage) error {
	const most = 200
	found, err := p.Releases().WhoMay(ctx, v.ID, most)
	if err != nil {
		return err
	}
	whose, called := p.customerNames(ctx), p.featureNames(ctx)
	for _, id := range sortedKeys(found) {
		row := standingRow{Name: whose(id), Path: customerPath(id, "news"), Why: sentence(reasonWords(found[id], called))}
		row.Says, row.Tone = decisionWords(found[id])
		s, err := p.Releases().Subject(ctx, id, []release.PlatformID{v.Platform})
		if err != nil {
			return err
		}
		row.Runs = cmp.Or(s.Runs[v.Platform], "not known")
		v.Customers = append(v.Customers, row)
	}
	slices.SortFunc(v.Customers, func(a, b standingRow) int { return compareFold(a.Name, b.Name) })
	for item, err := range release.AccessAcross(p.store, v.ID, release.AccessAsked).Items(ctx) {
		if err != nil {
			return err
		}
		id := item.Key.Customer
		v.Requests = append(v.Requests, requestRow{id, whose(id), item.Value.Since, "decline-" + string(id)})
	}
	return nil
}

func (p *portal) featureBooks(ctx context.Context, v *featurePage) (err error) {
	const most = 100
	if v.Facts, err = p.host.factsOf(ctx, v.ID); err != nil {
		return err
	}
	books, err := p.Library().InState(runbook.Published).Page(ctx, "", most)
	for _, item := range books.Items {
		title, _ := item.Value.Title.In("en")
		v.Books = append(v.Books, option{string(item.Value.ID), title})
		if item.Value.ID == v.Facts.Runbook {
			v.Book = title
		}
	}
	return err
}

func (p *portal) featureNews(ctx context.Context, v *featurePage) error {
	for x, err := range p.Releases().News().Of(v.ID).All(ctx) {
		if err != nil {
			return err
		}
		v.News = append(v.News, newsRowOf(&x, ""))
	}
	return nil
}

// featureForms are what can be done with a feature now.
func featureForms(f *release.Feature) []verbForm {
	var to []option
	for _, s := range release.Stages()[1:] {
		if f.Last().Stage.Before(s) {
			to = append(to, option{string(s), s.Words()})
		}
	}
	var list []verbForm
	if len(to) > 0 {
		list = append(list, verbForm{Word: "propose", Title: "Propose a promotion", Button: "Propose it", About: "Whoever proposes it cannot sign it off, nor waive what it lacks.", Fields: []verbField{
			{Name: "to", Label: "To", Kind: "select", Options: to, Begins: to[0].Value},
			{Name: "version", Label: "Version that is judged", Hint: "8.5.0; the stage holds from its line on", Kind: "line"},
			{Name: "why", Label: "Why", Kind: "text"},
		}})
	}
	if f.Hold == nil {
		return append(list, verbForm{Word: "hold", Title: "Take it back", Button: "Take it back", About: "Nobody may use it from that line on, until it is given free. Its stage stays.", Fields: []verbField{
			{Name: "from", Label: "From line", Hint: "as " + f.Last().From, Kind: "line"}, {Name: "why", Label: "Why", Hint: "those who could use it read that", Kind: "text"},
		}})
	}
	return append(list, verbForm{Word: "free", Title: "Give it free", Button: "Give it free", Fields: []verbField{{Name: "why", Label: "Why", Kind: "text"}}})
}
