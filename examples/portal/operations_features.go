package main

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
)

// featuresArea is what the platform can do, who may use it and who hears of it.
func (p *portal) featuresArea() area {
	return area{
		pages: map[string]route{
			"GET /features":                                          {providers, p.showFeatures},
			"GET /features/procedure":                                {providers, p.showProcedure},
			"POST /features/procedure":                               {providers, p.commitProcedure},
			"GET /features/{feature}":                                {providers, p.showFeature},
			"POST /features/{feature}/{verb}":                        {providers, p.changeFeature},
			"POST /features/{feature}/promotions/{promotion}/{verb}": {providers, p.changePromotion},

			"GET /newsdesk":                {providers, p.showNewsDesk},
			"GET /newsdesk/new":            {providers, p.showNewNews},
			"POST /newsdesk":               {providers, p.draftNews},
			"GET /newsdesk/{news}":         {providers, p.showNewsItem},
			"POST /newsdesk/{news}/{verb}": {providers, p.changeNews},

			"GET /news":                                    {everybody, p.showNews},
			"GET /news.atom":                               {everybody, p.showPublicFeed},
			"GET /news/{file}":                             {everybody, p.showNewsFeed},
			"GET /customers/{customer}/news":               {ofCustomer, p.showNewsOf},
			"POST /customers/{customer}/news/{verb}":       {ofCustomer, p.changeAccess},
			"POST /customers/{customer}/news/feeds/{verb}": {ofCustomer, p.changeNewsFeed},
		},
		work: []chore{p.promotionsThatWait(), p.accessThatWaits(), p.waiversThatEnd(), p.newsThatWait()},
		done: map[string]string{
			"feature-audience": "It holds from now on.", "feature-hold": "It is taken back: nobody may use it there, and who could hears of it.", "feature-free": "It is there again.",
			"feature-facts": "It is noted.", "feature-admit": "The customer has it from now on.", "feature-decline": "The customer reads why.", "feature-propose": "The promotion is proposed. Below is what it lacks.",
			"promotion-signOff": "It is signed off, in your name.", "promotion-waive": "It is waived until then, in your name, and shown wherever the stage is.", "promotion-promote": "It is promoted. A draft of news waits for somebody to publish it.",
			"promotion-drop": "The proposal is dropped.", "promotion-settle": "It was looked at again: what is met after all is waived no more.", "procedure": "It is the procedure from now on.",
			"news-drafted": "The draft is kept. Nobody is told before it is published.", "news-edit": "The draft is changed.", "news-publish": "It is published: those below are told.", "news-correct": "It is corrected. What it said before stays to be seen.",
			"news-withdraw": "It is withdrawn. Those who were told see that, and why.", "news-discard": "The draft is thrown away.",
			"access-enter": "You have it from now on. You can leave it at any time.", "access-ask": "It is asked for. You read the answer here.", "access-leave": "You have left it.", "feed-revoke": "The address is revoked. Whoever reads it finds nothing there any more.",
		},
	}
}

// featureRow is a feature in a list.
type featureRow struct {
	release.Feature

	Path, Called, Is, Tone, From string
	Who                          string
	Open                         []openRow
	Over                         int // waivers that are over
	Proposed                     []release.Promotion
	Asked                        int // customers that wait for an answer
}

// openRow is something that a feature went without on its way to where it is.
type openRow struct {
	release.Open

	To string // the stage
	ID release.PromotionID
}

// featureName is what a feature is called here.
func featureName(f *release.Feature) string {
	name, _ := f.Name.In("en")
	return name
}

// featureNames looks names of features up.
func (p *portal) featureNames(ctx context.Context) func(release.FeatureID) string {
	known := map[release.FeatureID]string{}
	return func(id release.FeatureID) string {
		if _, ok := known[id]; !ok {
			known[id] = sentence(strings.ReplaceAll(string(id), "-", " "))
			if f, err := p.Releases().Features().Get(ctx, id); err == nil {
				known[id] = featureName(&f)
			}
		}
		return known[id]
	}
}

func (p *portal) featureRow(ctx context.Context, f *release.Feature) (featureRow, error) {
	last := f.Last()
	row := featureRow{Feature: *f, Path: featurePath(f.ID), Called: featureName(f), Is: last.Stage.Words(), Tone: stageTone(last.Stage), From: last.From}
	whose := p.customerNames(ctx)
	row.Who = audienceWords(f.Audience(last.Stage), len(f.Offerings) > 0, func(list []string) string {
		for n := range list {
			list[n] = whose(servicecoin.CustomerID(list[n]))
		}
		return listWords(list)
	})
	now := p.store.Now()
	for x, err := range p.Releases().Features().Promotions(f.ID).All(ctx) {
		if err != nil {
			return row, err
		}
		if x.State == release.PromotionProposed {
			row.Proposed = append(row.Proposed, x)
		}
		for _, o := range x.Open(now) {
			row.Open = append(row.Open, openRow{o, x.To.Words(), x.ID})
			if o.Over {
				row.Over++
			}
		}
	}
	asked, err := collect(release.AccessAcross(p.store, f.ID, release.AccessAsked).All(ctx))
	row.Asked = len(asked)
	return row, err
}

// featurePart is the features of one stage.
type featurePart struct {
	Stage, ID, About string
	List             []featureRow
}

type featuresPage struct {
	page

	Parts     []navItem
	List      []featurePart
	Strains   []string
	Procedure *release.Procedure
	Over      int
}

// newsDeskPath is where the provider's people write news.
const newsDeskPath = "/newsdesk"

