package runbook

import (
	"strings"

	"github.com/servicecoin/servicecoin/internal/document"
)

// form is how manuals and protocols look. What a parameter is named by stays: "{{name}}".
func form() document.Form {
	return document.Form{Keep: "{}", Style: style, AsMarkdown: closed, AsHTML: SafeHTML}
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
