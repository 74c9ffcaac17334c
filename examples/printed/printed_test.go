// Package printed runs the programs of the README and of the package comments
// as they are printed.
package printed_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/servicecoin/servicecoin/store/postgres/pgtest"
)

const root = "../.."

// stage is what a printed program takes for given.
type stage struct {
	before  string // what stands before it, in the function that it is put into
	after   string // what stands after it there
	outside string // declarations, beside that function
	skip    string // why it is not run
	server  bool   // needs PostgreSQL
}

// records and usage are what several of them stand on.
const (
	start   = "ctx, ada := context.Background(), servicecoin.Person(\"ada\")\n"
	records = start + "s := store.New(memory.New(), nil)\n"
	metered = records + `customer := servicecoin.Customer{ID: "acme", Name: "Acme", Currency: "EUR"}
meters := metering.NewMeters(s.For(servicecoin.Provider))
for _, m := range []metering.Meter{
	{ID: "vm.hours", Name: "Hours", Type: "vm.ran", Aggregation: metering.Sum, Unit: "hours"},
	{ID: "mailboxes", Name: "Mailboxes", Type: "mailbox", Aggregation: metering.Sum, Unit: "mailboxes"},
} {
	if err := meters.Define(ctx, ada, m); err != nil {
		return err
	}
}
now, month := time.Now(), calendar.Month{Year: 2026, Month: time.January}
_, _ = now, month
`
	ledger  = metered + "ledger := metering.New(s.For(customer.ID), metering.NewMemoryStore(), meters, customer, nil)\n"
	notes   = "type Note struct{ ID, Text string }\n\nvar Notes = store.Kind[Note]{Name: \"note\", ID: func(n Note) string { return n.ID }}\n"
	mailbox = `price := rating.Price{Name: "Mailbox", Model: rating.PerUnit, Currency: "EUR", Rounding: money.HalfAwayFromZero, UnitPrice: servicecoin.Some(decimal.NewFromInt(4))}
`
)

