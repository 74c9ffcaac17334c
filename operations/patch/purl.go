package patch

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/version"
)

// PURL is a package URL, parted: pkg:type/namespace/name@version. Qualifiers and subpath
// are read and left out: they name a build, or a place in it.
type PURL struct {
	Type      string
	Namespace string // with slashes, "" where there is none
	Name      string
	Version   string // "" where there is none
}

const maxPURL = 1000

// ParsePURL reads a package URL as the specification of package-url says: type and scheme
// in any case, parts with percent signs, names in the one form that their type has.
func ParsePURL(text string) (PURL, error) {
	var v servicecoin.Violations
	wrong := func(why string) (PURL, error) {
		v.Add("purl", "bad-purl", text, why)
		return PURL{}, v.Err()
	}
	if len(text) > maxPURL {
		v.Add("purl", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(text), maxPURL))
		return PURL{}, v.Err()
	}
	rest, ok := cutFold(text, "pkg:")
	if !ok {
		return wrong(`must begin with "pkg:"`)
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	rest = strings.Trim(rest, "/")
	kind, rest, ok := strings.Cut(rest, "/")
	if !ok || kind == "" || rest == "" {
		return wrong("must have a type and a name")
	}
	p := PURL{Type: strings.ToLower(kind)}
	slash := strings.LastIndexByte(rest, '/')
	if at := strings.LastIndexByte(rest, '@'); at > 0 && at > slash {
		rest, p.Version = rest[:at], rest[at+1:]
	}
	p.Namespace, p.Name = "", rest
	if slash >= 0 {
		p.Namespace, p.Name = strings.Trim(rest[:slash], "/"), rest[slash+1:]
	}
	for _, part := range []*string{&p.Namespace, &p.Name, &p.Version} {
		plain, err := url.PathUnescape(*part)
		if err != nil {
			return wrong("has a percent sign that stands for nothing")
		}
		*part = plain
	}
	if p.Name == "" {
		return wrong("must have a name")
	}
	return p.normal(), nil
}

func cutFold(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}

// normal writes names as their type does.
func (p PURL) normal() PURL {
	switch p.Type {
	case "pypi":
		p.Name = strings.ReplaceAll(strings.ToLower(p.Name), "_", "-")
	case "github", "bitbucket", "composer", "deb", "apk", "hex", "golang":
		p.Namespace, p.Name = strings.ToLower(p.Namespace), strings.ToLower(p.Name)
	}
	return p
}

// Same reports whether two package URLs name the same package, in whatever version.
func (p PURL) Same(o PURL) bool {
	return p.Type == o.Type && p.Namespace == o.Namespace && p.Name == o.Name
}

// Package returns the package URL without a version.
func (p PURL) Package() string {
	parts := []string{"pkg:" + p.Type}
	if p.Namespace != "" {
		for part := range strings.SplitSeq(p.Namespace, "/") {
			parts = append(parts, url.PathEscape(part))
		}
	}
	return strings.Join(append(parts, url.PathEscape(p.Name)), "/")
}

// Scheme is the order of the versions of a type, "" where none is known.
func (p PURL) Scheme() version.Scheme {
	switch p.Type {
	case "maven":
		return version.Maven
	case "pypi":
		return version.PyPI
	case "npm", "golang", "cargo", "nuget", "hex", "gem", "composer", "swift", "pub", "github":
		return version.SemVer
	}
	return ""
}
