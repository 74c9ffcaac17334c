package configuration

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// The longest pointer that somebody writes, in bytes and in segments. Those that a
// comparison finds are as long as the value is deep.
const (
	mostPointer  = 1000
	mostSegments = 50
)

// EscapeSegment writes a name as a segment of a JSON pointer: RFC 6901 has "~0" for
// "~" and "~1" for "/".
func EscapeSegment(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// SplitPointer reads a JSON pointer as RFC 6901 has it: the names of its segments,
// none for "", which is the whole value.
func SplitPointer(pointer string) ([]string, error) {
	var v servicecoin.Violations
	if pointer != "" && pointer[0] != '/' {
		v.Add("", "bad-format", pointer, `must be a JSON pointer such as "/spec/ports"`)
		return nil, v.Err()
	}
	for at := strings.IndexByte(pointer, '~'); at >= 0; {
		if at+1 == len(pointer) || pointer[at+1] != '0' && pointer[at+1] != '1' {
			v.Add("", "bad-format", pointer, `has a "~" that is neither "~0" nor "~1"`)
			return nil, v.Err()
		}
		next := strings.IndexByte(pointer[at+2:], '~')
		if next < 0 {
			break
		}
		at += 2 + next
	}
	if pointer == "" {
		return nil, nil
	}
	names := strings.Split(pointer[1:], "/")
	for n, name := range names {
		if strings.Contains(name, "~") {
			names[n] = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
		}
	}
	return names, nil
}

// pattern checks a pointer that somebody wrote in a rule.
func pattern(v *servicecoin.Violations, path, pointer string) {
	if len(pointer) > mostPointer || strings.Count(pointer, "/") > mostSegments {
		v.Add(path, "too-long", "", fmt.Sprintf("must have %d bytes and %d segments at most", mostPointer, mostSegments))
		return
	}
	_, err := SplitPointer(pointer)
	v.Merge(path, err)
}

// At returns what stands at a JSON pointer, absent where there is nothing: members of
// lists by their index, from 0. A pointer that is none finds nothing.
func (v Value) At(pointer string) Value {
	names, err := SplitPointer(pointer)
	if err != nil {
		return Value{}
	}
	for _, name := range names {
		switch v.kind {
		case Object:
			v = v.Member(name)
		case List:
			n, ok := indexOf(name)
			if !ok || n >= len(v.members) {
				return Value{}
			}
			v = v.members[n].Value
		case Absent, Null, Bool, Number, Text:
			return Value{}
		}
	}
	return v
}

// indexOf reads an index as RFC 6901 has it, without a zero in front.
func indexOf(name string) (int, bool) {
	n, err := strconv.Atoi(name)
	return n, err == nil && n >= 0 && strconv.Itoa(n) == name
}
