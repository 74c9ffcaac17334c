// Command businesshours answers: somebody writes to support. Is anyone there,
// and by when is the answer due?
//
//	go run ./examples/businesshours -hours "Mo-Fr 09:00-17:00; PH off" -zone Europe/Berlin -at 2026-12-24T16:30:00+01:00 -within 4h
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/calendar/hours"
	"github.com/servicecoin/servicecoin/calendar/ical"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "businesshours:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out, diagnostics io.Writer) error {
	flags := flag.NewFlagSet("businesshours", flag.ContinueOnError)
	flags.SetOutput(diagnostics)
	text := flags.String("hours", "Mo-Fr 09:00-12:30,13:30-18:00; Dec 24,Dec 31 09:00-12:00; PH off", "when support is there")
	zone := flags.String("zone", "Europe/Berlin", "the `zone` of its clock, an IANA name")
	holidays := flags.String("holidays", "", "an iCalendar `file` of holidays")
	allowance := hours.WorkingTime(4 * time.Hour)
	flags.TextVar(&allowance, "within", allowance, `what is promised: "4h", "2 working days" or "end of working day 1"`)
	at := time.Now()
	flags.TextVar(&at, "at", at, "when the message came, an `instant` as 2026-12-24T16:30:00+01:00")
	if err := flags.Parse(args); err != nil {
		return err
	}
	hours, err := read(*text, *zone, *holidays)
	if err != nil {
		return err
	}
	// Compiled once; a server keeps it, and shares it between its goroutines.
	timetable, err := hours.CompileYears(at.Year()-1, at.Year()+3, nil)
	if err != nil {
		return err
	}
	return answer(out, timetable, at, allowance)
}

// read makes hours of their text and of a file of holidays.
func read(text, zone, file string) (hours.Hours, error) {
	hours, err := hours.Parse(text)
	if err != nil {
		return hours, fmt.Errorf("-hours: %w", err)
	}
	hours.Zone = zone
	loc, err := hours.Location()
	if err != nil || file == "" {
		return hours, err
	}
	content, err := os.Open(file) //nolint:gosec // the user names the file
	if err != nil {
		return hours, err
	}
	defer content.Close()
	closed, err := ical.Read(content, loc)
	if err != nil {
		return hours, fmt.Errorf("%s: %w", file, err)
	}
	return ical.ClosedOn(hours, closed...), nil
}

// answer says whether somebody is there, when that changes, and what is due.
func answer(out io.Writer, timetable *hours.Timetable, at time.Time, allowance hours.Allowance) error {
	show := func(t time.Time) string { return t.In(timetable.Location()).Format("Mon 2 Jan 2006 15:04 MST") }
	open, err := timetable.Open(at)
	if err != nil {
		return err
	}
	change, word, next := timetable.NextOpen, "closed", "opens"
	if open {
		change, word, next = timetable.NextClose, "open", "closes"
	}
	fmt.Fprintf(out, "%s: %s", show(at), word)
	if name, is, err := timetable.Holiday(at); err != nil {
		return err
	} else if is {
		fmt.Fprintf(out, ", %s", name)
	}
	until, err := change(at)
	switch _, beyond := errors.AsType[*calendar.OutsideError](err); {
	case err == nil:
		fmt.Fprintf(out, ", %s %s\n", next, show(until))
	case beyond: // it never closes, for instance
		fmt.Fprintf(out, ", and stays so\n")
	default:
		return err
	}
	due, err := allowance.Due(timetable, at)
	if err != nil {
		return err
	}
	work, err := timetable.Elapsed(at, due)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: due, %s; %s of work, %s by the clock\n", show(due), allowance, work.Round(time.Second), due.Sub(at).Round(time.Second))
	return nil
}
