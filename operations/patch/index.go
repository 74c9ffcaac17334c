package patch

import (
	"strings"
	"unicode"
)

// Index is what components are called: which advisories can speak of any of them is told
// without looking at each. Its zero value has none.
type Index struct{ packages, names map[string]bool }

// Add adds components.
func (x *Index) Add(list ...Component) {
	if x.packages == nil {
		x.packages, x.names = map[string]bool{}, map[string]bool{}
	}
	for _, c := range list {
		if p, err := ParsePURL(c.PURL); err == nil && c.PURL != "" {
			x.packages[p.Package()] = true
		}
		if c.Name != "" {
			x.names[fold(c.Name)] = true
		}
	}
}

// MayConcern reports whether an advisory can speak of one of the components. Whether it
// does, and what it means for that, [Advisory.Match] says: where MayConcern says no, all
// are not applicable.
func (x *Index) MayConcern(a *Advisory) bool {
	for n := range a.Bulletins {
		for _, p := range a.Bulletins[n].Products {
			if p.Name != "" && x.names[fold(p.Name)] {
				return true
			}
			if p.PURL == "" {
				continue
			}
			if u, err := ParsePURL(p.PURL); err == nil && x.packages[u.Package()] {
				return true
			}
		}
	}
	return false
}

// fold returns the one form of all texts that strings.EqualFold takes for the same.
func fold(text string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, text)
}
