package configuration

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
)

// Limits of what is read.
const (
	MaxBytes  = 64 << 20  // of a document
	MaxDepth  = 500       // lists and objects inside of each other
	MaxValues = 2_000_000 // with all that are inside of others
)

// Parse reads one JSON value as RFC 8259 has it, and is strict where that leaves it
// to the reader: a name that stands twice in an object, text that is not UTF-8 and
// half a surrogate pair are errors. A byte order mark in front is skipped. The error
// is an [*servicecoin.InvalidError] whose path is the line and the column, from 1, the
// column in characters; nothing of the document is in it but a name that stands twice.
// The value keeps a copy of the document.
func Parse(document []byte) (Value, error) {
	var list servicecoin.Violations
	if len(document) > MaxBytes {
		list.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(document), MaxBytes))
		return Value{}, list.Err()
	}
	p := parser{s: strings.TrimPrefix(string(document), "\ufeff"), line: 1}
	var v Value
	p.space()
	if p.at == len(p.s) {
		p.fail("empty", "there is no value")
	} else if p.value(&v, 0) {
		p.space()
		if p.at < len(p.s) {
			p.fail("bad-json", "something stands behind the value")
		}
	}
	if p.code != "" {
		list.Add(p.where, p.code, p.name, p.text)
		return Value{}, list.Err()
	}
	return v, nil
}

type parser struct {
	s      string
	at     int
	line   int
	start  int // where the line begins
	wide   int // bytes of the line before at that begin no character
	values int
	open   []opened // members of all that is not closed yet

	where, code, name, text string // what is wrong
}

// opened is a member, and where its name stands.
type opened struct {
	Member
	line, column uint32
}

func (p *parser) fail(code, text string) bool {
	if p.code == "" {
		p.where, p.code, p.text = fmt.Sprintf("line %d, column %d", p.line, p.column()), code, text
	}
	return false
}

func (p *parser) column() int { return p.at - p.start - p.wide + 1 }

func (p *parser) space() {
	for ; p.at < len(p.s); p.at++ {
		switch p.s[p.at] {
		case ' ', '\t', '\r':
		case '\n':
			p.line, p.start, p.wide = p.line+1, p.at+1, 0
		default:
			return
		}
	}
}

// value reads the value that begins here.
func (p *parser) value(v *Value, depth int) bool {
	if p.at == len(p.s) {
		return p.fail("bad-json", "the document ends where a value is expected")
	}
	if p.values++; p.values > MaxValues {
		return p.fail("too-many", fmt.Sprintf("has more than %d values", MaxValues))
	}
	v.line, v.column = uint32(p.line), uint32(p.column()) //nolint:gosec // at most MaxBytes
	switch c := p.s[p.at]; c {
	case '{':
		return p.object(v, depth)
	case '[':
		return p.list(v, depth)
	case '"':
		v.kind = Text
		return p.string(&v.text)
	case 't':
		return p.word(v, Bool, "true")
	case 'f':
		return p.word(v, Bool, "false")
	case 'n':
		return p.word(v, Null, "null")
	default:
		if c != '-' && !digit(c) {
			return p.fail("bad-json", "a value is expected here")
		}
	}
	n, wrong := scanNumber(p.s[p.at:])
	v.kind, v.text = Number, p.s[p.at:p.at+n]
	p.at += n
	if wrong != "" {
		return p.fail("bad-json", wrong)
	}
	return true
}

func (p *parser) word(v *Value, kind Kind, word string) bool {
	if !strings.HasPrefix(p.s[p.at:], word) {
		return p.fail("bad-json", "a value is expected here")
	}
	p.at += len(word)
	v.kind, v.text = kind, word
	return true
}

func (p *parser) deeper(depth int) bool {
	if depth == MaxDepth {
		return p.fail("too-deep", fmt.Sprintf("more than %d lists and objects are inside of each other", MaxDepth))
	}
	p.at++
	p.space()
	return true
}

// next reads what stands behind a member: more is true after a comma.
func (p *parser) next(closing byte) (more, ok bool) {
	p.space()
	if p.at < len(p.s) {
		switch p.s[p.at] {
		case ',':
			p.at++
			p.space()
			return true, true
		case closing:
			p.at++
			return false, true
		}
	}
	return false, p.fail("bad-json", fmt.Sprintf("a comma or %q is expected here", closing))
}

func (p *parser) list(v *Value, depth int) bool {
	if !p.deeper(depth) {
		return false
	}
	v.kind = List
	if p.at < len(p.s) && p.s[p.at] == ']' {
		p.at++
		return true
	}
	base := len(p.open)
	for more := true; more; {
		var ok bool
		var member opened
		if !p.value(&member.Value, depth+1) {
			return false
		}
		p.open = append(p.open, member)
		if more, ok = p.next(']'); !ok {
			return false
		}
	}
	p.close(v, base)
	return true
}

