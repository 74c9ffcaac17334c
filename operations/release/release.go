// Package release models what a platform promises about itself: when it is released and
// whether that was kept, which features it has and who may use them, what proves that it
// does what it is supposed to, and which bindings keep up with its APIs.
//
// It answers: was the schedule honoured, and how late is it; which version does each
// customer run, until when is that supported, and what stands between it and the newest; is
// a critical fix with every customer, and was that in time? Who may use this feature, who
// is told of it, and what is missing before it can be promoted? Which features are proven
// in this version, by which tests, and is it certified? What broke between two revisions of
// an API, which bindings are behind, and who owns them?
//
// [Schedule] keeps platforms, their lines and releases: [Honoured] says how many came on
// the day that was promised first, [Findings] where they do not do what the philosophy
// says. [Installations] is what a customer runs and is pinned to, [Locate] says where that
// stands, [Fixes] and [RollOut] follow a critical flaw to the last customer, [Warnings] are
// what a customer is told to do about it.
//
// [Features] keeps features with a [Stage] for each line, and promotes them by a committed
// [Procedure]. One rule, [Audiences], says who may use one and who hears of it;
// [Access] is what a customer entered early, [News] what is told.
//
// [Proofs] takes evidence of test runs in, makes a [Matrix] of it, and issues certificates
// that recompute to the same bytes. [APIs] keeps what services offer to programs, and
// whether the bindings in each language keep up.
//
// # Errors
//
// A malformed document, plan or report is an [*servicecoin.InvalidError] with all that is
// wrong; what the state of a record forbids is a [*servicecoin.RefusedError].
package release

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/version"
)

// PlatformID names what is released as one: a platform, a product, a service that has
// versions of its own.
type PlatformID string

// FeatureID names a feature of a platform.
type FeatureID string

// readVersion reads a version as it is written, and adds to v what is wrong with it.
// Semantic and calendar versions are taken, with leading zeros: 1.27, v1.27.3, 24.04.
func readVersion(v *servicecoin.Violations, path, text string) version.Version {
	before := v.Len()
	v.Text(path, text, 1, version.MaxLength)
	if v.Len() > before {
		return version.Version{}
	}
	parsed, err := version.ParseLoose(text)
	wrong(v, path, err)
	return parsed
}

// readRange reads a range of versions, and adds to v what is wrong with a range of versions.
func readRange(v *servicecoin.Violations, path, text string) {
	before := v.Len()
	v.Text(path, text, 1, version.MaxRange)
	if v.Len() > before {
		return
	}
	_, err := version.ParseRange(text)
	wrong(v, path, err)
}

// wrong adds what cannot be read of one text under the path of that text.
func wrong(v *servicecoin.Violations, path string, err error) {
	if invalid, ok := errors.AsType[*servicecoin.InvalidError](err); ok {
		for _, x := range invalid.Violations {
			v.Add(path, x.Code, x.Value, x.Text)
		}
	}
}

// Canonical returns the one text of all ways to write a version, without its build: 1.27 and
// v1.27.0 are the same. What is no version is returned as it is.
func Canonical(text string) string {
	p, err := version.ParseLoose(text)
	if err != nil {
		return text
	}
	text = fmt.Sprintf("%d.%d.%d", p.Major, p.Minor, p.Patch)
	if p.Prerelease() != "" {
		text += "-" + p.Prerelease()
	}
	return text
}

// compare orders two versions that were read before; what cannot be read comes first.
func compare(a, b string) int {
	p, errA := version.ParseLoose(a)
	q, errB := version.ParseLoose(b)
	if errA != nil || errB != nil {
		return cmp.Or(-boolean(errA != nil)+boolean(errB != nil), cmp.Compare(a, b))
	}
	return p.Compare(q)
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
