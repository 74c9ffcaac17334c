package runbook_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/operations/runbook"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

func ExampleRuns() {
	ctx := context.Background()
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	view := store.New(memory.New(), &store.Options{Now: func() time.Time { return now }}).For(servicecoin.Provider)
	library, runs := runbook.NewLibrary(view, nil), runbook.NewRuns(view, nil)
	by := servicecoin.Person("ada")

	book, err := library.Draft(ctx, by, runbook.Book{
		ID: "restart-mail", Title: servicecoin.Texts{"en": "Restart mail"}, Scenario: runbook.Start,
		Parameters: []runbook.Parameter{{Name: "host", Type: runbook.Text, From: &runbook.Source{Record: "mail", Path: "/host"}}},
		Steps: []runbook.Step{
			{ID: "restart", Kind: runbook.ManualStep, Title: servicecoin.Texts{"en": "Restart"}, Text: servicecoin.Texts{"en": "Restart `{{host}}`."}},
			{ID: "queue", Kind: runbook.VerificationStep, Title: servicecoin.Texts{"en": "Queue"}, Verification: &runbook.Verification{
				LookAt: servicecoin.Texts{"en": "the length of the queue"}, Expect: runbook.Expectation{Is: runbook.AtMost, Value: "100"},
			}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := library.Publish(ctx, by, book.ID, book.Version); err != nil {
		log.Fatal(err)
	}
	beginning := runbook.Beginning{ID: "r1", Book: "restart-mail"}
	_, missing, err := runs.Prepare(ctx, beginning)
	fmt.Println("missing:", missing[0].Name, err)

	beginning.Configuration = runbook.Configuration{"mail": []byte(`{"host":"mx-1"}`)}
	if _, err := runs.Start(ctx, by, beginning); err != nil {
		log.Fatal(err)
	}
	plan, err := runs.Plan(ctx, "r1")
	step, _ := plan.Step("restart")
	fmt.Println(step.Text["en"], err)
	if _, err := runs.Finish(ctx, by, "r1", runbook.Finished{At: runbook.At{Step: "restart"}, Note: "took a while"}); err != nil {
		log.Fatal(err)
	}
	if _, err := runs.Measure(ctx, by, "r1", runbook.Measured{At: runbook.At{Step: "queue"}, Value: "12"}); err != nil {
		log.Fatal(err)
	}
	run, err := runs.Succeed(ctx, by, "r1", "")
	fmt.Println(run.State, run.Count, err)
	verdict, err := runs.Verify(ctx, "r1")
	fmt.Println(verdict.Sound(), err)
	// Output:
	// missing: host <nil>
	// Restart `mx-1`. <nil>
	// succeeded 4 <nil>
	// true <nil>
}
