// Package bindings reads the manifests of language bindings: what each calls itself, which
// version it has, and which platforms it says it runs on.
//
// It answers: which language, which package, in which version, for which range of the
// platform, and what of this does the manifest leave open? It knows go.mod, package.json,
// composer.json, pyproject.toml, Cargo.toml and .csproj. What is missing is told as
// missing; nothing is guessed from a tag or a directory.
//
// Ranges are told as they are written, and as a [version.Range] with the meaning that the
// language gives them: "1.2" is a line to npm, one version to Composer, and "^1.2" to Cargo.
//
// # Errors
//
// A manifest that cannot be read is an [*servicecoin.InvalidError].
package bindings

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/version"
)

// The limits of a manifest.
const (
	MaxBytes        = 256 << 10
	MaxRequirements = 1000
)

// Manifest is what a binding says of itself.
type Manifest struct {
	Language string        `json:"language"` // go, javascript, php, python, rust, dotnet
	Package  string        `json:"package,omitempty"`
	Version  string        `json:"version,omitempty"`  // its own, as written
	Platform []Requirement `json:"platform,omitempty"` // what it runs on: the language, a runtime
	Targets  []string      `json:"targets,omitempty"`  // a list of platforms in place of a range, as .NET has it
	Needs    []Requirement `json:"needs,omitempty"`    // packages that whoever uses it must have, or that it requires, by name
	Missing  []string      `json:"missing,omitempty"`  // of Package, Version and Platform: what it does not say
	Notes    []string      `json:"notes,omitempty"`    // for people
}

// Requirement is a range of versions of something.
type Requirement struct {
	Name  string        `json:"name"`
	Text  string        `json:"text"`           // as written
	Range version.Range `json:"range,omitzero"` // the zero value where it is none
	Why   string        `json:"why,omitempty"`  // for people: why it is no range
}

// Read reads a manifest, whose form is known by its file's name: go.mod and x.go.mod,
// package.json, composer.json, pyproject.toml, Cargo.toml, x.csproj.
func Read(name string, manifest []byte) (*Manifest, error) {
	var v servicecoin.Violations
	switch {
	case len(manifest) > MaxBytes:
		v.Add("", "too-long", "", fmt.Sprintf("has %d bytes, %d are allowed", len(manifest), MaxBytes))
	case strings.TrimSpace(string(manifest)) == "":
		v.Add("", "empty", "", "there is nothing in the manifest")
	case !utf8.Valid(manifest):
		v.Add("", "bad-text", "", "must be UTF-8")
	}
	read := readerOf(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if read == nil {
		v.Add("name", "unknown", name, "must end in one of go.mod, package.json, composer.json, pyproject.toml, Cargo.toml, .csproj")
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	m, err := read([]byte(strings.TrimPrefix(string(manifest), "\ufeff")))
	if err != nil {
		v.Add("", "syntax", "", "cannot be read: "+short(err.Error()))
		return nil, v.Err()
	}
	if !v.Limit("needs", len(m.Needs), MaxRequirements) || !v.Limit("targets", len(m.Targets), MaxRequirements) {
		return nil, v.Err()
	}
	slices.SortFunc(m.Needs, func(a, b Requirement) int { return strings.Compare(a.Name, b.Name) })
	if m.Package == "" {
		m.Missing = append(m.Missing, "package")
	}
	if m.Version == "" {
		m.Missing = append(m.Missing, "version")
	}
	if len(m.Platform) == 0 && len(m.Targets) == 0 {
		m.Missing = append(m.Missing, "platform")
	}
	return m, nil
}

func readerOf(name string) func([]byte) (*Manifest, error) {
	for _, form := range []struct {
		end  string
		read func([]byte) (*Manifest, error)
	}{
		{"go.mod", readGo},
		{"package.json", readNPM},
		{"composer.json", readComposer},
		{"pyproject.toml", readPython},
		{"Cargo.toml", readCargo},
		{".csproj", readDotNet},
	} {
		if strings.HasSuffix(name, form.end) {
			return form.read
		}
	}
	return nil
}

// short cuts a text of a manifest to what is told of it.
func short(s string) string {
	const most = 200
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
