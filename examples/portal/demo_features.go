package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/calendar"
	"github.com/servicecoin/servicecoin/operations/release"
)

// featuresOfDemo are the platform's features, and how far they are: one that everybody has,
// one that was promoted without something and is proposed again, one that customers ask
// for, and one that goes.
func (d demo) featuresOfDemo(ctx context.Context) error {
	for _, part := range []func(context.Context) error{d.defined, d.proofsOfDemo, d.procedureOfDemo, d.barcodeToBeta, d.earlyOfDemo, d.newsOfDemo, d.proposedOfDemo} {
		if err := part(ctx); err != nil {
			return fmt.Errorf("features of the demonstration: %w", err)
		}
	}
	d.turn(d.now)
	return d.drain(ctx)
}

func (d demo) defined(ctx context.Context) error {
	since := func(days int) time.Time { return d.at(days, 8, 0) }
	offering := []servicecoin.OfferingID{"erp-cloud"}
	ends := calendar.DateOf(d.now.AddDate(0, 0, 120), time.UTC)
	for n, f := range []release.Feature{
		{
			ID: splitOrders, Platform: demoPlatform, Name: servicecoin.Texts{"en": "Split orders", "de": "Geteilte Aufträge"}, Owner: "orders team", Offerings: offering, PublicFrom: release.StageGeneral,
			Text: servicecoin.Texts{"en": "One order is delivered in several parts, each with its own day and address.", "de": "Ein Auftrag wird in mehreren Teilen geliefert, jeder mit eigenem Tag und eigener Adresse."},
			Stages: []release.StageEntry{
				{From: "8.0", Stage: release.StageAlpha, Since: since(700)}, {From: "8.1", Stage: release.StageBeta, Since: since(480)}, {From: "8.2", Stage: release.StageGeneral, Default: true, Since: since(300)},
			},
		},
		{
			ID: barcodeIntake, Platform: demoPlatform, Name: servicecoin.Texts{"en": "Barcode intake", "de": "Wareneingang mit Strichcode"}, Owner: "warehouse team", Offerings: offering, PublicFrom: release.StageBeta,
			Text:   servicecoin.Texts{"en": "Goods that come in are scanned, and booked on the order they belong to.", "de": "Ankommende Ware wird gescannt und auf den Auftrag gebucht, zu dem sie gehört."},
			Stages: []release.StageEntry{{From: "8.3", Stage: release.StageAlpha, Since: since(112)}},
		},
		{
			ID: stockForecast, Platform: demoPlatform, Name: servicecoin.Texts{"en": "Stock forecast", "de": "Bestandsvorschau"}, Owner: "warehouse team", Offerings: offering, Needs: []release.FeatureID{barcodeIntake},
			Text:   servicecoin.Texts{"en": "What will be in stock in four weeks, by what was scanned and what is ordered."},
			Stages: []release.StageEntry{{From: "8.3", Stage: release.StagePreAlpha, Since: since(110)}, {From: "8.4", Stage: release.StageAlpha, Since: since(45)}},
		},
		{
			ID: faxOrders, Platform: demoPlatform, Name: servicecoin.Texts{"en": "Orders by fax", "de": "Aufträge per Fax"}, Owner: "orders team", Offerings: offering,
			Text: servicecoin.Texts{"en": "Orders that come in by fax are read and recorded."},
			Stages: []release.StageEntry{
				{From: "8.0", Stage: release.StageGeneral, Default: true, Since: since(700)}, {From: "8.3", Stage: release.StageDeprecated, Default: true, Since: since(112)},
			},
			Deprecation: &release.Deprecation{Ends: ends, Successor: splitOrders, Last: "8.4", Why: "Hardly anybody sends faxes any more"},
		},
	} {
		d.turn(d.at(108, 9, n))
		if f.ID == stockForecast {
			d.turn(d.at(44, 9, 0)) // it was not spoken of before
		}
		if _, err := d.Releases().Features().Define(ctx, servicecoin.Person(ada), f); err != nil && doneBefore(err) != nil {
			return err
		}
	}
	for _, x := range []featureFacts{
		{Feature: splitOrders, Manual: "Manual of order entry, chapter 4", Runbook: "database-restore"},
	} {
		if err := kept(d.host.featureFacts().Insert(ctx, x)); err != nil {
			return err
		}
	}
	return nil
}

