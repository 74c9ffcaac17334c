// Command rate says what usage costs, row by row.
//
//	go run ./examples/rate -prices prices.json -usage usage.csv -format csv
package main

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/examples/pricefile"
	"github.com/servicecoin/servicecoin/metering"
)

//go:embed usage.txt
var usage string

// The exit statuses.
const (
	done   = 0
	unread = 2
)

func main() { os.Exit(code(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// code runs the command and returns its exit status.
func code(args []string, in io.Reader, out, diagnostics io.Writer) int {
	err := run(args, in, out, diagnostics)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return done
	}
	tell(diagnostics, err)
	return unread
}

// fileError says which file something is of.
type fileError struct {
	path string
	err  error
}

func (e *fileError) Error() string { return e.path + ": " + e.err.Error() }

func (e *fileError) Unwrap() error { return e.err }

// tell writes what is wrong, a line for each violation.
func tell(diagnostics io.Writer, err error) {
	if both, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range both.Unwrap() {
			tell(diagnostics, one)
		}
		return
	}
	at := ""
	if file, ok := errors.AsType[*fileError](err); ok {
		at = file.path + ": "
	}
	invalid, ok := errors.AsType[*servicecoin.InvalidError](err)
	if !ok {
		fmt.Fprintln(diagnostics, "rate:", inLine(err.Error()))
		return
	}
	for _, v := range invalid.Violations {
		if v.Path == "" {
			v.Path = "line 1"
		}
		fmt.Fprintf(diagnostics, "rate: %s\n", inLine(at+v.String()))
	}
	if invalid.More > 0 {
		fmt.Fprintf(diagnostics, "rate: %sand %d more\n", at, invalid.More)
	}
}

// inLine is a text that stays in its line: the names of a file may have line feeds in
// them, and what steers a terminal.
func inLine(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

func run(args []string, in io.Reader, out, diagnostics io.Writer) error {
	flags := flag.NewFlagSet("rate", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	prices := flags.String("prices", "", "")
	used := flags.String("usage", "", "")
	format := flags.String("format", "csv", "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(diagnostics, usage)
		return err
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("%q is no option: see -help", flags.Arg(0))
	case *prices == "" || *used == "":
		return errors.New("-prices and -usage must be given: see -help")
	case *format != "csv":
		return fmt.Errorf("-format is %q, and must be csv", *format)
	}
	list, err := pricefile.Open(*prices)
	if err != nil {
		return errors.Join(&fileError{*prices, err}, look(list, *used))
	}
	rows, err := rate(list, *used, in)
	if err != nil {
		return &fileError{*used, err}
	}
	return write(out, rows)
}

// rate rates a file of usage, "-" being the standard input.
func rate(list pricefile.Prices, path string, in io.Reader) ([]pricefile.Rated, error) {
	if path == "-" {
		return list.Rate(in)
	}
	f, err := os.Open(path) //nolint:gosec // G304: the file is the user's own choice
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return list.Rate(f)
}

// look reads a file of usage whose prices are wrong, for what is wrong with itself. Where
// no names of prices were read, they are not asked for.
func look(list pricefile.Prices, path string) error {
	if path == "-" { // somebody may be about to type it
		return nil
	}
	f, err := os.Open(path) //nolint:gosec // G304: the file is the user's own choice
	if err != nil {
		return &fileError{path, err}
	}
	defer f.Close()
	err = pricefile.ReadUsage(f, func(v *servicecoin.Violations, u pricefile.Use) {
		_, exactly := list[u.Price]
		_, trimmed := list[strings.TrimSpace(u.Price)]
		if len(list) > 0 && !exactly && !trimmed {
			v.Add(strings.Replace(u.At, "quantity", "price", 1), "unknown", u.Price, "must be a price of the file of prices")
		}
	})
	if err != nil {
		return &fileError{path, err}
	}
	return nil
}

func write(out io.Writer, rows []pricefile.Rated) error {
	w := csv.NewWriter(out)
	if err := w.Write([]string{"price", "quantity", "amount", "unit"}); err != nil {
		return err
	}
	for _, r := range rows {
		unit := metering.Plain(r.Unit.Decimal) // 0 where nothing was used
		if err := w.Write([]string{csvfile.Cell(r.Price), r.Text, metering.Plain(r.Amount), unit}); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
