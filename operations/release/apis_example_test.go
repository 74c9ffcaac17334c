package release_test

import (
	"context"
	"fmt"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// An API gets a revision with a new version of its platform, and one of its bindings does
// not follow.
func ExampleAPIs() {
	ctx, by := context.Background(), servicecoin.Person("ada")
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	apis := release.NewAPIs(s.For(servicecoin.Provider), nil)
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	_, err := apis.KeepAPI(ctx, by, release.API{ID: "orders", Platform: "order-entry", Name: "Orders", Kind: release.REST, Stability: release.Stable, Owner: "olga"})
	must(err)
	for _, b := range []release.Binding{
		{ID: "orders-go", Language: "go", Package: "example.org/orders", Owner: "gopher", Range: ">=8.3"},
		{ID: "orders-python", Language: "python", Package: "orders", Range: "8.3"},
	} {
		b.API, b.Stability = "orders", release.Stable
		_, err = apis.KeepBinding(ctx, by, b)
		must(err)
	}
	_, err = apis.Revise(ctx, by, release.Revision{API: "orders", Version: "8.3.0", Released: calendar.Date{Year: 2026, Month: 1, Day: 12}, Own: "1.0.0"})
	must(err)
	r, err := apis.Revise(ctx, by, release.Revision{
		API: "orders", Version: "8.4.0", Released: calendar.Date{Year: 2026, Month: 2, Day: 20}, Own: "1.1.0",
		Differences: &release.Differences{Since: "8.3.0", Breaking: 1}, // as interop/openapi says
	})
	must(err)
	fmt.Println("8.4.0:", r.Findings[0].Text)
	board, err := apis.Board(ctx, "orders")
	must(err)
	for _, s := range board.Standings {
		fmt.Printf("%s: %s at %s\n", s.Binding.Language, s.Cells[0].State, s.Cells[0].Version)
		for _, f := range s.Findings {
			fmt.Println("  " + f.Text)
		}
	}
	// Output:
	// 8.4.0: it breaks what callers of 8.3.0 rely on, and its version goes from 1.0.0 to 1.1.0
	// go: inferred at 8.4.0
	// python: untested at 8.4.0
	//   nobody owns it
	//   it misses 8.4.0, for 10 days
}
