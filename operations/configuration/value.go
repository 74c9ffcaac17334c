package configuration

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// Kind says what a value is.
type Kind uint8

// The kinds of values.
const (
	Absent Kind = iota // there is none: the zero Value
	Null
	Bool
	Number
	Text
	List
	Object
)

// String returns the kind as JSON Schema calls it, "absent" where there is none.
func (k Kind) String() string {
	names := [...]string{"absent", "null", "boolean", "number", "string", "array", "object"}
	if int(k) < len(names) {
		return names[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Value is a JSON value. Numbers are kept as they were written, members of objects
// in the byte order of their names. It is never changed; the zero Value is
// [Absent], which is no JSON. It may share its texts with what it was read from.
type Value struct { //nolint:recvcheck // it is read in place, and nobody changes it
	text         string   // of a text; of null, true, false and a number as it is written
	members      []Member // of an object, or of a list, without names
	line, column uint32   // where it was read, from 1; 0: unknown
	kind         Kind
}

// Member is a value under its name.
type Member struct {
	Name  string
	Value Value
}

// NullOf returns null.
func NullOf() Value { return Value{kind: Null, text: "null"} }

// BoolOf returns true or false.
func BoolOf(b bool) Value { return Value{kind: Bool, text: strconv.FormatBool(b)} }

// TextOf returns a text. What is not UTF-8 in it is replaced.
func TextOf(text string) Value { return Value{kind: Text, text: strings.ToValidUTF8(text, "\uFFFD")} }

// NumberOf returns a number that is written as RFC 8259 has it.
func NumberOf(text string) (Value, error) {
	if n, why := scanNumber(text); why != "" || n != len(text) {
		var v servicecoin.Violations
		v.Add("", "bad-format", "", "must be a number as JSON has it, with an exponent of 18 digits at most")
		return Value{}, v.Err()
	}
	return Value{kind: Number, text: text}, nil
}

// ListOf returns a list of values, of which none is absent.
func ListOf(values ...Value) Value {
	members := make([]Member, len(values))
	for n, v := range values {
		members[n].Value = v
	}
	return Value{kind: List, members: members}
}

// ObjectOf returns an object. A name that stands twice is an error.
func ObjectOf(members ...Member) (Value, error) {
	list := slices.Clone(members)
	sort.SliceStable(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	var v servicecoin.Violations
	for n := range list {
		if n > 0 && list[n].Name == list[n-1].Name {
			v.Add(list[n].Value.Position(), "duplicate", list[n].Name, "the name stands twice in an object")
		}
	}
	return Value{kind: Object, members: list}, v.Err()
}

// Placed returns the value with where it was read, line and column from 1: a format
// other than JSON has its own reader.
func (v Value) Placed(line, column int) Value {
	v.line, v.column = uint32(max(0, line)), uint32(max(0, column)) //nolint:gosec // far below
	return v
}

// Position says where the value was read, as "line 3, column 7"; "" if nobody knows.
func (v Value) Position() string {
	if v.line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d, column %d", v.line, v.column)
}

// Kind says what the value is.
func (v Value) Kind() Kind { return v.kind }

// IsZero reports whether there is no value.
func (v Value) IsZero() bool { return v.kind == Absent }

// Scalar returns a text, and null, true, false and numbers as they are written; it is
// false for lists, objects and what is absent.
func (v Value) Scalar() (string, bool) { return v.text, v.scalar() }

func (v *Value) scalar() bool { return v.kind >= Null && v.kind <= Text }

// Members returns the members of an object in the byte order of their names, or of a
// list, without names. It is to be read only.
func (v Value) Members() []Member { return v.members }

// Member returns the member of an object, absent where it has none.
func (v Value) Member(name string) Value {
	if v.kind != Object {
		return Value{}
	}
	n, ok := find(v.members, name)
	if !ok {
		return Value{}
	}
	return v.members[n].Value
}

func find(members []Member, name string) (int, bool) {
	return slices.BinarySearchFunc(members, name, func(m Member, name string) int { return strings.Compare(m.Name, name) })
}

// Equal reports whether two values are the same: numbers as decimals (1.0 is 1), and
// of objects neither order nor form. Two absent ones are the same.
func (v Value) Equal(w Value) bool { return same(&v, &w) }

func same(v, w *Value) bool {
	if v.kind != w.kind || len(v.members) != len(w.members) {
		return false
	}
	if v.kind == Number {
		return v.text == w.text || sameNumber(v.text, w.text)
	}
	if v.text != w.text {
		return false
	}
	for n := range v.members {
		if v.members[n].Name != w.members[n].Name || !same(&v.members[n].Value, &w.members[n].Value) {
			return false
		}
	}
	return true
}

// String returns the value as JSON without spaces, members in order, numbers as they
// were written, and nothing escaped that JSON does not ask for; "" for an absent one.
func (v Value) String() string {
	if v.kind != Text && v.scalar() {
		return v.text
	}
	return string(v.Append(nil))
}

// Append appends what String returns.
func (v Value) Append(b []byte) []byte { return write(b, &v) }

// MarshalJSON writes the value; an absent one is an error, unless omitzero leaves it
// out.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.kind == Absent {
		var list servicecoin.Violations
		list.Add("", "required", "", "there is no value")
		return nil, list.Err()
	}
	return write(nil, &v), nil
}

// UnmarshalJSON reads a value as [Parse] does.
func (v *Value) UnmarshalJSON(body []byte) error {
	read, err := Parse(body)
	if err != nil {
		return err
	}
	*v = read
	return nil
}

func write(b []byte, v *Value) []byte {
	switch v.kind {
	case Absent:
		return b
	case Null, Bool, Number:
		return append(b, v.text...)
	case Text:
		return quote(b, v.text)
	case List:
		b = append(b, '[')
		for n := range v.members {
			if n > 0 {
				b = append(b, ',')
			}
			b = write(b, &v.members[n].Value)
		}
		return append(b, ']')
	case Object:
		b = append(b, '{')
		for n := range v.members {
			if n > 0 {
				b = append(b, ',')
			}
			b = append(quote(b, v.members[n].Name), ':')
			b = write(b, &v.members[n].Value)
		}
		return append(b, '}')
	}
	return b
}

// quote appends a text as JSON: what has to be escaped is, and nothing else.
func quote(b []byte, text string) []byte {
	const hex, least = "0123456789abcdef", 0x20
	b = append(b, '"')
	from := 0
	for i := range len(text) {
		c := text[i]
		if c >= least && c != '"' && c != '\\' {
			continue
		}
		b = append(b, text[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
	}
	b = append(b, text[from:]...)
	return append(b, '"')
}
