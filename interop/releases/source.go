package releases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/servicecoin/servicecoin"
)

const (
	maxDepth = 20
	maxNodes = 100_000
)

// source is the text of a file.
type source struct {
	text  string
	ends  []int // offsets of the line ends
	nodes int
}

// fault is what ends the reading of a file.
type fault struct {
	line       int
	path       string
	code, text string
}

func (f *fault) err() error {
	var v servicecoin.Violations
	v.Add(place(f.line, f.path), f.code, "", f.text)
	return v.Err()
}

// place names a line and a path, as in "line 5, schedules[0].releaseDate".
func place(line int, path string) string {
	if path == "" {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("line %d, %s", line, path)
}

// open checks what holds for every file: its length, that it is UTF-8, that there is
// something in it. A byte order mark in front is left out.
func open(file []byte) (*source, error) {
	if len(file) > MaxBytes {
		return nil, (&fault{1, "", "too-long", fmt.Sprintf("has %d bytes, %d are allowed", len(file), MaxBytes)}).err()
	}
	s := &source{text: strings.TrimPrefix(string(file), "\ufeff")}
	for n := range len(s.text) {
		if s.text[n] == '\n' {
			s.ends = append(s.ends, n)
		}
	}
	if !utf8.ValidString(s.text) {
		at := 0
		for at < len(s.text) {
			r, size := utf8.DecodeRuneInString(s.text[at:])
			if r == utf8.RuneError && size == 1 {
				break
			}
			at += size
		}
		return nil, (&fault{s.line(at), "", "bad-text", "must be UTF-8"}).err()
	}
	if strings.TrimSpace(s.text) == "" {
		return nil, (&fault{1, "", "empty", "there is nothing in the file"}).err()
	}
	return s, nil
}

// line returns the line of an offset, from 1.
func (s *source) line(at int) int { return sort.SearchInts(s.ends, at) + 1 }

// lines returns the lines without their ends.
func (s *source) lines() []string {
	out := strings.Split(s.text, "\n")
	for n := range out {
		out[n] = strings.TrimSuffix(out[n], "\r")
	}
	return out
}

// tooDeep returns the line where brackets, or what begins a line, may be more than is
// allowed, 0 where they are not: the parser of YAML goes into each level.
func (s *source) tooDeep() int {
	open, leads, leading := 0, 0, true
	for at := range len(s.text) {
		c := s.text[at]
		switch c {
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		case '\n':
			leads, leading = 0, true
		case '-', '?', ':':
			if leading {
				leads++
			}
		}
		leading = leading && (c == '\n' || c == ' ' || c == '-' || c == '?' || c == ':')
		const most = 20 * maxDepth // in texts they mean nothing
		if open > most || leads > most {
			return s.line(at)
		}
	}
	return 0
}

// yaml reads the one document of a file.
func (s *source) yaml() (n *node, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			n, err = nil, (&fault{1, "", "syntax", fmt.Sprintf("is no YAML: %v", broken)}).err()
		}
	}()
	if line := s.tooDeep(); line > 0 {
		return nil, (&fault{line, "", "too-deep", "has too many lists and objects inside of each other"}).err()
	}
	var doc yaml.Node
	if err := yaml.Load([]byte(s.text), &doc); err != nil {
		line, text := 1, err.Error()
		if where, ok := errors.AsType[*yaml.LoadError](err); ok {
			line, text = max(1, where.Mark.Line), where.Message
		}
		return nil, (&fault{line, "", "syntax", "is no YAML: " + text}).err()
	}
	x := &doc
	if x.Kind == yaml.DocumentNode && len(x.Content) == 1 {
		x = x.Content[0]
	}
	n, f := s.fromYAML(x, &node{}, 0)
	if f != nil {
		return nil, f.err()
	}
	return n, nil
}

