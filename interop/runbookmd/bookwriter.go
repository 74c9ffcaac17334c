package runbookmd

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// bookWriter makes a run book of blocks, in their order.
type bookWriter struct {
	d    *Document
	im   *Imported
	lang string
	ids  map[string]int

	heading int     // the section that is read, -1 is none
	pending []chunk // of the section, and given to no step yet
	purpose []chunk
	rest    []chunk
	current *draft // the step that is read
	prep    bool   // in a section of preconditions
	begun   bool   // a step was read
	inside  bool   // a step of this section was read
}

// chunk is a block as Markdown.
type chunk struct {
	text        string
	first, last int
}

// draft is a step that is read.
type draft struct {
	title  string
	line   int
	chunks []chunk
}

// run reads the blocks between two lines.
func (w *bookWriter) run(heading, first, last int) {
	d := w.d
	w.heading = -1
	box := map[int]int{} // line → box of the outermost list
	for i, b := range d.boxes {
		if b.Depth == 1 && b.Step < 0 && !b.Loose && b.Line > first && b.Line <= last {
			box[b.Line-1] = i
		}
	}
	if len(box) <= d.stepsIn(first, last) {
		clear(box)
	}
	step := -1
	for _, l := range d.leaves {
		if l.first < first || l.first >= last {
			continue
		}
		at := d.headingAt(l)
		switch {
		case l.kind == HeadingLine && at >= 0 && d.headings[at].opens():
			w.section(at, at == heading)
			step = -1
			if l.step >= 0 { // it carries code: it is a step by itself
				w.pending = w.pending[:max(0, len(w.pending)-1)] // the heading is its title
				w.start(d.headings[at].Title, l.first)
				step = l.step
			}
			continue
		case l.step >= 0 && l.step != step:
			step = l.step
			if s := d.steps[step]; s.first == l.first {
				w.start(d.titleOf(s.Text), l.first)
			}
		case l.step < 0:
			if i, ok := box[l.first]; ok {
				w.start(d.titleOf(d.boxes[i].Text), l.first)
			}
		}
		w.add(l)
	}
	w.section(-1, false)
	w.finish()
}

// headingAt returns the heading that a block is.
func (d *Document) headingAt(l leaf) int {
	if l.kind != HeadingLine {
		return -1
	}
	for i := max(0, l.section); i < len(d.headings); i++ {
		if d.headings[i].Line == l.first+1 {
			return i
		}
		if d.headings[i].Line > l.first+1 {
			break
		}
	}
	return -1
}

// titleOf makes a title of the first line of a text.
func (d *Document) titleOf(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return cut(strings.TrimRight(strings.Join(strings.Fields(d.plain(line)), " "), " :"), mostTitle)
}

// section ends the one before and begins the next; -1 is the end. The heading of
// the book itself is its title.
func (w *bookWriter) section(next int, own bool) {
	d := w.d
	deeper := next >= 0 && w.heading >= 0 && d.headings[next].Level > d.headings[w.heading].Level
	opening := w.heading < 0 || d.headings[w.heading].Level == 1 // what stands below the title of a file
	if !deeper || w.inside || w.prep || opening || next >= 0 && preparation.MatchString(d.headings[next].Title) {
		w.flush()
	}
	w.stop()
	w.heading, w.inside = next, false
	w.prep = next >= 0 && preparation.MatchString(d.headings[next].Title)
	if next >= 0 && !own && d.headings[next].Level > 1 {
		h := d.headings[next]
		w.pending = append(w.pending, chunk{strings.Repeat("#", h.Level) + " " + h.Text, h.Line - 1, h.Line - 1})
	}
}

// flush gives what no step has taken its place.
func (w *bookWriter) flush() {
	if len(w.pending) == 0 {
		return
	}
	pending := w.pending
	w.pending = nil
	title, level := "", 0
	if w.heading >= 0 {
		title, level = w.d.headings[w.heading].Title, w.d.headings[w.heading].Level
	}
	bare := len(pending) == 1 && strings.HasPrefix(pending[0].text, "#")
	numbered := w.heading >= 0 && w.d.headings[w.heading].Number != ""
	switch {
	case bare:
		if w.begun {
			w.rest = append(w.rest, pending...)
		} else {
			w.purpose = append(w.purpose, pending...)
		}
	case w.prep:
		w.preconditions(pending)
	case w.inside && w.current != nil:
		w.current.chunks = append(w.current.chunks, pending...)
	case epilogue.MatchString(title), introduction.MatchString(title) && !numbered, !w.begun && !numbered && w.stepsFollow(), level <= 1 && !w.begun:
		w.purpose = append(w.purpose, pending...)
	default:
		w.current = &draft{title: cut(title, mostTitle), line: pending[0].first, chunks: withoutHeading(pending)}
		w.begun = true
		w.stop()
	}
}

func withoutHeading(chunks []chunk) []chunk {
	if len(chunks) > 1 && strings.HasPrefix(chunks[0].text, "#") {
		return chunks[1:]
	}
	return chunks
}

// stepsFollow reports whether the file has steps at all: without any, sections are
// the steps.
func (w *bookWriter) stepsFollow() bool { return len(w.d.steps) > 0 }

// start begins a step with what stands before it.
func (w *bookWriter) start(title string, line int) {
	if w.prep {
		return
	}
	w.stop()
	w.current = &draft{title: title, line: line, chunks: w.pending}
	w.pending = nil
	w.begun, w.inside = true, true
}

// add gives a block to the step that is read, or keeps it for the next one.
func (w *bookWriter) add(l leaf) {
	c := w.d.chunk(l)
	if w.prep || w.current == nil || l.step < 0 && !l.nested {
		w.pending = append(w.pending, c)
		return
	}
	w.current.chunks = append(w.current.chunks, w.pending...)
	w.pending = nil
	w.current.chunks = append(w.current.chunks, c)
}

