package release

import (
	"maps"
	"slices"
	"strings"
)

// compiled is a pattern made ready, and the proof that it is of.
type compiled struct {
	proof int
	globs [fieldsOfResult]glob // nil: anything fits
}

// Prover finds what a test proves. It looks at the few patterns that can fit a test, not at
// all of them: each is found by one of its fields, by the whole text, by what it begins or
// ends with, or by three letters that are rare among patterns.
type Prover struct {
	rules    ProofRules
	patterns []compiled
	fields   [fieldsOfResult]fieldIndex
	rest     []int // patterns of nothing but stars and single letters
}

// fieldIndex finds the patterns of one field.
type fieldIndex struct {
	used     bool
	exact    map[string][]int
	prefixes map[string][]int
	suffixes map[string][]int
	grams    map[gram][]int
	starts   []int // lengths of prefixes
	ends     []int // lengths of suffixes
}

// gram is three letters.
type gram [3]byte

// NewProver makes rules ready to be asked.
func NewProver(rules ProofRules) (*Prover, error) {
	if err := rules.Validate(); err != nil {
		return nil, err
	}
	p := &Prover{rules: rules}
	common := map[gram]int{}
	for n := range rules.Proofs {
		for _, t := range rules.Proofs[n].Tests {
			c := compiled{proof: n}
			for _, f := range t.fields() {
				if f.text == "" {
					continue
				}
				c.globs[f.of] = newGlob(f.text)
				for _, piece := range c.globs[f.of] {
					for k := range len(piece) - 2 {
						common[gram{piece[k], piece[k+1], piece[k+2]}]++
					}
				}
			}
			p.patterns = append(p.patterns, c)
		}
	}
	for n := range p.fields {
		p.fields[n] = fieldIndex{exact: map[string][]int{}, prefixes: map[string][]int{}, suffixes: map[string][]int{}, grams: map[gram][]int{}}
	}
	for n := range p.patterns {
		p.file(n, common)
	}
	for n := range p.fields {
		f := &p.fields[n]
		f.starts, f.ends = lengths(f.prefixes), lengths(f.suffixes)
	}
	return p, nil
}

func lengths(of map[string][]int) []int {
	seen := map[int]bool{}
	for text := range of {
		seen[len(text)] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// file puts a pattern to where it is found: by its most telling field.
func (p *Prover) file(n int, common map[gram]int) {
	c := &p.patterns[n]
	best, weight := -1, -1
	for of, g := range c.globs {
		if g == nil {
			continue
		}
		w := len(strings.Join(g, ""))
		if g.exact() {
			w += mostPattern
		}
		if w > weight {
			best, weight = of, w
		}
	}
	f, g := &p.fields[best], c.globs[best]
	f.used = true
	first, last := g[0], g[len(g)-1]
	switch {
	case g.exact():
		f.exact[first] = append(f.exact[first], n)
	case len(first) >= len(last) && len(first) > 0:
		f.prefixes[first] = append(f.prefixes[first], n)
	case len(last) > 0:
		f.suffixes[last] = append(f.suffixes[last], n)
	default:
		rare, found := gram{}, false
		for _, piece := range g {
			for k := range len(piece) - 2 {
				x := gram{piece[k], piece[k+1], piece[k+2]}
				if !found || common[x] < common[rare] {
					rare, found = x, true
				}
			}
		}
		if !found {
			p.rest = append(p.rest, n)
			return
		}
		f.grams[rare] = append(f.grams[rare], n)
	}
}

// Rules returns the rules.
func (p *Prover) Rules() ProofRules { return p.rules }

// asking is what one result is asked with; it is used again for the next one.
type asking struct {
	proofs []int
	seen   []uint32 // by proof: the result that it was found for
	tried  []uint32 // by pattern
	round  uint32
}

// Proves returns the features that a test proves, in the order of the rules.
func (p *Prover) Proves(r *TestResult) []FeatureID {
	var a asking
	list := slices.Clone(p.ask(&a, r))
	slices.Sort(list)
	out := make([]FeatureID, 0, len(list))
	for _, n := range list {
		out = append(out, p.rules.Proofs[n].Feature)
	}
	return out
}

// ask returns the proofs that a result is of, in no order.
func (p *Prover) ask(a *asking, r *TestResult) []int {
	if len(a.seen) != len(p.rules.Proofs) {
		*a = asking{seen: make([]uint32, len(p.rules.Proofs)), tried: make([]uint32, len(p.patterns))}
	}
	a.round++
	if a.round == 0 { // it came around
		clear(a.seen)
		clear(a.tried)
		a.round = 1
	}
	a.proofs = a.proofs[:0]
	try := func(list []int) {
		for _, n := range list {
			if a.tried[n] == a.round {
				continue
			}
			a.tried[n] = a.round
			c := &p.patterns[n]
			if a.seen[c.proof] != a.round && c.match(r) {
				a.seen[c.proof] = a.round
				a.proofs = append(a.proofs, c.proof)
			}
		}
	}
	p.fields[ofSuite].candidates(r.Suite, try)
	if p.fields[ofSuite].used && strings.Contains(r.Suite, "/") {
		for part := range strings.SplitSeq(r.Suite, "/") {
			p.fields[ofSuite].candidates(part, try)
		}
	}
	p.fields[ofPackage].candidates(r.Package, try)
	p.fields[ofClass].candidates(r.Class, try)
	p.fields[ofName].candidates(r.Name, try)
	if p.fields[ofProperty].used {
		for _, text := range r.Properties {
			p.fields[ofProperty].candidates(text, try)
		}
	}
	try(p.rest)
	return a.proofs
}

// candidates tries the patterns that a text may fit.
func (f *fieldIndex) candidates(text string, try func([]int)) {
	if !f.used {
		return
	}
	if list, ok := f.exact[text]; ok {
		try(list)
	}
	for _, n := range f.starts {
		if n > len(text) {
			break
		}
		if list, ok := f.prefixes[text[:n]]; ok {
			try(list)
		}
	}
	for _, n := range f.ends {
		if n > len(text) {
			break
		}
		if list, ok := f.suffixes[text[len(text)-n:]]; ok {
			try(list)
		}
	}
	if len(f.grams) > 0 {
		for n := range len(text) - 2 {
			if list, ok := f.grams[gram{text[n], text[n+1], text[n+2]}]; ok {
				try(list)
			}
		}
	}
}

// match reports whether a result fits all fields of a pattern. Of a suite that failed as a
// whole the name is not asked for: none of its tests can be relied upon.
func (c *compiled) match(r *TestResult) bool {
	for of, g := range c.globs {
		if g == nil {
			continue
		}
		fits := false
		switch of {
		case ofSuite:
			fits = g.match(r.Suite)
			for part := range strings.SplitSeq(r.Suite, "/") {
				fits = fits || g.match(part)
			}
		case ofPackage:
			fits = g.match(r.Package)
		case ofClass:
			fits = g.match(r.Class)
		case ofName:
			fits = g.match(r.Name)
		case ofProperty:
			fits = slices.ContainsFunc(r.Properties, g.match)
		}
		if !fits {
			return false
		}
	}
	return true
}

// ofWhole returns the proofs whose tests lie in a suite that failed as a whole, by anything
// but their names.
func (p *Prover) ofWhole(r *TestResult) []int {
	var list []int
	for n := range p.patterns {
		c := p.patterns[n]
		c.globs[ofName] = nil
		if !slices.ContainsFunc(c.globs[:], func(g glob) bool { return g != nil }) {
			continue
		}
		if !slices.Contains(list, c.proof) && c.match(r) {
			list = append(list, c.proof)
		}
	}
	return list
}
