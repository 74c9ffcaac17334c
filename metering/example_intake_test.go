package metering_test

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/metering"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A collector sends what it saw on the machines of all customers. Whose a machine is,
// the host knows.
func ExampleIntake() {
	ctx := context.Background()
	s := store.New(memory.New(), nil)
	machines := map[string]servicecoin.Customer{"vm1": {ID: "acme", Name: "Acme", Zone: "Europe/Berlin"}, "vm2": {ID: "globex", Name: "Globex"}}

	intake := metering.NewIntake(s, metering.NewMemoryStore(), metering.NewMeters(s.For(servicecoin.Provider)), nil)
	owner := func(_ context.Context, e metering.Event) (servicecoin.Customer, error) {
		c, known := machines[e.Subject]
		if !known {
			return c, servicecoin.ErrNotFound
		}
		return c, nil
	}
	noon := time.Date(2026, 1, 8, 12, 0, 0, 0, time.UTC)
	receipt, err := intake.Record(
		ctx, servicecoin.Program("collector"), owner,
		metering.Event{Source: "hypervisor", ID: "1", Type: "vm.started", Subject: "vm1", Time: noon},
		metering.Event{Source: "hypervisor", ID: "2", Type: "vm.started", Subject: "vm2", Time: noon},
		metering.Event{Source: "hypervisor", ID: "3", Type: "vm.started", Subject: "vm3", Time: noon},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(receipt.Added, "added,", receipt.Refused, "refused")
	fmt.Println(receipt.Err())
	for _, c := range receipt.Customers {
		fmt.Println(c.Customer, c.Kept)
	}
	// Output:
	// 2 added, 1 refused
	// invalid: events[2].customer: is not known (unknown)
	// acme 1
	// globex 1
}
