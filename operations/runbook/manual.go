package runbook

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/internal/document"
)

// Manual is run books to be read and printed: one, or all of a service. What the
// books say is in the language of the reader where they have it; the words of the
// manual itself ("Steps", "Undo") are English, unless Words translates them.
type Manual struct {
	Title     string            // of a manual with several books
	Languages []string          // of the reader, the most wanted first; none: as [servicecoin.Texts.In] chooses
	Words     map[string]string // translations of the manual's own words, by the English ones
	Books     []Book
}

// ManualOf returns the manual of a service: the published ones of these books that
// are for it, by scenario in the order of the list, then by id. nil scenarios are
// [Scenarios].
func ManualOf(service servicecoin.ServiceID, title string, list []Book, scenarios []Scenario) Manual {
	m := Manual{Title: title}
	for _, b := range list {
		if b.State == Published && slices.Contains(b.Services, service) {
			m.Books = append(m.Books, b)
		}
	}
	if scenarios == nil {
		scenarios = Scenarios()
	}
	slices.SortFunc(m.Books, byTitle(scenarios))
	return m
}

// WriteMarkdown writes the manual as CommonMark with tables: several books with a
// title and a table of contents before them. Titles and names are escaped, and texts
// stand as they were written; a code block in them that is not closed is.
func (m Manual) WriteMarkdown(w io.Writer) error {
	_, err := io.WriteString(w, form().Markdown(m.blocks()))
	return err
}

// WriteHTML writes the manual as a page of its own that can be printed: no script,
// nothing from elsewhere. Of the Markdown in texts, paragraphs, headings, lists, code
// blocks and code in lines are shown as such; all else, HTML above all, is shown as it
// was typed.
func (m Manual) WriteHTML(w io.Writer) error {
	title := m.Title
	if len(m.Books) == 1 && title == "" {
		title = m.say(m.Books[0].Title)
	}
	_, err := io.WriteString(w, form().HTML(title, m.blocks()))
	return err
}

func (m Manual) say(t servicecoin.Texts) string {
	text, _ := t.In(m.Languages...)
	return text
}

func (m Manual) word(english string) string {
	if w := m.Words[english]; w != "" {
		return w
	}
	return english
}

func (m Manual) blocks() []document.Block {
	var list []document.Block
	top := 1
	if len(m.Books) != 1 || m.Title != "" {
		list = append(list, document.Block{Heading: 1, Text: m.Title, Anchor: "manual"}, document.Block{Contents: m.contents()})
		top = 2
	}
	for n, b := range m.Books {
		if n > 0 {
			list = append(list, document.Block{Rule: true})
		}
		list = append(list, m.book(b, n, top)...)
	}
	return list
}

func (m Manual) contents() []document.Block {
	var list []document.Block
	for n, b := range m.Books {
		list = append(list, document.Block{Text: m.say(b.Title) + " (" + string(b.Scenario) + ")", Anchor: anchorOf(n)})
	}
	return list
}

func anchorOf(book int) string { return "book-" + strconv.Itoa(book+1) }

func (m Manual) book(b Book, n, top int) []document.Block {
	list := []document.Block{{Heading: top, Text: m.say(b.Title), Anchor: anchorOf(n)}}
	about := document.Block{}
	about.Term(m.word("Version"), fmt.Sprintf("%d, %s", b.Version, m.word(string(b.State))))
	about.Term(m.word("Scenario"), string(b.Scenario))
	about.Term(m.word("Services"), join(b.Services))
	about.Term(m.word("Published"), day(b.PublishedAt))
	about.Term(m.word("Read again by"), day(b.ReviewBy))
	if length, unknown := b.Expected(); length.Defined() {
		text := spoken(length)
		if unknown > 0 {
			text += fmt.Sprintf(", %s %d", m.word("and steps of unknown length:"), unknown)
		}
		about.Term(m.word("Expected"), text)
	}
	list = append(list, about)
	section := func(title string) { list = append(list, document.Block{Heading: top + 1, Text: m.word(title)}) }
	if text := m.say(b.Purpose); text != "" {
		section("Purpose")
		list = append(list, document.Block{Markdown: text})
	}
	if len(b.Preconditions) > 0 {
		section("Preconditions")
		for _, t := range b.Preconditions {
			list = append(list, document.Block{Markdown: m.say(t)})
		}
	}
	if len(b.Roles) > 0 {
		section("Roles")
		roles := document.Block{}
		for _, r := range b.Roles {
			roles.Terms = append(roles.Terms, [2]string{r.Name, m.say(r.Text)})
		}
		list = append(list, roles)
	}
	if len(b.Parameters) > 0 {
		section("Parameters")
		table := document.Block{Table: [][]string{{m.word("Name"), m.word("Type"), m.word("From"), m.word("Meaning")}}}
		for _, p := range b.Parameters {
			table.Table = append(table.Table, []string{p.Name, p.kind(), p.origin(), m.say(p.Text)})
		}
		list = append(list, table)
	}
	section("Steps")
	for i, s := range b.Steps {
		list = append(list, m.step(s, i, n, top+2)...)
	}
	return list
}

