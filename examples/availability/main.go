// Command availability answers, from a public list of incidents: how available
// was each service in a month?
//
//	go run ./examples/availability -incidents FILE -month 2023-04 -outage 1 -disruption 0.3 -format csv
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/examples/incidentfile"
	"github.com/servicecoin/servicecoin/money"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "availability:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out, diagnostics io.Writer) error {
	flags := flag.NewFlagSet("availability", flag.ContinueOnError)
	flags.SetOutput(diagnostics)
	file := flags.String("incidents", "", "the list of incidents, a CSV `file`")
	location := flags.String("location", "", "count only incidents that list this `location`")
	format := flags.String("format", "text", "text or csv")
	outage, disruption := decimal.NewFromInt(1), decimal.RequireFromString("0.3")
	flags.TextVar(&outage, "outage", outage, "what a second of SERVICE_OUTAGE weighs, 0 to 1")
	flags.TextVar(&disruption, "disruption", disruption, "what a second of SERVICE_DISRUPTION weighs, 0 to 1")
	var month calendar.Month
	flags.TextVar(&month, "month", calendar.Month{}, "the `month`, as 2023-04, in UTC")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.Text("-incidents", *file, 1, 4096)
	v.Merge("-month", month.Validate())
	for name, w := range map[string]decimal.Decimal{"-outage": outage, "-disruption": disruption} {
		if w.IsNegative() || w.GreaterThan(decimal.NewFromInt(1)) {
			v.Add(name, "out-of-range", w.String(), "must be 0 to 1")
		}
	}
	if *format != "text" && *format != "csv" {
		v.Add("-format", "unknown", *format, "must be text or csv")
	}
	if flags.NArg() > 0 {
		v.Add("", "unexpected", flags.Arg(0), "is no flag")
	}
	if err := v.Err(); err != nil {
		return err
	}
	list, err := incidentfile.Open(*file)
	if err != nil {
		return err
	}
	rows, err := measure(list, month, *location, map[string]decimal.Decimal{incidentfile.Outage: outage, incidentfile.Disruption: disruption})
	if err != nil {
		return err
	}
	if *format == "csv" {
		return writeCSV(out, rows)
	}
	return writeText(out, rows)
}

// row is one line of the answer; undefined figures stand for a month that the
// list does not cover.
type row struct {
	service            string
	month              calendar.Month
	down, availability decimal.NullDecimal
}

func measure(list incidentfile.List, month calendar.Month, location string, weights map[string]decimal.Decimal) ([]row, error) {
	spans := map[string][]calendar.Span{}
	for _, i := range list {
		if i.At(location) {
			spans[i.Service] = append(spans[i.Service], calendar.Span{Interval: i.Span, Weight: weights[i.Impact], Tag: i.ID})
		}
	}
	period := month.In(time.UTC)
	covered := calendar.SetOf(list.Coverage()).Covers(period)
	var rows []row
	for _, name := range list.Services() {
		r := row{service: name, month: month}
		if covered {
			down := calendar.Worst(spans[name]...).Clip(period).WeightedSeconds()
			up, err := money.HalfAwayFromZero.Round(period.Seconds().Sub(down).DivRound(period.Seconds(), 30), 8)
			if err != nil {
				return nil, err
			}
			r.down, r.availability = servicecoin.Some(down), servicecoin.Some(up)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func text(d decimal.NullDecimal) string {
	if !d.Valid {
		return ""
	}
	return d.Decimal.String()
}

func writeCSV(out io.Writer, rows []row) error {
	w := csv.NewWriter(out)
	lines := [][]string{{"service", "month", "downSeconds", "availability"}}
	for _, r := range rows {
		lines = append(lines, []string{csvfile.Cell(r.service), r.month.String(), text(r.down), text(r.availability)})
	}
	return w.WriteAll(lines)
}

func writeText(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "down\tavailability\t  service")
	for _, r := range rows {
		down, share := "unknown", "unknown"
		if r.down.Valid {
			down = (time.Duration(r.down.Decimal.Round(0).IntPart()) * time.Second).String()
			share = r.availability.Decimal.Shift(2).StringFixed(4) + " %"
		}
		fmt.Fprintf(w, "%s\t%s\t  %s\n", down, share, r.service)
	}
	return w.Flush()
}
