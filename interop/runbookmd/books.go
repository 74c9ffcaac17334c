package runbookmd

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// BookOptions say what a file does not. Nil is the zero value.
type BookOptions struct {
	ID       servicecoin.RunbookID   // of the book, or what the ids of several begin with; "": made of the titles
	Language string                  // BCP 47; "": lang of the front matter, or "en"
	Scenario runbook.Scenario        // "": scenario of the front matter, or [runbook.Diagnose]
	Services []servicecoin.ServiceID // nil: services of the front matter
	// Level is that of the headings of which each begins a book. 0 decides by the
	// file: one book, unless it has several headings of the first level with steps,
	// or sections that look like each other (two with a heading of the same name
	// inside: "Impact", "Restore process"). Below 0 is one book in any case.
	Level int
}

// Imported is a run book as it was read from a file.
type Imported struct {
	Book     runbook.Book // version 1, a draft
	Heading  int          // the heading that begins it, in [Document.Headings]; -1 is the file
	Rest     string       // Markdown of it that has no place in a run book, or did not fit
	Findings []Finding
}

// The longest texts of a run book, in characters; what is longer is cut in two at
// a block, or told of.
const (
	mostText  = 4000
	mostTitle = 200
)

// Books returns the run books of the file, drafts in the order in which they
// stand. Each step of the file is a manual step: its title is its first line, its
// text all that belongs to it with the commands, and what stands before it in its
// section. Where there are more check boxes than steps, the boxes are steps too. Steps under
// "Prerequisites" are preconditions. What stands before the first step, or under
// "Impact", "Meaning" and the like, is the purpose; a section that has none after
// it is a step by itself. Names in {{brackets}} become parameters.
//
// A file that [runbook.Manual.WriteMarkdown] wrote, with its English words, is read
// back: the same steps with the same ids.
//
// The front matter may say: title, purpose, services, scenario, lang,
// preconditions, roles (names, or name: text), parameters (names, or mappings with
// name, text, type, choices, default, optional), last_reviewed_on and review_in.
func (d *Document) Books(o *BookOptions) []Imported {
	if o == nil {
		o = &BookOptions{}
	}
	if parts := d.anchors(); o.Level == 0 && len(parts) > 0 {
		return d.manual(o, parts)
	}
	level := o.Level
	if level == 0 {
		level = d.bookLevel()
	}
	if level < 0 {
		return []Imported{d.book(o, -1, 0, d.lines.count())}
	}
	var books []Imported
	used := map[string]bool{}
	covered := 0
	for i, h := range d.headings {
		if !h.opens() || h.Level != level {
			continue
		}
		first, last := h.Line-1, d.sectionEnd(i)
		b := d.book(o, i, first, last)
		if len(b.Book.Steps) == 0 {
			continue
		}
		if n := len(books); d.hasText(covered, first) {
			where := Finding{Line: covered + 1, Code: FoundOutsideBooks, Text: "stands in none of the run books"}
			if n == 0 {
				b.Findings = append([]Finding{where}, b.Findings...)
			} else {
				books[n-1].Findings = append(books[n-1].Findings, where)
			}
		}
		covered = last
		if title := b.Book.Title[o.language(d)]; used[title] {
			b.Findings = append(b.Findings, Finding{Line: h.Line, Code: FoundSharedTitle, Text: fmt.Sprintf("another run book is called %q", title)})
		} else {
			used[title] = true
		}
		books = append(books, b)
	}
	ids := map[servicecoin.RunbookID]int{}
	for i := range books {
		id := books[i].Book.ID
		if ids[id]++; ids[id] > 1 {
			books[i].Book.ID = servicecoin.RunbookID(fmt.Sprintf("%s-%d", id, ids[id]))
		}
	}
	return books
}

// Book returns the whole file as one run book.
func (d *Document) Book(o *BookOptions) Imported {
	one := BookOptions{}
	if o != nil {
		one = *o
	}
	one.Level = -1
	return d.Books(&one)[0]
}

// opens reports whether a heading begins a section.
func (h Heading) opens() bool { return !h.Nested && !h.Quoted && !h.Loose }

// sectionEnd returns the line after the section of a heading.
func (d *Document) sectionEnd(heading int) int {
	for _, h := range d.headings[heading+1:] {
		if h.opens() && h.Level <= d.headings[heading].Level {
			return h.Line - 1
		}
	}
	return d.lines.count()
}

func (d *Document) hasText(first, last int) bool {
	return slices.ContainsFunc(d.leaves, func(l leaf) bool {
		return l.first >= first && l.last < last && l.kind != HeadingLine && l.kind != Comment
	})
}

