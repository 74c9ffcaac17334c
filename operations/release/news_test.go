package release_test

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
)

func wording(title, text string) release.Wording {
	return release.Wording{Title: servicecoin.Texts{"en": title}, Text: servicecoin.Texts{"en": text}}
}

func (h *shop) news() *release.News { return release.NewNews(h.s.For(servicecoin.Provider)) }

// TestNews goes through the life of an item: draft, published, corrected, withdrawn.
func TestNews(t *testing.T) {
	t.Parallel()
	h, ctx := newShop(t), t.Context()
	n := h.news()
	_, err := n.Draft(ctx, ada(), release.NewsItem{Kind: "gossip", Version: "latest", Feature: "f"})
	require.ErrorIs(t, err, servicecoin.ErrInvalid)
	require.Subset(t, codes(err), []string{"platform required", "kind unknown", "version bad-version", "title required", "text required"})
	x, err := n.Draft(ctx, servicecoin.Program("exchange"), release.NewsItem{Kind: release.NewsOfFeature, Platform: "p", Feature: "f", Wording: wording("new", "it can")})
	require.NoError(t, err)
	require.Equal(t, 0, x.Edition())
	_, err = n.Correct(ctx, ada(), x.ID, wording("newer", "it can more"), "a slip")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	x.Wording = wording("New", "It can.")
	x, err = n.Edit(ctx, ada(), x)
	require.NoError(t, err)
	_, err = n.Publish(ctx, servicecoin.Program("exchange"), x.ID)
	require.Equal(t, []string{"by not-a-person"}, codes(err))
	x, err = n.Publish(ctx, ada(), x.ID)
	require.NoError(t, err)
	require.Equal(t, 1, x.Edition())
	_, err = n.Edit(ctx, ada(), x)
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	require.ErrorIs(t, n.Discard(ctx, ada(), x.ID), servicecoin.ErrRefused)
	h.days(1)
	x, err = n.Correct(ctx, ben(), x.ID, wording("New", "It can, from Monday on."), "the day was missing")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]release.Correction{{At: h.now, By: ben(), Why: "the day was missing", Before: wording("New", "It can.")}}, x.Corrections))
	require.Equal(t, h.now, x.UpdatedAt)
	_, err = n.Withdraw(ctx, ben(), x.ID, "")
	require.Equal(t, []string{"why required"}, codes(err))
	x, err = n.Withdraw(ctx, ben(), x.ID, "it cannot")
	require.NoError(t, err)
	_, err = n.Withdraw(ctx, ben(), x.ID, "again")
	require.ErrorIs(t, err, servicecoin.ErrRefused)
	list, err := collect(n.Published().All(ctx))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]release.NewsItem{x}, list), "what is withdrawn stays")

	d, err := n.Draft(ctx, ada(), release.NewsItem{Kind: release.NewsOfOther, Platform: "p", Wording: wording("a", "b")})
	require.NoError(t, err)
	require.NoError(t, n.Discard(ctx, ada(), d.ID))
	drafts, err := collect(n.Drafts().All(ctx))
	require.NoError(t, err)
	require.Empty(t, drafts)
}