// stages has one for each package whose comment has a program.
func stages() map[string]stage {
	return map[string]stage{
		"doc.go":                                {skip: "a table of nouns"},
		"benchmarks/calendar/hours_test.go":     {skip: "a command"},
		"benchmarks/store/table_test.go":        {skip: "a command"},
		"examples/availability/main.go":         {skip: "a command"},
		"examples/businesshours/main.go":        {skip: "a command"},
		"examples/changefit/main.go":            {skip: "a command"},
		"examples/drift/main.go":                {skip: "a command"},
		"operations/configuration/doc.go":       {skip: "ExampleRegister of the package runs the same verbs, with all that they stand on"},
		"examples/chargeback/main.go":           {skip: "a command"},
		"examples/kev/main.go":                  {skip: "a command"},
		"examples/pricefile/pricefile.go":       {skip: "a file of prices"},
		"examples/rate/main.go":                 {skip: "a command"},
		"examples/simulate/main.go":             {skip: "a command"},
		"benchmarks/rating/rating_test.go":      {skip: "a command"},
		"benchmarks/charges/charges_test.go":    {skip: "a command"},
		"examples/releasesheet/main.go":         {skip: "a command"},
		"examples/certify/main.go":              {skip: "a command"},
		"examples/portal/main.go":               {skip: "a command"},
		"examples/runbookfile/main.go":          {skip: "a command"},
		"store/store.go":                        {before: start, outside: notes},
		"store/memory/memory.go":                {},
		"store/storetest/storetest.go":          {outside: "var mine = struct{ New func(dir string) store.Backend }{func(string) store.Backend { return memory.New() }}\n"},
		"catalog/catalogtest/catalogtest.go":    {outside: "var mine = struct{ Fill func(testing.TB, string, []catalogtest.Use) catalog.Directory }{func(_ testing.TB, name string, uses []catalogtest.Use) catalog.Directory {\nvar d catalog.MemoryDirectory\nvar who []servicecoin.CustomerID\nfor _, u := range uses {\nwho = append(who, u.Customer)\n}\nd.Set(catalogtest.Mail, name, who...)\nreturn &d\n}}\n"},
		"metering/meteringtest/meteringtest.go": {outside: "var mine = struct{ New func(dir string) metering.EventStore }{func(string) metering.EventStore { return metering.NewMemoryStore() }}\n"},
		"suitetest/suitetest.go":                {outside: "type Shelf struct{}\n\nfunc (Shelf) Lacks(string) bool { return false }\nfunc (Shelf) Books() int { return 0 }\n\n"},
		"calendar/calendar.go":                  {before: "var berlin *time.Location\nvar outages []calendar.Interval\n"},
		"calendar/hours/hours.go":               {before: "reported := time.Date(2026, 3, 6, 15, 0, 0, 0, time.UTC)\n"},
		"calendar/recur/rule.go":                {before: "now := time.Now()\n"},
		"calendar/rota/rotation.go":             {before: "now := time.Now()\n"},
		"calendar/ical/read.go":                 {before: "desk, berlin := hours.Hours{Weekly: hours.Workdays(calendar.AllDay())}, time.UTC\nfile := strings.NewReader(\"BEGIN:VCALENDAR\\r\\nEND:VCALENDAR\\r\\n\")\n"},
		"calendar/workday/rule.go": {before: `desk := hours.Hours{Weekly: hours.Workdays(calendar.AllDay())}
timetable, err := desk.CompileYears(2026, 2028, nil)
if err != nil {
	return err
}
today := calendar.Date{Year: 2026, Month: time.March, Day: 2}
`},
		"interop/cloudevents/cloudevents.go": {skip: "ExampleNew of the package makes the same handler, with all that it stands on"},
		"interop/inventory/inventory.go": {before: records + `file, now, by := []byte("apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"), time.Now(), servicecoin.Program("reader")
register := configuration.New(s.For("acme"), &configuration.Options{Types: []configuration.Type{inventory.KubernetesType("Service", nil)}})
_ = ada
`},
		"interop/inventory/documents/documents.go": {before: "file := []byte(\"replicas: 2\\n\")\n"},
		"interop/runbookmd/runbookmd.go":           {before: "source, name := []byte(\"# Restore\\n\\n1. [ ] Stop the writers\\n\"), \"restore.md\"\n"},
		"metering/metering.go": {before: ledger + `collector := servicecoin.Program("collector")
events := []metering.Event{{ID: "1", Source: "test", Type: "vm.ran", Time: time.Now(), Value: servicecoin.Some(decimal.NewFromInt(1))}}
`},
		"metering/grant/grant.go": {before: `january := calendar.Month{Year: 2026, Month: time.January}.In(time.UTC)
usage := []grant.Usage{{During: january, Quantity: decimal.NewFromInt(60)}}
`},
		"metering/entitle/entitle.go": {before: `month := calendar.Month{Year: 2026, Month: time.January}.In(time.UTC)
entitlement := entitle.Entitlement{Feature: "sso", Kind: entitle.Boolean, From: month.Start}
facts := entitle.Facts{At: month.Start}
`},
		"metering/gate/gate.go": {before: start + `keep, newID := gate.NewMemory(), func() string { return "1" }
limits := gate.Static{{Customer: "acme", Name: "api.calls"}: {Left: servicecoin.Some(decimal.NewFromInt(10)), Through: time.Now(), Period: time.Now()}}
_ = ada
`},
		"metering/rating/rating.go":       {before: mailbox},
		"metering/usagefile/usagefile.go": {skip: "ExampleRead of the package reads a file in the same way"},
		"metering/cost/cost.go": {before: ledger + mailbox + `prices := rating.New(s.For(servicecoin.Provider))
january, start, exchange := calendar.Month{Year: 2026, Month: time.January}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), servicecoin.Program("exchange")
if _, err := prices.Publish(ctx, ada, "mail-std", price, start); err != nil {
	return err
}
statements := cost.New(s.For(customer.ID), customer, ledger, prices, nil)
credit := cost.Credit{
	Reference: servicecoin.Key{Customer: "acme", Kind: "sla.credit", ID: "mail/2026-01/1"}, Service: "mail", Month: january,
	Percent: servicecoin.Some(decimal.NewFromInt(10)), Reason: "Promise not kept in 2026-01",
}
`},
		"store/sqlite/sqlite.go":      {before: start},
		"store/sqlite/usage/usage.go": {before: metered},
		"store/postgres/postgres.go": {server: true, before: start + migrated + `by, report := ada, incident.Report{Title: "Mail is down"}
view := store.New(memory.New(), nil).For(servicecoin.Provider)
desk := incident.New(view, nil)
`},
		"problem/problem.go": {before: records + `keeper, w := sla.New(s.For("acme"), &sla.MemorySource{}), httptest.NewRecorder()
r, promise, month := httptest.NewRequestWithContext(ctx, "GET", "/", nil), servicecoin.PromiseID("p"), calendar.Month{Year: 2026, Month: time.January}
show := func() {
`, after: "_ = value\n}\nshow()\n_ = ada\n"},
		"store/postgres/usage/usage.go":   {server: true, before: metered + migrated + "pool, err := pgxpool.New(ctx, \"postgres:///portal\")\nif err != nil {\n\treturn err\n}\n"},
		"store/postgres/pgtest/pgtest.go": {server: true},
	}
}

