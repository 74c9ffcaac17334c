package advisory

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The limits of JSON.
const (
	maxDepth = 100       // lists and objects inside of each other
	maxNodes = 2_000_000 // values of a document
	maxKeys  = 10_000    // of one object
)

// parser reads JSON as RFC 8259 has it. A key that stands twice in an object is refused:
// which of the two is meant, readers do not agree on.
type parser struct {
	text  string
	pos   int
	depth int
	nodes int
	most  int
}

func (p *parser) fault(code, text string) *fault { return &fault{p.pos, code, text} }

// expected says what should stand here.
func (p *parser) expected(what string) *fault {
	if p.pos >= len(p.text) {
		return p.fault("syntax", "the JSON ends early: "+what+" should follow")
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	return p.fault("syntax", fmt.Sprintf("is no JSON: %s should stand here, not %q", what, r))
}

func (p *parser) skip() {
	for p.pos < len(p.text) && strings.IndexByte(space, p.text[p.pos]) >= 0 {
		p.pos++
	}
}

// peek returns the next byte that is no space, 0 at the end.
func (p *parser) peek() byte {
	p.skip()
	if p.pos >= len(p.text) {
		return 0
	}
	return p.text[p.pos]
}

// document reads the one value of a text.
func (p *parser) document() (node, *fault) {
	n, f := p.value()
	if f != nil {
		return node{}, f
	}
	return n, p.end()
}

func (p *parser) end() *fault {
	if p.skip(); p.pos < len(p.text) {
		return p.fault("syntax", "is no JSON: nothing may follow the one value")
	}
	return nil
}

func (p *parser) value() (node, *fault) {
	c := p.peek()
	if p.nodes++; p.nodes > p.most {
		return node{}, p.fault("too-many", fmt.Sprintf("has more than %d values", p.most))
	}
	at := p.pos
	switch {
	case c == '{':
		n := node{kind: object, at: at}
		f := p.object(func(key string, _ int) *fault {
			x, f := p.value()
			n.keys, n.items = append(n.keys, key), append(n.items, x)
			return f
		})
		return n, f
	case c == '[':
		n := node{kind: list, at: at}
		f := p.list(func() *fault {
			x, f := p.value()
			n.items = append(n.items, x)
			return f
		})
		return n, f
	case c == '"':
		s, f := p.string()
		return node{kind: text, at: at, text: s}, f
	case c == '-' || c >= '0' && c <= '9':
		s, f := p.number()
		return node{kind: number, at: at, text: s}, f
	}
	for _, word := range []struct {
		text string
		kind kind
	}{{"true", boolean}, {"false", boolean}, {"null", null}} {
		if strings.HasPrefix(p.text[p.pos:], word.text) {
			p.pos += len(word.text)
			return node{kind: word.kind, at: at, text: word.text}, nil
		}
	}
	return node{}, p.expected("a value")
}

// enter goes one level deeper.
func (p *parser) enter() *fault {
	if p.depth++; p.depth > maxDepth {
		return p.fault("too-deep", fmt.Sprintf("has more than %d lists and objects inside of each other", maxDepth))
	}
	p.pos++
	return nil
}

// object reads an object; member is called behind the colon of each key, to read its value.
func (p *parser) object(member func(key string, at int) *fault) *fault {
	if f := p.enter(); f != nil {
		return f
	}
	defer func() { p.depth-- }()
	var few []string // that were there
	many := map[string]bool{}
	const most = 32
	for first := true; ; first = false {
		switch c := p.peek(); {
		case c == '}' && first:
			p.pos++
			return nil
		case c != '"':
			return p.expected("a key in quotes")
		}
		at := p.pos
		key, f := p.string()
		if f != nil {
			return f
		}
		if len(few) < most {
			if slices.Contains(few, key) {
				return &fault{at, "duplicate", fmt.Sprintf("the key %s stands twice in one object", short(key))}
			}
			few = append(few, key)
		} else {
			if len(many) == 0 {
				for _, k := range few {
					many[k] = true
				}
			}
			if many[key] {
				return &fault{at, "duplicate", fmt.Sprintf("the key %s stands twice in one object", short(key))}
			}
			if many[key] = true; len(many) > maxKeys {
				return &fault{at, "too-many", fmt.Sprintf("the object has more than %d keys", maxKeys)}
			}
		}
		if p.peek() != ':' {
			return p.expected("a colon")
		}
		p.pos++
		if f := member(key, at); f != nil {
			return f
		}
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
			p.pos++
			return nil
		default:
			return p.expected("a comma or }")
		}
	}
}

