package version

import (
	"encoding"
	"fmt"
	"slices"
	"strings"

	"github.com/servicecoin/servicecoin"
)

// The limits of the text of a range.
const (
	MaxRange  = 512 // bytes
	MaxGroups = 32  // parted by ||
)

// Range is what people write to name several versions: comparisons that all hold, side
// by side or parted by commas, in groups parted by || of which one is enough.
//
//	=1.2.3  1.2.3          just that one
//	!=1.2.3                any but that one
//	>1.2  >=1.2  <2  <=2   also => and =<
//	1.2  1.2.x  1.2.*      the line 1.2; 1 and 1.x: the line 1; *: any
//	~1.2.3                 1.2.3 and the patches after it; also ~>
//	^1.2.3                 1.2.3 and what is compatible: below 2; ^0.2.3: below 0.3; ^0.0.3: just that one
//	1.2 - 2.3              from 1.2 to the end of the line 2.3; spaces around the hyphen
//
// A version with one or two numbers is a line: >11 begins with 12, <=11 holds all of 11,
// !=4.1 leaves out all of 4.1. ~0.0.0 is any version.
//
// A pre-release is held only where the policy says so: see [Prereleases]. The rules, also
// where others differ, are those of Masterminds/semver 3.5, but for comparisons with *,
// which hold all or nothing here.
//
// The zero value holds nothing.
type Range struct {
	text   string
	groups []group
}

var (
	_ encoding.TextMarshaler   = Range{}
	_ encoding.TextUnmarshaler = (*Range)(nil)
)

// Prereleases says which pre-releases a range holds.
type Prereleases int

// The policies.
const (
	// WhereNamed holds the pre-releases that the comparisons hold, in a group of which one
	// names a pre-release: ~1.2.3-beta.2 holds 1.2.4-beta.1.
	WhereNamed Prereleases = iota
	// Always holds all that the comparisons hold.
	Always
	// SamePatch holds them where a comparison of the group names a pre-release of the same
	// three numbers, as npm does: ~1.2.3-beta.2 does not hold 1.2.4-beta.1.
	SamePatch
)

type group []comparison

// comparison is one operator and the version beside it.
type comparison struct {
	op    string
	than  Version
	parts int // how many of its numbers were written, as numbers: 0 is *
}

// ParseRange reads a range. The error names the column.
func ParseRange(text string) (Range, error) {
	var v servicecoin.Violations
	if len(text) > MaxRange {
		v.Add("range", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), MaxRange))
		return Range{}, v.Err()
	}
	parts := strings.Split(text, "||")
	if !v.Limit("range", len(parts), MaxGroups) {
		return Range{}, v.Err()
	}
	r := Range{text: text}
	at := 0
	for _, part := range parts {
		g, column, why := parseGroup(part)
		if why != "" {
			v.Add("range", "bad-range", text, fmt.Sprintf("column %d: %s", at+column+1, why))
			return Range{}, v.Err()
		}
		r.groups = append(r.groups, g)
		at += len(part) + len("||")
	}
	return r, nil
}

// operators, the longer ones first.
func operators() []string {
	return []string{"!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^"}
}

// parseGroup reads comparisons that all hold; why says what is wrong, and column where.
func parseGroup(text string) (g group, column int, why string) {
	rest := strings.TrimLeft(text, spaces)
	for {
		here := func() int { return len(text) - len(rest) }
		if rest == "" {
			return nil, here(), "a comparison is missing"
		}
		c := comparison{}
		for _, op := range operators() {
			if after, ok := strings.CutPrefix(rest, op); ok {
				c.op, rest = op, strings.TrimLeft(after, spaces)
				break
			}
		}
		if c.than, c.parts, rest, why = parsePartial(rest); why != "" {
			return nil, here(), why
		}
		after := strings.TrimLeft(rest, spaces)
		if hyphen, ok := strings.CutPrefix(after, "-"); ok && after != rest && strings.TrimLeft(hyphen, spaces) != hyphen {
			if c.op != "" {
				return nil, here(), "a range with a hyphen has no operator"
			}
			to := comparison{op: "<="}
			rest = strings.TrimLeft(hyphen, spaces)
			if to.than, to.parts, rest, why = parsePartial(rest); why != "" {
				return nil, here(), why
			}
			c.op = ">="
			g = append(g, c)
			c, after = to, strings.TrimLeft(rest, spaces)
		}
		g = append(g, canonical(c))
		switch comma, ok := strings.CutPrefix(after, ","); {
		case after == "":
			return g, 0, ""
		case ok:
			rest = strings.TrimLeft(comma, spaces)
		case after == rest:
			return nil, here(), "comparisons are parted by a space or a comma"
		default:
			rest = after
		}
	}
}

const spaces = " \t\n\r\f"

// canonical names each operator in one way.
func canonical(c comparison) comparison {
	switch c.op {
	case "=>":
		c.op = ">="
	case "=<":
		c.op = "<="
	case "~>":
		c.op = "~"
	case "":
		c.op = "="
	}
	return c
}

