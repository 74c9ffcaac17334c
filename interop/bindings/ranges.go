package bindings

import (
	"regexp"
	"strings"

	"github.com/servicecoin/servicecoin/version"
)

// require makes a requirement of a text, whose meaning is told by how it reads as a range.
func require(name, text string, meaning func(string) (string, string)) Requirement {
	r := Requirement{Name: name, Text: text}
	meant, why := meaning(strings.TrimSpace(text))
	if why == "" {
		parsed, err := version.ParseRange(meant)
		if err == nil {
			r.Range = parsed
			return r
		}
		why = short(err.Error())
	}
	r.Why = why
	return r
}

// npm has the ranges of this project, but for the empty one, and for names.
func npm(text string) (meant, why string) {
	switch {
	case text == "":
		return "*", ""
	case strings.ContainsAny(text, ":/"):
		return "", "is a place, and no range"
	}
	return text, ""
}

// each says an operator and a version in another way, in all comparisons of a range.
func each(text, or string, say func(op, than string) (string, string)) (meant, why string) {
	var groups []string
	for group := range strings.SplitSeq(text, or) {
		var parts []string
		for _, m := range comparisonOf.FindAllStringSubmatch(group, -1) {
			part, why := say(m[1], m[2])
			if why != "" {
				return "", why
			}
			parts = append(parts, part)
		}
		if strings.Trim(comparisonOf.ReplaceAllString(group, ""), ", ") != "" {
			return "", "is no range"
		}
		groups = append(groups, strings.Join(parts, ", "))
	}
	return strings.Join(groups, " || "), ""
}

var comparisonOf = regexp.MustCompile(`(===|~=|==|!=|>=|<=|~>|[~^<>=]|)\s*v?([0-9*][0-9A-Za-z.*+!-]*)`)

// full writes all three numbers of a version: to Composer and Python 1.2 is 1.2.0.
func full(than string) string {
	if strings.Count(than, ".") < 2 && strings.IndexFunc(than, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }) < 0 {
		return than + strings.Repeat(".0", 2-strings.Count(than, "."))
	}
	return than
}

// composer: ~1.2 goes up to 2, bare versions are one version, and stabilities stand behind.
func composer(text string) (meant, why string) {
	if strings.Contains(text, " - ") {
		return text, ""
	}
	if strings.Contains(text, "@") || strings.Contains(text, "dev-") {
		return "", "names a stability or a branch"
	}
	text = strings.ReplaceAll(text, "||", "|")
	return each(text, "|", func(op, than string) (string, string) {
		switch {
		case op == "~" && strings.Count(than, ".") == 1:
			return "^" + major(than) + ", >=" + full(than), ""
		case op == "^" || op == "~" || strings.Contains(than, "*"):
			return op + than, ""
		case op == "==":
			op = "="
		}
		return op + full(than), ""
	})
}

func major(than string) string {
	n, _, _ := strings.Cut(than, ".")
	return n
}

// python has the specifiers of PEP 440.
func python(text string) (meant, why string) {
	return each(text, "\x00", func(op, than string) (string, string) {
		line, isLine := strings.CutSuffix(than, ".*")
		switch {
		case strings.Contains(than, "!"):
			return "", "has an epoch, which other versions do not"
		case op == "":
			return "", "has no operator"
		case op == "~=" && strings.Count(than, ".") == 1:
			return "^" + major(than) + ", >=" + full(than), ""
		case op == "~=" && strings.Count(than, ".") == 2:
			return "~" + than, ""
		case op == "~=":
			return "", "has more numbers than three"
		case isLine && (op == "==" || op == "!="):
			return strings.Replace(op, "==", "=", 1) + line, ""
		case isLine || op == "===" || op == "^" || op == "~" || op == "~>" || op == "=":
			return "", "is no specifier of PEP 440"
		case op == "==":
			op = "="
		}
		return op + full(than), ""
	})
}

// poetry writes ranges of Python with a caret, too.
func poetry(text string) (meant, why string) {
	return each(strings.ReplaceAll(text, "||", "|"), "|", func(op, than string) (string, string) {
		if op == "^" || op == "~" || op == "" {
			return strings.TrimSuffix(op+than, ".*"), ""
		}
		return python(op + than)
	})
}

// cargo: a bare version has a caret.
func cargo(text string) (meant, why string) {
	return each(text, "\x00", func(op, than string) (string, string) {
		if op == "" && !strings.Contains(than, "*") {
			op = "^"
		}
		return op + than, ""
	})
}

// least is the version from which on something runs.
func least(text string) (meant, why string) {
	if _, err := version.ParseLoose(text); err != nil {
		return "", "is no version"
	}
	return ">=" + text, ""
}
