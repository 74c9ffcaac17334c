package advisory

import (
	"cmp"
	"slices"

	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/version"
)

// statuses are those of CSAF 2.0, and what they say of a product.
func statuses() []struct {
	name     string
	standing patch.Standing
} {
	return []struct {
		name     string
		standing patch.Standing
	}{
		{"known_affected", patch.Affected},
		{"first_affected", patch.Affected},
		{"last_affected", patch.Affected},
		{"under_investigation", patch.Open},
		{"fixed", patch.Fixed},
		{"first_fixed", patch.Fixed},
		{"recommended", patch.Fixed}, // "vendor-recommended releases for fixing the vulnerability"
		{"known_not_affected", patch.NotAffected},
	}
}

// who is a product without its versions.
type who struct {
	purl, vendor, name string
}

func (p *product) who() who { return who{p.PURL, p.Vendor, p.Name} }

// said is what is said of one product in one version.
type said struct {
	product

	id       string
	standing patch.Standing
	remedy   string
}

// products returns what a vulnerability says of products. Versions of one product of which
// the same is said stand together. Of the same product in the same version the worst counts:
// a part may be safe in one product and not in another.
func (r *csafReader) products(n node, remedy map[string]string) []patch.Product {
	status := n.get("product_status")
	if !r.is(status, "product_status", object) {
		return nil
	}
	type key struct {
		who
		version string
	}
	place := map[key]int{}
	var list []said
	for _, s := range statuses() {
		ids := r.strs(status.get(s.name), s.name)
		if len(ids) > 0 {
			r.out.Statuses[s.name] += len(ids)
		}
		for _, id := range ids {
			p, ok := r.tree.products[id]
			if !ok {
				r.f.add(r.line(n.at), FoundProduct, s.name+" has the product "+short(id)+", which is not in the tree")
				continue
			}
			x := said{p, id, s.standing, remedy[id]}
			if p.unclear {
				x.standing = patch.Open
			}
			if s.standing == patch.NotAffected {
				x.remedy = ""
			}
			if len(p.spans) > 0 || len(p.versions) > 0 {
				list = append(list, x)
				continue
			}
			k := key{p.who(), p.Version}
			if at, again := place[k]; again {
				if list[at].standing != x.standing {
					r.f.add(r.line(n.at), FoundStatus, r.tree.about(p)+" is "+string(list[at].standing)+" and "+string(x.standing)+": the first holds")
				}
				continue
			}
			place[k] = len(list)
			list = append(list, x)
		}
	}
	list = r.bounds(status, list)
	return together(r.sure(n, list))
}

// sure leaves out that all versions of a product are safe where others of the same product
// are not.
func (r *csafReader) sure(n node, list []said) []said {
	bad := map[who]bool{}
	for _, s := range list {
		if s.standing == patch.Affected || s.standing == patch.Open {
			bad[s.who()] = true
		}
	}
	return slices.DeleteFunc(list, func(s said) bool {
		all := s.Version == "" && len(s.versions) == 0 && len(s.spans) == 0
		if all && bad[s.who()] && (s.standing == patch.Fixed || s.standing == patch.NotAffected) {
			r.f.add(r.line(n.at), FoundStatus, r.tree.about(s.product)+" is "+string(s.standing)+", and other versions are not: the latter holds")
			return true
		}
		return false
	})
}

// about names a product for people.
func (t *tree) about(p product) string {
	return cut(cmp.Or(p.Name, p.PURL)) + " " + cut(cmp.Or(p.Version, "in any version"))
}

// bounds makes a span of the first and the last version that is affected, and of the first
// one that is mended, where a product has one of each at most.
func (r *csafReader) bounds(status node, list []said) []said {
	ends := map[who]map[string][]string{}
	var order []who
	for _, name := range []string{"first_affected", "last_affected", "first_fixed"} {
		for _, id := range r.strs(status.get(name), name) {
			p, ok := r.tree.products[id]
			if !ok || p.Version == "" {
				continue
			}
			if ends[p.who()] == nil {
				ends[p.who()] = map[string][]string{}
				order = append(order, p.who())
			}
			ends[p.who()][name] = append(ends[p.who()][name], p.Version)
		}
	}
	for _, w := range order {
		first, last, mended := ends[w]["first_affected"], ends[w]["last_affected"], ends[w]["first_fixed"]
		if len(first) > 1 || len(last) > 1 || len(mended) > 1 || len(first)+len(last) == 0 {
			continue
		}
		var span patch.Span
		if len(first) == 1 {
			span.Introduced = first[0]
		}
		switch {
		case len(mended) == 1:
			span.Fixed = mended[0]
		case len(last) == 1:
			span.Last = last[0]
		}
		at := slices.IndexFunc(list, func(s said) bool { return s.who() == w && s.standing == patch.Affected })
		if at < 0 {
			continue
		}
		x := list[at]
		x.Version, x.versions, x.spans = "", nil, []patch.Span{span}
		x.Scheme = schemeOf("", x.Component, eventsOf(span))
		list = append(list, x)
	}
	return list
}

func eventsOf(s patch.Span) []event {
	var out []event
	for _, v := range []string{s.Introduced, s.Fixed, s.Last} {
		if v != "" {
			out = append(out, event{introduced, v})
		}
	}
	return out
}

// together puts versions of one product of which the same is said into one.
func together(list []said) []patch.Product {
	type key struct {
		who
		scheme   version.Scheme
		standing patch.Standing
		remedy   string
	}
	var out []patch.Product
	place := map[key]int{}
	for _, s := range list {
		p := patch.Product{Component: s.Component, Standing: s.standing, Spans: s.spans, Versions: slices.Clone(s.versions), Remedy: s.remedy}
		if p.Version != "" {
			p.Versions, p.Version = append(p.Versions, p.Version), ""
		}
		if len(p.Spans) > 0 || len(p.Versions) == 0 {
			out = append(out, p)
			continue
		}
		k := key{s.who(), s.Scheme, s.standing, s.remedy}
		if at, ok := place[k]; ok {
			out[at].Versions = append(out[at].Versions, p.Versions...)
			continue
		}
		place[k] = len(out)
		out = append(out, p)
	}
	var whole []patch.Product
	for _, p := range out {
		whole = append(whole, split(p)...)
	}
	return whole
}