// parsePartial reads a version of which numbers may be missing or written as x.
func parsePartial(text string) (v Version, parts int, rest, why string) {
	p := parser{text: text, rest: text, loose: true}
	p.skip('v')
	parts, known := 0, true
	for n, part := range []*uint64{&v.Major, &v.Minor, &v.Patch} {
		if n > 0 && !p.skip('.') {
			break
		}
		if p.skip('x') || p.skip('X') || p.skip('*') {
			known = false
			continue
		}
		number, err := p.number()
		if err != nil {
			return v, 0, p.rest, fmt.Sprintf("%q is no version", p.rest)
		}
		if known {
			*part = number
			parts++
		}
	}
	var err error
	if p.skip('-') {
		if v.pre, err = p.identifiers(true); err != nil {
			return v, 0, p.rest, fmt.Sprintf("%q is no pre-release", p.rest)
		}
	}
	if p.skip('+') {
		if v.build, err = p.identifiers(false); err != nil {
			return v, 0, p.rest, fmt.Sprintf("%q is no build", p.rest)
		}
	}
	return v, parts, p.rest, ""
}

// Contains reports whether the range holds a version, of pre-releases those that are
// named: [WhereNamed].
func (r Range) Contains(v Version) bool { return r.Holds(v, WhereNamed) }

// Holds reports whether the range holds a version under a policy of pre-releases.
func (r Range) Holds(v Version, p Prereleases) bool {
	return slices.ContainsFunc(r.groups, func(g group) bool { return g.admits(v, p) && g.holds(v) })
}

// admits reports whether the policy lets a version be compared at all.
func (g group) admits(v Version, p Prereleases) bool {
	if v.pre == "" || p == Always {
		return true
	}
	return slices.ContainsFunc(g, func(c comparison) bool {
		return c.than.pre != "" && (p == WhereNamed || c.than.Release() == v.Release())
	})
}

func (g group) holds(v Version) bool {
	for _, c := range g {
		if !c.holds(v) {
			return false
		}
	}
	return true
}

// three is how many numbers a whole version has.
const three = 3

// line reports whether a version lies in the line that the comparison names: whether the
// numbers that were written are the same.
func (c comparison) line(v Version) bool {
	return (c.parts < 1 || v.Major == c.than.Major) && (c.parts < 2 || v.Minor == c.than.Minor) && (c.parts < three || v.Patch == c.than.Patch)
}

// beyond compares a version with the whole line: 0 inside of it.
func (c comparison) beyond(v Version) int {
	switch {
	case c.line(v):
		return 0
	case c.parts < 2:
		return New(v.Major, 0, 0).Compare(New(c.than.Major, 0, 0))
	}
	return New(v.Major, v.Minor, 0).Compare(New(c.than.Major, c.than.Minor, 0))
}

func (c comparison) holds(v Version) bool {
	whole := c.parts == three
	switch c.op {
	case "=":
		if whole {
			return v.Compare(c.than) == 0
		}
		return c.line(v) && v.Compare(c.than) >= 0
	case "!=":
		return !c.is(v)
	case ">":
		if whole {
			return v.Compare(c.than) > 0
		}
		return c.beyond(v) > 0
	case ">=":
		return v.Compare(c.than) >= 0
	case "<":
		return v.Compare(c.than) < 0 && c.parts > 0
	case "<=":
		if whole {
			return v.Compare(c.than) <= 0
		}
		return c.beyond(v) <= 0
	case "~":
		if whole && c.than.Release() == (Version{}) {
			return v.Compare(c.than) >= 0 // ~0.0.0 is any
		}
		c.parts = min(c.parts, 2) //nolint:mnd // major and minor stay
		return c.line(v) && v.Compare(c.than) >= 0
	case "^":
		return v.Compare(c.than) >= 0 && c.compatible(v)
	}
	return false
}

// is reports whether a version is the one that != leaves out, or in the line. Of a line of
// two numbers pre-releases are told apart.
func (c comparison) is(v Version) bool {
	switch {
	case c.parts == three:
		return v.Compare(c.than) == 0
	case c.parts == 2 && (v.pre != "" || c.than.pre != ""):
		return c.line(v) && comparePre(v.pre, c.than.pre) == 0
	}
	return c.line(v)
}

// compatible reports whether a version keeps the leftmost number that is not zero.
func (c comparison) compatible(v Version) bool {
	switch {
	case c.parts == 0:
		return true
	case c.than.Major > 0 || c.parts == 1:
		return v.Major == c.than.Major
	case c.than.Minor > 0 || c.parts == 2:
		return v.Major == 0 && v.Minor == c.than.Minor
	}
	return v.Release() == c.than.Release()
}

// String returns the text that the range was read from.
func (r Range) String() string { return r.text }

// MarshalText implements [encoding.TextMarshaler].
func (r Range) MarshalText() ([]byte, error) { return []byte(r.text), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. An empty text is the zero value.
func (r *Range) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = Range{}
		return nil
	}
	parsed, err := ParseRange(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}
