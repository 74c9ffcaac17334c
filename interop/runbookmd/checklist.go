package runbookmd

import (
	"fmt"
	"slices"
	"strings"
)

// Check is one thing that a checklist asks for.
type Check struct {
	Name    string   `json:"name"`              // without markup
	Text    string   `json:"text,omitempty"`    // Markdown: what else its row says, or what it is in full
	Section []string `json:"section,omitempty"` // the headings above it, the outermost first
	Levels  []string `json:"levels,omitempty"`  // of a table: the columns that have a sign for it
	Box     int      `json:"box"`               // in [Document.Boxes]; -1 for the row of a table
	Ticked  bool     `json:"ticked,omitempty"`
	Depth   int      `json:"depth"` // 1, and one more for a box inside of another
	Line    int      `json:"line"`
}

// Levels returns the names of the columns of checklists without boxes: those whose
// cells are signs and nothing else, in the order in which they stand.
func (d *Document) Levels() []string {
	var levels []string
	for _, t := range d.tables {
		for _, column := range t.levels() {
			if !slices.Contains(levels, t.Header[column]) {
				levels = append(levels, t.Header[column])
			}
		}
	}
	return levels
}

// Checklist returns what the file asks for at a level, in the order in which it
// stands: of the tables with a column of that name the rows that have a sign in it.
// "C" is the level "Level C" too. "" is everything: all rows of such tables and all
// boxes. The same name may come more than once, in several sections; nothing is
// joined.
func (d *Document) Checklist(level string) []Check {
	var checks []Check
	for _, t := range d.tables {
		columns := t.levels()
		if len(columns) == 0 {
			continue
		}
		for i, row := range t.Rows {
			check := t.check(row, columns)
			check.Name = d.plain(row[0])
			check.Line = t.Line + 2 + i
			check.Section = d.path(t.Section)
			if level == "" || slices.ContainsFunc(check.Levels, func(name string) bool { return isLevel(name, level) }) {
				checks = append(checks, check)
			}
		}
	}
	if level == "" {
		for i, b := range d.boxes {
			text, _, _ := strings.Cut(b.Text, "\n")
			checks = append(checks, Check{
				Name: d.plain(text), Text: b.Text, Section: d.path(b.Section), Box: i, Ticked: b.Ticked, Depth: b.Depth, Line: b.Line,
			})
		}
	}
	slices.SortStableFunc(checks, func(a, b Check) int { return a.Line - b.Line })
	return checks
}

// path returns the titles of a heading and those above it, the outermost first.
func (d *Document) path(section int) []string {
	var path []string
	for ; section >= 0; section = d.headings[section].Parent {
		path = append(path, d.headings[section].Title)
	}
	slices.Reverse(path)
	return path
}

// isLevel reports whether a column is a level: "Level C" is "C", letters of either
// case.
func isLevel(name, level string) bool {
	fields := strings.Fields(name)
	return strings.EqualFold(name, level) || len(fields) > 1 && strings.EqualFold(fields[len(fields)-1], level)
}

// levels returns the columns that have signs and nothing else, and a name.
func (t Table) levels() []int {
	var columns []int
	for column := 1; column < len(t.Header); column++ {
		signs := 0
		for _, row := range t.Rows {
			asked, ok := sign(row[column])
			if !ok {
				signs = -1
				break
			}
			if asked {
				signs++
			}
		}
		if signs > 0 && strings.TrimSpace(t.Header[column]) != "" {
			columns = append(columns, column)
		}
	}
	return columns
}

// check reads a row: its first cell is the name, the others that are no signs say
// what it means.
func (t Table) check(row []string, levels []int) Check {
	c := Check{Box: -1, Depth: 1}
	var text []string
	for column := 1; column < len(row); column++ {
		if !slices.Contains(levels, column) {
			if cell := strings.TrimSpace(row[column]); cell != "" {
				text = append(text, cell)
			}
			continue
		}
		if asked, _ := sign(row[column]); asked {
			c.Levels = append(c.Levels, t.Header[column])
		}
	}
	c.Text = strings.Join(text, "; ")
	return c
}

// sign reads a cell of signs: whether it asks for something, and whether it is one.
func sign(cell string) (asked, ok bool) {
	switch strings.ToLower(strings.Trim(cell, " \t*_`")) {
	case "", "-", "–", "—", "no", "n/a", ":x:", "❌", "✗", "✘", "[ ]", "☐", ":white_large_square:", ":negative_squared_cross_mark:", ":no_entry_sign:":
		return false, true
	case ":white_check_mark:", ":heavy_check_mark:", ":ballot_box_with_check:", ":check:", "✅", "✓", "✔", "✔️", "☑", "☑️", "x", "[x]", "yes", "●", "•", "required", "must":
		return true, true
	default:
		return false, false
	}
}

// levelFindings tells of rows that are asked for in one column and not in one
// behind it where the table otherwise rises: each level asks for all that the one
// before it does.
func (d *Document) levelFindings() {
	for _, t := range d.tables {
		columns := t.levels()
		if len(columns) < 2 {
			continue
		}
		asks := make([]int, len(columns))
		for _, row := range t.Rows {
			for i, column := range columns {
				if asked, _ := sign(row[column]); asked {
					asks[i]++
				}
			}
		}
		rising := slices.IsSorted(asks)
		if !rising {
			slices.Reverse(columns)
			slices.Reverse(asks)
			if rising = slices.IsSorted(asks); !rising {
				continue
			}
		}
		for i, row := range t.Rows {
			lower := ""
			for _, column := range columns {
				asked, _ := sign(row[column])
				if asked && lower == "" {
					lower = t.Header[column]
				} else if !asked && lower != "" {
					d.find(t.Line+2+i, FoundLevels, fmt.Sprintf("%q is asked for at %s and not at %s", d.plain(row[0]), lower, t.Header[column]))
					break
				}
			}
		}
	}
}
