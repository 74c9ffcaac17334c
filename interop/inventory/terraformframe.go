package inventory

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// decode lets the library of the format look at the frame of a document that is JSON: whether
// Terraform writes such. Values are taken from the document itself, and left out here. The
// library keeps no places, and of a plan's prior state it makes floats, whatever it is told.
func decode(doc, frame configuration.Value, what string, into any) error {
	var v servicecoin.Violations
	version := doc.Member("format_version")
	switch major, _, ok := strings.Cut(textOf(version), "."); {
	case doc.Kind() != configuration.Object:
		v.Add(doc.Position(), "bad-type", "", "a "+what+" must be an object")
	case version.IsZero():
		v.Add(doc.Position(), "required", "", "has no format_version: this is no "+what+" as terraform show -json writes it")
	case !ok || major != "0" && major != "1":
		v.Add(version.Position(), "bad-version", "", "only the formats 0.x and 1.x are known")
	}
	if err := v.Err(); err != nil {
		return err
	}
	err := json.Unmarshal(frame.Append(nil), into)
	if err == nil {
		return nil
	}
	place, text := doc.Position(), "is no "+what+" of a format that is known"
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		first, _, _ := strings.Cut(wrong.Field, ".")
		if at := doc.Member(first).Position(); at != "" {
			place = at
		}
		text = wrong.Field + " is of another kind than Terraform writes"
	}
	v.Add(place, "bad-type", "", text)
	return v.Err()
}

// framePlan is a plan without values, and without what is not read here.
func framePlan(doc configuration.Value) configuration.Value {
	entry := func(n configuration.Value) configuration.Value {
		return replaced(n, "change", func(change configuration.Value) configuration.Value {
			return without(change, "before", "after", "after_unknown", "before_sensitive", "after_sensitive", "before_identity", "after_identity", "generated_config", "replace_paths", "importing")
		})
	}
	entries := func(n configuration.Value) configuration.Value { return each(n, entry) }
	doc = without(doc, "prior_state", "planned_values", "configuration", "variables", "output_changes", "checks", "deferred_changes", "action_invocations")
	return replaced(replaced(doc, "resource_changes", entries), "resource_drift", entries)
}

// frameState is a state without values and outputs.
func frameState(doc configuration.Value) configuration.Value {
	resource := func(n configuration.Value) configuration.Value {
		return without(n, "values", "sensitive_values", "identity")
	}
	var module func(configuration.Value) configuration.Value
	module = func(n configuration.Value) configuration.Value {
		n = replaced(n, "resources", func(list configuration.Value) configuration.Value { return each(list, resource) })
		return replaced(n, "child_modules", func(list configuration.Value) configuration.Value { return each(list, module) })
	}
	return replaced(without(doc, "checks"), "values", func(n configuration.Value) configuration.Value {
		return replaced(without(n, "outputs"), "root_module", module)
	})
}

// without returns an object without some members, anything else as it is.
func without(n configuration.Value, names ...string) configuration.Value {
	if n.Kind() != configuration.Object {
		return n
	}
	return object(slices.DeleteFunc(slices.Clone(n.Members()), func(m configuration.Member) bool { return slices.Contains(names, m.Name) })...)
}

// replaced returns an object with a member made anew, if it has that.
func replaced(n configuration.Value, name string, anew func(configuration.Value) configuration.Value) configuration.Value {
	if n.Member(name).IsZero() {
		return n
	}
	members := slices.Clone(n.Members())
	for i := range members {
		if members[i].Name == name {
			members[i].Value = anew(members[i].Value)
		}
	}
	return object(members...)
}

// each returns a list with its members made anew, anything else as it is.
func each(n configuration.Value, anew func(configuration.Value) configuration.Value) configuration.Value {
	if n.Kind() != configuration.List {
		return n
	}
	list := make([]configuration.Value, 0, len(n.Members()))
	for _, m := range n.Members() {
		list = append(list, anew(m.Value))
	}
	return configuration.ListOf(list...)
}
