// Package jsonscan goes through JSON that is known to be valid, in UTF-8, and gives its parts as
// they are written: numbers keep their digits. What is left to find out is how deep it is,
// and whether a name stands twice in an object: which of the two is meant, readers do not
// agree on.
package jsonscan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/servicecoin/servicecoin"
)

// Member is a name of an object, and its value as it is written.
type Member struct {
	Name string
	Raw  []byte
	At   int // where the value begins, in bytes
}

// Step goes into an object, or into a list.
type Step struct {
	Name  string
	Index int
	List  bool
}

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

// Elements returns the values of a list, the first most and one.
func Elements(list []byte, most int) [][]byte {
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

// Members returns what an object has, the first most and one.
func Members(object []byte, most int) []Member {
	s := scanner{text: object}
	s.space()
	s.pos++
	var all []Member
	for s.peek() == '"' && len(all) <= most {
		name := Unquote(s.quoted())
		s.space()
		s.pos++ // the colon
		s.space()
		at := s.pos
		all = append(all, Member{name, s.raw(), at})
		if s.peek() == ',' {
			s.pos++
		}
	}
	return all
}

// Find follows a path into a value, and returns what is there: nil for nothing.
func Find(value []byte, steps []Step) []byte {
	for _, x := range steps {
		s := scanner{text: value}
		begin := s.peek()
		value = nil
		switch {
		case begin == '{' && !x.List:
			s.pos++
			for value == nil && s.peek() == '"' {
				name := s.quoted()
				s.space()
				s.pos++
				if raw := s.raw(); Unquote(name) == x.Name {
					value = raw
				}
				if s.peek() == ',' {
					s.pos++
				}
			}
		case begin == '[' && x.List:
			if all := Elements(s.text, x.Index); len(all) > x.Index {
				value = all[x.Index]
			}
		}
		if value == nil {
			return nil
		}
	}
	return value
}

// Unquote returns the text of a quoted one that is valid.
func Unquote(quoted []byte) string {
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

// Check reports what is wrong with a value that is valid JSON: it is deeper than is
// allowed, or says something twice.
func Check(value []byte, depth int) *servicecoin.Violation {
	s := scanner{text: value, depth: depth}
	return s.check()
}

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
	seen := Names{}
	for s.peek() == '"' {
		name := Unquote(s.quoted())
		if seen.Add(name) {
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

// Names are the names of an object: a list while they are few.
type Names struct {
	few  []string
	many map[string]struct{}
}

// Add adds a name, and reports whether it was there.
func (n *Names) Add(name string) bool {
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
