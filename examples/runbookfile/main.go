// Command runbookfile answers, of a Markdown file: which run books stand in it, what are
// their steps and commands, what is odd about it, and is it due to be read again?
//
//	go run ./examples/runbookfile -file restore.md -today 2026-03-02 -format csv
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/interop/runbookmd"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "runbookfile:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out, diagnostics io.Writer) error {
	flags := flag.NewFlagSet("runbookfile", flag.ContinueOnError)
	flags.SetOutput(diagnostics)
	file := flags.String("file", "", "the run books, a Markdown `file`")
	format := flags.String("format", "text", "text or csv")
	today := calendar.DateOf(time.Now(), time.UTC)
	flags.TextVar(&today, "today", today, "the `date` at which it may be overdue, as 2026-03-02")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case *file == "" || flags.NArg() > 0:
		return errors.New("name a -file, and nothing else: see -help")
	case *format != "text" && *format != "csv":
		return fmt.Errorf("-format %q: must be text or csv", *format)
	}
	source, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	doc, err := runbookmd.Parse(source)
	if err != nil {
		return fmt.Errorf("%s: %w", *file, err)
	}
	if *format == "csv" {
		return writeCSV(out, doc)
	}
	return writeText(out, doc, today)
}

// writeCSV writes a row for each step, with the commands that belong to it.
func writeCSV(out io.Writer, doc *runbookmd.Document) error {
	w := csv.NewWriter(out)
	if err := w.Write([]string{"line", "section", "number", "depth", "text", "commands"}); err != nil {
		return err
	}
	blocks := doc.Code()
	for _, s := range doc.Steps() {
		var commands []string
		for _, n := range s.Code {
			commands = append(commands, blocks[n].Text)
		}
		row := []string{strconv.Itoa(s.Line), strings.Join(s.Path, " / "), s.Number, strconv.Itoa(s.Depth), s.Text, strings.Join(commands, "\n")}
		for n := range row {
			row[n] = csvfile.Cell(row[n])
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// writeText tells what there is, in sentences.
func writeText(out io.Writer, doc *runbookmd.Document, today calendar.Date) error {
	review := doc.Review()
	switch due, ok := review.Due(); {
	case !ok:
		fmt.Fprintln(out, "Nobody says when it is to be read again.")
	case review.Overdue(today):
		fmt.Fprintf(out, "It should have been read again by %s.\n", due)
	default:
		fmt.Fprintf(out, "It is to be read again by %s.\n", due)
	}
	for _, found := range doc.Books(nil) {
		b := found.Book
		fmt.Fprintf(out, "\n%s (%s)\n", b.Title["en"], b.Scenario)
		for n, s := range b.Steps {
			title, _ := s.Title.In("en")
			fmt.Fprintf(out, "%3d. %s\n", n+1, title)
		}
		for _, f := range found.Findings {
			fmt.Fprintf(out, "     line %d: %s\n", f.Line, f.Text)
		}
	}
	for _, f := range doc.Findings() {
		fmt.Fprintf(out, "line %d: %s\n", f.Line, f.Text)
	}
	return nil
}