const migrated = `first, err := pgxpool.New(ctx, "postgres:///portal")
if err != nil {
	return err
}
if err := postgres.Migrate(ctx, first, ""); err != nil {
	return err
}
if _, err := first.Exec(ctx, "CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY)"); err != nil {
	return err
}
`

// imports maps the names of packages to their paths.
func imports() map[string]string {
	m := map[string]string{
		"context": "context", "fmt": "fmt", "os": "os", "httptest": "net/http/httptest", "time": "time", "testing": "testing", "errors": "errors", "strings": "strings",
		"decimal": "github.com/shopspring/decimal", "pgxpool": "github.com/jackc/pgx/v5/pgxpool", "require": "github.com/stretchr/testify/require",
		"servicecoin": "github.com/servicecoin/servicecoin",
	}
	for _, p := range []string{
		"adoption", "calendar", "calendar/hours", "calendar/ical", "calendar/recur", "calendar/rota", "calendar/workday", "catalog", "catalog/catalogtest", "coin", "estimate", "incident", "interop/inventory", "interop/inventory/documents", "interop/runbookmd", "lifecycle", "metering", "metering/cost", "metering/entitle", "metering/gate", "metering/grant", "metering/meteringtest", "metering/rating", "money", "operations/configuration", "problem",
		"sla", "suitetest", "store", "store/memory", "store/postgres", "store/postgres/pgtest", "store/sqlite", "store/storetest",
	} {
		m[p[strings.LastIndex(p, "/")+1:]] = "github.com/servicecoin/servicecoin/" + p
	}
	return m
}

// programs returns the code of each package comment, by file.
func programs(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.Contains(path, "/printed/") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil || file.Doc == nil {
			return err
		}
		var p comment.Parser
		var code []string
		for _, block := range p.Parse(file.Doc.Text()).Content {
			if c, ok := block.(*comment.Code); ok {
				code = append(code, c.Text)
			}
		}
		if len(code) > 0 {
			name, err := filepath.Rel(root, path)
			found[name] = strings.Join(code, "\n")
			return err
		}
		return nil
	}))
	return found
}

func TestPackageComments(t *testing.T) {
	t.Parallel()
	known := stages()
	for name, code := range programs(t) {
		s, ok := known[name]
		require.True(t, ok, "%s prints a program that nobody runs:\n%s", name, code)
		delete(known, name)
		if s.skip != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			isTest := strings.HasPrefix(code, "func ")
			text := program(t, s, code, isTest)
			out, err := run(t, name, text, isTest, s.server)
			require.NoError(t, err, "%s\n%s", out, text)
		})
	}
	require.Empty(t, slices.Collect(maps.Keys(known)), "no program is printed there any more")
}

