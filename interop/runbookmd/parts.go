package runbookmd

// Segment is a piece of the file: whole lines of one block, or the blank lines
// between two.
type Segment struct {
	Kind    SegmentKind `json:"kind"`
	From    int         `json:"from"`    // the first byte
	To      int         `json:"to"`      // the byte after the last
	Line    int         `json:"line"`    // of the first byte, from 1
	Section int         `json:"section"` // the heading under which it stands, in [Document.Headings]; -1 is before the first
	Step    int         `json:"step"`    // the step that it belongs to, in [Document.Steps]; -1 is none
	Quoted  bool        `json:"quoted,omitempty"`
}

// SegmentKind says what a segment is.
type SegmentKind string

// The kinds of segments.
const (
	Mark         SegmentKind = "mark"        // a byte order mark
	Front        SegmentKind = "frontMatter" // with its fences
	Blank        SegmentKind = "blank"
	HeadingLine  SegmentKind = "heading" // with its underline
	Paragraph    SegmentKind = "paragraph"
	CodeLines    SegmentKind = "code" // with its fences
	TableLines   SegmentKind = "table"
	HTML         SegmentKind = "html"
	Comment      SegmentKind = "comment"    // of HTML
	Template     SegmentKind = "template"   // ERB, Hugo, Jinja
	Definition   SegmentKind = "definition" // where a link leads
	ThematicLine SegmentKind = "rule"
	Other        SegmentKind = "other" // a marker with nothing behind it
)

// Span is a stretch of bytes of the file.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"` // the byte after the last
}

// Heading is a heading, and the section that it begins: up to the next one of its
// level or a higher one.
type Heading struct {
	Level      int    `json:"level"`            // 1 to 6
	Text       string `json:"text"`             // as written, without the signs
	Title      string `json:"title"`            // without markup
	Number     string `json:"number,omitempty"` // "3.1" of "3.1 Seed", "2" of "Step 2: Check"
	Line       int    `json:"line"`
	Span       Span   `json:"span"`                 // of the text
	Parent     int    `json:"parent"`               // the heading above it; -1 is none
	Underlined bool   `json:"underlined,omitempty"` // with === or --- below it
	Template   bool   `json:"template,omitempty"`   // the text is an expression of a template
	Nested     bool   `json:"nested,omitempty"`     // inside of a list: it begins no section
	Quoted     bool   `json:"quoted,omitempty"`
	Loose      bool   `json:"loose,omitempty"` // CommonMark takes it for text
}

// StepKind says how a step is written.
type StepKind string

// The kinds of steps. All but the first are steps because a code block follows.
const (
	Numbered StepKind = "numbered" // "1. Do this"
	Bulleted StepKind = "bulleted" // "- Do this:"
	Written  StepKind = "written"  // a paragraph
	Titled   StepKind = "titled"   // a heading with nothing between it and the code
	Bare     StepKind = "bare"     // code, and no word before it
)

// Step is one thing to do.
type Step struct {
	Kind    StepKind `json:"kind"`
	Number  string   `json:"number,omitempty"` // as written, "1." or "2)"
	Depth   int      `json:"depth"`            // 1, and one more in each numbered list inside of another
	Parent  int      `json:"parent"`           // the numbered step around it, in [Document.Steps]; -1 is none
	List    int      `json:"list"`             // which numbered list, from 1; one that goes on after an interruption is the same
	Text    string   `json:"text"`             // its first paragraph in Markdown, lines separated by \n, without the box
	Section int      `json:"section"`          // in [Document.Headings]; -1 is before the first
	Path    []string `json:"path,omitempty"`   // the titles of the headings above it, the outermost first
	Code    []int    `json:"code,omitempty"`   // in [Document.Code]
	Tables  []int    `json:"tables,omitempty"` // in [Document.Tables]: those inside of it
	Boxes   []int    `json:"boxes,omitempty"`  // in [Document.Boxes]: its own and those inside of it
	Line    int      `json:"line"`
	Span    Span     `json:"span"` // of the text
	Quoted  bool     `json:"quoted,omitempty"`
	Loose   bool     `json:"loose,omitempty"` // CommonMark takes it for text

	leads  bool // the number is the first thing on its line
	number int
	indent int // the column of its text, from 0
	first  int // line
	last   int // line of the last thing that belongs to it
	prefix string
	box    int
	head   int // the heading that carries it, or -1
}

// Code is a code block.
type Code struct {
	Language string `json:"language,omitempty"` // the first word after the fence
	Info     string `json:"info,omitempty"`     // all of it
	Text     string `json:"text"`               // as in the file, line ends too, without the indentation of where it stands
	Step     int    `json:"step"`               // the step that it belongs to; there always is one
	Section  int    `json:"section"`
	Line     int    `json:"line"`   // of its fence, or its first line
	Span     Span   `json:"span"`   // its lines, with the fences
	Fenced   bool   `json:"fenced"` // false: it is indented
	Closed   bool   `json:"closed"` // false: a fence that nothing closes
	Quoted   bool   `json:"quoted,omitempty"`
	Loose    bool   `json:"loose,omitempty"` // CommonMark takes its fence for text

	content Span   // its lines without the fences
	prefix  string // what stands before each line
	marker  byte
	width   int
}

// Box is a check box.
type Box struct {
	Ticked  bool   `json:"ticked"`
	Text    string `json:"text"`   // the first paragraph behind it, in Markdown
	Depth   int    `json:"depth"`  // 1, and one more in each list inside of another
	Parent  int    `json:"parent"` // the box around it, in [Document.Boxes]; -1 is none
	Section int    `json:"section"`
	Step    int    `json:"step"` // -1 is none
	Line    int    `json:"line"`
	At      int    `json:"at"` // the byte between the brackets
	Quoted  bool   `json:"quoted,omitempty"`
	Loose   bool   `json:"loose,omitempty"` // CommonMark takes it for text
}

// Table is a table: a header, and rows with as many cells as it has.
type Table struct {
	Header  []string   `json:"header"` // in Markdown
	Rows    [][]string `json:"rows"`
	Section int        `json:"section"`
	Step    int        `json:"step"` // the step that it is inside of; -1 is none
	Line    int        `json:"line"`
	Span    Span       `json:"span"`
	Quoted  bool       `json:"quoted,omitempty"`
}
