package version

import (
	"cmp"
	"slices"
	"strings"
)

// python is a version as PEP 440 has it.
type python struct {
	epoch   string
	release []string
	pre     string // a, b or rc
	preN    string
	hasPost bool
	post    string
	hasDev  bool
	dev     string
	local   []string
}

// The words that PEP 440 takes for the same, the longer ones first.
func prereleaseWords() [][2]string {
	return [][2]string{{"alpha", "a"}, {"beta", "b"}, {"preview", "rc"}, {"pre", "rc"}, {"rc", "rc"}, {"a", "a"}, {"b", "b"}, {"c", "rc"}}
}

// parsePython reads a version in any form that PEP 440 takes.
func parsePython(text string) (python, error) {
	p := parser{text: text, rest: strings.ToLower(strings.TrimSpace(text))}
	p.text = p.rest
	var v python
	p.skip('v')
	number := func() string {
		n := digits(p.rest)
		d := p.rest[:n]
		p.rest = p.rest[n:]
		return d
	}
	first := number()
	if p.skip('!') {
		v.epoch, first = first, number()
	}
	if first == "" {
		return v, p.wrong("is no number")
	}
	v.release = append(v.release, first)
	for strings.HasPrefix(p.rest, ".") && len(p.rest) > 1 && digits(p.rest[1:]) > 0 {
		p.skip('.')
		v.release = append(v.release, number())
	}
	// separated takes a word, with the separator before it, that may stand before a number.
	separated := func(word string) bool {
		rest := p.rest
		if rest != "" && strings.ContainsRune(".-_", rune(rest[0])) {
			rest = rest[1:]
		}
		after, ok := strings.CutPrefix(rest, word)
		if ok {
			p.rest = after
		}
		return ok
	}
	numbered := func() string {
		if p.rest != "" && strings.ContainsRune(".-_", rune(p.rest[0])) && digits(p.rest[1:]) > 0 {
			p.rest = p.rest[1:]
		}
		return number()
	}
	for _, w := range prereleaseWords() {
		if separated(w[0]) {
			v.pre, v.preN = w[1], numbered()
			break
		}
	}
	switch {
	case len(p.rest) > 1 && p.rest[0] == '-' && digits(p.rest[1:]) > 0: // 1.0-1 is 1.0.post1
		p.skip('-')
		v.hasPost, v.post = true, number()
	case separated("post"), separated("rev"), separated("r"):
		v.hasPost, v.post = true, numbered()
	}
	if separated("dev") {
		v.hasDev, v.dev = true, numbered()
	}
	if p.skip('+') {
		for {
			n := 0
			for n < len(p.rest) && isIdentifier(p.rest[n]) && p.rest[n] != '-' {
				n++
			}
			if n == 0 {
				return v, p.wrong("is no part of a local version: letters and digits are")
			}
			v.local = append(v.local, p.rest[:n])
			p.rest = p.rest[n:]
			if !p.skip('.') && !p.skip('-') && !p.skip('_') {
				break
			}
		}
	}
	if p.rest != "" {
		return v, p.wrong("is more than a version")
	}
	return v, nil
}

func comparePyPI(a, b string) (int, error) {
	x, err := parsePython(a)
	if err != nil {
		return 0, err
	}
	y, err := parsePython(b)
	if err != nil {
		return 0, err
	}
	return cmp.Or(
		compareDigits(x.epoch, y.epoch),
		compareReleases(x.release, y.release),
		x.stage().compare(y.stage()),
		cmp.Compare(boolean(x.hasPost), boolean(y.hasPost)), compareDigits(x.post, y.post),
		cmp.Compare(boolean(!x.hasDev), boolean(!y.hasDev)), compareDigits(x.dev, y.dev),
		compareLocal(x.local, y.local),
	), nil
}

// compareReleases compares numbers; what is missing is 0.
func compareReleases(a, b []string) int {
	for n := range max(len(a), len(b)) {
		var x, y string
		if n < len(a) {
			x = a[n]
		}
		if n < len(b) {
			y = b[n]
		}
		if c := compareDigits(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// stage is where a version stands before its release: in development, a pre-release, or
// the release and what comes after it.
type stage struct {
	kind   int
	number string
}

func (v python) stage() stage {
	switch {
	case v.pre != "":
		return stage{1 + slices.Index([]string{"a", "b", "rc"}, v.pre), v.preN}
	case v.hasDev && !v.hasPost:
		return stage{} // 1.0.dev1 is older than 1.0a1
	}
	return stage{kind: 4} //nolint:mnd // after a, b and rc
}

func (s stage) compare(o stage) int {
	return cmp.Or(cmp.Compare(s.kind, o.kind), compareDigits(s.number, o.number))
}

// compareLocal compares local versions: none is oldest, numbers are newer than words.
func compareLocal(a, b []string) int {
	for n := range min(len(a), len(b)) {
		numberA, numberB := digits(a[n]) == len(a[n]), digits(b[n]) == len(b[n])
		c := cmp.Compare(boolean(numberA), boolean(numberB))
		switch {
		case numberA && numberB:
			c = compareDigits(a[n], b[n])
		case c == 0:
			c = strings.Compare(a[n], b[n])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}