// The program of the README is a whole one, and tells of the credit.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, blocks)
	for _, b := range blocks {
		require.True(t, strings.HasPrefix(b[1], "package main\n"), "a program that cannot be pasted:\n%s", b[1])
		out, err := run(t, "readme", b[1], false, false)
		require.NoError(t, err, out)
		require.Contains(t, out, "credit: 10 % of the month's charge")
	}
}

// program puts the printed lines into what they take for given.
func program(t *testing.T, s stage, code string, isTest bool) string {
	t.Helper()
	body := s.outside + code
	if !isTest {
		inner := "package x\nfunc f() error {\n" + s.before + code + "\n" + s.after + "return nil\n}\n"
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", inner, 0)
		require.NoError(t, err, inner)
		var uses []string
		ast.Inspect(file, func(n ast.Node) bool {
			if _, nested := n.(*ast.FuncLit); nested {
				return false
			}
			if a, ok := n.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
				for _, l := range a.Lhs {
					if id, ok := l.(*ast.Ident); ok && id.Name != "_" {
						uses = append(uses, id.Name)
					}
				}
			}
			_, loop := n.(*ast.RangeStmt)
			_, cond := n.(*ast.IfStmt)
			return !loop && !cond
		})
		slices.Sort(uses)
		uses = slices.Compact(uses)
		last := "return nil\n"
		if slices.Contains(uses, "err") {
			last = "return err\n"
		}
		tail := ""
		if len(uses) > 0 {
			tail = "_ = " + strings.Join(uses, "\n_ = ") + "\n"
		}
		body = s.outside + "func printed() error {\n" + s.before + code + "\n" + s.after + tail + last + "}\n\nfunc main() {\n\tif err := printed(); err != nil {\n\t\tpanic(err)\n\t}\n}\n"
	}
	var head strings.Builder
	head.WriteString("package main\n\nimport (\n")
	all := imports()
	if strings.Contains(code, "usage.") {
		kind := "sqlite"
		if s.server {
			kind = "postgres"
		}
		all["usage"] = "github.com/servicecoin/servicecoin/store/" + kind + "/usage"
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if regexp.MustCompile(`(^|[^.\w"])` + name + `\.[A-Z]`).MatchString(body) {
			_, _ = fmt.Fprintf(&head, "\t%q\n", all[name])
		}
	}
	return head.String() + ")\n\n" + body
}

// run builds the program within this module, without a file in its folders, and
// runs it in a folder of its own.
func run(t *testing.T, name, text string, isTest, server bool) (string, error) {
	t.Helper()
	dir := t.TempDir()
	suffix := ".go"
	if isTest {
		suffix = "_test.go"
	}
	source := filepath.Join(dir, "main"+suffix)
	require.NoError(t, os.WriteFile(source, []byte(text), 0o600))
	here, err := os.Getwd()
	require.NoError(t, err)
	pkg := "run_" + regexp.MustCompile(`\W`).ReplaceAllString(name, "_")
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, pkg, "main"+suffix): source}})
	require.NoError(t, err)
	plan := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(plan, overlay, 0o600))
	binary := filepath.Join(dir, "program")
	args := []string{"build", "-overlay", plan, "-o", binary, "./" + pkg}
	if isTest {
		args = append([]string{"test", "-c", "-vet=off"}, args[1:]...)
	}
	if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		return string(out), err
	}
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Dir = t.TempDir()
	cmd.Env = os.Environ()
	if server {
		cmd.Env = append(cmd.Env, portal(t)...)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	return out.String(), err
}

// portal makes a database of that name on a server of its own, and returns the
// environment in which it is found.
func portal(t *testing.T) []string {
	t.Helper()
	dsn := pgtest.StartDurable(t).Database(t)
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(ctx)) }()
	_, err = conn.Exec(ctx, "CREATE DATABASE portal")
	require.NoError(t, err)
	c := conn.Config()
	return []string{"PGHOST=" + c.Host, "PGUSER=" + c.User, fmt.Sprintf("PGPORT=%d", c.Port)}
}
