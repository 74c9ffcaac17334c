package advisory

import (
	"strings"

	"github.com/servicecoin/servicecoin/operations/patch"
	"github.com/servicecoin/servicecoin/version"
)

// product is a product of a CSAF document, in one of its versions or a range of them.
type product struct {
	patch.Component

	spans    []patch.Span
	versions []string // of a range that names some
	unclear  bool     // its range could not be read
}

// tree is the products of a document by their ids.
type tree struct {
	r             *reader
	products      map[string]product
	groups        map[string][]string
	count         int
	relationships int
}

// way is what the branches above a product say of it.
type way struct {
	vendor, name, version, span string
}

func (t *tree) read(n node) {
	if !t.r.is(n, "product_tree", object) {
		return
	}
	for _, x := range t.r.list(n.get("full_product_names"), "full_product_names") {
		t.full(x, way{})
	}
	t.branches(n.get("branches"), way{})
	t.count = len(t.products)
	for _, x := range t.r.list(n.get("relationships"), "relationships") {
		t.relationships++
		t.relationship(x)
	}
	for _, x := range t.r.list(n.get("product_groups"), "product_groups") {
		if id := t.r.str(x.get("group_id"), "group_id"); id != "" {
			t.groups[id] = t.r.strs(x.get("product_ids"), "product_ids")
		}
	}
}

func (t *tree) branches(n node, above way) {
	for _, x := range t.r.list(n, "branches") {
		w, name := above, strings.TrimSpace(t.r.str(x.get("name"), "name"))
		switch t.r.str(x.get("category"), "category") {
		case "vendor":
			w.vendor = name
		case "product_name":
			w.name = name
		case "product_family":
			if w.name == "" {
				w.name = name
			}
		case "product_version":
			w.version = name
		case "product_version_range":
			w.span = name
		case "service_pack", "patch_level":
			// A number is a version of its own, "Service Pack 1" adds to the one above.
			if name != "" && name[0] >= '0' && name[0] <= '9' {
				w.version = name
			} else {
				w.version = strings.TrimSpace(w.version + " " + name)
			}
		}
		t.branches(x.get("branches"), w)
		if p := x.get("product"); t.r.is(p, "product", object) {
			t.full(p, w)
		}
	}
}

// full reads a full product name, below a way of branches.
func (t *tree) full(n node, w way) {
	id, name := t.r.str(n.get("product_id"), "product_id"), strings.TrimSpace(t.r.str(n.get("name"), "name"))
	if id == "" {
		t.r.wrong(n, "required", "", "a product has no product_id")
		return
	}
	if _, again := t.products[id]; again {
		t.r.wrong(n, "duplicate", id, "two products have this product_id")
		return
	}
	p := product{Component: patch.Component{Vendor: w.vendor, Name: w.name, Version: w.version}}
	t.helper(&p, n.get("product_identification_helper"))
	if p.Name == "" {
		p.Name = name
		// An image and its tag: openshift4/ose-metering-hive:v4.6.0
		if image, tag, ok := strings.Cut(name, ":"); ok && strings.Contains(image, "/") && (p.Version == "" || p.Version == name) {
			p.Name, p.Version = image, tag
		} else if p.Version == name {
			p.Version = ""
		}
	}
	if w.span != "" {
		t.ranged(&p, w.span, t.r.line(n.at))
	}
	t.products[id] = p
}

// helper takes what identifies a product: its package URL, or its CPE where the branches say
// less.
func (t *tree) helper(p *product, n node) {
	if !t.r.is(n, "product_identification_helper", object) {
		return
	}
	if given := t.r.str(n.get("purl"), "purl"); given != "" {
		text, v, ok := unversioned(given)
		switch {
		case !ok:
			t.r.f.add(t.r.line(n.at), FoundPURL, "is no package URL: "+cut(given))
		default:
			p.PURL = text
			if v != "" {
				p.Version = v
			}
			if u, err := patch.ParsePURL(text); err == nil && p.Name == "" {
				p.Name = u.Name
			}
		}
	}
	vendor, name, v := cpe(t.r.str(n.get("cpe"), "cpe"))
	if p.Vendor == "" {
		p.Vendor = vendor
	}
	if p.Name == "" && name != "" {
		p.Name = name
		if p.Version == "" {
			p.Version = v
		}
	}
}

