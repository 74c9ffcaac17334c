package inventory

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// TerraformState is a state, as Terraform keeps it (version 4) or as "terraform show -json"
// writes it.
type TerraformState struct {
	Format    string              `json:"format"`            // "4", or as "1.0" of what is shown
	Version   string              `json:"version"`           // of Terraform
	Serial    int                 `json:"serial,omitempty"`  // how often it was written
	Lineage   string              `json:"lineage,omitempty"` // which state it is
	Data      int                 `json:"data"`              // instances of data sources, which are no items
	Resources []TerraformResource `json:"resources"`
	Remarks   []Remark            `json:"remarks,omitempty"`
}

// Drafts returns what the state has as what is desired. Like says what is said of all.
func (s *TerraformState) Drafts(like configuration.Described) []configuration.Draft {
	var out []configuration.Draft
	for n := range s.Resources {
		if s.Resources[n].Deposed == "" {
			out = append(out, s.Resources[n].Draft(like))
		}
	}
	return out
}

// Sweeps returns what the state has as what was found at an instant: when it was refreshed,
// which it does not say.
func (s *TerraformState) Sweeps(at time.Time) []configuration.Sweep {
	var found []configuration.Observation
	for n := range s.Resources {
		found = append(found, s.Resources[n].Observation(configuration.Look{}))
	}
	return sweeps(found, at, strings.TrimSpace("terraform state "+s.Version))
}

// ReadTerraformState reads a state, in whichever of the two forms the file has it. One that
// is kept says only of variables that they are secret, one that is shown also of what the
// provider calls so: read that where you can. The error is an [*servicecoin.InvalidError]
// whose paths are lines and columns.
func ReadTerraformState(file []byte, o *TerraformOptions) (*TerraformState, error) {
	doc, err := configuration.Parse(file)
	if err != nil {
		return nil, err
	}
	s := &stateReader{out: &TerraformState{}}
	if o != nil {
		s.scope = o.Scope
	}
	if version := doc.Member("version"); version.Kind() == configuration.Number {
		s.kept(doc, version)
	} else {
		var state tfjson.State
		state.UseJSONNumber(true)
		if err := decode(doc, frameState(doc), "state", &state); err != nil {
			return nil, err
		}
		s.out.Format, s.out.Version = state.FormatVersion, state.TerraformVersion
		if state.Values != nil {
			s.shown(doc.Member("values").Member("root_module"), state.Values.RootModule)
		}
	}
	if err := s.result(); err != nil {
		return nil, err
	}
	s.out.Remarks = s.told()
	return s.out, nil
}

type stateReader struct {
	reader

	out *TerraformState
}

// shown reads a module as it is shown, and those in it.
func (s *stateReader) shown(n configuration.Value, module *tfjson.StateModule) {
	if module == nil {
		return
	}
	list, modules := n.Member("resources").Members(), n.Member("child_modules").Members()
	if len(list) != len(module.Resources) || len(modules) != len(module.ChildModules) {
		s.wrong(n, "bad-type", "names must be written in small letters")
		return
	}
	for i, m := range list {
		x := module.Resources[i]
		switch {
		case x == nil:
			s.remark(m.Value.Position(), ToldUnread, "an entry of resources says nothing")
			continue
		case x.Mode == tfjson.DataResourceMode:
			s.out.Data++
			continue
		}
		secrets, coarse := marks(m.Value.Member("sensitive_values"))
		s.add(TerraformResource{
			Thing:   Thing{Type: configuration.TypeName(x.Type), Place: m.Value.Position(), State: m.Value.Member("values"), Secrets: secrets, coarse: coarse},
			Address: x.Address, Module: module.Address, Provider: x.ProviderName, Deposed: x.DeposedKey, Tainted: x.Tainted, DependsOn: x.DependsOn, Identity: thereOrNot(m.Value.Member("identity")),
		})
	}
	for i, m := range modules {
		s.shown(m.Value, module.ChildModules[i])
	}
}

func (s *stateReader) add(x TerraformResource) {
	x.Name = x.Address
	if x.Deposed != "" {
		x.Name += " (deposed " + x.Deposed + ")"
	}
	x.ID = s.id(x.Name)
	if x.State.Kind() != configuration.Object {
		s.remark(x.Place, ToldUnread, short(x.Name)+" is left out: it has no values")
		return
	}
	if s.keep(&x.Thing) {
		s.out.Resources = append(s.out.Resources, x)
	}
}

