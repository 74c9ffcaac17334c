package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/catalog"
	"github.com/servicecoin/servicecoin/money"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// If the data centre fails, in which order do services come back, and why?
func ExampleGraph_RestoreOrder() {
	g := catalog.NewGraph([]catalog.Service{
		{ID: "erp", Level: 1}, {ID: "wiki", Level: 4}, {ID: "database", Level: 3}, {ID: "storage"},
	}, []catalog.Dependency{
		catalog.Hard("erp", "database"), catalog.Hard("wiki", "storage"), catalog.Hard("database", "storage"),
	})
	plan := g.RestoreOrder()
	for _, step := range plan.Steps {
		fmt.Println(step)
	}
	why, _ := plan.Trace("storage")
	fmt.Print(why)
	fmt.Print(why.Tell(servicecoin.Reader{Service: func(id servicecoin.ServiceID) string { return strings.ToUpper(string(id)) }}))
	// Output:
	// storage (level 1, wave 1)
	// database (level 1, wave 2)
	// erp (level 1, wave 3)
	// wiki (level 4, wave 2)
	// place of storage among 4, in wave 1: 1 [@provider/catalog.service/storage]
	//   level inherited, needed by erp → database → storage: 1 [@provider/catalog.service/erp]
	// Place of STORAGE among 4, in round 1: 1
	//   How soon it is needed (1 is soonest), since others rest on it (ERP → DATABASE → STORAGE): 1
}

// Whom does a failure hit, and over which way?
func ExampleGraph_Impact() {
	g := catalog.NewGraph([]catalog.Service{{ID: "erp"}, {ID: "wiki"}, {ID: "database"}, {ID: "line-a"}, {ID: "line-b"}}, []catalog.Dependency{
		catalog.Hard("erp", "database"), catalog.Soft("wiki", "database"), catalog.AtLeast(1, "database", "line-a", "line-b"),
	})
	fmt.Println(len(g.Impact("line-a").Down), "are down without one line")
	impact := g.Impact("line-a", "line-b")
	for _, hit := range impact.Down {
		fmt.Println("down:", hit.Path)
	}
	for _, hit := range impact.Degraded {
		fmt.Println("with less:", hit.Path)
	}
	// Output:
	// 0 are down without one line
	// down: [database line-b]
	// down: [erp database line-b]
	// with less: [wiki database line-b]
}

// Your own server, or the cloud? Side by side, at the usage that you plan.
func ExampleCompare() {
	rack := catalog.Offering{ID: "rack", Service: "mail", Name: "A server of your own", Kind: catalog.Legacy, LeadTime: calendar.Within(30 * 24 * time.Hour)}
	cloud := catalog.Offering{ID: "cloud", Service: "mail", Name: "Mail in the cloud", Kind: catalog.Cloud, LeadTime: calendar.Within(2 * time.Hour)}
	hybrid := catalog.Offering{ID: "hybrid", Service: "mail", Name: "Half and half", Kind: catalog.Legacy}
	price := func(o catalog.Offering, planned catalog.Planned) (catalog.Price, error) {
		fixed := map[servicecoin.OfferingID]int64{"rack": 450, "cloud": 20}
		perBox := map[servicecoin.OfferingID]int64{"rack": 0, "cloud": 3}
		if fixed[o.ID] == 0 {
			return catalog.Price{Note: "on request"}, nil
		}
		amount, err := money.New(planned["mailboxes"].Mul(decimal.NewFromInt(perBox[o.ID])).Add(decimal.NewFromInt(fixed[o.ID])), money.EUR)
		return catalog.Price{Amount: amount}, err
	}
	c, err := catalog.Compare([]catalog.Offering{rack, cloud, hybrid}, catalog.Planned{"mailboxes": decimal.NewFromInt(40)}, price)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range c.Rows {
		fmt.Println(row.Offering.Name, "|", row.Offering.Kind, "|", row.Price, "| cheapest:", row.Cheapest, "| there within", row.Offering.LeadTime)
	}
	// Output:
	// A server of your own | legacy | 450.00 EUR | cheapest: false | there within 720h0m0s
	// Mail in the cloud | cloud | 140.00 EUR | cheapest: true | there within 2h0m0s
	// Half and half | legacy | no amount | cheapest: false | there within undefined
}

// From the offering to the subscription: ordered, approved by somebody else,
// set up by the host's automation, there within the promised time.
func ExampleOrders() {
	ctx, ada := context.Background(), servicecoin.Person("ada")
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	records := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	shop := catalog.New(records.For(servicecoin.Provider), nil)
	mail := must(shop.AddService(ctx, ada, catalog.Service{ID: "mail", Name: "Mail", Level: 2}))
	must(shop.LaunchService(ctx, ada, mail.ID))
	must(shop.Publish(ctx, ada, catalog.Offering{ID: "cloud", Service: mail.ID, Name: "Mail in the cloud", Kind: catalog.Cloud, LeadTime: calendar.Within(48 * time.Hour)}))

	orders := catalog.NewOrders(records.For("acme"), nil)
	offering := must(shop.Orderable(ctx, "cloud"))
	order := must(orders.Place(ctx, servicecoin.Client("eve"), offering, catalog.Request{ID: "o1", Parameters: json.RawMessage(`{"mailboxes":40}`)}))
	_, err := orders.Approve(ctx, servicecoin.Client("eve"), order.ID, "")
	fmt.Println(err)
	must(orders.Approve(ctx, servicecoin.Client("bob"), order.ID, ""))

	var automation catalog.MemoryProvisioner // the host's own, in earnest
	now = now.Add(3 * time.Hour)
	order = must(orders.Provision(ctx, servicecoin.Program("worker"), order.ID, &automation))
	lead := order.Lead(now)
	fmt.Println(order.State, "after", lead.Measured, "of", lead.Promised, "-", lead.Outcome)
	has := must(orders.Subscriptions().Get(ctx, order.Subscription))
	fmt.Println(has.State, "for", has.Imprint.Owner, "held by", has.Imprint.Holder)
	// Output:
	// refused: order.approve o1, requested → approved: eve has asked for it: somebody else approves
	// fulfilled after 3h0m0s of 48h0m0s - kept
	// active for acme held by provider
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
