package bindings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/interop/bindings"
	"github.com/servicecoin/servicecoin/version"
)

func read(t testing.TB, name string) *bindings.Manifest {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "corpus", name))
	require.NoError(t, err)
	m, err := bindings.Read(name, text)
	require.NoError(t, err)
	return m
}

type need = bindings.Requirement

func TestManifests(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bindings.Manifest{
		"openfeature-dotnet.csproj": {
			Language: "dotnet", Package: "OpenFeature", Targets: []string{"net8.0", "net9.0", "netstandard2.0", "net462"},
			Missing: []string{"version"}, Notes: []string{"netstandard2.0 is an interface that many platforms satisfy"},
		},
		"openfeature-go.go.mod": {
			Language: "go", Package: "github.com/open-feature/go-sdk", Platform: []need{{Name: "go", Text: "1.24.0"}},
			Needs: []need{
				{Name: "github.com/cucumber/godog", Text: "v0.15.1"},
				{Name: "github.com/go-logr/logr", Text: "v1.4.3"},
				{Name: "github.com/stretchr/testify", Text: "v1.11.1"},
				{Name: "go.uber.org/goleak", Text: "v1.3.0"},
				{Name: "go.uber.org/mock", Text: "v0.6.0"},
				{Name: "golang.org/x/sync", Text: "v0.19.0"},
				{Name: "golang.org/x/text", Text: "v0.33.0"},
			},
			Missing: []string{"version"}, Notes: []string{"the version of a Go module is that of its tag"},
		},
		"openfeature-js.package.json": {
			Language: "javascript", Package: "@openfeature/server-sdk", Version: "1.19.0", Platform: []need{{Name: "node", Text: ">=20"}},
			Needs: []need{{Name: "@openfeature/core", Text: "^1.9.0"}},
		},
		"openfeature-php.composer.json": {
			Language: "php", Package: "open-feature/sdk", Platform: []need{{Name: "php", Text: "^8"}},
			Needs:   []need{{Name: "myclabs/php-enum", Text: "^1.8"}, {Name: "psr/log", Text: "^2.0 || ^3.0"}},
			Missing: []string{"version"}, Notes: []string{"the version of a Composer package is that of its tag"},
		},
		"openfeature-python.pyproject.toml": {
			Language: "python", Package: "openfeature_sdk", Version: "0.0.6", Platform: []need{{Name: "python", Text: ">=3.8"}},
		},
		"openfeature-rust.Cargo.toml": {
			Language: "rust", Package: "open-feature", Version: "0.1.0",
			Needs:   []need{{Name: "anyhow", Text: "1.0"}, {Name: "async-trait", Text: "0.1.73"}, {Name: "lazy_static", Text: "1.4.0"}},
			Missing: []string{"platform"}, Notes: []string{"edition 2021"},
		},
	} {
		m := read(t, name)
		if d := cmp.Diff(want, *m, cmpopts.IgnoreFields(bindings.Requirement{}, "Range")); d != "" {
			t.Error(name, d)
		}
		for _, r := range append(m.Platform, m.Needs...) {
			require.NotEmpty(t, r.Range.String(), r.Name)
		}
	}
}

