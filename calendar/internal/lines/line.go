package lines

import (
	"strings"
)

// Line is a line of iCalendar taken apart: NAME;PARAM=value;PARAM="value":value.
type Line struct {
	Whole  Placed
	Name   string            // in capitals
	Params map[string]Placed // by name in capitals, without quotes and the spaces around them
	Value  Placed
}

// Unfold yields the lines of a text that are not blank, with the parts into
// which they are folded put together: a line that begins with a space or a tab
// goes on from the one before. A mark of the byte order is no part of the text.
func Unfold(text string) func(yield func(Placed) bool) {
	return func(yield func(Placed) bool) {
		var pieces []piece
		size := 0
		flush := func() bool {
			if len(pieces) == 0 {
				return true
			}
			p := Placed{Text: pieces[0].text, of: &origin{pieces: pieces}}
			if len(pieces) > 1 {
				var joined strings.Builder
				joined.Grow(size)
				for _, x := range pieces {
					joined.WriteString(x.text)
				}
				p.Text = joined.String()
			}
			pieces, size = nil, 0
			return strings.TrimSpace(p.Text) == "" || yield(p)
		}
		n := 0
		for text := range strings.SplitSeq(strings.TrimPrefix(text, "\uFEFF"), "\n") {
			n++
			text = strings.TrimRight(text, "\r")
			indent := 0
			if n > 1 && text != "" && (text[0] == ' ' || text[0] == '\t') {
				text, indent = text[1:], 1
			} else if !flush() {
				return
			}
			pieces = append(pieces, piece{text: text, from: size, line: n, indent: indent})
			size += len(text)
		}
		flush()
	}
}

// Parse parts a line into its name, its parameters and its value.
func Parse(p Placed) (Line, bool) {
	l := Line{Whole: p}
	i := strings.IndexAny(p.Text, ";:")
	if i < 0 {
		return l, false
	}
	if l.Name = strings.ToUpper(strings.TrimLeft(p.Text[:i], Spaces)); !nameText(l.Name) {
		return l, false
	}
	for p.Text[i] == ';' {
		end, quoted := i+1, false
		for ; end < len(p.Text) && (quoted || p.Text[end] != ';' && p.Text[end] != ':'); end++ {
			quoted = quoted != (p.Text[end] == '"')
		}
		key, value, found := p.Slice(i+1, end).Cut('=')
		if end == len(p.Text) || !found || !nameText(key.Text) {
			return l, false
		}
		if l.Params == nil {
			l.Params = map[string]Placed{}
		}
		l.Params[strings.ToUpper(key.Text)] = unquoted(value)
		i = end
	}
	l.Value = p.Slice(i+1, len(p.Text))
	return l, true
}

// unquoted returns what stands in double quotes, without spaces around it.
func unquoted(p Placed) Placed {
	p = p.Trim()
	if n := len(p.Text); n >= 2 && p.Text[0] == '"' && p.Text[n-1] == '"' {
		p = p.Slice(1, n-1).Trim()
	}
	return p
}

// nameText reports whether text can be the name of a property or parameter.
func nameText(text string) bool {
	for i := range len(text) {
		if c := text[i]; c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return text != ""
}

// ValueOf returns the value of the part with that name, or with that value; else
// the whole value of the line.
func (l Line) ValueOf(name string) Placed {
	for part := range l.Value.Split(';') {
		key, value, found := part.Cut('=')
		if found && (strings.EqualFold(strings.TrimSpace(key.Text), name) || strings.EqualFold(strings.TrimSpace(value.Text), name)) {
			return value
		}
	}
	return l.Value
}

// Unescape reads the value of a text property.
func Unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '\\' && i+1 < len(text) {
			i++
			if c = text[i]; c == 'n' || c == 'N' {
				c = '\n'
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}
