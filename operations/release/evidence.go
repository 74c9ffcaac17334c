package release

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records of evidence, in the provider's partition.
const (
	ProofsRecord   = "release.proofs"   // [ProofSheet], what proves the features of a platform
	EvidenceRecord = "release.evidence" // [Evidence], a report that was taken in
	ResultsRecord  = "release.results"  // its results, in parts
	TestedRecord   = "release.tested"   // [Tested], a version of which there is evidence
)

// The verbs of evidence.
const (
	VerbSetProofs       = "proofs.set"
	VerbTakeEvidence    = "evidence.take"
	VerbRetractEvidence = "evidence.retract"
	VerbIdentifyBuild   = "version.identify"
	VerbWaiveProof      = "proof.waive"
	VerbEndProofWaiver  = "proof.endWaiver"
)

// The events of evidence. Their data is an [EvidenceChanged].
const (
	EventEvidenceTaken     = "evidence.taken"
	EventEvidenceRetracted = "evidence.retracted"
	EventBuildIdentified   = "version.identified"
	EventProofsSet         = "proofs.set"
	EventProofWaived       = "proof.waived"
	EventProofWaiverEnded  = "proof.waiverEnded"
)

// EvidenceChanged is the data of an event of evidence. Of rules and waivers it has no
// report, and of rules no version.
type EvidenceChanged struct {
	Platform    PlatformID `json:"platform"`
	Version     string     `json:"version,omitempty"`
	Feature     FeatureID  `json:"feature,omitempty"` // of a waiver
	Report      string     `json:"report,omitempty"`  // its digest
	Environment string     `json:"environment,omitempty"`
	Counts      TestCounts `json:"counts"`
}

// Evidence ties what a test run found to a version of a platform and an environment. The
// results stand in parts beside it.
type Evidence struct {
	Report      string     `json:"report"` // the SHA-256 of its bytes, 64 hexadecimal digits in small letters
	Platform    PlatformID `json:"platform"`
	Version     string     `json:"version"` // that was tested, as written first
	Environment string     `json:"environment,omitempty"`
	Build       string     `json:"build,omitempty"` // what was tested: a commit, the digest of an artefact
	Name        string     `json:"name,omitempty"`  // of the file
	Form        string     `json:"form,omitempty"`
	Producer    string     `json:"producer,omitempty"`
	Host        string     `json:"host,omitempty"`
	RanBy       string     `json:"ranBy,omitempty"` // who or what ran it, where that is said
	RanAt       time.Time  `json:"ranAt,omitzero"`
	Incomplete  string     `json:"incomplete,omitempty"` // why it did not come to its end; "": it did
	Notes       []string   `json:"notes,omitempty"`      // what looks wrong in it

	Counts  TestCounts `json:"counts"`
	Wholes  int        `json:"wholes,omitempty"` // suites that failed as a whole
	Parts   int        `json:"parts"`
	Results string     `json:"results"` // the SHA-256 of all parts

	TakenAt     time.Time         `json:"takenAt"`
	TakenBy     servicecoin.Actor `json:"takenBy"`
	RetractedAt time.Time         `json:"retractedAt,omitzero"` // it counts no more, and stays on record
	RetractedBy servicecoin.Actor `json:"retractedBy,omitzero"`
	Reason      string            `json:"reason,omitempty"` // why it was retracted
	// Replaced says that the same report was taken in again, for something else, after it was
	// retracted.
	Replaced bool `json:"replaced,omitempty"`
}

// Retracted reports whether it counts no more.
func (e *Evidence) Retracted() bool { return !e.RetractedAt.IsZero() }

// Limits of evidence.
const (
	mostBuild   = 200
	mostNotes   = 20
	mostNote    = 500
	mostResults = 1_000_000
	mostParts   = 2000
)

