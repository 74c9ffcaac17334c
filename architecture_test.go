package servicecoin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/servicecoin/servicecoin"

type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// packages lists the packages of the core module and all they depend on,
// without tests.
func packages(t *testing.T) map[string]goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps", "./...")
	out, err := cmd.Output()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go list: %s", e.Stderr)
	}
	require.NoError(t, err)
	all := map[string]goPackage{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

// isSuite reports whether a package is one of ours for other people's tests.
func isSuite(path string) bool { return strings.HasSuffix(path, "test") }

func TestCoreDependsOnLittle(t *testing.T) {
	t.Parallel()
	all := packages(t)
	allowed := []string{"github.com/google/uuid", "github.com/shopspring/decimal"}
	for path, p := range all {
		if !strings.HasPrefix(path, module) || isSuite(path) {
			continue
		}
		for _, dep := range p.Deps {
			switch {
			case dep == "testing", strings.HasPrefix(dep, "testing/"):
				t.Errorf("%s reaches %s", path, dep)
			case all[dep].Standard, strings.HasPrefix(dep, module), slices.Contains(allowed, dep):
			default:
				t.Errorf("%s reaches %s, which is neither the standard library nor one of %v", path, dep, allowed)
			}
		}
	}
	for path, p := range all {
		if isSuite(path) && strings.HasPrefix(path, module) && slices.Contains(p.Deps, "github.com/stretchr/testify/assert") {
			t.Errorf("%s reaches testify: it is imported by other people's tests", path)
		}
	}
}

// Whoever asks for opening hours does not get a web server: of the core, problem
// alone answers HTTP, and spinhtml alone renders HTML.
func TestCoreReachesNoWebServer(t *testing.T) {
	t.Parallel()
	may := map[string]string{"/problem": "net/http", "/coin/spinhtml": "html/template", "/coin/cointest": "html/template"}
	for path, p := range packages(t) {
		room, ours := strings.CutPrefix(path, module)
		if !ours || isSuite(path) {
			continue
		}
		for _, dep := range []string{"net/http", "html/template"} {
			if slices.Contains(p.Deps, dep) && may[room] != dep {
				t.Errorf("%s reaches %s", path, dep)
			}
		}
	}
}

// floors says what a package of the core may import of the core. coin and
// whatever is not named may import everything below.
func floors() map[string][]string {
	ground := []string{
		"", "/calendar", "/calendar/hours", "/calendar/recur", "/calendar/rota", "/calendar/workday", "/estimate", "/followup", "/lifecycle", "/money", "/store", "/version",
		"/internal/document", "/internal/house",
	}
	clocks := []string{"", "/calendar", "/calendar/internal/civil", "/calendar/internal/lines", "/calendar/internal/wall"}
	return map[string][]string{
		"":                           {"/internal/iso4217"},
		"/calendar":                  {"", "/calendar/internal/wall"},
		"/calendar/hours":            clocks,
		"/calendar/ical":             append(clocks, "/calendar/hours", "/calendar/recur", "/calendar/rota"),
		"/calendar/recur":            clocks,
		"/calendar/rota":             clocks,
		"/calendar/workday":          append(clocks, "/calendar/hours", "/calendar/recur"),
		"/calendar/internal/caltest": {"", "/calendar"},
		"/calendar/internal/civil":   {"/calendar", "/calendar/internal/wall"},
		"/calendar/internal/lines":   {"", "/calendar", "/calendar/internal/civil", "/calendar/internal/wall"},
		"/calendar/internal/wall":    {},
		"/estimate":                  {""},
		"/followup":                  {""},
		"/lifecycle":                 {""},
		"/money":                     {"", "/internal/iso4217"},
		"/problem":                   {""},
		"/internal/document":         {},
		"/internal/house":            {},
		"/internal/iso4217":          {},
		"/internal/jsonscan":         {""},
		"/store":                     {"", "/internal/house"},
		"/store/memory":              {"", "/store"},
		"/store/storetest":           {"", "/store", "/store/memory", "/suitetest"},
		"/suitetest":                 {},
		"/version":                   {""},
		"/adoption":                  ground,
		"/catalog":                   ground,
		"/catalog/catalogtest":       {"", "/calendar", "/catalog", "/suitetest"},
		"/incident":                  ground,
		"/metering":                  append(ground, "/metering/internal/fixed"),
		"/metering/internal/fixed":   {},
		"/metering/meteringtest":     append(ground, "/metering", "/metering/cost", "/metering/rating", "/suitetest"),
		"/metering/cost":             append(ground, "/metering", "/metering/rating", "/metering/internal/fixed"),
		"/metering/rating":           append(ground, "/metering", "/metering/internal/fixed"),
		"/metering/grant":            append(ground, "/metering", "/metering/internal/fixed"),
		"/metering/entitle":          append(ground, "/metering", "/metering/grant"),
		"/metering/gate":             append(ground, "/metering", "/metering/entitle", "/metering/internal/fixed"),
		"/metering/usagefile":        {"", "/internal/jsonscan", "/metering"},
		"/interop":                   {},
		"/operations":                {},
		"/operations/capacity":       ground,
		"/operations/change":         ground,
		"/operations/configuration":  ground,
		"/operations/patch":          ground,
		"/operations/release":        ground,
		"/operations/runbook":        ground,
		"/sla":                       ground,
		"/coin/exchange":             {"", "/calendar", "/store"},
		"/coin/spinhtml":             {"", "/coin/exchange"},
		"/coin/incidentroom":         append(ground, "/coin/exchange", "/incident"),
		"/coin/slaroom":              append(ground, "/coin/exchange", "/incident", "/operations/change", "/sla"),
		"/coin/runbookroom":          append(ground, "/coin/exchange", "/operations/runbook"),
		"/coin/changeroom":           append(ground, "/coin/exchange", "/incident", "/operations/change", "/operations/configuration"),
		"/coin/configurationroom":    append(ground, "/coin/exchange", "/operations/change", "/operations/configuration"),
		"/coin/patchroom":            append(ground, "/coin/exchange", "/incident", "/operations/change", "/operations/configuration", "/operations/patch", "/operations/runbook"),
		"/coin/releaseroom":          append(ground, "/coin/exchange", "/operations/release"),
		"/coin/catalogroom":          append(ground, "/coin/exchange", "/catalog"),
		"/coin/meteringroom":         append(ground, "/coin/exchange", "/catalog", "/metering", "/metering/entitle", "/metering/gate", "/metering/grant"),
		"/coin/capacityroom":         append(ground, "/coin/exchange", "/metering/entitle", "/operations/capacity"),
		"/coin/costroom":             append(ground, "/coin/exchange", "/metering", "/metering/cost", "/metering/rating", "/sla"),
		"/coin/adoptionroom":         append(ground, "/coin/exchange", "/adoption", "/catalog"),
		"/coin/bundle":               append(ground, "/coin/exchange", "/catalog", "/metering", "/metering/cost", "/sla"),
	}
}

func TestRoomsKeepTheirFloors(t *testing.T) {
	t.Parallel()
	seen := 0
	for path, p := range packages(t) {
		room, ours := strings.CutPrefix(path, module)
		allowed, named := floors()[room]
		if !ours || !named {
			continue
		}
		seen++
		for _, imported := range p.Imports {
			if below, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(allowed, below) {
				t.Errorf("%s imports %s; it may import %q", path, imported, allowed)
			}
		}
	}
	require.Equal(t, len(floors()), seen, "a room of the table is not in the tree")
}

// sources parses the Go files of the core, without tests, by path.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{"examples", "benchmarks", "tools", "store/storetest"}, path):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		return err
	})
	require.NoError(t, err)
	return files
}

