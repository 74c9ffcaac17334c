// Command kev answers, of CISA's list of known exploited vulnerabilities: what was due by a
// day, vendor by vendor, what comes due next, and how much time there was?
//
//	go run ./examples/kev -file known_exploited_vulnerabilities.json -as-of 2025-03-01 -format csv
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/advisory"
)

//go:embed usage.txt
var usage string

func main() { os.Exit(code(os.Args[1:], os.Stdout, os.Stderr)) }

// code runs the command and returns its exit status.
func code(args []string, out, diagnostics io.Writer) int {
	err := run(args, out, diagnostics)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	default:
		tell(diagnostics, err)
		return 2
	}
}

// tell writes what is wrong, a line for each violation of a file.
func tell(diagnostics io.Writer, err error) {
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		fmt.Fprintln(diagnostics, "kev:", err)
		return
	}
	for _, v := range invalid.Violations {
		fmt.Fprintln(diagnostics, "kev:", v)
	}
	if invalid.More > 0 {
		fmt.Fprintf(diagnostics, "kev: and %d more\n", invalid.More)
	}
}

func run(args []string, out, diagnostics io.Writer) error {
	flags := flag.NewFlagSet("kev", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	file := flags.String("file", "", "the list, a `file` of JSON or CSV")
	day := flags.String("as-of", "", "the `day` at which is counted, as 2025-03-01")
	format := flags.String("format", "text", "text, a table for people, or csv")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return err
	} else if err != nil {
		return err
	}
	switch {
	case *file == "" || *day == "" || flags.NArg() > 0:
		return errors.New("name a -file and a day -as-of, and nothing else: see -help")
	case *format != "text" && *format != "csv":
		return fmt.Errorf("-format %q: must be text or csv", *format)
	}
	asOf, err := calendar.ParseDate(*day)
	if err != nil {
		return fmt.Errorf("-as-of %q: must be a day of the calendar, as 2025-03-01", *day)
	}
	kev, err := read(*file)
	if err != nil {
		return err
	}
	for _, f := range kev.Findings {
		fmt.Fprintf(diagnostics, "kev: line %d: %s\n", f.Line, f.Text)
	}
	rows := count(kev.Counted(), asOf)
	if *format == "csv" {
		return writeCSV(out, rows)
	}
	return writeText(out, rows, asOf)
}

// read reads a file, one byte more than is allowed at most.
func read(path string) (*advisory.KEV, error) {
	file, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, advisory.MaxKEVBytes+1))
	if err != nil {
		return nil, err
	}
	return advisory.ReadKEV(data)
}
