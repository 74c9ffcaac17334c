package release

import "strings"

// glob is a pattern in which * stands for any characters: the literal texts between its
// stars, of which the first and the last may be "".
type glob []string

// newGlob reads a pattern.
func newGlob(text string) glob {
	var g glob
	var b strings.Builder
	for n := 0; n < len(text); n++ {
		switch {
		case text[n] == '\\' && n+1 < len(text) && (text[n+1] == '*' || text[n+1] == '\\'):
			n++
			b.WriteByte(text[n])
		case text[n] == '*':
			g = append(g, b.String())
			b.Reset()
		default:
			b.WriteByte(text[n])
		}
	}
	return append(g, b.String())
}

// exact reports whether the pattern has no star.
func (g glob) exact() bool { return len(g) == 1 }

// match reports whether a text fits, in time that is linear in both.
func (g glob) match(text string) bool {
	if g.exact() {
		return text == g[0]
	}
	last := g[len(g)-1]
	if len(text) < len(g[0])+len(last) || !strings.HasPrefix(text, g[0]) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(g[0]) : len(text)-len(last)]
	for _, piece := range g[1 : len(g)-1] {
		n := strings.Index(text, piece)
		if n < 0 {
			return false
		}
		text = text[n+len(piece):]
	}
	return true
}
