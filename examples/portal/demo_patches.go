package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/configuration"
	"github.com/servicecoin/servicecoin/operations/patch"
)

// doneBefore drops that something is there, or was done: a start that was killed in
// between goes on.
func doneBefore(err error) error {
	if errors.Is(err, servicecoin.ErrExists) || errors.Is(err, servicecoin.ErrRefused) {
		return nil
	}
	return err
}

// machineOfDemo is something that is patched, and since how many days which version of
// what runs on it; the first one ever since.
type machineOfDemo struct {
	customer servicecoin.CustomerID
	id       servicecoin.ConfigurationID
	name     string
	of       configuration.TypeName
	service  servicecoin.ServiceID
	test     bool
	newer    int // days since when it has what mends the flaw of its kind; 0: it has not
	unseen   int // days since when nobody looks at it; 0: it is looked at
}

func machinesOfDemo() []machineOfDemo {
	web := func(c servicecoin.CustomerID, id servicecoin.ConfigurationID, name string, service servicecoin.ServiceID) machineOfDemo {
		return machineOfDemo{customer: c, id: id, name: name, of: "host", service: service}
	}
	edge := func(c servicecoin.CustomerID, id servicecoin.ConfigurationID, name string, newer int) machineOfDemo {
		return machineOfDemo{customer: c, id: id, name: name, of: "appliance", service: "network", newer: newer}
	}
	test, unseen := web("alder", "alder-web-test", "Web server to try things out", "erp"), web("cedar", "cedar-web-2", "Web server 2 of the file share", "files")
	test.test, unseen.unseen = true, 13
	return []machineOfDemo{
		web("alder", "alder-app-1", "Application server of order entry", "erp"), web("alder", "alder-web-1", "Web server 1 of order entry", "erp"), web("alder", "alder-web-2", "Web server 2 of order entry", "erp"), test,
		web("birch", "birch-web-1", "Web server 1 of order entry", "erp"), web("birch", "birch-web-2", "Web server 2 of order entry", "erp"),
		web("cedar", "cedar-web-1", "Web server 1 of the file share", "files"), unseen,
		edge("alder", "alder-edge-1", "Edge router in Kiel", 15), edge("birch", "birch-edge-1", "Edge router in Leeds", 0), edge("birch", "birch-edge-2", "Edge router in York", 0), edge("cedar", "cedar-edge-1", "Edge router in Porto", 13),
	}
}

// state is what runs on it; nginx is the version of that.
func (m machineOfDemo) state(nginx string, ago int) (configuration.Value, error) {
	components := []any{"pkg:generic/nginx@" + nginx, "pkg:generic/openssl@3.5.4"}
	if m.of == "appliance" {
		firmware := "7.4.8"
		if m.newer > 0 && ago <= m.newer {
			firmware = "7.4.9"
		}
		components = []any{map[string]string{"vendor": "Kestrel", "name": "EdgeOS", "version": firmware, "scheme": "semver"}}
	}
	body, err := json.Marshal(map[string]any{"host": string(m.id) + ".nordlicht.example", "components": components})
	if err != nil {
		return configuration.Value{}, err
	}
	return configuration.Parse(body)
}

const (
	nginxBefore = "1.28.0"
	nginxAfter  = "1.28.2"
)

// machines records what is patched, and looks at it now and then.
func (d demo) machines(ctx context.Context) error {
	for n, m := range machinesOfDemo() {
		d.turn(d.at(70, 9, n))
		state, err := m.state(nginxBefore, 70)
		if err != nil {
			return err
		}
		environment := "production"
		if m.test {
			environment = "test"
		}
		_, err = d.Configuration(m.customer).Record(ctx, servicecoin.Person(ada), configuration.Draft{ID: m.id, Desired: state, Described: configuration.Described{
			Name: m.name, Type: m.of, Environment: environment, Service: m.service, Owner: configuration.OfCustomer,
		}}, configuration.Why{Reason: "Taken over"})
		if err := doneBefore(err); err != nil {
			return fmt.Errorf("machine %s of the demonstration: %w", m.id, err)
		}
	}
	for _, ago := range []int{26, 20, 15, 13, 8, 6} {
		if err := d.looks(ctx, d.at(ago, 1, 30), ago, nil); err != nil {
			return err
		}
	}
	return nil
}

// looks looks at all machines; on those that are named runs the newer nginx.
func (d demo) looks(ctx context.Context, at time.Time, ago int, newer []servicecoin.ConfigurationID) error {
	if at.After(d.now) {
		at = d.now
	}
	d.turn(at)
	for _, m := range machinesOfDemo() {
		if m.unseen > 0 && ago < m.unseen {
			continue
		}
		nginx := nginxBefore
		for _, id := range newer {
			if id == m.id {
				nginx = nginxAfter
			}
		}
		state, err := m.state(nginx, ago)
		if err != nil {
			return err
		}
		_, err = d.Configuration(m.customer).Observe(ctx, servicecoin.Program("night agent"), configuration.Observation{Item: m.id, State: state, Look: configuration.Look{At: at, By: "night agent"}})
		if err := doneBefore(err); err != nil {
			return fmt.Errorf("look at %s: %w", m.id, err)
		}
	}
	return d.drain(ctx)
}

