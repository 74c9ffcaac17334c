package runbookmd

import (
	"bytes"
	"cmp"
	"slices"
)

// settle ends the reading: what stands between a step and its last code block is
// of that step, every line is of a segment, findings are in order.
func (r *reader) settle() {
	d := r.d
	slices.SortStableFunc(d.leaves, func(a, b leaf) int { return cmp.Compare(a.first, b.first) })
	first := make([]int, len(d.steps))
	last := make([]int, len(d.steps))
	for i := range first {
		first[i] = -1
	}
	for i, l := range d.leaves {
		if l.step >= 0 {
			if first[l.step] < 0 {
				first[l.step] = i
			}
			last[l.step] = i
		}
	}
	for s := range d.steps {
		if first[s] < 0 {
			continue
		}
		for i := first[s]; i <= last[s]; i++ {
			if l := &d.leaves[i]; l.step < 0 && l.section == d.steps[s].Section {
				l.step = s
			}
		}
	}
	for _, l := range d.leaves {
		if l.step >= 0 {
			s := &d.steps[l.step]
			s.last = max(s.last, l.last)
		}
	}
	for i, h := range d.headings {
		if h.Template {
			d.find(d.headings[i].Line, FoundTemplate, "is an expression of a template")
		}
	}
	d.segments = r.segment()
	d.reviewFindings()
	d.levelFindings()
	slices.SortStableFunc(d.findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
}

// segment cuts the file into pieces: front matter, blocks, and what is between.
func (r *reader) segment() []Segment {
	d := r.d
	if len(d.source) == 0 {
		return nil
	}
	owner := make([]int, d.lines.count()) // the leaf of each line, -1 for none
	for i := range owner {
		owner[i] = -1
	}
	for i, l := range d.leaves {
		for line := l.first; line <= l.last && line < len(owner); line++ {
			if owner[line] < 0 {
				owner[line] = i
			}
		}
	}
	var out []Segment
	add := func(s Segment, joins bool) {
		if joins && len(out) > 0 && out[len(out)-1].Kind == s.Kind {
			out[len(out)-1].To = s.To
			return
		}
		out = append(out, s)
	}
	start := 0
	if bytes.HasPrefix(d.source, []byte(bom)) {
		add(Segment{Kind: Mark, To: len(bom), Line: 1, Section: -1, Step: -1}, false)
		start = len(bom)
	}
	if span := d.front.span; span.To > span.From {
		add(Segment{Kind: Front, From: span.From, To: span.To, Line: 1, Section: -1, Step: -1}, false)
		start = span.To
	}
	section, before := -1, -1
	for line := d.lines.at(start); line < d.lines.count(); line++ {
		s := Segment{From: max(start, d.lines[line]), To: d.lines[line+1], Line: line + 1, Section: section, Step: -1}
		if s.From >= s.To {
			continue
		}
		own := owner[line]
		switch {
		case own >= 0:
			l := d.leaves[own]
			section = l.section
			s.Kind, s.Section, s.Step, s.Quoted = l.kind, l.section, l.step, l.quoted
		case isBlank(d.source[s.From:s.To]):
			s.Kind = Blank
		default:
			s.Kind = Other
		}
		add(s, own == before && s.Kind != Other && len(out) > 0 && out[len(out)-1].To == s.From && line > d.lines.at(start))
		before = own
	}
	return out
}
