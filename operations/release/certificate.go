package release

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/internal/house"
	"github.com/servicecoin/servicecoin/store"
)

// The kinds of records of certificates, in the provider's partition.
const (
	CertificateRecord     = "release.certificate"     // [Certificate]
	CertificateBodyRecord = "release.certificatebody" // what certificates say, in parts
)

// The verbs and events of certificates. The data of events is a [CertificateChanged].
const (
	VerbIssueCertificate    = "certificate.issue"
	VerbReviseCertificate   = "certificate.revise"
	EventCertificateIssued  = "certificate.issued"
	EventCertificateRevised = "certificate.revised" // what was certified is so no more
)

// CertificateChanged is the data of a certificate's event.
type CertificateChanged struct {
	Platform  PlatformID  `json:"platform"`
	Version   string      `json:"version"`
	Edition   int         `json:"edition"`
	Certified bool        `json:"certified"`
	Features  []FeatureID `json:"features,omitempty"` // that keep it from being certified; the first twenty
	Digest    string      `json:"digest"`
}

// CertificateRules names the rules by which this release of the library judges. A
// certificate says by which it was judged.
const CertificateRules = "1"

// Certificate says that all that is demanded of a version is proven or waived, or, in a
// later edition, that it is so no more. What it says stands beside it, with the facts that
// it was judged by: it recomputes to the same bytes.
type Certificate struct {
	Platform  PlatformID `json:"platform"`
	Version   string     `json:"version"`
	Edition   int        `json:"edition"`   // from 1
	Certified bool       `json:"certified"` // false: what was certified is so no more
	Digest    string     `json:"digest"`    // SHA-256 of what it says, in hexadecimal digits
	Parts     int        `json:"parts"`

	Features int `json:"features"` // that are demanded
	Proven   int `json:"proven"`
	Waived   int `json:"waived"`

	IssuedAt time.Time         `json:"issuedAt"`
	IssuedBy servicecoin.Actor `json:"issuedBy"`
	// Changed is what made this edition out of the one before it; the first fifty.
	Changed      []ChangedProof `json:"changed,omitempty"`
	MoreChanged  int            `json:"moreChanged,omitempty"`
	SupersededAt time.Time      `json:"supersededAt,omitzero"` // by the next edition
}

// ChangedProof is a feature that stands otherwise than in the edition before.
type ChangedProof struct {
	Feature FeatureID  `json:"feature"`
	From    ProofState `json:"from"`
	To      ProofState `json:"to"`
	Since   time.Time  `json:"since,omitzero"` // zero: it is not known
	Why     string     `json:"why"`
	Failing []string   `json:"failing,omitempty"`
}

// CertificateBody is what a certificate says, and the facts that it was judged by.
type CertificateBody struct {
	Judge    string        `json:"judge"` // [CertificateRules]
	Platform PlatformID    `json:"platform"`
	Version  string        `json:"version"`
	Edition  int           `json:"edition"`
	Build    string        `json:"build,omitempty"`
	AsOf     time.Time     `json:"asOf"`
	Rules    ProofRules    `json:"rules"`
	Waivers  []ProofWaiver `json:"waivers,omitempty"`
	Evidence []Evidence    `json:"evidence"`
	Cells    []Cell        `json:"cells"`
}

var certificates = store.Kind[Certificate]{
	Name: CertificateRecord, House: house.Own(), ID: func(c Certificate) string { return certificateID(c.Platform, c.Version, c.Edition) },
	Indexes: []store.Index[Certificate]{
		{Name: "version", Columns: "tti", Of: func(c Certificate) store.Tuple {
			return store.Tuple{store.Text(c.Platform), store.Text(Canonical(c.Version)), store.Int(c.Edition)}
		}},
		{Name: "issued", Columns: "tm", Of: func(c Certificate) store.Tuple {
			return store.Tuple{store.Text(c.Platform), store.Time(c.IssuedAt)}
		}},
	},
}

