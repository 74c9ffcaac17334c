package usagefile_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/metering/usagefile"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// Somebody uploads a file, in which one line has a decimal comma.
func ExampleRead() {
	ctx := context.Background()
	s := store.New(memory.New(), nil)
	acme := servicecoin.Customer{ID: "acme", Name: "Acme", Zone: "Europe/Berlin"}
	ledger := metering.New(s.For(acme.ID), metering.NewMemoryStore(), metering.NewMeters(s.For(servicecoin.Provider)), acme, nil)

	upload := strings.NewReader(`id;time;value;dimensions.region
1;2026-01-08T12:00:00Z;1.5;eu
2;2026-01-08T13:00:00Z;2,5;eu
`)
	o := &usagefile.Options{Defaults: metering.Event{Source: "upload", Type: "vm.ran"}}
	report, err := usagefile.Read(upload, o, func(events []metering.Event) (metering.Receipt, error) {
		return ledger.Record(ctx, servicecoin.Person("ada"), events...)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Added, "added")
	for _, c := range report.Complaints {
		fmt.Println("line", c.Line, c.Outcome, c.Faults)
	}
	// Output:
	// 1 added
	// line 3 refused [column 24, value "2,5": must have a point before its decimals, not a comma: a comma may also group thousands (decimal-comma)]
}
