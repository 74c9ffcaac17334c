package configuration_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func ExampleCompare() {
	desired, err := configuration.Parse([]byte(`{"replicas": 2, "image": "shop:1.4", "debug": null}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	observed, err := configuration.Parse([]byte(`{"image": "shop:1.5", "replicas": 2.0, "uid": "4711"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range configuration.Compare(desired, observed) {
		fmt.Println(strings.TrimSpace(fmt.Sprint(d.Path, " ", d.Kind, " ", d.Desired, " ", d.Observed)))
	}
	// Output:
	// /debug missing null
	// /image changed "shop:1.4" "shop:1.5"
	// /uid unexpected  "4711"
}

func ExampleRules_Compile() {
	tcp := configuration.TextOf("TCP")
	comparer, err := configuration.Rules{List: []configuration.Rule{
		{Path: "/ports", Key: []configuration.KeyField{{Name: "port"}, {Name: "protocol", Default: "TCP"}}},
		{Path: "/ports/*/protocol", Default: tcp},
		{Path: "/cpu", Units: configuration.KubernetesUnits()},
		{Path: "/status", Ignore: true},
	}}.Compile()
	if err != nil {
		fmt.Println(err)
		return
	}
	var desired, observed configuration.Value
	for into, text := range map[*configuration.Value]string{
		&desired:  `{"cpu": "500m", "ports": [{"port": 443}, {"port": 443, "protocol": "UDP"}]}`,
		&observed: `{"cpu": 0.5, "ports": [{"port": 443, "protocol": "TCP"}], "status": {"ready": true}}`,
	} {
		if *into, err = configuration.Parse([]byte(text)); err != nil {
			fmt.Println(err)
			return
		}
	}
	list, err := comparer.Compare(desired, observed)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, d := range list {
		fmt.Println(d.Path, d.Kind, d.Desired)
	}
	// Output: /ports/443,UDP missing {"port":443,"protocol":"UDP"}
}

// A server is recorded, observed twice, and what was changed becomes desired.
func ExampleRegister() {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	r := configuration.New(s.For("alder"), &configuration.Options{
		Types:     []configuration.Type{{Name: "server", Rules: configuration.Rules{List: []configuration.Rule{{Path: "/password", Secret: true}}}}},
		Changes:   configuration.MemoryChanges{{ID: "c-17", Services: []servicecoin.ServiceID{"shop"}, During: calendar.Between(now.Add(24*time.Hour), now.Add(26*time.Hour))}},
		SecretKey: []byte("thirty-two bytes that stay apart"),
	})
	by := servicecoin.Person("ada")
	value := func(text string) configuration.Value {
		v, err := configuration.Parse([]byte(text))
		if err != nil {
			log.Fatal(err)
		}
		return v
	}
	item, err := r.Record(ctx, by, configuration.Draft{
		Described: configuration.Described{Name: "web 1", Type: "server", Service: "shop"}, Desired: value(`{"cpus": 2, "password": "hunter2"}`),
	}, configuration.Why{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(item.Standing(now))
	now = now.Add(12 * time.Hour)
	for _, state := range []string{`{"cpus": 2, "password": "hunter3"}`, `{"cpus": 4, "password": "hunter3"}`} {
		drift, err := r.Observe(ctx, by, configuration.Observation{Item: item.ID, State: value(state), Look: configuration.Look{At: now, By: "agent"}})
		if err != nil {
			log.Fatal(err)
		}
		for _, f := range drift.Open {
			fmt.Println(f.Number, f.Path, f.Kind, f.Origin)
		}
		now = now.Add(15 * time.Hour)
	}
	item, err = r.Accept(ctx, by, item.ID, configuration.Acceptance{Findings: []int{2}, Change: "c-17"})
	if err != nil {
		log.Fatal(err)
	}
	v, err := r.Version(ctx, item.ID, item.Version)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Desired.Member("cpus"), item.Open)
	// Output:
	// neverSeen
	// 1 /password changed unauthorised
	// 2 /cpus changed change
	// 1 /password changed unauthorised
	// 4 1
}
