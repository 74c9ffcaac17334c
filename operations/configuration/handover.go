package configuration

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/document"
	"github.com/servicecoin/servicecoin/store"
)

// HandOver is the whole configuration of a customer, to be read and printed: what there
// is, what is desired of it, what it rests on, and how it was found. Its words are
// English, unless Words translates them.
type HandOver struct {
	Title    string
	At       time.Time
	Baseline *Baseline // that holds; nil: none was approved
	Items    []Handed
	Strays   []Stray
	Words    map[string]string // translations of the document's own words, by the English ones
}

// Handed is an item of a hand-over.
type Handed struct {
	Item    Item
	Type    Type
	Desired Value
	Drift   Drift
	Needed  []Related // by which other items rest on it
}

// mostRows is how many attributes of an item are written.
const mostRows = 500

// HandOver gathers the configuration as it is now: what is not retired, by environment,
// type and name.
func (r *Register) HandOver(ctx context.Context, title string) (HandOver, error) {
	h := HandOver{Title: title, At: servicecoin.Instant(r.view.Now())}
	for b, err := range store.Of(r.view, baselines).Find(store.By("approved").Descending()).All(ctx) {
		if err != nil {
			return HandOver{}, err
		}
		h.Baseline = &b
		break
	}
	for x, err := range r.Items().All(ctx) {
		if err != nil {
			return HandOver{}, err
		}
		if !x.RetiredAt.IsZero() {
			continue
		}
		v, err := r.Version(ctx, x.ID, x.Version)
		if err != nil {
			return HandOver{}, err
		}
		item := Handed{Item: x, Type: r.types[x.Type].Type, Desired: v.Desired}
		if item.Drift, err = r.drift(ctx, x.ID); err != nil {
			return HandOver{}, err
		}
		for rel, err := range r.RelatedTo(x.ID).All(ctx) {
			if err != nil {
				return HandOver{}, err
			}
			item.Needed = append(item.Needed, rel)
		}
		h.Items = append(h.Items, item)
	}
	slices.SortStableFunc(h.Items, func(a, b Handed) int {
		return slices.Compare([]string{a.Item.Environment, string(a.Item.Type), a.Item.Name, string(a.Item.ID)}, []string{b.Item.Environment, string(b.Item.Type), b.Item.Name, string(b.Item.ID)})
	})
	for s, err := range r.Strays().All(ctx) {
		if err != nil {
			return HandOver{}, err
		}
		h.Strays = append(h.Strays, s)
	}
	return h, nil
}

// WriteMarkdown writes the hand-over as CommonMark with tables. Whatever somebody typed
// is escaped.
func (h HandOver) WriteMarkdown(w io.Writer) error {
	_, err := io.WriteString(w, form().Markdown(h.blocks()))
	return err
}

// WriteHTML writes the hand-over as a page of its own that can be printed: no script,
// nothing from elsewhere, and whatever somebody typed is escaped.
func (h HandOver) WriteHTML(w io.Writer) error {
	_, err := io.WriteString(w, form().HTML(h.Title, h.blocks()))
	return err
}

func (h HandOver) word(english string) string {
	if w := h.Words[english]; w != "" {
		return w
	}
	return english
}

func (h HandOver) blocks() []document.Block {
	list := []document.Block{{Heading: 1, Text: h.Title}}
	about := document.Block{}
	about.Term(h.word("As of"), instant(h.At))
	about.Term(h.word("Items"), strconv.Itoa(len(h.Items)))
	if h.Baseline == nil {
		about.Term(h.word("Approved baseline"), h.word("none"))
	} else {
		about.Term(h.word("Approved baseline"), fmt.Sprintf("%s, %s", h.Baseline.Name, instant(h.Baseline.At)))
	}
	for _, s := range []Standing{InLine, Drifted, Unknown, NeverSeen} {
		count := 0
		for _, x := range h.Items {
			if x.Item.Standing(h.At) == s {
				count++
			}
		}
		about.Term(h.word(s.words()), strconv.Itoa(count))
	}
	list = append(list, about)
	contents := document.Block{}
	for n, x := range h.Items {
		contents.Contents = append(contents.Contents, document.Block{Text: x.Item.Name + " (" + x.Type.called(x.Item.Type) + ")", Anchor: anchor(n)})
	}
	if len(h.Items) > 0 {
		list = append(list, contents)
	}
	environment := ""
	for n, x := range h.Items {
		if n == 0 || x.Item.Environment != environment {
			environment = x.Item.Environment
			name := environment
			if name == "" {
				name = h.word("No environment")
			}
			list = append(list, document.Block{Heading: 2, Text: name})
		}
		list = append(list, h.item(x, n)...)
	}
	if len(h.Strays) > 0 {
		table := [][]string{{h.word("Observed"), h.word("Type"), h.word("First seen"), h.word("Last seen"), h.word("By")}}
		for _, s := range h.Strays {
			table = append(table, []string{string(s.ID), string(s.Type), instant(s.FirstSeen), instant(s.LastSeen), s.SeenBy})
		}
		list = append(list, document.Block{Heading: 2, Text: h.word("Not recorded")}, document.Block{Table: table})
	}
	return list
}

