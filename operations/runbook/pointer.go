package runbook

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// The longest pointer, in bytes and in parts.
const (
	mostPointer = 500
	mostParts   = 20
)

// splitPointer reads a JSON pointer as RFC 6901 has it.
func splitPointer(pointer string) ([]string, error) {
	var v servicecoin.Violations
	switch {
	case len(pointer) > mostPointer || strings.Count(pointer, "/") > mostParts:
		v.Add("", "too-long", pointer, "must have 500 bytes and 20 parts at most")
	case pointer != "" && pointer[0] != '/':
		v.Add("", "bad-format", pointer, `must be a JSON pointer such as "/network/host"`)
	case strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(pointer), "~"):
		v.Add("", "bad-format", pointer, `has a "~" that is neither "~0" nor "~1"`)
	}
	if err := v.Err(); err != nil || pointer == "" {
		return nil, err
	}
	parts := strings.Split(pointer[1:], "/")
	for n, p := range parts {
		parts[n] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts, nil
}

// lookUp returns the scalar at a pointer in a JSON document, as a text: numbers as
// they are written, true and false by name. It is false for what is not there, for
// null, and for objects and lists.
func lookUp(document json.RawMessage, pointer string) (string, bool) {
	parts, err := splitPointer(pointer)
	if err != nil {
		return "", false
	}
	for _, part := range parts {
		if document = member(document, part); document == nil {
			return "", false
		}
	}
	text := strings.TrimSpace(string(document))
	if text == "" || text == "null" || !json.Valid([]byte(text)) {
		return "", false
	}
	switch text[0] {
	case '{', '[':
		return "", false
	case '"':
		var s string
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return "", false
		}
		return s, true
	}
	return text, true
}

// member returns what an object or a list has under a name, nil for nothing.
func member(document json.RawMessage, name string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(document, &object) == nil {
		return object[name]
	}
	var list []json.RawMessage
	if json.Unmarshal(document, &list) != nil {
		return nil
	}
	n, err := strconv.Atoi(name)
	if err != nil || n < 0 || n >= len(list) || strconv.Itoa(n) != name {
		return nil
	}
	return list[n]
}
