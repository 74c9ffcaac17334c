package release_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// One rule says who may use a feature and who is told of it.
func ExampleCompileAudiences() {
	rule, err := release.CompileAudiences([]release.Feature{
		{
			ID: "scan", Platform: "orders", Name: servicecoin.Texts{"en": "Barcode intake"}, PublicFrom: release.StageGeneral,
			Stages: []release.StageEntry{{From: "8.4", Stage: release.StageBeta}, {From: "8.5", Stage: release.StageGeneral, Default: true}},
		},
		{
			ID: "forecast", Platform: "orders", Name: servicecoin.Texts{"en": "Stock forecast"}, Needs: []release.FeatureID{"scan"},
			Stages: []release.StageEntry{{From: "8.4", Stage: release.StageAlpha}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	entered := map[release.FeatureID]release.AccessState{"scan": release.AccessIn}
	for _, s := range []release.Subject{
		{Customer: "alder", Runs: map[release.PlatformID]string{"orders": "8.4.1"}, Entered: entered},
		{Customer: "birch", Runs: map[release.PlatformID]string{"orders": "8.3.6"}},
		{Runs: map[release.PlatformID]string{"orders": "8.5.0"}}, // somebody who is no customer
	} {
		who, err := rule.For(s)
		if err != nil {
			log.Fatal(err)
		}
		for _, d := range who.All(nil) {
			fmt.Printf("%q %s: may %t, %s; told: %q\n", s.Customer, d.Feature, d.May, d.Reason, d.Told())
		}
	}
	// Output:
	// "alder" scan: may true, entered; told: "has"
	// "alder" forecast: may false, mayAsk; told: "invited"
	// "birch" scan: may false, notYet; told: ""
	// "birch" forecast: may false, notYet; told: ""
	// "" scan: may false, prospect; told: "public"
	// "" forecast: may false, prospect; told: ""
}

// A promotion is refused with all that it lacks.
func ExampleFeatures_Promote() {
	ctx, now := context.Background(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	features := release.NewFeatures(s.For(servicecoin.Provider), &release.FeaturesOptions{World: release.MemoryWorld{
		Tests: map[release.FeatureID]map[string]release.Shown{"scan": {"8.5.0": {Met: true}}},
		Used:  map[release.FeatureID]release.Usage{"scan": {Known: true, Customers: 6, Asked: 5, Satisfied: 5}},
	}})
	ada, ben := servicecoin.Person("ada"), servicecoin.Person("ben")
	_, err := features.Define(ctx, ada, release.Feature{
		ID: "scan", Platform: "orders", Name: servicecoin.Texts{"en": "Barcode intake"},
		Stages: []release.StageEntry{{From: "8.4", Stage: release.StageBeta, Since: now.AddDate(0, 0, -40)}},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := features.CommitProcedure(ctx, ada, release.DefaultProcedure()); err != nil {
		log.Fatal(err)
	}
	p, err := features.Propose(ctx, ada, release.Proposal{Feature: "scan", To: release.StageGeneral, Version: "8.5.0", Default: true, Why: "it holds"})
	if err != nil {
		log.Fatal(err)
	}
	for _, role := range []string{"product", "operations", "support"} {
		if _, err := features.SignOff(ctx, ben, p.ID, role, ""); err != nil {
			log.Fatal(err)
		}
	}
	_, err = features.Promote(ctx, ben, p.ID)
	if lacking, ok := errors.AsType[*release.LackingError](err); ok {
		for _, r := range lacking.Judgement.Lacking() {
			fmt.Printf("%s: %s; %s\n", r.Criterion, r.Found, r.Lacks)
		}
	}
	// Output:
	// satisfaction: 5 of 5 are satisfied: 100 %, and 56.55 % by the lower bound; 60 % by the lower bound: more answers, or better ones
	// documentation: there is none; write what customers have to know of it in 8.5.0
	// runbook: there is none; publish a run book that says how it is run
}

// News as a feed: an item keeps its id, and says what it said before.
func ExampleWriteAtom() {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ada := servicecoin.Person("ada")
	x := release.NewsItem{
		ID: "8-4", Kind: release.NewsOfRelease, Platform: "orders", Version: "8.4", State: release.NewsDraft,
		Wording: release.Wording{Title: servicecoin.Texts{"en": "8.4 is out"}, Text: servicecoin.Texts{"en": "It is faster."}},
	}
	err := errors.Join(x.Publish(ada, at), x.Withdraw(ada, at.Add(time.Hour), "it is not out yet"))
	if err != nil {
		log.Fatal(err)
	}
	err = release.WriteAtom(os.Stdout, release.NewsFeed{
		ID: "tag:example.org,2026:news", Title: "News", Author: "Example", Self: "https://example.org/news.atom", Language: []string{"en"}, Items: []release.NewsItem{x},
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
	//   <id>tag:example.org,2026:news</id>
	//   <title>News</title>
	//   <updated>2026-03-02T10:00:00Z</updated>
	//   <author>
	//     <name>Example</name>
	//   </author>
	//   <link rel="self" type="application/atom+xml" href="https://example.org/news.atom"></link>
	//   <entry xml:lang="en">
	//     <id>urn:uuid:a8fa6f89-5cef-815a-9c2c-136a3e235582</id>
	//     <title>Withdrawn: 8.4 is out</title>
	//     <updated>2026-03-02T10:00:00Z</updated>
	//     <published>2026-03-02T09:00:00Z</published>
	//     <category term="release"></category>
	//     <content type="text">This was withdrawn at 2026-03-02T10:00:00Z: it is not out yet</content>
	//   </entry>
	// </feed>
}