// fromYAML fills n, whose place is set, from a value. Aliases are followed, as often as
// there is room for values.
func (s *source) fromYAML(x *yaml.Node, n *node, depth int) (*node, *fault) {
	n.line = max(1, x.Line)
	wrong := func(code, text string) (*node, *fault) { return nil, &fault{n.line, n.path(), code, text} }
	s.nodes++
	switch {
	case s.nodes > maxNodes:
		return wrong("too-many", fmt.Sprintf("has more than %d values", maxNodes))
	case depth > maxDepth:
		return wrong("too-deep", fmt.Sprintf("has more than %d lists and objects inside of each other", maxDepth))
	}
	switch x.Kind {
	case yaml.AliasNode:
		return s.fromYAML(x.Alias, n, depth+1)
	case yaml.ScalarNode:
		n.kind, n.text = scalar(x), x.Value
		return n, nil
	case yaml.SequenceNode:
		n.kind = list
		for i, y := range x.Content {
			item, f := s.fromYAML(y, &node{parent: n, index: i}, depth+1)
			if f != nil {
				return nil, f
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case yaml.MappingNode:
		n.kind = object
		for i := 0; i+1 < len(x.Content); i += 2 {
			key := x.Content[i]
			if key.Kind != yaml.ScalarNode {
				return wrong("bad-type", "a key must be a text")
			}
			item, f := s.fromYAML(x.Content[i+1], &node{parent: n, key: key.Value}, depth+1)
			if f != nil {
				return nil, f
			}
			if f := n.add(key.Value, item, key.Line); f != nil {
				return nil, f
			}
		}
		return n, nil
	case yaml.DocumentNode, yaml.StreamNode:
	}
	return wrong("syntax", "is no YAML that can be read")
}

// scalar is the kind of a value without members. Versions and days are written without
// quotes, and 1.20 is a text to who wrote it.
func scalar(x *yaml.Node) kind {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	switch tag := x.ShortTag(); {
	case x.Style&quoted != 0:
		return text
	case tag == "!!null":
		return null
	case tag == "!!bool":
		return boolean
	}
	return text
}

// json reads the one value of a file.
func (s *source) json() (*node, error) {
	d := json.NewDecoder(bytes.NewReader([]byte(s.text)))
	d.UseNumber()
	n, f := s.fromJSON(d, &node{}, 0)
	if f == nil {
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			f = &fault{s.line(int(d.InputOffset())), "", "syntax", "is no JSON: nothing may follow the value"}
		}
	}
	if f != nil {
		return nil, f.err()
	}
	return n, nil
}

func (s *source) fromJSON(d *json.Decoder, n *node, depth int) (*node, *fault) {
	s.nodes++
	at := int(d.InputOffset())
	token, err := d.Token()
	wrong := func(code, text string) (*node, *fault) { return nil, &fault{n.line, n.path(), code, text} }
	n.line = s.lineAfter(at)
	switch {
	case err != nil:
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			n.line = s.line(int(syntax.Offset))
		}
		return wrong("syntax", "is no JSON: "+err.Error())
	case s.nodes > maxNodes:
		return wrong("too-many", fmt.Sprintf("has more than %d values", maxNodes))
	case depth > maxDepth:
		return wrong("too-deep", fmt.Sprintf("has more than %d lists and objects inside of each other", maxDepth))
	}
	switch v := token.(type) {
	case nil:
		n.kind = null
	case bool:
		n.kind, n.text = boolean, strconv.FormatBool(v)
	case json.Number:
		n.kind, n.text = text, v.String()
	case string:
		n.kind, n.text = text, v
	case json.Delim:
		n.kind = list
		if v == '{' {
			n.kind = object
		}
		for d.More() {
			item := &node{parent: n, index: len(n.items)}
			line := 0
			if n.kind == object {
				before := int(d.InputOffset())
				key, err := d.Token()
				if err != nil {
					n.line = s.line(int(d.InputOffset()))
					return wrong("syntax", "is no JSON: "+err.Error())
				}
				item.key, _ = key.(string)
				line = s.lineAfter(before)
			}
			item, f := s.fromJSON(d, item, depth+1)
			if f != nil {
				return nil, f
			}
			if n.kind == list {
				n.items = append(n.items, item)
			} else if f := n.add(item.key, item, line); f != nil {
				return nil, f
			}
		}
		if _, err := d.Token(); err != nil {
			n.line = s.line(int(d.InputOffset()))
			return wrong("syntax", "is no JSON: "+err.Error())
		}
	}
	return n, nil
}

// lineAfter returns the line of the next token behind an offset.
func (s *source) lineAfter(at int) int {
	at = min(at, len(s.text))
	for at < len(s.text) && strings.IndexByte(" \t\r\n,:", s.text[at]) >= 0 {
		at++
	}
	return s.line(at)
}
