package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Issue certifies a version: all that is demanded of it is proven, or a person stands for
// it. What is lacking is named in the refusal. A person issues it; while an edition holds
// there is no need of another one.
func (n *Proofs) Issue(ctx context.Context, by servicecoin.Actor, platform PlatformID, version string) (Certificate, error) {
	if err := n.view.Ask(ctx, by, VerbIssueCertificate, CertificateRecord, testedID(platform, version)); err != nil {
		return Certificate{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) {
		v.ID("platform", string(platform))
		readVersion(v, "version", version)
		isPerson(v, by)
	})
	if err != nil {
		return Certificate{}, err
	}
	var out Certificate
	err = n.view.Do(ctx, func(tx store.View) error {
		n := n.On(tx)
		refuse := func(why string) error {
			return &servicecoin.RefusedError{Subject: n.view.Key(CertificateRecord, testedID(platform, version)), Verb: VerbIssueCertificate, Why: why}
		}
		t, err := n.Version(ctx, platform, version)
		switch {
		case errors.Is(err, servicecoin.ErrNotFound):
			return refuse("there is no evidence of " + version)
		case err != nil:
			return err
		case t.Certified:
			return refuse(fmt.Sprintf("edition %d holds", t.Edition))
		}
		sheet, err := n.Sheet(ctx, platform)
		if err != nil {
			return err
		}
		rules, err := n.demanded(ctx, platform, sheet.Rules, version)
		if err != nil {
			return err
		}
		b := CertificateBody{Rules: rules, Waivers: holding(sheet.Waivers, at)}
		if err := n.judgeNow(ctx, &b, t, at); err != nil {
			return err
		}
		var c Certificate
		if c.count(b.Cells); c.Features == 0 {
			return refuse("nothing is demanded of it: say what proves its features")
		}
		if lacking := b.lacking(); len(lacking) > 0 {
			return refuse(missingWords(lacking))
		}
		before, err := n.bodyBefore(ctx, t)
		if err != nil {
			return err
		}
		out, err = n.edition(ctx, by, at, t, &b, before, true)
		return err
	})
	return out, err
}

// missingWords names what keeps a version from being certified.
func missingWords(list []Cell) string {
	const most = 20
	var parts []string
	for n := range list {
		if n == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(list)-most))
			break
		}
		parts = append(parts, fmt.Sprintf("%s is %s (%s)", list[n].Feature, list[n].State, list[n].Why))
	}
	return strings.Join(parts, "; ")
}

// holding are the waivers that hold at an instant.
func holding(list []ProofWaiver, at time.Time) []ProofWaiver {
	var out []ProofWaiver
	for _, w := range list {
		if w.holds(at) {
			out = append(out, w)
		}
	}
	return out
}

// judgeNow fills in what is known of a version at an instant, and judges it.
func (n *Proofs) judgeNow(ctx context.Context, b *CertificateBody, t Tested, at time.Time) error {
	list, err := n.counting(ctx, t.Platform, t.Version, at)
	if err != nil {
		return err
	}
	b.Judge, b.Platform, b.Version, b.Build, b.AsOf, b.Edition = CertificateRules, t.Platform, t.Version, t.Build, at, t.Edition+1
	b.Evidence = list
	if b.Evidence == nil {
		b.Evidence = []Evidence{}
	}
	return n.recompute(ctx, b)
}

// recompute judges by the facts of a certificate.
func (n *Proofs) recompute(ctx context.Context, b *CertificateBody) error {
	p, err := NewProver(b.Rules)
	if err != nil {
		return err
	}
	s := NewSheet(p, b.Version, b.Build, b.AsOf)
	if err := n.fill(ctx, s, b.Evidence); err != nil {
		return err
	}
	b.judgeBody(s)
	return nil
}

// bodyBefore is what the last edition says; nil: there is none.
func (n *Proofs) bodyBefore(ctx context.Context, t Tested) (*CertificateBody, error) {
	if t.Edition == 0 {
		return nil, nil
	}
	c, err := n.Certificate(ctx, t.Platform, t.Version, t.Edition)
	if err != nil {
		return nil, err
	}
	b, err := n.Body(ctx, c)
	return &b, err
}

// edition keeps an edition, in the commit that supersedes the one before it.
func (n *Proofs) edition(ctx context.Context, by servicecoin.Actor, at time.Time, t Tested, b, before *CertificateBody, certified bool) (Certificate, error) {
	body, digest, err := b.bytes()
	if err != nil {
		return Certificate{}, err
	}
	parts, err := squeeze(body)
	if err != nil {
		return Certificate{}, err
	}
	c := Certificate{
		Platform: t.Platform, Version: t.Version, Edition: b.Edition, Certified: certified, Digest: digest, Parts: len(parts), IssuedAt: at, IssuedBy: by,
	}
	c.count(b.Cells)
	if before != nil {
		c.Changed, c.MoreChanged = changes(before.Cells, b.Cells, b.Rules, at)
		if _, err := store.Of(n.view, certificates).Update(ctx, certificateID(t.Platform, t.Version, t.Edition), func(c *Certificate) ([]store.Event, error) {
			c.SupersededAt = at
			return nil, nil
		}); err != nil {
			return Certificate{}, err
		}
	}
	if err := n.keepParts(ctx, certificateParts, digest, parts); err != nil {
		return Certificate{}, err
	}
	name := EventCertificateIssued
	if !certified {
		name = EventCertificateRevised
	}
	news := CertificateChanged{Platform: t.Platform, Version: t.Version, Edition: c.Edition, Certified: certified, Digest: digest}
	const most = 20
	for _, x := range b.lacking() {
		if len(news.Features) < most {
			news.Features = append(news.Features, x.Feature)
		}
	}
	e, err := store.Happened(by, name, news)
	if err != nil {
		return Certificate{}, err
	}
	if err := store.Of(n.view, certificates).Insert(ctx, c, e); err != nil {
		return Certificate{}, err
	}
	_, err = n.tested(ctx, t.Platform, t.Version, func(t *Tested) { t.Edition, t.Certified = c.Edition, certified })
	return c, err
}

