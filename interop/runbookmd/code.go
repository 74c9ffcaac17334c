package runbookmd

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

var fenceOpen = regexp.MustCompile("^(.*?)(`{3,}|~{3,})(.*)$")

// fenced reads a code block between fences.
func (r *reader) fenced(n *ast.FencedCodeBlock, at place) {
	d := r.d
	first := r.line(r.w.opened[n])
	last, contentEnd := first, first+1
	if lines := n.Lines(); lines.Len() > 0 {
		last = max(first, r.line(lines.At(lines.Len()-1).Start))
		contentEnd = last + 1
	}
	c := Code{Fenced: true, Text: r.verbatim(n.Lines()), Section: r.section, Line: first + 1, Quoted: at.quoted}
	if offset, ok := r.w.closed[n]; ok {
		c.Closed = true
		last = max(last, r.line(offset))
		contentEnd = last
	} else {
		d.find(first+1, FoundOpenCode, "is not closed: everything up to line "+itoa(last+1)+" is code")
	}
	if m := fenceOpen.FindSubmatch(d.lines.text(d.source, first)); m != nil {
		c.fence(m)
	}
	c.Span = Span{d.lines[first], d.lines[last+1]}
	c.content = Span{d.lines[min(first+1, d.lines.count())], d.lines[min(contentEnd, d.lines.count())]}
	if c.content.To < c.content.From {
		c.content.To = c.content.From
	}
	r.addCode(c, at, leaf{kind: CodeLines, first: first, last: last, section: r.section, step: at.step, quoted: at.quoted, nested: at.list})
}

// fence takes what an opening fence says: what stands before it, its signs, and
// what comes after them.
func (c *Code) fence(m [][]byte) {
	c.prefix = blanked(m[1])
	c.marker, c.width = m[2][0], len(m[2])
	c.Info = strings.TrimSpace(string(m[3]))
	if fields := strings.Fields(strings.TrimLeft(c.Info, "{.")); len(fields) > 0 {
		c.Language = strings.TrimRight(fields[0], "}")
	}
}

// indented reads a code block that is one because it is indented.
func (r *reader) indented(n *ast.CodeBlock, at place) {
	d := r.d
	lines := n.Lines()
	if lines.Len() == 0 {
		return
	}
	first := r.line(r.w.opened[n])
	last := max(first, r.line(lines.At(lines.Len()-1).Start))
	c := Code{Text: r.verbatim(lines), Section: r.section, Line: first + 1, Quoted: at.quoted, Closed: true}
	c.Span = Span{d.lines[first], d.lines[last+1]}
	c.content = c.Span
	raw := d.lines.text(d.source, first)
	c.prefix = blanked(raw[:max(0, min(r.base+lines.At(0).Start-d.lines[first], len(raw)))])
	if loose, ok := r.tooDeep(first, last); ok {
		// Somebody's fence, indented one level too many.
		loose.Section, loose.Quoted = c.Section, c.Quoted
		c = loose
		d.find(first+1, FoundLooseCode, "is indented too deep for a fence: its fences are shown")
	}
	place := r.addCode(c, at, leaf{kind: CodeLines, first: first, last: last, section: r.section, step: at.step, quoted: at.quoted, nested: at.list})
	if !c.Fenced {
		r.looseIn(place, at)
	}
}

// tooDeep reads lines as a fenced block if they begin and end as one.
func (r *reader) tooDeep(first, last int) (Code, bool) {
	code, end, ok := r.looseFence(first, last)
	if !ok || end != last || !code.Closed {
		return Code{}, false
	}
	return code, true
}

// looseFence reads a fenced block that CommonMark does not see, which begins on
// a line and ends before another. Its end is the line of the closing fence, or
// the last one.
func (r *reader) looseFence(first, last int) (c Code, end int, ok bool) {
	d := r.d
	m := fenceOpen.FindSubmatch(d.lines.text(d.source, first))
	if len(m) == 0 || !isBlank(m[1]) || m[2][0] == '`' && bytes.ContainsRune(m[3], '`') {
		return Code{}, first, false
	}
	c = Code{Fenced: true, Loose: true, Line: first + 1}
	c.fence(m)
	var b strings.Builder
	end = last
	contentEnd := last + 1
	for line := first + 1; line <= last; line++ {
		text := bytes.TrimSpace(d.lines.text(d.source, line))
		if len(text) >= c.width && len(bytes.Trim(text, string(rune(c.marker)))) == 0 {
			c.Closed = true
			end, contentEnd = line, line
			break
		}
		b.Write(dedent(d.lines.of(d.source, line), column(m[1])))
	}
	c.Text = b.String()
	c.Span = Span{d.lines[first], d.lines[end+1]}
	c.content = Span{d.lines[first+1], d.lines[contentEnd]}
	return c, end, true
}

// verbatim returns lines of code as they stand in the file: goldmark ends the last
// line of a file that does not end it, and takes the CR from blank lines that end
// with CR LF.
func (r *reader) verbatim(lines *text.Segments) string {
	var b strings.Builder
	for i := range lines.Len() {
		s := lines.At(i)
		for range s.Padding {
			b.WriteByte(' ')
		}
		if s.Start >= s.Stop {
			continue
		}
		if from := r.base + s.Start; r.d.source[from] == '\n' && from > r.base && r.d.source[from-1] == '\r' {
			b.WriteByte('\r')
		}
		b.Write(r.d.source[r.base+s.Start : r.base+s.Stop])
	}
	return b.String()
}

// addCode adds a code block to the step that it follows, which is made if there is
// none yet.
func (r *reader) addCode(c Code, at place, l leaf) int {
	d := r.d
	step := at.step
	if step < 0 {
		step = r.carry(l)
	}
	c.Step = step
	index := len(d.code)
	d.code = append(d.code, c)
	d.steps[step].Code = append(d.steps[step].Code, index)
	l.step = step
	place := r.add(l)
	d.leaves[place].fence = index
	return place
}

// carry returns the step that a code block follows.
func (r *reader) carry(l leaf) int {
	d := r.d
	c := &r.carrier
	switch {
	case c.step >= 0:
		return c.step
	case c.kind == "":
		// Nothing but the beginning of the file, or a quote.
		*c = carrier{kind: Bare, step: -1, leaf: -1, head: -1, depth: 1, box: -1, quoted: l.quoted}
		c.text = paragraph{first: l.first, last: l.first, span: Span{d.lines[l.first], d.lines[l.first]}}
	}
	s := Step{
		Kind: c.kind, Depth: 1, Parent: -1, Section: r.section, Text: c.text.text, Span: c.text.span, Quoted: c.quoted,
		first: l.first, last: l.first, box: c.box, head: c.head,
	}
	if c.text.first >= 0 {
		s.first, s.last = c.text.first, c.text.last
	}
	s.Line = s.first + 1
	if start := d.lines[s.first]; s.Span.From >= start && c.kind != Bare {
		raw := d.source[start:s.Span.From]
		s.prefix, s.indent = blanked(raw), column(raw)
	}
	if c.kind == Titled {
		s.prefix, s.indent = "", 0
		s.Text = d.headings[c.head].Text
	}
	if c.box >= 0 {
		s.Boxes = append(s.Boxes, c.box)
	}
	c.step = r.addStep(s)
	if c.box >= 0 {
		d.boxes[c.box].Step = c.step
	}
	if c.leaf >= 0 {
		d.leaves[c.leaf].step = c.step
	}
	return c.step
}

func itoa(n int) string { return strconv.Itoa(n) }