// bulletins are what sources publish of the flaws of the demonstration, and so many days
// ago at an hour it was imported.
func (d demo) bulletins() []struct {
	ago, hour int
	patch.Bulletin
} {
	score := func(text string) decimal.NullDecimal {
		return servicecoin.Some(decimal.RequireFromString(text))
	}
	mends := func(purl, from, to string) []patch.Product {
		return []patch.Product{{Component: patch.Component{PURL: purl, Scheme: "semver"}, Spans: []patch.Span{{Introduced: from, Fixed: to}}, Remedy: "Install " + to + " or later"}}
	}
	edge := []patch.Product{{Component: patch.Component{Vendor: "Kestrel", Name: "EdgeOS", Scheme: "semver"}, Spans: []patch.Span{{Introduced: "7.0.0", Fixed: "7.4.9"}}, Remedy: "Install firmware 7.4.9"}}
	due := calendar.DateOf(d.at(-9, 0, 0), time.UTC)
	return []struct {
		ago, hour int
		patch.Bulletin
	}{
		{28, 7, patch.Bulletin{Source: "osv", ID: "CVE-2026-35101", Title: "nginx: a worker can be made to end", Score: score("5.3"), Published: d.at(29, 12, 0), Products: mends("pkg:generic/nginx", "1.20.0", "1.28.1"), References: []string{"https://nginx.example/advisories/2026-3"}}},
		{17, 8, patch.Bulletin{Source: "csaf", ID: "CVE-2026-39270", Title: "EdgeOS: sign-in is passed by without a password", Text: "Whoever reaches the management page of the router becomes its administrator.", Score: score("9.8"), Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Published: d.at(17, 6, 0), Products: edge, References: []string{"https://kestrel.example/csaf/kns-2026-11"}}},
		{16, 8, patch.Bulletin{Source: "kev", ID: "CVE-2026-39270", Title: "Kestrel EdgeOS authentication bypass", Exploited: calendar.DateOf(d.at(17, 0, 0), time.UTC), Due: calendar.DateOf(d.at(-4, 0, 0), time.UTC), Ransomware: true}},
		{12, 7, patch.Bulletin{Source: "osv", ID: "GHSA-7x3c-qm8v-n2wp", Aliases: []string{"CVE-2026-40118"}, Title: "nginx: requests of others can be smuggled in", Text: "A request with two lengths is read differently by nginx and by the program behind it. Who knows how sends a request in the name of somebody else.", Score: score("8.1"), Vector: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", Published: d.at(12, 5, 0), Products: mends("pkg:generic/nginx", "1.20.0", nginxAfter), References: []string{"https://nginx.example/advisories/2026-5"}}},
		{12, 9, patch.Bulletin{Source: "csaf", ID: "CVE-2026-40118", Title: "nginx HTTP request smuggling", Score: score("7.5"), Published: d.at(11, 12, 0), Products: mends("pkg:generic/nginx", "1.20.0", nginxAfter)}},
		{4, 6, patch.Bulletin{Source: "csaf", ID: "CVE-2026-44207", Title: "openssl: certificates are checked against a list that can be forged", Score: score("3.1"), Published: d.at(5, 12, 0), Products: []patch.Product{{Component: patch.Component{PURL: "pkg:generic/openssl", Scheme: "semver"}, Standing: patch.Open}}}},
		{3, 16, patch.Bulletin{Source: "osv", ID: "GHSA-p5vq-2r9h-c4jm", Aliases: []string{"CVE-2026-44890"}, Title: "openssl: memory of a server can be read from outside", Text: "A message that says to be longer than it is, is answered with what lies behind it in memory: keys and passwords among it.", Score: score("9.1"), Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:N", Published: d.at(3, 16, 0), Products: mends("pkg:generic/openssl", "3.5.0", "3.5.5"), References: []string{"https://openssl.example/advisories/20261120", "https://osv.example/GHSA-p5vq-2r9h-c4jm"}}},
		{1, 10, patch.Bulletin{Source: "kev", ID: "CVE-2026-44890", Title: "OpenSSL out-of-bounds read", Exploited: calendar.DateOf(d.at(2, 0, 0), time.UTC), Due: due}},
	}
}

// flaws imports them, and says what is to be said of some.
func (d demo) flaws(ctx context.Context) error {
	advisories := d.Advisories()
	for _, b := range d.bulletins() {
		d.turn(d.at(b.ago, b.hour, 0))
		if _, err := advisories.Import(ctx, servicecoin.Program("feeds"), b.Bulletin); err != nil {
			return fmt.Errorf("bulletin %s of the demonstration: %w", b.ID, err)
		}
	}
	old, err := advisories.Named(ctx, "CVE-2026-35101")
	if err != nil {
		return err
	}
	newer, err := advisories.Named(ctx, "CVE-2026-40118")
	if err != nil {
		return err
	}
	d.turn(d.at(12, 10, 0))
	if old.SupersededBy == "" {
		if _, err := advisories.Supersede(ctx, servicecoin.Person(emil), old.ID, newer.ID); err != nil {
			return err
		}
	}
	for name, ago := range map[string]int{"CVE-2026-39270": 16, "CVE-2026-40118": 12, "CVE-2026-44890": 3} {
		a, err := advisories.Named(ctx, name)
		if err != nil {
			return err
		}
		d.turn(d.at(ago, 17, 0))
		_, err = advisories.Confirm(ctx, servicecoin.Person(dana), a.ID)
		if err := doneBefore(err); err != nil {
			return err
		}
	}
	edge, err := advisories.Named(ctx, "CVE-2026-39270")
	if err != nil {
		return err
	}
	d.turn(d.at(10, 9, 0))
	_, err = d.Patches().Exemptions("birch").Grant(ctx, servicecoin.Person(ada), "birch-edge-2", edge.ID, d.at(-20, 18, 0), "There is no firmware for this model before December; its management page is closed to the outside")
	d.turn(d.now)
	return err
}
