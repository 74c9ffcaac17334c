package runbookmd

import (
	"fmt"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// goldmark says of a block what its text is, not on which lines it stands: fences,
// underlines and markers have no place in its tree, and Node.Pos counts tabs as
// blanks (yuin/goldmark#604). So each of its block parsers is watched: a block
// begins on the line on which its parser opened it, and a fence is closed on the
// line on which its parser said so.

// watched is a block parser that notes where its blocks begin and end.
type watched struct {
	parser.BlockParser
	*watch
	container bool // a list or a quote, which others can stand in
}

// watch is what was noted of one parse.
type watch struct {
	opened map[ast.Node]int // offset in the line that opened it
	closed map[ast.Node]int // offset in the line that closed it, of fences alone
	depth  map[ast.Node]int // of lists and quotes
	deep   bool             // something was deeper than MaxDepth
	many   bool             // there were more than MaxBlocks
}

// Open opens a block, unless it would be too deep or one too many. Items of lists
// are never refused: a list without one is more than goldmark can bear.
func (w watched) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := w.depth[parent]
	if item, ok := parent.(*ast.ListItem); ok {
		depth = w.depth[item.Parent()]
	}
	if w.container && parent.Kind() != ast.KindList { // a list takes items alone
		if depth >= MaxDepth {
			w.deep = true
			return nil, parser.NoChildren
		}
		if len(w.opened) >= MaxBlocks {
			w.many = true
			return nil, parser.NoChildren
		}
	}
	_, at := reader.Position()
	node, state := w.BlockParser.Open(parent, reader, pc)
	if node != nil {
		w.opened[node] = at.Start
		if w.container {
			w.depth[node] = depth + 1
		}
	}
	return node, state
}

func (w watched) Continue(node ast.Node, reader text.Reader, pc parser.Context) parser.State {
	_, at := reader.Position()
	state := w.BlockParser.Continue(node, reader, pc)
	if node.Kind() == ast.KindFencedCodeBlock && state&parser.Continue == 0 {
		w.closed[node] = at.Start
	}
	return state
}

// readMarkdown returns the blocks of a text and what was noted of them. Inline
// markup is not read: there is nothing in it that a step needs, and reading it can
// take long. Link definitions stay paragraphs, so that no line is lost. If
// goldmark breaks on a text the error says how.
func readMarkdown(source []byte) (root ast.Node, w *watch, err error) {
	w = &watch{opened: map[ast.Node]int{}, closed: map[ast.Node]int{}, depth: map[ast.Node]int{}}
	defer func() {
		if broken := recover(); broken != nil {
			root, err = nil, fmt.Errorf("markdown: %v", broken)
		}
	}()
	var blocks []util.PrioritizedValue
	for _, p := range parser.DefaultBlockParsers() {
		inner, ok := p.Value.(parser.BlockParser)
		if !ok {
			continue
		}
		container := false
		switch p.Value {
		case parser.NewListParser(), parser.NewBlockquoteParser():
			container = true
		}
		blocks = append(blocks, util.Prioritized(watched{inner, w, container}, p.Priority))
	}
	p := parser.NewParser(
		parser.WithBlockParsers(blocks...),
		parser.WithParagraphTransformers(util.Prioritized(extension.NewTableParagraphTransformer(), 200)),
	)
	return p.Parse(text.NewReader(source)), w, nil
}

// lineFeeds returns a copy whose lines all end with LF or CR LF, for goldmark,
// which knows no others. No byte moves.
func lineFeeds(source []byte) []byte {
	out := make([]byte, len(source))
	copy(out, source)
	for i, c := range out {
		if c == '\r' && (i+1 == len(out) || out[i+1] != '\n') {
			out[i] = '\n'
		}
	}
	return out
}

// countCells returns how many cells the tables could have at most: as many in
// each row as the line of dashes has, up to the next blank line.
func countCells(d *Document, body int) int {
	cells, columns := 0, 0
	for line := d.lines.at(body); line < d.lines.count(); line++ {
		text := d.lines.text(d.source, line)
		switch {
		case isBlank(text):
			columns = 0
		case isDelimiter(text):
			columns = max(columns, strings.Count(string(text), "|")+1)
		}
		cells += columns
	}
	return cells
}

// isDelimiter reports whether a line could be the line of dashes of a table,
// behind any marks.
func isDelimiter(line []byte) bool {
	dash := false
	for _, c := range line {
		switch c {
		case '-':
			dash = true
		case '|', ':', ' ', '\t', '>', '*', '+', '.', ')', '\r', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		default:
			return false
		}
	}
	return dash
}

// lineParser returns a parser of inline markup alone.
func lineParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(util.Prioritized(parser.NewParagraphParser(), 1)),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
	)
}

// plain returns a line of Markdown without its markup: what a reader sees.
func (d *Document) plain(line string) string {
	const most = 1000
	line = strings.TrimSpace(strings.ReplaceAll(line, "\n", " "))
	if len(line) > most || !strings.ContainsAny(line, "[]*_<>`\\&~") {
		return line
	}
	shown, err := d.seen([]byte(line))
	if err != nil {
		return line
	}
	return strings.TrimSpace(shown)
}

func (d *Document) seen(source []byte) (shown string, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("markdown: %v", broken)
		}
	}()
	var b strings.Builder
	err = ast.Walk(d.inline.Parse(text.NewReader(source)), func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := node.(type) {
		case *ast.Text:
			value := n.Value(source)
			if parent := n.Parent(); parent != nil && parent.Kind() != ast.KindCodeSpan {
				value = util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(value)))
			}
			b.Write(value)
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String(), err
}
