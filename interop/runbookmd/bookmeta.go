package runbookmd

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
)

// bookMeta takes from the front matter what Markdown cannot say.
func (d *Document) bookMeta(im *Imported, lang string) {
	b := &im.Book
	if b.Scenario == "" {
		scenario, _ := d.Meta("scenario")
		b.Scenario = runbook.Scenario(scenario)
	}
	if b.Scenario == "" {
		b.Scenario = runbook.Diagnose
	}
	if purpose, ok := d.Meta("purpose"); ok && strings.TrimSpace(purpose) != "" {
		b.Purpose = servicecoin.Texts{lang: strings.TrimSpace(purpose)}
	}
	if b.Services == nil {
		for _, s := range d.MetaList("services") {
			b.Services = append(b.Services, servicecoin.ServiceID(s))
		}
	}
	if n := d.front.value("preconditions"); n != nil {
		for _, member := range members(n) {
			if member.Kind == yaml.ScalarNode && strings.TrimSpace(member.Value) != "" {
				b.Preconditions = append(b.Preconditions, servicecoin.Texts{lang: strings.TrimSpace(member.Value)})
			}
		}
	}
	d.bookRoles(im, lang)
	d.bookParameters(im, lang)
}

// members returns the members of a list; a single value is a list of one.
func members(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.SequenceNode {
		return n.Content
	}
	return []*yaml.Node{n}
}

// field returns a single value of a mapping.
func field(n *yaml.Node, key string) string {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key && n.Content[i+1].Kind == yaml.ScalarNode && n.Content[i+1].Tag != "!!null" {
			return strings.TrimSpace(n.Content[i+1].Value)
		}
	}
	return ""
}

func (d *Document) metaLine(n *yaml.Node) int {
	return d.lines.at(d.front.span.From) + 1 + n.Line
}

func textIn(lang, value string) servicecoin.Texts {
	if value == "" {
		return nil
	}
	return servicecoin.Texts{lang: value}
}

func (d *Document) bookRoles(im *Imported, lang string) {
	n := d.front.value("roles")
	if n == nil {
		return
	}
	add := func(name, what string) {
		if name = strings.TrimSpace(name); name != "" {
			im.Book.Roles = append(im.Book.Roles, runbook.Role{Name: name, Text: textIn(lang, strings.TrimSpace(what))})
		}
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			add(n.Content[i].Value, n.Content[i+1].Value)
		}
		return
	}
	for _, member := range members(n) {
		if member.Kind == yaml.ScalarNode {
			add(member.Value, "")
		} else if name := field(member, "name"); member.Kind == yaml.MappingNode && name != "" {
			add(name, field(member, "text"))
		} else {
			im.find(d.metaLine(member), FoundUnknownMeta, "is no role")
		}
	}
}

func (d *Document) bookParameters(im *Imported, lang string) {
	n := d.front.value("parameters")
	if n == nil {
		return
	}
	for _, member := range members(n) {
		p := runbook.Parameter{Type: runbook.Text}
		single, mapped := member.Kind == yaml.ScalarNode, member.Kind == yaml.MappingNode
		if single {
			p.Name = strings.TrimSpace(member.Value)
		}
		if mapped {
			p.Name, p.Default = field(member, "name"), field(member, "default")
			p.Text = textIn(lang, field(member, "text"))
			p.Optional = field(member, "optional") == "true"
			if kind := field(member, "type"); kind != "" {
				p.Type = runbook.Type(kind)
			}
			for i := 0; i+1 < len(member.Content); i += 2 {
				if member.Content[i].Value == "choices" {
					for _, choice := range members(member.Content[i+1]) {
						p.Choices = append(p.Choices, choice.Value)
					}
				}
			}
		}
		if !placeholder.MatchString("{{"+p.Name+"}}") || !slices.Contains(runbook.Types(), p.Type) {
			im.find(d.metaLine(member), FoundUnknownMeta, fmt.Sprintf("%q of type %q is no parameter", p.Name, p.Type))
			continue
		}
		im.Book.Parameters = append(im.Book.Parameters, p)
	}
}
