package main

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/version"
)

// certificationArea is what proves that the platform does what it is supposed to.
func (p *portal) certificationArea() area {
	return area{
		pages: map[string]route{
			"GET /certification":                                  {providers, p.showMatrix},
			"GET /certification/import":                           {providers, p.showTakeReport},
			"POST /certification/import":                          {providers, p.takeReport},
			"GET /certification/{version}":                        {providers, p.showCertified},
			"POST /certification/{version}/{verb}":                {providers, p.changeCertified},
			"GET /certification/{version}/features/{feature}":     {providers, p.showProof},
			"GET /certification/{version}/certificates/{edition}": {providers, p.showCertificate},
		},
		done: map[string]string{
			"report-new": "The report is taken in. If it breaks what was certified, the certificate has a new edition.", "report-same": "Nothing is changed: this report was taken in before.",
			"certificate-issue": "The certificate is issued, in your name.", "certificate-retract": "The report counts no more. It stays on record.", "certificate-waive": "You stand for it until then, by name.", "certificate-endWaiver": "Nobody stands for it any more.",
		},
	}
}

func certifiedPath(version string, parts ...string) string {
	path := []string{certificationPath, url.PathEscape(version)}
	for _, part := range parts {
		path = append(path, url.PathEscape(part))
	}
	return strings.Join(path, "/")
}

// proofs are those of the portal.
func (p *portal) proofs() *release.Proofs { return p.Releases().Proofs() }

// certifiedPlatform is the platform that a page is about: the one that is asked for, or the
// first one of the schedule.
func (p *portal) certifiedPlatform(r *http.Request) (release.PlatformID, error) {
	if id := r.URL.Query().Get("platform"); id != "" {
		return release.PlatformID(id), nil
	}
	list, err := collect(p.Releases().Schedule().Platforms().All(r.Context()))
	if err != nil || len(list) == 0 {
		return demoPlatform, err
	}
	return list[0].ID, nil
}

// proofWords is a state for people, and its colour.
func proofWords(s release.ProofState) (words, tone string) {
	switch s {
	case release.IsProven:
		return "Proven", "good"
	case release.IsWaived:
		return "Waived", "info"
	case release.IsExpired:
		return "Expired", "warn"
	case release.IsBroken:
		return "Broken", "bad"
	case release.IsUnproven:
	}
	return "Unproven", "none"
}

// proofCell is how a feature stands in a version, as the matrix shows it.
type proofCell struct {
	release.Cell

	Path, Called, Words, Tone, Was string
}

func (p *portal) proofCell(c release.Cell, called func(release.FeatureID) string) proofCell {
	x := proofCell{Cell: c, Path: certifiedPath(c.Version, "features", string(c.Feature)), Called: called(c.Feature)}
	x.Words, x.Tone = proofWords(c.State)
	if c.Was != "" {
		was, _ := proofWords(c.Was)
		x.Was = strings.ToLower(was)
	}
	return x
}

// testedVersion is a version at the head of the matrix.
type testedVersion struct {
	release.Tested

	Path, Words, Tone string
}

func testedWords(t release.Tested) testedVersion {
	x := testedVersion{Tested: t, Path: certifiedPath(t.Version), Words: "Not certified", Tone: "none"}
	switch {
	case t.Certified:
		x.Words, x.Tone = "Certified", "good"
	case t.Edition > 0:
		x.Words, x.Tone = "Certified no more", "bad"
	}
	return x
}

type matrixPage struct {
	page

	Parts    []navItem
	Versions []testedVersion
	Rows     []matrixRow
	Rules    []ruleRow
	Flaky    bool // a flaky test breaks
	Reports  []reportRow
	More     int // older versions that are not shown
}

type matrixRow struct {
	Called string
	Cells  []proofCell
}

// ruleRow is what proves a feature, in words.
type ruleRow struct {
	Called string
	Tests  []string
	Needs  []string
}

