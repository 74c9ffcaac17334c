package main

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/problem"
)

func newsPath(id release.NewsID) string { return newsDeskPath + "/" + url.PathEscape(string(id)) }

// newsRow is an item of news in a list.
type newsRow struct {
	release.NewsItem

	Path, Called, Says, Tone string
	Text                     string
	As                       string // as what whoever reads is told
	Feature                  *featureLink
	Before                   []correctionRow
	Anchor                   string
}

// correctionRow is what an item said before.
type correctionRow struct {
	release.Correction

	Title, Text string
}

func newsRowOf(x *release.NewsItem, as release.Telling) newsRow {
	row := newsRow{NewsItem: *x, Path: newsPath(x.ID), Says: string(x.State), Tone: newsTone(x.State), Anchor: "news-" + pageID(string(x.ID))}
	row.Called, _ = x.Title.In("en")
	row.Text, _ = x.Text.In("en")
	if as != release.ToldNothing {
		row.As = tellingWords(as)
	}
	for _, c := range slices.Backward(x.Corrections) {
		b := correctionRow{Correction: c}
		b.Title, _ = c.Before.Title.In("en")
		b.Text, _ = c.Before.Text.In("en")
		row.Before = append(row.Before, b)
	}
	return row
}

type newsDeskPage struct {
	page
	pager

	Parts  []navItem
	Drafts []newsRow
	List   []newsRow
}

func (p *portal) showNewsDesk(w http.ResponseWriter, r *http.Request) error {
	const most, drafts = 30, 100
	v := newsDeskPage{page: p.page(r, "News", releasesPath), Parts: releaseParts(r)}
	found, ways, err := listed(r, p.Releases().News().Published(), most)
	if err != nil {
		return err
	}
	v.pager = ways
	v.CSV = ""
	for _, item := range found.Items {
		v.List = append(v.List, newsRowOf(&item.Value, ""))
	}
	waiting, err := p.Releases().News().Drafts().Page(r.Context(), "", drafts)
	if err != nil {
		return err
	}
	for _, item := range waiting.Items {
		v.Drafts = append(v.Drafts, newsRowOf(&item.Value, ""))
	}
	return p.render(w, r, "news_desk.html", 0, v)
}

// newsForm is what somebody writes of an item.
type newsForm struct {
	Kind, Platform, Feature, Version, Title, Text, TitleDE, TextDE string
	Public                                                         bool
}

func formOfNews(x *release.NewsItem) newsForm {
	return newsForm{
		Kind: string(x.Kind), Platform: string(x.Platform), Feature: string(x.Feature), Version: x.Version,
		Title: x.Title["en"], Text: x.Text["en"], TitleDE: x.Title["de"], TextDE: x.Text["de"], Public: x.Public,
	}
}

type newsItemPage struct {
	page
	newsRow

	Parts    []navItem
	Draft    newsForm
	Features []option
	Kinds    []option
	Told     []toldRow
	Public   bool // everybody is told
	New      bool
	Reached  int // customers that were told as it was published
	People   []person
}

// toldRow is a customer that is told of an item.
type toldRow struct{ Name, Path, As string }

func (p *portal) showNewNews(w http.ResponseWriter, r *http.Request) error {
	return p.newNewsNow(w, r, nil, nil)
}

func (p *portal) newNewsNow(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	v := newsItemPage{page: p.page(r, "Write news", releasesPath), Parts: releaseParts(r), New: true, Draft: newsForm{Kind: string(release.NewsOfFeature), Platform: string(demoPlatform), Feature: r.URL.Query().Get("feature")}}
	v.Path = newsDeskPath
	if err := p.newsChoices(r.Context(), &v); err != nil {
		return err
	}
	if problems != nil {
		v.againIn("edit", f, problems)
	}
	return p.render(w, r, "news_form.html", problem.Status(problems), v)
}

func (p *portal) newsChoices(ctx context.Context, v *newsItemPage) error {
	const most = 500
	v.Kinds = []option{{string(release.NewsOfFeature), "a feature: told to those who may use it, or enter it"}, {string(release.NewsOfRelease), "a release"}, {string(release.NewsOfOther), "something else"}}
	found, err := p.Releases().Features().All().Page(ctx, "", most)
	for _, item := range found.Items {
		v.Features = append(v.Features, option{string(item.Value.ID), featureName(&item.Value)})
	}
	return err
}

func (p *portal) showNewsItem(w http.ResponseWriter, r *http.Request) error {
	return p.newsItemNow(w, r, "", nil, nil)
}

