package servicecoin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
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

// floors says what a package of the core may import of the core. coin and
// whatever is not named may import everything below.
func floors() map[string][]string {
	ground := []string{"", "/calendar", "/money", "/store"}
	return map[string][]string{
		"":                         {},
		"/calendar":                {""},
		"/money":                   {""},
		"/store":                   {""},
		"/store/memory":            {"", "/store"},
		"/store/storetest":         {"", "/store"},
		"/adoption":                ground,
		"/catalog":                 ground,
		"/catalog/catalogtest":     {"", "/calendar", "/catalog"},
		"/incident":                ground,
		"/metering":                append(ground, "/metering/internal/fixed"),
		"/metering/internal/fixed": {},
		"/metering/meteringtest":   append(ground, "/metering", "/metering/cost", "/metering/rating"),
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
