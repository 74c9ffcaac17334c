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
	"slices"
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
// alone answers HTTP, and coin alone renders HTML (until that has moved into a
// package of its own). Suites are not looked at: they
// are linked into tests alone.
func TestCoreReachesNoWebServer(t *testing.T) {
	t.Parallel()
	may := map[string][]string{"/problem": {"net/http"}, "/coin": {"html/template"}}
	for path, p := range packages(t) {
		room, ours := strings.CutPrefix(path, module)
		if !ours || isSuite(path) {
			continue
		}
		for _, dep := range []string{"net/http", "html/template"} {
			if slices.Contains(p.Deps, dep) && !slices.Contains(may[room], dep) {
				t.Errorf("%s reaches %s", path, dep)
			}
		}
	}
}

// floors says what a package of the core may import of the core. coin and
// whatever is not named may import everything below.
func floors() map[string][]string {
	ground := []string{"", "/calendar", "/money", "/store", "/internal/house"}
	return map[string][]string{
		"":                         {},
		"/calendar":                {""},
		"/money":                   {""},
		"/problem":                 {""},
		"/internal/house":          {},
		"/store":                   {"", "/internal/house"},
		"/store/memory":            {"", "/store"},
		"/suitetest":               {},
		"/store/storetest":         {"", "/store", "/store/memory", "/suitetest"},
		"/adoption":                ground,
		"/catalog":                 ground,
		"/catalog/catalogtest":     {"", "/calendar", "/catalog", "/suitetest"},
		"/incident":                ground,
		"/metering":                append(ground, "/metering/internal/fixed"),
		"/metering/internal/fixed": {},
		"/metering/meteringtest":   append(ground, "/metering", "/metering/cost", "/metering/rating", "/suitetest"),
		"/metering/cost":           append(ground, "/metering", "/metering/rating", "/metering/internal/fixed"),
		"/metering/rating":         append(ground, "/metering", "/metering/internal/fixed"),
		"/sla":                     ground,
		"/coin":                    append(ground, "/adoption", "/catalog", "/incident", "/metering", "/metering/cost", "/metering/rating", "/sla"),
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

// Every kind of record that the core declares carries the right of the house,
// and none is handed out: a host that held one could write past Authorize and
// past the audit.
func TestKindsStayInTheHouse(t *testing.T) {
	t.Parallel()
	kinds := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{"examples", "benchmarks", "tools", "store/storetest"}, path):
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
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
			case *ast.FuncDecl:
				if n.Name.IsExported() && n.Type.Results != nil && slices.ContainsFunc(n.Type.Results.List, func(f *ast.Field) bool { return isKind(f.Type) }) {
					t.Errorf("%s: %s hands out a kind", path, n.Name.Name)
				}
			}
			return true
		})
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, kinds, 30)
}

// A host cannot reach the kinds of a room, so each room brings all of its kinds up
// to date itself.
func TestRoomsReindexTheirKinds(t *testing.T) {
	t.Parallel()
	kinds, updated := map[string]string{}, map[string]bool{}
	for _, room := range []string{"adoption", "catalog", "incident", "sla", "metering", "metering/rating", "metering/cost"} {
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
