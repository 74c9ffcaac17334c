package runbookmd

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/servicecoin/servicecoin"
)

// leaf is a block that nothing else stands in: the lines that it takes up, and
// where it belongs.
type leaf struct {
	kind        SegmentKind
	first, last int // lines
	section     int
	step        int
	quoted      bool
	fence       int  // the code block that it is, or -1
	item        bool // the first paragraph of an item
	nested      bool // inside of a list
}

// reader makes the parts of a document from the blocks of goldmark.
type reader struct {
	d    *Document
	w    *watch
	base int    // where the Markdown begins
	src  []byte // the Markdown

	section int
	carrier carrier // what a code block would follow now: behind a list, its last item
	lists   int
	ends    map[int]listEnd // by depth: the last list of the section
	item    map[int]bool    // lines that begin with the number of a step
	boxed   map[int]bool    // lines with a box
	err     *servicecoin.Violations
}

type listEnd struct{ list, number int }

// carrier is what a code block follows: a step that is one already, or something
// that becomes one.
type carrier struct {
	kind   StepKind
	step   int // -1: not yet a step
	leaf   int // its first paragraph, or heading
	head   int // its heading, or -1
	depth  int
	text   paragraph
	box    int
	quoted bool
}

// place is where a block stands.
type place struct {
	step   int // the numbered step around it, or -1
	depth  int // numbered lists around it
	boxes  int // lists with boxes around it
	box    int // the box around it, or -1
	quoted bool
	list   bool // inside of a list
	bullet bool // the innermost item is a bullet, outside of numbered ones
}

func (d *Document) read(body int, v *servicecoin.Violations) {
	r := &reader{d: d, base: body, src: lineFeeds(d.source[body:]), section: -1, ends: map[int]listEnd{}, item: map[int]bool{}, boxed: map[int]bool{}, err: v}
	r.carrier.clear()
	root, w, err := readMarkdown(r.src)
	r.w = w
	switch {
	case err != nil:
		d.find(d.lines.at(body)+1, FoundUnreadable, err.Error())
	case w.deep:
		v.Limit("depth", MaxDepth+1, MaxDepth)
	case w.many:
		v.Limit("blocks", MaxBlocks+1, MaxBlocks)
	default:
		for node := root.FirstChild(); node != nil; node = node.NextSibling() {
			r.block(node, place{step: -1, box: -1})
		}
	}
	if v.Len() > 0 {
		return
	}
	if !utf8.Valid(d.source) {
		d.find(r.badUTF8(), FoundNotUTF8, "has bytes that are not UTF-8")
	}
	r.settle()
}

func (r *reader) badUTF8() int {
	for line := range r.d.lines.count() {
		if !utf8.Valid(r.d.lines.of(r.d.source, line)) {
			return line + 1
		}
	}
	return 1
}

func (c *carrier) clear() { *c = carrier{step: -1, leaf: -1, head: -1, box: -1} }

// line returns the line of the file in which an offset of the Markdown stands.
func (r *reader) line(offset int) int { return r.d.lines.at(r.base + offset) }

func (r *reader) add(l leaf) int {
	l.fence = -1
	r.d.leaves = append(r.d.leaves, l)
	return len(r.d.leaves) - 1
}

// paragraph is the text of a block as it stands in the file.
type paragraph struct {
	span        Span
	first, last int
	text        string
}

// paragraphOf joins the lines of a block and cuts what indents them.
func (r *reader) paragraphOf(lines *text.Segments) paragraph {
	if lines == nil || lines.Len() == 0 {
		return paragraph{first: -1, last: -1}
	}
	from := r.base + lines.At(0).Start
	to := r.base + lines.At(lines.Len()-1).Stop
	to = from + len(bytes.TrimRight(r.d.source[from:max(from, to)], " \t\r\n"))
	p := paragraph{span: Span{from, to}, first: r.d.lines.at(from), last: r.d.lines.at(max(from, to-1))}
	parts := make([]string, 0, lines.Len())
	for i := range lines.Len() {
		s := lines.At(i)
		parts = append(parts, strings.TrimRight(string(r.d.source[r.base+s.Start:r.base+s.Stop]), "\r\n"))
	}
	p.text = strings.TrimRight(strings.Join(parts, "\n"), " \t\r\n")
	return p
}

func (r *reader) block(node ast.Node, at place) {
	switch n := node.(type) {
	case *ast.Heading:
		r.heading(n, at)
	case *ast.Paragraph, *ast.TextBlock:
		r.paragraph(node, at)
	case *ast.List:
		r.list(n, at)
	case *ast.Blockquote:
		at.quoted = true
		r.children(n, at)
	case *ast.FencedCodeBlock:
		r.fenced(n, at)
	case *ast.CodeBlock:
		r.indented(n, at)
	case *ast.HTMLBlock:
		r.html(n, at)
	case *ast.ThematicBreak:
		line := r.line(r.w.opened[n])
		r.add(leaf{kind: ThematicLine, first: line, last: line, section: r.section, step: at.step, quoted: at.quoted, nested: at.list})
	case *east.Table:
		r.table(n, at)
	default:
		r.children(n, at)
	}
}

func (r *reader) children(node ast.Node, at place) {
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		r.block(child, at)
	}
}

