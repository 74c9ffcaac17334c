package runbookmd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// splice replaces a stretch of the file.
type splice struct {
	span Span
	with string
}

// apply makes the splices, which lie in order, reads what comes of them, and keeps
// it if that is what was meant: the same parts as before but for what meant
// changes. Otherwise nothing changes, and the error says what would have happened.
func (d *Document) apply(path string, splices []splice, mean func(*outline)) error {
	var out []byte
	at := 0
	for _, s := range splices {
		out = append(append(out, d.source[at:s.span.From]...), s.with...)
		at = s.span.To
	}
	out = append(out, d.source[at:]...)
	next, err := Parse(out)
	if err != nil {
		return err
	}
	want := outlineOf(d)
	mean(&want)
	if got := outlineOf(next); !got.same(want) {
		var v servicecoin.Violations
		v.Add(path, "changes-others", "", "would change more than it names: "+got.differs(want))
		return v.Err()
	}
	next.newline = d.newline
	*d = *next
	return nil
}

// outline is what a file says, without where: what an edit has to leave alone.
type outline struct {
	headings, steps, code, boxes, tables []string
	meta                                 []string
	front                                string
}

// anyFront is the text of front matter that may be any.
const anyFront = "\x00"

func outlineOf(d *Document) outline {
	o := outline{front: d.front.Text}
	for _, key := range d.front.Keys {
		o.meta = append(o.meta, key+"="+shapeOf(d.front.value(key)))
	}
	for _, h := range d.headings {
		o.headings = append(o.headings, headingLine(h))
	}
	for _, s := range d.steps {
		o.steps = append(o.steps, stepLine(s))
	}
	for _, c := range d.code {
		o.code = append(o.code, codeLine(c))
	}
	for _, b := range d.boxes {
		o.boxes = append(o.boxes, boxLine(b))
	}
	for _, t := range d.tables {
		o.tables = append(o.tables, strings.Join(t.Header, "|")+fmt.Sprint(t.Rows))
	}
	return o
}

func headingLine(h Heading) string { return fmt.Sprint(h.Level, h.Loose, " ", h.Text) }

func stepLine(s Step) string {
	return fmt.Sprint(s.Kind, s.Number, s.Depth, s.Loose, len(s.Code), len(s.Boxes), " ", s.Text)
}

func codeLine(c Code) string {
	return fmt.Sprint(c.Fenced, c.Loose, c.Closed, c.Step, c.Info, " ", c.Text)
}

func boxLine(b Box) string { return fmt.Sprint(b.Ticked, b.Depth, b.Loose, " ", b.Text) }

func (o outline) same(other outline) bool { return o.differs(other) == "" }

// differs names the first part of the file in which two outlines differ.
func (o outline) differs(other outline) string {
	for _, part := range []struct {
		name      string
		got, want []string
	}{
		{"headings", o.headings, other.headings},
		{"steps", o.steps, other.steps},
		{"code blocks", o.code, other.code},
		{"check boxes", o.boxes, other.boxes},
		{"tables", o.tables, other.tables},
		{"keys of the front matter", o.meta, other.meta},
	} {
		if !slices.Equal(part.got, part.want) {
			return "the " + part.name
		}
	}
	if o.front != other.front && other.front != anyFront {
		return "the front matter"
	}
	return ""
}

// in checks that an argument names one of n parts, and one that CommonMark sees as
// such.
func in(v *servicecoin.Violations, path string, i, n int, loose func() bool) bool {
	switch {
	case i < 0 || i >= n:
		v.Add(path, "unknown", itoa(i), "there are "+itoa(n))
		return false
	case loose != nil && loose():
		v.Add(path, "loose", itoa(i), "is text to CommonMark: mend the file first")
		return false
	}
	return true
}

// laid returns lines of text as they stand in the file: with what stands before
// each but the first, and ended as the file ends its lines.
func (d *Document) laid(text, prefix string) string {
	lines := strings.Split(unix(text), "\n")
	for i, line := range lines {
		switch {
		case i == 0:
		case line == "":
			lines[i] = strings.TrimRight(prefix, " \t")
		default:
			lines[i] = prefix + line
		}
	}
	return strings.Join(lines, d.newline)
}

