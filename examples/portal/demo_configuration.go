package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/configuration"
)

// unlessDone drops that something is there, or was done, already: a start that was killed
// in between goes on.
func unlessDone(err error) error {
	if errors.Is(err, servicecoin.ErrExists) || errors.Is(err, servicecoin.ErrRefused) {
		return nil
	}
	return err
}

// thing is an item of the demonstration, as it is recorded at first.
type thing struct {
	customer servicecoin.CustomerID
	id       servicecoin.ConfigurationID
	name     string
	of       configuration.TypeName
	service  servicecoin.ServiceID
	state    string
	test     bool
	rests    []configuration.Relation
}

const aServer = `{"host":%q,"os":"Debian 13","cpus":%d,"memory":"16 GiB","packages":{"openssl":"3.5.4","order-entry":"8.3"},"firewall":[{"port":22,"from":"10.20.0.0/16"},{"port":443,"from":"0.0.0.0/0"}],"backup":{"at":"02:30","keepDays":35}}`

const aDatabase = `{"engine":"PostgreSQL","version":%q,"address":%q,"password":%q,"connections":200,"settings":{"timeout":"30s","shared_memory":"4 GiB"}}`

// thingsOfDemo are what is recorded of three customers.
func thingsOfDemo() []thing {
	on := func(kind configuration.RelationKind, to ...servicecoin.ConfigurationID) (list []configuration.Relation) {
		for _, id := range to {
			list = append(list, configuration.Relation{Kind: kind, To: id})
		}
		return list
	}
	server := func(host string, cpus int) string { return fmt.Sprintf(aServer, host, cpus) }
	database := func(version, host, password string) string {
		return fmt.Sprintf(aDatabase, version, host+":5432", password)
	}
	const gateway = `{"model":"FG-200","firmware":"7.4.8","vlans":["office","guests","backup"]}`
	return []thing{
		{customer: "alder", id: "alder-db-1", name: "Database server", of: "server", service: "database", state: server("alder-db-1.nordlicht.example", 8)},
		{customer: "alder", id: "alder-erp-db", name: "Database of order entry", of: "instance", service: "database", state: database("16.10", "alder-db-1.nordlicht.example", "Anker-4711-Boje"), rests: on(configuration.RunsOn, "alder-db-1")},
		{customer: "alder", id: "alder-erp-1", name: "Program server of order entry", of: "server", service: "erp", state: server("alder-erp-1.nordlicht.example", 4), rests: on(configuration.Uses, "alder-erp-db")},
		{customer: "alder", id: "alder-erp-test", name: "Program server of order entry, to try things out", of: "server", service: "erp", state: server("alder-erp-test.nordlicht.example", 2), test: true, rests: on(configuration.Uses, "alder-erp-db")},
		{customer: "alder", id: "alder-files-1", name: "Gateway of the file share", of: "network", service: "files", state: gateway},
		{customer: "alder", id: "alder.example", name: "alder.example", of: "domain", service: "mail", state: `{"name":"alder.example","records":{"mx":"10 mx1.nordlicht.example","spf":"v=spf1 include:nordlicht.example -all"}}`},
		{customer: "alder", id: "alder-fax-1", name: "Fax server", of: "server", state: server("alder-fax-1.nordlicht.example", 1)},
		{customer: "birch", id: "birch-db-1", name: "Database server", of: "server", service: "erp", state: server("birch-db-1.nordlicht.example", 4)},
		{customer: "birch", id: "birch-erp-db", name: "Database of order entry", of: "instance", service: "erp", state: database("16.10", "birch-db-1.nordlicht.example", "Segel-0815-Mast"), rests: on(configuration.RunsOn, "birch-db-1")},
		{customer: "birch", id: "birch-fw-1", name: "Firewall in Leeds", of: "network", service: "network", state: `{"model":"FG-60","firmware":"7.4.8","vlans":["office","warehouse"]}`},
		{customer: "cedar", id: "cedar-files-1", name: "File server", of: "server", service: "files", state: server("cedar-files-1.nordlicht.example", 4)},
		{customer: "cedar", id: "cedar.example", name: "cedar.example", of: "domain", service: "mail", state: `{"name":"cedar.example","records":{"mx":"10 mx1.nordlicht.example"}}`},
	}
}

