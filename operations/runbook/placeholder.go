package runbook

import (
	"strings"

	"github.com/servicecoin/servicecoin"
)

// mostName is the longest name of a parameter, a role, an input or an output.
const mostName = 60

// Placeholders returns the names that a text has as {{name}}, each once, in the
// order of first mention. Spaces around a name are nothing. What stands between
// such brackets and is no name ("{{ .Values.host }}", "{{a | b}}") is text like
// any other.
func Placeholders(text string) []string {
	var names []string
	seen := map[string]bool{}
	eachPiece(text, func(_, name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	})
	return names
}

// Fill returns the text with the values in place of their names. A name without a
// value stays as it is written.
func Fill(text string, value func(name string) (string, bool)) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	var b strings.Builder
	eachPiece(text, func(piece, name string) {
		if name != "" {
			if filled, ok := value(name); ok {
				piece = filled
			}
		}
		b.WriteString(piece)
	})
	return b.String()
}

// eachPiece cuts a text into what is a placeholder, with its name, and what is not.
// The pieces joined are the text.
func eachPiece(text string, each func(piece, name string)) {
	for text != "" {
		open := strings.Index(text, "{{")
		if open < 0 {
			each(text, "")
			return
		}
		for strings.HasPrefix(text[open+1:], "{{") { // of "{{{a}}" the inner ones count
			open++
		}
		length, name := placeholder(text[open:])
		if name == "" {
			length = len("{{")
		}
		if open > 0 {
			each(text[:open], "")
		}
		each(text[open:open+length], name)
		text = text[open+length:]
	}
}

// placeholder reads one at the beginning of a text, and how long it is; the name is
// "" if there is none.
func placeholder(text string) (length int, name string) {
	const longest = mostName + 40
	inner, _, closed := strings.Cut(text[2:min(len(text), longest)], "}}")
	name = strings.Trim(inner, " \t")
	if !closed || !isName(name) {
		return 0, ""
	}
	return len("{{") + len(inner) + len("}}"), name
}

// isName reports whether it is a letter, and letters, digits, "_", "-" and ".".
func isName(name string) bool {
	return name != "" && isLetter(name[0]) && wellNamed(name, mostName)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func wellNamed(name string, most int) bool {
	for _, c := range []byte(name) {
		if !isLetter(c) && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return len(name) <= most
}

func checkName(v *servicecoin.Violations, path, name string) {
	if !isName(name) {
		v.Add(path, "bad-name", name, `must be a letter, then letters, digits, "_", "-" and ".", 60 at most`)
	}
}
