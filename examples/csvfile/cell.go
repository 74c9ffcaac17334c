package csvfile

import "strings"

// Cell is a text as a cell of a file that somebody will open in a spreadsheet. A
// text that a spreadsheet would take for a formula gets an apostrophe in front:
// what a customer typed is not to be computed on the accountant's machine. Numbers
// are no texts: write them as they are, negative ones too.
func Cell(text string) string {
	if first := strings.TrimLeft(text, " \u00a0\ufeff"); first != "" && strings.ContainsAny(first[:1], "=+-@\t\r\n") {
		return "'" + text
	}
	if strings.HasPrefix(text, "＝") || strings.HasPrefix(text, "＋") || strings.HasPrefix(text, "－") || strings.HasPrefix(text, "＠") {
		return "'" + text
	}
	return text
}

// Cells is [Cell] for a whole row of texts.
func Cells(row ...string) []string {
	for i, x := range row {
		row[i] = Cell(x)
	}
	return row
}
