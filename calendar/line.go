package calendar

import (
	"strings"
)

// line is a line of iCalendar taken apart: NAME;PARAM=value;PARAM="value":value.
type line struct {
	whole  placed
	name   string            // in capitals
	params map[string]placed // by name in capitals, without quotes and the spaces around them
	value  placed
}

// unfold yields the lines of a text that are not blank, with the parts into
// which they are folded put together: a line that begins with a space or a tab
// goes on from the one before. A mark of the byte order is no part of the text.
func unfold(text string) func(yield func(placed) bool) {
	return func(yield func(placed) bool) {
		var pieces []piece
		size := 0
		flush := func() bool {
			if len(pieces) == 0 {
				return true
			}
			p := placed{text: pieces[0].text, of: &origin{pieces: pieces}}
			if len(pieces) > 1 {
				var joined strings.Builder
				joined.Grow(size)
				for _, x := range pieces {
					joined.WriteString(x.text)
				}
				p.text = joined.String()
			}
			pieces, size = nil, 0
			return strings.TrimSpace(p.text) == "" || yield(p)
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

// takeApart parts a line into its name, its parameters and its value.
func takeApart(p placed) (line, bool) {
	l := line{whole: p}
	i := strings.IndexAny(p.text, ";:")
	if i < 0 {
		return l, false
	}
	if l.name = strings.ToUpper(strings.TrimLeft(p.text[:i], spaces)); !nameText(l.name) {
		return l, false
	}
	for p.text[i] == ';' {
		end, quoted := i+1, false
		for ; end < len(p.text) && (quoted || p.text[end] != ';' && p.text[end] != ':'); end++ {
			quoted = quoted != (p.text[end] == '"')
		}
		key, value, found := p.slice(i+1, end).cut('=')
		if end == len(p.text) || !found || !nameText(key.text) {
			return l, false
		}
		if l.params == nil {
			l.params = map[string]placed{}
		}
		l.params[strings.ToUpper(key.text)] = unquoted(value)
		i = end
	}
	l.value = p.slice(i+1, len(p.text))
	return l, true
}

// unquoted returns what stands in double quotes, without spaces around it.
func unquoted(p placed) placed {
	p = p.trim()
	if n := len(p.text); n >= 2 && p.text[0] == '"' && p.text[n-1] == '"' {
		p = p.slice(1, n-1).trim()
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

// valueOf returns the value of the part with that name, or with that value; else
// the whole value of the line.
func (l line) valueOf(name string) placed {
	for part := range l.value.split(';') {
		key, value, found := part.cut('=')
		if found && (strings.EqualFold(strings.TrimSpace(key.text), name) || strings.EqualFold(strings.TrimSpace(value.text), name)) {
			return value
		}
	}
	return l.value
}

// unescape reads the value of a text property.
func unescape(text string) string {
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
