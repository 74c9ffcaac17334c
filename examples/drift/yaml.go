package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// read reads JSON where the text begins with "{" or "[", else one document of YAML.
func read(text []byte) (configuration.Value, error) {
	start := bytes.TrimPrefix(text, []byte("\ufeff"))
	if len(start) > 0 && (start[0] == '{' || start[0] == '[') || len(text) > configuration.MaxBytes {
		return configuration.Parse(text)
	}
	return readYAML(text)
}

// readYAML reads YAML 1.2 by its core schema: "yes" and "<<" are texts. Aliases stand
// for what they name; tags other than those of the schema are refused, and so is a
// mapping whose keys are no scalars, as JSON has none.
func readYAML(text []byte) (value configuration.Value, err error) {
	defer func() {
		if broken := recover(); broken != nil { // a fault of the library is no reason to call nothing drift
			err = fmt.Errorf("line 1, column 1: cannot be read: %v", broken)
		}
	}()
	text, restore := newer(text)
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return configuration.Value{}, err
	}
	var document, more yaml.Node
	switch err := loader.Load(&document); {
	case errors.Is(err, io.EOF):
		return configuration.Value{}, errors.New("line 1, column 1: there is no document")
	case err != nil:
		return configuration.Value{}, placed(text, err)
	}
	switch err := loader.Load(&more); {
	case err == nil:
		return configuration.Value{}, at(&more, "a second document begins")
	case !errors.Is(err, io.EOF):
		return configuration.Value{}, placed(text, err)
	}
	c := converter{inside: map[*yaml.Node]bool{}, restore: restore}
	return c.value(document.Content[0], 0)
}

func at(n *yaml.Node, text string) error {
	return fmt.Errorf("line %d, column %d: %s", n.Line, n.Column, text)
}

// placed says where an error of the library is, which it does not for bytes that are
// no text.
func placed(text []byte, err error) error {
	fault, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return err
	}
	if fault.Mark.Line > 0 {
		return fmt.Errorf("line %d, column %d: %s", fault.Mark.Line, fault.Mark.Column, fault.Message)
	}
	line, column := 1, 1
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			break
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
		text = text[n:]
	}
	return fmt.Errorf("line %d, column %d: %s", line, column, fault.Message)
}

type converter struct {
	inside  map[*yaml.Node]bool // what is being read
	restore *strings.Replacer
	values  int
}

func (c *converter) value(n *yaml.Node, depth int) (configuration.Value, error) {
	if c.values++; c.values > configuration.MaxValues || depth > configuration.MaxDepth {
		return configuration.Value{}, at(n, "has too many values, or too many inside of each other")
	}
	var v configuration.Value
	var err error
	switch n.Kind {
	case yaml.AliasNode:
		if c.inside[n.Alias] {
			return v, at(n, "is an alias inside of what it stands for")
		}
		return c.value(n.Alias, depth)
	case yaml.ScalarNode:
		v, err = scalar(n, c.restore.Replace(n.Value))
	case yaml.SequenceNode, yaml.MappingNode:
		c.inside[n] = true
		v, err = c.members(n, depth)
		delete(c.inside, n)
	case yaml.DocumentNode, yaml.StreamNode:
		err = at(n, "is nothing that JSON has")
	}
	return v.Placed(n.Line, n.Column), err
}

func (c *converter) members(n *yaml.Node, depth int) (configuration.Value, error) {
	want := "!!seq"
	if n.Kind == yaml.MappingNode {
		want = "!!map"
	}
	if n.Tag != want && n.Tag != "!" {
		return configuration.Value{}, at(n, "has the tag "+n.Tag+", which the core schema does not know here")
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
			if !ok {
				return configuration.Value{}, at(key, "a key must be a scalar")
			}
			if seen[text] {
				return configuration.Value{}, at(key, fmt.Sprintf("the key %q stands twice", text))
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
