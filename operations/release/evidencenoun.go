package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/lifecycle"
	"github.com/servicecoin/servicecoin/store"
)

// Proofs keeps what proves the features of platforms, the reports of test runs, and the
// certificates: over a view of the provider's partition.
type Proofs struct{ view store.View }

// NewProofs returns the proofs of a view of the provider's partition; of another one, the
// first call says so.
func NewProofs(view store.View) *Proofs { return &Proofs{view: view.OfProvider("proofs")} }

// On returns the same proofs over another view.
func (n *Proofs) On(view store.View) *Proofs { return NewProofs(view) }

// Set says what proves the features of a platform, in place of what did. What was said is
// kept by the certificates that were issued by it. Waivers stay.
func (n *Proofs) Set(ctx context.Context, by servicecoin.Actor, platform PlatformID, rules ProofRules) (ProofSheet, error) {
	if err := n.view.Ask(ctx, by, VerbSetProofs, ProofsRecord, string(platform)); err != nil {
		return ProofSheet{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) {
		v.ID("platform", string(platform))
		v.Merge("", rules.Validate())
		if v.Len() == 0 {
			lifecycle.Room(v, "", rules, mostRulesBody)
		}
	})
	if err != nil {
		return ProofSheet{}, err
	}
	return n.change(ctx, by, at, platform, EventProofsSet, "", func(s *ProofSheet) error {
		s.Rules = rules
		return nil
	})
}

// change changes the sheet of a platform, which may be new.
func (n *Proofs) change(ctx context.Context, by servicecoin.Actor, at time.Time, platform PlatformID, event string, feature FeatureID, rule func(s *ProofSheet) error) (ProofSheet, error) {
	var out ProofSheet
	err := n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, proofSheets).Item(ctx, string(platform))
		if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
			return err
		}
		s := item.Value
		s.Platform = platform
		if err := rule(&s); err != nil {
			return err
		}
		s.ChangedAt, s.ChangedBy = at, by
		e, err := store.Happened(by, event, EvidenceChanged{Platform: platform, Feature: feature})
		if err != nil {
			return err
		}
		out = s
		return store.Of(tx, proofSheets).Put(ctx, s, item.Version, e)
	})
	return out, err
}

// Sheet returns what proves the features of a platform; one of which nothing was said has
// an empty one.
func (n *Proofs) Sheet(ctx context.Context, platform PlatformID) (ProofSheet, error) {
	s, err := store.Of(n.view, proofSheets).Get(ctx, string(platform))
	if errors.Is(err, servicecoin.ErrNotFound) {
		return ProofSheet{Platform: platform}, nil
	}
	return s, err
}

// Waive lets a feature go without proof, in one version ("": in all), from now until an
// instant: whoever says so, a person, stands for it. It replaces what was waived of the
// same feature and version; what is over by then is left out.
func (n *Proofs) Waive(ctx context.Context, by servicecoin.Actor, platform PlatformID, w ProofWaiver) (ProofSheet, error) {
	if err := n.view.Ask(ctx, by, VerbWaiveProof, ProofsRecord, string(platform)); err != nil {
		return ProofSheet{}, err
	}
	w.By, w.Until = by.ID, lifecycle.Instant(w.Until)
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) {
		w.From = servicecoin.Instant(n.view.Now())
		v.ID("platform", string(platform))
		isPerson(v, by)
		v.Merge("", w.Validate())
	})
	if err != nil {
		return ProofSheet{}, err
	}
	return n.change(ctx, by, at, platform, EventProofWaived, w.Feature, func(s *ProofSheet) error {
		s.Waivers = slices.DeleteFunc(slices.Clone(s.Waivers), func(x ProofWaiver) bool {
			return !at.Before(x.Until) || x.Feature == w.Feature && Canonical(x.Version) == Canonical(w.Version)
		})
		s.Waivers = append(s.Waivers, w)
		var v servicecoin.Violations
		const most = 500
		v.Limit("waivers", len(s.Waivers), most)
		lifecycle.Room(&v, "", s, mostRulesBody+mostRulesBody/8)
		return v.Err()
	})
}

// EndWaiver ends what was waived of a feature and version now.
func (n *Proofs) EndWaiver(ctx context.Context, by servicecoin.Actor, platform PlatformID, feature FeatureID, version string) (ProofSheet, error) {
	if err := n.view.Ask(ctx, by, VerbEndProofWaiver, ProofsRecord, string(platform)); err != nil {
		return ProofSheet{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), nil)
	if err != nil {
		return ProofSheet{}, err
	}
	return n.change(ctx, by, at, platform, EventProofWaiverEnded, feature, func(s *ProofSheet) error {
		k := slices.IndexFunc(s.Waivers, func(x ProofWaiver) bool {
			return x.Feature == feature && Canonical(x.Version) == Canonical(version) && at.Before(x.Until)
		})
		if k < 0 {
			return &servicecoin.RefusedError{Subject: n.view.Key(ProofsRecord, string(platform)), Verb: VerbEndProofWaiver, Why: fmt.Sprintf("nobody stands for %s", feature)}
		}
		s.Waivers = slices.Delete(slices.Clone(s.Waivers), k, k+1)
		return nil
	})
}

