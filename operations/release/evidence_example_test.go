package release_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/release"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func ExampleSheet() {
	prover, err := release.NewProver(release.ProofRules{Proofs: []release.Proof{
		{Feature: "split-orders", Tests: []release.TestPattern{{Class: "orders.Split"}}},
		{Feature: "barcode-intake", Tests: []release.TestPattern{{Property: "requirement=REQ-12"}}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	sheet := release.NewSheet(prover, "8.4.0", "", time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC))
	sheet.Add(release.TestRun{Report: "nightly", At: time.Date(2026, 3, 9, 2, 0, 0, 0, time.UTC)}, slices.Values([]*release.TestResult{
		{Class: "orders.Split", Name: "by warehouse", Outcome: release.TestPassed},
		{Class: "orders.Intake", Name: "reads", Outcome: release.TestFailed, Properties: []string{"requirement=REQ-12"}},
	}))
	for _, c := range sheet.Cells() {
		fmt.Println(c.Feature, "is", c.State+":", c.Why)
	}
	// Output:
	// barcode-intake is broken: 1 of 1 test failed
	// split-orders is proven: 1 test passed
}

func ExampleProofs_Issue() {
	now := time.Date(2026, 3, 9, 2, 0, 0, 0, time.UTC)
	s := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }})
	proofs, ctx, ada := release.NewProofs(s.For(servicecoin.Provider)), context.Background(), servicecoin.Person("ada")
	rules := release.ProofRules{Proofs: []release.Proof{{Feature: "split-orders", Tests: []release.TestPattern{{Name: "by *"}}}}}
	if _, err := proofs.Set(ctx, ada, "order-entry", rules); err != nil {
		fmt.Println(err)
		return
	}
	take := func(outcome release.TestOutcome) {
		report := release.Evidence{Report: strings.Repeat(strconv.Itoa(now.Day()%10), 64), Platform: "order-entry", Version: "8.4.0", Environment: "linux"}
		if _, _, err := proofs.Take(ctx, ada, report, slices.Values([]*release.TestResult{{Name: "by day", Outcome: outcome}})); err != nil {
			fmt.Println(err)
		}
	}
	take(release.TestPassed)
	certificate, err := proofs.Issue(ctx, ada, "order-entry", "8.4.0")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("edition", certificate.Edition, "certified:", certificate.Certified)
	now = now.AddDate(0, 0, 2)
	take(release.TestFailed)
	certificate, _, err = proofs.Revise(ctx, ada, "order-entry", "8.4.0")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("edition", certificate.Edition, "certified:", certificate.Certified, "since", certificate.Changed[0].Since.Format(time.DateOnly))
	body, err := proofs.Body(ctx, certificate)
	if err != nil {
		fmt.Println(err)
		return
	}
	text := release.CertificateText{Certificate: certificate, Body: body}
	text.Certificate.Digest = "…"
	text.Body.Evidence = nil
	if err := text.WriteMarkdown(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// edition 1 certified: true
	// edition 2 certified: false since 2026-03-11
	// # Certificate of order-entry 8.4.0
	//
	// This version is certified no more: see what changed.
	//
	// - **Edition**: 2
	// - **Issued**: 2026-03-11T02:00:00Z by human:ada
	// - **Demanded**: 1 features: 0 proven, 0 waived
	// - **Digest**: SHA-256 …
	//
	// ## What changed since the edition before
	//
	// | Feature | Was | Is | Since | Why |
	// |---|---|---|---|---|
	// | split-orders | proven | broken | 2026-03-11T02:00:00Z | 1 of 1 test failed: by day |
	//
	// ## Features
	//
	// | Feature | Demanded | State | Passed | Failed | Skipped | Newest | Why |
	// |---|---|---|---|---|---|---|---|
	// | split-orders | yes | broken | 0 | 1 | 0 | 2026-03-11T02:00:00Z | 1 of 1 test failed |
	//
	// ## Evidence
	//
	// | Report | Environment | Ran | Passed | Failed | Skipped | SHA-256 |
	// |---|---|---|---|---|---|---|
}
