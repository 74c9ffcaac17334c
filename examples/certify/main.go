// Command certify answers, of reports of test runs: which features does a version have
// proven, which are broken, and which must be proven and are not?
//
//	go run ./examples/certify -reports results -rules rules.yaml -version 8.4.0 -format csv
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/version"
)

//go:embed usage.txt
var usage string

// The exit statuses.
const (
	certified = 0
	lacking   = 1
	unread    = 2
)

func main() { os.Exit(code(os.Args[1:], os.Stdout, os.Stderr)) }

// code runs the command and returns its exit status.
func code(args []string, out, diagnostics io.Writer) int {
	holds, err := run(args, out, diagnostics)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return certified
	case err != nil:
		tell(diagnostics, err)
		return unread
	case !holds:
		return lacking
	}
	return certified
}

// tell writes what is wrong, a line for each violation.
func tell(diagnostics io.Writer, err error) {
	at := ""
	if file, ok := errors.AsType[*fileError](err); ok {
		at = file.path + ": "
	}
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		fmt.Fprintln(diagnostics, "certify:", err)
		return
	}
	for _, v := range invalid.Violations {
		fmt.Fprintf(diagnostics, "certify: %s%s\n", at, v)
	}
	if invalid.More > 0 {
		fmt.Fprintf(diagnostics, "certify: %sand %d more\n", at, invalid.More)
	}
}

// fileError says which file something is of.
type fileError struct {
	path string
	err  error
}

func (e *fileError) Error() string { return e.path + ": " + e.err.Error() }

func (e *fileError) Unwrap() error { return e.err }

// run reports whether all that must be proven is.
func run(args []string, out, diagnostics io.Writer) (bool, error) {
	flags := flag.NewFlagSet("certify", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	reports := flags.String("reports", "", "the reports: a `folder`, or one file")
	rulesFile := flags.String("rules", "", "what proves which feature, a `file` of YAML")
	of := flags.String("version", "", "the `version` that was tested, as 8.4.0")
	asOf := flags.String("as-of", "", "the `day` (up to its end, in UTC) or instant at which is asked; what ran later does not count")
	format := flags.String("format", "text", "text, a table for people, or csv")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return false, err
	} else if err != nil {
		return false, err
	}
	switch {
	case *reports == "" || *rulesFile == "" || *of == "" || flags.NArg() > 0:
		return false, errors.New("name -reports, -rules and -version, and nothing else: see -help")
	case *format != "text" && *format != "csv":
		return false, fmt.Errorf("-format %q: must be text or csv", *format)
	}
	if _, err := version.ParseLoose(*of); err != nil {
		return false, fmt.Errorf("-version %q: %w", *of, err)
	}
	at, fixed, err := instant(*asOf)
	if err != nil {
		return false, err
	}
	rules, err := readRules(*rulesFile, *of)
	if err != nil {
		return false, &fileError{*rulesFile, err}
	}
	prover, err := release.NewProver(rules.ProofRules)
	if err != nil {
		return false, &fileError{*rulesFile, err}
	}
	t := taking{sheet: release.NewSheet(prover, *of, *of, at), rules: rules, version: *of, now: at, fixed: fixed, out: diagnostics, seen: map[string]string{}}
	if err := t.folder(*reports); err != nil {
		return false, err
	}
	cells := t.sheet.Cells(rules.waivers...)
	holds := true
	for n := range cells {
		holds = holds && cells[n].Holds()
	}
	unmapped, all := t.sheet.Unmapped(mostUnmapped)
	if all > len(unmapped) {
		fmt.Fprintf(diagnostics, "certify: of %d tests that prove nothing %d are listed\n", all, len(unmapped))
	}
	if *format == "csv" {
		return holds, writeCSV(out, cells, unmapped)
	}
	return holds, writeText(out, cells, unmapped, *of, at)
}

// mostUnmapped is how many tests that prove nothing are listed.
const mostUnmapped = 10_000

// instant reads -as-of; "" is now. It says whether it was given.
func instant(text string) (time.Time, bool, error) {
	if text == "" {
		return time.Now().UTC(), false, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Microsecond), true, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("-as-of %q: must be a day or an instant, as 2026-03-10 or 2026-03-10T12:00:00Z", text)
	}
	return at.UTC(), true, nil
}
