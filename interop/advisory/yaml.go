package advisory

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxYAML is how long a file of YAML may be: its parser takes more time than ours.
const maxYAML = 1 << 20

// parse reads a file of JSON or YAML, whichever it holds.
func (s *source) parse() (node, *fault) {
	if s.json() {
		p := &parser{text: s.text, most: maxNodes}
		return p.document()
	}
	if len(s.text) > maxYAML {
		return node{}, &fault{0, "too-long", fmt.Sprintf("has %d bytes of YAML, %d are allowed", len(s.text), maxYAML)}
	}
	// The parser goes into each level: deep ones are found before it does.
	if at := deep(s.text); at >= 0 {
		return node{}, &fault{at, "too-deep", fmt.Sprintf("has more than %d lists and objects inside of each other", maxDepth)}
	}
	return s.yaml()
}

// deep returns where brackets, or lists on one line, may be more than is allowed, -1 where
// they are not.
func deep(text string) int {
	open, dashes := 0, 0
	for at := range len(text) {
		switch text[at] {
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		case '-', '?', ':':
			dashes++
		case '\n':
			dashes = 0
		}
		const most = 10 * maxDepth // in texts they mean nothing
		if open > most || dashes > most {
			return at
		}
	}
	return -1
}

// yaml reads the one document of a file. Anchors, aliases and tags of other programs are
// refused: a record needs none, and they can make much of little.
func (s *source) yaml() (n node, f *fault) {
	defer func() {
		if broken := recover(); broken != nil {
			n, f = node{}, &fault{0, "syntax", fmt.Sprintf("is no YAML: %v", broken)}
		}
	}()
	var doc yaml.Node
	if err := yaml.Load([]byte(s.text), &doc); err != nil {
		if where, ok := errors.AsType[*yaml.LoadError](err); ok {
			return node{}, &fault{s.offset(where.Mark.Line, where.Mark.Column), "syntax", "is no YAML: " + where.Message}
		}
		return node{}, &fault{0, "syntax", "is no YAML: " + err.Error()}
	}
	x := &doc
	if x.Kind == yaml.DocumentNode && len(x.Content) == 1 {
		x = x.Content[0]
	}
	count := 0
	return s.fromYAML(x, 0, &count)
}

func (s *source) fromYAML(x *yaml.Node, depth int, count *int) (node, *fault) {
	n := node{at: s.offset(x.Line, x.Column), text: x.Value}
	wrong := func(code, text string) (node, *fault) { return node{}, &fault{n.at, code, text} }
	if *count++; *count > maxNodes {
		return wrong("too-many", fmt.Sprintf("has more than %d values", maxNodes))
	}
	switch {
	case depth > maxDepth:
		return wrong("too-deep", fmt.Sprintf("has more than %d lists and objects inside of each other", maxDepth))
	case x.Anchor != "" || x.Kind == yaml.AliasNode:
		return wrong("unexpected", "anchors and aliases are not read")
	}
	switch x.Kind {
	case yaml.ScalarNode:
		n.kind = scalar(x)
		return n, nil
	case yaml.SequenceNode:
		n.kind = list
		for _, item := range x.Content {
			y, f := s.fromYAML(item, depth+1, count)
			if f != nil {
				return node{}, f
			}
			n.items = append(n.items, y)
		}
		return n, nil
	case yaml.MappingNode:
		n.kind = object
		seen := make(map[string]bool, len(x.Content)/2)
		for i := 0; i+1 < len(x.Content); i += 2 {
			key, f := s.fromYAML(x.Content[i], depth+1, count)
			switch {
			case f != nil:
				return node{}, f
			case key.kind != text && key.kind != plain:
				return node{}, &fault{key.at, "bad-type", "a key must be a text, it is " + key.kind.String()}
			case seen[key.text]:
				return node{}, &fault{key.at, "duplicate", fmt.Sprintf("the key %s stands twice in one object", short(key.text))}
			}
			seen[key.text] = true
			y, f := s.fromYAML(x.Content[i+1], depth+1, count)
			if f != nil {
				return node{}, f
			}
			n.keys, n.items = append(n.keys, key.text), append(n.items, y)
		}
		return n, nil
	case yaml.DocumentNode, yaml.AliasNode, yaml.StreamNode:
	}
	return wrong("syntax", "is no YAML that can be read")
}

// scalar is the kind of a value without members. Versions are written without quotes, and
// 1.10 is a text to who wrote it: numbers, days and instants are as their reader takes them.
func scalar(x *yaml.Node) kind {
	switch tag := x.ShortTag(); {
	case x.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return text
	case tag == "!!null":
		return null
	case tag == "!!bool":
		return boolean
	case strings.HasPrefix(tag, "!!"):
		return plain
	}
	return text
}