func isPerson(v *servicecoin.Violations, by servicecoin.Actor) {
	if by.Kind != servicecoin.Human {
		v.Add("by.kind", "not-a-person", string(by.Kind), "a person says so")
	}
}

// Identify says what a version is, by the commit or the digest of its artefact: evidence of
// another build proves nothing of it. "" takes that back.
func (n *Proofs) Identify(ctx context.Context, by servicecoin.Actor, platform PlatformID, version, build string) (Tested, error) {
	if err := n.view.Ask(ctx, by, VerbIdentifyBuild, TestedRecord, testedID(platform, version)); err != nil {
		return Tested{}, err
	}
	if _, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) {
		v.ID("platform", string(platform))
		readVersion(v, "version", version)
		v.Text("build", build, 0, mostBuild)
	}); err != nil {
		return Tested{}, err
	}
	var out Tested
	err := n.view.Do(ctx, func(tx store.View) error {
		e, err := store.Happened(by, EventBuildIdentified, EvidenceChanged{Platform: platform, Version: version})
		if err != nil {
			return err
		}
		out, err = n.On(tx).tested(ctx, platform, version, func(t *Tested) { t.Build = build }, e)
		return err
	})
	return out, err
}

// tested changes the record of a version, which may be new.
func (n *Proofs) tested(ctx context.Context, platform PlatformID, version string, change func(t *Tested), events ...store.Event) (Tested, error) {
	item, err := store.Of(n.view, testeds).Item(ctx, testedID(platform, version))
	if err != nil && !errors.Is(err, servicecoin.ErrNotFound) {
		return Tested{}, err
	}
	t := item.Value
	if item.Version == 0 {
		t.Platform, t.Version = platform, version
	}
	change(&t)
	return t, store.Of(n.view, testeds).Put(ctx, t, item.Version, events...)
}

// Take takes a report in, and says whether it is new: the same one again changes nothing.
// A report that was taken in for another version, environment or build is refused, unless
// it was retracted: then it is taken in anew, and what was retracted stays on record.
// Results are kept before the report itself, in commits of
// their own, unless it is part of a unit of work: then all of it must have room there.
func (n *Proofs) Take(ctx context.Context, by servicecoin.Actor, e Evidence, results iter.Seq[*TestResult]) (taken Evidence, fresh bool, err error) {
	if err := n.view.Ask(ctx, by, VerbTakeEvidence, EvidenceRecord, e.Report); err != nil {
		return Evidence{}, false, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), func(v *servicecoin.Violations) { v.Merge("", e.Validate()) })
	if err != nil {
		return Evidence{}, false, err
	}
	known, err := n.Get(ctx, e.Report)
	switch {
	case err == nil && known.Retracted(): // it may be taken in again
	case err == nil:
		err := n.sameEvidence(&known, &e)
		return known, false, err
	case !errors.Is(err, servicecoin.ErrNotFound):
		return Evidence{}, false, err
	}
	parts, counts, wholes, err := pack(results)
	if err != nil {
		return Evidence{}, false, err
	}
	e.RanAt, e.TakenAt, e.TakenBy = lifecycle.Instant(e.RanAt), at, by
	e.RetractedAt, e.RetractedBy, e.Reason = time.Time{}, servicecoin.Actor{}, ""
	e.Counts, e.Wholes, e.Parts = counts, wholes, len(parts)
	sum := sha256.New()
	for _, body := range parts {
		_, _ = sum.Write(body) // it never fails
	}
	e.Results = hex.EncodeToString(sum.Sum(nil))
	if err := n.keepParts(ctx, resultParts, e.Results, parts); err != nil {
		return Evidence{}, false, err
	}
	err = n.view.Do(ctx, func(tx store.View) error {
		item, err := store.Of(tx, evidences).Item(ctx, e.Report)
		switch {
		case err == nil && item.Value.Retracted():
			was := item.Value
			was.Replaced = true
			if err := store.Of(tx, evidences).Insert(ctx, was); err != nil {
				return err
			}
		case err == nil:
			err := n.sameEvidence(&item.Value, &e)
			e, fresh = item.Value, false
			return err
		case !errors.Is(err, servicecoin.ErrNotFound):
			return err
		}
		fresh = true
		event, err := store.Happened(by, EventEvidenceTaken, e.changed())
		if err != nil {
			return err
		}
		if err := store.Of(tx, evidences).Put(ctx, e, item.Version, event); err != nil {
			return err
		}
		_, err = n.On(tx).tested(ctx, e.Platform, e.Version, func(t *Tested) {
			t.Reports++
			t.Last = at
		})
		return err
	})
	return e, fresh, err
}

func (e *Evidence) changed() EvidenceChanged {
	return EvidenceChanged{Platform: e.Platform, Version: e.Version, Report: e.Report, Environment: e.Environment, Counts: e.Counts}
}

