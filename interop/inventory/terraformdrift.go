package inventory

import (
	"encoding/json"
	"errors"
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

// decode lets the library of the format look at a document that is JSON, as far as it is
// read here: whether Terraform writes such. Values are taken from the document itself. The
// library keeps no places, and of a plan's prior state it makes floats, whatever it is told.
func decode(doc configuration.Value, what string, into any, names ...string) error {
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
	read := slices.DeleteFunc(slices.Clone(doc.Members()), func(m configuration.Member) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, m.Name) })
	})
	err := json.Unmarshal(object(read...).Append(nil), into)
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

func (p *planReader) drifts(list configuration.Value, drifts []*tfjson.ResourceChange, relevant []tfjson.ResourceAttribute) {
	if len(list.Members()) != len(drifts) {
		p.wrong(list, "bad-type", "resource_drift must be written in small letters")
		return
	}
	attributes := relevantOf(relevant)
	seen := map[servicecoin.ConfigurationID]bool{}
	for i, m := range list.Members() {
		c := drifts[i]
		if c == nil || c.Change == nil {
			p.remark(m.Value.Position(), ToldUnread, "an entry of resource_drift says nothing")
			continue
		}
		change := m.Value.Member("change")
		action, ok := actionOf(c.Change.Actions)
		if !ok {
			p.remark(m.Value.Position(), ToldUnread, short(c.Address)+" is left out: nobody knows what its actions mean")
			continue
		}
		d := TerraformDrift{
			TerraformResource: p.resource(m.Value, c, change.Member("after"), sensitive(change)),
			Action:            action, Before: thereOrNot(change.Member("before")),
		}
		if seen[d.ID] {
			p.remark(d.Place, ToldRepeated, short(c.Address)+" stands in resource_drift before")
			continue
		}
		seen[d.ID] = true
		d.Planned = p.planned[string(d.ID)]
		p.compare(&d, attributes)
		d.Secrets, _ = fewer(d.Secrets)
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
	relevant := slices.Concat(attributes[d.Address], attributes[withoutKey(d.Address)])
	for n := range list {
		for _, secret := range d.Secrets {
			if touches(secret, list[n].Path) {
				list[n].Desired, list[n].Observed = configuration.Value{}, configuration.Value{}
			}
		}
		for _, attribute := range relevant {
			if touches(attribute, list[n].Path) {
				d.Relevant = append(d.Relevant, list[n].Path)
				break
			}
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
