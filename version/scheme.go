package version

import (
	"fmt"
	"slices"
)

// Scheme is how an ecosystem writes and orders versions.
type Scheme string

// The schemes.
const (
	// SemVer is Semantic Versioning 2.0, read as [ParseLoose] does: npm, Go, Cargo, NuGet,
	// Hex and RubyGems as far as their versions are such.
	SemVer Scheme = "semver"
	// Maven is the order of ComparableVersion: 1.0-rc1 < 1.0-SNAPSHOT < 1.0 = 1 < 1.0-sp.
	Maven Scheme = "maven"
	// PyPI is PEP 440: epochs, pre-, post- and development releases, local versions.
	PyPI Scheme = "pypi"
)

// Schemes returns all of them.
func Schemes() []Scheme { return []Scheme{SemVer, Maven, PyPI} }

// Known reports whether it is one of the schemes.
func (s Scheme) Known() bool { return slices.Contains(Schemes(), s) }

// Compare returns -1 if a is older than b, 1 if it is newer, and 0 if neither is. A text
// that is no version of the scheme, and an unknown scheme, is an
// [*servicecoin.InvalidError]. It takes about a microsecond.
func (s Scheme) Compare(a, b string) (int, error) {
	for _, text := range []string{a, b} {
		if len(text) > MaxLength {
			return 0, invalid("too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), MaxLength))
		}
	}
	switch s {
	case SemVer:
		v, err := ParseLoose(a)
		if err != nil {
			return 0, err
		}
		w, err := ParseLoose(b)
		return v.Compare(w), err
	case Maven:
		return compareMaven(a, b)
	case PyPI:
		return comparePyPI(a, b)
	}
	return 0, invalid("unknown-scheme", string(s), "must be semver, maven or pypi")
}
