package inventory

import (
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// TerraformType returns a type of resources as Terraform calls it, "aws_instance". By its
// rules null, {}, [] and "" are what is absent, ids, ARNs and timeouts do not count, nor do
// attributes that nobody asked for; what stands in a map or a block beside what is desired
// does.
func TerraformType(name configuration.TypeName) configuration.Type {
	return configuration.Type{Name: name, Title: string(name), Rules: terraformRules()}
}

func terraformRules() configuration.Rules {
	return configuration.Rules{List: []configuration.Rule{
		{Path: "", Members: configuration.Open},
		{Path: "", Below: true, Empty: configuration.EmptyAbsent},
		{Path: "/id", Ignore: true},
		{Path: "/arn", Ignore: true},
		{Path: "/timeouts", Ignore: true},
	}}
}

func (p *planReader) drifts(list configuration.Value, drifts []*tfjson.ResourceChange, relevant []tfjson.ResourceAttribute) {
	if len(list.Members()) != len(drifts) {
		p.wrong(list, "bad-type", "resource_drift must be written in small letters")
		return
	}
	attributes := relevantOf(relevant)
	seen := map[servicecoin.ConfigurationID]bool{}
	for i, m := range list.Members() {
		c := drifts[i]
		action, ok := p.action(m.Value, c)
		if !ok {
			continue
		}
		change := m.Value.Member("change")
		d := TerraformDrift{
			TerraformResource: p.resource(m.Value, c, change.Member("after")),
			Action:            action, Before: thereOrNot(change.Member("before")),
		}
		if seen[d.ID] {
			p.remark(d.Place, ToldRepeated, short(c.Address)+" stands in resource_drift before")
			continue
		}
		seen[d.ID] = true
		if !p.fit(&d.Thing) {
			continue
		}
		d.Planned = p.planned[string(d.ID)]
		p.compare(&d, attributes)
		p.out.Drifts = append(p.out.Drifts, d)
	}
}

// compare finds what of a drift counts, and what of it decides over other changes.
func (p *planReader) compare(d *TerraformDrift, attributes map[string][]string) {
	list, err := p.comparer.Compare(d.Before, d.State)
	if err != nil { // no rule of them can fail
		p.v.Merge(d.Place, err)
		return
	}
	relevant, secret := placesOf(slices.Concat(attributes[d.Address], attributes[withoutKey(d.Address)])), placesOf(d.Secrets)
	for n := range list {
		if secret.touch(list[n].Path) {
			list[n].Desired, list[n].Observed = configuration.Value{}, configuration.Value{}
		}
		if relevant.touch(list[n].Path) {
			d.Relevant = append(d.Relevant, list[n].Path)
		}
	}
	d.Differences = list
}

// relevantOf returns the pointers of what decides over changes, by address.
func relevantOf(list []tfjson.ResourceAttribute) map[string][]string {
	out := map[string][]string{}
	for _, a := range list {
		var at strings.Builder
		for _, step := range a.Attribute {
			name, err := configuration.Parse(step)
			text, ok := name.Scalar()
			if err != nil || !ok {
				break // what is above it is relevant then
			}
			at.WriteString(pointer(text))
		}
		out[a.Resource] = append(out[a.Resource], at.String())
	}
	return out
}

// withoutKey leaves out the key of an instance: relevant may be what all instances have.
func withoutKey(address string) string {
	if strings.HasSuffix(address, "]") {
		if n := strings.LastIndexByte(address, '['); n > 0 {
			return address[:n]
		}
	}
	return ""
}