var (
	headingNumber = regexp.MustCompile(`^(?i:step\s+|phase\s+)?(\d+(?:\.\d+)*)(?:[.):]|\s)`)
	boxMark       = regexp.MustCompile(`^\[([ \txX])\](?:[ \t]+|$|\r?\n)`)
	definition    = regexp.MustCompile(`^\[[^\]]+\]:\s*\S`)
	template      = regexp.MustCompile(`^(?:<%|\{\{|\{%)`)
	templateAll   = regexp.MustCompile(`^(?s:<%.*%>|\{\{.*\}\}|\{%.*%\})$`)
)

func (r *reader) heading(n *ast.Heading, at place) {
	p := r.paragraphOf(n.Lines())
	line := r.line(r.w.opened[n])
	h := Heading{Level: n.Level, Text: p.text, Span: p.span, Nested: at.list, Quoted: at.quoted, Parent: -1}
	l := leaf{kind: HeadingLine, first: line, last: line, step: at.step, quoted: at.quoted, nested: at.list}
	if !atxHeading(r.d.lines.text(r.d.source, line)) {
		h.Underlined = true
		if p.first >= 0 {
			l.first = p.first
		}
	}
	if p.first < 0 {
		h.Span = Span{r.d.lines[line] + len(r.d.lines.text(r.d.source, line)), 0}
		h.Span.To = h.Span.From
	}
	h.Line = l.first + 1
	r.d.fill(&h)
	index := r.addHeading(h)
	if !at.list && !at.quoted {
		r.section = index
		r.carrier.clear()
		clear(r.ends)
	}
	l.section = r.section
	place := r.add(l)
	if !at.list && !at.quoted {
		r.carrier = carrier{kind: Titled, step: -1, leaf: place, head: index, depth: 1, text: p, box: -1}
	}
}

// fill reads what the text of a heading says.
func (d *Document) fill(h *Heading) {
	h.Title = d.plain(h.Text)
	h.Template = templateAll.MatchString(h.Text)
	h.Number = ""
	if m := headingNumber.FindStringSubmatch(h.Title); m != nil {
		h.Number = m[1]
	}
}

// addHeading puts a heading below those of a higher level.
func (r *reader) addHeading(h Heading) int {
	index := len(r.d.headings)
	for above := index - 1; above >= 0; above = r.d.headings[above].Parent {
		if other := r.d.headings[above]; other.Level < h.Level && !other.Nested && !other.Quoted {
			h.Parent = above
			break
		}
	}
	r.d.headings = append(r.d.headings, h)
	return index
}

// atxHeading reports whether a line has the signs of a heading, behind markers.
func atxHeading(line []byte) bool {
	line = bytes.TrimLeft(line, " \t>-+*.)0123456789")
	return bytes.HasPrefix(line, []byte("#"))
}

func (r *reader) paragraph(node ast.Node, at place) {
	p := r.paragraphOf(node.Lines())
	if p.first < 0 {
		return
	}
	kind := Paragraph
	switch {
	case definition.MatchString(p.text):
		kind = Definition
	case template.MatchString(p.text):
		kind = Template
	}
	at.step = r.below(p.first, at)
	place := r.add(leaf{kind: kind, first: p.first, last: p.last, section: r.section, step: at.step, quoted: at.quoted, nested: at.list})
	if !at.list && !at.quoted && at.step < 0 && kind == Paragraph {
		r.carrier = carrier{kind: Written, step: -1, leaf: place, head: -1, depth: 1, text: p, box: -1}
	}
	r.looseIn(place, at)
}

func (r *reader) html(n *ast.HTMLBlock, at place) {
	first := r.line(r.w.opened[n])
	last := first
	if lines := n.Lines(); lines.Len() > 0 {
		last = max(first, r.line(lines.At(lines.Len()-1).Start))
	}
	if n.HasClosure() {
		last = max(last, r.line(n.ClosureLine.Start))
	}
	kind := HTML
	if n.HTMLBlockType == ast.HTMLBlockType2 {
		kind = Comment
	}
	place := r.add(leaf{kind: kind, first: first, last: last, section: r.section, step: at.step, quoted: at.quoted, nested: at.list})
	r.looseIn(place, at)
}

func (r *reader) table(n *east.Table, at place) {
	first, last := -1, -1
	t := Table{Section: r.section, Step: at.step, Quoted: at.quoted}
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		line := r.line(max(0, row.Pos()))
		if first < 0 {
			first = line
			last = line + 1 // the line of dashes
		}
		last = max(last, line)
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, r.cell(cell))
		}
		if _, ok := row.(*east.TableHeader); ok {
			t.Header = cells
		} else {
			t.Rows = append(t.Rows, cells)
		}
	}
	if first < 0 {
		return
	}
	last = min(last, r.d.lines.count()-1)
	t.Line = first + 1
	t.Span = Span{r.d.lines[first], r.d.lines[last+1]}
	r.d.tables = append(r.d.tables, t)
	if at.step >= 0 {
		r.d.steps[at.step].Tables = append(r.d.steps[at.step].Tables, len(r.d.tables)-1)
	}
	place := r.add(leaf{kind: TableLines, first: first, last: last, section: r.section, step: at.step, quoted: at.quoted, nested: at.list})
	r.looseIn(place, at)
}

func (r *reader) cell(node ast.Node) string {
	lines := node.Lines()
	if lines == nil || lines.Len() == 0 {
		return ""
	}
	s := lines.At(0)
	if s.Start >= s.Stop {
		return ""
	}
	return strings.ReplaceAll(string(r.d.source[r.base+s.Start:r.base+s.Stop]), `\|`, "|")
}
