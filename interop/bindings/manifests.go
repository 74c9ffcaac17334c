package bindings

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"golang.org/x/mod/modfile"
)

// readGo reads a go.mod. The version of a module is that of its tag: the file has none.
func readGo(text []byte) (*Manifest, error) {
	f, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return nil, err
	}
	m := &Manifest{Language: "go", Notes: []string{"the version of a Go module is that of its tag"}}
	if f.Module != nil {
		m.Package = f.Module.Mod.Path
	}
	if f.Go != nil {
		m.Platform = append(m.Platform, require("go", f.Go.Version, least))
	}
	for _, r := range f.Require {
		if !r.Indirect {
			m.Needs = append(m.Needs, require(r.Mod.Path, r.Mod.Version, least))
		}
	}
	return m, nil
}

// object reads a JSON object; members of it that this package does not know may be
// anything.
func object(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	return nil
}

// readNPM reads a package.json: engines are what it runs on, peers what it needs beside it.
func readNPM(text []byte) (*Manifest, error) {
	var f struct {
		Name, Version string
		Engines       map[string]string
		Peers         map[string]string `json:"peerDependencies"`
	}
	if err := object(text, &f); err != nil {
		return nil, err
	}
	m := &Manifest{Language: "javascript", Package: f.Name, Version: f.Version}
	for _, name := range []string{"node", "deno", "bun"} {
		if r, ok := f.Engines[name]; ok {
			m.Platform = append(m.Platform, require(name, r, npm))
		}
	}
	for name, r := range f.Peers {
		m.Needs = append(m.Needs, require(name, r, npm))
	}
	return m, nil
}

// readComposer reads a composer.json, whose version is mostly that of its tag.
func readComposer(text []byte) (*Manifest, error) {
	var f struct {
		Name, Version string
		Require       map[string]string
	}
	if err := object(text, &f); err != nil {
		return nil, err
	}
	m := &Manifest{Language: "php", Package: f.Name, Version: f.Version}
	if f.Version == "" {
		m.Notes = append(m.Notes, "the version of a Composer package is that of its tag")
	}
	for name, r := range f.Require {
		if name == "php" {
			m.Platform = append(m.Platform, require(name, r, composer))
		} else {
			m.Needs = append(m.Needs, require(name, r, composer))
		}
	}
	return m, nil
}

// readPython reads a pyproject.toml as PEP 621 has it, and as Poetry had it before.
func readPython(text []byte) (*Manifest, error) {
	var f struct {
		Project struct {
			Name, Version string
			Python        string   `toml:"requires-python"`
			Dynamic       []string `toml:"dynamic"`
		}
		Tool struct {
			Poetry struct {
				Name, Version string
				Dependencies  map[string]any
			}
		}
	}
	if err := readTOML(text, &f); err != nil {
		return nil, err
	}
	old := f.Tool.Poetry
	m := &Manifest{Language: "python", Package: first(f.Project.Name, old.Name), Version: first(f.Project.Version, old.Version)}
	for _, name := range f.Project.Dynamic {
		if name == "version" {
			m.Notes = append(m.Notes, "the version is found when it is built")
		}
	}
	if f.Project.Python != "" {
		m.Platform = append(m.Platform, require("python", f.Project.Python, python))
	} else if r, ok := old.Dependencies["python"].(string); ok {
		m.Platform = append(m.Platform, require("python", r, poetry))
	}
	return m, nil
}

// readCargo reads a Cargo.toml. Without a rust-version it says only which edition of the
// language it is written in, which is no range.
func readCargo(text []byte) (*Manifest, error) {
	var f struct {
		Package struct {
			Name    string
			Version any
			Edition any
			Rust    any `toml:"rust-version"`
		}
		Dependencies map[string]any
	}
	if err := readTOML(text, &f); err != nil {
		return nil, err
	}
	m := &Manifest{Language: "rust", Package: f.Package.Name}
	written := func(name string, value any) string {
		switch x := value.(type) {
		case string:
			return x
		case map[string]any:
			m.Notes = append(m.Notes, "the "+name+" is that of its workspace")
		}
		return ""
	}
	m.Version = written("version", f.Package.Version)
	if rust := written("rust-version", f.Package.Rust); rust != "" {
		m.Platform = append(m.Platform, require("rust", rust, least))
	}
	if edition := written("edition", f.Package.Edition); edition != "" {
		m.Notes = append(m.Notes, "edition "+short(edition))
	}
	for name, value := range f.Dependencies {
		if table, ok := value.(map[string]any); ok {
			value = table["version"]
		}
		if r, ok := value.(string); ok {
			m.Needs = append(m.Needs, require(name, r, cargo))
		}
	}
	return m, nil
}

func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

func readTOML(text []byte, into any) error {
	err := toml.Unmarshal(text, into)
	if where, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := where.Position()
		return fmt.Errorf("line %d, column %d: %w", line, column, err)
	}
	return err
}

// readDotNet reads a project of .NET: the frameworks that it is built for, which are a list
// and no range. Properties that have a condition are left out. Its package is its PackageId,
// AssemblyName or RootNamespace.
func readDotNet(text []byte) (*Manifest, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("must be UTF-8") }
	m := &Manifest{Language: "dotnet"}
	properties := map[string]string{}
	var open []string
	conditions := 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		const deepest = 50
		switch x := token.(type) {
		case xml.StartElement:
			open = append(open, x.Name.Local)
			if len(open) > deepest {
				return nil, errors.New("has too many elements inside of each other")
			}
			if conditions > 0 || conditional(x) {
				conditions++
			}
		case xml.EndElement:
			open = open[:len(open)-1]
			conditions = max(0, conditions-1)
		case xml.CharData:
			const depth = 3 // Project, PropertyGroup, the property
			if len(open) == depth && open[1] == "PropertyGroup" && conditions == 0 {
				properties[open[2]] = strings.TrimSpace(properties[open[2]] + string(x))
			}
		}
	}
	m.Package = first(properties["PackageId"], properties["AssemblyName"], properties["RootNamespace"])
	m.Version = first(properties["PackageVersion"], properties["Version"], properties["VersionPrefix"])
	for target := range strings.SplitSeq(first(properties["TargetFrameworks"], properties["TargetFramework"]), ";") {
		target = strings.TrimSpace(target)
		switch {
		case strings.Contains(target, "$("):
			m.Notes = append(m.Notes, "a target is found when it is built: "+short(target))
		case target != "":
			m.Targets = append(m.Targets, target)
		}
		if strings.HasPrefix(target, "netstandard") {
			m.Notes = append(m.Notes, target+" is an interface that many platforms satisfy")
		}
	}
	return m, nil
}

func conditional(x xml.StartElement) bool {
	for _, a := range x.Attr {
		if a.Name.Local == "Condition" {
			return true
		}
	}
	return false
}