func (p *portal) showFeatures(w http.ResponseWriter, r *http.Request) error {
	const most = 500
	ctx := r.Context()
	v := featuresPage{page: p.page(r, "Features", releasesPath), Parts: releaseParts(r)}
	found, err := p.Releases().Features().All().Page(ctx, "", most)
	if err != nil {
		return err
	}
	about := map[release.Stage]string{
		release.StageGeneral: "For everybody who is entitled.", release.StageBeta: "It stays, in some form. Customers enter and leave it.", release.StageAlpha: "It may change or go without notice. Customers ask for it.",
		release.StageDeprecated: "It works, and is going to be removed.", release.StagePreAlpha: "Nobody can use it yet.", release.StageRemoved: "It is gone.",
	}
	var all []release.Feature
	rows := map[release.Stage][]featureRow{} //nolint:exhaustive // filled below
	for _, item := range found.Items {
		row, err := p.featureRow(ctx, &item.Value)
		if err != nil {
			return err
		}
		all = append(all, item.Value)
		v.Over += row.Over
		rows[item.Value.Last().Stage] = append(rows[item.Value.Last().Stage], row)
	}
	for _, s := range []release.Stage{release.StageGeneral, release.StageBeta, release.StageAlpha, release.StageDeprecated, release.StagePreAlpha, release.StageRemoved} {
		if list := rows[s]; len(list) > 0 {
			slices.SortFunc(list, func(a, b featureRow) int { return compareFold(a.Called, b.Called) })
			v.List = append(v.List, featurePart{Stage: sentence(s.Words()), ID: "h-" + string(s), About: about[s], List: list})
		}
	}
	if wantsCSV(r) {
		return p.featuresAsCSV(w, r, rows)
	}
	called := p.featureNames(ctx)
	for _, s := range release.Strains(all) {
		text := s.String()
		text = strings.Replace(text, string(s.Feature), called(s.Feature), 1)
		v.Strains = append(v.Strains, sentence(strings.Replace(text, string(s.Needs), called(s.Needs), 1)))
	}
	if x, err := p.Releases().Features().Procedure(ctx); err == nil {
		v.Procedure = &x
	}
	return p.render(w, r, "features.html", 0, v)
}

func (p *portal) featuresAsCSV(w http.ResponseWriter, r *http.Request, rows map[release.Stage][]featureRow) error {
	var cells [][]string
	for _, s := range release.Stages() {
		for _, x := range rows[s] {
			held := ""
			if x.Hold != nil {
				held = x.Hold.From
			}
			cells = append(cells, []string{string(x.ID), x.Called, string(x.Platform), string(s), x.From, x.Who, itoa(len(x.Open)), itoa(x.Over), held})
		}
	}
	return p.cellsAsCSV(w, r, "features.csv", []string{"feature", "name", "platform", "stage", "from", "whoMayUseIt", "openWaivers", "waiversOver", "heldFrom"}, cells)
}

// promotionsThatWait are proposals that somebody can sign off, waive or promote.
func (p *portal) promotionsThatWait() chore {
	return chore{
		name: "promotions", title: "Promotions of features that wait", about: "See what they lack, and sign them off.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			called := p.featureNames(ctx)
			return paged(ctx, p.Releases().Features().Proposed(), after, limit, func(item store.Item[release.Promotion]) (task, error) {
				x := item.Value
				return task{ID: string(x.ID), What: called(x.Feature), More: "To " + x.To.Words() + ", with " + x.Version, Path: featurePath(x.Feature), Since: x.At, Look: true}, nil
			})
		},
	}
}

// accessThatWaits is early access that customers asked for.
func (p *portal) accessThatWaits() chore {
	return chore{
		name: "early-access", title: "Early access that customers asked for", about: "Admit them, or say why not.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			called, whose := p.featureNames(ctx), p.customerNames(ctx)
			return paged(ctx, release.AskedAcross(p.store), after, limit, func(item store.Item[release.EarlyAccess]) (task, error) {
				return task{ID: item.Key.String(), What: whose(item.Key.Customer), More: "Asks for " + called(item.Value.Feature), Path: featurePath(item.Value.Feature), Since: item.Value.Since, Look: true}, nil
			})
		},
	}
}

// waiversThatEnd are features that were promoted without something.
func (p *portal) waiversThatEnd() chore {
	return chore{
		name: "waivers", title: "Features that were promoted without something", about: "Do what was put off, or waive it again with a reason.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			called, now := p.featureNames(ctx), p.store.Now()
			return paged(ctx, p.Releases().Features().Waived(), after, limit, func(item store.Item[release.Promotion]) (task, error) {
				x := item.Value
				t := task{ID: string(x.ID), What: called(x.Feature), Path: featurePath(x.Feature), Since: x.EndedAt, Look: true}
				var lacks []string
				for _, o := range x.Open(now) {
					lacks = append(lacks, o.Row.Text)
					t.Late = t.Late || o.Over
				}
				t.More = sentence(strings.Join(lacks, "; "))
				return t, nil
			})
		},
	}
}

// newsThatWait are drafts of news.
func (p *portal) newsThatWait() chore {
	return chore{
		name: "news", title: "News that is not published yet", about: "Read it, see who will be told, and publish it.",
		list: func(ctx context.Context, after string, limit int) ([]task, string, error) {
			return paged(ctx, p.Releases().News().Drafts(), after, limit, func(item store.Item[release.NewsItem]) (task, error) {
				title, _ := item.Value.Title.In("en")
				return task{ID: string(item.Value.ID), What: title, Path: newsPath(item.Value.ID), Since: item.Value.DraftedAt, Look: true}, nil
			})
		},
	}
}