// TestNewsToldTo: an item of a feature is told as the rule says; of a version, to those who run it.
func TestNewsToldTo(t *testing.T) {
	t.Parallel()
	r, err := release.CompileAudiences([]release.Feature{feature("f", release.StageBeta), feature("g", release.StageGeneral, func(f *release.Feature) { f.PublicFrom = release.StageGeneral })})
	require.NoError(t, err)
	customer := release.Subject{Customer: "acme", Runs: map[release.PlatformID]string{"p": "3.2", "q": "1.4"}}
	prospect := release.Subject{Runs: runs("3.2")}
	out := release.NewsPublished
	for name, c := range map[string]struct {
		item               release.NewsItem
		customer, prospect release.Telling
	}{
		"a draft":                     {release.NewsItem{State: release.NewsDraft, Kind: release.NewsOfFeature, Platform: "p", Feature: "g"}, "", ""},
		"a feature":                   {release.NewsItem{State: out, Kind: release.NewsOfFeature, Platform: "p", Feature: "g"}, release.ToldHas, release.ToldPublic},
		"early access":                {release.NewsItem{State: out, Kind: release.NewsOfFeature, Platform: "p", Feature: "f"}, release.ToldInvited, ""},
		"a version to come":           {release.NewsItem{State: out, Kind: release.NewsOfFeature, Platform: "p", Feature: "g", Version: "3.3.0"}, "", ""},
		"the version":                 {release.NewsItem{State: out, Kind: release.NewsOfFeature, Platform: "p", Feature: "g", Version: "3.2.9"}, release.ToldHas, release.ToldPublic},
		"an unknown feature":          {release.NewsItem{State: out, Kind: release.NewsOfFeature, Platform: "p", Feature: "h"}, "", ""},
		"a release":                   {release.NewsItem{State: out, Kind: release.NewsOfRelease, Platform: "p", Version: "3.2"}, release.ToldHas, ""},
		"a public release":            {release.NewsItem{State: out, Kind: release.NewsOfRelease, Platform: "p", Version: "3.2", Public: true}, release.ToldHas, release.ToldPublic},
		"something for everybody":     {release.NewsItem{State: out, Kind: release.NewsOfOther, Platform: "z", Public: true}, release.ToldHas, release.ToldPublic},
		"something of elsewhere":      {release.NewsItem{State: out, Kind: release.NewsOfOther, Platform: "z"}, "", ""},
		"of a platform without any":   {release.NewsItem{State: out, Kind: release.NewsOfRelease, Platform: "q", Version: "1.3"}, release.ToldHas, ""},
		"that is withdrawn":           {release.NewsItem{State: release.NewsWithdrawn, Kind: release.NewsOfFeature, Platform: "p", Feature: "g"}, release.ToldHas, release.ToldPublic},
		"of a version that is no one": {release.NewsItem{State: out, Kind: release.NewsOfRelease, Platform: "p", Version: "x"}, "", ""},
	} {
		w, err := r.For(customer)
		require.NoError(t, err)
		require.Equal(t, c.customer, c.item.ToldTo(w), name)
		w, err = r.For(prospect)
		require.NoError(t, err)
		require.Equal(t, c.prospect, c.item.ToldTo(w), name)
	}
}

// TestTellings: who was told hears of corrections and of the end; who was not, of nothing.
func TestTellings(t *testing.T) {
	t.Parallel()
	h, ctx := newShop(t), t.Context()
	n := h.news()
	x, err := n.Draft(ctx, ada(), release.NewsItem{Kind: release.NewsOfOther, Platform: "p", Wording: wording("a", "b")})
	require.NoError(t, err)
	mine := release.NewTellings(h.s.For("acme"))
	other := release.NewTellings(h.s.For("birch"))
	follow := func(as release.Telling) {
		t.Helper()
		require.NoError(t, mine.Follow(ctx, ada(), x, as))
		require.NoError(t, mine.Follow(ctx, ada(), x, as), "told once")
		require.NoError(t, other.Follow(ctx, ada(), x, release.ToldNothing))
	}
	follow(release.ToldHas)
	x, err = n.Publish(ctx, ada(), x.ID)
	require.NoError(t, err)
	follow(release.ToldInvited)
	x, err = n.Correct(ctx, ada(), x.ID, wording("a", "c"), "a slip")
	require.NoError(t, err)
	follow(release.ToldNothing)
	x, err = n.Withdraw(ctx, ada(), x.ID, "no")
	require.NoError(t, err)
	follow(release.ToldHas)
	got, err := mine.Get(ctx, x.ID)
	require.NoError(t, err)
	require.Equal(t, release.Told{News: x.ID, As: release.ToldInvited, At: h.now, Edition: 2, Withdrawn: true}, got)
	_, err = other.Get(ctx, x.ID)
	require.ErrorIs(t, err, servicecoin.ErrNotFound)
	events, err := h.s.For("acme").Events(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, events, 3)
}