// kept reads a state as Terraform keeps it.
func (s *stateReader) kept(doc, version configuration.Value) {
	n, _ := whole(version)
	if const4 := 4; n != const4 {
		s.wrong(version, "bad-version", "only version 4 of kept states is known")
		return
	}
	s.out.Format, s.out.Version, s.out.Lineage = "4", s.text(doc, "terraform_version"), s.text(doc, "lineage")
	s.out.Serial, _ = whole(doc.Member("serial"))
	for _, m := range s.list(doc, "resources") {
		if !s.is(m.Value, "a member of resources", configuration.Object) {
			continue
		}
		mode, kind, name := s.text(m.Value, "mode"), s.text(m.Value, "type"), s.text(m.Value, "name")
		instances := s.list(m.Value, "instances")
		switch {
		case mode == "data":
			s.out.Data += len(instances)
			continue
		case mode != "managed" || kind == "" || name == "":
			s.remark(m.Value.Position(), ToldUnread, "a resource is left out: it has no mode, type or name that is known")
			continue
		}
		x := TerraformResource{Module: s.text(m.Value, "module"), Provider: providerOf(s.text(m.Value, "provider"))}
		x.Type = configuration.TypeName(kind)
		x.Address = kind + "." + name
		if x.Module != "" {
			x.Address = x.Module + "." + x.Address
		}
		for _, i := range instances {
			if s.is(i.Value, "a member of instances", configuration.Object) {
				s.instance(x, i.Value)
			}
		}
	}
}

func (s *stateReader) instance(x TerraformResource, n configuration.Value) {
	x.Place = n.Position()
	switch key := n.Member("index_key"); key.Kind() {
	case configuration.Number:
		text, _ := key.Scalar()
		x.Address += "[" + text + "]"
	case configuration.Text:
		x.Address += "[" + hclQuote(textOf(key)) + "]"
	case configuration.Absent, configuration.Null:
	case configuration.Bool, configuration.List, configuration.Object:
		s.remark(key.Position(), ToldUnread, "an instance of "+short(x.Address)+" is left out: its key is neither a number nor a text")
		return
	}
	x.Deposed = s.text(n, "deposed")
	switch status := s.text(n, "status"); status {
	case "":
	case "tainted":
		x.Tainted = true
	default:
		s.remark(n.Member("status").Position(), ToldUnknown, short(x.Address)+" has a status that is not known")
	}
	for _, d := range s.list(n, "dependencies") {
		if on := textOf(d.Value); on != "" {
			x.DependsOn = append(x.DependsOn, on)
		}
	}
	x.State = n.Member("attributes")
	if x.State.IsZero() && !n.Member("attributes_flat").IsZero() {
		s.remark(x.Place, ToldUnread, short(x.Address)+" is left out: its attributes are those of Terraform 0.11, of which nobody knows the kinds")
		return
	}
	x.Identity = thereOrNot(n.Member("identity"))
	x.Secrets = s.sensitive(n.Member("sensitive_attributes"))
	s.add(x)
}

// sensitive reads the paths of what is secret. Of one that cannot be read, what is above is.
func (s *stateReader) sensitive(list configuration.Value) []string {
	if !s.is(list, "sensitive_attributes", configuration.List) {
		return nil
	}
	var out []string
	for _, path := range list.Members() {
		if path.Value.Kind() != configuration.List {
			s.remark(path.Value.Position(), ToldUnread, "a path of what is secret cannot be read: all of the resource is")
			out = append(out, "")
			continue
		}
		var names []string
		for _, step := range path.Value.Members() {
			name, ok := stepOf(step.Value)
			if !ok {
				break
			}
			names = append(names, name)
		}
		out = append(out, pointer(names...))
	}
	return out
}

// stepOf reads a step of a path: the name of an attribute, or an index, which has its type
// beside it. A member of a set has itself as index, and no place.
func stepOf(step configuration.Value) (string, bool) {
	value := step.Member("value")
	switch textOf(step.Member("type")) {
	case "get_attr":
		return textOf(value), value.Kind() == configuration.Text
	case "index":
		if value.Kind() == configuration.Object {
			value = value.Member("value")
		}
		text, _ := value.Scalar()
		return text, value.Kind() == configuration.Number || value.Kind() == configuration.Text
	}
	return "", false
}

// providerOf reads the address of a provider: provider["example.org/hashicorp/aws"].
func providerOf(text string) string {
	if _, rest, ok := strings.Cut(text, `["`); ok {
		if name, _, ok := strings.Cut(rest, `"]`); ok {
			return name
		}
	}
	return text
}

// hclQuote writes a text as HCL does, in which "${" and "%{" begin something.
func hclQuote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range text {
		switch r {
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '"', '\\':
			fmt.Fprintf(&b, `\%c`, r)
		case '$', '%':
			b.WriteRune(r)
			if strings.HasPrefix(text[i+1:], "{") {
				b.WriteRune(r)
			}
		default:
			if unicode.IsPrint(r) {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, `\u%04x`, r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
