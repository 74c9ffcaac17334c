// Package document writes what is printed of a room, a manual or a hand-over, as Markdown
// and as a page of HTML, of the same blocks.
package document

import (
	"fmt"
	"html"
	"strings"
)

// Block is a piece of a document, whatever it is written as: the first of its kinds
// that it has.
type Block struct {
	Heading  int // 1 to 4; 0: none
	Anchor   string
	Text     string      // of a heading, or a line
	Rule     bool        // something new begins
	Contents []Block     // headings to link to
	Terms    [][2]string // "Role": "operator"
	Table    [][]string  // the first row is its head
	Markdown string      // as somebody wrote it
}

// Term adds a term, if there is anything to say of it.
func (b *Block) Term(name, text string) {
	if text != "" {
		b.Terms = append(b.Terms, [2]string{name, text})
	}
}

// Form is how the documents of a room look.
type Form struct {
	// Keep are characters that would be escaped in Markdown and are not.
	Keep string
	// Style is the style sheet of a page.
	Style string
	// AsMarkdown and AsHTML write what somebody wrote as Markdown; nil: no block has any.
	AsMarkdown, AsHTML func(text string) string
}

// Markdown writes blocks as CommonMark with tables.
func (f Form) Markdown(list []Block) string {
	var b strings.Builder
	for _, x := range list {
		switch {
		case x.Heading > 0:
			if x.Anchor != "" {
				b.WriteString(`<a id="` + html.EscapeString(x.Anchor) + "\"></a>\n\n")
			}
			fmt.Fprintf(&b, "%s %s\n\n", strings.Repeat("#", x.Heading), f.plain(x.Text))
		case x.Rule:
			b.WriteString("---\n\n")
		case len(x.Contents) > 0:
			for _, c := range x.Contents {
				fmt.Fprintf(&b, "- [%s](#%s)\n", f.plain(c.Text), c.Anchor)
			}
			b.WriteString("\n")
		case len(x.Terms) > 0:
			for _, t := range x.Terms {
				b.WriteString("- **" + f.plain(t[0]) + "**")
				if t[1] != "" {
					b.WriteString(": " + f.plain(t[1]))
				}
				b.WriteString("\n")
			}
			b.WriteString("\n")
		case len(x.Table) > 0:
			for n, row := range x.Table {
				b.WriteString("|")
				for _, cell := range row {
					b.WriteString(" " + f.plain(cell) + " |")
				}
				b.WriteString("\n")
				if n == 0 {
					b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
				}
			}
			b.WriteString("\n")
		case x.Markdown != "":
			b.WriteString(f.AsMarkdown(x.Markdown) + "\n\n")
		case x.Text != "":
			b.WriteString(f.plain(x.Text) + "\n\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// plain writes a text so that it is read as nothing but text, in one line.
func (f Form) plain(text string) string {
	var b strings.Builder
	for _, c := range strings.Join(strings.Fields(text), " ") {
		if strings.ContainsRune("\\`*_{}[]<>#|~!&", c) && !strings.ContainsRune(f.Keep, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// HTML writes blocks as a page of its own.
func (f Form) HTML(title string, list []Block) string {
	var b strings.Builder
	e := html.EscapeString
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n", e(title), f.Style)
	for _, x := range list {
		switch {
		case x.Heading > 0:
			id := ""
			if x.Anchor != "" {
				id = ` id="` + e(x.Anchor) + `"`
			}
			fmt.Fprintf(&b, "<h%d%s>%s</h%d>\n", x.Heading, id, e(x.Text), x.Heading)
		case x.Rule:
			b.WriteString("<hr>\n")
		case len(x.Contents) > 0:
			b.WriteString("<nav>\n<ul>\n")
			for _, c := range x.Contents {
				fmt.Fprintf(&b, "<li><a href=\"#%s\">%s</a></li>\n", e(c.Anchor), e(c.Text))
			}
			b.WriteString("</ul>\n</nav>\n")
		case len(x.Terms) > 0:
			b.WriteString("<dl>\n")
			for _, t := range x.Terms {
				fmt.Fprintf(&b, "<dt>%s</dt><dd>%s</dd>\n", e(t[0]), e(t[1]))
			}
			b.WriteString("</dl>\n")
		case len(x.Table) > 0:
			writeTable(&b, x.Table)
		case x.Markdown != "":
			b.WriteString(f.AsHTML(x.Markdown))
		case x.Text != "":
			fmt.Fprintf(&b, "<p>%s</p>\n", e(x.Text))
		}
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}

func writeTable(b *strings.Builder, table [][]string) {
	b.WriteString("<table>\n")
	for n, row := range table {
		cell := "td"
		if n == 0 {
			cell = "th"
		}
		b.WriteString("<tr>")
		for _, text := range row {
			fmt.Fprintf(b, "<%s>%s</%s>", cell, html.EscapeString(text), cell)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>\n")
}
