package runbookmd

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/servicecoin/servicecoin"
)

// SetMeta sets a key of the front matter, which is made if there is none; nil
// removes it. The value is anything that YAML can hold: a text, a number, a date as
// text, a list, a map. The lines of the other keys and their comments stay as they
// are. Front matter in TOML, or in YAML that cannot be read, is not changed.
func (d *Document) SetMeta(key string, value any) error {
	var v servicecoin.Violations
	v.ID("key", key)
	switch {
	case d.front.Format == TOML, d.front.Format == YAML && d.front.root == nil && strings.TrimSpace(d.front.Text) != "" && !commentsOnly(d.front.Text):
		v.Add("", "unreadable", "", "the front matter is kept as text and cannot be changed")
	case d.front.root != nil && d.front.root.Style&yaml.FlowStyle != 0:
		v.Add("", "unreadable", "", "the front matter is one line of YAML and cannot be changed key by key")
	}
	if v.Len() > 0 {
		return v.Err()
	}
	with, shape := "", ""
	if value != nil {
		entry, node, err := encoded(key, value)
		if err != nil {
			v.Add("value", "unreadable", "", err.Error())
			return v.Err()
		}
		with, shape = strings.ReplaceAll(entry, "\n", d.newline), shapeOf(node)
	}
	s, err := d.metaSplice(key, with)
	if err != nil {
		return err
	}
	if s.span.From == s.span.To && s.with == "" {
		return nil // it was not there
	}
	return d.apply("value", []splice{s}, func(o *outline) {
		o.front = anyFront // its keys are compared one by one
		place := slices.Index(d.front.Keys, key)
		entry := key + "=" + shape
		switch {
		case value == nil:
			o.meta = slices.Delete(o.meta, place, place+1)
		case place < 0:
			o.meta = append(o.meta, entry)
		default:
			o.meta[place] = entry
		}
	})
}

// shapeOf returns a value as text, by which two can be compared.
func shapeOf(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode {
		return "*" + n.Value
	}
	if n.Kind == yaml.ScalarNode {
		return fmt.Sprintf("%s %q", n.Tag, n.Value)
	}
	parts := make([]string, len(n.Content))
	for i, inner := range n.Content {
		parts[i] = shapeOf(inner)
	}
	return n.Tag + "&" + n.Anchor + "[" + strings.Join(parts, ",") + "]"
}

// encoded returns the lines of a key and its value, and the value as it is read.
func encoded(key string, value any) (text string, node *yaml.Node, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("yaml: %v", broken)
		}
	}()
	out, err := yaml.Dump(map[string]any{key: value})
	if err != nil {
		return "", nil, err
	}
	root, err := mapping(out)
	if err != nil || root == nil || len(root.Content) != 2 || root.Content[0].Value != key {
		return "", nil, errors.New("yaml: is not one key with its value")
	}
	return string(out), root.Content[1], nil
}

func commentsOnly(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return false
		}
	}
	return true
}

// metaSplice returns what has to be replaced to set a key: its lines, or the end of
// the front matter, or the beginning of the file.
func (d *Document) metaSplice(key, with string) (splice, error) {
	front := d.front
	if front.Format == "" {
		if with == "" {
			return splice{}, nil
		}
		at := 0
		if bytes.HasPrefix(d.source, []byte(bom)) {
			at = len(bom)
		}
		return splice{Span{at, at}, "---" + d.newline + with + "---" + d.newline}, nil
	}
	if !slices.Contains(front.Keys, key) {
		return splice{Span{front.inner.To, front.inner.To}, with}, nil
	}
	base := d.lines.at(front.inner.From)
	end := d.lines.at(front.span.To - 1) // the closing fence
	for i := 0; i+1 < len(front.root.Content); i += 2 {
		k := front.root.Content[i]
		if k.Value != key {
			continue
		}
		first := base + k.Line - 1
		next := end
		if i+2 < len(front.root.Content) {
			next = base + front.root.Content[i+2].Line - 1
		}
		if first < base || next > end || first >= next {
			break
		}
		// Comments and blank lines before the next key belong to that one.
		for next > first+1 && standsAlone(d.lines.text(d.source, next-1)) {
			next--
		}
		return splice{Span{d.lines[first], d.lines[next]}, with}, nil
	}
	var v servicecoin.Violations
	v.Add("key", "unreadable", key, "its lines cannot be found")
	return splice{}, v.Err()
}

// standsAlone reports whether a line of YAML is blank or a comment that begins it.
func standsAlone(line []byte) bool { return isBlank(line) || bytes.HasPrefix(line, []byte("#")) }
