package runbookmd

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// What [runbook.Manual] writes as Markdown is read back by its anchors: one stands
// before the title of each book and of each step, whatever headings a step has in
// its text.

var (
	bookAnchor = regexp.MustCompile(`^<a id="book-(\d+)(?:-([A-Za-z0-9][A-Za-z0-9_.-]*))?"></a>$`)
	termLine   = regexp.MustCompile(`^- \*\*(.+?)\*\*: (.*)$`)
	stepNumber = regexp.MustCompile(`^\d+\. `)
	escaped    = regexp.MustCompile(`\\([[:punct:]])`)
)

// anchored is a part of a manual: a book, or a step of one.
type anchored struct {
	book  string
	step  string // "" is the book itself
	title string
	line  int // of the heading, from 0
	index int // of the heading
	end   int // the line after it
}

// anchors returns the parts of a manual, none where the file is none.
func (d *Document) anchors() []anchored {
	var list []anchored
	for i, l := range d.leaves {
		if l.kind != Paragraph || l.first != l.last || i+1 == len(d.leaves) || d.leaves[i+1].kind != HeadingLine {
			continue
		}
		m := bookAnchor.FindStringSubmatch(string(d.lines.text(d.source, l.first)))
		at := d.headingAt(d.leaves[i+1])
		if m == nil || at < 0 {
			continue
		}
		if n := len(list); n > 0 {
			list[n-1].end = l.first
		}
		title := unescaped(d.headings[at].Text)
		if m[2] != "" {
			title = stepNumber.ReplaceAllString(title, "")
		}
		list = append(list, anchored{book: m[1], step: m[2], title: title, line: d.leaves[i+1].last, index: at, end: d.lines.count()})
	}
	if len(list) > 0 && list[0].step != "" {
		return nil // steps of no book
	}
	return list
}

func unescaped(text string) string { return escaped.ReplaceAllString(text, "$1") }

// manual reads the run books of a manual: title, scenario, services, purpose, roles
// and steps with their ids, titles, texts, roles, lengths, hazards and what they
// come after and how they are undone. Steps that are not manual become so: what they
// decide, measure or wait for stands in their text, as the manual has it.
func (d *Document) manual(o *BookOptions, parts []anchored) []Imported {
	lang := o.language(d)
	var books []Imported
	for i := 0; i < len(parts); {
		end := i + 1
		for end < len(parts) && parts[end].step != "" && parts[end].book == parts[i].book {
			end++
		}
		im := Imported{Heading: parts[i].index, Book: runbook.Book{
			Version: 1, State: runbook.Draft, Scenario: o.Scenario, Services: slices.Clone(o.Services),
			Title: servicecoin.Texts{lang: cut(parts[i].title, mostTitle)}, ID: o.ID,
		}}
		if name := servicecoin.RunbookID(slug(parts[i].title, 80)); o.ID == "" {
			im.Book.ID = name
		} else if end < len(parts) || i > 0 {
			im.Book.ID = o.ID + "-" + name
		}
		d.manualHead(&im, lang, parts[i])
		for _, part := range parts[i+1 : end] {
			d.manualStep(&im, lang, part)
		}
		if len(im.Book.Steps) == 0 {
			im.find(parts[i].line+1, FoundNoSteps, "has no step")
		}
		im.placeholders()
		books = append(books, im)
		i = end
	}
	return books
}