func (p Parameter) kind() string {
	if p.Type == Choice {
		return string(p.Type) + ": " + strings.Join(p.Choices, ", ")
	}
	return string(p.Type)
}

func (p Parameter) origin() string {
	switch {
	case p.From != nil:
		return p.From.Record + " " + p.From.Path
	case p.Default != "":
		return "= " + p.Default
	}
	return ""
}

// spoken is a length of time as people say it.
func spoken(d calendar.Duration) string {
	length, ok := d.Get()
	if !ok {
		return ""
	}
	return servicecoin.Quantity{Value: servicecoin.Some(decimal.NewFromInt(int64(length / time.Second))), Unit: "s"}.Words()
}

func (m Manual) step(s Step, place, book, level int) []document.Block {
	head := document.Block{Heading: level, Text: fmt.Sprintf("%d. %s", place+1, m.say(s.Title)), Anchor: fmt.Sprintf("%s-%s", anchorOf(book), s.ID)}
	about := document.Block{}
	about.Term(m.word("Step"), string(s.ID)+", "+m.word(string(s.Kind)))
	about.Term(m.word("Who"), s.Role)
	about.Term(m.word("Expected"), spoken(s.Expected))
	about.Term(m.word("After"), join(s.After))
	if s.AtStart {
		about.Term(m.word("After"), m.word("nothing: at once"))
	}
	about.Term(m.word("Hazard"), m.say(s.Hazard))
	m.action(&about, "Action", s.Action)
	if x := s.Verification; x != nil {
		about.Term(m.word("Look at"), m.say(x.LookAt))
		about.Term(m.word("Expect"), strings.TrimSpace(x.Expect.String()+" "+x.Unit))
		m.action(&about, "Measured by", x.Action)
	}
	if w := s.Wait; w != nil {
		about.Term(m.word("Wait until"), w.Until)
		about.Term(m.word("Wait for"), spoken(w.For))
	}
	if s.Approval != nil {
		about.Term(m.word("Says go"), s.Approval.Role)
	}
	if s.Call != nil {
		about.Term(m.word("Run book"), string(s.Call.Book))
		for _, a := range s.Call.Values {
			about.Term(a.Name, a.Value)
		}
	}
	if d := s.Decision; d != nil {
		if d.Of != nil {
			about.Term(m.word("Decided by"), strings.TrimSpace(string(d.Of.Step)+" "+d.Of.Output))
		}
		for _, x := range d.Branches {
			var parts []string
			if x.When != nil {
				parts = append(parts, x.When.String())
			}
			if text := m.say(x.Text); text != "" {
				parts = append(parts, text)
			}
			if len(x.Steps) > 0 {
				parts = append(parts, m.word("then")+" "+join(x.Steps))
			}
			about.Term(m.word("If")+" "+x.Answer, strings.Join(parts, "; "))
		}
	}
	if s.Undo != nil {
		m.action(&about, "Undo", s.Undo.Action)
	}
	list := []document.Block{head, about}
	if text := m.say(s.Text); text != "" {
		list = append(list, document.Block{Markdown: text})
	}
	if s.Undo != nil && len(s.Undo.Text) > 0 {
		list = append(list, document.Block{Text: m.word("Undo") + ":"}, document.Block{Markdown: m.say(s.Undo.Text)})
	}
	return list
}

func (m Manual) action(about *document.Block, name string, a *Action) {
	if a == nil {
		return
	}
	parts := []string{a.Name}
	for _, i := range a.Inputs {
		parts = append(parts, i.Name+" = "+i.Value)
	}
	about.Term(m.word(name), strings.Join(parts, ", "))
}

func join[S ~string](list []S) string {
	texts := make([]string, len(list))
	for n, s := range list {
		texts[n] = string(s)
	}
	return strings.Join(texts, ", ")
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}
