package runbookmd

import (
	"bytes"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// list reads a list: each item of a numbered one is a step.
func (r *reader) list(n *ast.List, at place) {
	ordered := n.IsOrdered()
	if first := n.FirstChild(); first != nil && !ordered {
		at.step = r.below(r.line(r.w.opened[first]), at)
	}
	at.list = true
	list := 0
	if ordered {
		at.depth++
		list = r.startList(n.Start, at.depth)
	}
	boxes := at.boxes
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		inner := at
		line := r.line(r.w.opened[child])
		var first paragraph
		first.first = -1
		head := child.FirstChild()
		if head != nil && (head.Kind() == ast.KindParagraph || head.Kind() == ast.KindTextBlock) {
			first = r.paragraphOf(head.Lines())
		}
		if first.first >= 0 && first.first != line { // the text begins below the marker
			first.first = line
		}
		box := r.box(&first, &inner)
		if ordered {
			inner.step = r.numberedStep(child, line, list, first, at, box)
		} else if at.step < 0 {
			inner.bullet = true
		}
		if box >= 0 {
			inner.box, inner.boxes = box, boxes+1
			r.d.boxes[box].Step = inner.step
			if !ordered && inner.step >= 0 {
				r.d.steps[inner.step].Boxes = append(r.d.steps[inner.step].Boxes, box)
			}
		}
		r.itemBody(head, line, first, inner, ordered, box)
	}
}

// below returns the step that a block belongs to. Where CommonMark sees none around
// it, it is the last one before it whose number stands further to the left: a list
// or a paragraph that is indented, and by too little, is meant to be of that step.
func (r *reader) below(line int, at place) int {
	if at.step >= 0 || at.list || at.quoted || r.carrier.kind != Numbered {
		return at.step
	}
	indent := func(line int) int {
		raw := r.d.lines.text(r.d.source, line)
		return column(raw[:len(raw)-len(bytes.TrimLeft(raw, " \t"))])
	}
	here := indent(line)
	for s := r.carrier.step; s >= 0; s = r.d.steps[s].Parent {
		if !r.d.steps[s].Quoted && indent(r.d.steps[s].first) < here {
			return s
		}
	}
	return -1
}

// itemBody reads what stands in an item.
func (r *reader) itemBody(head ast.Node, line int, first paragraph, inner place, ordered bool, box int) {
	if first.first >= 0 {
		place := r.add(leaf{kind: Paragraph, first: line, last: first.last, section: r.section, step: inner.step, quoted: inner.quoted, item: true, nested: true})
		switch {
		case ordered:
			r.carrier = carrier{kind: Numbered, step: inner.step, leaf: place, head: -1, depth: inner.depth, text: first, box: box, quoted: inner.quoted}
		case inner.step < 0:
			r.carrier = carrier{kind: Bulleted, step: -1, leaf: place, head: -1, depth: 1, text: first, box: box, quoted: inner.quoted}
		}
		r.looseIn(place, inner)
		head = head.NextSibling()
	} else if ordered {
		r.carrier = carrier{kind: Numbered, step: inner.step, leaf: -1, head: -1, depth: inner.depth, box: box, quoted: inner.quoted}
	}
	for ; head != nil; head = head.NextSibling() {
		r.block(head, inner)
	}
}

// startList gives a numbered list its number: one that goes on where the one
// before it in the section ended is the same.
func (r *reader) startList(start, depth int) int {
	if end, ok := r.ends[depth]; ok && start > 1 && start == end.number+1 {
		return end.list
	}
	r.lists++
	return r.lists
}

// numberedStep adds the step that an item is.
func (r *reader) numberedStep(item ast.Node, line, list int, first paragraph, at place, box int) int {
	raw := r.d.lines.text(r.d.source, line)
	begin := max(0, min(r.base+r.w.opened[item]-r.d.lines[line], len(raw)))
	number, leads, textAt := marker(raw, begin)
	s := Step{
		Kind: Numbered, Number: number, Depth: at.depth, Parent: at.step, List: list, Section: r.section,
		Line: line + 1, Text: first.text, Span: first.span, Quoted: at.quoted, leads: leads, first: line, last: line, box: box, head: -1,
	}
	s.number = leading(number)
	if first.first < 0 {
		end := r.d.lines[line] + textAt
		s.Span = Span{end, end}
	}
	s.indent = column(raw[:textAt])
	s.prefix = blanked(raw[:textAt])
	if box >= 0 {
		s.Boxes = append(s.Boxes, box)
	}
	if end, ok := r.ends[at.depth]; ok && end.list == list && s.number != end.number+1 && s.number != end.number {
		r.d.find(line+1, FoundNumber, "follows "+itoa(end.number))
	}
	r.ends[at.depth] = listEnd{list, s.number}
	for depth := range r.ends {
		if depth > at.depth {
			delete(r.ends, depth)
		}
	}
	r.item[line] = r.item[line] || leads
	return r.addStep(s)
}

// addStep adds a step.
func (r *reader) addStep(s Step) int {
	for h := s.Section; h >= 0; h = r.d.headings[h].Parent {
		s.Path = append(s.Path, r.d.headings[h].Title)
	}
	slices.Reverse(s.Path)
	r.d.steps = append(r.d.steps, s)
	return len(r.d.steps) - 1
}

// marker returns the number at a place of a line, whether nothing but blanks
// stands before it, and where the text begins.
func marker(line []byte, from int) (number string, leads bool, textAt int) {
	at := from
	for at < len(line) && (line[at] == ' ' || line[at] == '\t' || line[at] == '>') {
		at++
	}
	end := at
	for end < len(line) && line[end] >= '0' && line[end] <= '9' {
		end++
	}
	if end < len(line) && (line[end] == '.' || line[end] == ')') {
		end++
	}
	textAt = end
	for textAt < len(line) && (line[textAt] == ' ' || line[textAt] == '\t') {
		textAt++
	}
	return string(line[at:end]), isBlank(line[:at]), textAt
}

// leading returns the number of a marker.
func leading(number string) int {
	n := 0
	for _, c := range number {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// box takes the box off the text of an item.
func (r *reader) box(first *paragraph, at *place) int {
	if first.first < 0 {
		return -1
	}
	m := boxMark.FindSubmatchIndex(r.d.source[first.span.From:first.span.To])
	if m == nil {
		return -1
	}
	b := Box{
		Ticked: r.d.source[first.span.From+m[2]]|0x20 == 'x', Depth: at.boxes + 1, Parent: at.box, Section: r.section, Step: -1,
		At: first.span.From + m[2], Quoted: at.quoted,
	}
	b.Line = r.d.lines.at(b.At) + 1
	first.span.From += m[1]
	first.text = strings.TrimLeft(first.text[m[3]+1:], " \t\r\n")
	b.Text = first.text
	r.boxed[b.Line-1] = true
	r.d.boxes = append(r.d.boxes, b)
	return len(r.d.boxes) - 1
}
