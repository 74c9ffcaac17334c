package main

import (
	"context"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

// The platform of the demonstration: order entry is released as one, in lines 8.2, 8.3 and
// 8.4; 8.5 is what comes next.
const demoPlatform release.PlatformID = "order-entry"

// Its features.
const (
	splitOrders   release.FeatureID = "split-orders"   // generally available, since 8.2
	barcodeIntake release.FeatureID = "barcode-intake" // beta in 8.4
	stockForecast release.FeatureID = "stock-forecast" // alpha in 8.4, needs barcode-intake
	faxOrders     release.FeatureID = "fax-orders"     // deprecated in 8.3, removed in 8.5
)

// day is a day of the demonstration, so many days ago.
func (d demo) day(ago int) calendar.Date { return calendar.DateOf(d.now, time.UTC).AddDays(-ago) }

// releasesOfDemo are the platform's lines, and what became of its schedule.
func (d demo) releasesOfDemo(ctx context.Context) error {
	for _, tell := range []func(context.Context) error{d.linesOfDemo, d.cameOfDemo, d.plannedOfDemo, d.runningOfDemo, d.fixOfDemo} {
		if err := tell(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d demo) linesOfDemo(ctx context.Context) error {
	d.turn(d.at(115, 8, 0))
	s, by := d.Releases().Schedule(), servicecoin.Person(ada)
	const critical, everywhere = 3 * day, 10 * day
	if _, err := s.Platform(ctx, demoPlatform); err == nil {
		return nil
	}
	if _, err := s.KeepPlatform(ctx, by, release.Platform{
		ID: demoPlatform, Name: "Order entry", Service: "erp", Zone: "Europe/Berlin", Channels: []string{"stable", "early"},
		Philosophy: servicecoin.Texts{"en": "A patch about once a month, on a day that is promised four weeks before. A new line twice a year, each supported for a year. What is critical does not wait for the schedule."},
		Rules:      release.Rules{Cadence: 40, Support: 12, Patch: []release.Content{release.HasFix, release.HasAdvisory}},
		Fixes:      release.FixPromise{Fixed: calendar.Within(critical), Rolled: calendar.Within(everywhere), Customers: map[servicecoin.CustomerID]calendar.Duration{"alder": calendar.Within(everywhere / 2)}},
	}); err != nil {
		return err
	}
	for _, l := range []release.Line{
		{Name: "8.2", Released: d.day(500), Support: release.Support{Active: release.LastDay(d.day(300)), Until: release.LastDay(d.day(30)), Extended: release.LastDay(d.day(-150))}, Successor: "8.3"},
		{Name: "8.3", Released: d.day(320), Support: release.Support{Active: release.LastDay(d.day(100)), Until: release.LastDay(d.day(-60))}, Successor: "8.4"},
		{Name: "8.4", Released: d.day(100), Support: release.Support{Active: release.LastDay(d.day(-120)), Until: release.LastDay(d.day(-290))}},
		{Name: "8.5", Released: d.day(-40), Support: release.Support{Until: release.LastDay(d.day(-420))}},
	} {
		l.Platform = demoPlatform
		if _, err := s.KeepLine(ctx, by, l); err != nil {
			return err
		}
	}
	return nil
}

// tookIn is a release of the demonstration's past: days are so many ago.
type tookIn struct {
	version, line              string
	first, came, freeze, moved int
	why, skipped               string
	holds                      release.Holds
	notes                      string
}

// cameOfDemo are releases that came, late ones and a skipped one among them.
func (d demo) cameOfDemo(ctx context.Context) error {
	d.turn(d.at(3, 8, 0))
	mends := func(texts ...string) release.Holds {
		var h release.Holds
		for _, text := range texts {
			h.Fixes = append(h.Fixes, release.Item{Text: text})
		}
		return h
	}
	for _, x := range []tookIn{
		{version: "8.2.9", line: "8.2", first: 75, came: 75, freeze: 79, holds: mends("Prices with three decimals are printed whole")},
		{version: "8.3.0", line: "8.3", first: 320, came: 320, freeze: 330, holds: release.Holds{Features: []release.FeatureID{splitOrders, faxOrders}}, notes: "Orders can be split into several deliveries."},
		{version: "8.3.5", line: "8.3", first: 90, came: 83, freeze: 87, moved: 92, why: "a week early: a customer's year end"},
		{version: "8.3.6", line: "8.3", first: 55, came: 48, freeze: 52, moved: 57, why: "the test of returns failed", holds: mends("Returns keep their delivery note")},
		{version: "8.3.7", line: "8.3", first: 20, came: 20, freeze: 24, holds: mends("Stock is counted once when a delivery is split")},
		{version: "8.4.0", line: "8.4", first: 107, came: 100, freeze: 110, moved: 108, why: "the import of old orders took longer than a night", holds: release.Holds{Features: []release.FeatureID{barcodeIntake, stockForecast}, Breaking: []release.Item{{Text: "The list of orders is read page by page"}}}, notes: "Goods can be taken in by bar code (beta)."},
		{version: "8.4.1", line: "8.4", first: 70, came: 70, freeze: 74, holds: mends("Delivery notes can have two addresses")},
		{version: "8.4.2", line: "8.4", first: 41, skipped: "nothing was ready that could not wait for 8.4.3"},
		{version: "8.4.3", line: "8.4", first: 35, came: 28, freeze: 31, moved: 33, why: "the database needed a newer driver", holds: mends("Orders with more than 500 lines are saved whole")},
	} {
		if err := d.tookIn(ctx, x); err != nil {
			return err
		}
	}
	_, err := d.Releases().Schedule().TakeMilestone(ctx, servicecoin.Person(ada), release.Milestone{
		Platform: demoPlatform, Line: "8.5", Name: "Feature freeze",
		Planned: release.Planned{First: d.day(16), FirstAt: d.at(60, 9, 0), Target: d.day(9), Done: d.day(9), Moves: []release.Move{{From: d.day(16), To: d.day(9), At: d.at(18, 9, 0), By: servicecoin.Person(cleo), Why: "the forecast of stock was not ready"}}},
	})
	return kept(err)
}

func (d demo) tookIn(ctx context.Context, x tookIn) error {
	const notice = 28
	r := release.Release{Platform: demoPlatform, Version: x.version, Line: x.line, Kind: release.Patch, Holds: x.holds, Planned: release.Planned{First: d.day(x.first), FirstAt: d.at(x.first+notice, 9, 0), Target: d.day(x.first)}}
	if x.version == x.line+".0" {
		r.Kind = release.Minor
	}
	if x.came > 0 {
		r.Done = d.day(x.came)
	}
	if x.freeze > 0 {
		r.Freeze = d.day(x.freeze)
	}
	if x.moved > 0 {
		r.Moves, r.Target = []release.Move{{From: d.day(x.first), To: d.day(x.came), At: d.at(x.moved, 9, 0), By: servicecoin.Person(cleo), Why: x.why}}, d.day(x.came)
	}
	if x.skipped != "" {
		r.Skipped = &release.Skip{At: d.at(x.first+2, 9, 0), By: servicecoin.Person(ada), Why: x.skipped}
	}
	if x.notes != "" {
		r.Notes = servicecoin.Texts{"en": x.notes}
	}
	_, err := d.Releases().Schedule().Take(ctx, servicecoin.Person(ada), r)
	return kept(err)
}

// plannedOfDemo are promises that stand, one of them overdue.
func (d demo) plannedOfDemo(ctx context.Context) error {
	s, by := d.Releases().Schedule(), servicecoin.Person(ada)
	plan := func(version string, ago, on int, holds release.Holds, channel string) error {
		d.turn(d.at(ago, 9, 0))
		_, err := s.Plan(ctx, by, release.Plan{Platform: demoPlatform, Version: version, On: d.day(on), Freeze: d.day(on + 4), Holds: holds, Channel: channel})
		return kept(err)
	}
	if err := plan("8.4.5", 30, -12, release.Holds{Fixes: []release.Item{{Text: "Labels are printed with the right umlauts"}}}, ""); err != nil {
		return err
	}
	if err := plan("8.3.8", 30, 2, release.Holds{}, ""); err != nil {
		return err
	}
	if err := plan("8.5.0", 29, -33, release.Holds{Features: []release.FeatureID{barcodeIntake, stockForecast}}, "early"); err != nil {
		return err
	}
	d.turn(d.at(9, 10, 0))
	if x, err := s.Get(ctx, demoPlatform, "8.5.0"); err != nil || len(x.Moves) > 0 {
		return err
	}
	_, err := s.Move(ctx, servicecoin.Person(cleo), demoPlatform, "8.5.0", d.day(-40), "the feature freeze was a week late")
	return err
}

// runningOfDemo is what customers run: one is pinned, one has a version of early access.
func (d demo) runningOfDemo(ctx context.Context) error {
	for _, x := range []struct {
		who     servicecoin.CustomerID
		where   string
		channel string
		ring    int
		version string
		since   int
	}{
		{"alder", "", "", 1, "8.3.6", 46}, {"alder", "", "", 1, "8.3.7", 18}, {"alder", "test", "early", 0, "8.4.3", 26}, {"birch", "", "early", 0, "8.4.1", 66}, {"birch", "", "early", 0, "8.4.3", 25},
	} {
		d.turn(d.at(x.since, 21, 0))
		n, by := d.Releases().Installations(x.who), servicecoin.Person(ben)
		if _, err := n.Place(ctx, by, demoPlatform, x.where, x.channel, x.ring); err != nil {
			return err
		}
		_, err := n.Run(ctx, by, demoPlatform, x.where, x.version)
		if err := doneBefore(err); err != nil {
			return err
		}
	}
	d.turn(d.at(17, 9, 0))
	_, err := d.Releases().Installations("alder").Pin(ctx, servicecoin.Person(ada), release.Pin{
		Platform: demoPlatform, Range: "8.3", Until: d.day(-100), Contract: "A-2026-17", Why: "The ward's own printing program is made for 8.3",
		Terms: "From the end of support of 8.3 on, flaws are mended against time and material",
	})
	return doneBefore(err)
}

// fixOfDemo is a critical flaw, from when it was known to the customers that have the fix,
// and a release that was bad and is recalled.
func (d demo) fixOfDemo(ctx context.Context) error {
	s, by := d.Releases().Schedule(), servicecoin.Person(ada)
	if err := d.drain(ctx); err != nil {
		return err
	}
	d.turn(d.at(12, 7, 30))
	_, err := d.Releases().Fixes().Know(ctx, by, release.Known{ID: "orders-of-others", Platform: demoPlatform, Title: "Orders of another customer could be read by their number", Affected: ">=8.2 <8.4.4", At: d.at(12, 7, 0)})
	if err := kept(err); err != nil {
		return err
	}
	d.turn(d.at(10, 16, 0))
	for _, version := range []string{"8.4.4", "8.3.9"} {
		_, err := s.Publish(ctx, by, release.Plan{
			Platform: demoPlatform, Version: version, On: d.day(10), Freeze: d.day(10),
			Holds: release.Holds{Fixes: []release.Item{{ID: "orders-of-others", Text: "Orders of another customer cannot be read by their number any more"}}},
			Notes: servicecoin.Texts{"en": "Mends a critical flaw: please take it at once.", "de": "Behebt einen kritischen Fehler: bitte sofort einspielen."},
		})
		if err := doneBefore(err); err != nil {
			return err
		}
	}
	if err := d.drain(ctx); err != nil {
		return err
	}
	d.turn(d.at(9, 20, 0))
	_, err = d.Releases().Installations("birch").Run(ctx, servicecoin.Person(ben), demoPlatform, "", "8.4.4")
	if err := doneBefore(err); err != nil {
		return err
	}
	d.turn(d.at(6, 20, 0))
	_, err = d.Releases().Installations("alder").Run(ctx, servicecoin.Person(ben), demoPlatform, "", "8.3.9")
	if err := doneBefore(err); err != nil {
		return err
	}
	if err := d.drain(ctx); err != nil {
		return err
	}
	d.turn(d.at(2, 11, 0))
	_, err = s.Recall(ctx, by, demoPlatform, "8.4.3", "A receipt can be booked twice when two people save at once", "8.4.4")
	if err := doneBefore(err); err != nil {
		return err
	}
	return d.drain(ctx)
}