func (p *parser) object(v *Value, depth int) bool {
	if !p.deeper(depth) {
		return false
	}
	v.kind = Object
	if p.at < len(p.s) && p.s[p.at] == '}' {
		p.at++
		return true
	}
	base, sorted := len(p.open), true
	for more := true; more; {
		var ok bool
		var member opened
		if p.at == len(p.s) || p.s[p.at] != '"' {
			return p.fail("bad-json", "a name in quotes is expected here")
		}
		member.line, member.column = uint32(p.line), uint32(p.column()) //nolint:gosec // at most MaxBytes
		if !p.string(&member.Name) {
			return false
		}
		p.space()
		if p.at == len(p.s) || p.s[p.at] != ':' {
			return p.fail("bad-json", "a colon is expected here")
		}
		p.at++
		p.space()
		if !p.value(&member.Value, depth+1) {
			return false
		}
		if n := len(p.open); n > base && p.open[n-1].Name >= member.Name {
			sorted = false
		}
		p.open = append(p.open, member)
		if more, ok = p.next('}'); !ok {
			return false
		}
	}
	if !sorted && !p.sort(p.open[base:]) {
		return false
	}
	p.close(v, base)
	return true
}

// sort brings the members of an object in order, and refuses the first name that
// stands twice.
func (p *parser) sort(members []opened) bool {
	slices.SortStableFunc(members, func(a, b opened) int { return strings.Compare(a.Name, b.Name) })
	first := -1
	for n := 1; n < len(members); n++ {
		if members[n].Name == members[n-1].Name && (first < 0 || before(members[n], members[first])) {
			first = n
		}
	}
	if first < 0 {
		return true
	}
	p.fail("duplicate", "the name stands twice in an object")
	p.name = members[first].Name
	p.where = fmt.Sprintf("line %d, column %d", members[first].line, members[first].column)
	return false
}

func before(a, b opened) bool { return a.line < b.line || a.line == b.line && a.column < b.column }

// close takes the members of a list or an object from the stack.
func (p *parser) close(v *Value, base int) {
	v.members = make([]Member, len(p.open)-base)
	for n := range v.members {
		v.members[n] = p.open[base+n].Member
	}
	clear(p.open[base:])
	p.open = p.open[:base]
}

// string reads a text in quotes.
func (p *parser) string(into *string) bool {
	const least = 0x20
	from := p.at + 1
	ascii := true
	for i := from; i < len(p.s); i++ {
		switch c := p.s[i]; {
		case c == '"':
			*into = p.s[from:i]
			if !ascii && !p.utf8(from, i) {
				return false
			}
			p.at = i + 1
			return true
		case c == '\\':
			return p.escaped(into)
		case c < least:
			p.at = i
			return p.fail("bad-json", "a control character, or the end of the line, stands in a text")
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return p.fail("bad-json", "a text is not closed")
}

// utf8 checks a stretch of text, and counts its characters for columns to come.
func (p *parser) utf8(from, to int) bool {
	for i := from; i < to; {
		r, n := utf8.DecodeRuneInString(p.s[i:to])
		if r == utf8.RuneError && n == 1 {
			p.at = i
			return p.fail("bad-text", "the text is not UTF-8")
		}
		p.wide += n - 1
		i += n
	}
	return true
}

// escaped reads a text in quotes with escapes in it.
func (p *parser) escaped(into *string) bool {
	const least = 0x20
	var b []byte
	for p.at++; p.at < len(p.s); {
		switch c := p.s[p.at]; {
		case c == '"':
			p.at++
			*into = string(b)
			return true
		case c == '\\':
			var ok bool
			if b, ok = p.escape(b); !ok {
				return false
			}
		case c < least:
			return p.fail("bad-json", "a control character, or the end of the line, stands in a text")
		case c < utf8.RuneSelf:
			b = append(b, c)
			p.at++
		default:
			r, n := utf8.DecodeRuneInString(p.s[p.at:])
			if r == utf8.RuneError && n == 1 {
				return p.fail("bad-text", "the text is not UTF-8")
			}
			b = append(b, p.s[p.at:p.at+n]...)
			p.wide += n - 1
			p.at += n
		}
	}
	return p.fail("bad-json", "a text is not closed")
}

// escape reads what a backslash begins.
func (p *parser) escape(b []byte) ([]byte, bool) {
	if p.at+1 == len(p.s) {
		return b, p.fail("bad-json", "a text is not closed")
	}
	c := p.s[p.at+1]
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if n := strings.IndexByte(from, c); n >= 0 {
		p.at += 2
		return append(b, to[n]), true
	}
	r, ok := p.hex(p.at)
	if !ok {
		return b, p.fail("bad-json", "JSON has no such escape")
	}
	length := escapeBytes
	if utf16.IsSurrogate(r) {
		low, ok := p.hex(p.at + escapeBytes)
		if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
			return b, p.fail("bad-text", "half of a surrogate pair is no character")
		}
		length *= 2
	}
	p.at += length
	return utf8.AppendRune(b, r), true
}

const escapeBytes = len(`\u0000`)

// hex reads an escape such as \u00e4 at a place.
func (p *parser) hex(at int) (rune, bool) {
	if at+escapeBytes > len(p.s) || p.s[at] != '\\' || p.s[at+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.s[at+2 : at+escapeBytes]) {
		switch {
		case digit(c):
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