// cpe reads vendor, product and version out of a name of CPE 2.2 or 2.3.
func cpe(text string) (vendor, name, version string) {
	var parts []string
	switch {
	case strings.HasPrefix(text, "cpe:2.3:"):
		parts = strings.Split(strings.ReplaceAll(text[len("cpe:2.3:"):], `\:`, "\x00"), ":")
	case strings.HasPrefix(text, "cpe:/"):
		parts = strings.Split(text[len("cpe:/"):], ":")
	default:
		return "", "", ""
	}
	at := func(n int) string {
		if n >= len(parts) || parts[n] == "*" || parts[n] == "-" {
			return ""
		}
		return strings.ReplaceAll(strings.ReplaceAll(parts[n], "\x00", ":"), `\`, "")
	}
	const v, p, number = 1, 2, 3
	return at(v), at(p), at(number)
}

// relationship makes a product of one that is a part of another one: it is the part that has
// the flaw.
func (t *tree) relationship(n node) {
	full, part := n.get("full_product_name"), t.r.str(n.get("product_reference"), "product_reference")
	p, ok := t.products[part]
	if !ok {
		t.r.f.add(t.r.line(n.at), FoundProduct, "a relationship is of the product "+short(part)+", which is not there")
		return
	}
	id := t.r.str(full.get("product_id"), "product_id")
	if _, again := t.products[id]; again || id == "" {
		t.r.wrong(n, "duplicate", id, "a relationship needs a product_id of its own")
		return
	}
	if h := full.get("product_identification_helper", "purl"); !h.none() {
		t.helper(&p, full.get("product_identification_helper"))
	}
	t.products[id] = p
}

// named returns the ids of the products that something is about, those of groups too.
func (t *tree) named(n node) []string {
	ids := t.r.strs(n.get("product_ids"), "product_ids")
	for _, g := range t.r.strs(n.get("group_ids"), "group_ids") {
		ids = append(ids, t.groups[g]...)
	}
	return ids
}

// ranged reads a range of versions, as "vers:npm/>=1.2|<2" or as people write it, "<= 4.2".
func (t *tree) ranged(p *product, text string, line int) {
	kind, rest := "", text
	if after, ok := strings.CutPrefix(strings.ToLower(text), "vers:"); ok {
		kind, _, _ = strings.Cut(after, "/")
		_, rest, _ = strings.Cut(text, "/")
	}
	p.Version = ""
	var events []event
	for part := range strings.FieldsFuncSeq(rest, func(r rune) bool { return r == '|' || r == ',' }) {
		sign, bound := comparator(strings.TrimSpace(part))
		switch {
		case bound == "*" && sign == "" || sign == "" && bound == "all versions":
			events = append(events, event{introduced, "0"})
		case bound == "" || strings.ContainsAny(bound, " <>=!&"):
			p.unclear = true
		case sign == "" || sign == "=":
			p.versions = append(p.versions, bound)
		case sign == "!=":
			t.r.f.add(line, FoundRange, short(text)+" leaves out a version, which is taken for affected")
		case sign == ">=" || sign == ">":
			if sign == ">" {
				t.r.f.add(line, FoundRange, short(text)+" begins after a version, which is taken for affected, too")
			}
			events = append(events, event{introduced, bound})
		case sign == "<":
			events = append(events, event{fixed, bound})
		default:
			events = append(events, event{last, bound})
		}
	}
	if p.unclear {
		t.r.f.add(line, FoundRange, "the versions "+short(text)+" cannot be read: they are open")
		p.versions = nil
		return
	}
	if len(events) > 0 && events[0].kind != introduced {
		events = append([]event{{introduced, "0"}}, events...)
	}
	p.Scheme = schemeOf(kind, p.Component, events)
	if p.spans = spansOf(events, nil); len(p.spans) == 0 && len(p.versions) == 0 {
		p.unclear = true
		t.r.f.add(line, FoundRange, "the versions "+short(text)+" hold nothing: they are open")
	}
}

// comparator parts a comparison, as ">= 1.2".
func comparator(text string) (sign, bound string) {
	for _, s := range []string{">=", "<=", "!=", "=", "<", ">"} {
		if after, ok := strings.CutPrefix(text, s); ok {
			return s, strings.TrimSpace(after)
		}
	}
	return "", text
}

// schemeOf returns the order of the versions of a range: that of its kind or of the package
// URL, or SemVer where they read like that.
func schemeOf(kind string, c patch.Component, events []event) version.Scheme {
	switch kind {
	case "maven":
		return version.Maven
	case "pypi":
		return version.PyPI
	}
	if c.PURL != "" {
		if u, err := patch.ParsePURL(c.PURL); err == nil && u.Scheme() != "" {
			return "" // by its package URL
		}
	}
	for _, e := range events {
		if _, err := version.ParseLoose(e.at); err != nil {
			return ""
		}
	}
	return version.SemVer
}