// What a range means is a matter of the language.
func TestRanges(t *testing.T) {
	t.Parallel()
	const yes, no = true, false
	type held map[string]bool
	for _, c := range []struct {
		name, text string
		want       held
	}{
		{"go.mod", "module m\ngo 1.24.0\n", held{"1.24.0": yes, "1.26.8": yes, "1.23.9": no}},
		{"package.json", `{"engines":{"node":">=20"}}`, held{"20.0.0": yes, "22.1.0": yes, "18.19.0": no}},
		{"package.json", `{"engines":{"node":"20 || 22"}}`, held{"20.5.0": yes, "21.0.0": no, "22.1.0": yes}},
		{"composer.json", `{"require":{"php":"^8"}}`, held{"8.0.0": yes, "8.4.1": yes, "9.0.0": no, "7.4.0": no}},
		{"composer.json", `{"require":{"php":"~8.1"}}`, held{"8.1.0": yes, "8.4.0": yes, "8.0.9": no, "9.0.0": no}},
		{"composer.json", `{"require":{"php":"~8.1.2"}}`, held{"8.1.2": yes, "8.1.9": yes, "8.2.0": no}},
		{"composer.json", `{"require":{"php":">=7.4 <8.2|8.3.*"}}`, held{"8.1.9": yes, "8.2.0": no, "8.3.4": yes}},
		{"composer.json", `{"require":{"php":"8.1"}}`, held{"8.1.0": yes, "8.1.1": no}},
		{"composer.json", `{"require":{"php":"<=8.1"}}`, held{"8.1.0": yes, "8.1.1": no}},
		{"composer.json", `{"require":{"php":"8.0 - 8.2"}}`, held{"8.2.9": yes, "8.3.0": no}},
		{"pyproject.toml", "[project]\nrequires-python = \">=3.8,<4,!=3.9.*\"", held{"3.8.0": yes, "3.9.7": no, "3.13.0": yes, "4.0.0": no}},
		{"pyproject.toml", "[project]\nrequires-python = \"~=3.8\"", held{"3.12.0": yes, "4.0.0": no, "3.7.9": no}},
		{"pyproject.toml", "[project]\nrequires-python = \"~=3.8.1\"", held{"3.8.9": yes, "3.9.0": no, "3.8.0": no}},
		{"pyproject.toml", "[project]\nrequires-python = \"==3.8.*\"", held{"3.8.9": yes, "3.9.0": no}},
		{"pyproject.toml", "[project]\nrequires-python = \"==3.8\"", held{"3.8.0": yes, "3.8.1": no}},
		{"pyproject.toml", "[project]\nrequires-python = \">3.8\"", held{"3.8.0": no, "3.8.1": yes}},
		{"pyproject.toml", "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\npython = \"^3.8\"", held{"3.12.0": yes, "4.0.0": no}},
		{"pyproject.toml", "[tool.poetry.dependencies]\npython = \">=3.8,<3.12\"", held{"3.8.0": yes, "3.12.0": no}},
		{"Cargo.toml", "[package]\nrust-version = \"1.70\"", held{"1.70.0": yes, "1.85.0": yes, "1.69.0": no}},
	} {
		m, err := bindings.Read(c.name, []byte(c.text))
		require.NoError(t, err, c.text)
		require.Len(t, m.Platform, 1, c.text)
		require.Empty(t, m.Platform[0].Why, c.text)
		for text, want := range c.want {
			v, err := version.ParseLoose(text)
			require.NoError(t, err)
			require.Equal(t, want, m.Platform[0].Range.Contains(v), "%s: %s in %s", c.text, text, m.Platform[0].Range)
		}
	}
	m, err := bindings.Read("Cargo.toml", []byte("[package]\nname='x'\n[dependencies]\na='1.0'\nb={version='=1.2', features=['x']}\nc={path='../c'}\nd='*'\n"))
	require.NoError(t, err)
	require.Equal(t, "a ^1.0, b =1.2, d *", strings.Join([]string{
		m.Needs[0].Name + " " + m.Needs[0].Range.String(), m.Needs[1].Name + " " + m.Needs[1].Range.String(), m.Needs[2].Name + " " + m.Needs[2].Range.String(),
	}, ", "))
}

