// Package usagefile reads files of usage events: CSV with a header, and JSON lines.
//
// It answers: which events are in a file that somebody uploads; what became of each; and
// in which line and column is what is wrong?
//
//	report, err := usagefile.Read(upload, nil, func(events []metering.Event) (metering.Receipt, error) {
//		return ledger.Record(ctx, by, events...)
//	})
//
// A file is read line by line and recorded batch by batch, so that it may be large. A line
// that is at fault is refused alone, and the others are recorded: once it is mended, the
// whole file can be read again, and what was recorded is a repeat.
//
// # Columns
//
// The columns of a CSV file are the names that an event has in JSON: id, source, type,
// subject, time, end, open, value, does, of.source, of.id, and customer; fields.NAME and
// dimensions.NAME for each field and dimension. They come in any order; id and time must
// be there, the others where [Options].Defaults has nothing for them. A line of a JSON file
// is an event as [metering.Event] writes it. Instants are as RFC 3339 has them; numbers
// have a point before their decimals.
package usagefile

import (
	"errors"
	"fmt"
	"io"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
)

// The limits of a file.
const (
	MaxBytes      = 256 << 20 // where [Options] does not say
	MaxLine       = 64 << 10  // bytes of a line; a longer one is refused alone
	MaxColumns    = 200
	MaxComplaints = 1000 // that a [Report] lists
)

// Form is how a file is written.
type Form string

// The forms.
const (
	Detect    Form = "" // JSON lines if the file begins with a brace, CSV otherwise
	CSV       Form = "csv"
	JSONLines Form = "jsonl"
)

// Options are what a host may set for a reader.
type Options struct {
	Form Form
	// Separator is what stands between the columns of CSV; 0: a comma, semicolon or
	// tab, whichever the header has most of.
	Separator rune
	// Columns gives the columns of CSV other names: the file's name to that of the event,
	// "hours" to "value". A column with the name "" is not read.
	Columns map[string]string
	// Defaults have the source, type, subject and customer of events that do not say
	// their own. Nothing else is taken from them.
	Defaults metering.Event

	Bytes int64 // of a file; 0: MaxBytes
	Batch int   // events that are recorded at once; 0: metering.MaxBatch, which is the most
}

// Record records a batch, and tells what became of it: [metering.Ledger.Record] and
// [metering.Intake.Record] do. An event's customer is "", unless the file says one.
type Record func(events []metering.Event) (metering.Receipt, error)

// Report is what became of a file.
type Report struct {
	Lines     int `json:"lines"` // that have an event, or should
	Added     int `json:"added"`
	Repeats   int `json:"repeats"`
	Conflicts int `json:"conflicts"`
	Refused   int `json:"refused"`
	// Complaints are the lines that were not recorded, in the order of the file, the
	// first [MaxComplaints] of them.
	Complaints []Complaint `json:"complaints,omitempty"`
	More       int         `json:"more,omitempty"` // complaints that are not listed
}

// Complaint is a line that was not recorded.
type Complaint struct {
	Line    int              `json:"line"`    // from 1
	Outcome metering.Outcome `json:"outcome"` // refused, or in conflict
	Source  string           `json:"source,omitempty"`
	ID      string           `json:"id,omitempty"`
	Faults  []Fault          `json:"faults,omitempty"` // why it was refused, the first ten
	More    int              `json:"more,omitempty"`   // faults that are not listed
}

// Fault is what is wrong in a line, and where: in characters from 1, 0 for the line as a
// whole.
type Fault struct {
	Column int `json:"column,omitempty"`
	servicecoin.Violation
}

// String returns "column 12, value ...".
func (f Fault) String() string {
	if f.Column == 0 {
		return f.Violation.String()
	}
	return fmt.Sprintf("column %d, %s", f.Column, f.Violation)
}

// Err returns an ErrInvalid that lists the complaints, the first
// [servicecoin.MaxViolations] faults of them, each at the place of its line ("line 12,
// value"); nil if there are none.
func (r *Report) Err() error {
	var v servicecoin.Violations
	for _, c := range r.Complaints {
		if c.Outcome == metering.Conflict {
			v.Add(fmt.Sprintf("line %d", c.Line), "conflict", c.ID, "is there already with other content")
		}
		for _, f := range c.Faults {
			path := fmt.Sprintf("line %d", c.Line)
			if f.Path != "" {
				path += ", " + f.Path
			}
			v.Add(path, f.Code, f.Value, f.Text)
		}
	}
	return v.Err()
}

// Read reads a file, and records its events. The error is an [*servicecoin.InvalidError]
// for a file that is none (its header, its encoding) or is too long, that of the reader,
// or that of record. The report tells what became of the lines before it.
func Read(r io.Reader, o *Options, record Record) (*Report, error) {
	if o == nil {
		o = &Options{}
	}
	f := &file{lines: newLines(r, o.Bytes), o: o, record: record, report: &Report{}, batch: o.Batch}
	if f.batch <= 0 || f.batch > metering.MaxBatch {
		f.batch = metering.MaxBatch
	}
	var v servicecoin.Violations
	if record == nil {
		v.Add("record", "required", "", "is nil: records the events")
		return f.report, v.Err()
	}
	if err := f.lines.begin(); err != nil {
		return f.report, err
	}
	read, err := f.reader()
	if err != nil {
		return f.report, err
	}
	for {
		line, err := f.lines.next()
		if errors.Is(err, io.EOF) {
			return f.report, f.flush()
		}
		if err != nil {
			return f.report, errors.Join(err, f.flush())
		}
		if err := f.take(line, read); err != nil {
			return f.report, err
		}
	}
}

// reader reads what one line says.
type reader func(line line, e *entry)

// reader finds out the form.
func (f *file) reader() (reader, error) {
	form := f.o.Form
	if form == Detect {
		form = CSV
		if f.lines.peek() == '{' {
			form = JSONLines
		}
	}
	switch form {
	case CSV:
		return f.header()
	case JSONLines:
		return f.object, nil
	case Detect:
	}
	var v servicecoin.Violations
	v.Add("form", "unknown", string(form), "must be csv or jsonl")
	return nil, v.Err()
}

// file is a file while it is read.
type file struct {
	lines  *lines
	o      *Options
	record Record
	report *Report
	batch  int

	columns   []column
	separator rune
	events    []metering.Event
	at        []int // the lines of events
	refused   []Complaint
}

// take reads a line, and records a batch when it is full.
func (f *file) take(l line, read reader) error {
	f.report.Lines++
	var e entry
	if l.long {
		e.fault(0, "", "too-long", "", fmt.Sprintf("has more than %d bytes", MaxLine))
	} else if read(l, &e); len(e.faults) == 0 {
		e.settle(f.o.Defaults)
		e.validate()
	}
	if len(e.faults) > 0 {
		f.refuse(l.number, &e)
		return nil
	}
	f.events, f.at = append(f.events, e.Event), append(f.at, l.number)
	if len(f.events) < f.batch {
		return nil
	}
	return f.flush()
}

// refuse adds a complaint that needs no store to be made.
func (f *file) refuse(line int, e *entry) {
	f.report.Refused++
	if len(f.report.Complaints)+len(f.refused) >= MaxComplaints {
		f.report.More++
		return
	}
	f.refused = append(f.refused, Complaint{Line: line, Outcome: metering.Refused, Source: cut(e.Source), ID: cut(e.ID), Faults: e.faults, More: e.more})
}