// Revise looks whether a version that is certified still is, by the rules that its
// certificate was issued by, and what is known now. If not, it makes the next edition, which
// says what changed and since when. It says whether it did; a version that is not
// certified stays as it is.
func (n *Proofs) Revise(ctx context.Context, by servicecoin.Actor, platform PlatformID, version string) (c Certificate, revised bool, err error) {
	if err := n.view.Ask(ctx, by, VerbReviseCertificate, CertificateRecord, testedID(platform, version)); err != nil {
		return Certificate{}, false, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), nil)
	if err != nil {
		return Certificate{}, false, err
	}
	err = n.view.Do(ctx, func(tx store.View) error {
		n := n.On(tx)
		c, revised = Certificate{}, false
		t, err := n.Version(ctx, platform, version)
		if errors.Is(err, servicecoin.ErrNotFound) || err == nil && !t.Certified {
			return nil
		}
		if err != nil {
			return err
		}
		before, err := n.bodyBefore(ctx, t)
		if err != nil {
			return err
		}
		sheet, err := n.Sheet(ctx, platform)
		if err != nil {
			return err
		}
		b := CertificateBody{Rules: before.Rules, Waivers: holding(sheet.Waivers, at)}
		if err := n.judgeNow(ctx, &b, t, at); err != nil {
			return err
		}
		if len(b.lacking()) == 0 {
			return nil
		}
		revised = true
		c, err = n.edition(ctx, by, at, t, &b, before, false)
		return err
	})
	return c, revised, err
}

// Tend revises every certified version of a platform: evidence and waivers end by
// themselves. It says which versions are certified no more.
func (n *Proofs) Tend(ctx context.Context, by servicecoin.Actor, platform PlatformID) ([]Certificate, error) {
	var list []Tested
	for t, err := range store.Of(n.view, testeds).Find(store.By("certified", store.Text(platform))).All(ctx) {
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	var out []Certificate
	for _, t := range list {
		c, revised, err := n.Revise(ctx, by, platform, t.Version)
		if err != nil {
			return out, err
		}
		if revised {
			out = append(out, c)
		}
	}
	return out, nil
}

// Certificate returns an edition of a version's certificate.
func (n *Proofs) Certificate(ctx context.Context, platform PlatformID, version string, edition int) (Certificate, error) {
	return store.Of(n.view, certificates).Get(ctx, certificateID(platform, version, edition))
}

// Certificates lists the editions of a version's certificate, the first one first.
func (n *Proofs) Certificates(platform PlatformID, version string) store.Listing[Certificate] {
	return store.Of(n.view, certificates).Find(store.By("version", store.Text(platform), store.Text(Canonical(version))))
}

// Body returns what a certificate says.
func (n *Proofs) Body(ctx context.Context, c Certificate) (CertificateBody, error) {
	var b CertificateBody
	body, err := n.bodyBytes(ctx, c)
	if err != nil {
		return b, err
	}
	err = json.Unmarshal(body, &b)
	return b, err
}

func (n *Proofs) bodyBytes(ctx context.Context, c Certificate) ([]byte, error) {
	var parts [][]byte
	for k := range c.Parts {
		p, err := store.Of(n.view, certificateParts).Get(ctx, partID(c.Digest, k))
		if err != nil {
			return nil, err
		}
		parts = append(parts, p.Body)
	}
	return unsqueeze(parts)
}

// Verify reports whether a certificate recomputes to the same bytes: from the rules and
// waivers that it keeps, and the results of the reports that it names, which are still
// those that were taken in.
func (n *Proofs) Verify(ctx context.Context, c Certificate) (bool, error) {
	b, err := n.Body(ctx, c)
	if err != nil {
		return false, err
	}
	for k := range b.Evidence {
		whole, err := n.wholeResults(ctx, &b.Evidence[k])
		if err != nil || !whole {
			return false, err
		}
	}
	if err := n.recompute(ctx, &b); err != nil {
		return false, err
	}
	_, digest, err := b.bytes()
	return digest == c.Digest, err
}

// wholeResults reports whether the results of a report are those that were taken in.
func (n *Proofs) wholeResults(ctx context.Context, e *Evidence) (bool, error) {
	sum := sha256.New()
	for body, err := range n.bodies(ctx, e) {
		if err != nil {
			return false, err
		}
		_, _ = sum.Write(body) // it never fails
	}
	return hex.EncodeToString(sum.Sum(nil)) == e.Results, nil
}

// ReindexProofs brings the records of evidence and certificates into the indexes and the
// form of this release: see [store.Reindex].
func ReindexProofs(ctx context.Context, s *store.Store) (int, error) {
	return store.Reindex(ctx, s, proofSheets, evidences, resultParts, testeds, certificates, certificateParts)
}