// sameEvidence refuses what is known as something else.
func (n *Proofs) sameEvidence(known, e *Evidence) error {
	var why string
	switch {
	case known.Platform != e.Platform || compare(known.Version, e.Version) != 0:
		why = fmt.Sprintf("it was taken in for %s %s", known.Platform, known.Version)
	case known.Environment != e.Environment:
		why = fmt.Sprintf("it was taken in for the environment %q", known.Environment)
	case known.Build != e.Build:
		why = fmt.Sprintf("it was taken in for the build %q", known.Build)
	default:
		return nil
	}
	return &servicecoin.RefusedError{Subject: n.view.Key(EvidenceRecord, e.Report), Verb: VerbTakeEvidence, Why: why}
}

// keepParts keeps parts, a few in a commit. They are known by what is in them: those that
// are there are the same.
func (n *Proofs) keepParts(ctx context.Context, kind store.Kind[part], of string, parts [][]byte) error {
	const atOnce = 4
	for from := 0; from < len(parts); from += atOnce {
		err := n.view.Do(ctx, func(tx store.View) error {
			for k := from; k < min(from+atOnce, len(parts)); k++ {
				_, err := store.Of(tx, kind).Get(ctx, partID(of, k))
				switch {
				case err == nil:
					continue
				case !errors.Is(err, servicecoin.ErrNotFound):
					return err
				}
				if err := store.Of(tx, kind).Insert(ctx, part{of, k, parts[k]}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Retract takes a report back, one of the wrong environment, say: it counts no more, and
// stays on record.
func (n *Proofs) Retract(ctx context.Context, by servicecoin.Actor, report, reason string) (Evidence, error) {
	if err := n.view.Ask(ctx, by, VerbRetractEvidence, EvidenceRecord, report); err != nil {
		return Evidence{}, err
	}
	at, err := lifecycle.Check(by, n.view.Now(), lifecycle.Because(reason, mostNote))
	if err != nil {
		return Evidence{}, err
	}
	return store.Of(n.view, evidences).Update(ctx, report, func(e *Evidence) ([]store.Event, error) {
		if e.Retracted() {
			return nil, &servicecoin.RefusedError{Subject: n.view.Key(EvidenceRecord, report), Verb: VerbRetractEvidence, Why: "it was retracted at " + lifecycle.Stamp(e.RetractedAt)}
		}
		e.RetractedAt, e.RetractedBy, e.Reason = at, by, reason
		event, err := store.Happened(by, EventEvidenceRetracted, e.changed())
		return []store.Event{event}, err
	})
}

// Get returns a report that was taken in, by its digest.
func (n *Proofs) Get(ctx context.Context, report string) (Evidence, error) {
	return store.Of(n.view, evidences).Get(ctx, report)
}

// Evidence lists the reports of a version, the retracted ones too, as they were taken in.
func (n *Proofs) Evidence(platform PlatformID, version string) store.Listing[Evidence] {
	return store.Of(n.view, evidences).Find(store.By("version", store.Text(platform), store.Text(Canonical(version))))
}

// Taken lists the reports of a platform, the one that was taken in last first.
func (n *Proofs) Taken(platform PlatformID) store.Listing[Evidence] {
	return store.Of(n.view, evidences).Find(store.By("taken", store.Text(platform)).Descending())
}

// Versions lists the versions of a platform of which there is evidence, by their texts.
func (n *Proofs) Versions(platform PlatformID) store.Listing[Tested] {
	return store.Of(n.view, testeds).Find(store.By("platform", store.Text(platform)))
}

// Version returns what is known of a version of which there is evidence.
func (n *Proofs) Version(ctx context.Context, platform PlatformID, version string) (Tested, error) {
	return store.Of(n.view, testeds).Get(ctx, testedID(platform, version))
}

// bodies yields the parts of a report's results. They are listed, not got: they never
// change, and a unit of work has no room for as many checks as a version has reports.
func (n *Proofs) bodies(ctx context.Context, e *Evidence) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if e.Parts == 0 {
			return
		}
		next := 0
		for p, err := range store.Of(n.view, resultParts).Find(store.Under(e.Results)).All(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			if p.N != next {
				break
			}
			if next++; !yield(p.Body, nil) || next == e.Parts {
				return
			}
		}
		_, err := store.Of(n.view, resultParts).Get(ctx, partID(e.Results, next)) // says which is missing
		yield(nil, err)
	}
}

// Results yields the results of a report that was taken in; the value is used again for
// the next one.
func (n *Proofs) Results(ctx context.Context, e Evidence) iter.Seq2[*TestResult, error] {
	return func(yield func(*TestResult, error) bool) {
		for body, err := range n.bodies(ctx, &e) {
			if err != nil {
				yield(nil, err)
				return
			}
			more := true
			err = unpack(body, func(r *TestResult) { more = more && yield(r, nil) })
			if err != nil {
				yield(nil, err)
				return
			}
			if !more {
				return
			}
		}
	}
}
