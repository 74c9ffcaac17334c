package main

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/problem"
)

// certifiedPage is one version: what is demanded of it, and what proves that.
type certifiedPage struct {
	page
	testedVersion

	Parts    []navItem
	Cells    []proofCell
	Holds    bool // all that is demanded is there
	Lacking  int
	Editions []editionRow
	Reports  []reportRow
	Unmapped []release.UnmappedTest
	MoreOf   int // tests that prove nothing and are not listed
	MayIssue bool
}

// editionRow is an edition of a certificate.
type editionRow struct {
	release.Certificate

	Path    string
	Changes []proofChange
}

type proofChange struct {
	release.ChangedProof

	Called, FromWords, ToWords, Tone string
}

func proofChanges(list []release.ChangedProof, called func(release.FeatureID) string) []proofChange {
	var out []proofChange
	for _, x := range list {
		row := proofChange{ChangedProof: x, Called: called(x.Feature)}
		row.ToWords, row.Tone = proofWords(x.To)
		if x.From != "" {
			row.FromWords, _ = proofWords(x.From)
		}
		row.FromWords, row.ToWords = strings.ToLower(row.FromWords), strings.ToLower(row.ToWords)
		out = append(out, row)
	}
	return out
}

func (p *portal) showCertified(w http.ResponseWriter, r *http.Request) error {
	return p.certifiedNow(w, r, "", nil, nil)
}

func (p *portal) certifiedNow(w http.ResponseWriter, r *http.Request, form string, f *form, problems error) error {
	const mostUnmapped = 50
	ctx := r.Context()
	platform, err := p.certifiedPlatform(r)
	if err != nil {
		return err
	}
	t, err := p.proofs().Version(ctx, platform, r.PathValue("version"))
	if err != nil {
		return err
	}
	v := certifiedPage{
		page: p.page(r, "Certification of "+t.Version, releasesPath), testedVersion: testedWords(t), Parts: releaseParts(r), Holds: true, MayIssue: viewer(r).is(manager),
	}
	called := p.featureNames(ctx)
	sheet, waivers, err := p.proofs().SheetOf(ctx, platform, t.Version, v.Now)
	if err != nil {
		return err
	}
	for _, c := range sheet.Cells(waivers...) {
		v.Cells = append(v.Cells, p.proofCell(c, called))
		if !c.Holds() {
			v.Holds = false
			v.Lacking++
		}
	}
	unmapped, all := sheet.Unmapped(mostUnmapped)
	v.Unmapped, v.MoreOf = unmapped, all-len(unmapped)
	for c, err := range p.proofs().Certificates(platform, t.Version).All(ctx) {
		if err != nil {
			return err
		}
		v.Editions = append(v.Editions, editionRow{Certificate: c, Path: certifiedPath(t.Version, "certificates", itoa(c.Edition)), Changes: proofChanges(c.Changed, called)})
	}
	slices.Reverse(v.Editions)
	for e, err := range p.proofs().Evidence(platform, t.Version).All(ctx) {
		if err != nil {
			return err
		}
		v.Reports = append(v.Reports, reportRowOf(e))
	}
	slices.Reverse(v.Reports)
	if problems != nil {
		v.againIn(form, f, problems)
	}
	return p.render(w, r, "certified.html", problem.Status(problems), v)
}

// changeCertified does what a form of the page of a version asks for.
func (p *portal) changeCertified(w http.ResponseWriter, r *http.Request) error {
	f, err := readForm(r)
	if err != nil {
		return err
	}
	ctx, by, of, verb := r.Context(), viewer(r).actor(), r.PathValue("version"), r.PathValue("verb")
	platform, err := p.certifiedPlatform(r)
	if err != nil {
		return err
	}
	form := verb
	switch verb {
	case "issue":
		_, err = p.proofs().Issue(ctx, by, platform, of)
	case "retract":
		form = "retract-" + f.text("report")
		f.at("reason", "reason")
		_, err = p.proofs().Retract(ctx, by, f.text("report"), f.text("reason"))
	case "waive":
		form = "waive-" + f.text("feature")
		f.at("why", "why")
		f.at("until", "until")
		until := p.timeIn(f, "until")
		if until.IsZero() && f.text("until") == "" {
			f.bad.Add("until", "required", "", "say when it ends: a waiver ends by itself")
		}
		if f.bad.Err() == nil {
			_, err = p.proofs().Waive(ctx, by, platform, release.ProofWaiver{Feature: release.FeatureID(f.text("feature")), Version: of, Why: f.text("why"), Until: until})
		} else if f.text("why") == "" {
			f.bad.Add("why", "required", "", "must not be empty")
		}
	case "endWaiver":
		_, err = p.proofs().EndWaiver(ctx, by, platform, release.FeatureID(f.text("feature")), f.text("of"))
	default:
		return noPage(r)
	}
	return p.finish(w, r, f.err(err), confirmed(certifiedPath(of), "certificate-"+verb), func(err error) error { return p.certifiedNow(w, r, form, f, err) })
}

