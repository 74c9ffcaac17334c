// Command changefit answers, from two iCalendar files: may this change happen then?
// What does it collide with, and when would it fit?
//
//	go run ./examples/changefit -calendar FILE -change FILE -format csv
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
	_ "time/tzdata" // zones, on machines that have none
)

//go:embed usage.txt
var usage string

func main() { os.Exit(code(os.Args[1:], os.Stdout, os.Stderr)) }

// code runs the command and returns its exit status.
func code(args []string, out, diagnostics io.Writer) int {
	fits, err := run(args, out, diagnostics)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(diagnostics, "changefit:", err)
		return 2
	case fits:
		return 0
	}
	return 1
}

func run(args []string, out, diagnostics io.Writer) (fits bool, err error) {
	flags := flag.NewFlagSet("changefit", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	calendarFile := flags.String("calendar", "", "the calendar, an iCalendar `file`")
	changeFile := flags.String("change", "", "the change, an iCalendar `file` with one event")
	format := flags.String("format", "text", "text or csv")
	zone := flags.String("zone", "UTC", "the `zone` of whole days, of times without one, and of the answer")
	var from time.Time
	flags.Func("from", "an `instant`, as 2026-03-10T09:00:00+01:00, from which starts are looked for (default: the start of the change)", func(text string) (err error) {
		from, err = time.Parse(time.RFC3339, text)
		return err
	})
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return false, err
	} else if err != nil {
		return false, err
	}
	loc, err := time.LoadLocation(*zone)
	switch {
	case *calendarFile == "" || *changeFile == "" || flags.NArg() > 0:
		return false, errors.New("name a -calendar and a -change, and nothing else: see -help")
	case *format != "text" && *format != "csv":
		return false, fmt.Errorf("-format %q: must be text or csv", *format)
	case err != nil || *zone == "Local":
		return false, fmt.Errorf("-zone %q: is no zone of the tz database", *zone)
	}
	planned, err := readChange(*changeFile, loc)
	if err != nil {
		return false, err
	}
	if from.IsZero() {
		from = planned.plan.Start
	}
	world, err := readCalendar(*calendarFile, loc, planned, from)
	if err != nil {
		return false, err
	}
	answer, err := world.ask(planned, from)
	if err != nil {
		return false, err
	}
	for _, note := range answer.notes {
		fmt.Fprintln(diagnostics, "changefit:", note)
	}
	if *format == "csv" {
		return answer.fits(), answer.writeCSV(out, loc)
	}
	return answer.fits(), answer.writeText(out, loc)
}
