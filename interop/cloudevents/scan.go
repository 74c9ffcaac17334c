package cloudevents

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// member is a name of an object, and its value as it is written.
type member struct {
	name string
	raw  []byte
}

// scanner goes through JSON that is known to be valid. What is left to find out is how
// deep it is, and whether a name stands twice in an object: which of the two is meant,
// readers do not agree on.
type scanner struct {
	text  []byte
	pos   int
	depth int // that may still be gone
}

// space skips what means nothing.
func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte that means something, 0 at the end.
func (s *scanner) peek() byte {
	s.space()
	if s.pos >= len(s.text) {
		return 0
	}
	return s.text[s.pos]
}

// quoted skips a text, and returns it with its quotes.
func (s *scanner) quoted() []byte {
	from := s.pos
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case '\\':
			s.pos++
		case '"':
			s.pos++
			return s.text[from:s.pos]
		}
	}
	return s.text[from:]
}

// raw skips a value whatever it is, without a look inside, and returns it.
func (s *scanner) raw() []byte {
	s.space()
	from, open := s.pos, 0
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case '"':
			s.quoted()
			if open == 0 {
				return s.text[from:s.pos]
			}
			continue
		case '{', '[':
			open++
		case '}', ']':
			if open == 0 {
				return s.text[from:s.pos]
			}
			if open--; open == 0 {
				s.pos++
				return s.text[from:s.pos]
			}
		case ',', ':', ' ', '\t', '\n', '\r':
			if open == 0 {
				return s.text[from:s.pos]
			}
		}
		s.pos++
	}
	return s.text[from:]
}

// elements returns the values of a list, the first most and one.
func elements(list []byte, most int) [][]byte {
	s := scanner{text: list}
	s.space()
	s.pos++
	var all [][]byte
	for s.peek() != ']' && s.pos < len(s.text) && len(all) <= most {
		all = append(all, s.raw())
		if s.peek() == ',' {
			s.pos++
		}
	}
	return all
}

// members returns what an object has, the first most and one.
func members(object []byte, most int) []member {
	s := scanner{text: object}
	s.space()
	s.pos++
	var all []member
	for s.peek() == '"' && len(all) <= most {
		name := unquote(s.quoted())
		s.space()
		s.pos++ // the colon
		all = append(all, member{name, s.raw()})
		if s.peek() == ',' {
			s.pos++
		}
	}
	return all
}

// find follows a path into a value, and returns what is there: nil for nothing.
func find(value []byte, steps []step) []byte {
	for _, x := range steps {
		s := scanner{text: value}
		begin := s.peek()
		value = nil
		switch {
		case begin == '{' && !x.list:
			s.pos++
			for value == nil && s.peek() == '"' {
				name := s.quoted()
				s.space()
				s.pos++
				if raw := s.raw(); unquote(name) == x.name {
					value = raw
				}
				if s.peek() == ',' {
					s.pos++
				}
			}
		case begin == '[' && x.list:
			if all := elements(s.text, x.index); len(all) > x.index {
				value = all[x.index]
			}
		}
		if value == nil {
			return nil
		}
	}
	return value
}

// unquote returns the text of a quoted one that is valid.
func unquote(quoted []byte) string {
	for _, c := range quoted {
		if c == '\\' {
			var text string
			if json.Unmarshal(quoted, &text) != nil {
				return string(quoted)
			}
			return text
		}
	}
	return string(bytes.Trim(quoted, `"`)) // there is none inside
}

// check reports what is wrong with a value that is valid JSON: it is too deep, or says
// something twice.
func (s *scanner) check() *servicecoin.Violation {
	switch s.peek() {
	case '{':
		return s.object()
	case '[':
		if s.depth--; s.depth < 0 {
			return tooDeep()
		}
		s.pos++
		for s.peek() != ']' && s.pos < len(s.text) {
			if v := s.check(); v != nil {
				return v
			}
			if s.peek() == ',' {
				s.pos++
			}
		}
		s.pos++
		s.depth++
	default:
		s.raw()
	}
	return nil
}

func (s *scanner) object() *servicecoin.Violation {
	if s.depth--; s.depth < 0 {
		return tooDeep()
	}
	s.pos++
	seen := names{}
	for s.peek() == '"' {
		name := unquote(s.quoted())
		if seen.add(name) {
			return &servicecoin.Violation{Code: "duplicate", Text: fmt.Sprintf("has the name %.100q twice in an object", name)}
		}
		s.space()
		s.pos++
		if v := s.check(); v != nil {
			return v
		}
		if s.peek() == ',' {
			s.pos++
		}
	}
	s.pos++
	s.depth++
	return nil
}

func tooDeep() *servicecoin.Violation {
	return &servicecoin.Violation{Code: "too-deep", Text: "has too many lists and objects inside of each other"}
}

// names are the names of an object: a list while they are few.
type names struct {
	few  []string
	many map[string]struct{}
}

// add adds a name, and reports whether it was there.
func (n *names) add(name string) bool {
	const few = 16
	if n.many == nil {
		if slices.Contains(n.few, name) {
			return true
		}
		if n.few = append(n.few, name); len(n.few) > few {
			n.many = make(map[string]struct{}, 2*few)
			for _, x := range n.few {
				n.many[x] = struct{}{}
			}
		}
		return false
	}
	_, there := n.many[name]
	n.many[name] = struct{}{}
	return there
}