// recorded writes down what there is, long before the changes of the last weeks, and
// looks at it before them.
func (d demo) recorded(ctx context.Context) error {
	for n, x := range thingsOfDemo() {
		d.turn(d.at(60, 9, n))
		state, err := configuration.Parse([]byte(x.state))
		if err != nil {
			return err
		}
		environment := "production"
		if x.test {
			environment = "test"
		}
		_, err = d.Configuration(x.customer).Record(ctx, servicecoin.Person(ben), configuration.Draft{ID: x.id, Desired: state, Described: configuration.Described{
			Name: x.name, Type: x.of, Environment: environment, Service: x.service, Relations: x.rests,
		}}, configuration.Why{Reason: "Taken over"})
		if err := unlessDone(err); err != nil {
			return fmt.Errorf("item %s of the demonstration: %w", x.id, err)
		}
	}
	d.turn(d.at(50, 9, 0))
	_, err := d.Configuration("alder").Retire(ctx, servicecoin.Person(ben), "alder-fax-1", configuration.Why{Reason: "Nobody sends a fax any more"})
	if err := unlessDone(err); err != nil {
		return err
	}
	for c, by := range map[servicecoin.CustomerID][2]servicecoin.PersonID{"alder": {ben, ada}, "birch": {cleo, ben}} {
		d.turn(d.at(45, 10, 0))
		if err := d.baseline(ctx, c, "taken-over", "As taken over", by[0]); err != nil {
			return err
		}
		d.turn(d.at(44, 10, 0))
		_, err := d.Configuration(c).ApproveBaseline(ctx, servicecoin.Person(by[1]), "taken-over", "Walked through with the customer")
		if err := unlessDone(err); err != nil {
			return err
		}
	}
	return d.sweeps(ctx, d.evening(-14, 19, 0), nil)
}

func (d demo) baseline(ctx context.Context, c servicecoin.CustomerID, id configuration.BaselineID, name string, by servicecoin.PersonID) error {
	_, err := d.Configuration(c).TakeBaseline(ctx, servicecoin.Person(by), configuration.Taking{ID: id, Name: name, Note: "What we look after, and how it is meant to be"})
	return unlessDone(err)
}

// sweeps finds everything as it is recorded at first, but for what is said to be
// otherwise; what is said to be "" is not found.
func (d demo) sweeps(ctx context.Context, at time.Time, otherwise map[servicecoin.ConfigurationID]string) error {
	found := map[servicecoin.CustomerID][]configuration.Observation{}
	for _, x := range thingsOfDemo() {
		text := x.state
		if other, said := otherwise[x.id]; said {
			text = other
		}
		if text == "" || x.test || x.id == "alder-fax-1" {
			continue
		}
		state, err := configuration.Parse([]byte(text))
		if err != nil {
			return err
		}
		found[x.customer] = append(found[x.customer], configuration.Observation{Item: x.id, State: state})
	}
	d.turn(at)
	for _, c := range sortedKeys(found) {
		_, err := d.Configuration(c).Sweep(ctx, servicecoin.Program("night sweep"), configuration.Sweep{At: at, By: "night sweep", Found: found[c]})
		if err != nil {
			return err
		}
		if err := d.drain(ctx); err != nil {
			return err
		}
	}
	return nil
}