// Validate reports every violation of what is said with a report.
func (e *Evidence) Validate() error {
	var v servicecoin.Violations
	const digits = 64
	if len(e.Report) != digits || strings.Trim(e.Report, "0123456789abcdef") != "" {
		v.Add("report", "bad-format", e.Report, "must be 64 hexadecimal digits in small letters")
	}
	v.ID("platform", string(e.Platform))
	readVersion(&v, "version", e.Version)
	v.Text("environment", e.Environment, 0, mostEnvironment)
	v.Text("build", e.Build, 0, mostBuild)
	for _, f := range []struct{ name, text string }{{"name", e.Name}, {"form", e.Form}, {"producer", e.Producer}, {"host", e.Host}, {"ranBy", e.RanBy}, {"incomplete", e.Incomplete}} {
		v.Text(f.name, f.text, 0, mostNote)
	}
	if v.Limit("notes", len(e.Notes), mostNotes) {
		for n, text := range e.Notes {
			v.Text(fmt.Sprintf("notes[%d]", n), text, 0, mostNote)
		}
	}
	return v.Err()
}

// Tested is a version of a platform of which there is evidence.
type Tested struct {
	Platform PlatformID `json:"platform"`
	Version  string     `json:"version"`
	Build    string     `json:"build,omitempty"` // what the version is: evidence of another one proves nothing of it
	Reports  int        `json:"reports"`         // taken in, the retracted ones among them
	Last     time.Time  `json:"last,omitzero"`   // when the last one was

	Edition   int  `json:"edition,omitempty"`   // of its last certificate; 0: it has none
	Certified bool `json:"certified,omitempty"` // by that edition
}

// ProofSheet is what proves the features of a platform, and for which of them somebody
// stands without proof.
type ProofSheet struct {
	Platform  PlatformID        `json:"platform"`
	Rules     ProofRules        `json:"rules"`
	Waivers   []ProofWaiver     `json:"waivers,omitempty"`
	ChangedAt time.Time         `json:"changedAt"`
	ChangedBy servicecoin.Actor `json:"changedBy"`
}

var proofSheets = store.Kind[ProofSheet]{Name: ProofsRecord, House: house.Own(), ID: func(s ProofSheet) string { return string(s.Platform) }}

var evidences = store.Kind[Evidence]{
	Name: EvidenceRecord, House: house.Own(),
	ID: func(e Evidence) string {
		if e.Replaced {
			return store.JoinID(e.Report, strconv.FormatInt(e.TakenAt.UnixMicro(), 10))
		}
		return e.Report
	},
	Indexes: []store.Index[Evidence]{
		{Name: "version", Columns: "ttm", Of: func(e Evidence) store.Tuple {
			return store.Tuple{store.Text(e.Platform), store.Text(Canonical(e.Version)), store.Time(e.TakenAt)}
		}},
		{Name: "taken", Columns: "tm", Of: func(e Evidence) store.Tuple { return store.Tuple{store.Text(e.Platform), store.Time(e.TakenAt)} }},
	},
}

// part is a piece of something that is too large for one record, packed.
type part struct {
	Of   string `json:"of"`
	N    int    `json:"n"`
	Body []byte `json:"body"`
}

func partID(of string, n int) string { return store.JoinID(of, fmt.Sprintf("%06d", n)) }

var resultParts = store.Kind[part]{Name: ResultsRecord, House: house.Own(), ID: func(p part) string { return partID(p.Of, p.N) }}

func testedID(p PlatformID, version string) string {
	return store.JoinID(string(p), Canonical(version))
}

var testeds = store.Kind[Tested]{
	Name: TestedRecord, House: house.Own(), ID: func(t Tested) string { return testedID(t.Platform, t.Version) },
	Indexes: []store.Index[Tested]{
		{Name: "platform", Columns: "tt", Of: func(t Tested) store.Tuple {
			return store.Tuple{store.Text(t.Platform), store.Text(Canonical(t.Version))}
		}},
		{Name: "certified", Columns: "t", Of: func(t Tested) store.Tuple {
			if !t.Certified {
				return nil
			}
			return store.Tuple{store.Text(t.Platform)}
		}},
	},
}
