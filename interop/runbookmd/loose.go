package runbookmd

import (
	"bytes"
	"regexp"
	"strings"
)

// What looks like a step, a box, a fence or a heading to the one who wrote it and
// is text to CommonMark: in a comment, between HTML tags, indented too deep, a
// number other than 1 in the middle of a paragraph, or one without a blank behind
// it. It is held and marked, so that nothing of a run book is lost and somebody can
// mend it.

var (
	looseNumber  = regexp.MustCompile(`^[ \t]*(\d{1,9}(?:\.\)|[.)]))([ \t]+|$|[^0-9 \t])`)
	looseBox     = regexp.MustCompile(`^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[([ xX])\](?:[ \t]+|$)`)
	looseHeading = regexp.MustCompile(`^(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$`)
	noSpace      = regexp.MustCompile(`^#{2,6}[^#\s]`)
	detailsTag   = regexp.MustCompile(`(?i)<details\b`)
)

// looseIn looks through the lines of a block that CommonMark has read as text.
func (r *reader) looseIn(place int, at place) {
	d := r.d
	l := d.leaves[place]
	text := l.kind == Paragraph || l.kind == Template || l.kind == Definition
	markup := l.kind == HTML || l.kind == Comment || l.kind == Template
	step := -1 // the last loose one of the block
	for line := l.first; line <= l.last; line++ {
		raw := d.lines.text(d.source, line)
		first := line == l.first && l.item
		switch {
		case first || r.item[line]:
		case looseNumber.Match(raw):
			step = r.looseStep(line, l, at)
			if text {
				r.carrier = carrier{kind: Numbered, step: step, leaf: -1, head: -1, depth: 1, box: -1}
			}
		case markup && looseHeading.Match(raw):
			r.looseHeading(line, l)
		case text && noSpace.Match(raw):
			d.find(line+1, FoundHeadingSpace, "has no space behind its signs, so it is no heading")
		}
		if !first && !r.boxed[line+1] && looseBox.Match(raw) {
			r.looseBox(line, l, step, at)
		}
		if l.kind == HTML {
			d.details += len(detailsTag.FindAllIndex(raw, -1))
		}
		if markup {
			if c, end, ok := r.looseFence(line, l.last); ok {
				r.looseCode(c, step, at, l)
				line = end
			}
		}
	}
}

func (r *reader) looseStep(line int, l leaf, at place) int {
	d := r.d
	raw := d.lines.text(d.source, line)
	m := looseNumber.FindSubmatchIndex(raw)
	last := line
	begin := m[4]
	if isBlank(raw[m[4]:m[5]]) {
		begin = m[5] // "10.Remove" has no blank
	}
	parts := []string{string(raw[begin:])}
	for next := line + 1; next <= l.last; next++ {
		text := d.lines.text(d.source, next)
		if isBlank(text) || looseNumber.Match(text) || looseBox.Match(text) || fenceOpen.Match(text) || bytes.Contains(text, []byte("-->")) || bytes.HasPrefix(bytes.TrimSpace(text), []byte("<")) || looseHeading.Match(text) {
			break
		}
		parts = append(parts, strings.TrimLeft(string(text), " \t"))
		last = next
	}
	number := string(raw[m[2]:m[3]])
	end := d.lines[last] + len(bytes.TrimRight(d.lines.text(d.source, last), " \t"))
	d.find(line+1, FoundLooseNumber, "begins with a number that CommonMark takes for text")
	return r.addStep(Step{
		Kind: Numbered, Number: number, Depth: at.depth + 1, Parent: at.step, Section: r.section, Loose: true, Quoted: l.quoted,
		Text: strings.TrimSpace(strings.Join(parts, "\n")), Line: line + 1, Span: Span{d.lines[line] + begin, max(d.lines[line]+begin, end)},
		leads: true, number: leading(number), indent: column(raw[:begin]), first: line, last: last, box: -1, head: -1,
	})
}

func (r *reader) looseHeading(line int, l leaf) {
	d := r.d
	raw := d.lines.text(d.source, line)
	m := looseHeading.FindSubmatchIndex(raw)
	start := d.lines[line]
	h := Heading{
		Level: m[3] - m[2], Text: string(raw[m[4]:m[5]]), Span: Span{start + m[4], start + m[5]}, Line: line + 1,
		Parent: r.section, Nested: true, Quoted: l.quoted, Loose: true,
	}
	d.fill(&h)
	d.headings = append(d.headings, h)
	d.find(line+1, FoundLooseHeading, "is a heading that CommonMark takes for text")
}

func (r *reader) looseBox(line int, l leaf, step int, at place) {
	d := r.d
	raw := d.lines.text(d.source, line)
	m := looseBox.FindSubmatchIndex(raw)
	if step < 0 {
		step = at.step
	}
	d.boxes = append(d.boxes, Box{
		Ticked: raw[m[2]] != ' ', Text: strings.TrimRight(string(raw[m[1]:]), " \t"), Depth: at.boxes + 1, Parent: at.box, Section: r.section,
		Step: step, Line: line + 1, At: d.lines[line] + m[2], Quoted: l.quoted, Loose: true,
	})
	if step >= 0 {
		d.steps[step].Boxes = append(d.steps[step].Boxes, len(d.boxes)-1)
	}
	d.find(line+1, FoundLooseBox, "is a check box that CommonMark takes for text")
}

func (r *reader) looseCode(c Code, step int, at place, l leaf) {
	d := r.d
	if step < 0 {
		step = at.step
	}
	if step < 0 {
		step = r.carry(l)
	}
	c.Step, c.Section, c.Quoted = step, r.section, l.quoted
	d.code = append(d.code, c)
	d.steps[step].Code = append(d.steps[step].Code, len(d.code)-1)
	d.find(c.Line, FoundLooseCode, "is a fence that CommonMark takes for text")
}