// proofPage is a feature in a version, down to the tests.
type proofPage struct {
	page
	proofCell

	Parts []navItem
	Tests []testRow
	More  int
}

type testRow struct {
	release.TestHistory

	Runs []testRun
}

type testRun struct {
	release.TestInRun

	Words, Tone, Path string
}

// Short is the beginning of the digest of the report.
func (r testRun) Short() string { return r.Report[:12] }

func (p *portal) showProof(w http.ResponseWriter, r *http.Request) error {
	const mostTests, mostRuns = 100, 20
	ctx, feature := r.Context(), release.FeatureID(r.PathValue("feature"))
	platform, err := p.certifiedPlatform(r)
	if err != nil {
		return err
	}
	t, err := p.proofs().Version(ctx, platform, r.PathValue("version"))
	if err != nil {
		return err
	}
	called := p.featureNames(ctx)
	tests, all, err := p.proofs().History(ctx, platform, feature, t.Version, mostTests)
	if err != nil {
		return err
	}
	c, err := p.proofs().State(ctx, platform, feature, t.Version)
	if err != nil {
		return err
	}
	v := proofPage{page: p.page(r, called(feature)+" in "+t.Version, releasesPath), proofCell: p.proofCell(c, called), Parts: releaseParts(r), More: all - len(tests)}
	for _, x := range tests {
		row := testRow{TestHistory: x}
		for n, run := range x.Runs {
			if n == mostRuns {
				break
			}
			tone := map[release.TestOutcome]string{release.TestPassed: "good", release.TestFlaky: "warn", release.TestFailed: "bad", release.TestSkipped: "none"}[run.Outcome]
			row.Runs = append(row.Runs, testRun{TestInRun: run, Words: sentence(string(run.Outcome)), Tone: tone, Path: certifiedPath(t.Version) + "#report-" + run.Report[:12]})
		}
		v.Tests = append(v.Tests, row)
	}
	return p.render(w, r, "proof.html", 0, v)
}

// certificatePage is an edition of a certificate, as it was issued.
type certificatePage struct {
	page
	editionRow

	Parts []navItem
	Body  release.CertificateBody
	Cells []proofCell
	Same  bool // it recomputes to the same bytes
	Up    string
}

func (p *portal) showCertificate(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	platform, err := p.certifiedPlatform(r)
	if err != nil {
		return err
	}
	name, markdown := strings.CutSuffix(r.PathValue("edition"), ".md")
	edition, err := strconv.Atoi(name)
	if err != nil || edition < 1 {
		return noPage(r)
	}
	c, err := p.proofs().Certificate(ctx, platform, r.PathValue("version"), edition)
	if err != nil {
		return err
	}
	body, err := p.proofs().Body(ctx, c)
	if err != nil {
		return err
	}
	called := p.featureNames(ctx)
	if markdown {
		w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		return release.CertificateText{Certificate: c, Body: body, Feature: called}.WriteMarkdown(w)
	}
	v := certificatePage{
		page: p.page(r, "Certificate of "+c.Version, releasesPath), Parts: releaseParts(r), Body: body, Up: certifiedPath(c.Version),
		editionRow: editionRow{Certificate: c, Path: certifiedPath(c.Version, "certificates", itoa(c.Edition)), Changes: proofChanges(c.Changed, called)},
	}
	for _, x := range body.Cells {
		v.Cells = append(v.Cells, p.proofCell(x, called))
	}
	if v.Same, err = p.proofs().Verify(ctx, c); err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	return p.render(w, r, "certificate.html", 0, v)
}
