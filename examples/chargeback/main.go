// Command chargeback answers, from a file of cost and usage in FOCUS 1.0: what did
// each customer cost by service, and does the list price times the quantity come
// to the same?
//
//	go run ./examples/chargeback -focus FILE -format csv
//
// A customer is a sub-account. Sums are exact; a cost that is null adds nothing.
package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/examples/csvfile"
	"github.com/servicecoin/servicecoin/examples/focusfile"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
	"github.com/servicecoin/servicecoin/money"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "chargeback:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out, diagnostics io.Writer) error {
	flags := flag.NewFlagSet("chargeback", flag.ContinueOnError)
	flags.SetOutput(diagnostics)
	file := flags.String("focus", "", "cost and usage in FOCUS 1.0, a CSV `file`")
	format := flags.String("format", "text", "text or csv")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var v servicecoin.Violations
	v.Text("-focus", *file, 1, 4096)
	if *format != "text" && *format != "csv" {
		v.Add("-format", "unknown", *format, "must be text or csv")
	}
	if flags.NArg() > 0 {
		v.Add("", "unexpected", flags.Arg(0), "is no flag")
	}
	if err := v.Err(); err != nil {
		return err
	}
	rows, err := focusfile.Open(*file)
	if err != nil {
		return err
	}
	list, err := charge(rows)
	if err != nil {
		return fmt.Errorf("%s: %w", *file, err)
	}
	if *format == "csv" {
		return writeCSV(out, list)
	}
	return writeText(out, list)
}

// key is what rows are summed by.
type key struct{ customer, service string }

// group is one line of the answer.
type group struct {
	key

	currency       money.Currency
	line           int // of its first row
	rows           int
	billed, listed decimal.Decimal
	recomputed     decimal.NullDecimal // undefined: no row has a quantity and a price
	mismatches     int
}

func charge(rows []focusfile.Row) ([]group, error) {
	var v servicecoin.Violations
	groups := map[key]*group{}
	for _, r := range rows {
		k := key{r.SubAccountID, r.ServiceName}
		g := groups[k]
		if g == nil {
			g = &group{key: k, currency: r.Currency, line: r.Line}
			groups[k] = g
		}
		if r.Currency != g.currency {
			v.Add(fmt.Sprintf("line %d, BillingCurrency", r.Line), "mixed", string(r.Currency), fmt.Sprintf("is not %s, as in line %d, of %s for %s",
				g.currency, g.line, k.service, k.customer))
			continue
		}
		if err := g.add(r); err != nil {
			v.Merge(fmt.Sprintf("line %d", r.Line), err)
		}
	}
	if err := v.Err(); err != nil {
		return nil, err
	}
	order := func(a, b key) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.service, b.service))
	}
	var list []group
	for _, k := range slices.SortedFunc(maps.Keys(groups), order) {
		list = append(list, *groups[k])
	}
	return list, nil
}

func (g *group) add(r focusfile.Row) error {
	g.rows++
	g.billed = g.billed.Add(r.BilledCost.Decimal) // null is 0 here, and adds nothing
	g.listed = g.listed.Add(r.ListCost.Decimal)
	if !r.PricingQuantity.Valid || !r.ListUnitPrice.Valid {
		return nil
	}
	// Quantities below zero are refunds. What is left over in a float is no price.
	unit := servicecoin.Some(r.ListUnitPrice.Decimal.Round(metering.MaxPlaces))
	price := rating.Price{Name: "List price", Model: rating.PerUnit, Currency: r.Currency, Rounding: money.HalfAwayFromZero, UnitPrice: unit, Signed: true}
	c, err := rating.Rate(price, r.PricingQuantity.Decimal.Round(metering.MaxPlaces))
	if err != nil {
		return err
	}
	exact := c.Exact.Decimal()
	g.recomputed = servicecoin.Some(g.recomputed.Decimal.Add(exact))
	if tolerance := decimal.New(1, -6); !r.ListCost.Valid || r.ListCost.Decimal.Sub(exact).Abs().GreaterThan(tolerance) {
		g.mismatches++
	}
	return nil
}

func text(d decimal.NullDecimal) string {
	if !d.Valid {
		return ""
	}
	return metering.Plain(d.Decimal)
}

func writeCSV(out io.Writer, list []group) error {
	w := csv.NewWriter(out)
	lines := [][]string{{"customer", "service", "rows", "billed", "listed", "recomputed", "mismatches"}}
	for _, g := range list {
		lines = append(lines, []string{
			csvfile.Cell(g.customer), csvfile.Cell(g.service), strconv.Itoa(g.rows), metering.Plain(g.billed), metering.Plain(g.listed), text(g.recomputed), strconv.Itoa(g.mismatches),
		})
	}
	return w.WriteAll(lines)
}

func writeText(out io.Writer, list []group) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "rows\tbilled\tlisted\trecomputed\tmismatches\t  service\t  customer")
	for _, g := range list {
		recomputed := "unknown"
		if g.recomputed.Valid {
			recomputed = g.recomputed.Decimal.StringFixed(4)
		}
		fmt.Fprintf(w, "%d\t%s %s\t%s\t%s\t%d\t  %s\t  %s\n",
			g.rows, g.billed.StringFixed(4), g.currency, g.listed.StringFixed(4), recomputed, g.mismatches, g.service, g.customer)
	}
	return w.Flush()
}
