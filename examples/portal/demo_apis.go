package main

import (
	"context"
	_ "embed"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

// The APIs of the platform.
const (
	ordersAPI release.APIID = "orders-api"
	stockAPI  release.APIID = "stock-events"
	faxAPI    release.APIID = "fax-gateway"
)

// ordersDescription is the API of order entry as it is now.
//
//go:embed web/orders-api.yaml
var ordersDescription string

// ordersWas is what it was in version 8.3.0 and 8.4.0.
func ordersWas(version string) string {
	text := ordersDescription
	const added = "  /orders/{order}/barcodes:\n"
	if n := strings.Index(text, added); n >= 0 {
		end := strings.Index(text, "components:\n")
		text = text[:n] + text[end:]
	}
	text = strings.Replace(text, "version: 2.2.0", "version: 2.1.0", 1)
	if version != "8.3.0" {
		return text
	}
	text = strings.Replace(text, "version: 2.1.0", "version: 2.0.0", 1)
	text = strings.Replace(text, "        - {in: query, name: page, required: true, schema: {type: integer, minimum: 1}}\n", "        - {in: query, name: all, schema: {type: boolean}}\n", 1)
	return text
}

func (d demo) daysAgo(ago int) calendar.Date { return calendar.DateOf(d.now, time.UTC).AddDays(-ago) }

// apisOfDemo are its APIs, and the bindings to them: one that keeps up, one that is behind,
// one that was tried and does not work, and one that nobody owns.
func (d demo) apisOfDemo(ctx context.Context) error {
	const began = 110
	d.turn(d.at(began, 9, 0))
	apis, by := d.Releases().APIs(), servicecoin.Person(ada)
	if _, err := apis.API(ctx, ordersAPI); err == nil {
		return nil
	}
	for _, a := range []release.API{
		{ID: faxAPI, Name: "Fax gateway", Kind: release.SOAP, Stability: release.Deprecated, Owner: cleo, Sunset: d.daysAgo(-60), Successor: ordersAPI},
		{ID: stockAPI, Name: "Stock events", Kind: release.AsyncAPI, Stability: release.Experimental, Owner: ben},
	} {
		a.Platform, a.Service = demoPlatform, "erp"
		if _, err := apis.KeepAPI(ctx, by, a); err != nil {
			return err
		}
	}
	for _, b := range []release.Binding{
		{ID: "orders-go", Language: "go", Package: "nordlicht.example/orders", Owner: emil, Version: "1.6.0", Range: ">=8.3 <8.5"},
		{ID: "orders-js", Language: "javascript", Package: "@nordlicht/orders", Owner: dana, Version: "2.4.1", Range: ">=8.3"},
		{ID: "orders-python", Language: "python", Package: "nordlicht-orders", Owner: ben, Version: "0.9.2", Range: "8.3"},
		{ID: "orders-rust", Language: "rust", Package: "nordlicht-orders", Version: "0.2.0", Stability: release.Experimental},
	} {
		if err := d.bindingOfDemo(ctx, b); err != nil {
			return err
		}
	}
	for _, x := range []struct {
		version string
		ago     int
		text    string
	}{{"8.3.0", 320, ordersWas("8.3.0")}, {"8.4.0", 100, ordersWas("8.4.0")}, {"8.4.1", 70, ordersWas("8.4.1")}, {"8.4.3", 28, ordersDescription}, {"8.3.9", 10, ordersWas("8.3.0")}, {"8.4.4", 10, ordersDescription}} {
		d.turn(d.at(min(began-1, x.ago), 12, 0))
		if err := d.revisionOfDemo(ctx, x.version, x.ago, x.text); err != nil {
			return err
		}
	}
	return d.triedOfDemo(ctx)
}

func (d demo) bindingOfDemo(ctx context.Context, b release.Binding) error {
	apis, by := d.Releases().APIs(), servicecoin.Person(ada)
	if _, err := apis.API(ctx, ordersAPI); err != nil {
		if _, err := apis.KeepAPI(ctx, by, release.API{
			ID: ordersAPI, Platform: demoPlatform, Service: "erp", Name: "Orders", Kind: release.REST, Stability: release.Stable, Owner: cleo,
			KeepUp: release.KeepUp{Days: 30, Languages: map[string]int{"go": 14, "javascript": 14}, Stability: map[release.Stability]int{release.Experimental: 90}}, //nolint:exhaustive // the rest has what Days says
		}); err != nil {
			return err
		}
	}
	b.API, b.From = ordersAPI, "8.3"
	if b.Stability == "" {
		b.Stability = release.Stable
	}
	_, err := apis.KeepBinding(ctx, by, b)
	return err
}

func (d demo) revisionOfDemo(ctx context.Context, version string, ago int, text string) error {
	m, err := d.makeRevision(ctx, ordersAPI, proposal{Version: version, Released: d.daysAgo(ago), Text: text})
	if err != nil {
		return err
	}
	if _, err := d.Releases().APIs().Describe(ctx, servicecoin.Person(cleo), text); err != nil {
		return err
	}
	_, err = d.Releases().APIs().Revise(ctx, servicecoin.Person(cleo), m.revision)
	return err
}

// triedOfDemo is what came of trying the bindings.
func (d demo) triedOfDemo(ctx context.Context) error {
	for _, x := range []struct {
		ago int
		by  servicecoin.PersonID
		release.Tried
	}{
		{108, emil, release.Tried{Binding: "orders-go", Version: "8.3.0", Own: "1.5.0", Passed: true}},
		{108, dana, release.Tried{Binding: "orders-js", Version: "8.3.0", Own: "2.3.0", Passed: true}},
		{108, ben, release.Tried{Binding: "orders-python", Version: "8.3.0", Passed: true}},
		{90, emil, release.Tried{Binding: "orders-go", Version: "8.4.0", Own: "1.6.0", Passed: true, Proof: "sha256:4be1"}},
		{88, dana, release.Tried{Binding: "orders-js", Version: "8.4.0", Passed: false, Note: "It reads the list of orders in one piece."}},
		{60, dana, release.Tried{Binding: "orders-js", Version: "8.4.1", Own: "2.4.1", Passed: true}},
		{20, emil, release.Tried{Binding: "orders-go", Version: "8.4.3", Passed: true}},
	} {
		d.turn(d.at(x.ago, 15, 0))
		if _, err := d.Releases().APIs().Report(ctx, servicecoin.Person(x.by), x.Tried); err != nil {
			return err
		}
	}
	d.turn(d.at(1, 6, 0))
	_, err := d.Releases().TendBindings(ctx, servicecoin.Program("portal"))
	return err
}
