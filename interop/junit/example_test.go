package junit_test

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/servicecoin/servicecoin/interop/junit"
)

func ExampleRead() {
	report, err := junit.Read(strings.NewReader(`<testsuite name="orders" tests="4" timestamp="2026-03-02T10:00:00Z">
  <testcase classname="orders.Split" name="by warehouse" time="0.21"/>
  <testcase classname="orders.Split" name="by day"><failure message="two parts on one day"/></testcase>
  <testcase classname="orders.Fax" name="sends"><flakyFailure message="busy"/></testcase>
</testsuite>`), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range report.Cases {
		fmt.Printf("%s %s: %s %s\n", c.Class, c.Name, c.Outcome, cmp.Or(c.Message, "as it should"))
	}
	fmt.Println(report.Complaints[0].Text)
	// Output:
	// orders.Split by warehouse: passed as it should
	// orders.Split by day: failed two parts on one day
	// orders.Fax sends: flaky busy
	// the suite "orders" declares tests 4, and contains 3
}