// procedureOfDemo is how this provider promotes features.
func (d demo) procedureOfDemo(ctx context.Context) error {
	if _, err := d.Releases().Features().Procedure(ctx); !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	const weeks, month, customers, share = 14 * day, 30 * day, 2, 60
	tests := release.Criterion{ID: "tests", Kind: release.AskProven}
	manual := release.Criterion{ID: "documentation", Kind: release.AskDocumentation}
	soak := func(d time.Duration) release.Criterion {
		return release.Criterion{ID: "soak", Kind: release.AskSoak, Soak: calendar.Within(d)}
	}
	role := func(id, name string) release.Criterion {
		return release.Criterion{ID: id, Kind: release.AskSignOff, Role: name}
	}
	criteria := map[release.Stage][]release.Criterion{ //nolint:exhaustive // others ask for nothing
		release.StageAlpha: {tests},
		release.StageBeta:  {tests, soak(weeks), manual, role("role-shift-lead", shiftLead)},
		release.StageGeneral: {
			tests, soak(month),
			{ID: "use", Kind: release.AskUse, Customers: customers},
			{ID: "satisfaction", Kind: release.AskSatisfaction, Share: servicecoin.Some(decimal.NewFromInt(share)), Counts: release.LowerBound},
			manual,
			{ID: "runbook", Kind: release.AskRunbook},
			role("role-shift-lead", shiftLead), role("role-service-manager", string(manager)),
		},
	}
	for _, list := range criteria {
		for n := range list {
			list[n].Text = criterionWords(list[n])
		}
	}
	d.turn(d.at(107, 9, 0))
	_, err := d.Releases().Features().CommitProcedure(ctx, servicecoin.Person(ada), release.Procedure{Why: "What we had agreed on, written down", Criteria: criteria})
	return err
}

// barcodeToBeta promotes it without documentation, which is waived for some weeks.
func (d demo) barcodeToBeta(ctx context.Context) error {
	features := d.Releases().Features()
	id := release.PromotionOf(barcodeIntake, release.StageBeta, "8.4")
	if _, err := features.Promotion(ctx, id); !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	d.turn(d.at(50, 9, 0))
	if _, err := features.Propose(ctx, servicecoin.Person(dana), release.Proposal{Feature: barcodeIntake, To: release.StageBeta, Version: "8.4.0", Why: "Birch has scanned with it for two months"}); err != nil {
		return err
	}
	d.turn(d.at(48, 10, 0))
	if _, err := features.SignOff(ctx, servicecoin.Person(ben), id, shiftLead, "The desk knows what to answer"); err != nil {
		return err
	}
	d.turn(d.at(47, 11, 0))
	if _, err := features.Waive(ctx, servicecoin.Person(ada), id, "documentation", "The manual is being translated; Birch was shown how it works", d.now.AddDate(0, 0, 9)); err != nil {
		return err
	}
	d.turn(d.at(46, 9, 0))
	if _, err := features.Promote(ctx, servicecoin.Person(ada), id); err != nil {
		return err
	}
	return d.drain(ctx)
}

// earlyOfDemo is who entered early access, and who asks for it.
func (d demo) earlyOfDemo(ctx context.Context) error {
	d.turn(d.at(40, 13, 0))
	if _, err := d.Releases().Enter(ctx, servicecoin.Client(ownerOf("birch")), "birch", barcodeIntake); err != nil && doneBefore(err) != nil {
		return err
	}
	d.turn(d.at(3, 14, 0))
	_, err := d.Releases().Enter(ctx, servicecoin.Client(ownerOf("birch")), "birch", stockForecast)
	return doneBefore(err)
}