// bookLevel decides how the file is cut; -1 is one book.
func (d *Document) bookLevel() int {
	withSteps := 0
	for i, h := range d.headings {
		if h.opens() && h.Level == 1 && d.stepsIn(h.Line-1, d.sectionEnd(i)) > 0 {
			withSteps++
		}
	}
	if withSteps > 1 {
		return 1
	}
	for level := 1; level < 6; level++ {
		sections := 0
		seen := map[string]int{} // the title of a heading inside → its section
		for i, h := range d.headings {
			if !h.opens() || h.Level != level {
				continue
			}
			sections++
			for j := i + 1; j < len(d.headings) && (!d.headings[j].opens() || d.headings[j].Level > level); j++ {
				inner := d.headings[j]
				if !inner.opens() || inner.Parent != i {
					continue
				}
				if at, ok := seen[inner.Title]; ok && at != i && d.stepsIn(h.Line-1, d.sectionEnd(i)) > 0 {
					return level
				}
				seen[inner.Title] = i
			}
		}
		if sections > 1 {
			return -1 // sections that do not look alike are parts of one book
		}
	}
	return -1
}

func (d *Document) stepsIn(first, last int) int {
	n := 0
	for _, s := range d.steps {
		if s.first >= first && s.first < last {
			n++
		}
	}
	return n
}

func (o *BookOptions) language(d *Document) string {
	if o.Language != "" {
		return o.Language
	}
	for _, key := range []string{"lang", "language"} {
		if lang, ok := d.Meta(key); ok && lang != "" {
			return lang
		}
	}
	return "en"
}

// book reads the lines of one book.
func (d *Document) book(o *BookOptions, heading, first, last int) Imported {
	lang := o.language(d)
	im := Imported{Heading: heading, Book: runbook.Book{Version: 1, State: runbook.Draft, Scenario: o.Scenario, Services: slices.Clone(o.Services)}}
	title := d.Title()
	if heading >= 0 {
		title = d.headings[heading].Title
	}
	if title == "" {
		title = "Run book"
	}
	b := &im.Book
	b.Title = servicecoin.Texts{lang: cut(title, mostTitle)}
	b.ID = o.ID
	switch name := servicecoin.RunbookID(slug(title, 80)); {
	case o.ID == "":
		b.ID = name
	case heading >= 0:
		b.ID = o.ID + "-" + name
	}
	review := d.Review()
	b.ReviewEvery = review.Every()
	if due, ok := review.Due(); ok {
		b.ReviewBy = due.At(calendar.StartOfDay, time.UTC)
	}
	d.bookMeta(&im, lang)
	w := bookWriter{d: d, im: &im, lang: lang, ids: map[string]int{}}
	w.run(heading, first, last)
	if len(b.Steps) == 0 {
		im.find(first+1, FoundNoSteps, "has no step")
	}
	im.placeholders()
	return im
}

func (im *Imported) find(line int, code, text string) {
	im.Findings = append(im.Findings, Finding{Line: line, Code: code, Text: text})
}

// placeholders makes parameters of the names that texts have and nobody declared.
func (im *Imported) placeholders() {
	b := &im.Book
	known := map[string]bool{}
	for _, p := range b.Parameters {
		known[p.Name] = true
	}
	for _, s := range b.Steps {
		for _, t := range s.Text {
			for _, name := range runbook.Placeholders(t) {
				if !known[name] {
					known[name] = true
					b.Parameters = append(b.Parameters, runbook.Parameter{Name: name, Type: runbook.Text})
					im.find(0, FoundTemplateInUse, fmt.Sprintf("{{%s}} is read as a parameter", name))
				}
			}
		}
	}
}

var (
	placeholder  = regexp.MustCompile(`\{\{[ \t]*([A-Za-z][A-Za-z0-9_.-]{0,59})[ \t]*\}\}`)
	preparation  = regexp.MustCompile(`(?i)^(pre-?requisites?|pre-?conditions?|requirements|assumptions|before you (begin|start))\b`)
	introduction = regexp.MustCompile(`(?i)^(meaning|impact|purpose|overview|summary|description|introduction|background|about|scope|context|full context|possible causes?|severity)\b`)
	epilogue     = regexp.MustCompile(`(?i)^(notes?|references?|see also|additional (resources|information)|further (reading|information)|resources|links|related( .*)?|history|change ?log)$`)
)

// cut cuts a line to so many characters.
func cut(text string, most int) string {
	runes := []rune(strings.ToValidUTF8(text, "\uFFFD"))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most-1]) + "…"
}

// slug makes an id of a title.
func slug(title string, most int) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(title) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			dash = false
		} else {
			dash = true
		}
		if b.Len() >= most {
			break
		}
	}
	if b.Len() == 0 {
		return "step"
	}
	return b.String()
}
