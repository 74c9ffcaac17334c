package main

import (
	"errors"
	"net/http"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/junit"
	"github.com/servicecoin/servicecoin/problem"
)

// takeReportPage is the form of a report of a test run.
type takeReportPage struct {
	page

	Parts   []navItem
	Version string // that the form begins with
}

func (p *portal) showTakeReport(w http.ResponseWriter, r *http.Request) error {
	return p.takeReportForm(w, r, nil, nil)
}

func (p *portal) takeReportForm(w http.ResponseWriter, r *http.Request, f *form, problems error) error {
	v := takeReportPage{page: p.page(r, "Take in a test report", releasesPath), Parts: releaseParts(r), Version: r.URL.Query().Get("version")}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "take_report.html", problem.Status(problems), v)
}

// takeReport takes a report in that was pasted, in any form that is known.
func (p *portal) takeReport(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	again := func(err error) error { return p.takeReportForm(w, r, f, f.err(err)) }
	platform, err := p.certifiedPlatform(r)
	if err != nil {
		return err
	}
	for _, name := range []string{"version", "environment", "build", "name"} {
		f.at(name, name)
	}
	text := r.PostForm.Get("report") // as it was pasted: its digest is of these bytes
	const most = 100_000
	report, err := junit.Read(strings.NewReader(text), &junit.Options{Cases: most})
	invalid, broken := errors.AsType[*servicecoin.InvalidError](err)
	switch {
	case strings.TrimSpace(text) == "":
		f.bad.Add("report", "required", "", "paste the report")
	case errors.Is(err, junit.ErrNoReport):
		f.bad.Add("report", "bad-format", "", err.Error())
	case broken:
		for _, x := range invalid.Violations {
			f.bad.Add("report", x.Code, "", strings.TrimSpace(x.Path+": "+x.Text))
		}
	case err != nil:
		return err
	}
	if report == nil {
		report = &junit.Report{Digest: strings.Repeat("0", 64)}
	}
	e := report.Evidence(platform, f.text("version"))
	e.Environment, e.Build, e.Name = f.text("environment"), f.text("build"), f.text("name")
	if f.bad.Err() != nil {
		return again(e.Validate())
	}
	taken, fresh, err := p.proofs().Take(ctx, viewer(r).actor(), e, report.Results())
	word := "report-same"
	if fresh {
		word = "report-new"
	}
	return p.finish(w, r, err, confirmed(certifiedPath(taken.Version), word), again)
}