// Tick ticks a check box, or takes the tick away. It changes one byte.
func (d *Document) Tick(box int, on bool) error {
	var v servicecoin.Violations
	if !in(&v, "box", box, len(d.boxes), nil) {
		return v.Err()
	}
	b := d.boxes[box]
	if b.Ticked == on {
		return nil
	}
	sign := " "
	if on {
		sign = "x"
	}
	b.Ticked = on
	return d.apply("box", []splice{{Span{b.At, b.At + 1}, sign}}, func(o *outline) { o.boxes[box] = boxLine(b) })
}

// SetStepText replaces the first paragraph of a step; its number, its box and what
// stands below stay. The text is Markdown and one paragraph: one that would begin
// anything else (a list, a fence, a second paragraph) is refused.
func (d *Document) SetStepText(step int, text string) error {
	var v servicecoin.Violations
	text = strings.TrimSpace(unix(text))
	v.Text("text", text, 1, MaxFrontMatter)
	if !in(&v, "step", step, len(d.steps), func() bool { return d.steps[step].Loose }) || v.Len() > 0 {
		return v.Err()
	}
	s := d.steps[step]
	if s.Kind == Bare {
		v.Add("step", "bare", itoa(step), "has no text that could be replaced: insert one")
		return v.Err()
	}
	with := d.laid(text, s.prefix)
	if s.Span.From == s.Span.To && s.Span.From > 0 && !isBlank(d.source[s.Span.From-1:s.Span.From]) {
		with = " " + with
	}
	s.Text = text
	return d.apply("text", []splice{{s.Span, with}}, func(o *outline) {
		o.steps[step] = stepLine(s)
		if s.head >= 0 {
			h := d.headings[s.head]
			h.Text = text
			o.headings[s.head] = headingLine(h)
		}
		if s.box >= 0 {
			b := d.boxes[s.box]
			b.Text = text
			o.boxes[s.box] = boxLine(b)
		}
	})
}

// ReplaceCode replaces what stands in a code block; its fences, its language and
// its indentation stay. Fences grow where the text has some of their kind. The
// text ends with a line end; one is added if it does not. An empty text leaves an
// empty block.
func (d *Document) ReplaceCode(code int, text string) error {
	var v servicecoin.Violations
	v.Text("text", text, 0, MaxBytes)
	if !in(&v, "code", code, len(d.code), func() bool { return d.code[code].Loose }) || v.Len() > 0 {
		return v.Err()
	}
	c := d.code[code]
	text = unix(text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); line == "" {
			b.WriteString(strings.TrimRight(c.prefix, " \t"))
		} else {
			b.WriteString(c.prefix + line)
		}
		b.WriteString(d.newline)
	}
	with := b.String()
	splices := []splice{{c.content, with}}
	if c.Fenced {
		splices = d.widened(c, text, splices)
	}
	if c.content.From > 0 && with != "" {
		// The last line of the file may be the opening fence, without an end.
		if last := d.source[c.content.From-1]; last != '\n' && last != '\r' {
			splices[len(splices)-1].with = d.newline + with
		}
	}
	if c.content.To == len(d.source) && len(c.Text) > 0 && !strings.HasSuffix(unix(c.Text), "\n") {
		// The file does not end its last line, and does not do so now.
		splices[len(splices)-1].with = strings.TrimSuffix(splices[len(splices)-1].with, d.newline)
		text = strings.TrimSuffix(text, "\n")
	}
	c.Text = strings.ReplaceAll(text, "\n", d.newline)
	return d.apply("text", splices, func(o *outline) { o.code[code] = codeLine(c) })
}

// widened makes both fences of a block longer if its new text has a line that
// would close it.
func (d *Document) widened(c Code, text string, splices []splice) []splice {
	longest := 0
	for line := range strings.Lines(text) {
		line = strings.TrimLeft(line, " \t")
		longest = max(longest, len(line)-len(strings.TrimLeft(line, string(rune(c.marker)))))
	}
	if longest < c.width || !c.Closed {
		return splices
	}
	more := strings.Repeat(string(rune(c.marker)), longest+1-c.width)
	open := c.Span.From + len(c.prefix)
	if at := bytes.IndexByte(d.source[c.Span.From:c.content.From], c.marker); at >= 0 {
		open = c.Span.From + at
	}
	end := c.content.To
	if at := bytes.IndexByte(d.source[c.content.To:c.Span.To], c.marker); at >= 0 {
		end = c.content.To + at
	}
	return []splice{{Span{open, open}, more}, splices[0], {Span{end, end}, more}}
}
