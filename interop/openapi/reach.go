package openapi

import (
	"github.com/getkin/kin-openapi/openapi3"
)

// MaxReached is how many schemas all operations of a document reach together, each counted
// once for each operation: a comparison looks at them all.
const MaxReached = 150_000

// reach counts the schemas that the operations of a document reach; it stops when there are
// too many.
func reach(api *openapi3.T) int {
	count := 0
	for _, op := range operations(api) {
		w := walk{seen: map[*openapi3.Schema]bool{}, most: MaxReached + 1 - count}
		if item := api.Paths.Value(op.path); item != nil {
			w.parameters(item.Parameters)
		}
		w.operation(op.value)
		if count += len(w.seen); count > MaxReached {
			break
		}
	}
	return count
}

// walk is the schemas that one operation reaches.
type walk struct {
	seen map[*openapi3.Schema]bool
	most int
}

func (w walk) operation(op *openapi3.Operation) {
	w.parameters(op.Parameters)
	if op.RequestBody != nil && op.RequestBody.Value != nil {
		w.content(op.RequestBody.Value.Content)
	}
	if op.Responses == nil {
		return
	}
	for _, r := range op.Responses.Map() {
		if r == nil || r.Value == nil {
			continue
		}
		w.content(r.Value.Content)
		for _, h := range r.Value.Headers {
			if h != nil && h.Value != nil {
				w.from(h.Value.Schema)
			}
		}
	}
}

func (w walk) parameters(list openapi3.Parameters) {
	for _, p := range list {
		if p != nil && p.Value != nil {
			w.from(p.Value.Schema)
			w.content(p.Value.Content)
		}
	}
}

func (w walk) content(c openapi3.Content) {
	for _, media := range c {
		if media != nil {
			w.from(media.Schema)
		}
	}
}

// from adds a schema and those that it is made of, without going into itself.
func (w walk) from(first *openapi3.SchemaRef) {
	open := openapi3.SchemaRefs{first}
	for len(open) > 0 && len(w.seen) < w.most {
		ref := open[len(open)-1]
		open = open[:len(open)-1]
		if ref == nil || ref.Value == nil || w.seen[ref.Value] {
			continue
		}
		s := ref.Value
		w.seen[s] = true
		open = append(open, s.Items, s.Not, s.AdditionalProperties.Schema)
		for _, list := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
			open = append(open, list...)
		}
		for _, p := range s.Properties {
			open = append(open, p)
		}
	}
}
