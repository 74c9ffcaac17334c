package advisory

import (
	"net/url"
	"strings"

	"github.com/servicecoin/servicecoin/operations/patch"
)

// ecosystem is how package URLs name what an ecosystem of OSV has.
type ecosystem struct {
	kind      string // of the package URL
	namespace string // that all of them have
	separator string // between namespace and name, "" where there is none
}

// ecosystemOf returns what is known of an ecosystem. What stands behind a colon is a
// release of a distribution, or a repository.
func ecosystemOf(name string) (ecosystem, bool) {
	name, _, _ = strings.Cut(name, ":")
	known := map[string]ecosystem{
		"Go": {kind: "golang", separator: "/"}, "npm": {kind: "npm", separator: "/"}, "PyPI": {kind: "pypi"}, "Maven": {kind: "maven", separator: ":"},
		"crates.io": {kind: "cargo"}, "NuGet": {kind: "nuget"}, "RubyGems": {kind: "gem"}, "Packagist": {kind: "composer", separator: "/"}, "Hex": {kind: "hex"},
		"Pub": {kind: "pub"}, "SwiftURL": {kind: "swift", separator: "/"}, "GitHub Actions": {kind: "github", separator: "/"}, "Hackage": {kind: "hackage"},
		"CRAN": {kind: "cran"}, "Bitnami": {kind: "bitnami"}, "ConanCenter": {kind: "conan"},
		"Debian": {kind: "deb", namespace: "debian"}, "Ubuntu": {kind: "deb", namespace: "ubuntu"}, "Alpine": {kind: "apk", namespace: "alpine"},
		"Chainguard": {kind: "apk", namespace: "chainguard"}, "Wolfi": {kind: "apk", namespace: "wolfi"}, "MinimOS": {kind: "apk", namespace: "minimos"},
		"Red Hat": {kind: "rpm", namespace: "redhat"}, "AlmaLinux": {kind: "rpm", namespace: "almalinux"}, "Rocky Linux": {kind: "rpm", namespace: "rocky-linux"},
		"SUSE": {kind: "rpm", namespace: "suse"}, "openSUSE": {kind: "rpm", namespace: "opensuse"}, "Mageia": {kind: "rpm", namespace: "mageia"},
		"openEuler": {kind: "rpm", namespace: "openeuler"},
	}
	e, ok := known[name]
	return e, ok
}

// purl names a package of the ecosystem. The standard library of Go is golang/stdlib, its
// commands golang/toolchain.
func (e ecosystem) purl(name string) string {
	namespace := e.namespace
	if e.separator != "" {
		if cut := strings.LastIndex(name, e.separator); cut >= 0 {
			namespace, name = name[:cut], name[cut+len(e.separator):]
		}
	}
	return format(patch.PURL{Type: e.kind, Namespace: strings.Trim(namespace, "/"), Name: name})
}

// format writes a package URL without its version.
func format(p patch.PURL) string {
	parts := []string{"pkg:" + p.Type}
	if p.Namespace != "" {
		parts = append(parts, strings.Split(p.Namespace, "/")...)
	}
	parts = append(parts, p.Name)
	for n := 1; n < len(parts); n++ {
		parts[n] = strings.NewReplacer("@", "%40", "+", "%2B").Replace(url.PathEscape(parts[n]))
	}
	return strings.Join(parts, "/")
}

// unversioned takes the version out of a package URL, and returns both. What names a build
// stays.
func unversioned(purl string) (text, version string, ok bool) {
	p, err := patch.ParsePURL(purl)
	if err != nil {
		return "", "", false
	}
	if p.Version == "" {
		return purl, "", true
	}
	end := strings.IndexAny(purl, "?#")
	if end < 0 {
		end = len(purl)
	}
	at := strings.LastIndexByte(purl[:end], '@')
	return purl[:at] + purl[end:], p.Version, true
}
