package inventory

import (
	"maps"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// KeyRules finds by what members of lists can be told apart, in objects and lists that are in
// all of these states: port and protocol, containerPort and protocol, mountPath, name, name
// and type, key, type. A list of which none of them holds is left to its places. It is for
// kinds of which [KubernetesRules] knows no lists, and returns 400 rules at most, from the top
// down.
func KeyRules(states ...configuration.Value) []configuration.Rule {
	const most, deepest = 400, 50
	var out []configuration.Rule
	for todo := []level{{"", states}}; len(todo) > 0 && len(out) < most; todo = todo[1:] {
		at := todo[0]
		if fields := keyOf(at.values); fields != nil {
			out = append(out, keyRule(at.path, false, fields...))
		}
		if strings.Count(at.path, "/") < deepest {
			todo = append(todo, at.next()...)
		}
	}
	return out
}

// level is what stands at one path, in all states.
type level struct {
	path   string
	values []configuration.Value
}

// next returns what stands one level deeper. A name that is "*" no rule can mean alone.
func (l level) next() []level {
	names := map[string][]configuration.Value{}
	for _, v := range l.values {
		for _, m := range v.Members() {
			name := m.Name
			switch {
			case v.Kind() == configuration.List:
				names["*"] = append(names["*"], m.Value)
			case name != "*":
				names[pointer(name)] = append(names[pointer(name)], m.Value)
			}
		}
	}
	var out []level
	for _, name := range slices.Sorted(maps.Keys(names)) {
		path := l.path + name
		if name == "*" {
			path = l.path + "/*"
		}
		if len(path) <= mostPointer { // no rule has a longer one
			out = append(out, level{path, names[name]})
		}
	}
	return out
}

// keyOf returns the fields by which the members of each list are told apart.
func keyOf(values []configuration.Value) []string {
	lists := slices.DeleteFunc(slices.Clone(values), func(v configuration.Value) bool { return v.Kind() != configuration.List || len(v.Members()) == 0 })
	if len(lists) == 0 {
		return nil
	}
	for _, fields := range [][]string{
		{"port", "protocol:TCP"}, {"containerPort", "protocol:TCP"}, {"mountPath"}, {"name"}, {"name", "type"}, {"key"}, {"type"},
	} {
		if !slices.ContainsFunc(lists, func(list configuration.Value) bool { return !apart(list, fields) }) {
			return fields
		}
	}
	return nil
}

// apart reports whether fields tell the members of a list apart.
func apart(list configuration.Value, fields []string) bool {
	seen := map[string]bool{}
	for _, m := range list.Members() {
		var id strings.Builder
		for _, f := range fields {
			name, absent, optional := strings.Cut(f, ":")
			field := m.Value.Member(name)
			text, ok := field.Scalar()
			if field.IsZero() && optional {
				text, ok = absent, true
			}
			if !ok {
				return false
			}
			id.WriteString(pointer(text))
		}
		if seen[id.String()] {
			return false
		}
		seen[id.String()] = true
	}
	return true
}
