package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/interop/junit"
	"github.com/servicecoin/servicecoin/operations/release"
)

// proofsOfDemo are what proves the platform's features, and what did of those that are
// promoted, or proposed to be.
func (d demo) proofsOfDemo(ctx context.Context) error {
	d.turn(d.at(99, 8, 0))
	if _, err := d.Releases().Proofs().Set(ctx, servicecoin.Person(ada), demoPlatform, release.ProofRules{Proofs: []release.Proof{
		{Feature: splitOrders, Tests: []release.TestPattern{{Class: "orders.Split*"}}, MaxAge: calendar.Within(60 * day), Environments: []string{"test"}},
		{Feature: barcodeIntake, From: release.StageBeta, Tests: []release.TestPattern{{Suite: "intake", Name: "reads *"}, {Property: "requirement=REQ-31*"}}, MaxAge: calendar.Within(60 * day)},
		{Feature: stockForecast, From: release.StageBeta, Tests: []release.TestPattern{{Class: "stock.Forecast"}}},
		{Feature: faxOrders, Tests: []release.TestPattern{{Name: "*fax*"}}},
	}}); err != nil {
		return err
	}
	for _, x := range []testedNight{{"8.4.0", "test", 98, ""}, {"8.5.0-rc.1", "test", 5, ""}} {
		if err := d.tested(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// testedNight is a night in which a version was tested, so many days ago, and which test
// failed.
type testedNight struct {
	version, environment string
	ago                  int
	fails                string
}

// tested takes the report of a night in.
func (d demo) tested(ctx context.Context, x testedNight) error {
	d.turn(d.at(x.ago, 3, 30))
	report, err := junit.Read(strings.NewReader(nightlyReport(d.at(x.ago, 2, 0), x.version, x.fails)), nil)
	if err != nil {
		return err
	}
	e := report.Evidence(demoPlatform, x.version)
	e.Name, e.Environment = fmt.Sprintf("order-entry-%s-%s.xml", x.version, x.environment), x.environment
	if _, _, err := d.Releases().Proofs().Take(ctx, servicecoin.Person(cleo), e, report.Results()); err != nil {
		return err
	}
	return d.drain(ctx)
}

// certificationOfDemo are what tests proved of them: 8.3.6 was certified, and a later
// failure made a second edition; 8.3.7 is certified, what proves 8.3.5 has expired, and
// 8.4.3 is broken.
func (d demo) certificationOfDemo(ctx context.Context) error {
	proofs, by := d.Releases().Proofs(), servicecoin.Person(ada)
	for _, x := range []struct {
		testedNight

		issue bool
	}{
		{testedNight{"8.3.5", "test", 84, ""}, true},
		{testedNight{"8.3.6", "test", 49, ""}, true},
		{testedNight{"8.3.7", "test", 21, ""}, true},
		{testedNight{"8.4.3", "test", 28, "reads a damaged label"}, false},
		{testedNight{"8.3.6", "rehearsal", 12, "splits a delivery over two warehouses"}, false},
	} {
		if err := d.tested(ctx, x.testedNight); err != nil {
			return err
		}
		if !x.issue {
			continue
		}
		d.turn(d.at(x.ago, 9, 0))
		_, err := proofs.Issue(ctx, by, demoPlatform, x.version)
		if err := doneBefore(err); err != nil {
			return err
		}
	}
	d.turn(d.at(2, 6, 0))
	_, err := proofs.Tend(ctx, servicecoin.Program("nightly"), demoPlatform)
	return err
}

// nightlyReport is what the tests of a night wrote; one of them may have failed.
func nightlyReport(at time.Time, version, fails string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"order entry %s\">\n", version)
	for _, suite := range []struct {
		name, class string
		tests       []string
	}{
		{"orders", "orders.SplitTest", []string{"splits a delivery over two warehouses", "splits by day", "keeps the sum of a split order"}},
		{"orders", "orders.FaxTest", []string{"takes an order by fax", "refuses a fax without a sender"}},
		{"intake", "intake.Barcode", []string{"reads a label", "reads a damaged label"}},
		{"stock", "stock.Forecast", []string{"forecasts a week", "forecasts over a holiday"}},
		{"tools", "tools.Text", []string{"trims", "pads"}},
	} {
		fmt.Fprintf(&b, "  <testsuite name=%q hostname=\"build-2\" timestamp=%q>\n", suite.name, at.UTC().Format(time.RFC3339))
		for _, name := range suite.tests {
			fmt.Fprintf(&b, "    <testcase classname=%q name=%q time=\"0.2\">", suite.class, name)
			switch name {
			case fails:
				b.WriteString("<failure message=\"expected 2 parts, got 3\">order 4711: expected 2 parts, got 3</failure>")
			case "forecasts over a holiday":
				b.WriteString("<skipped message=\"to be done\"/>")
			}
			b.WriteString("</testcase>\n")
		}
		b.WriteString("  </testsuite>\n")
	}
	b.WriteString("</testsuites>\n")
	return b.String()
}