// constants yields the string constants of a file by name.
func constants(file *ast.File) map[string]string {
	found := map[string]string{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec) //nolint:forcetypeassert // the specs of constants are values
			for i := range v.Values {
				if l, ok := v.Values[i].(*ast.BasicLit); ok && l.Kind == token.STRING {
					found[v.Names[i].Name], _ = strconv.Unquote(l.Value)
				}
			}
		}
	}
	return found
}

// The house speaks one dialect: what Authorize is asked, what the feed tells and
// what records are called are constants of their room, "noun.verb" and
// "room.noun", whole, and each means one thing in all rooms. Nobody types one.
func TestOneDialect(t *testing.T) {
	t.Parallel()
	shapes := map[string]*regexp.Regexp{
		"Verb":   regexp.MustCompile(`^[a-z]+(\.[a-z]+)?\.[a-z][a-zA-Z]*$`),
		"Event":  regexp.MustCompile(`^[a-z]+\.[a-z][a-zA-Z]*$`),
		"Record": regexp.MustCompile(`^[a-z]+\.[a-z]+$`),
	}
	where := map[string]string{}
	count := map[string]int{}
	for path, file := range sources(t) {
		room := filepath.Base(filepath.Dir(path))
		for name, value := range constants(file) {
			var sort string
			switch {
			case strings.HasPrefix(name, "Verb"):
				sort = "Verb"
			case strings.HasSuffix(name, "Record"), strings.HasSuffix(name, "Kind") && strings.Contains(value, "."):
				sort = "Record"
				require.True(t, strings.HasPrefix(value, room+"."), "%s: %s = %q is not of its room", path, name, value)
			case strings.HasPrefix(name, "Event"):
				sort = "Event"
			default:
				continue
			}
			count[sort]++
			require.Regexp(t, shapes[sort], value, "%s: %s", path, name)
			require.Empty(t, where[sort+value], "%s: %s is declared twice", path, value)
			where[sort+value] = path
		}
		if isSuite(room) {
			continue // it plays a host that has no room of the kind
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				for _, a := range n.Args {
					if l, ok := a.(*ast.BasicLit); ok && l.Kind == token.STRING && asks(n.Fun) {
						t.Errorf("%s: %s is typed, and no constant", path, l.Value)
					}
				}
			case *ast.KeyValueExpr:
				name, _ := n.Key.(*ast.Ident)
				l, ok := n.Value.(*ast.BasicLit)
				if ok && l.Kind == token.STRING && name != nil && (name.Name == "Verb" || name.Name == "Kind") && !strings.HasPrefix(path, "store/") {
					t.Errorf("%s: %s: %s is typed, and no constant", path, name.Name, l.Value)
				}
			}
			return true
		})
	}
	require.Greater(t, count["Verb"], 80)
	require.Greater(t, count["Event"], 75)
	require.Greater(t, count["Record"], 25)
}

