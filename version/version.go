// Package version orders the versions of software, and tells which of them a range
// holds.
//
// It answers: is this version newer than that one; is it inside of ">=1.2 <2 || ^3.1";
// which of two Maven or Python releases is the newer one?
//
// [Version] is a version as Semantic Versioning 2.0 has it, [Range] is what people write
// to name several. A [Scheme] compares texts as an ecosystem does that has another order.
// All of them are plain values that never change.
package version

import (
	"cmp"
	"encoding"
	"fmt"
	"strconv"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// MaxLength is how many bytes a version may have.
const MaxLength = 256

// Version is a version as Semantic Versioning 2.0 has it. The zero value is 0.0.0. Two
// versions that differ in their build alone compare as equal, and are not equal by ==.
type Version struct {
	Major, Minor, Patch uint64

	pre   string // without the hyphen
	build string // without the plus
}

var (
	_ encoding.TextMarshaler   = Version{}
	_ encoding.TextUnmarshaler = (*Version)(nil)
)

// Parse reads a version that is written as the standard says: three numbers without
// leading zeros, a pre-release, a build.
func Parse(text string) (Version, error) { return parse(text, false) }

// ParseLoose reads what people call a version: a leading v, one or two numbers and
// leading zeros are taken, too. What it returns is written as the standard says.
func ParseLoose(text string) (Version, error) { return parse(text, true) }

// New returns a version of three numbers.
func New(major, minor, patch uint64) Version {
	return Version{Major: major, Minor: minor, Patch: patch}
}

func parse(text string, loose bool) (Version, error) {
	if len(text) > MaxLength {
		return Version{}, invalid("too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), MaxLength))
	}
	p := parser{text: text, rest: text, loose: loose}
	v, err := p.version()
	if err != nil {
		return Version{}, err
	}
	if p.rest != "" {
		return Version{}, p.wrong("is more than a version")
	}
	return v, nil
}

func invalid(code, value, text string) error {
	var v servicecoin.Violations
	v.Add("version", code, value, text)
	return v.Err()
}

// parser reads a version from the beginning of rest.
type parser struct {
	text, rest string
	loose      bool
}

func (p *parser) wrong(what string) error {
	return invalid("bad-version", p.text, fmt.Sprintf("column %d: %q %s", len(p.text)-len(p.rest)+1, p.rest, what))
}

func (p *parser) skip(prefix byte) bool {
	if p.rest == "" || p.rest[0] != prefix {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *parser) version() (Version, error) {
	var v Version
	if p.loose {
		p.skip('v')
	}
	for n, part := range []*uint64{&v.Major, &v.Minor, &v.Patch} {
		if n > 0 && !p.skip('.') {
			if p.loose {
				break
			}
			return v, p.wrong("is no dot and number: a version has three numbers")
		}
		var err error
		if *part, err = p.number(); err != nil {
			return v, err
		}
	}
	var err error
	if p.skip('-') {
		if v.pre, err = p.identifiers(true); err != nil {
			return v, err
		}
	}
	if p.skip('+') {
		if v.build, err = p.identifiers(false); err != nil {
			return v, err
		}
	}
	return v, nil
}

func (p *parser) number() (uint64, error) {
	n := digits(p.rest)
	switch {
	case n == 0:
		return 0, p.wrong("is no number")
	case n > 1 && p.rest[0] == '0' && !p.loose:
		return 0, p.wrong("begins with a zero")
	}
	number, err := strconv.ParseUint(p.rest[:n], 10, 64)
	if err != nil {
		return 0, p.wrong("is larger than a number of a version can be, 18446744073709551615")
	}
	p.rest = p.rest[n:]
	return number, nil
}

// digits counts the digits at the beginning of a text.
func digits(s string) int {
	for n := range len(s) {
		if s[n] < '0' || s[n] > '9' {
			return n
		}
	}
	return len(s)
}

// identifiers reads what is parted by dots after a hyphen or a plus.
func (p *parser) identifiers(pre bool) (string, error) {
	whole := p.rest
	for {
		n := 0
		for n < len(p.rest) && isIdentifier(p.rest[n]) {
			n++
		}
		switch {
		case n == 0:
			return "", p.wrong("is no identifier: letters, digits and hyphens are")
		case pre && n > 1 && p.rest[0] == '0' && digits(p.rest[:n]) == n:
			return "", p.wrong("is a number of a pre-release that begins with a zero")
		}
		p.rest = p.rest[n:]
		if !p.skip('.') {
			return whole[:len(whole)-len(p.rest)], nil
		}
	}
}

func isIdentifier(c byte) bool {
	return c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// Prerelease returns what stands after the hyphen, "" of a release.
func (v Version) Prerelease() string { return v.pre }

// Build returns what stands after the plus: it has no part in the order.
func (v Version) Build() string { return v.build }

// Release returns the version without pre-release and build.
func (v Version) Release() Version { return New(v.Major, v.Minor, v.Patch) }

// String returns the version as the standard writes it.
func (v Version) String() string {
	b := make([]byte, 0, 16+len(v.pre)+len(v.build)) //nolint:mnd // three short numbers
	b = strconv.AppendUint(b, v.Major, 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, v.Minor, 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, v.Patch, 10)
	if v.pre != "" {
		b = append(append(b, '-'), v.pre...)
	}
	if v.build != "" {
		b = append(append(b, '+'), v.build...)
	}
	return string(b)
}

// MarshalText implements [encoding.TextMarshaler].
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]: as [Parse] does.
func (v *Version) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err == nil {
		*v = parsed
	}
	return err
}

// Compare returns -1 if v is older than w, 1 if it is newer, and 0 if neither is, as
// rule 11 of the standard says: builds do not count, and a pre-release is older than its
// release.
func (v Version) Compare(w Version) int {
	if c := cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch)); c != 0 {
		return c
	}
	return comparePre(v.pre, w.pre)
}

// Less reports whether v is older than w.
func (v Version) Less(w Version) bool { return v.Compare(w) < 0 }

func comparePre(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	for {
		var x, y string
		var moreA, moreB bool
		x, a, moreA = strings.Cut(a, ".")
		y, b, moreB = strings.Cut(b, ".")
		if c := compareIdentifier(x, y); c != 0 {
			return c
		}
		if !moreA || !moreB {
			return cmp.Compare(boolean(moreA), boolean(moreB)) // the one with more identifiers is newer
		}
	}
}

// compareIdentifier compares numbers as such, however long, and texts by their bytes;
// numbers are older.
func compareIdentifier(a, b string) int {
	numberA, numberB := digits(a) == len(a), digits(b) == len(b)
	switch {
	case numberA && numberB:
		return compareDigits(a, b)
	case numberA:
		return -1
	case numberB:
		return 1
	}
	return strings.Compare(a, b)
}

// compareDigits compares two numbers of any length.
func compareDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func boolean(is bool) int {
	if is {
		return 1
	}
	return 0
}
