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

// FrontMatter is what stands before the Markdown, between two lines of "---" (YAML)
// or "+++" (TOML). YAML is read, TOML is kept as text. One that cannot be read is
// kept as text and a [Finding].
type FrontMatter struct {
	Format Format   `json:"format,omitempty"` // "" is none
	Text   string   `json:"text,omitempty"`   // without the fences, as in the file
	Keys   []string `json:"keys,omitempty"`   // of YAML, in order

	span  Span       // with the fences
	inner Span       // without
	root  *yaml.Node // the mapping; nil if there is none that can be read
}

// Format is a language of front matter.
type Format string

// The formats.
const (
	YAML Format = "yaml"
	TOML Format = "toml"
)

const bom = "\xef\xbb\xbf"

// readFrontMatter finds and reads the front matter, and returns where the Markdown
// begins.
func (d *Document) readFrontMatter(v *servicecoin.Violations) (body int) {
	if bytes.HasPrefix(d.source, []byte(bom)) {
		body = len(bom)
	}
	if d.lines.count() == 0 || body >= len(d.source) {
		return body
	}
	fence := strings.TrimRight(string(d.source[body:d.lines[1]]), " \t\r\n")
	format, ends := YAML, []string{"---", "..."}
	switch fence {
	case "---":
	case "+++":
		format, ends = TOML, []string{"+++"}
	default:
		return body
	}
	for line := 1; line < d.lines.count(); line++ {
		if !slices.Contains(ends, strings.TrimRight(string(d.lines.text(d.source, line)), " \t")) {
			continue
		}
		front := FrontMatter{Format: format, span: Span{body, d.lines[line+1]}, inner: Span{d.lines[1], d.lines[line]}}
		if size := front.inner.To - front.inner.From; size > MaxFrontMatter {
			v.Limit("frontMatter", size, MaxFrontMatter)
			return body
		}
		front.Text = string(d.source[front.inner.From:front.inner.To])
		d.front = front
		if format == YAML {
			d.readYAML()
		}
		return front.span.To
	}
	return body // a rule, and not the beginning of front matter
}

// readYAML reads the keys of the front matter.
func (d *Document) readYAML() {
	line := d.lines.at(d.front.span.From) + 1
	root, err := mapping([]byte(unix(d.front.Text)))
	if err != nil {
		d.find(line, FoundFrontMatter, err.Error())
		return
	}
	if root == nil {
		return // nothing, or comments alone
	}
	d.front.root = root
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i].Value
		if slices.Contains(d.front.Keys, key) {
			d.find(line+root.Content[i].Line, FoundRepeatedMeta, fmt.Sprintf("%q stands there twice: the first one counts", key))
			continue
		}
		d.front.Keys = append(d.front.Keys, key)
	}
}

// mapping reads YAML whose outermost value is a mapping; nil is a text without a
// value.
func mapping(source []byte) (root *yaml.Node, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			root, err = nil, fmt.Errorf("yaml: %v", broken)
		}
	}()
	var doc yaml.Node
	if err := yaml.Unmarshal(source, &doc); err != nil {
		return nil, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, nil
	}
	root = doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, errors.New("yaml: is not a mapping of keys to values")
	}
	for i := 0; i < len(root.Content); i += 2 {
		if root.Content[i].Kind != yaml.ScalarNode {
			return nil, errors.New("yaml: a key is not a text")
		}
	}
	return root, nil
}

// value returns the value of a key; nil is none.
func (f FrontMatter) value(key string) *yaml.Node {
	if f.root == nil {
		return nil
	}
	for i := 0; i+1 < len(f.root.Content); i += 2 {
		if f.root.Content[i].Value == key {
			return f.root.Content[i+1]
		}
	}
	return nil
}

// Meta returns a value of the front matter as text, and whether it is there and
// one value: no list, no mapping, no alias. A template in it is text.
func (d *Document) Meta(key string) (string, bool) {
	n := d.front.value(key)
	if n == nil || n.Kind != yaml.ScalarNode {
		return "", false
	}
	if n.Tag == "!!null" {
		return "", true
	}
	return n.Value, true
}

// MetaList returns the values of a list of the front matter; a single value is cut
// at its commas, as the templates of issues have it. Members that are no single
// values are left out.
func (d *Document) MetaList(key string) []string {
	n := d.front.value(key)
	if n == nil {
		return nil
	}
	var list []string
	if single := n.Kind == yaml.ScalarNode; single {
		for part := range strings.SplitSeq(n.Value, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
	}
	if n.Kind == yaml.SequenceNode {
		for _, member := range n.Content {
			if member.Kind == yaml.ScalarNode {
				list = append(list, member.Value)
			}
		}
	}
	return list
}

func (d *Document) find(line int, code, text string) {
	d.findings = append(d.findings, Finding{Line: line, Code: code, Text: text})
}