type atom struct {
	XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Author  struct {
		Name string `xml:"name"`
	} `xml:"author"`
	Links []struct {
		Rel  string `xml:"rel,attr"`
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Entries []struct {
		ID        string `xml:"id"`
		Title     string `xml:"title"`
		Updated   string `xml:"updated"`
		Published string `xml:"published"`
		Content   struct {
			Type string `xml:"type,attr"`
			Text string `xml:",chardata"`
		} `xml:"content"`
	} `xml:"entry"`
}

func feedOf(items ...release.NewsItem) release.NewsFeed {
	return release.NewsFeed{
		ID: "tag:example.org,2026:news", Title: "News", Author: "Example", Self: "https://example.org/news.atom", Page: "https://example.org/news",
		Language: []string{"en"}, Items: items, Since: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func writeAtom(t require.TestingT, f release.NewsFeed) (atom, string) {
	var b bytes.Buffer
	require.NoError(t, release.WriteAtom(&b, f))
	var got atom
	require.NoError(t, xml.Unmarshal(b.Bytes(), &got), b.String())
	return got, b.String()
}

// TestAtom: what RFC 4287 asks for is there; ids stay, corrections update, what is withdrawn says so.
func TestAtom(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 1000, time.UTC)
	x := release.NewsItem{ID: "n-1", Kind: release.NewsOfOther, Platform: "p", State: release.NewsDraft, Wording: wording("A <b>bold</b> & new", "5 < 6 ]]> \x01 & so on")}
	got, _ := writeAtom(t, feedOf(x))
	require.Empty(t, got.Entries, "drafts are not told")
	require.Equal(t, "2026-01-01T00:00:00Z", got.Updated)
	require.NoError(t, x.Publish(ada(), at))
	got, text := writeAtom(t, feedOf(x))
	require.Equal(t, "tag:example.org,2026:news", got.ID)
	require.Equal(t, "Example", got.Author.Name)
	require.Equal(t, "self", got.Links[0].Rel)
	require.NotContains(t, text, "<b>")
	first := got.Entries[0]
	require.Equal(t, "A <b>bold</b> & new", first.Title)
	require.Equal(t, "5 < 6 ]]> \uFFFD & so on", first.Content.Text)
	require.Equal(t, "text", first.Content.Type)
	require.Equal(t, "2026-03-02T09:00:01Z", first.Updated)
	require.Regexp(t, `^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, first.ID)

	require.NoError(t, x.Correct(ada(), at.Add(time.Hour), wording("A new one", "7 < 8"), "five is wrong"))
	got, _ = writeAtom(t, feedOf(x))
	second := got.Entries[0]
	require.Equal(t, first.ID, second.ID)
	require.Equal(t, first.Published, second.Published)
	require.Equal(t, "2026-03-02T10:00:01Z", second.Updated)
	require.Contains(t, second.Content.Text, "7 < 8")
	require.Contains(t, second.Content.Text, "five is wrong")
	require.Contains(t, second.Content.Text, "5 < 6")

	require.NoError(t, x.Withdraw(ada(), at.Add(2*time.Hour), "it is not so"))
	got, _ = writeAtom(t, feedOf(x))
	require.Equal(t, first.ID, got.Entries[0].ID)
	require.Equal(t, "Withdrawn: A new one", got.Entries[0].Title)
	require.Contains(t, got.Entries[0].Content.Text, "it is not so")
	require.NotContains(t, got.Entries[0].Content.Text, "7 < 8")

	require.Equal(t, []string{"title required", "author required", "id not-absolute", "self not-absolute"}, codes(release.WriteAtom(&bytes.Buffer{}, release.NewsFeed{ID: "news", Self: "/news.atom"})))
	many := feedOf()
	for n := range 120 {
		y := x
		y.UpdatedAt = at.Add(time.Duration(n) * time.Minute)
		many.Items = append(many.Items, y)
	}
	got, _ = writeAtom(t, many)
	require.Len(t, got.Entries, release.MaxFeedItems)
	require.Equal(t, got.Entries[0].Updated, got.Updated)
}

// FuzzAtom: whatever texts say, the feed is well formed, and says the same.
func FuzzAtom(f *testing.F) {
	f.Add("title", "text")
	f.Add("]]><entry>", "&#0;\x00\ufffe<!--")
	f.Add("\xff", "\r\n\t")
	f.Fuzz(func(t *testing.T, title, text string) {
		x := release.NewsItem{ID: "n", State: release.NewsPublished, Kind: release.NewsOfOther, Wording: wording(title, text)}
		got, _ := writeAtom(t, feedOf(x))
		require.Len(t, got.Entries, 1)
		plain := func(s string) string { // as XML can hold it
			return strings.Map(func(r rune) rune {
				switch {
				case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xD7FF, r >= 0xE000 && r <= 0xFFFD, r >= 0x10000:
					return r
				}
				return utf8.RuneError
			}, s)
		}
		require.Equal(t, plain(title), got.Entries[0].Title)
		require.Equal(t, plain(text), got.Entries[0].Content.Text)
	})
}
