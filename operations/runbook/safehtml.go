package runbook

import (
	"html"
	"strings"
)

// SafeHTML shows a text in Markdown as HTML: paragraphs, headings (as bold lines),
// lists, code blocks and code in lines. Everything else is text, HTML and links too:
// every "<", "&" and quotation mark of the text is escaped, and no attribute is made
// of it.
func SafeHTML(text string) string {
	w := htmlWriter{}
	open := ""
	for line := range strings.SplitSeq(closed(text), "\n") {
		was := open
		open = fence(line, open)
		switch {
		case was == "" && open != "":
			w.end("")
			w.b.WriteString("<pre><code>")
		case was != "" && open == "":
			w.b.WriteString("</code></pre>\n")
		case open != "":
			w.b.WriteString(html.EscapeString(line) + "\n")
		default:
			w.line(line)
		}
	}
	w.end("")
	return w.b.String()
}

type htmlWriter struct {
	b    strings.Builder
	open string // "p", "ul" or "ol"; "": none
	item bool   // of a list
}

// end closes what is open, unless it is what goes on.
func (w *htmlWriter) end(next string) {
	if w.open == next {
		return
	}
	if w.item {
		w.b.WriteString("</li>\n")
		w.item = false
	}
	if w.open != "" {
		w.b.WriteString("</" + w.open + ">\n")
	}
	w.open = next
	if next != "" {
		w.b.WriteString("<" + next + ">")
	}
}

func (w *htmlWriter) line(line string) {
	trimmed := strings.TrimSpace(line)
	if trimmed == "" {
		w.end("")
		return
	}
	if hashes := len(trimmed) - len(strings.TrimLeft(trimmed, "#")); hashes > 0 && hashes <= 6 && strings.HasPrefix(trimmed[hashes:], " ") {
		w.end("")
		w.b.WriteString("<p><strong>" + inline(strings.TrimSpace(trimmed[hashes:])) + "</strong></p>\n")
		return
	}
	if list, rest := item(trimmed); list != "" {
		w.end(list)
		if w.item {
			w.b.WriteString("</li>")
		}
		w.item = true
		w.b.WriteString("\n<li>" + inline(rest))
		return
	}
	if w.open == "" {
		w.end("p")
	} else {
		w.b.WriteString("\n")
	}
	w.b.WriteString(inline(trimmed))
}

// item reports whether a line begins an item, and of which list.
func item(line string) (list, rest string) {
	for _, mark := range []string{"- ", "* ", "+ "} {
		if rest, ok := strings.CutPrefix(line, mark); ok {
			return "ul", strings.TrimSpace(rest)
		}
	}
	digits := len(line) - len(strings.TrimLeft(line, "0123456789"))
	const longest = 9
	if digits > 0 && digits <= longest && len(line) > digits+1 && (line[digits] == '.' || line[digits] == ')') && line[digits+1] == ' ' {
		return "ol", strings.TrimSpace(line[digits+2:])
	}
	return "", ""
}

// inline shows code between backticks.
func inline(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "`")
		code, after, ends := strings.Cut(rest, "`")
		if !found || !ends {
			b.WriteString(html.EscapeString(text))
			return b.String()
		}
		b.WriteString(html.EscapeString(before) + "<code>" + html.EscapeString(code) + "</code>")
		text = after
	}
}
