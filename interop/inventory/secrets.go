package inventory

import (
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin/operations/configuration"
)

// marks returns the pointers of what is true in a value: Terraform marks so what is
// sensitive, or not known yet, in a copy of the value's shape.
func marks(n configuration.Value) []string {
	var out []string
	var walk func(configuration.Value, string)
	walk = func(n configuration.Value, at string) {
		switch n.Kind() {
		case configuration.Bool:
			if s, _ := n.Scalar(); s == "true" {
				out = append(out, at)
			}
		case configuration.Object:
			for _, m := range n.Members() {
				walk(m.Value, at+pointer(m.Name))
			}
		case configuration.List:
			for i, m := range n.Members() {
				walk(m.Value, at+"/"+strconv.Itoa(i))
			}
		case configuration.Absent, configuration.Null, configuration.Number, configuration.Text:
		}
	}
	walk(n, "")
	return out
}

// The limits of the pointers of secrets: see [configuration.Observation.Validate].
const (
	mostSecrets  = 100
	mostPointer  = 1000
	mostSegments = 50
)

// fewer returns so few pointers, each so short, as a register takes. Where they are too many,
// those of what is around them stand for them.
func fewer(pointers []string) (few []string, coarse bool) {
	few = plain(pointers)
	for depth := mostSegments; ; depth-- {
		if len(few) <= mostSecrets && !slices.ContainsFunc(few, func(p string) bool { return len(p) > mostPointer || strings.Count(p, "/") > mostSegments }) {
			return few, coarse
		}
		coarse = true
		cut := make([]string, 0, len(few))
		for _, p := range few {
			cut = append(cut, upTo(p, depth))
		}
		few = plain(cut)
	}
}

// upTo returns the first segments of a pointer.
func upTo(p string, depth int) string {
	for i := range len(p) {
		if p[i] != '/' {
			continue
		}
		if depth == 0 {
			return p[:i]
		}
		depth--
	}
	return p
}

// plain sorts pointers, and leaves out those that stand twice, or are below another one.
func plain(pointers []string) []string {
	all := slices.Clone(pointers)
	slices.Sort(all)
	all = slices.Compact(all)
	held := make(map[string]bool, len(all))
	out := all[:0:0]
	for _, p := range all {
		if !below(held, p) {
			held[p] = true
			out = append(out, p)
		}
	}
	return out
}

// below reports whether a pointer that is held is above another one.
func below(held map[string]bool, p string) bool {
	for i := range len(p) {
		if p[i] == '/' && held[p[:i]] {
			return true
		}
	}
	return false
}

// touches reports whether what stands at two pointers has something in common: one of them is
// above the other, or they are the same.
func touches(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return strings.HasPrefix(b, a) && (len(a) == len(b) || b[len(a)] == '/')
}
