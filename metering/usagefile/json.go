package usagefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin/internal/jsonscan"
)

// maxMembers is how many names an object has at most.
const maxMembers = 100

// object reads a line of JSON.
func (f *file) object(l line, e *entry) {
	if !utf8.Valid(l.text) {
		_, wrong := split(l.text, ',')
		e.faults = append(e.faults, *wrong)
		return
	}
	e.bytes = l.text
	if !json.Valid(l.text) {
		var none json.RawMessage
		at, why := int64(1), "must be an event as JSON, in one line"
		if bad, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(l.text, &none)); ok {
			at, why = bad.Offset, why+": "+bad.Error()
		}
		e.fault(int(at), "", "syntax", "", why)
		return
	}
	e.members(1, l.text, "")
}

// members reads the members of an object, which begins at a byte of the line (from 1), and
// whose names get a prefix.
func (e *entry) members(begin int, object []byte, prefix string) {
	part := strings.TrimSuffix(prefix, ".")
	if bytes.TrimLeft(object, " \t\r\n")[0] != '{' {
		e.fault(begin, part, "bad-type", "", "must be an object")
		return
	}
	list := jsonscan.Members(object, maxMembers)
	if len(list) > maxMembers {
		e.fault(begin, part, "too-many", "", fmt.Sprintf("has more than %d members", maxMembers))
		return
	}
	var seen jsonscan.Names
	for _, m := range list {
		name, at := prefix+m.Name, begin+m.At
		switch {
		case seen.Add(m.Name):
			e.fault(at, cut(name), "duplicate", "", "stands there twice")
		case prefix == "" && (m.Name == "fields" || m.Name == "dimensions" || m.Name == "of"):
			e.place(name, at)
			if m.Raw[0] != 'n' {
				e.members(begin+m.At, m.Raw, m.Name+".")
			}
		case !known(name):
			e.fault(at, cut(name), "unknown", "", "is no part of an event")
		case name == "recordedAt": // the ledger says when
		default:
			e.value(name, m.Raw, at)
		}
	}
}

// value reads a member that is one value: a number where there may be one, a text
// everywhere else.
func (e *entry) value(name string, raw []byte, at int) {
	isNumber := name == "value" || strings.HasPrefix(name, "fields.")
	switch c := raw[0]; {
	case c == 'n':
		e.place(name, at)
		return
	case c == '"':
		text := jsonscan.Unquote(raw)
		if text == "" && isNumber {
			e.fault(at, name, "required", "", "must not be empty")
			return
		}
		e.put(name, text, at)
	case name == "open" && (c == 't' || c == 'f'), isNumber && (c == '-' || c >= '0' && c <= '9'):
		e.put(name, string(raw), at)
	case isNumber:
		e.fault(at, name, "bad-type", cut(string(raw)), "must be a number")
	case name == "open":
		e.fault(at, name, "bad-type", cut(string(raw)), "must be true or false")
	default:
		e.fault(at, name, "bad-type", cut(string(raw)), "must be a text")
	}
}