// stop ends the step that is read.
func (w *bookWriter) stop() {
	if w.current == nil {
		return
	}
	s := w.current
	w.current = nil
	if s.title == "" && len(s.chunks) > 0 {
		s.title = w.d.titleOf(strings.TrimLeft(s.chunks[0].text, "#` "))
	}
	if s.title == "" {
		s.title = "Step"
	}
	for part, text := range w.parts(s.chunks) {
		if text == "" {
			text = s.title
		}
		title := s.title
		if part > 0 {
			title = cut(fmt.Sprintf("%s (%d)", cut(title, mostTitle-8), part+1), mostTitle)
		}
		w.im.Book.Steps = append(w.im.Book.Steps, runbook.Step{
			ID: w.id(title), Kind: runbook.ManualStep, Title: servicecoin.Texts{w.lang: title}, Text: servicecoin.Texts{w.lang: text},
		})
		if n := utf8.RuneCountInString(text); n > mostText {
			w.im.find(s.line+1, FoundDoesNotFit, fmt.Sprintf("has %d characters in one block, %d are allowed", n, mostText))
		}
	}
}

func (w *bookWriter) id(title string) runbook.StepID {
	name := slug(title, 50)
	if w.ids[name]++; w.ids[name] > 1 {
		return runbook.StepID(fmt.Sprintf("%s-%d", name, w.ids[name]))
	}
	return runbook.StepID(name)
}

// parts joins blocks to texts that are short enough.
func (w *bookWriter) parts(chunks []chunk) []string {
	var parts []string
	from := 0
	for i := range chunks {
		if i > from && utf8.RuneCountInString(joined(chunks[from:i+1])) > mostText {
			parts = append(parts, joined(chunks[from:i]))
			from = i
		}
	}
	if text := joined(chunks[from:]); text != "" || len(parts) == 0 {
		parts = append(parts, text)
	}
	return parts
}

// joined joins blocks with the blank lines that they had between them.
func joined(chunks []chunk) string {
	var b strings.Builder
	for i, c := range chunks {
		switch {
		case i == 0:
		case chunks[i-1].last+1 == c.first && !strings.HasPrefix(chunks[i-1].text, "#"):
			b.WriteString("\n")
		default:
			b.WriteString("\n\n")
		}
		b.WriteString(c.text)
	}
	return strings.ToValidUTF8(strings.TrimSpace(b.String()), "\uFFFD")
}

// preconditions makes one of each block.
func (w *bookWriter) preconditions(chunks []chunk) {
	const most = 50
	for _, c := range withoutHeading(chunks) {
		text := strings.TrimSpace(strings.ToValidUTF8(strings.TrimLeft(c.text, "-*+ "), "\uFFFD"))
		switch {
		case text == "":
		case len(w.im.Book.Preconditions) == most || utf8.RuneCountInString(text) > mostText:
			w.rest = append(w.rest, c)
		default:
			w.im.Book.Preconditions = append(w.im.Book.Preconditions, servicecoin.Texts{w.lang: text})
		}
	}
}

// finish writes the purpose and what has no place.
func (w *bookWriter) finish() {
	purpose := w.purpose
	for len(purpose) > 0 && strings.HasPrefix(purpose[len(purpose)-1].text, "#") {
		w.rest = append([]chunk{purpose[len(purpose)-1]}, w.rest...)
		purpose = purpose[:len(purpose)-1]
	}
	given := w.im.Book.Purpose[w.lang]
	for len(purpose) > 0 && utf8.RuneCountInString(joined(purpose))+utf8.RuneCountInString(given)+2 > mostText {
		w.rest = append([]chunk{purpose[len(purpose)-1]}, w.rest...)
		purpose = purpose[:len(purpose)-1]
	}
	if text := strings.TrimSpace(given + "\n\n" + joined(purpose)); text != "" {
		w.im.Book.Purpose = servicecoin.Texts{w.lang: text}
	}
	w.im.Rest = joined(w.rest)
	for _, c := range w.rest {
		if !strings.HasPrefix(c.text, "#") {
			w.im.find(c.first+1, FoundDoesNotFit, "has no place in a run book, or is too long for it")
		}
	}
}

// chunk returns a block as Markdown that stands by itself.
func (d *Document) chunk(l leaf) chunk {
	c := chunk{first: l.first, last: l.last}
	if l.fence >= 0 {
		c.text = fencedText(d.code[l.fence])
		return c
	}
	indent := 0
	if l.step >= 0 && l.nested {
		s := d.steps[l.step]
		indent = s.indent
		if l.item && s.first == l.first && s.Text != "" {
			c.text = s.Text
			return c
		}
	}
	lines := make([]string, 0, l.last-l.first+1)
	for line := l.first; line <= l.last; line++ {
		raw := d.lines.text(d.source, line)
		if l.step >= 0 && line == l.first && d.steps[l.step].first == line && l.nested {
			raw = raw[min(len(raw), max(0, d.steps[l.step].Span.From-d.lines[line])):] // behind its number
		}
		lines = append(lines, strings.TrimRight(string(dedent(raw, indent)), " \t"))
	}
	c.text = strings.Join(lines, "\n")
	return c
}

// fencedText writes a code block anew, with a fence that nothing in it closes.
func fencedText(c Code) string {
	text := unix(c.Text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	fence := "```"
	for strings.Contains(text, fence) || strings.Contains(c.Info, "`") && fence[0] == '`' {
		if strings.Contains(c.Info, "`") && fence[0] == '`' {
			fence = "~~~"
			continue
		}
		fence += fence[:1]
	}
	return fence + c.Info + "\n" + text + fence
}
