package configuration

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
			fmt.Fprintf(&b, "%s %s\n\n", strings.Repeat("#", x.heading), plain(x.text))
		case len(x.contents) > 0:
			for _, c := range x.contents {
				fmt.Fprintf(&b, "- [%s](#%s)\n", plain(c.text), c.anchor)
			}
			b.WriteString("\n")
		case len(x.terms) > 0:
			for _, t := range x.terms {
				b.WriteString("- **" + plain(t[0]) + "**: " + plain(t[1]) + "\n")
			}
			b.WriteString("\n")
		case len(x.table) > 0:
			for n, row := range x.table {
				b.WriteString("|")
				for _, cell := range row {
					b.WriteString(" " + plain(cell) + " |")
				}
				b.WriteString("\n")
				if n == 0 {
					b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
				}
			}
			b.WriteString("\n")
		case x.text != "":
			b.WriteString(plain(x.text) + "\n\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// plain writes a text so that it is read as nothing but text, in one line.
func plain(text string) string {
	var b strings.Builder
	for _, c := range strings.Join(strings.Fields(text), " ") {
		if strings.ContainsRune("\\`*_{}[]<>#|~!&", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

const style = `body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}` +
	`table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid #999;padding:.2rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}` +
	`dt{font-weight:bold;float:left;clear:left;margin-right:.5rem}dd{margin:0}` +
	`@media print{body{margin:0;max-width:none}h2,h3{break-after:avoid}tr{break-inside:avoid}}`

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
		case x.text != "":
			fmt.Fprintf(&b, "<p>%s</p>\n", e(x.text))
		}
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}
