package runbookmd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// NewStep is a step that is put into a file.
type NewStep struct {
	Text string    // Markdown, one paragraph
	Code []NewCode // below it; a step without a number needs one
}

// NewCode is a code block that is put into a file.
type NewCode struct {
	Language string
	Text     string
}

// InsertStep puts a step after another one, written as that one is: with a number
// and its indentation, or as a paragraph with its code. It comes after all that
// belongs to that step, steps inside of it too. After -1 is before the first step,
// or at the end of a file that has none. It returns the place of the new step.
//
// The numbers that follow stay as they are: CommonMark shows them in order all the
// same, and [Document.Renumber] writes them so.
func (d *Document) InsertStep(after int, s NewStep) (int, error) {
	var v servicecoin.Violations
	s.Text = strings.TrimSpace(unix(s.Text))
	v.Text("text", s.Text, 1, MaxFrontMatter)
	if after != -1 {
		in(&v, "after", after, len(d.steps), func() bool { return d.steps[after].Loose || d.steps[after].Quoted })
	}
	if v.Len() > 0 {
		return 0, v.Err()
	}
	like := Step{Kind: Numbered, Number: "1.", Depth: 1, number: 1}
	if len(d.steps) > 0 {
		like = d.steps[max(0, after)]
	}
	if like.Kind != Numbered && len(s.Code) == 0 {
		v.Add("code", "required", "", "a step without a number is one because of its code")
		return 0, v.Err()
	}
	index, line := 0, d.lines.count()
	number := like.Number
	switch {
	case after >= 0:
		index = after + 1
		line = like.last + 1
		for index < len(d.steps) && d.inside(index, after) {
			line = max(line, d.steps[index].last+1)
			index++
		}
		number = d.next(after, index)
	case len(d.steps) > 0:
		line = like.first
	}
	text, code := d.written(like, number, s)
	spaced := like.Kind != Numbered || len(s.Code) > 0 || d.spaced(max(0, after))
	at := d.lines[min(line, d.lines.count())]
	with := d.framed(at, text, spaced)
	added := Step{Kind: like.Kind, Number: number, Depth: like.Depth, Text: s.Text, Code: make([]int, len(code))}
	if like.Kind != Numbered {
		added.Kind, added.Number = Written, ""
	}
	before := 0
	for before < len(d.code) && d.code[before].Span.From < at {
		before++
	}
	err := d.apply("step", []splice{{Span{at, at}, with}}, func(o *outline) {
		o.steps = slices.Insert(o.steps, index, stepLine(added))
		for i, c := range d.code {
			if c.Step >= index {
				c.Step++
				o.code[i] = codeLine(c)
			}
		}
		for i, c := range code {
			c.Step = index
			o.code = slices.Insert(o.code, before+i, codeLine(c))
		}
	})
	return index, err
}

// inside reports whether a step stands inside of another, at any depth.
func (d *Document) inside(step, outer int) bool {
	for p := d.steps[step].Parent; p >= 0; p = d.steps[p].Parent {
		if p == outer {
			return true
		}
	}
	return false
}

// next returns the number of a step that comes between two: one more, or the same
// where a list gives all of its steps one number.
func (d *Document) next(after, before int) string {
	s := d.steps[after]
	n := s.number + 1
	for _, near := range []int{after - 1, before} {
		if near >= 0 && near < len(d.steps) && d.steps[near].List == s.List && d.steps[near].Depth == s.Depth && d.steps[near].Number == s.Number && s.List > 0 {
			n = s.number
		}
	}
	return itoa(n) + strings.TrimLeft(s.Number, "0123456789")
}

// spaced reports whether a blank line stands between a step and the next one of its
// list, or if it is the last the one before it.
func (d *Document) spaced(step int) bool {
	if step >= len(d.steps) {
		return false
	}
	for i := step + 1; i < len(d.steps); i++ {
		if d.steps[i].List == d.steps[step].List {
			return d.steps[i].first > 0 && isBlank(d.lines.text(d.source, d.steps[i].first-1))
		}
	}
	for i := step - 1; i >= 0; i-- {
		if d.steps[i].List == d.steps[step].List {
			return isBlank(d.lines.text(d.source, d.steps[step].first-1))
		}
	}
	return false
}

