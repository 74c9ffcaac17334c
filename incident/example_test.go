package incident_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/incident"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// An incident is opened, and closed only when its follow-ups are followed up.
func ExampleDesk() {
	ctx, ada := context.Background(), servicecoin.Person("ada")
	records := store.New(memory.New(), nil)
	desk := incident.New(records.For(servicecoin.Provider), nil)

	i, err := desk.Open(ctx, ada, incident.Report{ID: "i1", Title: "Mail is down", Impact: 1, Urgency: 2})
	fmt.Println(i.State, i.Priority, err)
	_, err = desk.Acknowledge(ctx, ada, "i1")
	fmt.Println(err)
	_, err = desk.AddFollowUp(ctx, ada, "i1", "bob", records.Now().AddDate(0, 0, 7), "Watch the disk")
	fmt.Println(err)
	_, err = desk.Resolve(ctx, ada, "i1", incident.Resolution{Text: "The disk was full"})
	fmt.Println(err)
	_, err = desk.Close(ctx, ada, "i1")
	fmt.Println(errors.Is(err, servicecoin.ErrRefused))
	// Output:
	// reported 1 <nil>
	// <nil>
	// <nil>
	// <nil>
	// true
}