// newsOfDemo are an item that was corrected, one that was withdrawn, and a draft.
func (d demo) newsOfDemo(ctx context.Context) error {
	news := d.Releases().News()
	const outage, forecast = release.NewsID("fax-orders-end"), release.NewsID("8-4-is-out")
	d.turn(d.at(44, 10, 0))
	for x, err := range news.Of(barcodeIntake).All(ctx) { // what the promotion drafted
		if err != nil {
			return err
		}
		if x.State != release.NewsDraft {
			continue
		}
		x.Wording = release.Wording{
			Title: servicecoin.Texts{"en": "Barcode intake: early access is open", "de": "Wareneingang mit Strichcode: Vorabzugang offen"},
			Text: servicecoin.Texts{
				"en": "Goods that come in are scanned, and booked on the order they belong to. Scanners of all makers work.",
				"de": "Ankommende Ware wird gescannt und auf den Auftrag gebucht. Scanner aller Hersteller funktionieren.",
			},
		}
		if _, err := news.Edit(ctx, servicecoin.Person(cleo), x); err != nil {
			return err
		}
		if _, err := news.Publish(ctx, servicecoin.Person(ada), x.ID); err != nil {
			return err
		}
		if err := d.drain(ctx); err != nil {
			return err
		}
		d.turn(d.at(43, 15, 0))
		w := release.Wording{Title: x.Title, Text: servicecoin.Texts{
			"en": "Goods that come in are scanned, and booked on the order they belong to. It works with scanners that send a keyboard's signs.",
			"de": "Ankommende Ware wird gescannt und auf den Auftrag gebucht. Es geht mit Scannern, die Tastaturzeichen senden.",
		}}
		if _, err := news.Correct(ctx, servicecoin.Person(ada), x.ID, w, "Bluetooth scanners of one maker do not work yet"); err != nil {
			return err
		}
	}
	for _, x := range []struct {
		id               release.NewsID
		kind             release.NewsKind
		version          string
		title, text, why string
		days             int
	}{
		{outage, release.NewsOfOther, "", "Orders by fax end this year", "From 31 December on, order entry reads no faxes any more.", "The day was wrong: they go on until the end of support of 8.4. What is so stands with the feature.", 60},
		{forecast, release.NewsOfRelease, "8.4", "Order entry 8.4", "Faster lists, and barcode intake for those who want to try it.", "", 45},
	} {
		d.turn(d.at(x.days, 10, 30))
		item := release.NewsItem{ID: x.id, Kind: x.kind, Platform: demoPlatform, Version: x.version, Public: true, Wording: release.Wording{Title: english(x.title), Text: english(x.text)}}
		if _, err := news.Draft(ctx, servicecoin.Person(cleo), item); err != nil && doneBefore(err) != nil {
			return err
		}
		if _, err := news.Publish(ctx, servicecoin.Person(ada), x.id); err != nil && doneBefore(err) != nil {
			return err
		}
		if err := d.drain(ctx); err != nil {
			return err
		}
		if x.why == "" {
			continue
		}
		d.turn(d.at(x.days-2, 9, 0))
		if _, err := news.Withdraw(ctx, servicecoin.Person(ada), x.id, x.why); err != nil && doneBefore(err) != nil {
			return err
		}
	}
	d.turn(d.at(1, 16, 0))
	_, err := news.Draft(ctx, servicecoin.Person(cleo), release.NewsItem{
		ID: "split-orders-tips", Kind: release.NewsOfFeature, Platform: demoPlatform, Feature: splitOrders,
		Wording: release.Wording{Title: english("Split orders: three tips"), Text: english("How to name the parts, how to change one of them, and what the customer reads.")},
	})
	return doneBefore(err)
}

// proposedOfDemo proposes the next promotion, which lacks some things.
func (d demo) proposedOfDemo(ctx context.Context) error {
	features := d.Releases().Features()
	id := release.PromotionOf(barcodeIntake, release.StageGeneral, "8.5")
	if _, err := features.Promotion(ctx, id); !errors.Is(err, servicecoin.ErrNotFound) {
		return err
	}
	d.turn(d.at(4, 9, 30))
	if _, err := features.Propose(ctx, servicecoin.Person(dana), release.Proposal{Feature: barcodeIntake, To: release.StageGeneral, Version: "8.5.0-rc.1", Default: true, Why: "It holds, and Alder waits for it"}); err != nil {
		return err
	}
	d.turn(d.at(2, 11, 0))
	_, err := features.SignOff(ctx, servicecoin.Person(ben), id, shiftLead, "")
	return err
}