func certificateID(p PlatformID, version string, edition int) string {
	return store.JoinID(string(p), Canonical(version), fmt.Sprintf("%06d", edition))
}

var certificateParts = store.Kind[part]{Name: CertificateBodyRecord, House: house.Own(), ID: func(p part) string { return partID(p.Of, p.N) }}

// certificateFailing is how many failing tests a certificate names of a feature.
const certificateFailing = 5

// judgeBody computes what a certificate says from the facts in it and the results of its
// evidence, which are in the sheet.
func (b *CertificateBody) judgeBody(s *Sheet) {
	b.Cells = s.Cells(b.Waivers...)
	const text = 300
	for n := range b.Cells {
		c := &b.Cells[n]
		if len(c.Failing) > certificateFailing {
			c.MoreFailing += len(c.Failing) - certificateFailing
			c.Failing = c.Failing[:certificateFailing]
		}
		for k := range c.Failing {
			c.Failing[k] = cutText(c.Failing[k], text)
		}
	}
}

// bytes are what the certificate says, in the one form that its digest is of.
func (b *CertificateBody) bytes() ([]byte, string, error) {
	body, err := json.Marshal(b)
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(body)
	return body, hex.EncodeToString(sum[:]), nil
}

// lacking are the features that keep the version from being certified.
func (b *CertificateBody) lacking() []Cell {
	return slices.DeleteFunc(slices.Clone(b.Cells), func(c Cell) bool { return c.Holds() })
}

// count counts what is demanded into the certificate.
func (c *Certificate) count(cells []Cell) {
	c.Features, c.Proven, c.Waived = 0, 0, 0
	for n := range cells {
		if cells[n].Optional {
			continue
		}
		c.Features++
		switch cells[n].State {
		case IsProven:
			c.Proven++
		case IsWaived:
			c.Waived++
		case IsBroken, IsUnproven, IsExpired:
		}
	}
}

// changes are the demanded features that stand otherwise than before, and since when.
func changes(before, now []Cell, rules ProofRules, at time.Time) (list []ChangedProof, more int) {
	was := make(map[FeatureID]*Cell, len(before))
	for n := range before {
		was[before[n].Feature] = &before[n]
	}
	ages := make(map[FeatureID]time.Duration, len(rules.Proofs))
	for n := range rules.Proofs {
		if age, ok := rules.Proofs[n].MaxAge.Get(); ok {
			ages[rules.Proofs[n].Feature] = age
		}
	}
	const most = 50
	for n := range now {
		c := &now[n]
		old, ok := was[c.Feature]
		if c.Optional || ok && old.State == c.State {
			continue
		}
		if len(list) == most {
			more++
			continue
		}
		x := ChangedProof{Feature: c.Feature, To: c.State, Why: c.Why, Failing: c.Failing, Since: at}
		if ok {
			x.From = old.State
		}
		switch {
		case c.State == IsBroken && !c.Newest.IsZero():
			x.Since = c.Newest
		case c.State == IsExpired && !c.Newest.IsZero() && ages[c.Feature] > 0 && c.Newest.Add(ages[c.Feature]).Before(at):
			x.Since = c.Newest.Add(ages[c.Feature])
		}
		list = append(list, x)
	}
	return list, more
}

// squeeze packs what a certificate says into parts.
func squeeze(body []byte) ([][]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	const size, most = 150 << 10, 4
	parts := slices.Collect(slices.Chunk(out.Bytes(), size))
	if len(parts) > most {
		var v servicecoin.Violations
		v.Add("", "too-large", "", fmt.Sprintf("a certificate has %d bytes, packed; %d are allowed", out.Len(), most*size))
		return nil, v.Err()
	}
	return parts, nil
}

// unsqueeze is the way back.
func unsqueeze(parts [][]byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(bytes.Join(parts, nil)))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(z, mostUnpack))
	if err != nil {
		return nil, err
	}
	return body, z.Close()
}