// list reads a list; member is called before each value, to read it.
func (p *parser) list(member func() *fault) *fault {
	if f := p.enter(); f != nil {
		return f
	}
	defer func() { p.depth-- }()
	if p.peek() == ']' {
		p.pos++
		return nil
	}
	for {
		if f := member(); f != nil {
			return f
		}
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
			p.pos++
			return nil
		default:
			return p.expected("a comma or ]")
		}
	}
}

// number reads a number and returns it as written.
func (p *parser) number() (string, *fault) {
	begin := p.pos
	digits := func() bool {
		n := p.pos
		for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
			p.pos++
		}
		return p.pos > n
	}
	next := func(set string) bool {
		if p.pos < len(p.text) && strings.IndexByte(set, p.text[p.pos]) >= 0 {
			p.pos++
			return true
		}
		return false
	}
	next("-")
	if !next("0") && !digits() {
		return "", p.expected("a digit")
	}
	if next(".") && !digits() {
		return "", p.expected("a digit")
	}
	if next("eE") {
		next("+-")
		if !digits() {
			return "", p.expected("a digit")
		}
	}
	return p.text[begin:p.pos], nil
}

// string reads a text in quotes.
func (p *parser) string() (string, *fault) {
	open := p.pos
	p.pos++
	begin := p.pos
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			return p.text[begin : p.pos-1], nil
		case c == '\\':
			return p.escaped(open, begin)
		case c < ' ':
			return "", p.fault("syntax", "is no JSON: a text has no line ends and control characters that are not escaped")
		}
		p.pos++
	}
	return "", &fault{open, "syntax", "the JSON ends early: the text that begins here is never closed"}
}

// escaped reads the rest of a text that has a backslash.
func (p *parser) escaped(open, begin int) (string, *fault) {
	var b strings.Builder
	b.WriteString(p.text[begin:p.pos])
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == '"':
			p.pos++
			return b.String(), nil
		case c < ' ':
			return "", p.fault("syntax", "is no JSON: a text has no line ends and control characters that are not escaped")
		case c != '\\':
			b.WriteByte(c)
			p.pos++
			continue
		}
		if p.pos+1 >= len(p.text) {
			break
		}
		const names, means = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
		if n := strings.IndexByte(names, p.text[p.pos+1]); n >= 0 {
			b.WriteByte(means[n])
			p.pos += 2
			continue
		}
		r, ok := p.unicode()
		if !ok {
			return "", p.fault("syntax", "is no JSON: this backslash escapes nothing")
		}
		if utf16.IsSurrogate(r) {
			second, ok := p.unicode()
			if both := utf16.DecodeRune(r, second); ok && both != utf8.RuneError {
				r = both
			} else {
				if ok {
					p.pos -= len(`\u0000`) // it is a character of its own
				}
				r = utf8.RuneError
			}
		}
		b.WriteRune(r)
	}
	return "", &fault{open, "syntax", "the JSON ends early: the text that begins here is never closed"}
}

// unicode reads \u and four digits.
func (p *parser) unicode() (rune, bool) {
	const length = len(`\u0000`)
	rest := p.text[p.pos:]
	if len(rest) < length || rest[0] != '\\' || rest[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(rest[2:length], 16, 16)
	if err != nil {
		return 0, false
	}
	p.pos += length
	return rune(n), true
}

// short quotes a text, and cuts it to what a sentence can hold.
func short(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}