// asks reports whether a call hands a verb to Authorize, or an event to the
// feed.
func asks(fun ast.Expr) bool {
	name := ""
	switch f := fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	return slices.Contains([]string{"Ask", "authorize", "Happened", "happened"}, name)
}

// Every kind of record that the core declares carries the right of the house,
// and none is handed out: a host that held one could write past Authorize and
// past the audit.
func TestKindsStayInTheHouse(t *testing.T) {
	t.Parallel()
	kinds := 0
	for path, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for _, v := range n.Values {
					if l, ok := v.(*ast.CompositeLit); ok && isKind(l.Type) && n.Names[0].IsExported() {
						t.Errorf("%s: %s is exported", path, n.Names[0].Name)
					}
				}
			case *ast.CompositeLit:
				if !isKind(n.Type) {
					return true
				}
				kinds++
				if !slices.ContainsFunc(n.Elts, isHouse) {
					t.Errorf("%s: a kind without House", path)
				}
				if slices.ContainsFunc(n.Elts, isTyped) && !strings.HasPrefix(path, "store/") {
					t.Errorf("%s: the name of a kind is typed, and no constant", path)
				}
			case *ast.FuncDecl:
				if n.Name.IsExported() && n.Type.Results != nil && slices.ContainsFunc(n.Type.Results.List, func(f *ast.Field) bool { return isKind(f.Type) }) {
					t.Errorf("%s: %s hands out a kind", path, n.Name.Name)
				}
			}
			return true
		})
	}
	require.Greater(t, kinds, 30)
}

// A host cannot reach the kinds of a room, so each room brings all of its kinds up
// to date itself.
func TestRoomsReindexTheirKinds(t *testing.T) {
	t.Parallel()
	kinds, updated := map[string]string{}, map[string]bool{}
	for _, room := range []string{"adoption", "catalog", "incident", "sla", "metering", "metering/rating", "metering/cost", "metering/gate", "metering/grant", "metering/entitle", "operations/capacity", "operations/change", "operations/configuration", "operations/patch", "operations/release", "operations/runbook", "coin/bundle"} {
		files, err := filepath.Glob(filepath.Join(room, "*.go"))
		require.NoError(t, err)
		for _, path := range files {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ValueSpec:
					for i, v := range n.Values {
						if l, ok := v.(*ast.CompositeLit); ok && isKind(l.Type) && !strings.HasSuffix(path, "_test.go") {
							kinds[room+"."+n.Names[i].Name] = path
						}
					}
				case *ast.CallExpr:
					if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Reindex" {
						for _, arg := range n.Args {
							if name, ok := arg.(*ast.Ident); ok {
								updated[room+"."+name.Name] = true
							}
						}
					}
				}
				return true
			})
		}
	}
	require.Greater(t, len(kinds), 30)
	for kind, path := range kinds {
		if !updated[kind] {
			t.Errorf("%s: Reindex leaves %s out", path, kind)
		}
	}
}

// isKind reports whether an expression is the type Kind[T] of the store.
func isKind(e ast.Expr) bool {
	x, ok := e.(*ast.IndexExpr)
	if !ok {
		return false
	}
	switch n := x.X.(type) {
	case *ast.Ident:
		return n.Name == "Kind"
	case *ast.SelectorExpr:
		return n.Sel.Name == "Kind"
	}
	return false
}

func isHouse(e ast.Expr) bool {
	kv, ok := e.(*ast.KeyValueExpr)
	if !ok {
		return false
	}
	name, ok := kv.Key.(*ast.Ident)
	return ok && name.Name == "House"
}

// isTyped reports whether a field of a literal is a name that is typed there.
func isTyped(e ast.Expr) bool {
	kv, ok := e.(*ast.KeyValueExpr)
	if !ok {
		return false
	}
	name, ok := kv.Key.(*ast.Ident)
	_, typed := kv.Value.(*ast.BasicLit)
	return ok && name.Name == "Name" && typed
}
