// Command releasesheet answers, of the release schedule of Kubernetes: how many releases of
// each line came by a day, which is next and how long before it changes are taken, and is
// the line still supported?
//
//	go run ./examples/releasesheet -file schedule.yaml -as-of 2023-07-10 -format csv
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
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/releases"
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
		fmt.Fprintln(diagnostics, "releasesheet:", err)
		return
	}
	for _, v := range invalid.Violations {
		fmt.Fprintln(diagnostics, "releasesheet:", v)
	}
	if invalid.More > 0 {
		fmt.Fprintf(diagnostics, "releasesheet: and %d more\n", invalid.More)
	}
}

func run(args []string, out, diagnostics io.Writer) error {
	flags := flag.NewFlagSet("releasesheet", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	file := flags.String("file", "", "the schedule, a `file` of YAML")
	day := flags.String("as-of", "", "the `day` at which is counted, as 2023-07-10; today in UTC if it is not given")
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
	case *file == "" || flags.NArg() > 0:
		return errors.New("name a -file, and nothing else: see -help")
	case *format != "text" && *format != "csv":
		return fmt.Errorf("-format %q: must be text or csv", *format)
	}
	asOf, err := dayOf(flags, *day)
	if err != nil {
		return err
	}
	schedule, err := read(*file)
	if err != nil {
		return err
	}
	for _, c := range schedule.Complaints {
		fmt.Fprintf(diagnostics, "releasesheet: line %d: %s\n", c.Line, printable(c.Text))
	}
	rows := sheet(schedule, asOf)
	if *format == "csv" {
		return writeCSV(out, rows)
	}
	return writeText(out, rows, asOf)
}

// dayOf is the day that is asked for, today where none is.
func dayOf(flags *flag.FlagSet, text string) (calendar.Date, error) {
	given := false
	flags.Visit(func(f *flag.Flag) { given = given || f.Name == "as-of" })
	if !given {
		return calendar.DateOf(time.Now(), time.UTC), nil
	}
	day, err := calendar.ParseDate(text)
	if err != nil {
		return calendar.Date{}, fmt.Errorf("-as-of %q: must be a day of the calendar, as 2023-07-10", text)
	}
	return day, nil
}

// read reads a file, one byte more than is allowed at most.
func read(path string) (*releases.Schedule, error) {
	file, err := os.Open(path) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, releases.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return releases.ReadKubernetes(data)
}
