package ical

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// What a line of a file may be.
const (
	lineOctets = 75 // without its end
	lineEnd    = "\r\n"
	foldMark   = lineEnd + " "
)

// printer writes the lines of a file.
type printer struct{ out []byte }

// line writes a property, with its parameters in its name, folded.
func (p *printer) line(name, value string) {
	text := name + ":" + value
	from := 0
	for most := lineOctets; len(text)-from > most; most = lineOctets - 1 { // the space counts
		cut := fold(text, from, most)
		p.out = append(append(p.out, text[from:cut]...), foldMark...)
		from = cut
	}
	p.out = append(append(p.out, text[from:]...), lineEnd...)
}

// fold returns where a part of a line ends that begins at a byte and has so many at
// most. It cuts no character and no pair of a backslash and what it escapes, which
// some readers do not join again, and leaves no part that looks like a BEGIN or END
// of its own, which others take for one.
func fold(text string, from, most int) int {
	cut := from + most
	for ; cut > from+1; cut-- {
		if utf8.RuneStart(text[cut]) && !splitsEscape(text[from:cut]) && !bracketAt(text, from, cut) && !bracketAt(text, cut, min(len(text), cut+lineOctets-1)) {
			return cut
		}
	}
	return from + most
}

// splitsEscape reports whether a text ends with a backslash that escapes what
// follows.
func splitsEscape(text string) bool {
	n := len(text) - len(strings.TrimRight(text, `\`))
	return n%2 == 1
}

// bracketAt reports whether a part that goes on from the line before looks like a
// BEGIN or END.
func bracketAt(text string, from, to int) bool { return from > 0 && bracket(text[from:to]) }

// text writes a text property, nothing if it is empty.
func (p *printer) text(name, value string) {
	if value != "" {
		p.line(name, escape(value))
	}
}

// texts writes a list of texts.
func (p *printer) texts(name string, list []string) {
	if len(list) == 0 {
		return
	}
	escaped := make([]string, len(list))
	for i, x := range list {
		escaped[i] = escape(x)
	}
	p.line(name, strings.Join(escaped, ","))
}

// extras writes further texts in the order of their names.
func (p *printer) extras(extra map[string]string) {
	names := make([]string, 0, len(extra))
	for name := range extra {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p.line(name, escape(extra[name]))
	}
}

// escape writes a text as the value of a property: any end of a line as \n, and
// other control characters, which a text may not have, as spaces.
func escape(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for _, r := range text {
		switch {
		case r == '\n' || r == '\r':
			b.WriteString(`\n`)
		case r == '\\' || r == ';' || r == ',':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' && r != '\t' || r == 0x7f:
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