func anchor(n int) string { return "item-" + strconv.Itoa(n+1) }

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04") + " UTC"
}

// called is what people call a type: its title, or its name.
func (t Type) called(name TypeName) string {
	if t.Title != "" {
		return t.Title
	}
	return string(name)
}

func (s Standing) words() string {
	switch s {
	case InLine:
		return "As desired"
	case Drifted:
		return "With drift"
	case Unknown:
		return "Unknown"
	case NeverSeen:
		return "Never observed"
	case Retired:
	}
	return "Retired"
}

func (h HandOver) item(x Handed, n int) []document.Block {
	i := x.Item
	about := document.Block{}
	about.Term(h.word("Id"), string(i.ID))
	about.Term(h.word("Type"), x.Type.called(i.Type))
	about.Term(h.word("Owner"), h.word(string(i.Owner)))
	about.Term(h.word("Service"), string(i.Service))
	about.Term(h.word("Version"), fmt.Sprintf("%d, %s", i.Version, instant(i.ChangedAt)))
	about.Term(h.word("State"), h.word(i.Standing(h.At).words()))
	about.Term(h.word("Observed"), instant(i.Looked.At))
	about.Term(h.word("Observed by"), i.Looked.By)
	for _, r := range i.Relations {
		about.Term(h.word(r.Kind.words()), string(r.To))
	}
	for _, r := range x.Needed {
		about.Term(h.word("Needed by"), fmt.Sprintf("%s (%s)", r.From, h.word(r.Kind.words())))
	}
	list := []document.Block{{Heading: 3, Text: i.Name, Anchor: anchor(n)}, about}
	table := [][]string{{h.word("Attribute"), h.word("Desired"), h.word("Meaning")}}
	meaning := map[string]string{}
	for _, a := range x.Type.Attributes {
		meaning[a.Path] = a.Text
	}
	more := leaves(x.Desired, "", func(path string, v Value) bool {
		if len(table) > mostRows {
			return false
		}
		text := v.String()
		if v.sealed() {
			text = h.word("a secret")
		}
		table = append(table, []string{path, text, meaning[path]})
		return true
	})
	list = append(list, document.Block{Table: table})
	if more > 0 {
		list = append(list, document.Block{Text: fmt.Sprintf("%s: %d", h.word("Attributes that are left out"), more)})
	}
	if len(x.Drift.Open) > 0 {
		table := [][]string{{h.word("Difference"), h.word("At"), h.word("Desired"), h.word("Observed"), h.word("First seen"), h.word("Origin")}}
		for _, f := range x.Drift.Open {
			origin := h.word(string(f.Origin))
			if f.Change != "" {
				origin += " " + string(f.Change)
			}
			table = append(table, []string{h.word(string(f.Kind)), f.Path, h.shown(f.Desired), h.shown(f.Observed), instant(f.FirstSeen), origin})
		}
		list = append(list, document.Block{Table: table})
	}
	return list
}

func (h HandOver) shown(v Value) string {
	if v.sealed() {
		return h.word("a secret")
	}
	return v.String()
}

// leaves calls what takes each value that has none below it, by path, and counts those
// that it does not take.
func leaves(v Value, path string, take func(path string, v Value) bool) (left int) {
	if v.kind == Absent {
		return 0
	}
	if v.kind < List || len(v.members) == 0 {
		if take(path, v) {
			return 0
		}
		return 1
	}
	for n, m := range v.members {
		name := EscapeSegment(m.Name)
		if v.kind == List {
			name = strconv.Itoa(n)
		}
		left += leaves(m.Value, path+"/"+name, take)
	}
	return left
}
