package main

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/usagefile"
	"github.com/servicecoin/servicecoin/problem"
)

// mostUpload is how large a file of usage events may be. All other forms are small.
const mostUpload = 64 << 20

// manyEvents are worth to be packed at once.
const manyEvents = 5000

// uploads reports whether a request may bring a file.
func uploads(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/usage-upload")
}

// uploadPage is the form of a file of usage events, and the receipt of one.
type uploadPage struct {
	page
	monthly

	Meters  []metering.Meter // whose types a file may have
	Source  string
	Type    string
	File    string // the name of the one that was read
	Receipt *usagefile.Report
	Faults  []faultRow
	More    int // faults that are not listed
	Ended   string
}

// faultRow is one thing that is wrong in a file, and where.
type faultRow struct {
	Line, Column int
	Outcome      string
	Event        string
	Field, Rule  string
	Says         string
}

// shownFaults are how many rows a receipt has.
const shownFaults = 200

func (p *portal) uploadPage(r *http.Request) (*uploadPage, client, error) {
	c, err := p.customer(r)
	if err != nil {
		return nil, c, err
	}
	base := customerPath(c.ID)
	v := &uploadPage{page: p.page(r, "Upload usage", base+"/usage"), monthly: monthly{Customer: c.Customer, Base: base, Here: base + "/usage-upload"}}
	v.Meters, err = collect(p.Meters().List().All(r.Context()))
	return v, c, err
}

func (p *portal) showUsageUpload(w http.ResponseWriter, r *http.Request) error {
	v, _, err := p.uploadPage(r)
	if err != nil {
		return err
	}
	return p.render(w, r, "usage_upload.html", 0, v)
}

// uploadUsage records the events of a file while it is read, and shows what became of
// them.
func (p *portal) uploadUsage(w http.ResponseWriter, r *http.Request) error {
	v, c, err := p.uploadPage(r)
	if err != nil {
		return err
	}
	refused := func(err error) error {
		if errors.Is(err, servicecoin.ErrForbidden) || !errors.Is(err, servicecoin.ErrInvalid) {
			return err
		}
		v.again(nil, err)
		return p.render(w, r, "usage_upload.html", problem.Status(err), v)
	}
	file, err := v.file(r)
	if err != nil {
		return refused(err)
	}
	ctx, by := r.Context(), viewer(r).actor()
	ledger := p.Ledger(c.Customer)
	o := &usagefile.Options{Bytes: mostUpload, Defaults: metering.Event{Source: v.Source, Type: v.Type}}
	report, err := usagefile.Read(file, o, func(events []metering.Event) (metering.Receipt, error) {
		return ledger.Record(ctx, by, events...)
	})
	if report != nil && report.Lines > 0 {
		v.take(report)
		p.happened(ctx)
	}
	if report != nil && report.Added >= manyEvents && err == nil {
		err = p.usage.Seal(ctx, p.store.Now())
	}
	if err != nil {
		if v.Receipt == nil {
			return refused(err)
		}
		if !errors.Is(err, servicecoin.ErrInvalid) {
			return err
		}
		v.Ended = problemText(err)
	}
	status := http.StatusOK
	if v.Ended != "" || v.Receipt != nil && len(v.Receipt.Complaints) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return p.render(w, r, "usage_upload.html", status, v)
}

// file reads the form as far as the file, which is its last field.
func (v *uploadPage) file(r *http.Request) (io.Reader, error) {
	var bad servicecoin.Violations
	kind, fields, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		bad.Add("file", "required", "", "choose a file")
		return nil, bad.Err()
	}
	parts := multipart.NewReader(r.Body, fields["boundary"])
	for {
		part, err := parts.NextPart()
		if err != nil {
			bad.Add("file", "required", "", "choose a file")
			return nil, bad.Err()
		}
		switch part.FormName() {
		case "source", "type":
			text, err := io.ReadAll(io.LimitReader(part, servicecoin.MaxIDBytes+1))
			if err != nil {
				bad.Add(part.FormName(), "bad-form", "", "cannot be read")
				return nil, bad.Err()
			}
			if value := strings.TrimSpace(string(text)); part.FormName() == "source" {
				v.Source = value
			} else {
				v.Type = value
			}
		case "file":
			if v.File = part.FileName(); v.File == "" {
				continue
			}
			for _, x := range []struct{ path, id string }{{"source", v.Source}, {"type", v.Type}} {
				if x.id != "" {
					bad.ID(x.path, x.id)
				}
			}
			return part, bad.Err()
		}
	}
}

// take makes a receipt of a report.
func (v *uploadPage) take(report *usagefile.Report) {
	v.Receipt, v.More = report, report.More
	for _, c := range report.Complaints {
		row := faultRow{Line: c.Line, Outcome: "refused", Event: strings.Trim(c.Source+", "+c.ID, ", ")}
		if c.Outcome == metering.Conflict {
			row.Outcome, row.Field, row.Rule, row.Says = "in conflict", "", "conflict", "An event of this source and id is there already, and says something else. What is there stays."
			v.add(row)
			continue
		}
		for _, x := range c.Faults {
			row.Column, row.Field, row.Rule, row.Says = x.Column, x.Path, x.Code, wrongWords(x.Violation)
			v.add(row)
		}
		v.More += c.More
	}
}

func (v *uploadPage) add(row faultRow) {
	if len(v.Faults) == shownFaults {
		v.More++
		return
	}
	v.Faults = append(v.Faults, row)
}

// Words is what became of a file, in a sentence.
func (v *uploadPage) Words() string {
	x := v.Receipt
	switch x.Lines {
	case x.Repeats:
		return fmt.Sprintf("All %s are there already: nothing has changed.", plural(x.Lines, "event"))
	case x.Added:
		return fmt.Sprintf("All %s are recorded.", plural(x.Lines, "event"))
	}
	return fmt.Sprintf("Of %s %d are recorded now, %d were there already, %d are in conflict and %d are refused.", plural(x.Lines, "event"), x.Added, x.Repeats, x.Conflicts, x.Refused)
}

// sampleOfUsage is a file to begin with.
func (p *portal) sampleOfUsage(w http.ResponseWriter, _ *http.Request) error {
	return sendCSV(w, "usage-sample.csv", [][]string{
		{"source", "id", "type", "time", "subject", "value", "dimensions.site", "does", "of.id"},
		{"scanner", "2026-11-24-0001", "erp.document", "2026-11-24T08:15:00Z", "person 7", "", "north", "", ""},
		{"scanner", "2026-11-24-0002", "erp.document", "2026-11-24T08:16:30Z", "person 7", "", "north", "", ""},
		{"scanner", "2026-11-24-0003", "files.stored", "2026-11-24T05:00:00Z", "", "612.5", "", "", ""},
		{"scanner", "2026-11-24-0004", "", "", "", "", "", "void", "2026-11-24-0002"},
	})
}
