// Command simulate says what a month's usage costs at two tariffs: which prices cost
// more, which less, and how much it comes to.
//
//	go run ./examples/simulate -before prices.json -after new.json -usage usage.csv
package main

import (
	"cmp"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/examples/pricefile"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/rating"
)

//go:embed usage.txt
var usage string

// The exit statuses.
const (
	done   = 0
	unread = 2
)

func main() { os.Exit(code(os.Args[1:], os.Stdout, os.Stderr)) }

// code runs the command and returns its exit status.
func code(args []string, out, diagnostics io.Writer) int {
	err := run(args, out, diagnostics)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return done
	}
	fmt.Fprintln(diagnostics, "simulate:", err)
	return unread
}

func run(args []string, out, diagnostics io.Writer) error {
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	before, after := flags.String("before", "", ""), flags.String("after", "", "")
	used := flags.String("usage", "", "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(diagnostics, usage)
		return err
	case err != nil:
		return err
	case flags.NArg() > 0 || *before == "" || *after == "" || *used == "":
		return errors.New("-before, -after and -usage must be given: see -help")
	}
	one, err := pricefile.Open(*before)
	if err != nil {
		return fmt.Errorf("%s: %w", *before, err)
	}
	other, err := pricefile.Open(*after)
	if err != nil {
		return fmt.Errorf("%s: %w", *after, err)
	}
	rows, err := compare(one, other, *used)
	if err != nil {
		return fmt.Errorf("%s: %w", *used, err)
	}
	return write(out, rows)
}

// row is what all usage of a price costs.
type row struct {
	price, unit             string
	quantity, before, after decimal.Decimal

	uses []decimal.Decimal // row by row of the file
}

// compare adds usage up by its price, and rates it at both tariffs. A price that
// one of them lacks, and two currencies, are refused.
func compare(one, other pricefile.Prices, path string) ([]row, error) {
	f, err := os.Open(path) //nolint:gosec // G304: the file is the user's own choice
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows []row
	at := map[string]int{}
	err = pricefile.ReadUsage(f, func(v *servicecoin.Violations, u pricefile.Use) {
		if _, exactly := one[u.Price]; !exactly {
			u.Price = strings.TrimSpace(u.Price)
		}
		place := strings.Replace(u.At, "quantity", "price", 1)
		i, is := at[u.Price]
		if !is {
			a, before := one[u.Price]
			b, after := other[u.Price]
			if !before || !after {
				v.Add(place, "unknown", u.Price, "must be a price of both tariffs")
				return
			}
			if a.In() != "" && b.In() != "" && a.In() != b.In() {
				v.Add(place, "mixed", u.Price, "must be in the same currency in both tariffs")
				return
			}
			i, at[u.Price] = len(rows), len(rows)
			rows = append(rows, row{price: u.Price, unit: cmp.Or(a.In(), b.In())})
		}
		v.Number(u.At, u.Quantity, 30, 30)
		if v.Len() == 0 {
			rows[i].quantity = rows[i].quantity.Add(u.Quantity)
			rows[i].uses = append(rows[i].uses, u.Quantity)
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range rows {
		r := &rows[i]
		before, after := one[r.price], other[r.price]
		if r.before, err = r.costs(before); err != nil {
			return nil, fmt.Errorf("%s: %w", r.price, err)
		}
		if r.after, err = r.costs(after); err != nil {
			return nil, fmt.Errorf("%s: %w", r.price, err)
		}
		if peaks(before) && peaks(after) {
			r.quantity = most(r.uses)
		}
	}
	return rows, nil
}

// peaks reports whether the price looks at the most that was there at a time.
func peaks(p pricefile.Price) bool {
	price := p.Price()
	return price.Model == rating.Capacity && price.Each == rating.EachWhole
}

func most(uses []decimal.Decimal) decimal.Decimal { return decimal.Max(uses[0], uses[1:]...) }

// costs returns what the usage costs. To a price that looks at each event, bucket or
// group a row is one, and of peaks the greatest counts; for the others the sum does.
func (r row) costs(p pricefile.Price) (decimal.Decimal, error) {
	var c rating.Charge
	var err error
	switch price := p.Price(); {
	case price.Each != rating.EachWhole:
		var u rating.Usage
		for _, q := range r.uses {
			u.Parts = append(u.Parts, rating.Part{Usage: rating.Usage{Quantity: q}})
		}
		c, err = p.Charge(u)
	case price.Model == rating.Percentage:
		var u rating.Usage
		for _, q := range r.uses {
			u.Events = append(u.Events, rating.Event{Value: q})
		}
		c, err = p.Charge(u)
	case peaks(p):
		c, err = p.Rate(most(r.uses))
	default:
		c, err = p.Rate(r.quantity)
	}
	if err != nil {
		return decimal.Decimal{}, err
	}
	return p.Amount(c)
}

func write(out io.Writer, rows []row) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "price\tquantity\tbefore\tafter\tchange\t\t")
	sums := map[string]row{}
	var units []string
	for _, r := range rows {
		if !slices.Contains(units, r.unit) {
			units = append(units, r.unit)
		}
		sum := sums[r.unit]
		sums[r.unit] = row{price: "together", unit: r.unit, before: sum.before.Add(r.before), after: sum.after.Add(r.after)}
		r.write(w, metering.Plain(r.quantity))
	}
	for _, unit := range units {
		sums[unit].write(w, "")
	}
	return w.Flush()
}

func (r row) write(w io.Writer, quantity string) {
	change := r.after.Sub(r.before)
	share := ""
	if !r.before.IsZero() {
		const places = 1
		share = metering.Plain(change.Shift(2).DivRound(r.before, places)) + " %"
	}
	difference := strings.TrimSpace(metering.Plain(change) + " " + r.unit)
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", r.price, quantity, metering.Plain(r.before), metering.Plain(r.after), difference, share)
}
