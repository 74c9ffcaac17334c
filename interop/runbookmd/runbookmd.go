// Package runbookmd reads run books and checklists that people have already as
// Markdown, and writes them back as they were.
//
// It answers: what are the steps of this file and in which order, which commands
// belong to which step, which boxes are ticked, what does a maturity level ask
// for, when was the file last reviewed and is it overdue, which procedures stand in
// it, and what of it could not be read?
//
//	doc, err := runbookmd.Parse(source)
//	if err != nil {
//		return err
//	}
//	for _, step := range doc.Steps() {
//		fmt.Println(step.Number, step.Text)
//	}
//	err = doc.Tick(0, true) // changes one byte
//	err = os.WriteFile(name, doc.Bytes(), 0o644)
//
// # What it models
//
// A [Document] is the bytes of a file, cut into [Segment] values that hold every
// byte once and in order, and what stands in them: [Heading], [Step], [Code],
// [Box], [Table] and [FrontMatter]. A step is a numbered line with all that is
// indented under it, or a paragraph, a bullet or a heading that a code block
// follows: each code block belongs to the step that it follows. HTML, comments and
// templates (ERB, Hugo, Jinja) are text: they are kept, shown as segments and
// never carried out. Numbers, boxes, fences and headings that CommonMark takes for
// text (in a comment, inside of HTML, indented too deep) are held all the same,
// marked Loose, and each is a [Finding].
//
// # What it promises
//
// What is read and not changed is written with the same bytes, whatever they are:
// byte order marks, CR LF, a missing last line end, bytes that are not UTF-8. An
// edit changes the lines of what it names and nothing else; one that would make
// something else of the rest (a fence in a sentence, say) is refused and nothing
// changes. The blocks are those of CommonMark with GitHub's tables and task lists,
// as goldmark reads them; a single CR ends a line, as CommonMark has it and
// goldmark does not.
//
// # Errors
//
// A file that is larger, deeper or richer than the limits ([MaxBytes] and the
// others) and an edit that cannot be made are a [*servicecoin.InvalidError]. A
// file that is odd is none: [Document.Findings] lists what is.
package runbookmd

import (
	"slices"
	"strconv"

	"github.com/yuin/goldmark/parser"

	"github.com/servicecoin/servicecoin"
)

// The limits of a file. They are checked before the work that they bound, and
// each is a violation of its own.
const (
	MaxBytes       = 4 << 20 // of a file: "too-long"
	MaxFrontMatter = 64 << 10
	MaxLines       = 200_000
	MaxDepth       = 100     // lists and quotes inside of each other: "too-deep"
	MaxBlocks      = 100_000 // blocks of any kind
	MaxCells       = 200_000 // cells of all tables, with those that a short row leaves out
)

// Document is a Markdown file: its bytes and what stands in them. The slices that
// its methods return are copies; what is in them is shared and not to be changed.
// A Document may be read by several goroutines at once, and edited by one.
type Document struct {
	source   []byte
	lines    lineIndex
	newline  string // what new lines end with: what the first line of the file ends with
	front    FrontMatter
	segments []Segment
	headings []Heading
	steps    []Step
	code     []Code
	boxes    []Box
	tables   []Table
	findings []Finding
	details  int
	leaves   []leaf
	inline   parser.Parser // of one line, for titles
}

// Parse reads a file. The source is copied.
func Parse(source []byte) (*Document, error) {
	var v servicecoin.Violations
	if len(source) > MaxBytes {
		v.Add("", "too-long", "", "has "+strconv.Itoa(len(source))+" bytes, "+strconv.Itoa(MaxBytes)+" are allowed")
		return nil, v.Err()
	}
	d := &Document{source: slices.Clone(source), inline: lineParser()}
	d.lines = indexLines(d.source)
	d.newline = d.lines.ending(d.source)
	if !v.Limit("lines", d.lines.count(), MaxLines) {
		return nil, v.Err()
	}
	body := d.readFrontMatter(&v)
	if v.Len() > 0 {
		return nil, v.Err()
	}
	if n := countCells(d, body); n > MaxCells {
		v.Add("tables", "too-many", "", "have "+strconv.Itoa(n)+" cells, "+strconv.Itoa(MaxCells)+" are allowed")
		return nil, v.Err()
	}
	d.read(body, &v)
	if v.Len() > 0 {
		return nil, v.Err()
	}
	return d, nil
}

// Bytes returns the file, as it was read or edited.
func (d *Document) Bytes() []byte { return slices.Clone(d.source) }

// String returns the file as text.
func (d *Document) String() string { return string(d.source) }

