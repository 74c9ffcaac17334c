package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
)

// NewsFeed is news as a feed of Atom (RFC 4287), for one audience and in one language.
type NewsFeed struct {
	ID       string // an absolute URI that never changes, also not with the address
	Title    string
	Author   string // who publishes it
	Self     string // where the feed is
	Page     string // where people read the same; "": nowhere
	Language []string
	// Link returns where an item is read; nil: on the page.
	Link func(n NewsItem) string
	// Since is when the feed was last changed where it is empty.
	Since time.Time
	Items []NewsItem // at most [MaxFeedItems] are written, the last updated first
}

// MaxFeedItems is how many items a feed has at most.
const MaxFeedItems = 100

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr,omitempty"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomPerson  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Lang      string       `xml:"xml:lang,attr,omitempty"`
	ID        string       `xml:"id"`
	Title     string       `xml:"title"`
	Updated   string       `xml:"updated"`
	Published string       `xml:"published"`
	Category  atomCategory `xml:"category"`
	Links     []atomLink   `xml:"link"`
	Content   atomContent  `xml:"content"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

type atomContent struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

// WriteAtom writes a feed. An item keeps its id whatever becomes of it: a correction
// changes when it was updated, and has what it said before; of one that is withdrawn, the
// title, that it is, and why are there. Drafts are left out. Texts are written as
// text, never as markup.
func WriteAtom(w io.Writer, f NewsFeed) error {
	var v servicecoin.Violations
	v.Text("title", f.Title, 1, maxName)
	v.Text("author", f.Author, 1, maxName)
	for n, uri := range []string{f.ID, f.Self} {
		if scheme, rest, ok := strings.Cut(uri, ":"); !ok || scheme == "" || rest == "" || strings.ContainsAny(uri, " \t\r\n<>\"") {
			v.Add([...]string{"id", "self"}[n], "not-absolute", uri, "must be an absolute URI")
		}
	}
	if err := v.Err(); err != nil {
		return err
	}
	items := slices.DeleteFunc(slices.Clone(f.Items), func(n NewsItem) bool { return n.State == NewsDraft })
	slices.SortStableFunc(items, func(a, b NewsItem) int { return b.UpdatedAt.Compare(a.UpdatedAt) })
	items = items[:min(len(items), MaxFeedItems)]
	updated := f.Since
	if len(items) > 0 {
		updated = items[0].UpdatedAt
	}
	feed := atomFeed{
		ID: f.ID, Title: f.Title, Updated: atomTime(updated), Author: atomPerson{f.Author},
		Links: []atomLink{{Rel: "self", Type: "application/atom+xml", Href: f.Self}},
	}
	if len(f.Language) > 0 {
		feed.Lang = f.Language[0]
	}
	if f.Page != "" {
		feed.Links = append(feed.Links, atomLink{Rel: "alternate", Type: "text/html", Href: f.Page})
	}
	for n := range items {
		feed.Entries = append(feed.Entries, f.entry(&items[n]))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(feed); err != nil {
		return err
	}
	if err := e.Close(); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// atomTime is an instant to the second, rounded up: what was updated later never seems to
// be older.
func atomTime(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.Add(time.Second - time.Nanosecond).UTC().Truncate(time.Second).Format(time.RFC3339)
}

// AtomID is the id of an item in feeds: a UUID that is made of its own.
func AtomID(id NewsID) string {
	sum := sha256.Sum256([]byte("servicecoin news " + string(id)))
	const version, variant = 0x80, 0x80
	sum[6] = sum[6]&0x0f | version
	sum[8] = sum[8]&0x3f | variant
	const a, b, c, d, e = 4, 6, 8, 10, 16
	parts := make([]string, 0, 5)
	for _, p := range [][]byte{sum[:a], sum[a:b], sum[b:c], sum[c:d], sum[d:e]} {
		parts = append(parts, hex.EncodeToString(p))
	}
	return "urn:uuid:" + strings.Join(parts, "-")
}

func (f NewsFeed) entry(n *NewsItem) atomEntry {
	title, lang := n.Title.In(f.Language...)
	text, _ := n.Text.In(f.Language...)
	e := atomEntry{
		Lang: lang, ID: AtomID(n.ID), Title: title, Updated: atomTime(n.UpdatedAt), Published: atomTime(n.PublishedAt),
		Category: atomCategory{string(n.Kind)}, Content: atomContent{"text", text},
	}
	link := f.Page
	if f.Link != nil {
		link = f.Link(*n)
	}
	if link != "" {
		e.Links = []atomLink{{Rel: "alternate", Type: "text/html", Href: link}}
	}
	if n.State == NewsWithdrawn {
		e.Title = "Withdrawn: " + title
		e.Content.Text = fmt.Sprintf("This was withdrawn at %s: %s", n.WithdrawnAt.UTC().Format(time.RFC3339), n.Reason)
		return e
	}
	var b strings.Builder
	b.WriteString(text)
	for _, c := range slices.Backward(n.Corrections) {
		before, _ := c.Before.Text.In(f.Language...)
		was, _ := c.Before.Title.In(f.Language...)
		fmt.Fprintf(&b, "\n\nCorrected at %s: %s\nBefore, it said: %s\n%s", c.At.UTC().Format(time.RFC3339), c.Why, was, before)
	}
	e.Content.Text = b.String()
	return e
}