// reportRow is a report that was taken in.
type reportRow struct {
	release.Evidence

	Path, Called string
	At           time.Time
}

func reportRowOf(e release.Evidence) reportRow {
	at := e.RanAt
	if at.IsZero() {
		at = e.TakenAt
	}
	return reportRow{Evidence: e, Path: certifiedPath(e.Version) + "#report-" + e.Report[:12], Called: cmp.Or(e.Name, e.Producer, e.Form, "a report"), At: at}
}

// Short is the beginning of the digest, which is enough to tell reports apart.
func (r reportRow) Short() string { return r.Report[:12] }

// rulesOf says in words what proves what.
func rulesOf(rules release.ProofRules, called func(release.FeatureID) string) []ruleRow {
	var list []ruleRow
	for _, x := range rules.Proofs {
		row := ruleRow{Called: called(x.Feature)}
		for _, t := range x.Tests {
			var parts []string
			for _, f := range []struct{ name, text string }{{"suite", t.Suite}, {"package", t.Package}, {"class", t.Class}, {"name", t.Name}, {"property", t.Property}} {
				if f.text != "" {
					parts = append(parts, f.name+" "+f.text)
				}
			}
			row.Tests = append(row.Tests, strings.Join(parts, ", "))
		}
		if age, ok := x.MaxAge.Get(); ok {
			row.Needs = append(row.Needs, "not older than "+plural(int(age/day), "day"))
		}
		if len(x.Environments) > 0 {
			row.Needs = append(row.Needs, "in "+strings.Join(x.Environments, " and "))
		}
		switch {
		case x.Optional:
			row.Needs = append(row.Needs, "it need not be proven")
		case x.From != "":
			row.Needs = append(row.Needs, "from "+x.From.Words()+" on")
		}
		list = append(list, row)
	}
	return list
}

func (p *portal) showMatrix(w http.ResponseWriter, r *http.Request) error {
	const mostVersions, mostReports = 6, 10
	ctx := r.Context()
	v := matrixPage{page: p.page(r, "Certification", releasesPath), Parts: releaseParts(r)}
	platform, err := p.certifiedPlatform(r)
	if err != nil {
		return err
	}
	tested, err := collect(p.proofs().Versions(platform).All(ctx))
	if err != nil {
		return err
	}
	slices.SortFunc(tested, func(a, b release.Tested) int { return -compareVersions(a.Version, b.Version) })
	if v.More = len(tested) - mostVersions; v.More > 0 && r.URL.Query().Get("show") != "all" {
		tested = tested[:mostVersions]
	} else {
		v.More = 0
	}
	var versions []string
	for _, t := range tested {
		versions = append(versions, t.Version)
		v.Versions = append(v.Versions, testedWords(t))
	}
	called := p.featureNames(ctx)
	m, err := p.proofs().Matrix(ctx, platform, v.Now, versions...)
	if err != nil {
		return err
	}
	for _, row := range m.Rows {
		x := matrixRow{Called: called(row.Feature)}
		for _, c := range row.Cells {
			x.Cells = append(x.Cells, p.proofCell(c, called))
		}
		v.Rows = append(v.Rows, x)
	}
	sheet, err := p.proofs().Sheet(ctx, platform)
	if err != nil {
		return err
	}
	v.Rules, v.Flaky = rulesOf(sheet.Rules, called), sheet.Rules.Flaky == release.FlakyBreaks
	last, err := p.proofs().Taken(platform).Page(ctx, "", mostReports)
	if err != nil {
		return err
	}
	for _, item := range last.Items {
		v.Reports = append(v.Reports, reportRowOf(item.Value))
	}
	return p.render(w, r, "certification.html", 0, v)
}

// compareVersions orders versions; what is none comes first.
func compareVersions(a, b string) int {
	x, errX := version.ParseLoose(a)
	y, errY := version.ParseLoose(b)
	if errX != nil || errY != nil {
		return cmp.Compare(a, b)
	}
	return x.Compare(y)
}