// Title returns what the file is called: the title of its front matter, or else
// its first heading of the highest level there is; where that is a template, or
// there is none, the name that the front matter gives. It is "" where nothing says
// it. Markup is gone from it.
func (d *Document) Title() string {
	if title, ok := d.Meta("title"); ok && title != "" {
		return title
	}
	name, _ := d.Meta("name")
	best := -1
	for i, h := range d.headings {
		if h.Loose || h.Quoted || h.Template || h.Title == "" {
			continue
		}
		if best < 0 || h.Level < d.headings[best].Level {
			best = i
		}
	}
	switch {
	case best >= 0 && (name == "" || d.headings[best].Level == 1):
		return d.headings[best].Title
	default:
		return name
	}
}

// FrontMatter returns what stands before the Markdown.
func (d *Document) FrontMatter() FrontMatter { return d.front }

// Segments returns the pieces of the file in order. They begin where the one
// before ends, the first at 0, and the last ends where the file does.
func (d *Document) Segments() []Segment { return slices.Clone(d.segments) }

// Headings returns the headings in order.
func (d *Document) Headings() []Heading { return slices.Clone(d.headings) }

// Steps returns the steps in order, those inside of others after them.
func (d *Document) Steps() []Step { return slices.Clone(d.steps) }

// Code returns the code blocks in order.
func (d *Document) Code() []Code { return slices.Clone(d.code) }

// Boxes returns the check boxes in order.
func (d *Document) Boxes() []Box { return slices.Clone(d.boxes) }

// Tables returns the tables in order.
func (d *Document) Tables() []Table { return slices.Clone(d.tables) }

// Findings returns what is odd about the file, in the order of its lines.
func (d *Document) Findings() []Finding { return slices.Clone(d.findings) }

// Finding is something odd that a person may want to mend.
type Finding struct {
	Line int    `json:"line"` // from 1
	Code string `json:"code"` // stable, for programs: the Found constants
	Text string `json:"text"` // for people
}

// The codes of findings.
const (
	FoundLooseNumber   = "loose-number"    // a numbered line that CommonMark takes for text
	FoundLooseBox      = "loose-box"       // a check box that CommonMark takes for text
	FoundLooseCode     = "loose-code"      // a fence that CommonMark takes for text
	FoundLooseHeading  = "loose-heading"   // a heading that CommonMark takes for text
	FoundOpenCode      = "open-code"       // a fence that nothing closes
	FoundNumber        = "number"          // a number that does not follow the one before it
	FoundFrontMatter   = "front-matter"    // front matter that cannot be read
	FoundReview        = "review"          // a review date or interval that cannot be read
	FoundTemplate      = "template"        // a template where a heading or a title is wanted
	FoundLevels        = "levels"          // asked for at a lower level and not at a higher one
	FoundUnreadable    = "unreadable"      // the Markdown could not be read at all: the file is one text
	FoundHeadingSpace  = "heading-space"   // "###Title": a heading needs a space
	FoundNotUTF8       = "not-utf8"        // bytes that are not UTF-8
	FoundRepeatedMeta  = "repeated-meta"   // a key of the front matter that is there twice
	FoundUnknownMeta   = "unknown-meta"    // a value of the front matter that a run book cannot take
	FoundDoesNotFit    = "does-not-fit"    // a text that is longer than a run book allows
	FoundNoSteps       = "no-steps"        // a run book without a step
	FoundSharedTitle   = "shared-title"    // two run books of a file with one title
	FoundOutsideBooks  = "outside-books"   // text that stands in none of the run books of a file
	FoundTemplateInUse = "template-in-use" // {{name}} in a text: a run book reads it as a parameter
)

// Counts is how much there is in a file outside of code blocks, front matter and
// quotes. A numbered line is one that begins with a number and a dot or a bracket,
// at any indentation, also where CommonMark takes it for text ("10.Remove" has no
// blank), but not a number with digits behind its dot; headings are those with "#".
type Counts struct {
	Headings int `json:"headings"`
	Numbered int `json:"numbered"`
	Fenced   int `json:"fenced"`
	Boxes    int `json:"boxes"`
	Ticked   int `json:"ticked"`
	Tables   int `json:"tables"`
	Details  int `json:"details"` // <details> that can be folded
}

// Counts counts what the file holds.
func (d *Document) Counts() Counts {
	c := Counts{Details: d.details}
	for _, h := range d.headings {
		if !h.Quoted && !h.Underlined {
			c.Headings++
		}
	}
	for _, s := range d.steps {
		if s.Kind == Numbered && s.leads && !s.Quoted {
			c.Numbered++
		}
	}
	for _, code := range d.code {
		if code.Fenced && !code.Quoted {
			c.Fenced++
		}
	}
	for _, b := range d.boxes {
		if b.Quoted {
			continue
		}
		c.Boxes++
		if b.Ticked {
			c.Ticked++
		}
	}
	for _, t := range d.tables {
		if !t.Quoted {
			c.Tables++
		}
	}
	return c
}
