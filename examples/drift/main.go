// Command drift answers: how does what was observed differ from what is desired? Both
// are JSON, or YAML.
//
//	go run ./examples/drift -desired wanted.yaml -observed live.json -ignore /status -key /spec/ports=port,protocol:TCP
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/servicecoin/servicecoin/interop/inventory/documents"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

const help = `drift compares what was observed with what is desired, both JSON or YAML.

With wanted.yaml
  spec: {replicas: 2, ports: [{port: 443}, {port: 443, protocol: UDP}]}
and live.yaml
  spec: {replicas: 3, ports: [{port: 443, protocol: TCP}]}
  status: {ready: 3}
the call
  drift -desired wanted.yaml -observed live.yaml -ignore /status -key /spec/ports=port,protocol:TCP -format csv
writes
  path,kind,desired,observed
  "/spec/ports/443,TCP/protocol",unexpected,,"""TCP"""
  "/spec/ports/443,UDP",missing,"{""port"":443,""protocol"":""UDP""}",
  /spec/replicas,changed,2,3

Exit status: 0 without drift, 1 with drift, 2 for what cannot be read.

`

const (
	same      = 0
	different = 1
	unread    = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, diagnostics io.Writer) int {
	drift, err := compare(args, out, diagnostics)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return same
	case err != nil:
		fmt.Fprintln(diagnostics, "drift:", err)
		return unread
	case drift:
		return different
	}
	return same
}

func compare(args []string, out, diagnostics io.Writer) (drift bool, err error) {
	flags := flag.NewFlagSet("drift", flag.ContinueOnError)
	flags.SetOutput(diagnostics)
	flags.Usage = func() {
		fmt.Fprint(diagnostics, help)
		flags.PrintDefaults()
	}
	var rules configuration.Rules
	desired := flags.String("desired", "", "what is desired, a `file`")
	observed := flags.String("observed", "", "what was observed, a `file`")
	format := flags.String("format", "text", "text or csv")
	flags.BoolVar(&rules.OnlyDesired, "only-desired", false, "leave out what is observed and not desired")
	flags.Func("ignore", "leave out what is at a JSON `pointer` and below it; * is any one segment; may be given again", func(pointer string) error {
		return add(&rules, configuration.Rule{Path: pointer, Ignore: true})
	})
	flags.Func("key", "tell members of a list apart by fields, `POINTER=FIELD,FIELD:DEFAULT`; may be given again, and the last one that fits a list counts", func(text string) error {
		rule, err := keyed(text)
		if err != nil {
			return err
		}
		return add(&rules, rule)
	})
	if err := flags.Parse(args); err != nil {
		return false, err
	}
	switch {
	case *desired == "" || *observed == "" || flags.NArg() > 0:
		return false, errors.New("name a -desired and an -observed file, and nothing else: see -help")
	case *format != "text" && *format != "csv":
		return false, fmt.Errorf("-format %q: must be text or csv", *format)
	}
	comparer, err := rules.Compile()
	if err != nil {
		return false, err
	}
	want, wantErr := readFile(*desired)
	have, haveErr := readFile(*observed)
	if err := errors.Join(wantErr, haveErr); err != nil {
		return false, err
	}
	list, err := comparer.Compare(want, have)
	if err != nil {
		return false, err
	}
	if *format == "csv" {
		return len(list) > 0, writeCSV(out, list)
	}
	return len(list) > 0, writeText(out, list)
}

func add(rules *configuration.Rules, rule configuration.Rule) error {
	rules.List = append(rules.List, rule)
	return configuration.Rules{List: []configuration.Rule{rule}}.Validate()
}

// keyed reads POINTER=FIELD,FIELD:DEFAULT. A pointer may have "=" in it.
func keyed(text string) (configuration.Rule, error) {
	at := strings.LastIndexByte(text, '=')
	if at < 0 {
		return configuration.Rule{}, errors.New("must be POINTER=FIELD,FIELD:DEFAULT")
	}
	rule := configuration.Rule{Path: text[:at]}
	for field := range strings.SplitSeq(text[at+1:], ",") {
		name, absent, _ := strings.Cut(field, ":")
		if name == "" {
			return configuration.Rule{}, errors.New("a field has no name")
		}
		rule.Key = append(rule.Key, configuration.KeyField{Name: name, Default: absent})
	}
	return rule, nil
}

func readFile(name string) (configuration.Value, error) {
	file, err := os.Open(name) //nolint:gosec // the user names the file
	if err != nil {
		return configuration.Value{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, configuration.MaxBytes+1))
	if err != nil {
		return configuration.Value{}, err
	}
	values, err := documents.Read(text, &documents.Options{Single: true})
	if err != nil {
		return configuration.Value{}, fmt.Errorf("%s: %w", name, err)
	}
	return values[0], nil
}

// writeCSV writes a row for each difference. No cell is a formula: a path begins with
// "/", and a value is JSON.
func writeCSV(out io.Writer, list []configuration.Difference) error {
	w := csv.NewWriter(out)
	if err := w.Write([]string{"path", "kind", "desired", "observed"}); err != nil {
		return err
	}
	for _, d := range list {
		if err := w.Write([]string{d.Path, string(d.Kind), d.Desired.String(), d.Observed.String()}); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// writeText writes a table for people, with long values cut.
func writeText(out io.Writer, list []configuration.Difference) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "No drift.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KIND\tPATH\tDESIRED\tOBSERVED")
	for _, d := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.Kind, cut(fmt.Sprintf("%q", d.Path)), cut(d.Desired.String()), cut(d.Observed.String()))
	}
	return w.Flush()
}

func cut(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}
