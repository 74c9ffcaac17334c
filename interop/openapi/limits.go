package openapi

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// tooDeep reports whether brackets, or what begins a line, may go deeper than is allowed:
// the parser of YAML goes into each level.
func tooDeep(document []byte) bool {
	open, leads, leading := 0, 0, true
	for _, c := range document {
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
		const most = 10 * maxNesting // in texts they mean nothing
		if open > most || leads > most {
			return true
		}
	}
	return false
}

// expands checks how many values a document has once its aliases are followed, and how
// deep they lie.
func expands(document []byte) error {
	var root yaml.Node
	count := 0
	if err := yaml.Load(document, &root); err != nil {
		root = yaml.Node{} // JSON that YAML does not take: the loader tells
	}
	return countNodes(&root, 0, &count)
}

func countNodes(n *yaml.Node, depth int, count *int) error {
	*count++
	switch {
	case *count > maxNodes:
		return fmt.Errorf("it has more than %d values", maxNodes)
	case depth > maxNesting:
		return fmt.Errorf("it has more than %d lists and objects inside of each other", maxNesting)
	case n.Kind == yaml.AliasNode:
		return countNodes(n.Alias, depth+1, count)
	}
	for _, x := range n.Content {
		if err := countNodes(x, depth+1, count); err != nil {
			return err
		}
	}
	return nil
}
