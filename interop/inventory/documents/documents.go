// Package documents reads files of JSON or YAML as values of operations/configuration:
// numbers as they are written, and every value with its line and column. It answers: what
// stands in this file, and where is it none?
//
//	docs, err := documents.Read(file, nil)
//	if err != nil {
//		return err
//	}
//	for _, d := range docs {
//		fmt.Println(d.Position(), d)
//	}
//
// # Errors
//
// The error is an *servicecoin.InvalidError whose path is a line and a column. Nothing of
// the file is in it but a name that stands twice in an object.
package documents

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// The limits of YAML, whose parser takes more time and room than that of JSON. Those of JSON
// are [configuration.MaxBytes] and the others there.
const (
	MaxYAML      = 16 << 20 // bytes of a file
	MaxDocuments = 10_000   // of a file
)

// Options say how YAML is read. A nil *Options is the zero one.
type Options struct {
	// Single refuses a second document.
	Single bool
	// Kubernetes reads plain text as kubectl does, by YAML 1.1: yes and off are true and
	// false, 0644 is 420, 1_000 is 1000. Without it the core schema of YAML 1.2 holds, in
	// which the first are texts, and 0644 is 644.
	Kubernetes bool
}

// Read reads one value of JSON where the text begins with "{" or "[", else the documents of
// YAML, of which there is one at least. With space in front of it, what is no JSON may be YAML
// in braces. Aliases stand for what they name; tags other than
// those of the schema are refused, and so is a mapping whose keys are no scalars, as JSON
// has none, or under a plain "<<" where Kubernetes would merge.
func Read(file []byte, o *Options) ([]configuration.Value, error) {
	if o == nil {
		o = &Options{}
	}
	start := bytes.TrimPrefix(file, []byte("\ufeff"))
	begin := bytes.TrimLeft(start, " \t\r\n")
	if len(begin) > 0 && (begin[0] == '{' || begin[0] == '[') || len(file) > configuration.MaxBytes {
		v, err := configuration.Parse(file)
		switch {
		case err == nil:
			return []configuration.Value{v}, nil
		case len(begin) == len(start) || len(file) > MaxYAML:
			return nil, err
		}
	}
	if len(file) > MaxYAML {
		return nil, invalid("", "too-long", "", fmt.Sprintf("has %d bytes of YAML, %d are allowed", len(file), MaxYAML))
	}
	return read(file, o)
}

func read(file []byte, o *Options) (values []configuration.Value, err error) {
	defer func() {
		if broken := recover(); broken != nil { // a fault of the library is no reason to fall
			values, err = nil, invalid("line 1, column 1", "syntax", "", "is YAML that cannot be read")
		}
	}()
	text, restore := newer(file)
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return nil, placed(text, err)
	}
	// Without aliases there is at most a value for each byte: with them, not many more.
	const spare = 10_000
	c := converter{inside: map[*yaml.Node]bool{}, restore: restore, kubernetes: o.Kubernetes, most: min(configuration.MaxValues, len(file)+spare)}
	for {
		var document yaml.Node
		switch err := loader.Load(&document); {
		case errors.Is(err, io.EOF) && len(values) == 0:
			return nil, invalid("line 1, column 1", "empty", "", "there is no document")
		case errors.Is(err, io.EOF):
			return values, nil
		case err != nil:
			return nil, placed(text, err)
		case o.Single && len(values) == 1:
			return nil, at(&document, "too-many", "a second document begins")
		case len(values) == MaxDocuments:
			return nil, at(&document, "too-many", fmt.Sprintf("has more than %d documents", MaxDocuments))
		}
		v, err := c.value(document.Content[0], 0)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
}

func invalid(path, code, value, text string) error {
	var v servicecoin.Violations
	v.Add(path, code, value, text)
	return v.Err()
}

func place(line, column int) string { return fmt.Sprintf("line %d, column %d", line, column) }

func at(n *yaml.Node, code, text string) error {
	return invalid(place(n.Line, n.Column), code, "", text)
}

// converter makes values of nodes.
type converter struct {
	inside     map[*yaml.Node]bool // what is being read
	restore    *strings.Replacer
	kubernetes bool
	values     int
	most       int
}

func (c *converter) value(n *yaml.Node, depth int) (configuration.Value, error) {
	switch c.values++; {
	case c.values > c.most:
		return configuration.Value{}, at(n, "too-many", fmt.Sprintf("has more than %d values, with what aliases stand for", c.most))
	case depth > configuration.MaxDepth:
		return configuration.Value{}, at(n, "too-deep", fmt.Sprintf("more than %d lists and objects are inside of each other", configuration.MaxDepth))
	}
	var v configuration.Value
	var err error
	switch n.Kind {
	case yaml.AliasNode:
		if c.inside[n.Alias] {
			return v, at(n, "syntax", "is an alias inside of what it stands for")
		}
		return c.value(n.Alias, depth)
	case yaml.ScalarNode:
		v, err = c.scalar(n)
	case yaml.SequenceNode, yaml.MappingNode:
		c.inside[n] = true
		v, err = c.members(n, depth)
		delete(c.inside, n)
	case yaml.DocumentNode, yaml.StreamNode:
		err = at(n, "syntax", "is nothing that JSON has")
	}
	return v.Placed(n.Line, n.Column), err
}

func (c *converter) members(n *yaml.Node, depth int) (configuration.Value, error) {
	want := "!!seq"
	if n.Kind == yaml.MappingNode {
		want = "!!map"
	}
	if n.Tag != want && n.Tag != "!" {
		return configuration.Value{}, at(n, "unexpected", "has a tag that the schema does not know here")
	}
	var values []configuration.Value
	var members []configuration.Member
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i++ {
		var name string
		if key := n.Content[i]; n.Kind == yaml.MappingNode {
			k, err := c.value(key, depth+1)
			if err != nil {
				return configuration.Value{}, err
			}
			text, ok := k.Scalar()
			switch {
			case !ok:
				return configuration.Value{}, at(key, "bad-type", "a key must be a scalar")
			case seen[text]:
				return configuration.Value{}, invalid(place(key.Line, key.Column), "duplicate", text, "the key stands twice")
			case c.kubernetes && text == "<<" && key.Style&quoted == 0:
				return configuration.Value{}, at(key, "unexpected", "merge keys are not read: write out what is merged")
			}
			seen[text], name = true, text
			i++
		}
		v, err := c.value(n.Content[i], depth+1)
		if err != nil {
			return configuration.Value{}, err
		}
		values, members = append(values, v), append(members, configuration.Member{Name: name, Value: v})
	}
	if n.Kind == yaml.SequenceNode {
		return configuration.ListOf(values...), nil
	}
	return configuration.ObjectOf(members...)
}