func (p *portal) newsItemNow(w http.ResponseWriter, r *http.Request, form string, f *form, problems error) error {
	const most = 200
	ctx := r.Context()
	x, err := p.Releases().News().Get(ctx, release.NewsID(r.PathValue("news")))
	if err != nil {
		return err
	}
	v := newsItemPage{page: p.page(r, "News", releasesPath), Parts: releaseParts(r), newsRow: newsRowOf(&x, ""), Draft: formOfNews(&x)}
	v.Title = v.Called
	for n := range v.Parts {
		v.Parts[n].Current = v.Parts[n].Path == newsDeskPath
	}
	if x.Feature != "" {
		if of, err := p.Releases().Features().Get(ctx, x.Feature); err == nil {
			link := linkOf(&of)
			v.Feature = &link
		}
	}
	if err := p.newsChoices(ctx, &v); err != nil {
		return err
	}
	told, public, err := p.Releases().Told(ctx, x, most)
	if err != nil {
		return err
	}
	whose := p.customerNames(ctx)
	for _, a := range told {
		v.Told = append(v.Told, toldRow{whose(a.Customer), customerPath(a.Customer, "news"), tellingWords(a.As)})
	}
	slices.SortFunc(v.Told, func(a, b toldRow) int { return compareFold(a.Name, b.Name) })
	v.Public = public
	if problems != nil {
		v.againIn(form, f, problems)
	}
	return p.render(w, r, "news_item.html", problem.Status(problems), v)
}

// wordingOf reads what an item says.
func wordingOf(f *form) release.Wording {
	w := release.Wording{Title: servicecoin.Texts{}, Text: servicecoin.Texts{}}
	for _, x := range []struct{ tag, title, text string }{{"en", "title", "text"}, {"de", "titleDE", "textDE"}} {
		if title, text := f.text(x.title), f.text(x.text); x.tag == "en" || title != "" || text != "" {
			w.Title[x.tag], w.Text[x.tag] = title, text
		}
	}
	f.at("title.en", "title")
	f.at("title[en]", "title")
	f.at("text.en", "text")
	f.at("title.de", "titleDE")
	f.at("title[de]", "titleDE")
	f.at("text.de", "textDE")
	return w
}

func newsOf(f *form) release.NewsItem {
	x := release.NewsItem{
		Wording: wordingOf(f), Kind: release.NewsKind(f.text("kind")), Platform: demoPlatform, Version: f.text("version"), Public: f.text("public") != "",
	}
	if x.Kind == release.NewsOfFeature {
		x.Feature, x.Public = release.FeatureID(f.text("feature")), false
	}
	return x
}

func (p *portal) draftNews(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	x, err := p.Releases().News().Draft(r.Context(), viewer(r).actor(), newsOf(f))
	return p.finish(w, r, err, confirmed(newsPath(x.ID), "news-drafted"), func(err error) error { return p.newNewsNow(w, r, f, err) })
}

// changeNews does what a form of an item of news asks for.
func (p *portal) changeNews(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by, word, id := r.Context(), viewer(r).actor(), r.PathValue("verb"), release.NewsID(r.PathValue("news"))
	news, next := p.Releases().News(), newsPath(id)
	switch word {
	case "edit":
		x := newsOf(f)
		x.ID = id
		_, err = news.Edit(ctx, by, x)
	case "publish":
		_, err = news.Publish(ctx, by, id)
	case "correct":
		_, err = news.Correct(ctx, by, id, wordingOf(f), f.text("why"))
	case "withdraw":
		_, err = news.Withdraw(ctx, by, id, f.text("why"))
	case "discard":
		err, next = news.Discard(ctx, by, id), newsDeskPath
	default:
		return noPage(r)
	}
	return p.finish(w, r, err, confirmed(next, "news-"+word), func(err error) error { return p.newsItemNow(w, r, word, f, err) })
}

type newsPage struct {
	page

	List []newsRow
	Feed string // where the same is as Atom
}

// mostNews is how many items a page and a feed have.
const mostNews = 60

// showNews is what everybody is told, those who are no customers among them.
func (p *portal) showNews(w http.ResponseWriter, r *http.Request) error {
	v := newsPage{page: p.page(r, "News", "/news"), Feed: "/news.atom"}
	list, err := p.Releases().NewsFor(r.Context(), "", mostNews)
	if err != nil {
		return err
	}
	for _, x := range list {
		v.List = append(v.List, newsRowOf(&x.NewsItem, ""))
	}
	return p.render(w, r, "news.html", 0, v)
}

// feedOfNews is the news of one reader as a feed.
func (p *portal) feedOfNews(r *http.Request, customer servicecoin.CustomerID, title, self, at string) (release.NewsFeed, error) {
	list, err := p.Releases().NewsFor(r.Context(), customer, mostNews)
	f := release.NewsFeed{
		ID: "tag:nordlicht.example,2026:news:" + cmp.Or(string(customer), "public"), Title: title, Author: providerName, Self: origin(r) + self, Page: origin(r) + at, Language: []string{"en"},
		Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	f.Link = func(n release.NewsItem) string { return f.Page + "#news-" + pageID(string(n.ID)) }
	for _, x := range list {
		f.Items = append(f.Items, x.NewsItem)
	}
	return f, err
}

func (p *portal) showPublicFeed(w http.ResponseWriter, r *http.Request) error {
	f, err := p.feedOfNews(r, "", "News of "+providerName, "/news.atom", "/news")
	if err != nil {
		return err
	}
	return p.writeFeed(w, r, f)
}

func (p *portal) writeFeed(w http.ResponseWriter, r *http.Request, f release.NewsFeed) error {
	var text strings.Builder
	if err := release.WriteAtom(&text, f); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	if _, err := w.Write([]byte(text.String())); err != nil {
		p.log.DebugContext(r.Context(), "a feed was not read to its end", "cause", err.Error())
	}
	return nil
}