// What is no range is told as it is written, with the reason.
func TestNoRanges(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		`{"engines":{"node":"workspace:*"}}`: "is a place", `{"engines":{"node":"latest"}}`: "no version", `{"engines":{"node":">=20 <"}}`: "no version",
	} {
		m, err := bindings.Read("package.json", []byte(text))
		require.NoError(t, err, text)
		require.Contains(t, m.Platform[0].Why, why, text)
		require.Empty(t, m.Platform[0].Range.String(), text)
		require.NotEmpty(t, m.Platform[0].Text)
	}
	for text, why := range map[string]string{
		"3.8": "has no operator", "~=3.8.1.2": "more numbers than three", ">=1!3.8": "epoch", "=== 3.8": "PEP 440", "recent": "is no range", ">=3.8; extra": "is no range", ">=3.8.*": "PEP 440",
	} {
		m, err := bindings.Read("pyproject.toml", []byte("[project]\nrequires-python = '"+text+"'"))
		require.NoError(t, err, text)
		require.Contains(t, m.Platform[0].Why, why, text)
	}
	m, err := bindings.Read("composer.json", []byte(`{"require":{"php":"8.1@dev","a/b":"dev-main"}}`))
	require.NoError(t, err)
	require.Contains(t, m.Platform[0].Why, "stability")
	require.Contains(t, m.Needs[0].Why, "branch")
}

func TestWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, missing, notes string }{
		{"package.json", "{}", "package version platform", ""},
		{"pyproject.toml", "[project]\nname='x'\ndynamic=['version']\n", "version platform", "the version is found when it is built"},
		{"Cargo.toml", "[package]\nname='x'\nversion={workspace=true}\nedition={workspace=true}\n", "version platform", "the version is that of its workspace the edition is that of its workspace"},
		{"x.csproj", "<Project><PropertyGroup Condition=\"x\"><Version>1</Version></PropertyGroup><PropertyGroup><TargetFramework>net$(V)</TargetFramework></PropertyGroup></Project>", "package version platform", "a target is found when it is built: net$(V)"},
		{"x.csproj", "<Project><PropertyGroup><Version Condition=\"x\">1</Version><PackageId>p</PackageId><Version>2</Version><TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>", "", ""},
	} {
		m, err := bindings.Read(c.name, []byte(c.text))
		require.NoError(t, err, c.text)
		require.Equal(t, c.missing, strings.Join(m.Missing, " "), c.text)
		require.Equal(t, c.notes, strings.Join(m.Notes, " "), c.text)
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"setup.py", "x", "must end in one of"},
		{"", "x", "must end in one of"},
		{"go.mod", "", "there is nothing"},
		{"go.mod", "\xff", "must be UTF-8"},
		{"go.mod", strings.Repeat(" ", bindings.MaxBytes+1), "are allowed"},
		{"go.mod", "module (", "cannot be read"},
		{"package.json", "{", "cannot be read"},
		{"package.json", "{} {}", "something follows"},
		{"package.json", `{"engines":{"node":20}}`, "cannot be read"},
		{"composer.json", "[]", "cannot be read"},
		{"pyproject.toml", "[project\n", "line 1"},
		{"Cargo.toml", "a = \n", "line 1"},
		{"a.csproj", "<Project>", "cannot be read"},
		{"a.csproj", strings.Repeat("<a>", 100), "too many elements"},
		{"package.json", `{"peerDependencies":{` + strings.TrimSuffix(strings.Repeat(`"x":"1",`, 1), ",") + `}}`, ""},
	} {
		_, err := bindings.Read(c.name, []byte(c.text))
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, servicecoin.ErrInvalid, c.text)
		require.ErrorContains(t, err, c.want)
	}
}

func FuzzRead(f *testing.F) {
	names := []string{"go.mod", "package.json", "composer.json", "pyproject.toml", "Cargo.toml", "a.csproj"}
	files, err := filepath.Glob(filepath.Join("testdata", "corpus", "*"))
	require.NoError(f, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(f, err)
		for n, end := range names {
			if strings.HasSuffix(name, strings.TrimPrefix(end, "a")) {
				f.Add(n, text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, n int, text []byte) {
		name := names[((n%len(names))+len(names))%len(names)]
		m, err := bindings.Read(name, text)
		if err != nil {
			require.ErrorIs(t, err, servicecoin.ErrInvalid)
			return
		}
		require.NotEmpty(t, m.Language)
		for _, r := range append(m.Platform, m.Needs...) {
			require.Equal(t, r.Range.String() == "", r.Why != "", r)
		}
	})
}