// written returns the lines of a new step, and its code blocks as they will be
// read.
func (d *Document) written(like Step, number string, s NewStep) (string, []Code) {
	first, rest := "", ""
	if like.Kind == Numbered {
		gap := " "
		if like.first < d.lines.count() && like.Line > 0 {
			raw := d.lines.text(d.source, like.first)
			if at := bytes.Index(raw, []byte(like.Number)); at >= 0 {
				first = blanked(raw[:at])
				end := at + len(like.Number)
				if behind := len(raw) - end - len(bytes.TrimLeft(raw[end:], " \t")); behind > 0 && behind <= 4 {
					gap = string(raw[end : end+behind])
				}
			}
		}
		rest = first + strings.Repeat(" ", len(number)+column([]byte(gap)))
		first += number + gap
	}
	var b strings.Builder
	b.WriteString(first + d.laid(s.Text, rest) + d.newline)
	code := make([]Code, len(s.Code))
	for i, c := range s.Code {
		text := unix(c.Text)
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		fence := "```"
		for strings.Contains(text, fence) || strings.Contains(c.Language, fence) {
			fence += "`"
		}
		fmt.Fprintf(&b, "%s%s%s%s%s", d.newline, rest, fence, c.Language, d.newline)
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); line != "" {
				b.WriteString(rest + line)
			}
			b.WriteString(d.newline)
		}
		b.WriteString(rest + fence + d.newline)
		code[i] = Code{Info: strings.TrimSpace(c.Language), Text: strings.ReplaceAll(text, "\n", d.newline), Fenced: true, Closed: true}
	}
	return b.String(), code
}

// framed ends the line before a place, and puts blank lines around a text that is
// put there, where they are wanted and are not there yet.
func (d *Document) framed(at int, text string, spaced bool) string {
	before, after := d.lines.at(max(0, at-1)), d.lines.at(at)
	prefix := ""
	if at > 0 && at == len(d.source) && d.source[at-1] != '\n' && d.source[at-1] != '\r' {
		prefix = d.newline
	}
	if spaced && at > 0 && d.front.span.To != at && !isBlank(d.lines.text(d.source, before)) {
		prefix += d.newline
	}
	if spaced && at < len(d.source) && !isBlank(d.lines.text(d.source, after)) {
		text += d.newline
	}
	return prefix + text
}

// Renumber writes the numbers of a list in order, from that of its first step.
// Where a number gets longer or shorter, what stands below its step is indented
// along with it.
func (d *Document) Renumber(list int) error {
	var v servicecoin.Violations
	var steps []int
	for i, s := range d.steps {
		if s.List == list && list > 0 && !s.Loose {
			steps = append(steps, i)
		}
	}
	if len(steps) == 0 {
		v.Add("list", "unknown", itoa(list), "there is no such list")
		return v.Err()
	}
	var splices []splice
	renamed := map[int]Step{}
	for i, step := range steps {
		s := d.steps[step]
		number := itoa(d.steps[steps[0]].number+i) + strings.TrimLeft(s.Number, "0123456789")
		if number == s.Number {
			continue
		}
		raw := d.lines.text(d.source, s.first)
		textAt := min(len(raw), max(0, s.Span.From-d.lines[s.first]))
		at := bytes.LastIndex(raw[:textAt], []byte(s.Number))
		if at < 0 {
			v.Add("list", "unknown", s.Number, "has a number that cannot be found")
			return v.Err()
		}
		from := d.lines[s.first] + at
		splices = append(splices, splice{Span{from, from + len(s.Number)}, number})
		splices = append(splices, d.shifted(step, len(number)-len(s.Number))...)
		s.Number = number
		renamed[step] = s
	}
	slices.SortStableFunc(splices, func(a, b splice) int { return a.span.From - b.span.From })
	return d.apply("list", splices, func(o *outline) {
		for step, s := range renamed {
			o.steps[step] = stepLine(s)
		}
	})
}

// shifted indents the lines below the first one of a step by so many blanks more,
// or less.
func (d *Document) shifted(step, by int) []splice {
	s := d.steps[step]
	last := s.last
	for i := step + 1; i < len(d.steps) && d.inside(i, step); i++ {
		last = max(last, d.steps[i].last)
	}
	var out []splice
	for line := s.first + 1; line <= last && by != 0; line++ {
		raw := d.lines.text(d.source, line)
		if len(raw) < s.indent || !isBlank(raw[:s.indent]) || isBlank(raw) || bytes.ContainsRune(raw[:s.indent], '\t') {
			continue
		}
		at := d.lines[line] + s.indent
		if by > 0 {
			out = append(out, splice{Span{at, at}, strings.Repeat(" ", by)})
		} else {
			out = append(out, splice{Span{at + by, at}, ""})
		}
	}
	return out
}
