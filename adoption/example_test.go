package adoption_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/servicecoin/servicecoin"
	"github.com/servicecoin/servicecoin/adoption"
	"github.com/servicecoin/servicecoin/store"
	"github.com/servicecoin/servicecoin/store/memory"
)

// A point of signing up is reached when what is due by then is met.
func ExampleProgram() {
	ctx, ada, bob := context.Background(), servicecoin.Person("ada"), servicecoin.Client("bob")
	records := store.New(memory.New(), nil)
	playbook := adoption.NewPlaybook(records.For(servicecoin.Provider))
	program := adoption.New(records.For("acme"), nil)

	mail, err := playbook.PublishTemplate(ctx, ada, adoption.Template{
		Service: "mail", Title: "Start with mail",
		Points: []adoption.Point{{Name: "before first use"}, {Name: "first month", WithinDays: 30}},
	})
	fmt.Println(mail.Edition, err)
	due := []adoption.Prerequisite{ // of what was ordered
		{ID: "domain", Text: "The domain is verified", Due: "before first use", Force: adoption.Blocking, Owner: adoption.CustomerSide},
		{ID: "training", Text: "Somebody was trained", Due: "first month", Force: adoption.Warning, Owner: adoption.CustomerSide},
	}
	_, err = program.Begin(ctx, servicecoin.Program("exchange"), "subscription-1", mail.With(nil, due...))
	fmt.Println(err)
	_, err = program.Reach(ctx, ada, "subscription-1", "before first use")
	fmt.Println(err)
	_, err = program.Meet(ctx, bob, "subscription-1", "domain", adoption.Evidence{Text: "TXT record seen"})
	fmt.Println(err)
	o, err := program.Reach(ctx, ada, "subscription-1", "before first use")
	fmt.Println(o.State, err)
	for task, err := range program.Tasks(ctx, adoption.CustomerSide) {
		fmt.Println("to do:", task.Text, err)
	}
	// Output:
	// 1 <nil>
	// <nil>
	// refused: onboarding.reach subscription-1, in state running: blocking prerequisites are not met: domain (The domain is verified), due before first use
	// <nil>
	// running <nil>
	// to do: Somebody was trained <nil>
}

// A test of the host's own fails on what its journey lacks.
func ExampleJourney_Check() {
	journey := adoption.Journey{ID: "standard", Name: "Every customer", Touchpoints: []adoption.Touchpoint{
		{
			ID: "welcome", Kind: adoption.KindNewUser, Owner: "ada", Message: "Here is how to begin",
			Measure: adoption.Measure{Text: "days to first use", Target: "at most 5"},
			Test:    adoption.AcceptanceTest{Reference: "TestWelcome"},
		},
		{ID: "news", Kind: adoption.KindChangeAssimilation, Message: "This is new"},
		{
			ID: "outage", Kind: adoption.KindOutageCommunication, Owner: "eve", Message: "We know, and this is when we tell you more",
			Measure: adoption.Measure{Text: "promised updates kept", Target: "all"},
			Test:    adoption.AcceptanceTest{Reference: "TestOutage"},
		},
	}}
	findings := journey.Check(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)).Except(adoption.FindingNeverRun)
	fmt.Print(findings) // in a test: require.NoError(t, findings.Err())

	// Output:
	// kinds.departure: no touchpoint of kind departure (no-touchpoint)
	// touchpoints[1].owner: touchpoint news has no owner (no-owner)
	// touchpoints[1].measure.text: touchpoint news has no measure (no-measure)
	// touchpoints[1].test.reference: touchpoint news has no acceptance test (no-test)
}

// The share of those who gave 4 or 5, and how sure that is.
func ExampleSurvey_Score() {
	survey := adoption.Survey{ID: "mail-2026-q1", Kind: adoption.CSAT}
	var answers []adoption.Answer
	for _, x := range []int{5, 4, 4, 3, 5, 2, 4, 5} {
		answers = append(answers, adoption.Answer{Survey: survey.ID, Scores: []int{x}})
	}
	score, err := survey.Score(answers...)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %% of %d satisfied, 95 %% interval %.0f to %.0f\n", score.Rounded(0).Decimal, score.N, score.Interval.Low, score.Interval.High)
	nobody, err := survey.Score()
	fmt.Println(nobody.Value.Valid, nobody.TooFew, err)
	// Output:
	// 75 % of 8 satisfied, 95 % interval 41 to 93
	// false true <nil>
}

// A nightly job over all customers. What two people said stays between them,
// and no subtraction gives it away.
func ExampleResults() {
	ctx := context.Background()
	records := store.New(memory.New(), nil)
	survey, err := adoption.NewPlaybook(records.For(servicecoin.Provider)).Ask(ctx, servicecoin.Person("ada"), adoption.Survey{
		ID: "2026-q1", Kind: adoption.CSAT, Question: "How satisfied are you with us?",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for customer, scores := range map[servicecoin.CustomerID][]int{"acme": {5, 4, 5, 5, 3, 4, 4}, "globex": {1, 2}, "initech": {4, 4, 2, 5, 5}} {
		program := adoption.New(records.For(customer), nil)
		for n, x := range scores {
			who := servicecoin.PersonID(strconv.Itoa(n))
			if _, err := program.Answer(ctx, servicecoin.Client(who), survey, adoption.Response{Respondent: who, Scores: []int{x}}); err != nil {
				fmt.Println(err)
			}
		}
	}
	results, err := adoption.Results(ctx, adoption.Answers(records), survey, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("all:", results.Total.Value.Decimal, "%")
	for _, cell := range results.Cells {
		if cell.Score == nil {
			fmt.Println(cell.Customer, "withheld")
			continue
		}
		fmt.Println(cell.Customer, cell.Score.Value.Decimal, "%")
	}
	// Output:
	// all: 71.43 %
	// acme 85.71 %
	// globex withheld
	// initech withheld
}
