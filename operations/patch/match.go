package patch

import (
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin/version"
)

// Verdict is what an advisory means for a component.
type Verdict string

// The verdicts. Of several products that speak of a component, one that says that it is
// not affected counts before all others, and one that says that it is mended last, unless
// that names its version.
const (
	NotApplicable Verdict = "notApplicable" // another component, or known not to be affected
	Patched       Verdict = "patched"       // it is in a version that has it mended
	Vulnerable    Verdict = "vulnerable"
	Undecided     Verdict = "undecided" // under investigation, or the version is not known or not comparable
)

// weightiest returns the verdicts in the order in which they count.
func weightiest() []Verdict { return []Verdict{NotApplicable, Vulnerable, Undecided, Patched} }

// Match says what a bulletin means for a component, and why. Withdrawn bulletins concern
// nothing.
func (b Bulletin) Match(c Component) (Verdict, string) {
	if !b.Withdrawn.IsZero() {
		return NotApplicable, "it was withdrawn"
	}
	if v, why := b.says(c); v != "" {
		return v, why
	}
	return NotApplicable, "it does not speak of this component"
}

// says is what the products of a bulletin say of a component, "" if none says anything: of
// another version, say.
func (b Bulletin) says(c Component) (Verdict, string) {
	said := make(map[Verdict]string)
	for _, p := range b.Products {
		if !p.is(c) {
			continue
		}
		verdict, why := p.match(c)
		if verdict != "" && said[verdict] == "" {
			said[verdict] = why
		}
	}
	_, patched := said[Patched]
	for _, v := range weightiest() {
		// A version that is named as mended is, even if a span holds it.
		if v == Vulnerable && patched && strings.HasPrefix(said[Patched], "named") {
			continue
		}
		if why, ok := said[v]; ok {
			return v, why
		}
	}
	return "", ""
}

// is reports whether a product is a component, in whatever version.
func (p Product) is(c Component) bool {
	if p.PURL != "" && c.PURL != "" {
		x, err := ParsePURL(p.PURL)
		if err != nil {
			return false
		}
		y, err := ParsePURL(c.PURL)
		return err == nil && x.Same(y)
	}
	return p.Name != "" && strings.EqualFold(p.Name, c.Name) && (p.Vendor == "" || c.Vendor == "" || strings.EqualFold(p.Vendor, c.Vendor))
}

// versionOf returns the version of a component: its own, or that of its package URL.
func (c Component) versionOf() string {
	if c.Version != "" {
		return c.Version
	}
	p, err := ParsePURL(c.PURL)
	if err != nil {
		return ""
	}
	return p.Version
}

// scheme returns the order of its versions, "" where none is known.
func (c Component) scheme() version.Scheme {
	if c.Scheme != "" || c.PURL == "" {
		return c.Scheme
	}
	p, err := ParsePURL(c.PURL)
	if err != nil {
		return ""
	}
	return p.Scheme()
}

// match says what a product that is this component means for it, "" for nothing.
func (p Product) match(c Component) (Verdict, string) {
	inside, why := p.holds(c)
	switch p.Standing {
	case NotAffected:
		if inside == yes {
			return NotApplicable, "known not to be affected" + why
		}
	case Fixed:
		if inside == yes {
			return Patched, "named as mended" + why
		}
	case Open:
		if inside != no {
			return Undecided, "under investigation" + why
		}
	case Affected, "":
		switch inside {
		case yes:
			return Vulnerable, "affected" + why
		case no:
			return Patched, "outside of what is affected" + why
		case perhaps:
			return Undecided, "cannot be told" + why
		}
	}
	return "", ""
}

// answer is what is known of a version and a set of versions.
type answer int

const (
	no answer = iota
	yes
	perhaps
)

// holds reports whether the product speaks of the version that the component has.
func (p Product) holds(c Component) (answer, string) {
	own := p.versionOf()
	if len(p.Spans) == 0 && len(p.Versions) == 0 && own == "" {
		return yes, ": all versions"
	}
	has := c.versionOf()
	if has == "" {
		return perhaps, ": which version runs is not known"
	}
	scheme := p.scheme()
	if scheme == "" {
		scheme = c.scheme()
	}
	for _, named := range append(slices.Clone(p.Versions), own) {
		if named != "" && same(scheme, named, has) {
			return yes, ": " + has
		}
	}
	result := no
	for _, s := range p.Spans {
		switch in, ok := s.holds(scheme, has); {
		case !ok:
			result = perhaps
		case in:
			return yes, ": " + has + " is " + s.String()
		}
	}
	if result == perhaps {
		return perhaps, ": " + has + " cannot be compared"
	}
	return no, ": " + has
}

func same(scheme version.Scheme, a, b string) bool {
	if a == b || scheme == "" {
		return a == b
	}
	c, err := scheme.Compare(a, b)
	return err == nil && c == 0
}

// holds reports whether a version lies in the span; ok is false where it cannot be told.
func (s Span) holds(scheme version.Scheme, has string) (in, ok bool) {
	if scheme == "" {
		return s.Introduced == "" && s.Fixed == "" && s.Last == "", s.Introduced == "" && s.Fixed == "" && s.Last == ""
	}
	for _, end := range []struct {
		at   string
		here func(c int) bool
	}{
		{s.Introduced, func(c int) bool { return c >= 0 }},
		{s.Fixed, func(c int) bool { return c < 0 }},
		{s.Last, func(c int) bool { return c <= 0 }},
	} {
		if end.at == "" {
			continue
		}
		c, err := scheme.Compare(has, end.at)
		if err != nil {
			return false, false
		}
		if !end.here(c) {
			return false, true
		}
	}
	return true, true
}

// String returns the span as people write it.
func (s Span) String() string {
	var parts []string
	if s.Introduced != "" {
		parts = append(parts, "from "+s.Introduced)
	}
	if s.Fixed != "" {
		parts = append(parts, "before "+s.Fixed)
	}
	if s.Last != "" {
		parts = append(parts, "to "+s.Last)
	}
	if len(parts) == 0 {
		return "in any version"
	}
	return strings.Join(parts, " ")
}