// observed looks at it after the changes: what they did is found, and accepted; what
// nobody's change did, too; some is not looked at any more.
func (d demo) observed(ctx context.Context) error {
	const notFound = ""
	alder, birch := d.Configuration("alder"), d.Configuration("birch")
	release := d.evening(-14, 20, 15)
	states := map[servicecoin.ConfigurationID]string{}
	for _, x := range thingsOfDemo() {
		states[x.id] = x.state
	}
	after := map[servicecoin.ConfigurationID]string{"alder-erp-1": replaced(states["alder-erp-1"], `"order-entry":"8.3"`, `"order-entry":"8.4"`)}
	if err := d.sweeps(ctx, release.Add(50*time.Minute), after); err != nil {
		return err
	}
	d.turn(release.Add(14 * time.Hour))
	if err := d.accept(ctx, "alder-erp-1", "erp-release", "Release 8.4 stays"); err != nil {
		return err
	}
	d.turn(d.at(12, 10, 0))
	if err := d.baseline(ctx, "alder", "release-84", "With release 8.4 of order entry", ben); err != nil {
		return err
	}
	// What is desired of Birch's database is newer than what runs there.
	d.turn(d.at(7, 11, 0))
	x, err := birch.Item(ctx, "birch-erp-db")
	if err != nil {
		return err
	}
	if x.Version == 1 {
		state, err := configuration.Parse([]byte(replaced(states["birch-erp-db"], `"16.10"`, `"16.11"`)))
		if err != nil {
			return err
		}
		if _, err := birch.Revise(ctx, servicecoin.Person(cleo), configuration.Draft{ID: x.ID, Desired: state, Described: x.Described}, configuration.Why{Reason: "16.11 closes a hole; it is installed in the next window"}); err != nil {
			return err
		}
	}
	after["birch-fw-1"] = replaced(states["birch-fw-1"], `"warehouse"`, `"warehouse","visitors"`)
	if err := d.sweeps(ctx, d.at(6, 1, 30), after); err != nil { // the last time that somebody looked at Birch's server
		return err
	}
	d.turn(d.at(6, 9, 0))
	_, err = birch.Acknowledge(ctx, servicecoin.Person(emil), "birch-fw-1", 1, "The warehouse asked their own electrician; we take it over with the next change")
	if err := unlessDone(err); err != nil {
		return err
	}
	after["alder-db-1"] = replaced(states["alder-db-1"], `{"port":443,`, `{"port":5432,"from":"0.0.0.0/0"},{"port":443,`)
	after["alder-db-1"] = replaced(after["alder-db-1"], `"keepDays":35`, `"keepDays":7`)
	after["alder-erp-db"] = replaced(states["alder-erp-db"], `"connections":200`, `"connections":400`)
	after["alder-erp-db"] = replaced(after["alder-erp-db"], "Anker-4711", "Anker-4712")
	after["birch-db-1"] = notFound
	if err := d.sweeps(ctx, d.at(2, 1, 30), after); err != nil {
		return err
	}
	// The gateway of the file share was changed yesterday evening; nobody has looked at it since.
	after["alder-files-1"] = notFound
	last := d.now.Add(-3 * time.Hour)
	if err := d.sweeps(ctx, last, after); err != nil {
		return err
	}
	state, err := configuration.Parse([]byte(`{"host":"alder-vm-0713","os":"Ubuntu 24.04"}`))
	if err != nil {
		return err
	}
	_, err = alder.Observe(ctx, servicecoin.Program("night sweep"), configuration.Observation{Item: "alder-vm-0713", Type: "server", Name: "alder-vm-0713", State: state, Look: configuration.Look{At: last, By: "night sweep"}})
	if err := unlessDone(err); err != nil {
		return err
	}
	d.turn(d.now)
	return d.drain(ctx)
}

// replaced returns a text with another one in the place of a part of it.
func replaced(text, old, other string) string { return strings.Replace(text, old, other, 1) }

// accept lets all that differs of an item of Alder's become desired through a change, if
// that was done.
func (d demo) accept(ctx context.Context, id servicecoin.ConfigurationID, through servicecoin.ChangeID, reason string) error {
	register := d.Configuration("alder")
	drift, err := register.Drift(ctx, id)
	if err != nil || len(drift.Open) == 0 {
		return err
	}
	a := configuration.Acceptance{Change: through, Reason: reason}
	for _, f := range drift.Open {
		a.Findings = append(a.Findings, f.Number)
	}
	_, err = register.Accept(ctx, servicecoin.Person(ben), id, a)
	return unlessDone(err)
}
