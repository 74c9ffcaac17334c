package main

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/openapi"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/problem"
	"github.com/servicecoin/servicecoin/version"
)

// descriptionPage shows what a new description of an API would change, before it is kept.
type descriptionPage struct {
	page

	Parts      []navItem
	API        release.API
	Path       string
	Base       *release.Revision // that it is compared with; nil: there is none
	Newest     string            // the newest version of the platform
	Difference *openapi.Difference
	Findings   []release.APIFinding
	Sent       proposal
}

// proposal is a description that was pasted.
type proposal struct {
	Version  string // of the platform
	Released calendar.Date
	Text     string
}

func (p *portal) showDescription(w http.ResponseWriter, r *http.Request) error {
	return p.descriptionForm(w, r, proposal{}, nil, nil, nil)
}

func (p *portal) descriptionForm(w http.ResponseWriter, r *http.Request, sent proposal, made *made, f *form, problems error) error {
	ctx := r.Context()
	apis := p.Releases().APIs()
	a, err := apis.API(ctx, release.APIID(r.PathValue("api")))
	if err != nil {
		return err
	}
	if a.Kind != release.REST {
		return noPage(r)
	}
	list, err := apis.Revisions(ctx, a.ID)
	if err != nil {
		return err
	}
	v := descriptionPage{page: p.page(r, "A new description of "+a.Name, releasesPath), Parts: releaseParts(r), API: a, Path: apiPath(a.ID), Sent: sent}
	if v.Sent.Released.IsZero() {
		v.Sent.Released = calendar.DateOf(v.Now, time.UTC)
	}
	if len(list) > 0 {
		v.Newest = list[len(list)-1].Version
	}
	v.Base = baseOf(list, sent.Version)
	if made != nil {
		v.Difference, v.Findings = made.difference, made.revision.Findings
		v.Findings = append(slices.Clone(v.Findings), a.Judge(v.Base, made.revision)...)
		v.Findings = slices.CompactFunc(v.Findings, func(a, b release.APIFinding) bool { return a.Code == b.Code && a.Operation == b.Operation })
	}
	if problems != nil {
		v.again(f, problems)
	}
	return p.render(w, r, "api_compare.html", problem.Status(problems), v)
}

// baseOf is the newest revision whose description is kept here, below a version if that can
// be read.
func baseOf(list []release.Revision, text string) *release.Revision {
	for n := len(list) - 1; n >= 0; n-- {
		if list[n].Document != "" && !list[n].Gone && older(list[n].Version, text) {
			return &list[n]
		}
	}
	return nil
}

// made is a revision that was made of a pasted description.
type made struct {
	revision   release.Revision
	difference *openapi.Difference // nil: there is nothing to compare it with
}

// makeRevision compares a pasted description with the one before it.
func (p *portal) makeRevision(ctx context.Context, id release.APIID, sent proposal) (*made, error) {
	apis := p.Releases().APIs()
	var v servicecoin.Violations
	if !v.Limit("text", len(sent.Text), release.MaxDescription) { // more could not be kept
		return nil, v.Err()
	}
	list, err := apis.Revisions(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &made{revision: release.Revision{API: id, Version: sent.Version, Released: sent.Released, Document: openapi.Digest([]byte(sent.Text))}}
	doc, err := openapi.Read([]byte(sent.Text))
	v.Merge("text", err)
	v.Merge("", out.revision.Validate())
	if err := v.Err(); err != nil {
		return nil, err
	}
	out.revision.Own = doc.Version
	base := baseOf(list, sent.Version)
	if base == nil {
		return out, nil
	}
	before, err := apis.Description(ctx, base.Document)
	if err != nil {
		return nil, err
	}
	d, err := openapi.Compare([]byte(before), []byte(sent.Text), sent.Released)
	if err != nil {
		v.Merge("text", err)
		return nil, v.Err()
	}
	out.difference = d
	out.revision.Differences, out.revision.Findings = differencesOf(d, base.Version)
	return out, nil
}

// differencesOf is a difference as the library keeps it: the worst changes first, as many
// as it keeps.
func differencesOf(d *openapi.Difference, since string) (*release.Differences, []release.APIFinding) {
	const most, mostFindings, longest = 200, 40, 900
	out := &release.Differences{Since: since, Breaking: d.Counts[openapi.Breaking], Risky: d.Counts[openapi.Risky], Harmless: d.Counts[openapi.Harmless]}
	for _, c := range d.Changes {
		if len(out.Changes) < most {
			out.Changes = append(out.Changes, release.APIChange{Level: string(c.Level), Code: cut(c.Code, 100), Operation: cut(c.Operation, longest), Text: cut(c.Text, longest)})
		}
	}
	var findings []release.APIFinding
	for _, f := range d.Findings {
		if len(findings) < mostFindings {
			findings = append(findings, release.APIFinding{Code: f.Code, Operation: cut(f.Operation, longest), Text: cut(f.Text, longest)})
		}
	}
	return out, findings
}

func readProposal(f *form) proposal {
	return proposal{Version: f.text("version"), Released: f.dateIn("released"), Text: f.text("text")}
}

// compareDescription shows what would change.
func (p *portal) compareDescription(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	sent := readProposal(f)
	m, err := p.makeRevision(r.Context(), release.APIID(r.PathValue("api")), sent)
	if err != nil {
		return p.finish(w, r, err, "", func(err error) error { return p.descriptionForm(w, r, sent, nil, f, f.err(err)) })
	}
	return p.descriptionForm(w, r, sent, m, nil, nil)
}

// keepDescription keeps what was compared.
func (p *portal) keepDescription(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by, id := r.Context(), viewer(r).actor(), release.APIID(r.PathValue("api"))
	sent := readProposal(f)
	again := func(err error) error { return p.descriptionForm(w, r, sent, nil, f, f.err(err)) }
	m, err := p.makeRevision(ctx, id, sent)
	if err != nil {
		return p.finish(w, r, err, "", again)
	}
	if _, err = p.Releases().APIs().Describe(ctx, by, sent.Text); err == nil {
		_, err = p.Releases().APIs().Revise(ctx, by, m.revision)
	}
	return p.finish(w, r, err, confirmed(apiPath(id)+"/versions/"+pageID(sent.Version), "api-revised"), again)
}

// older reports whether a version is below another one; what cannot be read is below none.
func older(a, b string) bool {
	v, errV := version.ParseLoose(a)
	w, errW := version.ParseLoose(b)
	return errW != nil || errV == nil && v.Compare(w) < 0
}
