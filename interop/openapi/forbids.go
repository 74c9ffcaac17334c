package openapi

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// forbidden tells where a request is checked by a "not" that was not there before: what was
// allowed may be forbidden now. oasdiff 1.37 has no rule for it, and takes a parameter that
// loses its own type for one that allows more.
func (d *Difference) forbidden(a, b revision) {
	old := map[string]named{}
	for _, op := range operations(a.api) {
		old[nameless(op.name)] = op
	}
	for _, op := range operations(b.api) {
		w := forbids{d, op.name, map[[2]*openapi3.Schema]bool{}}
		was, there := old[nameless(op.name)]
		if !there {
			continue
		}
		for _, p := range op.value.Parameters {
			if p == nil || p.Value == nil {
				continue
			}
			if q := was.value.Parameters.GetByInAndName(p.Value.In, p.Value.Name); q != nil {
				w.compare(fmt.Sprintf("the %s parameter %s", p.Value.In, short(p.Value.Name)), q.Schema, p.Value.Schema)
			}
		}
		x, y := was.value.RequestBody, op.value.RequestBody
		if x == nil || y == nil || x.Value == nil || y.Value == nil {
			continue
		}
		for name, media := range y.Value.Content {
			if before := x.Value.Content[name]; before != nil && media != nil {
				w.compare("the body "+short(name), before.Schema, media.Schema)
			}
		}
	}
}

// forbids looks through the request of one operation. Schemas may hold themselves: each
// pair is looked at once.
type forbids struct {
	d         *Difference
	operation string
	seen      map[[2]*openapi3.Schema]bool
}

// compare compares a schema with what it was, and the properties and items below it.
func (w forbids) compare(what string, a, b *openapi3.SchemaRef) {
	if a == nil || b == nil || a.Value == nil || b.Value == nil {
		return
	}
	pair := [2]*openapi3.Schema{a.Value, b.Value}
	if w.seen[pair] {
		return
	}
	w.seen[pair] = true
	if a.Value.Not == nil && b.Value.Not != nil {
		w.d.add(Breaking, CodeForbids, w.operation, what+" may no longer be what its new not describes")
	}
	for name, property := range b.Value.Properties {
		w.compare(short(what+"."+name), a.Value.Properties[name], property)
	}
	w.compare(short(what+"[]"), a.Value.Items, b.Value.Items)
}
