package junit

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// event is an event of go test -json.
type event struct {
	Time        string
	Action      string
	Package     string
	Test        string
	Elapsed     float64
	Output      string
	Key         string
	Value       string
	ImportPath  string
	FailedBuild string
}

// read reads an event. Most are flat objects of plain texts, which are read here; the
// others are left to the standard library, which takes five times as long.
func (e *event) read(line []byte) bool {
	*e = event{}
	if e.fast(line) {
		return true
	}
	*e = event{}
	return json.Unmarshal(line, e) == nil
}

// field is where a value goes.
func (e *event) field(name []byte) *string {
	switch string(name) {
	case "Time":
		return &e.Time
	case "Action":
		return &e.Action
	case "Package":
		return &e.Package
	case "Test":
		return &e.Test
	case "Output":
		return &e.Output
	case "Key":
		return &e.Key
	case "Value":
		return &e.Value
	case "ImportPath":
		return &e.ImportPath
	case "FailedBuild":
		return &e.FailedBuild
	}
	return nil
}

// fast reads {"Name":"text","Elapsed":1.5}; of anything else it reports false.
func (e *event) fast(b []byte) bool {
	if len(b) < 2 || b[0] != '{' || b[len(b)-1] != '}' {
		return false
	}
	b = b[1 : len(b)-1]
	for len(b) > 0 {
		name, rest, ok := quoted(b)
		if !ok || len(rest) < 2 || rest[0] != ':' || bytes.IndexByte(name, '\\') >= 0 {
			return false
		}
		rest = rest[1:]
		if rest[0] == '"' {
			value, after, ok := quoted(rest)
			field := e.field(name)
			if !ok || field == nil || *field != "" {
				return false
			}
			if *field, ok = unescaped(value, rest); !ok {
				return false
			}
			rest = after
		} else {
			end := bytes.IndexByte(rest, ',')
			if end < 0 {
				end = len(rest)
			}
			if string(name) != "Elapsed" || bytes.IndexFunc(rest[:end], func(c rune) bool { return (c < '0' || c > '9') && c != '.' }) >= 0 {
				return false
			}
			f, err := strconv.ParseFloat(string(rest[:end]), 64)
			if err != nil {
				return false
			}
			e.Elapsed, rest = f, rest[end:]
		}
		if len(rest) > 0 {
			if rest[0] != ',' || len(rest) == 1 {
				return false
			}
			rest = rest[1:]
		}
		b = rest
	}
	return true
}

// quoted cuts a text in quotes off, as it stands between them.
func quoted(b []byte) (text, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, false
	}
	for n := 1; n < len(b); n++ {
		switch c := b[n]; {
		case c == '\\':
			n++
		case c == '"':
			return b[1:n], b[n+1:], true
		case c < ' ':
			return nil, nil, false
		}
	}
	return nil, nil, false
}

// unescaped puts characters for their escapes.
func unescaped(value, from []byte) (string, bool) {
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value), true
	}
	var text string
	err := json.Unmarshal(from[:len(value)+2], &text)
	return text, err == nil
}
