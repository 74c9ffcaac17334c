package documents

import (
	"bytes"
	"fmt"
	"strings"
)

// newer makes of YAML 1.2 what a reader of YAML 1.1 understands, with everything in its
// place, and returns what brings texts back to what they were:
//
//   - "%YAML 1.2" becomes "%YAML 1.1", and so does a later version; a directive that
//     nobody knows becomes a comment, as both say;
//   - U+0085, U+2028 and U+2029 break lines in YAML 1.1 only. Characters for private use
//     stand for them that the text has neither as such nor as an escape.
func newer(text []byte) ([]byte, *strings.Replacer) {
	text = directives(text)
	var there, back []string
	free := rune('\ue000')
	const last = '\uf8ff'
	for _, r := range []string{"\u0085", "\u2028", "\u2029"} {
		if !bytes.Contains(text, []byte(r)) {
			continue
		}
		lower := bytes.ToLower(text)
		for ; free <= last; free++ {
			if !bytes.ContainsRune(text, free) && !bytes.Contains(lower, fmt.Appendf(nil, "%04x", free)) {
				break
			}
		}
		there, back = append(there, r, string(free)), append(back, string(free), r)
		free++
	}
	if len(there) > 0 {
		text = []byte(strings.NewReplacer(there...).Replace(string(text)))
	}
	return text, strings.NewReplacer(back...)
}

// directives rewrites the directives before the document.
func directives(text []byte) []byte {
	text = bytes.Clone(text)
	const version, tags = "%YAML 1.", "%TAG"
	for from := len(text) - len(bytes.TrimPrefix(text, []byte("\ufeff"))); from < len(text); {
		line, _, _ := bytes.Cut(text[from:], []byte("\n"))
		rest, of := bytes.CutPrefix(line, []byte(version))
		switch {
		case of:
			if len(rest) > 0 && rest[0] > '1' && rest[0] <= '9' && (len(rest) == 1 || bytes.ContainsAny(rest[1:2], " \t\r")) {
				text[from+len(version)] = '1'
			}
		case len(bytes.TrimSpace(line)) == 0 || line[0] == '#' || bytes.HasPrefix(line, []byte(tags)):
		case line[0] != '%':
			return text
		case !bytes.HasPrefix(line, []byte("%YAML")):
			text[from] = '#'
		}
		from += len(line) + 1
	}
	return text
}