// linesOf returns the lines below a heading, without the rule that ends a book.
func (d *Document) linesOf(part anchored) []string {
	var lines []string
	for line := part.line + 1; line < part.end; line++ {
		lines = append(lines, string(d.lines.text(d.source, line)))
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	if n := len(lines); part.end < d.lines.count() && n > 1 && lines[n-1] == "---" && lines[n-2] == "" {
		lines = lines[:n-1]
	}
	return lines
}

// terms reads the list "- **Name**: text" at the beginning of lines, and returns
// what comes after it.
func terms(lines []string) (list [][2]string, rest []string) {
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 {
		m := termLine.FindStringSubmatch(lines[0])
		if m == nil {
			break
		}
		list = append(list, [2]string{unescaped(m[1]), unescaped(m[2])})
		lines = lines[1:]
	}
	return list, lines
}

func trimmed(lines []string) string { return strings.Trim(strings.Join(lines, "\n"), "\n \t") }

// manualHead reads what stands above the steps of a book.
func (d *Document) manualHead(im *Imported, lang string, part anchored) {
	b := &im.Book
	list, rest := terms(d.linesOf(part))
	for _, term := range list {
		switch term[0] {
		case "Scenario":
			if b.Scenario == "" {
				b.Scenario = runbook.Scenario(term[1])
			}
		case "Services":
			if b.Services == nil {
				for name := range strings.SplitSeq(term[1], ", ") {
					b.Services = append(b.Services, servicecoin.ServiceID(name))
				}
			}
		case "Read again by":
			if date, err := calendar.ParseDate(term[1]); err == nil {
				b.ReviewBy = date.At(calendar.StartOfDay, nil)
			}
		}
	}
	if b.Scenario == "" {
		b.Scenario = runbook.Diagnose
	}
	level := strings.Repeat("#", d.headings[part.index].Level+1) + " "
	name := ""
	sections := map[string][]string{}
	for _, line := range rest {
		if title, ok := strings.CutPrefix(line, level); ok && slices.Contains([]string{"Purpose", "Preconditions", "Roles", "Parameters", "Steps"}, title) {
			name = title
			continue
		}
		sections[name] = append(sections[name], line)
	}
	if text := trimmed(sections["Purpose"]); text != "" {
		b.Purpose = servicecoin.Texts{lang: text}
	}
	for paragraph := range strings.SplitSeq(trimmed(sections["Preconditions"]), "\n\n") {
		if paragraph = strings.Trim(paragraph, "\n"); paragraph != "" {
			b.Preconditions = append(b.Preconditions, servicecoin.Texts{lang: paragraph})
		}
	}
	roles, _ := terms(sections["Roles"])
	for _, role := range roles {
		b.Roles = append(b.Roles, runbook.Role{Name: role[0], Text: textIn(lang, role[1])})
	}
	d.manualParameters(im, lang, part)
}

// manualParameters reads the table of parameters of a book.
func (d *Document) manualParameters(im *Imported, lang string, part anchored) {
	for _, t := range d.tables {
		if t.Line <= part.line || t.Line > part.end || !slices.Equal(t.Header, []string{"Name", "Type", "From", "Meaning"}) {
			continue
		}
		for _, row := range t.Rows {
			p := runbook.Parameter{Name: unescaped(row[0]), Text: textIn(lang, unescaped(row[3]))}
			kind, choices, _ := strings.Cut(unescaped(row[1]), ": ")
			p.Type = runbook.Type(kind)
			if choices != "" {
				p.Choices = strings.Split(choices, ", ")
			}
			from := unescaped(row[2])
			if value, ok := strings.CutPrefix(from, "= "); ok {
				p.Default = value
			} else if record, path, ok := strings.Cut(from, " /"); ok {
				p.From = &runbook.Source{Record: record, Path: "/" + path}
			}
			im.Book.Parameters = append(im.Book.Parameters, p)
		}
		return
	}
}

// manualStep reads a step.
func (d *Document) manualStep(im *Imported, lang string, part anchored) {
	s := runbook.Step{ID: runbook.StepID(part.step), Kind: runbook.ManualStep, Title: servicecoin.Texts{lang: part.title}}
	list, rest := terms(d.linesOf(part))
	var kept []string // what a manual step does not have
	for i, term := range list {
		switch {
		case i == 0 && term[0] == "Step":
			if !strings.HasSuffix(term[1], ", "+string(runbook.ManualStep)) {
				im.find(part.line+1, FoundUnknownMeta, strconv.Quote(term[1])+" is read as a manual step: what else it has stands in its text")
			}
		case term[0] == "Who":
			s.Role = term[1]
		case term[0] == "Expected":
			if s.Expected = spokenLength(term[1]); !s.Expected.Defined() {
				kept = append(kept, "- **"+term[0]+"**: "+term[1])
			}
		case term[0] == "After" && term[1] == "nothing: at once":
			s.AtStart = true
		case term[0] == "After":
			for name := range strings.SplitSeq(term[1], ", ") {
				s.After = append(s.After, runbook.StepID(name))
			}
		case term[0] == "Hazard":
			s.Hazard = servicecoin.Texts{lang: term[1]}
		default:
			kept = append(kept, "- **"+term[0]+"**: "+term[1])
		}
	}
	if undo := standing(rest, "Undo:"); undo >= 0 {
		if text := trimmed(rest[undo+1:]); text != "" {
			s.Undo = &runbook.Undo{Text: servicecoin.Texts{lang: text}}
			rest = rest[:undo]
		}
	}
	text := trimmed(rest)
	if len(kept) > 0 {
		text = strings.TrimSpace(text + "\n\n" + strings.Join(kept, "\n"))
	}
	if text == "" {
		text = part.title
	}
	s.Text = servicecoin.Texts{lang: text}
	im.Book.Steps = append(im.Book.Steps, s)
}

// spokenLength reads a length as a manual tells it, "1 h 30 min"; undefined is
// something else. Of more than two days a manual tells no seconds.
func spokenLength(text string) calendar.Duration {
	words := strings.Fields(strings.ReplaceAll(text, "\u202f", ""))
	units := map[string]time.Duration{"s": time.Second, "min": time.Minute, "h": time.Hour, "days": 24 * time.Hour}
	var length time.Duration
	for i := 0; i+1 < len(words); i += 2 {
		n, err := strconv.ParseInt(words[i], 10, 32)
		unit := units[words[i+1]]
		if err != nil || n < 0 || unit == 0 {
			return calendar.Duration{}
		}
		length += time.Duration(n) * unit
	}
	if len(words) == 0 || len(words)%2 != 0 {
		return calendar.Duration{}
	}
	return calendar.Within(length)
}

// standing returns the last line that is this text and stands between blank ones,
// -1 if there is none.
func standing(lines []string, text string) int {
	for i := len(lines) - 2; i > 0; i-- {
		if lines[i] == text && lines[i-1] == "" && lines[i+1] == "" {
			return i
		}
	}
	return -1
}
