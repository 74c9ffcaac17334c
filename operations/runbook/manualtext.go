package runbook

import (
	"fmt"
	"html"
	"strings"
)

// markdown writes blocks as CommonMark.
func markdown(list []block) string {
	var b strings.Builder
	for _, x := range list {
		switch {
		case x.heading > 0:
			if x.anchor != "" {
				b.WriteString(`<a id="` + html.EscapeString(x.anchor) + "\"></a>\n\n")
			}
			fmt.Fprintf(&b, "%s %s\n\n", strings.Repeat("#", x.heading), plainMarkdown(x.text))
		case x.rule:
			b.WriteString("---\n\n")
		case len(x.contents) > 0:
			for _, c := range x.contents {
				fmt.Fprintf(&b, "- [%s](#%s)\n", plainMarkdown(c.text), c.anchor)
			}
			b.WriteString("\n")
		case len(x.terms) > 0:
			for _, t := range x.terms {
				b.WriteString("- **" + plainMarkdown(t[0]) + "**")
				if t[1] != "" {
					b.WriteString(": " + plainMarkdown(t[1]))
				}
				b.WriteString("\n")
			}
			b.WriteString("\n")
		case len(x.table) > 0:
			for n, row := range x.table {
				b.WriteString("|")
				for _, cell := range row {
					b.WriteString(" " + plainMarkdown(cell) + " |")
				}
				b.WriteString("\n")
				if n == 0 {
					b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
				}
			}
			b.WriteString("\n")
		case x.markdown != "":
			b.WriteString(closed(x.markdown) + "\n\n")
		case x.text != "":
			b.WriteString(plainMarkdown(x.text) + "\n\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// plainMarkdown writes a text so that it is read as nothing but text, in one line.
// What a parameter is named by stays: "{{name}}".
func plainMarkdown(text string) string {
	var b strings.Builder
	for _, c := range strings.Join(strings.Fields(text), " ") {
		if strings.ContainsRune("\\`*_[]<>#|~!&", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// closed ends a code block that is not closed.
func closed(text string) string {
	text = strings.Trim(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	open := ""
	for line := range strings.SplitSeq(text, "\n") {
		open = fence(line, open)
	}
	if open != "" {
		text += "\n" + open
	}
	return text
}

// fence returns the fence that is open after a line, "" for none.
func fence(line, open string) string {
	const deepest = 3
	trimmed := strings.TrimLeft(line, " ")
	if len(line)-len(trimmed) > deepest && open == "" {
		return open
	}
	for _, c := range []string{"`", "~"} {
		n := len(trimmed) - len(strings.TrimLeft(trimmed, c))
		if n < len("```") {
			continue
		}
		rest := strings.TrimSpace(trimmed[n:])
		switch {
		case open == "" && (c != "`" || !strings.Contains(rest, "`")):
			return strings.Repeat(c, n)
		case open != "" && open[:1] == c && n >= len(open) && rest == "":
			return ""
		}
	}
	return open
}

const style = `body{font:16px/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}` +
	`pre{background:#f4f4f4;padding:.5rem;overflow-x:auto;white-space:pre-wrap}code{background:#f4f4f4}` +
	`table{border-collapse:collapse}th,td{border:1px solid #999;padding:.2rem .5rem;text-align:left}` +
	`dt{font-weight:bold;float:left;clear:left;margin-right:.5rem}dd{margin:0}` +
	`@media print{body{margin:0;max-width:none}hr{break-after:page;border:0}h3,h4{break-after:avoid}pre,table{break-inside:avoid}}`

// page writes blocks as a page of HTML.
func page(title string, list []block) string {
	var b strings.Builder
	e := html.EscapeString
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n", e(title), style)
	for _, x := range list {
		switch {
		case x.heading > 0:
			id := ""
			if x.anchor != "" {
				id = ` id="` + e(x.anchor) + `"`
			}
			fmt.Fprintf(&b, "<h%d%s>%s</h%d>\n", x.heading, id, e(x.text), x.heading)
		case x.rule:
			b.WriteString("<hr>\n")
		case len(x.contents) > 0:
			b.WriteString("<nav>\n<ul>\n")
			for _, c := range x.contents {
				fmt.Fprintf(&b, "<li><a href=\"#%s\">%s</a></li>\n", e(c.anchor), e(c.text))
			}
			b.WriteString("</ul>\n</nav>\n")
		case len(x.terms) > 0:
			b.WriteString("<dl>\n")
			for _, t := range x.terms {
				fmt.Fprintf(&b, "<dt>%s</dt><dd>%s</dd>\n", e(t[0]), e(t[1]))
			}
			b.WriteString("</dl>\n")
		case len(x.table) > 0:
			b.WriteString("<table>\n")
			for n, row := range x.table {
				cell := "td"
				if n == 0 {
					cell = "th"
				}
				b.WriteString("<tr>")
				for _, text := range row {
					fmt.Fprintf(&b, "<%s>%s</%s>", cell, e(text), cell)
				}
				b.WriteString("</tr>\n")
			}
			b.WriteString("</table>\n")
		case x.markdown != "":
			b.WriteString(SafeHTML(x.markdown))
		case x.text != "":
			fmt.Fprintf(&b, "<p>%s</p>\n", e(x.text))
		}
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}
